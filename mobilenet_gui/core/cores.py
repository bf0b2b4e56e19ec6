"""Owns how many processor cores there are to work with, and how many of them one network should use."""

from __future__ import annotations

import os

MOST_THREADS = 4
"""Measured on four cores with V2 1.0/224 quantised: 6.9 ms with one thread, 4.3 with two, 2.7 with three, 2.4
with four, 2.6 with six or eight. Layers this small share out poorly: further cores are left to decoding and the
window. More than four were not to be had for measuring."""


def usable_cores() -> int:
    """Return how many cores this process may use, which a container or `taskset` can make fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


def default_threads() -> int:
    """Return how many threads one network should use when it has the machine for itself."""
    return min(usable_cores(), MOST_THREADS)
