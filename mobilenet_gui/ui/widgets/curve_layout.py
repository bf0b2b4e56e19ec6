"""Owns where things of a curve chart go: ends of the axes, their steps, and a smooth line that never overshoots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from PySide6.QtCore import QPointF

_OUTLIERS = 0.1
"""The share of the highest values that a chart without a fixed top may leave out, where they are far above the rest."""
_FAR = 3.0


def steps_below(steps: int, most: int) -> list[int]:
    """Return round steps from 0 to `steps`, at most about `most` of them; 0 alone where there are none."""
    if steps <= 0:
        return [0]
    width = max(1.0, _nice(steps / most, (1, 2, 5, 10)))
    return [int(number * width) for number in range(int(steps // width) + 1)]


def value_axis(values: Sequence[float], top: float | None, count: int) -> list[float]:
    """Return the values at which lines are drawn, lowest first, at least two.

    Args:
        values: what is shown.
        top: where the axis ends; the lower end then follows the values. None: it starts at 0 and follows at the top.
        count: how many lines there should be, about.
    """
    good = sorted(value for value in values if math.isfinite(value))
    if top is not None:
        low = min(good, default=0.0)
        # Widths that divide the whole, so that the axis never goes below 0.
        width = _nice(max(top - low, top * 0.04) / (count - 1), (1, 2, 2.5, 5, 10))
        lines = math.ceil((top - low) / width - 1e-9)
        return [top - width * number for number in range(max(lines, 1), -1, -1)]
    high = good[-1] if good else 1.0
    if len(good) > 8:
        usual = good[int(len(good) * (1 - _OUTLIERS))]
        high = usual * 1.2 if high > _FAR * usual and usual > 0 else high
    width = _nice(max(high, 1e-3) / (count - 1))
    return [width * number for number in range(max(math.ceil(high / width - 1e-9), 1) + 1)]


def spline(points: Sequence[QPointF]) -> Iterator[tuple[QPointF, QPointF, QPointF]]:
    """Yield the pieces of a smooth curve through `points` (x growing): two handles and an end each.

    Tangents are limited as Fritsch and Carlson (1980) do, so that the curve is monotone wherever the points are: it
    shows no peak that was not measured.
    """
    count = len(points)
    if count < 2:
        return
    slopes = [(points[i + 1].y() - points[i].y()) / (points[i + 1].x() - points[i].x()) for i in range(count - 1)]
    tangents = [slopes[0]]
    for before, after in pairwise(slopes):
        tangents.append(0.0 if before * after <= 0 else 2 * before * after / (before + after))
    tangents.append(slopes[-1])
    for i in range(count - 1):
        third = (points[i + 1].x() - points[i].x()) / 3
        yield (
            QPointF(points[i].x() + third, points[i].y() + tangents[i] * third),
            QPointF(points[i + 1].x() - third, points[i + 1].y() - tangents[i + 1] * third),
            points[i + 1],
        )


def _nice(width: float, factors: Sequence[float] = (1, 2, 2.5, 3, 4, 5, 6, 8, 10)) -> float:
    """Return the next round number from `width` up: one of `factors` times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(width, 1e-9)))
    return next((factor * power for factor in factors if factor * power >= width - 1e-9), 10.0 * power)
