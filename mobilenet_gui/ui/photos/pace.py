"""Owns the guess how long the rest will take, from how fast the last photos went."""

from __future__ import annotations

from collections import deque

from mobilenet_gui.i18n import tr

WINDOW = 200


class Pace:
    """Measures photos a second over the last of them."""

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=WINDOW)

    def restart(self) -> None:
        """Forget what was measured: what comes now may go at another speed."""
        self._times.clear()

    def step(self, now: float) -> None:
        """Note that a photo is done at `now` (seconds of a steady clock)."""
        self._times.append(now)

    def seconds_left(self, photos: int) -> float | None:
        """Return how long `photos` more will take; None while too little is known."""
        if len(self._times) < 4:
            return None
        taken = self._times[-1] - self._times[0]
        if taken <= 0:
            return None
        return photos * taken / (len(self._times) - 1)


def time_left_text(seconds: float | None) -> str:
    """Return a duration as people say it: `about 1 s left`; empty for None."""
    if seconds is None:
        return ""
    if seconds < 60:
        return tr("about {n} s left").format(n=max(1, round(seconds)))
    if seconds < 3600:
        return tr("about {n} min left").format(n=max(1, round(seconds / 60)))
    return tr("about {n} h left").format(n=f"{seconds / 3600:.1f}")
