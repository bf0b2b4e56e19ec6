"""Owns tiny but real models for tests: .tflite classifiers and bundles built from nothing, without TensorFlow.

The network: photo -> convolution (stride 4) -> [feature map] -> global mean -> fully connected -> softmax. Its first
channels measure brightness, red, green and blue, so that its answers are predictable: class 0 likes dark photos,
1 red, 2 green, 3 blue, and class 4 bright ones; the rest have small random weights that never win clearly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from mobilenet_gui.core import twins
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.manifest import Provenance
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.strangers import Shown
from mobilenet_gui.core.tflite_graph import add_output, parse
from mobilenet_gui.core.tflite_head import find_head
from mobilenet_gui.core.tflite_import import bundle_from_graph
from mobilenet_gui.core.twins import Twin
from mobilenet_gui.core.types import Label

Kind = Literal["float32", "uint8", "int8"]
SIZE = 32
CHANNELS = 8
CLASSES = 6
STRIDE = 4
NAMES = ("dark", "red", "green", "blue", "bright", "other")


def make_labels(classes: int = CLASSES) -> tuple[Label, ...]:
    """Labels `dark`, `red`, `green`, `blue`, `bright`, `other`, `thing 6` ..."""
    names = [NAMES[i] if i < len(NAMES) else f"thing {i}" for i in range(classes)]
    return tuple(Label(i, f"n{i:08d}", name, f"{name} one, {name} two") for i, name in enumerate(names))


def make_weights(classes: int = CLASSES) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Convolution kernel (out, 4, 4, 3) and bias, dense kernel (classes, channels) and bias; inputs in -1..1."""
    random = np.random.default_rng(1)
    conv = random.normal(0, 0.02, (CHANNELS, STRIDE, STRIDE, 3)).astype(np.float32)
    area = STRIDE * STRIDE
    for channel, colour in enumerate(((-1, -1, -1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1), (1, 1, 1))):
        conv[channel] = np.array(colour, np.float32) / (3 * area)
    conv_bias = np.zeros(CHANNELS, np.float32)
    dense = random.normal(0, 0.05, (classes, CHANNELS)).astype(np.float32)
    for index in range(min(classes, 5)):
        dense[index, index] = 8.0
    return conv, conv_bias, dense, np.full(classes, 0.1, np.float32)


def make_tflite(
    kind: Kind = "float32",
    *,
    classes: int = CLASSES,
    size: int = SIZE,
    softmax: bool = True,
    sigmoid: bool = False,
    background: bool = False,
    metadata: bytes | None = None,
) -> bytes:
    """Return a .tflite classifier.

    Args:
        kind: number format of everything in it.
        classes: how many classes; with `background` there is one output more, in front.
        size: side of the input; a multiple of 4.
        softmax: False ends the network at the logits.
        sigmoid: the network ends in a sigmoid instead.
        background: add an output 0 that never wins.
        metadata: content of the buffer `TFLITE_METADATA`.
    """
    conv, conv_bias, dense, dense_bias = make_weights(classes)
    if background:
        dense = np.concatenate([np.zeros((1, CHANNELS), np.float32), dense])
        dense_bias = np.concatenate([np.array([-20], np.float32), dense_bias])
    writer = _Writer(kind)
    grid = size // STRIDE
    photo = writer.variable("photo", (1, size, size, 3), 1 / 127.5 if kind != "float32" else 0, 1)
    features = writer.variable("features", (1, grid, grid, CHANNELS), 2 / 255, 0)
    pooled = writer.variable("pooled", (1, CHANNELS), 2 / 255, 0)
    logits = writer.variable("logits", (1, len(dense)), 48 / 255, 1)
    kernel, kernel_scale = writer.kernel("conv", conv)
    matrix, matrix_scale = writer.kernel("dense", dense)
    bias = writer.bias("conv bias", conv_bias, kernel_scale / 127.5)
    offset = writer.bias("dense bias", dense_bias, matrix_scale * 2 / 255)
    axes = writer.constant("axes", np.array([1, 2], np.int32))
    options = schema.Conv2DOptionsT()
    options.strideH = options.strideW = STRIDE
    options.padding = schema.Padding.VALID
    options.fusedActivationFunction = schema.ActivationFunctionType.RELU
    writer.operation(schema.BuiltinOperator.CONV_2D, 3, [photo, kernel, bias], features, options, "Conv2DOptions")
    reducer = schema.ReducerOptionsT()
    writer.operation(schema.BuiltinOperator.MEAN, 2, [features, axes], pooled, reducer, "ReducerOptions")
    full = schema.FullyConnectedOptionsT()
    writer.operation(
        schema.BuiltinOperator.FULLY_CONNECTED, 4, [pooled, matrix, offset], logits, full, "FullyConnectedOptions"
    )
    output = logits
    if sigmoid:
        output = writer.variable("probabilities", (1, len(dense)), 1 / 256, 0)
        writer.operation(schema.BuiltinOperator.LOGISTIC, 2, [logits], output, None, "NONE")
    elif softmax:
        output = writer.variable("probabilities", (1, len(dense)), 1 / 256, 0)
        soft = schema.SoftmaxOptionsT()
        soft.beta = 1.0
        writer.operation(schema.BuiltinOperator.SOFTMAX, 2, [logits], output, soft, "SoftmaxOptions")
    return writer.finish(photo, output, metadata)


def make_bundle(
    folder: Path,
    *,
    bundle_id: str = "tiny",
    name: str = "Tiny",
    kind: Kind = "float32",
    classes: int = CLASSES,
    size: int = SIZE,
    background: bool = False,
    labels: Sequence[Label] | None = None,
    shown: Shown | None = None,
    weights: Path | None = None,
) -> Bundle:
    """Write a bundle with a tiny network into `folder` (missing or empty) and open it."""
    graph = parse(make_tflite(kind, classes=classes, size=size, background=background), "tiny.tflite")
    naming = Naming(bundle_id, name, licence="Apache-2.0")
    return bundle_from_graph(
        graph,
        folder,
        naming,
        labels or make_labels(classes),
        normalization="minus1_1",
        provenance=Provenance(file_name="tiny.tflite"),
        shown=shown,
        weights=weights,
    )


def make_twin(bundle: Bundle, **figures: float) -> Twin:
    """Put an 8-bit twin of a model that `make_bundle` made into the cache, as the worker does; one that pays."""
    graph = parse(make_tflite("int8", softmax=False), "twin.tflite")
    found = find_head(graph)
    assert found is not None
    data = add_output(graph, found.features)
    usual = {"checked": 100, "agree": 100, "difference": 0.01, "float_ms": 2.0, "int8_ms": 1.0}
    twin = Twin(twins.place(bundle), hashlib.sha256(data).hexdigest(), **(usual | figures))  # type: ignore[arg-type]
    twin.folder.mkdir(parents=True, exist_ok=True)
    (twin.folder / twins.NETWORK_FILE).write_bytes(data)
    (twin.folder / twins.RECORD_FILE).write_bytes(twin.record())
    return twin


def plain_photo(colour: tuple[int, int, int], size: int = SIZE) -> NDArray[np.uint8]:
    """Pixels of one colour; (255, 0, 0) is class 1, `red`."""
    return np.full((size, size, 3), colour, np.uint8)


class _Writer:
    """Collects tensors, buffers and operations, then packs them."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._graph = schema.SubGraphT()
        self._graph.tensors, self._graph.operators = [], []
        self._buffers = [schema.BufferT()]
        self._codes: list[Any] = []

    def variable(self, name: str, shape: tuple[int, ...], scale: float, signed: int) -> int:
        """A tensor computed at run time; `signed` says whether its numbers are centred on zero."""
        middle = (
            {"uint8": 128, "int8": 0}.get(self._kind, 0) if signed else {"uint8": 0, "int8": -128}.get(self._kind, 0)
        )
        return self._tensor(name, shape, self._kind, scale, middle, None)

    def kernel(self, name: str, values: NDArray[Any]) -> tuple[int, float]:
        """A constant in the network's number format; returns it and its scale."""
        if self._kind == "float32":
            return self._tensor(name, values.shape, "float32", 0, 0, values), 1.0
        scale = float(np.abs(values).max()) / 127
        middle = 128 if self._kind == "uint8" else 0
        stored = np.clip(np.rint(values / scale) + middle, -127 if middle == 0 else 1, 127 + middle)
        return self._tensor(name, values.shape, self._kind, scale, middle, stored.astype(self._kind)), scale

    def bias(self, name: str, values: NDArray[Any], scale: float) -> int:
        """A bias: 32-bit whole numbers beside quantised kernels."""
        if self._kind == "float32":
            return self._tensor(name, values.shape, "float32", 0, 0, values)
        return self._tensor(name, values.shape, "int32", scale, 0, np.rint(values / scale).astype(np.int32))

    def constant(self, name: str, values: NDArray[Any]) -> int:
        return self._tensor(name, values.shape, str(values.dtype), 0, 0, values)

    def _tensor(
        self, name: str, shape: Sequence[int], dtype: str, scale: float, zero: int, values: NDArray[Any] | None
    ) -> int:
        tensor = schema.TensorT()
        tensor.name = name.encode()
        tensor.shape = np.array(shape, np.int32)
        tensor.type = getattr(schema.TensorType, dtype.upper())
        if scale and dtype != "float32":
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = np.array([scale], np.float32)
            tensor.quantization.zeroPoint = np.array([zero], np.int64)
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
            tensor.buffer = len(self._buffers)
            self._buffers.append(buffer)
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def operation(
        self, code: int, version: int, inputs: list[int], output: int, options: Any, options_name: str
    ) -> None:
        kind = schema.OperatorCodeT()
        kind.builtinCode = kind.deprecatedBuiltinCode = code
        kind.version = 1 if self._kind != "int8" else version
        self._codes.append(kind)
        op = schema.OperatorT()
        op.opcodeIndex = len(self._codes) - 1
        op.inputs, op.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
        op.builtinOptions = options
        op.builtinOptionsType = getattr(schema.BuiltinOptions, options_name)
        self._graph.operators.append(op)

    def finish(self, photo: int, output: int, metadata: bytes | None) -> bytes:
        model = schema.ModelT()
        model.version = 3
        self._graph.inputs, self._graph.outputs = np.array([photo], np.int32), np.array([output], np.int32)
        model.subgraphs, model.buffers, model.operatorCodes = [self._graph], self._buffers, self._codes
        if metadata is not None:
            entry = schema.MetadataT()
            entry.name, entry.buffer = b"TFLITE_METADATA", len(self._buffers)
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(metadata, np.uint8)
            self._buffers.append(buffer)
            model.metadata = [entry]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
