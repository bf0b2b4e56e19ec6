"""What becomes of a training in the background: its model is in Models, and whoever works elsewhere is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.training.run_folder import RunFolder, RunState
from mobilenet_gui.ui import notifier
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.workers import run_install
from mobilenet_gui.workers.run_harvest import TrainingNews
from mobilenet_gui.workers.run_install import installed_model
from tests import fake_trainer as fake
from tests.model_factory import make_bundle
from tests.ui.trained_parts import epochs, finished_run, run_of
from tests.ui.wizard_parts import photos_in

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
SECONDS = 30_000
READY = "hymenoptera is ready, 95.0\N{NO-BREAK SPACE}% correct"


class Bench:
    """The main window, with a worker that does what a test says."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot, self.folder = qtbot, folder
        self.settings = SettingsStore(paths.settings_file())
        self.store = ModelStore(paths.models_dir(), paths.builtin_models_dir())
        if not self.store.list():
            with self.store.staging_folder() as staging:
                make_bundle(staging)
                self.store.activate(self.store.install(staging).id)
        self.window = MainWindow(self.settings, self.store, theme(), StartupTrace(False))
        self.window.desk.training._command = fake.command(*fake.fine())
        self.told: list[TrainingNews] = []
        self.window.desk.harvest.told.connect(self.told.append)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitUntil(self.window.isActiveWindow)

    def project(self, name: str) -> Project:
        made: list[Any] = []
        self.window.desk.tasks.create(name, made.append, made.append)
        self.wait(lambda: bool(made))
        project: Project = made[0].project
        for number, class_name in enumerate(("Ants", "Bees")):
            paths_ = photos_in(self.folder / name / class_name, 4, 50 * number)
            project.add_photos([NewPhoto(path, class_name=class_name) for path in paths_])
        return project

    def train(self, project: Project, run: RunFolder, *plan: fake.Step) -> None:
        """Run a scripted training of a run that is on the disk already."""
        training = self.window.desk.training
        training._command = fake.command(*(plan or fake.fine()))
        training.start(project.id, run.path, name=project.name)

    def ends(self, project: Project, run: RunFolder, *plan: fake.Step) -> TrainingNews:
        before = len(self.told)
        self.train(project, run, *plan)
        self.wait(lambda: len(self.told) > before)
        return self.told[-1]

    @property
    def toast(self) -> tuple[str, str, str]:
        """The toast's sign, text and action; nothing where none is shown."""
        host = self.window.toasts
        if not host.is_showing():
            return "", "", ""
        return host.toast.sign.kind, host.toast.label.text(), host.toast.link.text()

    @property
    def badge(self) -> str:
        return self.window.rail.item("finetune").badge

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=SECONDS)


@pytest.fixture
def notices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    shown: list[str] = []
    monkeypatch.setattr(notifier.Notifier, "show", lambda _self, text: shown.append(text))
    return shown


@pytest.fixture
def make(qtbot: QtBot, tmp_path: Path, notices: list[str]) -> Iterator[Callable[[], Bench]]:
    made: list[Bench] = []

    def build() -> Bench:
        made.append(Bench(qtbot, tmp_path))
        return made[-1]

    yield build
    for bench in made:
        bench.window.quitting.close_at_once()
        bench.window.deleteLater()


@pytest.fixture
def bench(make: Callable[[], Bench]) -> Bench:
    return make()


def test_the_model_is_in_models_and_every_page_says_so(bench: Bench, notices: list[str]) -> None:
    project = bench.project("hymenoptera")
    bench.window.show_page("models")
    news = bench.ends(project, finished_run(project))
    model = installed_model(bench.store, project.id)
    assert model is not None
    assert (news.kind, news.model_id, news.accuracy) == ("ready", model.id, 0.95)
    assert bench.toast == ("ok", READY, "Try it")
    assert bench.badge == "ok"
    assert bench.window.rail.item("finetune").accessibleName() == "Fine-tune, a model is ready"
    assert not notices, "a window is in front"
    assert bench.settings.values.unfinished_training == ""
    bench.window.show_page("finetune")
    assert bench.badge == ""


def test_the_toast_is_held_while_it_is_looked_at(bench: Bench) -> None:
    project = bench.project("hymenoptera")
    bench.ends(project, finished_run(project))
    toast = bench.window.toasts.toast
    centre = toast.rect().center().toPointF()
    QApplication.sendEvent(toast, QEnterEvent(centre, centre, centre))
    assert bench.window.toasts.is_held()
    QApplication.sendEvent(toast, QEvent(QEvent.Type.Leave))
    assert not bench.window.toasts.is_held()
    assert bench.window.toasts._timer.interval() == 8000


@pytest.mark.parametrize("page", ["photos", "live"])
def test_try_it_uses_the_model_where_there_is_something_to_see(bench: Bench, page: str) -> None:
    if page == "photos":
        Image.new("RGB", (64, 48), "red").save(bench.folder / "red.png")
        bench.window.start([str(bench.folder / "red.png")])
    project = bench.project("hymenoptera")
    news = bench.ends(project, finished_run(project))
    bench.window.show_page("settings")
    QTest.mouseClick(bench.window.toasts.toast.link, Qt.MouseButton.LeftButton)
    bench.wait(lambda: bench.store.chosen_id() == news.model_id)
    assert bench.window.rail.current() == page
    assert bench.badge == ""


def test_where_its_own_wizard_is_in_front_nothing_is_told(bench: Bench) -> None:
    project = bench.project("hymenoptera")
    run = finished_run(project)
    desk = bench.window.desk
    closed: list[bool] = []
    desk.tasks.close(project, lambda: closed.append(True))
    bench.wait(lambda: bool(closed))
    desk.open(project.id)
    bench.wait(lambda: desk.dialog(project.id) is not None and desk.dialog(project.id).isActiveWindow())  # type: ignore[union-attr]
    bench.ends(project, run)
    assert bench.toast == ("", "", "")
    assert bench.badge == ""
    assert installed_model(bench.store, project.id) is not None


def test_in_front_of_another_wizard_that_one_says_it(bench: Bench) -> None:
    project, other = bench.project("hymenoptera"), bench.project("kitchen")
    closed: list[bool] = []
    desk = bench.window.desk
    desk.tasks.close(other, lambda: closed.append(True))
    bench.wait(lambda: bool(closed))
    desk.open(other.id)
    bench.wait(lambda: desk.dialog(other.id) is not None and desk.dialog(other.id).isActiveWindow())  # type: ignore[union-attr]
    bench.ends(project, finished_run(project))
    dialog = desk.dialog(other.id)
    assert dialog is not None
    assert dialog.context.toasts.toast.label.text() == READY
    assert bench.badge == "ok"


def test_nobody_there_is_told_by_the_system_and_by_the_toast_on_coming_back(
    bench: Bench, notices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = bench.project("hymenoptera")
    with monkeypatch.context() as away:
        away.setattr("mobilenet_gui.ui.finetune.news_desk._in_front", lambda: False)
        away.setattr(QApplication, "activeWindow", lambda: None)
        bench.ends(project, finished_run(project))
        assert notices == [READY]
        assert bench.toast == ("", "", "")
        bench.settings.update(notify=False)
        bench.ends(project, finished_run(project))
        assert len(notices) == 1
    QApplication.instance().focusWindowChanged.emit(bench.window.windowHandle())  # type: ignore[union-attr]
    assert bench.toast == ("ok", READY, "Try it")


def test_two_that_nobody_has_seen_are_told_together(bench: Bench) -> None:
    for name in ("hymenoptera", "kitchen"):
        project = bench.project(name)
        bench.ends(project, finished_run(project))
    assert bench.toast == ("ok", "2 models are ready", "See them")
    QTest.mouseClick(bench.window.toasts.toast.link, Qt.MouseButton.LeftButton)
    assert bench.window.rail.current() == "models"


def test_one_that_failed_says_why_and_opens_its_wizard_there(bench: Bench) -> None:
    project = bench.project("hymenoptera")
    run = run_of(project, RunState("running"))
    full = {"event": "failed", "subject": "", "reason": "The disk is full.", "kind": "storage"}
    assert bench.ends(project, run, full).kind == "stopped"
    assert bench.toast == ("bad", "hymenoptera stopped: the disk is full", "See why")
    assert bench.badge == "bad"
    closed: list[bool] = []
    bench.window.desk.tasks.close(project, lambda: closed.append(True))
    bench.wait(lambda: bool(closed))
    QTest.mouseClick(bench.window.toasts.toast.link, Qt.MouseButton.LeftButton)
    desk = bench.window.desk
    bench.wait(lambda: desk.dialog(project.id) is not None and desk.dialog(project.id)._current == "train")  # type: ignore[union-attr]


def test_fine_tune_shows_on_its_card_how_it_goes_from_the_first_moment(bench: Bench) -> None:
    project = bench.project("hymenoptera")
    project.save()
    bench.train(project, run_of(project, RunState("running")), fake.epoch(1), "hang")
    bench.wait(lambda: len(bench.window.desk.training.state.history) == 1)  # type: ignore[union-attr]
    bench.window.show_page("finetune")
    page = bench.window._finetune()
    bench.wait(lambda: project.id in page.cards)
    assert page.cards[project.id].look.tone == "busy"


def test_one_that_was_cancelled_tells_nothing(bench: Bench) -> None:
    project = bench.project("hymenoptera")
    training = bench.window.desk.training
    bench.train(project, run_of(project, RunState("running")), "hang")
    with bench.qtbot.waitSignal(training.ended):
        training.cancel()
    assert not bench.told
    assert bench.badge == ""
    assert bench.settings.values.unfinished_training == ""


def test_a_disk_too_full_for_the_model_is_said_and_it_is_tried_again(
    bench: Bench, make: Callable[[], Bench], monkeypatch: pytest.MonkeyPatch
) -> None:
    project = bench.project("hymenoptera")

    def full(*_args: object, **_more: object) -> Bundle:
        raise StorageError("models", "The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(run_install, "install_run", full)
        assert bench.ends(project, finished_run(project)).kind == "unsaved"
    assert bench.toast == ("bad", "hymenoptera is not in Models: the disk is full", "See why")
    assert bench.window.tasks.states() == []
    project.save()
    bench.window.quitting.close_at_once()
    again = make()
    again.window.start([])
    again.wait(lambda: bool(again.told))
    assert again.told[0].kind == "ready"
    assert installed_model(again.store, project.id) is not None


def test_a_project_that_was_deleted_meanwhile_has_no_model_and_no_way_to_it(bench: Bench) -> None:
    project = bench.project("hymenoptera")
    run = finished_run(project)
    bench.train(project, run, "await finish", *fake.fine())
    bench.wait(lambda: bench.window.desk.training.state is not None)
    shutil.rmtree(project.folder)
    bench.wait(lambda: bench.window.desk.training._worker is not None)
    bench.window.desk.training.finish()
    bench.wait(lambda: bool(bench.told))
    assert bench.toast == ("bad", "hymenoptera is not in Models: its project was deleted", "")
    assert installed_model(bench.store, project.id) is None


def test_trained_again_it_replaces_its_own_model_and_no_other(bench: Bench) -> None:
    project = bench.project("hymenoptera")
    first = bench.ends(project, finished_run(project))
    bench.window.active.use(first.model_id)
    bench.wait(lambda: bench.window.active.bundle is not None and bench.window.active.bundle.id == first.model_id)
    second = bench.ends(project, finished_run(project, wrong=(0,)))
    assert second.model_id == first.model_id
    model = installed_model(bench.store, project.id)
    assert model is not None
    assert model.manifest.provenance.run == "run-0002"
    assert bench.store.chosen_id() == first.model_id


def test_a_name_that_another_model_has_gets_a_number(bench: Bench) -> None:
    one, other = bench.project("hymenoptera"), bench.project("kitchen")
    bench.ends(one, finished_run(one))
    other.rename("hymenoptera")
    other.save()
    news = bench.ends(other, finished_run(other))
    assert news.name == "hymenoptera 2"
    names = [bundle.name for bundle in bench.store.list()]
    assert sorted(names)[-2:] == ["hymenoptera", "hymenoptera 2"]


def test_what_the_end_of_the_program_cut_short_is_offered_and_goes_on(bench: Bench, make: Callable[[], Bench]) -> None:
    project = bench.project("hymenoptera")
    project.save()
    bench.train(project, run_of(project, RunState("running", "adapt", epochs(5, 20, "adapt"), 4, 20.0)), "hang")
    bench.wait(lambda: bench.window.desk.training._worker is not None)
    bench.window.quitting.close_at_once()
    again = make()
    again.window.start([])
    again.wait(lambda: bool(again.told))
    assert again.toast == ("", "hymenoptera was interrupted after 5 of 20 epochs", "Go on")
    again.window.show_page("finetune")
    page = again.window._finetune()
    assert page.notices.text_of("interrupted") == "hymenoptera was interrupted after 5 of 20 epochs."
    assert not again.window.toasts.is_showing()  # said once
    again.wait(lambda: project.id in page.cards)
    assert page.cards[project.id].look.state == "Interrupted after 5 of 20 epochs"
    again.window.desk.training._command = fake.command(fake.epoch(6, 20, phase="adapt"), "hang")
    page.notices.trigger("interrupted")
    again.wait(lambda: again.window.desk.training.busy)
    assert "interrupted" not in page.notices.shown()
    again.wait(lambda: len(again.window.desk.training.state.history) == 6)  # type: ignore[union-attr]


def test_a_process_that_has_not_noticed_the_end_yet_is_waited_for(bench: Bench) -> None:
    project = bench.project("hymenoptera")
    project.save()
    run = run_of(project, RunState("running", "adapt", epochs(5, 20, "adapt"), 4, 20.0))
    bench.settings.update(unfinished_training=f"{project.id}/{run.path.name}")
    with run.lock():
        assert run.state().status == "running"
        bench.window.desk.harvest.recall()
        bench.qtbot.wait(400)
        assert not bench.told
    bench.wait(lambda: bool(bench.told))
    assert (bench.told[0].kind, bench.told[0].epoch) == ("interrupted", 5)


def test_one_that_had_not_begun_is_said_as_that(bench: Bench, make: Callable[[], Bench]) -> None:
    project = bench.project("hymenoptera")
    project.save()
    bench.settings.update(unfinished_training=project.id)
    bench.window.quitting.close_at_once()
    again = make()
    again.window.start([])
    again.wait(lambda: bool(again.told))
    assert again.toast == ("", "hymenoptera was not trained: the program ended before it began", "Open")


def test_a_training_that_nobody_offers_any_more_is_forgotten(bench: Bench) -> None:
    for noted in ("nowhere", "nowhere/run-0001", "../etc"):
        bench.settings.update(unfinished_training=noted)
        bench.window.desk.harvest.recall()
        bench.wait(lambda: bench.settings.values.unfinished_training == "")
    assert not bench.told
