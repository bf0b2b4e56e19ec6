"""Owns asking for the right class of a wrong answer: the classes, with number keys for the first nine."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.project_types import PhotoClass, clean_name, name_key
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.wizard.class_picker import ClassPicker

NUMBERED = 9
_NUMBER_ROOM = 44
"""What the row's ends, a number and the gap before it take."""
_MORE = "\1"


class Classes:
    """A project's classes at one moment."""

    def __init__(self, classes: tuple[PhotoClass, ...]) -> None:
        self.classes = classes

    def class_named(self, name: str) -> PhotoClass | None:
        """Return a class by name, whatever the case."""
        key = name_key(clean_name(name))
        return next((one for one in self.classes if name_key(one.name) == key), None)


class CorrectionPicker(ClassPicker):
    """The window. While nothing is typed, 1 to 9 choose a class at once; the last row leads to a new one."""

    def __init__(self, classes: tuple[PhotoClass, ...], parent: QWidget, title: str, said: str = "") -> None:
        """Build it.

        Args:
            classes: what to choose from.
            parent: the widget it belongs to.
            title: the heading.
            said: the wrong answer; another class is the first choice.
        """
        self._said = said
        super().__init__(title, Classes(classes), parent)
        self.list.setItemDelegate(_NumberedRow(self))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take number keys while nothing is typed."""
        if watched is self.search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            number = event.text()
            if not self.search.text() and len(number) == 1 and number in "123456789":
                place = int(number) - 1
                if place < len(self._project.classes):
                    self.list.setCurrentIndex(self._rows.index(place, 0))
                    self._take()
                return True
        return super().eventFilter(watched, event)

    @property
    def numbered(self) -> int:
        """How many rows a number key chooses now."""
        return 0 if self.search.text() else min(NUMBERED, len(self._project.classes))

    def _fill(self) -> None:
        super()._fill()
        if not self.search.text():
            self._add(tr("New class…"), _MORE, "plus")
            other = next((n for n, one in enumerate(self._project.classes) if one.name != self._said), 0)
            self.list.setCurrentIndex(self._rows.index(other, 0))

    def _take(self) -> None:
        if self.list.currentIndex().data(self.key_role) == _MORE:
            self.search.setPlaceholderText(tr("Name of the new class"))
            self.search.setFocus()
            return
        super()._take()


class _NumberedRow(QStyledItemDelegate):
    """Draws a row as usual, and its number at the right."""

    def __init__(self, picker: CorrectionPicker) -> None:
        super().__init__(picker)
        self._picker = picker

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        """Shorten the name where it would reach its number."""
        super().initStyleOption(option, index)
        if index.row() < self._picker.numbered:
            room = option.rect.width() - fonts.px(_NUMBER_ROOM)
            option.text = option.fontMetrics.elidedText(option.text, Qt.TextElideMode.ElideRight, room)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        if index.row() < self._picker.numbered:
            painter.save()
            painter.setPen(tokens().text2)
            painter.setFont(fonts.font("small"))
            right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(option.rect.adjusted(0, 0, -10, 0), right, str(index.row() + 1))
            painter.restore()
