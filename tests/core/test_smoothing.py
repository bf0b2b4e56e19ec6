"""Steady scores: smoothing by time, a winner that does not flicker, and the same without either."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.core.smoothing import Centred, Steadier

Floats = NDArray[np.float32]


def scores(*values: float) -> Floats:
    return np.array(values, np.float32)


@pytest.mark.parametrize("rate", [5, 30, 240])
def test_the_pace_of_a_change_does_not_depend_on_the_frame_rate(rate: int) -> None:
    steadier = Steadier(seconds=0.4)
    steadier.update(scores(1, 0), 0.0)
    for frame in range(1, int(0.4 * rate) + 1):
        steady = steadier.update(scores(0, 1), frame / rate)
    assert steady.scores[0] == pytest.approx(math.exp(-int(0.4 * rate) / rate / 0.4), rel=1e-3)
    assert steady.scores.sum() == pytest.approx(1)


def test_the_first_frame_counts_at_once() -> None:
    steady = Steadier().update(scores(0.1, 0.9), 7.0)
    assert (steady.winner, steady.since, steady.seconds) == (1, 7.0, 0.0)


def test_nothing_sure_has_no_winner() -> None:
    steadier = Steadier(sure_from=0.5)
    assert steadier.update(scores(0.4, 0.35, 0.25), 0).winner is None
    assert steadier.update(scores(0.4, 0.35, 0.25), 1).seconds == 1


def test_a_winner_may_sink_a_little_and_is_dropped_in_the_end() -> None:
    steadier = Steadier(seconds=0.001, sure_from=0.5)
    assert steadier.update(scores(0.6, 0.1), 0).winner == 0
    assert steadier.update(scores(0.45, 0.1), 0.004).winner == 0
    assert steadier.update(scores(0.40, 0.1), 0.008).winner is None
    assert steadier.update(scores(0.45, 0.1), 0.012).winner is None


def test_another_class_must_be_clearly_ahead() -> None:
    steadier = Steadier(seconds=0.001, sure_from=0.4)
    assert steadier.update(scores(0.45, 0.40), 0).winner == 0
    assert steadier.update(scores(0.43, 0.47), 0.004).winner == 0
    assert steadier.update(scores(0.41, 0.49), 0.008).winner == 1


def test_two_classes_that_flicker_give_one_name() -> None:
    steadier = Steadier(seconds=0.4, sure_from=0.4)
    winners = set()
    for frame in range(90):
        steady = steadier.update(scores(0.6, 0.4) if frame % 2 else scores(0.4, 0.6), frame / 30)
        if frame > 5:
            winners.add(steady.winner)
    assert len(winners) == 1


def test_switched_off_it_says_what_the_frame_says() -> None:
    steadier = Steadier(seconds=0, sure_from=0.5)
    for frame, values in enumerate(((0.6, 0.4), (0.49, 0.51), (0.49, 0.48))):
        steady = steadier.update(scores(*values), frame / 30)
        assert steady.scores == pytest.approx(values)
        assert steady.winner == (None, 1)[values[1] > 0.5] if frame else steady.winner == 0


def test_it_starts_anew_after_a_jump_back_a_pause_or_another_model() -> None:
    steadier = Steadier(seconds=0.4)
    steadier.update(scores(1, 0), 10)
    assert steadier.update(scores(0, 1), 9).scores.tolist() == [0, 1]
    assert steadier.update(scores(1, 0), 60).scores.tolist() == [1, 0]
    assert steadier.update(scores(0, 0, 1), 60.01).winner == 2
    steadier.reset()
    assert steadier.update(scores(1, 0, 0), 60.02).winner == 0


def test_what_was_handed_out_does_not_change() -> None:
    steadier = Steadier()
    given = scores(1, 0)
    first = steadier.update(given, 0)
    given[:] = 7
    kept = first.scores.copy()
    steadier.update(scores(0, 1), 0.1)
    assert first.scores.tolist() == kept.tolist() == [1, 0]


def test_a_thousand_classes_cost_next_to_nothing() -> None:
    steadier = Steadier()
    values = np.random.default_rng(0).random(1000).astype(np.float32)
    begin = time.perf_counter()
    for frame in range(500):
        steadier.update(values, frame / 30)
    assert (time.perf_counter() - begin) / 500 < 0.0005


@pytest.mark.parametrize("reach", [0.0, 0.1, 0.5, 30.0])
def test_centred_means_are_those_of_the_window(reach: float) -> None:
    random = np.random.default_rng(0)
    times = np.cumsum(random.random(120) * 0.1)
    rows = [random.random(5).astype(np.float32) for _ in times]
    centred = Centred(reach)
    out = []
    for row, when in zip(rows, times, strict=True):
        out += centred.add(row, float(when))
    out += centred.finish()
    assert len(out) == len(rows)
    lengths = [*np.diff(times), times[-1] - times[-2]]
    for number, (when, own, smooth) in enumerate(out):
        near = [n for n, other in enumerate(times) if abs(other - times[number]) <= reach]
        # Each counts for its time on screen, others than the frame itself for no more than lies in its window.
        weights = [lengths[n] if n == number else min(lengths[n], reach) for n in near]
        assert when == times[number]
        assert own is rows[number]
        if reach == 0.0:
            assert np.array_equal(smooth, own)
            continue
        assert np.allclose(smooth, np.average([rows[n] for n in near], axis=0, weights=weights), atol=1e-4)


def test_a_picture_that_stands_still_is_not_outvoted_by_short_ones_before_it() -> None:
    centred = Centred(0.4)
    old, new = np.array([1, 0], np.float32), np.array([0, 1], np.float32)
    out = []
    for place, row in ((0.0, old), (0.04, old), (0.08, old), (0.12, old), (0.16, new), (10.0, old), (10.04, old)):
        out += centred.add(row, place)
    out += centred.finish()
    assert out[4][0] == 0.16
    assert out[4][2][1] > 0.95


def test_centred_keeps_no_more_than_its_window() -> None:
    centred = Centred(0.5)
    for frame in range(5000):
        centred.add(scores(1, 0), frame / 30)
    assert len(centred._times) < 50
