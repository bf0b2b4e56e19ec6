"""Owns one tensor of a .tflite graph as data: its shape, number format and, for a constant, its numbers.

The file may come from anybody: every length is checked. What LiteRT can run but we need not understand, such as sparse
weights or a number format that came later, is a constant whose numbers are not known here, and no damage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.tensors import Quantization

MAX_TENSOR_VALUES: Final = 1 << 28

# Numbers of the published schema; the generated module is imported late because that takes half a second.
_TYPES: Final[dict[int, np.dtype[Any]]] = {
    0: np.dtype(np.float32), 1: np.dtype(np.float16), 2: np.dtype(np.int32), 3: np.dtype(np.uint8),
    4: np.dtype(np.int64), 6: np.dtype(np.bool_), 7: np.dtype(np.int16), 8: np.dtype(np.complex64),
    9: np.dtype(np.int8), 10: np.dtype(np.float64), 11: np.dtype(np.complex128), 12: np.dtype(np.uint64),
    15: np.dtype(np.uint32), 16: np.dtype(np.uint16),
}  # fmt: skip
_INT4: Final = 17
_OTHER: Final = np.dtype(np.void)
"""Text, resources, and formats of fewer bits than a byte; never an input or output that we can use."""


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """One tensor.

    Attributes:
        index: its place in the graph's list.
        shape: () for a single number.
        dtype: its number format; int8 for one of 4 bits, whose `values` are unpacked.
        scales, zeros, axis: how it is quantised; empty when it is not.
        values: a constant's numbers; None for a variable, and for a constant that is stored in a way not known here.
        constant: its content stands in the file.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    scales: NDArray[np.float32]
    zeros: NDArray[np.int64]
    axis: int
    values: NDArray[Any] | None
    constant: bool

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


def tensor_of(index: int, source: Any, buffers: Any, data: bytes) -> Tensor:
    """Read a tensor as the schema's own classes unpacked it.

    Raises:
        ValueError: it is damaged.
    """
    shape = tuple(int(n) for n in (source.shape if source.shape is not None else ()))
    count = 1
    for n in shape:
        count *= n
    if len(shape) > 8 or min(shape, default=1) < 0 or count > MAX_TENSOR_VALUES:
        raise ValueError("shape")
    kind = int(source.type)
    dtype = np.dtype(np.int8) if kind == _INT4 else _TYPES.get(kind, _OTHER)
    scales, zeros, axis, known = _quantization(source.quantization, shape)
    raw = _content(source, buffers, data)
    values = None
    if raw is not None and source.sparsity is None and dtype != _OTHER:
        if raw.size != ((count + 1) // 2 if kind == _INT4 else count * dtype.itemsize):
            raise ValueError("size")
        if known:
            numbers = _unpacked(raw, count) if kind == _INT4 else np.frombuffer(raw.tobytes(), dtype)
            values = numbers.reshape(shape)
    name = source.name.decode("utf-8", "replace") if source.name else ""
    # An empty list stands in no buffer, and what a network keeps between photos begins as nothing.
    constant = raw is not None or count == 0 or bool(source.isVariable)
    return Tensor(index, name, shape, dtype, scales, zeros, axis, values, constant)


def _quantization(q: Any, shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.int64], int, bool]:
    """Return scales, zero points, their axis, and whether this is all there is to say of how it is quantised."""
    none = np.asarray((), np.float32), np.asarray((), np.int64), 0
    if q is None:
        return *none, True
    scales = np.asarray(() if q.scale is None else q.scale, np.float32)
    zeros = np.asarray(() if q.zeroPoint is None else q.zeroPoint, np.int64)
    axis = int(q.quantizedDimension)
    if not scales.size:
        return *none, q.details is None
    if not np.isfinite(scales).all() or (scales < 0).any():
        raise ValueError("quantisation")
    zeros = np.resize(zeros, scales.size) if zeros.size in (1, scales.size) else np.zeros(scales.size, np.int64)
    fits = scales.size == 1 or (0 <= axis < len(shape) and shape[axis] == scales.size)
    return (scales, zeros, axis, True) if fits else (*none, False)


def _content(source: Any, buffers: Any, data: bytes) -> NDArray[np.uint8] | None:
    """Return a constant's bytes; None for a variable."""
    if not 0 <= source.buffer < len(buffers):
        raise ValueError("buffer")
    stored = buffers[source.buffer]
    if stored.offset and stored.offset > 1:  # the form for files beyond 2 GB, where content follows the flatbuffer
        if stored.offset + stored.size > len(data):
            raise ValueError("offset")
        return np.frombuffer(data, np.uint8, stored.size, stored.offset)
    return None if stored.data is None or len(stored.data) == 0 else np.asarray(stored.data, np.uint8)


def _unpacked(raw: NDArray[np.uint8], count: int) -> NDArray[np.int8]:
    """Return numbers of 4 bits, two a byte with the lower half first, as int8."""
    halves = np.stack([raw & 15, raw >> 4], axis=-1).reshape(-1)[:count].astype(np.int8)
    return np.where(halves > 7, halves - 16, halves).astype(np.int8)
