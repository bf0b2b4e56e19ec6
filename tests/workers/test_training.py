"""The training as the window sees it: what is told, what is obeyed, how it ends, and that nothing is left behind."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.errors import ModelError, StorageError, UserError
from mobilenet_gui.training import protocol
from mobilenet_gui.training.job import TrainJob
from mobilenet_gui.training.process import POLITE_NICENESS
from mobilenet_gui.workers.training import TrainingController
from mobilenet_gui.workers.training_state import Order, TrainingState
from tests import fake_trainer as fake
from tests.fake_trainer import Step

Make = Callable[..., TrainingController]


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Make]:
    made: list[TrainingController] = []

    def build(*plan: Step) -> TrainingController:
        made.append(TrainingController(command=fake.command(*plan)))
        return made[-1]

    yield build
    for controller in made:
        controller.shut_down()


def run(qtbot: QtBot, controller: TrainingController, folder: Path) -> TrainingState:
    with qtbot.waitSignal(controller.ended) as heard:
        controller.start("garden", folder)
    state = heard.args[0]
    assert isinstance(state, TrainingState)
    return state


def state_now(controller: TrainingController) -> TrainingState:
    assert controller.state is not None
    return controller.state


_OTHERS: set[int] = set()


@pytest.fixture(autouse=True)
def only_ours() -> None:
    """Leave out what other tests keep running in this process, such as Python's own tracker of shared memory."""
    _OTHERS.clear()
    _OTHERS.update(process.pid for process in psutil.Process().children(recursive=True))


def children() -> list[psutil.Process]:
    """Return the processes that this test has started and that still run."""
    found = [p for p in psutil.Process().children(recursive=True) if p.pid not in _OTHERS]
    return [p for p in found if p.status() != psutil.STATUS_ZOMBIE]


def test_a_training_is_told_from_first_to_last(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    controller = make(*fake.fine())
    told: list[TrainingState] = []
    controller.changed.connect(told.append)
    assert not controller.busy
    state = run(qtbot, controller, tmp_path)
    assert state.outcome == "successful"
    assert state.result["accuracy"] == 0.95
    assert [record.epoch for record in state.history] == [1, 2, 3]
    assert (state.planned, state.phase, state.share) == (3, "test", 1.0)
    assert told[0].status == "starting"
    phases = list(dict.fromkeys(s.phase for s in told if s.phase))
    assert phases == ["photos", "head", "test"]
    assert state is told[-1] is controller.state_of("garden")
    assert controller.state_of("kitchen") is None
    assert not controller.busy


def test_pause_resume_and_finish_reach_the_worker(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    controller = make(
        fake.epoch(1), "await pause", fake.paused(True), "await resume", fake.paused(False), "await finish",
        fake.finished(),
    )  # fmt: skip
    controller.start("garden", tmp_path)
    qtbot.waitUntil(lambda: len(state_now(controller).history) == 1)
    controller.pause()
    assert state_now(controller).asked == "pause"
    qtbot.waitUntil(lambda: state_now(controller).status == "paused")
    assert state_now(controller).asked == ""
    assert controller.busy
    controller.resume()
    qtbot.waitUntil(lambda: state_now(controller).status == "running")
    with qtbot.waitSignal(controller.ended):
        controller.finish()
        assert state_now(controller).asked == "finish"
    assert state_now(controller).outcome == "successful"


def test_cancel_ends_the_process(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    controller = make(fake.epoch(1), "hang")
    controller.start("garden", tmp_path)
    qtbot.waitUntil(lambda: bool(state_now(controller).history))
    assert children()
    with qtbot.waitSignal(controller.ended):
        controller.cancel()
        controller.pause()  # too late, and not to be heard
        assert state_now(controller).asked == "cancel"
    assert state_now(controller).outcome == "cancelled"
    qtbot.waitUntil(lambda: not children())


@pytest.mark.parametrize("end", ["crash", "die"])
def test_a_crash_is_an_outcome_with_the_log(qtbot: QtBot, make: Make, tmp_path: Path, end: str) -> None:
    controller = make(fake.epoch(1), end)
    state = run(qtbot, controller, tmp_path)
    assert state.outcome == "crashed"
    assert isinstance(state.error, ModelError)
    if end == "crash":
        assert "Illegal thing" in str(state.error)
        assert any("Illegal thing" in line for line in state.log)
    assert len(state.history) == 1


def test_a_failure_with_words_is_no_crash(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    failed = {"event": "failed", "subject": "photos", "reason": "The disk is full.", "kind": "storage"}
    state = run(qtbot, make(failed), tmp_path)
    assert state.outcome == "failed"
    assert isinstance(state.error, StorageError)
    assert "disk is full" in str(state.error)


def test_a_worker_that_cannot_start_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    controller = TrainingController(command=["/no/such/program"])
    state = run(qtbot, controller, tmp_path)
    assert state.outcome == "failed"
    assert "could not be started" in str(state.error)
    controller.warm()
    controller.shut_down()


def test_one_training_at_a_time(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    controller = make("hang")
    controller.start("garden", tmp_path)
    with pytest.raises(ModelError, match="Another training"):
        controller.start("kitchen", tmp_path)
    assert state_now(controller).project_id == "garden"
    with qtbot.waitSignal(controller.ended):
        controller.cancel()


def test_a_warm_worker_is_used_and_replaced_until_it_is_let_go(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    controller = make(*fake.fine())
    controller.warm()
    controller.warm()
    qtbot.waitUntil(lambda: len(children()) == 1)
    warm = children()[0].pid
    qtbot.waitUntil(controller._spare_runs)
    run(qtbot, controller, tmp_path)
    qtbot.waitUntil(lambda: [p.pid for p in children()] not in ([], [warm]) and controller._spare_runs())
    assert warm not in [p.pid for p in children()]
    controller.cool()
    qtbot.waitUntil(lambda: not children())


def test_the_worker_stands_back(qtbot: QtBot, make: Make) -> None:
    controller = make()
    controller.warm()
    qtbot.waitUntil(controller._spare_runs)
    theirs, ours = children()[0].nice(), psutil.Process().nice()
    if sys.platform == "win32":
        assert theirs != ours
    else:
        assert theirs == max(POLITE_NICENESS, ours)


def test_the_end_of_the_program_ends_the_process_at_once(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    controller = make(fake.epoch(1), "hang")
    ended: list[object] = []
    controller.ended.connect(ended.append)
    controller.start("garden", tmp_path)
    qtbot.waitUntil(lambda: bool(state_now(controller).history))
    controller.shut_down()
    controller.shut_down()
    assert not children()
    qtbot.wait(1)
    assert not ended
    controller.start("garden", tmp_path)
    controller.warm()
    assert not children()


def test_other_jobs_run_beside_a_training(qtbot: QtBot, make: Make, tmp_path: Path) -> None:
    controller = make({"event": "exported", "result": {"format": "onnx"}}, fake.finished())
    heard: list[object] = []
    done: list[object] = []
    controller.run_job(TrainJob(tmp_path), done=done.append, failed=done.append, event=heard.append)
    qtbot.waitUntil(lambda: bool(done))
    assert heard == [protocol.Exported({"format": "onnx"})]
    assert done == [{"accuracy": 0.95, "seconds": 6.0}]
    failing = TrainingController(command=["/no/such/program"])
    errors: list[UserError] = []
    failing.run_job(TrainJob(tmp_path), done=done.append, failed=errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert "could not be started" in str(errors[0])
    failing.shut_down()


def test_time_left_counts_down_and_stands_still_while_paused() -> None:
    state = TrainingState("p", Path("r")).after(_epoch(1, seconds_left=60.0), 100.0)
    assert state.left_now(110.0) == 50.0
    assert state.left_now(1000.0) == 0.0
    paused = state.after(protocol.Paused(True), 120.0)
    assert paused.status == "paused"
    assert paused.left_now(500.0) == 40.0
    again = paused.after(protocol.Paused(False), 500.0)
    assert again.left_now(510.0) == 30.0


def test_time_left_is_the_estimate_until_the_training_itself_tells() -> None:
    order = Order(seconds=90.0, learnt=100, seen=120)
    state = TrainingState("p", Path("r"), seconds_left=90.0, left_at=0.0, order=order)
    assert state.left_now(30.0) == 60.0
    assert state.left_now(91.0) is None
    state = state.after(protocol.PhaseChanged("photos"), 10.0).after(protocol.Progress("photos", 0.5), 14.0)
    assert (state.photos_per_second, state.left_now(30.0)) == (15.0, 60.0)
    state = state.after(protocol.PhaseChanged("adapt", 10), 20.0)
    assert state.photos_per_second == 0.0
    assert state.after(protocol.Progress("adapt", 0.1), 21.0).left_now(30.0) == 60.0
    paused = state.after(protocol.Paused(True), 22.0).after(protocol.Paused(False), 122.0)
    state = paused.after(protocol.Progress("adapt", 0.1), 130.0)
    assert (state.left_now(140.0), state.photos_per_second) == (80.0, 10.0)
    state = state.after(_epoch(1, phase="adapt", seconds_left=50.0), 200.0).after(
        protocol.Progress("adapt", 0.2), 230.0
    )
    assert state.left_now(230.0) == 20.0
    assert replace(state, asked="finish").left_now(230.0) is None


def test_building_the_network_does_not_count_as_seeing_photos() -> None:
    state = TrainingState("p", Path("r"), order=Order(seen=100)).after(protocol.PhaseChanged("photos"), 0.0)
    state = state.after(protocol.Progress("building", 0.5), 60.0).after(protocol.Progress("photos", 0.5), 65.0)
    assert state.photos_per_second == 10.0


def test_history_is_continued_not_doubled_after_a_resumption() -> None:
    state = TrainingState("p", Path("r"))
    for number in (1, 2, 3, 2, 3):
        state = state.after(_epoch(number), 0.0)
    assert [record.epoch for record in state.history] == [1, 2, 3]
    broken = state.after(_epoch(4, val_accuracy=math.nan), 0.0)
    assert broken.best is not None
    assert broken.best.epoch == 3


def _epoch(number: int, **more: Any) -> protocol.Epoch:
    event = protocol.decode(protocol_line(number, **more))
    assert isinstance(event, protocol.Epoch)
    return event


def protocol_line(number: int, **more: Any) -> bytes:
    return json.dumps(fake.epoch(number, 5) | more).encode()
