"""Owns the plot of the models page: correct answers against time per photo, one dot a model; time is logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.widgets.painting import draw_text
from mobilenet_gui.ui.widgets.scatter_layout import axis_steps, place_labels

_LEFT, _BOTTOM, _TOP, _RIGHT = 26, 22, 26, 4
_DOT, _DOT_SELECTED = 4.5, 5.5
_TICKS = (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000)
LIVE = 1000 / 30
"""Milliseconds that a photo may take for live video."""


@dataclass(frozen=True, slots=True)
class ScatterPoint:
    """One model: `x` milliseconds a photo, `y` share of correct answers (0..1), `estimated` for a hollow dot."""

    key: str
    label: str
    x: float
    y: float
    estimated: bool = False
    selected: bool = False


class ScatterPlot(QWidget):
    """Dots with labels that keep out of each other's way.

    Attributes:
        picked: a dot was clicked; its key.
    """

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._points: list[ScatterPoint] = []
        self.setFixedHeight(fonts.px(140))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Correct against time per photo"))

    def points(self) -> list[ScatterPoint]:
        """Return what is shown."""
        return list(self._points)

    def set_points(self, points: Sequence[ScatterPoint]) -> None:
        """Show other models."""
        self._points = list(points)
        self.setAccessibleDescription(
            "; ".join(
                tr("{label}: {correct} correct, {time} ms").format(
                    label=p.label, correct=percent(p.y), time=f"{p.x:.1f}"
                )
                for p in self._points
            )
        )
        self.update()

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(272, fonts.px(140))

    def point_position(self, key: str) -> QPointF:
        """Return where the dot `key` is drawn.

        Raises:
            KeyError: no such dot.
        """
        for point in self._points:
            if point.key == key:
                return self._position(point)
        raise KeyError(key)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pick the dot under the pointer."""
        point = self._at(event.position())
        if point is not None and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(point.key)

    def event(self, event: QEvent) -> bool:
        """Show a dot's figures in a tooltip."""
        if isinstance(event, QHelpEvent):
            point = self._at(QPointF(event.pos()))
            if point is None:
                QToolTip.hideText()
            else:
                text = tr("{label}: {correct} correct, {time} ms").format(
                    label=point.label, correct=percent(point.y), time=f"{point.x:.1f}"
                )
                QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw axes, dots, labels."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        face = fonts.font("caption")
        area = self._area()
        xs, ys = self._axes()
        for value in ys:
            y = round(self._y(value)) + 0.5
            painter.setPen(QPen(colours.line, 1))
            painter.drawLine(QPointF(area.x(), y), QPointF(area.right(), y))
            draw_text(
                painter, QRectF(0, y - 8, area.x() - 4, 16), f"{value * 100:.0f}", face, colours.text2, elide=False
            )
        for value in xs:
            box = QRectF(self._x(value) - 20, area.bottom() + 6, 40, 16)
            centred = Qt.AlignmentFlag.AlignHCenter
            draw_text(painter, box, f"{value:g}", face, colours.text2, align=centred, elide=False)
        draw_text(painter, QRectF(area.right() - 40, area.bottom() + 6, 40, 16), tr("ms"), face, colours.text2,
                  align=Qt.AlignmentFlag.AlignRight, elide=False)  # fmt: skip
        words: list[QRectF] = []
        live = self._x(LIVE)
        if area.x() < live < area.right():
            painter.fillRect(QRectF(live, area.y(), area.right() - live, area.height()), colours.track)
            painter.setPen(QPen(colours.line2, 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(live, area.y()), QPointF(live, area.bottom()))
            text = tr("live, 30 a second")
            width = QFontMetricsF(face).horizontalAdvance(text) + 2
            places = [QRectF(live - width - 4, y, width, 16) for y in (area.bottom() - 17, area.y() + 1)]
            free = [box for box in places if not any(box.adjusted(-6, -6, 6, 6).contains(d) for d in self._dots())]
            if free and free[0].x() > area.x():
                draw_text(painter, free[0], text, face, colours.text3, elide=False)
                words.append(free[0])
        self._draw_points(painter, area, words)

    def _draw_points(self, painter: QPainter, area: QRectF, words: list[QRectF]) -> None:
        colours = tokens()
        face, strong = fonts.font("caption"), fonts.font("caption", fonts.SEMIBOLD)
        dots = [(self._position(p), _DOT_SELECTED if p.selected else _DOT) for p in self._points]
        sizes = [
            (QFontMetricsF(strong if p.selected else face).horizontalAdvance(p.label), QFontMetricsF(face).height())
            for p in self._points
        ]
        room = QRectF(self.rect()).adjusted(area.x(), 0, 0, -_BOTTOM)
        first = [i for i, p in enumerate(self._points) if p.selected]
        places = place_labels(dots, sizes, room, first, words)
        for point, (centre, radius), place in zip(self._points, dots, places, strict=True):
            colour = colours.accent if point.selected else colours.text2
            painter.setPen(QPen(colours.panel, 2))
            painter.setBrush(colours.panel)
            painter.drawEllipse(centre, radius + 1, radius + 1)
            painter.setPen(QPen(colour, 1.75))
            painter.setBrush(colours.panel if point.estimated else colour)
            painter.drawEllipse(centre, radius - 0.5, radius - 0.5)
            if place is not None:
                behind = colours.track if place.x() > self._x(LIVE) else colours.panel
                painter.fillRect(place.adjusted(-2, 2, 2, -2), behind)
                label_colour = colours.accentText if point.selected else colours.text2
                draw_text(painter, place, point.label, strong if point.selected else face, label_colour, elide=False)

    def _dots(self) -> list[QPointF]:
        return [self._position(point) for point in self._points]

    def _area(self) -> QRectF:
        return QRectF(self.rect()).adjusted(fonts.px(_LEFT), _TOP, -_RIGHT, -fonts.px(_BOTTOM))

    def _axes(self) -> tuple[list[float], list[float]]:
        if not self._points:
            return [1, 3, 10], [0.65, 0.7, 0.75]
        low, high = self._range()
        # The last one's place is the unit's.
        xs = [tick for tick in _TICKS if low <= tick < high / 2]
        ys = axis_steps(min(p.y for p in self._points), max(p.y for p in self._points), 3)
        # The highest dot may stand a little above the highest line.
        if len(ys) > 2 and max(p.y for p in self._points) < ys[-2] + (ys[-1] - ys[-2]) * 0.4:
            ys.pop()
        return xs, ys

    def _range(self) -> tuple[float, float]:
        """Return the times at both ends of the axis."""
        times = [max(p.x, _TICKS[0]) for p in self._points] or [1.0, 30.0]
        return min(times) / 1.4, max(times) * 1.8

    def _x(self, value: float) -> float:
        (low, high), area = self._range(), self._area()
        return area.x() + area.width() * math.log(max(value, low) / low) / math.log(high / low)

    def _y(self, value: float) -> float:
        ys, area = self._axes()[1], self._area()
        return area.bottom() - area.height() * (value - ys[0]) / (ys[-1] - ys[0])

    def _position(self, point: ScatterPoint) -> QPointF:
        return QPointF(self._x(point.x), self._y(point.y))

    def _at(self, where: QPointF) -> ScatterPoint | None:
        best: ScatterPoint | None = None
        nearest = 14.0
        for point in self._points:
            gap = self._position(point) - where
            distance = (gap.x() ** 2 + gap.y() ** 2) ** 0.5
            if distance <= nearest:
                best, nearest = point, distance
        return best
