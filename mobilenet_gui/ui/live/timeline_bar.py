"""Owns the timeline below a video: a coloured stretch for each segment, the place, and clicks that go there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mobilenet_gui.core.answers import headline
from mobilenet_gui.core.timeline import Segment
from mobilenet_gui.i18n import shown, tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.live.clock import clock
from mobilenet_gui.ui.live.label_colours import LabelColours
from mobilenet_gui.ui.theme import theme, tokens
from mobilenet_gui.ui.tokens import RADIUS_SMALL
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, outline, rounded

_HEIGHT = 34


class TimelineBar(QWidget):
    """Labels over time.

    Attributes:
        jumped: a place was clicked or chosen by keyboard, in seconds.
    """

    jumped = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._segments: Sequence[Segment] = ()
        self._colours = LabelColours()
        self._duration = 0.0
        self._position = 0.0
        self._picture: QPixmap | None = None
        self.setFixedHeight(fonts.px(_HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(tr("Timeline"))
        theme().changed.connect(self._repaint_all)

    def segments(self) -> Sequence[Segment]:
        """Return what is drawn."""
        return self._segments

    def set_segments(self, segments: Sequence[Segment], duration: float) -> None:
        """Draw segments of a video that lasts `duration` seconds."""
        self._segments, self._duration = segments, duration
        self._colours = LabelColours(segments)
        self._repaint_all()

    def set_position(self, seconds: float) -> None:
        """Show where the video is."""
        if round(self._x(seconds)) != round(self._x(self._position)):
            self.update()
        self._position = seconds
        self.setAccessibleDescription(self._spoken(seconds))

    def sizeHint(self) -> QSize:
        """Return a useful width."""
        return QSize(320, fonts.px(_HEIGHT))

    def segment_at(self, seconds: float) -> Segment | None:
        """Return the segment at a place, if any."""
        return next((s for s in self._segments if s.start <= seconds < s.end), None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw anew."""
        super().resizeEvent(event)
        self._repaint_all()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the stretches, then where the video is."""
        if self._picture is None:
            self._picture = self._draw()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        colours = tokens()
        x = round(self._x(self._position))
        painter.fillRect(QRectF(x - 2, 0, 5, self.height()), colours.bg)
        painter.fillRect(QRectF(x - 1, 0, 3, self.height()), colours.text)
        if shows_focus(self):
            focus_ring(painter, QRectF(self.rect()), RADIUS_SMALL)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.jumped.emit(self._seconds(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along while the button is held."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.jumped.emit(self._seconds(event.position()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from segment to segment by Left and Right, to the ends by Home and End."""
        starts = [s.start for s in self._segments]
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Right:
            self.jumped.emit(next((s for s in starts if s > self._position + 0.05), self._duration))
        elif key == Qt.Key.Key_Left:
            self.jumped.emit(next((s for s in reversed(starts) if s < self._position - 0.05), 0.0))
        elif key == Qt.Key.Key_Home:
            self.jumped.emit(0.0)
        elif key == Qt.Key.Key_End:
            self.jumped.emit(self._duration)
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Say what is under the pointer."""
        if isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._spoken(self._seconds(QPointF(event.pos()))), self)
            return True
        return super().event(event)

    def _spoken(self, seconds: float) -> str:
        segment = self.segment_at(seconds)
        return clock(seconds) if segment is None else f"{shown(headline(segment.label.shown))}, {clock(seconds)}"

    def _seconds(self, point: QPointF) -> float:
        return min(max(point.x() / max(1, self.width()), 0.0), 1.0) * self._duration

    def _x(self, seconds: float) -> float:
        share = seconds / self._duration if self._duration > 0 else 0.0
        return min(max(share, 0.0), 1.0) * (self.width() - 3) + 1

    def _repaint_all(self) -> None:
        self._picture = None
        self.update()

    def _draw(self) -> QPixmap:
        """Return the stretches drawn once; only the place in the video moves over them."""
        ratio = self.devicePixelRatioF()
        picture = QPixmap(max(1, round(self.width() * ratio)), round(self.height() * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        area = QRectF(self.rect())
        rounded(painter, area, RADIUS_SMALL, tokens().track, outline(tokens()))
        face = fonts.font("small", fonts.MEDIUM)
        for segment in self._segments:
            left, right = self._x(segment.start), self._x(segment.end)
            box = QRectF(left, 0, max(2.0, right - left - 1), area.height())
            rounded(painter, box, min(RADIUS_SMALL, box.width() / 2), self._colours.of(segment), outline(tokens()))
            if box.width() > 36:
                draw_text(painter, box.adjusted(8, 0, -6, 0), headline(segment.label.shown), face, tokens().text)
        painter.end()
        return picture
