"""Owns step 4 of the wizard: a training as it goes, its curves, and what can be done with it meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.run_folder import RunState
from mobilenet_gui.ui.widgets.banner import Banner
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.flow import Key
from mobilenet_gui.ui.wizard.page import Action, Footer, WizardPage, filled
from mobilenet_gui.ui.wizard.run_link import book_of
from mobilenet_gui.ui.wizard.train_figures import TrainFigures
from mobilenet_gui.ui.wizard.training_words import advice, left_words, span
from mobilenet_gui.workers.run_book import RunInfo
from mobilenet_gui.workers.training_state import TrainingState

_CLOCK_MS = 1000
_NOTE_TONES = {"batch": "warn", "nan": "warn", "missing": "warn"}


class TrainPage(WizardPage):
    """The page. It shows the training under way, else how the latest one stands."""

    key: ClassVar[Key] = "train"

    def __init__(self, context: WizardContext) -> None:
        super().__init__(context, tr("Training"), tr("You can keep using the app. Training goes on in the background."))
        self.book = book_of(context)
        self._shown = False
        self._error: UserError | None = None
        self._goes_on: Path | None = None
        self.figures = TrainFigures()
        self.banner = Banner("info", "", closable=False)
        self.banner.action.connect(self._copy_log)
        self._clock = QTimer(self)
        self._clock.setInterval(_CLOCK_MS)
        self._clock.timeout.connect(self._tick)
        self.body.addWidget(filled(self.figures), 1)
        self.body.addWidget(self.banner)
        self.body.addSpacing(16)
        self.book.changed.connect(self._refresh)
        self.book.failed.connect(self._take_failure)
        context.training.ended.connect(self._on_end)

    # -- the dialog's wishes --------------------------------------------------------------------------------------

    def entered(self) -> None:
        """Show how it stands."""
        self._shown = True
        self._clock.start()
        self._refresh()

    def left(self) -> None:
        """Stop the clock."""
        self._shown = False
        self._clock.stop()

    def shut_down(self) -> None:
        """Stop reading; the training goes on."""
        self._clock.stop()
        self.book.shut_down()

    def footer(self) -> Footer:
        """Offer what can be done with a training that is under way, was interrupted, or has ended."""
        live = self.book.live
        if live is not None and live.live:
            return self._footer_live(live)
        run = self._ended()
        if run is not None and run.state.can_go_on:
            return Footer(actions=(Action("again", tr("Start again")), Action("go_on", tr("Go on"), "primary", "play")))
        if run is not None and run.finished:
            return Footer(
                actions=(
                    Action("again", tr("Train again"), icon="refresh"),
                    Action("continue", tr("See how good it is"), "primary"),
                )
            )
        return Footer(actions=(Action("again", tr("Back to settings"), "primary"),))

    def _footer_live(self, live: TrainingState) -> Footer:
        asked = live.asked
        free = asked not in ("cancel", "finish") and not live.preparing
        paused = live.status == "paused"
        hold = (
            Action("resume", tr("Go on"), icon="play", enabled=free and asked != "resume")
            if paused
            else Action("pause", tr("Pause"), icon="pause", enabled=free and asked != "pause")
        )
        best = live.best is not None
        over = live.phase == "test"
        return Footer(
            left=Action("cancel", tr("Cancel training"), "ghost", enabled=asked != "cancel"),
            actions=(
                hold,
                Action(
                    "finish", tr("Stop and use best"), icon="check", enabled=free and best and not over,
                    tip=tr("The best was chosen; it is being tested") if over
                    else "" if best else tr("Possible after the first epoch"),
                ),
                Action("close", tr("Continue in background"), "primary"),
            ),
        )  # fmt: skip

    def act(self, key: str) -> None:
        """Do what a button asks for."""
        training = self.context.training
        self._error = None
        if key == "again":
            self.context.hub.go.emit("settings")
        elif key == "go_on":
            run = self._ended()
            if run is not None:
                self.book.go_on(run)
        else:
            {"pause": training.pause, "resume": training.resume, "finish": training.finish, "cancel": training.cancel}[
                key
            ]()
        self._refresh()

    def step_detail(self) -> str | None:
        """Count down beside the step's name."""
        live = self.book.live
        return left_words(live) if live is not None and live.live else None

    # -- showing --------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        if not self._shown:
            return
        live, run = self.book.live, self._ended()
        if live is not None and live.live:
            self._show_live(live)
        elif run is not None:
            self._show_ended(run, live)
        else:
            self._show_failure(live)
        self.changed.emit()
        if self._goes_on is not None and run is not None and run.folder == self._goes_on and run.finished:
            self._goes_on = None
            self.completed.emit()

    def _ended(self) -> RunInfo | None:
        """Return the run that the page is about when none is under way; None where the last one came to no run."""
        live = self.book.live
        if live is not None and live.outcome in ("cancelled", "failed", "crashed") and self.book.loaded:
            return self.book.info(live.folder)
        return self.book.latest

    def _show_live(self, live: TrainingState) -> None:
        self.set_heading(tr("Training"), tr("You can keep using the app. Training goes on in the background."))
        info = self.book.info(live.folder)
        settings = info.settings if info is not None else self.context.project.settings
        self.figures.show_phase(settings, live.phase, live.fraction)
        self.figures.show_history(live.history, live.planned)
        self.figures.show_left(live)
        self.figures.show_speed(live.photos_per_second)
        note = live.notes[-1] if live.notes else None
        if note is not None and note.kind in _NOTE_TONES and not live.asked:
            self.banner.set_content(_NOTE_TONES[note.kind], note.text)
        else:
            self.banner.set_content("info", advice(live, settings.patience))
            self.banner.set_icon("bars")

    def _show_ended(self, run: RunInfo, live: TrainingState | None) -> None:
        state = run.state
        planned = state.history[-1].epochs if state.history else 0
        if run.finished:
            self.figures.show_done(run.settings, state.seconds)
        else:
            self.figures.show_phase(run.settings, state.phase, _share_of_phase(state))
            self.figures.show_taken(state.seconds)
        self.figures.show_history(state.history, len(state.history) if run.finished else planned)
        if run.finished:
            self.set_heading(tr("Training is done"), tr("The model of the best epoch was kept and tested."))
            text = " ".join([tr("Finished in {time}.").format(time=span(state.seconds)), *state.notes])
            self.banner.set_content("ok", text)
        elif state.can_go_on:
            self._show_halted(run, live, planned)
        elif state.status == "cancelled":
            self._show_cancelled()
        else:
            self._show_failure(live, state.error)

    def _show_cancelled(self) -> None:
        self.set_heading(tr("Training was stopped"), tr("Your photos and settings are as they were."))
        self.banner.set_content("info", tr("There is no new model. An earlier one is untouched."))

    def _show_halted(self, run: RunInfo, live: TrainingState | None, planned: int) -> None:
        state = run.state
        epoch = state.kept_epochs
        text = (
            tr("It goes on after epoch {n} of {all}.").format(n=epoch, all=planned)
            if epoch
            else tr("It begins anew; photos that were prepared stay prepared.")
        )
        if state.memory_ran_out:
            text += " " + tr("It takes half as many photos at a time from then on.")
        why = _words(live.error, live) if live is not None and live.folder == run.folder and live.error else ""
        # A disk that is full refuses to note that it failed, too.
        if state.status == "failed" or (why and live is not None and not live.crashed):
            self.set_heading(tr("Training stopped half-way"), tr("What it has learnt so far is kept."))
            self.banner.set_content("bad", f"{why or state.error} {text}".lstrip())
            return
        self.set_heading(tr("Training was interrupted"), tr("The computer or the program stopped in between."))
        self.banner.set_content("warn", f"{text} {why}".rstrip())

    def _show_failure(self, live: TrainingState | None, known: str = "") -> None:
        if live is not None and live.outcome == "cancelled" and self._error is None:
            self._show_cancelled()
            return
        error = self._error or (live.error if live is not None else None)
        text = known or (_words(error, live) if error is not None else "")
        if not text:
            self.set_heading(tr("Training"), tr("Nothing has been trained yet."))
            self.figures.show_history((), 0)
            self.banner.set_content("info", tr("Choose how to train first."))
            return
        self.set_heading(tr("Training did not work"), tr("Your photos, settings and earlier models are untouched."))
        self.banner.set_content("bad", text, tr("Copy details") if live is not None and live.log else "")

    def _tick(self) -> None:
        live = self.book.live
        if live is not None and live.live:
            self.figures.show_left(live)
            self.context.latest.note = left_words(live)
            self.changed.emit()

    # -- hearing --------------------------------------------------------------------------------------------------

    def _take_failure(self, error: UserError) -> None:
        self._error = error
        if self._shown and not self.book.under_way:
            self._show_failure(None, str(error))
            self.changed.emit()

    def _on_end(self, state: TrainingState) -> None:
        if state.project_id == self.context.project.id and state.outcome == "successful":
            # The result can be shown once the disk has been read; who looks on then goes there.
            self._goes_on = state.folder

    def _copy_log(self) -> None:
        live = self.book.live
        if live is not None:
            QGuiApplication.clipboard().setText("\n".join([str(live.error or ""), *live.log]))
            self.context.toasts.show_message(tr("Details copied"))


def _share_of_phase(state: RunState) -> float:
    """Return how much of its phase an interrupted training has behind it, 0-1; its first phases are quickly redone."""
    last = state.history[-1] if state.history else None
    if last is None or last.phase != state.phase or state.phase != "adapt":
        return 0.0
    before = sum(record.phase != "adapt" for record in state.history)
    return (last.epoch - before) / max(last.epochs - before, 1)


def _words(error: UserError, live: TrainingState | None) -> str:
    """Return an error in words; the name or place of the run's own folder would tell nobody anything."""
    if live is None:
        return str(error)
    ours = error.subject in ("", live.folder.name) or Path(error.subject).is_relative_to(live.folder)
    return error.reason if ours else str(error)
