"""Owns how commands print: a stdout fit for any name whose failures are told apart, error lines, progress, and rows."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from mobilenet_gui.cli_unwritable import UnwritableError
from mobilenet_gui.core.addresses import shown_in
from mobilenet_gui.core.records import csv_line, json_line, spelt_out
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.core.errors import UserError

_PROGRESS_SECONDS: Final = 0.1


class Out(Protocol):
    """What answers are printed to."""

    def write(self, text: str, /) -> object:
        """Print text."""

    def flush(self) -> object:
        """Send on what was printed, so that the next program in a pipe can go to work."""

    def isatty(self) -> bool:
        """Say whether a person looks at it."""


class _Stdout:
    """The process's stdout. Raises `UnwritableError` where the system refuses."""

    def __init__(self, stream: Out) -> None:
        self._stream = stream
        self.isatty = stream.isatty

    def write(self, text: str, /) -> object:
        return self._attempt(lambda: self._stream.write(text))

    def flush(self) -> object:
        return self._attempt(self._stream.flush)

    @staticmethod
    def _attempt(action: Callable[[], object]) -> object:
        try:
            return action()
        except OSError as error:
            raise UnwritableError(error) from error


class _Closed:
    """Stands for a stdout that was closed before we began (`>&-`)."""

    def write(self, text: str, /) -> object:
        raise UnwritableError(OSError(errno.EBADF, os.strerror(errno.EBADF)))

    def flush(self) -> object:
        return None

    def isatty(self) -> bool:
        return False


def prepare_stdout() -> Out:
    """Return stdout, made fit for file names and labels of any kind."""
    out = sys.stdout
    if out is None:  # a windowed program on Windows has none, and nobody misses it
        return io.StringIO() if sys.platform == "win32" else _Closed()
    if isinstance(out, io.TextIOWrapper):
        # Undecodable bytes of a file name come out as they went in.
        if out.isatty():
            out.reconfigure(errors="surrogateescape" if out.encoding.lower().startswith("utf") else "replace")
        else:
            out.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")
    return _Stdout(out)


def say(out: Out, text: str) -> None:
    """Print whole lines and send them on, so that the next program in a pipe can go to work."""
    out.write(text)
    out.flush()


def abandon_stdout() -> None:
    """Stop Python from flushing into a broken stdout on its way out, and complaining about it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(text: str) -> None:
    """Print one line on stderr, if there is one, without passwords in addresses: what is printed is kept in logs."""
    _to_stderr(f"mobilenet-gui: {printable(shown_in(text))}\n")


def _to_stderr(text: str) -> None:
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def printable(text: str) -> str:
    """Return `text` with its control characters spelt out; a file name must neither steer nor fool the terminal."""
    return text if text.isprintable() else spelt_out(text)


class ProgressLine:
    """One line on stderr that says how far it is, where a person looks at it and no answers are printed beside it.

    Args:
        out: where the answers go; a terminal there needs no second account. None where it is told all the same.
    """

    def __init__(self, out: Out | None = None) -> None:
        self.shown: Final = sys.stderr is not None and sys.stderr.isatty() and not (out is not None and out.isatty())
        self._last = 0.0
        self._text = ""

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def show(self, make: Callable[[], str], *, at_once: bool = False) -> None:
        """Draw the line anew, where enough time went by or it must be `at_once`."""
        if not self.shown:
            return
        now = time.monotonic()
        if not at_once and now - self._last < _PROGRESS_SECONDS:
            return
        text = printable(make())
        self._last = now
        if text != self._text:
            self._text = text
            _to_stderr(f"\r\x1b[K{text}")

    def clear(self) -> None:
        """Take the line away again."""
        if self._text:
            self._text = ""
            _to_stderr("\r\x1b[K")

    def leave(self, text: str) -> None:
        """Take the line away and print what is to stay."""
        if self.shown:
            self.clear()
            _to_stderr(f"{printable(text)}\n")


class Records:
    """Prints records, for scripts: one JSON object a line, or CSV with a heading.

    Args:
        out: where to.
        kind: `json` or `csv`.
        columns: what the CSV's columns are called; what a record has besides is left out of it.
    """

    def __init__(self, out: Out, kind: str, columns: Sequence[str]) -> None:
        self._out, self._columns, self._as_csv = out, columns, kind == "csv"
        self._begun = False

    def begin(self) -> None:
        """Print the heading, if that has not happened; a table without rows has one, too."""
        if self._as_csv and not self._begun:
            say(self._out, csv_line(self._columns))
        self._begun = True

    def write(self, record: dict[str, Any]) -> None:
        """Print one record."""
        self.begin()
        cells = ("" if record.get(column) is None else record[column] for column in self._columns)
        say(self._out, csv_line(cells) if self._as_csv else f"{json_line(record)}\n")


class EventTeller:
    """Tells how a longer piece of work goes: JSON events a line, CSV rows, or words; each bad end is told alike.

    Args:
        out: where to.
        kind: `text`, `json` or `csv`.
        stopped: what is said when somebody stopped it.
    """

    def __init__(self, out: Out, *, kind: str, stopped: str) -> None:
        self._out, self._json, self._words, self._stopped = out, kind == "json", kind == "text", stopped

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
        say(self._out, f"{json_line(record)}\n")

    def _line(self, text: str) -> None:
        """Print a line for people: among the answers, or beside them where rows are wanted."""
        if self._words:
            say(self._out, f"{printable(text)}\n")
        elif not self._json:
            complain(text)


def unwritable_reason(error: UnwritableError) -> str:
    """Say in words why nothing can be printed."""
    reason = error.cause.strerror or str(error.cause)
    return tr("The answers cannot be written: {reason}.").replace("{reason}", reason)
