"""Streams over HTTP against a server that does what network cameras do: stall, end, drop, change, babble."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mobilenet_gui.core import frames_bytes
from mobilenet_gui.core.frames import FrameSource, Problem, SourceError, SourceKind, SourceSpec, VideoFile, open_source
from mobilenet_gui.core.frames_mjpeg import decode_jpeg, jpeg_size
from mobilenet_gui.core.frames_probe import index_at_end
from mobilenet_gui.core.frames_stream import CaptureStream
from mobilenet_gui.core.frames_types import Counter
from tests.loopback import Behaviour, LoopbackServer
from tests.mjpeg import BOUNDARY, MjpegServer, jpeg, part
from tests.video_files import BLUE, GREEN, RED, number_of, numbered, write_video


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer() as running:
        yield running


def open_stream(server: MjpegServer, first: bytes | None = None) -> FrameSource:
    """Open the server's stream while it sends one frame."""

    def feed() -> None:
        server.wait_for_viewer()
        server.frame(first)

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        return open_source(SourceSpec.parse(server.url))
    finally:
        feeder.join()


def refusal(url: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        open_source(SourceSpec.parse(url))
    return caught.value


def colour(source: FrameSource) -> str:
    frame = source.read()
    assert frame is not None
    middle = frame.pixels[frame.pixels.shape[0] // 2, frame.pixels.shape[1] // 2]
    return "rgb"[int(middle.argmax())]


def test_frames_come_as_sent(server: MjpegServer) -> None:
    source = open_stream(server, jpeg(RED))
    assert (source.info.kind, source.info.size, source.info.live) == (SourceKind.STREAM, (320, 240), True)
    server.frame(jpeg(GREEN))
    server.frame(jpeg(BLUE))
    assert [colour(source) for _ in range(3)] == ["r", "g", "b"]
    source.close()


@pytest.mark.parametrize("boundary", ["frame", "--dashed", "my boundary:1"])
@pytest.mark.parametrize("length", [True, False])
def test_boundaries_of_all_kinds(boundary: str, length: bool) -> None:
    with MjpegServer(boundary=boundary, length=length) as server:
        if " " in boundary:
            head = f'HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary="{boundary}"\r\n\r\n'.encode()
            server.head = head + part(jpeg(), boundary, length=length) * 2
            source = open_source(SourceSpec.parse(server.url))
        else:
            # Without a length a frame is over when the next one begins.
            source = open_stream(server, None if length else jpeg() + b"\r\n" + part(jpeg(), boundary, length=False))
        assert source.read() is not None
        source.close()


def test_a_frames_size_may_change(server: MjpegServer) -> None:
    source = open_stream(server)
    shapes = []
    for size in ((320, 240), (640, 480), (120, 160)):
        server.frame(jpeg(size=size))
    for _ in range(4):
        frame = source.read()
        assert frame is not None
        shapes.append(frame.pixels.shape[:2])
    assert shapes == [(240, 320), (240, 320), (480, 640), (160, 120)]
    source.close()


def test_garbage_between_frames_is_skipped(server: MjpegServer) -> None:
    source = open_stream(server, jpeg(RED))
    server.garbage(100_000)
    server.send(part(b"no jpeg at all"))
    server.send(part(jpeg(GREEN)[:200]))
    server.send(f"--{BOUNDARY}\r\nContent-Length: nonsense\r\n\r\n".encode() + jpeg(BLUE) + b"\r\n")
    server.frame(jpeg(GREEN))
    assert [colour(source) for _ in range(3)] == ["r", "b", "g"]
    source.close()


def test_nothing_but_garbage_is_no_stream(server: MjpegServer) -> None:
    source = open_stream(server)
    assert source.read() is not None
    feeder = threading.Thread(target=lambda: server.send(part(b"x" * 50) * 40))
    feeder.start()
    with pytest.raises(SourceError) as caught:
        source.read()
    feeder.join()
    assert (caught.value.problem, caught.value.reason) == (
        Problem.UNREADABLE,
        "What the stream sends is not video.",
    )
    source.close()


def test_silence_is_noticed_within_a_second_and_forgiven(server: MjpegServer) -> None:
    source = open_stream(server, jpeg(RED))
    assert source.read() is not None
    begin = time.monotonic()
    with pytest.raises(SourceError) as caught:
        source.read()
    assert caught.value.problem is Problem.STALLED
    assert 0.9 < time.monotonic() - begin < 2
    server.frame(jpeg(BLUE))
    assert colour(source) == "b"
    source.close()


def test_an_interrupted_read_gives_up_at_once(server: MjpegServer) -> None:
    source = open_stream(server)
    assert source.read() is not None
    source.interrupt()
    begin = time.monotonic()
    with pytest.raises(SourceError):
        source.read()
    assert time.monotonic() - begin < 0.3
    source.close()


@pytest.mark.parametrize(("how", "problem"), [("end", Problem.ENDED), ("drop", Problem.LOST)])
def test_the_end_and_a_broken_line_are_told_apart(server: MjpegServer, how: str, problem: Problem) -> None:
    source = open_stream(server)
    assert source.read() is not None
    getattr(server, how)()
    with pytest.raises(SourceError) as caught:
        source.read()
    assert caught.value.problem is problem
    source.close()


@pytest.mark.parametrize(
    ("head", "problem", "word"),
    [
        (b"HTTP/1.0 404 Not Found\r\n\r\n", Problem.MISSING, "nothing under this address"),
        (b"HTTP/1.0 401 No\r\nWWW-Authenticate: Basic\r\n\r\n", Problem.REFUSED, "password"),
        (b"HTTP/1.0 503 Busy\r\n\r\n", Problem.BUSY, "503"),
        (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", Problem.UNREADABLE, "web page"),
        (b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n", Problem.UNREADABLE, "single photo"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", Problem.BUSY, "HTTP"),
        (b"SSH-2.0-OpenSSH\r\n", Problem.BUSY, "HTTP"),
        (b"", Problem.BUSY, "closed"),
        (b"HTTP/1.0 302 Go\r\nLocation: /video\r\n\r\n", Problem.UNREADABLE, "other addresses"),
        (b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n", Problem.ENDED, "ended"),
        (b"x" * 100_000, Problem.BUSY, "HTTP"),
    ],
)
def test_answers_that_are_no_stream(server: MjpegServer, head: bytes, problem: Problem, word: str) -> None:
    server.head = head
    error = refusal(server.url)
    assert error.problem is problem
    assert word in error.reason
    assert error.subject == server.url


def test_nobody_there() -> None:
    for scheme in ("http", "rtsp"):
        error = refusal(f"{scheme}://127.0.0.1:9/x")
        assert (error.problem, error.reason) == (Problem.MISSING, "Nothing answers at this address.")
    assert refusal("http://no-such-host.invalid/").problem is Problem.MISSING


def test_a_server_that_never_answers(server: MjpegServer) -> None:
    server.silent = True
    begin = time.monotonic()
    assert refusal(server.url).problem is Problem.BUSY
    assert time.monotonic() - begin < 5


def test_a_server_that_greets_and_sends_no_picture(server: MjpegServer) -> None:
    error = refusal(server.url)
    # Not "went silent, goes on by itself": nothing is waited for.
    assert (error.problem, error.reason) == (Problem.BUSY, "The server answers, but sends no picture.")


def test_name_and_password_are_sent_and_not_shown(server: MjpegServer) -> None:
    server.head = b"HTTP/1.0 403 No\r\n\r\n"
    error = refusal(f"http://me:s%40cret@127.0.0.1:{server.port}/a b?c=d")
    sent = server.requests[0]
    assert base64.b64encode(b"me:s@cret") in sent
    assert sent.startswith(b"GET /a%20b?c=d HTTP/1.0\r\n")
    assert "cret" not in str(error)


def stream_head(*more: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Type: multipart/x-mixed-replace; boundary={BOUNDARY}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def test_a_stream_in_chunks_is_put_together_again(server: MjpegServer) -> None:
    # As small cameras send it (ESP32), whatever was asked for; cut anywhere, also within a part's head.
    data = part(jpeg(RED)) + part(jpeg(BLUE))
    pieces = [data[place : place + 100] for place in range(0, len(data), 100)]
    chunks = b"".join(f"{len(piece):X};note=1\r\n".encode() + piece + b"\r\n" for piece in pieces)
    server.head = stream_head("Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n"
    source = open_source(SourceSpec.parse(server.url))
    assert [colour(source), colour(source)] == ["r", "b"]
    with pytest.raises(SourceError) as caught:
        source.read()
    assert caught.value.problem is Problem.ENDED
    source.close()


def test_what_only_says_that_it_is_in_chunks_is_no_stream(server: MjpegServer) -> None:
    server.head = stream_head("Transfer-Encoding: chunked") + part(jpeg(RED))
    assert "does not speak HTTP" in refusal(server.url).reason


def test_words_beside_a_redirection_are_not_taken_for_the_next_answer(server: MjpegServer) -> None:
    body = b"<html>It has moved.</html>"
    with MjpegServer() as elsewhere:
        elsewhere.head = stream_head() + part(jpeg(GREEN))
        server.head = f"HTTP/1.0 302 Go\r\nLocation: {elsewhere.url}\r\n\r\n".encode() + body
        source = open_source(SourceSpec.parse(server.url))
    assert colour(source) == "g"
    source.close()


def test_a_stream_may_be_slow(server: MjpegServer) -> None:
    feeder = threading.Timer(1.3, server.frame)
    feeder.start()
    source = open_source(SourceSpec.parse(server.url))
    feeder.join()
    assert source.read() is not None
    feeder = threading.Timer(1.3, server.frame)
    feeder.start()
    with pytest.raises(SourceError) as caught:  # nobody knows yet that it is
        source.read()
    assert caught.value.problem is Problem.STALLED
    assert source.read() is not None
    feeder.join()
    feeder = threading.Timer(1.3, server.frame)
    feeder.start()
    assert source.read() is not None
    feeder.join()
    source.close()


def test_a_video_on_a_web_server_is_played_like_a_file(tmp_path: Path) -> None:
    data = write_video(tmp_path / "a.mp4", numbered(50)).read_bytes()
    with LoopbackServer({"/a.mp4": data}) as server:
        source = open_source(SourceSpec.parse(f"{server.url}/a.mp4"))
        assert isinstance(source, VideoFile)
        assert not source.info.live
        assert source.info.duration == pytest.approx(2.0)
        frame = source.read()
        assert frame is not None
        assert number_of(frame.pixels) == 0
        source.close()


def test_a_server_that_sends_whole_files_only_is_read_to_the_end_first_or_named_as_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = np.random.default_rng(3)
    frames = [chance.integers(0, 255, (480, 640, 3), dtype=np.uint8) for _ in range(30)]
    data = write_video(tmp_path / "a.mp4", frames).read_bytes()
    assert index_at_end(data[:4096])
    assert data.index(b"moov") > 1 << 20, "FFmpeg goes back in what it has just read"
    with LoopbackServer({"/a.mp4": data}) as server:
        server.behave("/a.mp4", Behaviour(ignore_range=True, announce_ranges=False, content_type="video/mp4"))
        source = open_source(SourceSpec.parse(f"{server.url}/a.mp4"))
        count = 0
        while source.read() is not None:
            count += 1
        source.close()
        assert count == 30
        monkeypatch.setattr(frames_bytes, "KEPT_WHOLE", 2)
        with pytest.raises(SourceError) as caught:
            open_source(SourceSpec.parse(f"{server.url}/a.mp4")).read()
    assert "Save it first" in caught.value.reason
    assert caught.value.problem is Problem.UNREADABLE


def test_a_video_that_can_be_played_from_its_beginning_on_is_told_apart() -> None:
    def box(name: bytes, size: int) -> bytes:
        return (8 + size).to_bytes(4, "big") + name + bytes(size)

    start = box(b"ftyp", 16)
    assert index_at_end(start + box(b"free", 0) + box(b"mdat", 1 << 20)[:100])
    assert not index_at_end(start + box(b"moov", 200) + box(b"mdat", 100))
    assert not index_at_end(start)
    assert not index_at_end(b"\x1a\x45\xdf\xa3" + bytes(50))
    assert not index_at_end(b"")


def test_jpegs_are_taken_with_care() -> None:
    good = jpeg(RED, (33, 17))
    assert jpeg_size(good) == (33, 17)
    decoded = decode_jpeg(b"leading" + good + b"trailing")
    assert decoded is not None
    assert decoded.shape == (17, 33, 3)
    assert decode_jpeg(b"") is None
    assert decode_jpeg(good[:40]) is None
    bomb = good.replace((17).to_bytes(2, "big") + (33).to_bytes(2, "big"), b"\xff\xff\xff\xff", 1)
    assert jpeg_size(bomb) == (65535, 65535)
    assert decode_jpeg(bomb) is None


class Exhausted:
    """What OpenCV's capture is once its stream has gone."""

    def grab(self) -> bool:
        return False

    def get(self, _property: int) -> float:
        return 0.0


@pytest.mark.parametrize(
    ("address", "problem"),
    [("rtsp://127.0.0.1/door", Problem.LOST), ("http://127.0.0.1/film", Problem.ENDED)],
)
def test_a_network_camera_that_is_gone_is_waited_for_and_a_web_servers_film_is_over(
    address: str, problem: Problem
) -> None:
    source = CaptureStream(SourceSpec.parse(address), Counter(), Exhausted())
    with pytest.raises(SourceError) as caught:
        source.read()
    assert caught.value.problem is problem
