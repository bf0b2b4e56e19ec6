"""Owns telling whether the system ended a process because the memory had run out. No TensorFlow, no Qt.

Linux ends such a process with the signal that anybody may send, but counts those it has ended so.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

_COUNTS: Final = Path("/proc/vmstat")
_NAME: Final = "oom_kill"


def kills_so_far() -> int | None:
    """Return how many processes the system has ended for want of memory since its start; None where it does not say."""
    with contextlib.suppress(OSError, ValueError):
        for line in _COUNTS.read_text("ascii").splitlines():
            name, _, count = line.partition(" ")
            if name == _NAME:
                return int(count)
    return None


def was_memory(before: int | None) -> bool:
    """Say whether a process that was killed, and not by us, was killed for want of memory.

    Args:
        before: what `kills_so_far` said when the process began. Where the system does not count, want of memory is
            the likeliest reason.
    """
    now = kills_so_far()
    return before is None or now is None or now > before
