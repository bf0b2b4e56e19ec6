"""From the press on Start to the first photo: it goes on without its window, and can be stopped."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mobilenet_gui.core.errors import Cancelled, StorageError
from mobilenet_gui.training import duplicates, project_runs
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.project_runs import RUNS_NAME, runs_of
from mobilenet_gui.training.run_folder import RunFolder, RunState
from mobilenet_gui.training.sharing import Alike
from mobilenet_gui.ui.wizard.evaluate_page import EvaluatePage
from mobilenet_gui.ui.wizard.train_page import TrainPage
from mobilenet_gui.workers.training_state import TrainingState
from tests import fake_trainer as fake
from tests.ui.test_wizard_train import begin, keys_of
from tests.ui.trained_parts import MakeTrained, TrainedBench, finished_run, run_of

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Comparing:
    """The look for photos that are alike, which takes as long as a test wants."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.share: Callable[[float], None] = lambda _share: None

    def __call__(
        self, _photos: Any, *, cancel: threading.Event, share: Callable[[float], None] | None = None, **_: Any
    ) -> Alike:
        if share is None:  # the Settings step, which only asks what is known already
            return Alike()
        self.share = share
        share(0.25)
        self.begun.set()
        assert self.go_on.wait(30)
        if cancel.is_set():
            raise Cancelled
        return Alike()


@pytest.fixture
def comparing(monkeypatch: pytest.MonkeyPatch) -> Comparing:
    made = Comparing()
    monkeypatch.setattr(duplicates, "duplicate_groups", made)
    return made


def ready(make_trained: MakeTrained, *plan: fake.Step) -> tuple[TrainedBench, Project]:
    bench = make_trained(*plan)
    bench.install_base()
    return bench, bench.filled(Birds=6, Frogs=6)


def state_of(bench: TrainedBench) -> TrainingState:
    assert bench.training.state is not None
    return bench.training.state


def folders(project: Project) -> list[str]:
    place = project.folder / RUNS_NAME
    return sorted(path.name for path in place.iterdir()) if place.is_dir() else []


def test_comparing_is_a_phase_with_progress_and_a_way_out(make_trained: MakeTrained, comparing: Comparing) -> None:
    bench, project = ready(make_trained)
    dialog, page = begin(bench, project)
    bench.wait(lambda: state_of(bench).fraction == 0.25)
    assert state_of(bench).preparing
    assert page.figures.track.accessibleName() == "Step 1 of 5: Compare photos"
    assert "none is both learnt from and tested on" in page.banner.text()
    assert page.step_detail() == "Compare photos"
    assert keys_of(dialog) == ["cancel", "close"]
    comparing.go_on.set()
    bench.wait(lambda: isinstance(dialog.current, TrainPage) and not bench.training.busy)
    assert state_of(bench).outcome == "successful"
    assert [run.state().status for run in runs_of(project.folder)] != ["new"]


@pytest.mark.parametrize("moment", ["at once", "while comparing", "when it trains"])
def test_closing_the_wizard_at_any_moment_stops_nothing(
    make_trained: MakeTrained, comparing: Comparing, moment: str
) -> None:
    bench, project = ready(make_trained, fake.epoch(1), "await finish", *fake.fine())
    dialog, _ = begin(bench, project)
    if moment == "while comparing":
        bench.wait(comparing.begun.is_set)
    if moment != "when it trains":
        dialog.close()
    comparing.go_on.set()
    bench.wait(lambda: bool(state_of(bench).history))
    if moment == "when it trains":
        dialog.close()
    assert state_of(bench).folder == project.folder / RUNS_NAME / "run-0001"
    other = bench.project("Kitchen")
    bench.dialog(other)
    assert bench.training.busy
    again = bench.dialog(project)
    again.context.latest.status = "running"  # as it is read when a project is opened
    again.go("train")
    bench.wait(lambda: isinstance(again.current, TrainPage) and again.current.figures.epoch_card.number() == "1")
    bench.training.finish()
    bench.wait(lambda: state_of(bench).outcome == "successful")


def test_cancelled_while_comparing_nothing_is_left_and_what_was_before_is_shown(
    make_trained: MakeTrained, comparing: Comparing
) -> None:
    bench, project = ready(make_trained)
    finished_run(project)
    dialog, page = begin(bench, project)
    bench.wait(comparing.begun.is_set)
    page.act("cancel")
    assert not bench.training.busy  # at once, though the comparing has not heard of it
    assert "There is no new model" in page.banner.text()
    assert keys_of(dialog) == ["again"]
    thread = bench.training._thread
    comparing.go_on.set()
    assert thread is not None
    thread.join(30)
    assert folders(project) == ["run-0001"]
    assert state_of(bench).outcome == "cancelled"
    dialog.go("evaluate")
    assert isinstance(dialog.current, EvaluatePage)


def test_after_a_cancelled_one_the_next_begins_at_once(make_trained: MakeTrained, comparing: Comparing) -> None:
    bench, project = ready(make_trained)
    dialog, page = begin(bench, project)
    bench.wait(comparing.begun.is_set)
    first = comparing.go_on
    page.act("cancel")
    comparing.go_on = threading.Event()
    comparing.go_on.set()
    dialog.go("settings")
    dialog.current.act("start")
    bench.wait(lambda: state_of(bench).outcome == "successful")
    first.set()
    assert folders(project) == ["run-0001"]


def test_what_keeps_it_from_being_frozen_is_said(make_trained: MakeTrained, monkeypatch: pytest.MonkeyPatch) -> None:
    bench, project = ready(make_trained)

    def full(_folder: Path) -> RunFolder:
        raise StorageError("runs", "The disk is full.")

    monkeypatch.setattr(project_runs, "new_run", full)
    dialog, page = begin(bench, project)
    bench.wait(lambda: page.banner.tone() == "bad")
    assert "The disk is full." in page.banner.text()
    assert keys_of(dialog) == ["again"]
    assert folders(project) == []


def test_the_program_ends_while_comparing_and_leaves_nothing(make_trained: MakeTrained, comparing: Comparing) -> None:
    bench, project = ready(make_trained)
    begin(bench, project)
    bench.wait(comparing.begun.is_set)
    threading.Timer(0.2, comparing.go_on.set).start()
    bench.training.shut_down()
    assert folders(project) == []


def test_the_program_ends_before_the_worker_has_begun_and_it_can_go_on(make_trained: MakeTrained) -> None:
    bench, project = ready(make_trained, "hang")
    begin(bench, project)
    bench.wait(lambda: not state_of(bench).preparing)
    bench.training.shut_down()
    assert [run.state().status for run in runs_of(project.folder)] == ["interrupted"]
    assert runs_of(project.folder)[0].state().can_go_on


def test_a_run_that_the_first_version_left_behind_hides_nothing_and_goes(make_trained: MakeTrained) -> None:
    bench, project = ready(make_trained)
    finished_run(project)
    orphan = run_of(project, RunState())
    assert [run.path.name for run in runs_of(project.folder)] == ["run-0001"]
    dialog = bench.dialog(project)
    dialog.context.latest.status, dialog.context.latest.has_model = "finished", True
    dialog.go("train")
    page = dialog.current
    assert isinstance(page, TrainPage)
    bench.wait(lambda: page.banner.tone() == "ok")
    dialog.close()
    project_runs.sweep_runs(project.folder)
    assert orphan.exists, "one of this program may be about to begin"
    old = time.time() - 3600
    os.utime(orphan.path, (old, old))
    gone: list[bool] = []
    bench.tasks.close(project, lambda: gone.append(True))
    bench.wait(lambda: bool(gone))
    opened: list[Any] = []
    bench.tasks.open(project.id, opened.append, opened.append)
    bench.wait(lambda: bool(opened))
    assert opened[0].state.status == "finished"
    assert not orphan.path.exists()
