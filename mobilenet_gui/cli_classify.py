"""Owns `mobilenet-gui classify`: photos in, answers out as text, JSON lines or CSV, made for pipes and scripts."""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobilenet_gui.cli_answers import WRITERS, Writer
from mobilenet_gui.cli_command import EXIT_FAILED, EXIT_OK, EXIT_USAGE, command
from mobilenet_gui.cli_inputs import STDIN, expanded, listed, photo_from_stdin
from mobilenet_gui.cli_model import add_model_option, add_precision_option, find_model
from mobilenet_gui.cli_output import Out, ProgressLine, complain, prepare_stdout
from mobilenet_gui.cli_parser import add_format_option, at_least_one
from mobilenet_gui.i18n import tr, trn

if TYPE_CHECKING:
    from mobilenet_gui.core.batch import BatchResult, Item


def add_parser(subparsers: Any) -> None:
    """Add the `classify` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "classify",
        usage=tr("%(prog)s [OPTION ...] PATH ..."),
        help=tr("recognise photos and print the answers"),
        description=tr("Recognise photos and print the most likely labels for each."),
        epilog=tr(
            "Exit status: 0 every photo was read, 1 some could not be read, 2 the command line is wrong or the model "
            "cannot be used."
        ),
    )
    parser.add_argument(
        "paths",
        nargs="*",
        type=_path_text,
        metavar=tr("PATH"),
        help=tr("photos, or folders of photos; “-” reads one photo from standard input"),
    )
    add_model_option(parser)
    add_precision_option(parser)
    parser.add_argument(
        "-k", "--top", type=at_least_one, default=5, metavar="K", help=tr("how many labels to print (default: 5)")
    )
    add_format_option(parser, tr("photo"))
    parser.add_argument("-r", "--recursive", action="store_true", help=tr("include subfolders"))
    parser.add_argument(
        "--files-from",
        metavar=tr("FILE"),
        help=tr("also take the paths listed in this file, one per line; “-” reads the list from standard input"),
    )
    parser.add_argument(
        "-0",
        "--null",
        action="store_true",
        help=tr("paths in the list end with a null character, as “find -print0” writes them"),
    )
    parser.add_argument(
        "-j", "--jobs", type=at_least_one, metavar="N", help=tr("how many photos at once (default: one per core)")
    )
    parser.set_defaults(run=run, parser=parser)


def _path_text(text: str) -> str:
    if not text:  # it would stand for the current folder
        raise argparse.ArgumentTypeError(tr("a path is empty"))
    return text


@command
def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import ModelError, StorageError

    _check(arguments)
    try:
        return _classify(arguments)
    except (ModelError, StorageError) as error:  # no model, no list: nothing can be done
        complain(str(error))
        return EXIT_USAGE


def _check(arguments: argparse.Namespace) -> None:
    """End the command as argparse does where the arguments do not go together."""
    from_stdin = arguments.paths.count(STDIN) + (arguments.files_from == STDIN)
    if arguments.null and arguments.files_from is None:
        arguments.parser.error(tr("-0 describes the list of --files-from, which is missing"))
    if from_stdin > 1:
        arguments.parser.error(tr("standard input can be read only once; “-” is given twice"))
    if not arguments.paths and arguments.files_from is None:
        arguments.parser.error(tr("name at least one photo or folder, “-” or --files-from"))


def _classify(arguments: argparse.Namespace) -> int:
    from mobilenet_gui.core import batch

    bundle = find_model(arguments.model, arguments.precision)
    out = prepare_stdout()
    writer = WRITERS[arguments.format](out, min(arguments.top, max(1, len(bundle.labels))))
    stop = threading.Event()
    progress = _Progress(out)
    all_read = True
    results = batch.classify(_photos(arguments, stop), bundle, top_k=arguments.top, jobs=arguments.jobs, cancel=stop)
    try:
        writer.begin()
        for result in results:
            if result.error is not None:
                all_read = False
                progress.line.clear()
            _write(writer, result)
            progress.count(result)
    finally:
        stop.set()
        results.close()
        progress.line.clear()
    progress.summarise()
    return EXIT_OK if all_read else EXIT_FAILED


def _photos(arguments: argparse.Namespace, stop: threading.Event) -> Iterator[Item]:
    """Return the photos in the order they were named, those of the list last.

    Raises:
        StorageError: the list cannot be read; also while the photos are taken.
    """
    source = arguments.files_from
    paths = iter(()) if source is None else listed(source, null=arguments.null, stop=stop)
    return _in_order(arguments, paths, stop)


def _in_order(arguments: argparse.Namespace, paths: Iterator[Path], stop: threading.Event) -> Iterator[Item]:
    from mobilenet_gui.core import imaging
    from mobilenet_gui.core.batch import GivenPhoto
    from mobilenet_gui.core.errors import PhotoError, StorageError

    for text in arguments.paths:
        if text == STDIN:
            try:
                yield GivenPhoto(Path(STDIN), photo_from_stdin(stop))
            except StorageError as error:
                yield PhotoError(STDIN, error.reason)
            continue
        for place in expanded([text]):
            if isinstance(place, PhotoError):
                yield place
            else:
                yield from imaging.scan([place], recursive=arguments.recursive, cancel=stop)
    yield from imaging.scan(paths, recursive=arguments.recursive, cancel=stop)


def _write(writer: Writer, result: BatchResult) -> None:
    path = str(result.path)
    if result.recognition is not None:
        writer.answer(path, result.recognition)
    elif result.error is not None:
        writer.failure(path, result.error)


class _Progress:
    """Counts the photos on stderr, where a person looks at it and the answers go elsewhere."""

    def __init__(self, out: Out) -> None:
        self.line = ProgressLine(out)
        self._start = time.monotonic()
        self._photos = 0
        self._unreadable = 0

    def count(self, result: BatchResult) -> None:
        """Take note of one more photo."""
        self._photos += 1
        self._unreadable += result.error is not None
        self.line.show(self._text)

    def summarise(self) -> None:
        """Print the figures at the end."""
        self.line.leave(self._text())

    def _text(self) -> str:
        seconds = max(time.monotonic() - self._start, 1e-3)
        parts = [trn("{n} photo", "{n} photos", self._photos)]
        parts.append(tr("{rate} per second").replace("{rate}", f"{self._photos / seconds:.0f}"))
        if self._unreadable:
            parts.append(trn("{n} could not be read", "{n} could not be read", self._unreadable))
        return ", ".join(parts)
