"""What classes of few photos are worth: `python -m benchmarks.small_classes [--base ID] [--few N] [--seeds N]`.

A fifth of the classes of each set, drawn anew for each seed, keeps `--few` photos to learn from; the others keep all of
theirs. The layer is learnt, calibrated and judged on the set's test part, in which all classes are about equally
frequent. The rival is scikit-learn's `LogisticRegression(class_weight="balanced")` on the same features, where it is
installed; it is no part of this program. Told are the mean recall of the small and of the other classes, the expected
calibration error, what it would be of a model that is right exactly as often as it says (on 200 photos that is 8 %),
and how often answers are right that are shown as sure.
"""

from __future__ import annotations

import argparse
import importlib
import statistics
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import judge, table
from benchmarks.feature_sets import FeatureSet, seen
from mobilenet_gui.training.bases import BUILTIN_ID
from mobilenet_gui.training.calibration import probabilities_from_logits
from mobilenet_gui.training.evaluation_types import calibration_error, reliability
from mobilenet_gui.training.head import HeadProblem, make_folds
from mobilenet_gui.training.head_training import calibrated

MOST_BEHIND = 0.05
MOST_ERROR = 0.08
_DRAWS = 20


def ours(features: Any, labels: NDArray[np.int64], photos: FeatureSet, seed: int) -> tuple[Any, float]:
    """Return the test photos' probabilities and the limit of "sure", of a layer learnt as a training does."""
    problem = HeadProblem(features, labels, photos.classes, balanced=True)
    strength, logits, held = problem.held_out(make_folds(labels, [""] * len(labels), seed))
    temperature, sure_from = calibrated(logits, labels[held])
    head, _ = problem.fit(strength)
    return probabilities_from_logits(head.logits(photos.test), temperature), sure_from


def rival(features: Any, labels: NDArray[np.int64], photos: FeatureSet) -> Any:
    """Return the same of balanced logistic regression; None where scikit-learn is not there."""
    try:
        linear = importlib.import_module("sklearn.linear_model")
    except ModuleNotFoundError:
        return None
    model = linear.LogisticRegression(class_weight="balanced", max_iter=1000).fit(features, labels)
    return model.predict_proba(photos.test)


def figures(chances: Any, photos: FeatureSet, small: NDArray[np.int64], sure_from: float) -> list[float]:
    """Return recall of small and of other classes, calibration error, that by chance, sure and right answers."""
    said, labels = chances.argmax(axis=1), photos.test_labels
    recall = np.array([(said[labels == label] == label).mean() for label in range(photos.classes)])
    few = np.isin(np.arange(photos.classes), small)
    confidence, right = chances.max(axis=1), said == labels
    sure = confidence >= sure_from
    error = calibration_error(reliability(confidence.tolist(), right.tolist()))
    draws = np.random.default_rng(0).random((_DRAWS, len(labels))) < confidence
    return [
        float(recall[few].mean()),
        float(recall[~few].mean()),
        error,
        statistics.mean(calibration_error(reliability(confidence.tolist(), drawn)) for drawn in draws.tolist()),
        float(sure.mean()),
        float(right[sure].mean()) if sure.any() else 1.0,
    ]


def main() -> int:
    """Measure and print; return 1 where small classes or certainty fall behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=BUILTIN_ID)
    parser.add_argument("--few", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sets", nargs="+", default=["hymenoptera", "clothing", "animals", "hands"])
    arguments = parser.parse_args()
    rows: list[tuple[str, str, str]] = []
    missed = False
    for name, photos in seen(arguments.sets, arguments.base):
        found: dict[str, list[list[float]]] = {}
        for seed in range(1, arguments.seeds + 1):
            random = np.random.default_rng(seed)
            small = random.choice(photos.classes, max(1, photos.classes // 5), replace=False)
            kept = np.concatenate(
                [
                    random.permutation(np.flatnonzero(photos.train_labels == label))[
                        : arguments.few if label in small else None
                    ]
                    for label in range(photos.classes)
                ]
            )
            features, labels = photos.train[kept], photos.train_labels[kept]
            chances, sure_from = ours(features, labels, photos, seed)
            found.setdefault("this program", []).append(figures(chances, photos, small, sure_from))
            other = rival(features, labels, photos)
            if other is not None:
                found.setdefault("balanced logistic regression", []).append(figures(other, photos, small, sure_from))
        means = {who: [statistics.mean(values) for values in zip(*each, strict=True)] for who, each in found.items()}
        for who, mean in means.items():
            spread = [max(values) - min(values) for values in zip(*found[who], strict=True)]
            demands = [""] * len(mean)
            if who == "this program":
                least = max((m[0] for w, m in means.items() if w != who), default=0.0) - MOST_BEHIND
                demands[0], demands[2] = judge(mean[0], round(least, 3), at_least=True), judge(mean[2], MOST_ERROR)
                missed = missed or mean[0] < least or mean[2] > MOST_ERROR
            words = (
                "small classes' recall", "others' recall", "calibration error", "by chance alone", "sure answers",
                "of them right",
            )  # fmt: skip
            rows.append((f"{name}, {who}", "", ""))
            rows += [
                (f"  {word}", f"{100 * value:.1f} %, spread {100 * apart:.0f}", demand)
                for word, value, apart, demand in zip(words, mean, spread, demands, strict=True)
            ]
    table(f"Classes of {arguments.few} photos, {arguments.base}, {arguments.seeds} seeds", rows)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
