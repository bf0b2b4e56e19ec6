"""Owns making a frame fit the screen: one pass, in the calling thread alone, into memory that is used again.

Qt would have its own threads do it, and the window would wait for those behind the network's, which has all processors
at that moment: measured on two cores, up to 27 ms for what takes one. Fresh memory for each frame costs as long again.
"""

from __future__ import annotations

import numpy as np

from mobilenet_gui.core.opencv import cv2
from mobilenet_gui.core.types import Pixels


class ScreenFrame:
    """Makes pictures for a screen. To be used from one thread; a picture is good until the next one is asked for."""

    def __init__(self) -> None:
        self._small = np.empty((0, 0, 3), np.uint8)
        self._shown = np.empty((0, 0, 4), np.uint8)

    def fit(
        self, pixels: Pixels, box: tuple[float, float, float, float], size: tuple[int, int], *, mirror: bool
    ) -> Pixels:
        """Return a part of a frame as the screen wants it: blue, green, red, 255; shape (height, width, 4), uint8.

        Args:
            pixels: the frame, RGB, shape (rows, columns, 3), uint8.
            box: left, top, right and bottom of the part, in its pixels; brought to whole ones.
            size: width and height of the result, at least 1.
            mirror: exchange left and right.
        """
        module = cv2()
        rows, columns = pixels.shape[:2]
        left, top = min(columns - 1, max(0, round(box[0]))), min(rows - 1, max(0, round(box[1])))
        right, bottom = min(columns, max(left + 1, round(box[2]))), min(rows, max(top + 1, round(box[3])))
        width, height = size
        if self._shown.shape[:2] != (height, width):
            self._small = np.empty((height, width, 3), np.uint8)
            self._shown = np.empty((height, width, 4), np.uint8)
        module.resize(pixels[top:bottom, left:right], size, dst=self._small, interpolation=module.INTER_LINEAR)
        if mirror:
            module.flip(self._small, 1, dst=self._small)
        module.cvtColor(self._small, module.COLOR_RGB2BGRA, dst=self._shown)
        return self._shown
