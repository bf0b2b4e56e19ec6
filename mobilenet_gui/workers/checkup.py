"""Owns the examination of one project: begun in a process of its own, followed, done again when the project changed.

The list of photos and the result travel in two files of the cache; nothing of it holds the window.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from PySide6.QtCore import QObject, QTimer, Signal

from mobilenet_gui import paths
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training import protocol
from mobilenet_gui.training.doctor_findings import Examination, Fix, FixStep
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.project_types import PhotoSplit
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner
from mobilenet_gui.workers.training import TrainingController

if TYPE_CHECKING:
    from mobilenet_gui.training.doctor_job import DoctorJob
    from mobilenet_gui.training.project_types import ProjectData

AGAIN_MS = 300
"""After the last of several changes the photos are looked at again."""


class CheckupTask(QObject):
    """Examines one project.

    Attributes:
        changed: `examination`, `fraction`, `running` or `error` is another.
        examination: the last result; None before the first.
        revision: of the project when that was made.
        running: an examination is under way.
        fraction: share of it that is done, None while unknown.
        error: why the last one failed, None where it did not.
    """

    changed = Signal()

    def __init__(self, project: Project, training: TrainingController, runner: TaskRunner, parent: QObject) -> None:
        super().__init__(parent)
        self.examination: Examination | None = None
        self.revision = -1
        self.running = False
        self.fraction: float | None = None
        self.error: UserError | None = None
        self._project, self._training, self._runner = project, training, runner
        self._job: Errand | None = None
        self._evaluation: Path | None = None
        self._unheard = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AGAIN_MS)
        self._timer.timeout.connect(self._begin)

    @property
    def is_current(self) -> bool:
        """The result is of the project as it is now."""
        return self.revision == self._project.revision and self.error is None

    def examine(self, evaluation: Path | None = None, *, soon: bool = False) -> None:
        """Examine the project, unless that was done since its last change.

        Args:
            evaluation: a training's test result; photos that it contradicts are suspected of a wrong label.
            soon: wait a moment for more changes.
        """
        if evaluation != self._evaluation:
            self._evaluation, self.revision = evaluation, -1
        if self.is_current or self.running:
            return
        if soon:
            self._timer.start()
        else:
            self._begin()

    def examine_again(self, evaluation: Path | None = None) -> None:
        """Examine the project though nothing has changed in it: files on the disk may have."""
        self._evaluation, self.revision = evaluation, -1
        self._unheard = self.running
        self.examine(evaluation)

    def stop(self) -> None:
        """Stop examining; what was seen is kept for the next time."""
        self._timer.stop()
        if self._job is not None:
            self._training.jobs.cancel(self._job)
            self._job = None
        self.running = False

    # -- one after another: order, job, answer ----------------------------------------------------------------------

    def _begin(self) -> None:
        if self.running:
            return
        self.running, self.fraction, self.error = True, None, None
        data, evaluation = self._project.snapshot(), self._evaluation
        folder = paths.cache_dir() / "checks"
        order, answer = folder / f"{data.id}.order", folder / f"{data.id}.answer"
        self._runner.run(
            lambda _errand: _write_order(data, order, answer, evaluation),
            done=lambda job: self._run(job, data.revision),
            failed=self._failed,
            receiver=self,
        )
        self.changed.emit()

    def _run(self, job: DoctorJob, revision: int) -> None:
        if not self.running:
            return
        self._job = self._training.run_job(
            job, done=lambda _result: self._read(job, revision), failed=self._failed, event=self._hear, receiver=self
        )

    def _hear(self, event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress):
            self.fraction = event.fraction
            self.changed.emit()

    def _read(self, job: DoctorJob, revision: int) -> None:
        self._job = None

        def read(_errand: Errand) -> Examination:
            from mobilenet_gui.training.doctor_job import read_answer

            try:
                return read_answer(job.answer)
            finally:
                for file in (job.order, job.answer):
                    file.unlink(missing_ok=True)

        self._runner.run(
            read, done=lambda found: self._done(found, revision), failed=self._failed, receiver=self
        )  # fmt: skip

    def _done(self, examination: Examination, revision: int) -> None:
        if not self.running:
            return
        self.running, self.fraction = False, None
        # What came in between was seen too early.
        self.examination, self.revision = examination, -1 if self._unheard else revision
        self._unheard = False
        self.changed.emit()
        if not self.is_current:
            self._timer.start()

    def _failed(self, error: UserError) -> None:
        self._job, self.running, self.fraction = None, False, None
        self.error = error
        self.changed.emit()


def _write_order(data: ProjectData, order: Path, answer: Path, evaluation: Path | None) -> DoctorJob:
    from mobilenet_gui.training.doctor_job import DoctorJob, write_order

    order.parent.mkdir(parents=True, exist_ok=True)
    suspects: Any = ()
    if evaluation is not None:
        from mobilenet_gui.training.held_out import suspects_of_run
        from mobilenet_gui.training.run_folder import RunFolder

        suspects = suspects_of_run(RunFolder(evaluation.parent))
    write_order(
        order,
        data.photos.values(),
        {one.id: one.name for one in data.classes},
        class_weights=data.settings.class_weights,
        suspects=suspects,
    )
    return DoctorJob(order, answer)


def apply_fix(project: Project, fixes: tuple[Fix, ...], text: str) -> None:
    """Carry out what the doctor proposes, all of it as one step of that text.

    Raises:
        UserError: a class is gone; nothing is changed then.
    """
    with project.step(text):
        for fix in fixes:
            for step in fix.steps:
                _carry_out(project, step)


def _carry_out(project: Project, step: FixStep) -> None:
    if step.operation == "leave_out":
        project.leave_out(step.photo_ids)
    elif step.operation == "take_back":
        project.take_back(step.photo_ids)
    elif step.operation == "move":
        project.move_photos(step.photo_ids, step.target)
    elif step.operation == "pin_split" and step.target in get_args(PhotoSplit):
        project.pin_split(step.photo_ids, cast("PhotoSplit", step.target))
    elif step.operation == "merge":
        there = {one.id for one in project.classes}
        project.merge_classes([one for one in step.photo_ids if one in there], step.target)
    elif step.operation == "class_weights":
        project.set_settings(project.settings.with_changes(class_weights=step.target == "on"))
