"""Owns making probabilities honest: the temperature, and from when an answer counts as sure.

All of it is chosen on validation photos, which the network has not learnt from, and reported on test photos.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.floating[Any]]
Labels = NDArray[np.integer[Any]]

TEMPERATURES: Final = (0.05, 20.0)
"""The range that a bundle's manifest allows."""

SURE_RANGE: Final = (0.3, 0.95)
"""Where the limit of 'not sure' may lie: below, everything would be sure, above, next to nothing."""

MOST_SURE_ERRORS: Final = 0.05
"""Sure answers may be wrong at most this often."""

FEW_ERRORS: Final = 0.02
"""Answers that are wrong no more often than this are good enough: nothing need be held back."""

USUAL_SURE_FROM: Final = 0.5
"""The limit where every answer is good enough; also the program's own default."""

LEAST_COVERAGE: Final = 0.5
"""At least this share of the answers stays sure, however poor the model: who asks wants answers."""

_PRIOR_PHOTOS: Final = 5.0
"""Weight of one photo of doubt each side in the temperature: with few photos it stays near 1."""
_STEPS: Final = 80
_GOLDEN: Final = (5**0.5 - 1) / 2


def probabilities_from_logits(logits: Numbers, temperature: float = 1.0) -> NDArray[np.float64]:
    """Return softmax(logits / temperature) along the last axis, in double precision; shape as given."""
    scaled = np.asarray(logits, np.float64) / temperature
    powers: NDArray[np.float64] = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    powers /= powers.sum(axis=-1, keepdims=True)
    return powers


def fit_temperature(logits: Numbers, labels: Labels) -> float:
    """Return the temperature that makes the probabilities of these photos most likely (Guo et al. 2017).

    Minimises the mean negative log-likelihood of softmax(logits / T) over log T. A weak prior that T is near 1 keeps
    a handful of photos, or photos that are all correct, from driving it to a bound: all-correct answers would
    otherwise ask for a temperature of zero.

    Args:
        logits: shape (photos, classes); or logarithms of probabilities, which differ from logits by a constant a row.
        labels: the true class of each photo, shape (photos,), 0 to classes - 1.

    Returns:
        A number within `TEMPERATURES`; 1.0 where there is nothing to learn from (no photos, one class).

    Raises:
        ValueError: the shapes do not fit, or a label is out of range.
    """
    values, truth = _checked(logits, labels)
    photos, classes = values.shape
    if photos == 0 or classes < 2:
        return 1.0
    # Minus infinity (a probability of zero) is kept out of the sums; it stays zero whatever the temperature.
    values = np.where(np.isfinite(values), values, np.nanmin(np.where(np.isfinite(values), values, np.nan)) - 50.0)
    values = values - values.max(axis=1, keepdims=True)
    true_logits = values[np.arange(photos), truth]

    def cost(log_temperature: float) -> float:
        inverse = np.exp(-log_temperature)
        likelihood = true_logits * inverse - np.log(np.exp(values * inverse).sum(axis=1))
        return float(-likelihood.sum() + _PRIOR_PHOTOS / 2 * log_temperature**2)

    low, high = np.log(TEMPERATURES[0]), np.log(TEMPERATURES[1])
    # The likelihood is unimodal in 1/T and so in log T; golden-section search needs no derivative and cannot diverge.
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    left_cost, right_cost = cost(left), cost(right)
    for _ in range(_STEPS):
        if left_cost < right_cost:
            high, right, right_cost = right, left, left_cost
            left = high - _GOLDEN * (high - low)
            left_cost = cost(left)
        else:
            low, left, left_cost = left, right, right_cost
            right = low + _GOLDEN * (high - low)
            right_cost = cost(right)
    return float(np.clip(np.exp((low + high) / 2), *TEMPERATURES))


def choose_sure_from(probabilities: Numbers, labels: Labels) -> float:
    """Return the probability from which an answer counts as sure.

    The lowest limit at which the sure answers are wrong at most half as often as all answers and at most
    `MOST_SURE_ERRORS`, or no more often than `FEW_ERRORS`; but never so high that fewer than `LEAST_COVERAGE` of the
    answers stay sure. How often they are wrong is estimated from the counted mistakes and the calibrated probabilities
    together, half and half, because a few dozen validation photos hold too few mistakes to count alone.

    Args:
        probabilities: calibrated, shape (photos, classes), rows summing to 1.
        labels: the true class of each photo, shape (photos,).

    Returns:
        A number within `SURE_RANGE`, rounded to two digits; `USUAL_SURE_FROM` without photos.

    Raises:
        ValueError: the shapes do not fit, or a label is out of range.
    """
    values, truth = _checked(probabilities, labels)
    if len(values) == 0:
        return USUAL_SURE_FROM
    confidence = values.max(axis=1)
    wrong = (values.argmax(axis=1) != truth).astype(np.float64)
    order = np.argsort(-confidence, kind="stable")
    confidence, wrong = confidence[order], wrong[order]
    counts = np.arange(1, len(values) + 1)
    expected = 1.0 - confidence
    blended = (np.cumsum(wrong) + np.cumsum(expected)) / (2 * counts)
    most = max(FEW_ERRORS, min(MOST_SURE_ERRORS, blended[-1] / 2))
    # A limit lies between two different probabilities; equal ones fall on the same side.
    ends = np.append(confidence[:-1] > confidence[1:], True)
    enough = counts >= LEAST_COVERAGE * len(values)
    good = np.flatnonzero(ends & (blended <= most))
    keep = int(max(good[-1] if len(good) else 0, np.flatnonzero(ends & enough)[0])) + 1
    if keep == len(values):
        limit = min(USUAL_SURE_FROM, float(confidence[-1]))
    else:
        # Half way between the least sure answer that still counts and the next one.
        limit = float(confidence[keep - 1] + confidence[keep]) / 2
    return round(min(max(limit, SURE_RANGE[0]), SURE_RANGE[1]), 2)


def _checked(values: Numbers, labels: Labels) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    table, truth = np.asarray(values, np.float64), np.asarray(labels, np.int64)
    if table.ndim != 2 or truth.shape != table.shape[:1]:
        raise ValueError(f"values of shape {table.shape} with labels of shape {truth.shape}")
    if np.isnan(table).any():
        raise ValueError("values that are no numbers")
    if len(truth) and (truth.min() < 0 or truth.max() >= table.shape[1]):
        raise ValueError(f"labels {truth.min()} to {truth.max()} for {table.shape[1]} classes")
    return table, truth
