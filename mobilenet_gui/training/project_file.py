"""Owns `project.json`: a project as it is read and saved, its backup, and the head that summaries are made of.

A save replaces the file in one step and keeps the one before as `project.json.bak`. A file that cannot be read is set
aside and the backup serves; one from a newer version is left alone. Nothing in a file is believed: it may come from
anybody, in a zip.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final, cast, get_args

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.core.sound_text import is_sound
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import json_rows
from mobilenet_gui.training.project_types import (
    MAX_CLASSES,
    MAX_GROUP,
    MAX_PHOTOS,
    Photo,
    PhotoClass,
    PhotoSplit,
    ProjectData,
    clean_name,
)
from mobilenet_gui.training.training_settings import TrainingSettings

FORMAT_VERSION: Final = 1
FILE_NAME: Final = "project.json"
BACKUP_NAME: Final = "project.json.bak"
DAMAGED_NAME: Final = "project.json.damaged"
INCOMING_NAME: Final = "project.json.incoming"
"""A project file from elsewhere that is not checked yet."""
PHOTOS_NAME: Final = "photos"
"""Folder of copied photos below the project's; each lies in it under its hash."""
MAX_PATH: Final = 40_000
"""Longer than any system can open; Windows takes 32,767 characters."""
COVERS: Final = 3
_COPY = re.compile(r"photos/([0-9a-f]{2})/\1[0-9a-f]{62}(\.[a-z0-9]{1,6})?")
_SPLITS: Final = frozenset(get_args(PhotoSplit))
_LEFT_OUT, _COPIED = 1, 2
_MAX_NUMBER: Final = 1 << 62


class NewerError(ProjectError):
    """The project was written by a newer version of the program; it is left alone."""


def is_copy_name(name: str) -> bool:
    """Say whether `name`, relative to a project's folder, can be a photo copied into it."""
    return _COPY.fullmatch(name) is not None


# --- saving


def save(data: ProjectData) -> None:
    """Write a project to the disk; any thread may. One that is older than what was saved is left at that.

    Raises:
        StorageError: the disk refused; what was saved before still stands.
    """
    turn = data.turn
    with turn.lock:
        if data.revision < turn.revision:
            return
        target = data.folder / FILE_NAME
        try:
            json_rows.write(target, head_of(data), "photos", rows_of(data), backup=data.folder / BACKUP_NAME)
        except OSError as error:
            raise storage_error(data.folder, error) from error
        turn.revision = data.revision


def head_of(data: ProjectData) -> dict[str, Any]:
    """Return everything but the photos, as plain data for JSON."""
    return {
        "format_version": FORMAT_VERSION,
        "id": data.id,
        "name": data.name,
        "created": data.created,
        "photo_count": sum(1 for photo in data.photos.values() if not photo.left_out),
        "covers": [_stored_path(data.folder, photo) for photo in covers_of(data)],
        "settings": data.settings.to_data(),
        "next_photo": data.next_photo,
        "next_class": data.next_class,
        "classes": [[c.id, c.name, c.background] for c in data.classes],
    }


def rows_of(data: ProjectData, paths: Mapping[str, str] | None = None) -> Any:
    """Yield a row for each photo.

    Args:
        data: the project.
        paths: by id, the copies that photos shall be said to be, relative to the project's folder.
    """
    numbers = {c.id: n for n, c in enumerate(data.classes)}
    for p in data.photos.values():
        copy = None if paths is None else paths.get(p.id)
        yield [
            int(p.id),
            _stored_path(data.folder, p) if copy is None else copy,
            numbers[p.class_id],
            p.split,
            p.group,
            _LEFT_OUT * p.left_out | _COPIED * (p.copied or copy is not None),
            p.size,
            p.mtime_ns,
        ]


def covers_of(data: ProjectData) -> list[Photo]:
    """Return photos that stand for the project: the first of the first classes, then more of the first class."""
    first: dict[str, Photo] = {}
    more: list[Photo] = []
    for photo in data.photos.values():
        if photo.left_out:
            continue
        if photo.class_id not in first:
            first[photo.class_id] = photo
        elif len(more) < COVERS:
            more.append(photo)
    in_order = [first[c.id] for c in data.classes if c.id in first]
    return [*in_order, *more][:COVERS]


def _stored_path(folder: Path, photo: Photo) -> str:
    if photo.copied:
        with contextlib.suppress(ValueError):
            return photo.path.relative_to(folder).as_posix()
    return str(photo.path)


# --- loading


def load(folder: Path, *, repair: bool = True) -> tuple[ProjectData, str]:
    """Read a project.

    Args:
        folder: where it lies.
        repair: put a damaged file out of the way, so that the next save does not make it the backup.

    Returns:
        The project, and what was wrong with its file, in words; empty where all was well.

    Raises:
        ProjectError: there is none, neither it nor its backup can be read, or it comes from a newer version.
    """
    path = folder / FILE_NAME
    try:
        return _load(path, folder), ""
    except NewerError:
        raise
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        try:
            data = _load(folder / BACKUP_NAME, folder)
        except (OSError, ValueError):
            reason = tr("There is no project in this folder.") if missing else tr("The project file is damaged.")
            raise ProjectError(str(folder), reason) from error
    if repair and not missing:
        # Out of the way: the next save must not take it for a good one and make it the backup.
        with contextlib.suppress(OSError):
            path.replace(folder / DAMAGED_NAME)
    return data, tr("The project file was damaged. The state before the last change is shown.")


def backup_copies(folder: Path) -> list[Path]:
    """Return the copied photos that the backup names; none where there is no backup that could be read."""
    try:
        data = _load(folder / BACKUP_NAME, folder)
    except (OSError, ValueError, ProjectError):
        return []
    return [photo.path for photo in data.photos.values() if photo.copied]


def _load(path: Path, folder: Path) -> ProjectData:
    head, rows = json_rows.read(path, "photos")
    return parse(head, rows, folder)


def parse(head: Mapping[str, Any], rows: list[Any], folder: Path) -> ProjectData:
    """Make a project of what a file held.

    Raises:
        NewerError: it comes from a newer version.
        ValueError: it is damaged.
    """
    if _whole(head.get("format_version"), 1) > FORMAT_VERSION:
        raise NewerError(
            str(head["name"]) if is_sound(head.get("name")) else str(folder),
            tr("This project was made by a newer version of the program. Update the program to open it."),
        )
    classes = _classes(head.get("classes"))
    if len(rows) > MAX_PHOTOS:
        raise ValueError("too many photos")
    photos = _photos(rows, classes, folder)
    name = clean_name(_text(head.get("name"), 1000))
    return ProjectData(
        folder=folder,
        id=folder.name,
        name=name or folder.name,
        classes=classes,
        photos=photos,
        settings=TrainingSettings.from_data(head.get("settings")),
        created=_text(head.get("created", ""), 100),
        next_photo=max(_whole(head.get("next_photo", 1), 1), max(map(int, photos), default=0) + 1),
        next_class=max(_whole(head.get("next_class", 1), 1), max((int(c.id[1:]) for c in classes), default=0) + 1),
    )


def _classes(data: object) -> tuple[PhotoClass, ...]:
    if not isinstance(data, list) or len(data) > MAX_CLASSES:
        raise ValueError("no classes")
    classes: list[PhotoClass] = []
    for row in data:
        if not isinstance(row, list) or len(row) != 3 or not isinstance(row[2], bool):
            raise ValueError("not a class")
        class_id, name = _text(row[0], 20), clean_name(_text(row[1], 1000))
        if re.fullmatch(r"c[1-9]\d{0,9}", class_id) is None or not name:
            raise ValueError("not a class")
        classes.append(PhotoClass(class_id, name, row[2]))
    # “a” and “A” may be two classes: see `project_adding`.
    if len({c.id for c in classes}) < len(classes) or len({c.name for c in classes}) < len(classes):
        raise ValueError("a class twice")
    return tuple(classes)


def _photos(rows: list[Any], classes: tuple[PhotoClass, ...], folder: Path) -> dict[str, Photo]:
    photos: dict[str, Photo] = {}
    ids = [c.id for c in classes]
    for row in rows:
        if not isinstance(row, list) or len(row) != 8:
            raise ValueError("not a photo")
        number, path, label, split, group, flags, size, mtime = row
        photo_id = str(_whole(number, 1))
        if photo_id in photos or _whole(label) >= len(ids) or _text(split, 20) not in _SPLITS:
            raise ValueError("not a photo")
        copied = bool(_whole(flags) & _COPIED)
        photos[photo_id] = Photo(
            photo_id,
            _photo_path(_text(path, MAX_PATH), folder, copied),
            ids[label],
            cast("PhotoSplit", split),
            _text(group, MAX_GROUP),
            bool(flags & _LEFT_OUT),
            copied,
            _whole(size),
            _whole(mtime, -_MAX_NUMBER),
        )
    return photos


def _photo_path(text: str, folder: Path, copied: bool) -> Path:
    if copied and is_copy_name(text):
        return folder.joinpath(*PurePosixPath(text).parts)
    path = Path(text)
    if path.is_absolute():
        return path
    if PureWindowsPath(text).drive and os.name != "nt":  # from another system: it keeps its place, and is missing
        return Path("/", *PureWindowsPath(text).parts)
    if text.startswith("/"):
        return path.absolute()
    raise ValueError("not the path of a photo")


def _text(value: object, limit: int) -> str:
    if not is_sound(value, limit):
        raise ValueError("not a text")
    return value


def _whole(value: object, low: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= _MAX_NUMBER:
        raise ValueError("not a number")
    return value
