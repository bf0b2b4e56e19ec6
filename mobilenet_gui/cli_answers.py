"""Owns how `classify` prints its answers: text to read, JSON lines, or CSV."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from mobilenet_gui.cli_output import Out, complain, printable, say
from mobilenet_gui.core import answers
from mobilenet_gui.core.confidence import SURE_FROM, unlike_text
from mobilenet_gui.core.groups import group_text
from mobilenet_gui.core.records import csv_line, json_line

if TYPE_CHECKING:
    from mobilenet_gui.core.errors import PhotoError
    from mobilenet_gui.core.types import Recognition


class Writer(Protocol):
    """One way to print answers; each photo is sent on, so that the next program in a pipe can go to work."""

    def begin(self) -> None:
        """Print what comes first."""

    def answer(self, path: str, recognition: Recognition) -> None:
        """Print the answer for one photo."""

    def failure(self, path: str, error: PhotoError) -> None:
        """Print that one photo could not be read."""


class _TextWriter:
    """Made to be read: the path, and below it the labels with their probabilities aligned."""

    def __init__(self, out: Out, top: int) -> None:
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
        group = answers.group_answer(recognition, SURE_FROM)
        if recognition.unlike:
            lines.append(f"  {unlike_text()}")
        elif group is not None:
            lines.append(f"  {group.probability * 100:5.1f} %  {group_text(group)}")
        lines.extend(f"  {p.probability * 100:5.1f} %  {printable(p.shown)}" for p in recognition.predictions)
        say(self._out, "\n".join(lines) + "\n")

    def failure(self, path: str, error: PhotoError) -> None:
        complain(str(error))


class _JsonWriter:
    """One object a line."""

    def __init__(self, out: Out, top: int) -> None:
        self._out = out

    def begin(self) -> None:
        """Nothing comes first."""

    def answer(self, path: str, recognition: Recognition) -> None:
        say(self._out, json_line(answers.as_record(path, recognition)) + "\n")

    def failure(self, path: str, error: PhotoError) -> None:
        say(self._out, json_line(answers.error_record(path, error.reason)) + "\n")


class _CsvWriter:
    """One row a photo, with a heading; four columns for each of the top k."""

    def __init__(self, out: Out, top: int) -> None:
        self._out, self._top = out, top

    def begin(self) -> None:
        say(self._out, csv_line(answers.csv_heading(self._top)))

    def answer(self, path: str, recognition: Recognition) -> None:
        say(self._out, csv_line(answers.csv_cells(path, recognition, self._top)))

    def failure(self, path: str, error: PhotoError) -> None:
        say(self._out, csv_line(answers.csv_error_cells(path, error.reason, self._top)))


WRITERS: Final[dict[str, Callable[[Out, int], Writer]]] = {
    "text": _TextWriter,
    "json": _JsonWriter,
    "csv": _CsvWriter,
}
