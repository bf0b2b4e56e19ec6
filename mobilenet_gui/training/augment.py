"""Owns how photos are varied while a network is adapted: other crops, mirrored, other light.

A crop is drawn from the whole photo, in area and shape as in Szegedy et al., "Going deeper with convolutions", CVPR
2015; what a photo is checked with is always the program's usual crop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageEnhance

from mobilenet_gui.core.imaging import DecodedPhoto, prepare
from mobilenet_gui.core.types import Pixels, Preprocessing
from mobilenet_gui.training.training_settings import Augmentation


@dataclass(frozen=True, slots=True)
class Strength:
    """How much is varied: the smallest crop as a share of the short side's square, and by how much light changes."""

    least_area: float
    light: float


STRENGTHS: Final[dict[Augmentation, Strength]] = {
    "light": Strength(0.6, 0.0),
    "medium": Strength(0.35, 0.2),
    "strong": Strength(0.2, 0.4),
}
_SHAPES: Final = (math.log(3 / 4), math.log(4 / 3))
_TRIES: Final = 10


def varied(photo: DecodedPhoto, pre: Preprocessing, augmentation: Augmentation, random: np.random.Generator) -> Pixels:
    """Return a photo's input pixels, varied at random; shape (size, size, 3).

    Args:
        photo: the photo.
        pre: the network's preprocessing.
        augmentation: how much; `none` gives the usual crop.
        random: what draws.
    """
    strength = STRENGTHS.get(augmentation)
    if strength is None:
        return prepare(photo, pre).pixels
    image = photo.resized(pre.size, Image.Resampling.BICUBIC, _box(photo.size, strength.least_area, random))
    if random.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if strength.light:
        for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            image = enhance(image).enhance(random.uniform(1 - strength.light, 1 + strength.light))
    return np.array(image)


def _box(size: tuple[int, int], least_area: float, random: np.random.Generator) -> tuple[float, float, float, float]:
    width, height = size
    short = min(size)
    across = down = float(short)
    for _ in range(_TRIES):
        area, shape = random.uniform(least_area, 1.0) * short * short, math.exp(random.uniform(*_SHAPES))
        if math.sqrt(area * shape) <= width and math.sqrt(area / shape) <= height:
            across, down = math.sqrt(area * shape), math.sqrt(area / shape)
            break
    left, top = random.uniform(0, width - across), random.uniform(0, height - down)
    return left, top, left + across, top + down
