"""Owns resizing pixels that are in memory already: the frames of cameras and videos.

Pixel for pixel what Pillow makes of the whole frame; but only what the network sees of it is brought into Pillow's
format, which for a wide frame is less than half, and several threads can share the work where the answer is awaited.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Protocol, TypeAlias

import numpy as np
from PIL import Image

from mobilenet_gui.core.types import Pixels

REDUCING_GAP: Final = 3.0
"""What a photo has more than so many pixels a pixel of the input is averaged in blocks before it is resized."""

Box: TypeAlias = tuple[float, float, float, float]
_REACH: Final = {Image.Resampling.BILINEAR: 1, Image.Resampling.BICUBIC: 2, Image.Resampling.LANCZOS: 3}
"""Output pixels to each side of a place that a filter takes in."""


class Helper(Protocol):
    """Threads that take over parts of a resize.

    Attributes:
        parts: into how many parts to cut it, one of them the caller's own.
    """

    parts: int

    def submit(self, work: Callable[..., Image.Image], /, *arguments: object) -> Future[Image.Image]:
        """Have `work(*arguments)` done beside the caller."""


def resize(pixels: Pixels, side: int, resample: Image.Resampling, box: Box, helper: Helper | None = None) -> Pixels:
    """Return the part `box` of a frame as a square, shape (side, side, 3).

    Args:
        pixels: RGB, shape (height, width, 3), uint8, contiguous.
        side: of the square, in pixels.
        resample: Pillow's filter; one of those with weights.
        box: left, top, right, bottom in pixels of the frame.
        helper: threads to share the work with.
    """
    left, top, right, bottom = box
    parts = 1 if helper is None or side % helper.parts else helper.parts
    edges = [top + (bottom - top) * part / parts for part in range(parts + 1)]
    # Pillow counts in single precision; it reduces large frames first, by blocks that no cut may part; and it rounds in
    # between, after the rows or after the columns, whichever comes cheaper: of wide frames and parts always the rows.
    exact = all(float(np.float32(edge)) == edge for edge in (left, right, *edges))
    tall = pixels.shape[0] > pixels.shape[1]
    if not exact or tall or max(right - left, bottom - top) / side / REDUCING_GAP >= 2:
        whole = Image.fromarray(pixels)
        return np.array(whole.resize((side, side), resample, box=box, reducing_gap=REDUCING_GAP))
    size = (side, side // parts)
    if helper is None or parts == 1:
        return np.array(_part(pixels, size, resample, box))
    boxes = [(left, above, right, below) for above, below in itertools.pairwise(edges)]
    others = [helper.submit(_part, pixels, size, resample, box) for box in boxes[1:]]
    first = _part(pixels, size, resample, boxes[0])
    return np.concatenate([np.asarray(first), *(np.asarray(part.result()) for part in others)])


def _part(pixels: Pixels, size: tuple[int, int], resample: Image.Resampling, box: Box) -> Image.Image:
    """Return `box` resized to `size`, with as much of the frame around it as the filter takes in."""
    left, top, right, bottom = box
    height, width = pixels.shape[:2]
    across = _REACH[resample] * math.ceil(max(1.0, (right - left) / size[0])) + 1
    down = _REACH[resample] * math.ceil(max(1.0, (bottom - top) / size[1])) + 1
    x0, x1 = max(0, math.floor(left) - across), min(width, math.ceil(right) + across)
    y0, y1 = max(0, math.floor(top) - down), min(height, math.ceil(bottom) + down)
    row = 3 * width
    data = pixels.reshape(-1)[y0 * row + 3 * x0 : (y1 - 1) * row + 3 * x1]
    around = Image.frombuffer("RGB", (x1 - x0, y1 - y0), data, "raw", "RGB", row, 1)
    return around.resize(size, resample, box=(left - x0, top - y0, right - x0, bottom - y0))
