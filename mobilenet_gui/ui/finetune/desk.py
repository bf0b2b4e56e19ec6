"""Owns the wizards: opens a project in its window, keeps it saved, lets it go; tells the main window of trainings.

Everything that a wizard needs is made here when the first one is wanted, and ended with the program.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from mobilenet_gui import paths
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.ui import icons
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.ui.widgets.turns import next_turn
from mobilenet_gui.ui.wizard.context import LatestRun, WizardContext, WizardHub
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from mobilenet_gui.ui.wizard.flow import KEYS, Key
from mobilenet_gui.ui.wizard.photo_shelf import PhotoShelf
from mobilenet_gui.ui.wizard.training_words import cut_short, left_words
from mobilenet_gui.workers.active_model import ActiveModel
from mobilenet_gui.workers.photo_tasks import Errand
from mobilenet_gui.workers.photo_threads import share_interpreter
from mobilenet_gui.workers.projects import Opened, ProjectTasks
from mobilenet_gui.workers.run_book import RunInfo, read_runs, take_up
from mobilenet_gui.workers.run_harvest import RunHarvest
from mobilenet_gui.workers.small_pictures import SmallPictures
from mobilenet_gui.workers.training import TrainingController
from mobilenet_gui.workers.training_state import TrainingState

if TYPE_CHECKING:
    from mobilenet_gui.workers.models import ModelTasks

_NEEDED = (
    "mobilenet_gui.model_service",
    "mobilenet_gui.workers.models",
    "mobilenet_gui.training.dataset",
    "mobilenet_gui.training.process",
    "mobilenet_gui.core.thumbnails",
    "mobilenet_gui.ui.wizard.data_page",
    "mobilenet_gui.ui.wizard.check_page",
)
_PAINTED_MS = 60
"""So long after it was shown a wizard has been painted; what then reads folders or starts a worker would have had the
window's thread wait for the interpreter and the processor at every stroke."""


class WizardDesk(QObject):
    """Opens and closes wizards.

    Attributes:
        failed: a project could not be opened; a `UserError`.
        model_used: a new model was made the active one and a page is wanted: "live" or "photos".
        camera_wanted: a wizard is about to open a camera.
        training_changed: project id, share done (None where unknown) and words of the training under way.
        training_ended: none is under way any more.
        work_ended: `under_way` tells of less.
        tasks: does the projects' disk work.
        training: runs trainings.
        harvest: takes their models in, and tells of them.
        pictures: makes small pictures.
    """

    failed = Signal(object)
    model_used = Signal(str)
    camera_wanted = Signal()
    training_changed = Signal(str, object, str)
    training_ended = Signal()
    work_ended = Signal()

    def __init__(
        self,
        settings: SettingsStore,
        store: ModelStore,
        models: Callable[[], ModelTasks],
        active: ActiveModel,
        parent: QObject | None = None,
    ) -> None:
        """Make it; nothing is opened.

        Args:
            settings: the program's.
            store: the installed models.
            models: returns what is done to models.
            active: which model answers.
            parent: as for every QObject.
        """
        super().__init__(parent)
        self._settings, self._store, self._models, self._active = settings, store, models, active
        self.tasks = ProjectTasks(ProjectStore(paths.projects_dir()), self)
        self.pictures = SmallPictures(paths.thumbnails_dir(), self)
        self.training = TrainingController(self)
        self.harvest = RunHarvest(self.training, models, store, self.tasks.store, settings=settings)
        self._dialogs: dict[str, WizardDialog] = {}
        self._new: set[str] = set()
        self._opening: set[str] = set()
        self.training.changed.connect(self._training_changed)
        self.training.exports.ended.connect(self.work_ended)
        self.tasks.written.connect(self.work_ended)
        self.tasks.save_failed.connect(self._save_failed)
        self.tasks.clean()
        self._preload()

    # -- called from outside ----------------------------------------------------------------------------------------

    def dialog(self, project_id: str) -> WizardDialog | None:
        """Return the wizard of a project, if it is open."""
        return self._dialogs.get(project_id)

    @property
    def dialogs(self) -> list[WizardDialog]:
        """The wizards that are open."""
        return list(self._dialogs.values())

    def open(self, project_id: str, step: str = "") -> None:
        """Open a project in its wizard, or bring that to the front; at `step`, if it can be gone to."""
        dialog = self._dialogs.get(project_id)
        if dialog is not None:
            dialog.open_at(_step(step))
            return
        if project_id not in self._opening:  # it is read from the disk; two wizards would share one project
            self._opening.add(project_id)
            self.tasks.open(
                project_id,
                lambda opened: self._opened(opened, step=_step(step)),
                lambda error: self._not_opened(project_id, error),
            )

    def _not_opened(self, project_id: str, error: UserError) -> None:
        self._opening.discard(project_id)
        self.failed.emit(error)

    def go_on(self, project_id: str) -> None:
        """Go on with a project's training that was interrupted; its wizard need not be open."""
        folder = self.tasks.store.projects_dir / project_id

        def begin(runs: tuple[RunInfo, ...]) -> None:
            run = next((run for run in runs if run.state.can_go_on), None)
            try:
                if run is not None:
                    take_up(self.training, project_id, run)
            except UserError as error:
                self.failed.emit(error)

        self.tasks.runner.run(lambda _errand: read_runs(folder), done=begin, failed=self.failed.emit)

    def begin(self, places: Sequence[Path] = (), base: str = "") -> None:
        """Make a new project and open it, with files and folders to begin with; these may name it.

        Args:
            places: the files and folders.
            base: id of the model to start from; by default the project's own choice.
        """

        def made(opened: Opened) -> None:
            self._new.add(opened.project.id)
            if base:
                opened.project.set_settings(replace(opened.project.settings, base=base))
            self._opened(opened, places)

        self.tasks.create(tr("New model"), made, self.failed.emit)

    def under_way(self) -> tuple[str, ...]:
        """Return what the end of the program would cut short, a sentence each."""
        found = []
        if self.training.busy and self.training.state is not None:
            found.append(cut_short(self.training.state))
        if self.training.exports.state is not None:
            found.append(tr("A model is being exported. Formats that are finished stay; the others are not written."))
        if self.tasks.writing:
            found.append(tr("A project is being written to one file. That file is not written then."))
        return tuple(found)

    def tell_training(self) -> None:
        """Tell again how the training under way stands, for who has come to listen."""
        if self.training.busy and self.training.state is not None:
            self._training_changed(self.training.state)

    def reload_runs(self, project_id: str) -> None:
        """Have an open wizard look at its trainings anew: they changed outside of it."""
        dialog = self._dialogs.get(project_id)
        if dialog is not None:
            from mobilenet_gui.ui.wizard.run_link import book_of

            book_of(dialog.context).reload()

    def shut_down(self) -> None:
        """Close all wizards, save, and end what runs; safe to call twice."""
        for dialog in self.dialogs:
            dialog.blockSignals(True)
            dialog.close()
            dialog.deleteLater()
        self._dialogs.clear()
        self.tasks.shut_down()
        self.harvest.shut_down()
        self.training.shut_down()
        self.pictures.stop()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _opened(self, opened: Opened, places: Sequence[Path] = (), step: Key | None = None) -> None:
        project = opened.project
        self._opening.discard(project.id)
        hub = WizardHub()
        shelf = PhotoShelf(self.pictures, lambda photo_id: _path_of(project, photo_id))

        def context(toasts: ToastHost) -> WizardContext:
            return WizardContext(
                project=project,
                tasks=self.tasks,
                training=self.training,
                store=self._store,
                models=self._models(),
                active=self._active,
                settings=self._settings,
                shelf=shelf,
                toasts=toasts,
                hub=hub,
                latest=_latest(opened),
            )

        dialog = WizardDialog(context)
        hub.setParent(dialog)
        shelf.setParent(dialog)
        self._dialogs[project.id] = dialog
        hub.follow(project)
        hub.model_used.connect(self.model_used)
        hub.camera_wanted.connect(self.camera_wanted)
        dialog.closed.connect(lambda: self._closed(project))
        # One thing a turn of the event loop, so that the main window goes on between them.
        next_turn(dialog, lambda: self._prepare(dialog, places, step))

    def _prepare(self, dialog: WizardDialog, places: Sequence[Path], step: Key | None) -> None:
        dialog.prepare(step)
        next_turn(dialog, lambda: self._show(dialog, places))

    def _show(self, dialog: WizardDialog, places: Sequence[Path]) -> None:
        owner = self.parent()
        if isinstance(owner, QWidget):
            dialog.place_over(owner)
        dialog.open_at()
        problem = dialog.context.project.problem
        if problem:
            dialog.context.toasts.show_message(problem)
        painted = QTimer(dialog)
        painted.setSingleShot(True)
        painted.timeout.connect(lambda: self._begin_work(dialog, places))
        dialog.closed.connect(painted.stop)
        painted.start(_PAINTED_MS)

    def _begin_work(self, dialog: WizardDialog, places: Sequence[Path]) -> None:
        self.training.warm()
        if not places:
            return
        from mobilenet_gui.ui.wizard.data_page import DataPage

        dialog.go("data")
        if isinstance(dialog.current, DataPage):
            dialog.current.add_paths(places)

    def _preload(self) -> None:
        """Read in a thread what the first wizard needs from the disk, so that it opens without a hold."""

        def work(_errand: Errand) -> None:
            share_interpreter()
            for name in _NEEDED:
                importlib.import_module(name)
            icons.preload()

        self.tasks.runner.run(work, done=lambda _none: None, failed=lambda _error: None)

    def _save_failed(self, project_id: str, error: UserError) -> None:
        dialog = self._dialogs.get(project_id)
        if dialog is not None:
            words = tr("Not saved yet: {reason} It is tried again.").format(reason=error.reason)
            dialog.context.toasts.show_message(words)

    def _closed(self, project: Project) -> None:
        dialog = self._dialogs.pop(project.id, None)
        if dialog is not None:
            dialog.deleteLater()
        if not self._dialogs:
            self.training.cool()
        empty = project.id in self._new and not project.classes and not project.photos
        self._new.discard(project.id)

        def gone() -> None:
            # A new project that nobody put anything into was only looked at.
            if empty:
                self.tasks.delete(project.id, lambda _token: None, self.failed.emit)

        self.tasks.close(project, gone)

    def _training_changed(self, state: TrainingState) -> None:
        if state.live:
            self.training_changed.emit(state.project_id, state.share, left_words(state))
        else:
            self.training_ended.emit()
            self.work_ended.emit()


def _step(name: str) -> Key | None:
    return next((key for key in KEYS if key == name), None)


def _path_of(project: Project, photo_id: str) -> Path | None:
    photo = project.photo(photo_id)
    return None if photo is None else photo.path


def _latest(opened: Opened) -> LatestRun:
    status = "" if opened.state is None else opened.state.standing
    return LatestRun(opened.run, status, "", opened.accuracy)
