"""What the tests of the live page share: a page with a real recogniser, and sources that do what a test says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtWidgets import QLayout, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.cameras import Camera
from mobilenet_gui.core.frames_types import (
    Counter,
    Frame,
    FrameSource,
    Problem,
    SourceError,
    SourceInfo,
    SourceKind,
    SourceSpec,
)
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.live.page import LivePage
from mobilenet_gui.workers.capture import CameraWatcher
from mobilenet_gui.workers.inference import InferenceWorker
from tests.model_factory import make_bundle

LIMIT = 20_000


class FakeCamera:
    """A camera whose frames, faults and absence a test commands; pass `open` as a page's opener."""

    def __init__(self) -> None:
        self.opened: list[SourceSpec] = []
        self.closed = 0
        self.failure: SourceError | None = None
        self._changed = threading.Condition()
        self._waiting: list[Any] = []

    def send(self, colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> None:
        """Send one frame of one colour."""
        self._put(np.full((size[1], size[0], 3), colour, np.uint8))

    def unplug(self) -> None:
        """Be gone."""
        self._put(SourceError("Test camera", "The camera is gone.", Problem.LOST))

    def open(self, spec: SourceSpec, counter: Counter) -> FrameSource:
        """Open it, or fail as told."""
        self.opened.append(spec)
        if self.failure is not None:
            raise self.failure
        return _Open(self, counter)

    def _put(self, item: Any) -> None:
        with self._changed:
            self._waiting.append(item)
            self._changed.notify_all()


class _Open:
    def __init__(self, camera: FakeCamera, counter: Counter) -> None:
        self._camera, self._counter = camera, counter
        self._interrupted = False
        self.info = SourceInfo("Test camera", SourceKind.CAMERA, (64, 48), 30.0)

    def read(self) -> Frame:
        camera = self._camera
        with camera._changed:
            camera._changed.wait_for(lambda: camera._waiting or self._interrupted)
            if self._interrupted:
                raise SourceError("Test camera", "left", Problem.LOST)
            item = camera._waiting.pop(0)
        if isinstance(item, SourceError):
            raise item
        return self._counter.live_frame(item)

    def interrupt(self) -> None:
        with self._camera._changed:
            self._interrupted = True
            self._camera._changed.notify_all()

    def close(self) -> None:
        self._camera.closed += 1


class Bench:
    """A page with what it needs; `close` ends everything."""

    def __init__(self, qtbot: QtBot, folder: Path, *, cameras: tuple[Camera, ...] = (), **settings: object) -> None:
        self.qtbot = qtbot
        self.camera = FakeCamera()
        self.cameras = cameras
        self.store = SettingsStore(folder / "settings.json")
        self.store.update(**settings)
        self.inference = InferenceWorker()
        self.inference.start()
        more: dict[str, Any] = {"opener": self.camera.open} if cameras else {}
        watcher = CameraWatcher(interval=0.02, lister=lambda: self.cameras)
        self.page = LivePage(self.store, self.inference, watcher=watcher, **more)
        # As in the main window, the page does not decide how small its window may be.
        self.window = QWidget()
        layout = QVBoxLayout(self.window)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        layout.addWidget(self.page)
        self.window.resize(1100, 760)
        self._folder = folder

    def load_model(self) -> None:
        """Have the tiny network answer."""
        with self.qtbot.waitSignal(self.inference.model_ready, timeout=LIMIT):
            self.inference.set_model(make_bundle(self._folder / "model"))

    def show(self) -> LivePage:
        """Show the page."""
        self.window.show()
        return self.page

    def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so."""
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=LIMIT)

    def shows(self, colour: tuple[int, int, int]) -> bool:
        """Say whether the picture's middle has about this colour."""
        image = self.page.presenter.stage.image()
        if image is None:
            return False
        pixel = image.pixelColor(image.width() // 2, image.height() // 2)
        parts = zip((pixel.red(), pixel.green(), pixel.blue()), colour, strict=True)
        return all(abs(a - b) < 40 for a, b in parts)

    def close(self) -> None:
        """End everything."""
        self.page.shut_down()
        self.inference.stop()
        self.window.close()
        self.window.deleteLater()
