"""Owns choosing what a model keeps of the photos that it was shown, and from where on a photo counts as a stranger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.strangers import (
    MOST_VECTORS,
    OWN_ACCEPTED,
    Kinds,
    Shown,
    Sight,
    as_stored,
    called,
    closest,
    directions,
    enough,
    likeness_of,
    scored,
)
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.material import Material

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

KEPT: Final = 400
"""So many photos are kept at most, unless there are more classes."""
LEAST_PHOTOS: Final = 8
"""Of fewer photos nothing can be said."""
LEAST_KINDS: Final = 100
"""A base that can name fewer things tells nothing about strangers by what it calls them."""
KEPT_KINDS: Final = 100
"""So many of the base's kinds are kept, those that the photos are most like: nearly as good as all, in less time."""
AXES: Final = 128
"""Photos are compared in so many directions, those in which they differ most: as good as all of them."""
LEAST_JUDGES: Final = 20
MOST_NEAR: Final = 0.1
"""Where more near strangers pass, the user is told."""
_MOST_JUDGES: Final = 4000
_AT_ONCE: Final = 512
_ROUNDS: Final = 4


def kinds_of(base: Bundle) -> Kinds | None:
    """Return what a base can name, to be handed on to models made from it; None where that is next to nothing.

    Raises:
        ModelError: its files are damaged.
    """
    before = base.shown()
    if before is not None:
        return before.kinds
    head = base.head()
    if head is None or head.classes < LEAST_KINDS:
        return None
    last = head.layers[-1]
    return Kinds(last.kernel, last.bias)


def shown_of(values: Floats, material: Material, base: Bundle, *, learnt: bool, seed: int) -> Shown | None:
    """Return what a model keeps of the photos of its training.

    Spoilt views and the user's photos of "none of these" are not what it was shown: the class that they stand for says
    by itself that a photo is none of the others.

    Args:
        values: what goes into the last layer, one row an item of `material`.
        material: the photos.
        base: what the model was made from.
        learnt: the network itself has learnt from the train photos, now or before.
        seed: of what is drawn.

    Raises:
        ModelError: the base's files are damaged.
    """
    items = material.items
    own = np.array(
        [n for n, item in enumerate(items) if item.view == "plain" and item.label != material.background], np.int64
    )
    judges = np.flatnonzero(np.isin(own, material.places("validation"))) if learnt else None
    samples = [items[n].sample for n in own]
    return choose_shown(
        values[own],
        material.labels()[own],
        photos=[sample.id for sample in samples],
        groups=[sample.group for sample in samples],
        kinds=kinds_of(base),
        judges=judges,
        seed=seed,
    )


def near_text(shown: Shown | None) -> str:
    """Return what to say of near strangers; empty where most of them are told, or nothing can be said."""
    if shown is None or shown.near_accepted is None or shown.near_accepted <= MOST_NEAR:
        return ""
    return tr(
        "Strangers that look much like your classes often pass: with each class left out in turn, {n} of 100 of its "
        "photos were still taken for another class."
    ).format(n=round(100 * shown.near_accepted))


def choose_shown(
    values: Floats,
    labels: NDArray[np.int64],
    *,
    photos: Sequence[str],
    groups: Sequence[str],
    kinds: Kinds | None,
    judges: Places | None = None,
    seed: int = 0,
) -> Shown | None:
    """Return what a model keeps; None where there are too few photos.

    Args:
        values: what goes into the last layer, shape (photos, channels).
        labels: the photos' classes, shape (photos,).
        photos: their ids.
        groups: photos of one group are not likened to each other; empty for one that stands alone.
        kinds: what the base can name.
        judges: the photos that set the limit, where the network itself has learnt from the others; all by default.
        seed: of what is drawn.
    """
    if len(values) < LEAST_PHOTOS:
        return None
    random = np.random.default_rng(seed)
    kept = _chosen(values, labels, random)
    rows = values[kept].astype(np.float32)
    axes = _axes(directions(rows))
    if kinds is not None:
        kinds = _likely(kinds, rows) if kinds.kernel.shape[0] == values.shape[1] else None
    made = Shown(
        axes,
        as_stored(directions(rows) @ axes),
        labels[kept].astype(np.int32),
        tuple(photos[n] for n in kept),
        kinds,
        None if kinds is None else as_stored(called(rows, kinds)),
        np.array([(0.0, 1.0)] * 2),
        0.0,
    )
    judges = np.arange(len(values)) if judges is None or len(judges) < LEAST_JUDGES else judges
    if len(judges) > _MOST_JUDGES:
        judges = np.sort(random.choice(judges, _MOST_JUDGES, replace=False))
    named = np.array([group or f"\0{n}" for n, group in enumerate(groups)])
    # From each judge to the photos that are kept, less itself and its group.
    apart = np.concatenate(list(_apart(Sight(made), values, named, judges, kept)), axis=1)
    scales = np.array([*(_spread(some, made.labels) for some in apart), (0.0, 1.0)][:2])
    every = scored(apart, scales)
    own = np.array([likeness_of(score) for score in likenesses(every, made.labels)])
    limit = float(np.quantile(own, 1 - OWN_ACCEPTED, method="lower"))
    near_accepted = None
    if len(set(made.labels.tolist())) > 1:
        every[labels[judges][:, None] == made.labels[None]] = -np.inf
        near_accepted = float(np.mean([likeness_of(score) >= limit for score in likenesses(every, made.labels)]))
    return replace(made, scales=scales, limit=limit, near_accepted=near_accepted)


def _axes(rows: Floats) -> Floats:
    """Return the directions in which photos differ most (their singular vectors), as they are stored."""
    some = rows[:: -(-len(rows) // KEPT)]
    return as_stored(np.linalg.svd(some, full_matrices=False)[2][:AXES]).T


def likenesses(every: NDArray[np.floating[Any]], labels: NDArray[np.int32]) -> list[float]:
    """Return how like photos are to those that count for them, in the units of `every`.

    Args:
        every: how like they are to each that was shown, shape (photos, shown).
        labels: the classes of those shown.
    """
    classes, needed = labels.tolist(), enough(labels)
    return [float(row[closest((-row).argsort(kind="stable").tolist(), classes, needed)].mean()) for row in every]


def _likely(kinds: Kinds, rows: Floats) -> Kinds:
    """Return the kinds that the base would call the photos most readily, as they are stored."""
    often = called(rows, kinds).mean(axis=0)
    kept = np.sort(np.argsort(-often, kind="stable")[:KEPT_KINDS])
    return Kinds(np.ascontiguousarray(as_stored(kinds.kernel[:, kept].T).T), kinds.bias[kept])


def _apart(sight: Sight, values: Floats, named: NDArray[np.str_], judges: Places, kept: Places) -> Iterator[Floats]:
    for start in range(0, len(judges), _AT_ONCE):
        some = judges[start : start + _AT_ONCE]
        apart = sight.apart(values[some])
        apart[:, named[some][:, None] == named[kept][None]] = 0  # nothing is farther apart than this
        yield apart


def _spread(apart: Floats, labels: NDArray[np.int32]) -> tuple[float, float]:
    nearest = -np.array(likenesses(-apart, labels))
    return float(nearest.mean()), max(float(nearest.std()), 1e-3)


def _chosen(values: Floats, labels: NDArray[np.int64], random: np.random.Generator) -> Places:
    """Return the photos to keep: of a large class the one nearest to the middle of each of its clusters."""
    classes = np.unique(labels)
    kept: list[Places] = []
    most = KEPT
    for number, label in enumerate(sorted(classes, key=lambda label: int((labels == label).sum()))):
        own = np.flatnonzero(labels == label)
        share = max(1, most // (len(classes) - number))
        kept.append(own if len(own) <= share else own[_middles(values[own], share, random)])
        most -= len(kept[-1])
    found = np.sort(np.concatenate(kept))
    return found if len(found) <= MOST_VECTORS else np.sort(random.choice(found, MOST_VECTORS, replace=False))


def _middles(values: Floats, count: int, random: np.random.Generator) -> Places:
    """Return `count` places: spherical k-means (Dhillon & Modha 2001), each cluster by the photo next to its middle."""
    rows = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    centres = rows[random.choice(len(rows), count, replace=False)]
    for _ in range(_ROUNDS):
        belongs = (rows @ centres.T).argmax(axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, belongs, rows)
        sizes = np.linalg.norm(sums, axis=1, keepdims=True)
        centres = np.where(sizes > 0, sums / np.maximum(sizes, 1e-12), centres)
    return np.unique((rows @ centres.T).argmax(axis=0))
