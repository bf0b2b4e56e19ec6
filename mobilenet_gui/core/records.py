r"""Owns how rows and records leave the program, as CSV and JSON, from the window and from the command line alike.

Whatever a file or a class is called, what is written is valid UTF-8, steers no terminal and runs in no spreadsheet:

    csv_line(["path", "label"])     # one row; text that begins with = + - @ gets an apostrophe in front
    json_line({"path": "a.jpg"})    # one object, no line's end
    write_whole(target, data)       # a file, whole or not at all

In JSON nothing is lost: what is no text becomes an escape, which every reader turns back. CSV is for people: control
characters are spelt out (`\n`, `\x1b`), bytes of a file name that are no UTF-8, too (`\xff`).
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.errors import StorageError

MARK: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""What a CSV file begins with, so that spreadsheets read its accents; a pipe goes without."""

# Ends of lines, and what turns the direction of writing, which shows a name as another one.
_STEERS = "\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_STEERING = re.compile(f"[{_STEERS}]")
_NO_TEXT = re.compile(f"[{_STEERS}\ud800-\udfff]")
_JSON_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# The wide forms are what the narrow ones are in a spreadsheet set to Chinese or Japanese.
_RUNS = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def spelt_out(text: str) -> str:
    r"""Return `text` with its control characters as `\n`, `\x1b` and the like; undecodable bytes stay as they are."""
    return _STEERING.sub(_spelt, text)


def as_line(text: str) -> str:
    r"""Return `text` as UTF-8 can hold it and a line can show it: `spelt_out`, and undecodable bytes as `\xff`."""
    return _NO_TEXT.sub(_spelt, text)


def guarded(text: str) -> str:
    """Return `text` so that no spreadsheet runs it: with an apostrophe before = + - @, which says that it is text."""
    return f"'{text}" if _RUNS.match(text) else text


def unguarded(text: str) -> str:
    """Return what `guarded` was given; text that it never saw comes back as it is, but for `'=` and its like."""
    return text[1:] if text.startswith("'") and _RUNS.match(text) else text


def csv_line(cells: Iterable[str | float], delimiter: str = ",") -> str:
    r"""Return one row of CSV with its `\n`. Text is made safe; numbers may be below 0."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([guarded(as_line(cell)) if isinstance(cell, str) else cell for cell in cells])
    return out.getvalue()


def json_line(record: dict[str, Any]) -> str:
    r"""Return a JSON object as one line; bytes of a file name that are no UTF-8 become `\udc80` to `\udcff`."""
    return _json(record, None)


def json_text(record: dict[str, Any], indent: int) -> str:
    """Return a JSON object as indented lines, the last one ended."""
    return _json(record, indent) + "\n"


def write_whole(target: Path, data: bytes) -> None:
    """Write a file for the user, over an older one; where that is a link, what it points to is written.

    Raises:
        StorageError: it could not be written; an older file is untouched.
    """
    try:
        write_atomically(target, data, make_folder=False)
    except OSError as error:
        raise StorageError(str(target), error.strerror or str(error)) from error


def _spelt(match: re.Match[str]) -> str:
    character = match.group()
    if "\udc80" <= character <= "\udcff":  # a byte, as Python carries those that are no text
        return f"\\x{ord(character) - 0xDC00:02x}"
    return repr(character)[1:-1]


def _json(record: dict[str, Any], indent: int | None) -> str:
    try:
        text = json.dumps(record, ensure_ascii=False, indent=indent, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(record), ensure_ascii=False, indent=indent)
    # These stand inside strings only, where an escape means the same; ASCII's own are escaped already.
    return _JSON_ESCAPED.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _finite(value: Any) -> Any:
    """Return `value` with None for what JSON has no number for: infinities and what is no number."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
