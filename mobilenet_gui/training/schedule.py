"""Owns how the learning rate goes while a network is adapted. Where it stands is in `Progress`."""

from __future__ import annotations

import math
from typing import Final

from mobilenet_gui.training.presets import Recipe

_WARM_UP: Final = 0.1
_PLATEAU_EPOCHS: Final = 2
_PLATEAU_FACTOR: Final = 0.3


def learning_rate(recipe: Recipe, epoch: float, factor: float) -> float:
    """Return the learning rate at a moment: a short rise, then as the schedule says.

    Args:
        recipe: how to train.
        epoch: the moment, counted in epochs from 0.
        factor: what a plateau has taken it down by so far.
    """
    done = epoch / recipe.epochs
    rise = min(1.0, (done + 1e-3) / _WARM_UP)
    fall = 0.5 * (1 + math.cos(math.pi * min(1.0, done))) if recipe.schedule == "cosine" else 1.0
    return recipe.learning_rate * rise * fall * factor


def plateau_factor(recipe: Recipe, waited: int) -> float:
    """Return by what an epoch that was no better takes the rate down, the last of so many in a row."""
    return _PLATEAU_FACTOR if recipe.schedule == "plateau" and waited % _PLATEAU_EPOCHS == 0 else 1.0
