"""Owns the choice of a source in the page's header: camera by name, video file, stream address; a camera's size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QStackedWidget, QWidget

from mobilenet_gui.core.addresses import is_hidden
from mobilenet_gui.core.cameras import Camera
from mobilenet_gui.core.frames_types import SourceError, SourceKind, SourceSpec
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.fields import ComboBox, LineEdit
from mobilenet_gui.ui.widgets.segmented import Segmented

WIDTH = 184
NARROW_WIDTH = 150
LEAST_WIDTH = 80
RESOLUTIONS = ("", "640x480", "1280x720", "1920x1080", "3840x2160")


def parse_size(text: str) -> tuple[int, int] | None:
    """Return `1280x720` as width and height; None for anything else."""
    width, _, height = text.partition("x")
    return (int(width), int(height)) if width.isdigit() and height.isdigit() else None


class _Address(LineEdit):
    """The stream's address; Escape leaves it, so that letters act as shortcuts again."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave by Escape."""
        if event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
            return
        super().keyPressEvent(event)


class _Own(QStackedWidget):
    """What belongs to the chosen kind: as wide as wished, narrower where the header has less room."""

    def wish(self, width: int) -> None:
        """Take `width` pixels, if there is room."""
        self.setMinimumWidth(min(width, LEAST_WIDTH))
        self.setMaximumWidth(width)

    def sizeHint(self) -> QSize:
        """Return the size wished for."""
        return QSize(self.maximumWidth(), super().sizeHint().height())


class SourceBar(QWidget):
    """The choice.

    Attributes:
        kind_changed: "camera", "file" or "stream" was chosen.
        camera_changed: another camera was chosen; its name.
        file_requested: another video file is wanted.
        stream_entered: an address was typed and confirmed.
        address_refused: what is wrong with the address that was; empty as soon as it is changed.
        resolution_changed: another size is asked of the camera, such as `1280x720`; empty for its own choice.
    """

    kind_changed = Signal(str)
    camera_changed = Signal(str)
    file_requested = Signal()
    stream_entered = Signal(str)
    address_refused = Signal(str)
    resolution_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._resolution = ""
        self.whole: Callable[[str], str] = str
        """Returns the address that what is shown of it stands for."""
        self.kinds = Segmented(
            [("camera", tr("Camera"), "camera"), ("file", tr("Video file"), "film"),
             ("stream", tr("Stream URL"), "link")]
        )  # fmt: skip
        self.kinds.changed.connect(self._kind_chosen)
        self.cameras = ComboBox()
        self.cameras.setAccessibleName(tr("Camera"))
        self.cameras.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.cameras.activated.connect(lambda _index: self.camera_changed.emit(str(self.cameras.currentData())))
        self.file = Button(tr("Open…"))
        self.file.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.file.clicked.connect(self.file_requested)
        self.address = _Address(tr("rtsp:// or http://"))
        self.address.setAccessibleName(tr("Address of the stream"))
        self.address.returnPressed.connect(self._entered)
        self.address.textEdited.connect(lambda _text: self.set_address_error(""))
        self._own = _Own()
        for widget in (self.cameras, self.file, self.address):
            self._own.addWidget(widget)
        self.options = IconButton("sliders", tr("Camera resolution"), framed=True)
        self.options.clicked.connect(self._show_options)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for part in (self.kinds, self._own, self.options):
            row.addWidget(part)
        self._own.setFixedHeight(self.cameras.sizeHint().height())
        self.set_compact(False)
        self.set_kind("camera")
        self.set_cameras(())

    @property
    def kind(self) -> str:
        """The chosen kind: "camera", "file" or "stream"."""
        return self.kinds.current()

    def set_kind(self, kind: str) -> None:
        """Choose a kind without a signal."""
        self.kinds.set_current(kind)
        self._own.setCurrentWidget({"camera": self.cameras, "file": self.file, "stream": self.address}[kind])
        self.options.setVisible(kind == "camera")

    def set_compact(self, compact: bool) -> None:
        """Show icons alone where the window is narrow."""
        self.kinds.set_compact(compact)
        self._own.wish(min(fonts.px(NARROW_WIDTH), WIDTH) if compact else fonts.px(WIDTH))

    def set_cameras(self, cameras: Sequence[Camera], chosen: str = "") -> None:
        """Offer these cameras; keep the chosen one, also where it is not plugged in at the moment."""
        self.cameras.clear()
        for camera in cameras:
            self.cameras.add_option(camera.name, camera.name)
        names = [camera.name for camera in cameras]
        if chosen and chosen not in names:
            self.cameras.add_option(tr("{name} (not there)").format(name=chosen), chosen)
        self.cameras.setEnabled(self.cameras.count() > 0)
        if not self.cameras.count():
            self.cameras.add_option(tr("No camera"), "")
        self.cameras.set_current_key(chosen)
        self.cameras.setToolTip(self.cameras.currentText())

    def camera(self) -> str:
        """Return the chosen camera's name; empty where there is none."""
        return str(self.cameras.currentData() or "")

    def set_file(self, path: str) -> None:
        """Name the video file."""
        name = path.replace("\\", "/").rpartition("/")[2]
        room = self._own.width() - 28
        shown = self.file.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, room)
        self.file.set_text(shown or tr("Open…"))
        self.file.setToolTip(path or tr("Open a video file"))
        self.file.setAccessibleName(tr("Video file: {name}").format(name=name) if name else tr("Open a video file"))

    def set_address(self, address: str) -> None:
        """Write the stream's address."""
        self.address.setText(address)
        self.address.setCursorPosition(0)

    def set_address_error(self, why: str) -> None:
        """Draw the address red and say what is wrong with it; empty takes it back."""
        self.address.set_invalid(bool(why))
        self.address.setToolTip(why)
        self.address.setAccessibleDescription(why)
        self.address_refused.emit(why)

    def set_resolution(self, resolution: str) -> None:
        """Take what is asked of cameras, without a signal."""
        self._resolution = resolution

    def take_stream(self) -> str | None:
        """Return the address as typed, also a video file's that exists; None, and a red field, where it is none."""
        text = self.whole(self.address.text().strip())
        why = "" if _is_source(text) else tr("The address of a stream begins with rtsp:// or http://.")
        if not why and is_hidden(text):
            why = tr("Passwords are not kept. Type this one again in place of “…”.")
        self.set_address_error(why)
        return None if why else text

    def options_menu(self) -> QMenu:
        """Return the menu of sizes."""
        menu = QMenu(self)
        for text in RESOLUTIONS:
            size = parse_size(text)
            action = menu.addAction(tr("The camera’s own size") if size is None else f"{size[0]} × {size[1]}")
            action.setCheckable(True)
            action.setChecked(text == self._resolution)
            action.triggered.connect(lambda _checked=False, t=text: self._choose_resolution(t))
        return menu

    def _show_options(self) -> None:
        menu = self.options_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.options.mapToGlobal(QPoint(0, self.options.height() + 4)))

    def _choose_resolution(self, text: str) -> None:
        self._resolution = text
        self.resolution_changed.emit(text)

    def _kind_chosen(self, kind: str) -> None:
        self.set_kind(kind)
        self.kind_changed.emit(kind)
        if kind == "stream":
            self.address.setFocus()

    def _entered(self) -> None:
        address = self.take_stream()
        if address is not None:
            self.address.clearFocus()
            self.address.setCursorPosition(0)
            self.stream_entered.emit(address)


def _is_source(text: str) -> bool:
    try:
        spec = SourceSpec.parse(text)
        return spec.kind is SourceKind.STREAM or (spec.kind is SourceKind.FILE and Path(spec.address).exists())
    except (SourceError, OSError, ValueError):
        return False
