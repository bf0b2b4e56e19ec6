"""Makes the README's pictures: the real window with the sample photos, one PNG a screen.

Run as `python packaging/make_screenshots.py [FOLDER]` with a model installed (MOBILENET_GUI_HOME says where); needs no
display. Settings are left as they are: the window gets a file of its own for them.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("MOBILENET_GUI_REDUCED_MOTION", "1")

from PySide6.QtCore import QCoreApplication, QEventLoop
from PySide6.QtWidgets import QApplication

from mobilenet_gui import paths
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.theme import theme

SIZE = (1200, 760)
PATIENCE_SECONDS = 60.0
SETTLE_SECONDS = 0.8
"""For what is drawn a little later: thumbnails, the sharp photo, the heat map."""


def wait(until: Callable[[], bool], what: str) -> None:
    """Let the window work until a condition holds and it has settled."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not until():
        if time.monotonic() > deadline:
            sys.exit(f"Waited in vain for {what}")
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
    settled = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < settled:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)


def main() -> int:
    """Open the window, go from screen to screen, save each."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    theme().apply()
    with tempfile.TemporaryDirectory() as scratch:
        settings = SettingsStore(Path(scratch) / "settings.json")
        window = MainWindow(
            settings, ModelStore(paths.models_dir(), paths.builtin_models_dir()), theme(), StartupTrace(False)
        )
        window.resize(*SIZE)
        window.show()

        def save(name: str) -> None:
            window.grab().save(str(folder / f"{name}.png"))

        theme().set_mode("light")
        window.start([])
        wait(lambda: True, "the empty page")
        save("photos-empty-light")
        samples = sorted((paths.resources_dir() / "samples").glob("*.jpg"))
        photos = window.photos
        photos.add_paths(list(samples))
        wait(lambda: _answered(window) == len(samples), "the answers")
        photos.controller.go_to(2)
        wait(lambda: True, "the photo")
        save("photos-result-light")
        theme().set_mode("dark")
        photos.controller.go_to(0)
        wait(lambda: photos.controller.current is not None, "the photo")
        photos.user_actions.toggle_explain()
        wait(lambda: True, "the heat map")
        save("photos-explain-dark")
        photos.user_actions.toggle_explain()
        photos.user_actions.set_view("grid")
        wait(lambda: True, "the grid")
        save("photos-grid-dark")
        theme().set_mode("light")
        window.show_page("models")
        wait(lambda: not window.tasks.states(), "the speeds")
        save("models-light")
        window.close()
    app.processEvents()
    return 0


def _answered(window: MainWindow) -> int:
    return sum(photo.recognition is not None for photo in window.photos.controller.session.photos())


if __name__ == "__main__":
    sys.exit(main())
