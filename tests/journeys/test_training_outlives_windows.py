"""A training in the whole program, with the real worker: it goes on while windows close, and over a quit."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from mobilenet_gui import paths
from mobilenet_gui.ui.main_window import MainWindow
from tests.journeys import hands
from tests.journeys.bait import class_folders
from tests.journeys.program import Program, Story, drop, press, press_until, wizard
from tests.photo_samples import encoded, shapes

pytestmark = [
    pytest.mark.starter,
    pytest.mark.keras,
    pytest.mark.qt_log_ignore("This plugin does not support|does not support raise"),
]


@pytest.fixture
def program(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Program:
    return Program(qapp, monkeypatch)


def start_training(main: MainWindow, folders: Path) -> Story:
    """Go from a folder of folders to a training under way."""
    main.show_page("finetune")
    drop(main, folders)
    yield lambda: (one := wizard()) is not None and len(one.context.project.photos) == 24
    one = wizard()
    assert one is not None
    yield from press_until("Continue", one, lambda: type(one.current).__name__ != "DataPage")
    yield from press_until("Continue", one, lambda: type(one.current).__name__ == "SettingsPage")
    yield from press("Fast", one)
    yield from press_until("Start training", one, lambda: type(one.current).__name__ == "TrainPage")
    yield lambda: main.desk.training.busy


def own_models() -> list[Path]:
    """Return the models that were made here."""
    return list(paths.models_dir().glob("*/manifest.json"))


def test_a_training_in_the_background_puts_its_model_into_models_while_photos_is_shown(
    program: Program, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(encoded(shapes(), "JPEG"))
    folders = class_folders(tmp_path / "colours", 8)

    def story(main: MainWindow) -> Story:
        yield from start_training(main, folders)
        yield from press("Continue in background", wizard())
        yield lambda: wizard() is None
        main.show_page("photos")
        drop(main, photo)
        yield own_models

    program.live(story)

    def again(main: MainWindow) -> Story:
        main.show_page("models")
        yield lambda: hands.find("Use", main)

    program.live(again)


def test_a_training_that_a_quit_cut_short_is_there_at_the_next_start(program: Program, tmp_path: Path) -> None:
    folders = class_folders(tmp_path / "colours", 8)

    def story(main: MainWindow) -> Story:
        yield from start_training(main, folders)

    program.live(story)
    assert not own_models()

    def again(main: MainWindow) -> Story:
        main.show_page("finetune")
        yield lambda: hands.find("Go on", main) or hands.find("Open", main)
        yield from press("Go on" if hands.find("Go on", main) else "Open", main)
        yield lambda: wizard() or main.desk.training.busy

    program.live(again)
