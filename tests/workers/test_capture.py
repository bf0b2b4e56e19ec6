"""The live picture's reader as a Qt object: newest frame, nothing stale, nothing left behind."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.cameras import Camera
from mobilenet_gui.core.frames import Frame, Problem, SourceError, SourceKind, SourceSpec
from mobilenet_gui.core.frames_reader import FrameReader, ReaderState, StateChange, drain, lingering
from mobilenet_gui.core.live_session import LiveSession
from mobilenet_gui.core.timeline import Timeline
from mobilenet_gui.workers.capture import CameraWatcher, Capture, CaptureStats
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.video_analysis import VideoAnalysis
from tests.mjpeg import Log, MjpegServer
from tests.model_factory import make_bundle
from tests.video_files import GREEN, RED, colours, number_of, numbered, write_video
from tests.xvfb import AVAILABLE, xvfb

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer() as running:
        yield running


@pytest.fixture
def video(tmp_path: Path) -> SourceSpec:
    return SourceSpec(SourceKind.FILE, str(write_video(tmp_path / "a.mp4", numbered(50))))


@pytest.fixture
def capture(qtbot: QtBot) -> Iterator[Capture]:
    made = Capture()
    yield made
    made.shutdown(5)
    assert lingering() == 0
    made.deleteLater()


@pytest.fixture
def states(capture: Capture) -> list[StateChange]:
    heard: list[StateChange] = []
    capture.state_changed.connect(heard.append)
    return heard


def test_frames_and_states_reach_the_windows_thread(
    qtbot: QtBot, capture: Capture, states: list[StateChange], video: SourceSpec
) -> None:
    shown: list[int] = []
    threads = set()

    def show() -> None:
        frame = capture.take()
        threads.add(QThread.currentThread())
        if frame is not None:
            shown.append(number_of(frame.pixels))

    capture.frame_ready.connect(show)
    assert capture.start(video) == 1
    qtbot.waitUntil(lambda: bool(states) and states[-1].state is ReaderState.ENDED)
    assert [s.state for s in states] == [ReaderState.OPENING, ReaderState.LIVE, ReaderState.ENDED]
    assert shown == sorted(shown)
    assert shown[-1] == 49
    assert threads == {capture.thread()}


def test_a_busy_window_finds_one_frame_waiting_not_many(qtbot: QtBot, capture: Capture, server: MjpegServer) -> None:
    signals: list[None] = []
    arrived = Log()
    capture._consumer = arrived.append
    capture.frame_ready.connect(lambda: signals.append(None))
    capture.start(SourceSpec.parse(server.url))
    server.wait_for_viewer()
    for _ in range(20):
        server.frame()
    # The window's thread is busy waiting here; twenty frames come in meanwhile.
    arrived.wait_for(lambda frame: frame.number == 19)
    time_limit = 5_000
    qtbot.waitUntil(lambda: bool(signals), timeout=time_limit)
    frame = capture.take()
    assert frame is not None
    assert frame.number >= 18
    assert len(signals) <= 2
    assert capture._link is not None
    assert capture._link.latest.dropped >= 18


def test_figures_come_twice_a_second(qtbot: QtBot, capture: Capture, server: MjpegServer) -> None:
    heard: list[CaptureStats] = []
    capture.stats_changed.connect(heard.append)
    capture.start(SourceSpec.parse(server.url))
    server.wait_for_viewer()
    server.run(50)
    qtbot.waitUntil(lambda: bool(heard) and heard[-1].fps > 20)
    assert heard[-1].frames >= heard[-1].dropped > 0


def test_nothing_is_heard_of_a_source_that_was_left(
    qtbot: QtBot, capture: Capture, states: list[StateChange], server: MjpegServer, video: SourceSpec
) -> None:
    capture.start(SourceSpec(SourceKind.FILE, "none.mp4"))
    capture.start(SourceSpec.parse(server.url))
    server.wait_for_viewer()
    server.frame()
    assert capture.start(video, paused=True) == 3
    qtbot.waitUntil(lambda: bool(states) and states[-1].state is ReaderState.LIVE)
    assert {s.state for s in states} <= {ReaderState.OPENING, ReaderState.LIVE}
    assert all(s.info is None or s.info.kind is SourceKind.FILE for s in states)
    capture.stop()
    assert capture.take() is None
    assert not capture.running


def test_failure_is_told_and_another_start_works(
    qtbot: QtBot, capture: Capture, states: list[StateChange], video: SourceSpec
) -> None:
    capture.start(SourceSpec(SourceKind.FILE, "none.mp4"))
    qtbot.waitUntil(lambda: bool(states) and states[-1].state is ReaderState.FAILED)
    assert states[-1].error is not None
    assert states[-1].error.problem is Problem.MISSING
    capture.start(video)
    qtbot.waitUntil(lambda: states[-1].state is ReaderState.LIVE)


def test_a_file_is_controlled_through_the_reader(qtbot: QtBot, capture: Capture, video: SourceSpec) -> None:
    seen: list[int] = []

    def show() -> None:
        frame = capture.take()
        if frame is not None:
            seen.append(number_of(frame.pixels))

    capture.frame_ready.connect(show)
    capture.start(video, paused=True)
    qtbot.waitUntil(lambda: seen == [0])
    assert capture.reader is not None
    capture.reader.seek(1.0)
    qtbot.waitUntil(lambda: seen[-1] == 25)
    capture.reader.step(-1)
    qtbot.waitUntil(lambda: seen[-1] == 24)


def test_starting_and_stopping_return_at_once_whatever_blocks(
    qtbot: QtBot, capture: Capture, server: MjpegServer
) -> None:
    server.silent = True
    spec = SourceSpec.parse(server.url)
    for _ in range(5):
        begin = time.monotonic()
        capture.start(spec)
        capture.stop()
        assert time.monotonic() - begin < 0.1
    begin = time.monotonic()
    capture.shutdown()
    assert time.monotonic() - begin < 0.3
    assert drain(10)


def test_a_camera_is_let_go_before_it_is_opened_again(qtbot: QtBot) -> None:
    lock = threading.Lock()
    open_now: list[int] = []
    most: list[int] = []
    opened = Log()

    class OneAtATime:
        info = None

        def __init__(self) -> None:
            with lock:
                open_now.append(1)
                most.append(len(open_now))
            self._woken = threading.Event()
            opened.append(self)

        def read(self) -> Frame:
            self._woken.wait(10)
            raise SourceError("x", "gone", Problem.LOST)

        def interrupt(self) -> None:
            self._woken.set()

        def close(self) -> None:
            with lock:
                open_now.pop()

    capture = Capture(opener=lambda spec, counter: OneAtATime())  # type: ignore[arg-type, return-value]
    for count in range(1, 6):
        capture.start(SourceSpec(SourceKind.CAMERA, "0"))
        opened.wait_for(lambda _, count=count: len(opened.items) >= count)  # type: ignore[misc]
    assert capture.shutdown(5)
    assert max(most) == 1


def test_readers_that_were_left_are_freed(qtbot: QtBot, capture: Capture, video: SourceSpec) -> None:
    left: list[weakref.ref[FrameReader]] = []
    for _ in range(6):
        capture.start(video)
        assert capture.reader is not None
        left.append(weakref.ref(capture.reader))
    capture.stop()
    assert drain(10)
    capture.start(video)
    capture.stop()
    assert drain(10)
    gc.collect()
    assert [reader() for reader in left] == [None] * 6


def test_a_hundred_switches_leave_nothing(
    qtbot: QtBot, capture: Capture, states: list[StateChange], server: MjpegServer, video: SourceSpec
) -> None:
    psutil = pytest.importorskip("psutil")
    process = psutil.Process()
    count = getattr(process, "num_fds", None) or process.num_handles
    server.run(60)
    stream = SourceSpec.parse(server.url)
    before = 0
    for number in range(100):
        states.clear()
        capture.start(stream if number % 2 else video)
        if number % 4 < 2:
            qtbot.waitUntil(lambda: any(s.state is ReaderState.LIVE for s in states))
        if number % 10 == 9:
            capture.stop()
        if number == 19:
            assert drain(10)
            before = count()
    assert capture.shutdown(10)
    server.end()
    assert count() <= before


def test_the_photos_thread_recognises_live_frames(qtbot: QtBot, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "model")
    worker, session = InferenceWorker(), LiveSession(seconds=0.1)
    generation = session.begin()
    capture = Capture(lambda f: worker.submit_task("live", session.task(f), f.pixels, generation))
    answers: list[str] = []

    def show(source: str, which: int, result: object) -> None:
        answer = session.take()
        assert (source, which, result) == ("live", generation, None)
        if answer is not None and answer.winner is not None:
            answers.append(answer.winner.label)

    worker.live_answered.connect(show)
    worker.start()
    with qtbot.waitSignal(worker.model_ready):
        worker.set_model(bundle)
    path = colours(tmp_path / "a.mp4", [(RED, 15), (GREEN, 15)])
    capture.start(SourceSpec(SourceKind.FILE, str(path)))
    qtbot.waitUntil(lambda: "green" in answers)
    assert answers[0] == "red"
    assert capture.shutdown(5)
    assert worker.stop()
    session.close()


def test_the_list_of_cameras_follows_what_is_plugged_in(qtbot: QtBot) -> None:
    present = [(Camera(0, "A"),), (Camera(0, "A"),), (Camera(0, "A"), Camera(1, "B")), ()]
    asked = iter(present)
    watcher = CameraWatcher(interval=0.01, lister=lambda: next(asked, ()))
    heard: list[tuple[Camera, ...]] = []
    watcher.changed.connect(heard.append)
    watcher.start()
    watcher.start()
    qtbot.waitUntil(lambda: len(heard) == 3)
    watcher.stop()
    watcher.stop()
    assert heard == [present[0], present[2], ()]
    assert watcher.known == ()


class TestAnalysis:
    @pytest.fixture
    def bundle(self, tmp_path: Path) -> Bundle:
        return make_bundle(tmp_path / "model")

    @pytest.fixture
    def analysis(self, qtbot: QtBot) -> Iterator[VideoAnalysis]:
        made = VideoAnalysis()
        yield made
        assert made.shutdown(10)

    def test_it_succeeds(self, qtbot: QtBot, analysis: VideoAnalysis, bundle: Bundle, video: SourceSpec) -> None:
        progress: list[object] = []
        done: list[Timeline] = []
        analysis.progressed.connect(progress.append)
        analysis.succeeded.connect(done.append)
        with qtbot.waitSignal(analysis.finished):
            analysis.start(video.address, bundle)
            assert analysis.running
        [timeline] = done
        assert len(timeline) == 50
        assert progress
        assert not analysis.running

    def test_it_fails(self, qtbot: QtBot, analysis: VideoAnalysis, bundle: Bundle) -> None:
        with qtbot.waitSignal(analysis.failed) as heard:
            analysis.start("none.mp4", bundle)
        assert isinstance(heard.args[0], SourceError)

    def test_it_is_cancelled(self, qtbot: QtBot, bundle: Bundle) -> None:
        begun = threading.Event()

        def slow(*_: object, cancel: threading.Event, **__: object) -> Timeline:
            begun.set()
            cancel.wait(10)
            return Timeline("", "", ())

        analysis = VideoAnalysis(analyse=slow)
        heard: list[str] = []
        analysis.succeeded.connect(lambda _: heard.append("succeeded"))
        analysis.cancelled.connect(lambda: heard.append("cancelled"))
        analysis.finished.connect(lambda: heard.append("finished"))
        analysis.start("a", bundle)
        assert begun.wait(10)
        analysis.cancel()
        analysis.cancel()
        assert analysis.shutdown(10)
        qtbot.wait(1)
        assert heard == ["cancelled", "finished"]

    def test_a_new_one_takes_its_place(
        self, qtbot: QtBot, analysis: VideoAnalysis, bundle: Bundle, video: SourceSpec
    ) -> None:
        done: list[Timeline] = []
        analysis.succeeded.connect(done.append)
        analysis.start(video.address, bundle)
        with qtbot.waitSignal(analysis.finished):
            analysis.start(video.address, bundle, step=0.2)
        assert [len(timeline) for timeline in done] == [10]


@pytest.mark.skipif(not AVAILABLE, reason="needs Xvfb")
@pytest.mark.parametrize("order", ["opencv first", "window first"])
def test_a_real_window_opens_beside_opencv(order: str, tmp_path: Path) -> None:
    """OpenCV's own Qt 5 must not get in the way of ours, whichever is loaded first, nor of a child process."""
    code = """
import os, sys
from mobilenet_gui.core.opencv import cv2
if sys.argv[1] == "opencv first":
    cv2()
from PySide6.QtCore import QProcess, QTimer
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
assert app.platformName() == "xcb", app.platformName()
module = cv2()
window = QLabel("hello")
window.show()
assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ and "QT_QPA_FONTDIR" not in os.environ
child = QProcess()
child.start(sys.executable, ["-c", "import os; print([k for k in os.environ if 'QT_QPA_P' in k or 'FONTDIR' in k])"])
child.waitForFinished(10000)
print(bytes(child.readAllStandardOutput()).decode().strip())
QTimer.singleShot(0, app.quit)
app.exec()
module.cvtColor(module.UMat(4, 4, module.CV_8UC3), module.COLOR_BGR2RGB)
"""
    with xvfb(os.environ, (640, 480)) as environment:
        done = subprocess.run(
            [sys.executable, "-c", code, order],
            env=environment | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=tmp_path,
        )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "['QT_QPA_PLATFORM']", "")
