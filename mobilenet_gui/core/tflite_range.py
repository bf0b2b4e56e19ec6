"""Owns telling which value range a float network wants its pixels in, from the graph itself.

A float file without metadata does not say it, but its first operations often do: a rescaling layer that divides by
127.5 or 255, or what the converter made of one. It folds such a layer into the weights of the convolution behind it,
which then are a hundred times smaller than weights that were trained on numbers near one. A network that counts in
integers inside tells by the scale at which it rounds its input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.tflite_graph import (
    CONV,
    DEQUANTIZE,
    FULLY_CONNECTED,
    QUANTIZE,
    RESHAPE,
    SQUEEZE,
    Graph,
    Operation,
)
from mobilenet_gui.core.tflite_head import constant_input
from mobilenet_gui.core.tflite_tensor import Tensor
from mobilenet_gui.core.types import Normalization

_ADD, _CONCATENATION, _DEPTHWISE, _MUL, _PAD, _TRANSPOSE, _SUB, _DIV = 0, 2, 4, 18, 34, 39, 41, 42
_RESIZE, _SLICE, _CAST, _PADV2, _EXPAND, _FAKE_QUANT, _RESIZE_NEAREST, _MIRROR_PAD, _REVERSE = (
    23, 65, 53, 60, 70, 80, 97, 100, 105,
)  # fmt: skip
_ARITHMETIC: Final = frozenset({_ADD, _SUB, _MUL, _DIV})
_WEIGHTED: Final = frozenset({CONV, _DEPTHWISE, FULLY_CONNECTED})
_KEEPS_VALUES: Final = frozenset(
    {RESHAPE, SQUEEZE, DEQUANTIZE, _PAD, _TRANSPOSE, _RESIZE, _SLICE, _CAST, _PADV2, _EXPAND, _RESIZE_NEAREST,
     _MIRROR_PAD, _REVERSE}
)  # fmt: skip
_RANGES: Final[dict[Normalization, tuple[float, float]]] = {
    "minus1_1": (-1.0, 1.0),
    "zero_1": (0.0, 1.0),
    "zero_255": (0.0, 255.0),
}
_NEAR: Final = 0.12
"""How far the ends of a range may lie off, as a share of its width."""
_MOST_STEPS: Final = 24
_SMALL_WEIGHTS: Final = 0.1
"""The largest norm of an output's weights, below which its inputs must be counted in hundreds. Trained networks with
inputs near 1 have norms of 0.5 to 10, and a 127th of that when a rescaling was folded in."""
_SMALL_FACTOR: Final = 0.1
_FAR: Final = 10.0


@dataclass(slots=True)
class _Affine:
    """What has become of the input so far: x * factor + offset, each of one colour or averaged over three."""

    factor: float = 1.0
    offset: float = 0.0

    @property
    def centre(self) -> float:
        """The input that became 0."""
        return -self.offset / self.factor

    def back(self, value: float) -> float:
        """Return the input that became `value`."""
        return (value - self.offset) / self.factor


def range_in_graph(graph: Graph) -> Normalization | None:
    """Return the value range that the first operations of a network with a float input tell; None where they do not."""
    tensor, done = graph.input, _Affine()
    for _ in range(_MOST_STEPS):
        users = [op for op in graph.operations if tensor.index in op.inputs]
        if len(users) != 1 or len(users[0].outputs) != 1:
            return _from_affine(done)
        op = users[0]
        after = graph.tensors[op.outputs[0]]
        if op.code in (QUANTIZE, _FAKE_QUANT):
            found = _from_limits(done, _limits(op, after))
            if found is not None:
                return found
        elif op.code in _ARITHMETIC:
            if not _apply(graph, op, tensor, done):
                return _from_affine(done)
        elif op.code in _WEIGHTED:
            return _from_affine(done) or _from_weights(constant_input(graph, op, 1), op.code, done)
        elif op.code not in _KEEPS_VALUES:
            return _from_affine(done)
        tensor = after
    return _from_affine(done)


def _apply(graph: Graph, op: Operation, tensor: Tensor, done: _Affine) -> bool:
    """Take an operation with a constant into account; say whether it was one."""
    if len(op.inputs) != 2 or (op.options is not None and int(op.options.fusedActivationFunction) != 0):
        return False
    first = op.inputs[0] == tensor.index
    constant = constant_input(graph, op, 1 if first else 0)
    if constant is None or constant.size not in (1, 3) or not np.isfinite(constant).all():
        return False
    value = float(constant.mean())
    if op.code in (_ADD, _SUB):
        if op.code == _SUB and not first:  # value - x
            done.factor, done.offset = -done.factor, value - done.offset
        else:
            done.offset += value if op.code == _ADD else -value
        return True
    if op.code == _DIV and (not first or value == 0):
        return False
    by = value if op.code == _MUL else 1 / value
    done.factor, done.offset = done.factor * by, done.offset * by
    return done.factor != 0


def _limits(op: Operation, after: Tensor) -> tuple[float, float] | None:
    """Return the smallest and largest number that an operation which rounds to integers lets through."""
    if op.code == _FAKE_QUANT:
        return (float(op.options.min), float(op.options.max)) if op.options is not None else None
    scale, zero = after.quantization
    if not scale or after.dtype.kind not in "iu" or after.dtype.itemsize > 1:
        return None
    info = np.iinfo(after.dtype)
    return (info.min - zero) * scale, (info.max - zero) * scale


def _from_limits(done: _Affine, limits: tuple[float, float] | None) -> Normalization | None:
    if limits is None:
        return None
    low, high = sorted(map(done.back, limits))
    for name, (lowest, highest) in _RANGES.items():
        near = _NEAR * (highest - lowest)
        if abs(low - lowest) <= near and abs(high - highest) <= near:
            return name
    return None


def range_of_rescaling(factor: float, offset: float) -> Normalization | None:
    """Return the value range that x * factor + offset brings near 0; None where it tells none."""
    return _from_affine(_Affine(factor, offset))


def _from_affine(done: _Affine) -> Normalization | None:
    """Return the range that a rescaling brings near 0: (x / 127.5 - 1), (x - 0.5) * 2, (x + 1) / 2 and their kin."""
    if done.factor == 1 and done.offset == 0:
        return None
    if abs(done.factor) < _SMALL_FACTOR or abs(done.centre) > _FAR:
        return "zero_255"
    if 0.2 <= done.centre <= 0.8 or (done.centre == 0 and done.factor > 50):
        return "zero_1"
    return "minus1_1" if -1.2 <= done.centre <= -0.8 else None


def _from_weights(kernel: NDArray[np.float32] | None, code: int, done: _Affine) -> Normalization | None:
    """Return 0-255 where the first layer's weights are as small as only a rescaling that was folded in makes them."""
    if kernel is None or not kernel.size or not np.isfinite(kernel).all():
        return None
    # A row for each output: the last axis counts them in a depthwise kernel, the first one elsewhere.
    rows = kernel.reshape(-1, kernel.shape[-1]).T if code == _DEPTHWISE else kernel.reshape(kernel.shape[0], -1)
    largest = float(np.sqrt(np.square(rows.astype(np.float64)).sum(axis=1)).max()) * abs(done.factor)
    return "zero_255" if 0 < largest < _SMALL_WEIGHTS else None
