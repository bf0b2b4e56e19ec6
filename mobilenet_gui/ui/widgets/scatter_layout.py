"""Arithmetic of the scatter plot: round axis steps, and places for labels where they cover nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from PySide6.QtCore import QPointF, QRectF


def axis_steps(low: float, high: float, wanted: int) -> list[float]:
    """Return evenly spaced round numbers that enclose `low`..`high`, about `wanted` of them between the ends."""
    if high <= low:
        high = low + (abs(low) * 0.1 or 1.0)
    rough = (high - low) / wanted
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(index * step, 10) for index in range(first, max(last, first + 1) + 1)]


def place_labels(dots: Sequence[tuple[QPointF, float]], sizes: Sequence[tuple[float, float]], room: QRectF,
                 first: Iterable[int] = (), covered: Iterable[QRectF] = ()) -> list[QRectF | None]:  # fmt: skip
    """Return a box for each label near its dot that meets no other label, no dot and stays in `room`.

    Args:
        dots: centre and radius of each dot.
        sizes: width and height of each label.
        room: where labels may be.
        first: labels that choose before the others.
        covered: where other words stand.

    Returns:
        One box a label, None where no place is free.
    """
    taken: list[QRectF] = [QRectF(c.x() - r, c.y() - r, 2 * r, 2 * r) for c, r in dots]
    taken += covered
    result: list[QRectF | None] = [None] * len(dots)
    order = list(dict.fromkeys([*first, *range(len(dots))]))
    for index in order:
        centre, radius = dots[index]
        width, height = sizes[index]
        gap = radius + 4
        near = height * 0.5 + radius
        candidates = (
            (gap, -height / 2),
            (-gap - width, -height / 2),
            (-width / 2, -near - height / 2 - 1),
            (-width / 2, near - height / 2 + 1),
            (gap - 2, -height - 1),
            (gap - 2, 1),
            (-gap - width + 2, -height - 1),
            (-gap - width + 2, 1),
        )
        own = taken[index]
        for dx, dy in candidates:
            box = QRectF(centre.x() + dx, centre.y() + dy, width, height)
            tight = box.adjusted(-1, 2, 1, -2)
            if room.contains(box) and not any(tight.intersects(t) for t in taken if t is not own):
                result[index] = box
                taken.append(tight)
                break
    return result
