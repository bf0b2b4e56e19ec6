"""Live in the real window: a dropped video plays there, and OpenCV beside our Qt on a real display does no harm."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.live.page import LivePage
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.theme import theme
from tests.model_factory import make_bundle
from tests.video_files import RED, colours
from tests.xvfb import AVAILABLE, xvfb

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store() -> ModelStore:
    store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
    with store.staging_folder() as staging:
        make_bundle(staging)
        bundle = store.install(staging)
    store.activate(bundle.id)
    return store


@pytest.fixture
def window(qtbot: QtBot, store: ModelStore) -> Iterator[MainWindow]:
    made = MainWindow(SettingsStore(paths.settings_file()), store, theme(), StartupTrace(False))
    made.show()
    yield made
    made.close()
    made.deleteLater()


def test_a_video_given_at_the_start_plays_under_live(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    video = colours(tmp_path / "film.MP4", [(RED, 25)])
    window.start([str(video)])
    assert window.rail.current() == "live"
    page = window._built["live"]
    assert isinstance(page, LivePage)
    qtbot.waitUntil(lambda: page.frame.inspector.title.text() == "Red")
    assert not window.photos.controller.session.photos()


def test_a_dropped_video_plays_under_live_and_photos_beside_it_are_not_lost(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    video = colours(tmp_path / "film.mp4", [(RED, 25)])
    photo = tmp_path / "photo.png"
    Image.new("RGB", (60, 60), RED).save(photo)
    window.start([])
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in (video, photo)])
    buttons, keys, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    enter = QDragEnterEvent(QPoint(5, 5), copy, mime, buttons, keys)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), copy, mime, buttons, keys))
    assert window.rail.current() == "live"
    page = window._built["live"]
    assert isinstance(page, LivePage)
    qtbot.waitUntil(lambda: page.frame.inspector.title.text() == "Red")
    window.show_page("photos")
    assert not page.controller.playing
    qtbot.waitUntil(lambda: [found.name for found in window.photos.controller.session.photos()] == ["photo.png"])


_PROGRAM = """
import os, sys
from PySide6.QtCore import QProcess, QTimer
from PySide6.QtWidgets import QApplication
from mobilenet_gui import paths
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.theme import theme
app = QApplication([])
assert app.platformName() == "xcb", app.platformName()
theme().apply()
store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
window = MainWindow(SettingsStore(paths.settings_file()), store, theme(), StartupTrace(False))
window.show()
window.start([])
window.show_page("live")
page = window._built["live"]
page.controller.answered.connect(app.quit)
QTimer.singleShot(40_000, lambda: app.exit(7))
page.play_file(sys.argv[1])
code = app.exec()
assert "cv2" in sys.modules and not {"tensorflow", "keras"} & set(sys.modules)
child = QProcess()
child.start(sys.executable, ["-c", "import os; print([k for k in os.environ if 'QT_QPA_P' in k or 'FONTDIR' in k])"])
child.waitForFinished(10_000)
print(bytes(child.readAllStandardOutput()).decode().strip())
page.toggle_full_screen()
QTimer.singleShot(0, app.quit)
app.exec()
window.close()
sys.exit(code)
"""


@pytest.mark.skipif(not AVAILABLE, reason="needs Xvfb")
def test_the_real_window_plays_a_video_on_a_real_display(store: ModelStore, tmp_path: Path) -> None:
    video = colours(tmp_path / "film.mp4", [(RED, 50)])
    with xvfb(os.environ) as environment:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(video)],
            env=environment | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
    assert (done.returncode, done.stdout.strip()) == (0, "['QT_QPA_PLATFORM']"), done.stderr
    assert "Traceback" not in done.stderr
