"""The window that takes photos with a camera, out of a video or a stream: while a button is held, each time a group."""

from __future__ import annotations

import contextlib
import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QImage, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.frames import open_source
from mobilenet_gui.core.frames_reader import Opener, ReaderState, StateChange
from mobilenet_gui.core.frames_types import Frame, SourceInfo, SourceKind, SourceSpec
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.project import NewPhoto
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.live import words as live_words
from mobilenet_gui.ui.live.message import MessagePanel
from mobilenet_gui.ui.live.stage import LiveStage
from mobilenet_gui.ui.owned_window import close_with_owner
from mobilenet_gui.ui.tokens import DIALOG_MARGIN, HEIGHT_LARGE
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.ui.window_size import room_for
from mobilenet_gui.ui.wizard.capture_parts import HoldButton, TakenStrip
from mobilenet_gui.ui.wizard.capture_sources import CaptureSources
from mobilenet_gui.ui.wizard.class_picker import ClassPicker
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.workers.burst import BurstRecorder
from mobilenet_gui.workers.capture import CameraWatcher, Capture

SIZE = QSize(800, 620)
_NARROW = 800
"""Width below which the row of sources shows its icons alone."""
_WIDE = 900
"""Width from which there is room to say what the class is for."""
MINIMUM = QSize(620, 480)
_WINDOW = (
    Qt.WindowType.Dialog  # stays in front of the wizard
    | Qt.WindowType.CustomizeWindowHint
    | Qt.WindowType.WindowTitleHint
    | Qt.WindowType.WindowSystemMenuHint
    | Qt.WindowType.WindowMaximizeButtonHint
    | Qt.WindowType.WindowCloseButtonHint
)
STILL_HINTS = 6
"""Frames in a row without change after which it is said."""
_TICKS_A_SECOND = 20


class CaptureDialog(QWidget):
    """The window. It deletes itself when closed; what was recorded stays in the project.

    Attributes:
        taken: a burst has ended: its photos (list of `NewPhoto`) and words on it.
        closed: it was closed, and all of its photos were told.
    """

    taken = Signal(object, str)
    closed = Signal()

    def __init__(
        self,
        context: WizardContext,
        class_id: str,
        parent: QWidget,
        *,
        video: Path | None = None,
        opener: Opener = open_source,
        watcher: CameraWatcher | None = None,
    ) -> None:
        """Build it.

        Args:
            context: of the wizard.
            class_id: the class that photos are taken for; empty where it is still to be chosen.
            parent: the wizard's window.
            video: the video to begin with; None begins with a camera.
            opener: opens cameras and files; tests pass their own.
            watcher: lists cameras; tests pass their own.
        """
        super().__init__(parent, _WINDOW)
        close_with_owner(self)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Take photos"))
        room = room_for(self)
        self.setMinimumSize(MINIMUM.boundedTo(room))
        self.resize(SIZE.boundedTo(room))
        self._context, self._class_id, self._class_name = context, class_id, ""
        self._burst: list[Path] = []
        self._group = ""
        self._still = 0
        self._info: SourceInfo | None = None
        self._spec = SourceSpec(SourceKind.CAMERA, "")
        self._problem = ""
        self._revision = -1
        self._last_burst = 0
        self.recorder = BurstRecorder(context.project.folder, self)
        self.capture = Capture(self.recorder.consume, self, opener=opener)
        self.sources = CaptureSources(context.settings, watcher, self, is_running=lambda: self.capture.running)
        self.class_button = Button("", "tag")
        self._photos_of = text_label(tr("Photos of"), "body", "text2")
        self.stage = LiveStage()
        self.message = MessagePanel()
        self.hold = HoldButton()
        self.strip = TakenStrip()
        self.words = ElidedLabel("", "body", "text2")
        self.undo = Button(tr("Take back the last burst"), "undo", "ghost")
        self.done = Button(tr("Done"), height=HEIGHT_LARGE)
        self.play = IconButton("pause", tr("Pause"))
        self.position = QSlider(Qt.Orientation.Horizontal)
        self._picture = QStackedWidget()
        self._transport = QWidget()
        self._lay_out()
        self._connect()
        self._show_class()
        self._show_count()
        if video is None:
            self.sources.choose("camera")
        else:
            self.open_video(video)

    # -- building ---------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.sources.bar)
        head.addStretch(1)
        head.addWidget(self._photos_of)
        head.addWidget(self.class_button)
        self._picture.addWidget(self.message)
        self._picture.addWidget(self.stage)
        transport = QHBoxLayout(self._transport)
        transport.setContentsMargins(0, 0, 0, 0)
        transport.addWidget(self.play)
        transport.addWidget(self.position, 1)
        self.position.setAccessibleName(tr("Position in the video"))
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addWidget(self.words, 1)
        foot.addWidget(self.undo)
        foot.addWidget(self.done)
        column = QVBoxLayout(self)
        column.setContentsMargins(DIALOG_MARGIN, 20, DIALOG_MARGIN, 20)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self._picture, 1)
        column.addWidget(self._transport)
        column.addWidget(self.hold)
        column.addWidget(self.strip)
        column.addLayout(foot)
        self.undo.hide()
        self.hold.setEnabled(False)

    def _connect(self) -> None:
        self.sources.start_requested.connect(self._start)
        self.sources.stop_requested.connect(self._stop)
        self.sources.said.connect(self._say)
        self.class_button.clicked.connect(self._ask_class)
        self.message.action.connect(self.sources.act)
        self.hold.held.connect(self._begin_burst)
        self.hold.released.connect(self.recorder.end)
        self.recorder.taken.connect(self._photo_taken)
        self.recorder.still.connect(self._nothing_changes)
        self.recorder.failed.connect(self._refused)
        self.recorder.idle.connect(self._end_burst)
        self.capture.frame_ready.connect(self._show_frame)
        self.capture.state_changed.connect(self._hear_state)
        self.undo.clicked.connect(self._take_back)
        self.done.clicked.connect(self.close)
        self.play.clicked.connect(self._toggle_play)
        self.position.sliderMoved.connect(self._seek)
        for keys in ("Escape", "Ctrl+W"):
            QShortcut(QKeySequence(keys), self).activated.connect(self.close)

    # -- the source -------------------------------------------------------------------------------------------------

    def open_video(self, path: Path) -> None:
        """Play a video."""
        self.sources.open_video(path)

    def begin_anew(self, class_id: str, video: Path | None) -> None:
        """Come to the front: photos of another class are wanted, or out of another video; empty and None keep them."""
        self.hold.release()
        if class_id:
            self.set_class(class_id)
        if video is not None:
            self.open_video(video)
        self.raise_()
        self.activateWindow()

    def _stop(self) -> None:
        self.capture.stop()
        self._info = None
        self.hold.setEnabled(False)
        self._transport.hide()

    def _start(self, spec: SourceSpec) -> None:
        if spec.kind is SourceKind.CAMERA:
            self._context.hub.camera_wanted.emit()
        self._spec = spec
        self._picture.setCurrentWidget(self.message)
        self.message.show_opening()
        self.capture.start(spec)

    def _hear_state(self, change: StateChange) -> None:
        self._info = change.info or self._info
        live = change.state in (ReaderState.LIVE, ReaderState.ENDED)
        self.hold.setEnabled(live)
        if not live:
            self.hold.release()
        if change.state is ReaderState.FAILED and change.error is not None:
            self._say(live_words.trouble(change.error, self._spec))
        elif live:
            self._picture.setCurrentWidget(self.stage)
            self.hold.setFocus(Qt.FocusReason.OtherFocusReason)
        is_file = self._info is not None and self._info.kind is SourceKind.FILE
        self._transport.setVisible(is_file)
        if is_file and self._info is not None:
            self.position.setEnabled(self._info.duration is not None)
            self.position.setRange(0, max(1, round((self._info.duration or 0) * _TICKS_A_SECOND)))
        self._show_playing()

    def _say(self, message: live_words.Message) -> None:
        self._picture.setCurrentWidget(self.message)
        self.message.show_message(message)

    def _show_frame(self) -> None:
        frame: Frame | None = self.capture.take()
        if frame is None:
            return
        self.stage.set_frame(frame.pixels)
        if not self.position.isSliderDown():
            self.position.setValue(round(frame.timestamp * _TICKS_A_SECOND))

    def _toggle_play(self) -> None:
        reader = self.capture.reader
        if reader is not None and reader.state.state is not ReaderState.ENDED and not reader.paused:
            reader.pause()
            self._show_playing()
        else:
            self._go_on()

    def _go_on(self) -> None:
        """Let a video play that stands still; one at its end begins anew."""
        reader = self.capture.reader
        if reader is None:
            return
        if reader.state.state is ReaderState.ENDED:
            reader.seek(0.0)
            reader.play()
        elif reader.paused:
            reader.play()
        self._show_playing()

    def _show_playing(self) -> None:
        reader = self.capture.reader
        playing = reader is not None and not reader.paused and reader.state.state is ReaderState.LIVE
        self.play.set_icon("pause" if playing else "play")
        self.play.set_tooltip(tr("Pause") if playing else tr("Play"))

    def _seek(self, value: int) -> None:
        if self.capture.reader is not None:
            self.capture.reader.seek(value / _TICKS_A_SECOND)

    # -- the class --------------------------------------------------------------------------------------------------

    def _show_class(self) -> None:
        one = self._context.project.class_of(self._class_id)
        name = self._class_name if one is None else one.name
        self.class_button.set_text(name or tr("Choose class…"))
        self.class_button.setAccessibleName(tr("Photos of {name}").format(name=name) if name else tr("Choose class…"))
        self.class_button.setToolTip(tr("The class that the photos go to"))

    def _ask_class(self) -> None:
        picker = ClassPicker(tr("Take photos of"), self._context.project, self)
        picker.picked.connect(self.set_class)
        picker.named.connect(lambda name: self.set_class("", name))
        picker.open_at(self.class_button.mapToGlobal(self.class_button.rect().bottomLeft()))

    def set_class(self, class_id: str, name: str = "") -> None:
        """Take photos for this class from now on; a name makes a new one with the first photo."""
        self._class_id, self._class_name = class_id, name
        self._show_class()

    # -- bursts -----------------------------------------------------------------------------------------------------

    def _begin_burst(self) -> None:
        if not self._class_id and not self._class_name:
            self.hold.release()
            self._ask_class()
            return
        self._end_burst()  # one that was let go a moment ago may still be being written
        self._still, self._problem = 0, ""
        self._group = f"burst-{time.time_ns():x}"
        self.undo.hide()
        self.recorder.begin()
        self._go_on()  # of a picture that stands still there is nothing to record

    def _photo_taken(self, path: Path, image: QImage) -> None:
        self._still = 0
        self._burst.append(path)
        self.strip.add(image)
        self._show_count()

    def _nothing_changes(self) -> None:
        self._still += 1
        if self._still == STILL_HINTS and self.recorder.recording:
            self.words.setText(tr("Nothing changes in the picture. Move the thing or the camera."))

    def _end_burst(self) -> None:
        paths, self._burst = self._burst, []
        if not paths:
            self._show_count()
            return
        photos = [
            NewPhoto(path, self._class_id, self._class_name, group=self._group, copied=True) for path in paths
        ]  # fmt: skip
        self.taken.emit(photos, trn("{n} photo taken", "{n} photos taken", len(photos)))
        made = self._context.project.class_named(self._class_name) if self._class_name else None
        if made is not None:
            self.set_class(made.id)
        self._revision = self._context.project.revision
        self._last_burst = len(paths)
        self.undo.show()
        self._show_count()

    def _leave_burst(self) -> None:
        """Let the photos that are still being written come into the project, whatever becomes of this window."""
        recorder, tasks, project = self.recorder, self._context.tasks, self._context.project
        for signal, slot in (
            (recorder.taken, self._photo_taken), (recorder.still, self._nothing_changes),
            (recorder.failed, self._refused), (recorder.idle, self._end_burst),
        ):  # fmt: skip
            signal.disconnect(slot)
        recorder.setParent(tasks)
        paths, self._burst = self._burst, []
        release = tasks.hold(project, recorder.wait)
        make = partial(NewPhoto, class_id=self._class_id, class_name=self._class_name, group=self._group, copied=True)

        def take_in() -> None:
            with contextlib.suppress(UserError):  # its class is gone
                project.add_photos([make(path) for path in paths])
            release()
            recorder.deleteLater()

        recorder.taken.connect(lambda path, _image: paths.append(path))
        recorder.idle.connect(take_in)

    def _take_back(self) -> None:
        self.undo.hide()
        if self._context.project.revision == self._revision:
            self._context.project.undo()
            self.strip.take_away(self._last_burst)
            self._show_count()

    def _refused(self, error: UserError) -> None:
        self._problem = str(error)
        self.hold.release()
        self._show_count()

    def _show_count(self) -> None:
        self.words.set_tone("bad" if self._problem else "text2")
        if self._problem:
            self.words.setText(self._problem)
            return
        count = self.strip.count()
        self.words.setText(
            trn("{n} photo taken", "{n} photos taken", count)
            if count
            else tr("Nothing is recorded before you hold it.")
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show icons alone where the words need the room."""
        super().resizeEvent(event)
        self.sources.bar.set_compact(self.width() < fonts.px(_NARROW))
        self._photos_of.setVisible(self.width() >= fonts.px(_WIDE))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the camera go, and keep what was recorded."""
        self.hold.release()
        self.sources.stop()
        self.capture.stop()
        self.recorder.end()
        self.recorder.hand_out()
        if self.recorder.busy:
            self._leave_burst()
        else:
            self._end_burst()
        self.recorder.stop()
        super().closeEvent(event)
        self.closed.emit()
