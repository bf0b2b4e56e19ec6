"""Photos that come as rows of samples: brought to 8-bit RGB, reduced and sampled, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobilenet_gui.core.imaging_color import BACKGROUND, Converter, profile_to_srgb
from mobilenet_gui.core.types import Pixels

BAND_PIXELS: Final = 1_000_000
WHITE_IS_ZERO, RGB, CMYK = 0, 2, 5
"""How colours are meant, in TIFF's numbers; what is none of these is grey."""


class RowSource(Protocol):
    """A photo that is read from the top, as often as it is iterated over.

    Attributes:
        width, height: in pixels, as stored.
        photometric: how the colours are meant, in TIFF's numbers.
        alpha: the place of the channel of opacity, and whether the colours were multiplied by it; None without one.
        profile: the ICC profile, or empty.
        orientation: EXIF orientation 1-8 that is still to be applied.
        dtype: of the samples.
    """

    width: int
    height: int
    photometric: int
    alpha: tuple[int, bool] | None
    profile: bytes
    orientation: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the samples."""

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Yield all rows in order, shape (some, width, samples)."""


def to_rgb(source: RowSource, factor: int, picked: Picked | None = None) -> tuple[Image.Image, Converter | None]:
    """Return a photo in RGB, as stored, reduced by `factor`; and what brings it to sRGB.

    Args:
        source: its rows.
        factor: as `Image.reduce` has it.
        picked: is given the rows at full size, to pick single pixels of.
    """
    scale = _Scale(source)
    width = -(-source.width // factor)
    result = Image.new("RGB", (width, -(-source.height // factor)))
    mode = "CMYK" if source.photometric == CMYK else "RGB"
    to_srgb = profile_to_srgb(source.profile, mode) if source.photometric in {RGB, CMYK} else None
    # Reduced in whole blocks only, or the seams would show.
    band = max(1, BAND_PIXELS // source.width // factor) * factor
    top = 0
    for rows in _regrouped(source, band):
        pixels = scale(rows)
        if mode == "CMYK":
            inks = Image.fromarray(pixels, "CMYK")
            image = inks.convert("RGB") if to_srgb is None else to_srgb(inks)
        else:
            image = Image.fromarray(pixels)
        if picked is not None:
            picked.take(image, top)
        result.paste(image if factor == 1 else image.reduce(factor), (0, top // factor))
        top += rows.shape[0]
    return result, None if mode == "CMYK" else to_srgb


class Picked:
    """The pixels that nearest-neighbour resizing to a square takes, collected while a photo passes by.

    The same pixels, to the last one, as Pillow takes from the whole upright photo.
    """

    def __init__(self, size: tuple[int, int], side: int, orientation: int) -> None:
        """Plan for a photo stored with this width and height, and turned by `orientation` afterwards."""
        swapped = orientation >= 5
        across, down = _nearest(size[swapped], side), _nearest(size[not swapped], side)
        # Which way the upright photo's columns and rows run in the stored one: TIFF 6.0, tag 274.
        if orientation in {2, 3, 6, 7}:
            across = size[swapped] - 1 - across
        if orientation in {3, 4, 7, 8}:
            down = size[not swapped] - 1 - down
        self._columns, self._rows = (down, across) if swapped else (across, down)
        self._swapped = swapped
        self._pixels: Pixels = np.zeros((side, side, 3), np.uint8)

    def take(self, image: Image.Image, top: int) -> None:
        """Take what is wanted of some rows of the photo (RGB), the first of which is row `top`."""
        wanted = np.flatnonzero((self._rows >= top) & (self._rows < top + image.height))
        for place in wanted:
            row = int(self._rows[place]) - top
            line = np.asarray(image.crop((0, row, image.width, row + 1)))[0]
            self._pixels[place] = line[self._columns]

    @property
    def image(self) -> Image.Image:
        """The square, upright."""
        pixels = self._pixels.transpose(1, 0, 2) if self._swapped else self._pixels
        return Image.fromarray(np.ascontiguousarray(pixels))


def _nearest(length: int, side: int) -> NDArray[np.int32]:
    """Return which of `length` pixels Pillow's nearest neighbour takes for each of `side`."""
    numbers = Image.fromarray(np.arange(length, dtype=np.int32)[np.newaxis])
    taken: NDArray[np.int32] = np.array(numbers.resize((side, 1), Image.Resampling.NEAREST))[0]
    return taken


class _Scale:
    """Samples of any type become 8 bits; the scale is that of the whole photo."""

    def __init__(self, source: RowSource) -> None:
        self._photometric, self._alpha = source.photometric, source.alpha
        self._colours = {RGB: 3, CMYK: 4}.get(source.photometric, 1)
        kind, size = source.dtype.kind, source.dtype.itemsize
        self._opaque = 1.0 if kind == "f" else float(np.iinfo(source.dtype).max)
        if kind == "u" and size <= 2:
            self._low, self._high = 0.0, self._opaque
            return
        low, high = self._range(source)
        # The file does not say where white is. The smallest customary range that holds the values is taken.
        customary = (1.0, 255.0, 65535.0) if kind == "f" else (255.0, 65535.0) if size > 2 else (self._opaque,)
        fitting = [white for white in customary if low >= 0 and high <= white]
        if not fitting and kind == "u" and high > self._opaque / 4:
            fitting = [self._opaque]
        self._low, self._high = (0.0, fitting[0]) if fitting else (low, max(high, low + 1e-12))

    def _range(self, source: RowSource) -> tuple[float, float]:
        low, high, opaque = np.inf, -np.inf, 0.0
        for rows in source:
            colours = rows[..., : self._colours]
            if rows.dtype.kind == "f":
                if self._alpha is not None:
                    opaque = max(opaque, float(np.max(rows[..., self._alpha[0]], initial=0.0)))
                colours = colours[np.isfinite(colours)]
            if colours.size:
                low, high = min(low, float(colours.min())), max(high, float(colours.max()))
        if opaque > 1.0 and self._alpha is not None and source.dtype.kind == "f":
            self._opaque = next((white for white in (255.0, 65535.0) if opaque <= white), 1.0)
        return (low, high) if low <= high else (0.0, 1.0)

    def __call__(self, rows: NDArray[Any]) -> Pixels:
        """Return shape (rows, width, 3), or 4 for inks."""
        colours = rows[..., : self._colours]
        if rows.dtype != np.uint8:
            colours = _to_8_bits(colours, self._low, self._high)
        if self._photometric == WHITE_IS_ZERO:
            colours = 255 - colours
        if self._alpha is not None and self._photometric != CMYK:
            colours = self._laid_over(colours, rows[..., self._alpha[0], np.newaxis], self._alpha[1])
        if self._colours == 1:
            colours = np.repeat(colours, 3, axis=2)
        return np.ascontiguousarray(colours)

    def _laid_over(self, colours: Pixels, alpha: NDArray[Any], multiplied: bool) -> Pixels:
        share = np.clip(np.nan_to_num(alpha.astype(np.float32) / np.float32(self._opaque)), 0, 1)
        own = colours.astype(np.float32)
        if not multiplied:
            own *= share
        flat: Pixels = np.rint(np.minimum(own + (1 - share) * np.float32(BACKGROUND[0]), 255)).astype(np.uint8)
        return flat


def _to_8_bits(values: NDArray[Any], low: float, high: float) -> Pixels:
    scaled: NDArray[Any] = values.astype(np.float64 if values.dtype.itemsize > 4 else np.float32)
    with np.errstate(all="ignore"):  # a broken file holds any bits; numpy would comment on them on stderr
        np.subtract(scaled, low, out=scaled)
        np.multiply(scaled, 255.0 / (high - low), out=scaled)
    np.nan_to_num(scaled, copy=False, nan=0.0, posinf=255.0, neginf=0.0)
    np.clip(scaled, 0.0, 255.0, out=scaled)
    result: Pixels = np.rint(scaled).astype(np.uint8)
    return result


def _regrouped(source: RowSource, band: int) -> Iterator[NDArray[Any]]:
    """Yield the rows of `source` in groups of `band`; the last group may have fewer."""
    waiting: list[NDArray[Any]] = []
    held = 0
    for rows in source:
        start = 0
        while held + len(rows) - start >= band:
            end = start + band - held
            waiting.append(rows[start:end])
            yield waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
            waiting, held, start = [], 0, end
        if start < len(rows):
            waiting.append(rows[start:])
            held += len(rows) - start
    if waiting:
        yield waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
