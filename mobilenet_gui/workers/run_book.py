"""Owns what the window knows of one project's trainings: those on the disk, the one under way, and their test results.

The disk is read in threads.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training.run_folder import RunFolder, RunState
from mobilenet_gui.training.training_settings import TrainingSettings
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner
from mobilenet_gui.workers.run_order import RunOrder
from mobilenet_gui.workers.training import TrainingController
from mobilenet_gui.workers.training_state import Order, TrainingState

if TYPE_CHECKING:
    from mobilenet_gui.training.evaluation_types import Evaluation

RESUME_SECONDS: Final = 12.0
"""What it takes to come to where a training was: the photos' features are there, the network has to be built."""
SHOWN_RUNS: Final = 12
"""Older trainings stay on the disk and are not listed."""
MEASURED: Final = 3
"""Test results kept in memory: the shown one, the one beside it, and the one before."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One training as it stands on the disk.

    Attributes:
        folder: its run folder.
        state: how far it is.
        name: of the model.
        classes: names by label.
        settings: how it was trained.
        photos: how many photos took part, all parts together.
        created: ISO 8601 time.
    """

    folder: Path
    state: RunState
    name: str
    classes: tuple[str, ...]
    settings: TrainingSettings
    photos: int
    created: str

    @property
    def finished(self) -> bool:
        """It has a model."""
        return self.state.status == "finished"


class RunBook(QObject):
    """The trainings of one project.

    Attributes:
        changed: the list, or the training under way, is another or further on.
        failed: a training could not be begun, or the disk not be read: a `UserError`.
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(
        self, project_id: str, folder: Path, training: TrainingController, parent: QObject | None = None
    ) -> None:
        """Know nothing yet; `reload` reads the disk.

        Args:
            project_id: the project's id.
            folder: the project's folder.
            training: runs what is begun.
            parent: the owner.
        """
        super().__init__(parent)
        self._project_id, self._folder, self._training = project_id, folder, training
        self._runs: tuple[RunInfo, ...] = ()
        self._loaded = False
        self._evaluations: dict[Path, Evaluation] = {}
        self._reloading: Errand | None = None
        self.tasks = TaskRunner(self)
        training.changed.connect(self._hear)
        training.ended.connect(self._hear_end)

    # -- asking ---------------------------------------------------------------------------------------------------

    @property
    def loaded(self) -> bool:
        """The disk has been read."""
        return self._loaded

    @property
    def runs(self) -> tuple[RunInfo, ...]:
        """The trainings on the disk, the newest first."""
        return self._runs

    @property
    def finished(self) -> tuple[RunInfo, ...]:
        """Those with a model, the newest first."""
        return tuple(run for run in self._runs if run.finished)

    @property
    def live(self) -> TrainingState | None:
        """The training of this project that is under way, or ended last in this program; None where none was."""
        return self._training.state_of(self._project_id)

    @property
    def latest(self) -> RunInfo | None:
        """The latest training: the one that this program ran last, else the newest on the disk.

        A correction that was learnt meanwhile is newer, but not what somebody waits for who started a training.
        """
        live = self.live
        own = self.info(live.folder) if live is not None else None
        return own or next(iter(self._runs), None)

    @property
    def under_way(self) -> bool:
        """A training of this project is being prepared, runs, or is paused."""
        live = self.live
        return live is not None and live.live

    def info(self, folder: Path) -> RunInfo | None:
        """Return the run in a folder, None where it is not listed."""
        return next((run for run in self._runs if run.folder == folder), None)

    def evaluation(self, folder: Path) -> Evaluation | None:
        """Return a run's test result if it has been read."""
        return self._evaluations.get(folder)

    # -- telling --------------------------------------------------------------------------------------------------

    def reload(self) -> None:
        """Read the list from the disk; ends in `changed`."""
        if self._reloading is not None:
            self.tasks.cancel(self._reloading)
        folder = self._folder
        self._reloading = self.tasks.run(lambda _errand: read_runs(folder), done=self._take, failed=self.failed.emit)

    def read_evaluation(
        self, folder: Path, done: Callable[[Evaluation], None], failed: Callable[[UserError], None]
    ) -> None:
        """Read a run's test result, or return it at once if it is known.

        Args:
            folder: the run folder.
            done: called with it.
            failed: called with why it cannot be read.
        """
        known = self._evaluations.get(folder)
        if known is not None:
            done(known)
            return

        def keep(found: Evaluation) -> None:
            self._evaluations.pop(folder, None)
            self._evaluations[folder] = found
            for old in list(self._evaluations)[:-MEASURED]:
                del self._evaluations[old]
            done(found)

        self.tasks.run(lambda _errand: _read_evaluation(folder), done=keep, failed=failed)

    def begin(self, order: RunOrder) -> None:
        """Freeze the project into a new run and train it; ends in `failed` where that cannot be."""
        try:
            self._training.begin(order)
        except UserError as error:
            self.failed.emit(error)

    def go_on(self, run: RunInfo) -> None:
        """Take up a training that was interrupted, where it was."""
        if not self.under_way:
            try:
                take_up(self._training, self._project_id, run)
            except UserError as error:
                self.failed.emit(error)

    def shut_down(self) -> None:
        """Stop reading; a training goes on. Safe to call twice."""
        self.tasks.stop()

    # -- inside ---------------------------------------------------------------------------------------------------

    def _take(self, runs: tuple[RunInfo, ...]) -> None:
        self._reloading = None
        self._runs = runs
        self._loaded = True
        self.changed.emit()

    def _hear(self, state: TrainingState) -> None:
        if state.project_id == self._project_id and state.live:
            self.changed.emit()

    def _hear_end(self, state: TrainingState) -> None:
        if state.project_id == self._project_id:
            self._evaluations.pop(state.folder, None)
            self.changed.emit()
            self.reload()


def take_up(training: TrainingController, project_id: str, run: RunInfo) -> None:
    """Go on with a training that was interrupted.

    Raises:
        ModelError: another one is under way.
    """
    # One that begins anew has no best epoch yet that it could be finished with, and no curve.
    history = run.state.history if run.state.kept_epochs else ()
    training.start(project_id, run.folder, resume=True, history=history, order=_what_is_left(run), name=run.name)


def _what_is_left(run: RunInfo) -> Order:
    """Return what is known of a training that is taken up again: its epochs, and how long they took."""
    history = run.state.history
    took = [record.seconds for record in history if record.phase == "adapt"]
    if not took:
        return Order()
    last = history[-1]
    return Order((last.epochs - last.epoch) * statistics.median(took) + RESUME_SECONDS, epochs=last.epochs)


def read_runs(folder: Path) -> tuple[RunInfo, ...]:
    """Return a project's trainings, the newest first. Reads the disk."""
    from mobilenet_gui.training.project_runs import runs_of

    found: list[RunInfo] = []
    for run in runs_of(folder)[:SHOWN_RUNS]:
        try:
            spec = run.spec()
        except UserError:
            continue  # a damaged one has nothing to show, and the others have
        found.append(
            RunInfo(run.path, run.state(), spec.name, spec.classes, spec.settings, len(spec.samples), spec.created)
        )
    return tuple(found)


def _read_evaluation(folder: Path) -> Evaluation:
    from mobilenet_gui.training.evaluation_file import read_evaluation

    return read_evaluation(RunFolder(folder).evaluation_path)
