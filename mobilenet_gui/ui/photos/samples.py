"""Owns where photos that ship for trying out are shown: all behind one button, three on the empty page's cards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mobilenet_gui.paths import resources_dir

FAN_CARDS = ("fly-agaric", "hot-air-balloon", "strawberries")
"""The sample photos on the empty page's cards: left, middle, right."""
FAN_PIXELS = 264
"""Pixels a side of the pictures on the empty page's cards."""


def sample_photos() -> list[Path]:
    """Return the photos that ship for trying out; none where the folder is missing."""
    folder = resources_dir() / "samples"
    return sorted(folder.glob("*.jpg"))


def fan_photos(samples: Sequence[Path]) -> list[Path]:
    """Return the photos for the empty page's cards; others where those are missing, none where there are too few."""
    chosen = [path for name in FAN_CARDS for path in samples if path.stem == name]
    if len(chosen) < len(FAN_CARDS):
        chosen = list(samples[: len(FAN_CARDS)])
    return chosen if len(chosen) == len(FAN_CARDS) else []
