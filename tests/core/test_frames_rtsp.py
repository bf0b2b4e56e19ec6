"""RTSP, which most network cameras speak, through OpenCV's own client against a camera on loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mobilenet_gui.core.frames import Problem, SourceError, SourceKind, SourceSpec, open_source
from mobilenet_gui.core.frames_reader import FrameReader, ReaderState, drain
from tests.mjpeg import Log
from tests.rtsp import RtspServer


@pytest.fixture
def server() -> Iterator[RtspServer]:
    with RtspServer() as running:
        yield running


def watched(server: RtspServer) -> tuple[FrameReader, Log]:
    """Have a reader watch the camera, live by now; return it and the states it tells."""
    states, frames = Log(), Log()
    reader = FrameReader(SourceSpec.parse(server.url), frames.append, states.append)
    server.run()
    reader.start()
    states.wait_for(lambda change: change.state is ReaderState.LIVE)
    return reader, states


def test_pictures_come_as_sent(server: RtspServer) -> None:
    server.run()
    source = open_source(SourceSpec.parse(server.url))
    frame = source.read()
    assert frame is not None
    assert (source.info.kind, source.info.live, frame.pixels.shape) == (SourceKind.STREAM, True, (240, 320, 3))
    assert frame.pixels[120, 160].tolist() == pytest.approx([200, 30, 30], abs=6)
    source.close()


def test_a_password_is_asked_for_and_taken(server: RtspServer, capfd: pytest.CaptureFixture[str]) -> None:
    server.password = "secret"
    server.run()
    with pytest.raises(SourceError) as caught:
        open_source(SourceSpec.parse(server.url))
    assert (caught.value.problem, "password" in caught.value.reason) == (Problem.REFUSED, True)
    source = open_source(SourceSpec.parse(server.url.replace("//", "//me:secret@")))
    assert source.read() is not None
    assert "secret" not in source.info.name
    source.close()
    assert capfd.readouterr() == ("", "")


def test_a_camera_that_goes_silent_or_is_switched_off_is_waited_for(server: RtspServer) -> None:
    reader, states = watched(server)
    server.refuse(True)
    server.hold()
    gone = states.wait_for(lambda change: change.state is ReaderState.WAITING)
    assert gone.error.problem is Problem.STALLED
    server.drop()
    known = len(states.items)
    server.refuse(False)
    server.run()
    states.wait_for(lambda change: change.state is ReaderState.LIVE, after=known)
    server.refuse(True)
    server.hold()
    known = len(states.items)
    server.drop()
    states.wait_for(lambda change: change.state is ReaderState.WAITING, after=known)
    reader.stop()
    assert drain(10)


def test_stopping_does_not_wait_for_a_silent_camera(server: RtspServer) -> None:
    reader, _ = watched(server)
    server.hold()
    begin = time.monotonic()
    reader.stop()
    assert time.monotonic() - begin < 0.3
    assert drain(10)


@pytest.fixture
def viewer(server: RtspServer) -> Iterator[tuple[FrameReader, Log, Log]]:
    """A reader that is not started yet, the states it tells and its frames."""
    states, frames = Log(), Log()
    reader = FrameReader(SourceSpec.parse(server.url), frames.append, states.append)
    yield reader, states, frames
    begin = time.monotonic()
    assert reader.stop(1.0), "cutting the line ends any read"
    assert time.monotonic() - begin < 0.5


def test_a_camera_whose_next_whole_picture_is_far_away_opens(
    server: RtspServer, viewer: tuple[FrameReader, Log, Log]
) -> None:
    # As with a key frame every ten seconds: packets come, and for a long time nothing can be made of them.
    reader, states, frames = viewer
    server.murmur()
    reader.start()
    reader.wait(4.0)
    assert ([change.state for change in states.items], frames.items) == ([ReaderState.OPENING], [])
    server.run()
    frames.wait_for(lambda _: True)
    # Nor is it silent later, as long as anything comes.
    server.murmur()
    reader.wait(2.0)
    assert [change.state for change in states.items] == [ReaderState.OPENING, ReaderState.LIVE]


def test_a_camera_that_takes_its_time_is_not_silent(server: RtspServer, viewer: tuple[FrameReader, Log, Log]) -> None:
    reader, states, frames = viewer
    server.run(0.7)
    reader.start()
    frames.wait_for(lambda frame: frame.number == 1, seconds=15)
    known = len(states.items)
    frames.wait_for(lambda frame: frame.number == 3, seconds=15)
    assert ReaderState.WAITING not in [change.state for change in states.items[known:]]


def test_after_a_silence_the_same_connection_goes_on(server: RtspServer, viewer: tuple[FrameReader, Log, Log]) -> None:
    reader, states, _ = viewer
    server.run()
    reader.start()
    states.wait_for(lambda change: change.state is ReaderState.LIVE)
    server.refuse(True)  # another connection would not be let in
    server.hold()
    states.wait_for(lambda change: change.state is ReaderState.WAITING)
    known = len(states.items)
    server.run()
    states.wait_for(lambda change: change.state is ReaderState.LIVE, after=known)


@pytest.mark.parametrize("digest", [False, True])
def test_a_right_password_for_sound_alone_is_not_refused(server: RtspServer, digest: bool) -> None:
    server.password, server.digest, server.kind = "sec ret/1", digest, "audio"
    for password, problem, word in (
        ("sec ret/1", Problem.UNREADABLE, "only sound"),
        ("wrong", Problem.REFUSED, "does not accept this user name and password"),
    ):
        with pytest.raises(SourceError) as caught:
            open_source(SourceSpec.parse(server.url.replace("//", f"//me:{password}@")))
        assert (caught.value.problem, word in caught.value.reason) == (problem, True)
        assert password not in str(caught.value)


def test_a_digest_is_answered(server: RtspServer) -> None:
    server.password, server.digest = "secret", True
    server.run()
    source = open_source(SourceSpec.parse(server.url.replace("//", "//me:secret@")))
    assert source.read() is not None
    source.close()
