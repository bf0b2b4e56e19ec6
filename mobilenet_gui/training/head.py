"""Owns learning a last layer on given features: multinomial logistic regression, solved exactly, in NumPy.

The problem is convex: there is one best answer for a given strength of regularisation, and no learning rate. The
strength is chosen by how likely photos become that were held out. Features are centred and scaled channel by channel
first, and that is folded into the layer afterwards.

Where classes of different size are to count the same, the layer is learnt from the photos as they are, and the
logarithm of each class' share of them is taken off its logit (Menon et al. 2021, "Long-tail learning via logit
adjustment"). Heavier photos of small classes, the usual way, leave those classes unrecognised, because a separable
problem has the same solution whatever its photos weigh. Of a handful of photos a layer still believes too little: where
photos held out want it, up to twice as much is taken off. On parts of the train parts of four sets that gave classes
of eight photos 3 to 20 points more and the mean of all classes 0.3 to 6 more; with 25 photos that mean lost 0.5 at
worst. It costs the other classes, most where there are two of them; see `benchmarks/small_classes.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.training.calibration import fit_temperature
from mobilenet_gui.training.lbfgs import minimize

Numbers = NDArray[np.floating[Any]]
Labels = NDArray[np.int64]
Floats = NDArray[np.float32]
Places = NDArray[np.int64]

STRENGTHS: Final = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003)
"""Penalties on the squared weights of scaled features, from the strongest, so that each starts from the one before."""
FOLDS: Final = 5
MOST_WORK_IN_FOLDS: Final = 60_000_000
"""Photos x features x classes up to which every photo is held out once; beyond, one held-out part tells enough."""
_SELECTING_STEPS: Final = 40
MOST_STEPS: Final = 150
_TOLERANCE: Final = 1e-5
_SMALLEST_SCALE: Final = 0.02
"""Channels that hardly vary are not blown up: at least this share of the mean spread divides them."""
_DOUBLE_VALUES: Final = 8_000_000
_MOST_WEIGHT: Final = 10.0
_ADJUSTMENTS: Final = (1.0, 1.25, 1.5, 1.75, 2.0)
"""How much of the logarithm of a class' share is taken off its logit."""
_ADJUSTMENT_DOUBT: Final = 2.5
"""By so much log-likelihood photos must want twice as much taken off; of half as much more, a quarter."""
_NOTHING: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A last layer: logits = features @ kernel + bias; kernel of shape (features, classes)."""

    kernel: Floats
    bias: Floats

    def logits(self, features: Numbers) -> Floats:
        """Return one row of logits a row of features."""
        result: Floats = (features @ self.kernel + self.bias).astype(np.float32)
        return result


@dataclass(frozen=True, slots=True)
class Figures:
    """How a layer does on photos: mean cross-entropy, and the share answered correctly (nan without photos)."""

    loss: float
    accuracy: float


OnStep = Callable[[int, Head], bool]


class HeadProblem:
    """Features with their labels, made ready once for any number of fits on parts of them.

    Args:
        features: shape (photos, channels).
        labels: shape (photos,), 0 to classes - 1.
        classes: how many there are.
        balanced: answer as if all classes were equally frequent, and choose the strength by that, too.
        smoothing: share of the target that is spread over all classes.
    """

    def __init__(
        self,
        features: Numbers,
        labels: Labels,
        classes: int,
        *,
        balanced: bool = False,
        smoothing: float = 0.0,
    ) -> None:
        dtype = np.float64 if features.size <= _DOUBLE_VALUES else np.float32
        self.labels, self.classes, self.smoothing = labels, classes, smoothing
        self._weights = judging_weights(labels) if balanced else np.ones(len(labels))
        counts = np.bincount(labels, minlength=classes)
        shares = np.log(np.where(counts, counts, max(1, len(labels))))
        self._shares: Numbers = (shares - shares.mean() if balanced else np.zeros(classes)).astype(dtype)
        self._frequent = self._shares
        self._mean = features.mean(axis=0, dtype=np.float64).astype(dtype)
        # In place: with twenty thousand photos each copy is a hundred megabytes.
        values: Numbers = features.astype(dtype)
        values -= self._mean
        spread = np.sqrt(np.einsum("ij,ij->j", values, values) / max(1, len(values)))
        self._scale = np.maximum(spread, _SMALLEST_SCALE * float(spread.mean())) + np.finfo(np.float32).tiny
        values /= self._scale
        # With fewer photos than channels the best weights are sums of photos: turn to a basis of as many numbers.
        self._basis: Numbers | None = None
        if values.shape[0] < values.shape[1]:
            squares, turned = np.linalg.eigh(values @ values.T)
            kept = squares > squares[-1] * _NOTHING
            sizes = np.sqrt(squares[kept])
            self._basis = (turned[:, kept] / sizes).T @ values
            values = turned[:, kept] * sizes
        self._values = values

    @property
    def work(self) -> int:
        """What one look at everything costs: photos x features x classes."""
        return int(self._values.size) * self.classes

    def fit(
        self,
        strength: float,
        places: Places | None = None,
        *,
        start: Numbers | None = None,
        steps: int = MOST_STEPS,
        on_step: OnStep | None = None,
    ) -> tuple[Head, Numbers]:
        """Return the best layer for the photos at `places` (all by default), and where a similar fit may start.

        Args:
            strength: of the regularisation, see `STRENGTHS`.
            places: the photos to learn from.
            start: the second result of another fit of this problem.
            steps: how many at most.
            on_step: told the step and the layer after it; returns False to stop there. May raise.
        """
        values = self._values if places is None else self._values[places]
        labels = self.labels if places is None else self.labels[places]
        target = np.full((len(labels), self.classes), self.smoothing / self.classes, values.dtype)
        target[np.arange(len(labels)), labels] += 1 - self.smoothing
        inner = values.shape[1] * self.classes

        def function(packed: Numbers) -> tuple[float, Numbers]:
            kernel, bias = packed[:inner].reshape(-1, self.classes), packed[inner:]
            logs = log_softmax(values @ kernel + bias)
            error = (np.exp(logs) - target) / len(labels)
            penalty = 0.5 * strength * float(packed[:inner] @ packed[:inner]) / self.classes
            loss = -float((target * logs).sum()) / len(labels) + penalty
            slope = (values.T @ error + strength / self.classes * kernel).ravel()
            return loss, np.concatenate([slope, error.sum(axis=0)])

        def told(step: int, packed: Numbers) -> bool:
            return on_step is None or on_step(step, self._head(packed))

        begin = np.zeros(inner + self.classes, values.dtype) if start is None else start
        found = minimize(function, begin, steps=steps, tolerance=_TOLERANCE, on_step=told if on_step else None)
        return self._head(found), found

    def held_out(
        self,
        folds: Sequence[tuple[Places, Places]],
        progress: Callable[[float], None] = lambda _fraction: None,
    ) -> tuple[float, Floats, Places]:
        """Choose the strength by photos that were not learnt from, and how much is taken off frequent classes with it.

        The latter holds for every fit from now on, which is to be of the strength returned.

        Args:
            folds: the places to learn from and those held out, once or several times.
            progress: told the share done; may raise to stop.

        Returns:
            The best strength; the held-out photos' logits under it; and their places.
        """
        held = np.concatenate([out for _, out in folds])
        self._frequent = self._shares
        strengths = STRENGTHS if self.work <= 10 * MOST_WORK_IN_FOLDS else STRENGTHS[1:-1:2]
        logits = np.zeros((len(strengths), len(held), self.classes), np.float32)
        row = 0
        for fold, (learn, out) in enumerate(folds):
            start: Numbers | None = None
            for number, strength in enumerate(strengths):
                _, start = self.fit(strength, learn, start=start, steps=_SELECTING_STEPS)
                logits[number, row : row + len(out)] = self._own_logits(start, out)
                progress((fold * len(strengths) + number + 1) / (len(folds) * len(strengths)))
            row += len(out)
        losses = [figures(rows, self.labels[held], self._weights[held]).loss for rows in logits]
        best = int(np.argmin(losses))
        adjustment = self._adjustment(logits[best], self.labels[held])
        self._frequent = (adjustment * self._shares).astype(self._shares.dtype)
        return strengths[best], logits[best] - (self._frequent - self._shares).astype(np.float32), held

    def _adjustment(self, logits: Floats, labels: Labels) -> float:
        """Return how much to take off the logits of frequent classes, by photos held out, all classes alike.

        Args:
            logits: of which the usual measure, 1, has been taken off.
            labels: of the photos.
        """
        if not (self._shares.any() and len(labels)):
            return 1.0
        weights = class_weights(labels, self.classes, most=math.inf)
        # So many photos of one weight tell as much (Kish): the few of a small class do not count as hundreds.
        photos = float(weights.sum() ** 2 / (weights * weights).sum())

        def cost(adjustment: float) -> float:
            moved = logits - (adjustment - 1) * self._shares
            loss = figures(moved / fit_temperature(moved, labels), labels, weights).loss
            return photos * loss + _ADJUSTMENT_DOUBT * (adjustment - 1) ** 2

        return min(_ADJUSTMENTS, key=cost)

    def _own_logits(self, packed: Numbers, places: Places) -> Floats:
        inner = self._values.shape[1] * self.classes
        kernel, bias = packed[:inner].reshape(-1, self.classes), packed[inner:]
        result: Floats = (self._values[places] @ kernel + (bias - self._frequent)).astype(np.float32)
        return result

    def _head(self, packed: Numbers) -> Head:
        inner = self._values.shape[1] * self.classes
        kernel, bias = packed[:inner].reshape(-1, self.classes), packed[inner:]
        if self._basis is not None:
            kernel = self._basis.T @ kernel
        kernel = kernel / self._scale[:, None]
        return Head(kernel.astype(np.float32), (bias - self._frequent - self._mean @ kernel).astype(np.float32))


def log_softmax(logits: Numbers) -> Numbers:
    """Return the logarithms of the probabilities, row by row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    result: Numbers = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def figures(logits: Numbers, labels: Labels, weights: Numbers | None = None) -> Figures:
    """Return how logits do against the truth; in the loss, photos count by their weights, all the same by default."""
    if not len(labels):
        return Figures(float("nan"), float("nan"))
    logs = log_softmax(np.asarray(logits, np.float64))
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    return Figures(-float(np.average(logs[np.arange(len(labels)), labels], weights=weights)), accuracy)


def class_weights(labels: Labels, classes: int, *, most: float = _MOST_WEIGHT) -> NDArray[np.float64]:
    """Return a weight a photo so that every class counts the same altogether, within a factor of `most`."""
    counts = np.bincount(labels, minlength=classes)
    there = max(1, int((counts > 0).sum()))
    weights = len(labels) / (there * np.maximum(counts, 1))
    result: NDArray[np.float64] = np.clip(weights, 1 / most, most)[labels]
    return result


def judging_weights(labels: Labels) -> NDArray[np.float64]:
    """Return how much each photo counts where a layer that is to treat all classes alike is judged by photos held out.

    That is the root of what lets all classes count the same: with the whole of it, the handful of photos of a small
    class decides.
    """
    return np.sqrt(class_weights(labels, int(labels.max(initial=0)) + 1, most=math.inf))


def make_folds(labels: Labels, groups: Sequence[str], seed: int, folds: int = FOLDS) -> list[tuple[Places, Places]]:
    """Deal photos out so that each is held out once, classes evenly and groups whole.

    Returns:
        For each fold the places to learn from and those held out; none is empty.
    """
    random = np.random.default_rng(seed)
    units: dict[str, list[int]] = {}
    for place, group in enumerate(groups):
        units.setdefault(group or f"\0{place}", []).append(place)
    dealt: list[list[int]] = [[] for _ in range(folds)]
    turn = 0
    by_class: dict[int, list[list[int]]] = {}
    for members in units.values():
        by_class.setdefault(int(labels[members[0]]), []).append(members)
    for label in sorted(by_class):
        members_of = by_class[label]
        for number in random.permutation(len(members_of)):
            dealt[turn % folds] += members_of[number]
            turn += 1
    every = np.arange(len(labels))
    outs = [np.array(sorted(fold), np.int64) for fold in dealt if fold]
    return [(np.setdiff1d(every, out), out) for out in outs if len(out) < len(labels)]
