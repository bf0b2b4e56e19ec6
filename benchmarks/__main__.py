"""Runs every benchmark in turn: `python -m benchmarks`, or `make bench`. Each can be run alone by its module name."""

from __future__ import annotations

import subprocess
import sys

MODULES = (
    "startup",
    "warm_loop",
    "classify_scaling",
    "classify_memory",
    "window_hold",
    "live_latency",
    "live_analysis",
    "preprocessing_accuracy",
    "export_agreement",
    "project_scale",
)


def main() -> int:
    """Run all, each in a process of its own so that none warms the next; return 1 if any broke."""
    broken = 0
    for module in MODULES:
        broken += subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], check=False).returncode != 0
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
