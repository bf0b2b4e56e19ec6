"""Owns where photos are taken from: a camera, a video file or a stream, chosen in a row above the picture.

It is the Live page's row of sources with this window's own rules: a camera is opened as soon as it is chosen, since
nothing is recorded before somebody holds the button.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from mobilenet_gui.core.cameras import Camera
from mobilenet_gui.core.frames_types import SourceKind, SourceSpec
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.live import words
from mobilenet_gui.ui.live.files import VIDEO_SUFFIXES
from mobilenet_gui.ui.live.source_bar import SourceBar, parse_size
from mobilenet_gui.workers.capture import CameraWatcher


class CaptureSources(QObject):
    """The choice.

    Attributes:
        start_requested: a `SourceSpec` to show.
        stop_requested: the source that runs is not wanted any more.
        said: a `Message` for the picture's place.
        bar: the row of widgets.
        watcher: lists cameras.
    """

    start_requested = Signal(object)
    stop_requested = Signal()
    said = Signal(object)

    def __init__(
        self,
        settings: SettingsStore,
        watcher: CameraWatcher | None,
        window: QWidget,
        *,
        is_running: Callable[[], bool],
    ) -> None:
        """Make it; nothing is opened.

        Args:
            settings: what was chosen last.
            watcher: lists cameras; None for the usual one.
            window: the owner.
            is_running: says whether a source runs; a camera that does is left alone when others come or go.
        """
        super().__init__(window)
        self._settings, self._window, self._is_running = settings, window, is_running
        self._spec: SourceSpec | None = None
        self.bar = bar = SourceBar()
        self.watcher = watcher or CameraWatcher(self)
        bar.whole = settings.whole_address
        bar.set_address(settings.values.live_stream)
        bar.set_resolution(settings.values.live_resolution)
        bar.kind_changed.connect(self.choose)
        bar.camera_changed.connect(self._start_camera)
        bar.resolution_changed.connect(self._start_camera)
        bar.file_requested.connect(self.ask_for_video)
        bar.stream_entered.connect(self._start_stream)
        bar.address_refused.connect(self._refuse_address)
        self.watcher.changed.connect(self._cameras_changed)

    def choose(self, kind: str) -> None:
        """Go over to "camera", "file" or "stream"."""
        self._spec = None
        self.stop_requested.emit()
        self.bar.set_kind(kind)
        if kind == "camera":
            self.watcher.start()
            self._start_camera()
            return
        self.watcher.stop()
        if kind == "file":
            self.said.emit(words.Message(
                "film", tr("Take photos out of a video"),
                tr("Open one, then hold the button while the thing can be seen."), "file", tr("Open a video file…"),
            ))  # fmt: skip
        else:
            self._invite_to_stream()

    def open_video(self, path: Path) -> None:
        """Play a video."""
        self.watcher.stop()
        self.bar.set_kind("file")
        self.bar.set_file(str(path))
        self._start(SourceSpec(SourceKind.FILE, str(path)))

    def ask_for_video(self) -> None:
        """Let a video be chosen."""
        kinds = tr("Videos ({patterns})").format(patterns=" ".join(f"*{s}" for s in sorted(VIDEO_SUFFIXES)))
        folder = self._settings.values.open_from
        file, _ = QFileDialog.getOpenFileName(self._window, tr("Open a video file"), folder, kinds)
        if file:
            self._settings.update(last_folder=str(Path(file).parent))
            self.open_video(Path(file))

    def act(self, action: str) -> None:
        """Do what a button in the picture's place asks for: "file", "retry" or "start"."""
        if action == "file":
            self.ask_for_video()
        elif self.bar.kind == "camera":
            self._start_camera()
        elif self._spec is not None:
            self._start(self._spec)
        elif self.bar.kind == "stream" and (address := self.bar.take_stream()) is not None:
            self._start_stream(address)

    def stop(self) -> None:
        """Look for cameras no longer."""
        self.watcher.stop()

    def _start(self, spec: SourceSpec) -> None:
        self._spec = spec
        self.start_requested.emit(spec)

    def _start_camera(self) -> None:
        name = self.bar.camera()
        if name:
            size = parse_size(self._settings.values.live_resolution)
            self._start(SourceSpec(SourceKind.CAMERA, name, size))
            return
        self._spec = None
        self.stop_requested.emit()
        if self.watcher.known == ():
            self.said.emit(words.no_camera())

    def _start_stream(self, address: str) -> None:
        spec = SourceSpec.parse(address)
        if spec.kind is SourceKind.FILE:
            self.open_video(Path(spec.address))
            return
        hidden = self._settings.remember_address(address)
        self.bar.set_address(hidden)
        self._settings.update(live_stream=hidden)
        self._start(spec)

    def _invite_to_stream(self) -> None:
        self.said.emit(words.Message(
            "link", tr("Take photos out of a stream"),
            tr("Type its address above: rtsp://… or http://…, as network cameras tell it."), "start", tr("Start"),
        ))  # fmt: skip

    def _refuse_address(self, why: str) -> None:
        if why:
            self.said.emit(words.Message("link", tr("This is not the address of a stream"), why, "", bad=True))
        elif self.bar.kind == "stream" and self._spec is None:
            self._invite_to_stream()

    def _cameras_changed(self, found: tuple[Camera, ...]) -> None:
        names = {camera.name for camera in found}
        wanted = self.bar.camera() or self._settings.values.live_camera
        self.bar.set_cameras(found, wanted if wanted in names else "")
        if self.bar.kind == "camera" and not self._is_running():
            self._start_camera()
