"""Owns correcting answers behind the window: photos go to their class, one retraining gathers them, undo takes it back.

The photos are in their project at once; then the head is learnt anew in a process of its own, at low priority, beside
whatever else trains, and the model is replaced. Until then, and where anything fails, the former model answers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from mobilenet_gui import paths
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError, UserError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.store_files import discard
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import correction
from mobilenet_gui.training.correction import Wrong
from mobilenet_gui.training.job import TrainJob
from mobilenet_gui.training.project_types import NewPhoto, PhotoClass
from mobilenet_gui.training.run_folder import RunFolder
from mobilenet_gui.workers.correction_batch import Batch, keep_photos, read_classes
from mobilenet_gui.workers.models import ModelTasks
from mobilenet_gui.workers.photo_tasks import Errand
from mobilenet_gui.workers.projects import ProjectTasks
from mobilenet_gui.workers.run_install import install_run, installed_model
from mobilenet_gui.workers.training import TrainingController

if TYPE_CHECKING:
    from mobilenet_gui.training.project import Project

__all__ = ["Batch", "Corrections"]

GATHER_MS: Final = 700
"""Corrections that follow one another within this time are learnt together."""


class Corrections(QObject):
    """Does the work. All methods belong to the thread that made it, and all signals arrive there.

    Attributes:
        learning: photos were corrected and will be learnt: their `Batch`.
        learnt: the new model is installed: its `Batch`.
        failed: photos could not be taken in, learnt, or taken back: the `Batch`, and a `UserError`. The model is as
            it was; the photos are in the class they were sent to, where they got there.
        undone: a batch was taken back, and the former model answers: the `Batch`.
    """

    learning = Signal(object)
    learnt = Signal(object)
    failed = Signal(object, object)
    undone = Signal(object)

    def __init__(
        self,
        tasks: ProjectTasks,
        training: TrainingController,
        models: ModelTasks,
        store: ModelStore,
        parent: QObject | None = None,
        *,
        gather_ms: int = GATHER_MS,
    ) -> None:
        """Do nothing yet.

        Args:
            tasks: opens and saves projects.
            training: runs the trainings.
            models: puts models into use.
            store: where they are.
            parent: the owner.
            gather_ms: see `GATHER_MS`.
        """
        super().__init__(parent)
        self._tasks, self._training, self._models, self._store = tasks, training, models, store
        self._waiting: dict[str, Batch] = {}
        self._running: Batch | None = None
        self._installing: dict[str, Callable[[Bundle | UserError], None]] = {}
        self._number = 0
        # Frames and pasted photos of one sitting are much alike: the split must not part them.
        self._group = f"corrected-{os.urandom(4).hex()}"
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(gather_ms)
        self._timer.timeout.connect(self._learn)
        models.returned.connect(self._returned)
        models.failed.connect(self._refused)

    @property
    def busy(self) -> bool:
        """Something is being learnt, or about to be."""
        return self._running is not None or bool(self._waiting)

    def classes(
        self, project_id: str, done: Callable[[tuple[PhotoClass, ...]], None], failed: Callable[[UserError], None]
    ) -> None:
        """Tell the classes of a project, open or not."""
        opened = next((project for project in self._tasks.opened if project.id == project_id), None)
        if opened is not None:
            done(opened.classes)
            return
        folder = self._tasks.store.projects_dir / project_id
        self._tasks.runner.run(lambda _errand: read_classes(folder), done=done, failed=failed)

    def correct(
        self, project_id: str, wrongs: Sequence[Wrong], class_id: str, class_name: str = "", *, background: bool = False
    ) -> Batch:
        """Send photos to their class and learn them.

        Args:
            project_id: whose model answered.
            wrongs: the photos.
            class_id: their class; empty for the one called `class_name`, which is made if it is not there.
            class_name: see `class_id`.
            background: they are none of the classes; `class_name` is only used where there is no class for such photos.
        """
        batch = self._waiting.get(project_id)
        if batch is None:
            batch = self._waiting[project_id] = Batch(project_id, began=time.monotonic())
        batch.photos += len(wrongs)
        batch.placing += 1
        self._place(batch, wrongs, class_id, class_name, background)
        self.learning.emit(batch)
        return batch

    def undo(self, batch: Batch) -> None:
        """Take a batch back: its photos out of the project, and the former model into use, without a training."""
        if batch.undone:
            return
        batch.undone = True
        if self._waiting.get(batch.project_id) is batch:
            del self._waiting[batch.project_id]
        if batch.errand is not None:
            self._training.jobs.cancel(batch.errand)
            batch.errand = None
            self._end(batch)
        if batch.placing == 0 and self._running is not batch:
            self._take_back(batch)

    # -- photos into the project ------------------------------------------------------------------------------------

    def _place(self, batch: Batch, wrongs: Sequence[Wrong], class_id: str, class_name: str, background: bool) -> None:
        def use(project: Project, release: Callable[[], None]) -> None:
            folder = project.folder

            def kept(photos: list[NewPhoto]) -> None:
                if project not in self._tasks.opened:  # its window was closed in between
                    self._place(batch, wrongs, class_id, class_name, background)
                    return
                try:
                    placing = correction.place(project, photos, class_id, class_name, background=background)
                    batch.placings.append(placing)
                except UserError as error:
                    release()
                    refused(error)
                    return
                batch.data = project.snapshot()
                release()
                self._placed(batch)

            def not_kept(error: UserError) -> None:
                release()
                refused(error)

            group, there = self._group, tuple(project.photos.values())
            self._tasks.runner.run(
                lambda errand: keep_photos(folder, wrongs, group, errand, there), done=kept, failed=not_kept
            )

        def refused(error: UserError) -> None:
            batch.photos -= len(wrongs)
            self.failed.emit(batch, error)
            self._placed(batch)

        self._tasks.borrow(batch.project_id, use, refused)

    def _placed(self, batch: Batch) -> None:
        batch.placing -= 1
        if batch.placing:
            return
        if batch.undone:
            self._take_back(batch)
        elif not batch.placings:
            self._waiting.pop(batch.project_id, None)
        else:
            self._timer.start()

    # -- learning ---------------------------------------------------------------------------------------------------

    @Slot()
    def _learn(self) -> None:
        ready = next((batch for batch in self._waiting.values() if batch.placing == 0), None)
        if self._running is not None or ready is None or ready.data is None:
            return
        batch = self._running = self._waiting.pop(ready.project_id)
        data, store = ready.data, self._store

        def begin(_errand: Errand) -> tuple[RunFolder, int]:
            installed = installed_model(store, batch.project_id)
            if installed is None:  # a model of another id is another model
                text = tr("Its model is not in Models any more. Open the project and go to “Use it” to have it again.")
                raise ModelError(data.name, text)
            run = correction.begin_run(data, installed, paths.features_dir())
            return run, correction.tested_on(run, [i for placing in batch.placings for i in placing.after])

        def begun(result: tuple[RunFolder, int]) -> None:
            batch.run, batch.tested = result
            if batch.undone:
                self._end(batch)
                self._take_back(batch)
                return
            batch.errand = self._training.run_job(
                TrainJob(batch.run.path, resume=False), done=lambda result: self._trained(batch, result), failed=failed
            )

        def failed(error: UserError) -> None:
            batch.errand = None
            self._fail(batch, error)

        self._tasks.runner.run(begin, done=begun, failed=failed)

    def _trained(self, batch: Batch, _result: dict[str, Any]) -> None:
        batch.errand = None
        run, store, project_id = batch.run, self._store, batch.project_id
        if run is None:
            return

        def work() -> Bundle:
            before = installed_model(store, project_id)
            made = install_run(store, run.path, project_id, before.name if before is not None else "")
            correction.prune(run.path.parents[1], run.path.name)
            return made

        def installed(result: Bundle | UserError) -> None:
            if isinstance(result, UserError):
                self._fail(batch, result)
                return
            batch.seconds = time.monotonic() - batch.began
            self._end(batch)
            if batch.undone:
                self._take_back(batch)
            else:
                self.learnt.emit(batch)

        self._install(work, installed)

    def _fail(self, batch: Batch, error: UserError) -> None:
        self._discard_run(batch)
        self._end(batch)
        if batch.undone:
            self._take_back(batch)
        else:
            self.failed.emit(batch, error)

    def _end(self, batch: Batch) -> None:
        if self._running is batch:
            self._running = None
            if self._waiting:
                self._timer.start()

    # -- taking back ------------------------------------------------------------------------------------------------

    def _take_back(self, batch: Batch) -> None:
        def use(project: Project, release: Callable[[], None]) -> None:
            correction.take_back(project, batch.placings)
            batch.placings.clear()
            waiting = self._waiting.get(batch.project_id)
            if waiting is not None:
                waiting.data = project.snapshot()
            release()
            self._restore(batch)

        def gone(error: UserError) -> None:
            self.failed.emit(batch, error)
            self._restore(batch)

        if batch.placings:
            self._tasks.borrow(batch.project_id, use, gone)
        else:
            self._restore(batch)

    def _restore(self, batch: Batch) -> None:
        run, store = batch.run, self._store
        if run is None or not batch.seconds:
            self._discard_run(batch)
            self.undone.emit(batch)
            return

        def restored(result: Bundle | UserError) -> None:
            if isinstance(result, UserError):
                self.failed.emit(batch, result)
                return
            self._discard_run(batch)
            self.undone.emit(batch)

        self._install(lambda: correction.previous_model(store, run, batch.project_id), restored)

    def _discard_run(self, batch: Batch) -> None:
        run, batch.run = batch.run, None
        if run is not None:
            self._tasks.runner.run(
                lambda _errand: discard(run.path), done=lambda _none: self._tasks.list_changed.emit(), failed=_nothing
            )

    # -- the store --------------------------------------------------------------------------------------------------

    def _install(self, work: Callable[[], Bundle], then: Callable[[Bundle | UserError], None]) -> None:
        self._number += 1
        key = f"correction:{self._number}"
        self._installing[key] = then
        self._models.install(key, "", work)

    @Slot(str, object)
    def _returned(self, key: str, result: object) -> None:
        then = self._installing.pop(key, None)
        if then is not None and isinstance(result, Bundle):
            then(result)

    @Slot(str, object)
    def _refused(self, key: str, error: UserError) -> None:
        then = self._installing.pop(key, None)
        if then is not None:
            self._models.dismiss(key)
            then(error)


def _nothing(_error: UserError) -> None:
    """Do nothing."""
