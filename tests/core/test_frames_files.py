"""Video files: every frame with its own time, places found again, and plain words for what cannot be read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.core.frames import Problem, SourceError, SourceKind, SourceSpec, VideoFile, open_source
from mobilenet_gui.core.frames_capture import to_rgb
from tests import video_files
from tests.video_files import RED, colours, number_of, numbered, plain, write_video


def opened(path: Path) -> VideoFile:
    source = open_source(SourceSpec(SourceKind.FILE, str(path)))
    assert isinstance(source, VideoFile)
    return source


def failure(path: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        opened(path).read()
    assert caught.value.subject == str(path)
    return caught.value


@pytest.mark.parametrize(
    ("codec", "suffix"), [("mp4v", "mp4"), ("mp4v", "mkv"), ("MJPG", "avi"), ("XVID", "avi"), ("FFV1", "avi")]
)
def test_frames_come_in_order_with_their_times(tmp_path: Path, codec: str, suffix: str) -> None:
    video = opened(write_video(tmp_path / f"ünï.{suffix}", numbered(40), codec=codec))
    assert (video.info.size, video.info.fps, video.info.live) == ((160, 120), 25.0, False)
    assert video.info.duration == pytest.approx(1.6, abs=0.05)
    frames = []
    while (frame := video.read()) is not None:
        frames.append(frame)
    assert [number_of(f.pixels) for f in frames] == list(range(40))
    assert [f.number for f in frames] == list(range(40))
    assert [f.timestamp for f in frames] == pytest.approx([n / 25 for n in range(40)], abs=0.002)
    assert video.shortfall() is None
    video.close()
    video.close()


def test_pixels_are_rgb_and_nobody_elses(tmp_path: Path) -> None:
    video = opened(colours(tmp_path / "a.avi", [(RED, 1), ((0, 0, 255), 5)]))
    first = video.read()
    assert first is not None
    kept = first.pixels.copy()
    while video.read() is not None:
        pass
    assert np.array_equal(first.pixels, kept)
    assert first.pixels[60, 80, 0] > 200 > 60 > first.pixels[60, 80, 2]
    video.close()


def test_rotation_is_honoured(tmp_path: Path) -> None:
    frame = plain((0, 0, 0))
    frame[:, :80] = 255  # the left half is white; turned clockwise it is on top
    path = write_video(tmp_path / "a.mp4", [frame] * 5)
    video_files.rotate(path)
    video = opened(path)
    shown = video.read()
    assert shown is not None
    assert (video.info.size, shown.pixels.shape) == ((120, 160), (160, 120, 3))
    assert shown.pixels[20, 60].min() > 200 > 50 > shown.pixels[140, 60].max()
    video.close()


def test_a_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(60))
    video_files.vary_rate(path, 30, 4)
    video = opened(path)
    assert video.info.duration == pytest.approx(6.0)
    times = []
    while (frame := video.read()) is not None:
        times.append(frame.timestamp)
    assert times == pytest.approx([n * 0.04 if n < 30 else 1.2 + (n - 30) * 0.16 for n in range(60)], abs=0.002)
    assert video.shortfall() is None
    for place, number in ((3.0, 41), (0.5, 12), (5.04, 54), (99.0, 59), (0.0, 0)):
        found = video.seek(place)
        assert found is not None
        assert abs(number_of(found.pixels) - number) <= 1, place
    assert video.seek(3.0) is not None
    back = [video.step_back() for _ in range(3)]
    numbers = [number_of(f.pixels) for f in back if f is not None]
    assert numbers == [numbers[0], numbers[0] - 1, numbers[0] - 2]
    video.close()


@pytest.mark.parametrize(("codec", "suffix"), [("mp4v", "mp4"), ("MJPG", "avi"), ("mp4v", "mkv")])
def test_places_are_found_from_anywhere(tmp_path: Path, codec: str, suffix: str) -> None:
    video = opened(write_video(tmp_path / f"a.{suffix}", numbered(100), codec=codec))
    for number in (50, 3, 99, 0, 42, 43, 41):
        frame = video.seek(number / 25)
        assert frame is not None
        assert number_of(frame.pixels) == number
        assert frame.timestamp == pytest.approx(number / 25, abs=0.002)
        following = video.read()
        assert (following and number_of(following.pixels)) == (number + 1 if number < 99 else None)
    past = video.seek(1000)
    assert past is not None
    assert number_of(past.pixels) == 99
    assert [number_of(f.pixels) for f in (video.step_back(), video.step_back()) if f is not None] == [98, 97]
    video.seek(0.04)
    assert [number_of(f.pixels) for f in (video.step_back(), video.step_back()) if f is not None] == [0, 0]
    video.close()


@pytest.mark.parametrize(("codec", "suffix"), [("MJPG", "avi"), ("mp4v", "mkv")])
def test_a_video_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path, codec: str, suffix: str) -> None:
    path = write_video(tmp_path / f"a.{suffix}", numbered(200), codec=codec)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    video = opened(path)
    count = 0
    while video.read() is not None:
        count += 1
    assert 50 < count < 150
    error = video.shortfall()
    assert error is not None
    assert "incomplete" in error.reason
    video.close()


@pytest.mark.parametrize("suffix", ["mkv", "webm"])
def test_sound_that_goes_on_longer_is_no_missing_part(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"a.{suffix}", numbered(50), codec="mp4v" if suffix == "mkv" else "VP80")
    video_files.announce(path, 9.0)
    video = opened(path)
    assert video.info.duration == pytest.approx(9.0)
    while video.read() is not None:
        pass
    assert video.shortfall() is None
    # From now on the video is as long as its pictures.
    assert video.info.duration == pytest.approx(2.0, abs=0.01)
    video.close()


def test_a_video_that_goes_on_longer_than_it_says_can_be_wound_to_its_end(tmp_path: Path) -> None:
    # As recordings do that were put one behind the other.
    path = write_video(tmp_path / "a.mkv", numbered(50))
    video_files.announce(path, 1.0)
    video = opened(path)
    assert video.info.duration == pytest.approx(1.0)
    while video.read() is not None:
        pass
    assert video.info.duration == pytest.approx(2.0, abs=0.01)
    late = video.seek(1.6)
    assert late is not None
    assert number_of(late.pixels) == 40
    video.close()


def test_places_are_found_where_only_reading_helps(tmp_path: Path) -> None:
    video = opened(video_files.picture_row(tmp_path / "a.mjpeg", numbered(30)))
    assert video.info.duration is None
    shown = [video.read() for _ in range(20)]
    times = [frame.timestamp for frame in shown if frame is not None]
    for number in (12, 3, 18, 0):
        frame = video.seek(times[number])
        assert frame is not None
        assert number_of(frame.pixels) == number
    video.seek(times[9])
    assert [number_of(f.pixels) for f in (video.step_back(), video.step_back()) if f is not None] == [8, 7]
    while video.read() is not None:
        pass
    assert video.info.duration == pytest.approx(30 * video.frame_seconds, abs=0.01)
    assert video.shortfall() is None
    again = video.seek(0.0)
    assert again is not None
    assert number_of(again.pixels) == 0
    video.interrupt()
    assert video.seek(times[9]) is None
    video.close()


def test_a_video_of_one_picture_can_be_shown_again(tmp_path: Path) -> None:
    video = opened(write_video(tmp_path / "a.mp4", numbered(1)))
    assert video.read() is not None
    assert video.read() is None
    assert video.seek(0.0) is not None
    video.close()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names are UTF-8 there")
def test_a_file_name_may_be_any_bytes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(3)).rename(tmp_path / "bad\udcff.mp4")
    video = opened(path)
    assert video.read() is not None
    assert video.seek(0.0) is not None
    video.close()
    for address in ("rtsp://127.0.0.1:9/\udcff", "http://127.0.0.1:9/\udcff"):
        with pytest.raises(SourceError, match="not a valid address"):
            open_source(SourceSpec(SourceKind.STREAM, address))


def test_what_cannot_be_read_is_named_with_its_reason(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4", numbered(30))
    data = whole.read_bytes()
    assert failure(tmp_path / "none.mp4").problem is Problem.MISSING
    assert "folder" in failure(tmp_path).reason

    def made(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        return failure(path).reason

    assert "empty" in made("empty.mp4", b"")
    assert "not a video" in made("text.mp4", b"hello\n" * 1000)
    assert "not a video" in made("text.txt", b"hello\n" * 1000)
    assert "not a video" in made("noise.avi", bytes(range(256)) * 50)
    assert "table of contents" in made("half.mp4", data[: len(data) // 2])
    assert "damaged" in made("head.mkv", b"\x1aE\xdf\xa3" + bytes(200))
    assert "only sound" in failure(video_files.sound_only(tmp_path / "a.wav")).reason
    assert "only sound" in failure(video_files.sound_only_movie(tmp_path / "a.m4a", whole)).reason
    silent = write_video(tmp_path / "b.mkv", numbered(3))
    video_files.as_sound(silent)
    assert "only sound" in failure(silent).reason
    assert "damaged" in made("cut.mkv", silent.read_bytes()[:60])
    Image.new("RGB", (20, 20)).save(tmp_path / "photo.jpg")
    assert "photo" in failure(tmp_path / "photo.jpg").reason
    video_files.rename_codec(whole)
    assert "zzzz" in failure(whole).reason


def test_an_unknown_codec_in_avi(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", numbered(30), codec="XVID")
    path.write_bytes(path.read_bytes().replace(b"XVID", b"ZZZZ"))
    assert "cannot be decoded" in failure(path).reason


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(3))
    path.chmod(0)
    assert failure(path).problem is Problem.REFUSED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0", SourceKind.CAMERA),
        (" 12 ", SourceKind.CAMERA),
        ("HD Camera", SourceKind.CAMERA),
        ("/dev/video3", SourceKind.CAMERA),
        ("rtsp://host/path", SourceKind.STREAM),
        ("HTTP://host:8080/video", SourceKind.STREAM),
        ("clip.mp4", SourceKind.FILE),
        ("some/where", SourceKind.FILE),
    ],
)
def test_what_a_person_means(text: str, kind: SourceKind) -> None:
    assert SourceSpec.parse(text).kind is kind


def test_a_file_may_have_a_cameras_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "holiday").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert SourceSpec.parse("holiday").kind is SourceKind.FILE
    with pytest.raises(SourceError):
        SourceSpec.parse("  ")


def test_addresses_of_files_are_taken_and_those_nobody_can_read_refused(tmp_path: Path) -> None:
    path = tmp_path / "a ü.mp4"
    spec = SourceSpec.parse(path.as_uri())
    assert (spec.kind, Path(spec.address)) == (SourceKind.FILE, path)
    with pytest.raises(SourceError, match=r"ftp://…@host/x: This kind of address") as caught:
        SourceSpec.parse("ftp://me:secret@host/x")
    assert caught.value.problem is Problem.UNREADABLE


def test_every_shape_of_picture_becomes_rgb() -> None:
    assert to_rgb(np.full((4, 6), 9, np.uint8)).tolist() == np.full((4, 6, 3), 9).tolist()
    assert to_rgb(np.full((4, 6), 9 << 8, np.uint16)).tolist() == np.full((4, 6, 3), 9).tolist()
    assert to_rgb(np.full((1, 1, 4), (1, 2, 3, 4), np.uint8)).tolist() == [[[3, 2, 1]]]
    assert to_rgb(np.full((1, 1, 3), (1, 2, 3), np.uint8)).tolist() == [[[3, 2, 1]]]


def test_passwords_are_not_shown() -> None:
    spec = SourceSpec.parse("rtsp://me:secret@host:554/a@b")
    assert "secret" not in spec.shown
    assert spec.shown.endswith("@host:554/a@b")


def test_the_frame_on_screen_at_a_place_is_the_last_one_before_it(tmp_path: Path) -> None:
    # As in a recording of a screen: frames come where something moves, and stand still for long in between.
    path = write_video(tmp_path / "a.mp4", numbered(6))
    video_files.vary_rate(path, 3, 250)  # frames at 0, 0.04, 0.08, then at 0.12, 10.12 and 20.12
    video = opened(path)
    for place, number in (
        (0.0, 0),
        (0.1, 2),
        (0.12, 3),
        (5.0, 3),
        (10.1, 3),
        (10.12, 4),
        (15.0, 4),
        (25.0, 5),
        (99.0, 5),
    ):
        frame = video.seek(place)
        assert frame is not None
        assert number_of(frame.pixels) == number, place
        following = video.read()
        assert (following and number_of(following.pixels)) == (number + 1 if number < 5 else None)
    video.seek(15.0)
    assert [number_of(f.pixels) for f in (video.step_back(), video.step_back()) if f is not None] == [3, 2]
    video.close()


def test_a_last_picture_that_stands_for_long_is_no_missing_part(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.mp4", numbered(10))
    video_files.vary_rate(path, 9, 300)  # the last of ten frames stands for twelve seconds
    video = opened(path)
    assert video.info.duration == pytest.approx(12.36, abs=0.01)
    assert len([*iter(video.read, None)]) == 10
    assert video.shortfall() is None
    assert video.info.duration == pytest.approx(12.36, abs=0.01)
    frame = video.seek(8.0)
    assert frame is not None
    assert number_of(frame.pixels) == 9
    video.close()


def test_a_video_that_was_trimmed_by_a_list_of_edits_is_whole(tmp_path: Path) -> None:
    # As telephones trim: all frames stay in the file, and a list says from where to where they are shown.
    path = write_video(tmp_path / "a.mp4", numbered(100))
    video_files.trim(path, 1.0, 2.0)
    video = opened(path)
    assert video.info.duration == pytest.approx(2.0, abs=0.01)
    shown = [number_of(frame.pixels) for frame in iter(video.read, None)]
    assert shown == list(range(25, 75))
    assert video.shortfall() is None
    video.close()
