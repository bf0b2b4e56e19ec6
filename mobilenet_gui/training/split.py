"""Owns the split into train, validation and test: stratified, seeded, never dividing a group. No TensorFlow, no Qt.

Photos of one group (a burst, duplicates) are a unit that goes to one part as a whole. What is given to a part stays in
it, whatever it resembles in another; a photo that is free goes where its group was given to, to training first, so that
nothing is tested that resembles what was learnt.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from mobilenet_gui.training.run_folder import Split

_PARTS: Final[tuple[Split, ...]] = ("train", "validation", "test")
"""In this order free photos follow the part that others of their group were given to: train wins."""
_SURE_ORDER: Final[tuple[Split, ...]] = ("train", "test", "validation")
"""Which part comes first where there are too few units for all three."""


@dataclass(slots=True)
class _Unit:
    """What goes to one part together: indices of photos, and its class, the one most of them have."""

    label: int
    members: list[int] = field(default_factory=list)
    order: bytes = b""


def split_samples(  # noqa: PLR0917 - columns of one table
    labels: Sequence[int],
    groups: Sequence[str],
    given: Sequence[str],
    percents: tuple[int, int, int],
    seed: int,
    keys: Sequence[str] | None = None,
) -> list[Split]:
    """Share photos out.

    Each class is split in `percents` on its own, as closely as its groups allow. A class of three photos or more has
    at least one for training and one for the test, and one for validation; a class of two has one for training and
    one for validation; a single photo is trained on.

    Where photos of a class are given as train and none of it is free or given as validation, its validation part is
    drawn from those: a data set that comes with a train and a test folder still needs one.

    Args:
        labels: the class of each photo.
        groups: the group of each; photos of an empty group are on their own.
        given: the part each is given to; empty where it is to be drawn.
        percents: of train, validation and test.
        seed: another seed draws other photos.
        keys: what each photo is known by. With keys that stay, photos mostly keep their part while others come and
            go; by default their numbers.

    Returns:
        The part of each.
    """
    result: list[Split] = ["train"] * len(labels)
    free: dict[int, list[_Unit]] = defaultdict(list)
    lent: dict[int, list[_Unit]] = defaultdict(list)
    have: dict[int, Counter[Split]] = defaultdict(Counter)
    names = keys if keys is not None else [str(n) for n in range(len(labels))]
    for unit in _units(labels, groups):
        unit.order = _order(seed, min(names[i] for i in unit.members))
        asked = {given[i] for i in unit.members}
        followed = next((part for part in _PARTS if part in asked), None)
        if followed is None:
            free[unit.label].append(unit)
            continue
        for i in unit.members:
            result[i] = next((part for part in _PARTS if part == given[i]), followed)
        have[unit.label].update(result[i] for i in unit.members)
        learnt = [i for i in unit.members if result[i] == "train"]
        if learnt:
            lent[unit.label].append(_Unit(unit.label, learnt, unit.order))
    for label in {*free, *lent}:
        if free[label]:
            _share_out(result, free[label], percents, have[label])
        elif not have[label]["validation"]:
            # Out of the train photos: as large beside them as it would be in a whole split.
            _share_out(result, lent[label], (percents[0], percents[1], 0), Counter())
    return result


def merge_groups(*groupings: Iterable[str]) -> list[str]:
    """Join several groupings of the same photos: what is together in one of them is together in the result.

    Args:
        groupings: for each photo its group; empty for none.
    """
    columns = [list(grouping) for grouping in groupings]
    if not columns:
        return []
    parent: dict[tuple[int, str], tuple[int, str]] = {}

    def root(node: tuple[int, str]) -> tuple[int, str]:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    rows = [[(n, name) for n, name in enumerate(row) if name] for row in zip(*columns, strict=True)]
    for nodes in rows:
        for node in nodes[1:]:
            # The smaller one leads, so that the same groups get the same name every time.
            first, second = sorted((root(nodes[0]), root(node)))
            parent[second] = first
    roots = [root(nodes[0]) if nodes else None for nodes in rows]
    return ["" if found is None else f"{found[0]}:{found[1]}" for found in roots]


def _units(labels: Sequence[int], groups: Sequence[str]) -> list[_Unit]:
    alone: list[_Unit] = []
    together: dict[str, list[int]] = {}
    for i, group in enumerate(groups):
        if group:
            together.setdefault(group, []).append(i)
        else:
            alone.append(_Unit(labels[i], [i]))
    for members in together.values():
        counts = Counter(labels[i] for i in members)
        most = max(counts.values())
        alone.append(_Unit(min(label for label, n in counts.items() if n == most), members))
    return alone


def _order(seed: int, key: str) -> bytes:
    text = f"{seed}/{key}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=8).digest()


def _assign(result: list[Split], unit: _Unit, part: Split) -> None:
    for i in unit.members:
        result[i] = part


def _targets(total: int, units: int, percents: tuple[int, int, int]) -> dict[Split, int]:
    """Return how many photos each part is to have."""
    test = round(total * percents[2] / sum(percents))
    validation = round(total * percents[1] / sum(percents))
    if percents[2] and units >= 3:
        test = max(1, test)
    elif units < 3:
        test = 0
    if percents[1]:
        validation = max(1, validation)
    if units < 2:
        validation = 0
    return {"train": max(1, total - validation - test), "validation": validation, "test": test}


def _share_out(result: list[Split], units: list[_Unit], percents: tuple[int, int, int], have: Counter[Split]) -> None:
    """Share one class' units out, the large ones first, then the single photos in drawn order."""
    total = sum(len(unit.members) for unit in units) + have.total()
    filled = sum(1 for part in _PARTS if have[part])
    need = _targets(total, len(units) + filled, percents)
    wanted = {part for part in _PARTS if need[part] and not have[part]}
    for part in _PARTS:
        need[part] -= have[part]
    units = sorted(units, key=lambda unit: (-len(unit.members), unit.order))
    alone = [unit for unit in units if len(unit.members) == 1]
    for left, unit in zip(range(len(units), 0, -1), units[: len(units) - len(alone)], strict=False):
        part = _neediest(need, wanted, left)
        need[part] -= len(unit.members)
        wanted.discard(part)
        _assign(result, unit, part)
    shares: Counter[Split] = Counter()
    for left in range(len(alone), 0, -1):
        part = _neediest(need, wanted, left)
        need[part] -= 1
        wanted.discard(part)
        shares[part] += 1
    # In drawn order, test first: a photo more or less moves only those at the borders.
    rest = iter(alone)
    for part in ("test", "validation", "train"):
        for _ in range(shares[part]):
            _assign(result, next(rest), part)


def _neediest(need: dict[Split, int], wanted: set[Split], left: int) -> Split:
    """Return the part that the next of `left` units goes to: every wanted part gets one, then the largest need."""
    if left <= len(wanted):
        return next(part for part in _SURE_ORDER if part in wanted)
    return max(_SURE_ORDER, key=lambda part: (need[part], -_SURE_ORDER.index(part)))
