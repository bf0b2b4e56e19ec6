"""Owns finding photos again whose folder was moved or renamed: by name and size, below a folder that the user names.

Nothing is decoded. Of several files that fit, the one is taken that has most of the old path's end in common.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from mobilenet_gui.core.photo_files import openable
from mobilenet_gui.training.project_types import Photo
from mobilenet_gui.workers.photo_tasks import Errand


def lost_photos(photos: Sequence[Photo]) -> list[Photo]:
    """Return the photos whose file is not there; asks the disk for each."""
    return [photo for photo in photos if file_state(photo) is None]


def file_state(photo: Photo) -> tuple[int, int] | None:
    """Return the length and the time of change of a photo's file; None where there is none."""
    try:
        status = os.stat(openable(photo.path))  # noqa: PTH116 - keeps the long form of the path
    except (OSError, ValueError):
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def find_lost(errand: Errand, photos: Sequence[Photo], folder: Path) -> tuple[dict[str, Path], int]:
    """Look for photos below a folder.

    Args:
        errand: may be cancelled.
        photos: all of a project's; those that are where they were are left alone.
        folder: where to look, with everything below it.

    Returns:
        Where photos are now by id, and how many are missing all the same.
    """
    lost = lost_photos(photos)
    wanted = {os.path.normcase(photo.path.name) for photo in lost}
    found: dict[str, list[Path]] = {}
    for place, _, names in os.walk(openable(folder)):
        if errand.cancelled.is_set():
            break
        for name in names:
            if os.path.normcase(name) in wanted:
                found.setdefault(os.path.normcase(name), []).append(_plain(place) / name)
    paths = _matched(lost, found)
    return paths, len(lost) - len(paths)


def _matched(lost: Sequence[Photo], found: Mapping[str, Sequence[Path]]) -> dict[str, Path]:
    """Return a file for each photo where there is one, the best matches first; no two places share a file."""
    pairs = [
        (_common_end(path, photo.path), photo, path)
        for photo in lost
        for path in found.get(os.path.normcase(photo.path.name), ())
        if _has_size(path, photo.size)
    ]
    pairs.sort(key=lambda pair: -pair[0])
    paths: dict[str, Path] = {}
    before: dict[Path, Path] = {}
    for _, photo, path in pairs:
        # One photo may be in two classes; its file then serves both.
        if photo.id not in paths and before.setdefault(path, photo.path) == photo.path:
            paths[photo.id] = path
    return paths


def _has_size(path: Path, size: int) -> bool:
    """Say whether a file is as large as the photo was; of one that nobody measured any size will do."""
    if not size:
        return True
    try:
        return path.stat().st_size == size
    except OSError:
        return False


def _common_end(one: Path, other: Path) -> int:
    """Return how many parts, counted from the end, two paths have in common."""
    count = 0
    for a, b in zip(reversed(one.parts), reversed(other.parts), strict=False):
        if os.path.normcase(a) != os.path.normcase(b):
            break
        count += 1
    return count


def _plain(place: str) -> Path:
    """Return a folder without the mark that lets Windows open long paths."""
    return Path(place.removeprefix("\\\\?\\"))
