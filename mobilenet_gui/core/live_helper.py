"""Owns the threads that share the resizing of a live frame with the network's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.types import Pixels

_Work = Callable[[], Pixels]
_Result = SimpleQueue[Pixels | BaseException]

_SHARES: Final = {1: (16,), 2: (9, 7), 4: (6, 5, 5)}
"""From so many cores on, how many sixteenths of a frame each thread takes. A helper must be woken, so it gets less than
whoever asked: that one must not have to be woken in turn, by waiting for it."""


class FrameHelper:
    """Threads for `imaging.prepare`. One caller at a time.

    Attributes:
        shares: how many sixteenths of a frame each takes, the caller first; (16,) where there is but one core.
        threads: the native ids of the threads.
    """

    def __init__(self, shares: tuple[int, ...] | None = None) -> None:
        """Start the threads; how many is chosen by the cores there are unless `shares` says it."""
        self.shares = shares or _SHARES[max(cores for cores in _SHARES if cores <= max(1, usable_cores()))]
        self._helpers = [_Helper(f"live-resizer-{number}") for number in range(len(self.shares) - 1)]
        self.threads = [helper.thread_id for helper in self._helpers]
        self._next = 0

    def submit(self, work: _Work, /) -> _Work:
        """Have `work()` done by one of the threads, in turn; what is returned waits for its result."""
        helper = self._helpers[self._next]
        self._next = (self._next + 1) % len(self._helpers)
        return helper.submit(work)

    def close(self) -> None:
        """End the threads, after what they are doing."""
        for helper in self._helpers:
            helper.close()


class _Helper:
    """One thread. Its queues are C, without a condition of Python's: those cost a frame a tenth of a millisecond."""

    def __init__(self, name: str) -> None:
        self._wanted: SimpleQueue[tuple[_Work, _Result] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        # The thread begins here: begun in Qt's thread, Python would keep a shadow of that one.
        self._thread.start()
        self.thread_id = self._thread.native_id or 0

    def submit(self, work: _Work) -> _Work:
        done: _Result = SimpleQueue()
        self._wanted.put((work, done))

        def result() -> Pixels:
            outcome = done.get()
            if isinstance(outcome, BaseException):
                raise outcome
            return outcome

        return result

    def close(self) -> None:
        self._wanted.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (wanted := self._wanted.get()) is not None:
            work, done = wanted
            try:
                done.put(work())
            except Exception as error:  # the caller hears of it
                done.put(error)
