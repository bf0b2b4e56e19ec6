"""The live page's parts by themselves: pace, ranges, where a frame lies, words, timeline, sparkline, source bar."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.cameras import Camera
from mobilenet_gui.core.frames_types import Problem, SourceError, SourceKind, SourceSpec
from mobilenet_gui.core.timeline import AnalysisProgress, Segment
from mobilenet_gui.core.types import CropBox, Label, Prediction
from mobilenet_gui.ui.live import words
from mobilenet_gui.ui.live.clock import clock
from mobilenet_gui.ui.live.inspector import LiveInspector
from mobilenet_gui.ui.live.label_colours import LabelColours
from mobilenet_gui.ui.live.pace import Ranges, RateLimit
from mobilenet_gui.ui.live.placing import placed, roomy
from mobilenet_gui.ui.live.source_bar import SourceBar, parse_size
from mobilenet_gui.ui.live.stage import LiveStage, Status
from mobilenet_gui.ui.live.timeline_bar import TimelineBar
from mobilenet_gui.ui.live.transport import TransportBar
from mobilenet_gui.ui.photos.heat import heat_picture
from mobilenet_gui.ui.widgets.prediction_bars import PredictionBars
from mobilenet_gui.ui.widgets.sparkline import Sparkline

ROOM = QRectF(0, 0, 760, 625)


class TestPace:
    @pytest.mark.parametrize("fps", [24.0, 25.0, 30.0, 50.0, 60.0, 120.0])
    def test_at_most_fifteen_a_second_whatever_the_camera_sends(self, fps: float) -> None:
        limit = RateLimit(15.0)
        shown = sum(limit.allow(100.0 + n / fps) for n in range(round(10 * fps)))
        assert 10 * 10 < shown <= 10 * 15 + 1

    def test_every_second_of_thirty_frames_is_shown_though_a_camera_is_no_clock(self) -> None:
        limit = RateLimit(15.0)
        random = np.random.default_rng(0)
        shown = [n for n in range(300) if limit.allow(100 + n / 30 + random.uniform(-0.004, 0.004))]
        assert len(shown) >= 148

    def test_after_a_pause_one_is_shown_at_once(self) -> None:
        limit = RateLimit(5.0)
        assert limit.allow(1.0)
        assert not limit.allow(1.05)
        assert limit.allow(60.0)
        assert not limit.allow(60.05)

    def test_the_range_forgets_what_is_older_than_a_second(self) -> None:
        ranges = Ranges()
        ranges.add(0.0, [Prediction(1, "", "a", 0.9)])
        ranges.add(0.5, [Prediction(1, "", "a", 0.4), Prediction(2, "", "b", 0.3)])
        assert ranges.of(1) == (0.0, 0.9)
        ranges.add(1.2, [Prediction(1, "", "a", 0.1)])
        assert ranges.of(1) == (0.0, 0.4)
        assert ranges.of(3) is None


class TestPlaced:
    def test_whole_frames_fit(self) -> None:
        rect = placed((1280, 720), ROOM, fill=False)
        assert ROOM.contains(rect)
        assert rect.width() == 760

    def test_a_camera_fills_the_stage(self) -> None:
        assert placed((1280, 720), ROOM, fill=True).contains(ROOM)

    @pytest.mark.parametrize("room", [QRectF(0, 0, 900, 200), QRectF(0, 0, 200, 700), ROOM])
    @pytest.mark.parametrize("frame", [(1280, 720), (720, 1280), (640, 480)])
    def test_what_the_network_sees_is_never_cut_away(self, room: QRectF, frame: tuple[int, int]) -> None:
        rect = placed(frame, room, fill=True)
        side = 0.875 * min(rect.width(), rect.height())
        seen = QRectF(rect.center().x() - side / 2, rect.center().y() - side / 2, side, side)
        assert room.adjusted(-1, -1, 1, 1).contains(seen)

    def test_words_get_room_beside_a_picture_that_has_none(self) -> None:
        usual = placed((1280, 720), ROOM, fill=False)
        assert roomy(usual, ROOM) == usual
        tall = roomy(placed((120, 1600), ROOM, fill=False), ROOM)
        assert (tall.x(), tall.width()) == (ROOM.x(), ROOM.width())
        low = roomy(placed((1600, 120), ROOM, fill=False), ROOM)
        assert (low.y(), low.height()) == (ROOM.y(), ROOM.height())


class TestStage:
    def test_left_and_right_change_places_in_the_mirror(self, qtbot: QtBot) -> None:
        stage = LiveStage()
        qtbot.addWidget(stage)
        stage.resize(320, 240)
        pixels = np.zeros((240, 320, 3), np.uint8)
        pixels[:, 160:] = (255, 0, 0)
        stage.set_frame(pixels)
        assert stage.grab().toImage().pixelColor(300, 120).red() > 200
        stage.set_mirror(True)
        turned = stage.grab().toImage()
        assert turned.pixelColor(20, 120).red() > 200
        assert turned.pixelColor(300, 120).red() < 50

    @pytest.mark.parametrize("size", [(640, 480), (320, 240), (200, 240), (333, 177)])
    @pytest.mark.parametrize("mirror", [False, True])
    def test_every_part_of_a_frame_is_where_it_belongs(self, qtbot: QtBot, size: tuple[int, int], mirror: bool) -> None:
        stage = LiveStage(plain=True)
        qtbot.addWidget(stage)
        stage.resize(*size)
        stage.set_mirror(mirror)
        pixels = np.zeros((240, 320, 3), np.uint8)
        pixels[:120, :160], pixels[:120, 160:] = (255, 0, 0), (0, 255, 0)
        pixels[120:, :160], pixels[120:, 160:] = (0, 0, 255), (255, 255, 255)
        stage.set_frame(pixels)
        shown = stage.grab().toImage()
        place = placed((320, 240), QRectF(0, 0, *size), fill=False)
        colours = [
            shown.pixelColor(place.topLeft().toPoint() + QPoint(round(place.width() * x), round(place.height() * y)))
            for y in (0.4, 0.6)  # between the chips
            for x in ((0.9, 0.1) if mirror else (0.1, 0.9))
        ]
        assert [colour.name() for colour in colours] == ["#ff0000", "#00ff00", "#0000ff", "#ffffff"]
        whole = stage.image()
        assert whole is not None
        assert whole.pixelColor(10, 10).name() == "#ff0000"

    def test_words_and_heat_map_change_what_is_painted(self, qtbot: QtBot) -> None:
        stage = LiveStage()
        qtbot.addWidget(stage)
        stage.resize(480, 360)
        stage.set_frame(np.full((360, 480, 3), 128, np.uint8))
        pictures = [stage.grab().toImage()]
        stage.set_caption("Coffee mug", "91 %")
        pictures.append(stage.grab().toImage())
        stage.set_status(Status("Live"))
        pictures.append(stage.grab().toImage())
        stage.set_heat(heat_picture(np.eye(7, dtype=np.float32)), CropBox(0.2, 0.1, 0.8, 0.9))
        pictures.append(stage.grab().toImage())
        stage.set_dimmed(True)
        pictures.append(stage.grab().toImage())
        assert all(a != b for a, b in itertools.pairwise(pictures))
        stage.clear()
        assert not stage.has_picture


class TestWords:
    def test_a_password_is_never_said(self) -> None:
        spec = SourceSpec(SourceKind.STREAM, "rtsp://me:secret@host/x")
        message = words.trouble(SourceError(spec.shown, "It is not there.", Problem.MISSING), spec)
        assert "secret" not in message.text

    def test_a_camera_in_use_says_what_helps(self) -> None:
        spec = SourceSpec(SourceKind.CAMERA, "Integrated Camera")
        message = words.trouble(SourceError("Integrated Camera", "Busy.", Problem.BUSY), spec, 0)
        assert message.heading == "The camera is in use by another app"
        assert message.text.startswith("Close the other app, then try again. Integrated Camera")
        assert (message.primary, message.second) == ("retry", "file")

    def test_a_question_needs_no_full_stop(self) -> None:
        error = SourceError("HD Camera", "No camera was found. Is it plugged in?", Problem.MISSING)
        message = words.trouble(error, SourceSpec(SourceKind.CAMERA, "HD Camera"))
        assert message.text == "No camera was found. Is it plugged in? HD Camera"

    @pytest.mark.parametrize("kind", list(SourceKind))
    @pytest.mark.parametrize("problem", list(Problem))
    def test_every_problem_has_a_heading(self, kind: SourceKind, problem: Problem) -> None:
        message = words.trouble(SourceError("x", "it broke", problem), SourceSpec(kind, "x"))
        assert message.heading
        assert "It broke." in message.text or problem is Problem.BUSY

    @pytest.mark.parametrize("problem", [Problem.LOST, Problem.STALLED, Problem.ENDED])
    def test_waiting_says_what_happened_and_what_comes(self, problem: Problem) -> None:
        for kind in (SourceKind.CAMERA, SourceKind.STREAM):
            text = words.waiting(SourceError("x", "y", problem), kind, "Cam")
            assert text.endswith("as soon as it is back.")
        assert ("no video" in text) is (problem is Problem.UNREADABLE)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (61.9, "1:01"), (3661, "1:01:01")])
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_clock_to_the_hundredth() -> None:
    assert clock(59.999, exact=True) == "1:00.00"


def test_clock_to_the_tenth() -> None:
    assert (clock(59.96, tenths=True), clock(0.567, tenths=True)) == ("1:00.0", "0:00.6")


def test_labels_of_a_video_have_colours_of_their_own() -> None:
    segments = [Segment(Label(n, f"n{n}", f"label {n}"), n, n + 1, 0.9) for n in (30, 51, 62, 90, 30)]
    colours = LabelColours(segments)
    used = [colours.of(segment).name() for segment in segments]
    assert used[0] == used[4]
    assert len(set(used)) == 4


class TestTimeline:
    @pytest.fixture
    def bar(self, qtbot: QtBot) -> TimelineBar:
        made = TimelineBar()
        qtbot.addWidget(made)
        made.resize(400, 34)
        label = Label(3, "", "tabby")
        made.set_segments([Segment(label, 2.0, 4.0, 0.9), Segment(label, 6.0, 7.0, 0.8)], 10.0)
        return made

    def test_a_click_goes_to_that_place(self, qtbot: QtBot, bar: TimelineBar) -> None:
        with qtbot.waitSignal(bar.jumped) as heard:
            QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPointF(200, 10).toPoint())
        assert heard.args[0] == pytest.approx(5.0, abs=0.05)

    def test_arrows_go_from_segment_to_segment(self, qtbot: QtBot, bar: TimelineBar) -> None:
        places: list[float] = []
        bar.jumped.connect(places.append)
        bar.set_position(3.0)
        for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_End):
            QTest.keyClick(bar, key)
        assert places == [6.0, 2.0, 0.0, 10.0]

    def test_it_says_what_stands_where_it_is(self, bar: TimelineBar) -> None:
        bar.set_position(3.0)
        assert bar.accessibleDescription() == "Tabby, 0:03"
        bar.set_position(5.0)
        assert bar.accessibleDescription() == "0:05"
        assert not bar.grab().isNull()


def test_progress_is_told_in_words(qtbot: QtBot) -> None:
    bar = TransportBar()
    qtbot.addWidget(bar)
    bar.show_progress(AnalysisProgress(5.0, 20.0, 150, 10.0, 1.5))
    assert bar.progress.fraction() == 0.25
    assert bar.busy
    assert not bar.analyse.isEnabled()
    assert "10× as fast" in bar._progress_text.text()
    bar.show_progress(AnalysisProgress(5.0, 20.0, 150, 0.4, 40.0))
    assert "0.4× as fast" in bar._progress_text.text()
    bar.show_progress(None)
    assert not bar.busy


def test_a_place_being_chosen_is_not_moved_by_the_video(qtbot: QtBot) -> None:
    bar = TransportBar()
    qtbot.addWidget(bar)
    bar.set_duration(10.0)
    heard: list[float] = []
    bar.seek_requested.connect(heard.append)
    bar.set_position(2.0)
    assert heard == []
    bar.slider.setSliderDown(True)
    bar.slider.setValue(700)
    bar.set_position(3.0)
    assert bar.slider.value() == 700
    assert heard == [7.0]


def test_sparkline_draws_whatever_there_is(qtbot: QtBot) -> None:
    line = Sparkline()
    qtbot.addWidget(line)
    line.resize(200, 50)
    empty = line.grab().toImage()
    for values in ([5.0], [0.0, 0.0], [5.0, 6.0, 80.0, 5.0]):
        line.set_values(values, 6.0)
        assert line.grab().toImage() != empty


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_bars_stay_in_their_place_whatever_the_words_beside_them(qtbot: QtBot) -> None:
    panel = LiveInspector()
    qtbot.addWidget(panel)
    panel.resize(300, 700)
    panel.bars.set_predictions([("a", 0.6), ("b", 0.2)], animate=False)
    panel.show_answer(True, running=True)
    panel.show_words("Tabby cat", "Fairly sure", "")
    panel.show()
    QApplication.processEvents()
    places: list[int] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Move:
                places.append(panel.bars.y())
            return False

    watch = Watch()
    panel.bars.installEventFilter(watch)
    for _ in range(2):
        panel.show_words("Not sure", "", "Move closer, hold still or add light.")
        QApplication.processEvents()
        panel.show_words("Tabby cat", "Fairly sure", "")
        QApplication.processEvents()
    assert not places, "all below them would move along, and be painted anew"


def test_bars_move_without_their_words(qtbot: QtBot) -> None:
    bars = PredictionBars()
    qtbot.addWidget(bars)
    bars.set_predictions([("a", 0.6), ("b", 0.2)], animate=False)
    bars.set_shares([0.8, None], [(0.0, 0.9)])
    assert bars.predictions() == [("a", 0.6), ("b", 0.2)]
    assert [row.shown.value for row in bars._rows] == [0.8, 0.2]


def test_a_bar_is_painted_anew_only_where_the_eye_can_tell(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    bars = PredictionBars()
    qtbot.addWidget(bars)
    bars.resize(280, 200)
    bars.set_predictions([("a", 0.6), ("b", 0.2)], animate=False)
    updated: list[int] = []
    for number, row in enumerate(bars._rows):
        monkeypatch.setattr(row, "update", lambda *_, number=number: updated.append(number))
    bars.set_shares([0.6 + 1e-5, 0.2 + 0.02])
    assert updated == [1]
    # Many steps too small to see are seen in the end.
    for step in range(200):
        bars.set_shares([0.6 + step * 1e-4, None])
    assert 5 < updated.count(0) < 30
    assert bars._rows[0].shown.value == pytest.approx(0.6199)


class TestSourceBar:
    @pytest.fixture
    def bar(self, qtbot: QtBot) -> SourceBar:
        made = SourceBar()
        qtbot.addWidget(made)
        return made

    def test_a_camera_that_is_not_plugged_in_stays_chosen(self, bar: SourceBar) -> None:
        bar.set_cameras([Camera(0, "A")], "B")
        assert bar.camera() == "B"
        assert "not there" in bar.cameras.currentText()
        bar.set_cameras([Camera(0, "A"), Camera(1, "B")], "B")
        assert bar.cameras.currentText() == "B"
        bar.set_cameras([])
        assert bar.camera() == ""
        assert not bar.cameras.isEnabled()

    def test_sizes(self, qtbot: QtBot, bar: SourceBar) -> None:
        assert parse_size("1280x720") == (1280, 720)
        assert parse_size("") is None
        assert parse_size("widexhigh") is None
        menu = bar.options_menu()
        with qtbot.waitSignal(bar.resolution_changed) as heard:
            menu.actions()[2].trigger()
        assert heard.args == ["1280x720"]
        menu.deleteLater()

    def test_an_address_is_sent_by_return(self, qtbot: QtBot, bar: SourceBar) -> None:
        bar.set_kind("stream")
        QTest.keyClicks(bar.address, "nonsense")
        QTest.keyClick(bar.address, Qt.Key.Key_Return)
        assert bar.address.is_invalid()
        bar.address.clear()
        QTest.keyClicks(bar.address, "rtsp://host/x")
        with qtbot.waitSignal(bar.stream_entered) as heard:
            QTest.keyClick(bar.address, Qt.Key.Key_Return)
        assert heard.args == ["rtsp://host/x"]
        assert not bar.address.is_invalid()
