"""Owns the report of an evaluation: one HTML file with everything inside, to keep, send or print.

It loads nothing, runs nothing (a content policy in the page forbids both), and names no folder of the user's: photos
are shown small and by their file name.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobilenet_gui import __version__
from mobilenet_gui.core.answers import headline, percent
from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.errors import Cancelled, UserError
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training import report_parts as parts
from mobilenet_gui.training.comparison import compare
from mobilenet_gui.training.evaluation_types import Evaluation
from mobilenet_gui.training.report_style import STYLE

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.training.run_folder import RunFolder, RunSpec, RunState

MOST_MISTAKES: Final = 24
MOST_MIX_UPS: Final = 20
MOST_ERRORS: Final = 50
MOST_PICTURE_BYTES: Final = 2_000_000
"""Pictures take at most so much of the file, before they are written as text."""

_WORTH_SAYING: Final = 0.001

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Making:
    """How a model was made, where that is known.

    Attributes:
        spec: what was asked for.
        state: how it went.
        base: the name of the model it started from.
        earlier: an earlier model's evaluation, to compare with.
    """

    spec: RunSpec | None = None
    state: RunState | None = None
    base: str = ""
    earlier: Evaluation | None = None


def write_report(
    path: Path,
    evaluation: Evaluation,
    bundle: Bundle | None = None,
    making: Making | None = None,
    *,
    progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Write the report of an evaluation.

    Args:
        path: the `.html` file; an older one is replaced.
        evaluation: what to tell.
        bundle: the model, where it is there.
        making: how it was made.
        progress: told how many pictures are done, and of how many.
        cancel: stops it when set.

    Raises:
        StorageError: the disk refused; an older file is untouched.
        Cancelled: `cancel` was set.
    """
    pictures: dict[str, bytes | None] = {}
    room = MOST_PICTURE_BYTES
    shown = evaluation.mistakes[:MOST_MISTAKES]
    for number, answer in enumerate(shown):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        picture = parts.thumbnail(answer.path)
        if picture is not None and len(picture) <= room:
            room -= len(picture)
            pictures[answer.id] = picture
        if progress is not None:
            progress(number + 1, len(shown))
    page = report_html(evaluation, bundle, making, pictures)
    try:
        write_atomically(path, page.encode("utf-8", "replace"))
    except OSError as error:
        raise storage_error(path, error) from error


def making_of(folder: RunFolder, earlier: Evaluation | None = None) -> Making:
    """Return how the model of a run folder was made; what cannot be read any more is left out."""
    from mobilenet_gui.core.bundle import Bundle

    spec, base = None, ""
    with contextlib.suppress(UserError):
        spec = folder.spec()
    if spec is not None:
        with contextlib.suppress(UserError):
            base = Bundle.open(spec.base_folder).name
    return Making(spec, folder.state(), base, earlier)


def write_run_report(
    path: Path, folder: RunFolder, earlier: Evaluation | None = None, *, cancel: threading.Event | None = None
) -> None:
    """Write the report of a finished training.

    Args:
        path: the `.html` file; an older one is replaced.
        folder: the training.
        earlier: an earlier model's evaluation, to compare with.
        cancel: stops it when set.

    Raises:
        UserError: the test result cannot be read, or the disk refused.
        Cancelled: `cancel` was set.
    """
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.training.evaluation_file import read_evaluation

    evaluation = read_evaluation(folder.evaluation_path)
    bundle = None
    with contextlib.suppress(UserError):
        bundle = Bundle.open(folder.bundle_folder)
    write_report(path, evaluation, bundle, making_of(folder, earlier), cancel=cancel)


def report_html(
    evaluation: Evaluation,
    bundle: Bundle | None = None,
    making: Making | None = None,
    pictures: dict[str, bytes | None] | None = None,
) -> str:
    """Return the report as a page.

    Args:
        evaluation: what to tell.
        bundle: the model, where it is there.
        making: how it was made.
        pictures: small JPEGs of the worst mistakes by photo id.
    """
    making = making or Making()
    name = evaluation.model_name
    body = [
        f"<header><h1>{parts.safe(name)}</h1><p class='sub'>{parts.safe(_subtitle(evaluation, making))}</p></header>",
        _tiles(evaluation),
        _matrix(evaluation),
        parts.card(
            tr("Class by class"),
            tr("Found: of its photos, how many were recognised. Right: how many of the photos given its name bear it."),
            parts.class_table(evaluation),
        ),
        _charts(evaluation, making),
        _mistakes(evaluation, pictures or {}),
        _comparison(evaluation, making),
        _errors(evaluation),
        parts.card(tr("The model"), "", parts.facts(_facts(evaluation, bundle, making))),
    ]
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n<title>{parts.safe(name)}</title>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="generator" content="MobileNet GUI {__version__}">\n<style>{STYLE}</style></head>\n<body><main>\n'
        + "\n".join(part for part in body if part)
        + f"\n<footer>{parts.safe(_footer())}</footer>\n</main></body></html>\n"
    )


def _footer() -> str:
    return tr("Made with MobileNet GUI {version}. Everything was computed on this computer.").format(
        version=__version__
    )


def _subtitle(evaluation: Evaluation, making: Making) -> str:
    words = [tr("Measured on photos that it had not learnt from")]
    if making.base:
        words.insert(0, tr("Fine-tuned from {base}").format(base=making.base))
    moment = _day(evaluation.created)
    return " · ".join([*words, moment] if moment else words)


def _day(created: str) -> str:
    try:
        return f"{datetime.fromisoformat(created).astimezone():%Y-%m-%d}"
    except ValueError:
        return ""


def _tiles(evaluation: Evaluation) -> str:
    found = []
    if evaluation.accuracy is not None:
        low, high = evaluation.interval
        found.append(
            parts.tile(
                tr("Correct"),
                percent(evaluation.accuracy),
                tr("{right} of {all}; 95 % interval {low} to {high}").format(
                    right=f"{evaluation.correct:,}",
                    all=trn("{n} photo", "{n} photos", len(evaluation.tested)),
                    low=percent(low),
                    high=percent(high),
                ),
            )
        )
    weakest = evaluation.weakest
    if weakest is not None and weakest.recall is not None and len(evaluation.classes) > 1:
        found.append(
            parts.tile(
                tr("Weakest class"),
                percent(weakest.recall),
                tr("{name}, {right} of {all}").format(
                    name=weakest.name, right=f"{weakest.correct:,}", all=f"{weakest.support:,}"
                ),
            )
        )
    sure = evaluation.sure
    if sure is not None and sure.accuracy is not None:
        found.append(
            parts.tile(
                tr("Sure from {limit} %").format(limit=f"{100 * sure.sure_from:.0f}"),
                percent(sure.accuracy),
                tr("correct of the {share} of photos with a sure answer").format(share=percent(sure.coverage)),
            )
        )
    if evaluation.accepted is not None:
        found.append(
            parts.tile(
                tr("Taken for its own"),
                percent(evaluation.accepted),
                tr("of these photos; the others it calls unlike anything it was shown"),
            )
        )
    if evaluation.near_accepted is not None:
        found.append(
            parts.tile(
                tr("Near strangers that pass"),
                percent(evaluation.near_accepted),
                tr("of its own photos, where their class is left out of what it was shown"),
            )
        )
    if evaluation.tested:
        before = ""
        if abs(evaluation.raw_calibration_error - evaluation.calibration_error) >= _WORTH_SAYING:
            before = tr(", before calibration {percent}").format(percent=percent(evaluation.raw_calibration_error))
        found.append(
            parts.tile(
                tr("Stated against true certainty"),
                percent(evaluation.calibration_error),
                tr("apart on average (calibration error)") + before,
            )
        )
    return f'<div class="tiles">{"".join(found)}</div>'


def _matrix(evaluation: Evaluation) -> str:
    title = tr("What was mistaken for what")
    if len(evaluation.classes) <= parts.MATRIX_CLASSES:
        hint = tr("Rows are the true class, columns what the model said. Blue is right, amber is a mistake.")
        return parts.card(title, hint, parts.matrix(evaluation))
    if not evaluation.mistakes:
        return ""
    return parts.card(title, tr("The most frequent mix-ups."), parts.mix_up_table(evaluation, MOST_MIX_UPS))


def _charts(evaluation: Evaluation, making: Making) -> str:
    found = []
    if evaluation.tested:
        hint = tr("Points on the dotted line mean that stated certainty can be believed; below it is too sure.")
        chart = parts.reliability_chart(evaluation.reliability)
        found.append(parts.card(tr("Sure, and right?"), hint, chart))
    history = parts.learning_chart(making.state.history) if making.state is not None else ""
    if history:
        found.append(parts.card(tr("How it learnt"), tr("Correct answers after each epoch."), history))
    if len(found) < 2:
        return "".join(found)
    return f'<div class="two" style="margin-bottom:12px">{"".join(found)}</div>'


def _mistakes(evaluation: Evaluation, pictures: dict[str, bytes | None]) -> str:
    wrong = evaluation.mistakes
    if not wrong:
        return ""
    shown = wrong[:MOST_MISTAKES]
    hint = tr("The worst come first.")
    if len(shown) < len(wrong):
        hint = tr("The worst {n} of {all}.").format(n=len(shown), all=f"{len(wrong):,}")
    figures = "".join(parts.mistake(evaluation, answer, pictures.get(answer.id)) for answer in shown)
    return parts.card(tr("Mistakes"), hint, f'<div class="photos">{figures}</div>')


def _comparison(evaluation: Evaluation, making: Making) -> str:
    if making.earlier is None:
        return ""
    found = compare(making.earlier, evaluation)
    if found.old_accuracy is None or found.new_accuracy is None:
        return ""
    rare = tr("less than 0.1 %") if found.p_value < 0.001 else percent(found.p_value)
    verdict = (
        tr("More than chance: in {percent} of cases two equally good models would differ so much.")
        if found.significant
        else tr("That may be chance: in {percent} of cases two equally good models would differ so much.")
    ).format(percent=rare)
    same = making.earlier.model_name == evaluation.model_name
    pairs = [
        (tr("Before") if same else making.earlier.model_name, percent(found.old_accuracy)),
        (tr("Now") if same else evaluation.model_name, percent(found.new_accuracy)),
        (tr("Newly right"), f"{len(found.only_new):,}"),
        (tr("Newly wrong"), f"{len(found.only_old):,}"),
    ]
    hint = tr("On the {photos} that both were tested on. {verdict}").format(
        photos=trn("{n} photo", "{n} photos", found.photos), verdict=verdict
    )
    return parts.card(tr("Beside the model before"), hint, parts.facts(pairs))


def _errors(evaluation: Evaluation) -> str:
    if not evaluation.errors:
        return ""
    count = len(evaluation.errors)
    title = trn("{n} photo could not be read", "{n} photos could not be read", count)
    pairs = [(answer.path.name, answer.error) for answer in evaluation.errors[:MOST_ERRORS]]
    hint = tr("They count for nothing.") if count <= MOST_ERRORS else tr("The first {n}.").format(n=MOST_ERRORS)
    return parts.card(title, hint, parts.facts(pairs))


def _facts(evaluation: Evaluation, bundle: Bundle | None, making: Making) -> list[tuple[str, str]]:
    found = [(tr("Name"), evaluation.model_name), (tr("Classes"), ", ".join(evaluation.classes[:50]))]
    if bundle is not None:
        manifest = bundle.manifest
        found += [
            (tr("Architecture"), " ".join([manifest.family, *([f"α {manifest.alpha:g}"] if manifest.alpha else [])])),
            (tr("Input"), tr("{side} × {side} pixels").format(side=manifest.input_size)),
        ]
        if manifest.licence:
            found.append((tr("Licence"), manifest.licence))
    if evaluation.temperature != 1.0:
        found.append((tr("Calibration"), tr("temperature {t}").format(t=f"{evaluation.temperature:.2f}")))
    if making.spec is not None:
        spec, settings = making.spec, making.spec.settings
        counts = [sum(sample.split == part for sample in spec.samples) for part in ("train", "validation", "test")]
        found += [
            (tr("Photos"), tr("{0} to train, {1} to validate, {2} to test").format(*(f"{n:,}" for n in counts))),
            (tr("Effort"), headline(settings.preset)),
            (tr("Seed"), str(settings.seed)),
        ]
    if making.state is not None:
        found.append((tr("Training time"), tr("{n} s").format(n=f"{making.state.seconds:.0f}")))
        found += [(tr("Note"), note) for note in making.state.notes]
    return found
