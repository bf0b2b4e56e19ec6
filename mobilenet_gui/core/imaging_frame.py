"""Owns resizing pixels that are in memory already: the frames of cameras and videos.

Pixel for pixel what Pillow makes of the whole frame, reduced as a photo of its size is; but only what the network sees
of it is brought into Pillow's format, which for a wide frame is less than half, and several threads can share the work
where the answer is awaited.
"""

from __future__ import annotations

import itertools
import math
import threading
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, TypeAlias

import numpy as np
from PIL import Image

from mobilenet_gui.core.opencv import cv2
from mobilenet_gui.core.types import Pixels

REDUCING_GAP: Final = 3.0
"""What a photo has more than so many pixels a pixel of the input is averaged in blocks before it is resized."""

Box: TypeAlias = tuple[float, float, float, float]
_WHOLE: Final = 16
"""Frames are cut at sixteenths: every network's input side can be, and most frames without a rounding error."""
_REACH: Final = {Image.Resampling.BILINEAR: 1, Image.Resampling.BICUBIC: 2, Image.Resampling.LANCZOS: 3}
"""Output pixels to each side of a place that a filter takes in."""


class _Scratch(threading.local):
    def __init__(self) -> None:
        self.memory = np.empty(0, np.uint8)


_scratch = _Scratch()


class Helper(Protocol):
    """Threads that take over parts of a resize.

    Attributes:
        shares: how many sixteenths of it each takes, the caller's own first; together 16.
    """

    shares: tuple[int, ...]

    def submit(self, work: Callable[[], Pixels], /) -> Callable[[], Pixels]:
        """Have `work()` done beside the caller; what is returned waits for its result."""


def reduced_size(size: tuple[int, int], factor: int) -> tuple[int, int]:
    """Return the width and height of what `Image.reduce` makes of a picture."""
    return -(-size[0] // factor), -(-size[1] // factor)


def resize(
    pixels: Pixels, side: int, resample: Image.Resampling, box: Box, helper: Helper | None = None, *, factor: int = 1
) -> Pixels:
    """Return the part `box` of a frame as a square, shape (side, side, 3).

    Args:
        pixels: RGB, shape (height, width, 3), uint8, contiguous.
        side: of the square, in pixels.
        resample: Pillow's filter; one of those with weights.
        box: left, top, right, bottom in pixels of the reduced frame.
        helper: threads to share the work with.
        factor: the frame is reduced by this first, as `Image.reduce` does it; see `reduced_size`.
    """
    left, top, right, bottom = box
    enlarged = min(right - left, bottom - top) < side
    shares = (_WHOLE,) if helper is None or side % _WHOLE or enlarged else helper.shares
    ends = list(itertools.accumulate(shares, initial=0))
    edges = [top + (bottom - top) * end / _WHOLE for end in ends]
    # Pillow counts in single precision; it reduces large frames first, by blocks that no cut may part; and it rounds in
    # between, after the rows or after the columns, whichever comes cheaper: of wide frames and of
    # parts always the rows, unless they are enlarged.
    exact = all(float(np.float32(edge)) == edge for edge in (left, right, *edges))
    tall = pixels.shape[0] > pixels.shape[1]
    if not exact or tall or max(right - left, bottom - top) / side / REDUCING_GAP >= 2:
        whole = Image.fromarray(pixels)
        if factor > 1:
            whole = whole.reduce(factor)
        return np.array(whole.resize((side, side), resample, box=box, reducing_gap=REDUCING_GAP))
    parts = [
        partial(_part, pixels, (side, side * share // _WHOLE), resample, (left, above, right, below), factor)
        for share, (above, below) in zip(shares, itertools.pairwise(edges), strict=True)
    ]
    if helper is None or len(parts) == 1:
        return np.array(parts[0]())
    others = [helper.submit(part) for part in parts[1:]]
    first = parts[0]()
    return np.concatenate([first, *(part() for part in others)])


def _part(pixels: Pixels, size: tuple[int, int], resample: Image.Resampling, box: Box, factor: int) -> Pixels:
    """Return `box` resized to `size`, with as much of the reduced frame around it as the filter takes in."""
    left, top, right, bottom = box
    width, height = reduced_size((pixels.shape[1], pixels.shape[0]), factor)
    across = _REACH[resample] * math.ceil(max(1.0, (right - left) / size[0])) + 1
    down = _REACH[resample] * math.ceil(max(1.0, (bottom - top) / size[1])) + 1
    x0, x1 = max(0, math.floor(left) - across), min(width, math.ceil(right) + across)
    y0, y1 = max(0, math.floor(top) - down), min(height, math.ceil(bottom) + down)
    around = _reduced(pixels[y0 * factor : y1 * factor, x0 * factor : x1 * factor], factor)
    return np.asarray(around.resize(size, resample, box=(left - x0, top - y0, right - x0, bottom - y0)))


def _reduced(part: Pixels, factor: int) -> Image.Image:
    """Return a part of a frame, reduced, as an image; good until this thread asks for the next one."""
    height, width = part.shape[:2]
    if factor == 2 and height % 2 == width % 2 == 0:
        # OpenCV halves with Pillow's very numbers (both round a half up) in a quarter of its time. It does so for no
        # other factor.
        module = cv2()
        part = module.resize(part, (width // 2, height // 2), interpolation=module.INTER_AREA)
        factor = 1
    image = _as_image(part)
    return image if factor == 1 else image.reduce(factor)


def _as_image(part: Pixels) -> Image.Image:
    """Return a part of a frame as an image; good until this thread asks for the next one.

    Pillow keeps four bytes a pixel. Its own unpacking holds Python's lock, so that threads that share a frame would
    wait for each other, and takes fresh memory, which costs as long again in page faults. So OpenCV unpacks, into
    memory that is kept, and Pillow takes that as it is, by its Arrow interface: as RGB, whose resize counts three
    colours instead of four.
    """
    module = cv2()
    height, width = part.shape[:2]
    if len(_scratch.memory) < 4 * height * width:
        _scratch.memory = np.empty(4 * height * width, np.uint8)
    four = _scratch.memory[: 4 * height * width].reshape(height, width, 4)
    module.cvtColor(part, module.COLOR_RGB2RGBA, dst=four)
    return Image.fromarrow(Image.frombuffer("RGBX", (width, height), four, "raw", "RGBX", 0, 1), "RGB", (width, height))
