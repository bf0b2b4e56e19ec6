"""Importing .tflite files: labels, value ranges, background, the official quantised files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import flatbuffers
import numpy as np
import pytest

from mobilenet_gui.core import imaging, labels
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.explain import heat_map, logits
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.tensors import input_table, usual_normalization
from mobilenet_gui.core.tflite_import import import_tflite
from tests.model_factory import Kind, make_labels, make_tflite, plain_photo

NAMING = Naming("x", "X")


def put(folder: Path, data: bytes, inside: str | None = None) -> Path:
    """Write a model, with a labels file in an archive at its end as the metadata tools do it."""
    path = folder / "some model.tflite"
    if inside is not None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as out:
            out.writestr("labels.txt", inside)
        data += archive.getvalue()
    path.write_bytes(data)
    return path


def metadata(mean: Sequence[float], std: Sequence[float]) -> bytes:
    """The published metadata layout, as far as it says how to normalise."""
    b = flatbuffers.Builder(256)

    def vector(values: Sequence[float]) -> int:
        b.StartVector(4, len(values), 4)
        for value in reversed(values):
            b.PrependFloat32(value)
        return int(b.EndVector())

    def table(fields: dict[int, int], size: int) -> int:
        b.StartObject(size)
        for slot, offset in fields.items():
            b.PrependUOffsetTRelativeSlot(slot, offset, 0)
        return int(b.EndObject())

    def tables(*offsets: int) -> int:
        b.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            b.PrependUOffsetTRelative(offset)
        return int(b.EndVector())

    options = table({0: vector(mean), 1: vector(std)}, 2)
    b.StartObject(2)
    b.PrependUint8Slot(0, 1, 0)
    b.PrependUOffsetTRelativeSlot(1, options, 0)
    unit = int(b.EndObject())
    tensor = table({4: tables(unit)}, 7)
    subgraph = table({2: tables(tensor)}, 8)
    b.Finish(table({3: tables(subgraph)}, 8), b"M001")
    return bytes(b.Output())


def test_given_labels_are_used(tmp_path: Path) -> None:
    phases: list[tuple[str, float | None]] = []
    path = put(tmp_path, make_tflite())
    bundle = import_tflite(path, tmp_path / "b", NAMING, make_labels(), lambda *p: phases.append(p))
    assert bundle.labels == make_labels()
    assert bundle.explainable
    assert bundle.manifest.provenance.file_name == "some model.tflite"
    assert bundle.manifest.label_set == "custom"
    fractions = [f for _, f in phases if f is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert LiteRTRecognizer(bundle).recognize(plain_photo((255, 0, 0))).best.label == "red"


def test_labels_inside_are_used(tmp_path: Path) -> None:
    path = put(tmp_path, make_tflite(), "dark\nred\ngreen\nblue\nbright\nother\n")
    bundle = import_tflite(path, tmp_path / "b", NAMING)
    assert [label.name for label in bundle.labels] == ["dark", "red", "green", "blue", "bright", "other"]


@pytest.mark.parametrize("background", [False, True])
def test_a_thousand_classes_are_imagenets(tmp_path: Path, background: bool) -> None:
    path = put(tmp_path, make_tflite("uint8", classes=1000, background=background))
    bundle = import_tflite(path, tmp_path / "b", NAMING)
    assert bundle.labels == labels.imagenet()
    assert bundle.manifest.background == background
    assert bundle.manifest.label_set == "imagenet-1k"
    assert LiteRTRecognizer(bundle).recognize(plain_photo((255, 0, 0))).best.index == 1
    head = bundle.head()
    assert head is not None
    assert head.classes == 1000


def test_classes_without_names_ask_for_a_labels_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="6 classes without names"):
        import_tflite(put(tmp_path, make_tflite()), tmp_path / "b", NAMING)
    with pytest.raises(ModelError, match="6 classes but the labels file names 9"):
        import_tflite(put(tmp_path, make_tflite()), tmp_path / "b", NAMING, make_labels(9))
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize(
    ("mean", "std", "wanted"),
    [(127.5, 127.5, "minus1_1"), (0.0, 255.0, "zero_1"), (0.0, 1.0, "zero_255"), (127.0, 128.0, "minus1_1")],
)
def test_value_range_is_taken_from_the_metadata(tmp_path: Path, mean: float, std: float, wanted: str) -> None:
    path = put(tmp_path, make_tflite(metadata=metadata([mean] * 3, [std] * 3)))
    assert import_tflite(path, tmp_path / "b", NAMING, make_labels()).preprocessing.normalization == wanted


@pytest.mark.parametrize(("mean", "std"), [([123.7, 116.8, 103.9], [58.0, 57.0, 57.0]), ([10.0], [20.0])])
def test_strange_value_range_is_refused(tmp_path: Path, mean: list[float], std: list[float]) -> None:
    path = put(tmp_path, make_tflite(metadata=metadata(mean, std)))
    with pytest.raises(ModelError, match="normalised"):
        import_tflite(path, tmp_path / "b", NAMING, make_labels())


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b"\x04\0\0\0", b"\0" * 100])
def test_unreadable_metadata_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    path = put(tmp_path, make_tflite(metadata=content or b"\1"))
    assert import_tflite(path, tmp_path / "b", NAMING, make_labels()).preprocessing.normalization == "minus1_1"


def test_raw_pixels_go_into_the_usual_quantised_inputs() -> None:
    uint8, int8 = np.dtype(np.uint8), np.dtype(np.int8)
    for quantization in ((0.0078125, 128), (1 / 127.5, 127), (0.00784314, 128)):
        assert usual_normalization(uint8, quantization) == "minus1_1"
        assert input_table(uint8, quantization, "minus1_1") is None
    assert usual_normalization(uint8, (1 / 255, 0)) == "zero_1"
    assert usual_normalization(uint8, (1.0, 0)) == "zero_255"
    assert input_table(uint8, (1 / 255, 0), "zero_1") is None
    table = input_table(int8, (1 / 127.5, -1), "minus1_1")
    assert table is not None
    np.testing.assert_array_equal(table, np.arange(256) - 128)
    measured = input_table(uint8, (0.0075, 124), "minus1_1")  # a scale that was measured on photos is followed
    assert measured is not None
    assert measured.tolist()[::85] == [0, 80, 168, 255]
    # A file may say what it wants: an 8-bit input is given its pixels, as the published reader does.
    assert input_table(uint8, (0.02, 100), "minus1_1") is None
    assert input_table(uint8, (1 / 127.5, 127), "zero_255") is None
    assert input_table(uint8, (0.0, 0), "minus1_1") is None


def test_network_that_fails_its_trial_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*_: object, **__: object) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], None]:
        return np.array([0.5, 7.0]), None

    monkeypatch.setattr(LiteRTRecognizer, "probabilities", answer)
    with pytest.raises(ModelError, match="not probabilities"):
        import_tflite(put(tmp_path, make_tflite()), tmp_path / "b", NAMING, make_labels())
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("name", ["missing", "empty", "folder"])
def test_unreadable_file_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.tflite"
    if name == "empty":
        path.touch()
    elif name == "folder":
        path.mkdir()
    with pytest.raises(ModelError) as caught:
        import_tflite(path, tmp_path / "b", NAMING)
    assert caught.value.subject == str(path)


OFFICIAL = {
    "mobilenet_v1_0.25_128_quant": (14, 26),
    "mobilenet_v1_0.75_192_quant": (37, 44),
    "mobilenet_v2_1.0_224_quant": (40, 46),
    "tf2_mobilenet_v2_1.0_224_ptq": (40, 46),
}
"""The least of 48 photos that must be right at first guess, and among five."""


@pytest.mark.shared
@pytest.mark.parametrize("name", OFFICIAL)
def test_official_quantised_files_answer_right(tmp_path: Path, shared: Path, name: str) -> None:
    bundle = import_tflite(shared / "weights" / "tflite" / f"{name}.tflite", tmp_path / "b", Naming(name.lower(), name))
    assert bundle.manifest.background
    assert bundle.labels == labels.imagenet()
    head = bundle.head()
    assert head is not None
    recognizer = LiteRTRecognizer(bundle)
    first = five = explained = 0
    rows = list(csv.DictReader((shared / "photos" / "labels.csv").open(encoding="utf-8")))
    for row in rows:
        photo = imaging.decode_for(shared / "photos" / row["file"], bundle.preprocessing)
        answer = recognizer.recognize(photo, want_features=True)
        found = [p.index for p in answer.predictions]
        first += found[0] == int(row["imagenet_index"])
        five += int(row["imagenet_index"]) in found
        assert answer.features is not None
        explained += int(logits(answer.features, head).argmax()) in found[:2]
        assert heat_map(answer.features, head, found[0]).max() <= 1
    assert len(rows) == 48
    assert (first, five) >= OFFICIAL[name]
    assert explained >= 45  # the stored head says what the network says, but for rounding


def test_every_kind_of_number_imports(tmp_path: Path) -> None:
    kinds: list[Kind] = ["float32", "uint8", "int8"]
    for kind in kinds:
        folder = tmp_path / kind
        folder.mkdir()
        bundle = import_tflite(put(folder, make_tflite(kind)), folder / "b", NAMING, make_labels())
        assert bundle.preprocessing.normalization == "minus1_1"


def test_a_tensor_name_that_is_no_text(tmp_path: Path) -> None:
    data = make_tflite()
    assert data.count(b"probabilities") == 1
    path = put(tmp_path, data.replace(b"probabilities", b"probabiliti\xb5s"))
    with pytest.raises(ModelError, match="damaged"):
        import_tflite(path, tmp_path / "b", NAMING, make_labels())
