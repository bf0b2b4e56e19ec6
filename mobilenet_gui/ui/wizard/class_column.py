"""Owns the narrow list of classes beside one class's photos: the way from class to class, and a place for drops."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.photos.tiles import paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CONTROL, RADIUS_SMALL
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, outline, rounded
from mobilenet_gui.ui.wizard.data_classes import ClassModel, Index
from mobilenet_gui.ui.wizard.photo_shelf import PhotoShelf

WIDTH = 172
_ROW, _PICTURE = 48, 36


class _RowDelegate(QStyledItemDelegate):
    def __init__(self, view: ClassColumn, shelf: PhotoShelf) -> None:
        super().__init__(view)
        self._view, self._shelf = view, shelf

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(fonts.px(WIDTH) - 20, fonts.px(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = self._view.classes.row(index.row())
        if row is None:
            return
        colours = tokens()
        rect = QRectF(option.rect).adjusted(0, 1, -4, -1)
        shown, target = row.id == self._view.shown, row.id == self._view.target
        if target:
            rounded(painter, rect, RADIUS_CONTROL, colours.soft, colours.accent, width=2)
        elif shown:
            rounded(painter, rect, RADIUS_CONTROL, colours.railSelected, outline(colours))
        elif row.id == self._view.hovered:
            rounded(painter, rect, RADIUS_CONTROL, colours.hover)
        if shows_focus(self._view) and self._view.currentIndex().row() == index.row():
            focus_ring(painter, rect, RADIUS_CONTROL)
        side = fonts.px(_PICTURE)
        picture = QRectF(rect.x() + 5, rect.center().y() - side / 2, side, side)
        image = self._shelf.get(row.covers[0]) if row.covers else None
        if image is None:
            rounded(painter, picture, RADIUS_SMALL, colours.track)
        else:
            paint_cover(painter, image, picture, RADIUS_SMALL)
        left, line = picture.right() + 8, fonts.px(17)
        width = rect.right() - 6 - left
        ink = colours.accentText if shown else colours.text
        name = QRectF(left, rect.center().y() - line, width, line)
        draw_text(painter, name, row.name, fonts.font("small", fonts.SEMIBOLD if shown else fonts.MEDIUM), ink)
        draw_text(
            painter, QRectF(left, rect.center().y(), width, line), f"{row.photos:,}", fonts.font("caption"),
            colours.text2,
        )  # fmt: skip


class ClassColumn(QListView):
    """The list. One tab stop; arrows move, Enter or a click shows the class.

    Attributes:
        opened: a class is to be shown; its id.
    """

    opened = Signal(str)

    def __init__(self, classes: ClassModel, shelf: PhotoShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.classes = classes
        self.shown = ""
        self.target = ""
        self.hovered = ""
        self._shelf = shelf
        self.setModel(classes)
        self.setItemDelegate(_RowDelegate(self, shelf))
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFixedWidth(fonts.px(WIDTH))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(tr("Classes; photos can be dropped on them"))
        self.clicked.connect(self._open)
        self.activated.connect(self._open)
        self.entered.connect(self._hover)
        shelf.arrived.connect(self._pictures_arrived)

    def show_class(self, class_id: str) -> None:
        """Mark the class whose photos are shown."""
        self.shown = class_id
        index = self.classes.index(self.classes.place_of(class_id))
        if index.isValid():
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(index)
        self.viewport().update()

    def class_at(self, at: QPoint) -> str:
        """Return the class at a point of the screen; empty where there is none."""
        point = self.viewport().mapFromGlobal(at)
        if not self.isVisible() or not self.viewport().rect().contains(point):
            return ""
        row = self.classes.row(self.indexAt(point).row())
        return "" if row is None else row.id

    def set_target(self, class_id: str) -> None:
        """Show that a drop would go to a class; empty for none."""
        if class_id != self.target:
            self.target = class_id
            self.viewport().update()

    def scroll_while_dragging(self, at: QPoint) -> None:
        """Scroll on while a drag is held near the upper or lower edge."""
        point = self.viewport().mapFromGlobal(at)
        if not self.viewport().rect().contains(point):
            return
        edge = fonts.px(28)
        step = -10 if point.y() < edge else 10 if point.y() > self.viewport().height() - edge else 0
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + step)

    def _open(self, index: QModelIndex) -> None:
        row = self.classes.row(index.row())
        if row is not None and row.id != self.shown:
            self.opened.emit(row.id)

    def _hover(self, index: QModelIndex) -> None:
        row = self.classes.row(index.row())
        self.hovered = "" if row is None else row.id
        self.viewport().update()

    def _pictures_arrived(self, photo_ids: list[str]) -> None:
        if self.isVisible():
            for place in self.classes.rows_with(set(photo_ids)):
                self.update(self.classes.index(place))
