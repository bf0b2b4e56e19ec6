"""Owns the way from a decoded photo to a picture that Qt paints: small ones for lists, large ones for the screen.

Everything here runs in worker threads. Pillow does the heavy part because it lets go of the interpreter while it
works; the window stays free.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from PIL import Image

    from mobilenet_gui.core.types import Pixels

THUMB_WIDTH = 160
THUMB_HEIGHT = 124
"""Size in logical pixels that a small picture covers: the largest tile of the grid."""

_RAW_MODE = "BGRA" if sys.byteorder == "little" else "ARGB"
"""How Qt keeps an RGB32 pixel in memory. Its fourth byte must be 255: where one is painted half transparent or into a
picture with an alpha channel, Qt reads it as opacity."""
_BAND_ROWS = 256


def to_qimage(image: Image.Image) -> QImage:
    """Return `image` (RGB) as a QImage in the format the screen is painted in, sharing nothing with it."""
    width, height = image.size
    target = QImage(width, height, QImage.Format.Format_RGB32)
    if target.isNull():
        return target
    bits = cast(memoryview, target.bits())
    stride = width * 4
    # In bands, so that the interpreter is free for the window between them.
    for top in range(0, height, _BAND_ROWS):
        bottom = min(top + _BAND_ROWS, height)
        band = image if height <= _BAND_ROWS else image.crop((0, top, width, bottom))
        bits[top * stride : bottom * stride] = band.convert("RGBA").tobytes("raw", _RAW_MODE)
    return target


def pixels_to_qimage(pixels: Pixels) -> QImage:
    """Return RGB pixels of shape (height, width, 3), uint8, as a QImage of its own memory."""
    from PIL import Image

    return to_qimage(Image.fromarray(pixels))


def thumbnail_side(scale: float) -> int:
    """Return the short side, in pixels, from which a small picture is as sharp as it can be."""
    return round(THUMB_HEIGHT * scale)


def make_thumbnail(image: Image.Image, scale: float) -> QImage:
    """Return the middle of `image` (RGB) at the size of a tile, `scale` device pixels a logical one.

    A photo smaller than the tile is not enlarged.
    """
    width, height = image.size
    aspect = THUMB_WIDTH / THUMB_HEIGHT
    crop_width = min(width, max(1, round(height * aspect)))
    crop_height = min(height, max(1, round(width / aspect)))
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    box = (left, top, left + crop_width, top + crop_height)
    goal = (min(crop_width, round(THUMB_WIDTH * scale)), min(crop_height, round(THUMB_HEIGHT * scale)))
    from PIL import Image

    small = image.resize(goal, Image.Resampling.BILINEAR, box=box, reducing_gap=2.0)
    return to_qimage(small)


def fit_size(size: tuple[int, int], limit: tuple[int, int]) -> tuple[int, int]:
    """Return the largest size of `size`'s shape within `limit`, never larger than `size`, at least 1 by 1."""
    factor = min(limit[0] / size[0], limit[1] / size[1], 1.0)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def make_display(image: Image.Image, limit: tuple[int, int] | None) -> QImage:
    """Return `image` (RGB) for the screen: within `limit` device pixels, or at its own size for None."""
    if limit is not None:
        goal = fit_size(image.size, limit)
        if goal != image.size:
            from PIL import Image

            image = image.resize(goal, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return to_qimage(image)
