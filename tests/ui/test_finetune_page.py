"""The fine-tune page and its desk: projects as cards, opened, made, renamed, copied, deleted and brought back."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.training.project import NewPhoto
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_summary import ProjectSummary
from mobilenet_gui.training.run_folder import RunState
from mobilenet_gui.ui.finetune.page import FinetunePage
from mobilenet_gui.ui.finetune.words import look_of
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.ui.wizard.data_page import DataPage
from mobilenet_gui.workers.training import TrainingController
from tests.ui.wizard_parts import SECONDS, photos_in

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support|does not support raise")


@pytest.fixture
def window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    monkeypatch.setattr(TrainingController, "warm", lambda _self: None)
    settings = SettingsStore(paths.settings_file())
    main = MainWindow(
        settings, ModelStore(paths.models_dir(), paths.builtin_models_dir()), theme(), StartupTrace(False)
    )
    main.show()
    yield main
    main.close()
    main.deleteLater()


@pytest.fixture
def page(qtbot: QtBot, window: MainWindow) -> FinetunePage:
    window.show_page("finetune")
    found = window._built["finetune"]
    assert isinstance(found, FinetunePage)
    qtbot.waitUntil(lambda: not found._loading, timeout=SECONDS)
    return found


def make(name: str, place: Path, count: int = 3) -> str:
    """Put a project on the disk; return its id."""
    project = ProjectStore().create(name)
    for part in ("Birds", "Frogs"):
        files = photos_in(place / name / part, count, len(name) * 100 + len(part))
        project.add_photos([NewPhoto(path, class_name=part) for path in files])
    project.save()
    project.close()
    return project.id


def entry(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if action.text().startswith(text))


def shown(qtbot: QtBot, page: FinetunePage, *ids: str) -> None:
    page.refresh()
    qtbot.waitUntil(lambda: set(page.cards) == set(ids), timeout=SECONDS)


def test_projects_are_cards_with_their_photos(qtbot: QtBot, page: FinetunePage, tmp_path: Path) -> None:
    one = make("Garden wildlife", tmp_path)
    shown(qtbot, page, one)
    look = page.cards[one].look
    assert (look.name, look.counts) == ("Garden wildlife", "2 classes, 6 photos")
    assert (look.state, look.tone) == ("Needs more photos", "warn")
    qtbot.waitUntil(lambda: all(page.shelf.peek(path) is not None for path in look.covers), timeout=SECONDS)


def test_a_card_opens_its_wizard_once(qtbot: QtBot, window: MainWindow, page: FinetunePage, tmp_path: Path) -> None:
    one = make("Garden", tmp_path)
    shown(qtbot, page, one)
    QTest.mouseClick(page.cards[one], Qt.MouseButton.LeftButton, pos=page.cards[one].covers.geometry().center())
    qtbot.waitUntil(lambda: window.desk.dialog(one) is not None and window.desk.dialogs[0].isVisible(), timeout=SECONDS)
    page.cards[one].clicked.emit()
    assert len(window.desk.dialogs) == 1
    window.desk.dialogs[0].close()
    page.cards[one].clicked.emit()
    qtbot.waitUntil(lambda: bool(window.desk.dialogs) and window.desk.dialogs[0].isVisible(), timeout=SECONDS)
    assert "project" not in page.notices.shown(), "opening at once again must wait for the closing"
    window.desk.dialogs[0].close()
    qtbot.waitUntil(lambda: not ProjectStore().is_open(one), timeout=SECONDS)


def test_a_new_project_that_stays_empty_leaves_nothing(qtbot: QtBot, window: MainWindow, page: FinetunePage) -> None:
    page.new_card.clicked.emit()
    qtbot.waitUntil(lambda: bool(window.desk.dialogs) and window.desk.dialogs[0].isVisible(), timeout=SECONDS)
    window.desk.dialogs[0].close()
    qtbot.waitUntil(lambda: not window.desk.tasks.opened and not ProjectStore().summaries(), timeout=SECONDS)


def test_dropped_folders_begin_a_project(qtbot: QtBot, window: MainWindow, page: FinetunePage, tmp_path: Path) -> None:
    photos_in(tmp_path / "Insects" / "Ants", 3)
    photos_in(tmp_path / "Insects" / "Bees", 3, 40)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "Insects"))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    QApplication.sendEvent(window, QDragEnterEvent(QPointF(300, 300).toPoint(), actions, mime, buttons, keys))
    assert "Release" in page.new_card._words.text()
    drop = QDropEvent(QPointF(300, 300), actions, mime, buttons, keys)
    QApplication.sendEvent(window, drop)
    assert drop.dropAction() == Qt.DropAction.CopyAction, "a move would delete the user's photos"
    assert window._pages.currentWidget() is page
    desk = window.desk
    qtbot.waitUntil(lambda: bool(desk.dialogs) and len(desk.dialogs[0].context.project.photos) == 6, timeout=SECONDS)
    project = desk.dialogs[0].context.project
    assert project.name == "Insects"
    assert [one.name for one in project.classes] == ["Ants", "Bees"]


def test_deleting_can_be_undone(qtbot: QtBot, window: MainWindow, page: FinetunePage, tmp_path: Path) -> None:
    one, two = make("Garden", tmp_path), make("Kitchen", tmp_path)
    shown(qtbot, page, one, two)
    page.cards[one].setFocus()
    QTest.keyClick(page.cards[one], Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: set(page.cards) == {two}, timeout=SECONDS)
    qtbot.waitUntil(lambda: window.toasts.toast.label.text() == "Garden deleted", timeout=SECONDS)
    window.toasts.toast.link.click()
    qtbot.waitUntil(lambda: set(page.cards) == {one, two}, timeout=SECONDS)


def test_renaming_and_duplicating(qtbot: QtBot, page: FinetunePage, tmp_path: Path) -> None:
    one = make("Garden", tmp_path)
    shown(qtbot, page, one)
    menu = page.card_menu(one)
    entry(menu, "Rename").trigger()
    menu.close()
    field = page.cards[one].name.field
    QTest.keyClicks(field, "Wildlife")
    opened: list[str] = []
    page.open_requested.connect(opened.append)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert not opened, "Enter took the name and opened the project"
    qtbot.waitUntil(lambda: page.cards[one].look.name == "Wildlife", timeout=SECONDS)
    menu = page.card_menu(one)
    entry(menu, "Duplicate").trigger()
    menu.close()
    qtbot.waitUntil(lambda: len(page.cards) == 2, timeout=SECONDS)
    assert {card.look.name for card in page.cards.values()} == {"Wildlife", "Wildlife copy"}


def test_a_project_travels_as_one_file(
    qtbot: QtBot, page: FinetunePage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make("Garden", tmp_path)
    shown(qtbot, page, one)
    target = tmp_path / "out" / "garden"
    target.parent.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    summary = page.summary(one)
    assert summary is not None
    page.archives.ask_where_to_export(summary)
    qtbot.waitUntil(lambda: target.with_suffix(".mobilenet.zip").is_file(), timeout=SECONDS)
    qtbot.waitUntil(lambda: "zip" not in page.notices.shown(), timeout=SECONDS)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(target.with_suffix(".mobilenet.zip")), ""))
    page.import_button.click()
    qtbot.waitUntil(lambda: len(page.cards) == 2, timeout=SECONDS)


def test_photos_that_an_imported_project_lacks_are_told(qtbot: QtBot, page: FinetunePage, tmp_path: Path) -> None:
    ProjectStore().export_zip(make("Garden", tmp_path), tmp_path / "whole.zip")
    with zipfile.ZipFile(tmp_path / "whole.zip") as whole, zipfile.ZipFile(tmp_path / "part.zip", "w") as part:
        left_out = next(name for name in whole.namelist() if name.startswith("photos"))  # of a bird and a frog
        for name in set(whole.namelist()) - {left_out}:
            part.writestr(name, whole.read(name))
    page.import_zip(tmp_path / "part.zip")
    qtbot.waitUntil(lambda: "2 photos were left out" in page.notices.text_of("zip"), timeout=SECONDS)
    qtbot.waitUntil(lambda: sorted(summary.photos for summary in ProjectStore().summaries()) == [4, 6], timeout=SECONDS)


def test_deleted_projects_come_back_by_key_one_after_another(
    qtbot: QtBot, window: MainWindow, page: FinetunePage, tmp_path: Path
) -> None:
    one, two = make("Garden", tmp_path), make("Fruit", tmp_path)
    shown(qtbot, page, one, two)
    for project_id, left in ((one, {two}), (two, set[str]())):
        page.remove(project_id)
        qtbot.waitUntil(lambda: not page._leaving, timeout=SECONDS)
        assert set(page.cards) == left
    window.toasts.dismiss()
    window.activateWindow()
    page.new_card.setFocus()
    qtbot.waitUntil(page.new_card.hasFocus, timeout=SECONDS)
    QTest.keyClick(page.new_card, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: set(page.cards) == {two}, timeout=SECONDS)
    QTest.keyClick(page.new_card, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: set(page.cards) == {one, two}, timeout=SECONDS)


def test_a_project_that_the_disk_refuses_is_named_until_it_is_saved(
    qtbot: QtBot, page: FinetunePage, tmp_path: Path
) -> None:
    one = make("Garden", tmp_path)
    shown(qtbot, page, one)
    page._tasks.save_failed.emit(one, StorageError("folder", "The disk is full."))
    assert page.notices.text_of(f"unsaved {one}") == "“Garden” is not saved yet: The disk is full. It is tried again."
    page._tasks.saved.emit(one)
    assert not page.notices.shown()


def test_a_file_that_is_no_project_is_refused_in_words(qtbot: QtBot, page: FinetunePage, tmp_path: Path) -> None:
    bad = tmp_path / "bad.zip"
    bad.write_bytes(b"nothing of the kind")
    page.import_zip(bad)
    qtbot.waitUntil(lambda: "damaged" in page.notices.text_of("zip"), timeout=SECONDS)


def test_a_damaged_project_says_why_it_does_not_open(
    qtbot: QtBot, window: MainWindow, page: FinetunePage, tmp_path: Path
) -> None:
    one = make("Garden", tmp_path)
    for file in (paths.projects_dir() / one).glob("project.json*"):
        file.write_text("{")
    shown(qtbot, page, one)
    assert not page.cards[one].look.usable
    page.cards[one].clicked.emit()
    assert "damaged" in page.notices.text_of("project")
    assert not window.desk.dialogs


def test_a_project_open_elsewhere_says_so(qtbot: QtBot, page: FinetunePage, tmp_path: Path) -> None:
    one = make("Garden", tmp_path)
    other = ProjectStore().open(one)
    try:
        shown(qtbot, page, one)
        page.cards[one].clicked.emit()
        qtbot.waitUntil(lambda: "another window" in page.notices.text_of("project"), timeout=SECONDS)
    finally:
        other.close()


def test_changes_are_on_the_disk_when_the_program_ends(
    qtbot: QtBot, window: MainWindow, page: FinetunePage, tmp_path: Path
) -> None:
    one = make("Garden", tmp_path)
    window.desk.open(one)
    qtbot.waitUntil(lambda: bool(window.desk.dialogs) and window.desk.dialogs[0].isVisible(), timeout=SECONDS)
    assert isinstance(window.desk.dialogs[0].current, DataPage)
    window.desk.dialogs[0].context.project.add_class("Newts")
    window.close()
    again = ProjectStore().open(one)
    assert again.class_named("Newts") is not None
    again.close()


@pytest.mark.parametrize(
    ("state", "live", "words", "tone"),
    [
        (None, None, "Not trained yet", "quiet"),
        (RunState("finished", accuracy=0.968), None, "correct", "quiet"),
        (RunState("interrupted"), None, "Training was interrupted", "warn"),
        (RunState("failed"), None, "did not work", "warn"),
        (RunState("running"), None, "Training in another window", "quiet"),
        (RunState("running"), (0.4, "3:40 left"), "3:40 left", "busy"),
    ],
)
def test_a_card_tells_how_far_its_model_is(
    state: RunState | None, live: tuple[float | None, str] | None, words: str, tone: str
) -> None:
    summary = ProjectSummary("x", Path("x"), "X", 2, 100, state=state, trained=1e9)
    look = look_of(summary, live)
    assert words in look.state
    assert look.tone == tone


def test_a_training_shows_on_card_and_rail(
    qtbot: QtBot, window: MainWindow, page: FinetunePage, tmp_path: Path
) -> None:
    one = make("Garden", tmp_path)
    shown(qtbot, page, one)
    window.desk.training_changed.emit(one, 0.5, "3:40 left")
    assert page.cards[one].look.state == "3:40 left"
    assert window.rail.item("finetune").progress == 0.5
    page.remove(one)
    assert "being trained" in page.notices.text_of("project")
    window.desk.training_ended.emit()
    assert window.rail.item("finetune").progress is None
    qtbot.waitUntil(lambda: page.cards[one].look.state == "Needs more photos", timeout=SECONDS)
