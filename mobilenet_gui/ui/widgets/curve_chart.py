"""Owns the curve chart: a few curves over the same steps, such as accuracy over epochs; pointer and keys read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import announce, notify_name, shows_focus
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CARD, mix
from mobilenet_gui.ui.widgets.curve_layout import spline, steps_below, value_axis
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, rounded

_MARGIN, _TOP, _BOTTOM = 16, 46, 30
_DOT = 4.5


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve: its name, a value for each step from 1 on (None where there is none), and whether it is the main one.

    The main curve is blue, filled below and ends in a dot.
    """

    name: str
    values: tuple[float | None, ...]
    main: bool = False


class CurveChart(QWidget):
    """A card with a title, a legend and curves. Steps count from 1; the axis runs from 0 to `steps`."""

    def __init__(
        self,
        title: str,
        step_name: str,
        *,
        top: float | None = None,
        text: Callable[[float], str] = str,
        axis_text: Callable[[float], str] = str,
        empty: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """Make an empty chart.

        Args:
            title: what the values are.
            step_name: what a step is, with `{n}` for its number: "Epoch {n}".
            top: where the value axis ends; None to follow the values, with 0 as its lower end.
            text: a value in words, for reading.
            axis_text: a value at the axis.
            empty: what stands in the chart before there are values.
            parent: the owner.
        """
        super().__init__(parent)
        self._title, self._step_name, self._top = title, step_name, top
        self._text, self._axis_text, self._empty = text, axis_text, empty
        self._curves: tuple[Curve, ...] = ()
        self._steps = 0
        self._marks: tuple[int, ...] = ()
        self._pointed: int | None = None
        self.setMinimumSize(fonts.px(180), fonts.px(132))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self._tell()

    def curves(self) -> tuple[Curve, ...]:
        """Return what is shown."""
        return self._curves

    def pointed_step(self) -> int | None:
        """Return the step whose values are read out, None for none."""
        return self._pointed

    def show_curves(self, curves: Sequence[Curve], steps: int = 0, marks: Sequence[int] = ()) -> None:
        """Show curves.

        Args:
            curves: the main one last is drawn on top anyway.
            steps: how many steps there will be in all; more values than that lengthen the axis.
            marks: steps after which something else began: a dashed line stands there.
        """
        self._curves = tuple(curves)
        self._marks = tuple(marks)
        self._steps = max([steps, *(len(c.values) for c in curves)], default=0)
        if self._pointed is not None and self._pointed > self._last():
            self._pointed = None
        self._tell()
        self.update()

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(fonts.px(340), fonts.px(316))

    # -- reading --------------------------------------------------------------------------------------------------

    def reading(self, step: int) -> str:
        """Return the values of a step in words."""
        parts = [self._step_name.format(n=step)]
        for curve in sorted(self._curves, key=lambda c: not c.main):
            value = _at(curve, step)
            if value is not None:
                parts.append(f"{curve.name} {self._text(value)}")
        return ", ".join(parts)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Read step by step with the arrows, Home and End."""
        last = self._last()
        key = Qt.Key(event.key())
        if last == 0 or key not in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End):
            super().keyPressEvent(event)
            return
        now = self._pointed if self._pointed is not None else last + (key == Qt.Key.Key_Left)
        goal = {Qt.Key.Key_Left: now - 1, Qt.Key.Key_Right: now + 1, Qt.Key.Key_Home: 1}.get(key, last)
        self._point(min(max(goal, 1), last))
        if self._pointed is not None:
            announce(self, self.reading(self._pointed))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the step under the pointer."""
        area, last = self._area(), self._last()
        if last == 0 or not area.adjusted(-6, -6, 6, 6).contains(event.position()):
            self._point(None)
            return
        step = round((event.position().x() - area.x()) / area.width() * max(self._steps, 1))
        self._point(min(max(step, 1), last))

    def leaveEvent(self, event: QEvent) -> None:
        """Stop reading."""
        self._point(None)

    def focusOutEvent(self, event: object) -> None:
        """Stop reading."""
        self._point(None)

    def _point(self, step: int | None) -> None:
        if step != self._pointed:
            self._pointed = step
            self.update()

    def _last(self) -> int:
        return max((len(curve.values) for curve in self._curves), default=0)

    def _tell(self) -> None:
        last = self._last()
        said = f"{self._title}: {self.reading(last) if last else self._empty}"
        if said != self.accessibleName():
            self.setAccessibleName(said)
            notify_name(self)

    # -- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw card, axes and curves."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        rounded(painter, rect, RADIUS_CARD, colours.panel, colours.line)
        if shows_focus(self):
            focus_ring(painter, rect, RADIUS_CARD)
        head = QRectF(_MARGIN, fonts.px(13), rect.width() - 2 * _MARGIN, fonts.px(18))
        right = self._paint_legend(painter, head)
        draw_text(painter, QRectF(head.x(), head.y(), right - head.x() - 8, head.height()), self._title,
                  fonts.font("body", fonts.SEMIBOLD), colours.text)  # fmt: skip
        self._paint_axes(painter)
        if self._last() == 0:
            self._paint_empty(painter)
            return
        lines = [(curve, self._points(curve)) for curve in sorted(self._curves, key=lambda c: c.main)]
        for curve, points in lines:
            if curve.main and len(points) > 1:
                self._paint_fill(painter, points)
        for curve, points in lines:
            if points:
                self._paint_curve(painter, curve, points)
        if self._pointed is not None:
            self._paint_reading(painter, self._pointed)

    def _paint_empty(self, painter: QPainter) -> None:
        """Say what is to come, with a gap in the lines behind the words."""
        face, area = fonts.font("small"), self._area()
        metrics = QFontMetricsF(face)
        plate = QRectF(0, 0, min(metrics.horizontalAdvance(self._empty) + 16, area.width()), metrics.height() + 4)
        plate.moveCenter(area.center())
        painter.fillRect(plate, tokens().panel)
        draw_text(painter, area, self._empty, face, tokens().text2, align=Qt.AlignmentFlag.AlignHCenter)

    def _paint_legend(self, painter: QPainter, head: QRectF) -> float:
        """Draw the legend from the right; return where it begins."""
        face = fonts.font("caption", fonts.MEDIUM)
        x = head.right()
        for curve in sorted(self._curves, key=lambda c: c.main):
            width = QFontMetricsF(face).horizontalAdvance(curve.name)
            x -= width
            draw_text(painter, QRectF(x, head.y(), width + 1, head.height()), curve.name, face, tokens().text2,
                      elide=False)  # fmt: skip
            x -= 17
            rounded(painter, QRectF(x, head.center().y() - 1.5, 12, 3), 1.5, self._colour(curve))
            x -= 14
        return x

    def _paint_axes(self, painter: QPainter) -> None:
        colours = tokens()
        face = fonts.font("caption")
        area = self._area()
        for value in self._axis():
            y = round(self._y(value)) + 0.5
            painter.setPen(QPen(colours.line, 1))
            painter.drawLine(QPointF(area.x(), y), QPointF(area.right(), y))
            draw_text(painter, QRectF(0, y - 8, area.x() - 8, 16), self._axis_text(value), face, colours.text2,
                      align=Qt.AlignmentFlag.AlignRight, elide=False)  # fmt: skip
        for step in steps_below(self._steps, max(2, int(area.width() // fonts.px(60)))):
            x = self._x(step)
            draw_text(painter, QRectF(x - 24, area.bottom() + 5, 48, 18), str(step), face, colours.text2,
                      align=Qt.AlignmentFlag.AlignHCenter, elide=False)  # fmt: skip
        painter.setPen(QPen(colours.line2, 1, Qt.PenStyle.DashLine))
        for mark in self._marks:
            if 0 < mark < self._steps:
                x = round(self._x(mark)) + 0.5
                painter.drawLine(QPointF(x, area.y()), QPointF(x, area.bottom()))

    def _points(self, curve: Curve) -> list[QPointF]:
        return [
            QPointF(self._x(step), self._y(value)) for step, value in enumerate(curve.values, 1) if value is not None
        ]

    def _paint_fill(self, painter: QPainter, points: list[QPointF]) -> None:
        colours, area = tokens(), self._area()
        below = _line(points)
        below.lineTo(points[-1].x(), area.bottom())
        below.lineTo(points[0].x(), area.bottom())
        fade = QLinearGradient(area.topLeft(), area.bottomLeft())
        fade.setColorAt(0, mix(colours.panel, colours.accent, 0.18))
        fade.setColorAt(1, mix(colours.panel, colours.accent, 0.02))
        painter.save()
        painter.setClipRect(area)
        painter.fillPath(below, fade)
        painter.restore()

    def _paint_curve(self, painter: QPainter, curve: Curve, points: list[QPointF]) -> None:
        painter.save()
        painter.setClipRect(self._area().adjusted(-8, -8, 8, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._colour(curve), 2.25 if curve.main else 1.5, Qt.PenStyle.SolidLine,
                            Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))  # fmt: skip
        painter.drawPath(_line(points))
        painter.restore()
        if curve.main or len(points) == 1:
            self._paint_dot(painter, points[-1], self._colour(curve))

    def _paint_dot(self, painter: QPainter, where: QPointF, colour: QColor) -> None:
        painter.setPen(QPen(tokens().panel, 2))
        painter.setBrush(colour)
        painter.drawEllipse(where, _DOT, _DOT)

    def _paint_reading(self, painter: QPainter, step: int) -> None:
        colours, area = tokens(), self._area()
        x = round(self._x(step)) + 0.5
        painter.setPen(QPen(colours.control, 1))
        painter.drawLine(QPointF(x, area.y()), QPointF(x, area.bottom()))
        for curve in self._curves:
            value = _at(curve, step)
            if value is not None:
                self._paint_dot(painter, QPointF(self._x(step), self._y(value)), self._colour(curve))
        face = fonts.font("caption", fonts.MEDIUM)
        text = self.reading(step)
        width = min(QFontMetricsF(face).horizontalAdvance(text) + 18, self.width() - 8.0)
        left = min(max(x - width / 2, 4.0), self.width() - width - 4.0)
        chip = QRectF(left, area.y() - fonts.px(2), width, fonts.px(22))
        rounded(painter, chip, 6, colours.toast)
        draw_text(painter, chip.adjusted(9, 0, -8, 0), text, face, colours.toastText)

    def _colour(self, curve: Curve) -> QColor:
        return tokens().accentText if curve.main else tokens().text3

    def _area(self) -> QRectF:
        widest = max(
            (QFontMetricsF(fonts.font("caption")).horizontalAdvance(self._axis_text(v)) for v in self._axis()),
            default=0.0,
        )
        left = _MARGIN + widest + 10
        return QRectF(self.rect()).adjusted(left, fonts.px(_TOP), -_MARGIN - 4, -fonts.px(_BOTTOM))

    def _axis(self) -> list[float]:
        values = [value for curve in self._curves for value in curve.values if value is not None]
        count = 4 if self.height() > fonts.px(200) else 3
        return value_axis(values, self._top, count)

    def _x(self, step: float) -> float:
        area = self._area()
        return area.x() + area.width() * step / max(self._steps, 1)

    def _y(self, value: float) -> float:
        axis, area = self._axis(), self._area()
        share = (value - axis[0]) / (axis[-1] - axis[0])
        # A loss that shot up at the start must not leave the card.
        return area.bottom() - area.height() * min(max(share, -0.02), 1.06)


def _line(points: Sequence[QPointF]) -> QPainterPath:
    path = QPainterPath(points[0])
    for first, second, end in spline(points):
        path.cubicTo(first, second, end)
    return path


def _at(curve: Curve, step: int) -> float | None:
    return curve.values[step - 1] if 0 < step <= len(curve.values) else None
