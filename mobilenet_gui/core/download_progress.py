"""Owns how far a download is, and how often that is said."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

PROGRESS_SECONDS: Final = 0.1
_SPEED_WINDOW: Final = 3.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a download is.

    Attributes:
        done: bytes here, those of earlier tries included.
        total: bytes of the whole file; None where the server does not tell.
        speed: bytes a second over the last few seconds; None at first.
        seconds_left: estimate; None where total or speed is unknown.
    """

    done: int
    total: int | None
    speed: float | None = None
    seconds_left: float | None = None

    @property
    def fraction(self) -> float | None:
        """Share that is here, 0 to 1; None where the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else None


class Meter:
    """Turns byte counts into `Progress`, calling back often enough to look alive and no more."""

    def __init__(self, report: Callable[[Progress], None] | None) -> None:
        self._report = report
        self._total: int | None = None
        self._last = 0.0
        self._samples: deque[tuple[float, int]] = deque()

    def start(self, done: int, total: int | None) -> None:
        """Begin to count from `done` bytes that are here already."""
        self._total = total
        self._samples.clear()
        self._tell(done, time.monotonic())

    def at(self, done: int) -> None:
        """Note that `done` bytes are here; reported where the last report is long enough ago."""
        now = time.monotonic()
        if now - self._last >= PROGRESS_SECONDS:
            self._tell(done, now)

    def finish(self, done: int) -> None:
        """Report the last byte, whenever the last report was."""
        self._tell(done, time.monotonic())

    def _tell(self, done: int, now: float) -> None:
        self._last = now
        self._samples.append((now, done))
        while now - self._samples[0][0] > _SPEED_WINDOW and len(self._samples) > 2:
            self._samples.popleft()
        if self._report is None:
            return
        since, then = self._samples[0]
        speed = (done - then) / (now - since) if now - since > 0 else None
        left = (self._total - done) / speed if self._total is not None and speed else None
        self._report(Progress(done, self._total, speed, left))
