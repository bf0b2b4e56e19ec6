"""Threads and their news: for whom they were begun may go at any time, and only the end of the program waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.frames_types import Counter, Frame, SourceInfo, SourceKind, SourceSpec
from mobilenet_gui.core.timeline import Timeline
from mobilenet_gui.workers import heat_desk, photo_loader
from mobilenet_gui.workers.burst import BurstRecorder
from mobilenet_gui.workers.capture import CameraWatcher, Capture
from mobilenet_gui.workers.executor import Executor, executor, tell
from mobilenet_gui.workers.heat_desk import Heat, HeatDesk, HeatWish
from mobilenet_gui.workers.model_state import TaskState
from mobilenet_gui.workers.photo_image import make_display
from mobilenet_gui.workers.photo_loader import PhotoLoader
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner
from mobilenet_gui.workers.small_pictures import SmallPictures
from mobilenet_gui.workers.task_lanes import Task, TaskLanes
from mobilenet_gui.workers.video_analysis import VideoAnalysis
from tests.model_factory import make_bundle
from tests.photo_samples import shapes

SECONDS = 20.0


class Gate:
    """Work that begins, and ends when a test says so; or when it is cancelled, if it looks."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()
        self.through = threading.Event()

    def pass_(self, *_: object, **__: object) -> None:
        self.begun.set()
        assert self.open.wait(SECONDS)
        self.through.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open.set()


def _events() -> None:
    for _ in range(3):
        QCoreApplication.processEvents()


def _threads_end(qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not executor()._jobs)
    _events()


def test_news_reach_the_windows_thread_in_order(qtbot: QtBot) -> None:
    owner, heard = QObject(), list[tuple[int, bool]]()

    def hear(number: int) -> None:
        heard.append((number, threading.current_thread() is threading.main_thread()))

    def work() -> None:
        for number in range(100):
            tell(owner, hear, number)

    executor().start(work, "counting", owner=owner, cancel=lambda: None)
    qtbot.waitUntil(lambda: len(heard) == 100)
    assert heard == [(number, True) for number in range(100)]


def test_news_for_what_is_gone_are_dropped(qtbot: QtBot) -> None:
    owner, heard = QObject(), list[int]()
    told = threading.Event()

    def work() -> None:
        tell(owner, heard.append, 1)
        told.set()

    executor().start(work, "telling", owner=owner, cancel=lambda: None)
    assert told.wait(SECONDS)
    shiboken6.delete(owner)  # between the telling and the hearing
    _threads_end(qtbot)
    assert heard == []


def test_an_owner_that_is_deleted_has_its_work_cancelled_and_no_other(qtbot: QtBot) -> None:
    gone, stays = QObject(), QObject()
    stop, go_on = threading.Event(), threading.Event()
    watched: list[str] = []
    executor().start(lambda: stop.wait(SECONDS), "one", owner=gone, cancel=stop.set)
    executor().start(lambda: go_on.wait(SECONDS), "other", owner=stays, cancel=go_on.set)
    executor().watch(gone, lambda: watched.append("watched"))
    executor().release(executor().watch(gone, lambda: watched.append("released")))

    shiboken6.delete(gone)

    assert stop.is_set()
    assert not go_on.is_set()
    assert watched == ["watched"]
    go_on.set()
    _threads_end(qtbot)


def test_the_end_of_the_program_cancels_all_and_waits_for_them(qtbot: QtBot) -> None:
    made, owner, stop = Executor(), QObject(), threading.Event()
    made.start(lambda: stop.wait(SECONDS), "patient", owner=owner, cancel=stop.set)
    assert made.stop()


def test_the_end_of_the_program_does_not_wait_for_one_that_hangs(qtbot: QtBot, gate: Gate) -> None:
    made, owner = Executor(), QObject()
    thread = made.start(gate.pass_, "hanging", owner=owner, cancel=lambda: None)
    assert thread.daemon, "it would keep the program from ending"
    began = time.monotonic()
    assert not made.stop(0.1)
    assert time.monotonic() - began < SECONDS / 2
    gate.open.set()
    assert made.stop(SECONDS)


def test_an_errand_ends_unheard_when_its_runner_or_its_receiver_is_gone(qtbot: QtBot, gate: Gate) -> None:
    class Page(QObject):
        def hear(self, value: object) -> None:
            self.setObjectName(str(value))  # fails once it is deleted
            raise AssertionError("heard")

    runner, other, page = TaskRunner(), TaskRunner(), Page()
    heard: list[object] = []
    orphan = runner.run(gate.pass_, done=heard.append, failed=heard.append)
    deaf = [
        other.run(gate.pass_, done=page.hear, failed=page.hear),  # the method's own object is the receiver
        other.run(gate.pass_, done=heard.append, failed=heard.append, receiver=page),
    ]
    assert gate.begun.wait(SECONDS)

    shiboken6.delete(runner)
    shiboken6.delete(page)
    assert orphan.cancelled.is_set()
    gate.open.set()
    _threads_end(qtbot)

    assert heard == []
    assert all(errand.cancelled.is_set() for errand in deaf)
    assert not other.busy


def test_a_report_to_a_receiver_that_is_gone_stops_the_errand(qtbot: QtBot) -> None:
    runner, page, heard = TaskRunner(), QObject(), list[object]()

    def work(errand: Errand) -> None:
        while True:
            errand.report(1)
            time.sleep(0.001)

    runner.run(work, done=heard.append, failed=heard.append, progress=lambda _n: None, receiver=page)
    _events()
    shiboken6.delete(page)
    _threads_end(qtbot)
    assert heard == []


# -- everything that works in a thread ----------------------------------------------------------------------------


class SlowCamera:
    """A camera whose read ends when the gate opens."""

    def __init__(self, gate: Gate, spec: SourceSpec, counter: Counter) -> None:
        self.info = SourceInfo(spec.address, SourceKind.CAMERA, (8, 8), 30.0)
        self._gate, self._counter = gate, counter
        self.closed = threading.Event()

    def read(self) -> Frame | None:
        self._gate.pass_()
        return self._counter.live_frame(np.zeros((8, 8, 3), np.uint8))

    def interrupt(self) -> None: ...

    def close(self) -> None:
        self.closed.set()


def _runner(_bundle: Bundle, gate: Gate, _patch: pytest.MonkeyPatch, _place: Path) -> QObject:
    made = TaskRunner()
    made.run(gate.pass_, done=_fail, failed=_fail)
    return made


def _lanes(_bundle: Bundle, gate: Gate, _patch: pytest.MonkeyPatch, _place: Path) -> QObject:
    made = TaskLanes({"measure": 1})
    made.happened.connect(_fail)
    made.add(Task(TaskState("a", "measure", "measuring"), gate.pass_))
    return made


def _cameras(_bundle: Bundle, gate: Gate, _patch: pytest.MonkeyPatch, _place: Path) -> QObject:
    def look() -> tuple[()]:
        gate.pass_()
        return ()

    made = CameraWatcher(lister=look)
    made.changed.connect(_fail)
    made.start()
    return made


def _capture(_bundle: Bundle, gate: Gate, _patch: pytest.MonkeyPatch, _place: Path) -> QObject:
    made = Capture(opener=lambda spec, counter: SlowCamera(gate, spec, counter))
    made.frame_ready.connect(_fail)
    made.start(SourceSpec(SourceKind.CAMERA, "0"))
    return made


def _recorder(_bundle: Bundle, gate: Gate, patch: pytest.MonkeyPatch, place: Path) -> QObject:
    def keep(*_: object, **__: object) -> Path:
        gate.pass_()
        return place

    patch.setattr("mobilenet_gui.training.project_copies.keep", keep)
    made = BurstRecorder(place)
    made.taken.connect(_fail)
    made.begin()
    made.consume(Frame(np.zeros((8, 8, 3), np.uint8), 0, 0.0, 0.0))
    return made


def _pictures(_bundle: Bundle, gate: Gate, patch: pytest.MonkeyPatch, place: Path) -> QObject:
    patch.setattr("mobilenet_gui.core.thumbnails.ThumbnailCache.get", gate.pass_)
    made = SmallPictures(place)
    made.ready.connect(_fail)
    made.want(made.new_owner(), [("a", place / "a.png")])
    return made


def _heat(bundle: Bundle, gate: Gate, patch: pytest.MonkeyPatch, place: Path) -> QObject:
    def look(*_: object) -> Heat:
        gate.pass_()
        return Heat(QImage())

    patch.setattr(heat_desk._Looker, "look", look)
    made = HeatDesk()
    made.ready.connect(_fail)
    made.want(HeatWish(bundle.folder, place / "a.png", "a"))
    return made


def _loader(_bundle: Bundle, gate: Gate, patch: pytest.MonkeyPatch, place: Path) -> QObject:
    real = make_display

    def slowly(*arguments: object) -> object:
        gate.pass_()
        return real(*arguments)  # type: ignore[arg-type]

    patch.setattr(photo_loader, "make_display", slowly)
    shapes(40, 30, seed=1).save(place / "a.png")
    made = PhotoLoader()
    made.picture_ready.connect(_fail)
    made.show([(0, place / "a.png", "a.png")], (100, 100))
    return made


def _analysis(bundle: Bundle, gate: Gate, _patch: pytest.MonkeyPatch, _place: Path) -> QObject:
    def analyse(*_: object, **__: object) -> Timeline:
        gate.pass_()
        return Timeline("", "", ())

    made = VideoAnalysis(analyse=analyse)
    made.succeeded.connect(_fail)
    made.finished.connect(_fail)
    made.start("a", bundle)
    return made


def _fail(*heard: object) -> None:
    raise AssertionError(f"heard by nobody: {heard}")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_bundle(tmp_path_factory.mktemp("model") / "m")


@pytest.mark.parametrize("make", [_runner, _lanes, _cameras, _capture, _recorder, _pictures, _heat, _loader, _analysis])
def test_one_that_is_deleted_at_work_harms_nobody(
    qtbot: QtBot, bundle: Bundle, gate: Gate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    make: Callable[[Bundle, Gate, pytest.MonkeyPatch, Path], QObject],
    waits: list[str],
) -> None:  # fmt: skip
    """Its work goes on and ends, its thread with it; what came of it is for nobody, and nobody waited."""
    before = set(threading.enumerate())
    made = make(bundle, gate, monkeypatch, tmp_path)
    assert gate.begun.wait(SECONDS)

    shiboken6.delete(made)
    del made
    assert waits == []
    gate.open.set()

    assert gate.through.wait(SECONDS)
    qtbot.waitUntil(lambda: set(threading.enumerate()) <= before)
    _threads_end(qtbot)
