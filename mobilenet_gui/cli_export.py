"""Owns `mobilenet-gui export`: a model into other programs' formats, each proved on photos, as text or JSON lines."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from mobilenet_gui.cli_command import EXIT_FAILED, EXIT_OK, command, interruptible, stopped_code
from mobilenet_gui.cli_dataset import path_argument
from mobilenet_gui.cli_model import add_model_option, find_model, place_of
from mobilenet_gui.cli_output import EventTeller, Out, Records, complain, prepare_stdout
from mobilenet_gui.cli_parser import add_format_option, meant
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.export_job import ExportFormat, ExportJob, ExportResult

if TYPE_CHECKING:
    import threading

_FORMATS: Final[tuple[ExportFormat, ...]] = get_args(ExportFormat)
_ALL: Final = "all"
_ALSO: Final[dict[str, ExportFormat]] = {
    "tflite-float32": "tflite",
    "tflite-fp16": "tflite-float16",
    "saved_model": "savedmodel",
    "saved-model": "savedmodel",
    "tensorflowjs": "tfjs",
}
"""Other names that people use."""


def add_parser(subparsers: Any) -> None:
    """Add the `export` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "export",
        usage=tr("%(prog)s [OPTION ...] [--model MODEL] --to FORMAT ... --output DIR"),
        help=tr("convert a model for other programs"),
        description=tr(
            "Convert a model for other programs. Each format gets a folder of its own, with the labels and an example "
            "program, and is tried on photos to check that it answers as this program does."
        ),
        epilog=tr(
            "Exit status: 0 every export was written and agrees, 1 some failed or disagree, 2 the command line is "
            "wrong, 130 stopped with Ctrl+C, 143 stopped with SIGTERM. What was finished by then is kept."
        ),
    )
    parser.add_argument("place", nargs="?", metavar="MODEL", help=tr("the same as --model MODEL"))
    add_model_option(parser)
    parser.add_argument(
        "--to",
        nargs="+",
        action="extend",
        required=True,
        metavar="FORMAT",
        help=tr("one or more of {formats}, or “all”").format(formats=", ".join(_FORMATS)),
    )
    parser.add_argument(
        "-o",
        "--output",
        type=path_argument,
        required=True,
        metavar="DIR",
        help=tr("the folder to write the exports to"),
    )
    parser.add_argument(
        "--check",
        type=path_argument,
        metavar="DATASET",
        help=tr(
            "the photos to try the exports on (default: the model's own validation photos, or else the sample photos)"
        ),
    )
    parser.add_argument(
        "--require-integer",
        action="store_true",
        help=tr(
            "write tflite-int8 with 8 bits throughout, as Edge TPUs and microcontrollers need it, or not at all "
            "(default: where such a file answers differently, 8 bits for the weights alone)"
        ),
    )
    add_format_option(parser, tr("exported format"))
    parser.set_defaults(run=run, parser=parser)


@command
def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import Cancelled, UserError

    formats = _formats(arguments)
    if arguments.place is not None and arguments.model is not None:
        arguments.parser.error(tr("the model is given twice: “{a}” and --model").replace("{a}", arguments.place))
    if arguments.require_integer and "tflite-int8" not in formats:
        arguments.parser.error(tr("--require-integer is about tflite-int8, which --to does not name"))
    teller = _Teller(prepare_stdout(), kind=arguments.format)
    try:
        with interruptible() as cancel:
            results = _export(arguments, formats, teller, cancel)
        teller.finished(results)
        return EXIT_OK if all(result.proved for result in results) else EXIT_FAILED
    except UserError as error:
        teller.failed(error)
        return EXIT_FAILED
    except (Cancelled, KeyboardInterrupt):
        teller.cancelled()
        return stopped_code()


def _formats(arguments: argparse.Namespace) -> tuple[ExportFormat, ...]:
    """Return the formats without repetition; an unknown one ends the command as argparse does."""
    parts = [part.strip().lower() for text in arguments.to for part in text.split(",") if part.strip()]
    named = [_ALSO.get(part, part) for part in parts]
    unknown = [text for text in named if text != _ALL and text not in _FORMATS]
    if unknown or not named:
        word = unknown[0] if unknown else ""
        text = tr("there is no format “{format}”, only {formats} and “all”")
        arguments.parser.error(
            text.replace("{formats}", ", ".join(_FORMATS)).replace("{format}", word) + meant(word, (*_FORMATS, _ALL))
        )
    if _ALL in named:  # what is never to be had is no part of all there is
        named = [kind for kind in _FORMATS if kind != "tfjs" or kind in named]
    return tuple(kind for kind in _FORMATS if kind in named)


def _export(
    arguments: argparse.Namespace, formats: tuple[ExportFormat, ...], teller: _Teller, cancel: threading.Event
) -> tuple[ExportResult, ...]:
    from dataclasses import replace

    from mobilenet_gui.core import trial
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.training.export_run import job_for_run, run_export

    output = Path(os.path.abspath(arguments.output))  # noqa: PTH100 - links stay as they are
    named = arguments.place or arguments.model
    place = None if named is None else place_of(named)
    if place is None:
        place = find_model(named).folder
    job = ExportJob(place, output, formats) if isinstance(place, Path) else job_for_run(place, formats, output)
    trial.ensure(Bundle.open(job.bundle), cancel)
    job = replace(job, require_integer=arguments.require_integer)
    if arguments.check is not None:
        job = replace(job, check=_photos(arguments.check, cancel))
    return run_export(job, cancel=cancel, on_result=teller.result)


def _photos(source: Path, cancel: threading.Event) -> tuple[Path, ...]:
    """Return the photos of a folder, a table of paths and labels, or one photo.

    Raises:
        ProjectError: there are none.
    """
    from mobilenet_gui.training.dataset import read_source

    return tuple(photo.path for photo in read_source(source, cancel).photos)


_COLUMNS: Final = (
    "format",
    "path",
    "size_bytes",
    "checked",
    "agree",
    "largest_difference",
    "milliseconds",
    "numbers",
    "preprocessing",
    "note",
    "problem",
    "proved",
    "integer",
)


class _Teller(EventTeller):
    """Prints how it goes."""

    def __init__(self, out: Out, *, kind: str) -> None:
        super().__init__(out, kind=kind, stopped=tr("Stopped. What was finished by then is kept."))
        self._rows = Records(out, kind, _COLUMNS) if kind == "csv" else None
        self._start = time.monotonic()

    def result(self, result: ExportResult) -> None:
        """Print what came of one format."""
        if self._rows is not None:
            self._rows.write(result.to_data())
            return
        if self._json:
            self._say({"event": "exported", **result.to_data()})
            return
        from mobilenet_gui.training.export_companions import proof
        from mobilenet_gui.training.export_formats import format_title

        title = format_title(result.format)
        if result.path is None:
            complain(f"{title}: {result.problem}")
            return
        self._line(f"{title}: {result.path}")
        figures = [tr("{size} MB").format(size=f"{result.size_bytes / 1e6:.1f}"), result.numbers]
        if result.milliseconds:
            figures.append(tr("{n} ms per photo").format(n=f"{result.milliseconds:.1f}"))
        self._line("  " + ", ".join(figures))
        for text in (proof(result), result.note):
            if text:
                self._line(f"  {text}")
        if result.problem:
            complain(f"{title}: {result.problem}")

    def finished(self, results: tuple[ExportResult, ...]) -> None:
        """Print the end."""
        if self._json:
            written = [result for result in results if result.written]
            self._say(
                {
                    "event": "finished",
                    "exported": len(written),
                    "proved": sum(result.proved for result in results),
                    "seconds": round(time.monotonic() - self._start, 2),
                }
            )
