"""Owns models that come as a zip, as Teachable Machine gives them out: one model file and, beside it, its labels."""

from __future__ import annotations

import contextlib
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from mobilenet_gui.core.chosen_files import size_of_chosen
from mobilenet_gui.core.download_part import SPARE_BYTES, full_disk
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.labels import MAX_LABELS_BYTES
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.core.zip_entries import UnsafeZipError, is_readable, safe_entries
from mobilenet_gui.i18n import tr

ZIP_SUFFIX: Final = ".zip"
MODEL_SUFFIXES: Final = (".tflite", ".h5", ".hdf5", ".keras")
LABEL_NAMES: Final = ("labels.txt", "labels.csv", "labels.json", "label.txt", "class_names.txt", "classes.txt")
"""Names that labels have beside a model, the likeliest first."""

_MOST_ENTRIES: Final = 1000
_MOST_DIRECTORY: Final = 1 << 20
_END_BYTES: Final = 22
_MOST_COMMENT: Final = 1 << 16
_MAX_MODEL_BYTES: Final = 1 << 30
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was taken out of a zip: the model's file, and the labels beside it, None without."""

    model: Path
    labels: Path | None


def holds_model(path: Path) -> bool:
    """Say whether a file is a zip with a model in it, by its short table of contents; never raises."""
    try:
        with _opened(path) as archive:
            return bool(_models(archive.namelist()))
    except (ModelError, UnsafeZipError, OSError, *_DAMAGED):
        return False


def labels_in(path: Path) -> str | None:
    """Return the name of the labels beside the one model in a zip; None without. Never raises."""
    try:
        with _opened(path) as archive:
            entries = safe_entries(archive)
            models = _models(entries)
            found = _labels(entries, models[0]) if len(models) == 1 else None
            return None if found is None else PurePosixPath(found).name
    except (ModelError, UnsafeZipError, OSError, *_DAMAGED):
        return None


def unpack(path: Path, folder: Path) -> Unpacked:
    """Take the model and its labels out of a zip; nothing in it decides where they go.

    Args:
        path: the zip.
        folder: an existing folder; the files get their own last names there.

    Raises:
        ModelError: it is damaged or not safe, or holds no model or several.
        StorageError: the disk refused.
    """
    subject = str(path)
    size = size_of_chosen(path)
    try:
        with _opened(path) as archive:
            entries = safe_entries(archive)
            models = _models(entries)
            if len(models) != 1:
                raise ModelError(subject, _not_one(models))
            labels = _labels(entries, models[0])
            wanted = [(entries[models[0]], _MAX_MODEL_BYTES)]
            wanted += [(entries[labels], MAX_LABELS_BYTES)] if labels is not None else []
            if not all(is_readable(entry, size) for entry, _ in wanted):
                text = tr("The zip is locked with a password, or packed in a way that is not supported.")
                raise ModelError(subject, text)
            if any(entry.file_size > limit for entry, limit in wanted):
                raise ModelError(subject, tr("The zip holds a file that is far too large."))
            _check_room(folder, sum(entry.file_size for entry, _ in wanted))
            paths = [_take(archive, entry, limit, folder) for entry, limit in wanted]
    except UnsafeZipError as error:
        raise ModelError(subject, str(error)) from error
    except _DAMAGED as error:
        raise ModelError(subject, tr("The zip is damaged. Download or pack it again.")) from error
    return Unpacked(paths[0], paths[1] if len(paths) > 1 else None)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip whose table of contents is no longer than a model's can be: Python reads it whole."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            length = file.tell()
            file.seek(max(0, length - _END_BYTES - _MOST_COMMENT))
            tail = file.read()
    except OSError as error:
        raise ModelError(str(path), tr("The file cannot be read: {reason}.").format(reason=error.strerror)) from error
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + _END_BYTES:
        raise zipfile.BadZipFile
    count, directory = struct.unpack_from("<HI", tail, place + 10)
    if count > _MOST_ENTRIES or directory > _MOST_DIRECTORY:
        raise ModelError(str(path), tr("There is no model in this zip, or far too much else."))
    with zipfile.ZipFile(path) as archive:
        yield archive


def _models(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.lower().endswith(MODEL_SUFFIXES) and not _is_hidden(name)]


def _is_hidden(name: str) -> bool:
    """Say whether an entry is one that a system adds on its own account, such as macOS' `__MACOSX/._model.h5`."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _labels(entries: dict[str, zipfile.ZipInfo], model: str) -> str | None:
    """Return the labels beside the model."""
    place = PurePosixPath(model)
    by_name = {PurePosixPath(name): name for name in entries if not _is_hidden(name)}
    lower = {PurePosixPath(str(key).lower()): name for key, name in by_name.items()}
    for name in label_names(place.name):
        found = lower.get(PurePosixPath(str(place.with_name(name)).lower()))
        if found is not None:
            return found
    return None


def label_names(model: str) -> tuple[str, ...]:
    """Return the names that the labels of a model's file may have beside it, the likeliest first."""
    stem = model
    for suffix in (*MODEL_SUFFIXES, ".weights"):
        stem = stem.removesuffix(suffix)
    return (*(f"{stem}{middle}labels.txt" for middle in ("_", ".", "-")), f"{stem}.txt", *LABEL_NAMES)


def _not_one(models: list[str]) -> str:
    if not models:
        return tr("There is no model in this zip (.tflite, .h5 or .keras).")
    names = ", ".join(PurePosixPath(name).name for name in models[:4])
    return tr("This zip holds several models: {names}. Unpack it and choose one.").format(names=names)


def _check_room(folder: Path, needed: int) -> None:
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free
        if free < needed + SPARE_BYTES:
            raise full_disk(folder, needed + SPARE_BYTES, free)  # whose own name tells nobody anything


def _take(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int, folder: Path) -> Path:
    target = folder / PurePosixPath(entry.filename.replace("\\", "/")).name
    taken = 0
    with archive.open(entry) as source:
        while True:
            block = source.read(1 << 20)
            if not block:
                return target
            taken += len(block)
            if taken > limit:
                raise zipfile.BadZipFile
            try:
                with target.open("ab" if taken > len(block) else "xb") as out:
                    out.write(block)
            except OSError as error:
                raise storage_error(folder, error) from error
