"""Owns sorting photos into copies of one picture, and series of pictures taken a moment apart.

Copies are for the user, who keeps one of each. Series are for the split: what is alike must not be learnt from on one
side and tested on the other. Neither needs more than the fingerprints.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.training.doctor_findings import LOOKING, CheckedPhoto
from mobilenet_gui.training.fingerprint import VERSION, Fingerprint
from mobilenet_gui.training.fingerprint_cache import FingerprintCache, OnProgress, default_path, fingerprints
from mobilenet_gui.training.likeness import Pairs, candidate_pairs, mirrored_pairs, shrink
from mobilenet_gui.training.likeness_check import ALIKE_FROM, SAME_FROM, likeness

_SEARCH_VERSION: Final = 4
_PAIRS_AT_ONCE: Final = 1024
_MOST_CHECKS_A_PHOTO: Final = 4
"""Bounds the time where thousands of photos look alike; the likeliest pairs are checked first."""
_MOST_ROUNDS: Final = 64
_STRAIGHT: Final = 0.85
"""The share of comparing that photos as they are take; mirrored ones take the rest."""

Check = Callable[[float | None], None]
"""Told how far the search is, 0-1; it may raise to stop it."""


@dataclass(frozen=True, slots=True)
class DuplicateGroups:
    """Which photos belong together, as positions in the list they were searched in.

    Attributes:
        identical: photos with the very same file content.
        copies: photos that show the same picture, identical ones included. The best comes first: the one with most
            pixels, of equals the earliest.
        alike: photos that must not be divided by a split: copies, mirrored ones too, and series of similar photos.
    """

    identical: tuple[tuple[int, ...], ...] = ()
    copies: tuple[tuple[int, ...], ...] = ()
    alike: tuple[tuple[int, ...], ...] = ()


def find_duplicates(
    fingerprints: Sequence[Fingerprint],
    *,
    cache: FingerprintCache | None = None,
    check: Check | None = None,
) -> DuplicateGroups:
    """Return which of these photos belong together; unreadable ones belong to none.

    Args:
        fingerprints: one a photo.
        cache: where the outcome is kept, so that the same photos are searched once.
        check: called now and then.
    """
    by_digest: dict[bytes, list[int]] = {}
    for position, fingerprint in enumerate(fingerprints):
        if not fingerprint.error:
            by_digest.setdefault(fingerprint.digest, []).append(position)
    digests = sorted(by_digest)
    contents = [fingerprints[by_digest[digest][0]] for digest in digests]
    search = _known_search(digests, contents, cache, check)

    def photos_of(group: Iterable[int]) -> tuple[int, ...]:
        return tuple(position for content in group for position in by_digest[digests[content]])

    alone = {content for group in search.copies for content in group}
    repeated = [[n] for n, digest in enumerate(digests) if len(by_digest[digest]) > 1]
    copies = [*search.copies, *(group for group in repeated if group[0] not in alone)]
    alike_too = {content for group in search.alike for content in group}
    alike = [*search.alike, *(group for group in repeated if group[0] not in alike_too)]
    return DuplicateGroups(
        tuple(sorted(photos_of(group) for group in repeated)),
        tuple(sorted(_best_first(photos_of(group), fingerprints) for group in copies)),
        tuple(sorted(tuple(sorted(photos_of(group))) for group in alike)),
    )


def duplicate_groups(
    photos: Iterable[CheckedPhoto],
    cache_path: Path | None = None,
    *,
    look: bool = False,
    progress: OnProgress | None = None,
    share: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> dict[str, str]:
    """Return the group of each photo that must stay on one side of a split with others, by photo id.

    Args:
        photos: a project's photos.
        cache_path: the file of fingerprints; the default one by default.
        look: look at photos that the doctor has not seen yet. Otherwise nothing is decoded, and they are in no group.
        progress: called while photos are looked at: how many are done, and of how many.
        share: told how much of the whole is done, 0-1.
        cancel: stops it when set.

    Raises:
        Cancelled: `cancel` was set.
    """
    listed = list(photos)
    paths = [photo.path for photo in listed]
    stop = stop_when(cancel)

    def looked(done: int, wanted: int) -> None:
        if progress is not None:
            progress(done, wanted)
        if share is not None:
            share(LOOKING * done / max(1, wanted))

    def check(fraction: float | None) -> None:
        stop(fraction)
        if share is not None and fraction is not None:
            share(LOOKING + (1 - LOOKING) * fraction)

    with FingerprintCache(cache_path or default_path()) as cache:
        known = fingerprints(paths, cache, progress=looked, cancel=cancel)[0] if look else cache.get(paths)
        seen = [photo for photo in listed if photo.path in known]
        found = find_duplicates([known[photo.path] for photo in seen], cache=cache, check=check)
    return {seen[n].id: f"alike-{seen[group[0]].id}" for group in found.alike for n in group}


def stop_when(cancel: threading.Event | None) -> Check:
    """Return a check that raises `Cancelled` once `cancel` is set."""

    def check(_: float | None) -> None:
        if cancel is not None and cancel.is_set():
            raise Cancelled

    return check


@dataclass(frozen=True, slots=True)
class _Search:
    """The outcome for different contents, as positions in their order."""

    copies: list[list[int]]
    alike: list[list[int]]


def _known_search(
    digests: Sequence[bytes], contents: Sequence[Fingerprint], cache: FingerprintCache | None, check: Check | None
) -> _Search:
    """Look the outcome up, or search and keep it."""
    key = hashlib.blake2b(bytes((VERSION, _SEARCH_VERSION)) + b"".join(digests), digest_size=16).digest()
    kept = None if cache is None else _read_search(cache.search(key), len(digests))
    if kept is not None:
        return kept
    search = _search(contents, check or stop_when(None))
    if cache is not None:
        cache.keep_search(key, json.dumps([search.copies, search.alike]).encode())
    return search


def _read_search(data: bytes | None, contents: int) -> _Search | None:
    try:
        copies, alike = json.loads(data or b"")
        for group in [*copies, *alike]:
            if len(group) < 2 or not all(isinstance(n, int) and 0 <= n < contents for n in group):
                return None
    except (ValueError, TypeError, RecursionError):
        return None
    return _Search(copies, alike)


def _search(contents: Sequence[Fingerprint], check: Check) -> _Search:
    """Find what belongs together among photos of different content."""
    looks = [(n, c.grey, c.colour) for n, c in enumerate(contents) if c.grey is not None and c.colour is not None]
    if len(looks) < 2:
        return _Search([], [])
    usable = [n for n, _, _ in looks]
    greys, colours = np.stack([grey for _, grey, _ in looks]), np.stack([colour for _, _, colour in looks])
    check(0.0)
    thumbs = shrink(greys)
    same, alike = _Islands(len(usable)), _Islands(len(usable))
    pairs, _ = candidate_pairs(thumbs, lambda: check(None))
    for batch in _batches(pairs, same, len(usable), lambda done: check(_STRAIGHT * (done or 0.0))):
        scores = likeness(greys, colours, batch)
        same.join(batch[scores >= SAME_FROM])
        alike.join(batch[scores >= ALIKE_FROM])
    # Training mirrors photos: who has learnt one has seen the other. But a sign to the left is none to the right.
    pairs, _ = mirrored_pairs(thumbs, lambda: check(None))
    for batch in _batches(pairs, alike, len(usable), lambda done: check(_STRAIGHT + (1 - _STRAIGHT) * (done or 0.0))):
        scores = likeness(greys, colours, batch, mirrored=True)
        alike.join(batch[scores >= SAME_FROM])
    sizes = np.array([contents[n].size[0] * contents[n].size[1] for n in usable])
    copies = [group for island in same.groups() for group in _around_the_best(island, sizes, greys, colours, check)]
    return _Search(
        [[usable[n] for n in group] for group in copies], [[usable[n] for n in group] for group in alike.groups()]
    )


def _batches(pairs: Pairs, joined: _Islands, photos: int, check: Check) -> Iterator[Pairs]:
    """Yield pairs to be compared, the likeliest first, as long as that is worth it; whoever takes them joins them."""
    most = _MOST_CHECKS_A_PHOTO * photos + _PAIRS_AT_ONCE
    checked = 0
    while len(pairs) and checked < most:
        # What is known to be the same already need not be compared again; so a burst takes one comparison a photo.
        pairs = pairs[joined.apart(pairs)]
        batch, pairs = pairs[:_PAIRS_AT_ONCE], pairs[_PAIRS_AT_ONCE:]
        yield batch
        checked += len(batch)
        # None may be left to compare: photos that are their own mirror image have all been joined before.
        check(checked / max(1, min(most, checked + len(pairs))))


def _around_the_best(
    island: list[int], sizes: NDArray[Any], greys: NDArray[np.uint8], colours: NDArray[np.uint8], check: Check
) -> list[list[int]]:
    """Part photos that are the same by way of others into groups that are each the same as their best photo.

    In a film every frame is the same as the next and yet the last is another picture than the first: keeping one of
    each must not throw the film away.
    """
    left = sorted(island, key=lambda n: (-sizes[n], n))
    if len(left) == 2:
        return [left]  # they were compared with each other
    groups: list[list[int]] = []
    for _ in range(_MOST_ROUNDS):
        if len(left) < 2:
            break
        best, others = left[0], left[1:]
        pairs: Pairs = np.array([[best, other] for other in others], np.int64)
        alike = likeness(greys, colours, pairs) >= SAME_FROM
        members = [other for other, yes in zip(others, alike, strict=True) if yes]
        if members:
            groups.append([best, *members])
        left = [other for other, yes in zip(others, alike, strict=True) if not yes]
        check(None)
    return groups


def _best_first(group: tuple[int, ...], fingerprints: Sequence[Fingerprint]) -> tuple[int, ...]:
    return tuple(sorted(group, key=lambda n: (-fingerprints[n].size[0] * fingerprints[n].size[1], n)))


class _Islands:
    """Which of a number of things have been joined, directly or by way of others (disjoint sets)."""

    def __init__(self, count: int) -> None:
        self._root = list(range(count))

    def join(self, pairs: Pairs) -> None:
        """Join both of each pair."""
        for one, two in pairs.tolist():
            first, second = self._find(one), self._find(two)
            # The smaller number stays the root, so that the outcome does not depend on the order.
            self._root[max(first, second)] = min(first, second)

    def apart(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Say of each pair whether it has not been joined yet."""
        roots = np.array([self._find(n) for n in range(len(self._root))], np.int64)
        different: NDArray[np.bool_] = roots[pairs[:, 0]] != roots[pairs[:, 1]]
        return different

    def groups(self) -> list[list[int]]:
        """Return what was joined, in order."""
        found: dict[int, list[int]] = {}
        for n in range(len(self._root)):
            found.setdefault(self._find(n), []).append(n)
        return [group for group in found.values() if len(group) > 1]

    def _find(self, n: int) -> int:
        root = n
        while self._root[root] != root:
            root = self._root[root]
        while self._root[n] != root:
            self._root[n], n = root, self._root[n]
        return root
