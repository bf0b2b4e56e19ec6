"""Windows that are closed while something runs for them: nobody waits, nothing fails afterwards, nothing is lost."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget

from mobilenet_gui.core.cameras import Camera
from mobilenet_gui.training.project import Project
from mobilenet_gui.ui.finetune.desk import WizardDesk
from mobilenet_gui.ui.live.fullscreen import LiveFullScreen
from mobilenet_gui.ui.owned_window import close_with_owner
from mobilenet_gui.ui.wizard.capture_dialog import CaptureDialog
from mobilenet_gui.ui.wizard.data_page import DataPage
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from mobilenet_gui.ui.wizard.run_link import book_of
from mobilenet_gui.workers.capture import CameraWatcher
from mobilenet_gui.workers.executor import executor
from mobilenet_gui.workers.training import TrainingController
from tests.ui.test_wizard_capture import FakeCamera
from tests.ui.trained_parts import MakeTrained, TrainedBench, finished_run
from tests.ui.wizard_parts import SECONDS, WizardBench, class_id, counts, photos_in

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Gate:
    """Stands before a function: whoever calls it waits until a test opens it, and then calls it all the same."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.begun = threading.Event()
        self.open = threading.Event()

    def before(self, target: str) -> None:
        """Stand before what a dotted name says."""
        module, _, name = target.rpartition(".")
        real = getattr(importlib.import_module(module), name)

        def slowly(*arguments: object, **more: object) -> object:
            self.begun.set()
            assert self.open.wait(SECONDS / 1000)
            return real(*arguments, **more)

        self._patch.setattr(target, slowly)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate(monkeypatch)
    yield made
    made.open.set()


def _events() -> None:
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QCoreApplication.processEvents()


def _close(bench: WizardBench, dialog: WizardDialog) -> None:
    """Close a wizard as its desk does."""
    dialog.close()
    dialog.deleteLater()
    bench.dialogs.remove(dialog)
    _events()
    assert not shiboken6.isValid(dialog)


def _all_end(bench: WizardBench) -> None:
    """Wait for all but the threads that every wizard shares."""
    bench.wait(lambda: {job.thread.name for job in list(executor()._jobs) if job.thread} <= {"small-pictures-0"})
    _events()


# -- the wizard's tasks ------------------------------------------------------------------------------------------------


def _data_page(dialog: WizardDialog) -> DataPage:
    dialog.go("data")
    assert isinstance(dialog.current, DataPage)
    return dialog.current


def _read(gate: Gate, bench: TrainedBench, dialog: WizardDialog) -> None:
    gate.before("mobilenet_gui.training.dataset.read_source")
    _data_page(dialog).add_paths([photos_in(bench.place / "more", 2, 50)[0].parent])


def _copy(gate: Gate, bench: TrainedBench, dialog: WizardDialog) -> None:
    gate.before("mobilenet_gui.training.project_copies.copy_photos")
    bench.settings.update(copy_photos=True)
    _data_page(dialog).add_paths([photos_in(bench.place / "more", 2, 50)[0].parent])


def _paste(gate: Gate, _bench: TrainedBench, dialog: WizardDialog) -> None:
    gate.before("mobilenet_gui.training.project_copies.keep")
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    mime = QMimeData()
    mime.setImageData(image)
    _data_page(dialog).take(mime)


def _find(gate: Gate, bench: TrainedBench, dialog: WizardDialog) -> None:
    gate.before("mobilenet_gui.workers.lost_photos.find_lost")
    _data_page(dialog).intake.find_again(bench.place)


def _lost(gate: Gate, _bench: TrainedBench, dialog: WizardDialog) -> None:
    dialog.context.files.shut_down()  # it has asked already, as it was opened
    gate.before("mobilenet_gui.workers.photo_watch._look")
    dialog.context.files.ask()


def _check(gate: Gate, _bench: TrainedBench, dialog: WizardDialog) -> None:
    gate.before("mobilenet_gui.workers.checkup._write_order")
    dialog.go("check")


def _bases(gate: Gate, _bench: TrainedBench, dialog: WizardDialog) -> None:
    gate.before("mobilenet_gui.ui.wizard.settings_page.bases_of")
    dialog.go("settings")


def _times(gate: Gate, _bench: TrainedBench, dialog: WizardDialog) -> None:
    gate.before("mobilenet_gui.ui.wizard.estimating._times")
    dialog.go("settings")


def _runs(gate: Gate, _bench: TrainedBench, dialog: WizardDialog) -> None:
    gate.before("mobilenet_gui.workers.run_book.read_runs")
    book_of(dialog.context).reload()


def _evaluation(gate: Gate, bench: TrainedBench, dialog: WizardDialog) -> None:
    gate.before("mobilenet_gui.workers.run_book._read_evaluation")
    book = book_of(dialog.context)
    bench.wait(lambda: book.loaded)
    dialog.go("evaluate")


def _pictures(gate: Gate, _bench: TrainedBench, dialog: WizardDialog) -> None:
    gate.before("mobilenet_gui.workers.small_pictures.to_qimage")
    _data_page(dialog)
    dialog.context.shelf.get(next(iter(dialog.context.project.photos)))


@pytest.mark.parametrize(
    "begin", [_read, _copy, _paste, _find, _lost, _check, _bases, _times, _runs, _evaluation, _pictures]
)
def test_a_wizard_is_closed_while_its_tasks_run(
    make_trained: MakeTrained, gate: Gate, waits: list[str], begin: Callable[[Gate, TrainedBench, WizardDialog], None]
) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=4, Frogs=4)
    finished_run(project, wrong=(1,))
    dialog = bench.dialog(project)
    begin(gate, bench, dialog)
    bench.wait(gate.begun.is_set)

    waits.clear()
    _close(bench, dialog)
    assert waits == [], "the window's thread has waited"

    gate.open.set()
    _all_end(bench)  # an exception or a warning of Qt's fails the test


def test_a_project_that_is_closed_while_its_wizard_reads_is_saved(bench: WizardBench, gate: Gate) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    dialog = bench.dialog(project)
    gate.before("mobilenet_gui.training.dataset.read_source")
    _data_page(dialog).add_paths([bench.place])
    bench.wait(gate.begun.is_set)
    _close(bench, dialog)
    saved: list[bool] = []
    bench.tasks.close(project, lambda: saved.append(True))
    bench.wait(lambda: bool(saved))
    gate.open.set()
    _all_end(bench)
    assert not project.dirty


# -- windows that belong to another ------------------------------------------------------------------------------------


class Child(QWidget):
    """A window with something to clean up."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.cleaned: list[bool] = []
        close_with_owner(self)

    def closeEvent(self, event: object) -> None:
        owner = self.parentWidget()
        assert owner is not None
        self.cleaned.append(owner.isVisible())


@pytest.fixture
def family(qapp: QApplication) -> Iterator[tuple[QWidget, QWidget, Child]]:
    owner = QWidget()
    page = QWidget(owner)
    owner.show()
    child = Child(page)
    child.show()
    yield owner, page, child
    if shiboken6.isValid(owner):
        owner.close()
        owner.deleteLater()


def test_a_child_window_is_closed_before_its_owner(family: tuple[QWidget, QWidget, Child]) -> None:
    owner, _, child = family
    owner.close()
    assert child.cleaned == [True]
    owner.close()
    assert child.cleaned == [True], "once is enough"


def test_a_child_window_is_closed_before_its_owner_is_deleted(family: tuple[QWidget, QWidget, Child]) -> None:
    owner, _, child = family
    cleaned = child.cleaned
    owner.deleteLater()
    _events()
    assert not shiboken6.isValid(child)
    assert cleaned == [True]


def test_a_child_window_of_a_child_window_is_closed_too(family: tuple[QWidget, QWidget, Child]) -> None:
    owner, _, child = family
    grandchild = Child(child)
    grandchild.show()
    owner.close()
    assert grandchild.cleaned == [True]


def test_a_full_screen_gives_the_picture_back_when_its_window_goes(family: tuple[QWidget, QWidget, Child]) -> None:
    owner, page, _ = family
    full, left = LiveFullScreen(page), list[bool]()
    full.left.connect(lambda: left.append(True))
    full.open()
    owner.close()
    assert left == [True]


# -- the window that takes photos --------------------------------------------------------------------------------------


class Taking:
    """A wizard whose window for taking photos is open and holds the button."""

    def __init__(self, bench: WizardBench, monkeypatch: pytest.MonkeyPatch) -> None:
        FakeCamera.changing = True
        self.cameras: list[FakeCamera] = []

        def closed(camera: FakeCamera) -> None:
            self.cameras.append(camera)

        monkeypatch.setattr(FakeCamera, "close", closed)
        self.project: Project = bench.filled(Birds=2, Frogs=2)
        self.dialog = bench.dialog(self.project)
        page = self.dialog.current
        assert isinstance(page, DataPage)
        self.window = CaptureDialog(
            self.dialog.context, class_id(self.project, "Birds"), self.dialog,
            opener=FakeCamera, watcher=CameraWatcher(self.dialog, lister=lambda: (Camera(0, "Test camera"),)),
        )  # fmt: skip
        self.window.taken.connect(page.intake.add_taken)
        self.window.show()
        bench.wait(self.window.hold.isEnabled)
        self.window.hold.press()
        bench.wait(lambda: self.window.strip.count() >= 2)

    def written(self) -> int:
        return len([path for path in (self.project.folder / "photos").rglob("*.jpg") if path.is_file()])


@pytest.fixture
def taking(bench: WizardBench, monkeypatch: pytest.MonkeyPatch) -> Taking:
    return Taking(bench, monkeypatch)


def _all_is_well(bench: WizardBench, taking: Taking) -> None:
    if not shiboken6.isValid(taking.dialog):
        del taking.dialog, taking.window  # pytest-qt would close what Python still knows
    _all_end(bench)
    bench.wait(lambda: bool(taking.cameras))
    assert not [t.name for t in threading.enumerate() if t.name in ("camera-watcher", "burst-recorder", "frame-reader")]


@pytest.mark.parametrize("how", ["closed", "closed and deleted", "deleted"])
def test_the_wizard_goes_under_its_window_for_taking_photos(
    bench: WizardBench, taking: Taking, waits: list[str], how: str
) -> None:
    """By Alt+F4 on the wizard, by its desk, or by nothing but its deletion."""
    waits.clear()
    if "closed" in how:
        taking.dialog.close()
    if "deleted" in how:
        taking.dialog.deleteLater()
        bench.dialogs.remove(taking.dialog)
    _events()
    assert waits == []
    _all_is_well(bench, taking)
    assert counts(taking.project)["Birds"] == 2 + taking.written(), "a photo was written that the project lacks"


def test_the_wizard_is_destroyed_without_a_word(bench: WizardBench, taking: Taking) -> None:
    """As when the program is torn down: there is no event then, and no clean-up but the executor's."""
    bench.dialogs.remove(taking.dialog)
    shiboken6.delete(taking.dialog)
    _all_is_well(bench, taking)


@pytest.mark.parametrize("end", ["close the project", "quit"])
def test_photos_that_are_still_being_written_come_into_the_project(
    bench: WizardBench, taking: Taking, gate: Gate, end: str
) -> None:
    gate.before("mobilenet_gui.training.project_copies.keep")
    bench.wait(gate.begun.is_set)
    known = counts(taking.project)["Birds"]
    _close(bench, taking.dialog)
    saved: list[bool] = []
    if end == "close the project":
        bench.tasks.close(taking.project, lambda: saved.append(True))
        _events()
        assert not saved, "the project was closed before its photos were there"
        gate.open.set()
        bench.wait(lambda: bool(saved))
    else:
        threading.Timer(0.05, gate.open.set).start()
        bench.tasks.shut_down()
    _all_is_well(bench, taking)
    assert counts(taking.project)["Birds"] == 2 + taking.written() > known
    assert not taking.project.dirty


def test_the_program_ends_under_the_window_for_taking_photos(
    bench: WizardBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TrainingController, "warm", lambda _self: None)  # no TensorFlow for this
    desk = WizardDesk(bench.settings, bench.store, lambda: bench.models, bench.active)
    desk.begin()
    bench.wait(lambda: bool(desk.dialogs) and desk.dialogs[0].isVisible())
    page = desk.dialogs[0].current
    assert isinstance(page, DataPage)
    page.take_photos("")
    window = page._capture
    assert window is not None
    assert window.isVisible()
    closed: list[bool] = []
    window.closed.connect(lambda: closed.append(True))
    del page, window
    desk.shut_down()
    _events()
    assert closed == [True]
    assert executor().stop(SECONDS / 1000)
    desk.deleteLater()
