"""What benchmarks of the last layer share: photo sets with a train and a test part, seen by one frozen network.

Hymenoptera and clothing as they are given; of tiny-imagenet ten animals that resemble each other, from its train and
its val part; and hands drawn here, showing ten signs, which no network has learnt to tell apart.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from benchmarks.common import Tiny, shared
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.training.base import feature_bundle, open_base
from mobilenet_gui.training.feature_store import FeatureStore
from mobilenet_gui.training.features import Shot, collect

Floats = NDArray[np.float32]
Labels = NDArray[np.int64]
Folders = Mapping[str, tuple[Path, Path]]

ANIMALS: Final = (24, 26, 27, 28, 30, 32, 33, 49, 50, 52)
_SIGNS: Final = ("00000", "01000", "01100", "11100", "01111", "11111", "01110", "01101", "01011", "00111")
"""Which fingers are stretched, from the thumb on."""
_SIDE: Final = 192


@dataclass(frozen=True, slots=True, eq=False)
class FeatureSet:
    """A set's features, shape (photos, channels), and labels, of both parts."""

    train: Floats
    train_labels: Labels
    test: Floats
    test_labels: Labels

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.train_labels.max()) + 1


def seen(names: list[str], base_id: str, *, photos: int = 200) -> Iterator[tuple[str, FeatureSet]]:
    """Yield each named set as the installed model `base_id` sees it.

    Args:
        names: of `hymenoptera`, `clothing`, `animals`, `hands`.
        base_id: the frozen network.
        photos: the most train photos a class of the sets that are made here.
    """
    base = open_base(ModelStore().get(base_id).folder)
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as root:
        cache = Path(root) / "cache"
        network = feature_bundle(base, base.input_size, cache, lambda *_: None)
        for name in names:
            train, test = folders(name, Path(root) / name, photos)
            parts: list[Any] = []
            for folder in (train, test):
                parts += _features(folder, network, cache, base.key)
            yield name, FeatureSet(*parts)


def folders(name: str, place: Path, photos: int) -> tuple[Path, Path]:
    """Return a set's train and test folder of class folders; those that are made here are written to `place`."""
    given = shared() / "datasets" / name
    if given.is_dir():
        return given / "train", given / ("val" if (given / "val").is_dir() else "test")
    if name == "animals":
        _animals(place, photos)
    else:
        random = np.random.default_rng(1)
        for part, count in (("train", min(photos, 60)), ("test", 60)):
            for sign in range(len(_SIGNS)):
                folder = place / part / str(sign)
                folder.mkdir(parents=True)
                for number in range(count):
                    draw_hand(random, sign).save(folder / f"{number:03}.jpg", quality=88)
    return place / "train", place / "test"


def _animals(place: Path, photos: int) -> None:
    sources = sorted(path.name for path in (shared() / "tiny-imagenet").glob("train-*.npz"))
    for part, names, most in (("train", sources, photos), ("test", ["val.npz"], 50)):
        tiny = Tiny(*names)
        for label in ANIMALS:
            folder = place / part / f"{label:03}"
            folder.mkdir(parents=True)
            for n, content in enumerate(tiny.of(label, most)):
                (folder / f"{n:04}.webp").write_bytes(content)


def _features(folder: Path, network: Bundle, cache: Path, key: str) -> tuple[Floats, Labels]:
    classes = sorted(path for path in folder.iterdir() if path.is_dir())
    listed = [(path, label) for label, one in enumerate(classes) for path in sorted(one.iterdir())]
    with FeatureStore(cache) as store:
        found = collect([Shot(path) for path, _ in listed], network, store, key)
    return found.values, np.array([label for _, label in listed], np.int64)


def draw_hand(random: np.random.Generator, sign: int) -> Image.Image:
    """Return a drawing of a hand that shows a sign, 0-9, turned, lit and placed at random."""
    side = 2 * _SIDE
    ground = random.uniform(120, 240, 3) + random.normal(0, 25, (6, 6, 3))
    image = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)
    skin = np.clip(random.uniform(140, 235) * np.array([1, 0.78, 0.64]) + random.normal(0, 6, 3), 0, 255)
    layer = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(layer)
    middle, size = np.array([side / 2, side * 0.56]), side / 2 * random.uniform(0.75, 1)

    def shade(light: float) -> tuple[int, ...]:
        return (*(int(value) for value in np.clip(skin * light, 0, 255)), 255)

    def finger(start: Any, end: Any, wide: float, light: float) -> None:
        for share, tone in ((1.12, 0.86 * light), (1.0, light)):
            draw.line([tuple(start), tuple(end)], fill=shade(tone), width=int(wide * share))
            for x, y in (start, end):
                r = wide * share / 2
                draw.ellipse([x - r, y - r, x + r, y + r], fill=shade(tone))

    draw.rectangle([middle[0] - size * 0.2, middle[1], middle[0] + size * 0.2, side], fill=shade(0.97))
    left, top, right, bottom = -0.3, -0.3, 0.3, 0.36
    palm = [*(middle + size * np.array([left, top])), *(middle + size * np.array([right, bottom]))]
    draw.rounded_rectangle(palm, radius=int(size * 0.15), fill=shade(1))
    roots = ((-0.27, 0.1), (-0.21, -0.25), (-0.07, -0.28), (0.07, -0.26), (0.21, -0.2))
    angles, lengths = (-62, -14, -2, 9, 22), (0.42, 0.55, 0.6, 0.54, 0.42)
    for number in (1, 2, 3, 4, 0):
        angle = math.radians(angles[number] * random.uniform(0.8, 1.4) + random.normal(0, 4))
        start = middle + size * np.array(roots[number])
        if _SIGNS[sign][number] == "0" and number == 0:  # the thumb lies across the palm
            end = middle + size * np.array([random.uniform(0, 0.15), -0.05])
        else:
            length = size * lengths[number] * random.uniform(0.85, 1.1) * (1 if _SIGNS[sign][number] == "1" else 0.16)
            end = start + length * np.array([math.sin(angle), -math.cos(angle)])
        finger(start, end, size * 0.14, random.uniform(0.93, 1.04))
    layer = layer.rotate(
        random.normal(0, 14), Image.Resampling.BICUBIC, translate=tuple(random.normal(0, _SIDE * 0.07, 2))
    )
    image.paste(layer, (0, 0), layer)
    image = image.resize((_SIDE, _SIDE)).filter(ImageFilter.GaussianBlur(random.uniform(0, 1.2)))
    values = np.asarray(image, np.float64) * random.uniform(0.75, 1.15) + random.normal(0, 7, (_SIDE, _SIDE, 3))
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
