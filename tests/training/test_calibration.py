"""Temperatures and the limit of "sure": recovered where known, harmless where there is little to learn from."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.core.confidence import calibrate
from mobilenet_gui.training.calibration import (
    SURE_RANGE,
    USUAL_SURE_FROM,
    choose_sure_from,
    fit_temperature,
    probabilities_from_logits,
)


def drawn(photos: int, classes: int = 5, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Logits, and labels drawn with exactly their probabilities: calibrated by construction."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (photos, classes))
    rows = probabilities_from_logits(logits)
    return logits, np.array([rng.choice(classes, p=row) for row in rows])


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_the_temperature_is_recovered(temperature: float) -> None:
    logits, labels = drawn(2000)
    assert fit_temperature(logits * temperature, labels) == pytest.approx(temperature, rel=0.06)


def test_logarithms_of_probabilities_do_as_logits() -> None:
    logits, labels = drawn(300)
    as_probabilities = np.log(probabilities_from_logits(logits))
    assert fit_temperature(as_probabilities, labels) == pytest.approx(fit_temperature(logits, labels), rel=1e-6)


def test_few_photos_that_are_all_right_do_not_freeze_the_probabilities() -> None:
    logits = np.tile([5.0, 0.0], (20, 1))
    assert 0.5 < fit_temperature(logits, np.zeros(20, int)) < 1.0


def test_zero_probabilities_are_endured() -> None:
    with np.errstate(divide="ignore"):
        logits = np.log(np.array([[0.0, 1.0], [1.0, 0.0], [0.3, 0.7]]))
    assert 0.5 < fit_temperature(logits, np.array([1, 0, 0])) < 3


def test_the_program_calibrates_by_the_same_rule() -> None:
    logits, labels = drawn(200)
    temperature = fit_temperature(logits * 2, labels)
    wanted = probabilities_from_logits(logits[0] * 2, temperature)
    row = probabilities_from_logits(logits[0] * 2).astype(np.float32)
    assert calibrate(row, temperature) == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (np.zeros((2, 3)), np.zeros(3, int)),
        (np.zeros(3), np.zeros(3, int)),
        (np.zeros((2, 3)), np.array([0, 3])),
        (np.full((2, 3), np.nan), np.array([0, 1])),
    ],
)
def test_what_does_not_fit_is_refused(values: NDArray[np.float64], labels: NDArray[np.int64]) -> None:
    with pytest.raises(ValueError, match=r"values|labels"):
        fit_temperature(values, labels)
    with pytest.raises(ValueError, match=r"values|labels"):
        choose_sure_from(values, labels)


def test_without_photos_nothing_is_changed() -> None:
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, int)) == 1.0
    assert choose_sure_from(np.zeros((0, 3)), np.zeros(0, int)) == USUAL_SURE_FROM
    assert fit_temperature(np.zeros((4, 1)), np.zeros(4, int)) == 1.0


def test_sure_answers_are_wrong_at_most_half_as_often() -> None:
    logits, labels = drawn(4000)
    rows = probabilities_from_logits(logits)
    limit = choose_sure_from(rows, labels)
    wrong = rows.argmax(axis=1) != labels
    sure = rows.max(axis=1) >= limit
    assert SURE_RANGE[0] <= limit <= SURE_RANGE[1]
    # Half of the answers stay sure whatever it costs; the limit is rounded.
    assert sure.mean() >= 0.49
    assert wrong[sure].mean() < 0.75 * wrong.mean()


def test_the_limit_parts_right_from_wrong() -> None:
    rows = np.array([[0.95, 0.05]] * 90 + [[0.6, 0.4]] * 10)
    labels = np.array([0] * 90 + [1] * 10)
    assert 0.6 < choose_sure_from(rows, labels) < 0.95


def test_where_nearly_all_are_right_nothing_is_held_back() -> None:
    rows = np.array([[0.99, 0.01]] * 50)
    assert choose_sure_from(rows, np.zeros(50, int)) == USUAL_SURE_FROM
