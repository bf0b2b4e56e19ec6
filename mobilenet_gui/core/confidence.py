"""Owns how sure an answer is: the calibration of probabilities, and the words and the limit people see."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SURE_FROM = 0.5
"""From when an answer is one, where neither the user nor the model says otherwise."""
VERY_SURE_FROM = 0.90
QUITE_SURE_FROM = 0.70


class Certainty(Enum):
    """How sure the model is of its best guess, in four steps."""

    VERY = "very"
    QUITE = "quite"
    FAIRLY = "fairly"
    NOT = "not"


def certainty(probability: float, sure_from: float) -> Certainty:
    """Return the step for a probability; below `sure_from` (both 0-1) the model is not sure, whatever the number."""
    if probability < sure_from:
        return Certainty.NOT
    if probability >= VERY_SURE_FROM:
        return Certainty.VERY
    return Certainty.QUITE if probability >= QUITE_SURE_FROM else Certainty.FAIRLY


def certainty_text(step: Certainty) -> str:
    """Return the step in words."""
    words = {
        Certainty.VERY: tr("Very sure"),
        Certainty.QUITE: tr("Quite sure"),
        Certainty.FAIRLY: tr("Fairly sure"),
        Certainty.NOT: tr("Not sure"),
    }
    return words[step]


def unlike_text() -> str:
    """Return what is said of a photo that is unlike anything that the model was shown."""
    return tr("Unlike anything it was shown")


def softmax(logits: NDArray[np.float32], temperature: float = 1.0) -> NDArray[np.float32]:
    """Return probabilities, shape as given, for one row of logits divided by `temperature`."""
    import numpy as np

    scaled = logits.astype(np.float32) / np.float32(temperature)
    powers: NDArray[np.float32] = np.exp(scaled - scaled.max())
    powers /= powers.sum()
    return powers


def calibrate(probabilities: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Return one row of probabilities as they would be had the logits been divided by `temperature`.

    Softmax forgets only a constant that all logits share, so their logarithms stand in for the logits. Probabilities
    of exactly zero (a quantised output's) stay zero. A temperature of 1 returns the row itself.
    """
    if temperature == 1.0:
        return probabilities
    import numpy as np

    with np.errstate(divide="ignore"):
        return softmax(np.log(probabilities), temperature)
