"""Owns sorting photos into copies of one picture, and series of pictures taken a moment apart.

Copies are for the user, who keeps one of each. Series are for the split: what is alike must not be learnt from on one
side and tested on the other. Neither needs more than the fingerprints. How they are compared is `comparing`'s business.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.training.comparing import Check, Comparing
from mobilenet_gui.training.doctor_findings import LOOKING, CheckedPhoto
from mobilenet_gui.training.fingerprint import VERSION, Fingerprint, content_hash
from mobilenet_gui.training.fingerprint_cache import FingerprintCache, OnProgress, default_path, fingerprints
from mobilenet_gui.training.likeness import Pairs, bits_apart, shrink
from mobilenet_gui.training.likeness_check import SAME_FROM, SAME_THROUGHOUT_FROM, likeness
from mobilenet_gui.training.sharing import Alike

_SEARCH_VERSION: Final = 6
_NEAREST: Final = 32
"""Photos that a single new one is compared with, those with the most similar bits."""


@dataclass(frozen=True, slots=True)
class DuplicateGroups:
    """Which photos belong together, as positions in the list they were searched in.

    Attributes:
        identical: photos with the very same file content.
        copies: photos that show the same picture, identical ones included. The best comes first: the one with most
            pixels, of equals the earliest.
        alike: photos of one class that must not be divided by a split: copies, mirrored ones too, and series of
            similar photos.
        uniform: the classes whose photos look alike by nature; of theirs, only copies are told.
    """

    identical: tuple[tuple[int, ...], ...] = ()
    copies: tuple[tuple[int, ...], ...] = ()
    alike: tuple[tuple[int, ...], ...] = ()
    uniform: frozenset[str] = frozenset()


def find_duplicates(
    fingerprints: Sequence[Fingerprint],
    classes: Sequence[str] = (),
    *,
    cache: FingerprintCache | None = None,
    check: Check | None = None,
) -> DuplicateGroups:
    """Return which of these photos belong together; unreadable ones belong to none.

    Args:
        fingerprints: one a photo.
        classes: the class of each; by default they are all of one.
        cache: where the outcome is kept, so that the same photos are searched once.
        check: called now and then.
    """
    labels = classes or [""] * len(fingerprints)
    by_digest: dict[bytes, list[int]] = {}
    for position, fingerprint in enumerate(fingerprints):
        if not fingerprint.error:
            by_digest.setdefault(fingerprint.digest, []).append(position)
    digests = sorted(by_digest)
    contents = [fingerprints[by_digest[digest][0]] for digest in digests]
    search = _known_search(digests, contents, [labels[by_digest[digest][0]] for digest in digests], cache, check)

    def photos_of(group: Iterable[int]) -> tuple[int, ...]:
        return tuple(position for content in group for position in by_digest[digests[content]])

    def of_one_class(group: Iterable[int]) -> Iterator[tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for position in sorted(photos_of(group)):
            found.setdefault(labels[position], []).append(position)
        yield from (tuple(some) for some in found.values() if len(some) > 1)

    alone = {content for group in search.copies for content in group}
    repeated = [[n] for n, digest in enumerate(digests) if len(by_digest[digest]) > 1]
    copies = [*search.copies, *(group for group in repeated if group[0] not in alone)]
    alike_too = {content for group in search.alike for content in group}
    alike = [*search.alike, *(group for group in repeated if group[0] not in alike_too)]
    return DuplicateGroups(
        tuple(sorted(photos_of(group) for group in repeated)),
        tuple(sorted(_best_first(photos_of(group), fingerprints) for group in copies)),
        tuple(sorted(some for group in alike for some in of_one_class(group))),
        frozenset(search.uniform),
    )


def duplicate_groups(
    photos: Iterable[CheckedPhoto],
    cache_path: Path | None = None,
    *,
    look: bool = False,
    progress: OnProgress | None = None,
    share: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Alike:
    """Return which photos must stay on one side of a split with others.

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
    began = time.monotonic()
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
        classes = [photo.class_id for photo in seen]
        found = find_duplicates([known[photo.path] for photo in seen], classes, cache=cache, check=check)
    return Alike(
        {seen[n].id: f"alike-{seen[group[0]].id}" for group in found.alike for n in group},
        {photo.id: known[photo.path].digest for photo in seen if known[photo.path].digest},
        found.uniform,
        time.monotonic() - began,
    )


def copies_among(new: Sequence[CheckedPhoto], old: Sequence[CheckedPhoto], cache: FingerprintCache) -> dict[str, str]:
    """Return of which old photo a new one is a copy, by their ids; compared throughout, whatever their classes.

    Args:
        new: a few photos.
        old: many.
        cache: an opened cache; photos that it does not know are looked at.
    """
    known, _ = fingerprints([photo.path for photo in (*new, *old)], cache)
    seen = [photo for photo in (*new, *old) if known[photo.path].grey is not None]
    first = sum(known[photo.path].grey is not None for photo in new)
    if not 0 < first < len(seen):
        return {}
    greys, colours = _thumbnails(known[photo.path] for photo in seen)
    found: dict[str, str] = {}
    for n in range(first):
        apart = bits_apart(shrink(greys[n : n + 1]), shrink(greys[first:]))
        near = first + np.argsort(apart, kind="stable")[:_NEAREST]
        pairs: Pairs = np.stack([np.full(len(near), n), near], axis=1)
        middle, least = likeness(greys, colours, pairs)
        same = (middle >= SAME_FROM) & (least >= SAME_THROUGHOUT_FROM)
        if same.any():
            found[seen[n].id] = seen[int(near[np.flatnonzero(same)[0]])].id
    return found


def contents_of(photos: Iterable[CheckedPhoto], cancel: threading.Event | None = None) -> Alike:
    """Return what is in the files of photos, without looking at the pictures; those that cannot be read are missing."""
    began, stop = time.monotonic(), stop_when(cancel)
    found: dict[str, bytes] = {}
    for photo in photos:
        stop(None)
        with contextlib.suppress(OSError):
            found[photo.id] = content_hash(photo.path)
    return Alike(contents=found, seconds=time.monotonic() - began)


def stop_when(cancel: threading.Event | None) -> Check:
    """Return a check that raises `Cancelled` once `cancel` is set."""

    def check(_: float | None) -> None:
        if cancel is not None and cancel.is_set():
            raise Cancelled

    return check


@dataclass(frozen=True, slots=True)
class _Search:
    """The outcome for different contents, as positions in their order, and the names of uniform classes."""

    copies: list[list[int]]
    alike: list[list[int]]
    uniform: list[str]


def _known_search(
    digests: Sequence[bytes],
    contents: Sequence[Fingerprint],
    labels: Sequence[str],
    cache: FingerprintCache | None,
    check: Check | None,
) -> _Search:
    """Look the outcome up, or search and keep it."""
    asked = hashlib.blake2b(bytes((VERSION, _SEARCH_VERSION)) + b"".join(digests), digest_size=16)
    asked.update("\0".join(labels).encode("utf-8", "surrogatepass"))
    key = asked.digest()
    kept = None if cache is None else _read_search(cache.search(key), len(digests))
    if kept is not None:
        return kept
    search = _search(contents, labels, check or stop_when(None))
    if cache is not None:
        cache.keep_search(key, json.dumps([search.copies, search.alike, search.uniform]).encode())
    return search


def _read_search(data: bytes | None, contents: int) -> _Search | None:
    try:
        copies, alike, uniform = json.loads(data or b"")
        for group in [*copies, *alike]:
            if len(group) < 2 or not all(isinstance(n, int) and 0 <= n < contents for n in group):
                return None
        if not all(isinstance(name, str) for name in uniform):
            return None
    except (ValueError, TypeError, RecursionError):
        return None
    return _Search(copies, alike, uniform)


def _search(contents: Sequence[Fingerprint], labels: Sequence[str], check: Check) -> _Search:
    """Find what belongs together among photos of different content."""
    usable = [n for n, c in enumerate(contents) if c.grey is not None and c.colour is not None]
    if len(usable) < 2:
        return _Search([], [], [])
    greys, colours = _thumbnails(contents[n] for n in usable)
    names, classes = np.unique([labels[n] for n in usable], return_inverse=True)
    search = Comparing(greys, colours, classes, check)
    sizes = np.array([contents[n].size[0] * contents[n].size[1] for n in usable])
    copies = search.copies(sizes)
    alike = search.series(copies)
    return _Search(
        [[usable[n] for n in group] for group in copies],
        [[usable[n] for n in group] for group in alike],
        [str(names[n]) for n in np.flatnonzero(search.uniform)],
    )


def _thumbnails(looks: Iterable[Fingerprint]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the thumbnails of photos that could be read: shapes (photos, 64, 64) and (photos, 2, 8, 8)."""
    found = [(look.grey, look.colour) for look in looks if look.grey is not None and look.colour is not None]
    return np.stack([grey for grey, _ in found]), np.stack([colour for _, colour in found])


def _best_first(group: tuple[int, ...], fingerprints: Sequence[Fingerprint]) -> tuple[int, ...]:
    return tuple(sorted(group, key=lambda n: (-fingerprints[n].size[0] * fingerprints[n].size[1], n)))
