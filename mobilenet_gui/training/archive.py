"""Owns a project as one zip that can be sent to somebody: writing it. Reading it back is `archive_reading`'s. No Qt.

The zip holds `project.json`, as in a project's folder, and the photos under the hash of their content, as copies lie
there. Photos are not packed again, since they are packed already.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from mobilenet_gui.core.atomic import replacing
from mobilenet_gui.core.errors import Cancelled, PhotoError
from mobilenet_gui.core.imaging_formats import SUPPORTED_SUFFIXES
from mobilenet_gui.core.photo_files import open_regular, os_reason
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import json_rows, project_file
from mobilenet_gui.training.project_copies import MAX_PHOTO_BYTES, Progress
from mobilenet_gui.training.project_types import Photo, ProjectData

SUFFIX: Final = ".mobilenet.zip"
"""Of an exported project: a zip to every other program, and yet a file that a desktop opens with this one."""
_BLOCK: Final = 1 << 20
_IN_MEMORY: Final = 64 << 20
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every entry, so that the same project makes the same zip."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of an export.

    Attributes:
        path: the zip.
        photos: how many photos it holds.
        problems: photos that could not be read; the zip names them, and does not hold them.
    """

    path: Path
    photos: int
    problems: tuple[PhotoError, ...]


def export_zip(
    data: ProjectData,
    target: Path,
    *,
    include_photos: bool = True,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Exported:
    """Write a project as one zip.

    Args:
        data: the project; `Project.snapshot()`, or what `project_file.load` gives.
        target: the file; one that is there is replaced once the new one is whole.
        include_photos: put all photos in. Otherwise the zip holds the copied ones only, and the others are found
            where they are now, on this computer.
        progress: told how many photos are done, of how many.
        cancel: ends it when set.

    Raises:
        StorageError: the disk refused; an older file is untouched.
        Cancelled: `cancel` was set.
    """
    try:
        with (
            replacing(target, make_folder=False) as stream,
            zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
        ):
            names, problems = _write_photos(archive, data, include_photos, progress, cancel)
            _write_project(archive, data, names)
    except OSError as error:
        raise storage_error(target, error) from error
    return Exported(target, len(set(names.values())), tuple(problems))


def _write_photos(
    archive: zipfile.ZipFile,
    data: ProjectData,
    everything: bool,
    progress: Progress | None,
    cancel: threading.Event | None,
) -> tuple[dict[str, str], list[PhotoError]]:
    """Write the photos, each content once; return the name of each by photo id."""
    wanted = [photo for photo in data.photos.values() if everything or photo.copied]
    names: dict[str, str] = {}
    written: set[str] = set()
    problems: list[PhotoError] = []
    for number, photo in enumerate(wanted):
        _check(cancel)
        if progress is not None:
            progress(number, len(wanted))
        try:
            with _opened(photo.path) as source:
                name = _name_of(photo, source, cancel)
                if name not in written:
                    _write_entry(archive, name, source, cancel)
                    written.add(name)
                names[photo.id] = name
        except PhotoError as error:
            problems.append(error)
    if progress is not None:
        progress(len(wanted), len(wanted))
    return names, problems


def _opened(path: Path) -> IO[bytes]:
    """Open a photo; one of usual size is read whole, so that it cannot change between being hashed and written.

    Raises:
        PhotoError: it cannot be read.
    """
    try:
        stream = open_regular(path)
    except OSError as error:
        raise PhotoError(str(path), os_reason(error)) from error
    try:
        status = os.fstat(stream.fileno())
        if status.st_size > MAX_PHOTO_BYTES:
            raise PhotoError(str(path), tr("The file is too large for a photo."))
        if status.st_size > _IN_MEMORY:
            return stream
        data = stream.read(_IN_MEMORY + 1)
    except OSError as error:
        stream.close()
        raise PhotoError(str(path), os_reason(error)) from error
    except PhotoError:
        stream.close()
        raise
    stream.close()
    return io.BytesIO(data)


def _name_of(photo: Photo, source: IO[bytes], cancel: threading.Event | None) -> str:
    digest = hashlib.sha256()
    for block in _blocks(source, str(photo.path), cancel):
        digest.update(block)
    source.seek(0)
    suffix = photo.path.suffix.lower()
    suffix = suffix if suffix in SUPPORTED_SUFFIXES else ""
    return f"{project_file.PHOTOS_NAME}/{digest.hexdigest()[:2]}/{digest.hexdigest()}{suffix}"


def _write_entry(archive: zipfile.ZipFile, name: str, source: IO[bytes], cancel: threading.Event | None) -> None:
    with archive.open(zipfile.ZipInfo(name, _EPOCH), "w", force_zip64=True) as stream:
        for block in _blocks(source, name, cancel):
            stream.write(block)


def _blocks(source: IO[bytes], name: str, cancel: threading.Event | None) -> Iterator[bytes]:
    while True:
        _check(cancel)
        try:
            block = source.read(_BLOCK)
        except OSError as error:
            raise PhotoError(name, os_reason(error)) from error
        if not block:
            return
        yield block


def _check(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled


def _write_project(archive: zipfile.ZipFile, data: ProjectData, names: dict[str, str]) -> None:
    entry = zipfile.ZipInfo(project_file.FILE_NAME, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as stream:
        for piece in json_rows.pieces(project_file.head_of(data), "photos", project_file.rows_of(data, names)):
            stream.write(piece.encode("ascii"))
