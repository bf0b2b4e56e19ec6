"""Tells photos that the model has learnt from, in whatever size and crop.

Tiny ImageNet was made from ImageNet's photos, and collections of real photos often were, too, so a test on them must
leave the common ones out.
"""

from __future__ import annotations

from pathlib import Path

import dataset
import numpy as np
import numpy.typing as npt
from PIL import Image

ALIKE = 0.93
"""Correlation of two photos' small grey versions from which they count as the same; different photos of one class stay
below 0.9 as a rule."""
SIDE = 16

Floats = npt.NDArray[np.float32]


def small(photo: Image.Image) -> Floats:
    """Return a grey version of 16 x 16 values, centred, of length 1."""
    values = np.asarray(photo.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), np.float32).ravel()
    values = values - values.mean()
    return np.asarray(values / (np.linalg.norm(values) + 1e-6), np.float32)


def views(path: Path) -> Floats:
    """Return `small` of the whole photo, squeezed, and of its middle and outer squares."""
    with Image.open(path) as photo:
        wide, high = photo.size
        side = min(wide, high)
        corners = {((wide - side) // 2, (high - side) // 2), (0, 0), (wide - side, high - side)}
        squares = [photo.crop((x, y, x + side, y + side)) for x, y in sorted(corners)]
        return np.stack([small(view) for view in (photo, *squares)])


def unseen(paths: list[Path], label: int, photos: dataset.Pixels, labels: dataset.Labels) -> list[Path]:
    """Return the photo files of a class that are not like any training photo of that class."""
    known = np.stack([small(Image.fromarray(photos[place])) for place in np.flatnonzero(labels == label)])
    return [path for path in paths if float((views(path) @ known.T).max()) < ALIKE]
