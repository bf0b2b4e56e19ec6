"""Owns the photos that a project keeps for itself: each lies in `photos/` under the hash of its content, once.

A copy is written beside its place and renamed, so that half a photo never has a name. Copies are never changed, so
two projects may share one on the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from mobilenet_gui.core.atomic import staged_file
from mobilenet_gui.core.errors import Cancelled, PhotoError
from mobilenet_gui.core.imaging_formats import FORMATS, SNIFF_BYTES, SUPPORTED_SUFFIXES, sniff
from mobilenet_gui.core.photo_files import open_regular, os_reason
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.project_file import PHOTOS_NAME, backup_copies
from mobilenet_gui.training.project_runs import ordered_runs
from mobilenet_gui.training.project_types import Photo, ProjectData

Progress = Callable[[int, int], None]
"""Told how many files are done, of how many."""
MAX_PHOTO_BYTES: Final = max(each.file_limit for each in FORMATS.values())
_BLOCK: Final = 1 << 20
_SUFFIX = re.compile(r"\.[a-z0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Copied:
    """What came of copying.

    Attributes:
        paths: where each photo lies now, by its old path.
        problems: the ones that could not be copied.
    """

    paths: Mapping[Path, Path]
    problems: tuple[PhotoError, ...]


def copy_photos(
    folder: Path, photos: Sequence[Path], cancel: threading.Event | None = None, progress: Progress | None = None
) -> Copied:
    """Copy photos into a project's folder.

    Args:
        folder: the project's.
        photos: files; one that cannot be read, or is no photo, becomes a problem.
        cancel: ends it when set; what was copied stays until `sweep`.
        progress: told how far it is.

    Raises:
        StorageError: the disk refused.
        Cancelled: `cancel` was set.
    """
    done: dict[Path, Path] = {}
    problems: list[PhotoError] = []
    for number, photo in enumerate(photos):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        if progress is not None:
            progress(number, len(photos))
        try:
            with open_regular(photo) as stream:
                done[photo] = keep(folder, stream, photo.suffix, str(photo), cancel)
        except PhotoError as error:
            problems.append(error)
        except OSError as error:
            problems.append(PhotoError(str(photo), os_reason(error)))
    if progress is not None:
        progress(len(photos), len(photos))
    return Copied(done, tuple(problems))


def keep(
    folder: Path, stream: IO[bytes], suffix: str = "", name: str = "", cancel: threading.Event | None = None
) -> Path:
    """Write a photo's bytes, from a file, the clipboard or a camera, into a project's folder; return where it lies.

    Args:
        folder: the project's.
        stream: the photo, from its start.
        suffix: the ending its file had; by default the usual one of its kind.
        name: how errors name it.
        cancel: ends it when set.

    Raises:
        PhotoError: it is no photo, or it cannot be read.
        StorageError: the disk refused.
        Cancelled: `cancel` was set.
    """
    block = _read(stream, name)
    kind = sniff(block[:SNIFF_BYTES])
    if kind is None:
        raise PhotoError(name, tr("This is not a photo, or not in a format that can be read."))
    suffix = suffix.lower() if suffix.lower() in SUPPORTED_SUFFIXES else FORMATS[kind].suffixes[0]
    place = folder / PHOTOS_NAME
    digest, size = hashlib.sha256(), 0
    try:
        place.mkdir(parents=True, exist_ok=True)
        with staged_file(place) as copy:
            while block:
                if cancel is not None and cancel.is_set():
                    raise Cancelled
                size += len(block)
                if size > MAX_PHOTO_BYTES:
                    raise PhotoError(name, tr("The file is too large for a photo."))
                digest.update(block)
                copy.stream.write(block)
                block = _read(stream, name)
            target = copy_path(folder, digest.hexdigest(), suffix)
            if not (target.is_file() and target.stat().st_size == size):
                target.parent.mkdir(exist_ok=True)
                copy.replace(target, sync=False)
            return target
    except OSError as error:
        raise storage_error(folder, error) from error


def copy_path(folder: Path, sha256: str, suffix: str) -> Path:
    """Return where the photo of that hash (hexadecimal) lies in a project's folder."""
    suffix = suffix if _SUFFIX.fullmatch(suffix) else ""
    return folder / PHOTOS_NAME / sha256[:2] / f"{sha256}{suffix}"


def link_copies(data: ProjectData, folder: Path) -> dict[str, Photo]:
    """Give a new project folder the copies that another project has, and return its photos.

    A copy that has vanished is left out of the disk, not of the project: the new one misses it as the old one does.

    Raises:
        StorageError: the disk refused.
    """
    photos: dict[str, Photo] = {}
    try:
        for photo in data.photos.values():
            if photo.copied and photo.path.is_relative_to(data.folder):
                target = folder / photo.path.relative_to(data.folder)
                _link(photo.path, target)
                photos[photo.id] = photo._replace(path=target)
            else:
                photos[photo.id] = photo
    except OSError as error:
        raise storage_error(folder, error) from error
    return photos


def sweep(folder: Path, photos: Iterable[Photo]) -> int:
    """Delete copies that neither the project, its backup nor one of its trainings needs.

    Only while nobody else works on the project.

    Args:
        folder: the project's.
        photos: those it has; its undo history is no longer needed.

    Returns:
        How many files were deleted. Never raises: what cannot be deleted waits for the next time.
    """
    needed = {os.path.normcase(photo.path) for photo in photos}
    spare = [
        path
        for place, _, names in os.walk(folder / PHOTOS_NAME)
        for name in names
        if os.path.normcase(path := Path(place, name)) not in needed
    ]
    # Mostly there is none. What else may need one takes 150 ms to read with twenty thousand photos, and the window
    # shares the interpreter with it.
    if not spare:
        return 0
    try:
        needed.update(os.path.normcase(path) for path in backup_copies(folder))
        for run in ordered_runs(folder):
            needed.update(os.path.normcase(sample.path) for sample in run.spec().samples)
    except Exception:  # a training that cannot be read may need any of them
        return 0
    swept = 0
    for path in spare:
        if os.path.normcase(path) not in needed:
            with contextlib.suppress(OSError):
                path.unlink()
                swept += 1
    return swept


def _read(stream: IO[bytes], name: str) -> bytes:
    """Read a block; a failing source is the photo's fault, not the project's disk's."""
    try:
        return stream.read(_BLOCK)
    except OSError as error:
        raise PhotoError(name, os_reason(error)) from error


def _link(source: Path, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        return
    except OSError:  # a disk without links, or another one
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(source, target)
