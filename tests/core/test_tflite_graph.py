"""Reading .tflite files as data: classifiers are understood, their heads found, everything else refused in words."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.tflite_graph import add_output, parse
from mobilenet_gui.core.tflite_head import find_head
from tests.model_factory import CHANNELS, SIZE, Kind, make_tflite, make_weights

KINDS: list[Kind] = ["float32", "uint8", "int8"]


def changed(data: bytes, change: Any) -> bytes:
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    change(model)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.mark.parametrize("kind", KINDS)
def test_head_and_feature_map_are_found(kind: Kind) -> None:
    graph = parse(make_tflite(kind), "x")
    assert (graph.input_size, graph.outputs, graph.gives_probabilities()) == (SIZE, 6, True)
    found = find_head(graph)
    assert found is not None
    assert found.features.name == "features"
    assert found.features.shape == (1, SIZE // 4, SIZE // 4, CHANNELS)
    _, _, dense, bias = make_weights()
    np.testing.assert_allclose(found.head.layers[0].kernel, dense.T, atol=0 if kind == "float32" else 0.04)
    np.testing.assert_allclose(found.head.layers[0].bias, bias, atol=1e-3)


def test_parameters_are_counted() -> None:
    conv, conv_bias, dense, bias = make_weights()
    for kind in KINDS:
        assert parse(make_tflite(kind), "x").parameters == conv.size + conv_bias.size + dense.size + bias.size


def test_logits_are_told_from_probabilities() -> None:
    graph = parse(make_tflite(softmax=False), "x")
    assert not graph.gives_probabilities()
    assert find_head(graph) is not None


def test_second_output_leaves_everything_else_alone() -> None:
    graph = parse(make_tflite(), "x")
    found = find_head(graph)
    assert found is not None
    grown = add_output(graph, found.features)
    assert len(grown) <= len(graph.data) + 28
    assert sum(a != b for a, b in zip(graph.data, grown, strict=False)) <= 4
    again = schema.ModelT.InitFromPackedBuf(grown, 0)
    assert [int(i) for i in again.subgraphs[0].outputs] == [graph.output.index, found.features.index]


def test_scales_for_each_channel_are_undone() -> None:
    def per_channel(model: Any) -> None:
        tensor = next(t for t in model.subgraphs[0].tensors if t.name == b"dense")
        tensor.quantization.scale = np.arange(1, 7, dtype=np.float32)
        tensor.quantization.zeroPoint = np.zeros(6, np.int64)
        tensor.quantization.quantizedDimension = 0

    data = make_tflite("int8")
    stored = next(t for t in parse(data, "x").tensors if t.name == "dense").values
    found = find_head(parse(changed(data, per_channel), "x"))
    assert found is not None
    assert stored is not None
    np.testing.assert_array_equal(found.head.layers[0].kernel, (stored * np.arange(1, 7)[:, None]).T.astype(np.float32))


def test_partial_pooling_is_no_feature_map() -> None:
    def pool_rows(model: Any) -> None:
        axes = next(t for t in model.subgraphs[0].tensors if t.name == b"axes")
        model.buffers[axes.buffer].data = np.frombuffer(np.array([0, 1], np.int32).tobytes(), np.uint8)

    assert find_head(parse(changed(make_tflite(), pool_rows), "x")) is None


def _graph_change(name: str) -> Any:
    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        photo, last = graph.tensors[int(graph.inputs[0])], graph.tensors[int(graph.outputs[0])]
        if name == "no graph":
            model.subgraphs = []
        elif name == "two graphs":
            model.subgraphs = [graph, graph]
        elif name == "two inputs":
            graph.inputs = np.array([0, 1], np.int32)
        elif name == "two outputs":
            graph.outputs = np.array([1, 2], np.int32)
        elif name == "sound input":
            photo.shape = np.array([1, 16000], np.int32)
        elif name == "grey input":
            photo.shape = np.array([1, SIZE, SIZE, 1], np.int32)
        elif name == "oblong input":
            photo.shape = np.array([1, SIZE, SIZE * 2, 3], np.int32)
        elif name == "boxes":
            last.shape = np.array([1, 10, 4], np.int32)
        elif name == "whole numbers":
            photo.type = schema.TensorType.INT32
        elif name == "custom operation":
            model.operatorCodes[0].customCode = b"Evil"
            model.operatorCodes[0].builtinCode = schema.BuiltinOperator.CUSTOM
        elif name == "huge tensor":
            photo.shape = np.array([1, 1 << 20, 1 << 20, 3], np.int32)
        elif name == "negative shape":
            photo.shape = np.array([1, -1, -1, 3], np.int32)
        elif name == "index too big":
            graph.operators[0].inputs = np.array([0, 999, 2], np.int32)
        elif name == "negative output":
            graph.outputs = np.array([-5], np.int32)
        elif name == "uses before it is made":
            graph.operators.reverse()
        elif name == "overwrites a constant":
            graph.operators[0].outputs = graph.operators[0].inputs[1:2]
        elif name == "unknown code":
            graph.operators[0].opcodeIndex = 77
        elif name == "buffer beyond":
            graph.tensors[4].buffer = 99
        elif name == "short buffer":
            model.buffers[1].data = model.buffers[1].data[:-4]
        elif name == "strings":
            photo.type = schema.TensorType.STRING
        else:
            raise AssertionError(name)

    return change


@pytest.mark.parametrize(
    "name",
    ["no graph", "two graphs", "two inputs", "two outputs", "sound input", "grey input", "oblong input", "boxes",
     "whole numbers", "custom operation", "huge tensor", "negative shape", "index too big", "negative output",
     "uses before it is made", "overwrites a constant", "unknown code", "buffer beyond", "short buffer", "strings"],
)  # fmt: skip
def test_what_is_no_classifier_is_refused(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        parse(changed(make_tflite(), _graph_change(name)), "file.tflite")
    assert caught.value.subject == "file.tflite"


@pytest.mark.parametrize(
    "data", [b"", b"TFL3", b"\x1c\0\0\0TFL3", b"PK\x03\x04" + b"x" * 50, b"\xff" * 4 + b"TFL3" + b"\xff" * 99]
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(ModelError):
        parse(data, "x")


def test_no_broken_byte_gets_past_as_anything_but_a_model_error() -> None:
    random = np.random.default_rng(5)
    sound = make_tflite("uint8")
    for _ in range(150):
        data = bytearray(sound)
        for _ in range(int(random.integers(1, 6))):
            data[int(random.integers(0, len(data)))] = int(random.integers(0, 256))
        try:
            find_head(
                parse(bytes(data[: int(random.integers(100, len(data)))] if random.random() < 0.3 else data), "x")
            )
        except ModelError:
            continue


def _no_input(model: Any) -> None:
    model.subgraphs[0].operators[-1].inputs = np.array([], np.int32)


def _left_out_input(model: Any) -> None:
    model.subgraphs[0].operators[-1].inputs = np.array([-1], np.int32)


def _other_options(model: Any) -> None:
    dense = model.subgraphs[0].operators[2]
    dense.builtinOptions, dense.builtinOptionsType = schema.SoftmaxOptionsT(), schema.BuiltinOptions.SoftmaxOptions


@pytest.mark.parametrize("change", [_no_input, _left_out_input, _other_options])
def test_operations_that_lack_what_they_work_on_are_damage(change: Any) -> None:
    with pytest.raises(ModelError, match="damaged"):
        parse(changed(make_tflite(), change), "x")
