"""The main window put together: the first result, drops, another start's photos, faults, the way out."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mobilenet_gui import crash, paths
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.crash_dialog import CrashDialog, CrashReporter
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.theme import theme
from tests.model_factory import make_bundle

SECONDS = 20_000
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "rot ü 猫.png"
    Image.new("RGB", (64, 48), "red").save(path)
    return path


@pytest.fixture
def store() -> ModelStore:
    store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
    with store.staging_folder() as staging:
        make_bundle(staging)
        bundle = store.install(staging)
    store.activate(bundle.id)
    return store


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Callable[[], MainWindow]]:
    made: list[MainWindow] = []

    def make() -> MainWindow:
        settings = SettingsStore(paths.settings_file())
        store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
        window = MainWindow(settings, store, theme(), StartupTrace(False))
        made.append(window)
        window.show()
        return window

    yield make
    for one in made:
        one.close()
        one.deleteLater()


def test_a_photo_from_the_command_line_is_recognised(
    qtbot: QtBot, window: Callable[[], MainWindow], store: ModelStore, photo: Path
) -> None:
    main = window()
    with qtbot.waitSignal(main.photos.first_result):
        main.start([str(photo)])
    current = main.photos.controller.current
    assert current is not None
    assert current.recognition is not None
    assert current.recognition.best.label == "red"


def test_without_a_model_the_way_to_one_is_offered(qtbot: QtBot, window: Callable[[], MainWindow], photo: Path) -> None:
    main = window()
    main.start([str(photo)])
    qtbot.waitUntil(lambda: len(main.photos.controller.session) == 1)
    main.photos.models_requested.emit("show")
    qtbot.waitUntil(lambda: main._pages.currentWidget() is main._built["models"])


def _drag(urls: list[Path]) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in urls])
    return mime


def test_a_drop_anywhere_reaches_photos(
    qtbot: QtBot, window: Callable[[], MainWindow], store: ModelStore, photo: Path
) -> None:
    main = window()
    main.start([])
    main.show_page("models")
    mime = _drag([photo])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    enter = QDragEnterEvent(QPointF(5, 5).toPoint(), actions, mime, buttons, keys)
    QApplication.sendEvent(main, enter)
    assert enter.isAccepted()
    drop = QDropEvent(QPointF(5, 5), actions, mime, buttons, keys)
    with qtbot.waitSignal(main.photos.first_result):
        QApplication.sendEvent(main, drop)
    assert drop.dropAction() == Qt.DropAction.CopyAction, "a move would delete the user's photo"
    assert main._pages.currentWidget() is main.photos


@pytest.mark.qt_log_ignore("does not support raise")  # the offscreen platform has one window at most in front
def test_photos_of_a_second_start_come_to_the_front(
    qtbot: QtBot, window: Callable[[], MainWindow], store: ModelStore, photo: Path
) -> None:
    main = window()
    main.start([])
    main.show_page("settings")
    with qtbot.waitSignal(main.photos.first_result):
        main.open_from_other_start([str(photo)])
    assert main._pages.currentWidget() is main.photos


def test_geometry_is_remembered(qtbot: QtBot, window: Callable[[], MainWindow]) -> None:
    first = window()
    first.resize(800, 650)  # the offscreen screen is small, and a window wider than it is brought back
    first.close()
    assert SettingsStore(paths.settings_file()).values.window_geometry
    second = window()
    assert (second.width(), second.height()) == (800, 650)


def test_a_busy_disk_does_not_hold_the_window(
    qtbot: QtBot, window: Callable[[], MainWindow], store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, held = threading.Event(), []
    real = os.fsync

    def busy(descriptor: int) -> None:
        held.append(threading.current_thread() is threading.main_thread())
        assert free.wait(SECONDS / 1000)
        real(descriptor)

    with store.staging_folder() as staging:
        make_bundle(staging, bundle_id="pets", name="Pets")
        store.install(staging)
    main = window()
    main.start([])
    qtbot.waitUntil(lambda: main.active.bundle is not None and not main.active.busy, timeout=SECONDS)
    monkeypatch.setattr(os, "fsync", busy)
    for folder in ("a", "b", "c"):
        main._settings.update(last_folder=folder)
    main.active.use("pets")
    qtbot.waitUntil(lambda: len(held) == 2, timeout=SECONDS)
    assert not any(held), "the window's thread waited for the disk"
    main.active.check()  # as when the window comes to the front: the file still names the former model
    assert main.active.bundle is not None
    assert main.active.bundle.id == "pets"
    free.set()
    main.close()
    assert SettingsStore(paths.settings_file()).values.last_folder == "c"
    assert store.chosen_id() == "pets"


def test_settings_that_cannot_be_saved_are_said_once_and_hold(
    qtbot: QtBot, window: Callable[[], MainWindow], store: ModelStore
) -> None:
    main = window()
    paths.settings_file().mkdir(parents=True)  # no file can be put there
    main._settings.update(include_subfolders=False)
    qtbot.waitUntil(main.toasts.is_showing, timeout=SECONDS)
    assert "The settings could not be saved: " in main.toasts.toast.label.text()
    assert str(paths.settings_file()) in main.toasts.toast.label.text()
    main.toasts.dismiss()
    main._settings.update(explain=True)
    assert main._saving.finish()
    QApplication.processEvents()
    assert not main.toasts.is_showing()
    assert not main._settings.values.include_subfolders


def test_a_damaged_settings_file_is_said_in_the_window(qtbot: QtBot, window: Callable[[], MainWindow]) -> None:
    paths.settings_file().parent.mkdir(parents=True)
    paths.settings_file().write_text("{broken")
    main = window()
    main.start([])
    qtbot.waitUntil(main.toasts.toast.isVisible)


def test_an_unexpected_exception_shows_a_report_and_the_program_goes_on(
    qtbot: QtBot, window: Callable[[], MainWindow], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = window()
    main.start([])
    reporter = CrashReporter(main)
    undo = crash.install(tmp_path, reporter.report)
    try:
        try:
            raise RuntimeError("the sky fell")
        except RuntimeError as error:
            sys.excepthook(type(error), error, error.__traceback__)
    finally:
        undo()

    def dialogs() -> list[CrashDialog]:
        return main.findChildren(CrashDialog)

    qtbot.waitUntil(lambda: any(d.isVisible() for d in dialogs()))
    dialog = dialogs()[0]
    assert not dialog.isModal()
    dialog._copy.click()
    assert "the sky fell" in QGuiApplication.clipboard().text()
    dialog.accept()
    main.show_page("models")
    assert "the sky fell" in capsys.readouterr().err


_WINDOW_WITHOUT_TENSORFLOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui import paths
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.theme import theme
app = QApplication([])
theme().apply()
store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
window = MainWindow(SettingsStore(paths.settings_file()), store, theme(), StartupTrace(True))
window.show()
for page in ("models", "settings", "photos"):
    window.show_page(page)
window.photos.first_result.connect(app.quit)
QTimer.singleShot(60_000, lambda: app.exit(7))
window.start(sys.argv[1:])
code = app.exec()
loaded = {"tensorflow", "keras", "cv2", "h5py"} & set(sys.modules)
window.shut_down()
assert not loaded, loaded
sys.exit(code)
"""


def test_the_window_process_never_loads_tensorflow(store: ModelStore, photo: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WINDOW_WITHOUT_TENSORFLOW, str(photo)],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for milestone in ("window shown: ", "model ready: ", "first result: "):
        assert milestone in done.stderr
