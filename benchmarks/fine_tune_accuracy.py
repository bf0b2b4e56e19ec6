"""How good the three efforts are, on the hymenoptera photos or other sets: accuracy on the test part over seeds.

Run as `python -m benchmarks.fine_tune_accuracy [--seeds N] [--preset fast ...] [--sets NAME ...] [--weights FILE]
[--base ID]`. The base is V2 1.0/224, a Keras file of another, or an installed one (empty: Automatic); the test part
(hymenoptera's val part) is never trained on or chosen by. No effort may be worse than Fast by more than a point.
Takes minutes: each seed is a whole training by the command line.
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
from benchmarks.feature_sets import folders
from mobilenet_gui.training.bases import BUILTIN_ID

BASE = "mobilenet-v2-1.0-224"
BASE_FILE = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5"
DEMANDED = {
    BASE: {"fast": 0.96, "balanced": 0.96, "best": 0.97},
    BUILTIN_ID: {"fast": 0.94, "balanced": 0.94, "best": 0.955},
}
"""By base: on hymenoptera."""


@contextmanager
def home_with_base() -> Iterator[dict[str, str]]:
    """Yield an environment in whose home the base is installed."""
    with home_with_model() as environment:
        program(environment, "models", "import", str(shared() / "weights" / "keras" / BASE_FILE), "--id", BASE)
        yield environment


def train(
    environment: dict[str, str], output: Path, *more: str, photos: Path | None = None, base: str = BASE
) -> dict[str, Any]:
    """Train on photos, hymenoptera's by default, and return the last event; an empty `base` is found by itself."""
    photos = photos or shared() / "datasets" / "hymenoptera"
    command = [sys.executable, "-m", "mobilenet_gui", "train", str(photos), "--output", str(output)]
    command += ["--base", base] if base else []
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
    parser.add_argument("--preset", nargs="+", choices=tuple(DEMANDED[BASE]), default=list(DEMANDED[BASE]))
    parser.add_argument("--sets", nargs="+", default=["hymenoptera"], help="see `feature_sets.folders`")
    parser.add_argument("--photos", type=int, default=60, help="photos a class to learn from, of sets made here")
    parser.add_argument("--weights", type=Path, help="of another base")
    parser.add_argument("--base", default=BASE, help="an installed base; empty for Automatic, the best of all")
    arguments = parser.parse_args()
    rows: list[tuple[str, str, str]] = []
    missed = False
    with home_with_base() as environment, tempfile.TemporaryDirectory() as folder:
        if arguments.weights is not None:
            program(environment, "models", "import", str(arguments.weights), "--id", BASE, "--replace")
        for name in arguments.sets:
            photos = folders(name, Path(folder) / name, arguments.photos)[0].parent
            fast = 0.0
            for preset in arguments.preset:
                found = []
                for seed in range(1, arguments.seeds + 1):
                    run = Path(folder) / f"{name}-{preset}-{seed}"
                    options = ("--preset", preset, "--seed", str(seed))
                    found.append(train(environment, run, *options, photos=photos, base=arguments.base))
                scores = [float(event["accuracy"]) for event in found]
                mean = statistics.mean(scores)
                fast = fast or mean
                demanded = name == "hymenoptera" and arguments.weights is None and arguments.base in DEMANDED
                least = DEMANDED[arguments.base][preset] if demanded else fast - 0.01
                missed = missed or mean < least
                verdict = judge(mean, round(least, 3), at_least=True)
                rows.append((f"{name}, {preset}, {len(scores)} seeds", spread(scores), verdict))
                rows.append(("  seconds", spread([e["seconds"] for e in found], percent=False), ""))
                print(*rows[-2:], file=sys.stderr, flush=True)
    table("Fine-tuning, accuracy on photos never seen", rows)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
