"""Owns reading tables of photos and labels: CSV and its kin, with or without a header, in the usual encodings."""

from __future__ import annotations

import csv
import io
import itertools
import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from mobilenet_gui.core.errors import PhotoError, ProjectError
from mobilenet_gui.core.file_address import is_file_address, path_of_address
from mobilenet_gui.core.file_kinds import is_raw, raw_error
from mobilenet_gui.core.photo_files import natural_key, open_regular, openable, os_reason
from mobilenet_gui.core.records import unguarded
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.dataset_columns import (
    FOLDER,
    SAMPLE_LINES,
    cell,
    columns_of,
    is_photo_name,
    label_of,
    part_in,
)
from mobilenet_gui.training.dataset_types import FoundPhoto, Gathering, Understood
from mobilenet_gui.training.project_types import PhotoSplit, clean_name, name_problem

SUFFIXES: Final = frozenset({".csv", ".tsv"})
MAX_BYTES: Final = 256 << 20
_DELIMITERS: Final = ",;\t|"
_SAMPLE_CHARS: Final = 1 << 18
_USUAL_ENDINGS: Final = (".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG")
"""What is put behind a name without an ending; many tables hold only the photos' numbers."""
_MOST_PLACES: Final = 20
_MOST_TAIL: Final = 4
"""So many of the last parts of an address, or of a path on another computer, are looked for beside the table."""
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_ELSEWHERE: Final = re.compile(r"([a-z][a-z0-9+.-]+://|[a-z]:[\\/]|\\\\|/)", re.IGNORECASE)
_BUCKETS: Final = ("gs://", "s3://")
_SEPARATOR_LINE: Final = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""What some spreadsheets write above the table."""


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
        """Return the file that a cell names; where there is none, the one there should be.

        Raises:
            PhotoError: it is an address of another computer, and what it names does not lie here.
        """
        if is_file_address(text):
            text = str(path_of_address(text))
        for form in _forms(text):
            place = self._find(form)
            if place is not None:
                return place
        if _ELSEWHERE.match(text):
            # Downloaded, or moved to this computer, since the table was written.
            parts = [part for part in PurePosixPath(text.replace("\\", "/")).parts if part.strip("/")]
            # A name alone may be that of another photo; in a bucket, all names are told apart.
            for length in range(min(_MOST_TAIL, len(parts) - 1), 0 if text.startswith(_BUCKETS) else 1, -1):
                place = self._find("/".join(parts[-length:]))
                if place is not None:
                    return place
        if _ADDRESS.match(text):
            raise PhotoError(text, tr("This is an address, not a file. Download the photo first."))
        return _photo_path(text, self._folder)

    def _find(self, text: str) -> Path | None:
        place = _photo_path(text, self._folder)
        if _is_file(place):
            return place
        if Path(text).is_absolute():
            return None
        for other in self._inside():
            for ending in ("", *(_USUAL_ENDINGS if self._endings and not is_photo_name(text) else ())):
                path = _photo_path(text + ending, other)
                if _is_file(path):
                    # The next photo lies beside this one.
                    self._inside().remove(other)
                    self._inside().insert(0, other)
                    return path
        return None

    def _inside(self) -> list[Path]:
        if self._others is None:
            self._others = [self._folder, *sorted(_folders_in(self._folder), key=lambda path: natural_key(path.name))]
            del self._others[_MOST_PLACES:]
        return self._others


def _forms(text: str) -> Iterator[str]:
    """Return how the name in a cell may be written on the disk."""
    yield text
    if text.isascii():
        return
    for form in ("NFC", "NFD"):  # one system composes accents, another does not
        if (other := unicodedata.normalize(form, text)) != text:
            yield other
    try:
        yield os.fsdecode(text.encode("cp1252", "surrogateescape"))  # a name that is no UTF-8, as the table is none
    except (UnicodeEncodeError, UnicodeDecodeError):
        return


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
        columns = columns_of(rows, path)
    except ProjectError:
        return False
    if named and not columns.named:
        return False
    body, places = rows[int(columns.header) :][:SAMPLE_LINES], _Places(path.parent, endings=columns.named)
    found = sum(1 for row in body if _is_there(places, cell(row, columns.path)))
    return len(body) > 0 and 2 * found >= len(body)


def _is_there(places: _Places, text: str) -> bool:
    try:
        return bool(text) and _is_file(places.find(text))
    except PhotoError:
        return False


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
    columns = columns_of(rows, path)
    places = _Places(path.parent, endings=columns.named)
    if columns.label == FOLDER:
        text = tr("{table} gives photos their parts and no labels, so the folders of the photos are the classes.")
        gathering.notes.append(Understood(text.replace("{table}", path.name)))
    for number, row in enumerate(rows, 1):
        check()
        if (number == 1 and columns.header) or not any(text.strip() for text in row):
            continue
        where = f"{path} ({number})"
        text, label = cell(row, columns.path), clean_name(label_of(rows[0], row, columns))
        if columns.marks and text and not label:
            gathering.problems.append(PhotoError(where, tr("This line marks no class, or more than one.")))
            continue
        if not text or name_problem(label):
            gathering.problems.append(PhotoError(where, tr("This line lacks a path or a label.")))
            continue
        try:
            photo = places.find(text)
            status = os.stat(openable(photo))  # noqa: PTH116 - keeps the long form of the path
        except PhotoError as error:
            gathering.problems.append(error)
            continue
        except (OSError, ValueError) as error:
            reason = os_reason(error) if isinstance(error, OSError) else tr("This is not a valid path.")
            gathering.problems.append(PhotoError(str(photo).replace("\0", ""), reason))
            continue
        if is_raw(photo):
            gathering.problems.append(raw_error(photo))
            continue
        gathering.add_class(label)
        given = part_in(row, columns, part)
        gathering.photos.append(FoundPhoto(photo, label, given, status.st_size, status.st_mtime_ns))


def _rows(path: Path) -> list[list[str]]:
    try:
        with open_regular(path) as stream:
            if os.fstat(stream.fileno()).st_size > MAX_BYTES:
                raise ProjectError(str(path), tr("This table is too large."))
            text = _decoded(stream.read(MAX_BYTES))
    except OSError as error:
        raise ProjectError(str(path), os_reason(error)) from error
    if "\0" in text:
        raise ProjectError(str(path), tr("This is not a table of text."))
    told = _SEPARATOR_LINE.match(text)
    text = text[told.end() :] if told is not None else text
    delimiter = told[1] if told is not None else _delimiter(text[:_SAMPLE_CHARS])
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        if "end of data" in str(error):
            reason = tr("A quotation mark in it is opened and never closed.")
            raise ProjectError(str(path), reason) from error
        try:
            rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        except csv.Error:
            raise ProjectError(str(path), tr("This is not a table of text.")) from error
    if not rows:
        raise ProjectError(str(path), tr("This table is empty."))
    return rows


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return data.decode("utf-32", "replace")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    # Without the mark at its start, every other byte of UTF-16 tells it.
    sample = data[:1000]
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(sample) > 3 and sample[start::2].count(0) > 0.4 * len(sample) and not sample[1 - start :: 2].count(0):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "surrogateescape")  # what older spreadsheets write


def _delimiter(sample: str) -> str:
    """Return what parts the columns: what gives the same number of them, more than one, in most lines."""

    def score(delimiter: str) -> tuple[int, int]:
        widths: list[int] = []
        try:
            rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
            widths.extend(len(row) for row in itertools.islice(rows, SAMPLE_LINES) if row)
        except csv.Error:
            return 0, 0
        several = [width for width in widths if width > 1]
        usual = max(set(several), key=several.count, default=0)
        return several.count(usual) if several else 0, usual

    return max(_DELIMITERS, key=score)


def _photo_path(text: str, folder: Path) -> Path:
    """Return the file that a cell names; tables from Windows work elsewhere, too."""
    path = folder / text
    if unguarded(text) != text and not _is_file(path):  # ours, or made safe by others
        text = unguarded(text)
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
