"""The models page: what it shows, what its buttons ask for, and that everything can be reached by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton, QStackedWidget, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui.core import catalog
from mobilenet_gui.core.errors import DownloadError, ModelError, StorageError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.models.choice import ALL
from mobilenet_gui.ui.models.page import ModelsPage
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.workers.active_model import ActiveModel, Failure
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.model_state import TaskState
from mobilenet_gui.workers.models import ModelTasks
from mobilenet_gui.workers.task_lanes import Task
from tests.fake_work import FakeWork
from tests.model_factory import make_bundle, make_tflite

V2 = "mobilenet-v2-1.0-224"
LARGE = "mobilenet-v3-large-1.0-224"
SECONDS = 60_000

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Bench:
    """A page with its store, its tasks and a work that waits for the test."""

    def __init__(self, folder: Path, *installed: str) -> None:
        theme().apply()
        self.store = ModelStore(folder / "models", folder / "builtin")
        for model_id in installed:
            entry = catalog.by_id(model_id)
            make_bundle(self.store.models_dir / model_id, bundle_id=model_id, name=entry.name if entry else model_id)
        if installed:
            self.store.activate(installed[0])
        self.settings = SettingsStore(folder / "settings.json")
        self.work = FakeWork(self.store)
        self.tasks = ModelTasks(self.work, self.store)
        self.inference = InferenceWorker()
        self.inference.start()
        self.active = ActiveModel(self.store, self.inference)
        self.tasks.models_changed.connect(self.active.check)
        self.page = ModelsPage(self.settings, self.store, self.tasks, self.active)
        self.page.resize(1116, 760)

    def put(self, **state: Any) -> TaskState:
        """Let a task be in some state."""
        made = TaskState(**state)
        self.tasks._tasks[made.id] = Task(made, lambda _task: None)
        if made.error is not None:
            self.tasks.failed.emit(made.id, made.error)
        else:
            self.page.refresh()
        return made


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, V2, "pets")
    qtbot.addWidget(made.page)
    with qtbot.waitSignal(made.active.changed, timeout=SECONDS):
        made.active.start()
    yield made
    made.tasks.shut_down()
    made.inference.stop()


@pytest.fixture
def empty(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    qtbot.addWidget(made.page)
    with qtbot.waitSignal(made.active.changed, timeout=SECONDS):
        made.active.start()
    yield made
    made.tasks.shut_down()
    made.inference.stop()


def click(button: QAbstractButton | None) -> None:
    assert button is not None
    assert button.isEnabled()
    button.click()


def test_installed_models_come_before_the_best_to_get(bench: Bench) -> None:
    listed = bench.page.list.order()
    assert listed[:2] == [V2, "pets"]
    assert listed[2:] == [item.id for item in bench.page._shelf.best()]
    row = bench.page.list.row(V2)
    assert row is not None
    assert row.button("use") is None
    assert "In use" in row.accessibleName()
    other = bench.page.list.row("pets")
    assert other is not None
    assert other.button("use") is not None
    assert bench.page.details.item is not None
    assert bench.page.details.item.id == V2


def test_chips_and_order_choose_among_the_official_models(bench: Bench) -> None:
    choice = bench.page.choice
    choice.resize(800, 32)
    QApplication.sendEvent(choice, QResizeEvent(choice.size(), choice.size()))
    assert choice.chips[ALL].text() == f"All {len(catalog.ENTRIES) - 1}"
    assert choice.chips["v4"].text() == "V4 3"
    choice.choose("v4")
    assert bench.page.list.order()[2:] == ["mobilenet-v4-large", "mobilenet-v4-medium", "mobilenet-v4-small"]
    choice.order.setCurrentIndex(choice.order.findData("small"))
    choice.order.activated.emit(choice.order.currentIndex())
    assert bench.page.list.order()[2:] == ["mobilenet-v4-small", "mobilenet-v4-medium", "mobilenet-v4-large"]
    choice.choose(ALL)
    assert len(bench.page.list.order()) == len(catalog.ENTRIES) + 1
    choice.choose("best")


def test_official_models_are_found_by_search(bench: Bench) -> None:
    hidden = "mobilenet-v1-0.25-128"
    assert bench.page.list.row(hidden) is None
    bench.page.search.setText("v1 0.25 128")
    assert bench.page.list.order() == [hidden]
    bench.page.search.setText("no such thing")
    assert bench.page.list.order() == []
    bench.page.search.clear()
    assert V2 in bench.page.list.order()


def test_use_puts_another_model_to_use(qtbot: QtBot, bench: Bench) -> None:
    row = bench.page.list.row("pets")
    assert row is not None
    with qtbot.waitSignal(bench.active.changed, timeout=SECONDS):
        click(row.button("use"))
    qtbot.waitUntil(lambda: bench.store.active_id == "pets", timeout=SECONDS)
    assert bench.page.list.order()[0] == "pets"


def test_a_download_runs_from_the_row_to_in_use(qtbot: QtBot, empty: Bench) -> None:
    page = empty.page
    assert not page.no_model.isHidden()
    empty.work.prepare(V2)
    click(page.no_model.download)
    qtbot.waitUntil(lambda: (s := empty.tasks.state(V2)) is not None and s.phase == "downloading", timeout=SECONDS)
    assert not page.no_model.download.isEnabled()
    row = page.list.row(V2)
    assert row is not None
    assert row.button("pause") is not None
    assert row.button("download") is None
    click(row.button("pause"))
    qtbot.waitUntil(lambda: row.button("resume") is not None, timeout=SECONDS)
    empty.work.go[V2].set()
    click(row.button("resume"))
    qtbot.waitUntil(lambda: not empty.tasks.states(), timeout=SECONDS)
    assert page.no_model.isHidden()
    item = page.details.item
    assert item is not None
    assert item.active
    assert item.milliseconds is not None
    assert not item.estimated


def test_cancelling_gives_the_download_button_back(qtbot: QtBot, bench: Bench) -> None:
    bench.work.prepare(LARGE)
    row = bench.page.list.row(LARGE)
    assert row is not None
    click(row.button("download"))
    qtbot.waitUntil(bench.work.begun[LARGE].is_set, timeout=SECONDS)
    with qtbot.waitSignal(bench.tasks.cancelled, timeout=SECONDS):
        click(row.button("cancel"))
    row = bench.page.list.row(LARGE)
    assert row is not None
    assert row.button("download") is None, "it is chosen, so the panel of details offers it"
    assert not bench.page.details.download.isHidden()
    bench.page.select(V2)
    assert row.button("download") is not None


def test_a_stopped_download_shows_a_banner_that_resumes(qtbot: QtBot, bench: Bench) -> None:
    error = DownloadError("MobileNet V3 Large", "The server fell silent.", resumable=True)
    bench.put(id=LARGE, kind="download", phase="failed", done=62, total=100, error=error)
    banner = bench.page.notices.banner(LARGE)
    assert banner is not None
    assert "62" in banner.text()
    assert "The server fell silent." in banner.text()
    bench.work.prepare(LARGE)
    banner.action.emit()
    assert bench.page.notices.banner(LARGE) is None
    qtbot.waitUntil(bench.work.begun[LARGE].is_set, timeout=SECONDS)
    bench.work.go[LARGE].set()
    qtbot.waitUntil(lambda: not bench.tasks.states(), timeout=SECONDS)


def test_closing_the_banner_keeps_what_arrived(bench: Bench) -> None:
    error = DownloadError("MobileNet V3 Large", "The server fell silent.", resumable=True)
    bench.put(id=LARGE, kind="download", phase="failed", done=62, total=100, error=error)
    banner = bench.page.notices.banner(LARGE)
    assert banner is not None
    banner.closed.emit()
    state = bench.tasks.state(LARGE)
    assert state is not None
    assert state.phase == "paused"


def test_a_full_disk_is_a_warning_with_its_figures(bench: Bench) -> None:
    full = StorageError("/models", "The disk is full: 22.0 MB are needed and 9.0 MB are free.")
    bench.put(id=LARGE, kind="download", phase="failed", error=full)
    banner = bench.page.notices.banner(LARGE)
    assert banner is not None
    assert banner.tone() == "warn"
    assert "22.0 MB" in banner.text()


def test_removing_can_be_undone_and_frees_the_disk_when_the_toast_goes(qtbot: QtBot, bench: Bench) -> None:
    page = bench.page
    page.show()
    qtbot.waitExposed(page)
    page.select("pets")
    click(page.details.remove)
    assert page.list.row("pets") is None
    assert bench.store.has("pets")
    page.toasts.toast.link.click()
    assert page.list.row("pets") is not None
    qtbot.waitUntil(page.toasts.toast.isHidden, timeout=SECONDS)
    assert bench.store.has("pets")
    page.select("pets")
    click(page.details.remove)
    page.toasts.dismiss()
    qtbot.waitUntil(lambda: not bench.store.has("pets"), timeout=SECONDS)
    qtbot.waitUntil(lambda: not bench.tasks.states(), timeout=SECONDS)
    assert page.list.row("pets") is None


def test_removing_is_undone_by_the_keys_for_undo_as_well(qtbot: QtBot, bench: Bench) -> None:
    page = bench.page
    page.show()
    qtbot.waitExposed(page)
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    page.select("pets")
    click(page.details.remove)
    assert page.list.row("pets") is None
    QTest.keySequence(page, QKeySequence(QKeySequence.StandardKey.Undo))
    qtbot.waitUntil(lambda: page.list.row("pets") is not None)
    assert page.list.chosen_id == "pets"
    qtbot.waitUntil(page.toasts.toast.isHidden, timeout=SECONDS)
    assert bench.store.has("pets")
    click(page.details.remove)
    page.toasts.dismiss()
    qtbot.waitUntil(lambda: not bench.store.has("pets") and not bench.tasks.states(), timeout=SECONDS)
    page.removal.undo()
    assert page.list.row("pets") is None, "gone for good once the toast is gone"


def test_opened_by_keys_the_page_leaves_its_search_field_alone(qtbot: QtBot, bench: Bench) -> None:
    window = QStackedWidget()
    qtbot.addWidget(window)
    before = QPushButton("Before")
    window.addWidget(before)
    window.addWidget(bench.page)
    window.resize(1116, 760)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    before.setFocus()
    qtbot.waitUntil(before.hasFocus)
    window.setCurrentWidget(bench.page)
    row = bench.page.list.row(V2)
    assert row is not None
    qtbot.waitUntil(row.hasFocus)
    bench.page.search.setFocus()
    bench.page.search.setText("v2")
    window.setCurrentWidget(before)
    window.setCurrentWidget(bench.page)
    QApplication.processEvents()
    assert bench.page.search.hasFocus(), "what was being searched for goes on"
    bench.page.setParent(None)


def test_what_is_being_removed_is_not_offered_any_more(qtbot: QtBot, bench: Bench) -> None:
    page = bench.page
    page.show()
    qtbot.waitExposed(page)
    page.select("pets")
    click(page.details.remove)
    assert page.list.chosen_id == V2, "the one in use, which is seen in the list"
    assert page.details.item is not None
    assert page.details.item.id == V2
    page._do("pets", "remove")
    page.toasts.toast.link.click()
    assert page.list.chosen_id == "pets"
    qtbot.waitUntil(page.toasts.toast.isHidden, timeout=SECONDS)
    assert bench.store.has("pets"), "asked for twice, it was promised a way back all the same"
    page.select(V2)
    click(page.details.remove)
    assert page.list.chosen_id == "pets", "the one in use goes, so the one next to it"
    page.toasts.toast.link.click()


def test_a_long_description_does_not_press_the_facts_together(
    qtbot: QtBot, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = bench.page
    long = "It tells animals, things and food apart, and misses what is small. " * 8
    monkeypatch.setattr("mobilenet_gui.ui.models.details.description", lambda _item: long)
    page.show()
    page.select("pets")
    rows = page.details.origin.rows[:3]
    qtbot.waitUntil(lambda: page.details.origin.y() > page.details._about.y() + 150, timeout=SECONDS)
    assert [rows[n + 1].y() - rows[n].y() for n in range(2)] == [rows[0].height()] * 2


def test_renaming_in_place(qtbot: QtBot, bench: Bench) -> None:
    page = bench.page
    page.show()
    page.select("pets")
    page.details.name.pencil.click()
    page.details.name.edit.setText("Our pets")
    QTest.keyClick(page.details.name.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bench.store.get("pets").name == "Our pets", timeout=SECONDS)
    qtbot.waitUntil(lambda: not bench.tasks.states(), timeout=SECONDS)
    row = bench.page.list.row("pets")
    assert row is not None
    assert row.item.name == "Our pets"
    page.details.name.pencil.click()
    page.details.name.edit.setText("Other")
    QTest.keyClick(page.details.name.edit, Qt.Key.Key_Escape)
    assert page.details.name.name() == "Our pets"


def test_measuring_shows_the_figure(qtbot: QtBot, bench: Bench) -> None:
    bench.page.select("pets")
    click(bench.page.details.measure)
    qtbot.waitUntil(lambda: not bench.tasks.states(), timeout=SECONDS)
    row = bench.page.list.row("pets")
    assert row is not None
    assert row.item.milliseconds is not None
    time = {fact.name: fact for fact in bench.page.details.figures.facts()}["Time here"]
    assert "Measured: Today" in time.help


def test_importing_asks_inline_and_says_what_it_found(qtbot: QtBot, bench: Bench, tmp_path: Path) -> None:
    page = bench.page
    file = tmp_path / "wildlife.tflite"
    file.write_bytes(make_tflite())
    assert not page.handle_paths([tmp_path / "photo.jpg"])
    assert page.handle_paths([file])
    panel = page.imports.panel
    assert not page.imports.isHidden()
    qtbot.waitUntil(lambda: "6 classes" in panel.summary, timeout=SECONDS)
    assert not panel.confirm.isEnabled()
    labels = tmp_path / "labels.txt"
    labels.write_text("one\ntwo\n")
    panel.set_labels(labels)
    assert not panel.confirm.isEnabled()
    labels.write_text("\n".join("abcdef"))
    panel.set_labels(labels)
    assert panel.confirm.isEnabled()
    panel.model_id.set_text("No good")
    assert not panel.confirm.isEnabled()
    panel.model_id.set_text("pets")
    assert not panel.confirm.isEnabled()
    panel.replace.setChecked(True)
    assert panel.confirm.isEnabled()
    panel.model_id.set_text("wildlife")
    click(panel.confirm)
    assert page.imports.isHidden()
    qtbot.waitUntil(lambda: bench.store.has("wildlife") and not bench.tasks.states(), timeout=SECONDS)
    assert page.list.chosen_id == "wildlife"


def test_several_files_are_asked_about_one_after_another(qtbot: QtBot, bench: Bench, tmp_path: Path) -> None:
    good, bad = tmp_path / "a.tflite", tmp_path / "b.h5"
    good.write_bytes(make_tflite(classes=1000))
    bad.write_bytes(b"nothing of the kind")
    bench.page.imports.take_folder(tmp_path)
    panel = bench.page.imports.panel
    assert panel.path == good
    qtbot.waitUntil(panel.confirm.isEnabled, timeout=SECONDS)
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert panel.path == bad
    qtbot.waitUntil(lambda: "not a Keras weights file" in panel.summary, timeout=SECONDS)
    assert not panel.confirm.isEnabled()
    click(panel.cancel)
    assert bench.page.imports.isHidden()


def test_a_models_own_folder_is_imported_whole(qtbot: QtBot, bench: Bench, tmp_path: Path) -> None:
    make_bundle(tmp_path / "run" / "bundle", bundle_id="garden", name="Garden")
    bench.page.imports.take_folder(tmp_path / "run")
    panel = bench.page.imports.panel
    assert panel.path == tmp_path / "run"
    qtbot.waitUntil(panel.confirm.isEnabled, timeout=SECONDS)
    assert "6 classes" in panel.summary
    assert not panel.choose_labels.isVisibleTo(panel)
    assert (panel.name.text(), panel.model_id.text()) == ("Garden", "garden")
    click(panel.confirm)
    qtbot.waitUntil(lambda: bench.store.has("garden") and not bench.tasks.states(), timeout=SECONDS)


def test_a_folder_without_models_is_named(bench: Bench, tmp_path: Path) -> None:
    bench.page.imports.take_folder(tmp_path)
    banner = bench.page.notices.banner("folder")
    assert banner is not None
    assert str(tmp_path) in banner.text()


def test_a_broken_model_is_named_and_can_be_removed(qtbot: QtBot, bench: Bench) -> None:
    (bench.store.models_dir / "pets" / "model.tflite").write_bytes(b"x")
    bench.page.refresh()
    assert bench.page.list.row("pets") is None
    banner = bench.page.notices.banner("broken:pets")
    assert banner is not None
    banner.action.emit()
    qtbot.waitUntil(lambda: not bench.store.has("pets") and not bench.tasks.states(), timeout=SECONDS)
    assert bench.page.notices.banner("broken:pets") is None


def test_arrows_move_and_delete_removes(qtbot: QtBot, bench: Bench) -> None:
    page = bench.page
    page.show()
    row = page.list.row(V2)
    assert row is not None
    row.setFocus()
    QTest.keyClick(row, Qt.Key.Key_Down)
    assert page.list.chosen_id == "pets"
    other = page.list.row("pets")
    assert other is not None
    QTest.keyClick(other, Qt.Key.Key_Delete)
    assert page.list.row("pets") is None
    bench.tasks.stay("pets")


def test_what_the_chosen_row_offers_stands_in_the_panel(qtbot: QtBot, bench: Bench) -> None:
    page = bench.page
    row = page.list.row("pets")
    assert row is not None
    assert row.button("use") is not None
    page.select("pets")
    assert row.button("use") is None
    details = page.details
    assert (details.use.isHidden(), details.download.isHidden()) == (False, True)
    assert details.use.kind == "primary"
    with qtbot.waitSignal(bench.active.changed, timeout=SECONDS):
        click(details.use)
    qtbot.waitUntil(details.use.isHidden, timeout=SECONDS)
    page.select(LARGE)
    assert (details.use.isHidden(), details.download.isHidden()) == (True, False)
    assert details.download.text().startswith("Get, ")
    assert details.teach.isHidden()


def test_tab_goes_from_rows_to_their_buttons(bench: Bench) -> None:
    row, other = bench.page.list.row("pets"), bench.page.list.row(bench.page.list.order()[-1])
    assert row is not None
    assert other is not None
    assert row.nextInFocusChain() is row.button("use")
    assert other.nextInFocusChain() is other.button("download")


def test_every_control_has_a_name(qtbot: QtBot, bench: Bench) -> None:
    bench.put(id=LARGE, kind="download", phase="paused", done=6, total=10)
    bench.page.show()
    stops = [w for w in bench.page.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]
    nameless = [w for w in stops if w.isVisible() and not (w.accessibleName() or w.property("text"))]
    assert not nameless


@pytest.mark.parametrize("size", [(816, 600), (1116, 760), (1356, 900)])
def test_nothing_is_clipped(qtbot: QtBot, bench: Bench, size: tuple[int, int]) -> None:
    page = bench.page
    bench.put(id=LARGE, kind="download", phase="paused", done=6_000_000, total=10_000_000)
    page.resize(*size)
    page.show()
    qtbot.waitExposed(page)
    assert page.width() == size[0]
    for row in (page.list.row(i) for i in page.list.order()):
        assert row is not None
        right = row.mapTo(page.list.viewport(), QPoint(row.width(), 0)).x()
        assert right <= page.list.viewport().width()
        for button in row._buttons.values():
            assert button.isHidden() or row.rect().contains(button.geometry())


def test_the_details_can_be_hidden_and_shown(qtbot: QtBot, bench: Bench) -> None:
    page = bench.page
    page.show()
    page.details.hide_button.click()
    assert page.details.isHidden()
    assert not bench.settings.values.inspector_visible
    page.show_details.click()
    assert not page.details.isHidden()
    assert bench.settings.values.inspector_visible


def test_speeds_not_known_yet_are_measured_when_the_page_is_shown(qtbot: QtBot, bench: Bench) -> None:
    measured: list[str] = []
    bench.tasks.returned.connect(lambda model_id, _result: measured.append(model_id))
    bench.page.show()
    qtbot.waitUntil(lambda: len(measured) == 2)
    bench.page.hide()
    bench.page.show()
    assert not bench.tasks.states(), "what is known is not measured again"


@pytest.mark.parametrize("first", ["measured", "asked for"])
def test_a_model_that_cannot_be_used_is_not_said_to_be_unmeasured_as_well(bench: Bench, first: str) -> None:
    def measure() -> None:
        bench.put(id="pets", kind="measure", phase="failed", error=ModelError("Pets", "Its file is damaged."))

    if first == "measured":
        measure()
        assert bench.page.notices.banner("pets") is not None
    bench.active.failure = Failure("pets", "Pets", "Its file is damaged.")
    bench.active.changed.emit()
    if first != "measured":
        measure()
    assert bench.page.notices.banner("pets") is None
    assert bench.page.notices.banner("in use") is not None
    assert bench.tasks.state("pets") is None
