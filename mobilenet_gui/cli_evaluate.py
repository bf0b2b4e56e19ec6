"""Owns `mobilenet-gui evaluate`: a model's answers to photos whose class is known, as figures, JSON or a report."""

from __future__ import annotations

import argparse
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mobilenet_gui.cli_command import EXIT_FAILED, EXIT_OK, command, interruptible, stopped_code
from mobilenet_gui.cli_dataset import add_reading_options, path_argument, read_dataset
from mobilenet_gui.cli_model import active_model, add_model_option, add_precision_option, place_of, with_precision
from mobilenet_gui.cli_output import Out, ProgressLine, Records, complain, prepare_stdout, printable
from mobilenet_gui.cli_parser import add_format_option, at_least_one
from mobilenet_gui.core.records import json_line
from mobilenet_gui.i18n import tr, trn

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.training.evaluation_types import Answer, Evaluation
    from mobilenet_gui.training.run_folder import RunFolder, Sample

_SHOWN_CONFUSIONS: Final = 5
_COLUMNS: Final = ("class", "photos", "correct", "recall", "precision", "f1")


def add_parser(subparsers: Any) -> None:
    """Add the `evaluate` command to the command line's parser."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        usage=tr("%(prog)s [OPTION ...] [--model MODEL] DATASET"),
        help=tr("measure how well a model recognises photos of known classes"),
        description=tr(
            "Measure how well a model recognises photos whose classes are known: a folder with one folder per class, "
            "or a table of paths and labels. Where the dataset has a test part, only that part counts, and photos that "
            "the model was trained on never do, wherever they lie. Classes are matched by name."
        ),
        epilog=tr(
            "Exit status: 0 every photo was read, 1 some could not be read or the model cannot be measured, 2 the "
            "command line is wrong, 130 stopped with Ctrl+C, 143 stopped with SIGTERM."
        ),
    )
    parser.add_argument(
        "words",
        nargs="+",
        metavar="DATASET",
        help=tr("the photos; the model may also stand in front of them: MODEL DATASET"),
    )
    add_model_option(parser)
    add_precision_option(parser)
    add_reading_options(parser)
    parser.add_argument("--all", action="store_true", help=tr("count every photo, including those used for training"))
    parser.add_argument(
        "--report", type=path_argument, metavar="FILE", help=tr("save a report to open in a browser (.html)")
    )
    parser.add_argument("--save", type=path_argument, metavar="FILE", help=tr("save every single answer (.json)"))
    parser.add_argument(
        "-j", "--jobs", type=at_least_one, metavar="N", help=tr("how many photos at once (default: one per core)")
    )
    add_format_option(parser, tr("class"), json=tr("one JSON object"))
    parser.set_defaults(run=run, parser=parser)


@command
def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from mobilenet_gui.core.errors import Cancelled, UserError

    _settle_words(arguments)
    try:
        with interruptible() as cancel:
            evaluation = _evaluate(arguments, cancel)
    except UserError as error:
        complain(str(error))
        return EXIT_FAILED
    except (Cancelled, KeyboardInterrupt):
        complain(tr("Stopped."))
        return stopped_code()
    out = prepare_stdout()
    if arguments.format == "json":
        out.write(json_line(as_record(evaluation)) + "\n")
    elif arguments.format == "csv":
        _print_rows(evaluation, out)
    else:
        _print(evaluation, out)
    out.flush()
    for answer in evaluation.errors:
        complain(f"{answer.path}: {answer.error}")
    return EXIT_FAILED if evaluation.errors else EXIT_OK


def _settle_words(arguments: argparse.Namespace) -> None:
    """Find out which word is the dataset and which the model; what does not fit ends the command as argparse does."""
    *before, dataset = arguments.words
    if before and arguments.model is not None:
        arguments.parser.error(tr("name one dataset; the model is given with --model already"))
    if len(before) > 1:
        arguments.parser.error(tr("one argument too many: “{word}”").replace("{word}", dataset))
    try:
        arguments.dataset = path_argument(dataset)
    except argparse.ArgumentTypeError as error:
        arguments.parser.error(str(error))
    arguments.model = before[0] if before else arguments.model


@dataclass(frozen=True, slots=True)
class _Model:
    """The model to measure, and photos of its training, by path; and the training. See `_unlearnt`."""

    bundle: Bundle
    learnt: frozenset[str] = frozenset()
    folder: RunFolder | None = None


def _evaluate(arguments: argparse.Namespace, cancel: threading.Event) -> Evaluation:
    from mobilenet_gui.core import trial
    from mobilenet_gui.training.evaluation import evaluate, write_evaluation
    from mobilenet_gui.training.report import making_of, write_report

    model = _model(arguments.model)
    trial.ensure(model.bundle, cancel)
    bundle = with_precision(model.bundle, arguments.precision)
    classes, samples = _photos(arguments, cancel)
    if not arguments.all:
        samples = _unlearnt(samples, model, cancel)
    with ProgressLine() as line:
        evaluation = evaluate(
            bundle,
            samples,
            classes,
            threads=arguments.jobs,
            progress=lambda done, photos: line.show(lambda: _progress_text(done, photos)),
            cancel=cancel,
        )
    if evaluation.unknown:
        complain(
            tr("The model does not know these classes, so their photos do not count: {names}").format(
                names=", ".join(evaluation.unknown)
            )
        )
    if arguments.save is not None:
        write_evaluation(arguments.save, evaluation)
    if arguments.report is not None:
        making = None if model.folder is None else making_of(model.folder)
        write_report(arguments.report, evaluation, model.bundle, making, cancel=cancel)
    return evaluation


def _model(text: str | None) -> _Model:
    """Find the model by id, by its folder, or in the folder of a training; the active one where none is named."""
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.store import ModelStore

    if text is None:
        return _Model(active_model(ModelStore()))
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
    return classes, tuple(
        Sample(str(photo.path), photo.path, labels[photo.class_name], "test", photo.group) for photo in chosen
    )


def _unlearnt(samples: tuple[Sample, ...], model: _Model, cancel: threading.Event) -> tuple[Sample, ...]:
    """Return the photos that the model has not learnt from; of what one has learnt by heart, nothing can be said.

    They are known by what is in their files, which a copied or renamed folder does not change; and those of a training
    by their paths as well, which a file that was turned or saved anew since then does not change.
    """
    from mobilenet_gui.core.errors import ProjectError
    from mobilenet_gui.core.manifest import LEARNT_BYTES
    from mobilenet_gui.training.doctor_findings import PlainPhoto
    from mobilenet_gui.training.duplicates import contents_of

    known = model.bundle.manifest.provenance.learnt_photos
    contents = contents_of((PlainPhoto(s.id, s.path, "") for s in samples), cancel).contents if known else {}
    new = tuple(
        sample
        for sample in samples
        if contents.get(sample.id, b"")[:LEARNT_BYTES] not in known and _same(sample.path) not in model.learnt
    )
    if not new and samples:
        raise ProjectError("", tr("The model was trained on all of these photos. Use --all to count them anyway."))
    if len(new) < len(samples):
        complain(
            trn(
                "{n} photo does not count because the model was trained on it. Use --all to count it anyway.",
                "{n} photos do not count because the model was trained on them. Use --all to count them anyway.",
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
        "own_accepted": evaluation.accepted,
        "near_accepted": evaluation.near_accepted,
        "precision": evaluation.precision,
        "mistakes": [_mistake(evaluation, answer) for answer in evaluation.mistakes],
        "suspects": _suspects(evaluation),
        "errors": [{"path": str(answer.path), "error": answer.error} for answer in evaluation.errors],
        "unknown": list(evaluation.unknown),
        "seconds": round(evaluation.seconds, 3),
    }


def _suspects(evaluation: Evaluation) -> list[dict[str, Any]]:
    from mobilenet_gui.cli_suspects import suspect_records
    from mobilenet_gui.training.doctor_labels import suspects

    return suspect_records(suspects(evaluation), {answer.id: answer.path for answer in evaluation.tested})


def _mistake(evaluation: Evaluation, answer: Answer) -> dict[str, Any]:
    return {
        "path": str(answer.path),
        "class": evaluation.classes[answer.truth],
        "said": answer.said,
        "probability": answer.probability,
        "class_probability": answer.truth_probability,
    }


def _print(evaluation: Evaluation, out: Out) -> None:
    """Print the figures as text."""
    from mobilenet_gui.cli_suspects import suspect_lines
    from mobilenet_gui.training.report_parts import mix_ups

    lines = [f"{printable(evaluation.model_name)} ({evaluation.model_id})", ""]
    lines += _summary(evaluation)
    lines += ["", *_table(evaluation)]
    mixed = mix_ups(evaluation, _SHOWN_CONFUSIONS)
    if mixed:
        lines += ["", tr("Most often mistaken:")]
        lines += [f"  {count:>5,}  {printable(truth)} → {printable(said)}" for count, truth, said in mixed]
    if doubts := suspect_lines(_suspects(evaluation)):
        lines += ["", *doubts]
    out.write("\n".join(lines) + "\n")


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
            tr("When at least {limit} % sure: {share} % of the photos, {percent} % of them correct").format(
                limit=f"{100 * sure.sure_from:.0f}", share=_percent(sure.coverage), percent=_percent(sure.accuracy)
            )
        )
    lines.append(
        tr("Its certainty is off by {percent} % on average (calibration error)").format(
            percent=_percent(evaluation.calibration_error)
        )
    )
    if evaluation.accepted is not None:
        lines.append(
            tr("It takes {percent} % of these photos for what it was shown; the others it calls strangers").format(
                percent=_percent(evaluation.accepted)
            )
        )
    if evaluation.near_accepted is not None:
        lines.append(
            tr("Of a class like these that it never learnt, it would take about {percent} % for its own").format(
                percent=_percent(evaluation.near_accepted)
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


def _print_rows(evaluation: Evaluation, out: Out) -> None:
    """Print the figures of each class as CSV; shares are 0-1, empty where nothing was measured."""
    rows = Records(out, "csv", _COLUMNS)
    rows.begin()
    for figures in as_record(evaluation)["classes"]:
        rows.write({**figures, "class": figures["name"]})


def _progress_text(done: int, photos: int) -> str:
    return tr("{n} of {photos} photos").format(n=f"{done:,}", photos=f"{photos:,}")
