"""Owns reading a .tflite graph as data: is it a classifier, where is its last feature map, what are its head's weights.

The file may come from anybody. It is parsed by generated Python code that knows no pointers, every index is checked
before it is followed, and nothing is run here. The one change made to a file, a second output, is done in place by
appending a new list of outputs and redirecting one offset to it, so that everything else stays as it was aligned.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.bundle import ClassifierHead, HeadLayer
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.tensors import Quantization
from mobilenet_gui.i18n import tr

MAX_TFLITE_BYTES = 512 << 20
MAX_TENSORS = 20_000
MAX_TENSOR_VALUES = 1 << 28

# Numbers of the published schema; the generated module is imported late because that takes half a second.
_TYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype(np.float32), 1: np.dtype(np.float16), 2: np.dtype(np.int32), 3: np.dtype(np.uint8),
    4: np.dtype(np.int64), 6: np.dtype(np.bool_), 7: np.dtype(np.int16), 9: np.dtype(np.int8), 10: np.dtype(np.float64),
    15: np.dtype(np.uint32), 16: np.dtype(np.uint16),
}  # fmt: skip
_AVERAGE_POOL, _CONV, _DEQUANTIZE, _FULLY_CONNECTED, _LOGISTIC, _RESHAPE = 1, 3, 6, 9, 14, 22
_SOFTMAX, _CUSTOM, _MEAN, _SQUEEZE, _QUANTIZE, _HARD_SWISH = 25, 32, 40, 43, 114, 117
_PASS_THROUGH = frozenset({_RESHAPE, _SQUEEZE, _DEQUANTIZE, _QUANTIZE})
_FUSED = {0: "linear", 1: "relu", 3: "relu6"}
_SUBGRAPH_OUTPUTS_FIELD = 2


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """One tensor: its shape, number format, scales (empty when not quantised) and, for a constant, its values."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scales: NDArray[np.float32]
    zeros: NDArray[np.int64]
    axis: int
    values: NDArray[Any] | None

    @property
    def quantization(self) -> Quantization:
        """Scale and zero point of a tensor with one of each; a scale of 0 without."""
        return (float(self.scales[0]), int(self.zeros[0])) if self.scales.size else (0.0, 0)

    def real_values(self) -> NDArray[np.float32] | None:
        """Return a constant's values as real numbers, whichever way they are stored; None for a variable."""
        if self.values is None:
            return None
        values = self.values.astype(np.float32)
        if self.scales.size:
            shape = [1] * values.ndim
            if self.scales.size > 1:
                shape[self.axis] = self.scales.size
            values = (values - self.zeros.astype(np.float32).reshape(shape)) * self.scales.reshape(shape)
        return values


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One operation: the builtin's number, the indices of its inputs and outputs (-1: left out), its options."""

    code: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A checked graph with one image input and one row of classes as output."""

    tensors: tuple[Tensor, ...]
    operations: tuple[Operation, ...]
    input: Tensor
    output: Tensor
    metadata: bytes | None
    data: bytes

    @property
    def input_size(self) -> int:
        """The side of the square input."""
        return self.input.shape[1]

    @property
    def outputs(self) -> int:
        """The length of the output."""
        return int(np.prod(self.output.shape))

    @property
    def parameters(self) -> int:
        """How many numbers the constants of floating or quantised kind hold."""
        constants = (t for t in self.tensors if t.values is not None and t.values.ndim >= 1)
        return sum(t.values.size for t in constants if t.values is not None and (t.scales.size or t.dtype.kind == "f"))

    def producer(self, tensor: int) -> Operation | None:
        """Return the operation that makes a tensor; None for inputs and constants."""
        return next((op for op in self.operations if tensor in op.outputs), None)

    def gives_probabilities(self) -> bool:
        """Say whether the last real operation is a softmax (or a sigmoid), so that the output needs none."""
        last = self._behind(self.output.index)
        return last is not None and last.code in (_SOFTMAX, _LOGISTIC)

    def _behind(self, tensor: int) -> Operation | None:
        """Return the operation that made a tensor, looking through those that only rearrange or recode it."""
        op = self.producer(tensor)
        while op is not None and op.code in _PASS_THROUGH:
            op = self.producer(op.inputs[0])
        return op


def parse(data: bytes, subject: str, *, outputs: int = 1) -> Graph:
    """Read and check a .tflite file.

    Args:
        data: the file's content.
        subject: what an error names: the file.
        outputs: how many it has; all but the first are the feature maps that `add_outputs` gave it.

    Raises:
        ModelError: it is no .tflite file, damaged, hostile, needs operations of its own, or is no photo classifier.
    """
    if len(data) > MAX_TFLITE_BYTES:
        raise ModelError(subject, tr("The file is too big for a photo classifier."))
    if len(data) < 16 or data[4:8] != b"TFL3":
        raise ModelError(subject, tr("This is not a TensorFlow Lite model, or the file is damaged."))
    from ai_edge_litert import schema_py_generated as schema

    try:
        model = schema.ModelT.InitFromPackedBuf(data, 0)
        graph = _build(model, data, outputs)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, struct.error, MemoryError,
            RecursionError, UnicodeDecodeError) as error:  # fmt: skip
        if isinstance(error, _NoClassifierError):
            raise ModelError(subject, str(error)) from error
        raise ModelError(subject, tr("The model file is damaged.")) from error
    return graph


class _NoClassifierError(ValueError):
    """The file is sound but not what is wanted; the text is for the user."""


def _build(model: Any, data: bytes, wanted: int) -> Graph:
    if not model.subgraphs or len(model.subgraphs) != 1:
        raise _NoClassifierError(tr("This model is not a photo classifier: it has several graphs."))
    graph = model.subgraphs[0]
    if len(graph.tensors) > MAX_TENSORS or len(graph.operators) > MAX_TENSORS:
        raise ValueError("too many tensors")
    tensors = tuple(_tensor(i, t, model.buffers, data) for i, t in enumerate(graph.tensors))
    operations = tuple(_operations(model.operatorCodes, graph.operators, len(tensors)))
    inputs, outputs = _indices(graph.inputs, len(tensors)), _indices(graph.outputs, len(tensors))
    _check_order(tensors, operations, inputs)
    if len(inputs) != 1 or len(outputs) != wanted:
        raise _NoClassifierError(
            tr(
                "This model is not a photo classifier: it has {inputs} inputs and {outputs} outputs, not one each."
            ).format(inputs=len(inputs), outputs=len(outputs))
        )
    photo, classes = tensors[inputs[0]], tensors[outputs[0]]
    usable = (np.dtype(np.float32), np.dtype(np.uint8), np.dtype(np.int8))
    square = len(photo.shape) == 4 and photo.shape[0] == 1 and photo.shape[3] == 3 and photo.shape[1] == photo.shape[2]
    if not square or not 16 <= photo.shape[1] <= 1024 or photo.dtype not in usable:
        raise _NoClassifierError(
            tr(
                "This model is not a photo classifier: its input is {shape} of {type}, not one square colour photo."
            ).format(shape=" × ".join(map(str, photo.shape)), type=photo.dtype)
        )
    count = int(np.prod(classes.shape))
    if (
        classes.dtype not in usable
        or len(classes.shape) < 1
        or max(classes.shape) != count
        or not 2 <= count <= 100_000
    ):
        raise _NoClassifierError(
            tr(
                "This model is not a photo classifier: its output is {shape} of {type}, not one number for each class."
            ).format(shape=" × ".join(map(str, classes.shape)), type=classes.dtype)
        )
    return Graph(tensors, operations, photo, classes, _metadata(model), data)


def _tensor(index: int, source: Any, buffers: Any, data: bytes) -> Tensor:
    shape = tuple(int(n) for n in (source.shape if source.shape is not None else ()))
    count = 1
    for n in shape:
        count *= n
    dtype = _TYPES[source.type]
    if source.sparsity is not None or len(shape) > 8 or min(shape, default=1) < 1 or count > MAX_TENSOR_VALUES:
        raise ValueError("shape")
    q = source.quantization
    scales = np.asarray(() if q is None or q.scale is None else q.scale, np.float32)
    zeros = np.asarray(() if q is None or q.zeroPoint is None else q.zeroPoint, np.int64)
    axis = 0 if q is None else int(q.quantizedDimension)
    if scales.size:
        zeros = zeros if zeros.size else np.zeros(scales.size, np.int64)
        per_channel = scales.size == 1 or (0 <= axis < len(shape) and shape[axis] == scales.size)
        if zeros.size != scales.size or not per_channel or not np.isfinite(scales).all() or (scales < 0).any():
            raise ValueError("quantisation")
    if not 0 <= source.buffer < len(buffers):
        raise ValueError("buffer")
    stored = buffers[source.buffer]
    raw = None if stored.data is None or len(stored.data) == 0 else np.asarray(stored.data, np.uint8)
    if stored.offset and stored.offset > 1:  # the form for files beyond 2 GB, where content follows the flatbuffer
        if stored.offset + stored.size > len(data):
            raise ValueError("offset")
        raw = np.frombuffer(data, np.uint8, stored.size, stored.offset)
    values = None
    if raw is not None:
        if raw.size != count * dtype.itemsize:
            raise ValueError("size")
        values = np.frombuffer(raw.tobytes(), dtype).reshape(shape)
    name = source.name.decode("utf-8", "replace") if source.name else ""
    return Tensor(index, name, shape, dtype, scales, zeros, axis, values)


def _indices(source: Any, count: int) -> tuple[int, ...]:
    indices = tuple(int(i) for i in (source if source is not None else ()))
    if any(not 0 <= i < count for i in indices):
        raise ValueError("index")
    return indices


def _operations(codes: Any, operators: Any, tensors: int) -> Iterator[Operation]:
    for op in operators:
        if not 0 <= op.opcodeIndex < len(codes):
            raise ValueError("operation code")
        kind = codes[op.opcodeIndex]
        code = max(int(kind.builtinCode), int(kind.deprecatedBuiltinCode))
        if code == _CUSTOM or kind.customCode:
            name = kind.customCode.decode("utf-8", "replace")[:60] if kind.customCode else "?"
            raise _NoClassifierError(
                tr("This model needs an operation of its own ({name}), which is not supported.").format(name=name)
            )
        inputs = tuple(int(i) for i in (op.inputs if op.inputs is not None else ()))
        if any(not -1 <= i < tensors for i in inputs):
            raise ValueError("index")
        yield Operation(code, inputs, _indices(op.outputs, tensors), op.builtinOptions)


def _check_order(tensors: tuple[Tensor, ...], operations: tuple[Operation, ...], inputs: tuple[int, ...]) -> None:
    """Each operation may use only what was there before it, and makes what nobody else makes."""
    there = set(inputs) | {-1} | {t.index for t in tensors if t.values is not None}
    for op in operations:
        made = set(op.outputs)
        if not set(op.inputs) <= there or made & there or len(made) != len(op.outputs) or not made:
            raise ValueError("order")
        there |= made


def _metadata(model: Any) -> bytes | None:
    for entry in model.metadata or ():
        if entry.name == b"TFLITE_METADATA" and 0 <= entry.buffer < len(model.buffers):
            stored = model.buffers[entry.buffer].data
            return None if stored is None or len(stored) == 0 else bytes(np.asarray(stored, np.uint8))
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Explainable:
    """What a heat map needs: the feature map's tensor and the classifier that stands on it."""

    features: Tensor
    head: ClassifierHead


def find_head(graph: Graph) -> Explainable | None:
    """Walk back from the output to the global pooling; None where the graph does not end as MobileNets do.

    Understood: a softmax or nothing; up to three dense layers (fully connected or 1x1 convolution) with an activation
    between; reshapes anywhere; and a mean or average pooling over the whole feature map.
    """
    layers: list[HeadLayer] = []
    activation = "linear"
    op = graph.producer(graph.output.index)
    if (last := graph._behind(graph.output.index)) is not None and last.code in (_SOFTMAX, _LOGISTIC):
        op = graph.producer(last.inputs[0])
    while op is not None:
        if op.code in _PASS_THROUGH:
            pass
        elif op.code == _HARD_SWISH and activation == "linear" and layers:
            activation = "hard_swish"
        elif op.code in (_FULLY_CONNECTED, _CONV):
            layer = _dense(graph, op, activation)
            if layer is None or len(layers) == 3:
                return None
            layers.insert(0, layer)
            activation = "linear"
        elif op.code in (_MEAN, _AVERAGE_POOL) and activation == "linear" and layers:
            return _pooled(graph, op, ClassifierHead(tuple(layers)))
        else:
            return None
        op = graph.producer(op.inputs[0])
    return None


def _dense(graph: Graph, op: Operation, activation: str) -> HeadLayer | None:
    """Return a layer that maps one vector to another as (inputs, outputs); None for any other."""
    kernel = _constant(graph, op, 1)
    if kernel is None or kernel.ndim not in (2, 4):
        return None
    if op.code == _CONV and (
        kernel.ndim != 4 or kernel.shape[1:3] != (1, 1) or graph.tensors[op.inputs[0]].shape[1:3] != (1, 1)
    ):
        return None
    fused = _FUSED.get(int(op.options.fusedActivationFunction) if op.options is not None else 0)
    if fused is None or (fused != "linear" and activation != "linear"):
        return None
    matrix = np.ascontiguousarray(kernel.reshape(kernel.shape[0], -1).T)
    bias = _constant(graph, op, 2)
    vector = (
        np.zeros(matrix.shape[1], np.float32) if bias is None else np.ascontiguousarray(bias.reshape(-1), np.float32)
    )
    if vector.shape != matrix.shape[1:] or not np.isfinite(matrix).all() or not np.isfinite(vector).all():
        return None
    return HeadLayer(matrix, vector, fused if activation == "linear" else activation)


def _constant(graph: Graph, op: Operation, position: int) -> NDArray[np.float32] | None:
    """Return a constant input's real values, also one stored as half floats that the graph widens first."""
    if len(op.inputs) <= position or op.inputs[position] < 0:
        return None
    tensor = graph.tensors[op.inputs[position]]
    widened = graph.producer(tensor.index)
    if widened is not None and widened.code == _DEQUANTIZE:
        tensor = graph.tensors[widened.inputs[0]]
    return tensor.real_values()


def _pooled(graph: Graph, op: Operation, head: ClassifierHead) -> Explainable | None:
    features = graph.tensors[op.inputs[0]]
    if len(features.shape) != 4 or features.shape[0] != 1 or features.values is not None:
        return None
    rows, columns = features.shape[1:3]
    if op.code == _MEAN:
        axes = graph.tensors[op.inputs[1]].values if len(op.inputs) > 1 else None
        whole = axes is not None and {int(a) % 4 for a in axes.reshape(-1)} == {1, 2}
    else:
        options = op.options
        whole = options is not None and (options.filterHeight, options.filterWidth) == (rows, columns)
        whole = whole and graph.tensors[op.outputs[0]].shape[1:3] == (1, 1)
    chained = head.channels == features.shape[3] and all(
        a.kernel.shape[1] == b.kernel.shape[0] for a, b in zip(head.layers, head.layers[1:], strict=False)
    )
    usable = features.dtype in (np.dtype(np.float32), np.dtype(np.uint8), np.dtype(np.int8))
    if not whole or not chained or not usable or head.classes != graph.outputs or features.scales.size > 1:
        return None
    return Explainable(features, head)


def add_output(graph: Graph, tensor: Tensor) -> bytes:
    """Return the file with `tensor` as second output. Signatures go on naming the first output only, which is allowed.

    A new list of outputs is appended and the subgraph's offset, which may only point forward, is redirected to it.
    """
    return add_outputs(graph, [tensor])


def add_outputs(graph: Graph, tensors: Sequence[Tensor]) -> bytes:
    """Return the file with several tensors as further outputs; see `add_output`."""
    data = bytearray(graph.data)
    place = _outputs_offset_position(graph.data)
    data.extend(b"\0" * (-len(data) % 16))
    struct.pack_into("<I", data, place, len(data) - place)
    indices = [graph.output.index, *(tensor.index for tensor in tensors)]
    data.extend(struct.pack(f"<I{len(indices)}i", len(indices), *indices))
    return bytes(data)


def _outputs_offset_position(data: bytes) -> int:
    """Where in the file the offset of the first subgraph's list of outputs stands."""
    from ai_edge_litert import schema_py_generated as schema

    table = schema.Model.GetRootAs(data, 0).Subgraphs(0)._tab
    field: int = table.Offset(4 + 2 * _SUBGRAPH_OUTPUTS_FIELD)
    if field == 0:
        raise ValueError("the graph has no outputs")
    return int(table.Pos) + field
