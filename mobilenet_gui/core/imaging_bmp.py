"""BMPs whose channels lie in bit fields of any width, and those with opacity, which Pillow knows in part only.

Headers as Microsoft documents BITMAPINFOHEADER to BITMAPV5HEADER.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.types import Pixels

BIT_FIELDS, ALPHA_BIT_FIELDS = 3, 6
_HEADER: Final = 14
_CHUNK: Final = 16 << 20


class BmpRows:
    """The rows of a BMP with bit fields, from the top; four channels where it says how opaque it is.

    Attributes:
        width, height: in pixels.
        photometric: always RGB, in TIFF's numbers.
        alpha: the fourth channel, where there is one.
        profile: empty.
        orientation: 1.
    """

    photometric = 2
    profile = b""
    orientation = 1

    def __init__(self, stream: IO[bytes], length: int) -> None:
        """Read the header.

        Raises:
            ValueError: these are no bit fields that could be read.
            EOFError: the file breaks off.
        """
        self._stream, self._length = stream, length
        stream.seek(0)
        head = stream.read(_HEADER + 124)
        if len(head) < _HEADER + 40:
            raise EOFError
        (self._start,) = struct.unpack("<I", head[10:14])
        size, self.width, height, _, bits, packing = struct.unpack("<IiiHHI", head[14:34])
        self.height, self._upwards = abs(height), height > 0
        if packing not in {BIT_FIELDS, ALPHA_BIT_FIELDS} or bits not in {16, 32} or self.width < 1 or not height:
            raise ValueError(f"BMP with {bits} bits, compression {packing}")
        with_alpha = packing == ALPHA_BIT_FIELDS or size >= 56
        masks = struct.unpack("<4I", head[54:70].ljust(16, b"\0"))
        self._masks = masks if with_alpha and masks[3] else masks[:3]
        if any(mask >> bits or not mask or not _in_one_piece(mask) for mask in self._masks):
            raise ValueError(f"BMP with the masks {masks}")
        self._type = np.dtype(f"<u{bits // 8}")
        self._stride = (self.width * bits // 8 + 3) // 4 * 4
        self.alpha: tuple[int, bool] | None = (3, False) if len(self._masks) == 4 else None
        if self.alpha is not None and not any(rows[..., 3].any() for rows in self):
            # Many programs leave the fourth byte at 0 and mean an opaque picture.
            self._masks, self.alpha = self._masks[:3], None

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the samples."""
        return np.dtype(np.uint8)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield all rows in order, shape (some, width, 3 or 4). Raises EOFError where the file breaks off."""
        most = max(1, _CHUNK // self._stride)
        for top in range(0, self.height, most):
            rows = min(most, self.height - top)
            first = self.height - top - rows if self._upwards else top
            place = self._start + first * self._stride
            if place + rows * self._stride > self._length:
                raise EOFError
            self._stream.seek(place)
            data = np.frombuffer(self._stream.read(rows * self._stride), np.uint8).reshape(rows, self._stride)
            packed = np.ascontiguousarray(data[:, : self.width * self._type.itemsize]).view(self._type)
            if self._upwards:
                packed = packed[::-1]
            yield np.stack([_channel(packed, mask) for mask in self._masks], axis=2)


def _in_one_piece(mask: int) -> bool:
    low = mask & -mask
    return mask & (mask + low) == 0


def _channel(packed: NDArray[Any], mask: int) -> Pixels:
    """Return the bits of `mask` as 0-255."""
    shift = (mask & -mask).bit_length() - 1
    most = mask >> shift
    values = (packed & np.asarray(mask, packed.dtype)) >> np.asarray(shift, packed.dtype)
    scaled: Pixels = np.rint(values.astype(np.float32) * np.float32(255 / most)).astype(np.uint8)
    return scaled
