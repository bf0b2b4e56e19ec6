"""Owns the wizard's one `RunBook`: made when a page first asks, shared by the pages, gone with the wizard."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.training_words import left_words, span
from mobilenet_gui.workers.run_book import RunBook, RunInfo

_CHOSEN = "chosenRun"


def book_of(context: WizardContext) -> RunBook:
    """Return the trainings of the wizard's project; the first call begins to read them."""
    found = context.hub.findChild(RunBook, "", Qt.FindChildOption.FindDirectChildrenOnly)
    if isinstance(found, RunBook):
        return found
    book = RunBook(context.project.id, context.project.folder, context.training, context.hub)
    book.changed.connect(lambda: note_latest(context, book))
    book.reload()
    return book


def chosen_run(context: WizardContext, book: RunBook) -> RunInfo | None:
    """Return the finished training that the last two steps are about: the chosen one, else the newest."""
    wanted = context.hub.property(_CHOSEN)
    finished = book.finished
    return next((run for run in finished if str(run.folder) == wanted), finished[0] if finished else None)


def set_chosen_run(context: WizardContext, folder: Path | None) -> None:
    """Let the last two steps be about this training; None for the newest."""
    context.hub.setProperty(_CHOSEN, None if folder is None else str(folder))


def note_latest(context: WizardContext, book: RunBook) -> None:
    """Tell the wizard's list of steps how the trainings stand."""
    latest, live = context.latest, book.live
    newest = book.latest
    if book.loaded:
        done = book.finished
        latest.has_model = bool(done)
        latest.accuracy = done[0].state.accuracy if done else None
        latest.folder = newest.folder if newest is not None else None
        latest.status = newest.state.standing if newest is not None else ""
        latest.note = _words(newest.state.status, newest.state.seconds) if newest is not None else ""
    if book.under_way:
        set_chosen_run(context, None)  # the new one is what people want to see when it is there
    if live is not None and live.live:
        latest.folder = live.folder
        latest.status = "paused" if live.status == "paused" else "running"
        latest.note = left_words(live)
    context.hub.stale.emit()


def _words(status: str, seconds: float) -> str:
    if status == "finished":
        return tr("Finished in {time}").format(time=span(seconds))
    return {
        "interrupted": tr("Interrupted"),
        "failed": tr("It did not work"),
        "cancelled": tr("Stopped"),
    }.get(status, "")
