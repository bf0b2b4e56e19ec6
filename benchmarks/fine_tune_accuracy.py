"""How good the three efforts are on the hymenoptera photos: accuracy on its val part over several seeds.

Run as `python -m benchmarks.fine_tune_accuracy [--seeds N] [--preset fast ...]`. The base is V2 1.0/224; its val part
is the test part, never trained on or chosen by. Takes minutes: each seed is a whole training by the command line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.common import home_with_model, judge, program, shared, spread, table

BASE = "mobilenet-v2-1.0-224"
BASE_FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"
DEMANDED = {"fast": 0.92, "balanced": 0.935, "best": 0.95}


@contextmanager
def home_with_base() -> Iterator[dict[str, str]]:
    """Yield an environment in whose home the base is installed."""
    with home_with_model() as environment:
        program(environment, "models", "import", str(shared() / "weights" / "keras" / BASE_FILE), "--id", BASE)
        yield environment


def train(environment: dict[str, str], output: Path, *more: str) -> dict[str, Any]:
    """Train on the hymenoptera photos and return the last event."""
    photos = str(shared() / "datasets" / "hymenoptera")
    command = [sys.executable, "-m", "mobilenet_gui", "train", photos, "--output", str(output), "--base", BASE]
    done = subprocess.run(
        [*command, "--format", "json", *more], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"training failed with {done.returncode}:\n{done.stderr}")
    event: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return event


def main() -> int:
    """Measure and print; return 1 where a demanded mean is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--preset", nargs="+", choices=tuple(DEMANDED), default=list(DEMANDED))
    arguments = parser.parse_args()
    rows: list[tuple[str, str, str]] = []
    missed = False
    with home_with_base() as environment, tempfile.TemporaryDirectory() as folder:
        for preset in arguments.preset:
            found = [
                train(environment, Path(folder) / f"{preset}-{seed}", "--preset", preset, "--seed", str(seed))
                for seed in range(1, arguments.seeds + 1)
            ]
            scores = [float(event["accuracy"]) for event in found]
            mean = statistics.mean(scores)
            missed = missed or mean < DEMANDED[preset]
            rows.append(
                (f"{preset}, {len(scores)} seeds", spread(scores), judge(mean, DEMANDED[preset], at_least=True))
            )
            rows.append((f"{preset}, median seconds", f"{statistics.median(e['seconds'] for e in found):.1f}", ""))
    table("Fine-tuning on hymenoptera, accuracy on photos never seen", rows)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
