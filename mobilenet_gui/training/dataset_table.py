"""Owns reading tables of photos and labels: CSV and its kin, with or without a header, in the usual encodings."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from mobilenet_gui.core.errors import PhotoError, ProjectError
from mobilenet_gui.core.imaging_formats import SUPPORTED_SUFFIXES
from mobilenet_gui.core.photo_files import openable, os_reason
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.dataset_types import FoundPhoto, Gathering, part_of
from mobilenet_gui.training.project_types import clean_name

SUFFIXES: Final = frozenset({".csv", ".tsv"})
MAX_BYTES: Final = 256 << 20
_DELIMITERS: Final = ",;\t|"
_SAMPLE_LINES: Final = 50
_PATH_NAMES: Final = ("path", "file", "filename", "file_name", "filepath", "file_path", "photo", "image", "image_path")
_PATH_NAMES_LATER: Final = ("image_name", "image_file", "img", "img_path", "image_id", "id")
_LABEL_NAMES: Final = ("label", "class", "class_name", "classname", "category", "label_name", "labels", "target")
_LABEL_NAMES_LATER: Final = ("species", "breed", "name", "tag")
_PART_NAMES: Final = ("split", "part", "set", "subset", "partition", "data set", "dataset")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


class _Columns(NamedTuple):
    path: int
    label: int
    part: int | None
    header: bool


def looks_like_table(path: Path) -> bool:
    """Say whether a file is taken for a table, by its name."""
    return path.suffix.lower() in SUFFIXES


def names_photos(path: Path) -> bool:
    """Say whether a table found beside photos is about them: it has a label column and its first photos are there."""
    try:
        rows = _rows(path)
        columns = _columns(rows, path.parent)
    except ProjectError:
        return False
    body = rows[int(columns.header) :][:_SAMPLE_LINES]
    found = sum(1 for row in body if _exists(_photo_path(_cell(row, columns.path), path.parent)))
    return len(body) > 0 and 2 * found >= len(body)


def read_table(path: Path, gathering: Gathering, check: Callable[[], None]) -> None:
    """Read a table; rows that are no good become problems that name the line.

    Args:
        path: the table. Relative paths in it start at its folder.
        gathering: takes what is found.
        check: called for each row; may raise to stop.

    Raises:
        ProjectError: it cannot be read, or has no column of paths and labels.
    """
    rows = _rows(path)
    columns = _columns(rows, path.parent)
    for number, row in enumerate(rows, 1):
        check()
        if (number == 1 and columns.header) or not any(cell.strip() for cell in row):
            continue
        where = f"{path} ({number})"
        text, label = _cell(row, columns.path), clean_name(_cell(row, columns.label))
        if not text or not label:
            gathering.problems.append(PhotoError(where, tr("This line lacks a path or a label.")))
            continue
        if _ADDRESS.match(text):
            gathering.problems.append(PhotoError(text, tr("This is an address, not a file. Download the photo first.")))
            continue
        photo = _photo_path(text, path.parent)
        try:
            status = os.stat(openable(photo))  # noqa: PTH116 - keeps the long form of the path
        except (OSError, ValueError) as error:
            reason = os_reason(error) if isinstance(error, OSError) else tr("This is no path.")
            gathering.problems.append(PhotoError(str(photo), reason))
            continue
        part = part_of(_cell(row, columns.part)) if columns.part is not None else ""
        gathering.add_class(label)
        gathering.photos.append(FoundPhoto(photo, label, part, status.st_size, status.st_mtime_ns))


def _rows(path: Path) -> list[list[str]]:
    try:
        with open(openable(path), "rb") as stream:  # noqa: PTH123 - keeps the long form of the path
            if os.fstat(stream.fileno()).st_size > MAX_BYTES:
                raise ProjectError(str(path), tr("This table is too large."))
            text = _decoded(stream.read(MAX_BYTES))
    except OSError as error:
        raise ProjectError(str(path), os_reason(error)) from error
    if "\0" in text:
        raise ProjectError(str(path), tr("This is not a table of text."))
    lines = text.splitlines()
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(lines[:_SAMPLE_LINES])))
    except csv.Error as error:
        raise ProjectError(str(path), tr("This is not a table of text.")) from error
    if not rows:
        raise ProjectError(str(path), tr("This table is empty."))
    return rows


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # what older spreadsheets write


def _delimiter(lines: Sequence[str]) -> str:
    """Return what parts the columns: what gives the same number of them, more than one, in most lines."""

    def score(delimiter: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        several = [width for width in widths if width > 1]
        usual = max(set(several), key=several.count, default=0)
        return several.count(usual) if several else 0, usual

    return max(_DELIMITERS, key=score)


def _columns(rows: Sequence[Sequence[str]], folder: Path) -> _Columns:
    """Tell which column is which, by the header where there is one, else by what is in them."""
    first = [cell.strip().casefold() for cell in rows[0]]
    path = _first_of((*_PATH_NAMES, *_PATH_NAMES_LATER), first)
    label = _first_of((*_LABEL_NAMES, *_LABEL_NAMES_LATER), first)
    part = _first_of(_PART_NAMES, first)
    if path is not None and label is not None and path != label:
        return _Columns(path, label, part, header=True)
    body = rows[1 : _SAMPLE_LINES + 1] or rows[:1]
    width = max((len(row) for row in body), default=0)
    if width < 2:
        raise ProjectError(str(folder), tr("This table needs two columns: the photo's path and its label."))
    photos = [sum(1 for row in body if _is_photo_name(_cell(row, n))) for n in range(width)]
    path = max(range(width), key=lambda n: photos[n])
    header = bool(photos[path]) and not _is_photo_name(_cell(rows[0], path)) and len(rows) > 1
    if label is None or label == path:
        label = next(n for n in range(width) if n != path)
    if not photos[path]:  # names without an ending
        path, label = 0, 1
    return _Columns(path, label, part if header else None, header)


def _first_of(names: Sequence[str], cells: Sequence[str]) -> int | None:
    return next((cells.index(name) for name in names if name in cells), None)


def _cell(row: Sequence[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _is_photo_name(text: str) -> bool:
    return os.path.splitext(text)[1].lower() in SUPPORTED_SUFFIXES  # noqa: PTH122 - text of any kind


def _photo_path(text: str, folder: Path) -> Path:
    """Return the file that a cell names; tables from Windows work elsewhere, too."""
    path = folder / text
    if os.sep == "/" and "\\" in text and not _exists(path):
        path = folder / text.replace("\\", "/")
    return Path(os.path.normpath(path))


def _exists(path: Path) -> bool:
    try:
        return os.path.exists(openable(path))  # noqa: PTH110 - keeps the long form of the path
    except ValueError:
        return False
