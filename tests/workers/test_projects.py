"""What is done to projects off the window's thread: saves that never lose, one at a time, and small pictures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core.errors import StorageError, UserError
from mobilenet_gui.training import project_file
from mobilenet_gui.training.dataset_types import FoundDataset
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_types import ProjectData
from mobilenet_gui.ui.wizard.photo_shelf import PhotoShelf
from mobilenet_gui.workers import project_keeper
from mobilenet_gui.workers.projects import Copies, Opened, ProjectTasks
from mobilenet_gui.workers.small_pictures import SmallPictures
from tests.photo_samples import shapes

SECONDS = 60_000


@pytest.fixture
def tasks(qtbot: QtBot) -> Iterator[ProjectTasks]:
    made = ProjectTasks(ProjectStore(paths.projects_dir()))
    yield made
    made.shut_down()


def opened(qtbot: QtBot, tasks: ProjectTasks, name: str = "Garden") -> Project:
    made: list[Opened] = []
    tasks.create(name, made.append, _unexpected)
    qtbot.waitUntil(lambda: bool(made), timeout=SECONDS)
    return made[0].project


def _unexpected(error: UserError) -> None:
    raise AssertionError(str(error))


def on_disk(project: Project) -> ProjectData:
    return project_file.load(project.folder)[0]


def test_a_change_is_saved_by_itself(qtbot: QtBot, tasks: ProjectTasks) -> None:
    project = opened(qtbot, tasks)
    with qtbot.waitSignal(tasks.saved, timeout=SECONDS):
        project.add_class("Birds")
    assert not project.dirty
    assert [one.name for one in on_disk(project).classes] == ["Birds"]


def test_what_changes_during_a_save_is_saved_after_it(
    qtbot: QtBot, tasks: ProjectTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_keeper, "SAVE_MS", 0)
    project = opened(qtbot, tasks)
    begun, go_on = threading.Event(), threading.Event()
    save = project_file.save

    def slow(data: ProjectData) -> None:
        begun.set()
        assert go_on.wait(10)
        save(data)

    monkeypatch.setattr(project_file, "save", slow)
    project.add_class("Birds")
    tasks.save_now(project)
    qtbot.waitUntil(begun.is_set, timeout=SECONDS)
    project.add_class("Frogs")
    keeper = tasks._keepers[project.id]
    qtbot.waitUntil(lambda: not keeper._timer.isActive(), timeout=SECONDS)
    go_on.set()
    qtbot.waitUntil(lambda: not project.dirty, timeout=SECONDS)
    assert [one.name for one in on_disk(project).classes] == ["Birds", "Frogs"]


def test_a_full_disk_is_told_of_and_tried_again(
    qtbot: QtBot, tasks: ProjectTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_keeper, "RETRY_MS", 20)
    project = opened(qtbot, tasks)
    save, tries = project_file.save, 0

    def full(data: ProjectData) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise StorageError(str(data.folder), "There is no space left.")
        save(data)

    monkeypatch.setattr(project_file, "save", full)
    problems: list[UserError] = []
    tasks.save_failed.connect(lambda _id, error: problems.append(error))
    project.add_class("Birds")
    tasks.save_now(project)
    qtbot.waitUntil(lambda: not project.dirty, timeout=SECONDS)
    assert len(problems) == 2
    assert "no space" in str(problems[0])


def test_what_a_full_disk_keeps_from_being_saved_is_not_lost_by_closing(
    qtbot: QtBot, tasks: ProjectTasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_keeper, "RETRY_MS", 20)
    project = opened(qtbot, tasks)
    save, is_full, closed = project_file.save, True, list[bool]()

    def full(data: ProjectData) -> None:
        if is_full:
            raise StorageError(str(data.folder), "The disk is full.")
        save(data)

    monkeypatch.setattr(project_file, "save", full)
    project.add_class("Birds")
    with qtbot.waitSignals([tasks.save_failed] * 3, timeout=SECONDS):
        tasks.close(project, lambda: closed.append(True))
    assert not closed
    again: list[Opened] = []
    tasks.open(project.id, again.append, _unexpected)  # it is wanted again while the disk is still full
    qtbot.waitUntil(lambda: bool(again), timeout=SECONDS)
    assert again[0].project is project
    assert project.undo_text == "Add class"
    project.add_class("Frogs")
    tasks.close(project, lambda: closed.append(True))
    is_full = False
    qtbot.waitUntil(lambda: bool(closed), timeout=SECONDS)
    assert [one.name for one in on_disk(project).classes] == ["Birds", "Frogs"]


def test_closing_saves_first_and_lets_others_in(qtbot: QtBot, tasks: ProjectTasks) -> None:
    project = opened(qtbot, tasks)
    project.add_class("Birds")
    closed: list[bool] = []
    tasks.close(project, lambda: closed.append(True))
    qtbot.waitUntil(lambda: bool(closed), timeout=SECONDS)
    again = ProjectStore().open(project.id)
    assert [one.name for one in again.classes] == ["Birds"]
    again.close()


def test_copies_that_nobody_needs_go_when_the_project_is_closed(
    qtbot: QtBot, tasks: ProjectTasks, tmp_path: Path
) -> None:
    project = opened(qtbot, tasks)
    files = [tmp_path / "1.png", tmp_path / "2.png"]
    for seed, file in enumerate(files):
        shapes(seed=seed).save(file)
    copied: list[Copies] = []
    tasks.copy(project, files, done=copied.append, failed=_unexpected, progress=lambda _state: None)
    qtbot.waitUntil(lambda: bool(copied), timeout=SECONDS)
    kept, gone = (copied[0].paths[file] for file in files)
    project.add_photos([NewPhoto(kept, class_name="Birds", copied=True)])
    closed: list[bool] = []
    tasks.close(project, lambda: closed.append(True))
    qtbot.waitUntil(lambda: bool(closed), timeout=SECONDS)
    assert kept.is_file()
    assert not gone.exists()


def test_a_name_that_is_taken_gets_a_number(qtbot: QtBot, tasks: ProjectTasks) -> None:
    assert [opened(qtbot, tasks).name for _ in range(3)] == ["Garden", "Garden 2", "Garden 3"]


def test_an_open_project_is_duplicated_as_it_is_now(qtbot: QtBot, tasks: ProjectTasks) -> None:
    project = opened(qtbot, tasks)
    project.add_class("Birds")
    made: list[str] = []
    tasks.duplicate(project.id, "Copy", made.append, _unexpected)
    qtbot.waitUntil(lambda: bool(made), timeout=SECONDS)
    again = ProjectStore().open(made[0])
    assert [one.name for one in again.classes] == ["Birds"]
    again.close()


def test_reading_is_cancelled(
    qtbot: QtBot, tasks: ProjectTasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def endless(_paths: object, cancel: threading.Event, *_more: object) -> FoundDataset:
        begun.set()
        assert cancel.wait(10)
        return FoundDataset((), ())

    monkeypatch.setattr("mobilenet_gui.training.dataset.read_source", endless)
    heard: list[object] = []
    errand = tasks.read([tmp_path], done=heard.append, failed=heard.append, progress=heard.append)
    qtbot.waitUntil(begun.is_set, timeout=SECONDS)
    tasks.runner.cancel(errand)
    qtbot.waitUntil(lambda: not tasks.runner._running, timeout=SECONDS)
    assert not heard


# -- small pictures


@pytest.fixture
def pictures(qtbot: QtBot, tmp_path: Path) -> Iterator[SmallPictures]:
    made = SmallPictures(tmp_path / "thumbnails")
    yield made
    made.stop()


def test_two_projects_with_the_same_ids_keep_their_own_pictures(
    qtbot: QtBot, pictures: SmallPictures, tmp_path: Path
) -> None:
    files = [tmp_path / "red.png", tmp_path / "blue.png"]
    for file, colour in zip(files, ((255, 0, 0), (0, 0, 255)), strict=True):
        Image.new("RGB", (40, 30), colour).save(file)
    shelves = [PhotoShelf(pictures, lambda _id, file=file: file) for file in files]  # type: ignore[misc]
    for shelf in shelves:
        assert shelf.get("1") is None
    qtbot.waitUntil(lambda: all(shelf.peek("1") is not None for shelf in shelves), timeout=SECONDS)
    red, blue = (shelf.peek("1") for shelf in shelves)
    assert red is not None
    assert blue is not None
    assert red.pixelColor(5, 5).red() > 200
    assert blue.pixelColor(5, 5).blue() > 200


def test_wishes_that_wait_are_kept_when_others_come(qtbot: QtBot, pictures: SmallPictures, tmp_path: Path) -> None:
    files = {}
    for number in range(12):
        files[str(number)] = tmp_path / f"{number}.png"
        shapes(40, 30, seed=number).save(files[str(number)])
    shelf = PhotoShelf(pictures, files.get)
    for number in range(6):
        shelf.get(str(number))
    shelf._ask()
    for number in range(6, 12):
        shelf.get(str(number))
    shelf._ask()
    qtbot.waitUntil(lambda: all(shelf.peek(key) is not None for key in files), timeout=SECONDS)


def test_qt_which_keeps_the_interpreter_decodes_no_small_picture(
    qtbot: QtBot, pictures: SmallPictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: object) -> QImage:
        raise AssertionError("the window waits for this")

    monkeypatch.setattr(QImage, "fromData", decoded)
    file = tmp_path / "1.png"
    shapes(40, 30).save(file)
    shelf = PhotoShelf(pictures, lambda _id: file)
    shelf.get("1")
    qtbot.waitUntil(lambda: shelf.peek("1") is not None or shelf.is_hopeless("1"), timeout=SECONDS)
    picture = shelf.peek("1")
    assert picture is not None
    assert (picture.width(), picture.height()) == (40, 30)


def test_the_shelf_keeps_within_its_bytes(qtbot: QtBot, pictures: SmallPictures, tmp_path: Path) -> None:
    files = {}
    for number in range(6):
        files[str(number)] = tmp_path / f"{number}.png"
        shapes(200, 150, seed=number).save(files[str(number)])
    one = QImage(200, 150, QImage.Format.Format_RGB32).sizeInBytes()
    shelf = PhotoShelf(pictures, files.get, limit=one * 3)
    for key in files:
        shelf.get(key)
        qtbot.waitUntil(lambda key=key: shelf.peek(key) is not None, timeout=SECONDS)  # type: ignore[misc]
    assert shelf.bytes_held <= one * 3
    assert shelf.peek("0") is None


def test_a_vanished_photo_is_hopeless_until_forgotten(qtbot: QtBot, pictures: SmallPictures, tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    shelf = PhotoShelf(pictures, lambda _id: file)
    shelf.get("1")
    qtbot.waitUntil(lambda: shelf.is_hopeless("1"), timeout=SECONDS)
    shapes().save(file)
    shelf.forget("1")
    shelf.get("1")
    qtbot.waitUntil(lambda: shelf.peek("1") is not None, timeout=SECONDS)


def test_photos_added_by_parts_are_one_step(tmp_path: Path) -> None:
    project = ProjectStore(tmp_path / "projects").create("Garden")
    project.add_photos([NewPhoto(tmp_path / "1.png", class_name="Birds")])
    project.add_more(
        [NewPhoto(tmp_path / "2.png", class_name="Birds"), NewPhoto(tmp_path / "3.png", class_name="Frogs")]
    )
    assert project.undo_text == "Add 3 photos"
    project.undo()
    assert not project.photos
    assert not project.classes
    project.redo()
    assert len(project.photos) == 3
    project.add_class("Newts")
    project.add_more([NewPhoto(tmp_path / "4.png", class_name="Newts")])
    project.undo()
    assert len(project.photos) == 3, "what came in between is a step of its own"
    project.close()
