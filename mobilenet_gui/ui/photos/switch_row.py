"""Owns a row of the inspector that turns something on: icon, words, switch, and a sentence below."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.widgets.clicks import is_second
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.switch import Switch

_ICON = 16
_GAP = 8


class SwitchRow(QWidget):
    """The row. A click on its words moves the switch as well.

    Attributes:
        toggled: the switch was moved.
        switch: the switch itself.
    """

    toggled = Signal(bool)

    def __init__(self, icon: str, text: str, hint: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._down = False
        self._icon = icon
        self._hint_text = hint
        self._short = False
        self._hint_wanted = True
        self.switch = Switch()
        self.switch.setAccessibleName(text)
        self.switch.setAccessibleDescription(hint)
        self.switch.toggled.connect(self.toggled)
        self._label = text_label(text, "body", "text", fonts.MEDIUM)
        self._hint = text_label(hint, "small", "text2", wrap=True)
        row = QHBoxLayout()
        indent = fonts.px(_ICON) + _GAP
        row.setContentsMargins(indent, 0, 0, 0)
        row.addWidget(self._label)
        row.addStretch(1)
        row.addWidget(self.switch)
        below = QHBoxLayout()
        below.setContentsMargins(indent, 0, 40, 4)
        below.addWidget(self._hint)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addLayout(below)

    def set_on(self, on: bool) -> None:
        """Move the switch without a signal of this row."""
        blocked = self.blockSignals(True)
        self.switch.setChecked(on)
        self.blockSignals(blocked)

    def set_available(self, available: bool, why_not: str) -> None:
        """Let the switch be moved, or say why it cannot be."""
        self.switch.setEnabled(available)
        self._hint.setText(self._hint_text if available else why_not)
        self.switch.setAccessibleDescription(self._hint.text())
        self._label.setEnabled(available)

    def set_short(self, short: bool) -> None:
        """Leave the sentence out where the window is low."""
        self._short = short
        self._hint.setVisible(self._hint_wanted and not short)

    def set_hint_visible(self, visible: bool) -> None:
        """Leave the sentence out while something else stands there."""
        self._hint_wanted = visible
        self._hint.setVisible(visible and not self._short)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Move the switch by a click on the words."""
        if self._down and self.switch.isEnabled() and self.rect().contains(event.position().toPoint()):
            self.switch.toggle()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the release comes here as well."""
        self._down = not is_second(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon."""
        colours = tokens()
        colour = colours.text2 if self.switch.isEnabled() else colours.disabledText
        height = self.switch.height() or fonts.px(28)
        paint_icon(
            QPainter(self), self._icon, QRectF(0, self.switch.y(), fonts.px(_ICON), height), colour, fonts.px(_ICON)
        )
