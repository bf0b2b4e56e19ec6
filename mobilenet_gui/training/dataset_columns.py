"""Owns telling which column of a table of photos and labels is which: by its header, else by what is in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.core.file_kinds import RAW_SUFFIXES
from mobilenet_gui.core.imaging_formats import SUPPORTED_SUFFIXES
from mobilenet_gui.core.records import unguarded
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.dataset_words import part_of
from mobilenet_gui.training.project_types import PhotoSplit

SAMPLE_LINES: Final = 50
_PATH_NAMES: Final = (
    "path", "paths", "file", "files", "filename", "filenames", "file_name", "filepath", "filepaths", "file_path",
    "file path", "file name", "photo", "image", "image_path", "image path", "image_uri", "gcs_uri", "gcs_path", "uri",
)  # fmt: skip
_PATH_NAMES_LATER: Final = (
    "image_name", "image name", "image_file", "img", "img_path", "img_name", "fname", "image_id", "id",
)  # fmt: skip
_LABEL_NAMES: Final = (
    "label", "class", "class_name", "classname", "category", "label_name", "labels", "classes", "target",
)  # fmt: skip
_LABEL_NAMES_LATER: Final = ("species", "breed", "name", "tag")
_PART_NAMES: Final = (
    "split", "part", "set", "subset", "partition", "data set", "dataset", "data_set", "ml_use", "usage", "purpose",
)  # fmt: skip
_PART_MARKS: Final[dict[str, PhotoSplit]] = {
    "is_valid": "validation", "is_val": "validation", "is_validation": "validation", "is_test": "test",
}  # fmt: skip
"""Columns that say yes for the photos of one part."""
YES: Final = frozenset({"1", "1.0", "true", "yes"})
_NO: Final = frozenset({"0", "0.0", "false", "no"})


class Columns(NamedTuple):
    """Which column is which.

    Attributes:
        path: of the photo.
        label: of its class; `FOLDER` where the folder in its path is the class.
        part: of the part it is given to, if there is one.
        header: the first line names the columns.
        named: it says which are path and label; they were found by what is in them otherwise.
        marks: columns of which each stands for a class and is marked where the photo shows it; they stand for `label`.
        part_marked: the part that a yes in `part` means, where it holds yes and no; the others are of the train part.
    """

    path: int
    label: int
    part: int | None
    header: bool
    named: bool = False
    marks: tuple[int, ...] = ()
    part_marked: PhotoSplit = ""


FOLDER: Final = -1


def columns_of(rows: Sequence[Sequence[str]], table: Path) -> Columns:
    """Tell which column is which, by the header where there is one, else by what is in them."""
    first = [text.strip().casefold() for text in rows[0]]
    path = _first_of((*_PATH_NAMES, *_PATH_NAMES_LATER), first)
    label = _first_of((*_LABEL_NAMES, *_LABEL_NAMES_LATER), first)
    body = rows[1 : SAMPLE_LINES + 1] or rows[:1]
    width = max((len(row) for row in body), default=0)
    if path is not None and label is not None and path != label:
        part, marked = _part_column(rows[1:], first, [n for n in range(width) if n not in (path, label)])
        return Columns(path, label, part, header=True, named=True, part_marked=marked)
    if width < 2:
        raise ProjectError(str(table), tr("This table needs two columns: the photo's path and its label."))
    part, marked = _part_column(rows[1:], first, [n for n in range(width) if n != path])
    marks = _marks(body, [n for n in range(len(first)) if n not in (path, part)]) if path is not None else ()
    if path is not None and marks:
        return Columns(path, marks[0], part, header=True, named=True, marks=marks, part_marked=marked)
    photos = [sum(1 for row in body if is_photo_name(cell(row, n))) for n in range(width)]
    path = max(range(width), key=lambda n: photos[n])
    header = bool(photos[path]) and not is_photo_name(cell(rows[0], path)) and len(rows) > 1
    if not header:
        part, marked = _part_column(rows, (), [n for n in range(width) if n != path])
    others = [n for n in range(width) if n not in (path, part)]
    if not others:
        label = FOLDER
    elif not photos[path]:  # names without an ending
        path, label = 0, next(n for n in range(1, width) if n != part)
    elif label is None or label in (path, part):
        label = _likely_label(body if header else rows[:SAMPLE_LINES], others)
    return Columns(path, label, part, header, part_marked=marked)


def _part_column(
    body: Sequence[Sequence[str]], header: Sequence[str], columns: Sequence[int]
) -> tuple[int | None, PhotoSplit]:
    """Return the column that gives photos to parts, and the part that a yes in it means; told by name or content."""
    named = _first_of(_PART_NAMES, header)
    if named in columns:
        return named, ""
    marked = _first_of(tuple(_PART_MARKS), header)
    if marked in columns and marked is not None and all(cell(row, marked).casefold() in YES | _NO for row in body):
        return marked, _PART_MARKS[header[marked]]
    # A column of nothing but “TRAIN”, “VALIDATION” and “TEST”, as Google's tables have it.
    for column in columns:
        cells = {cell(row, column) for row in body if any(row)}
        if cells and all(is_part(text) for text in cells) and any(map(part_of, cells)):
            return column, ""
    return None, ""


def is_part(text: str) -> bool:
    """Say whether a cell names a part, or says that the photo is given to none."""
    return bool(part_of(text)) or text.casefold() in ("unassigned", "")


def _likely_label(body: Sequence[Sequence[str]], columns: Sequence[int]) -> int:
    """Return the first column in which something comes more than once: a running number is no label."""

    def repeats(column: int) -> bool:
        cells = [cell(row, column) for row in body]
        return len(set(cells)) < len(cells)

    return next((n for n in columns if repeats(n)), columns[0])


def _marks(body: Sequence[Sequence[str]], columns: Iterable[int]) -> tuple[int, ...]:
    """Return the columns where a photo's class is marked by a one among noughts; none where they are not such."""

    def is_marked(column: int) -> bool:
        return all(cell(row, column).casefold() in YES | _NO for row in body)

    marked = tuple(n for n in columns if is_marked(n))
    once = sum(1 for row in body if sum(cell(row, n).casefold() in YES for n in marked) == 1)
    return marked if len(marked) > 1 and 2 * once > len(body) else ()


def label_of(header: Sequence[str], row: Sequence[str], columns: Columns) -> str:
    """Return a photo's class; empty where the line names none."""
    if columns.label == FOLDER:
        return next(iter(re.split(r"[/\\]", cell(row, columns.path))[-2:-1]), "")
    if not columns.marks:
        return unguarded(cell(row, columns.label))
    marked = [n for n in columns.marks if cell(row, n).casefold() in YES]
    return unguarded(cell(header, marked[0])) if len(marked) == 1 else ""


def _first_of(names: Sequence[str], cells: Sequence[str]) -> int | None:
    return next((cells.index(name) for name in names if name in cells), None)


def part_in(row: Sequence[str], columns: Columns, otherwise: PhotoSplit) -> PhotoSplit:
    """Return the part that a line gives its photo to."""
    if columns.part is None:
        return otherwise
    text = cell(row, columns.part)
    if columns.part_marked:
        return columns.part_marked if text.casefold() in YES else "train"
    return part_of(text)


def cell(row: Sequence[str], column: int) -> str:
    """Return what is in a column, without spaces around it, or what spreadsheets write to keep a text a text."""
    text = row[column].strip() if column < len(row) else ""
    return text[2:-1] if text.startswith('="') and text.endswith('"') and len(text) > 2 else text


def is_photo_name(text: str) -> bool:
    """Say whether a text ends as the name of a photo does; of a raw file, too, which is refused later, in words."""
    return os.path.splitext(text)[1].lower() in SUPPORTED_SUFFIXES | RAW_SUFFIXES  # noqa: PTH122 - any text
