"""Owns how often live answers reach the eye: bars 15 times a second, words 5 times; and last second's range."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from mobilenet_gui.core.types import Prediction

BARS_A_SECOND: Final = 15.0
TEXTS_A_SECOND: Final = 5.0
RANGE_SECONDS: Final = 1.0
_EARLY: Final = 0.012
"""How much too early an update may come: a camera's frames are not a clock's ticks."""


class RateLimit:
    """Lets so many updates a second through on average, and each of them at once rather than a little later."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1.0 / per_second
        self._due = 0.0

    def allow(self, now: float) -> bool:
        """Say whether an update at `now` (seconds of a steady clock) may be shown."""
        if now < self._due - _EARLY:
            return False
        # What came early is made up for by the next one, so that the average holds.
        self._due = max(self._due, now - _EARLY) + self._interval
        return True

    def reset(self) -> None:
        """Let the next one through."""
        self._due = 0.0


class Ranges:
    """The highest share of each label over the last second."""

    def __init__(self) -> None:
        self._past: deque[tuple[float, dict[int, float]]] = deque()

    def add(self, now: float, predictions: Sequence[Prediction]) -> None:
        """Note one frame's own answer."""
        self._past.append((now, {p.index: p.probability for p in predictions}))
        while now - self._past[0][0] > RANGE_SECONDS:
            self._past.popleft()

    def of(self, index: int) -> tuple[float, float] | None:
        """Return from nothing to the highest share of a label; None where it was not among the best."""
        values = [shares[index] for _, shares in self._past if index in shares]
        return (0.0, max(values)) if values else None

    def clear(self) -> None:
        """Forget everything."""
        self._past.clear()
