"""Owns what becomes of a training that ended, whoever watches: its model is put into Models, and it is told.

It lives as long as the program. What a start of the program did not come to, the next one takes up: which training was
under way is noted, and `recall` looks what became of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, Signal, Slot

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ProjectError, StorageError, UserError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.training.project_runs import RUNS_NAME
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_summary import summary_of
from mobilenet_gui.training.run_folder import RunFolder, RunState
from mobilenet_gui.workers.models import ModelTasks
from mobilenet_gui.workers.photo_tasks import TaskRunner
from mobilenet_gui.workers.run_install import install_key, install_trained, installed_model
from mobilenet_gui.workers.training import TrainingController
from mobilenet_gui.workers.training_state import TrainingState

_LOOKS, _LOOK_SECONDS = 20, 0.25


@dataclass(frozen=True, slots=True)
class TrainingNews:
    """What became of a training.

    Attributes:
        kind: `ready`: its model is in Models. `stopped`: it failed. `unsaved`: its model could not be put into Models.
            `interrupted`: the program ended before it did.
        project_id: whose.
        name: of the model.
        model_id: of the one in Models; empty where there is none.
        accuracy: share of the test photos answered correctly, 0-1; None where it was not tested.
        error: why not; None where all is well.
        there: its project is still there.
        epoch: epochs that need not be done again, of one that was interrupted.
        epochs: of how many.
    """

    kind: Literal["ready", "stopped", "unsaved", "interrupted"]
    project_id: str
    name: str
    model_id: str = ""
    accuracy: float | None = None
    error: UserError | None = None
    there: bool = True
    epoch: int = 0
    epochs: int = 0


@dataclass(frozen=True, slots=True)
class _Ended:
    """A training with a model that is not in Models yet."""

    project_id: str
    name: str
    folder: Path
    accuracy: float | None


class RunHarvest(QObject):
    """Takes the models of trainings in. All methods belong to the thread that made it, and all signals arrive there.

    Attributes:
        told: what became of a training: its `TrainingNews`. One that a person stopped tells nothing.
    """

    told = Signal(object)

    def __init__(
        self,
        training: TrainingController,
        models: Callable[[], ModelTasks],
        store: ModelStore,
        projects: ProjectStore,
        *,
        settings: SettingsStore,
    ) -> None:
        super().__init__(training)
        self._models, self._store, self._projects, self._settings = models, store, projects, settings
        self._waiting: dict[str, _Ended] = {}
        self._heard: ModelTasks | None = None
        self._runner = TaskRunner(self)
        training.changed.connect(self._note)
        training.ended.connect(self._ended)

    def recall(self) -> None:
        """Look what became of the training that was under way when the program ended."""
        noted = self._settings.values.unfinished_training
        if not noted:
            return
        project_id, _, run = noted.partition("/")
        folder = self._projects.projects_dir / project_id
        store = self._store
        self._runner.run(
            lambda errand: _what_became(store, folder, run, errand.cancelled),
            done=self._recalled,
            failed=lambda _error: self._forget(),
        )

    def dismiss(self, project_id: str) -> None:
        """Offer a training that was interrupted no longer; its project still does."""
        if self._settings.values.unfinished_training.partition("/")[0] == project_id:
            self._forget()

    def shut_down(self) -> None:
        """Stop looking."""
        self._runner.stop()

    # -- inside -----------------------------------------------------------------------------------------------------

    @Slot(object)
    def _note(self, state: TrainingState) -> None:
        if state.live:
            self._remember(state.project_id if state.preparing else f"{state.project_id}/{state.folder.name}")

    @Slot(object)
    def _ended(self, state: TrainingState) -> None:
        if state.outcome == "successful":
            ended = _Ended(state.project_id, state.name, state.folder, state.result.get("accuracy"))
            self._install(ended)
            return
        self._forget()
        if state.outcome in ("failed", "crashed"):
            there = (self._projects.projects_dir / state.project_id).is_dir()
            error = state.error if there else ProjectError("", tr("Its project was deleted."))
            self.told.emit(TrainingNews("stopped", state.project_id, state.name, error=error, there=there))

    def _install(self, ended: _Ended) -> None:
        models, store = self._models(), self._store
        if self._heard is not models:
            self._heard = models
            models.returned.connect(self._installed)
            models.failed.connect(self._refused)
        key = install_key(ended.folder)
        self._waiting[key] = ended
        models.install(key, ended.name, lambda: install_trained(store, ended.folder, ended.project_id))

    @Slot(str, object)
    def _installed(self, key: str, result: object) -> None:
        ended = self._waiting.pop(key, None)
        if ended is None or not isinstance(result, Bundle):
            return
        self._forget()
        self.told.emit(TrainingNews("ready", ended.project_id, result.name, result.id, ended.accuracy))

    @Slot(str, object)
    def _refused(self, key: str, error: UserError) -> None:
        ended = self._waiting.pop(key, None)
        if ended is None:
            return
        self._models().dismiss(key)
        there = ended.folder.is_dir()
        if not there:
            error = ProjectError("", tr("Its project was deleted."))
        if not isinstance(error, StorageError):  # a full disk may have room the next time
            self._forget()
        self.told.emit(TrainingNews("unsaved", ended.project_id, ended.name, error=error, there=there))

    def _recalled(self, found: _Ended | TrainingNews | None) -> None:
        if isinstance(found, _Ended):
            self._install(found)
        elif isinstance(found, TrainingNews):
            self.told.emit(found)
        else:
            self._forget()

    def _forget(self) -> None:
        self._remember("")

    def _remember(self, what: str) -> None:
        if self._settings.values.unfinished_training != what:
            self._settings.update(unfinished_training=what)


def _what_became(
    store: ModelStore, folder: Path, run_name: str, cancelled: threading.Event
) -> _Ended | TrainingNews | None:
    """Return what there is to do or to tell of a training that was under way; None where nothing."""
    summary = summary_of(folder)
    if not folder.is_dir() or summary.problem:
        return None
    if not run_name:  # it had only begun: nothing of it is on the disk
        return TrainingNews("interrupted", folder.name, summary.name)
    run = RunFolder(folder / RUNS_NAME / run_name)
    state = run.state() if run.exists else RunState()
    for _ in range(_LOOKS):  # the process of a program that was killed needs a moment to notice
        if state.status not in ("running", "paused") or cancelled.wait(_LOOK_SECONDS):
            break
        state = run.state()
    if state.status == "finished":
        before = installed_model(store, folder.name)
        taken = before is not None and before.manifest.provenance.run >= run_name
        return None if taken else _Ended(folder.name, summary.name, run.path, state.accuracy)
    if state.standing != "interrupted":
        return None
    planned = state.history[-1].epochs if state.history else 0
    return TrainingNews("interrupted", folder.name, summary.name, epoch=state.kept_epochs, epochs=planned)
