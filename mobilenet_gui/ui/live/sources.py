"""Owns which source is chosen: what was chosen last, which cameras there are, and when one may be opened by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from mobilenet_gui.core.cameras import Camera, find_camera
from mobilenet_gui.core.frames_types import Problem, SourceKind, SourceSpec
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.live import words
from mobilenet_gui.ui.live.controller import LiveController, Phase
from mobilenet_gui.ui.live.files import VIDEO_SUFFIXES
from mobilenet_gui.ui.live.frame import LiveFrame
from mobilenet_gui.ui.live.source_bar import parse_size
from mobilenet_gui.workers.capture import CameraWatcher


class SourceDesk(QObject):
    """Turns what is chosen in the header, or pressed in the picture's place, into a source.

    Attributes:
        start_requested: a `SourceSpec` to show.
        stop_requested: the source that runs is not wanted any more.
        file_chosen: the path of a video file to play.
        changed: what `invitation` says is another.
    """

    start_requested = Signal(object)
    stop_requested = Signal()
    file_chosen = Signal(str)
    changed = Signal()

    def __init__(
        self,
        frame: LiveFrame,
        controller: LiveController,
        watcher: CameraWatcher,
        *,
        settings: SettingsStore,
        save: Callable[..., None],
    ) -> None:
        """Make it.

        Args:
            frame: the page's parts.
            controller: what runs.
            watcher: tells which cameras there are.
            settings: what was chosen last.
            save: changes settings by name.
        """
        super().__init__(frame)
        self._frame = frame
        self._bar, self._controller, self._watcher = frame.sources, controller, watcher
        self._settings, self._save = settings, save
        self._cameras: tuple[Camera, ...] | None = None
        values, bar = settings.values, self._bar
        bar.set_resolution(values.live_resolution)
        bar.whole = settings.whole_address
        bar.set_address(values.live_stream)
        bar.set_kind(values.live_kind)
        bar.set_cameras((), values.live_camera)
        bar.set_file(values.live_file)
        bar.kind_changed.connect(self._kind_changed)
        bar.camera_changed.connect(self._camera_chosen)
        bar.file_requested.connect(self.open_video)
        bar.stream_entered.connect(self._stream_entered)
        bar.address.textChanged.connect(self._address_changed)
        bar.address_refused.connect(self._say_refused)
        bar.resolution_changed.connect(self._resolution_chosen)
        frame.message.action.connect(self._message_action)
        watcher.changed.connect(self._cameras_changed)

    def watch(self) -> None:
        """Keep the list of cameras fresh: the page is looked at."""
        if self._bar.kind == "camera":
            self._watcher.start()

    def unwatch(self) -> None:
        """Look for cameras no longer."""
        self._watcher.stop()

    def invitation(self) -> words.Message:
        """Return what is said while nothing runs."""
        kind = self._bar.kind
        if kind == "camera" and self._cameras == ():
            return words.no_camera()
        names = {
            "camera": self._bar.camera(),
            "file": Path(self._settings.values.live_file).name,
            "stream": self._bar.address.text(),
        }
        return words.invitation(kind, names[kind])

    def camera_index(self) -> int | None:
        """Return the number of the chosen camera, where it is plugged in."""
        found = find_camera(self._settings.values.live_camera, self._cameras or ())
        return None if found is None else found.index

    def open_video(self) -> None:
        """Ask for a video file."""
        values = self._settings.values
        folder = str(Path(values.live_file).parent) if values.live_file else values.last_folder
        dialog = QFileDialog(self._frame, tr("Open a video file"), folder or str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        patterns = " ".join(f"*{suffix}" for suffix in sorted(VIDEO_SUFFIXES))
        dialog.setNameFilters([tr("Videos ({patterns})").format(patterns=patterns), tr("All files (*)")])
        dialog.filesSelected.connect(lambda names: self.file_chosen.emit(names[0]))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose_file(self, path: str) -> None:
        """Choose a video file, and remember it."""
        self.unwatch()
        self._bar.set_address_error("")
        self._bar.set_kind("file")
        self._bar.set_file(path)
        self._save(live_kind="file", live_file=path, last_folder=str(Path(path).parent))

    def start_chosen(self) -> None:
        """Start what the header says."""
        values = self._settings.values
        if self._bar.kind == "camera":
            name = self._bar.camera() or (self._cameras[0].name if self._cameras else "")
            if name:
                self._save(live_started=True, live_camera=name)
                size = parse_size(values.live_resolution)
                self.start_requested.emit(SourceSpec(SourceKind.CAMERA, name, size))
            else:
                # Some systems do not tell their cameras; the first one may be there all the same.
                self.start_requested.emit(SourceSpec(SourceKind.CAMERA, "0", parse_size(values.live_resolution)))
        elif self._bar.kind == "file":
            if values.live_file:
                self.start_requested.emit(SourceSpec(SourceKind.FILE, values.live_file))
            else:
                self.open_video()
        else:
            address = self._bar.take_stream()
            if address is not None:
                self._stream_entered(address)

    @Slot(str)
    def _message_action(self, action: str) -> None:
        if action == "file":
            self.open_video()
        elif action == "retry" and self._controller.spec is not None:
            self.start_requested.emit(self._controller.spec)
        else:
            self.start_chosen()

    @Slot(str)
    def _kind_changed(self, kind: str) -> None:
        self._bar.set_address_error("")
        self._save(live_kind=kind)
        self.stop_requested.emit()
        if kind != "camera":
            self.unwatch()
            return
        self.watch()
        if self._settings.values.live_started and self._cameras:
            self.start_chosen()

    @Slot(str)
    def _camera_chosen(self, name: str) -> None:
        self._save(live_camera=name)
        if self._settings.values.live_started:
            self.start_chosen()

    @Slot(str)
    def _stream_entered(self, address: str) -> None:
        spec = SourceSpec.parse(address)
        if spec.kind is SourceKind.FILE:
            self.file_chosen.emit(spec.address)
            return
        hidden = self._settings.remember_address(address)
        self._bar.set_address(hidden)
        self._save(live_stream=hidden)
        self.start_requested.emit(spec)

    @Slot(str)
    def _address_changed(self, _text: str) -> None:
        if self._controller.phase is Phase.IDLE:
            self.changed.emit()

    @Slot(str)
    def _say_refused(self, why: str) -> None:
        if why:
            self._frame.notices.show_notice("address", "bad", why)
        else:
            self._frame.notices.dismiss("address")

    @Slot(str)
    def _resolution_chosen(self, resolution: str) -> None:
        self._save(live_resolution=resolution)
        spec = self._controller.spec
        if spec is not None and spec.kind is SourceKind.CAMERA:
            self.start_requested.emit(SourceSpec(SourceKind.CAMERA, spec.address, parse_size(resolution)))

    def _is_missed(self) -> bool:
        """Say whether a camera was asked for that was not there."""
        spec, error = self._controller.spec, self._controller.error
        failed = self._controller.phase is Phase.FAILED and error is not None and error.problem is Problem.MISSING
        return failed and spec is not None and spec.kind is SourceKind.CAMERA

    @Slot(object)
    def _cameras_changed(self, cameras: tuple[Camera, ...]) -> None:
        first = self._cameras is None
        self._cameras = cameras
        values = self._settings.values
        self._bar.set_cameras(cameras, values.live_camera)
        idle = first and self._controller.phase is Phase.IDLE and self._bar.kind == "camera" and values.live_started
        known = not values.live_camera or self.camera_index() is not None
        if known and (idle or (cameras and self._is_missed())):
            self.start_chosen()
        self.changed.emit()
