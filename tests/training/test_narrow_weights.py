"""Weights of 16 and of 8 bits: which layers get them, how the file is written, and that answers stay."""

from __future__ import annotations

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.core.tflite_edit import METADATA_NAME, with_metadata
from mobilenet_gui.core.tflite_graph import Graph, parse
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.narrow_weights import WHOLE_SHARES, Narrowed, narrow
from tests.model_factory import make_tflite
from tests.training.test_rounding import ask, photos

CONV, DENSE, DEQUANTIZE = 3, 9, 6
CLASSES = 40


@pytest.fixture
def graph() -> Graph:
    return parse(make_tflite(classes=CLASSES), "x")


def halved(graph: Graph, count: int = 64) -> Narrowed:
    return narrow(graph, photos(count), "minus1_1", Control())


def test_weights_become_halves_and_answers_stay(graph: Graph) -> None:
    found = halved(graph)
    data = found.file(0)
    made = parse(data, "x")
    assert [op.code for op in made.operations] == [DEQUANTIZE, DEQUANTIZE] + [op.code for op in graph.operations]
    stored = [t for t in made.tensors if t.values is not None and t.dtype == np.float16]
    assert sorted(t.shape for t in stored) == sorted(
        graph.tensors[op.inputs[1]].shape for op in graph.operations if op.code in (CONV, DENSE)
    )
    assert len(data) < len(graph.data)
    other = np.random.default_rng(8).permutation(photos(96)[64:])
    difference = np.abs(ask(data, other) - ask(graph.data, other)).max()
    assert 0 < difference < 1e-3


def test_compensated_halves_answer_more_like_the_exact_network_than_nearest_ones(graph: Graph) -> None:
    other = photos(128)[64:]
    wanted = ask(graph.data, other)
    errors = [np.square(ask(halved(graph, count).file(0), other) - wanted).mean() for count in (64, 0)]
    assert errors[0] < 0.5 * errors[1]


def test_weights_of_8_bits_have_a_step_for_each_output_and_answers_nearly_stay(graph: Graph) -> None:
    found = narrow(graph, photos(64), "minus1_1", Control(), "int8")
    data = found.file(0)
    made = parse(data, "x")
    stored = [t for t in made.tensors if t.values is not None and t.dtype == np.int8]
    assert sorted(t.shape for t in stored) == sorted(layer.weights.shape for layer in found.layers)
    assert all(t.scales.shape == t.shape[:1] for t in stored)
    for layer in found.layers:
        exact = graph.tensors[graph.operations[layer.operation].inputs[1]].values
        assert exact is not None
        assert layer.steps is not None
        steps = layer.steps.reshape(-1, *[1] * (exact.ndim - 1))
        assert np.abs(layer.weights).max() == 127
        assert (np.abs(layer.weights * steps - exact) < 4 * steps).all()
    assert len(data) < len(halved(graph).file(0))
    other = photos(128)[64:]
    assert 0 < np.abs(ask(data, other) - ask(graph.data, other)).max() < 0.02


def test_the_smallest_layers_stay_whole_first(graph: Graph) -> None:
    found = halved(graph)
    assert found.count == 2
    sizes = [layer.weights.size for layer in found.layers]
    assert sizes == sorted(sizes)
    kept = [found.kept(share) for share in WHOLE_SHARES]
    assert kept == sorted(kept)
    assert (found.kept(0), found.kept(1.0)) == (0, 2)
    assert found.kept(sizes[0] / sum(sizes)) == 1
    assert [found.share(kept) for kept in (0, 2)] == [0, 1]
    halves = [t for t in parse(found.file(1), "x").tensors if t.values is not None and t.dtype == np.float16]
    assert [t.values.size for t in halves if t.values is not None] == [sizes[1]]
    whole = found.file(2)
    assert (ask(whole, photos(3)) == ask(graph.data, photos(3))).all()


def test_constants_are_aligned_and_metadata_stays() -> None:
    graph = parse(with_metadata(make_tflite(classes=CLASSES), b"about it", {}), "x")
    data = halved(graph).file(0)
    model = schema.Model.GetRootAs(data, 0)
    for number in range(model.BuffersLength()):
        table = model.Buffers(number)._tab
        if field := table.Offset(4):
            assert table.Vector(field) % 16 == 0
    assert parse(data, "x").metadata == b"about it"
    names = [model.Metadata(n).Name().decode() for n in range(model.MetadataLength())]
    assert METADATA_NAME in names


def test_layers_that_share_a_bias_each_get_their_own() -> None:
    model = schema.ModelT.InitFromPackedBuf(make_tflite(classes=8), 0)
    conv, dense = (op for op in model.subgraphs[0].operators if len(op.inputs) == 3)
    dense.inputs = np.array([*dense.inputs[:2], conv.inputs[2]], np.int32)  # both have eight outputs
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    graph = parse(bytes(builder.Output()), "x")
    data = halved(graph).file(0)
    made = parse(data, "x")
    biases = [op.inputs[2] for op in made.operations if op.code in (CONV, DENSE)]
    assert len(set(biases)) == 2
    assert np.abs(ask(data, photos(9)) - ask(graph.data, photos(9))).max() < 1e-3


def test_8_bit_layers_are_left_alone() -> None:
    assert halved(parse(make_tflite("int8"), "x"), 0).count == 0


def test_weights_beyond_a_half_floats_reach_are_left_alone(graph: Graph) -> None:
    dense = next(op for op in graph.operations if op.code == DENSE)
    values = graph.tensors[dense.inputs[1]].values
    assert values is not None
    place = graph.data.index(values.tobytes())
    large = (values * 1e5).astype(np.float32).tobytes()
    changed = parse(graph.data[:place] + large + graph.data[place + len(large) :], "x")
    assert [layer.weights.ndim for layer in halved(changed, 0).layers] == [4]


def test_it_can_be_stopped(graph: Graph) -> None:
    control = Control()
    control.obey("cancel")
    with pytest.raises(Cancelled):
        narrow(graph, photos(4), "minus1_1", control)
