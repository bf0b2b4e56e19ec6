"""Owns `mobilenet-gui evaluate`: a model's answers to photos whose class is known, as figures, JSON or a report."""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from mobilenet_gui.cli_classify import EXIT_INTERRUPTED, EXIT_OK, report_unwritable
from mobilenet_gui.cli_dataset import add_reading_options, path_argument, read_dataset
from mobilenet_gui.cli_model import place_of
from mobilenet_gui.cli_models import EXIT_FAILED, interruptible
from mobilenet_gui.cli_output import complain, json_line, prepare_stdout, printable
from mobilenet_gui.i18n import tr, trn

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.training.evaluation_types import Answer, Evaluation
    from mobilenet_gui.training.run_folder import RunFolder, Sample

_SHOWN_CONFUSIONS: Final = 5
_PROGRESS_SECONDS: Final = 0.1


def add_parser(subparsers: Any) -> None:
    """Add the `evaluate` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help=tr("measure a model on photos whose class is known"),
        description=tr(
            "Measure a model on photos whose class is known: a folder with a folder for each class, or a table of "
            "paths and labels. Where the dataset has a test part, only that counts. Classes are matched by name."
        ),
        epilog=tr(
            "Exit status: 0 every photo was read, 1 some were not or the model cannot be measured, 2 the command "
            "cannot be understood, 130 stopped with Ctrl-C."
        ),
    )
    parser.add_argument(
        "model", metavar="MODEL", help=tr("an installed model's id, a model's folder, or what “train” has written")
    )
    parser.add_argument("dataset", metavar="DATASET", type=path_argument, help=tr("the photos"))
    add_reading_options(parser)
    parser.add_argument(
        "--all", action="store_true", help=tr("count every photo, also those that belong to the training")
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help=tr("write a report to look at in a browser (.html)")
    )
    parser.add_argument("--save", type=Path, metavar="FILE", help=tr("write every answer (.json)"))
    parser.add_argument("--jobs", type=int, metavar="N", help=tr("how many photos at once (default: one a core)"))
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help=tr("text to read, or one JSON object")
    )
    parser.set_defaults(run=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import Cancelled, UserError

    if arguments.jobs is not None and arguments.jobs < 1:
        arguments.parser.error(tr("--jobs wants a number from 1"))
    out = prepare_stdout()
    try:
        with interruptible() as cancel:
            evaluation = _evaluate(arguments, cancel)
        if arguments.format == "json":
            print(json_line(as_record(evaluation)), file=out, flush=True)
        else:
            _print(evaluation, out)
        for answer in evaluation.errors:
            complain(f"{answer.path}: {answer.error}")
        return EXIT_FAILED if evaluation.errors else EXIT_OK
    except UserError as error:
        complain(str(error))
        return EXIT_FAILED
    except (Cancelled, KeyboardInterrupt):
        complain(tr("stopped."))
        return EXIT_INTERRUPTED
    except OSError as error:
        return report_unwritable(error)


@dataclass(frozen=True, slots=True)
class _Model:
    """The model to measure, and the photos it must not be measured on, by path; and its training."""

    bundle: Bundle
    learnt: frozenset[str] = frozenset()
    folder: RunFolder | None = None


def _evaluate(arguments: argparse.Namespace, cancel: threading.Event) -> Evaluation:
    from mobilenet_gui.core import trial
    from mobilenet_gui.training.evaluation import evaluate, write_evaluation
    from mobilenet_gui.training.report import making_of, write_report

    model = _model(arguments.model)
    trial.ensure(model.bundle, cancel)
    classes, samples = _photos(arguments, cancel)
    if not arguments.all:
        samples = _unlearnt(samples, model.learnt)
    counter = _Counter()
    try:
        evaluation = evaluate(
            model.bundle, samples, classes, threads=arguments.jobs, progress=counter.count, cancel=cancel
        )
    finally:
        counter.clear()
    if evaluation.unknown:
        complain(
            tr("the model does not know these classes, their photos do not count: {names}").format(
                names=", ".join(evaluation.unknown)
            )
        )
    if arguments.save is not None:
        write_evaluation(arguments.save, evaluation)
    if arguments.report is not None:
        making = None if model.folder is None else making_of(model.folder)
        write_report(arguments.report, evaluation, model.bundle, making, cancel=cancel)
    return evaluation


def _model(text: str) -> _Model:
    """Find the model by id, by its folder, or in the folder of a training."""
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.store import ModelStore

    place = place_of(text)
    if place is None:
        return _Model(ModelStore().get(text))
    if isinstance(place, Path):
        return _Model(Bundle.open(place))
    learnt = frozenset(_same(sample.path) for sample in place.spec().samples if sample.split != "test")
    return _Model(Bundle.open(place.bundle_folder), learnt, place)


def _photos(arguments: argparse.Namespace, cancel: threading.Event) -> tuple[tuple[str, ...], tuple[Sample, ...]]:
    """Return the classes and the photos that count: the test part where the dataset has one."""
    from mobilenet_gui.training.run_folder import Sample

    found = read_dataset(arguments, arguments.dataset, cancel, lambda text, _kind: complain(text))
    counts = found.counts()
    classes = tuple(name for name in found.classes if counts[name])
    labels = {name: label for label, name in enumerate(classes)}
    photos = [photo for photo in found.photos if photo.class_name]
    given = [photo for photo in photos if photo.split == "test"]
    chosen = photos if arguments.all or not given else given
    return classes, tuple(Sample(str(photo.path), photo.path, labels[photo.class_name], "test") for photo in chosen)


def _unlearnt(samples: tuple[Sample, ...], learnt: frozenset[str]) -> tuple[Sample, ...]:
    """Return the photos that the model has not learnt from; of what one has learnt by heart, nothing can be said."""
    from mobilenet_gui.core.errors import ProjectError

    new = tuple(sample for sample in samples if _same(sample.path) not in learnt)
    if not new and samples:
        raise ProjectError("", tr("The model has learnt from all of these photos. With --all they count nevertheless."))
    if len(new) < len(samples):
        complain(
            trn(
                "{n} photo does not count: the model has learnt from it. With --all it does.",
                "{n} photos do not count: the model has learnt from them. With --all they do.",
                len(samples) - len(new),
            )
        )
    return new


def _same(path: Path) -> str:
    """Return a path as it is compared: links resolved, in the case that the file system keeps."""
    return os.path.normcase(os.path.realpath(path))


def as_record(evaluation: Evaluation) -> dict[str, Any]:
    """Return an evaluation as the JSON object that is printed; shares are 0-1, null where nothing was measured."""
    low, high = evaluation.interval
    sure = evaluation.sure
    return {
        "model": evaluation.model_id,
        "photos": len(evaluation.tested),
        "correct": evaluation.correct,
        "accuracy": evaluation.accuracy,
        "interval": [low, high],
        "classes": [
            {
                "name": figures.name,
                "photos": figures.support,
                "correct": figures.correct,
                "recall": figures.recall,
                "precision": figures.precision,
                "f1": figures.f1,
            }
            for figures in evaluation.per_class
        ],
        "confusion": [list(row) for row in evaluation.confusion],
        "calibration_error": evaluation.calibration_error,
        "sure_from": evaluation.sure_from,
        "coverage": None if sure is None else sure.coverage,
        "sure_accuracy": None if sure is None else sure.accuracy,
        "mistakes": [_mistake(evaluation, answer) for answer in evaluation.mistakes],
        "errors": [{"path": str(answer.path), "error": answer.error} for answer in evaluation.errors],
        "unknown": list(evaluation.unknown),
        "seconds": round(evaluation.seconds, 3),
    }


def _mistake(evaluation: Evaluation, answer: Answer) -> dict[str, Any]:
    return {
        "path": str(answer.path),
        "class": evaluation.classes[answer.truth],
        "said": answer.said,
        "probability": answer.probability,
        "class_probability": answer.truth_probability,
    }


def _print(evaluation: Evaluation, out: TextIO) -> None:
    """Print the figures as text."""
    from mobilenet_gui.training.report_parts import mix_ups

    lines = [f"{printable(evaluation.model_name)} ({evaluation.model_id})", ""]
    lines += _summary(evaluation)
    lines += ["", *_table(evaluation)]
    mixed = mix_ups(evaluation, _SHOWN_CONFUSIONS)
    if mixed:
        lines += ["", tr("Taken for something else most often:")]
        lines += [f"  {count:>5,}  {printable(truth)} → {printable(said)}" for count, truth, said in mixed]
    print("\n".join(lines), file=out, flush=True)


def _summary(evaluation: Evaluation) -> list[str]:
    if evaluation.accuracy is None:
        return [tr("No photo could be read.")]
    low, high = evaluation.interval
    lines = [
        tr("{percent} % correct: {right} of {photos} photos (95 % interval {low} to {high} %)").format(
            percent=_percent(evaluation.accuracy),
            right=f"{evaluation.correct:,}",
            photos=f"{len(evaluation.tested):,}",
            low=_percent(low),
            high=_percent(high),
        )
    ]
    sure = evaluation.sure
    if sure is not None and sure.accuracy is not None:
        lines.append(
            tr("Sure from {limit} %: {share} % of the photos, {percent} % of them correct").format(
                limit=f"{100 * sure.sure_from:.0f}", share=_percent(sure.coverage), percent=_percent(sure.accuracy)
            )
        )
    lines.append(
        tr("Stated and true certainty differ by {percent} % (calibration error)").format(
            percent=_percent(evaluation.calibration_error)
        )
    )
    return lines


def _table(evaluation: Evaluation) -> list[str]:
    names = [printable(name) for name in evaluation.classes]
    wide = max(len(tr("class")), *(len(name) for name in names))
    heads = [tr("photos"), tr("recall"), tr("precision"), "F1"]
    rows = [f"{tr('class'):<{wide}}  " + "  ".join(f"{head:>9}" for head in heads)]
    for name, figures in zip(names, evaluation.per_class, strict=True):
        cells = [f"{figures.support:,}", *(_cell(v) for v in (figures.recall, figures.precision, figures.f1))]
        rows.append(f"{name:<{wide}}  " + "  ".join(f"{cell:>9}" for cell in cells))
    return rows


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _cell(share: float | None) -> str:
    return "–" if share is None else f"{_percent(share)} %"


class _Counter:
    """A line on stderr that counts the photos, where a person looks at it."""

    def __init__(self) -> None:
        self._shown = sys.stderr is not None and sys.stderr.isatty()
        self._last = 0.0

    def count(self, done: int, photos: int) -> None:
        """Take note of one more photo."""
        now = time.monotonic()
        if self._shown and now - self._last >= _PROGRESS_SECONDS:
            self._last = now
            sys.stderr.write("\r" + tr("{n} of {photos} photos").format(n=f"{done:,}", photos=f"{photos:,}"))
            sys.stderr.flush()

    def clear(self) -> None:
        """Take the line away again."""
        if self._last:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
