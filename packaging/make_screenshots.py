"""Makes the README's pictures: the real window with the sample photos, one PNG a screen.

Run as `python packaging/make_screenshots.py [FOLDER]` with a model installed (MOBILENET_GUI_HOME says where); needs no
display. Settings and projects are left as they are: the window gets a folder of its own for them.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("MOBILENET_GUI_REDUCED_MOTION", "1")

import numpy as np
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEventLoop
from PySide6.QtWidgets import QApplication, QWidget

from mobilenet_gui import paths
from mobilenet_gui.core.opencv import cv2
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.theme import theme

SIZE = (1200, 760)
CLASSES = ("daisy", "fly-agaric", "strawberries", "golf-ball")
"""Sample photos that stand for a class of a project, each in a dozen cuttings."""
CUTTINGS = 12
FRAMES = 250
FRAME_SIZE = (960, 720)
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


def cut(samples: Path, folder: Path) -> None:
    """Make a folder of folders out of the sample photos: cuttings of each, some of them mirrored."""
    random = np.random.default_rng(1)
    for name in CLASSES:
        place = folder / name.replace("-", " ").capitalize()
        place.mkdir(parents=True)
        with Image.open(samples / f"{name}.jpg") as photo:
            width, height = photo.size
            for number in range(CUTTINGS):
                share = random.uniform(0.6, 0.95)
                left, top = random.uniform(0, 1 - share, 2) * photo.size
                cutting = photo.crop((int(left), int(top), int(left + share * width), int(top + share * height)))
                if random.random() < 0.5:
                    cutting = cutting.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
                cutting.save(place / f"{number:02}.jpg", quality=92)


def film(photo: Path, target: Path) -> None:
    """Write a video that comes closer to a photo."""
    module = cv2()
    writer = module.VideoWriter(str(target), module.VideoWriter.fourcc(*"mp4v"), 25.0, FRAME_SIZE)
    with Image.open(photo) as image:
        for number in range(FRAMES):
            margin = 0.2 * number / FRAMES
            box = (margin * image.width / 2, margin * image.height / 2, (1 - margin / 2) * image.width,
                   (1 - margin / 2) * image.height)  # fmt: skip
            frame = image.convert("RGB").resize(FRAME_SIZE, Image.Resampling.BICUBIC, box)
            writer.write(np.ascontiguousarray(np.asarray(frame)[:, :, ::-1]))
    writer.release()


def main() -> int:
    """Open the window, go from screen to screen, save each."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    theme().apply()
    with tempfile.TemporaryDirectory() as scratch:
        store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
        os.environ[paths.HOME_VARIABLE] = scratch
        window = MainWindow(SettingsStore(paths.settings_file()), store, theme(), StartupTrace(False))
        with contextlib.closing(window):  # also where something was waited for in vain: its threads would go on
            window.resize(*SIZE)
            window.show()

            def save(name: str) -> None:
                window.grab().save(str(folder / f"{name}.png"))

            theme().set_mode("light")
            window.start([])
            wait(lambda: bool(window.photos.frame.start.strip.caption.text()), "the sample photos' answers")
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
            _show_live(window, Path(scratch))
            save("live-dark")
            theme().set_mode("light")
            wizard = _show_wizard(window, Path(scratch))
            wizard.grab().save(str(folder / "wizard-data-light.png"))
    app.processEvents()
    return 0


def _show_live(window: MainWindow, scratch: Path) -> None:
    theme().set_mode("dark")
    film(paths.resources_dir() / "samples" / "daisy.jpg", scratch / "daisy.mp4")
    window.open_from_other_start([str(scratch / "daisy.mp4")])
    page = window._live()
    answers: list[object] = []
    page.controller.answered.connect(answers.append)
    wait(lambda: len(answers) > 20, "the video's answers")


def _show_wizard(window: MainWindow, scratch: Path) -> QWidget:
    cut(paths.resources_dir() / "samples", scratch / "Garden and sport")
    window.show_page("finetune")
    window.desk.begin([scratch / "Garden and sport"])
    wait(lambda: bool(window.desk.dialogs), "the wizard")
    dialog = window.desk.dialogs[0]
    wait(lambda: len(dialog.context.project.photos) == len(CLASSES) * CUTTINGS, "its photos")
    dialog.context.toasts.dismiss()
    wait(lambda: True, "the toast's end")
    return dialog


def _answered(window: MainWindow) -> int:
    return sum(photo.recognition is not None for photo in window.photos.controller.session.photos())


if __name__ == "__main__":
    sys.exit(main())
