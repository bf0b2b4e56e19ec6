"""Owns giving a float .tflite network another last layer, without TensorFlow: what a new head needs is a second's work.

The published schema's own Python classes unpack the file and pack it again. Only the last dense layer is exchanged
(fully connected or 1x1 convolution), and what stands behind it, up to the softmax, is told the new number of classes.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.tflite_graph import MAX_TENSORS
from mobilenet_gui.i18n import tr

_CONV: Final = 3
_FULLY_CONNECTED: Final = 9
_RESHAPE: Final = 22
_DENSE: Final = frozenset({_CONV, _FULLY_CONNECTED})
_BEHIND: Final = frozenset({_RESHAPE, 25, 43})
"""What may stand between the last dense layer and the output: reshape, softmax, squeeze."""
_FLOAT32: Final = 0
_ALIGNMENT: Final = 16

Floats = NDArray[np.float32]


def replace_head(data: bytes, kernel: Floats, bias: Floats, subject: str) -> bytes:
    """Return a .tflite classifier with another last layer, as many classes as that has, and one output.

    Args:
        data: a float32 classifier; its first output counts.
        kernel: shape (inputs, classes).
        bias: shape (classes,).
        subject: what an error names.

    Raises:
        ModelError: the network does not end as MobileNets do, or is quantised.
    """
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    codes = _codes(model)
    found = _found(model, codes)
    if found is None or kernel.shape[0] != int(np.prod(graph.tensors[found[0].inputs[1]].shape[1:])):
        raise ModelError(
            subject, tr("This network's last layer cannot be exchanged. Choose another model to start from.")
        )
    dense, behind = found
    old = graph.tensors[dense.inputs[1]]
    given = [int(i) for i in dense.inputs[1:3] if i >= 0]  # the converter drops a bias of zeros
    before, classes = int(old.shape[0]), int(kernel.shape[1])
    _store(model, old, np.ascontiguousarray(kernel.T, np.float32), (classes, *old.shape[1:]))
    if len(given) == 1:
        dense.inputs = np.array([dense.inputs[0], dense.inputs[1], _new_tensor(graph, b"bias", old.type)], np.int32)
    _store(model, graph.tensors[dense.inputs[2]], np.ascontiguousarray(bias, np.float32), (classes,))
    _reshape(graph.tensors[dense.outputs[0]], before, classes)
    for op in behind:
        _reshape(graph.tensors[op.outputs[0]], before, classes)
        if codes[op.opcodeIndex] == _RESHAPE:
            _retarget(model, graph, op, before, classes)
    model.metadata = [entry for entry in model.metadata or () if entry.name != b"TFLITE_METADATA"] or None
    graph.outputs = np.asarray(graph.outputs[:1], np.int32)
    return _packed(model)


def can_replace(data: bytes) -> bool:
    """Say whether `replace_head` can do something with a network: its last layer must hold plain floats."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    return _found(model, _codes(model)) is not None


def _codes(model: Any) -> list[int]:
    return [max(int(code.builtinCode), int(code.deprecatedBuiltinCode)) for code in model.operatorCodes]


def _found(model: Any, codes: list[int]) -> tuple[Any, list[Any]] | None:
    """Return the last dense layer and what stands behind it, where its weights are float constants."""
    graph = model.subgraphs[0]
    chain = _chain(graph, codes)
    if chain is None:
        return None
    given = [graph.tensors[i] for i in chain[0].inputs[1:3] if i >= 0]
    if not given or not all(tensor.type == _FLOAT32 and _is_constant(model, tensor) for tensor in given):
        return None
    return chain


def _chain(graph: Any, codes: list[int]) -> tuple[Any, list[Any]] | None:
    """Walk back from the output to the last dense layer; return it and what stands behind it, None for others."""
    makers = {int(out): op for op in graph.operators for out in op.outputs}
    tensor = int(graph.outputs[0])
    behind: list[Any] = []
    for _ in range(MAX_TENSORS):
        op = makers.get(tensor)
        if op is None:
            return None
        code = codes[op.opcodeIndex]
        if code in _DENSE:
            return op, behind
        if code not in _BEHIND:
            return None
        behind.append(op)
        tensor = int(op.inputs[0])
    return None


def _is_constant(model: Any, tensor: Any) -> bool:
    return model.buffers[tensor.buffer].data is not None and len(model.buffers[tensor.buffer].data) > 0


def _store(model: Any, tensor: Any, values: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Give a constant new values in a buffer of its own: buffers may be shared."""
    from ai_edge_litert import schema_py_generated as schema

    buffer = schema.BufferT()
    buffer.data = np.frombuffer(values.tobytes(), np.uint8)
    tensor.buffer = len(model.buffers)
    model.buffers.append(buffer)
    tensor.shape = np.array([int(n) for n in shape], np.int32)
    tensor.shapeSignature = None


def _new_tensor(graph: Any, name: bytes, kind: int) -> int:
    from ai_edge_litert import schema_py_generated as schema

    tensor = schema.TensorT()
    tensor.name, tensor.type = name, kind
    graph.tensors.append(tensor)
    return len(graph.tensors) - 1


def _reshape(tensor: Any, before: int, classes: int) -> None:
    tensor.shape = _with_classes(tensor.shape, before, classes)
    if tensor.shapeSignature is not None:
        tensor.shapeSignature = _with_classes(tensor.shapeSignature, before, classes)


def _retarget(model: Any, graph: Any, op: Any, before: int, classes: int) -> None:
    """Tell a reshape its new target, both where it is a constant and where it is an option."""
    if len(op.inputs) > 1 and op.inputs[1] >= 0:
        # The constant may serve other operations as well: this one gets its own.
        old = graph.tensors[op.inputs[1]]
        place = _new_tensor(graph, old.name, old.type)
        values = np.frombuffer(bytes(model.buffers[old.buffer].data), np.int32)
        _store(model, graph.tensors[place], _with_classes(values, before, classes), old.shape)
        op.inputs = np.array([op.inputs[0], place], np.int32)
    if op.builtinOptions is not None and getattr(op.builtinOptions, "newShape", None) is not None:
        op.builtinOptions.newShape = _with_classes(op.builtinOptions.newShape, before, classes)


def _with_classes(shape: Any, before: int, classes: int) -> NDArray[np.int32]:
    """Return a shape whose last dimension of `before` is `classes` instead; a free one (-1) stays."""
    changed = [int(n) for n in shape]
    for place in reversed(range(len(changed))):
        if changed[place] == before:
            changed[place] = classes
            break
    return np.array(changed, np.int32)


def _packed(model: Any) -> bytes:
    import flatbuffers

    used = _used_buffers(model)
    model.buffers = [_Aligned(b.data if n in used else None) for n, b in enumerate(model.buffers)]
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


class _Aligned:
    """A buffer that packs itself on a boundary of 16 bytes, as the converter does; the schema's own class does not."""

    def __init__(self, data: Any) -> None:
        self._data = None if data is None or len(data) == 0 else np.asarray(data, np.uint8)

    def Pack(self, builder: Any) -> Any:  # the name that the schema's classes call
        from ai_edge_litert import schema_py_generated as schema

        place = None
        if self._data is not None:
            builder.StartVector(1, self._data.size, _ALIGNMENT)
            builder.head -= self._data.size
            builder.Bytes[builder.head : builder.head + self._data.size] = self._data.tobytes()
            place = builder.EndVector()
        schema.BufferStart(builder)
        if place is not None:
            schema.BufferAddData(builder, place)
        return schema.BufferEnd(builder)


def _used_buffers(model: Any) -> set[int]:
    used = {int(tensor.buffer) for graph in model.subgraphs for tensor in graph.tensors}
    return used | {int(entry.buffer) for entry in model.metadata or ()}
