"""Owns the controls of a video file: steps, where it is, speed, and analysing the whole of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.core.timeline import AnalysisProgress
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.live.clock import clock
from mobilenet_gui.ui.live.timeline_bar import TimelineBar
from mobilenet_gui.ui.photos.pace import time_left_text
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.fields import ComboBox
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.ui.widgets.progress import ThinProgress

SPEEDS = (0.25, 0.5, 1.0, 1.5, 2.0, 4.0, 8.0)
_TICKS_A_SECOND = 100
_GAP = 6


class TransportBar(QWidget):
    """The controls.

    Attributes:
        step_requested: so many frames on, or back.
        seek_requested: a place in seconds.
        speed_changed: how fast; 1 is the video's own pace.
        analyse_requested, cancel_requested: the whole video, or no longer.
    """

    step_requested = Signal(int)
    seek_requested = Signal(float)
    speed_changed = Signal(float)
    analyse_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._duration: float | None = None
        self._position = 0.0
        self.back = IconButton("step-back", tr("One frame back (,)"), repeats=True)
        self.back.clicked.connect(lambda: self.step_requested.emit(-1))
        self.forward = IconButton("step-forward", tr("One frame on (.)"), repeats=True)
        self.forward.clicked.connect(lambda: self.step_requested.emit(1))
        self.slider = _seek_slider()
        self.slider.valueChanged.connect(self._moved)
        self.time = text_label("", "small", "text2")
        self.speed = ComboBox()
        for speed in SPEEDS:
            self.speed.add_option(f"{speed:g}×", speed)
        self.speed.set_current_key(1.0)
        self.speed.setAccessibleName(tr("Speed"))
        self.speed.setToolTip(tr("Speed"))
        self.speed.activated.connect(lambda _index: self.speed_changed.emit(float(self.speed.currentData())))
        self.analyse = Button(tr("Analyse"), "bolt")
        self.analyse.setToolTip(tr("Recognise the whole video, faster than it plays, and list what is seen when"))
        self.analyse.clicked.connect(self.analyse_requested)
        self.timeline = TimelineBar()
        self.timeline.jumped.connect(self.seek_requested)
        self.timeline.hide()
        self.progress = ThinProgress()
        self._progress_text = ElidedLabel("", "small", "text2")
        self.cancel = Button(tr("Cancel"), "close", "ghost", 28)
        self.cancel.clicked.connect(self.cancel_requested)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_GAP)
        for widget in (self.back, self.forward):
            row.addWidget(widget)
        row.addWidget(self.slider, 1)
        row.addWidget(self.time)
        row.addWidget(self.speed)
        row.addWidget(self.analyse)
        self._busy = self._progress_row()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.timeline)
        column.addLayout(row)
        column.addWidget(self._busy)
        self.set_duration(None)
        for button in (self.back, self.forward, self.speed, self.analyse, self.cancel):
            # A click must not take the focus along: Space plays and pauses whatever was pressed before.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def set_compact(self, compact: bool) -> None:
        """Show less text where the window is narrow."""
        self.analyse.set_compact(compact)

    def set_duration(self, seconds: float | None) -> None:
        """Learn how long the video is; None where it does not tell."""
        if seconds == self._duration:
            return
        self._duration = seconds
        blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, max(1, round((seconds or 0) * _TICKS_A_SECOND)))
        self.slider.setEnabled(seconds is not None)
        self.slider.setValue(round(self._position * _TICKS_A_SECOND))
        self.slider.blockSignals(blocked)
        self._write(self._position)

    def set_position(self, seconds: float) -> None:
        """Show where the video is, unless the user is choosing a place just now."""
        self._position = seconds
        if self.slider.isSliderDown():
            return
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(round(seconds * _TICKS_A_SECOND))
        self.slider.blockSignals(blocked)
        self._write(seconds)
        self.timeline.set_position(seconds)

    def reset(self) -> None:
        """Begin with another video: at its start, at its own pace."""
        self._position, self._duration = 0.0, -1.0
        self.set_duration(None)
        self.speed.set_current_key(1.0)

    def show_progress(self, progress: AnalysisProgress | None) -> None:
        """Show how far an analysis is; None takes it away."""
        self._busy.setVisible(progress is not None)
        self.analyse.setEnabled(progress is None)
        if progress is None:
            return
        self.progress.set_fraction(progress.fraction)
        parts = []
        if progress.fraction is not None:
            parts.append(percent(progress.fraction, 0))
        if progress.speed >= 0.05:
            speed = f"{progress.speed:.0f}" if progress.speed >= 10 else f"{progress.speed:.1f}"
            parts.append(tr("{n}× as fast as it plays").format(n=speed))
        if progress.seconds_left is not None:
            parts.append(time_left_text(progress.seconds_left))
        self._progress_text.setText(" · ".join(parts) or tr("Analysing"))

    @property
    def busy(self) -> bool:
        """An analysis is shown as under way."""
        return not self._busy.isHidden()

    def _progress_row(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self.progress, 1)
        row.addWidget(self._progress_text)
        row.addWidget(self.cancel)
        made.hide()
        return made

    def _moved(self, value: int) -> None:
        seconds = value / _TICKS_A_SECOND
        self._write(seconds)
        self.seek_requested.emit(seconds)

    def _write(self, seconds: float) -> None:
        whole = "" if self._duration is None else f" / {clock(self._duration)}"
        text = clock(seconds) + whole
        # Where large text has no room for both, how long the video is is told by the tip.
        if self.time.toolTip() != text:
            self.time.setToolTip(text)
        if self._room_for_time() < self.time.fontMetrics().horizontalAdvance(text):
            text = clock(seconds)
        if self.time.text() != text:
            self.time.setText(text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say where the video is as fully as there is room."""
        super().resizeEvent(event)
        self._write(self._position)

    def _room_for_time(self) -> int:
        others = (self.back, self.forward, self.speed, self.analyse)
        return self.width() - sum(one.sizeHint().width() + _GAP for one in others) - self.slider.minimumWidth() - _GAP


def _seek_slider() -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    slider.setMinimumWidth(80)  # however large the text is: the time beside it needs the room more
    slider.setFixedHeight(fonts.px(28))
    slider.setSingleStep(_TICKS_A_SECOND)
    slider.setPageStep(10 * _TICKS_A_SECOND)
    slider.setAccessibleName(tr("Place in the video"))
    return slider
