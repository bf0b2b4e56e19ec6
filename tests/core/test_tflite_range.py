"""The value range that a float network wants its pixels in, told by its first operations."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.tflite_edit import constant_place
from mobilenet_gui.core.tflite_graph import Graph, Operation, parse
from mobilenet_gui.core.tflite_import import import_tflite, told_range
from mobilenet_gui.core.tflite_range import range_in_graph, range_of_rescaling
from mobilenet_gui.core.tflite_tensor import Tensor
from tests.model_factory import make_labels, make_tflite, plain_photo

ADD, CONV, DIV, MUL, PAD, QUANTIZE, RELU, SUB, FAKE_QUANT = 0, 3, 42, 18, 34, 114, 19, 41, 80
NONE = np.asarray((), np.float32)


def tensor(index: int, values: Any = None, scale: float = 0.0, zero: int = 0, dtype: str = "f4") -> Tensor:
    stored: NDArray[Any] | None = None if values is None else np.asarray(values, np.float32)
    scales = np.asarray([scale], np.float32) if scale else NONE
    zeros = np.asarray([zero] if scale else [], np.int64)
    shape = (1, 32, 32, 3) if stored is None else stored.shape
    return Tensor(index, "", shape, np.dtype(dtype), scales, zeros, 0, stored, stored is not None)


def graph(*steps: tuple[int, Any], kernel: float = 1.0) -> Graph:
    """A float input, then operations: each with a constant, or with the options or scale that it has."""
    tensors, operations = [tensor(0)], []
    at = 0
    for code, value in (*steps, (CONV, np.full((8, 3, 3, 3), kernel))):
        inputs = [at]
        options: Any = SimpleNamespace(fusedActivationFunction=0)
        if code == QUANTIZE:
            out = tensor(len(tensors), None, value[0], value[1], "i1")
        elif code == FAKE_QUANT:
            options, out = SimpleNamespace(min=value[0], max=value[1]), tensor(len(tensors))
        else:
            if value is not None:
                tensors.append(tensor(len(tensors), value))
                inputs.append(len(tensors) - 1)
            out = tensor(len(tensors))
        tensors.append(out)
        operations.append(Operation(code, tuple(inputs), (out.index,), options))
        at = out.index
    return Graph(tuple(tensors), tuple(operations), tensors[0], tensors[at], None, b"")


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        (((MUL, 1 / 127.5), (ADD, -1.0)), "zero_255"),
        (((MUL, [1 / 127.5] * 3), (SUB, 1.0), (PAD, None)), "zero_255"),
        (((DIV, 255.0),), "zero_255"),
        (((SUB, 127.5), (DIV, 127.5)), "zero_255"),
        (((SUB, [123.7, 116.8, 103.9]), (MUL, [1 / 58.4, 1 / 57.1, 1 / 57.4])), "zero_255"),
        (((SUB, 128.0),), "zero_255"),
        (((PAD, None), (MUL, 1 / 255)), "zero_255"),
        (((MUL, 2.0), (SUB, 1.0)), "zero_1"),
        (((SUB, [0.485, 0.456, 0.406]), (DIV, [0.229, 0.224, 0.225])), "zero_1"),
        (((MUL, 255.0),), "zero_1"),
        (((ADD, 1.0), (MUL, 127.5)), "minus1_1"),
        (((ADD, 1.0), (DIV, 2.0)), "minus1_1"),
        (((QUANTIZE, (1 / 127.5, -1)),), "minus1_1"),
        (((QUANTIZE, (1 / 255, -128)),), "zero_1"),
        (((QUANTIZE, (1.0, -128)),), "zero_255"),
        (((MUL, 1 / 127.5), (ADD, -1.0), (QUANTIZE, (1 / 127.5, -1))), "zero_255"),
        (((FAKE_QUANT, (0.0, 1.0)),), "zero_1"),
        ((), None),
        (((RELU, None),), None),
        (((QUANTIZE, (0.3, 5)),), None),
    ],
)
def test_the_first_operations_tell(steps: tuple[tuple[int, Any], ...], wanted: str | None) -> None:
    assert range_in_graph(graph(*steps)) == wanted


def test_a_rescaling_that_was_folded_into_the_first_weights_tells() -> None:
    for kernel, wanted in ((0.3, None), (0.3 / 127.5, "zero_255"), (0.3 / 255, "zero_255"), (0.0, None)):
        assert range_in_graph(graph(kernel=kernel)) == wanted
    assert range_of_rescaling(1.0, 0.0) is None


def test_an_input_that_two_operations_share_tells_nothing() -> None:
    made = graph((MUL, 1 / 255))
    shared = replace(made, operations=(*made.operations, Operation(ADD, (0, 1), (0,), None)))
    assert range_in_graph(shared) is None


def folded(scale: float, offset: float) -> bytes:
    """Return the tiny network as the converter makes it behind a layer x * scale + offset, of an input of -1 to 1."""
    data = bytearray(make_tflite())
    parsed = parse(bytes(data), "x")
    conv = next(op for op in parsed.operations if op.code == CONV)
    kernel, bias = (parsed.tensors[i] for i in conv.inputs[1:])
    assert kernel.values is not None
    assert bias.values is not None
    places = [constant_place(parsed, t.index) for t in (kernel, bias)]
    sums = kernel.values.reshape(len(kernel.values), -1).sum(axis=1)
    for place, values in zip(places, (kernel.values * scale, bias.values + offset * sums), strict=True):
        assert place is not None
        numbers = values.astype("<f4").tobytes()
        data[place : place + len(numbers)] = numbers
    return bytes(data)


def test_a_network_that_rescales_itself_is_given_pixels_and_answers_right(tmp_path: Path) -> None:
    path = tmp_path / "rescales.tflite"
    path.write_bytes(folded(1 / 127.5, -1))
    bundle = import_tflite(path, tmp_path / "b", Naming("x", "x"), make_labels())
    assert bundle.preprocessing.normalization == "zero_255"
    assert not bundle.manifest.assumed_range
    plain = tmp_path / "plain.tflite"
    plain.write_bytes(make_tflite())
    other = import_tflite(plain, tmp_path / "c", Naming("x", "x"), make_labels())
    assert other.manifest.assumed_range
    photo = plain_photo((200, 60, 40))
    answers = [LiteRTRecognizer(b).probabilities(photo)[0] for b in (bundle, other)]
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-4)


def test_the_user_may_say_it(tmp_path: Path) -> None:
    path = tmp_path / "x.tflite"
    path.write_bytes(make_tflite())
    bundle = import_tflite(path, tmp_path / "b", Naming("x", "x"), make_labels(), wanted="zero_1")
    assert bundle.preprocessing.normalization == "zero_1"
    assert not bundle.manifest.assumed_range


@pytest.mark.parametrize("kind", ["uint8", "int8"])
def test_metadata_does_not_count_for_8_bit_inputs(tmp_path: Path, kind: Any) -> None:
    from tests.core.test_tflite_import import metadata

    stated = metadata([0.0] * 3, [1.0] * 3)
    parsed = parse(make_tflite(kind, metadata=stated), "x")
    assert parsed.metadata is not None
    assert told_range(parsed, tmp_path / "x") == "minus1_1"
    assert told_range(parse(make_tflite(metadata=stated), "x"), tmp_path / "x") == "zero_255"


def test_numbers_of_four_bits_are_no_damage() -> None:
    from mobilenet_gui.core.tflite_tensor import _unpacked

    raw = np.frombuffer(struct.pack("3B", 0x21, 0xF8, 0x07), np.uint8)
    assert _unpacked(raw, 5).tolist() == [1, 2, -8, -1, 7]
