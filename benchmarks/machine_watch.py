"""Tells a program's holds from the machine's own: a watcher that the system lets run before everything else.

A virtual machine is taken off its processors now and then, for tens of milliseconds on a shared host. Whatever is
measured meanwhile is late, and so is the watcher, which nothing inside the machine can hold up.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from types import TracebackType

PERIOD = 0.004
LATE = 0.004
"""Seconds of lateness from which a pause is noted."""


class MachineWatch:
    """Notes when the machine itself stood still; use it in a `with` block.

    Attributes:
        works: whether it could have precedence (on Linux, for root); otherwise nothing is known.
    """

    def __init__(self) -> None:
        self.works = False
        self._process: subprocess.Popen[str] | None = None
        self._pauses: list[tuple[float, float]] = []

    def __enter__(self) -> MachineWatch:
        code = "from benchmarks.machine_watch import watch\nwatch()\n"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.works = self._process.stdout.readline().strip() == "watching"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            out, _ = self._process.communicate("\n")
            self._pauses = [(float(end), float(late)) for end, late in json.loads(out or "[]")]
            self._process = None

    def longest(self, begin: float, end: float) -> float:
        """Return the longest pause between two times of `time.perf_counter`, in milliseconds; after the block."""
        return max((1e3 * late for at, late in self._pauses if begin <= at <= end), default=0.0)

    def stood_still(self, begin: float, end: float) -> bool:
        """Say whether the machine paused between two times; after the block."""
        return any(at >= begin and at - late <= end for at, late in self._pauses)


def watch() -> None:
    """Be the watcher until stdin says enough; print the pauses as JSON: [[when it was over, seconds], ...]."""
    import select

    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    except (AttributeError, OSError):
        print("no precedence", flush=True)
        return
    print("watching", flush=True)
    pauses: list[tuple[float, float]] = []
    last = time.perf_counter()
    while not select.select([sys.stdin], [], [], PERIOD)[0]:
        now = time.perf_counter()
        if now - last > PERIOD + LATE:
            pauses.append((now, now - last - PERIOD))
        last = now
    print(json.dumps(pauses))
