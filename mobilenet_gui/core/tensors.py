"""Owns the number formats at a network's ends: pixels into float or quantised inputs, quantised outputs into floats.

A quantised tensor holds q for the real number (q - zero_point) * scale.
"""

from __future__ import annotations

from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.types import Normalization

Quantization = tuple[float, int]
"""Scale and zero point; a scale of 0 means that the tensor is not quantised."""


_MEASURED: Final = 16
"""How far a scale that was measured on photos may move a pixel's value from the pixel."""


def normalized_range(normalization: Normalization) -> NDArray[np.float32]:
    """Return what each pixel value 0-255 becomes, float32, shape (256,), bit for bit as Keras computes it."""
    values = np.arange(256, dtype=np.float32)
    if normalization == "minus1_1":
        return values / np.float32(127.5) - np.float32(1)
    return values / np.float32(255) if normalization == "zero_1" else values


def is_plain_minus1_1(dtype: np.dtype[Any], normalization: Normalization) -> bool:
    """Say whether an input is the usual one of Keras: floats in -1 to 1."""
    return dtype == np.float32 and normalization == "minus1_1"


def input_table(dtype: np.dtype[Any], quantization: Quantization, normalization: Normalization) -> NDArray[Any] | None:
    """Return the input tensor's value for each pixel value, shape (256,), or None where pixels go in as they are.

    An 8-bit input takes raw pixels (128 less where it is int8), whatever the file's metadata says of mean and
    deviation: so does the published reader, TensorFlow Lite's task library. Only where the formula says nearly the
    same, for a network whose scale was measured on photos, is it followed: that is what the network was made with.
    """
    real = normalized_range(normalization)
    if dtype == np.float32:
        return None if normalization == "zero_255" else real
    offset = 0 if dtype == np.uint8 else -128
    pixels = np.arange(256) + offset
    exact = quantize(real, quantization, dtype)
    if not quantization[0] or not 1 < np.abs(exact.astype(np.int64) - pixels).max() <= _MEASURED:
        return None if offset == 0 else pixels.astype(dtype)
    return exact


def quantize(real: NDArray[np.float32], quantization: Quantization, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return the nearest values that a quantised tensor can hold; without quantisation, the rounded numbers."""
    scale, zero = quantization
    limits = np.iinfo(dtype)
    scaled = np.rint(real / np.float32(scale)) + zero if scale else np.rint(real)
    return np.clip(scaled, limits.min, limits.max).astype(dtype)


def dequantize(values: NDArray[Any], quantization: Quantization) -> NDArray[np.float32]:
    """Return the real numbers of a tensor, float32, shape as given. The result may be `values` itself."""
    scale, zero = quantization
    if values.dtype == np.float32:
        return values
    real = values.astype(np.float32)
    if scale:
        real -= np.float32(zero)
        real *= np.float32(scale)
    return real


def usual_normalization(dtype: np.dtype[Any], quantization: Quantization) -> Normalization:
    """Return the value range whose quantised form is the raw pixel; -1 to 1, MobileNet's own, where none is."""
    if dtype != np.float32 and quantization[0]:
        offset = 0 if dtype == np.uint8 else -128
        for choice in get_args(Normalization):
            exact = quantize(normalized_range(choice), quantization, dtype).astype(np.int64)
            if np.abs(exact - np.arange(256) - offset).max() <= 1:
                result: Normalization = choice
                return result
    return "minus1_1"
