"""Owns keeping one open project on the disk: some time after each change, in a thread, one save at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training import project_file
from mobilenet_gui.training.project import Project
from mobilenet_gui.workers.photo_tasks import TaskRunner

SAVE_MS: Final = 700
"""A change is saved so long after the last one; a crash loses no more."""
RETRY_MS: Final = 10_000
"""After a save that the disk refused."""


class ProjectKeeper(QObject):
    """Saves one project.

    Attributes:
        project: which.
        saved: it is on the disk.
        failed: the disk refused; a `UserError`. It is tried again.
        refused: why the last save did not work; None where it did.
    """

    saved = Signal()
    failed = Signal(object)

    def __init__(self, project: Project, runner: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self.project = project
        self._runner = runner
        self._saving = False
        self._then: Callable[[], None] | None = None
        self._patient = False
        self.refused: UserError | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._save)
        self._end = self._follow()

    def save_soon(self, milliseconds: int) -> None:
        """Save after so many milliseconds, unless something changes before."""
        self._timer.start(milliseconds)

    def finish(self, then: Callable[[], None], *, patient: bool) -> None:
        """Save what is left to be saved, then call `then`; a disk that refuses is waited for by who is `patient`."""
        self._end()
        self._timer.stop()
        self._then, self._patient = then, patient
        if not self._saving:
            self._save()

    def resume(self) -> None:
        """Go on keeping it: it is wanted again before it could be finished."""
        self._then = None
        self._end = self._follow()

    def stop(self) -> None:
        """Save at once, in this thread: the program ends."""
        self._end()
        self._timer.stop()
        if self.project.dirty:
            try:
                self.project.save()
            except UserError as error:
                self.failed.emit(error)
        self.project.close()

    def _follow(self) -> Callable[[], None]:
        return self.project.subscribe(lambda _change: self.save_soon(SAVE_MS))

    def _save(self) -> None:
        if self._saving:
            return
        if not self.project.dirty:
            self._finished()
            return
        data = self.project.snapshot()
        self._saving = True
        self._runner.run(
            lambda _errand: project_file.save(data), done=lambda _: self._done(data.revision), failed=self._refused
        )

    def _done(self, revision: int) -> None:
        self._saving, self.refused = False, None
        self.project.saved(revision)
        self.saved.emit()
        if self._then is not None:
            self._save()
        elif self.project.dirty and not self._timer.isActive():
            self.save_soon(SAVE_MS)

    def _refused(self, error: UserError) -> None:
        self._saving, self.refused = False, error
        self.failed.emit(error)
        if self._then is not None and not self._patient:
            self._finished()
        elif not self._timer.isActive():
            self.save_soon(RETRY_MS)

    def _finished(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()
