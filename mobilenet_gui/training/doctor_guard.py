"""Owns that no fix of the doctor's takes what a training cannot do without: photos of each class, and of each part.

A fix is right for each of its photos, and may be wrong for all of them: where every photo of a class is in another,
too, leaving them out leaves nothing. So fixes are tried on a sheet of paper first, and the last photos are spared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace

from mobilenet_gui.training.doctor_class_rules import LEAST_PHOTOS
from mobilenet_gui.training.doctor_findings import CheckedPhoto, Fix, FixStep

LEAST_OF_PART = 1


@dataclass(frozen=True, slots=True)
class Guarded:
    """Fixes that may be carried out.

    Attributes:
        fixes: without the photos that are spared; those that do nothing then are not among them.
        spared: the photos that they would have taken, by the class that needs them.
    """

    fixes: tuple[Fix, ...]
    spared: Counter[str]


def guarded(fixes: Iterable[Fix], photos: Iterable[CheckedPhoto], unusable: Set[str]) -> Guarded:
    """Return what fixes may do together, one after another.

    Args:
        fixes: what is to be done.
        photos: all of the dataset.
        unusable: ids of photos that nobody can learn from, since their files cannot be read.
    """
    sheet = _Sheet(photos, unusable)
    kept: list[Fix] = []
    for fix in fixes:
        steps = tuple(step for each in fix.steps if (step := sheet.carry_out(each)) is not None)
        if steps:
            kept.append(replace(fix, steps=steps))
    return Guarded(tuple(kept), sheet.spared)


class _Sheet:
    """How many usable photos there are of what."""

    def __init__(self, photos: Iterable[CheckedPhoto], unusable: Set[str]) -> None:
        self.spared: Counter[str] = Counter()
        self._unusable = unusable
        # Class and part of each photo that takes part.
        self._at = {photo.id: (photo.class_id, photo.split) for photo in photos if not photo.left_out}
        self._usable: Counter[tuple[str, str]] = Counter()
        for photo_id in self._at:
            self._count(photo_id, 1)

    def carry_out(self, step: FixStep) -> FixStep | None:
        """Note what a step does, and return it without the photos that it must not take; None for nothing."""
        if step.operation not in ("leave_out", "move", "pin_split"):
            return step
        taken = []
        for photo_id in step.photo_ids:
            place = self._at.get(photo_id)
            if place is None:
                continue
            class_id, part = place
            target = {
                "leave_out": ("", ""),
                "move": (step.target, part),
                "pin_split": (class_id, step.target),
            }[step.operation]
            if not self._may_go(photo_id, place, target):
                self.spared[class_id] += 1
                continue
            taken.append(photo_id)
            self._count(photo_id, -1)
            if target[0]:
                self._at[photo_id] = target
                self._count(photo_id, 1)
            else:
                del self._at[photo_id]
        return replace(step, photo_ids=tuple(taken)) if taken else None

    def _may_go(self, photo_id: str, place: tuple[str, str], target: tuple[str, str]) -> bool:
        class_id, part = place
        if photo_id in self._unusable:
            # It helps nobody; but a class of nothing else would be empty, and its owner is to see why.
            return self._usable[class_id, ""] > 0
        if target[0] != class_id and self._usable[class_id, ""] <= LEAST_PHOTOS:
            return False
        if not part or part == target[1]:
            return True
        alone = self._usable["", part] <= LEAST_OF_PART
        return not alone and not (part == "train" and self._usable[class_id, part] <= LEAST_OF_PART)

    def _count(self, photo_id: str, by: int) -> None:
        if photo_id in self._unusable:
            return
        class_id, part = self._at[photo_id]
        self._usable[class_id, ""] += by
        if part:
            self._usable["", part] += by
            self._usable[class_id, part] += by
