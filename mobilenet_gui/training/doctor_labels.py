"""Owns suspecting labels: photos that a model which has not learnt from them takes, with good reason, for others.

How many labels are wrong is estimated as in confident learning (Northcutt, Jiang and Chuang 2021): a photo counts for a
class when its probability for that class is at least what the class' own photos get on average; so many photos as count
for another class than their own are suspected. Which they are, the probability of the photo's own label tells better:
a wrong label of a model that hesitates between two other classes is still improbable. `benchmarks/suspected_labels.py`
has the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui.training.evaluation_types import OTHER, Answer, Evaluation, Guess

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_PROBABILITY: Final = 0.5
"""Below this the model itself is not sure enough to count a photo for another class."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A photo whose label may be wrong.

    Attributes:
        photo_id: the photo.
        given: the name of its class.
        expected: the name of the class that the model takes it for.
        probability: what the model gives to `expected`, 0-1.
        suspicion: how improbable `given` is to it, 0-1; what suspects are ordered by.
    """

    photo_id: str
    given: str
    expected: str
    probability: float
    suspicion: float


def suspects(evaluation: Evaluation) -> tuple[Suspect, ...]:
    """Return the photos of an evaluation whose label may be wrong, the most suspicious first."""
    return suspects_among(evaluation.tested, evaluation.classes)


def suspects_among(answers: Iterable[Answer], classes: Sequence[str]) -> tuple[Suspect, ...]:
    """Return the photos whose label may be wrong, the most suspicious first.

    Args:
        answers: of a model that has not learnt from these photos: test or validation photos, or such that were left
            out of one part of a cross-validation.
        classes: the names of the classes, by label.
    """
    listed = [answer for answer in answers if answer.guesses]
    own: list[list[float]] = [[] for _ in classes]
    for answer in listed:
        own[answer.truth].append(answer.truth_probability)
    usual = [sum(values) / len(values) if values else 1.0 for values in own]
    found: list[Suspect] = []
    count = 0
    for answer in listed:
        best = max(_others(answer), key=lambda guess: guess.probability, default=None)
        if best is None or best.probability <= answer.truth_probability:
            continue
        # Some other class is the likelier, and one of them as likely as of the photos that bear its name.
        count += any(guess.probability >= max(usual[guess.label], LEAST_PROBABILITY) for guess in _others(answer))
        given = classes[answer.truth]
        found.append(Suspect(answer.id, given, best.name, best.probability, 1 - answer.truth_probability))
    return tuple(sorted(found, key=lambda suspect: (-suspect.suspicion, suspect.photo_id)))[:count]


def _others(answer: Answer) -> list[Guess]:
    return [guess for guess in answer.guesses if guess.label not in (OTHER, answer.truth)]


def suspects_by_probability(
    photo_ids: Sequence[str], probabilities: NDArray[Any], labels: Sequence[int], classes: Sequence[str]
) -> tuple[Suspect, ...]:
    """Return the photos whose label may be wrong, from a table of out-of-fold probabilities.

    Args:
        photo_ids: one a row.
        probabilities: shape (photos, classes), rows summing to 1.
        labels: the given label of each row.
        classes: the names of the classes, by label.
    """
    from pathlib import Path

    answers = []
    for photo, row, label in zip(photo_ids, probabilities.tolist(), labels, strict=True):
        best = sorted(range(len(row)), key=lambda k: -row[k])[:5]
        guesses = tuple(Guess(k, classes[k], row[k]) for k in best)
        answers.append(Answer(photo, Path(), label, guesses, row[label], row[best[0]]))
    return suspects_among(answers, classes)
