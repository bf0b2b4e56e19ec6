"""Owns what the wizard's pages share: the project, how far it is, and whoever does the work for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QObject, Signal

from mobilenet_gui.workers.photo_watch import PhotoWatch

if TYPE_CHECKING:
    from mobilenet_gui.core.store import ModelStore
    from mobilenet_gui.settings import SettingsStore
    from mobilenet_gui.training.project import Change, Project
    from mobilenet_gui.ui.widgets.toast import ToastHost
    from mobilenet_gui.ui.wizard.photo_shelf import PhotoShelf
    from mobilenet_gui.workers.active_model import ActiveModel
    from mobilenet_gui.workers.models import ModelTasks
    from mobilenet_gui.workers.projects import ProjectTasks
    from mobilenet_gui.workers.training import TrainingController


class WizardHub(QObject):
    """What pages tell one another and the window outside.

    Attributes:
        project_changed: a `Change` of the project; views bring themselves up to it.
        stale: what the list of steps or the footer shows may be another; the dialog looks again.
        go: a step is to be shown; its key.
        show_photos: photos are to be shown in the data step; a tuple of photo ids.
        find_photos: photos are missing, and somebody wants to say where they are now.
        model_used: the new model was made the active one and a page of the main window is wanted: "live" or "photos".
        camera_wanted: a camera is about to be opened here; whoever else in this program has one lets it go.
    """

    project_changed = Signal(object)
    stale = Signal()
    go = Signal(str)
    show_photos = Signal(object)
    find_photos = Signal()
    model_used = Signal(str)
    camera_wanted = Signal()

    def follow(self, project: Project) -> None:
        """Emit `project_changed` for this project; it may live on after the wizard."""

        def tell(change: Change) -> None:
            if shiboken6.isValid(self):
                self.project_changed.emit(change)
            else:
                end()

        end = project.subscribe(tell)


@dataclass(slots=True)
class LatestRun:
    """What is known of the project's latest run without asking the disk.

    Attributes:
        folder: of the run.
        status: as `RunState.status`.
        note: a few words for the list of steps: "3:40 left", "Finished in 8 min"; empty for none.
        accuracy: share of test photos answered correctly by the latest *finished* run, 0..1; None without one.
        has_model: a run has finished; with too few photos for a test it has no accuracy.
    """

    folder: Path | None = None
    status: str = ""
    note: str = ""
    accuracy: float | None = None
    has_model: bool = False


@dataclass(slots=True)
class Checkup:
    """What is known of the last examination.

    Attributes:
        revision: of the project when it was examined; -1 before.
        to_fix: findings that are not fixed and more than hints.
        to_look: hints that are still open.
        outdated: the photos have changed in this sitting and were not examined since.
    """

    revision: int = -1
    to_fix: int = 0
    to_look: int = 0
    outdated: bool = False


@dataclass(slots=True)
class WizardContext:
    """Everything a page needs.

    Attributes:
        project: the open project. Lives in the window's thread; changed only by its own operations.
        tasks: does a project's disk work: saves, reads sources, copies photos, makes small pictures.
        training: runs trainings, exports and doctor jobs in the worker process, for all projects of this program.
        store: the installed models.
        models: what is done to models (install, rename, measure).
        active: which model answers in Photos and Live.
        settings: the program's settings.
        shelf: small pictures of the project's photos by photo id; see `PhotoShelf`.
        toasts: shows what was just done, with a way back.
        hub: signals between the pages.
        latest: of the runs; whoever learns more of one changes it and emits `hub.stale`.
        checkup: of the last examination.
        files: knows which photos' files are gone.
    """

    project: Project
    tasks: ProjectTasks
    training: TrainingController
    store: ModelStore
    models: ModelTasks
    active: ActiveModel
    settings: SettingsStore
    shelf: PhotoShelf
    toasts: ToastHost
    hub: WizardHub
    latest: LatestRun = field(default_factory=LatestRun)
    checkup: Checkup = field(default_factory=Checkup)
    files: PhotoWatch = field(init=False)

    def __post_init__(self) -> None:
        self.files = PhotoWatch(self.project, self.tasks.runner)
