"""Owns progress: a thin bar, and a ring that turns or fills. Neither keeps a timer while hidden."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, QSize, Qt, QTimerEvent
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.accessibility import notify_name, spoken_percent
from mobilenet_gui.ui.theme import reduced_motion, tokens
from mobilenet_gui.ui.tokens import MS_BARS
from mobilenet_gui.ui.widgets.motion import Tween
from mobilenet_gui.ui.widgets.painting import bar

_FRAME_MS = 33
_TURN_MS = 1000
_SWEEP_MS = 1400
_SWEEP_SHARE = 0.3


class _Ticking(QWidget):
    """A widget that repaints itself regularly, but only while it is seen and has something to turn."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        # Not a QBasicTimer: Python may free one after its widget, and stopping it then crashes.
        self._timer_id = 0
        self._clock = QElapsedTimer()
        self._clock.start()

    def is_ticking(self) -> bool:
        """Say whether it repaints itself now."""
        return self._timer_id != 0

    def _wants_ticks(self) -> bool:
        raise NotImplementedError

    def _update_ticks(self) -> None:
        wanted = self.isVisible() and self._wants_ticks() and not reduced_motion()
        if wanted and not self._timer_id:
            self._timer_id = self.startTimer(_FRAME_MS)
        elif not wanted:
            self._stop()

    def _stop(self) -> None:
        if self._timer_id:
            self.killTimer(self._timer_id)
            self._timer_id = 0

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to turn."""
        super().showEvent(event)
        self._update_ticks()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop turning."""
        super().hideEvent(event)
        self._stop()

    def timerEvent(self, event: QTimerEvent) -> None:
        """Paint the next frame."""
        self.update()


class ThinProgress(_Ticking):
    """A bar 4 pixels high; `set_fraction(None)` while nobody knows how much there is."""

    def __init__(self, parent: QWidget | None = None, *, height: int = 4) -> None:
        super().__init__(parent)
        self._fraction: float | None = 0.0
        self._shown = Tween(self, MS_BARS, lambda _value: self.update())
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Progress"))

    def fraction(self) -> float | None:
        """Return the share done."""
        return self._fraction

    def set_fraction(self, fraction: float | None) -> None:
        """Show share `fraction` (0..1) done; None for unknown."""
        before = self._fraction
        self._fraction = None if fraction is None else min(max(fraction, 0.0), 1.0)
        if self._fraction is not None:
            self.setAccessibleDescription(spoken_percent(self._fraction, 0))
            # Going back means another piece of work: that is no movement to show.
            if before is None or self._fraction < before or not self.isVisible():
                self._shown.jump(self._fraction)
            else:
                self._shown.go(self._fraction)
        else:
            self.setAccessibleDescription(tr("Under way"))
        self._update_ticks()
        self.update()

    def sizeHint(self) -> QSize:
        """Return a useful width."""
        return QSize(120, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw track and bar."""
        painter = QPainter(self)
        rect = QRectF(self.rect())
        colours = tokens()
        if self._fraction is not None:
            bar(painter, rect, self._shown.value, colours.accent, colours.track)
            return
        bar(painter, rect, 0, colours.accent, colours.track)
        at = (
            0.35
            if reduced_motion()
            else (self._clock.elapsed() % _SWEEP_MS) / _SWEEP_MS * (1 + _SWEEP_SHARE) - _SWEEP_SHARE
        )
        left, right = max(0.0, at), min(1.0, at + _SWEEP_SHARE)
        bar(
            painter,
            QRectF(rect.width() * left, 0, rect.width() * (right - left), rect.height()),
            1,
            colours.accent,
            None,
        )

    def _wants_ticks(self) -> bool:
        return self._fraction is None


class Ring(_Ticking):
    """A ring: turning while `fraction` is None, else filled so far."""

    def __init__(self, size: int = 18, parent: QWidget | None = None, *, fraction: float | None = None) -> None:
        super().__init__(parent)
        self._fraction = fraction
        self.setFixedSize(size, size)
        self.setAccessibleName(tr("Under way"))

    def fraction(self) -> float | None:
        """Return the share done."""
        return self._fraction

    def set_fraction(self, fraction: float | None) -> None:
        """Show share `fraction` (0..1); None turns."""
        self._fraction = fraction
        self.setAccessibleName(tr("Under way") if fraction is None else spoken_percent(fraction, 0))
        notify_name(self)
        self._update_ticks()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ring."""
        colours = tokens()
        turn = 0.0 if reduced_motion() else (self._clock.elapsed() % _TURN_MS) / _TURN_MS
        paint_ring(QPainter(self), QRectF(self.rect()), self._fraction, colours.accent, colours.track, turn=turn)

    def _wants_ticks(self) -> bool:
        return self._fraction is None


def paint_ring(painter: QPainter, rect: QRectF, fraction: float | None, color: QColor, track: QColor, *,
               turn: float = 0.0, width: float = 0.0) -> None:  # fmt: skip
    """Draw a ring in `rect`: filled to `fraction`, or an arc turned by `turn` (0..1); also for delegates."""
    width = width or max(2.0, rect.width() / 8)
    half = width / 2
    inner = rect.adjusted(half, half, -half, -half)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(track, width))
    painter.drawEllipse(inner)
    painter.setPen(QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    if fraction is None:
        painter.drawArc(inner, round((90 - 360 * turn) * 16), -100 * 16)
    elif fraction > 0:
        painter.drawArc(inner, 90 * 16, -round(360 * 16 * min(fraction, 1.0)))
    painter.restore()
