"""Owns how the figures of a test are put into words."""

from __future__ import annotations

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.comparison import Comparison
from mobilenet_gui.training.evaluation_types import Evaluation
from mobilenet_gui.ui.widgets.painting import percent


def right_words(evaluation: Evaluation) -> str:
    """Return "113 of 119 right, 89–98 %": the count and the 95 % interval."""
    low, high = evaluation.interval
    return tr("{right} of {all} right, {low}–{high}").format(
        right=evaluation.correct, all=len(evaluation.tested), low=f"{low * 100:.0f}", high=percent(high, 0)
    )


def interval_tip(evaluation: Evaluation) -> str:
    """Return what the interval means."""
    low, high = evaluation.interval
    return tr(
        "With so many test photos, the share on all photos like these lies between {low} and {high} (95 % interval)"
    ).format(low=percent(low), high=percent(high))


def sure_words(evaluation: Evaluation) -> str:
    """Return what the limit of 'not sure' does; empty where there is none."""
    sure = evaluation.sure
    if sure is None:
        return ""
    if sure.accuracy is None:
        return tr("Sure from {limit}: none of these photos.").format(limit=percent(sure.sure_from, 0))
    return tr("Sure from {limit}: {share} of the photos, {right} of them right.").format(
        limit=percent(sure.sure_from, 0), share=percent(sure.coverage, 0), right=percent(sure.accuracy)
    )


def calibration_tip(evaluation: Evaluation) -> str:
    """Return how far the percentages can be trusted."""
    return tr(
        "The limit was chosen on the validation photos. On average the stated percentages are {now} away from the true "
        "ones (before calibration {before})."
    ).format(now=percent(evaluation.calibration_error), before=percent(evaluation.raw_calibration_error))


def comparison_words(comparison: Comparison) -> tuple[str, str, str]:
    """Return the tone, the sentence and the longer words on a new model beside the one before it."""
    old, new = comparison.old_accuracy, comparison.new_accuracy
    if old is None or new is None:
        return "info", tr("The training before was tested on other photos."), ""
    gained, lost = len(comparison.only_new), len(comparison.only_old)
    if gained == lost:
        tone, text = "info", tr("As good as before on the same photos: {new}.")
    elif gained > lost:
        tone, text = "ok", tr("Better than before on the same photos: {new} against {old}.")
    else:
        tone, text = "warn", tr("Not as good as before on the same photos: {new} against {old}.")
    sentence = text.format(new=percent(new), old=percent(old))
    if gained != lost and not comparison.significant:
        sentence += " " + tr("That may be chance.")
    newly = trn("{n} photo is newly right", "{n} photos are newly right", gained)
    wrong = trn("{n} is newly wrong", "{n} are newly wrong", lost)
    return tone, sentence, tr("Of {n} photos: {right}, {wrong}").format(n=comparison.photos, right=newly, wrong=wrong)


def cell_title(evaluation: Evaluation, row: int, column: int) -> str:
    """Return what a cell holds."""
    if row == column:
        return tr("{name}, recognised").format(name=evaluation.classes[row])
    return tr("{true} seen as {said}").format(true=evaluation.classes[row], said=evaluation.classes[column])


def cell_hint(evaluation: Evaluation, row: int, column: int) -> str:
    """Return what could help against the mistakes of a cell; empty where nothing is known."""
    figures = evaluation.per_class
    if row == column or not figures[row].support:
        return ""
    if evaluation.confusion[row][column] * 2 > max(figures[row].support - figures[row].correct, 1):
        return tr("Most mistakes with {true} are of this kind. More photos that show the difference help.").format(
            true=evaluation.classes[row]
        )
    return ""
