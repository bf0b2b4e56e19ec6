"""Owns choosing a class: a small window with a search field and the list, and a new class for a name not there yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QPainter, QPaintEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.project_types import PhotoClass, name_key
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import icon
from mobilenet_gui.ui.style_views import draw_popup
from mobilenet_gui.ui.widgets.fields import SearchField
from mobilenet_gui.ui.widgets.labels import text_label

WIDTH, ROWS, FEWEST_ROWS, ROW_HEIGHT = 260, 8, 3, 30
_NEW = "\0"
_KEY = Qt.ItemDataRole.UserRole + 1


class HasClasses(Protocol):
    """Whose classes can be chosen from: a project."""

    @property
    def classes(self) -> tuple[PhotoClass, ...]:
        """Every class, in order."""

    def class_named(self, name: str) -> PhotoClass | None:
        """Return a class by name, whatever the case."""


class ClassPicker(QWidget):
    """The window. It closes when a class is chosen, by Escape, or when the focus goes elsewhere.

    Attributes:
        picked: a class was chosen; its id.
        named: a new class is wanted; its name.
    """

    key_role = _KEY
    picked = Signal(str)
    named = Signal(str)

    def __init__(
        self, title: str, project: HasClasses, parent: QWidget, *, without: Sequence[str] = (), allow_new: bool = True
    ) -> None:
        """Build it.

        Args:
            title: what is chosen, as a heading.
            project: whose classes.
            parent: the widget it belongs to.
            without: ids of classes that are not offered.
            allow_new: a name that is not there makes a new class.
        """
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._project, self._without, self._allow_new = project, frozenset(without), allow_new
        hint = tr("Search, or name a new class") if allow_new else tr("Search")
        self.search = SearchField(hint)
        self.search.textChanged.connect(lambda _text: self._fill())
        self.search.returnPressed.connect(self._take)
        self.search.installEventFilter(self)
        self._rows = QStandardItemModel(self)
        self.list = QListView()
        self.list.setModel(self._rows)
        self.list.setUniformItemSizes(True)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows = min(ROWS, max(FEWEST_ROWS, len(project.classes) + 1))
        self.list.setFixedHeight(fonts.px(ROW_HEIGHT) * rows + 8)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName(tr("Classes"))
        self.list.clicked.connect(self._clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 10)
        column.setSpacing(8)
        column.addWidget(text_label(title, "small", "text2", fonts.MEDIUM))
        column.addWidget(self.search)
        column.addWidget(self.list)
        self.setFixedWidth(fonts.px(WIDTH))
        self._fill()

    def open_at(self, at: QPoint) -> None:
        """Show it near a point of the screen, wholly on it."""
        self.adjustSize()
        screen = QGuiApplication.screenAt(at) or QGuiApplication.primaryScreen()
        room = screen.availableGeometry()
        x = min(max(at.x(), room.left()), room.right() - self.width())
        y = at.y() if at.y() + self.height() <= room.bottom() else max(room.top(), at.y() - self.height())
        self.move(x, y)
        self.show()
        self.search.setFocus(Qt.FocusReason.PopupFocusReason)

    def names(self) -> list[str]:
        """Return what is offered now."""
        return [self._rows.item(place).text() for place in range(self._rows.rowCount())]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground."""
        draw_popup(QPainter(self), self.rect().toRectF())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move along the list while typing."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            if step and self._rows.rowCount():
                place = (self.list.currentIndex().row() + step) % self._rows.rowCount()
                self.list.setCurrentIndex(self._rows.index(place, 0))
                return True
            if event.key() == Qt.Key.Key_Escape and not self.search.text():
                self.close()
                return True
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        text = " ".join(self.search.text().split())
        wanted = name_key(text)
        self._rows.clear()
        for one in self._project.classes:
            if one.id not in self._without and wanted in name_key(one.name):
                self._add(one.name, one.id)
        if self._allow_new and text and self._project.class_named(text) is None:
            self._add(tr("New class “{name}”").format(name=text), _NEW, "plus")
        if self._rows.rowCount():
            self.list.setCurrentIndex(self._rows.index(0, 0))

    def _add(self, text: str, key: str, icon_name: str = "") -> None:
        item = QStandardItem(text)
        item.setData(key, _KEY)
        if icon_name:
            item.setIcon(icon(icon_name, "accentText"))
        self._rows.appendRow(item)

    def _clicked(self, index: QModelIndex) -> None:
        self.list.setCurrentIndex(index)
        self._take()

    def _take(self) -> None:
        index = self.list.currentIndex()
        if not index.isValid():
            return
        key, name = str(index.data(_KEY)), " ".join(self.search.text().split())
        self.close()
        if key == _NEW:
            self.named.emit(name)
        else:
            self.picked.emit(key)
