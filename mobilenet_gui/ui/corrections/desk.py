"""Owns the way of a correction through the window: asking for the class, telling how it goes, and the way back."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.correction import Wrong
from mobilenet_gui.training.project_types import PhotoClass
from mobilenet_gui.ui.corrections.picker import CorrectionPicker
from mobilenet_gui.ui.corrections.wish import CorrectionWish, can_correct
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.workers.corrections import Batch, Corrections

if TYPE_CHECKING:
    from mobilenet_gui.core.store import ModelStore
    from mobilenet_gui.workers.models import ModelTasks
    from mobilenet_gui.workers.projects import ProjectTasks
    from mobilenet_gui.workers.training import TrainingController

WORKING_MS = 600_000
"""While it learns, the toast stays."""
LEARNT_MS = 15_000
KEPT = 5
"""So many corrections can be taken back one after another; as many keep the model before them on the disk."""


class CorrectionDesk(QObject):
    """Corrects answers.

    Attributes:
        runs_changed: a project's trainings are others now; its id.
        way_back_changed: the latest correction that can be taken back is another: the monotonic time at which it was
            made, minus infinity where there is none.
        work: does it.
        picker: the window that asks for the class; None while there is none.
    """

    runs_changed = Signal(str)
    way_back_changed = Signal(float)

    def __init__(
        self,
        tasks: ProjectTasks,
        training: TrainingController,
        models: ModelTasks,
        store: ModelStore,
        *,
        toasts: ToastHost,
        parent: QWidget | None = None,
    ) -> None:
        """Make it.

        Args:
            tasks: opens and saves projects.
            training: runs trainings.
            models: puts models into use.
            store: where they are.
            toasts: where it says how it goes.
            parent: the window.
        """
        super().__init__(parent)
        self._toasts = toasts
        self.work = Corrections(tasks, training, models, store, self)
        self.picker: CorrectionPicker | None = None
        self._wish: CorrectionWish | None = None
        self._done: list[tuple[float, Batch]] = []
        self.work.learning.connect(self._learning)
        self.work.learnt.connect(self._learnt)
        self.work.failed.connect(self._failed)
        self.work.undone.connect(self._undone)

    def ask(self, wish: CorrectionWish) -> None:
        """Ask for the right class, then send the photos there."""
        project_id = wish.bundle.manifest.provenance.project
        if wish.aim == "none":
            self._correct(wish, project_id, "", tr("None of these"))
            wish.over()
            return

        def show(classes: tuple[PhotoClass, ...]) -> None:
            # The full screen to ask over may have been left since.
            if self.picker is not None or not shiboken6.isValid(wish.owner) or not wish.owner.isVisible():
                wish.over()
                return
            count = len(wish.photos)
            title = trn("Right class of {n} photo", "Right class of {n} photos", count).format(n=count)
            if wish.aim == "new":
                title = trn("New class of {n} photo", "New class of {n} photos", count).format(n=count)
            elif count == 1 and wish.said:
                title = tr("Not “{label}”, but").format(label=wish.said)
            new = wish.aim == "new"
            picker = self.picker = CorrectionPicker(() if new else classes, wish.owner, title, wish.said)
            self._wish = wish
            picker.picked.connect(lambda class_id: self._correct(wish, project_id, class_id, ""))
            picker.named.connect(lambda name: self._correct(wish, project_id, "", name))
            picker.destroyed.connect(self._closed)
            picker.open_at(wish.place)

        def failed(error: UserError) -> None:
            wish.over()
            self._toasts.show_message(str(error))

        self.work.classes(project_id, show, failed)

    def undo_last(self) -> None:
        """Take the latest correction back, whether or not its toast is still there; nothing where there is none."""
        if self._done:
            self._undo(self._done[-1][1])

    def _undo(self, batch: Batch) -> None:
        self._forget(batch)
        self.work.undo(batch)

    def _remember(self, batch: Batch) -> None:
        self._done = [(at, other) for at, other in self._done if other is not batch][1 - KEPT :]
        self._done.append((time.monotonic(), batch))
        self._tell_way_back()

    def _forget(self, batch: Batch) -> None:
        self._done = [(at, other) for at, other in self._done if other is not batch]
        self._tell_way_back()

    def _tell_way_back(self) -> None:
        self.way_back_changed.emit(self._done[-1][0] if self._done else -math.inf)

    def _closed(self) -> None:
        self.picker = None
        if self._wish is not None and shiboken6.isValid(self.parent()):  # else the whole window goes, and its pages
            self._wish.over()

    def _correct(self, wish: CorrectionWish, project_id: str, class_id: str, name: str) -> None:
        self.work.correct(project_id, [Wrong(source, called) for source, called in wish.photos], class_id, name,
                          background=wish.aim == "none")  # fmt: skip

    def _learning(self, batch: Batch) -> None:
        self._remember(batch)
        text = trn("Learning from {n} photo…", "Learning from {n} photos…", batch.photos).format(n=batch.photos)
        self._toasts.show_message(text, tr("Undo"), lambda: self._undo(batch), ms=WORKING_MS)

    def _learnt(self, batch: Batch) -> None:
        self.runs_changed.emit(batch.project_id)
        if self.work.busy:
            return  # the toast of those that came meanwhile stays
        text = tr("Learnt in {seconds} s.").format(seconds=max(1, round(batch.seconds)))
        if batch.tested:
            more = trn(
                "{n} photo is for testing only and was not learnt from.",
                "{n} photos are for testing only and were not learnt from.",
                batch.tested,
            )
            text += " " + more.format(n=batch.tested)
        self._toasts.show_message(text, tr("Undo"), lambda: self._undo(batch), ms=LEARNT_MS)

    def _failed(self, batch: Batch, error: UserError) -> None:
        self.runs_changed.emit(batch.project_id)
        text = tr("This could not be learnt; the model is as it was. {reason}").format(reason=error)
        if batch.placings and not batch.undone:
            self._toasts.show_message(text, tr("Undo"), lambda: self._undo(batch), ms=LEARNT_MS)
        else:
            self._forget(batch)
            self._toasts.show_message(text, ms=LEARNT_MS)

    def _undone(self, batch: Batch) -> None:
        self._forget(batch)
        self.runs_changed.emit(batch.project_id)
        self._toasts.show_message(trn("Correction taken back", "{n} corrections taken back", batch.photos).format(
            n=batch.photos))  # fmt: skip


def explain_corrections(toasts: ToastHost, fine_tune: Callable[[], None]) -> None:
    """Say why the answers of the model in use cannot be corrected, and offer what can be done."""
    toasts.show_message(tr("Only models made here learn from corrections"), tr("Fine-tune"), fine_tune)


__all__ = ["CorrectionDesk", "can_correct", "explain_corrections"]
