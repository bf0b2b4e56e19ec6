"""Changes to finished .tflite files: metadata and labels inside, one output again, calibration worked in."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from mobilenet_gui.core.confidence import calibrate
from mobilenet_gui.core.litert import load_interpreter
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.tflite_describe import Description, mean_and_deviation, metadata
from mobilenet_gui.core.tflite_edit import (
    constant_place,
    only_first_output,
    scale_logits,
    with_metadata,
    without_archive,
)
from mobilenet_gui.core.tflite_graph import parse
from mobilenet_gui.core.tflite_import import import_tflite
from mobilenet_gui.core.tflite_metadata import embedded_labels, input_mean_std
from mobilenet_gui.core.types import Normalization
from tests.model_factory import Kind, make_bundle, make_tflite, plain_photo

RED = plain_photo((230, 20, 10))


def about(normalization: Normalization = "minus1_1", name: str = "Tiny “é” 木", licence: str = "MIT") -> bytes:
    return metadata(Description(name, "What it is", licence, 32, normalization))


def answers(data: bytes) -> list[np.ndarray]:
    network = load_interpreter(data, "x", 1)
    network.set_tensor(network.get_input_details()[0]["index"], RED[None].astype(np.float32) / 127.5 - 1)
    network.invoke()
    return [network.get_tensor(each["index"]) for each in network.get_output_details()]


def buffer_places(data: bytes) -> list[int]:
    """Where in the file each constant begins."""
    model = schema.Model.GetRootAs(data, 0)
    tables = [model.Buffers(n)._tab for n in range(model.BuffersLength())]
    return [int(t.Vector(t.Offset(4))) for t in tables if t.Offset(4)]


@pytest.mark.parametrize("normalization", ["minus1_1", "zero_1", "zero_255"])
def test_our_own_reader_finds_what_was_written(normalization: Normalization) -> None:
    assert input_mean_std(about(normalization)) == mean_and_deviation(normalization)


@pytest.mark.parametrize("kind", ["float32", "uint8", "int8"])
def test_metadata_leaves_the_network_as_it_was(tmp_path: Path, kind: Kind) -> None:
    data = make_tflite(kind)
    changed = with_metadata(data, about(), {"labels.txt": b"a\nb\nc\nd\ne\nf\n"})
    graph = parse(changed, "x")
    assert graph.metadata == about()
    assert [t.name for t in graph.tensors] == [t.name for t in parse(data, "x").tensors]
    # What was aligned stays so; the processor's fast loads want it.
    shift = {(new - old) % 64 for old, new in zip(buffer_places(data), buffer_places(changed), strict=False)}
    assert shift == {0}
    path = tmp_path / "m.tflite"
    path.write_bytes(changed)
    bundle = import_tflite(path, tmp_path / "b", Naming("m", "M"))
    assert [label.name for label in bundle.labels] == list("abcdef")
    before, after = make_bundle(tmp_path / "a", kind=kind), bundle
    scores = [LiteRTRecognizer(each, threads=1).probabilities(RED)[0] for each in (before, after)]
    assert np.array_equal(scores[0], scores[1])


def test_metadata_starts_aligned_and_replaces_what_was_there() -> None:
    twice = with_metadata(make_tflite(metadata=b"old words"), about(name="one"), {"labels.txt": b"x\n"})
    again = with_metadata(without_archive(twice), about(name="two"), {"labels.txt": b"y\n"})
    assert parse(again, "x").metadata == about(name="two")
    model = schema.Model.GetRootAs(again, 0)
    names = [model.Metadata(n).Name() for n in range(model.MetadataLength())]
    assert names == [b"TFLITE_METADATA"]
    table = model.Buffers(model.Metadata(0).Buffer())._tab
    assert table.Vector(table.Offset(4)) % 16 == 0
    assert embedded_labels(again) == b"y\n"


def test_the_archive_is_stored_plain_for_readers_on_phones() -> None:
    changed = with_metadata(make_tflite(), about(), {"labels.csv": b"1", "labels.txt": b"2"})
    with zipfile.ZipFile(io.BytesIO(changed)) as archive:
        assert {i.filename: i.compress_type for i in archive.infolist()} == {"labels.csv": 0, "labels.txt": 0}
        assert archive.testzip() is None
    assert with_metadata(make_tflite(), about(), {"labels.csv": b"1", "labels.txt": b"2"}) == changed


def test_one_output_is_taken_back(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b")
    both = bundle.tflite_bytes()
    assert len(answers(both)) == 2
    graph = only_first_output(both, "x")
    (only,) = answers(graph.data)
    assert np.array_equal(only, answers(both)[0])
    assert only_first_output(graph.data, "x").data == graph.data


def test_an_archive_in_a_network_with_two_outputs_does_not_stay(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(with_metadata(make_tflite(), about(), {"labels.txt": b"a\nb\nc\nd\ne\nf\n"}))
    bundle = import_tflite(path, tmp_path / "b", Naming("m", "M"))
    graph = only_first_output(bundle.tflite_bytes(), "x")
    assert embedded_labels(graph.data) is None
    assert np.array_equal(answers(graph.data)[0], answers(bundle.tflite_bytes())[0])


@pytest.mark.parametrize("temperature", [0.5, 1.7])
def test_calibration_is_worked_into_the_last_layer(temperature: float) -> None:
    graph = parse(make_tflite(), "x")
    scaled = scale_logits(graph, 1 / temperature)
    assert scaled is not None
    wanted = calibrate(answers(graph.data)[0].reshape(-1), temperature)
    assert np.allclose(answers(scaled)[0].reshape(-1), wanted, atol=1e-6)
    assert not np.allclose(wanted, answers(graph.data)[0].reshape(-1), atol=1e-3)


def test_calibration_of_an_8_bit_network_cannot_be_worked_in() -> None:
    assert scale_logits(parse(make_tflite("int8"), "x"), 0.5) is None


def test_a_constant_is_found_in_the_file() -> None:
    graph = parse(make_tflite(), "x")
    tensor = next(t for t in graph.tensors if t.values is not None and t.values.ndim == 4)
    place = constant_place(graph, tensor.index)
    assert tensor.values is not None
    assert place is not None
    assert graph.data[place : place + tensor.values.nbytes] == tensor.values.tobytes()
    assert constant_place(graph, graph.input.index) is None


def test_labels_without_archive_stay_as_they_are() -> None:
    data = make_tflite()
    assert without_archive(data) == data
    assert without_archive(data + b"PK\5\6" + bytes(18)) == data + b"PK\5\6" + bytes(18)
