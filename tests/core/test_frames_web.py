"""Videos and lists of videos on web servers: slow, broken off, live; and what only looks like one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobilenet_gui.core import frames_bytes
from mobilenet_gui.core.frames import Problem, SourceError, SourceKind, SourceSpec, VideoFile, open_source
from mobilenet_gui.core.frames_playlist import choose_variant, read_playlist
from mobilenet_gui.core.frames_reader import FrameReader, ReaderState, drain
from mobilenet_gui.core.frames_types import Counter, Line
from tests import video_files
from tests.loopback import Behaviour, LoopbackServer
from tests.mjpeg import Log, MjpegServer, jpeg
from tests.video_files import number_of, numbered, write_video


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer() as running:
        yield running


@pytest.fixture
def web() -> Iterator[LoopbackServer]:
    with LoopbackServer() as running:
        yield running


def refusal(address: str, kind: SourceKind = SourceKind.STREAM) -> SourceError:
    with pytest.raises(SourceError) as caught:
        open_source(SourceSpec(kind, address)).read()
    return caught.value


def numbers(address: str) -> list[int]:
    source = open_source(SourceSpec.parse(address))
    found = []
    while (frame := source.read()) is not None:
        found.append(number_of(frame.pixels))
    source.close()
    return found


def test_a_connection_that_breaks_is_made_anew_where_it_broke(web: LoopbackServer, tmp_path: Path) -> None:
    data = write_video(tmp_path / "a.mp4", numbered(60), codec="mp4v").read_bytes()
    web.files["/a.mp4"] = data
    whole, broken = Behaviour(), Behaviour(drop_after=len(data) // 2, reset=True)
    web.behave("/a.mp4", broken, whole)
    assert numbers(f"{web.url}/a.mp4") == list(range(60))


def test_the_end_of_a_video_is_no_failure_where_the_server_says_nothing_of_it(
    web: LoopbackServer, tmp_path: Path
) -> None:
    web.files["/a.mp4"] = write_video(tmp_path / "a.mp4", numbered(60), codec="mp4v").read_bytes()
    web.behave("/a.mp4", Behaviour(claimed_length=-1, ignore_range=True, announce_ranges=False))
    assert numbers(f"{web.url}/a.mp4") == list(range(60))


def test_what_came_along_with_the_answers_head_is_not_lost() -> None:
    class Whole:
        url, status, headers = "http://h/", 200, {"Content-Length": "200000"}

        def __init__(self) -> None:
            self.buffer = bytearray(n % 251 for n in range(200000))

        def more(self, seconds: float) -> bool:
            return False

        def close(self) -> None:
            pass

    source = frames_bytes.WebBytes(Whole(), "h", Line())  # type: ignore[arg-type]
    source.seek(70000)
    assert source.read(10) == bytes(n % 251 for n in range(70000, 70010))
    source.close()


def test_waiting_is_told_and_is_not_the_end(
    web: LoopbackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames_bytes, "LOADING_SECONDS", 0.1)
    monkeypatch.setattr(frames_bytes, "SILENT_SECONDS", 0.6)
    data = write_video(tmp_path / "a.mkv", numbered(60)).read_bytes()
    web.files["/a.mkv"] = data
    web.behave("/a.mkv", Behaviour(stall_after=len(data) // 2), Behaviour())
    states, frames = Log(), Log()
    reader = FrameReader(SourceSpec.parse(f"{web.url}/a.mkv"), frames.append, states.append)
    reader.start()
    try:
        told = states.wait_for(lambda change: change.state is ReaderState.WAITING)
        end = states.wait_for(lambda change: change.state is ReaderState.ENDED)
    finally:
        reader.stop()
    assert (told.error.problem, "oading" in told.error.reason) == (Problem.LOADING, True)
    assert end.error is None
    assert number_of(frames.items[-1].pixels) == 59


def test_a_server_that_keeps_us_waiting_does_not_keep_us_from_stopping(web: LoopbackServer, tmp_path: Path) -> None:
    data = write_video(tmp_path / "a.mkv", numbered(60)).read_bytes()
    web.files["/a.mkv"] = data
    web.behave("/a.mkv", Behaviour(stall_after=len(data) // 2))
    reader = FrameReader(SourceSpec.parse(f"{web.url}/a.mkv"), lambda _: None, lambda _: None)
    reader.start()
    assert web.stalled.wait(10)
    begin = time.monotonic()
    reader.stop()
    assert time.monotonic() - begin < 0.4
    assert drain(1.0)


LIST = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{first}\n{segments}{end}"


def playlist(names: list[str], *, first: int = 0, ended: bool = True) -> bytes:
    segments = "".join(f"#EXTINF:1.0,\n{name}\n" for name in names)
    return LIST.format(first=first, segments=segments, end="#EXT-X-ENDLIST\n" if ended else "").encode()


@pytest.fixture
def segments(tmp_path: Path) -> list[bytes]:
    """Four segments of a second each, whose times go on."""
    path = write_video(tmp_path / "a.ts", numbered(100), codec="mpg2")
    data = path.read_bytes()
    packets = [data[place : place + 188] for place in range(0, len(data), 188)]
    quarter = -(-len(packets) // 4)
    return [b"".join(packets[n * quarter : (n + 1) * quarter]) for n in range(4)]


def test_a_list_with_an_end_is_a_film_also_as_plain_text(web: LoopbackServer, segments: list[bytes]) -> None:
    names = [f"{n}.ts" for n in range(4)]
    web.files |= {"/list": playlist(names)} | {f"/{name}": data for name, data in zip(names, segments, strict=True)}
    web.files["/main"] = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=900,RESOLUTION=160x120\nlist\n"
    for address in ("/list", "/main"):
        for kind in ("application/vnd.apple.mpegurl", "text/plain"):
            web.behave(address, Behaviour(content_type=kind))
            source = open_source(SourceSpec.parse(web.url + address))
            assert isinstance(source, VideoFile)
            assert source.info.duration == pytest.approx(4.0)
            count = 0
            while source.read() is not None:
                count += 1
            assert count >= 95
            source.close()


def test_a_list_of_pieces_that_share_a_head_is_a_film(web: LoopbackServer, tmp_path: Path) -> None:
    head, pieces = video_files.fragments(write_video(tmp_path / "a.mp4", numbered(96)), 24)
    names = [f"{n}.m4s" for n in range(4)]
    text = playlist(names).replace(b"#EXTINF", b'#EXT-X-MAP:URI="head.mp4"\n#EXTINF', 1)
    web.files |= {"/list": text, "/head.mp4": head}
    web.files |= {f"/{name}": data for name, data in zip(names, pieces, strict=True)}
    assert numbers(f"{web.url}/list") == list(range(96))
    # A piece that the server has no more is passed over, as players do.
    del web.files["/1.m4s"]
    found = numbers(f"{web.url}/list")
    assert (len(found), found[:24], found[-24:]) == (72, [*range(24)], [*range(72, 96)])
    web.files |= {"/list": text.replace(b"#EXT-X-ENDLIST\n", b"")}
    live = open_source(SourceSpec.parse(f"{web.url}/list"))
    assert not isinstance(live, VideoFile)
    assert live.read() is not None
    live.interrupt()
    live.close()


def test_a_live_list_goes_at_its_own_pace_and_on_when_it_grows(web: LoopbackServer, segments: list[bytes]) -> None:
    names = [f"{n}.ts" for n in range(4)]
    web.files |= {"/list": playlist(names[:2], ended=False)}
    web.files |= {f"/{name}": data for name, data in zip(names, segments, strict=True)}
    states, frames = Log(), Log()
    reader = FrameReader(SourceSpec.parse(f"{web.url}/list"), frames.append, states.append, resume_ended=False)
    reader.start()
    frames.wait_for(lambda frame: frame.number == 30)
    first, later = frames.items[0], frames.items[30]
    assert later.arrived - first.arrived > 0.8
    web.files["/list"] = playlist(names[1:], first=1)
    frames.wait_for(lambda frame: frame.number == 70)
    states.wait_for(lambda change: change.state is ReaderState.ENDED)
    assert ReaderState.WAITING not in [change.state for change in states.items]
    assert reader.stop()


def test_lists_lead_to_web_servers_only(web: LoopbackServer, tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.ts", numbered(3), codec="mpg2")
    for names in ([video.as_uri()], [str(video)], ["concat:a|b"], ["ftp://host/a"]):
        web.files["/list"] = playlist(names)
        error = refusal(f"{web.url}/list")
        assert error.problem in (Problem.UNREADABLE, Problem.MISSING)
    for body in (b"#EXTM3U\nhttp://elsewhere/a.mp4\n", b"\x01" + playlist(["a.ts"]), b"#EXTM3U\n\x01" + playlist([])):
        web.files["/list"] = body
        assert refusal(f"{web.url}/list").problem is Problem.UNREADABLE


def test_parts_and_heads_of_a_list_are_understood() -> None:
    text = (
        '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI="i.mp4",BYTERANGE="10@5"\n#EXTINF:4,\n'
        "#EXT-X-BYTERANGE:100@20\na.mp4\n#EXTINF:3.5,\n#EXT-X-BYTERANGE:50\na.mp4\n"
    )
    read = read_playlist(text, "http://me:pw@host/x/list")
    assert [(s.part.url, s.part.start, s.part.length) for s in read.segments] == [
        ("http://me:pw@host/x/a.mp4", 20, 100),
        ("http://me:pw@host/x/a.mp4", 120, 50),
    ]
    head = read.segments[0].head
    assert head is not None
    assert (head.start, head.length) == (5, 10)
    assert (read.seconds, read.ended, read.encrypted) == (7.5, False, False)
    assert choose_variant((("big", 9_000_000, 2160), ("good", 3_000_000, 1080), ("small", 100, 240))) == "good"


@pytest.mark.parametrize(
    ("head", "parts"),
    [
        (b"multipart/x-mixed-replace; boundary=other", (b"--cam\r\nContent-Type: image/jpeg\r\n\r\n", b"\r\n")),
        (b"multipart/x-mixed-replace", (b"--xyz\r\nContent-Type: image/jpeg\r\n\r\n", b"\r\n")),
        (b"application/octet-stream", (b"--frame\r\nContent-Type: image/jpeg\r\n\r\n", b"\r\n")),
        (b"image/jpeg", (b"", b"")),
        (b"video/x-motion-jpeg", (b"", b"")),
    ],
)
@pytest.mark.parametrize("ended", [True, False])
def test_pictures_come_whatever_parts_them(
    server: MjpegServer, head: bytes, parts: tuple[bytes, bytes], ended: bool
) -> None:
    picture = jpeg() if ended else jpeg()[:-2]
    server.head = b"HTTP/1.0 200 OK\r\nContent-Type: " + head + b"\r\n\r\n" + (parts[0] + picture + parts[1]) * 4
    source = open_source(SourceSpec.parse(server.url))
    for _ in range(3):
        frame = source.read()
        assert frame is not None
        assert frame.pixels[120, 160].tolist() == pytest.approx([200, 30, 30], abs=6)
    source.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.0 302 x\r\nLocation: http://[x\r\n\r\n",
        b"HTTP/1.0 302 x\r\nLocation: file:///etc/passwd\r\n\r\n",
        b"HTTP/1.0 302 x\r\nLocation: http://host:99999/\r\n\r\n",
        b"HTTP/1.0 " + b"9" * 5000 + b" OK\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nabc",
    ],
)
def test_answers_of_a_hostile_server_are_refused_in_words(server: MjpegServer, answer: bytes) -> None:
    server.head = answer
    assert refusal(server.url).subject == server.url


NO_ADDRESSES = (
    *("http://[x", "rtsp://[x", "http://host:99999/", "rtsp://host:x/", "http:///x", "http://a\x00b/"),
    *("http://" + "x" * 300, "rtsp://\u212b\u0301..\u00df/x", "http://exa mple/", "udp://host:99999"),
    "http://host\r\nX: y/",
)


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_addresses_that_are_none_are_refused_in_words(address: str) -> None:
    assert refusal(address).problem in (Problem.MISSING, Problem.BUSY, Problem.UNREADABLE)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f.mp4")
    assert "pipe" in refusal(str(tmp_path / "f.mp4"), SourceKind.FILE).reason
    assert refusal("/dev/null", SourceKind.FILE).problem is Problem.UNREADABLE
    assert SourceSpec.parse("x" * 300 + ".mp4").kind is SourceKind.FILE
    assert refusal("x" * 300 + ".mp4", SourceKind.FILE).problem is Problem.UNREADABLE


@pytest.mark.parametrize(
    "text",
    [
        b"#EXTM3U\n\x01\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\n#\x01\nfile a.mp4\n",
        b"\x01\nffconcat version 1.0\nfile a.mp4\n",
        b"v=0\no=- 1 1 IN IP4 127.0.0.1\ns=\x01\nm=video 9 RTP/AVP 26\n",
    ],
)
@pytest.mark.parametrize("suffix", ["mp4", "m3u8", "ffconcat", "sdp", "mpd"])
def test_lists_are_not_opened_as_videos(tmp_path: Path, web: LoopbackServer, text: bytes, suffix: str) -> None:
    video = write_video(tmp_path / "a.mp4", numbered(5))
    path = tmp_path / f"list.{suffix}"
    path.write_bytes(text.replace(b"{}", video.as_uri().encode()))
    assert refusal(str(path), SourceKind.FILE).problem is Problem.UNREADABLE
    web.files["/list"] = path.read_bytes()
    assert refusal(f"{web.url}/list").problem is Problem.UNREADABLE


def test_a_name_that_looks_like_a_protocol_or_a_pattern_is_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_video(tmp_path / "a.mp4", numbered(5)).rename(tmp_path / "cam:front.mp4")
    assert SourceSpec.parse("cam:front.mp4").kind is SourceKind.FILE
    assert numbers("cam:front.mp4") == list(range(5))
    for name in ("concat:cam:front.mp4", "subfile,,start,0,end,0,,:cam:front.mp4", "%03d.jpg", "crypto:cam:front.mp4"):
        assert refusal(name, SourceKind.FILE).problem is Problem.MISSING


def test_opening_gives_up_when_nobody_waits(server: MjpegServer) -> None:
    server.silent = True
    counter = Counter()
    threading.Timer(0.3, counter.line.cut).start()
    begin = time.monotonic()
    with pytest.raises(SourceError):
        open_source(SourceSpec.parse(server.url), counter)
    assert time.monotonic() - begin < 2
