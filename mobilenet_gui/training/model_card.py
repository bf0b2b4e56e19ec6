"""Owns the model card: what a model is for, how it was made and how good it is, as Markdown (Mitchell et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mobilenet_gui import __version__
from mobilenet_gui.core.answers import headline, percent
from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.evaluation_types import Evaluation
from mobilenet_gui.training.report import Making

_MOST_CLASSES = 200
_SPECIAL = str.maketrans({character: "\\" + character for character in "\\`*_{}[]<>#|!~&"})


def write_model_card(
    path: Path, bundle: Bundle, evaluation: Evaluation | None = None, making: Making | None = None
) -> None:
    """Write the model card.

    Raises:
        StorageError: the disk refused; an older file is untouched.
    """
    try:
        write_atomically(path, model_card(bundle, evaluation, making).encode("utf-8", "replace"))
    except OSError as error:
        raise storage_error(path, error) from error


def model_card(bundle: Bundle, evaluation: Evaluation | None = None, making: Making | None = None) -> str:
    """Return the model card as Markdown.

    Args:
        bundle: the model.
        evaluation: its answers to test photos, where it was tested.
        making: how it was made, where that is known.
    """
    making = making or Making()
    manifest = bundle.manifest
    lines = [f"# {_plain(bundle.name)}", ""]
    if manifest.description:
        lines += [_plain(manifest.description), ""]
    lines += _section(tr("Model"), _model(bundle, making))
    names = [_plain(label.name) for label in bundle.labels]
    shown = ", ".join(names[:_MOST_CLASSES])
    if len(names) > _MOST_CLASSES:
        shown = tr("{names} and {n} more").format(names=shown, n=len(names) - _MOST_CLASSES)
    lines += [f"## {tr('Classes')}", "", shown, ""]
    if evaluation is not None and evaluation.accuracy is not None:
        lines += _figures(evaluation)
    if making.spec is not None:
        lines += _section(tr("Training"), _training(making))
    lines += [f"## {tr('Limits')}", "", *(f"- {text}" for text in _limits(bundle, evaluation, making)), ""]
    lines += [f"*{_plain(tr('Written by MobileNet GUI {version}.').format(version=__version__))}*", ""]
    return "\n".join(lines)


def _section(title: str, pairs: Iterable[tuple[str, str]]) -> list[str]:
    return [f"## {title}", "", *(f"- {name}: {_plain(value)}" for name, value in pairs), ""]


def _model(bundle: Bundle, making: Making) -> list[tuple[str, str]]:
    manifest = bundle.manifest
    pre = bundle.preprocessing
    crop = (
        tr("squeezed to a square") if pre.stretch else tr("the middle {n} %").format(n=f"{100 * pre.crop_fraction:g}")
    )
    found = [
        (
            tr("Architecture"),
            "MobileNet " + " ".join([manifest.family, *([f"α {manifest.alpha:g}"] if manifest.alpha else [])]),
        ),
        (
            tr("Input"),
            tr("{side} × {side} pixels, RGB; of each photo {crop}, {filter} with antialiasing").format(
                side=pre.size, crop=crop, filter=pre.filter
            ),
        ),
        (tr("Numbers in"), {"minus1_1": "-1 … 1", "zero_1": "0 … 1", "zero_255": "0 … 255"}[pre.normalization]),
    ]
    if making.base:
        found.append((tr("Fine-tuned from"), making.base))
    if manifest.parameters:
        found.append((tr("Weights"), f"{manifest.parameters:,}"))
    if manifest.licence:
        found.append((tr("Licence"), manifest.licence))
    return found


def _figures(evaluation: Evaluation) -> list[str]:
    low, high = evaluation.interval
    lines = [
        f"## {tr('How good it is')}",
        "",
        tr("{percent} correct of {photos} that it had not learnt from (95 % interval {low} to {high}).").format(
            percent=percent(evaluation.accuracy or 0.0),
            photos=trn("{n} photo", "{n} photos", len(evaluation.tested)),
            low=percent(low),
            high=percent(high),
        ),
    ]
    sure = evaluation.sure
    if sure is not None and sure.accuracy is not None:
        lines.append(
            tr("From {limit} % on an answer counts as sure: {share} of the photos, {percent} of them correct.").format(
                limit=f"{100 * sure.sure_from:.0f}", share=percent(sure.coverage), percent=percent(sure.accuracy)
            )
        )
    lines.append(
        tr("Stated and true certainty are {percent} apart on average (expected calibration error).").format(
            percent=percent(evaluation.calibration_error)
        )
    )
    lines += [
        "",
        f"| {tr('Class')} | {tr('Photos')} | {tr('Recall')} | {tr('Precision')} | F1 |",
        "|---|---:|---:|---:|---:|",
    ]
    for figures in evaluation.per_class[:_MOST_CLASSES]:
        cells = (figures.recall, figures.precision, figures.f1)
        shown = " | ".join("–" if value is None else percent(value) for value in cells)
        lines.append(f"| {_plain(figures.name)} | {figures.support:,} | {shown} |")
    return [*lines, ""]


def _training(making: Making) -> list[tuple[str, str]]:
    if making.spec is None:
        return []
    settings = making.spec.settings
    counts = [sum(s.split == part for s in making.spec.samples) for part in ("train", "validation", "test")]
    found = [
        (tr("Photos"), tr("{0} to train, {1} to validate, {2} to test").format(*(f"{n:,}" for n in counts))),
        (tr("Effort"), headline(settings.preset)),
        (tr("Seed"), str(settings.seed)),
    ]
    if making.state is not None:
        found.append((tr("Time"), tr("{n} s").format(n=f"{making.state.seconds:.0f}")))
        found += [(tr("Note"), note) for note in making.state.notes]
    return found


def _limits(bundle: Bundle, evaluation: Evaluation | None, making: Making) -> list[str]:
    found = [tr("It knows only the classes above: whatever else a photo shows, it names one of them.")]
    spec = making.spec
    if spec is not None and spec.background is not None:
        found = [
            tr(
                "What shows none of its classes it is to call “{name}”; strangers that look alike may still pass."
            ).format(name=_plain(spec.classes[spec.background]))
        ]
    if bundle.sure_from is not None:
        found.append(
            tr("Answers below {n} % are better taken as “not sure”.").format(n=f"{100 * bundle.sure_from:.0f}")
        )
    if evaluation is not None and evaluation.tested:
        found.append(
            tr("The figures hold for photos like the test photos. Other cameras, light or places may give others.")
        )
        weakest = evaluation.weakest
        if weakest is not None and weakest.recall is not None and weakest.recall < 1:
            found.append(
                tr("Weakest class: {name}, {percent} of its photos recognised.").format(
                    name=_plain(weakest.name), percent=percent(weakest.recall)
                )
            )
        if len(evaluation.tested) < 100:
            found.append(tr("It was tested on few photos; see the interval."))
    return found


def _plain(text: str) -> str:
    """Return a text that Markdown takes as it is, in one line."""
    return " ".join(text.split()).translate(_SPECIAL)
