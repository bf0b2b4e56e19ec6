"""Taking photos: a burst while the button is held, one group each, from a camera or a video; nothing without a wish."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData, QSize, Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mobilenet_gui.core.cameras import Camera
from mobilenet_gui.core.frames_types import (
    Counter,
    Frame,
    Problem,
    SourceError,
    SourceInfo,
    SourceKind,
    SourceSpec,
)
from mobilenet_gui.training.project import NewPhoto
from mobilenet_gui.ui.wizard.capture_dialog import CaptureDialog
from mobilenet_gui.ui.wizard.class_picker import ClassPicker
from mobilenet_gui.ui.wizard.data_page import DataPage
from mobilenet_gui.workers.capture import CameraWatcher
from tests.mjpeg import MjpegServer, jpeg
from tests.ui.wizard_parts import WizardBench, class_id, counts
from tests.video_files import numbered, write_video

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support|does not support raise")


class FakeCamera:
    """A camera whose pictures change, or stand still."""

    changing = True

    def __init__(self, spec: SourceSpec, counter: Counter) -> None:
        self.info = SourceInfo(spec.address, SourceKind.CAMERA, (64, 48), 30.0)
        self._counter = counter
        self._random = np.random.default_rng(1)

    def read(self) -> Frame | None:
        """Return the next picture, thirty a second."""
        time.sleep(0.02)
        pixels: NDArray[np.uint8] = np.full((48, 64, 3), 90, np.uint8)
        if FakeCamera.changing:
            pixels = self._random.integers(0, 256, (48, 64, 3), dtype=np.uint8)
            pixels[:] = pixels[0, 0]
        return self._counter.live_frame(pixels)

    def interrupt(self) -> None:
        """Nothing blocks."""

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture(autouse=True)
def _changing() -> None:
    FakeCamera.changing = True


def open_dialog(bench: WizardBench, name: str = "Birds", *, cameras: bool = True) -> CaptureDialog:
    project = bench.filled(Birds=2, Frogs=2)
    dialog = bench.dialog(project)
    page = dialog.current
    assert isinstance(page, DataPage)
    found = (Camera(0, "Test camera"),) if cameras else ()
    capture = CaptureDialog(
        dialog.context, class_id(project, name) if name else "", dialog,
        opener=FakeCamera, watcher=CameraWatcher(lister=lambda: found),
    )  # fmt: skip
    capture.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    capture.taken.connect(page.intake.add_taken)
    bench.qtbot.addWidget(capture)
    capture.show()
    return capture


def close(bench: WizardBench, capture: CaptureDialog) -> None:
    capture.close()
    assert capture.capture.shutdown(2.0)


def test_a_burst_becomes_one_group_and_can_be_taken_back(bench: WizardBench) -> None:
    capture = open_dialog(bench)
    project = bench.tasks.opened[0]
    bench.wait(capture.hold.isEnabled)
    capture.hold.press()
    bench.wait(lambda: capture.strip.count() >= 3)
    capture.hold.release()
    bench.wait(lambda: counts(project)["Birds"] >= 5)
    new = [photo for photo in project.photos.values() if photo.copied]
    assert len({photo.group for photo in new}) == 1
    assert new[0].group
    assert all(photo.path.is_relative_to(project.folder) and photo.path.is_file() for photo in new)
    capture.undo.click()
    assert counts(project)["Birds"] == 2
    assert capture.strip.count() == 0
    close(bench, capture)


def test_each_hold_is_a_group_of_its_own(bench: WizardBench) -> None:
    capture = open_dialog(bench)
    project = bench.tasks.opened[0]
    bench.wait(capture.hold.isEnabled)
    for _ in range(2):
        before = counts(project)["Birds"]
        capture.hold.press()
        bench.wait(lambda: len(capture._burst) >= 2)
        capture.hold.release()
        bench.wait(lambda before=before: counts(project)["Birds"] > before)  # type: ignore[misc]
    assert len({photo.group for photo in project.photos.values() if photo.copied}) == 2
    close(bench, capture)


def test_nothing_is_written_before_the_button_is_held(bench: WizardBench) -> None:
    capture = open_dialog(bench)
    project = bench.tasks.opened[0]
    bench.wait(capture.hold.isEnabled)
    bench.wait(lambda: capture.stage.has_picture)
    assert not (project.folder / "photos").exists()
    close(bench, capture)


def test_a_picture_that_stands_still_is_taken_once(bench: WizardBench) -> None:
    FakeCamera.changing = False
    capture = open_dialog(bench)
    project = bench.tasks.opened[0]
    bench.wait(capture.hold.isEnabled)
    capture.hold.press()
    bench.wait(lambda: "Nothing changes" in capture.words.text())
    capture.hold.release()
    bench.wait(lambda: counts(project)["Birds"] == 3)
    close(bench, capture)


def test_closing_keeps_what_was_recorded(bench: WizardBench) -> None:
    capture = open_dialog(bench)
    project = bench.tasks.opened[0]
    bench.wait(capture.hold.isEnabled)
    capture.hold.press()
    bench.wait(lambda: capture.strip.count() >= 2)
    # Photos whose news the window has not heard yet when it closes.
    waiting = len(list((project.folder / "photos").rglob("*.jpg"))) + 1
    deadline = time.monotonic() + 10
    while len(list((project.folder / "photos").rglob("*.jpg"))) < waiting and time.monotonic() < deadline:
        time.sleep(0.01)
    close(bench, capture)
    written = [path for path in (project.folder / "photos").rglob("*") if path.is_file()]
    assert counts(project)["Birds"] == 2 + len(written), "a photo was written that the project does not know"


def test_without_a_class_it_is_asked_for(bench: WizardBench) -> None:
    capture = open_dialog(bench, "")
    project = bench.tasks.opened[0]
    bench.wait(capture.hold.isEnabled)
    capture.hold.press()
    chooser = next(w for w in QApplication.topLevelWidgets() if isinstance(w, ClassPicker) and w.isVisible())
    assert not capture.hold.is_down()
    QTest.keyClicks(chooser.search, "Newts")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert capture.class_button.text() == "Newts"
    QApplication.processEvents()  # the focus comes back from the list
    capture.hold.press()
    bench.wait(lambda: capture.strip.count() >= 2)
    capture.hold.release()
    bench.wait(lambda: counts(project).get("Newts", 0) >= 2)
    close(bench, capture)


def test_space_holds_and_a_lost_focus_lets_go(bench: WizardBench) -> None:
    capture = open_dialog(bench)
    bench.wait(capture.hold.isEnabled)
    QTest.keyPress(capture.hold, Qt.Key.Key_Space)
    assert capture.hold.is_down()
    QTest.keyRelease(capture.hold, Qt.Key.Key_Space)
    assert not capture.hold.is_down()
    capture.hold.press()
    capture.hold.setFocus()
    capture.done.setFocus()
    bench.wait(lambda: not capture.hold.is_down() or not capture.hold.hasFocus())
    capture.hold.release()
    close(bench, capture)


def test_without_a_camera_a_video_is_offered(bench: WizardBench, tmp_path: Path) -> None:
    capture = open_dialog(bench, cameras=False)
    bench.wait(lambda: (m := capture.message.message()) is not None and m.heading == "No camera found")
    close(bench, capture)


def test_photos_are_taken_out_of_a_video(bench: WizardBench, tmp_path: Path) -> None:
    from mobilenet_gui.core.frames import open_source

    capture = open_dialog(bench, cameras=False)
    capture.capture._opener = open_source
    project = bench.tasks.opened[0]
    capture.open_video(write_video(tmp_path / "clip.mp4", numbered(100)))
    bench.wait(capture.hold.isEnabled)
    assert capture.position.maximum() > 1
    reader = capture.capture.reader
    assert reader is not None
    capture.play.click()
    paused = [reader.paused]
    capture.hold.press()  # lets it play
    assert [*paused, reader.paused] == [True, False]
    bench.wait(lambda: capture.strip.count() >= 3)
    capture.hold.release()
    bench.wait(lambda: counts(project)["Birds"] >= 5)
    close(bench, capture)


def test_photos_are_taken_out_of_a_stream(bench: WizardBench) -> None:
    from mobilenet_gui.core.frames import open_source

    capture = open_dialog(bench, cameras=False)
    capture.capture._opener = open_source
    project = bench.tasks.opened[0]
    bar = capture.sources.bar
    QTest.mouseClick(bar.kinds._segments["stream"], Qt.MouseButton.LeftButton)
    bar.address.setText("rhubarb")
    QTest.keyClick(bar.address, Qt.Key.Key_Return)
    assert (m := capture.message.message()) is not None
    assert "not the address" in m.heading
    with MjpegServer() as server:
        server.run(20, lambda n: jpeg((n * 37 % 256, n * 91 % 256, 90)))
        bar.address.clear()
        QTest.keyClicks(bar.address, server.url)
        QTest.keyClick(bar.address, Qt.Key.Key_Return)
        bench.wait(capture.hold.isEnabled)
        capture.hold.press()
        bench.wait(lambda: capture.strip.count() >= 2)
        capture.hold.release()
        bench.wait(lambda: counts(project)["Birds"] >= 4)
        assert len({photo.group for photo in project.photos.values() if photo.copied}) == 1
        assert not capture._transport.isVisible()
        close(bench, capture)


def test_a_dropped_video_opens_where_photos_are_taken_out_of_it(bench: WizardBench, tmp_path: Path) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    page = bench.dialog(project).current
    assert isinstance(page, DataPage)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(write_video(tmp_path / "clip.mp4", numbered(60))))])
    page.take(mime)
    capture = next(w for w in QApplication.topLevelWidgets() if isinstance(w, CaptureDialog) and w.isVisible())
    bench.wait(capture.hold.isEnabled)
    assert capture.position.isVisible()
    assert len(project.photos) == 4
    close(bench, capture)


def test_a_camera_that_fails_says_why(bench: WizardBench) -> None:
    capture = open_dialog(bench, cameras=False)

    def refuse(spec: SourceSpec, _counter: Counter) -> FakeCamera:
        raise SourceError(spec.shown, "It is busy.", Problem.BUSY)

    capture.capture._opener = refuse
    capture._start(SourceSpec(SourceKind.CAMERA, "Test camera"))
    bench.wait(lambda: (m := capture.message.message()) is not None and "another app" in m.heading)
    assert not capture.hold.isEnabled()
    close(bench, capture)


def test_a_full_disk_stops_the_burst_in_words(bench: WizardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    from mobilenet_gui.core.errors import StorageError

    def full(*_args: object, **_more: object) -> Path:
        raise StorageError("photos", "There is no space left on the disk.")

    monkeypatch.setattr("mobilenet_gui.training.project_copies.keep", full)
    capture = open_dialog(bench)
    project = bench.tasks.opened[0]
    bench.wait(capture.hold.isEnabled)
    capture.hold.press()
    bench.wait(lambda: not capture.hold.is_down())
    assert "no space" in capture.words.text()
    assert counts(project)["Birds"] == 2
    close(bench, capture)


def test_photos_that_were_taken_belong_to_the_project(bench: WizardBench) -> None:
    project = bench.filled(Birds=2)
    dialog = bench.dialog(project)
    page = dialog.current
    assert isinstance(page, DataPage)
    page.intake.add_taken([NewPhoto(Path("/x/y.jpg").absolute(), class_name="Birds", group="burst-1")], "1 photo taken")
    assert dialog.context.toasts.toast.label.text() == "1 photo taken"


def test_there_is_one_window_that_takes_photos(bench: WizardBench) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    page = bench.dialog(project).current
    assert isinstance(page, DataPage)

    def shown() -> list[CaptureDialog]:
        return [w for w in QApplication.topLevelWidgets() if isinstance(w, CaptureDialog) and w.isVisible()]

    page.take_photos(class_id(project, "Birds"))
    page.take_photos(class_id(project, "Frogs"))
    (capture,) = shown()
    assert capture.class_button.text() == "Frogs"
    close(bench, capture)
    bench.wait(lambda: not shown())
    page.take_photos(class_id(project, "Birds"))
    (capture,) = shown()
    assert capture.class_button.text() == "Birds"
    close(bench, capture)


@pytest.mark.parametrize(("screen", "size"), [((1920, 1080), (800, 620)), ((800, 600), (800, 560))])
def test_it_is_no_larger_than_the_screen(
    bench: WizardBench, monkeypatch: pytest.MonkeyPatch, screen: tuple[int, int], size: tuple[int, int]
) -> None:
    shown = SimpleNamespace(availableSize=lambda: QSize(*screen))
    monkeypatch.setattr(CaptureDialog, "screen", lambda _self: shown)
    capture = open_dialog(bench)
    assert capture.size() == QSize(*size)
    close(bench, capture)
