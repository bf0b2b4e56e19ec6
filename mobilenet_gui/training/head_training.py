"""Owns the phase in which the classes are learnt: strength and calibration by photos held out, then the layer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.training.calibration import choose_sure_from, fit_temperature, probabilities_from_logits
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.head import (
    MOST_WORK_IN_FOLDS,
    Head,
    HeadProblem,
    Labels,
    Places,
    figures,
    judging_weights,
    make_folds,
)
from mobilenet_gui.training.journal import Journal
from mobilenet_gui.training.material import Material
from mobilenet_gui.training.presets import Recipe
from mobilenet_gui.training.rejection import joined, readiness, shuffled
from mobilenet_gui.training.run_folder import EpochRecord, Split

EPOCHS: Final = 40
"""The most passes over the photos that the head takes; it mostly has converged before."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class LearntHead:
    """What the phase found.

    Attributes:
        early: the layer learnt from the train photos alone, which validation photos can judge.
        final: the layer learnt from train and validation photos.
        strength: of the regularisation.
        temperature: the calibration, by photos held out.
        sure_from: the probability from which an answer counts as sure.
        early_logits: what `early` says of every photo, shape (photos, classes).
        held: places of the items that were held out once each.
        held_logits: their logits, shape (held, classes), from layers that had not learnt from them.
    """

    early: Head
    final: Head
    strength: float
    temperature: float
    sure_from: float
    early_logits: Floats
    held: Places
    held_logits: Floats


class HeadTraining:
    """The phase for given features.

    Args:
        values: one row an item of `material`.
        material: what the rows are.
        recipe: how to train.
        journal: is told each epoch.
        control: may stop it.
        by_heart: the network behind the features has learnt from train photos. What is held out of those is answered
            too well to choose anything by; the validation photos alone, where there are any, tell how a layer does.
    """

    def __init__(
        self,
        values: NDArray[np.floating[Any]],
        material: Material,
        recipe: Recipe,
        journal: Journal,
        control: Control,
        *,
        by_heart: bool = False,
    ) -> None:
        self._by_heart = by_heart
        self._values, self._material, self._recipe = values, material, recipe
        self._journal, self._control = journal, control
        self._labels: Labels = material.labels()
        self._plain = np.array([item.view == "plain" for item in material.items])
        self._sources = np.arange(len(values))
        self._without: HeadProblem | None = None
        if material.background is None:
            self._problem = self._stated(values, self._labels, len(material.classes))
            return
        self._ordinary = np.flatnonzero(self._plain & (self._labels != material.background))
        own = self._labels[self._ordinary]
        more, sources = shuffled(np.asarray(values[self._ordinary], np.float32), recipe.seed)
        self._sources = np.concatenate([self._sources, self._ordinary[sources]])
        self._problem = self._stated(
            np.concatenate([values, more]),
            np.concatenate([self._labels, np.full(len(more), material.background)]),
            len(material.classes),
        )
        numbers = own - (own > material.background)
        self._without = self._stated(values[self._ordinary], numbers, len(material.classes) - 1)

    def _stated(self, values: NDArray[np.floating[Any]], labels: Labels, classes: int) -> HeadProblem:
        return HeadProblem(
            values, labels, classes, balanced=self._recipe.class_weights, smoothing=self._recipe.label_smoothing
        )

    def learn(self, *, quiet: bool = False, steps: int = EPOCHS) -> LearntHead:
        """Learn the layer.

        Args:
            quiet: tell no epochs; for a layer that is learnt again, after adapting or when a training goes on. The same
                number of steps gives the same layer again.
            steps: the most passes over the photos.

        Raises:
            Cancelled: it was told to stop.
        """
        if not quiet:
            self._journal.phase("head", EPOCHS + self._recipe.epochs)
        strength, logits, held = self._problem.held_out(self._folds(self._sources, self._problem), self._tell)
        items = held < len(self._labels)
        logits, held = logits[items], held[items]
        early, start = self._curve(strength, steps, quiet=quiet)
        final = early
        if len(self._material.places("train")) < len(self._labels):
            final, _ = self._problem.fit(strength, start=start, on_step=lambda *_: self._going_on())
        real = self._plain[held]
        background = self._material.background
        if self._without is not None and background is not None:
            own = self._learn_without(self._without)
            (early, final), logits = self._rejecting(background, own, (early, final), logits, held)
        temperature, sure_from = calibrated(logits[real], self._labels[held[real]])
        if not quiet:
            self._journal.head_done()
        answers = early.logits(self._values)
        return LearntHead(early, final, strength, temperature, sure_from, answers, held, logits)

    def _learn_without(self, problem: HeadProblem) -> tuple[Head, Head, Floats]:
        """Return layers that tell the classes alone, as `early` and `final` are, and what they say of all items.

        Of photos that they learn from they are asked while those are held out.
        """
        strength, logits, held = problem.held_out(self._folds(self._ordinary, problem), self._tell)
        rows = self._rows("train", self._ordinary)
        early, start = problem.fit(strength, rows, on_step=lambda *_: self._going_on())
        final, _ = problem.fit(strength, start=start, on_step=lambda *_: self._going_on())
        answers = final.logits(self._values)
        answers[self._ordinary[held]] = logits
        return early, final, answers

    def _rejecting(
        self, background: int, own: tuple[Head, Head, Floats], heads: tuple[Head, Head], logits: Floats, held: Places
    ) -> tuple[tuple[Head, Head], Floats]:
        """Return layers and held-out logits in which the classes lose as little as may be; see `rejection`."""
        logits = joined(logits, own[2][held], background)
        real = self._plain[held]
        ready = readiness(logits[real], self._labels[held[real]], background)
        logits[:, background] += ready
        early, final = (
            Head(joined(every.kernel, classes.kernel, background), joined(every.bias, classes.bias, background))
            for every, classes in zip(heads, own[:2], strict=True)
        )
        early.bias[background] += ready
        final.bias[background] += ready
        return (early, final), logits

    def _tell(self, _fraction: float) -> None:
        self._control.check()

    def _rows(self, split: Split, sources: Places) -> Places:
        """Return the rows of a part, those made of its photos included."""
        return np.flatnonzero(np.isin(sources, self._material.places(split)))

    def _folds(self, sources: Places, problem: HeadProblem) -> list[tuple[Places, Places]]:
        """Return the folds of a problem whose rows were made of the items at `sources`."""
        train, validation = self._rows("train", sources), self._rows("validation", sources)
        if (self._by_heart or problem.work > MOST_WORK_IN_FOLDS) and len(validation):
            return [(train, validation)]
        # What is made of a photo is held out together with it.
        samples = [self._material.items[place].sample for place in sources]
        groups = [sample.group or f"id {sample.id}" for sample in samples]
        return make_folds(problem.labels, groups, self._recipe.seed)

    def _curve(self, strength: float, steps: int, *, quiet: bool) -> tuple[Head, NDArray[np.floating[Any]]]:
        train, validation = self._material.places("train"), self._material.places("validation")
        rows = self._rows("train", self._sources)
        seen = self._labels[train], self._labels[validation]
        before = time.monotonic()

        def tell(step: int, head: Head) -> bool:
            nonlocal before
            learnt = figures(head.logits(self._values[train]), seen[0])
            checked = figures(head.logits(self._values[validation]), seen[1])
            now = time.monotonic()
            planned = EPOCHS + self._recipe.epochs
            record = EpochRecord(
                "head", step, planned, learnt.loss, learnt.accuracy, checked.loss, checked.accuracy, now - before, 0.0
            )
            self._journal.epoch(record, speed=len(train) / max(1e-6, now - before))
            before = now
            return self._going_on()

        if quiet:
            return self._problem.fit(strength, rows, steps=steps, on_step=lambda *_: self._going_on())
        return self._problem.fit(strength, rows, steps=steps, on_step=tell)

    def _going_on(self) -> bool:
        self._control.check()
        return not self._control.finishing


def counting(labels: Labels, recipe: Recipe) -> NDArray[np.float64]:
    """Return how much each photo counts where a model is judged by photos that it has not learnt from."""
    return judging_weights(labels) if recipe.class_weights else np.ones(len(labels))


def calibrated(logits: Floats, labels: Labels) -> tuple[float, float]:
    """Return the temperature and the limit of "sure" for logits of photos that were not learnt from.

    All photos count alike, even where all classes are to: of eight photos no temperature can be told. With weights as
    for the strength, a model of ants and bees was off by 13 % (by 30 % with the whole of them) instead of 5.
    """
    temperature = fit_temperature(logits, labels)
    return temperature, choose_sure_from(probabilities_from_logits(logits, temperature), labels)
