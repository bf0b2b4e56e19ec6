"""Owns how commands print: a stdout fit for any name, and answers as text, JSON lines or CSV."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO

from mobilenet_gui.core import answers
from mobilenet_gui.core.records import csv_line, json_line, spelt_out

if TYPE_CHECKING:
    from mobilenet_gui.core.errors import PhotoError, UserError
    from mobilenet_gui.core.types import Recognition

__all__ = [  # with what the commands print rows and records with
    "WRITERS",
    "EventTeller",
    "Writer",
    "abandon_stdout",
    "complain",
    "csv_line",
    "json_line",
    "prepare_stdout",
    "printable",
]


def complain(text: str) -> None:
    """Print one line on stderr, if there is one."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(f"mobilenet-gui: {printable(text)}", file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Return `text` with its control characters spelt out; a file name must neither steer nor fool the terminal."""
    return text if text.isprintable() else spelt_out(text)


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
        self._print(answers.as_record(path, recognition))

    def failure(self, path: str, error: PhotoError) -> None:
        self._print(answers.error_record(path, error.reason))

    def _print(self, record: dict[str, Any]) -> None:
        print(json_line(record), file=self._out, flush=True)


class _CsvWriter:
    """One row a photo, with a heading; four columns for each of the top k."""

    def __init__(self, out: TextIO, top: int) -> None:
        self._out, self._top = out, top

    def begin(self) -> None:
        self._print(answers.csv_heading(self._top))

    def answer(self, path: str, recognition: Recognition) -> None:
        self._print(answers.csv_cells(path, recognition, self._top))

    def failure(self, path: str, error: PhotoError) -> None:
        self._print(answers.csv_error_cells(path, error.reason, self._top))

    def _print(self, cells: list[str]) -> None:
        print(csv_line(cells), end="", file=self._out, flush=True)


WRITERS: Final[dict[str, Callable[[TextIO, int], Writer]]] = {
    "text": _TextWriter,
    "json": _JsonWriter,
    "csv": _CsvWriter,
}
