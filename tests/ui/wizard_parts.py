"""A wizard for tests: a real project on the disk, the real tasks, and no training process."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PIL import Image
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.ui.wizard.context import WizardContext, WizardHub
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from mobilenet_gui.ui.wizard.photo_shelf import PhotoShelf
from mobilenet_gui.workers.active_model import ActiveModel
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.models import ModelTasks
from mobilenet_gui.workers.projects import Opened, ProjectTasks
from mobilenet_gui.workers.small_pictures import SmallPictures
from mobilenet_gui.workers.training import TrainingController
from tests.fake_work import FakeWork
from tests.photo_samples import shapes

SECONDS = 60_000


def photo(path: Path, seed: int = 0, size: tuple[int, int] = (96, 72)) -> Path:
    """Write a photo that no other seed makes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shapes(*size, seed=seed).save(path)
    return path


def photos_in(folder: Path, count: int, seed: int = 0) -> list[Path]:
    """Write photos into a folder."""
    return [photo(folder / f"{n:03}.png", seed + n) for n in range(count)]


class WizardBench:
    """A wizard with everything it needs."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        theme().apply()
        self.qtbot = qtbot
        self.place = folder / "pictures"
        self.settings = SettingsStore(folder / "settings.json")
        self.store = ModelStore(folder / "models", folder / "builtin")
        self.tasks = ProjectTasks(ProjectStore(paths.projects_dir()))
        self.models = ModelTasks(FakeWork(self.store), self.store)
        self.training = TrainingController()
        self.pictures = SmallPictures(folder / "thumbnails")
        self.inference = InferenceWorker()
        self.inference.start()
        self.active = ActiveModel(self.store, self.inference)
        self.dialogs: list[WizardDialog] = []

    def project(self, name: str = "Garden") -> Project:
        """Make an empty project, open."""
        made: list[Opened] = []
        self.tasks.create(name, made.append, _unexpected)
        self.qtbot.waitUntil(lambda: bool(made), timeout=SECONDS)
        return made[0].project

    def filled(self, **counts: int) -> Project:
        """Make a project with so many photos a class."""
        project, seed = self.project(), 0
        for name, count in counts.items():
            paths_ = photos_in(self.place / name, count, seed)
            project.add_photos([NewPhoto(path, class_name=name) for path in paths_])
            seed += count
        return project

    def dialog(self, project: Project) -> WizardDialog:
        """Open a project's wizard at its first step."""
        hub = WizardHub()
        shelf = PhotoShelf(self.pictures, lambda i: None if (p := project.photo(i)) is None else p.path)

        def context(toasts: ToastHost) -> WizardContext:
            return WizardContext(
                project, self.tasks, self.training, self.store, self.models, self.active, self.settings, shelf,
                toasts, hub,
            )  # fmt: skip

        dialog = WizardDialog(context)
        hub.setParent(dialog)
        shelf.setParent(dialog)
        hub.follow(project)
        self.qtbot.addWidget(dialog)
        self.dialogs.append(dialog)
        dialog.open_at()
        return dialog

    def wait(self, condition: Callable[[], bool]) -> None:
        """Run the event loop until `condition` holds."""
        self.qtbot.waitUntil(condition, timeout=SECONDS)

    def shut_down(self) -> None:
        """End everything."""
        for dialog in self.dialogs:
            dialog.close()
        self.tasks.shut_down()
        self.models.shut_down()
        self.training.shut_down()
        self.pictures.stop()
        self.inference.stop()


def names(project: Project) -> list[str]:
    """Return the names of a project's classes."""
    return [one.name for one in project.classes]


def counts(project: Project) -> dict[str, int]:
    """Return how many photos each class has, by name."""
    return {one.name: project.count(one.id) for one in project.classes}


def class_id(project: Project, name: str) -> str:
    """Return the id of a class."""
    found = project.class_named(name)
    assert found is not None
    return found.id


def copies(paths_: Iterable[Path], folder: Path) -> list[Path]:
    """Write the same photos again, in another folder."""
    made = []
    for path in paths_:
        target = folder / f"copy {path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.open(path).save(target)
        made.append(target)
    return made


def _unexpected(error: Exception) -> None:
    raise AssertionError(error)
