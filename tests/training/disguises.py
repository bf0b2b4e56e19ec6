"""Photos for the doctor's tests: textured pictures made on the spot, and ways to disguise a copy of one."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

Disguise = Callable[[Image.Image], Image.Image]


@cache
def picture(seed: int, width: int = 360, height: int = 270) -> Image.Image:
    """Return a picture with coarse shapes and fine structure, like a photo's; another a seed. Not to be changed."""
    rng = np.random.default_rng(seed)
    layers = np.zeros((height, width, 3), np.float64)
    for cells, strength in ((4, 1.0), (12, 0.7), (40, 0.5), (100, 0.3), (320, 0.25)):
        coarse = Image.fromarray(rng.integers(0, 256, (cells * 3 // 4, cells, 3), dtype=np.uint8))
        layers += strength * np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))
    layers -= layers.min()
    return Image.fromarray((layers * (255 / layers.max())).astype(np.uint8))


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    """Return a JPEG file."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def trimmed(left: float, top: float, right: float, bottom: float) -> Disguise:
    """Return what trims these shares off the edges."""

    def trim(image: Image.Image) -> Image.Image:
        wide, high = image.size
        return image.crop(
            (round(wide * left), round(high * top), round(wide * (1 - right)), round(high * (1 - bottom)))
        )

    return trim


def scaled(by: float) -> Disguise:
    """Return what scales by this factor."""
    return lambda image: image.resize((round(image.width * by), round(image.height * by)), Image.Resampling.BICUBIC)


def stamped(image: Image.Image) -> Image.Image:
    """Return the picture with a date in a white box."""
    changed = image.copy()
    wide, high = image.size
    draw = ImageDraw.Draw(changed)
    draw.rectangle((wide * 0.6, high * 0.86, wide * 0.97, high * 0.96), fill=(255, 255, 255))
    draw.text((wide * 0.62, high * 0.88), "24 November", fill=(0, 0, 0))
    return changed


COPIES: dict[str, Disguise] = {
    "half": scaled(0.5),
    "double": scaled(2),
    "trimmed all round": trimmed(0.05, 0.05, 0.05, 0.05),
    "trimmed on one side": trimmed(0.1, 0, 0, 0),
    "trimmed at a corner": trimmed(0, 0.08, 0.08, 0),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.25),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "stamped": stamped,
    "framed": lambda image: ImageOps.expand(image, 10, (250, 250, 250)),
}
"""The same picture, disguised."""

OTHERS: dict[str, Disguise] = {
    "mirrored": ImageOps.mirror,
    "turned": lambda image: image.rotate(90, expand=True),
    "upside down": lambda image: image.rotate(180),
}
"""Another picture."""
