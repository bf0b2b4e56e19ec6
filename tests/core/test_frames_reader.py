"""The reader's thread: pace, patience, and stopping while a read blocks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mobilenet_gui.core.frames import (
    Counter,
    Frame,
    FrameSource,
    Problem,
    SourceError,
    SourceInfo,
    SourceKind,
    SourceSpec,
)
from mobilenet_gui.core.frames_reader import FrameReader, LatestFrame, ReaderState, StateChange, drain, lingering
from tests.mjpeg import Log, MjpegServer
from tests.video_files import number_of, numbered, vary_rate, write_video

CAMERA = SourceSpec(SourceKind.CAMERA, "Fake camera")
LIVE, WAITING, ENDED, FAILED = ReaderState.LIVE, ReaderState.WAITING, ReaderState.ENDED, ReaderState.FAILED


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer() as running:
        yield running


class Watched:
    """A reader whose frames and states are collected."""

    def __init__(self, spec: SourceSpec, **options: object) -> None:
        self.frames, self.states = Log(), Log()
        self.reader = FrameReader(spec, self.frames.append, self.states.append, **options)  # type: ignore[arg-type]

    def __enter__(self) -> Watched:
        self.reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.stop()
        assert drain(10)

    def state(self, state: ReaderState, *, after: int = 0) -> StateChange:
        found = self.states.wait_for(lambda change: change.state is state, after=after)
        assert isinstance(found, StateChange)
        return found

    def number(self, number: int, *, after: int = 0) -> Frame:
        found = self.frames.wait_for(lambda frame: number_of(frame.pixels) == number, after=after)
        assert isinstance(found, Frame)
        return found


class FakeCamera:
    """A camera that does as it is told; its frames come when `shoot` is called."""

    def __init__(self, name: str = "Fake camera") -> None:
        self.info = SourceInfo(name, SourceKind.CAMERA, (8, 6))
        self.present = True
        self.opened: list[SourceSpec] = []
        self.closed = 0
        self._shots = threading.Semaphore(0)

    def open(self, spec: SourceSpec, counter: Counter) -> FrameSource:
        self.opened.append(spec)
        if not self.present:
            raise SourceError(spec.shown, "not there", Problem.MISSING)
        self.counter = counter
        return self

    def shoot(self, count: int = 1) -> None:
        self._shots.release(count)

    def unplug(self) -> None:
        self.present = False
        self._shots.release()

    def read(self) -> Frame:
        self._shots.acquire()
        if not self.present:
            raise SourceError(self.info.name, "gone", Problem.LOST)
        return self.counter.live_frame(np.zeros((6, 8, 3), np.uint8))

    def interrupt(self) -> None:
        self._shots.release()

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def video(tmp_path: Path) -> SourceSpec:
    return SourceSpec(SourceKind.FILE, str(write_video(tmp_path / "a.mp4", numbered(50))))


def test_a_file_is_played_at_its_own_pace(video: SourceSpec) -> None:
    with Watched(video) as watched:
        watched.state(ENDED)
        frames = watched.frames.items
        assert [number_of(f.pixels) for f in frames] == list(range(50))
        late = [f.arrived - frames[0].arrived - f.timestamp for f in frames]
        assert min(late) > -0.002
        assert sorted(late)[25] < 0.02
        assert watched.reader.fps == pytest.approx(25, abs=2)
        assert [change.state for change in watched.states.items] == [ReaderState.OPENING, LIVE, ENDED]


def test_a_file_can_be_held_stepped_and_played_on(video: SourceSpec) -> None:
    with Watched(video, paused=True) as watched:
        watched.number(0)
        watched.reader.step(1)
        watched.number(1)
        watched.reader.step(3)
        watched.number(4)
        watched.reader.step(-2)
        watched.number(2)
        watched.reader.seek(1.0)
        watched.number(25)
        assert watched.reader.paused
        assert len(watched.frames.items) <= 8  # nothing ran on by itself
        watched.reader.set_speed(8)
        watched.reader.play()
        watched.state(ENDED)
        seen = len(watched.frames.items)
        watched.reader.play()
        watched.number(0, after=seen)
        watched.state(LIVE, after=watched.states.items.index(watched.state(ENDED)))


def test_faster_is_faster_and_shows_fewer(video: SourceSpec) -> None:
    with Watched(video, paused=True) as watched:
        watched.number(0)
        watched.reader.set_speed(8)
        begin = time.monotonic()
        watched.reader.play()
        watched.state(ENDED)
        assert time.monotonic() - begin < 1.0
        assert len(watched.frames.items) < 40


def test_going_to_a_place_after_the_end_goes_on_from_there(video: SourceSpec) -> None:
    with Watched(video) as watched:
        watched.number(3)
        watched.reader.seek(1.9)
        watched.state(ENDED)
        watched.reader.pause()
        seen = len(watched.frames.items)
        watched.reader.seek(0.4)
        watched.number(10, after=seen)


def test_of_many_places_the_last_one_counts(video: SourceSpec) -> None:
    with Watched(video, paused=True) as watched:
        watched.number(0)
        for place in np.linspace(0, 1.6, 200):
            watched.reader.seek(float(place))
        watched.number(40)
        assert len(watched.frames.items) < 150


def test_a_broken_file_fails_and_a_shortened_one_says_so(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", numbered(100), codec="MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with Watched(SourceSpec(SourceKind.FILE, str(path)), paused=True) as watched:
        watched.number(0)
        watched.reader.seek(1.7)
        watched.reader.play()
        error = watched.state(ENDED).error
        assert error is not None
        assert "incomplete" in error.reason
    with Watched(SourceSpec(SourceKind.FILE, str(tmp_path / "none.mp4"))) as watched:
        failed = watched.state(FAILED)
        assert (failed.info, failed.error and failed.error.problem) == (None, Problem.MISSING)


def test_a_camera_that_is_pulled_out_is_waited_for_and_found_by_name() -> None:
    camera = FakeCamera()
    with Watched(SourceSpec(SourceKind.CAMERA, "0", (640, 480)), opener=camera.open) as watched:
        camera.shoot(3)
        watched.frames.wait_for(lambda frame: frame.number == 2)
        camera.unplug()
        change = watched.state(WAITING)
        assert (change.info, change.error and change.error.reason) == (camera.info, "gone")
        known = len(watched.states.items)
        camera.present = True
        camera.shoot(2)
        watched.state(LIVE, after=known)
        watched.frames.wait_for(lambda frame: frame.number == 4)
        # After replugging its number may be another; the name and the wanted size stay.
        assert camera.opened[-1] == SourceSpec(SourceKind.CAMERA, "Fake camera", (640, 480))
    assert camera.closed == 2


def test_patience_has_an_end_when_asked_for() -> None:
    camera = FakeCamera()
    with Watched(CAMERA, opener=camera.open, patience=0.0) as watched:
        camera.shoot()
        watched.frames.wait_for(lambda frame: frame.number == 0)
        camera.unplug()
        assert watched.state(FAILED).error is not None
        assert WAITING not in [change.state for change in watched.states.items]


def test_a_stream_that_stalls_is_waited_for(server: MjpegServer) -> None:
    with Watched(SourceSpec.parse(server.url)) as watched:
        server.run()
        watched.state(LIVE)
        server.hold()
        error = watched.state(WAITING).error
        assert error is not None
        assert error.problem is Problem.STALLED
        known = len(watched.states.items)
        server.frame()
        watched.state(LIVE, after=known)
        assert len(server.requests) == 1  # the same connection


@pytest.mark.parametrize("how", ["end", "drop"])
def test_a_stream_that_goes_is_opened_again(server: MjpegServer, how: str) -> None:
    with Watched(SourceSpec.parse(server.url)) as watched:
        server.run()
        watched.state(LIVE)
        server.refuse(True)
        getattr(server, how)()
        watched.state(WAITING)
        known = len(watched.states.items)
        server.refuse(False)
        server.wait_for_viewer()
        server.run()
        watched.state(LIVE, after=known)
        numbers = [frame.number for frame in watched.frames.items]
        assert numbers == list(range(len(numbers)))


def test_a_stream_that_ends_is_over_where_nobody_wants_it_back(server: MjpegServer) -> None:
    with Watched(SourceSpec.parse(server.url), resume_ended=False) as watched:
        server.run()
        watched.state(LIVE)
        server.end()
        assert watched.state(ENDED).error is not None


def test_stop_returns_while_a_stream_is_silent(server: MjpegServer) -> None:
    watched = Watched(SourceSpec.parse(server.url))
    watched.reader.start()
    server.wait_for_viewer()
    server.frame()
    watched.state(LIVE)
    begin = time.monotonic()
    assert watched.reader.stop()
    assert time.monotonic() - begin < 0.3


def test_stop_returns_while_a_read_blocks_and_the_thread_is_accounted_for() -> None:
    release = threading.Event()

    class Stuck(FakeCamera):
        def read(self) -> Frame:
            release.wait(10)
            return super().read()

        def interrupt(self) -> None:
            """It cannot be woken, like a camera's driver."""

    camera = Stuck()
    camera.shoot()
    watched = Watched(CAMERA, opener=camera.open)
    watched.reader.start()
    watched.states.wait_for(lambda change: change.state is ReaderState.OPENING)
    begin = time.monotonic()
    assert not watched.reader.stop()
    assert time.monotonic() - begin < 0.3
    assert lingering() == 1
    release.set()
    assert drain(5)
    assert (lingering(), camera.closed, watched.frames.items) == (0, 1, [])


def test_stop_returns_while_a_server_does_not_answer(server: MjpegServer) -> None:
    server.silent = True
    watched = Watched(SourceSpec.parse(server.url))
    watched.reader.start()
    begin = time.monotonic()
    watched.reader.stop()
    assert time.monotonic() - begin < 0.3
    assert drain(10)


def test_an_error_of_the_programs_own_is_reported_and_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[object] = []
    monkeypatch.setattr("sys.excepthook", lambda *details: reported.append(details[1]))

    def fail(*_: object) -> FrameSource:
        raise ZeroDivisionError

    with Watched(CAMERA, opener=fail) as watched:
        watched.state(FAILED)
    assert [type(error) for error in reported] == [ZeroDivisionError]


def test_a_hundred_starts_and_stops_leave_nothing(video: SourceSpec, server: MjpegServer) -> None:
    psutil = pytest.importorskip("psutil")
    process = psutil.Process()
    server.run(100)
    before = 0
    for round_ in range(100):
        spec = video if round_ % 2 else SourceSpec.parse(server.url)
        watched = Watched(spec)
        watched.reader.start()
        if round_ % 3:
            watched.state(LIVE)
        watched.reader.stop()
        if round_ == 10:
            assert drain(5)
            before = _handles(process)
    assert drain(5)
    server.end()
    assert _handles(process) <= before
    assert threading.active_count() <= 2


def _handles(process: object) -> int:
    count = getattr(process, "num_fds", None) or process.num_handles  # type: ignore[attr-defined]
    return int(count())


def test_the_newest_frame_wins() -> None:
    place = LatestFrame()
    counter = Counter()
    frames = [counter.live_frame(np.zeros((1, 1, 3), np.uint8)) for _ in range(3)]
    assert [place.put(frame) for frame in frames] == [True, False, False]
    assert place.dropped == 2
    assert place.take() is frames[2]
    assert place.take() is None
    assert place.wait(0.001) is None
    thread = threading.Thread(target=place.close)
    thread.start()
    assert place.wait(10) is None
    thread.join()
    assert place.closed


def test_the_place_runs_on_while_one_picture_stands_still(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(6))
    vary_rate(path, 3, 250)  # frames at 0, 0.04, 0.08, then at 0.12, 10.12 and 20.12
    with Watched(SourceSpec(SourceKind.FILE, str(path)), paused=True) as watched:
        watched.number(0)
        watched.reader.seek(9.4)
        watched.number(3)
        assert watched.reader.position == pytest.approx(9.4)
        watched.reader.play()
        begin = time.monotonic()
        watched.number(4)
        assert 0.5 < time.monotonic() - begin < 3
        seen = len(watched.frames.items)
        watched.reader.set_speed(2)
        while watched.reader.position < 10.5:
            assert watched.reader.wait(0.01) is False
        watched.reader.pause()
        place = watched.reader.position
        assert place < 20
        watched.reader.wait(0.2)
        # Held in between, neither the place nor the picture moves on.
        assert (watched.reader.position, len(watched.frames.items)) == (place, seen)
        watched.reader.step(1)
        watched.number(5)
        assert watched.reader.position == pytest.approx(20.12)
        # The last picture has its ten seconds, too; going back from it leads to the one before.
        watched.reader.seek(29.6)
        watched.reader.play()
        begin = time.monotonic()
        ended = watched.state(ENDED)
        assert ended.error is None
        assert 0.2 < time.monotonic() - begin < 3  # half a second at twice the pace
        assert watched.reader.position == pytest.approx(30.12, abs=0.05)
        watched.reader.step(-1)
        watched.number(4, after=len(watched.frames.items) - 1)


def test_going_back_while_the_last_picture_stands(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(3))
    vary_rate(path, 2, 250)
    with Watched(SourceSpec(SourceKind.FILE, str(path))) as watched:
        watched.number(2)
        assert watched.reader.wait(0.1) is False
        seen = len(watched.frames.items)
        watched.reader.step(-1)
        watched.number(1, after=seen)
        assert ENDED not in [change.state for change in watched.states.items]
