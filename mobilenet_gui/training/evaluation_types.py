"""Owns what an evaluation is: one answer a photo, the figures that follow from them, and its file.

Only the answers are stored; every figure is computed from them, so that no two can disagree. Neither numpy nor a
photo is needed: the window may read an evaluation.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple

OTHER: Final = -1
"""In place of a class: the model named something that is none of the dataset's classes."""

ECE_BINS: Final = 15


class Interval(NamedTuple):
    """The ends of a 95 % confidence interval, 0-1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Guess:
    """One of a photo's most probable classes.

    Attributes:
        label: position in the dataset's classes, or `OTHER`.
        name: what the model calls it.
        probability: calibrated, 0-1.
    """

    label: int
    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said to one photo.

    Attributes:
        id: the photo's id in its project, or its path.
        path: the file.
        truth: its class: position in the dataset's classes.
        guesses: the most probable classes, most probable first; empty where the photo could not be read.
        truth_probability: what the model gave to the true class; 0 where it does not know it.
        raw_confidence: the first guess's probability before calibration.
        error: why it could not be read, else empty.
        unlike: the model called it unlike anything that it was shown; None where it does not tell strangers.
        group: what it has in common with others that are no evidence of their own, such as a burst; empty for none.
    """

    id: str
    path: Path
    truth: int
    guesses: tuple[Guess, ...] = ()
    truth_probability: float = 0.0
    raw_confidence: float = 0.0
    error: str = ""
    unlike: bool | None = None
    group: str = ""

    @property
    def guess(self) -> int:
        """The first guess's class, `OTHER` where that is none of the dataset's, or there is no answer."""
        return self.guesses[0].label if self.guesses else OTHER

    @property
    def said(self) -> str:
        """What the model calls its first guess; empty without an answer."""
        return self.guesses[0].name if self.guesses else ""

    @property
    def probability(self) -> float:
        """The first guess's probability, calibrated."""
        return self.guesses[0].probability if self.guesses else 0.0

    @property
    def correct(self) -> bool:
        """The first guess is the true class."""
        return self.guess == self.truth


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How well one class is recognised.

    Attributes:
        name: the class.
        support: its test photos.
        correct: how many of them were recognised.
        said: how often the model named this class.
        precision: `correct / said`, None where it never named it.
        recall: `correct / support`, None without photos.
        f1: harmonic mean of the two; None where neither is known, 0 where one is 0.
    """

    name: str
    support: int
    correct: int
    said: int

    @property
    def precision(self) -> float | None:
        """Of the photos the model gave this name, the share that bears it rightly."""
        return self.correct / self.said if self.said else None

    @property
    def recall(self) -> float | None:
        """Of this class's photos, the share that was recognised."""
        return self.correct / self.support if self.support else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        return 2 * self.correct / (self.said + self.support) if self.said + self.support else None


@dataclass(frozen=True, slots=True)
class SureFigures:
    """What the limit of 'not sure' does to the test photos.

    Attributes:
        sure_from: the limit.
        coverage: share of the photos that get a sure answer.
        accuracy: share of the sure answers that are correct; None where there is none.
        sure: how many sure answers.
    """

    sure_from: float
    coverage: float
    accuracy: float | None
    sure: int


class Bin(NamedTuple):
    """Answers of about the same certainty: how many, how sure on average, how often correct (0-1)."""

    photos: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Evaluation:
    """A model's answers to test photos.

    Attributes:
        model_id: the bundle that answered.
        model_name: its name.
        classes: the dataset's classes, by label.
        answers: one a photo, in the order of the dataset.
        temperature: the bundle's calibration.
        sure_from: the bundle's limit of 'not sure', None where it has none.
        seconds: how long it took.
        created: ISO 8601 time.
        unknown: classes of the dataset that the model does not know; their photos were left out.
        near_accepted: see `core.strangers.Shown`; None where that is not known.
        precision: what the network counted in, `float` or `int8`.
    """

    model_id: str
    model_name: str
    classes: tuple[str, ...]
    answers: tuple[Answer, ...]
    temperature: float = 1.0
    sure_from: float | None = None
    seconds: float = 0.0
    created: str = ""
    unknown: tuple[str, ...] = ()
    near_accepted: float | None = None
    precision: str = "float"

    @cached_property
    def tested(self) -> tuple[Answer, ...]:
        """The photos that could be read."""
        return tuple(answer for answer in self.answers if not answer.error)

    @cached_property
    def errors(self) -> tuple[Answer, ...]:
        """The photos that could not be read; they count for no figure."""
        return tuple(answer for answer in self.answers if answer.error)

    @cached_property
    def correct(self) -> int:
        """How many photos were recognised."""
        return sum(answer.correct for answer in self.tested)

    @property
    def accuracy(self) -> float | None:
        """Share of the photos that were recognised, 0-1; None without photos."""
        return self.correct / len(self.tested) if self.tested else None

    @property
    def interval(self) -> Interval:
        """The 95 % interval of `accuracy`; a burst counts as one photo, since its photos are right or wrong together.

        This is Wilson's interval for as many photos as are independent: with the photos of a group wholly alike, the
        design effect of cluster sampling (Kish 1965) is their number.
        """
        groups = Counter(answer.group for answer in self.tested if answer.group)
        independent = len(self.tested) - groups.total() + len(groups)
        return wilson(independent * (self.accuracy or 0.0), independent)

    @cached_property
    def per_class(self) -> tuple[ClassFigures, ...]:
        """The figures of each class, in the order of the classes."""
        support = [0] * len(self.classes)
        correct, said = list(support), list(support)
        for answer in self.tested:
            support[answer.truth] += 1
            correct[answer.truth] += answer.correct
            if answer.guess != OTHER:
                said[answer.guess] += 1
        return tuple(map(ClassFigures, self.classes, support, correct, said))

    @property
    def weakest(self) -> ClassFigures | None:
        """The class with photos that is recognised least; of equals the one with most photos."""
        known = [figures for figures in self.per_class if figures.support]
        return min(known, key=lambda f: (f.recall or 0.0, -f.support), default=None)

    @cached_property
    def confusion(self) -> tuple[tuple[int, ...], ...]:
        """How many photos of the class of the row were given the name of the column.

        There is one column more than classes where a model named something else (`OTHER`).
        """
        columns = len(self.classes) + any(answer.guess == OTHER for answer in self.tested)
        table = [[0] * columns for _ in self.classes]
        for answer in self.tested:
            table[answer.truth][answer.guess] += 1  # OTHER, -1, is the last column
        return tuple(map(tuple, table))

    def cell(self, truth: int, said: int) -> tuple[Answer, ...]:
        """Return the answers of one cell of `confusion`, the surest first; `said` may be `OTHER`."""
        found = [answer for answer in self.tested if answer.truth == truth and answer.guess == said]
        return tuple(sorted(found, key=lambda answer: -answer.probability))

    @cached_property
    def mistakes(self) -> tuple[Answer, ...]:
        """The wrong answers, the worst first: where the model was surest of the wrong class against the right one."""
        wrong = [answer for answer in self.tested if not answer.correct]
        return tuple(sorted(wrong, key=lambda a: (a.truth_probability - a.probability, str(a.path))))

    @cached_property
    def reliability(self) -> tuple[Bin, ...]:
        """Stated and true certainty in bins of equal width, empty ones left out."""
        return reliability([answer.probability for answer in self.tested], [answer.correct for answer in self.tested])

    @property
    def calibration_error(self) -> float:
        """Expected calibration error of the probabilities as shown, 0-1."""
        return calibration_error(self.reliability)

    @cached_property
    def raw_calibration_error(self) -> float:
        """The same for the probabilities before calibration."""
        right = [answer.correct for answer in self.tested]
        return calibration_error(reliability([answer.raw_confidence for answer in self.tested], right))

    @cached_property
    def accepted(self) -> float | None:
        """Share of the photos that the model does not call strangers, 0-1; None where it tells none."""
        told = [answer.unlike for answer in self.tested if answer.unlike is not None]
        return told.count(False) / len(told) if told else None

    def sure_at(self, sure_from: float) -> SureFigures:
        """Return what a limit of 'not sure' would do to these photos."""
        sure = [answer for answer in self.tested if answer.probability >= sure_from]
        right = sum(answer.correct for answer in sure)
        share = len(sure) / len(self.tested) if self.tested else 0.0
        return SureFigures(sure_from, share, right / len(sure) if sure else None, len(sure))

    @property
    def sure(self) -> SureFigures | None:
        """What the bundle's own limit does; None where it has none."""
        return None if self.sure_from is None else self.sure_at(self.sure_from)


def wilson(correct: float, photos: int) -> Interval:
    """Return the Wilson score interval (1927) for a share, 95 %; all of 0-1 without photos."""
    if photos == 0:
        return Interval(0.0, 1.0)
    z = 1.959963984540054
    share, spread = correct / photos, z * z / photos
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / photos + spread / (4 * photos)) / (1 + spread)
    # Rounding must not put the ends on the wrong side of 0 and 1.
    return Interval(0.0 if correct == 0 else max(0.0, middle - half), 1.0 if correct == photos else middle + half)


def reliability(confidences: Sequence[float], correct: Iterable[bool], bins: int = ECE_BINS) -> tuple[Bin, ...]:
    """Return answers sorted into bins of equal width by how sure they are; empty bins are left out."""
    photos, stated, right = [0] * bins, [0.0] * bins, [0] * bins
    for confidence, good in zip(confidences, correct, strict=True):
        number = min(bins - 1, max(0, math.ceil(confidence * bins) - 1))
        photos[number] += 1
        stated[number] += confidence
        right[number] += good
    return tuple(Bin(n, s / n, r / n) for n, s, r in zip(photos, stated, right, strict=True) if n)


def calibration_error(bins: Iterable[Bin]) -> float:
    """Return the expected calibration error (Naeini et al. 2015): how far stated and true certainty lie apart, 0-1."""
    found = tuple(bins)
    photos = sum(entry.photos for entry in found)
    apart = sum(entry.photos * abs(entry.confidence - entry.accuracy) for entry in found)
    return apart / photos if photos else 0.0
