"""Owns reading tables of photos and labels: CSV and its kin, with or without a header, in the usual encodings."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mobilenet_gui.core.errors import PhotoError, ProjectError
from mobilenet_gui.core.imaging_formats import SUPPORTED_SUFFIXES
from mobilenet_gui.core.photo_files import natural_key, openable, os_reason
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.dataset_types import FoundPhoto, Gathering
from mobilenet_gui.training.dataset_words import part_of
from mobilenet_gui.training.project_types import PhotoSplit, clean_name

SUFFIXES: Final = frozenset({".csv", ".tsv"})
MAX_BYTES: Final = 256 << 20
_DELIMITERS: Final = ",;\t|"
_SAMPLE_LINES: Final = 50
_PATH_NAMES: Final = ("path", "file", "filename", "file_name", "filepath", "file_path", "photo", "image", "image_path")
_PATH_NAMES_LATER: Final = ("image_name", "image_file", "img", "img_path", "image_id", "id")
_LABEL_NAMES: Final = ("label", "class", "class_name", "classname", "category", "label_name", "labels", "target")
_LABEL_NAMES_LATER: Final = ("species", "breed", "name", "tag")
_PART_NAMES: Final = ("split", "part", "set", "subset", "partition", "data set", "dataset")
_USUAL_ENDINGS: Final = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG")
"""What is put behind a name without an ending; many tables hold only the photos' numbers."""
_MOST_PLACES: Final = 20
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""What some spreadsheets write above the table."""
_YES: Final = frozenset({"1", "1.0", "true"})
_NO: Final = frozenset({"0", "0.0", "false"})


class _Columns(NamedTuple):
    """Which column is which.

    Attributes:
        path: of the photo.
        label: of its class.
        part: of the part it is given to, if there is one.
        header: the first line names the columns.
        named: it says which are path and label; they were found by what is in them otherwise.
        marks: columns of which each stands for a class and is marked where the photo shows it; they stand for `label`.
    """

    path: int
    label: int
    part: int | None
    header: bool
    named: bool = False
    marks: tuple[int, ...] = ()


class _Places:
    """Finds the photos that a table names: from its own folder on, or from one right in that.

    Args:
        folder: the table's.
        endings: photos may be named without their ending.
    """

    def __init__(self, folder: Path, *, endings: bool) -> None:
        self._folder, self._endings = folder, endings
        self._others: list[Path] | None = None

    def find(self, text: str) -> Path:
        """Return the file that a cell names; where there is none, the one there should be."""
        place = _photo_path(text, self._folder)
        if _is_file(place) or Path(text).is_absolute():
            return place
        for other in self._inside():
            for ending in ("", *(_USUAL_ENDINGS if self._endings and not _is_photo_name(text) else ())):
                path = _photo_path(text + ending, other)
                if _is_file(path):
                    # The next photo lies beside this one.
                    self._inside().remove(other)
                    self._inside().insert(0, other)
                    return path
        return place

    def _inside(self) -> list[Path]:
        if self._others is None:
            self._others = [self._folder, *sorted(_folders_in(self._folder), key=lambda path: natural_key(path.name))]
            del self._others[_MOST_PLACES:]
        return self._others


def looks_like_table(path: Path) -> bool:
    """Say whether a file is taken for a table, by its name."""
    return path.suffix.lower() in SUFFIXES


def names_photos(path: Path, *, named: bool = False) -> bool:
    """Say whether a table found beside photos is about them: it has a label column and its first photos are there.

    Args:
        path: the table.
        named: its first line must say which columns are which.
    """
    try:
        rows = _rows(path)
        columns = _columns(rows, path)
    except ProjectError:
        return False
    if named and not columns.named:
        return False
    body, places = rows[int(columns.header) :][:_SAMPLE_LINES], _Places(path.parent, endings=columns.named)
    found = sum(1 for row in body if _is_file(places.find(_cell(row, columns.path))))
    return len(body) > 0 and 2 * found >= len(body)


def read_table(path: Path, gathering: Gathering, check: Callable[[], None], part: PhotoSplit = "") -> None:
    """Read a table; rows that are no good become problems that name the line.

    Args:
        path: the table. Relative paths in it start at its folder, or at one right in that.
        gathering: takes what is found.
        check: called for each row; may raise to stop.
        part: the part that photos are given to of which the table does not say it.

    Raises:
        ProjectError: it cannot be read, or has no column of paths and labels.
    """
    rows = _rows(path)
    columns = _columns(rows, path)
    places = _Places(path.parent, endings=columns.named)
    for number, row in enumerate(rows, 1):
        check()
        if (number == 1 and columns.header) or not any(cell.strip() for cell in row):
            continue
        where = f"{path} ({number})"
        text, label = _cell(row, columns.path), clean_name(_label(rows[0], row, columns))
        if columns.marks and text and not label:
            gathering.problems.append(PhotoError(where, tr("This line marks no class, or more than one.")))
            continue
        if not text or not label:
            gathering.problems.append(PhotoError(where, tr("This line lacks a path or a label.")))
            continue
        if text[:8].casefold() == "file:///":
            text = url2pathname(urlsplit(text).path)
        if _ADDRESS.match(text):
            gathering.problems.append(PhotoError(text, tr("This is an address, not a file. Download the photo first.")))
            continue
        photo = places.find(text)
        try:
            status = os.stat(openable(photo))  # noqa: PTH116 - keeps the long form of the path
        except (OSError, ValueError) as error:
            reason = os_reason(error) if isinstance(error, OSError) else tr("This is no path.")
            gathering.problems.append(PhotoError(str(photo), reason))
            continue
        given = part if columns.part is None else part_of(_cell(row, columns.part))
        gathering.add_class(label)
        gathering.photos.append(FoundPhoto(photo, label, given, status.st_size, status.st_mtime_ns))


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
    told = _SEPARATOR_LINE.match(text)
    text = text[told.end() :] if told is not None else text
    try:
        delimiter = told[1] if told is not None else _delimiter(text.splitlines()[:_SAMPLE_LINES])
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
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


def _columns(rows: Sequence[Sequence[str]], table: Path) -> _Columns:
    """Tell which column is which, by the header where there is one, else by what is in them."""
    first = [cell.strip().casefold() for cell in rows[0]]
    path = _first_of((*_PATH_NAMES, *_PATH_NAMES_LATER), first)
    label = _first_of((*_LABEL_NAMES, *_LABEL_NAMES_LATER), first)
    part = _first_of(_PART_NAMES, first)
    if path is not None and label is not None and path != label:
        return _Columns(path, label, part, header=True, named=True)
    body = rows[1 : _SAMPLE_LINES + 1] or rows[:1]
    width = max((len(row) for row in body), default=0)
    if width < 2:
        raise ProjectError(str(table), tr("This table needs two columns: the photo's path and its label."))
    marks = _marks(body, [n for n in range(len(first)) if n not in (path, part)]) if path is not None else ()
    if path is not None and marks:
        return _Columns(path, marks[0], part, header=True, named=True, marks=marks)
    photos = [sum(1 for row in body if _is_photo_name(_cell(row, n))) for n in range(width)]
    path = max(range(width), key=lambda n: photos[n])
    header = bool(photos[path]) and not _is_photo_name(_cell(rows[0], path)) and len(rows) > 1
    if not photos[path]:  # names without an ending
        path, label = 0, 1
    elif label is None or label == path:
        label = _likely_label(body if header else rows[:_SAMPLE_LINES], [n for n in range(width) if n != path])
    return _Columns(path, label, part if header else None, header)


def _likely_label(body: Sequence[Sequence[str]], columns: Sequence[int]) -> int:
    """Return the first column in which something comes more than once: a running number is no label."""

    def repeats(column: int) -> bool:
        cells = [_cell(row, column) for row in body]
        return len(set(cells)) < len(cells)

    return next((n for n in columns if repeats(n)), columns[0])


def _marks(body: Sequence[Sequence[str]], columns: Iterable[int]) -> tuple[int, ...]:
    """Return the columns where a photo's class is marked by a one among noughts; none where they are not such."""

    def is_marked(column: int) -> bool:
        return all(_cell(row, column).casefold() in _YES | _NO for row in body)

    marked = tuple(n for n in columns if is_marked(n))
    once = sum(1 for row in body if sum(_cell(row, n).casefold() in _YES for n in marked) == 1)
    return marked if len(marked) > 1 and 2 * once > len(body) else ()


def _label(header: Sequence[str], row: Sequence[str], columns: _Columns) -> str:
    """Return a photo's class; empty where the line names none."""
    if not columns.marks:
        return _cell(row, columns.label)
    marked = [n for n in columns.marks if _cell(row, n).casefold() in _YES]
    return _cell(header, marked[0]) if len(marked) == 1 else ""


def _first_of(names: Sequence[str], cells: Sequence[str]) -> int | None:
    return next((cells.index(name) for name in names if name in cells), None)


def _cell(row: Sequence[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _is_photo_name(text: str) -> bool:
    return os.path.splitext(text)[1].lower() in SUPPORTED_SUFFIXES  # noqa: PTH122 - text of any kind


def _photo_path(text: str, folder: Path) -> Path:
    """Return the file that a cell names; tables from Windows work elsewhere, too."""
    path = folder / text
    if os.sep == "/" and "\\" in text and not _is_file(path):
        path = folder / text.replace("\\", "/")
    return Path(os.path.normpath(path))


def _is_file(path: Path) -> bool:
    try:
        return os.path.isfile(openable(path))  # noqa: PTH113 - keeps the long form of the path
    except ValueError:
        return False


def _folders_in(folder: Path) -> list[Path]:
    try:
        with os.scandir(openable(folder)) as entries:
            return [folder / entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    except OSError:
        return []
