"""Owns examining a dataset: what is wrong with its photos and classes, and what can be done about each.

Looking at the photos is `fingerprint`'s business, finding those that belong together `duplicates`', suspecting labels
`doctor_labels`'; what counts as a problem and what is said about it is `doctor_rules`'. No TensorFlow: a dataset can
be examined before anything is trained.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.core.photo_files import openable
from mobilenet_gui.training.doctor_dataset import Dataset
from mobilenet_gui.training.doctor_findings import (
    LOOKING,
    CheckedPhoto,
    Examination,
    Finding,
    FindingKind,
    Fix,
    FixStep,
    Operation,
    PlainPhoto,
    Severity,
    from_data,
    to_data,
)
from mobilenet_gui.training.doctor_labels import Suspect, suspects
from mobilenet_gui.training.doctor_rules import findings_of
from mobilenet_gui.training.duplicates import duplicate_groups, find_duplicates
from mobilenet_gui.training.fingerprint_cache import FingerprintCache, by_path, default_path, fingerprints

__all__ = [
    "CheckedPhoto",
    "Examination",
    "Finding",
    "FindingKind",
    "Fix",
    "FixStep",
    "Operation",
    "PlainPhoto",
    "Severity",
    "Suspect",
    "duplicate_groups",
    "examine",
    "from_data",
    "suspects",
    "to_data",
]

OnProgress = Callable[[float], None]
"""Told how much is done, 0-1; it may raise to stop the work."""


def examine(
    photos: Iterable[CheckedPhoto],
    classes: Mapping[str, str],
    *,
    cache_path: Path | None = None,
    class_weights: bool = True,
    suspects: Iterable[Suspect] = (),
    threads: int | None = None,
    progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> Examination:
    """Examine a dataset.

    Args:
        photos: every photo, those left out included.
        classes: the names of the classes by id, empty ones included.
        cache_path: the file of fingerprints; the default one by default. Photos seen before are not read again.
        class_weights: the training makes up for classes of different size.
        suspects: photos whose label a trained model doubts; see `doctor_labels`.
        threads: how many photos at once; one a core by default.
        progress: called now and then in this thread.
        cancel: stops it when set; what was seen until then is kept.

    Raises:
        Cancelled: `cancel` was set.
    """
    start = time.monotonic()
    listed = tuple(photos)

    def looked(done: int, wanted: int) -> None:
        if progress is not None:
            progress(LOOKING * done / max(1, wanted))

    def check(fraction: float | None) -> None:
        if cancel is not None and cancel.is_set():
            raise Cancelled
        if progress is not None and fraction is not None:
            progress(LOOKING + (1 - LOOKING) * fraction)

    with FingerprintCache(cache_path or default_path()) as cache:
        found, fresh = fingerprints(
            [photo.path for photo in listed], cache, threads=threads, progress=looked, cancel=cancel
        )
        seen = by_path(found, [photo.path for photo in listed])
        groups = find_duplicates(seen, [photo.class_id for photo in listed], cache=cache, check=check)
    missing = frozenset(n for n, one in enumerate(seen) if one.error and not _is_there(listed[n].path))
    dataset = Dataset(listed, tuple(seen), dict(classes), groups, class_weights, tuple(suspects), missing)
    open_and_fixed, fine = findings_of(dataset)
    if progress is not None:
        progress(1.0)
    return Examination(open_and_fixed, time.monotonic() - start, len(listed), fine, fresh)


def _is_there(path: Path) -> bool:
    try:
        return os.path.exists(openable(path))  # noqa: PTH110 - keeps the long form of the path
    except ValueError:
        return False
