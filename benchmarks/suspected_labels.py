"""How many swapped labels are suspected: `python -m benchmarks.suspected_labels [--base ID] [--seeds N] [--share S]`.

A share of the train photos' labels is swapped for another class. Each photo is answered by a layer that has not learnt
from it, as a training does while it chooses the strength, and the suspects are listed. Beside them, at the same length,
stand two other orders: the difference between another class and the own one among photos that count for another class,
as this program had it before, and the margin alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import table
from benchmarks.feature_sets import FeatureSet, seen
from mobilenet_gui.training.bases import BUILTIN_ID
from mobilenet_gui.training.calibration import fit_temperature, probabilities_from_logits
from mobilenet_gui.training.doctor_labels import LEAST_PROBABILITY, suspects_by_probability
from mobilenet_gui.training.head import HeadProblem, make_folds


def held_out(photos: FeatureSet, labels: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """Return calibrated probabilities of the train photos, from layers that have not learnt from them."""
    problem = HeadProblem(photos.train, labels, photos.classes)
    _, logits, held = problem.held_out(make_folds(labels, [""] * len(labels), seed))
    ordered = np.empty_like(logits)
    ordered[held] = logits
    return probabilities_from_logits(ordered, fit_temperature(ordered, labels))


def before(rows: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the photos in the order that they were suspected in before, those not suspected last."""
    own = rows[np.arange(len(rows)), labels]
    usual = np.array(
        [own[labels == label].mean() if (labels == label).any() else 1.0 for label in range(rows.shape[1])]
    )
    fitting = np.where(rows >= np.maximum(usual, LEAST_PROBABILITY), rows, -1.0)
    doubted = (fitting.max(axis=1) > 0) & (fitting.argmax(axis=1) != labels)
    return np.argsort(-np.where(doubted, fitting.max(axis=1) - own, -1.0), kind="stable")


def main() -> int:
    """Measure and print; return 1 where fewer are found than before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=BUILTIN_ID)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--sets", nargs="+", default=["hymenoptera", "clothing", "animals", "hands"])
    arguments = parser.parse_args()
    rows: list[tuple[str, str, str]] = []
    lost = False
    for name, photos in seen(arguments.sets, arguments.base, photos=60):
        found: list[tuple[int, ...]] = []
        for seed in range(1, arguments.seeds + 1):
            random = np.random.default_rng(seed)
            labels, count = photos.train_labels.copy(), len(photos.train_labels)
            swapped = random.choice(count, round(arguments.share * count), replace=False)
            labels[swapped] = (labels[swapped] + random.integers(1, photos.classes, len(swapped))) % photos.classes
            chances = held_out(photos, labels, seed)
            names = [str(label) for label in range(photos.classes)]
            listed = suspects_by_probability([str(n) for n in range(count)], chances, labels.tolist(), names)
            now, length = np.array([int(suspect.photo_id) for suspect in listed], np.int64), len(listed)
            other = chances.copy()
            other[np.arange(count), labels] = -1
            margin = np.argsort(chances[np.arange(count), labels] - other.max(axis=1), kind="stable")
            right = [int(np.isin(order[:length], swapped).sum()) for order in (before(chances, labels), margin, now)]
            found.append((len(swapped), length, *right))
        mean = [statistics.mean(values) for values in zip(*found, strict=True)]
        spread = [max(values) - min(values) for values in zip(*found, strict=True)]
        lost = lost or mean[4] < mean[2]
        rows.append((f"{name}: listed, of swapped {mean[0]:.0f}", f"{mean[1]:.1f}", f"spread {spread[1]}"))
        for place, words in ((2, "as before"), (3, "by margin"), (4, "as listed")):
            rows.append((f"  right, {words}", f"{mean[place]:.1f}", f"spread {spread[place]}"))
    table(f"Suspected labels, {arguments.base}, {arguments.share:.0%} swapped, {arguments.seeds} seeds", rows)
    return int(lost)


if __name__ == "__main__":
    sys.exit(main())
