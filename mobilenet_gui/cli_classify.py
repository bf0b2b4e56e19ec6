"""Owns `mobilenet-gui classify`: photos in, answers out as text, JSON lines or CSV, made for pipes and scripts."""

from __future__ import annotations

import argparse
import errno
import glob
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from mobilenet_gui.cli_model import place_of
from mobilenet_gui.cli_output import (
    WRITERS,
    Writer,
    abandon_stdout,
    complain,
    json_line,
    prepare_stdout,
    printable,
)
from mobilenet_gui.core.file_address import is_file_address, path_of
from mobilenet_gui.i18n import tr, trn

if TYPE_CHECKING:
    from mobilenet_gui.core.batch import BatchResult
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.errors import PhotoError

__all__ = [  # with what the other commands share
    "EXIT_BROKEN_PIPE",
    "EXIT_INTERRUPTED",
    "EXIT_OK",
    "EXIT_SOME_UNREADABLE",
    "EXIT_USAGE",
    "abandon_stdout",
    "add_model_option",
    "add_parser",
    "at_least_one",
    "complain",
    "find_model",
    "json_line",
    "prepare_stdout",
    "printable",
    "report_unwritable",
    "run",
]

EXIT_OK: Final = 0
EXIT_SOME_UNREADABLE: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130
EXIT_BROKEN_PIPE: Final = 141
"""What a shell reports for a program that its reader left, such as `head`."""

_PROGRESS_SECONDS: Final = 0.1


def add_parser(subparsers: Any) -> None:
    """Add the `classify` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "classify",
        help=tr("recognise photos and print the answers"),
        description=tr("Recognise photos and print the most probable labels of each."),
        epilog=tr("Exit status: 0 all photos were read, 1 some were not, 2 the command or the model cannot be used."),
    )
    parser.add_argument(
        "paths", nargs="+", type=_path_text, metavar=tr("PATH"), help=tr("photos, or folders of photos")
    )
    add_model_option(parser)
    parser.add_argument(
        "--top", "-k", type=at_least_one, default=5, metavar="K", help=tr("how many labels a photo (default: 5)")
    )
    parser.add_argument(
        "--format",
        choices=("text", "json", "csv"),
        default="text",
        help=tr("text to read, one JSON object a line, or CSV (default: text)"),
    )
    parser.add_argument("--recursive", "-r", action="store_true", help=tr("look into the folders' folders, too"))
    parser.add_argument(
        "--jobs", "-j", type=at_least_one, metavar="N", help=tr("how many photos at once (default: one a core)")
    )
    parser.set_defaults(run=run)


def add_model_option(parser: argparse.ArgumentParser) -> None:
    """Add `--model MODEL`."""
    parser.add_argument(
        "--model",
        "-m",
        metavar="MODEL",
        help=tr(
            "the model to use: an installed one's id, a model's folder, or what “train” has written "
            "(default: the active one)"
        ),
    )


def at_least_one(text: str) -> int:
    """Parse a whole number from 1 on, for argparse."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(tr("“{text}” is not a whole number from 1 on").replace("{text}", text))
    return value


def _path_text(text: str) -> str:
    if not text:  # it would stand for the current folder
        raise argparse.ArgumentTypeError(tr("a path is empty"))
    return text


def find_model(model: str | None) -> Bundle:
    """Return the model of that id, the one in that folder or of that training, or the active one; it has been tried.

    Raises:
        ModelError: it is not installed, cannot be used, or there is none at all.
    """
    from mobilenet_gui.core import trial

    bundle = _find_model(model)
    trial.ensure(bundle)  # here, in the main thread, where Ctrl-C ends it at once
    return bundle


def _find_model(model: str | None) -> Bundle:
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.errors import ModelError
    from mobilenet_gui.core.store import ModelStore

    store = ModelStore()
    if model is not None:
        place = place_of(model)
        if place is None:
            return store.get(model)
        return Bundle.open(place if isinstance(place, Path) else place.bundle_folder)
    bundle = store.active()
    if bundle is None:
        raise ModelError(
            "",
            tr(
                "No model is installed. “mobilenet-gui models list” shows those there are, "
                "“mobilenet-gui models download ID” gets one, “mobilenet-gui models import FILE” takes one from a file."
            ),
        )
    chosen = store.chosen_id()
    if chosen is not None and chosen != bundle.id:
        try:
            store.get(chosen)
        except ModelError as error:
            text = tr("“{model}” cannot be used. {reason} “{other}” answers instead.")
            complain(text.format(model=chosen, reason=error.reason, other=bundle.name))
    return bundle


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import ModelError

    try:
        return _classify(arguments)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except ModelError as error:
        complain(str(error))
        return EXIT_USAGE
    except OSError as error:
        return report_unwritable(error)


def report_unwritable(error: OSError) -> int:
    """Give stdout up after `error`, say why unless its reader has simply left, and return the exit code."""
    abandon_stdout()
    # Windows reports a reader that left as an invalid argument.
    if error.errno in {errno.EPIPE, errno.EINVAL}:
        return EXIT_BROKEN_PIPE
    complain(tr("The answers cannot be written: {reason}.").replace("{reason}", error.strerror or str(error)))
    return EXIT_SOME_UNREADABLE


def _classify(arguments: argparse.Namespace) -> int:
    from mobilenet_gui.core import batch

    bundle = find_model(arguments.model)
    out = prepare_stdout()
    writer = WRITERS[arguments.format](out, min(arguments.top, max(1, len(bundle.labels))))
    stop = threading.Event()
    photos = _photos(arguments.paths, arguments.recursive, stop)
    progress = _Progress(out)
    all_read = True
    results = batch.classify(photos, bundle, top_k=arguments.top, jobs=arguments.jobs, cancel=stop)
    try:
        writer.begin()
        for result in results:
            if result.error is not None:
                all_read = False
                progress.clear()
            _write(writer, result)
            progress.count(result)
    finally:
        stop.set()
        results.close()
        progress.clear()
    progress.summarise()
    return EXIT_OK if all_read else EXIT_SOME_UNREADABLE


def _write(writer: Writer, result: BatchResult) -> None:
    path = str(result.path)
    if result.recognition is not None:
        writer.answer(path, result.recognition)
    elif result.error is not None:
        writer.failure(path, result.error)


def _photos(texts: Iterable[str], recursive: bool, stop: threading.Event) -> Iterator[Path | PhotoError]:
    from mobilenet_gui.core import imaging
    from mobilenet_gui.core.errors import PhotoError

    for place in _expanded(texts):
        if isinstance(place, PhotoError):
            yield place
        else:
            yield from imaging.scan([place], recursive=recursive, cancel=stop)


def _expanded(texts: Iterable[str]) -> Iterator[Path | PhotoError]:
    from mobilenet_gui.core.errors import PhotoError

    for text in texts:
        if is_file_address(text):
            try:
                yield path_of(text)
            except PhotoError as error:
                yield error
        # Windows' shells leave patterns to the program.
        elif sys.platform == "win32" and glob.has_magic(text) and not os.path.lexists(text):
            matches = sorted(glob.glob(text))  # noqa: PTH207 - keeps the way the path was written
            yield from map(Path, matches or [text])
        else:
            yield Path(text)


class _Progress:
    """A line on stderr that counts the photos, where a person looks at it and the answers go elsewhere."""

    def __init__(self, out: TextIO) -> None:
        self._shown = sys.stderr is not None and sys.stderr.isatty() and not out.isatty()
        self._start = time.monotonic()
        self._last = 0.0
        self._photos = 0
        self._unreadable = 0
        self._dirty = False

    def count(self, result: BatchResult) -> None:
        """Take note of one more photo."""
        self._photos += 1
        self._unreadable += result.error is not None
        now = time.monotonic()
        if self._shown and now - self._last >= _PROGRESS_SECONDS:
            self._last = now
            self._dirty = True
            sys.stderr.write("\r" + self._text())
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away again."""
        if self._dirty:
            self._dirty = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def summarise(self) -> None:
        """Print the figures at the end."""
        if self._shown:
            print(self._text(), file=sys.stderr)

    def _text(self) -> str:
        seconds = max(time.monotonic() - self._start, 1e-3)
        parts = [trn("{n} photo", "{n} photos", self._photos)]
        parts.append(tr("{rate} a second").replace("{rate}", f"{self._photos / seconds:.0f}"))
        if self._unreadable:
            parts.append(trn("{n} could not be read", "{n} could not be read", self._unreadable))
        return ", ".join(parts)
