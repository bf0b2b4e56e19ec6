"""Owns the photos of a run as a training sees them: usable ones, no gaps, stand-ins for "none of these"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.features import Shot
from mobilenet_gui.training.run_folder import RunSpec, Sample, Split
from mobilenet_gui.training.views import SPOILT, View

LEAST_CLASSES: Final = 2
LEAST_PHOTOS: Final = 2


@dataclass(frozen=True, slots=True)
class Item:
    """One photo to learn from or to check with: the sample, how it is shown, and its class in `Material.classes`."""

    sample: Sample
    label: int
    view: View = "plain"

    @property
    def shot(self) -> Shot:
        """What is shown to the network."""
        return Shot(self.sample.path, self.view)


@dataclass(frozen=True, slots=True)
class Material:
    """What a training works with.

    Attributes:
        classes: names; each has something to learn from.
        items: photos to learn from and to validate with.
        test: the photos that are only tested on, with labels of the run.
        dropped: names of classes that have nothing to learn from.
        background: the position of "none of these" among the classes, if there is such a class.
    """

    classes: tuple[str, ...]
    items: tuple[Item, ...]
    test: tuple[Sample, ...]
    dropped: tuple[str, ...] = ()
    background: int | None = None

    def labels(self) -> NDArray[np.int64]:
        """Return the items' classes."""
        return np.array([item.label for item in self.items], np.int64)

    def places(self, split: Split) -> NDArray[np.int64]:
        """Return where the items of a part stand."""
        return np.array([n for n, item in enumerate(self.items) if item.sample.split == split], np.int64)

    def without(self, failed: Iterable[int], name: str) -> Material:
        """Return it less the items at these places.

        Raises:
            ProjectError: too little is left.
        """
        gone = set(failed)
        left = [x for n, x in enumerate(self.items) if n not in gone]
        return _closed(self.classes, left, self.test, name, self.background)

    def only(self, kept: NDArray[np.int64], name: str) -> Material:
        """Return it with the items at these places alone, in their order.

        Raises:
            ProjectError: too little is left.
        """
        return _closed(self.classes, [self.items[n] for n in kept], self.test, name, self.background)


def gather(spec: RunSpec) -> Material:
    """Return what a run is to learn from.

    Where the run has a class for what is none of the others, it gets spoilt views of the other classes' photos as well.

    Raises:
        ProjectError: there are fewer than two classes with two photos.
    """
    items = [Item(sample, sample.label) for sample in spec.samples if sample.split != "test"]
    if spec.background is not None:
        items += _stand_ins(items, spec.background)
    test = tuple(sample for sample in spec.samples if sample.split == "test")
    return _closed(spec.classes, items, test, spec.name, spec.background)


def _stand_ins(items: Sequence[Item], background: int) -> list[Item]:
    ordinary = [item for item in items if item.label != background]
    return [replace(item, label=background, view=SPOILT[n % len(SPOILT)]) for n, item in enumerate(ordinary)]


def _closed(
    classes: tuple[str, ...], items: Sequence[Item], test: tuple[Sample, ...], name: str, background: int | None
) -> Material:
    """Drop classes that have nothing to learn from, and number the rest without gaps."""
    learnt = {item.label for item in items if item.sample.split == "train"}
    counts = np.bincount([item.label for item in items if item.label in learnt], minlength=len(classes))
    if int((counts >= LEAST_PHOTOS).sum()) < LEAST_CLASSES:
        raise ProjectError(name, tr("A training needs at least two classes with two photos each. Add photos first."))
    number = {label: n for n, label in enumerate(sorted(learnt))}
    return Material(
        tuple(classes[label] for label in sorted(learnt)),
        tuple(replace(item, label=number[item.label]) for item in items if item.label in number),
        test,
        tuple(classes[label] for label in range(len(classes)) if label not in learnt),
        None if background is None else number.get(background),
    )
