"""Owns the figures shown beside a live picture: rates, and the time per frame with its median and 95th percentile."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

WINDOW_SECONDS: Final = 30.0
RATE_SECONDS: Final = 2.0
_MOST_SAMPLES: Final = 8192


class RateMeter:
    """Counts events a second over the last two seconds. Thread-safe."""

    def __init__(self, window: float = RATE_SECONDS) -> None:
        self._window = window
        self._lock = threading.Lock()
        self._times: deque[float] = deque(maxlen=_MOST_SAMPLES)

    def tick(self, now: float | None = None) -> None:
        """Note an event; `now` is `time.perf_counter()` by default."""
        with self._lock:
            self._times.append(time.perf_counter() if now is None else now)

    def per_second(self, now: float | None = None) -> float:
        """Return the rate; 0 where nothing happened lately."""
        at = time.perf_counter() if now is None else now
        with self._lock:
            while self._times and at - self._times[0] > self._window:
                self._times.popleft()
            if len(self._times) < 2:
                return 0.0
            first, last, count = self._times[0], self._times[-1], len(self._times) - 1
        # A source that has just gone silent slows down to nothing instead of keeping its last rate.
        span = max(last - first, at - first - (last - first) / count)
        return count / span if span > 0 else 0.0

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._times.clear()


@dataclass(frozen=True, slots=True)
class TimeFigures:
    """The time per frame over the last while, in milliseconds.

    Attributes:
        p50: the median.
        p95: 95 of 100 frames took at most this.
        count: of how many frames.
    """

    p50: float
    p95: float
    count: int


class TimeWindow:
    """Remembers the time per frame of the last thirty seconds. Thread-safe."""

    def __init__(self, window: float = WINDOW_SECONDS) -> None:
        self._window = window
        self._lock = threading.Lock()
        self._samples: deque[tuple[float, float]] = deque(maxlen=_MOST_SAMPLES)

    def add(self, milliseconds: float, now: float | None = None) -> None:
        """Note what a frame took; `now` is `time.perf_counter()` by default."""
        at = time.perf_counter() if now is None else now
        with self._lock:
            self._samples.append((at, milliseconds))
            while at - self._samples[0][0] > self._window:
                self._samples.popleft()

    def figures(self) -> TimeFigures | None:
        """Return median and 95th percentile; None where there is nothing yet."""
        values = self._values()
        if not values:
            return None
        p50, p95 = np.percentile(np.asarray(values), (50, 95))
        return TimeFigures(float(p50), float(p95), len(values))

    def sparkline(self, points: int) -> list[float]:
        """Return at most `points` values for a line, oldest first; each the highest of its share of the time."""
        values = self._values()
        if len(values) <= points:
            return values
        # In one call: the window's thread asks for it while others wait for the interpreter.
        starts = np.arange(points) * len(values) // points
        return [float(value) for value in np.maximum.reduceat(np.asarray(values), starts)]

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._samples.clear()

    def _values(self) -> list[float]:
        with self._lock:
            return [value for _, value in self._samples]
