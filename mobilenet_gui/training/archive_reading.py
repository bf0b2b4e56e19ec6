"""Owns making a project out of a zip that may come from anybody. No Qt.

Nothing in the zip decides where a file goes: only `project.json` and the photos it names are taken, a photo's place is
the hash of its content, and everything is staged before it becomes a project. A zip with an entry that points outside
of its folder is refused as a whole, as are bombs and projects from a newer version.
"""

from __future__ import annotations

import shutil
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final

from mobilenet_gui.core.errors import Cancelled, PhotoError, ProjectError, StorageError, UserError
from mobilenet_gui.core.photo_files import open_regular, os_reason
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.core.zip_entries import UnsafeZipError, is_readable, refuse_bombs, safe_entries
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import json_rows, project_file
from mobilenet_gui.training.project_copies import MAX_PHOTO_BYTES, Progress, keep
from mobilenet_gui.training.project_spec import now
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_types import ProjectData

MAX_DIRECTORY_BYTES: Final = 256 << 20
"""The zip's table of contents, which Python reads whole; a million photos take 150 MB."""
MAX_PROJECT_BYTES: Final = 512 << 20
_SPARE_BYTES: Final = 256 << 20
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_END_64: Final = b"PK\x06\x06"
_LOCATOR_64: Final = b"PK\x06\x07"
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What `zipfile` raises for files that are no good."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes:
        id: the new project's, for `ProjectStore.open`.
        photos: how many photos it has.
        problems: photos that were left out, and why.
    """

    id: str
    photos: int
    problems: tuple[UserError, ...]


def import_zip(
    store: ProjectStore,
    path: Path,
    *,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> Imported:
    """Make a project out of a zip.

    Args:
        store: takes the project.
        path: the zip.
        progress: told how many photos are done, of how many.
        cancel: ends it when set; nothing is left of it.

    Raises:
        ProjectError: it is no project, is damaged, hostile, or from a newer version.
        StorageError: the disk refused, or is too small.
        Cancelled: `cancel` was set.
    """
    subject = str(path)
    try:
        with open_regular(path) as stream:
            size = _check_directory(stream, subject)
            with zipfile.ZipFile(stream) as archive:
                return _Import(store, archive, subject, progress, cancel, size=size).run()
    except _DAMAGED as error:
        raise ProjectError(subject, tr("This file is damaged or is not a project.")) from error
    except OSError as error:
        raise ProjectError(subject, os_reason(error)) from error


def _check_directory(stream: IO[bytes], subject: str) -> int:
    """Refuse a table of contents that would fill the memory before anything can be looked at; return the zip's size."""
    size = stream.seek(0, 2)
    tail_start = max(0, size - _END_BYTES - (1 << 16))
    stream.seek(tail_start)
    tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_BYTES:
        raise ProjectError(subject, tr("This file is damaged or is not a project."))
    length = struct.unpack_from("<L", tail, at + 12)[0]
    if at >= 20 and tail[at - 20 : at - 16] == _LOCATOR_64:
        offset = struct.unpack_from("<Q", tail, at - 12)[0]
        if offset <= size - 56:
            stream.seek(offset)
            record = stream.read(56)
            if record[:4] == _END_64:
                length = struct.unpack_from("<Q", record, 40)[0]
    stream.seek(0)
    if length > MAX_DIRECTORY_BYTES:
        raise ProjectError(subject, tr("This file holds too many entries for a project."))
    return size


class _Import:
    """One import."""

    def __init__(
        self,
        store: ProjectStore,
        archive: zipfile.ZipFile,
        subject: str,
        progress: Progress | None,
        cancel: threading.Event | None,
        *,
        size: int,
    ) -> None:
        self._store, self._archive, self._size, self._subject = store, archive, size, subject
        self._progress, self._cancel = progress, cancel

    def run(self) -> Imported:
        entries = self._checked_entries()
        project = entries.get(project_file.FILE_NAME)
        if project is None:
            raise ProjectError(self._subject, tr("There is no project in this file."))
        with self._store.staging_folder() as staged:
            data, problems = self._read_project(project, staged)
            wanted = {p.path.relative_to(staged).as_posix() for p in data.photos.values() if p.copied}
            self._check_room(staged, [entries[name] for name in wanted if name in entries])
            bad = self._read_photos(staged, entries, wanted)
            photos = {i: p for i, p in data.photos.items() if not p.copied or p.path not in bad}
            problems += [
                PhotoError(bad[p.path].subject, bad[p.path].reason) for p in data.photos.values() if p.path in bad
            ]
            project_file.save(replace(data, id=staged.name, photos=photos, created=data.created or now()))
            (staged / project_file.INCOMING_NAME).unlink(missing_ok=True)
            return Imported(self._store.adopt(staged, data.name).name, len(photos), tuple(problems))

    # --- looking before anything is written

    def _checked_entries(self) -> dict[str, zipfile.ZipInfo]:
        """Return what may be read by its name below the project's folder."""
        try:
            return _without_wrapper(safe_entries(self._archive))
        except UnsafeZipError as error:
            raise self._refusal(str(error)) from error

    def _check_room(self, folder: Path, entries: Iterable[zipfile.ZipInfo]) -> None:
        entries = list(entries)
        try:
            refuse_bombs(entries)
        except UnsafeZipError as error:
            raise self._refusal(str(error)) from error
        total = sum(entry.file_size for entry in entries)
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise storage_error(folder, error) from error
        if total + _SPARE_BYTES > free:
            reason = tr("The disk is too full: the photos need {size} GB.")
            raise StorageError(str(self._store.projects_dir), reason.replace("{size}", f"{total / 1e9:.1f}"))

    # --- unpacking

    def _read_project(self, entry: zipfile.ZipInfo, staged: Path) -> tuple[ProjectData, list[UserError]]:
        if entry.file_size > MAX_PROJECT_BYTES or not is_readable(entry, self._size):
            raise self._refusal(tr("This file is damaged or is not a project."))
        incoming = staged / project_file.INCOMING_NAME
        try:
            with self._archive.open(entry) as source, incoming.open("xb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
        except zipfile.BadZipFile:
            raise
        except OSError as error:
            raise storage_error(staged, error) from error
        try:
            head, rows = json_rows.read(incoming, "photos")
            usable = [row for row in rows if not _is_elsewhere(row)]
            data = project_file.parse(head, usable, staged)
        except ValueError as error:
            raise self._refusal(tr("This file is damaged or is not a project.")) from error
        reason = tr("It lies on another computer of the network, which an imported project may not reach.")
        return data, [PhotoError(str(row[1]), reason) for row in rows if _is_elsewhere(row)]

    def _read_photos(
        self, staged: Path, entries: Mapping[str, zipfile.ZipInfo], wanted: set[str]
    ) -> dict[Path, PhotoError]:
        """Unpack photos; return those that are no good by where they should be."""
        bad: dict[Path, PhotoError] = {}
        for number, name in enumerate(sorted(wanted)):
            if self._cancel is not None and self._cancel.is_set():
                raise Cancelled
            if self._progress is not None:
                self._progress(number, len(wanted))
            target = staged.joinpath(*name.split("/"))
            try:
                self._read_photo(staged, target, entries.get(name))
            except PhotoError as error:
                bad[target] = error
        if self._progress is not None:
            self._progress(len(wanted), len(wanted))
        return bad

    def _read_photo(self, staged: Path, target: Path, entry: zipfile.ZipInfo | None) -> None:
        if entry is None:
            raise PhotoError(target.name, tr("It is missing in the file."))
        if not is_readable(entry, self._size) or entry.file_size > MAX_PHOTO_BYTES:
            raise PhotoError(target.name, tr("It is damaged in the file."))
        try:
            with self._archive.open(entry) as source:
                kept = keep(staged, source, target.suffix, target.name, self._cancel)
        except _DAMAGED as error:
            raise PhotoError(target.name, tr("It is damaged in the file.")) from error
        if kept != target:
            if kept.stem == target.stem:  # an ending of another kind than the program gives
                kept.replace(target)
                return
            raise PhotoError(target.name, tr("It is damaged in the file."))

    def _refusal(self, reason: str) -> ProjectError:
        return ProjectError(self._subject, reason)


def _without_wrapper(entries: dict[str, zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return entries by their names below the project's folder, which a file manager may have packed as a whole."""
    if project_file.FILE_NAME in entries:
        return entries
    tops = {
        name.split("/")[0] for name in entries if name.count("/") == 1 and name.endswith("/" + project_file.FILE_NAME)
    }
    if len(tops) != 1:
        return entries
    top = tops.pop() + "/"
    return {name[len(top) :]: entry for name, entry in entries.items() if name.startswith(top)}


def _is_elsewhere(row: object) -> bool:
    """Say whether a row's photo lies on the network: looking at it would talk to a stranger's computer."""
    return isinstance(row, list) and len(row) > 1 and isinstance(row[1], str) and row[1].startswith(("//", "\\\\"))
