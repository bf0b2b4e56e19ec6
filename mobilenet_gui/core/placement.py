"""Owns that threads which help one thread for a few milliseconds really run beside it.

A live frame comes every thirtieth of a second, and all threads have slept when it does. Linux in a virtual machine
takes a processor that sleeps for one that its host has given to somebody else, and wakes a thread behind the very
thread that it should help. Measured on two cores: so it was in four of five frames; resizing took 5.8 ms instead of
3.3 and the network 6.2 instead of 3.2. So the helpers are told which processors are theirs: those that the thread they
help is not on. Nothing is done where the system has no way to say so.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path


class Placement:
    """Keeps helping threads off the processor of the thread that they help, each on others. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: list[list[int]] = []
        self._processor = _finder()
        self._kept_off = -1

    def set_helpers(self, *groups: Sequence[int]) -> None:
        """Take the native ids of the helpers; those of one group work at the same moment, different groups do not."""
        with self._lock:
            self._threads = [list(group) for group in groups]
            self._kept_off = -1

    def arrange(self) -> None:
        """Keep the helpers off the processor that the calling thread is on; quick where nothing has changed."""
        here = self._processor()
        if here < 0 or here == self._kept_off:
            return
        others = sorted(os.sched_getaffinity(0) - {here})
        with self._lock:
            self._kept_off = here
            for group in self._threads:
                enough = len(others) >= len(group)
                for place, thread in enumerate(group):
                    _bind(thread, others[place :: len(group)] if enough else others)

    def release(self) -> None:
        """Let the helpers run where they like again."""
        with self._lock:
            if self._kept_off >= 0:
                self._kept_off = -1
                everywhere = sorted(os.sched_getaffinity(0))
                for thread in (thread for group in self._threads for thread in group):
                    _bind(thread, everywhere)


def name_this_thread(name: str) -> None:
    """Tell the system what the calling thread is called, which Python's own threads do not before 3.14.

    Args:
        name: up to 15 bytes of it count.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_bytes(name.encode()[:15])


def helpers_of_this_thread() -> list[int]:
    """Return the native ids of the threads that libraries have started in the calling thread, such as a network's.

    They bear its name; see `name_this_thread`. A thread without a name of its own cannot tell them from others and
    gets none.
    """
    folder, own = Path("/proc/self/task"), threading.get_native_id()
    with contextlib.suppress(OSError):
        names = {int(task.name): (task / "comm").read_bytes() for task in folder.iterdir()}
        name = names.get(own)
        if name is not None and name != names.get(os.getpid()):
            return sorted(thread for thread, others in names.items() if others == name and thread != own)
    return []


def _bind(thread: int, processors: Sequence[int]) -> None:
    """Have a thread run on these processors; one that has ended, or none left to run on, changes nothing."""
    with contextlib.suppress(OSError):
        if processors and sys.platform == "linux":
            os.sched_setaffinity(thread, processors)


def _finder() -> Callable[[], int]:
    """Return what tells the processor that the calling thread is on; below 0 where that cannot be known."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(AttributeError, OSError):
            found: Callable[[], int] = ctypes.CDLL(None).sched_getcpu
            return found
    return lambda: -1
