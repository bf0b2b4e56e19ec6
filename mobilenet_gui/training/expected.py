"""Owns what may be expected of a training before it was done: what the efforts gave when they were measured. No Qt.

Measured with `python -m benchmarks.fine_tune_accuracy`: 245 photos of ants and bees to learn from, 153 never seen to
test with, five seeds for Fast and three for the others. Of a model that was not measured nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from mobilenet_gui.training.training_settings import Preset

TRIAL_PHOTOS: Final = 245
"""Photos that were learnt from."""


class Expected(NamedTuple):
    """The least and the most share of photos, 0..1, that were answered correctly."""

    low: float
    high: float


_MEASURED: Final[Mapping[str, Mapping[Preset, Expected]]] = {
    "mobilenet-v2-1.0-224": {
        "fast": Expected(0.961, 0.961),
        "balanced": Expected(0.961, 0.967),
        "best": Expected(0.967, 0.974),
    },
}


def expected(base_id: str, preset: Preset) -> Expected | None:
    """Return what an effort gave with a model to start from; None where nobody has measured that.

    Args:
        base_id: of the model, with or without its classifier.
        preset: the effort.
    """
    return _MEASURED.get(base_id.removesuffix("-backbone"), {}).get(preset)
