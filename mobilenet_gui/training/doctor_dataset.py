"""Owns the dataset as the doctor's rules look at it: photos, what was seen in each, classes, what belongs together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mobilenet_gui.training.doctor_findings import CheckedPhoto
from mobilenet_gui.training.doctor_labels import Suspect
from mobilenet_gui.training.duplicates import DuplicateGroups
from mobilenet_gui.training.fingerprint import Fingerprint


@dataclass(frozen=True)
class Dataset:
    """What the rules look at.

    Attributes:
        photos: every photo.
        seen: its fingerprint, in the same order.
        classes: names by class id.
        groups: which photos belong together, by position.
        class_weights: the training makes up for uneven classes.
        suspects: photos whose label is doubted.
        missing: the photos whose files are not there, by position.
    """

    photos: tuple[CheckedPhoto, ...]
    seen: tuple[Fingerprint, ...]
    classes: Mapping[str, str]
    groups: DuplicateGroups
    class_weights: bool
    suspects: tuple[Suspect, ...]
    missing: frozenset[int] = frozenset()

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many photos each class learns from or is tested on, by class id."""
        counts = Counter(
            photo.class_id
            for photo, seen in zip(self.photos, self.seen, strict=True)
            if not photo.left_out and not seen.error
        )
        return {class_id: counts.get(class_id, 0) for class_id in self.classes}

    @cached_property
    def identical(self) -> dict[int, int]:
        """The number of the file's content of each photo that has the same as another."""
        return {n: number for number, group in enumerate(self.groups.identical) for n in group}

    @cached_property
    def surplus(self) -> tuple[tuple[int, ...], ...]:
        """Groups of copies of which one would do, the best first."""
        thinned = (_to_thin_out(group, self.photos, self.identical) for group in self.groups.copies)
        return tuple(group for group in thinned if len(group) > 1)

    def active(self, group: Iterable[int]) -> tuple[int, ...]:
        """Return those positions whose photos take part."""
        return tuple(n for n in group if not self.photos[n].left_out)

    def ids(self, group: Iterable[int]) -> tuple[str, ...]:
        """Return the ids of photos by position."""
        return tuple(self.photos[n].id for n in group)

    def torn(self, group: Sequence[int]) -> bool:
        """Say whether the photos of a group bear different labels."""
        return len({self.photos[n].class_id for n in group}) > 1

    def divided(self, group: Sequence[int]) -> bool:
        """Say whether photos of a group were put on different sides of the split."""
        return len({self.photos[n].split for n in group} - {""}) > 1


def _to_thin_out(group: Sequence[int], photos: Sequence[CheckedPhoto], identical: Mapping[int, int]) -> tuple[int, ...]:
    """Return the photos of a group less those that are near-same because they are of one burst, as bursts are."""
    chosen: list[int] = []
    bursts: set[str] = set()
    files: set[int] = set()
    for n in group:
        burst, file = photos[n].group, identical.get(n, -1)
        if burst and burst in bursts and (file < 0 or file not in files):
            continue
        chosen.append(n)
        bursts.add(burst)
        files.add(file)
    return tuple(chosen)
