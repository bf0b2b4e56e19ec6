"""Owns the single files of a bundle: read whole with their hash checked, written flushed with their hash taken."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.manifest import MANIFEST_NAME, FileEntry
from mobilenet_gui.core.photo_files import open_regular
from mobilenet_gui.i18n import tr

_BLOCK = 1 << 20


class HashingFile:
    """A file being written whose length and hash are known at the end."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb")
        self._digest = hashlib.sha256()
        self._size = 0
        self._name = path.name

    def write(self, data: bytes) -> None:
        """Append `data`."""
        self._file.write(data)
        self._digest.update(data)
        self._size += len(data)

    def close(self) -> FileEntry:
        """Flush to the disk, close, and return what was written."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return FileEntry(self._name, self._size, self._digest.hexdigest())

    def abandon(self) -> None:
        """Close without further ado."""
        with contextlib.suppress(OSError):
            self._file.close()


def write_file(path: Path, write: Callable[[HashingFile], None]) -> FileEntry:
    """Make a new file that `write` fills; raises OSError where the disk refuses."""
    out = HashingFile(path)
    try:
        write(out)
        return out.close()
    except BaseException:
        out.abandon()
        raise


def copy_into(source: Path, out: HashingFile) -> None:
    """Append the content of `source`."""
    with source.open("rb") as file:
        while block := file.read(_BLOCK):
            out.write(block)


def sync_folder(folder: Path) -> None:
    """Flush the names of a folder's files to the disk."""
    if os.name == "nt":  # Windows has no way to flush a folder, and needs none
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_file(path: Path, subject: str, *, limit: int) -> bytes:
    """Return a file's content; `ModelError` where it is missing, unreadable or longer than `limit` bytes."""
    try:
        with open_regular(path) as file:
            data = file.read(limit + 1)
    except FileNotFoundError as error:
        if path.name == MANIFEST_NAME:
            raise ModelError(subject, tr("There is no model in this folder.")) from error
        raise ModelError(subject, tr("The model is incomplete: {file} is missing.").format(file=path.name)) from error
    except OSError as error:
        raise unreadable(subject, path.name, error) from error
    if len(data) > limit:
        raise damaged(subject, path.name)
    return data


def read_entry(folder: Path, entry: FileEntry) -> bytes:
    """Return the content of a bundle's file; `ModelError` where it is not what the manifest says."""
    subject = str(folder)
    data = read_file(folder / entry.name, subject, limit=entry.size)
    if len(data) != entry.size or hashlib.sha256(data).hexdigest() != entry.sha256:
        raise damaged(subject, entry.name)
    return data


def check_hash(folder: Path, entry: FileEntry) -> None:
    """Raise `ModelError` unless a bundle's file has the manifest's hash; in flat memory."""
    try:
        with (folder / entry.name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(str(folder), entry.name, error) from error
    if digest != entry.sha256:
        raise damaged(str(folder), entry.name)


def damaged(subject: str, name: str) -> ModelError:
    """Return the error for a file that is not what it was."""
    return ModelError(
        subject, tr("The model's file {file} was changed or is damaged. Install the model again.").format(file=name)
    )


def unreadable(subject: str, name: str, error: OSError) -> ModelError:
    """Return the error for a file that the disk does not give."""
    return ModelError(
        subject,
        tr("The model's file {file} cannot be read: {reason}.").format(file=name, reason=error.strerror or error),
    )
