"""Journeys across windows' lifetimes in one process: what was begun in a window outlives it, or ends with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from mobilenet_gui import paths
from mobilenet_gui.ui.live.page import LivePage
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.models.page import ModelsPage
from tests.journeys import hands
from tests.journeys.bait import class_folders
from tests.journeys.program import Program, Story, drop, press_until, shown, wizard
from tests.model_factory import make_labels, make_tflite
from tests.photo_samples import encoded, shapes
from tests.video_files import BLUE, GREEN, RED, colours

pytestmark = [pytest.mark.starter, pytest.mark.qt_log_ignore("This plugin does not support|does not support raise")]


@pytest.fixture
def program(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> Program:
    return Program(qapp, monkeypatch)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    return class_folders(tmp_path / "colours", 8)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.tflite"
    path.write_bytes(make_tflite())
    path.with_suffix(".txt").write_text("\n".join(label.name for label in make_labels()), encoding="utf-8")
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(shapes(), "JPEG"))
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return colours(tmp_path / "colours.mp4", [(RED, 50), (GREEN, 50), (BLUE, 50)])


def begin_project(main: MainWindow, folders: Path) -> Story:
    """Drop a folder of folders on Fine-tune; wait until the wizard has every photo."""
    main.show_page("finetune")
    drop(main, folders)
    yield wizard
    yield lambda: (one := wizard()) is not None and len(one.context.project.photos) == 24


def go_to_settings() -> Story:
    """Press Continue until the settings are shown."""
    one = wizard()
    assert one is not None
    yield from press_until("Continue", one, lambda: type(one.current).__name__ != "DataPage")
    yield from press_until("Continue", one, lambda: type(one.current).__name__ == "SettingsPage")


def import_model(main: MainWindow, model: Path) -> Story:
    """Import a model's file by dropping it on the window."""
    drop(main, model)
    yield lambda: main._built.get("models")
    page = main._built["models"]
    assert isinstance(page, ModelsPage)
    panel = page.imports.panel
    yield panel.name.isVisible
    if not panel.confirm.isEnabled():
        panel.set_labels(model.with_suffix(".txt"))
    while panel.confirm.isVisible() and panel.confirm.isEnabled():  # the panel may grow under the pointer
        hands.click(main, panel.confirm.mapTo(main, panel.confirm.rect().center()))
        again = time.monotonic() + 3
        yield lambda: not panel.confirm.isVisible() or time.monotonic() > again  # noqa: B023 - waited for before it changes
    yield lambda: list(paths.models_dir().glob("*/manifest.json"))


def cards(main: MainWindow) -> list[hands.Target]:
    """Return the projects that Fine-tune shows."""
    return [target for target in hands.targets(main) if type(target.widget).__name__ == "ProjectCard"]


def answered(main: MainWindow) -> Callable[[], object]:
    """Return whether the photo shown has its answer."""
    return lambda: (now := main.photos.controller.current) is not None and now.recognition is not None


def test_a_closed_wizard_hears_nothing_of_what_is_done_to_models_afterwards(
    program: Program, folders: Path, model: Path, photo: Path
) -> None:
    def story(main: MainWindow) -> Story:
        yield from begin_project(main, folders)
        yield from go_to_settings()
        one = wizard()
        assert one is not None
        one.close()
        yield lambda: wizard() is None
        yield from import_model(main, model)
        main.show_page("photos")
        drop(main, photo)
        yield answered(main)
        hands.key(main, Qt.Key.Key_C)
        yield lambda: True

    program.live(story)

    def again(main: MainWindow) -> Story:
        yield lambda: main.photos.controller.bundle
        main.show_page("finetune")
        yield lambda: cards(main)
        hands.click(main, cards(main)[0].at)
        yield wizard
        found = wizard()
        assert found is not None
        assert len(found.context.project.photos) == 24

    program.live(again)


def test_a_model_damaged_between_two_lives_is_named_and_another_can_be_used(
    program: Program, model: Path, photo: Path
) -> None:
    def story(main: MainWindow) -> Story:
        yield from import_model(main, model)
        made = paths.models_dir() / "tiny"
        main.active.use(made.name)
        yield lambda: (now := main.photos.controller.bundle) is not None and now.id == "tiny"

    program.live(story)
    network = paths.models_dir() / "tiny" / "model.tflite"
    network.write_bytes(network.read_bytes()[:100])

    def again(main: MainWindow) -> Story:
        yield lambda: len(main.photos.controller.session) == 1
        main.show_page("live")
        main.show_page("models")
        main.active.use("starter")
        yield lambda: (now := main.photos.controller.bundle) is not None and now.id == "starter"
        main.show_page("photos")
        yield answered(main)

    program.live(again, photo)


def test_live_plays_on_while_the_model_is_switched_and_ends_with_the_program(
    program: Program, model: Path, video: Path
) -> None:
    def story(main: MainWindow) -> Story:
        yield from import_model(main, model)
        drop(main, video)
        live = main._live()
        assert isinstance(live, LivePage)
        answers: list[object] = []
        live.controller.answered.connect(answers.append)
        yield lambda: answers
        main.active.use("tiny")
        yield lambda: (now := main.photos.controller.bundle) is not None and now.id == "tiny"
        answers.clear()
        yield lambda: answers

    program.live(story)


@pytest.mark.parametrize("step", ["while photos come in", "while they are checked", "at the settings"])
def test_a_wizard_is_closed_while_its_tasks_run(program: Program, folders: Path, step: str) -> None:
    def story(main: MainWindow) -> Story:
        main.show_page("finetune")
        drop(main, folders)
        yield wizard
        if step != "while photos come in":
            yield lambda: (one := wizard()) is not None and len(one.context.project.photos) == 24
            found = wizard()
            assert found is not None
            yield from press_until("Continue", found, lambda: type(found.current).__name__ != "DataPage")
            if step == "at the settings":
                yield from press_until("Continue", found, lambda: type(found.current).__name__ == "SettingsPage")
        one = wizard()
        assert one is not None
        one.close()
        yield lambda: wizard() is None
        main.show_page("photos")
        yield lambda: not main.desk.tasks.runner.busy

    program.live(story)


@pytest.mark.parametrize("first", ["the wizard", "the window that takes photos", "the program"])
def test_photos_are_being_taken_from_a_video_when_a_window_is_closed(
    program: Program, folders: Path, video: Path, first: str
) -> None:
    def story(main: MainWindow) -> Story:
        yield from begin_project(main, folders)
        one = wizard()
        assert one is not None
        drop(one, video)
        yield lambda: shown("CaptureDialog")
        capture = shown("CaptureDialog")
        assert capture is not None
        yield lambda: [t for t in hands.targets(capture) if type(t.widget).__name__ == "HoldButton"]
        hands.key(capture, Qt.Key.Key_Space)
        yield lambda: True
        if first == "the program":
            return
        (one if first == "the wizard" else capture).close()
        yield lambda: shown("CaptureDialog") is None
        yield lambda: True

    program.live(story)


def test_the_program_is_quit_from_a_wizard(program: Program, folders: Path) -> None:
    def story(main: MainWindow) -> Story:
        yield from begin_project(main, folders)
        one = wizard()
        assert one is not None
        hands.key(one, Qt.Key.Key_Q, hands.CTRL)
        yield lambda: not main.isVisible()

    program.live(story)
    assert not [one for one in QApplication.topLevelWidgets() if one.isVisible()]
