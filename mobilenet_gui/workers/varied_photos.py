"""Owns making the pictures that show how a photo is varied in training. Blocking."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtGui import QImage

from mobilenet_gui.training.training_settings import Augmentation

SHOWN: Final = 8
_SEED: Final = 7


def varied_photos(path: Path, strength: Augmentation, size: int) -> tuple[QImage, ...]:
    """Return a photo varied `SHOWN` times, as the network would see it; the same each time it is asked.

    Raises:
        PhotoError: it cannot be read.
    """
    import numpy as np

    from mobilenet_gui.core import imaging
    from mobilenet_gui.core.types import Preprocessing
    from mobilenet_gui.training.augment import varied
    from mobilenet_gui.workers.photo_image import pixels_to_qimage

    recipe = Preprocessing(size=size)
    photo = imaging.decode_for(path, recipe)
    random = np.random.default_rng(_SEED)
    return tuple(pixels_to_qimage(varied(photo, recipe, strength, random)) for _ in range(SHOWN))
