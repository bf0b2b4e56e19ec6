"""Owns class names: the ImageNet table that ships with the program, and reading the labels files people have.

Labels files come in many dialects (plain names, numbered names, WordNet ids, Keras' JSON, our own table). All
end as `Label`s; a list that turns out to be ImageNet's gets its WordNet ids back.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from mobilenet_gui.core import class_names
from mobilenet_gui.core.chosen_files import size_of_chosen
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.records import unguarded
from mobilenet_gui.core.types import Label
from mobilenet_gui.i18n import tr

MAX_LABELS_BYTES: Final = 16 * 1024 * 1024
MAX_LABEL_LENGTH: Final = 1000
BACKGROUND: Final = "background"

_WNID = re.compile(r"n\d{8}")
_NUMBERED = re.compile(r"(\d+)(\s*(?:[:,;=)\t ]|\.(?=\s))\s*)(\S.*)")
_WNID_LINE = re.compile(r"(n\d{8})[\s,:;]+(\S.*)")
_LIST_KEYS: Final = ("labels", "class_names", "classes", "names")
_SAME_LIST = 0.99
"""Share of names that must agree, each in its place, for a list to count as ImageNet's."""


@cache
def imagenet() -> tuple[Label, ...]:
    """Return the 1000 classes of ImageNet's challenge in the order that every official model uses.

    The name is the first of WordNet's; two pairs (`crane`, `maillot`) share one and differ in their id.
    """
    return tuple(Label(index, row.id, row.published, row.synonyms) for index, row in enumerate(class_names.table()))


def parse_labels_file(path: Path, classes: int | None = None) -> tuple[Label, ...]:
    """Read a labels file of any common dialect.

    Understood are: one name a line; `index name` in order; `n01440764 tench, Tinca tinca`; a CSV with a header that
    names a `name` or `label` column; JSON: a list of names, or Keras' `{"0": ["n01440764", "tench"], ...}`.

    Args:
        path: the file.
        classes: how many outputs the model has; None where that is not known yet.

    Returns:
        One label an output, or one fewer where output 0 is a background that is no class: a first label of that name
        counts as such where there is one label more than outputs, or where the others are ImageNet's thousand. A class
        of the user's own may be called so. Indices count from 0.

    Raises:
        ModelError: unreadable, not a labels file, or of another length than the model needs.
    """
    try:
        found = _parse(_read_text(path), path)
    except (csv.Error, ValueError) as error:  # endless fields and numbers
        raise ModelError(str(path), tr("This is not a text file with labels.")) from error
    if not found:
        raise ModelError(str(path), tr("The labels file is empty."))
    if found[0].name.lower() == BACKGROUND and (classes == len(found) - 1 or _are_imagenet(found[1:])):
        found = found[1:]
    elif classes is not None and not _fits(found, classes):
        raise ModelError(
            str(path),
            tr("The file has {found} labels, but the model answers with {classes} classes.").format(
                found=len(found), classes=classes
            ),
        )
    for number, row in enumerate(found, start=1):
        if not row.name or max(map(len, row)) > MAX_LABEL_LENGTH:
            raise ModelError(str(path), tr("Label {number} is empty or far too long.").format(number=number))
        if not _is_text(row):
            raise ModelError(str(path), tr("Label {number} holds a broken character.").format(number=number))
    labels = tuple(Label(index, row.id, row.name, row.synonyms) for index, row in enumerate(found))
    return imagenet() if _are_imagenet(found) else labels


@dataclass(frozen=True, slots=True)
class LabelsBeside:
    """A labels file that lies beside a model's file, where nobody chose it.

    Attributes:
        file: its name.
        labels: what it names; empty where it is no sound list.
        reason: why it is none.
    """

    file: str
    labels: tuple[Label, ...] = ()
    reason: str = ""


def fitted(labels: Sequence[Label], outputs: int, *, binary: bool = False) -> tuple[Label, ...] | None:
    """Return the labels for a model of so many outputs; None where they are too many or too few.

    One fewer means that output 0 is a background; one more, that the first names a background that has no output.

    Args:
        labels: as they stand in the file.
        outputs: how many there are.
        binary: the two classes are those of a network with a single output, which says how much a photo is of the
            second; a list may name that one alone.
    """
    if binary and len(labels) == 1:
        other = tr("not {name}").format(name=labels[0].name)
        return Label(0, "", other), replace(labels[0], index=1)
    if len(labels) == outputs + 1 and labels[0].name.lower() == BACKGROUND:
        return tuple(replace(label, index=index) for index, label in enumerate(labels[1:]))
    return tuple(labels) if len(labels) == outputs or (len(labels) == outputs - 1 and not binary) else None


def no_names(outputs: int, beside: LabelsBeside | None) -> str:
    """Return why a model's classes have no names, and what to do about it."""
    if beside is None:
        text = tr("The model has {outputs} classes without names. Choose its labels file as well.")
        return text.format(outputs=outputs)
    if beside.reason:
        text = tr("{file} beside the model cannot be used for its {outputs} classes: {reason}")
        return text.format(file=beside.file, outputs=outputs, reason=beside.reason)
    text = tr("The model has {outputs} classes, but {file} beside it names {labels}. Choose the right labels file.")
    return text.format(outputs=outputs, file=beside.file, labels=len(beside.labels))


class _Row(NamedTuple):
    """A label whose index is its place in the list."""

    id: str
    name: str
    synonyms: str


def _is_text(row: _Row) -> bool:
    """Say whether the row can be written down: JSON can spell half a character."""
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        return False
    return True


def _fits(found: Sequence[_Row], classes: int) -> bool:
    # 1000 ImageNet names serve a model of 1001 outputs: its first is the background.
    return len(found) == classes or (len(found) == 1000 and classes == 1001)


def _read_text(path: Path) -> str:
    if size_of_chosen(path) > MAX_LABELS_BYTES:
        raise ModelError(str(path), tr("The file is too large for a list of labels."))
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ModelError(str(path), error.strerror or str(error)) from error
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    elif b"\0" in raw:
        raise ModelError(str(path), tr("This is not a text file with labels."))
    else:
        encodings = ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ModelError(str(path), tr("The file's text encoding is not known; save it as UTF-8."))


def _parse(text: str, path: Path) -> list[_Row]:
    stripped = text.strip()
    if _looks_like_json(stripped):
        return _from_json(stripped, path)
    lines = _without_marks([line.strip() for line in stripped.splitlines()]) if stripped else []
    for number, line in enumerate(lines, start=1):
        if not line:
            raise ModelError(
                str(path), tr("Line {number} is empty; every line must hold one label.").format(number=number)
            )
    if lines and _csv_name_column(lines[0]) is not None:
        return _from_csv(stripped, path)
    return [_from_line(line) for line in _without_indices(lines)]


def _without_marks(lines: list[str]) -> list[str]:
    """Return lines less the quotation marks around each of them, or the dash of a list before each."""
    if all(len(line) > 2 and line[0] == line[-1] == '"' and '"' not in line[1:-1] for line in lines):
        return [line[1:-1].strip() for line in lines]
    return [line[2:].strip() for line in lines] if all(line.startswith("- ") for line in lines) else lines


def _without_indices(lines: list[str]) -> list[str]:
    """Return lines less the running numbers before them; numbers that belong to the names stay."""
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    found = [m for m in numbered if m is not None]
    if not found or len(found) < len(lines):
        return lines
    first = int(found[0][1])
    running = first in (0, 1) and [int(m[1]) for m in found] == list(range(first, first + len(found)))
    names = [m[3].strip() for m in found]
    # “1 Euro, 2 Euro” are names: without their numbers they would be equal. “1 Euro, 2 Cent”, “1 person, 2 people” may
    # be: only a list from 0, which nobody counts things from, or a mark behind the number tells it for certain.
    told = first == 0 or all(m[2].strip() for m in found) or all("\t" in m[2] for m in found)
    return names if running and told and len({name.casefold() for name in names}) == len(names) else lines


def _looks_like_json(text: str) -> bool:
    """Tell JSON from a list whose first label stands in brackets, such as “[unknown]” or “{other}”."""
    if not text.startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except RecursionError:
        return True
    except json.JSONDecodeError:
        # A list of one label a line has many closed brackets or none; broken JSON goes on over the first line's end.
        first = text.splitlines()[0].rstrip()
        closing = "}" if text.startswith("{") else "]"
        return not (closing in first and '"' not in first)
    return True


def _from_line(line: str) -> _Row:
    match = _WNID_LINE.fullmatch(line)
    return _row(match[1], match[2]) if match else _row("", line)


def _csv_name_column(header: str) -> int | None:
    cells = [cell.strip().lower() for cell in next(csv.reader([header], delimiter=_delimiter(header)))]
    if len(cells) < 2:
        return None
    return next((cells.index(word) for word in ("name", "label", "class") if word in cells), None)


def _delimiter(header: str) -> str:
    """Return what parts the columns: spreadsheets write semicolons where the comma is a decimal mark."""
    return max(",;\t", key=header.count)


def _from_csv(text: str, path: Path) -> list[_Row]:
    first = text.splitlines()[0]
    rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(first)))
    header = [cell.strip().lower() for cell in rows[0]]
    name_column = _csv_name_column(first) or 0
    index_column, wnid_column, synonyms_column = (
        next((header.index(word) for word in words if word in header), None)
        for words in (("index",), ("wnid", "id"), ("synonyms",))
    )
    found: list[tuple[int, _Row]] = []
    for number, row in enumerate(rows[1:], start=2):
        try:
            index = number - 2 if index_column is None else int(row[index_column])
            wnid = "" if wnid_column is None else row[wnid_column].strip()
            name = unguarded(row[name_column].strip())
            synonyms = "" if synonyms_column is None else unguarded(row[synonyms_column].strip())
        except (IndexError, ValueError) as error:
            raise ModelError(str(path), tr("Line {number} is not like its header.").format(number=number)) from error
        # A synonyms column means that the names are whole already, commas and all.
        found.append((index, _row(wnid, name) if synonyms_column is None else _Row(wnid, name, synonyms)))
    found.sort(key=lambda item: item[0])
    if [index for index, _ in found] != list(range(len(found))):
        raise ModelError(str(path), tr("The indices must run from 0 without gaps."))
    return [row for _, row in found]


def _from_json(text: str, path: Path) -> list[_Row]:
    try:
        raw = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ModelError(str(path), tr("The file is not valid JSON.")) from error
    if isinstance(raw, dict):  # such as Teachable Machine's metadata.json
        raw = next((raw[key] for key in _LIST_KEYS if isinstance(raw.get(key), list)), raw)
    if isinstance(raw, dict):
        try:
            ordered = sorted(((int(key), value) for key, value in raw.items()), key=lambda item: item[0])
        except (ValueError, TypeError):
            # {"cat": 0, "dog": 1} is the other way round.
            ordered = _inverted(raw, path)
        if [index for index, _ in ordered] != list(range(len(ordered))):
            raise ModelError(str(path), tr("The indices must run from 0 without gaps."))
        raw = [value for _, value in ordered]
    found: list[_Row] = []
    for value in raw:
        if isinstance(value, str):
            found.append(_from_line(value.strip()))
        elif isinstance(value, list) and len(value) == 2 and all(isinstance(part, str) for part in value):
            found.append(_row(value[0], value[1]))
        else:
            raise ModelError(str(path), tr("The JSON does not hold a list of labels."))
    return found


def _inverted(raw: dict[str, object], path: Path) -> list[tuple[int, object]]:
    if not all(isinstance(value, int) for value in raw.values()):
        raise ModelError(str(path), tr("The JSON does not hold a list of labels."))
    return sorted(((value, key) for key, value in raw.items() if isinstance(value, int)), key=lambda item: item[0])


def _row(wnid: str, names: str) -> _Row:
    """Build a row; only WordNet's lists put synonyms behind commas, so only they are split."""
    wnid = wnid.strip()
    names = names.strip()
    if _WNID.fullmatch(wnid):
        name, _, synonyms = names.partition(",")
        return _Row(wnid, name.replace("_", " ").strip(), synonyms.strip())
    return _Row(wnid, names, "")


def _are_imagenet(labels: Sequence[_Row]) -> bool:
    ours = imagenet()
    if len(labels) != len(ours):
        return False
    if all(label.id for label in labels):
        return [label.id for label in labels] == [label.id for label in ours]
    same = sum(_first_name(a.name) == _first_name(b.name) for a, b in zip(labels, ours, strict=True))
    return same >= _SAME_LIST * len(ours)


def _first_name(name: str) -> str:
    return name.partition(",")[0].replace("_", " ").strip().lower()
