"""Correcting from the window: the key, the list of classes, what is sent where, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from mobilenet_gui import paths
from mobilenet_gui.core.cameras import Camera
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.manifest import MANIFEST_NAME, to_json
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.training.correction import Wrong
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_types import PhotoClass
from mobilenet_gui.ui.corrections.picker import CorrectionPicker
from mobilenet_gui.ui.corrections.wish import CorrectionWish
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.workers.corrections import Batch
from tests.model_factory import make_bundle
from tests.ui.live_parts import Bench as LiveBench
from tests.video_files import RED

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SECONDS = 60_000
CLASSES = tuple(PhotoClass(f"c{n}", name) for n, name in enumerate(("ant", "bee", "cat", "dog"), start=1))


@pytest.fixture
def picker(qtbot: QtBot) -> Iterator[tuple[CorrectionPicker, list[str]]]:
    owner = QWidget()
    qtbot.addWidget(owner)
    owner.show()
    found = CorrectionPicker(CLASSES, owner, "Not “ant”, but")
    heard: list[str] = []
    found.picked.connect(heard.append)
    found.named.connect(lambda name: heard.append(f"new {name}"))
    found.open_at(QPoint(10, 10))
    yield found, heard
    if isValid(found):
        found.close()


def test_a_number_chooses_a_class(picker: tuple[CorrectionPicker, list[str]]) -> None:
    QTest.keyClick(picker[0].search, Qt.Key.Key_7)
    assert picker[1] == []
    QTest.keyClick(picker[0].search, Qt.Key.Key_2)
    assert picker[1] == ["c2"]


def test_a_long_name_leaves_its_number_room(picker: tuple[CorrectionPicker, list[str]]) -> None:
    shown = picker[0].list
    first, delegate, option = shown.model().index(0, 0), shown.itemDelegate(), QStyleOptionViewItem()
    assert isinstance(delegate, QStyledItemDelegate)
    shown.model().setData(first, "a class whose name is longer than the row is wide")
    option.rect = QRect(0, 0, 200, 28)
    delegate.initStyleOption(option, first)
    assert option.text.endswith("…")
    assert option.fontMetrics.horizontalAdvance(option.text) <= 160


def test_arrows_and_return_choose_a_class(picker: tuple[CorrectionPicker, list[str]]) -> None:
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(picker[0].search, key)
    assert picker[1] == ["c3"]


def test_typing_narrows_the_list_and_numbers_are_letters_then(picker: tuple[CorrectionPicker, list[str]]) -> None:
    QTest.keyClicks(picker[0].search, "b2")
    assert picker[1] == []
    assert picker[0].names() == ["New class “b2”"]
    QTest.keyClick(picker[0].search, Qt.Key.Key_Return)
    assert picker[1] == ["new b2"]


def test_the_last_row_asks_for_a_name(picker: tuple[CorrectionPicker, list[str]]) -> None:
    assert picker[0].names() == ["ant", "bee", "cat", "dog", "New class…"]
    QTest.keyClick(picker[0].search, Qt.Key.Key_Up)
    QTest.keyClick(picker[0].search, Qt.Key.Key_Return)
    assert picker[1] == []
    assert "Name" in picker[0].search.placeholderText()
    QTest.keyClicks(picker[0].search, "fox")
    QTest.keyClick(picker[0].search, Qt.Key.Key_Return)
    assert picker[1] == ["new fox"]


class Bench:
    """The main window with a photo that was answered."""

    def __init__(self, qtbot: QtBot, photo: Path, *, of_project: bool) -> None:
        self.qtbot, self.sent, self.taken_back = qtbot, [], []  # type: ignore[var-annotated]
        store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
        project = ProjectStore(paths.projects_dir()).create("Garden")
        self.ids = {name: project.add_class(name).id for name in ("red", "rose")}
        project.save()
        project.close()
        with store.staging_folder() as staging:
            made = make_bundle(staging)
            if of_project:
                provenance = replace(made.manifest.provenance, project=project.id)
                text = to_json(replace(made.manifest, provenance=provenance))
                (staging / MANIFEST_NAME).write_text(text, encoding="utf-8")
            store.activate(store.install(staging).id)
        self.window = MainWindow(SettingsStore(paths.settings_file()), store, theme(), StartupTrace(False))
        self.window.show()
        with qtbot.waitSignal(self.window.photos.first_result, timeout=SECONDS):
            self.window.start([str(photo)])
        qtbot.waitUntil(lambda: self.link.isVisible() == of_project, timeout=SECONDS)

    @property
    def link(self) -> QWidget:
        return self.window.photos.frame.inspector.result.correct

    @property
    def toast(self) -> str:
        return self.window.toasts.toast.label.text()

    @property
    def canvas(self) -> QWidget:
        return self.window.photos.frame.single.canvas

    def press_c(self) -> None:
        QTest.keyClick(self.canvas, Qt.Key.Key_C)

    def ask(self) -> CorrectionPicker:
        """Press C and wait for the list; what is chosen is noted, not learnt."""
        work = self.window.corrections.work

        def correct(
            project_id: str, wrongs: list[Wrong], class_id: str, name: str, *, background: bool = False
        ) -> Batch:
            assert not background
            self.sent.append((project_id, [wrong.source for wrong in wrongs], class_id, name))
            batch = Batch(project_id, photos=1)
            work.learning.emit(batch)
            return batch

        work.correct = correct  # type: ignore[assignment,method-assign]
        work.undo = self.taken_back.append  # type: ignore[assignment,method-assign]
        self.press_c()
        self.qtbot.waitUntil(lambda: self.window.corrections.picker is not None, timeout=SECONDS)
        picker = self.window.corrections.picker
        assert picker is not None
        return picker


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []
    photo = tmp_path / "red.png"
    Image.new("RGB", (64, 48), "red").save(photo)

    def make(*, of_project: bool = True) -> Bench:
        made.append(Bench(qtbot, photo, of_project=of_project))
        return made[-1]

    yield make
    for one in made:
        one.window.close()
        one.window.deleteLater()


def test_one_key_and_one_number_send_the_photo_to_its_class(bench: Callable[..., Bench], tmp_path: Path) -> None:
    found = bench()
    picker = found.ask()
    assert picker.names() == ["red", "rose", "New class…"]
    assert picker.list.currentIndex().row() == 1, "red was the wrong answer"
    QTest.keyClick(picker.search, Qt.Key.Key_2)
    assert found.sent == [("garden", [tmp_path / "red.png"], found.ids["rose"], "")]
    found.qtbot.waitUntil(lambda: found.window.corrections.picker is None)
    assert found.toast == "Learning from 1 photo…"
    found.window.toasts.toast.link.click()
    assert len(found.taken_back) == 1


def test_quitting_asks_while_a_correction_is_learnt_and_nothing_begins_after_the_end(
    bench: Callable[..., Bench],
) -> None:
    found = bench()
    window, work = found.window, found.window.corrections.work
    work._waiting["garden"] = Batch("garden", photos=1)
    work._timer.start()
    window.close()
    question = window.quitting.question
    assert question is not None
    assert question.isVisible()
    assert window.isVisible()
    batch = work._waiting.pop("garden")
    work.learnt.emit(batch)
    assert not question.isVisible(), "it is learnt, so there is nothing left to ask"
    window.close()
    assert not window.isVisible()
    assert not work._timer.isActive()


def test_what_came_of_it_is_said_with_the_way_back(bench: Callable[..., Bench]) -> None:
    found = bench()
    work = found.window.corrections.work
    work.undo = found.taken_back.append  # type: ignore[assignment,method-assign]
    batch = Batch("garden", photos=2, seconds=2.6, tested=1)
    work.learnt.emit(batch)
    assert found.toast.startswith("Learnt in 3 s. 1 photo is for testing only")
    found.window.toasts.toast.link.click()
    assert found.taken_back == [batch]
    work.failed.emit(batch, StorageError("disk", "The disk is full."))
    assert "the model is as it was" in found.toast
    assert "The disk is full" in found.toast
    work.undone.emit(batch)
    assert found.toast == "2 corrections taken back"


def test_ctrl_z_takes_the_latest_correction_back_when_its_toast_is_gone(bench: Callable[..., Bench]) -> None:
    found = bench()
    work, actions, canvas = found.window.corrections.work, found.window.photos.user_actions, found.canvas
    work.undo = found.taken_back.append  # type: ignore[assignment,method-assign]
    first, second = Batch("garden", photos=1), Batch("garden", photos=1)
    work.learning.emit(first)
    work.learning.emit(second)
    found.window.toasts.dismiss()
    assert actions.can_undo_correction
    QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert found.taken_back == [second]
    QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert found.taken_back == [second, first]
    assert not actions.can_undo_correction


def test_ctrl_z_undoes_what_came_last(bench: Callable[..., Bench]) -> None:
    found = bench()
    work, session = found.window.corrections.work, found.window.photos.controller.session
    work.undo = found.taken_back.append  # type: ignore[assignment,method-assign]
    batch = Batch("garden", photos=1)
    work.learning.emit(batch)
    found.window.photos.user_actions.remove_chosen()
    found.window.photos.user_actions.undo()
    assert (len(session.photos()), found.taken_back) == (1, [])
    found.window.photos.user_actions.undo()
    assert found.taken_back == [batch]


def test_a_failed_correction_that_changed_nothing_is_not_undone(bench: Callable[..., Bench]) -> None:
    found = bench()
    batch = Batch("garden", photos=1)
    found.window.corrections.work.learning.emit(batch)
    found.window.corrections.work.failed.emit(batch, StorageError("disk", "The disk is full."))
    assert not found.window.photos.user_actions.can_undo_correction


def test_other_models_do_not_learn_and_fine_tuning_is_offered(bench: Callable[..., Bench]) -> None:
    found = bench(of_project=False)
    assert found.link.isHidden()
    found.press_c()
    found.qtbot.waitUntil(lambda: "made here" in found.toast)
    assert found.window._corrections is None
    found.window.toasts.toast.link.click()
    assert found.window.rail.current() == "finetune"


def test_a_project_that_is_gone_is_said(bench: Callable[..., Bench]) -> None:
    found = bench()
    ProjectStore(paths.projects_dir()).delete("garden")
    found.press_c()
    found.qtbot.waitUntil(lambda: "not there any more" in found.toast, timeout=SECONDS)


def test_a_live_picture_stands_still_while_its_class_is_chosen(live: LiveBench) -> None:
    wishes: list[CorrectionWish] = []
    live.page.correction_requested.connect(wishes.append)
    live.camera.send(RED)
    live.until(lambda: live.page.controller.answer is not None)
    QTest.keyClick(live.page.frame.stage, Qt.Key.Key_C)
    assert live.page.controller.frozen
    pixels = wishes[0].photos[0][0]
    assert not isinstance(pixels, Path | bytes)
    assert tuple(pixels[0, 0]) == RED
    assert wishes[0].said == "red"
    wishes[0].over()
    assert not live.page.controller.frozen


@pytest.fixture
def live(qtbot: QtBot, tmp_path: Path) -> Iterator[LiveBench]:
    bench = LiveBench(qtbot, tmp_path, cameras=(Camera(0, "Test camera", "/dev/video0"),))
    bench.load_model()
    page = bench.show()
    bench.until(lambda: bool(page.sources._cameras))
    page.sources.start_chosen()
    yield bench
    bench.close()
