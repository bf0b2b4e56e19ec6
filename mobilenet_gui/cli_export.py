"""Owns `mobilenet-gui export`: a model into other programs' formats, each proved on photos, as text or JSON lines."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO, get_args

from mobilenet_gui.cli_classify import (
    EXIT_INTERRUPTED,
    EXIT_OK,
    prepare_stdout,
    printable,
    report_unwritable,
)
from mobilenet_gui.cli_dataset import path_argument
from mobilenet_gui.cli_model import place_of
from mobilenet_gui.cli_models import EXIT_FAILED, interruptible
from mobilenet_gui.cli_output import EventTeller, complain
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
        help=tr("write a model in other programs' formats"),
        description=tr(
            "Write a model in other programs' formats, each in a folder of its own with labels and an example program. "
            "Each is tried on photos and compared with this program."
        ),
        epilog=tr(
            "Exit status: 0 all are written and agree, 1 some failed or disagree, 2 the command cannot be understood, "
            "130 stopped with Ctrl-C."
        ),
    )
    parser.add_argument(
        "model", metavar="MODEL", help=tr("an installed model's id, a model's folder, or what “train” has written")
    )
    parser.add_argument(
        "--to",
        nargs="+",
        required=True,
        metavar="FORMAT",
        help=tr("one or several of: {formats}; or “all”").format(formats=", ".join(_FORMATS)),
    )
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="DIR", help=tr("the folder to write into"))
    parser.add_argument(
        "--check",
        type=path_argument,
        metavar="DATASET",
        help=tr("photos to try the exports on (default: the training's validation photos, or the sample photos)"),
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help=tr("text to read, or one JSON object a line")
    )
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import Cancelled, UserError

    formats = _formats(arguments)
    out = prepare_stdout()
    teller = _Teller(out, json=arguments.format == "json")
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
        return EXIT_INTERRUPTED
    except OSError as error:
        return report_unwritable(error)


def _formats(arguments: argparse.Namespace) -> tuple[ExportFormat, ...]:
    """Return the formats without repetition; an unknown one ends the command as argparse does."""
    parts = [part.strip().lower() for text in arguments.to for part in text.split(",") if part.strip()]
    named = [_ALSO.get(part, part) for part in parts]
    unknown = [text for text in named if text != _ALL and text not in _FORMATS]
    if unknown or not named:
        arguments.parser.error(
            tr("there is no format “{format}”; there are {formats} and “all”").format(
                format=unknown[0] if unknown else "", formats=", ".join(_FORMATS)
            )
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
    from mobilenet_gui.core.store import ModelStore
    from mobilenet_gui.training.export_run import job_for_run, run_export

    output = Path(os.path.abspath(arguments.output))  # noqa: PTH100 - links stay as they are
    place = place_of(arguments.model) or ModelStore().get(arguments.model).folder
    job = ExportJob(place, output, formats) if isinstance(place, Path) else job_for_run(place, formats, output)
    trial.ensure(Bundle.open(job.bundle), cancel)
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


class _Teller(EventTeller):
    """Prints how it goes."""

    def __init__(self, out: TextIO, *, json: bool) -> None:
        super().__init__(out, json=json, stopped=tr("stopped; what was finished by then is kept."))
        self._start = time.monotonic()

    def result(self, result: ExportResult) -> None:
        """Print what came of one format."""
        if self._json:
            self._say({"event": "exported", **result.to_data()})
            return
        from mobilenet_gui.training.export_companions import proof
        from mobilenet_gui.training.export_formats import format_title

        title = format_title(result.format)
        if result.path is None:
            complain(f"{title}: {result.problem}")
            return
        print(f"{title}: {printable(str(result.path))}", file=self._out)
        figures = [tr("{size} MB").format(size=f"{result.size_bytes / 1e6:.1f}"), result.numbers]
        if result.milliseconds:
            figures.append(tr("{n} ms a photo").format(n=f"{result.milliseconds:.1f}"))
        print("  " + ", ".join(figures), file=self._out)
        for text in (proof(result), result.note):
            if text:
                print(f"  {printable(text)}", file=self._out)
        self._out.flush()
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
