"""Owns the sparkline: a small line of recent values with a dashed line at a limit and a dot at the newest."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import mix

_HEIGHT = 50
_DOT = 2.5
_HEADROOM = 1.15
_TALLEST = 2.5
"""How far above the dashed line a peak may rise, so that one outlier does not flatten all the rest."""


class Sparkline(QWidget):
    """A line over values that are all at least 0; name it with `setAccessibleName`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: list[float] = []
        self._limit: float | None = None
        self.setFixedHeight(fonts.px(_HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def values(self) -> list[float]:
        """Return what is shown, oldest first."""
        return list(self._values)

    def set_values(self, values: Sequence[float], limit: float | None = None) -> None:
        """Show values, oldest first, with a dashed line at `limit`."""
        self._values = list(values)
        self._limit = limit
        self.update()

    def sizeHint(self) -> QSize:
        """Return a useful width."""
        return QSize(240, fonts.px(_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line, what is below it, and the dot."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(0, 4, -_DOT - 1, -1)
        if not self._values:
            painter.fillRect(QRectF(area.x(), area.bottom() - 1, area.width(), 1), colours.line)
            return
        highest = max(self._values)
        if self._limit:
            highest = max(self._limit, min(highest, self._limit * _TALLEST))
        highest = highest * _HEADROOM or 1.0
        step = area.width() / max(1, len(self._values) - 1)
        first = area.right() - (len(self._values) - 1) * step
        points = [
            QPointF(first + number * step, area.bottom() - area.height() * min(1.0, value / highest))
            for number, value in enumerate(self._values)
        ]
        if self._limit is not None:
            painter.setPen(QPen(colours.line2, 1, Qt.PenStyle.DashLine))
            y = round(area.bottom() - area.height() * min(1.0, self._limit / highest)) + 0.5
            painter.drawLine(QPointF(area.x(), y), QPointF(area.right(), y))
        below = QPainterPath(QPointF(points[0].x(), area.bottom()))
        for point in points:
            below.lineTo(point)
        below.lineTo(points[-1].x(), area.bottom())
        fade = QLinearGradient(area.topLeft(), area.bottomLeft())
        fade.setColorAt(0, mix(colours.panel, colours.accent, 0.18))
        fade.setColorAt(1, colours.panel)
        painter.fillPath(below, fade)
        painter.setPen(QPen(colours.accentText, 1.25, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                            Qt.PenJoinStyle.RoundJoin))  # fmt: skip
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.accentText)
        painter.drawEllipse(points[-1], _DOT, _DOT)
