"""Owns the split bar: how photos are shared out between training, validation and test; its two edges can be moved."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import notify_name, shows_focus
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_CONTROL, RADIUS_CONTROL
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring

LEAST = (30, 5, 5)
"""The least percent that each part keeps."""
_STEP = 5
_GAP = 2.0
_GRIP = 9.0

Parts = tuple[int, int, int]
"""Percent for training, validation and test; 100 together."""


class SplitBar(QWidget):
    """Three parts of 100 percent. Dragging an edge or the arrow keys (with Shift: the second edge) changes them.

    Attributes:
        changed: the person chose other parts: a `Parts`.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts: Parts = (60, 20, 20)
        self._held: int | None = None
        self._movable = True
        self.setFixedHeight(fonts.px(HEIGHT_CONTROL))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._tell()

    def parts(self) -> Parts:
        """Return the parts."""
        return self._parts

    def set_parts(self, parts: Parts) -> None:
        """Show other parts, without a signal."""
        self._parts = parts
        self._tell()
        self.update()

    def set_movable(self, movable: bool) -> None:
        """Let the edges be moved, or only be looked at."""
        self._movable = movable
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if movable else Qt.FocusPolicy.NoFocus)

    def is_movable(self) -> bool:
        """Say whether the edges can be moved."""
        return self._movable

    def sizeHint(self) -> QSize:
        """Return a useful width."""
        return QSize(fonts.px(250), fonts.px(HEIGHT_CONTROL))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move an edge by the arrow keys."""
        step = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP}.get(Qt.Key(event.key()))
        if step is None or not self._movable:
            super().keyPressEvent(event)
            return
        edge = 1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 0
        self._move(edge, self._edges()[edge] + step)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the nearer edge, if it is near."""
        if event.button() == Qt.MouseButton.LeftButton and self._movable:
            self._held = self._edge_at(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the edge that is held; else show which one could be."""
        if self._held is None:
            near = self._movable and self._edge_at(event.position()) is not None
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)
            return
        share = event.position().x() / max(self.width(), 1) * 100
        self._move(self._held, round(share / _STEP) * _STEP)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._held = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the three parts."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        if shows_focus(self):
            rect = focus_ring(painter, rect, RADIUS_CONTROL)
        whole = QPainterPath()
        whole.addRoundedRect(rect, RADIUS_CONTROL, RADIUS_CONTROL)
        inks = (colours.onAccent, colours.text, colours.text)
        left = rect.x()
        for number, (share, fill, ink) in enumerate(
            zip(self._parts, (colours.accent, colours.barMuted, colours.track), inks, strict=True)
        ):
            width = rect.width() * share / 100
            room = QRectF(left, rect.y(), width - (_GAP if number < 2 else 0), rect.height())
            box = QPainterPath()
            box.addRect(room)
            painter.fillPath(whole.intersected(box), fill)
            left += width
            if not share:
                continue
            text = tr("Train {percent}").format(percent=share) if number == 0 else str(share)
            draw_text(painter, room, text, fonts.font("small", fonts.SEMIBOLD),
                      ink, align=Qt.AlignmentFlag.AlignHCenter)  # fmt: skip

    def _edges(self) -> tuple[int, int]:
        return self._parts[0], self._parts[0] + self._parts[1]

    def _edge_at(self, where: QPointF) -> int | None:
        distances = [abs(where.x() - self.width() * edge / 100) for edge in self._edges()]
        nearest = min((0, 1), key=lambda number: distances[number])
        return nearest if distances[nearest] <= _GRIP else None

    def _move(self, edge: int, place: int) -> None:
        first, second = self._edges()
        if edge == 0:
            # The test part stays as it is: what was measured on it remains comparable.
            first = min(max(place, LEAST[0]), second - LEAST[1])
        else:
            second = min(max(place, first + LEAST[1]), 100 - LEAST[2])
        parts = (first, second - first, 100 - second)
        if parts != self._parts:
            self.set_parts(parts)
            self.changed.emit(parts)

    def _tell(self) -> None:
        name = tr("Split: {train} percent to train, {validation} to validate, {test} to test").format(
            train=self._parts[0], validation=self._parts[1], test=self._parts[2]
        )
        self.setAccessibleName(name)
        notify_name(self)
