"""Calibration keeps the order and the sum; the words follow the design's limits."""

from __future__ import annotations

import numpy as np
import pytest

from mobilenet_gui.core.confidence import Certainty, calibrate, certainty, certainty_text, softmax


@pytest.mark.parametrize(
    ("probability", "step"),
    [(1.0, Certainty.VERY), (0.9, Certainty.VERY), (0.8999, Certainty.QUITE), (0.7, Certainty.QUITE),
     (0.6999, Certainty.FAIRLY), (0.5, Certainty.FAIRLY), (0.4999, Certainty.NOT), (0.0, Certainty.NOT)],
)  # fmt: skip
def test_words_follow_the_limits(probability: float, step: Certainty) -> None:
    assert certainty(probability, 0.5) is step
    assert certainty_text(step)


def test_a_high_limit_wins_over_every_word() -> None:
    assert certainty(0.94, 0.95) is Certainty.NOT


def test_calibration_is_dividing_the_logits() -> None:
    logits = np.random.default_rng(0).normal(0, 3, 1000).astype(np.float32)
    plain = softmax(logits)
    assert calibrate(plain, 1.0) is plain
    for temperature in (0.5, 1.7, 4.0):
        flat = calibrate(plain, temperature)
        np.testing.assert_allclose(flat, softmax(logits, temperature), atol=1e-5)
        assert float(flat.sum()) == pytest.approx(1, abs=1e-5)
        assert flat.argmax() == plain.argmax()


def test_zeros_of_a_quantised_output_stay_zero() -> None:
    flat = calibrate(np.array([0.0, 0.75, 0.25], np.float32), 2.0)
    assert flat[0] == 0
    assert flat[1] == pytest.approx(np.sqrt(0.75) / (np.sqrt(0.75) + np.sqrt(0.25)), abs=1e-6)


def test_huge_logits_do_not_overflow() -> None:
    assert softmax(np.array([1e4, 0, -1e4], np.float32)).tolist() == [1, 0, 0]
