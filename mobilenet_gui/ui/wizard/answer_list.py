"""Owns lists of test photos with what the model said: rows with words, or small tiles; as many as there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF, QImage, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import shown, tr
from mobilenet_gui.training.evaluation_types import Answer
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus, spoken_percent
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.photos.tiles import paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CONTROL, RADIUS_SMALL
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, rounded

ROW_HEIGHT, ROW_GAP = 72, 12
ROW_PICTURE = 92
TILE_BEST, TILE_LEAST, TILE_COLUMNS, TILE_GAP = 78, 58, 3, 7
"""Tiles are as wide as the design's, or narrower where no three would fit beside one another."""
HEAT_STRENGTH = 0.5
_HINT_WIDTH, _HINT_HEIGHT = 256, 600
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Look:
    """What a list draws for a photo.

    Attributes:
        picture: small picture; None until it is there.
        heat: where the model looked, over all of `picture`; None for none.
        hopeless: no picture can be made.
        fixed: what has been done to the photo since, in words; empty for nothing.
    """

    picture: QImage | None = None
    heat: QImage | None = None
    hopeless: bool = False
    fixed: str = ""


FindLook = Callable[[Answer], Look]


def said_words(answer: Answer) -> str:
    """Return the first line of a photo: "Said Beetles, 58 %"."""
    return tr("Said {label}, {share}").format(label=answer.said, share=percent(answer.probability, 0))


def is_words(answer: Answer, classes: Sequence[str]) -> str:
    """Return the second line: "Is Butterflies, 37 %"."""
    return tr("Is {label}, {share}").format(label=classes[answer.truth], share=percent(answer.truth_probability, 0))


def fix_words(fixed: str) -> str:
    """Return the third line: what was done, or what can be done."""
    return fixed or tr("Wrong label? Fix it")


class AnswerRows(QStringListModel):
    """One row an answer. The rows themselves are Qt's, which lays out thousands of them quickly."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._answers: tuple[Answer, ...] = ()
        self._classes: tuple[str, ...] = ()
        self._find: FindLook = lambda _answer: Look()

    def set_look(self, find: FindLook) -> None:
        """Take who knows what a photo looks like."""
        self._find = find

    def show_answers(self, answers: Sequence[Answer], classes: Sequence[str]) -> None:
        """Show other photos."""
        self._answers, self._classes = tuple(answers), tuple(classes)
        self.setStringList([""] * len(self._answers))

    @property
    def answers(self) -> tuple[Answer, ...]:
        """What is shown, in order."""
        return self._answers

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, by label."""
        return self._classes

    def at(self, row: int) -> Answer | None:
        """Return the answer of a row; None where there is no such row."""
        return self._answers[row] if 0 <= row < len(self._answers) else None

    def look(self, answer: Answer) -> Look:
        """Return what to draw for a photo."""
        return self._find(answer)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a photo's file name, or all its words for a screen reader."""
        answer = self.at(index.row()) if index.isValid() else None
        if answer is None:
            return None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = tr("Said {label}, {share}").format(label=answer.said, share=spoken_percent(answer.probability, 0))
            return ", ".join(
                [said, tr("is {label}").format(label=self._classes[answer.truth]), shown(answer.path.name)]
            )
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{said_words(answer)}\n{is_words(answer, self._classes)}\n{shown(str(answer.path))}"
        return answer.path.name if role == Qt.ItemDataRole.DisplayRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let photos be chosen."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable


def paint_look(painter: QPainter, rect: QRectF, look: Look) -> None:
    """Draw a photo's picture, and over it where the model looked."""
    colours = tokens()
    if look.hopeless:
        rounded(painter, rect, RADIUS_SMALL, colours.badSoft)
        paint_icon(painter, "file-x", rect, colours.bad, 20)
    elif look.picture is None:
        rounded(painter, rect, RADIUS_SMALL, colours.track)
    else:
        paint_cover(painter, look.picture, rect, RADIUS_SMALL)
        if look.heat is not None:
            paint_cover(painter, look.heat, rect, RADIUS_SMALL, HEAT_STRENGTH)


class _RowDelegate(QStyledItemDelegate):
    def __init__(self, view: AnswerList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        if self._view.tiled:
            return self._view.gridSize()
        return QSize(self._view.viewport().width(), fonts.px(ROW_HEIGHT) + ROW_GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        answer = self._view.rows.at(index.row())
        if answer is None:
            return
        look = self._view.rows.look(answer)
        current = self._view.currentIndex().row() == index.row() and self._view.hasFocus()
        rect = QRectF(option.rect)
        if self._view.tiled:
            tile = rect.adjusted(0, 0, -TILE_GAP, -TILE_GAP)
            paint_look(painter, tile, look)
            if look.fixed:
                self._paint_tick(painter, tile)
            if current and shows_focus(self._view):
                focus_ring(painter, tile, RADIUS_SMALL)
            return
        row = rect.adjusted(0, 0, 0, -ROW_GAP)
        if current and shows_focus(self._view):
            focus_ring(painter, row, RADIUS_CONTROL)
        picture = QRectF(row.x(), row.y(), fonts.px(ROW_PICTURE), row.height())
        paint_look(painter, picture, look)
        self._paint_words(painter, row.adjusted(picture.width() + 12, 0, 0, 0), answer, look)

    def _paint_words(self, painter: QPainter, room: QRectF, answer: Answer, look: Look) -> None:
        colours = tokens()
        line = room.height() / 3
        first = QRectF(room.x(), room.y() + fonts.px(4), room.width(), fonts.px(20))
        second = first.translated(0, fonts.px(19))
        draw_text(painter, first, said_words(answer), fonts.font("body", fonts.SEMIBOLD), colours.text)
        draw_text(painter, second, is_words(answer, self._view.rows.classes), fonts.font("small"), colours.text2)
        third = QRectF(room.x(), room.bottom() - line, room.width(), line)
        ink = colours.ok if look.fixed else colours.accentText
        draw_text(painter, third, fix_words(look.fixed), fonts.font("small", fonts.SEMIBOLD), ink)

    @staticmethod
    def _paint_tick(painter: QPainter, tile: QRectF) -> None:
        colours = tokens()
        spot = QRectF(tile.right() - 22, tile.y() + 4, 18, 18)
        rounded(painter, spot, 9, colours.okSoft)
        paint_icon(painter, "check", spot, colours.ok, 12)


class AnswerList(QListView):
    """The list. One tab stop; arrows move, Enter looks closer, F or the menu key offers to fix the label.

    Attributes:
        opened: a photo is to be looked at; its place in the list.
        fix_requested: a label is to be fixed: the place, and where on the screen a menu belongs.
    """

    opened = Signal(int)
    fix_requested = Signal(int, object)

    def __init__(self, name: str, *, tiled: bool = False, parent: QWidget | None = None) -> None:
        """Make an empty list of rows, or of tiles."""
        super().__init__(parent)
        self.tiled = tiled
        self.rows = AnswerRows(self)
        self.setModel(self.rows)
        self.setItemDelegate(_RowDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(name)
        if tiled:
            self.setFlow(QListView.Flow.LeftToRight)
            self.setWrapping(True)
            self.setResizeMode(QListView.ResizeMode.Adjust)
            # Always there: coming and going, it would change the width and so the number of columns.
            self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)

    def repaint_photos(self, photo_ids: Sequence[str]) -> None:
        """Draw these photos anew, where they are in view."""
        wanted, seen = set(photo_ids), self.viewport().rect()
        first = self.indexAt(seen.topLeft()).row()
        for row in range(max(first, 0), len(self.rows.answers)):
            rect = self.visualRect(self.rows.index(row))
            if rect.top() > seen.bottom():
                break
            if self.rows.answers[row].id in wanted:
                self.viewport().update(rect)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Look closer by Enter, fix by F."""
        row = self.currentIndex().row()
        if row >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(row)
        elif row >= 0 and event.key() == Qt.Key.Key_F and not event.modifiers():
            self._ask_fix(row)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Fix by a click on the words, look closer by one on the picture."""
        super().mouseReleaseEvent(event)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        where = event.position().toPoint()
        row = self.indexAt(where).row()
        if row < 0:
            return
        if not self.tiled and self._link_rect(row).contains(where):
            self._ask_fix(row)
        elif self.tiled or where.x() < self.visualRect(self.rows.index(row)).x() + fonts.px(ROW_PICTURE):
            self.opened.emit(row)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show what can be clicked."""
        super().mouseMoveEvent(event)
        where = event.position().toPoint()
        row = self.indexAt(where).row()
        rect = self.visualRect(self.rows.index(row)) if row >= 0 else QRect()
        hot = row >= 0 and (
            self.tiled or where.x() < rect.x() + fonts.px(ROW_PICTURE) or self._link_rect(row).contains(where)
        )
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hot else Qt.CursorShape.ArrowCursor)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer to fix the label."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        row = self.currentIndex().row() if by_key else self.indexAt(event.pos()).row()
        if row >= 0:
            self._ask_fix(row)

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: names of files are no way to find a photo."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width among the columns of tiles."""
        if self.tiled:
            width = self.viewport().width() - 1
            fitting = [(width + TILE_GAP) // (fonts.px(tile) + TILE_GAP) for tile in (TILE_BEST, TILE_LEAST)]
            columns = max(1, fitting[0], min(TILE_COLUMNS, fitting[1]))
            cell = width // columns
            self.setGridSize(QSize(cell, cell))
        super().resizeEvent(event)

    def sizeHint(self) -> QSize:
        """Return the size that all of the rows that may be seen take."""
        return super().sizeHint() if self.tiled else QSize(_HINT_WIDTH, min(self.maximumHeight(), _HINT_HEIGHT))

    def _link_rect(self, row: int) -> QRect:
        rect = self.visualRect(self.rows.index(row)).adjusted(0, 0, 0, -ROW_GAP)
        answer = self.rows.at(row)
        text = fix_words(self.rows.look(answer).fixed) if answer is not None else ""
        width = QFontMetricsF(fonts.font("small", fonts.SEMIBOLD)).horizontalAdvance(text)
        left = rect.x() + fonts.px(ROW_PICTURE) + 12
        height = rect.height() // 3 + 4
        return QRect(left, rect.bottom() - height, round(width) + 2, height + 1)

    def _ask_fix(self, row: int) -> None:
        rect = self.visualRect(self.rows.index(row)) if self.tiled else self._link_rect(row)
        self.fix_requested.emit(row, self.viewport().mapToGlobal(rect.bottomLeft()))
