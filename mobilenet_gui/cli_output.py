"""Owns how commands print: a stdout fit for any name, and answers as text, JSON lines or CSV."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sys
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

from mobilenet_gui.core import answers

if TYPE_CHECKING:
    from mobilenet_gui.core.errors import PhotoError, UserError
    from mobilenet_gui.core.types import Recognition


def complain(text: str) -> None:
    """Print one line on stderr, if there is one."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(f"mobilenet-gui: {printable(text)}", file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Return `text` with its control characters spelt out; a file name must neither steer nor fool the terminal."""
    if text.isprintable():
        return text
    return "".join(repr(c)[1:-1] if _steers(c) else c for c in text)


def _steers(character: str) -> bool:
    """Say whether it is a control character, ends a line, or turns the direction of writing."""
    return (
        unicodedata.category(character) in ("Cc", "Zl", "Zp")
        or "\u202a" <= character <= "\u202e"
        or "\u2066" <= character <= "\u2069"
    )


def prepare_stdout() -> TextIO:
    """Return stdout, made fit for file names and labels of any kind."""
    out = sys.stdout
    if out is None:
        return io.StringIO()  # a windowed program on Windows has none
    if isinstance(out, io.TextIOWrapper):
        # Undecodable bytes of a file name come out as they went in.
        if out.isatty():
            out.reconfigure(errors="surrogateescape" if out.encoding.lower().startswith("utf") else "replace")
        else:
            out.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
    return out


def abandon_stdout() -> None:
    """Stop Python from flushing into a broken stdout on its way out, and complaining about it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class EventTeller:
    """Tells how a longer piece of work goes: JSON events a line, or words; how it ends badly is told alike by all.

    Args:
        out: where to.
        json: events instead of words.
        stopped: what is said when somebody stopped it.
    """

    def __init__(self, out: TextIO, *, json: bool, stopped: str) -> None:
        self._out, self._json, self._stopped = out, json, stopped

    def failed(self, error: UserError) -> None:
        """Print why nothing came of it."""
        if self._json:
            self._say({"event": "failed", "subject": error.subject, "error": error.reason})
        complain(str(error))

    def cancelled(self) -> None:
        """Print that it was stopped."""
        if self._json:
            self._say({"event": "cancelled"})
        complain(self._stopped)

    def _say(self, record: dict[str, Any]) -> None:
        print(json_line(record), file=self._out, flush=True)


class Writer(Protocol):
    """One way to print answers; each photo is flushed, so that the next program in a pipe can go to work."""

    def begin(self) -> None:
        """Print what comes first."""

    def answer(self, path: str, recognition: Recognition) -> None:
        """Print the answer for one photo."""

    def failure(self, path: str, error: PhotoError) -> None:
        """Print that one photo could not be read."""


class _TextWriter:
    """Made to be read: the path, and below it the labels with their probabilities aligned."""

    def __init__(self, out: TextIO, top: int) -> None:
        self._out = out
        self._first = True

    def begin(self) -> None:
        """Nothing comes first."""

    def answer(self, path: str, recognition: Recognition) -> None:
        lines = [] if self._first else [""]
        self._first = False
        lines.append(printable(path))
        if recognition.note:
            lines.append(f"  {recognition.note}")
        lines.extend(f"  {p.probability * 100:5.1f} %  {printable(p.label)}" for p in recognition.predictions)
        print("\n".join(lines), file=self._out, flush=True)

    def failure(self, path: str, error: PhotoError) -> None:
        complain(str(error))


class _JsonWriter:
    """One object a line."""

    def __init__(self, out: TextIO, top: int) -> None:
        self._out = out

    def begin(self) -> None:
        """Nothing comes first."""

    def answer(self, path: str, recognition: Recognition) -> None:
        self._print(answers.as_record(_as_utf8(path), recognition))

    def failure(self, path: str, error: PhotoError) -> None:
        self._print(answers.error_record(_as_utf8(path), error.reason))

    def _print(self, record: dict[str, Any]) -> None:
        print(json_line(record), file=self._out, flush=True)


def json_line(record: dict[str, Any]) -> str:
    r"""Return a JSON object as one line; bytes of a file name that are no UTF-8 become `\udc80` to `\udcff`."""
    line = json.dumps(record, ensure_ascii=False)
    return line if line.isascii() or _is_utf8(line) else json.dumps(record)


def _as_utf8(path: str) -> str:
    """Return a path as UTF-8 would have it, where the system's own encoding knows less (the "C" locale)."""
    try:
        return path if path.isascii() else os.fsencode(path).decode()
    except UnicodeError:
        return path


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class _CsvWriter:
    """One row a photo, with a heading; four columns for each of the top k."""

    def __init__(self, out: TextIO, top: int) -> None:
        self._out, self._top = out, top
        self._writer = csv.writer(out, lineterminator="\n")

    def begin(self) -> None:
        row = ["path", "model", "milliseconds", "error"]
        for rank in range(1, self._top + 1):
            row += [f"index_{rank}", f"id_{rank}", f"label_{rank}", f"probability_{rank}"]
        self._row(row)

    def answer(self, path: str, recognition: Recognition) -> None:
        row = [path, recognition.model_id, f"{recognition.timing.total:.3f}", ""]
        for p in recognition.predictions:
            row += [str(p.index), p.id, p.label, f"{p.probability:.6f}"]
        self._row(row)

    def failure(self, path: str, error: PhotoError) -> None:
        self._row([path, "", "", error.reason, *[""] * (4 * self._top)])

    def _row(self, row: list[str]) -> None:
        self._writer.writerow(row)
        self._out.flush()


WRITERS: Final[dict[str, Callable[[TextIO, int], Writer]]] = {
    "text": _TextWriter,
    "json": _JsonWriter,
    "csv": _CsvWriter,
}
