"""Owns putting two evaluations beside each other, photo by photo, and saying whether the difference means anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from mobilenet_gui.training.evaluation_types import Answer, Evaluation

SIGNIFICANT: Final = 0.05
"""Below this probability a difference is taken to be more than chance."""


@dataclass(frozen=True)
class Comparison:
    """How an old and a new model answered the same photos.

    Attributes:
        both: photos that both recognised.
        only_old: photos that only the old one recognised.
        only_new: photos that only the new one recognised.
        neither: photos that neither recognised.
        left_out: photos that only one of the two was tested on, or whose class was changed in between.
    """

    both: int
    only_old: tuple[Answer, ...]
    only_new: tuple[Answer, ...]
    neither: int
    left_out: int = 0

    @property
    def photos(self) -> int:
        """How many photos both were tested on."""
        return self.both + len(self.only_old) + len(self.only_new) + self.neither

    @property
    def old_accuracy(self) -> float | None:
        """Share of the common photos that the old model recognised."""
        return (self.both + len(self.only_old)) / self.photos if self.photos else None

    @property
    def new_accuracy(self) -> float | None:
        """Share of the common photos that the new model recognised."""
        return (self.both + len(self.only_new)) / self.photos if self.photos else None

    @property
    def p_value(self) -> float:
        """McNemar's exact test (1947): how likely so uneven a change is if both models are equally good, 0-1."""
        changed = len(self.only_old) + len(self.only_new)
        fewer = min(len(self.only_old), len(self.only_new))
        # In logarithms: a binomial coefficient of thousands of photos is beyond a float.
        tail = sum(math.exp(_log_choose(changed, k) - changed * math.log(2)) for k in range(fewer + 1))
        return min(1.0, 2 * tail)

    @property
    def significant(self) -> bool:
        """The difference is more than chance."""
        return self.p_value < SIGNIFICANT


def compare(old: Evaluation, new: Evaluation) -> Comparison:
    """Compare two models on the photos that both were tested on.

    Photos are known by their id; one whose class bears another name now is left out, for it was relabelled.
    """
    before = {answer.id: answer for answer in old.tested}
    both = neither = common = 0
    only_old: list[Answer] = []
    only_new: list[Answer] = []
    for answer in new.tested:
        earlier = before.get(answer.id)
        if earlier is None or old.classes[earlier.truth] != new.classes[answer.truth]:
            continue
        common += 1
        if earlier.correct and answer.correct:
            both += 1
        elif earlier.correct:
            only_old.append(answer)
        elif answer.correct:
            only_new.append(answer)
        else:
            neither += 1
    left_out = len(old.tested) + len(new.tested) - 2 * common
    return Comparison(both, tuple(only_old), tuple(only_new), neither, left_out)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
