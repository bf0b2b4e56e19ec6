"""Owns storing chosen constants of a .tflite file as half floats or in 8 bits; the network widens them when loaded.

Unlike the changes in `tflite_edit`, this one moves everything, so the file is written anew: the tables first, then the
constants, each aligned as the format demands.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_DEQUANTIZE: Final = 6
_TYPES: Final = {np.dtype(np.float16): 1, np.dtype(np.int8): 9}
_VERSIONS: Final = {np.dtype(np.float16): 3, np.dtype(np.int8): 5}
"""Which version of the operation takes them, 8 bits with a step for each output of the layer."""
_ALIGNMENT: Final = 16
_IDENTIFIER: Final = b"TFL3"


@dataclass(frozen=True, slots=True, eq=False)
class NarrowLayer:
    """What a convolution or dense layer gets in place of its float32 constants, shapes as they are.

    Attributes:
        operation: the layer's number among the graph's operations; no other may use its weights.
        weights: its new weights.
        bias: its new bias.
        steps: what 1 stands for in the weights of each output; those of 8 bits have them.
    """

    operation: int
    weights: NDArray[np.float16] | NDArray[np.int8]
    bias: NDArray[np.float32]
    steps: NDArray[np.float32] | None = None


def with_narrow(data: bytes, layers: Sequence[NarrowLayer]) -> bytes:
    """Return a .tflite file in which the weights of some layers take fewer bits.

    Args:
        data: the file, with one graph and without an archive; checked by `tflite_graph.parse` before.
        layers: which, and what they become, all of one kind.
    """
    from ai_edge_litert import schema_py_generated as schema

    model: Any = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = _DEQUANTIZE
    code.version = max((_VERSIONS[layer.weights.dtype] for layer in layers), default=1)
    model.operatorCodes = [*model.operatorCodes, code]
    users = Counter(int(index) for op in graph.operators for index in op.inputs)
    tensors, widening = list(graph.tensors), []
    for layer in layers:
        inputs = np.array(graph.operators[layer.operation].inputs, np.int32)
        _, weights, bias = (int(index) for index in inputs)
        narrow = _like(schema, tensors[weights], b"_narrow")
        stored = np.ascontiguousarray(layer.weights, layer.weights.dtype.newbyteorder("<"))
        narrow.type, narrow.buffer = _TYPES[layer.weights.dtype], _add_buffer(schema, model, stored)
        if layer.steps is not None:
            narrow.quantization = _steps(schema, layer.steps)
        tensors[weights].buffer = 0  # the empty one: it is no constant any more
        operation = schema.OperatorT()
        operation.opcodeIndex = len(model.operatorCodes) - 1
        operation.inputs, operation.outputs = np.array([len(tensors)], np.int32), inputs[1:2]
        widening.append(operation)
        tensors.append(narrow)
        if users[bias] > 1:  # layers without a bias share one of zeros
            inputs[2] = len(tensors)
            tensors.append(_like(schema, tensors[bias], b"_own"))
            graph.operators[layer.operation].inputs = inputs
        tensors[inputs[2]].buffer = _add_buffer(schema, model, layer.bias.astype("<f4"))
    graph.tensors = tensors
    graph.operators = [*widening, *graph.operators]
    _drop_unused(model)
    return packed(schema, model)


def _like(schema: Any, tensor: Any, suffix: bytes) -> Any:
    made = schema.TensorT()
    made.shape, made.hasRank, made.type = tensor.shape, tensor.hasRank, tensor.type
    made.name = (tensor.name or b"") + suffix
    return made


def _steps(schema: Any, steps: NDArray[np.float32]) -> Any:
    """Return what 1 stands for in each output's weights; those of one output have the same first index."""
    made = schema.QuantizationParametersT()
    made.scale, made.zeroPoint, made.quantizedDimension = steps, np.zeros(len(steps), np.int64), 0
    return made


def _add_buffer(schema: Any, model: Any, values: NDArray[Any]) -> int:
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def _drop_unused(model: Any) -> None:
    """Empty the buffers that nothing points to any more; their numbers stay, for others count on theirs."""
    used = {tensor.buffer for tensor in model.subgraphs[0].tensors}
    used |= {entry.buffer for entry in model.metadata or ()} | set(_numbers(model.metadataBuffer))
    for number, buffer in enumerate(model.buffers):
        if number not in used:
            buffer.data = None


def _numbers(values: Any) -> list[int]:
    return [] if values is None else [int(value) for value in values]


def packed(schema: Any, model: Any) -> bytes:
    """Return a file: the tables with a placeholder for each content, and the contents behind them, aligned."""
    import flatbuffers

    contents: dict[int, bytes] = {}
    for number, buffer in enumerate(model.buffers):
        if buffer.data is not None and len(buffer.data):
            contents[number] = np.asarray(buffer.data, np.uint8).tobytes()
            buffer.data = np.zeros(1, np.uint8)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    out = bytearray(builder.Output())
    root = schema.Model.GetRootAs(bytes(out), 0)
    places = {}
    for number in contents:
        table = root.Buffers(number)._tab
        places[number] = int(table.Pos + table.Offset(4))
    for number, content in contents.items():
        out.extend(b"\0" * (-(len(out) + 4) % _ALIGNMENT))
        struct.pack_into("<I", out, places[number], len(out) - places[number])
        out.extend(struct.pack("<I", len(content)))
        out.extend(content)
    return bytes(out)
