"""Owns looking at one photo for the doctor: is it readable, what does it resemble, is it dark or blurred.

A fingerprint holds a small grey and a tiny coloured thumbnail, from which everything about likeness is computed later
(`doctor_likeness`), and a few measures. It is made once a photo and kept (`fingerprint_cache`). No TensorFlow.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobilenet_gui.core import imaging
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.file_kinds import is_raw, raw_error
from mobilenet_gui.core.photo_files import open_regular, os_reason
from mobilenet_gui.core.types import Pixels

GREY_SIDE: Final = 64
COLOUR_SIDE: Final = 8
VERSION: Final = 2
"""Of what a fingerprint holds and how it is made; a kept one of another version is made anew."""

_LOOK_SIDE: Final = 256
"""Photos are looked at in this size, so that sharpness means the same for all."""
_TILES: Final = 8
_BRIGHTEST: Final = 95
_SHARPEST: Final = 90
_DIGEST_BYTES: Final = 16
_HEAD: Final = struct.Struct(f"<BIIff{_DIGEST_BYTES}s")
_GREY_BYTES: Final = GREY_SIDE**2
_COLOUR_BYTES: Final = 2 * COLOUR_SIDE**2
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """What is known of one photo.

    Attributes:
        size: width and height, upright.
        digest: BLAKE2 hash of the file's content, 16 bytes.
        light: how bright its brightest twentieth is at least, 0-1.
        sharpness: how much neighbouring pixels differ where the photo is sharpest, in grey levels.
        grey: the whole photo squeezed to a square, uint8, shape (64, 64).
        colour: its colours without brightness, Cb and Cr, uint8, shape (2, 8, 8).
        error: why it cannot be read; all else is empty then.
    """

    size: tuple[int, int] = (0, 0)
    digest: bytes = b""
    light: float = 0.0
    sharpness: float = 0.0
    grey: Pixels | None = None
    colour: Pixels | None = None
    error: str = ""

    def to_bytes(self) -> bytes:
        """Return it packed, to be kept."""
        if self.grey is None or self.colour is None:
            return bytes((VERSION,)) + self.error.encode("utf-8", "replace")
        head = _HEAD.pack(VERSION, *self.size, self.light, self.sharpness, self.digest)
        return head + self.grey.tobytes() + self.colour.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Fingerprint | None:
        """Read it back; None where it is of another version or damaged."""
        if not data or data[0] != VERSION:
            return None
        if len(data) != _HEAD.size + _GREY_BYTES + _COLOUR_BYTES:
            text = data[1:].decode("utf-8", "replace")
            return cls(error=text) if text and text.isprintable() else None
        _, width, height, light, sharpness, digest = _HEAD.unpack_from(data)
        values = np.frombuffer(data, np.uint8, offset=_HEAD.size)
        grey = values[:_GREY_BYTES].reshape(GREY_SIDE, GREY_SIDE)
        colour = values[_GREY_BYTES:].reshape(2, COLOUR_SIDE, COLOUR_SIDE)
        return cls((width, height), digest, light, sharpness, grey, colour)


def look_at(path: Path) -> Fingerprint:
    """Read a photo and return its fingerprint; one with `error` where it cannot be read."""
    if is_raw(path):
        return Fingerprint(error=raw_error(path).reason)
    try:
        photo = imaging.decode(path, short_side=_LOOK_SIDE)
        digest = content_hash(path)
        # A photo reduced by a whole factor keeps up to twice the pixels asked for; antialiasing takes care of the rest.
        small = photo.resized(_LOOK_SIDE, Image.Resampling.BOX)
    except PhotoError as error:
        return Fingerprint(error=error.reason)
    except OSError as error:
        return Fingerprint(error=os_reason(error))
    luma, blue, red = small.convert("YCbCr").split()
    look = np.asarray(luma)
    tiny = (COLOUR_SIDE, COLOUR_SIDE)
    colour = np.stack([np.asarray(band.resize(tiny, Image.Resampling.BOX)) for band in (blue, red)])
    return Fingerprint(
        photo.full_size,
        digest,
        float(np.percentile(look, _BRIGHTEST)) / 255,
        _sharpness(look),
        np.asarray(luma.resize((GREY_SIDE, GREY_SIDE), Image.Resampling.BOX)),
        colour,
    )


def content_hash(path: Path) -> bytes:
    """Return the BLAKE2 hash of a file's content, 16 bytes.

    Raises:
        OSError: it cannot be read.
    """
    state = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    with open_regular(path) as stream:
        while block := stream.read(_BLOCK):
            state.update(block)
    return state.digest()


def _sharpness(look: Pixels) -> float:
    """Return the standard deviation of the Laplacian in the sharper tiles.

    The variance of the Laplacian tells blurred photos (Pech-Pacheco et al. 2000); taken tile by tile, a sharp animal
    before a soft background counts as sharp.
    """
    values = look.astype(np.int16)
    middle = values[1:-1, 1:-1]
    laplacian = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:] - 4 * middle
    side = laplacian.shape[0] // _TILES * _TILES
    edge = side // _TILES
    tiles: NDArray[np.int16] = laplacian[:side, :side].reshape(_TILES, edge, _TILES, edge)
    return float(np.percentile(tiles.std(axis=(1, 3), dtype=np.float32), _SHARPEST))
