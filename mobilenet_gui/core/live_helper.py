"""Owns the threads that share the resizing of a live frame with the network's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from PIL import Image

from mobilenet_gui.core.cores import usable_cores

MOST_PARTS: Final = 2
"""Each further thread must be woken, and the slowest is waited for: with four parts on four cores a frame took 4.3 ms,
with two 2.5."""


class FrameHelper:
    """Threads for `imaging.prepare`. One caller at a time.

    Attributes:
        parts: into how many parts a frame is cut, the caller's own included; 1 where there is but one core.
        threads: the native ids of the threads.
    """

    def __init__(self, parts: int | None = None) -> None:
        """Start the threads; how many is chosen by the cores there are unless `parts` says it."""
        self.parts = parts or min(MOST_PARTS, usable_cores())
        self._pools = [ThreadPoolExecutor(1, f"live-resizer-{number}") for number in range(self.parts - 1)]
        # The threads begin here: begun in Qt's thread, Python would keep a shadow of that one.
        self.threads = [pool.submit(threading.get_native_id).result() for pool in self._pools]
        self._next = 0

    def submit(self, work: Callable[..., Image.Image], /, *arguments: object) -> Future[Image.Image]:
        """Have `work(*arguments)` done by one of the threads, in turn."""
        pool = self._pools[self._next]
        self._next = (self._next + 1) % len(self._pools)
        return pool.submit(work, *arguments)

    def close(self) -> None:
        """End the threads, after what they are doing."""
        for pool in self._pools:
            pool.shutdown()
