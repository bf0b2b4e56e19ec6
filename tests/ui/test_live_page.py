"""The live page as a person uses it: cameras, videos, streams, what is said when they fail, and what is remembered."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QRect, Qt, QUrl
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.cameras import Camera
from mobilenet_gui.core.frames_types import Problem, SourceError
from mobilenet_gui.ui.live.controller import Phase
from mobilenet_gui.ui.widgets.motion import Tween
from tests.mjpeg import MjpegServer, jpeg
from tests.model_factory import make_bundle
from tests.ui.live_parts import Bench
from tests.video_files import BLUE, GREEN, RED, colours

CAMERA = Camera(0, "Test camera", "/dev/video0")
Make = Callable[..., Bench]


@pytest.fixture
def make(qtbot: QtBot, tmp_path: Path) -> Iterator[Make]:
    made: list[Bench] = []

    def create(**more: object) -> Bench:
        bench = Bench(qtbot, tmp_path, **more)  # type: ignore[arg-type]
        made.append(bench)
        return bench

    yield create
    for bench in made:
        bench.close()


@pytest.fixture
def live(make: Make) -> Bench:
    """A page with a model and a camera that was started."""
    bench = make(cameras=(CAMERA,))
    bench.load_model()
    bench.show()
    bench.until(lambda: bench.page.frame.sources.camera() == "Test camera" or bench.page.sources._cameras)
    bench.page.sources.start_chosen()
    return bench


class TestPrivacy:
    def test_no_camera_is_opened_before_start_was_pressed(self, make: Make) -> None:
        bench = make(cameras=(CAMERA,))
        page = bench.show()
        bench.until(lambda: page.sources._cameras)
        assert bench.camera.opened == []
        message = page.frame.message.message()
        assert message is not None
        assert message.primary == "start"
        page.frame.message.primary.click()
        bench.until(lambda: bench.camera.opened)
        assert bench.store.values.live_started

    def test_later_the_page_opens_the_camera_by_itself(self, make: Make) -> None:
        bench = make(cameras=(CAMERA,), live_started=True, live_camera="Test camera")
        assert bench.camera.opened == []
        bench.show()
        bench.until(lambda: bench.camera.opened)

    def test_leaving_the_page_lets_the_camera_go_and_coming_back_takes_it(self, live: Bench) -> None:
        live.camera.send(RED)
        live.until(lambda: live.shows(RED))
        live.page.hide()
        live.until(lambda: live.camera.closed == 1)
        assert live.page.controller.phase is Phase.IDLE
        live.page.show()
        live.until(lambda: len(live.camera.opened) == 2)

    def test_an_address_with_a_password_is_not_written_down(self, make: Make) -> None:
        bench = make(live_kind="stream")
        page = bench.show()
        page.frame.sources.set_address("http://me:secret@127.0.0.1:1/x")
        page.sources.start_chosen()
        bench.until(lambda: page.controller.phase is Phase.FAILED)
        assert bench.store.values.live_stream == "http://…@127.0.0.1:1/x"
        assert page.frame.sources.address.text() == "http://…@127.0.0.1:1/x"
        assert "secret" not in page.frame.message.text.text()
        # In the same session it is known what the dots stand for; in the next one it is asked for again.
        assert page.frame.sources.take_stream() == "http://me:secret@127.0.0.1:1/x"
        page.frame.sources.whole = str
        assert page.frame.sources.take_stream() is None
        assert "Type this one again" in page.frame.sources.address.toolTip()


class TestPicture:
    def test_the_newest_frame_is_shown_and_named(self, live: Bench) -> None:
        live.camera.send(RED)
        inspector = live.page.frame.inspector
        live.until(lambda: inspector.title.text() == "Red")
        assert live.shows(RED)
        assert live.page.frame.stage.caption[0] == "Red"
        assert inspector.bars.predictions()[0][0] == "Red"
        assert not inspector.bars.isHidden()

    def test_freezing_keeps_picture_and_answer(self, live: Bench) -> None:
        live.camera.send(RED)
        live.until(lambda: live.page.frame.inspector.title.text() == "Red")
        QTest.keyClick(live.page.frame.stage, Qt.Key.Key_Space)
        assert live.page.controller.frozen
        before, asked = live.page.controller.capture.reader, live.page.controller._submitted
        assert before is not None
        live.camera.send(GREEN)
        live.camera.send(GREEN)
        live.until(lambda: before.frames == 3)
        assert live.page.controller._submitted == asked, "nobody looks at what comes in meanwhile"
        assert live.shows(RED)
        live.page.toggle_freeze()
        live.camera.send(BLUE)
        live.until(lambda: live.shows(BLUE))

    def test_a_heat_map_comes_only_when_asked_for(self, live: Bench) -> None:
        live.camera.send(RED)
        live.until(lambda: live.page.controller.answer)
        assert live.page.controller.answer is not None
        assert live.page.controller.answer.heat is None
        live.page.frame.inspector.explain.switch.setChecked(True)
        live.camera.send(RED)
        live.until(lambda: live.page.frame.stage.has_heat)
        live.page.frame.inspector.explain.switch.setChecked(False)
        assert not live.page.frame.stage.has_heat

    def test_a_heat_map_comes_for_a_frozen_picture_too(self, live: Bench) -> None:
        live.camera.send(RED)
        live.until(lambda: live.page.controller.answer)
        live.page.toggle_freeze()
        live.page.frame.inspector.explain.switch.setChecked(True)
        live.until(lambda: live.page.frame.stage.has_heat)

    def test_nothing_is_named_below_the_limit(self, live: Bench) -> None:
        live.page.choices._set_sure_from(0.99)
        live.page.frame.inspector.steadiness.switch.setChecked(False)
        live.camera.send((128, 128, 128))
        live.until(lambda: live.page.frame.inspector.title.text() == "Not sure")
        assert "Best guess" in live.page.frame.stage.caption[1]

    def test_mirror_turns_the_screen_only(self, live: Bench) -> None:
        live.camera.send(RED)
        live.until(lambda: live.shows(RED))
        live.page.frame.mirror.click()
        assert live.store.values.live_mirror
        assert live.shows(RED)

    @pytest.mark.qt_log_ignore("propagateSizeHints")
    def test_full_screen_shows_what_the_window_shows(self, live: Bench) -> None:
        live.camera.send(RED)
        live.until(lambda: live.page.frame.stage.caption[0] == "Red")
        live.page.toggle_full_screen()
        full = live.page.full_screen.window
        assert full is not None
        assert full.stage.caption[0] == "Red"
        live.camera.send(GREEN)
        live.until(lambda: live.shows(GREEN))
        QTest.keyClick(full, Qt.Key.Key_Escape)
        assert live.page.full_screen.window is None
        assert live.page.presenter.stage is live.page.frame.stage

    def test_figures_are_shown(self, live: Bench) -> None:
        live.camera.send(RED)
        tile = live.page.frame.inspector.figures.median
        live.until(tile.number)
        assert live.page.frame.inspector.figures.line.values()
        session, chip = live.page.controller.session, live.page.frame.inspector.time_chip
        assert session.precision == "float"
        assert "8 bits" not in chip.toolTip()
        session.precision = "int8"
        live.page.presenter.show_figures()
        assert "in 8 bits" in chip.toolTip()

    def test_smoothing_is_switched_off_while_its_slider_is_held(self, live: Bench) -> None:
        row = live.page.frame.inspector.steadiness
        row.slider.setSliderDown(True)
        row.slider.setValue(10)
        row.switch.setChecked(False)
        row.slider.setSliderDown(False)
        assert not live.store.values.live_smooth
        assert live.store.values.live_smoothing == 0.4, "it was never let go while it meant something"

    def test_another_model_answers_at_once_for_a_frozen_picture(self, make: Make) -> None:
        bench = make(cameras=(CAMERA,), live_started=True)
        page = bench.show()
        bench.until(lambda: bench.camera.opened)
        bench.camera.send(RED)
        bench.until(lambda: bench.shows(RED))
        assert page.frame.inspector.title.text() == "No model yet"
        page.toggle_freeze()
        bench.load_model()
        bench.until(lambda: page.frame.inspector.title.text() == "Red")

    def test_what_cannot_be_recognised_is_said_until_it_can(self, live: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        reports: list[object] = []
        monkeypatch.setattr(sys, "excepthook", lambda *told: reports.append(told))
        inspector = live.page.frame.inspector
        live.camera.send(RED)
        live.until(lambda: inspector.title.text() == "Red")
        network = live.inference._recognizer
        assert network is not None
        whole = network.probabilities

        def answered(count: int) -> bool:
            return live.page.controller._answers == count

        def fail(*_args: object, **_more: object) -> None:
            raise RuntimeError("the network broke")

        monkeypatch.setattr(network, "probabilities", fail)
        for sent in range(2, 5):
            live.camera.send(BLUE)
            live.qtbot.waitUntil(partial(answered, sent))
        assert inspector.title.text() == "No answer"
        assert "went wrong" in inspector.second.text()
        assert inspector.bars.isHidden()
        assert live.page.presenter.stage.caption == ("No answer", "")
        live.until(lambda: live.shows(BLUE))
        assert len(reports) == 1, "thirty frames a second are no thirty reports"
        monkeypatch.setattr(network, "probabilities", whole)
        live.camera.send(RED)
        live.until(lambda: inspector.title.text() == "Red")
        assert not inspector.bars.isHidden()


class TestSnapshot:
    def test_what_is_said_of_it_covers_no_button(self, live: Bench) -> None:
        live.camera.send(RED)
        live.until(lambda: live.shows(RED))
        live.page._toast("Snapshot saved", "Show", lambda: None)
        toast, stop = live.page.toasts.toast, live.page.frame.stop
        live.until(lambda: toast.isVisible() and live.page.toasts._slide.state() == Tween.State.Stopped)
        assert stop.isVisible()
        buttons = [live.page.frame.freeze, live.page.frame.snapshot, stop, live.page.frame.mirror]
        places = [QRect(button.mapTo(live.page, QPoint()), button.size()) for button in buttons]
        assert toast.geometry().bottom() - 16 < min(place.top() for place in places)
        assert toast.geometry().bottom() - 16 > live.page.height() - 140

    def test_it_saves_the_picture_with_its_answer(self, live: Bench, tmp_path: Path) -> None:
        live.store.update(snapshot_folder=str(tmp_path / "shots"))
        live.camera.send(RED)
        live.until(lambda: live.page.controller.answer)
        live.page.snapshots.take()
        live.until(live.page.toasts.is_showing)
        [photo] = (tmp_path / "shots").glob("*.jpg")
        record = json.loads(photo.with_suffix(".json").read_text(encoding="utf-8"))
        assert record["label"] == "red"
        assert record["photo"] == photo.name

    def test_it_is_a_png_where_that_is_wanted(self, live: Bench, tmp_path: Path) -> None:
        live.store.update(snapshot_folder=str(tmp_path), snapshot_format="png")
        live.camera.send(RED)
        live.until(lambda: live.page.controller.answer)
        live.page.snapshots.take()
        live.until(live.page.toasts.is_showing)
        [photo] = tmp_path.glob("*.png")
        assert photo.with_suffix(".json").exists()

    @pytest.mark.qt_log_ignore("propagateSizeHints")
    def test_a_folder_that_is_gone_is_not_where_the_dialog_begins(self, live: Bench, tmp_path: Path) -> None:
        live.store.update(snapshot_folder=str(tmp_path / "gone"))
        live.page.snapshots.change_folder()
        dialog = live.page.snapshots.dialog
        assert dialog is not None
        assert dialog.directory().exists()
        assert not dialog.directory().path().endswith("gone")
        dialog.reject()

    @pytest.mark.qt_log_ignore("propagateSizeHints")
    def test_the_first_time_it_asks_where_to(self, live: Bench, tmp_path: Path) -> None:
        live.camera.send(RED)
        live.until(lambda: live.page.controller.answer)
        live.page.snapshots.take()
        dialog = live.page.snapshots.dialog
        assert dialog is not None
        dialog.filesSelected.emit([str(tmp_path)])
        dialog.reject()
        live.until(lambda: list(tmp_path.glob("*.jpg")))
        assert live.store.values.snapshot_folder == str(tmp_path)

    def test_a_folder_that_cannot_be_written_to_is_said(self, live: Bench, tmp_path: Path) -> None:
        blocked = tmp_path / "file"
        blocked.write_text("x")
        live.store.update(snapshot_folder=str(blocked))
        live.camera.send(RED)
        live.until(lambda: live.page.controller.answer)
        live.page.snapshots.take()
        live.until(live.page.toasts.is_showing)
        assert "could not be saved" in live.page.toasts.toast.label.text()


class TestTrouble:
    def test_no_camera(self, make: Make) -> None:
        bench = make()
        page = bench.show()
        bench.until(lambda: page.sources._cameras is not None)
        bench.until(lambda: page.frame.message.heading.text() == "No camera found")

    @pytest.mark.parametrize(
        ("problem", "heading"),
        [
            (Problem.BUSY, "The camera is in use by another app"),
            (Problem.REFUSED, "The camera may not be used"),
            (Problem.MISSING, "The camera is not there"),
        ],
    )
    def test_a_camera_that_cannot_be_opened(self, make: Make, problem: Problem, heading: str) -> None:
        bench = make(cameras=(CAMERA,), live_started=True)
        bench.camera.failure = SourceError("Test camera", "No.", problem)
        page = bench.show()
        bench.until(lambda: page.frame.message.heading.text() == heading)
        assert "Test camera" in page.frame.message.text.text()
        bench.camera.failure = None
        bench.camera.send(RED)
        page.frame.message.primary.click()
        bench.until(lambda: bench.shows(RED))

    def test_unplugged_it_waits_and_goes_on(self, live: Bench) -> None:
        live.camera.send(RED)
        live.until(lambda: live.shows(RED))
        live.camera.unplug()
        live.until(lambda: live.page.controller.phase is Phase.WAITING)
        assert "unplugged" in live.page.frame.notices.text_of("source")
        assert live.page.frame.shows_picture
        live.camera.send(GREEN)
        live.until(lambda: live.shows(GREEN))
        live.until(lambda: live.page.controller.phase is Phase.RUNNING)
        assert live.page.frame.notices.text_of("source") == ""

    def test_a_frozen_picture_stays_as_it_is_while_the_camera_is_gone(self, live: Bench) -> None:
        live.camera.send(RED)
        live.until(lambda: live.shows(RED))
        live.page.toggle_freeze()
        live.camera.unplug()
        live.until(lambda: live.page.controller.phase is Phase.WAITING)
        stage = live.page.frame.stage
        assert stage.status is not None
        assert (stage.status.text, stage._dimmed) == ("Frozen", False)
        live.page.toggle_freeze()
        assert (stage.status.text, stage._dimmed) == ("Waiting", True)

    def test_a_camera_that_is_plugged_in_appears(self, make: Make) -> None:
        bench = make(cameras=(CAMERA,))
        page = bench.show()
        bench.until(lambda: page.frame.sources.cameras.count() == 1)
        bench.cameras = (CAMERA, Camera(1, "Other"))
        bench.until(lambda: page.frame.sources.cameras.count() == 2)

    def test_trying_without_a_camera_says_so_and_it_starts_once_there_is_one(self, make: Make) -> None:
        bench = make(cameras=(CAMERA,))
        bench.cameras = ()
        bench.camera.failure = SourceError("Camera 0", "There is no such camera.", Problem.MISSING)
        page = bench.show()
        bench.until(lambda: page.frame.message.heading.text() == "No camera found")
        page.frame.message.primary.click()
        bench.until(lambda: page.frame.message.heading.text() == "The camera is not there")
        bench.camera.failure = None
        bench.camera.send(RED)
        bench.cameras = (CAMERA,)
        bench.until(lambda: bench.shows(RED))
        assert [spec.address for spec in bench.camera.opened] == ["0", CAMERA.name]

    def test_a_stream_that_drops_and_comes_back(self, make: Make) -> None:
        bench = make(live_kind="stream")
        bench.load_model()
        page = bench.show()
        with MjpegServer() as server:
            page.frame.sources.set_address(server.url)
            page.sources.start_chosen()
            server.wait_for_viewer()
            server.frame(jpeg(RED))
            bench.until(lambda: page.frame.inspector.title.text() == "Red")
            server.drop()
            bench.until(lambda: page.controller.phase is Phase.WAITING)
            server.wait_for_viewer()
            server.frame(jpeg(GREEN))
            bench.until(lambda: bench.shows(GREEN))
            page.stop()
        assert bench.store.values.live_stream == server.url

    def test_what_is_no_address_is_said_at_the_field(self, make: Make) -> None:
        bench = make(live_kind="stream")
        page = bench.show()
        page.frame.sources.set_address("camera downstairs")
        page.sources.start_chosen()
        assert page.frame.sources.address.is_invalid()
        assert "begins with rtsp://" in page.frame.notices.text_of("address")
        assert page.controller.phase is Phase.IDLE
        page.frame.sources.set_address_error("")
        assert page.frame.notices.text_of("address") == ""

    @pytest.mark.parametrize("content", [b"", b"not a video at all" * 100])
    def test_a_file_that_is_no_video(self, make: Make, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "film.mp4"
        path.write_bytes(content)
        bench = make()
        page = bench.show()
        page.play_file(path)
        bench.until(lambda: page.frame.message.heading.text() == "This video cannot be read")
        assert "film.mp4" in page.frame.message.text.text()


class TestVideo:
    @pytest.fixture
    def video(self, tmp_path: Path) -> Path:
        return colours(tmp_path / "film.mp4", [(RED, 25), (GREEN, 25), (BLUE, 25)])

    @pytest.fixture
    def playing(self, make: Make, video: Path) -> Bench:
        bench = make()
        bench.load_model()
        bench.show()
        bench.page.play_file(video)
        bench.until(lambda: bench.page.frame.stage.has_picture)
        return bench

    def test_it_plays_to_its_end_and_again(self, playing: Bench) -> None:
        page = playing.page
        page.controller.set_speed(8)
        playing.until(lambda: page.controller.phase is Phase.ENDED)
        assert playing.shows(BLUE)
        assert page.frame.freeze.text() == "Play again"
        page.frame.freeze.click()
        playing.until(lambda: page.controller.phase is Phase.RUNNING)

    def test_the_picture_that_stands_at_the_end_is_answered_for_itself(self, make: Make, tmp_path: Path) -> None:
        bench = make(live_smoothing=2.0)
        bench.load_model()
        page = bench.show()
        page.play_file(colours(tmp_path / "cut.mp4", [(RED, 25), (BLUE, 2)]))
        bench.until(lambda: page.controller.phase is Phase.ENDED)
        # Smoothed over two seconds, two frames would not have changed the answer.
        bench.until(lambda: page.frame.inspector.title.text() == "Blue")
        assert page.frame.inspector.bars.predictions()[0][1] > 0.9

    def test_seeking_while_paused_answers_for_that_frame_alone(self, playing: Bench) -> None:
        page = playing.page
        page.controller.play(False)
        page.controller.seek(1.5)
        playing.until(lambda: playing.shows(GREEN))
        playing.until(lambda: page.frame.inspector.title.text() == "Green")
        assert page.frame.inspector.bars.predictions()[0][1] > 0.9
        assert page.frame.transport.slider.value() == pytest.approx(150, abs=5)

    def test_the_slider_and_the_step_keys_wind(self, playing: Bench) -> None:
        page = playing.page
        page.controller.play(False)
        page.frame.transport.slider.setValue(250)
        playing.until(lambda: playing.shows(BLUE))
        frame = page.controller.frame
        assert frame is not None
        page.controller.step(-1)
        playing.until(lambda: page.controller.frame is not frame)
        now = page.controller.frame
        assert now is not None
        assert now.timestamp == pytest.approx(frame.timestamp - 0.04, abs=0.01)

    def test_leaving_the_page_holds_it(self, playing: Bench) -> None:
        page = playing.page
        playing.until(lambda: page.controller.playing)
        page.hide()
        playing.until(lambda: not page.controller.playing)
        page.show()
        playing.until(lambda: page.controller.playing)

    def test_dropped_it_is_played(self, make: Make, video: Path) -> None:
        bench = make()
        page = bench.show()
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(video))])
        assert page.can_take(mime)
        assert page.handle_mime(mime)
        bench.until(lambda: page.frame.stage.has_picture)
        assert bench.store.values.live_file == str(video)

    @pytest.mark.qt_log_ignore("propagateSizeHints")
    def test_analysing_gives_a_timeline_that_leads_back_and_out(self, playing: Bench, tmp_path: Path) -> None:
        page = playing.page
        page.frame.transport.analyse.click()
        segments = page.frame.inspector.segments
        playing.until(lambda: len(segments.segments()) == 3)
        assert [s.label.name for s in segments.segments()] == ["red", "green", "blue"]
        assert not page.frame.transport.timeline.isHidden()
        segments.chosen.emit(segments.segments()[2])
        playing.until(lambda: playing.shows(BLUE))
        for kind in ("csv", "json", "srt"):
            page.analysis.export(kind)
            dialog = page.analysis.dialog
            assert dialog is not None
            dialog.filesSelected.emit([str(tmp_path / f"out.{kind}")])
            dialog.reject()
            playing.until((tmp_path / f"out.{kind}").exists)
        assert "Green" in (tmp_path / "out.srt").read_text(encoding="utf-8")

    def test_a_timeline_of_another_model_says_so_and_can_be_made_again(self, playing: Bench, tmp_path: Path) -> None:
        page = playing.page
        page.frame.transport.analyse.click()
        segments, notices = page.frame.inspector.segments, page.frame.notices
        playing.until(lambda: page.analysis.timeline and len(segments.segments()) == 3)
        assert "timeline" not in notices.shown()
        assert segments.origin.isHidden()
        playing.inference.set_model(make_bundle(tmp_path / "pets", bundle_id="pets", name="Pets"))
        playing.until(lambda: "timeline" in notices.shown())
        assert notices.text_of("timeline") == "This timeline shows the answers of “Tiny”. Now “Pets” answers."
        assert segments.origin.text() == "Answers of “Tiny”"
        assert not segments.origin.isHidden()
        notices.trigger("timeline")
        playing.until(lambda: page.analysis.timeline is not None and page.analysis.timeline.model_id == "pets")
        assert "timeline" not in notices.shown()
        assert segments.origin.isHidden()
        learnt = make_bundle(tmp_path / "more" / "pets", bundle_id="pets", name="Pets", classes=5)
        playing.inference.set_model(learnt)
        playing.until(lambda: "timeline" in notices.shown())
        assert notices.text_of("timeline") == "“Pets” has changed since it made this timeline."

    def test_an_analysis_can_be_cancelled_and_done_again(self, playing: Bench) -> None:
        page = playing.page
        heard: list[object] = []
        page.progress_changed.connect(heard.append)
        page.frame.transport.analyse.click()
        playing.until(lambda: page.frame.transport.busy)
        page.frame.transport.cancel.click()
        playing.until(lambda: not page.frame.transport.busy)
        assert heard[-1] is None
        page.frame.transport.analyse.click()
        playing.until(lambda: page.analysis.timeline)

    def test_another_video_forgets_the_timeline(self, playing: Bench, video: Path) -> None:
        page = playing.page
        page.frame.transport.analyse.click()
        playing.until(lambda: page.analysis.timeline)
        page.play_file(video)
        assert page.analysis.timeline is None
        assert page.frame.inspector.tabs.isHidden()


def test_starting_and_stopping_a_hundred_times_leaves_nothing(make: Make) -> None:
    psutil = pytest.importorskip("psutil")
    bench = make(cameras=(CAMERA,))
    bench.load_model()
    page = bench.show()
    bench.until(lambda: page.sources._cameras)
    process = psutil.Process()
    before = 0
    for number in range(100):
        page.sources.start_chosen()
        bench.camera.send(RED)
        bench.until(lambda: bench.shows(RED))
        page.stop()
        if number == 9:
            bench.until(lambda: bench.camera.closed == len(bench.camera.opened))
            before = process.num_threads()
    bench.until(lambda: bench.camera.closed == len(bench.camera.opened) == 100)
    assert process.num_threads() <= before
