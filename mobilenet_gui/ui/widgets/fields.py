"""Owns fields: text, search and choice. The style draws frames and arrows; icons, key caps and errors are here."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShortcut,
    QWheelEvent,
)
from PySide6.QtWidgets import QComboBox, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import icon as tinted
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_CONTROL
from mobilenet_gui.ui.widgets.buttons import IconButton
from mobilenet_gui.ui.widgets.kbd import key_text, paint_key
from mobilenet_gui.ui.widgets.labels import text_label

_ICON = 16
_NO_MAXIMUM = 16777215  # Qt's own word for it


class LineEdit(QLineEdit):
    """A line of text with an optional leading icon."""

    def __init__(self, placeholder: str = "", icon: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon
        self._invalid = False
        self.setFont(fonts.font("body"))
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(fonts.px(HEIGHT_CONTROL))
        self.setTextMargins(10 + (fonts.px(_ICON) + 4 if icon else 0), 0, 8, 0)

    def is_invalid(self) -> bool:
        """Say whether the frame is red."""
        return self._invalid

    def set_invalid(self, invalid: bool) -> None:
        """Draw the frame red, or not."""
        if invalid != self._invalid:
            self._invalid = invalid
            self.setProperty("invalid", invalid)
            self.update()

    def sizeHint(self) -> QSize:
        """Return a useful width."""
        return QSize(fonts.px(190), fonts.px(HEIGHT_CONTROL))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the field, then the icon."""
        super().paintEvent(event)
        if self._icon_name is not None:
            colour = tokens().text2 if self.isEnabled() else tokens().disabledText
            size = fonts.px(_ICON)
            paint_icon(QPainter(self), self._icon_name, QRectF(10, 0, size, self.height()), colour, size)


class SearchField(LineEdit):
    """A search field: magnifier, key cap of its shortcut, a cross once there is text; Escape empties it."""

    def __init__(self, placeholder: str = "", shortcut: str = "", parent: QWidget | None = None) -> None:
        super().__init__(placeholder, "search", parent)
        self._key = key_text(shortcut) if shortcut else ""
        self._clear = IconButton("close", tr("Clear"), size=28, parent=self)
        self._clear.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._clear.clicked.connect(self.clear)
        self._clear.hide()
        self.textChanged.connect(self._show_clear)
        self._show_clear("")
        if shortcut:
            action = QShortcut(QKeySequence(shortcut), self)
            action.setContext(Qt.ShortcutContext.WindowShortcut)
            action.activated.connect(self._come)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Empty the field by Escape; a second Escape goes on to the window."""
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the cross at the right end."""
        super().resizeEvent(event)
        side = self._clear.width()
        self._clear.move(self.width() - side - 2, (self.height() - side) // 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the field, then the key cap."""
        super().paintEvent(event)
        if self._key and not self.text() and self._key_width() + fonts.px(120) < self.width():
            width, height = self._key_width(), fonts.px(18)
            paint_key(
                QPainter(self), QRectF(self.width() - width - 7, (self.height() - height) / 2, width, height), self._key
            )

    def _key_width(self) -> float:
        return QFontMetricsF(fonts.font("caption", fonts.MEDIUM)).horizontalAdvance(self._key) + 10

    def _show_clear(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        left = self.textMargins().left()
        right = self._clear.width() if text else round(self._key_width()) + 8 if self._key else 8
        self.setTextMargins(left, 0, right, 0)

    def _come(self) -> None:
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()


class Field(QWidget):
    """A labelled line of text with room below for help, or in red for what is wrong.

    Attributes:
        edit: the line itself.
    """

    def __init__(self, label: str, placeholder: str = "", help_text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._help = help_text
        self.edit = LineEdit(placeholder)
        self.edit.setAccessibleName(label)
        self._label = text_label(label, "small", "text2", fonts.MEDIUM)
        self._label.setBuddy(self.edit)
        self._below = text_label(help_text, "small", "text3", wrap=True)
        self._below.setVisible(bool(help_text))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (self._label, self.edit, self._below):
            column.addWidget(widget)

    def text(self) -> str:
        """Return the text without spaces around it."""
        return self.edit.text().strip()

    def set_text(self, text: str) -> None:
        """Set the text."""
        self.edit.setText(text)

    def set_error(self, message: str | None) -> None:
        """Say in red what is accepted; None takes it back."""
        self.edit.set_invalid(message is not None)
        self._below.set_tone("text3" if message is None else "bad")
        text = self._help if message is None else message
        self._below.setText(text)
        self._below.setVisible(bool(text))
        self.edit.setAccessibleDescription(text)


class ComboBox(QComboBox):
    """A choice from a list, with an optional leading icon."""

    def __init__(self, icon: str | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("leadingIcon", icon or "")
        self._icon_name = icon
        self.setFont(fonts.font("body"))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setIconSize(QSize(fonts.px(_ICON), fonts.px(_ICON)))
        self.setFixedHeight(fonts.px(HEIGHT_CONTROL))
        self.setMaxVisibleItems(14)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll: nobody chooses by a wheel that happens to pass over the field."""
        event.ignore()

    def set_compact(self, compact: bool) -> None:
        """Show only the leading icon and the arrow; needs a leading icon. The list stays as wide as its texts."""
        compact = compact and self._icon_name is not None
        self.setProperty("compact", compact)
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + fonts.px(28) if compact else 0)
        self.setToolTip(self.currentText() if compact else "")
        self.setMaximumWidth(self._narrow_width() if compact else _NO_MAXIMUM)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the size of the widest text, or of icon and arrow."""
        # Qt keeps what it has worked out for the texts, so the compact form is left to this class alone.
        whole = super().sizeHint()
        return QSize(self._narrow_width(), whole.height()) if self.property("compact") else whole

    def minimumSizeHint(self) -> QSize:
        """Return the least useful size."""
        whole = super().minimumSizeHint()
        return QSize(self._narrow_width(), whole.height()) if self.property("compact") else whole

    @staticmethod
    def _narrow_width() -> int:
        return fonts.px(_ICON) + fonts.px(30) + 14

    def add_option(self, text: str, key: object, icon: str | None = None) -> None:
        """Add an option that `currentData` names `key`."""
        if icon is not None:
            self.addItem(tinted(icon, "text2"), text, key)
        else:
            self.addItem(text, key)

    def set_current_key(self, key: object) -> None:
        """Choose the option `key`, if it is there."""
        index = self.findData(key)
        if index >= 0:
            self.setCurrentIndex(index)
