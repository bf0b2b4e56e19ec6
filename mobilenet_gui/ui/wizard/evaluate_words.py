"""Owns how the figures of a test are put into words."""

from __future__ import annotations

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import shown, tr, trn
from mobilenet_gui.training.comparison import Comparison
from mobilenet_gui.training.evaluation_types import Evaluation

FEWEST_ALIKE = 2
"""Mistakes of one kind; a single one shows nothing."""
FEWEST_TESTED = 20
"""Test photos; with fewer the 95 % interval is wider than 16 percentage points even if all are right."""
MOST_NAMED = 12


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


def stranger_words(evaluation: Evaluation) -> str:
    """Return how many test photos pass for what the model was shown; empty where it does not tell strangers."""
    if evaluation.accepted is None:
        return ""
    words = tr("Takes {share} of these photos for its own, and calls the rest unlike anything it was shown.")
    if evaluation.near_accepted is not None:
        words += " " + tr("Of a class like these that it never learnt, about {near} would pass.")
    near = percent(evaluation.near_accepted or 0, 0)
    return words.format(share=percent(evaluation.accepted), near=near)


def caution_words(evaluation: Evaluation) -> str:
    """Return what makes the figures doubtful: photos that could not be read, too few of them; empty for nothing."""
    parts = []
    if evaluation.errors:
        parts.append(
            trn(
                "{n} test photo could not be read and does not count.",
                "{n} test photos could not be read and do not count.",
                len(evaluation.errors),
            )
        )
    if 0 < len(evaluation.tested) < FEWEST_TESTED:
        parts.append(tr("So few test photos say little. With more photos in the project the test becomes fair."))
    return " ".join(parts)


def unread_tip(evaluation: Evaluation) -> str:
    """Return which test photos could not be read, and why."""
    lines = [f"{shown(answer.path.name)}: {answer.error}" for answer in evaluation.errors[:MOST_NAMED]]
    more = len(evaluation.errors) - len(lines)
    return "\n".join([*lines, *([tr("and {n} more").format(n=more)] if more else [])])


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
    if evaluation.confusion[row][column] < FEWEST_ALIKE:
        return ""
    if evaluation.confusion[row][column] * 2 > max(figures[row].support - figures[row].correct, 1):
        return tr("Most mistakes with {true} are of this kind. More photos that show the difference help.").format(
            true=evaluation.classes[row]
        )
    return ""
