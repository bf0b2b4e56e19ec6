"""What "none of these" is worth: `python -m benchmarks.fine_tune_reject [--seeds N] [--preset ...] [--base ID ...]`.

Models of ants and bees (hymenoptera) are trained without and with it, and asked about what they never saw: the val
part, the 48 photos of other things, and tiny-imagenet's small pictures of others, those of insects and their like
apart. Told are the share of the classes' own photos that are answered correctly, the share of them taken for "none of
these", and the share of the others taken for an ant or a bee: at all, and surely, not below the limit of "not sure".
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.common import judge, photos, shared, table
from benchmarks.fine_tune_accuracy import BASE, home_with_base, train
from mobilenet_gui.core.batch import classify
from mobilenet_gui.core.bundle import Bundle

NONE = "None of these"
MOST_LOST = 0.01
_PICTURES = 1000
_BEE = 38
_LIKE_INSECTS = frozenset({6, 7, 8, 9, 10, 36, 37, 39, 40, 41, 42, 43, 44, 45})
"""Classes of tiny-imagenet: trilobite, scorpion, spiders, centipede and all insects save the bee."""


def _pictures(folder: Path) -> tuple[list[Path], list[Path]]:
    """Write tiny-imagenet's pictures; return those of other things and those of insects and their like."""
    with np.load(shared() / "tiny-imagenet" / "val.npz", allow_pickle=False) as stored:
        content, offsets, labels = stored["webp"].tobytes(), stored["offsets"], stored["labels"]
    folder.mkdir()
    found: tuple[list[Path], list[Path]] = [], []
    for number in range(_PICTURES):
        if labels[number] != _BEE:
            path = folder / f"{number}.webp"
            path.write_bytes(content[offsets[number] : offsets[number + 1]])
            found[int(labels[number]) in _LIKE_INSECTS].append(path)
    return found


def _taken(bundle: Bundle, paths: Sequence[Path]) -> tuple[float, float]:
    """Return the shares that are taken for one of the classes: at all, and surely."""
    sure_from = bundle.sure_from or 0.0
    best = [result.recognition.best for result in classify(paths, bundle) if result.recognition]
    taken = [answer.probability for answer in best if answer.label != NONE]
    return len(taken) / len(best), sum(value >= sure_from for value in taken) / len(best)


def _own(bundle: Bundle) -> tuple[float, float]:
    """Return the shares of the val part that are answered correctly and that are taken for none."""
    paths = sorted(p for p in (shared() / "datasets" / "hymenoptera" / "val").rglob("*") if p.is_file())
    found = [(r.path.parent.name, r.recognition.best) for r in classify(paths, bundle) if r.recognition]
    answers = [(name, best.label) for name, best in found]
    right, none = sum(a == b for a, b in answers), sum(b == NONE for _, b in answers)
    return right / len(answers), none / len(answers)


def main() -> int:
    """Measure and print; return 1 where the classes lose more than they may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--preset", nargs="+", choices=("fast", "balanced", "best"), default=["fast"])
    parser.add_argument("--base", nargs="+", default=[BASE])
    arguments = parser.parse_args()
    rows: list[tuple[str, str, str]] = []
    missed = False
    with home_with_base() as environment, tempfile.TemporaryDirectory() as folder:
        far, near = _pictures(Path(folder) / "pictures")
        for base, preset in ((base, preset) for base in arguments.base for preset in arguments.preset):
            right: dict[bool, float] = {}
            for rejects in (False, True):
                found: list[tuple[float, ...]] = []
                for seed in range(1, arguments.seeds + 1):
                    place = Path(folder) / f"{base}-{preset}-{seed}-{rejects}"
                    more = ["--reject"] if rejects else []
                    train(environment, place, "--base", base, "--preset", preset, "--seed", str(seed), *more)
                    bundle = Bundle.open(place / "bundle")
                    others = [share for paths in (photos(), far, near) for share in _taken(bundle, paths)]
                    found.append((*_own(bundle), *others))
                mean = [statistics.mean(values) for values in zip(*found, strict=True)]
                right[rejects] = mean[0]
                what = f"{base}, {preset}, {'with' if rejects else 'without'}"
                demand = ""
                if rejects:
                    lost = right[False] - right[True]
                    missed = missed or lost > MOST_LOST
                    demand = f"lost {lost:.3f} {judge(round(lost, 4), MOST_LOST)}"
                rows.append((f"{what}: own photos correct", f"{100 * mean[0]:.1f} %", demand))
                rows.append(("  taken for none", f"{100 * mean[1]:.1f} %", ""))
                for place_, name in enumerate(("48 photos of others", "small pictures of others", "small insects")):
                    some, sure = mean[2 + 2 * place_], mean[3 + 2 * place_]
                    rows.append((f"  {name} taken for a class", f"{100 * some:.0f} %", f"surely {100 * sure:.0f} %"))
    table(f"None of these, {arguments.seeds} seeds", rows)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
