"""Owns the clock behind `--startup-trace`: milestones in seconds since the process began."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

_IMPORTED_AT = time.monotonic()


def _age_at_import() -> float:
    """Return how old the process was when this module was imported, in seconds; 0 where unknown."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0
    return max(0.0, uptime - started)


_AGE_AT_IMPORT = _age_at_import()


def seconds_since_start() -> float:
    """Return the process's age in seconds (to 10 ms on Linux; elsewhere counted from the first import)."""
    return _AGE_AT_IMPORT + time.monotonic() - _IMPORTED_AT


class StartupTrace:
    """Prints each milestone once to stderr; silent unless enabled."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._seen: set[str] = set()

    def mark(self, milestone: str) -> None:
        """Print `milestone` with the seconds since the process began, the first time it is reached."""
        if self._enabled and milestone not in self._seen:
            self._seen.add(milestone)
            print(f"{milestone}: {seconds_since_start():.3f} s", file=sys.stderr, flush=True)  # noqa: T201
