"""Owns reading a .tflite graph as data: what it is made of, and whether it is a photo classifier.

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

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.tflite_tensor import Tensor, tensor_of
from mobilenet_gui.i18n import tr

MAX_TFLITE_BYTES = 512 << 20
MAX_TENSORS = 20_000

# Numbers of the published schema; the generated module is imported late because that takes half a second.
AVERAGE_POOL, CONCATENATION, CONV, DEQUANTIZE, FULLY_CONNECTED, LOGISTIC, RESHAPE = 1, 2, 3, 6, 9, 14, 22
SOFTMAX, CUSTOM, MEAN, SQUEEZE, QUANTIZE, HARD_SWISH = 25, 32, 40, 43, 114, 117
_OPTIONS = {
    0: "AddOptionsT", AVERAGE_POOL: "Pool2DOptionsT", CONV: "Conv2DOptionsT", FULLY_CONNECTED: "FullyConnectedOptionsT",
    18: "MulOptionsT", 41: "SubOptionsT", 42: "DivOptionsT", 80: "FakeQuantOptionsT",
}  # fmt: skip
"""What the options are of those operations of which we read them."""
_WITHOUT_INPUTS = frozenset({129, 136, 142})
"""Operations that need none: the call of a graph that sets things up, a table, a variable."""
PASS_THROUGH = frozenset({RESHAPE, SQUEEZE, DEQUANTIZE, QUANTIZE})
_SUBGRAPH_OUTPUTS_FIELD = 2


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
        last = self.behind(self.output.index)
        return last is not None and last.code in (SOFTMAX, LOGISTIC)

    def behind(self, tensor: int) -> Operation | None:
        """Return the operation that made a tensor, looking through those that only rearrange or recode it."""
        op = self.producer(tensor)
        while op is not None and op.code in PASS_THROUGH:
            op = self.producer(op.inputs[0])
        return op


def parse(data: bytes, subject: str, *, outputs: int = 1, least: int = 2) -> Graph:
    """Read and check a .tflite file.

    Args:
        data: the file's content.
        subject: what an error names: the file.
        outputs: how many it has; all but the first are the feature maps that `add_outputs` gave it.
        least: how many numbers the first must hold; see also `tflite_binary.read_classifier`.

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
        graph = _build(model, data, outputs, least)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, struct.error, MemoryError,
            RecursionError, UnicodeDecodeError) as error:  # fmt: skip
        if isinstance(error, _NoClassifierError):
            raise ModelError(subject, str(error)) from error
        raise ModelError(subject, tr("The model file is damaged.")) from error
    return graph


class _NoClassifierError(ValueError):
    """The file is sound but not what is wanted; the text is for the user."""


def _build(model: Any, data: bytes, wanted: int, least: int) -> Graph:
    if not model.subgraphs or len(model.subgraphs) != 1:
        raise _NoClassifierError(tr("This model is not a photo classifier: it has several graphs."))
    graph = model.subgraphs[0]
    if len(graph.tensors) > MAX_TENSORS or len(graph.operators) > MAX_TENSORS:
        raise ValueError("too many tensors")
    tensors = tuple(tensor_of(i, t, model.buffers, data) for i, t in enumerate(graph.tensors))
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
        or not least <= count <= 100_000
    ):
        raise _NoClassifierError(
            tr(
                "This model is not a photo classifier: its output is {shape} of {type}, not one number for each class."
            ).format(shape=" × ".join(map(str, classes.shape)), type=classes.dtype)
        )
    return Graph(tensors, operations, photo, classes, _metadata(model), data)


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
        if code == CUSTOM or kind.customCode:
            name = kind.customCode.decode("utf-8", "replace")[:60] if kind.customCode else "?"
            raise _NoClassifierError(
                tr("This model needs an operation of its own ({name}), which is not supported.").format(name=name)
            )
        inputs = tuple(int(i) for i in (op.inputs if op.inputs is not None else ()))
        if any(not -1 <= i < tensors for i in inputs):
            raise ValueError("index")
        if code not in _WITHOUT_INPUTS and (not inputs or inputs[0] < 0):
            raise ValueError("operation without input")
        if op.builtinOptions is not None and _OPTIONS.get(code, "") not in ("", type(op.builtinOptions).__name__):
            raise ValueError("options")
        yield Operation(code, inputs, _indices(op.outputs, tensors), op.builtinOptions)


def _check_order(tensors: tuple[Tensor, ...], operations: tuple[Operation, ...], inputs: tuple[int, ...]) -> None:
    """Each operation may use only what was there before it, and makes what nobody else makes."""
    there = set(inputs) | {-1} | {t.index for t in tensors if t.constant}
    for op in operations:
        made = set(op.outputs)
        if not set(op.inputs) <= there or made & there or len(made) != len(op.outputs):
            raise ValueError("order")
        there |= made


def _metadata(model: Any) -> bytes | None:
    for entry in model.metadata or ():
        if entry.name == b"TFLITE_METADATA" and 0 <= entry.buffer < len(model.buffers):
            stored = model.buffers[entry.buffer].data
            return None if stored is None or len(stored) == 0 else bytes(np.asarray(stored, np.uint8))
    return None


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
