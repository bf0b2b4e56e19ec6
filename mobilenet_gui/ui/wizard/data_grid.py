"""Owns the grid of class cards: painted, so that five hundred of them cost no more than those that can be seen."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.photos.tiles import TileCache
from mobilenet_gui.ui.tokens import DIALOG_MARGIN
from mobilenet_gui.ui.widgets.fields import LineEdit
from mobilenet_gui.ui.widgets.flowing import flow_in_rows
from mobilenet_gui.ui.wizard import data_card
from mobilenet_gui.ui.wizard.data_classes import ClassModel, Index
from mobilenet_gui.ui.wizard.photo_shelf import PhotoShelf

CELL_MIN = 196
ROW_GAP = 13
CARDS_KEPT = 48
BUTTONS = ("camera", "more")


class _CardDelegate(QStyledItemDelegate):
    def __init__(self, view: ClassGrid, shelf: PhotoShelf) -> None:
        super().__init__(view)
        self._view, self._shelf = view, shelf
        self._cards = TileCache(CARDS_KEPT)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self._view.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view = self._view
        row = view.classes.row(index.row())
        if row is None:
            return
        images = [self._shelf.get(photo_id) for photo_id in row.covers]
        bad = tuple(place for place, photo_id in enumerate(row.covers) if self._shelf.is_hopeless(photo_id))
        look = (row, tuple(0 if image is None else image.cacheKey() for image in images), bad)

        def render(brush: QPainter, cell: QRectF) -> None:
            data_card.paint_card(brush, cell, row, images, bad)

        self._cards.draw(painter, option.rect, hash(row.id), look, render)
        card = data_card.card_rect(QRectF(option.rect))
        hovered = view.hovered == row.id
        if hovered and view.hovered_button:
            data_card.paint_button_hover(painter, card, view.hovered_button, pressed=view.pressed_button != "")
        data_card.paint_marks(
            painter,
            card,
            hovered=hovered,
            chosen=view.selectionModel().isSelected(view.model().index(index.row(), 0)),
            focused=shows_focus(view) and view.currentIndex().row() == index.row(),
            target=view.target == row.id,
        )


class ClassGrid(QListView):
    """The grid. One tab stop; arrows move, Enter opens, F2 renames, Delete deletes, the menu key asks for more.

    A plain click opens a class; with Ctrl or Shift it chooses several.

    Attributes:
        opened: a class is to be shown; its id.
        camera_requested: photos are to be taken for a class; its id.
        menu_requested: position on the screen and id of the class whose menu is wanted.
        renamed: id of a class and the name that was typed.
        delete_requested: ids (list of str) of classes to be deleted.
        reshaped: `content_height` is another.
    """

    opened = Signal(str)
    camera_requested = Signal(str)
    menu_requested = Signal(object, str)
    renamed = Signal(str, str)
    delete_requested = Signal(object)
    reshaped = Signal()

    def __init__(self, classes: ClassModel, shelf: PhotoShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.classes = classes
        self.hovered = ""
        self.hovered_button = ""
        self.pressed_button = ""
        self.target = ""
        self._shelf = shelf
        self._pressed_at: QPoint | None = None
        self._editor: LineEdit | None = None
        self._editing = ""
        self.setModel(classes)
        self.setItemDelegate(_CardDelegate(self, shelf))
        flow_in_rows(self)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setViewportMargins(DIALOG_MARGIN, 0, 0, 0)
        self.setAccessibleName(tr("Classes"))
        shelf.arrived.connect(self._pictures_arrived)
        classes.rowsInserted.connect(self.updateGeometry)
        classes.rowsRemoved.connect(self.updateGeometry)
        classes.modelReset.connect(self.updateGeometry)

    # -- called from outside --------------------------------------------------------------------------------------

    def content_height(self) -> int:
        """Return the height at which nothing has to be scrolled."""
        rows = -(-self.classes.rowCount() // self._columns())
        return rows * max(1, self.gridSize().height())

    def selected_ids(self) -> list[str]:
        """Return the chosen classes in their order."""
        places = sorted(index.row() for index in self.selectionModel().selectedIndexes())
        return [row.id for place in places if (row := self.classes.row(place)) is not None]

    def class_at(self, at: QPoint) -> str:
        """Return the class whose card is at a point of the screen; empty where there is none."""
        point = self.viewport().mapFromGlobal(at)
        if not self.viewport().rect().contains(point):
            return ""
        index = self.indexAt(point)
        row = self.classes.row(index.row())
        if row is None or not self._card(index).contains(point.toPointF()):
            return ""
        return row.id

    def set_target(self, class_id: str) -> None:
        """Show that a drop would go to a class; empty for none."""
        if class_id != self.target:
            self.target = class_id
            self.viewport().update()

    def show_class(self, class_id: str) -> None:
        """Bring a class into view and make it the current one."""
        index = self.classes.index(self.classes.place_of(class_id))
        if index.isValid():
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(index)

    def rename(self, class_id: str) -> None:
        """Let a class's name be typed where it stands."""
        self._end_rename(take=True)
        index = self.classes.index(self.classes.place_of(class_id))
        row = self.classes.find(class_id)
        if not index.isValid() or row is None:
            return
        self.scrollTo(index)
        editor = LineEdit(tr("Name of the class"), parent=self.viewport())
        editor.setMaxLength(100)
        editor.setText(row.name)
        editor.setFixedHeight(fonts.px(28))
        editor.selectAll()
        editor.installEventFilter(self)
        self._editor, self._editing = editor, class_id
        self._place_editor()
        editor.show()
        editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _place_editor(self) -> None:
        index = self.classes.index(self.classes.place_of(self._editing))
        if self._editor is not None and index.isValid():
            place = data_card.name_rect(self._card(index)).toRect().adjusted(-8, -2, 4, 2)
            self._editor.move(place.topLeft())
            self._editor.setFixedWidth(place.width())

    # -- painting and places ----------------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        """Return the size at which nothing has to be scrolled."""
        return QSize(fonts.px(CELL_MIN) * 3, self.content_height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the number of columns, and share the width among them."""
        # One pixel less than there is: the list wraps when the last column ends exactly at the edge.
        width = self.viewport().width() - DIALOG_MARGIN + data_card.GUTTER - 1
        columns = max(1, width // fonts.px(CELL_MIN))
        columns = min(columns, 3) if width < fonts.px(960) else columns
        size = QSize(width // columns, data_card.card_height() + ROW_GAP)
        if size != self.gridSize():
            self.setGridSize(size)
            self.updateGeometry()
            self.reshaped.emit()
        super().resizeEvent(event)
        if self._editor is not None:  # a class that begins a row makes room for it while its name is typed
            self.scrollTo(self.classes.index(self.classes.place_of(self._editing)))
            self._place_editor()

    def _columns(self) -> int:
        return max(1, self.viewport().width() // max(1, self.gridSize().width()))

    def _card(self, index: QModelIndex) -> QRectF:
        return data_card.card_rect(QRectF(self.visualRect(index)))

    def _pictures_arrived(self, photo_ids: list[str]) -> None:
        if not self.isVisible():
            return
        for place in self.classes.rows_with(set(photo_ids)):
            self.update(self.classes.index(place))

    # -- mouse ------------------------------------------------------------------------------------------------------

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer over cards and their buttons."""
        self._hover(event.position().toPoint())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """Forget the pointer."""
        self._hover(QPoint(-1, -1))
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Press a button of a card, choose cards, or begin a click."""
        point = event.position().toPoint()
        self._hover(point)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._pressed_at = point
        if self.hovered_button:
            self.pressed_button = self.hovered_button
            self.viewport().update()
            return
        several = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        if several or not self.hovered:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Do what was clicked."""
        point = event.position().toPoint()
        self._hover(point)
        began, self._pressed_at = self._pressed_at, None
        button, self.pressed_button = self.pressed_button, ""
        self.viewport().update()
        if event.button() != Qt.MouseButton.LeftButton or began is None:
            return
        if button:
            if button == self.hovered_button:
                self._press(button, self.hovered)
            return
        several = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
        if several or not self.hovered:
            super().mouseReleaseEvent(event)
            return
        index = self.indexAt(point)
        if index.isValid() and index == self.indexAt(began):
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.Clear)
            self.opened.emit(self.hovered)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Do nothing more: the first click has opened the class."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for a card's menu by the right button or the menu key."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        row = self.classes.row(index.row())
        if row is not None:
            at = self._card(index).center().toPoint() if by_key else event.pos()
            self.menu_requested.emit(self.viewport().mapToGlobal(at), row.id)

    def viewportEvent(self, event: QEvent) -> bool:
        """Explain the buttons and whole names by tooltips."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.classes.find(self.hovered)
            words = {"camera": tr("Take photos with a camera"), "more": tr("More")}.get(self.hovered_button, "")
            QToolTip.showText(event.globalPos(), words or ("" if row is None else row.name), self.viewport())
            return True
        return super().viewportEvent(event)

    def _hover(self, point: QPoint) -> None:
        index = self.indexAt(point)
        row = self.classes.row(index.row())
        name, button = "", ""
        if row is not None:
            card = self._card(index)
            if card.contains(point.toPointF()):
                name = row.id
                button = next((b for b in BUTTONS if data_card.button_rect(card, b).contains(point.toPointF())), "")
        if (name, button) != (self.hovered, self.hovered_button):
            self.hovered, self.hovered_button = name, button
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if name else Qt.CursorShape.ArrowCursor)
            self.viewport().update()

    def _press(self, button: str, class_id: str) -> None:
        if button == "camera":
            self.camera_requested.emit(class_id)
        else:
            index = self.classes.index(self.classes.place_of(class_id))
            spot = data_card.button_rect(self._card(index), "more").bottomLeft().toPoint()
            self.menu_requested.emit(self.viewport().mapToGlobal(spot + QPoint(0, 4)), class_id)

    # -- keyboard ---------------------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open, rename or delete the current class."""
        row = self.classes.row(self.currentIndex().row())
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and row is not None:
            self.opened.emit(row.id)
        elif event.key() == Qt.Key.Key_F2 and row is not None:
            self.rename(row.id)
        elif event.key() == Qt.Key.Key_Delete and row is not None:
            self.delete_requested.emit(self.selected_ids() or [row.id])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Have a current class for the keyboard, and show it."""
        if not self.currentIndex().isValid() and self.classes.rowCount():
            flag = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.classes.index(0), flag)
        super().focusInEvent(event)
        self.viewport().update()

    # -- renaming ---------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """End typing a name by Escape; take it by Enter, and when the focus goes elsewhere."""
        if watched is self._editor:
            if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
                if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                    # Kept from the grid, which would open the class.
                    self._end_rename(take=event.key() != Qt.Key.Key_Escape)
                    return True
            elif event.type() == QEvent.Type.FocusOut:
                self._end_rename(take=True)
        return super().eventFilter(watched, event)

    def is_renaming(self) -> bool:
        """Say whether a name is being typed."""
        return self._editor is not None

    def _end_rename(self, *, take: bool) -> None:
        editor, self._editor = self._editor, None
        if editor is None:
            return
        class_id, name = self._editing, " ".join(editor.text().split())
        had_focus = editor.hasFocus()
        editor.removeEventFilter(self)
        editor.hide()
        editor.deleteLater()
        if had_focus:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
        row = self.classes.find(class_id)
        if take and name and row is not None and name != row.name:
            self.renamed.emit(class_id, name)
