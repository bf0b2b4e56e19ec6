"""Owns the one way from a photo to the network's input: decode, orient, reduce, crop, resize, normalise.

Window, command line, batch and training all come here, so a number shown anywhere is the same number. What kinds of
file there are is `imaging_formats`' business, opening them safely `imaging_open`'s, colours `imaging_color`'s, finding
them `photo_files`'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobilenet_gui.core import imaging_bands as bands
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.imaging_bands import Picked
from mobilenet_gui.core.imaging_budget import BUDGET, budget
from mobilenet_gui.core.imaging_color import Converter, rgb_converters
from mobilenet_gui.core.imaging_formats import PIXEL_LIMIT, SUPPORTED_SUFFIXES, sniff
from mobilenet_gui.core.imaging_frame import REDUCING_GAP, Helper, reduced_size, resize
from mobilenet_gui.core.imaging_open import OpenedPhoto, open_photo
from mobilenet_gui.core.imaging_rows import row_failure
from mobilenet_gui.core.photo_files import find_photos, looks_like_photo, scan
from mobilenet_gui.core.types import CropBox, Normalization, PhotoSource, Pixels, Preprocessing
from mobilenet_gui.i18n import tr

__all__ = [
    "PIXEL_LIMIT",
    "SUPPORTED_SUFFIXES",
    "DecodedPhoto",
    "PhotoSource",
    "Prepared",
    "crop_box",
    "decode",
    "decode_for",
    "find_photos",
    "looks_like_photo",
    "needed_short_side",
    "normalize",
    "prepare",
    "read_size",
    "scan",
    "sniff",
]

DECODE_MARGIN: Final = 1.4
"""A reduced photo or frame keeps at least this many pixels a pixel of the input, each way, for the antialiased resize.

With 1.4 a frame of 1280x720 is halved for every input up to 224, which saves three quarters of the resize. Measured on
the 48 sample photos with V1 0.25/128, V1 0.75/192 and V2 1.0/224: the same first answers as without reducing.
"""

_STRIP_PIXELS: Final = 4_000_000

_FILTERS: Final = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class DecodedPhoto:
    """A photo as pixels.

    Attributes:
        full_size: width and height of the whole photo, upright.
        format: the kind of file, as `sniff` names it.
        name: the path or name it was decoded under.
        note: what a person should know of the file; mostly empty.
    """

    __slots__ = ("_converted", "_image", "_picked", "_to_srgb", "format", "full_size", "name", "note")

    def __init__(
        self,
        image: Image.Image,
        full_size: tuple[int, int],
        format: str = "",  # noqa: A002 - what it is called everywhere
        name: str = "",
        to_srgb: Converter | None = None,
        *,
        picked: Image.Image | None = None,
        note: str = "",
    ) -> None:
        """Take an upright image of mode RGB.

        Args:
            image: the pixels; they may be fewer than the photo has.
            full_size: width and height of the whole photo, upright.
            format: the kind of file.
            name: the path or name.
            to_srgb: brings the image to sRGB where it is not; put off until it is known how few pixels need it.
            picked: the square that nearest-neighbour resizing makes of the whole photo, where `image` has too few
                pixels to make it of.
            note: what a person should know of the file.
        """
        self._image, self._to_srgb = image, to_srgb
        self._converted = image if to_srgb is None else None
        self._picked = picked
        self.full_size, self.format, self.name, self.note = full_size, format, name, note

    @property
    def image(self) -> Image.Image:
        """The pixels: mode RGB, sRGB, upright; often fewer than the photo has. Not to be changed."""
        if self._converted is None:
            self._converted = self._image if self._to_srgb is None else self._to_srgb(self._image)
        return self._converted

    @property
    def pixels(self) -> Pixels:
        """The pixels as an array, shape (height, width, 3); a copy."""
        return np.array(self.image)

    def resized(
        self, side: int, resample: Image.Resampling, box: tuple[float, float, float, float] | None = None
    ) -> Image.Image:
        """Return the part `box` (left, top, right, bottom in pixels of `image`; all of it by default), made square."""
        if self._picked is not None and resample == Image.Resampling.NEAREST and self._picked.size == (side, side):
            small = self._picked
        else:
            small = self._image.resize((side, side), resample, box=box, reducing_gap=REDUCING_GAP)
        return small if self._to_srgb is None else self._to_srgb(small)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of `image`."""
        return self._image.size


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """The network's view of a photo.

    Attributes:
        pixels: shape (size, size, 3), uint8.
        crop: the part of the photo it shows.
    """

    pixels: Pixels
    crop: CropBox


def decode(
    source: PhotoSource, *, name: str = "", short_side: int | None = None, max_side: int | None = None
) -> DecodedPhoto:
    """Decode a photo to upright sRGB; of an animation, the first frame.

    Args:
        source: a path, or the bytes of a photo file.
        name: how errors name it; the path by default.
        short_side: enough pixels for the shorter side: the photo comes back reduced by a whole factor, never below
            this (unless it is smaller to begin with). JPEGs are decoded at the reduced size.
        max_side: the most pixels for the longer side, for display; the photo comes back resized to it, antialiased.

    Raises:
        PhotoError: anything that is wrong with the file.
    """
    return _decode(source, name, short_side, max_side)


def _decode(
    source: PhotoSource, name: str, short_side: int | None, max_side: int | None, stretched: int | None = None
) -> DecodedPhoto:
    """Decode; with `stretched`, the side of a square, photos come reduced beside the pixels that the square takes."""
    with open_photo(source, name) as opened:
        full_size = opened.upright_size
        if stretched is not None and full_size[0] * full_size[1] > _STRIP_PIXELS:
            short_side = stretched
        else:
            stretched = None
        factor = _whole_factor(opened.size, short_side, max_side)
        if opened.format == "JPEG":
            _draft(opened, factor if stretched is None else 1)
        with budget.taken(opened.memory(factor)):
            stored, to_srgb, picked = _loaded(opened, short_side, max_side, stretched)
            if opened.upright_size != full_size and opened.format == "PNG":
                full_size = opened.upright_size
            if max_side is not None and max(stored.size) > max_side:
                scale = max_side / max(stored.size)
                smaller = (max(1, round(stored.size[0] * scale)), max(1, round(stored.size[1] * scale)))
                stored = stored.resize(smaller, Image.Resampling.BICUBIC)
            turn = _TURNS.get(opened.orientation)
            image = stored if turn is None else stored.transpose(turn)
            opened.image = Image.new("RGB", (1, 1))  # the whole photo goes before its memory is given back
        return DecodedPhoto(image, full_size, opened.format, opened.subject, to_srgb, picked=picked, note=opened.note)


def _loaded(
    opened: OpenedPhoto, short_side: int | None, max_side: int | None, stretched: int | None
) -> tuple[Image.Image, Converter | None, Image.Image | None]:
    """Return a photo in RGB as stored, reduced; what brings it to sRGB; and the pixels of the square, upright."""
    if opened.rows is not None:
        picked = None if stretched is None else Picked(opened.size, stretched, opened.orientation)
        factor = _whole_factor(opened.size, short_side, max_side)
        try:
            stored, to_srgb = bands.to_rgb(opened.rows, factor, picked)
        except Exception as error:
            raise PhotoError(opened.subject, row_failure(error)) from error
        return stored, to_srgb, None if picked is None else picked.image
    opened.load()
    picked = None if stretched is None else Picked(opened.image.size, stretched, opened.orientation)
    stored, to_srgb = _shrunk_rgb(opened, _whole_factor(opened.image.size, short_side, max_side), picked)
    return stored, to_srgb, None if picked is None else picked.image


def decode_for(source: PhotoSource, pre: Preprocessing, name: str = "") -> DecodedPhoto:
    """Decode a photo as far as the network's input needs it; what every recognition goes through.

    Raises:
        PhotoError: anything that is wrong with the file.
    """
    return _decode(source, name, needed_short_side(pre), None, pre.size if pre.stretch else None)


def needed_short_side(pre: Preprocessing) -> int | None:
    """Return the short side from which on more pixels no longer help `prepare`; None where all count."""
    return None if pre.stretch else math.ceil(DECODE_MARGIN * pre.size / pre.crop_fraction)


def read_size(source: PhotoSource, name: str = "") -> tuple[int, int]:
    """Return a photo's upright width and height from its header.

    Raises:
        PhotoError: anything that is wrong with the file as far as it is read.
    """
    with open_photo(source, name) as opened:
        return opened.upright_size


def crop_box(full_size: tuple[int, int], pre: Preprocessing) -> CropBox:
    """Return the part of a photo of this width and height that the network sees."""
    if pre.stretch:
        return CropBox(0.0, 0.0, 1.0, 1.0)
    width, height = full_size
    side = pre.crop_fraction * min(width, height)
    across, down = side / width / 2, side / height / 2
    return CropBox(0.5 - across, 0.5 - down, 0.5 + across, 0.5 + down)


def prepare(photo: DecodedPhoto | Pixels, pre: Preprocessing, helper: Helper | None = None) -> Prepared:
    """Crop and resize a photo to the network's input.

    Args:
        photo: a decoded photo, or RGB pixels of shape (height, width, 3), which are reduced here as `decode_for`
            reduces a photo: a frame and the photo that is made of it give the same.
        pre: the bundle's preprocessing. With `stretch` the whole photo is squeezed by nearest neighbour, exactly as
            Keras' `load_img(target_size=...)` does by default.
        helper: threads to share the work with, where `photo` is pixels and the answer is awaited; the result is the
            same.
    """
    if isinstance(photo, DecodedPhoto):
        crop = crop_box(photo.full_size, pre)
        if pre.stretch:
            return Prepared(np.array(photo.resized(pre.size, Image.Resampling.NEAREST)), crop)
        return Prepared(np.array(photo.resized(pre.size, _FILTERS[pre.filter], _seen(photo.size, pre))), crop)
    pixels = np.ascontiguousarray(photo, dtype=np.uint8)
    size = (pixels.shape[1], pixels.shape[0])
    crop = crop_box(size, pre)
    if pre.stretch:
        return prepare(DecodedPhoto(Image.fromarray(pixels), size), pre)
    factor = _whole_factor(size, needed_short_side(pre), None)
    box = _seen(reduced_size(size, factor), pre)
    return Prepared(resize(pixels, pre.size, _FILTERS[pre.filter], box, helper, factor=factor), crop)


def _seen(size: tuple[int, int], pre: Preprocessing) -> tuple[float, float, float, float]:
    """Return the part that the network sees of an image of this width and height, in its pixels."""
    width, height = size
    side = pre.crop_fraction * min(width, height)
    left, top = max(0.0, (width - side) / 2), max(0.0, (height - side) / 2)
    return (left, top, min(float(width), left + side), min(float(height), top + side))


def normalize(pixels: Pixels, normalization: Normalization) -> NDArray[np.float32]:
    """Turn pixels into the numbers of a float input; the same numbers as Keras' `preprocess_input`, bit by bit.

    Args:
        pixels: any shape, values 0-255.
        normalization: the range that the network expects.
    """
    values = pixels.astype(np.float32)
    if normalization == "minus1_1":
        values /= 127.5
        values -= 1.0
    elif normalization == "zero_1":
        values /= 255.0
    return values


def _whole_factor(size: tuple[int, int], short_side: int | None, max_side: int | None) -> int:
    """Return by how much a photo may be reduced without going below what was asked for."""
    factors = []
    if short_side is not None:
        factors.append(min(size) // max(1, short_side))
    if max_side is not None:
        factors.append(max(size) // max(1, max_side))
    return max(1, min(factors)) if factors else 1


def _draft(opened: OpenedPhoto, factor: int) -> None:
    """Have a JPEG decoded at 1/2, 1/4 or 1/8 of its size, whichever is the smallest that is large enough.

    One that would take more memory than there is comes smaller than was asked for.
    """
    scale = max(each for each in (1, 2, 4, 8) if each <= factor)
    while scale < 8 and opened.memory(1, scale) > BUDGET:
        scale *= 2
    if scale > 1:
        width, height = opened.size
        opened.image.draft(None, (max(1, width // scale), max(1, height // scale)))


def _shrunk_rgb(opened: OpenedPhoto, factor: int, picked: Picked | None = None) -> tuple[Image.Image, Converter | None]:
    """Return the loaded photo in RGB, reduced by `factor`, and what brings it to sRGB.

    A large one is converted strip by strip, so that no second copy of it is ever held.
    """
    source = opened.image
    try:
        to_rgb, to_srgb = rgb_converters(source)
        width, height = source.size
        if factor == 1 and (picked is None or width * height <= _STRIP_PIXELS):
            result = to_rgb(source)
            if picked is not None:
                picked.take(result, 0)
            if result is source and opened.format != "JPEG":
                result = source.copy()  # lets go of the decoder, which may hold the whole file
        elif width * height <= _STRIP_PIXELS and picked is None:
            result = to_rgb(source).reduce(factor)
        else:
            rows = max(1, _STRIP_PIXELS // width // factor) * factor
            result = Image.new("RGB", (-(-width // factor), -(-height // factor)))
            for top in range(0, height, rows):
                strip = to_rgb(source.crop((0, top, width, min(height, top + rows))))
                if picked is not None:
                    picked.take(strip, top)
                result.paste(strip.reduce(factor), (0, top // factor))
    except MemoryError as error:
        raise PhotoError(opened.subject, tr("There is not enough memory to open it.")) from error
    except (ValueError, OSError) as error:  # a mode or a palette that Pillow reads and cannot convert
        raise PhotoError(opened.subject, tr("The file is damaged.")) from error
    return result, to_srgb
