"""The memory that photos may take while they are decoded, counted for the whole process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Final

BUDGET: Final = 1_700_000_000
"""Bytes for all photos that are being decoded at one moment; with the program itself it stays below 2 GB."""

COUNTED_FROM: Final = 8_000_000
"""Photos that need less than this are not counted: a few threads of them come to nothing."""


class Budget:
    """Bytes that several threads share. Who asks waits until what he needs is free."""

    def __init__(self, total: int = BUDGET) -> None:
        """Start with all of `total` free."""
        self._total = total
        self._free = threading.Condition()
        self._taken = 0
        self.peak = 0
        """The most that was taken at one moment, in bytes."""

    @contextlib.contextmanager
    def taken(self, needed: int) -> Iterator[None]:
        """Hold `needed` bytes for the length of a `with` block; not to be nested.

        What is larger than the whole budget waits until nobody else holds anything, and then goes on alone.
        """
        if needed < COUNTED_FROM:
            yield
            return
        with self._free:
            self._free.wait_for(lambda: self._taken == 0 or self._taken + needed <= self._total)
            self._taken += needed
            self.peak = max(self.peak, self._taken)
        try:
            yield
        finally:
            with self._free:
                self._taken -= needed
                self._free.notify_all()


budget: Final = Budget()
"""The one that `imaging.decode` keeps."""
