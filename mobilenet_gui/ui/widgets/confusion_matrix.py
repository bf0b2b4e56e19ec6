"""Owns the confusion matrix: what the photos are (rows) against what the model said (columns), one cell chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QSizePolicy, QToolTip, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import announce, notify_name, shows_focus
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CONTROL, RADIUS_SMALL
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, outline, rounded

_GAP = 3.0
_LEAST_WIDE, _LEAST_HIGH, _CELL_WIDE, _CELL_HIGH = 30, 24, 200, 132
_HEAD = 42
_TURNED_BELOW, _TURNED_TOP, _TURNED_MAX = 44, 22, 84
"""Cells narrower than that have their names written upwards, so that they can be told apart."""
_NAMES_MAX, _NAMES_FEWER, _NAMES_MIN, _NAMES_GAP = 120, 84, 48, 10
_RING = 3.0
_LEAST_ROWS = 4.5

Cell = tuple[int, int]
"""Row (the true class) and column (what the model said)."""


class ConfusionMatrix(QAbstractScrollArea):
    """The matrix. Few classes fill the room, many scroll; names stay in view. One tab stop, arrows move inside.

    Attributes:
        chosen: a cell was chosen by pointer or keyboard: row, column.
    """

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._counts: tuple[tuple[int, ...], ...] = ()
        self._cell: Cell | None = None
        self._hovered: Cell | None = None
        self._longest = 0.0
        self._turned = False
        self._head = float(fonts.px(_HEAD))
        corner = QWidget()
        corner.setAutoFillBackground(False)
        self.setCornerWidget(corner)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(fonts.px(200), fonts.px(150))
        self.viewport().setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(tr("What was mistaken for what"))

    def names(self) -> tuple[str, ...]:
        """Return the classes, in the order of rows and columns."""
        return self._names

    def cell(self) -> Cell | None:
        """Return the chosen cell."""
        return self._cell

    def count(self, cell: Cell) -> int:
        """Return how many photos are in a cell."""
        return self._counts[cell[0]][cell[1]]

    def show_counts(self, names: Sequence[str], counts: Sequence[Sequence[int]]) -> None:
        """Show another matrix; nothing is chosen then.

        Args:
            names: the classes.
            counts: `counts[true][said]`, as many rows and columns as names.

        Raises:
            ValueError: it is not square, or of another size than the names.
        """
        if len(counts) != len(names) or any(len(row) != len(names) for row in counts):
            raise ValueError(f"need {len(names)} by {len(names)} counts, got {[len(row) for row in counts][:5]}")
        self._names = tuple(names)
        self._counts = tuple(tuple(row) for row in counts)
        self._cell = self._hovered = None
        metrics = QFontMetricsF(fonts.font("small", fonts.MEDIUM))
        self._longest = max((metrics.horizontalAdvance(name) for name in self._names), default=0.0)
        self._measure()
        self._tell()
        self.viewport().update()

    def choose(self, cell: Cell | None) -> None:
        """Choose a cell without a signal; None for none."""
        self._cell = cell
        if cell is not None:
            self._reveal(cell)
        self._tell()
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """Return a size in which the cells are as the design has them."""
        side = fonts.px(48) * max(len(self._names), 2)
        return QSize(side + fonts.px(_NAMES_MAX), side + fonts.px(_HEAD))

    def cell_rect(self, cell: Cell) -> QRectF:
        """Return where a cell is drawn, in the viewport."""
        width, height = self._pitch()
        x = self._left() + cell[1] * width - self.horizontalScrollBar().value()
        y = self._head + cell[0] * height - self.verticalScrollBar().value()
        return QRectF(x, y, width - _GAP, height - _GAP)

    def spoken(self, cell: Cell) -> str:
        """Return what a cell says, in words."""
        row, column = cell
        count = self.count(cell)
        photos = trn("{n} photo", "{n} photos", count)
        if row == column:
            return tr("{name}, rightly recognised: {photos}").format(name=self._names[row], photos=photos)
        return tr("{true} seen as {said}: {photos}").format(
            true=self._names[row], said=self._names[column], photos=photos
        )

    # -- by hand --------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrows, Home and End; Page Down and Up go from mistake to mistake."""
        key = Qt.Key(event.key())
        size = len(self._names)
        row, column = self._cell or (0, 0)
        moves = {
            Qt.Key.Key_Left: (row, column - 1), Qt.Key.Key_Right: (row, column + 1),
            Qt.Key.Key_Up: (row - 1, column), Qt.Key.Key_Down: (row + 1, column),
            Qt.Key.Key_Home: (row, 0), Qt.Key.Key_End: (row, size - 1),
        }  # fmt: skip
        goal: Cell | None = None
        if key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            goal = self._mistake_after(forward=key == Qt.Key.Key_PageDown)
        elif key in moves:
            goal = moves[key] if self._cell is not None else (0, 0)
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            goal = self._cell or (0, 0)
        if size == 0 or (goal is None and key not in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp)):
            super().keyPressEvent(event)
            return
        if goal is not None:
            self._pick((min(max(goal[0], 0), size - 1), min(max(goal[1], 0), size - 1)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the cell under the pointer."""
        cell = self._at(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pick(cell)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take the end of a click as well."""
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show what can be clicked."""
        cell = self._at(event.position())
        if cell != self._hovered:
            self._hovered = cell
            shape = Qt.CursorShape.PointingHandCursor if cell is not None else Qt.CursorShape.ArrowCursor
            self.viewport().setCursor(shape)
            self.viewport().update()

    def viewportEvent(self, event: QEvent) -> bool:
        """Say in a tooltip what a cell or a shortened name is; forget the pointer when it leaves."""
        if event.type() == QEvent.Type.Leave and self._hovered is not None:
            self._hovered = None
            self.viewport().update()
        if isinstance(event, QHelpEvent):
            text = self._hint(event.pos())
            if text:
                QToolTip.showText(event.globalPos(), text, self.viewport())
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring."""
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the cells anew."""
        super().resizeEvent(event)
        self._measure()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Repaint all: the names stay where they are."""
        self.viewport().update()

    def _pick(self, cell: Cell) -> None:
        self.choose(cell)
        announce(self, self.spoken(cell))
        self.chosen.emit(*cell)

    def _mistake_after(self, *, forward: bool) -> Cell | None:
        size = len(self._names)
        now = -1 if self._cell is None else self._cell[0] * size + self._cell[1]
        order = [
            row * size + column
            for row in range(size)
            for column in range(size)
            if row != column and self._counts[row][column]
        ]
        found = (
            next((i for i in order if i > now), None) if forward else next((i for i in order[::-1] if i < now), None)
        )
        return None if found is None else divmod(found, size)

    def _tell(self) -> None:
        name = tr("What was mistaken for what")
        if self._cell is not None:
            name = f"{name}: {self.spoken(self._cell)}"
        self.setAccessibleName(name)
        notify_name(self)

    def _hint(self, where: QPoint) -> str:
        cell = self._at(QPointF(where))
        if cell is not None:
            total = sum(self._counts[cell[0]])
            share = percent(self.count(cell) / total) if total else ""
            return self.spoken(cell) + (f" ({share})" if share else "")
        for index, name in enumerate(self._names):
            rect = self.cell_rect((index, index))
            over_row = where.x() < self._left() and rect.top() <= where.y() <= rect.bottom()
            over_column = where.y() < self._head and rect.left() <= where.x() <= rect.right()
            if over_row or over_column:
                return name
        return ""

    # -- places ---------------------------------------------------------------------------------------------------

    def _left(self) -> float:
        wide = self.viewport().width()
        most = min(fonts.px(_NAMES_MAX), wide * 0.34)
        # Names give way a little where all columns are in view then.
        left = wide - _RING - len(self._names) * fonts.px(_LEAST_WIDE) - _NAMES_GAP
        if fonts.px(_NAMES_FEWER) <= left < most:
            most = left
        return min(max(self._longest, fonts.px(_NAMES_MIN)), most) + _NAMES_GAP

    def _pitch(self) -> tuple[float, float]:
        """Return the distance from cell to cell, across and down."""
        size = max(len(self._names), 1)
        across = (self.viewport().width() - self._left() - _RING) / size
        down = (self.viewport().height() - self._head - _RING) / size
        return (
            min(max(across, fonts.px(_LEAST_WIDE)), fonts.px(_CELL_WIDE) + _GAP),
            min(max(down, fonts.px(_LEAST_HIGH)), fonts.px(_CELL_HIGH) + _GAP),
        )

    def _measure(self) -> None:
        across = self._pitch()[0]
        self._turned = across < fonts.px(_TURNED_BELOW) and self._longest > across
        upright = fonts.px(_TURNED_TOP) + min(self._longest, fonts.px(_TURNED_MAX)) + 6
        self._head = float(upright if self._turned else fonts.px(_HEAD))
        width, height = self._pitch()
        size = len(self._names)
        # A row that is cut in half says that there are more.
        least = self._head + min(size, _LEAST_ROWS) * fonts.px(_LEAST_HIGH) + 2 * _RING
        self.setMinimumHeight(max(fonts.px(150), round(least)))
        beyond_x = round(self._left() + size * width + _RING - self.viewport().width())
        beyond_y = round(self._head + size * height + _RING - self.viewport().height())
        for scroll, beyond, page, step in (
            (self.horizontalScrollBar(), beyond_x, self.viewport().width(), width),
            (self.verticalScrollBar(), beyond_y, self.viewport().height(), height),
        ):
            scroll.setRange(0, max(0, beyond))
            scroll.setPageStep(page)
            scroll.setSingleStep(round(step))

    def _reveal(self, cell: Cell) -> None:
        rect = self.cell_rect(cell)
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        left, top = self._left(), self._head
        if rect.left() < left:
            across.setValue(across.value() - round(left - rect.left()))
        elif rect.right() > self.viewport().width():
            across.setValue(across.value() + round(rect.right() - self.viewport().width() + _RING))
        if rect.top() < top:
            down.setValue(down.value() - round(top - rect.top()))
        elif rect.bottom() > self.viewport().height():
            down.setValue(down.value() + round(rect.bottom() - self.viewport().height() + _RING))

    def _at(self, where: QPointF) -> Cell | None:
        if where.x() < self._left() or where.y() < self._head:
            return None
        width, height = self._pitch()
        column = int((where.x() - self._left() + self.horizontalScrollBar().value()) // width)
        row = int((where.y() - self._head + self.verticalScrollBar().value()) // height)
        size = len(self._names)
        return (row, column) if 0 <= row < size and 0 <= column < size else None

    def _in_view(self) -> tuple[range, range]:
        width, height = self._pitch()
        size = len(self._names)
        top, left = self.verticalScrollBar().value(), self.horizontalScrollBar().value()
        rows = range(int(top // height), min(size, int((top + self.viewport().height()) // height) + 1))
        columns = range(int(left // width), min(size, int((left + self.viewport().width()) // width) + 1))
        return rows, columns

    # -- drawing --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw names and cells."""
        if not self._names:
            return
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rows, columns = self._in_view()
        left, head = self._left(), self._head
        self._paint_names(painter, rows, columns, left, head)
        painter.setClipRect(QRectF(left - _RING, head - _RING, self.viewport().width(), self.viewport().height()))
        for row in rows:
            for column in columns:
                self._paint_cell(painter, (row, column))
        if self._cell is not None:
            rect = self.cell_rect(self._cell)
            rounded(painter, rect.adjusted(-2, -2, 2, 2), RADIUS_CONTROL, None, tokens().text, width=2)
            if shows_focus(self):
                focus_ring(painter, rect.adjusted(2, 2, -2, -2), RADIUS_SMALL)
        elif shows_focus(self):
            focus_ring(painter, self.cell_rect((0, 0)), RADIUS_SMALL)

    def _paint_names(self, painter: QPainter, rows: range, columns: range, left: float, head: float) -> None:
        colours = tokens()
        row, column = self._cell or (-1, -1)
        draw_text(painter, QRectF(left, 0, self.viewport().width() - left, fonts.px(18)), tr("The model said"),
                  fonts.font("caption"), colours.text2)  # fmt: skip
        painter.save()
        painter.setClipRect(QRectF(left, 0, self.viewport().width() - left, head))
        for index in columns:
            rect = self.cell_rect((0, index))
            face = fonts.font("caption", fonts.SEMIBOLD if index == column else fonts.REGULAR)
            ink = colours.text if index == column else colours.text2
            if self._turned:
                painter.save()
                painter.translate(rect.center().x(), head - 6)
                painter.rotate(-90)
                room = QRectF(0, -fonts.px(9), head - 6 - fonts.px(_TURNED_TOP), fonts.px(18))
                draw_text(painter, room, self._names[index], face, ink, both_ends=True)
                painter.restore()
                continue
            box = QRectF(rect.x() - 1, fonts.px(20), rect.width() + 2, fonts.px(18))
            draw_text(painter, box, self._names[index], face, ink, align=Qt.AlignmentFlag.AlignHCenter, both_ends=True)
        painter.setClipRect(QRectF(0, head, left, self.viewport().height() - head))
        for index in rows:
            rect = self.cell_rect((index, 0))
            face = fonts.font("small", fonts.SEMIBOLD if index == row else fonts.REGULAR)
            draw_text(painter, QRectF(0, rect.y(), left - 10, rect.height()), self._names[index], face,
                      colours.text if index == row else colours.text2, align=Qt.AlignmentFlag.AlignRight,
                      both_ends=True)  # fmt: skip
        painter.restore()

    def _paint_cell(self, painter: QPainter, cell: Cell) -> None:
        colours = tokens()
        count = self.count(cell)
        right = cell[0] == cell[1]
        fill, ink = colours.ghostTrack, colours.text3
        if count:
            fill, ink = (colours.accent, colours.onAccent) if right else (colours.warnSoft, colours.warn)
        rect = self.cell_rect(cell)
        rounded(painter, rect, RADIUS_SMALL, fill, colours.control if cell == self._hovered else outline(colours))
        if count or right:
            face = fonts.font("body" if rect.width() > fonts.px(34) else "caption", fonts.SEMIBOLD)
            draw_text(painter, rect, f"{count:,}", face, ink, align=Qt.AlignmentFlag.AlignHCenter)
