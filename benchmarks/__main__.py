"""Runs every benchmark in turn: `python -m benchmarks [--short]`, or `make bench`.

Each can be run alone by its module name. Left out are `packaged_start`, which needs a built package and is given its
path, and what only serves the others (`common`, `feature_sets`, `honesty_sets`, `live_common`, `rival`).
"""

from __future__ import annotations

import argparse
import subprocess
import sys

SHORT = (
    "startup",
    "warm_loop",
    "classify_scaling",
    "classify_memory",
    "window_hold",
    "live_latency",
    "live_analysis",
    "preprocessing_accuracy",
    "int8_twins",
    "export_agreement",
    "project_scale",
    "wizard_scale",
    "fine_tune_speed",
)
LONG = (
    "doctor",
    "groups",
    "honesty",
    "small_classes",
    "suspected_labels",
    "live_window",
    "live_memory",
    "fine_tune_reject",
    "strangers",
    "fine_tune_crash",
    "fine_tune_accuracy",
)
"""Each takes from some minutes to half an hour: trainings over several seeds, minutes of live, 20,000 photos."""


def main() -> int:
    """Run all, each in a process of its own so that none warms the next; return 1 if any broke."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="leave out those that take more than a few minutes")
    modules = SHORT if parser.parse_args().short else (*SHORT, *LONG)
    broken = 0
    for module in modules:
        broken += subprocess.run([sys.executable, "-m", f"benchmarks.{module}"], check=False).returncode != 0
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
