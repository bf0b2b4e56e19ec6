"""Owns how a project's card puts its summary into words."""

from __future__ import annotations

from datetime import UTC, date, datetime

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.project_summary import ProjectSummary
from mobilenet_gui.training.run_folder import RunState
from mobilenet_gui.ui.finetune.card import CardLook
from mobilenet_gui.ui.models.words import day
from mobilenet_gui.ui.wizard.flow import FEWEST_CLASSES

FEW_A_CLASS = 20
"""Photos a class below which a card says that more are needed, before the first training."""


def look_of(summary: ProjectSummary, live: tuple[float | None, str] | None = None) -> CardLook:
    """Return what a project's card shows.

    Args:
        summary: of the project.
        live: share done and words of its training where one is under way in this program.
    """
    classes = trn("{n} class", "{n} classes", summary.classes)
    photos = trn("{n} photo", "{n} photos", summary.photos)
    counts = tr("{classes}, {photos}").format(classes=classes, photos=photos)
    covers = tuple(str(path) for path in summary.covers)

    def card(state: str, tone: str, progress: float | None = None, *, usable: bool = True) -> CardLook:
        return CardLook(
            summary.id, summary.name, counts if usable else tr("Cannot be opened"), state, tone,  # type: ignore[arg-type]
            progress, covers, summary.photos, usable,
        )  # fmt: skip

    state = summary.state
    status = "" if state is None else state.status
    if summary.problem:
        return card(summary.problem, "warn", usable=False)
    if live is not None:
        return card(live[1], "busy", live[0])
    if status in ("interrupted", "failed"):
        return card(_halted(state), "warn")
    if status in ("running", "paused"):
        look = card(tr("Training in another window"), "quiet")
    elif state is not None and state.accuracy is not None:
        when = short_day(summary.trained)
        when = when[:1].lower() + when[1:] if when[:1].isalpha() else when  # in the middle of a line
        look = card(tr("{p} correct, {day}").format(p=percent(state.accuracy), day=when), "quiet")
    elif summary.classes < FEWEST_CLASSES or summary.photos < FEW_A_CLASS * summary.classes:
        look = card(tr("Needs more photos"), "warn")
    else:
        look = card(tr("Not trained yet"), "quiet")
    return look


def _halted(state: RunState | None) -> str:
    if state is None or state.standing != "interrupted":
        return tr("The last training did not work")
    if not state.kept_epochs:
        return tr("Training was interrupted")
    return tr("Interrupted after {n} of {all} epochs").format(n=state.kept_epochs, all=state.history[-1].epochs)


def short_day(seconds: float, today: date | None = None) -> str:
    """Return a moment as "Today", "Yesterday", "12 March", or with its year where that is not this one."""
    today = today or datetime.now().astimezone().date()
    text = day(datetime.fromtimestamp(seconds, UTC).isoformat(), today)
    return text.removesuffix(f" {today.year}")
