"""A whole video at once: labels over time, their segments, and the files they are exported to."""

from __future__ import annotations

import csv
import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, ModelError, StorageError
from mobilenet_gui.core.frames import SourceError
from mobilenet_gui.core.recognizer import LiteRTRecognizer, Recognizer
from mobilenet_gui.core.timeline import AnalysisProgress, Segment, Timeline, analyse, single_core_recognizer
from mobilenet_gui.core.timeline_export import as_srt, export
from mobilenet_gui.core.types import Label
from tests.loopback import LoopbackServer
from tests.model_factory import make_bundle, make_labels
from tests.video_files import BLUE, GREEN, RED, colours, numbered, plain, vary_rate, write_video


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_bundle(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return colours(tmp_path / "a.mp4", [(RED, 50), (GREEN, 25), (BLUE, 50)])


def told(segments: tuple[Segment, ...]) -> list[tuple[str, float, float]]:
    return [(s.label.name, round(s.start, 2), round(s.end, 2)) for s in segments]


@pytest.mark.parametrize("jobs", [1, 4])
def test_segments_begin_and_end_where_things_do(bundle: Bundle, video: Path, jobs: int) -> None:
    timeline = analyse(video, bundle, jobs=jobs, smoothing=0.4)
    assert len(timeline) == 125
    assert timeline.times == pytest.approx(np.arange(125) / 25, abs=0.002)
    assert timeline.duration == pytest.approx(5.0, abs=0.01)
    found = told(timeline.segments())
    assert [name for name, _, _ in found] == ["red", "green", "blue"]
    assert [edge for _, start, end in found for edge in (start, end)] == pytest.approx([0, 2, 2, 3, 3, 5], abs=0.09)
    assert all(s.probability > 0.8 for s in timeline.segments())
    assert [timeline.at(place)[0].label for place in (-1, 0.5, 2.5, 4, 99)] == ["red", "red", "green", "blue", "blue"]


def test_answers_are_those_of_each_frame(bundle: Bundle, video: Path) -> None:
    timeline = analyse(video, bundle, smoothing=0.0, top_k=3)
    direct = LiteRTRecognizer(bundle).recognize(np.full((120, 160, 3), RED, np.uint8), top_k=3)
    assert [p.index for p in timeline.at(0.5)] == [p.index for p in direct.predictions]
    assert timeline.probabilities.shape == timeline.indices.shape == (125, 3)
    assert timeline.at(0.5)[0].probability == pytest.approx(direct.best.probability, abs=0.02)
    assert told(timeline.segments()) == [("red", 0.0, 2.0), ("green", 2.0, 3.0), ("blue", 3.0, 5.0)]


def test_order_is_kept_however_long_a_frame_takes(bundle: Bundle, tmp_path: Path) -> None:
    """The first recogniser to get a frame holds it until others have done theirs."""
    path = write_video(tmp_path / "a.avi", [plain((4 * n,) * 3) for n in range(60)], codec="FFV1")
    seen: list[int] = []
    lock = threading.Lock()
    overtaken = threading.Event()

    class Odd:
        def __init__(self) -> None:
            self.bundle = bundle

        def probabilities(self, pixels: NDArray[np.uint8], *, want_features: bool = False) -> Any:
            number = round(float(pixels.mean()) / 4)
            if number == 0:
                assert overtaken.wait(10)
            with lock:
                seen.append(number)
                if len(seen) >= 3:
                    overtaken.set()
            scores = np.zeros(6, np.float32)
            scores[number % 6] = 1
            return scores, None

        def close(self) -> None:
            """Nothing to let go."""

    def make(_: Bundle) -> Recognizer:
        return Odd()  # type: ignore[return-value]

    timeline = analyse(path, bundle, jobs=3, smoothing=0.0, make_recognizer=make)
    assert seen[0] != 0
    assert timeline.indices[:, 0].tolist() == [number % 6 for number in range(60)]


def test_looking_at_some_frames_only(bundle: Bundle, video: Path) -> None:
    timeline = analyse(video, bundle, step=0.2)
    assert len(timeline) == 25
    assert timeline.times == pytest.approx(np.arange(25) / 5, abs=0.04)
    assert [name for name, _, _ in told(timeline.segments())] == ["red", "green", "blue"]


def test_looking_now_and_then_sees_what_is_on_screen_then(bundle: Bundle, tmp_path: Path) -> None:
    # Ten frames of which the second half stand for ten seconds each: what is seen at 5 s is the frame before 10 s.
    path = colours(tmp_path / "a.mp4", [(RED, 2), (GREEN, 1), (BLUE, 1), (RED, 1)])
    vary_rate(path, 2, 250)  # red at 0 and 0.04, green from 0.08, blue from 10.08, red from 20.08 to 30.08
    timeline = analyse(path, bundle, step=1.0, smoothing=0.0)
    assert timeline.times == pytest.approx([0.0, 0.08, 10.08, 20.08], abs=0.01)
    found = [(name, round(start), round(end)) for name, start, end in told(timeline.segments())]
    assert found == [("green", 0, 10), ("blue", 10, 20), ("red", 20, 30)]
    assert timeline.note is None


def test_progress_goes_from_nothing_to_all(bundle: Bundle, video: Path) -> None:
    heard: list[AnalysisProgress] = []
    analyse(video, bundle, progress=heard.append)
    assert [p.position for p in heard] == sorted(p.position for p in heard)
    assert heard[-1].fraction == 1.0
    assert heard[-1].frames == 125
    assert heard[-1].seconds_left == 0


def test_cancelling_ends_every_thread(bundle: Bundle, video: Path) -> None:
    cancel = threading.Event()
    made: list[Recognizer] = []

    def make(_: Bundle) -> Recognizer:
        made.append(single_core_recognizer(bundle))
        return made[-1]

    with pytest.raises(Cancelled):
        analyse(video, bundle, jobs=2, cancel=cancel, progress=lambda _: cancel.set(), make_recognizer=make)
    assert threading.active_count() == 1
    with pytest.raises(RuntimeError, match="closed"):
        made[0].probabilities(np.zeros((32, 32, 3), np.uint8))


def test_failures_come_out_as_they_are(bundle: Bundle, video: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        analyse(tmp_path / "none.mp4", bundle)

    def refuse(_: Bundle) -> Recognizer:
        raise ModelError("x", "no")

    with pytest.raises(ModelError):
        analyse(video, bundle, make_recognizer=refuse)

    def broken(_: Bundle) -> Recognizer:
        recognizer = single_core_recognizer(bundle)
        recognizer.close()
        return recognizer

    with pytest.raises(RuntimeError, match="closed"):
        analyse(video, bundle, make_recognizer=broken)
    assert threading.active_count() == 1


def test_a_video_that_breaks_off_is_analysed_as_far_as_it_goes(bundle: Bundle, tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", numbered(200), codec="MJPG")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    timeline = analyse(path, bundle)
    assert timeline.note is not None
    assert timeline.duration == pytest.approx(len(timeline) / 25, abs=0.05)


def test_a_video_on_a_web_server_is_analysed_and_its_password_kept(bundle: Bundle, video: Path, tmp_path: Path) -> None:
    with LoopbackServer({"/a.mp4": video.read_bytes()}) as server:
        timeline = analyse(f"{server.url}/a.mp4".replace("//", "//me:secret@"), bundle)
    assert [name for name, _, _ in told(timeline.segments())] == ["red", "green", "blue"]
    export(tmp_path / "a.json", timeline, timeline.segments())
    assert "secret" not in (tmp_path / "a.json").read_text("utf-8")


def made_timeline(values: list[tuple[int, float]], fps: float = 10.0) -> Timeline:
    """Frames of (class, its probability); the rest goes to the last class."""
    timeline = Timeline("clip.mp4", "tiny", make_labels(4))
    for number, (index, probability) in enumerate(values):
        scores = np.full(4, 0.001, np.float32)
        scores[3] = 1 - probability
        scores[index] = probability
        timeline.append(number / fps, scores)
    timeline.duration = len(values) / fps
    return timeline


def test_flickers_are_dropped_and_do_not_split() -> None:
    timeline = made_timeline([(0, 0.9)] * 20 + [(1, 0.9)] * 2 + [(0, 0.7)] * 10 + [(2, 0.3)] * 10 + [(1, 0.9)] * 3)
    assert told(timeline.segments(min_seconds=0.5)) == [("dark", 0.0, 3.2), ("blue", 3.2, 4.2)]
    assert timeline.segments(min_seconds=0.5)[0].probability == pytest.approx((20 * 0.9 + 10 * 0.7) / 30)
    assert len(timeline.segments(min_seconds=0.0)) == 5


def test_what_is_not_sure_is_no_segment() -> None:
    timeline = made_timeline([(0, 0.35)] * 10 + [(0, 0.6)] * 10 + [(0, 0.52)] * 10 + [(0, 0.4)] * 5)
    # The rest of the probability is the last class's, which is sure where the first is not.
    assert told(timeline.segments(sure_from=0.58)) == [("blue", 0.0, 1.0), ("dark", 1.0, 3.0), ("blue", 3.0, 3.5)]
    assert timeline.segments(sure_from=0.95) == ()
    assert Timeline("", "", make_labels(4)).segments() == ()
    assert Timeline("", "", make_labels(4)).at(3) == ()


def test_export_to_all_three_kinds(tmp_path: Path) -> None:
    timeline = made_timeline([(0, 0.9)] * 20 + [(1, 0.8)] * 15)
    segments = timeline.segments()
    for kind in ("csv", "json", "srt"):
        export(tmp_path / f"a.{kind}", timeline, segments)
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text("utf-8-sig").splitlines()))
    assert [(row["label"], row["start"], row["end"]) for row in rows] == [
        ("dark", "0.000", "2.000"),
        ("red", "2.000", "3.500"),
    ]
    record = json.loads((tmp_path / "a.json").read_text("utf-8"))
    assert [s["label"] for s in record["segments"]] == ["dark", "red"]
    assert len(record["frames"]) == 35
    assert record["frames"][0]["predictions"][0] == {"index": 0, "label": "dark", "probability": 0.9}
    assert (tmp_path / "a.srt").read_text("utf-8") == (
        "1\n00:00:00,000 --> 00:00:02,000\nDark (90 %)\n\n2\n00:00:02,000 --> 00:00:03,500\nRed (80 %)\n"
    )


def test_subtitles_count_hours_and_survive_odd_labels() -> None:
    segment = Segment(Label(0, "", "a\n\nb --> c"), 3599.9996, 36000.5, 1.0)
    assert as_srt([segment]) == "1\n01:00:00,000 --> 10:00:00,500\nA b → c (100 %)\n"


def test_names_of_any_kind_are_exported(tmp_path: Path) -> None:
    timeline = made_timeline([(0, 0.9)] * 20)
    timeline.source = "holiday\udce4.mp4"  # bytes that are no UTF-8, as Python names them
    target = tmp_path / f"{'n' * 240}.json"
    export(target, timeline, timeline.segments())
    assert json.loads(target.read_text("utf-8"))["video"] == timeline.source


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    timeline = made_timeline([(0, 0.9)] * 20)
    with pytest.raises(StorageError):
        export(tmp_path / "none" / "a.csv", timeline, timeline.segments())
    with pytest.raises(StorageError):
        export(tmp_path / f"{'n' * 300}.csv", timeline, timeline.segments())
    with pytest.raises(ValueError, match="txt"):
        export(tmp_path / "a.txt", timeline, timeline.segments())
    assert list(tmp_path.iterdir()) == []
