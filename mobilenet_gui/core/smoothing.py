"""Owns steady live answers: scores that do not flicker, and a winner that does not change its mind at every frame.

    steadier = Steadier(seconds=0.4, sure_from=0.5)
    steady = steadier.update(probabilities, timestamp)     # each frame, cheap: one pass over the classes
    steady.scores, steady.winner, steady.since

Scores are smoothed exponentially with a time constant, not with a count of frames: a slow machine and a fast one show
the same. The winner has hysteresis: it must reach `sure_from` to be named, may then sink a little below, and gives way
only to a class that is clearly ahead. `seconds=0` switches all of it off: scores and winner are those of the frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

DEFAULT_SECONDS: Final = 0.4
LEAD: Final = 0.06
"""How far another class must be ahead of the winner to take its place."""
KEEP: Final = 0.85
"""The winner stays one down to this share of `sure_from`."""
_INSTANT: Final = 1e-6
_PAUSE: Final = 5.0
"""After so many time constants, or a jump back in time, nothing of the old scores is left worth keeping."""


@dataclass(frozen=True, slots=True, eq=False)
class Steady:
    """The smoothed answer after one frame.

    Attributes:
        scores: float32, shape (classes,), 0 to 1, with the sum of what went in. Not changed afterwards.
        winner: the class that is named; None where nothing is sure.
        since: the timestamp since when the winner (or "not sure") has stood.
        seconds: how long that has been, at this frame.
    """

    scores: Floats
    winner: int | None
    since: float
    seconds: float


class Steadier:
    """Smooths one stream of answers. Not thread-safe: it belongs to the thread that recognises.

    Attributes:
        seconds: the time constant; 0 for none. After so long, 63 % of a change has come through.
        sure_from: the score from which a class is named, 0 to 1. Both may be changed at any time.
    """

    def __init__(self, seconds: float = DEFAULT_SECONDS, sure_from: float = 0.5) -> None:
        self.seconds = seconds
        self.sure_from = sure_from
        self._scores: Floats | None = None
        self._time = 0.0
        self._winner: int | None = None
        self._since = 0.0

    def reset(self) -> None:
        """Forget what was seen: another source, another model."""
        self._scores = None
        self._winner = None

    def update(self, scores: Floats, timestamp: float) -> Steady:
        """Take in the scores of one frame.

        Args:
            scores: probabilities, shape (classes,); another number of classes than before starts anew.
            timestamp: seconds, from any clock that goes forward; going back starts anew.
        """
        old = self._scores
        passed = timestamp - self._time
        fresh = old is None or old.shape != scores.shape or passed < 0
        if fresh or self.seconds <= 0 or passed > _PAUSE * self.seconds:
            current = np.array(scores, np.float32)
        else:
            assert old is not None  # noqa: S101 - for the type checker
            weight = np.float32(-math.expm1(-passed / self.seconds))
            current = old + weight * (scores - old)
        winner = self._named(current, None if fresh else self._winner)
        if fresh or winner != self._winner:
            self._winner, self._since = winner, timestamp
        self._scores, self._time = current, timestamp
        return Steady(current, winner, self._since, timestamp - self._since)

    def _named(self, scores: Floats, winner: int | None) -> int | None:
        best = int(scores.argmax())
        top = float(scores[best])
        if winner is None or self.seconds <= 0:
            return best if top >= self.sure_from else None
        own = float(scores[winner])
        if best != winner and top >= self.sure_from and top >= own + LEAD:
            return best
        if own >= KEEP * self.sure_from:
            return winner
        return best if top >= self.sure_from else None


class Centred:
    """Smooths answers of a recording with the frames on both sides of each, so that nothing comes late.

    The mean over `seconds` to each side, each frame counting for as long as it is on screen: a picture that stands
    still for ten seconds is not outvoted by the short ones before it. It keeps the frames of that window and no more.
    """

    def __init__(self, seconds: float) -> None:
        """`seconds` to each side; 0 hands everything out unchanged."""
        self._reach = max(0.0, seconds)
        self._times: list[float] = []
        self._scores: list[Floats] = []
        self._lengths: list[float] = []
        # Of the frames whose length is known: all but the newest.
        self._sum: NDArray[np.float64] | None = None
        self._weight = 0.0
        self._done = 0

    def add(self, scores: Floats, timestamp: float) -> list[tuple[float, Floats, Floats]]:
        """Take in a frame; return (timestamp, own scores, smoothed scores) of those that are complete now."""
        if self._reach == 0.0:
            return [(timestamp, scores, np.array(scores, np.float32))]
        if self._times:
            self._count(timestamp - self._times[-1])
        self._times.append(timestamp)
        self._scores.append(scores)
        out = []
        # The newest frame is not part of the window of one that lies farther back than the reach.
        while self._done < len(self._times) - 1 and self._times[self._done] + self._reach < timestamp:
            out.append(self._hand_out())
        return out

    def finish(self) -> list[tuple[float, Floats, Floats]]:
        """Return the frames that are left at the end."""
        if len(self._lengths) < len(self._times):
            self._count(self._lengths[-1] if self._lengths else self._reach)
        out = []
        while self._done < len(self._times):
            out.append(self._hand_out())
        return out

    def _count(self, seconds: float) -> None:
        """Learn how long the newest frame is on screen."""
        self._lengths.append(max(_INSTANT, seconds))
        weight, scores = self._weight_of(-1), self._scores[-1]
        self._weight += weight
        self._sum = weight * scores.astype(np.float64) if self._sum is None else self._sum + weight * scores

    def _weight_of(self, number: int) -> float:
        # No more of it than what lies in the window of a frame next to it.
        return min(self._lengths[number], self._reach)

    def _hand_out(self) -> tuple[float, Floats, Floats]:
        """Return the next frame, smoothed over the frames whose length is known."""
        assert self._sum is not None  # noqa: S101 - for the type checker
        here = self._times[self._done]
        first = 0
        while self._times[first] < here - self._reach:
            self._sum -= self._weight_of(first) * self._scores[first]
            self._weight -= self._weight_of(first)
            first += 1
        if first:
            del self._times[:first], self._scores[:first], self._lengths[:first]
            self._done -= first
        own = self._scores[self._done]
        rest = self._lengths[self._done] - self._weight_of(self._done)
        total = np.maximum(self._sum + rest * own, 0.0) / (self._weight + rest)
        self._done += 1
        return here, own, total.astype(np.float32)
