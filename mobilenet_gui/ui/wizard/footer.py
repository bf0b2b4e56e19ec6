"""Owns the strip below a page of the wizard: a sentence or a button at the left, the ways on at the right."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.style_buttons import PADDING_LARGE
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import DIALOG_MARGIN, HEIGHT_FOOTER, HEIGHT_LARGE
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import ElidedLabel
from mobilenet_gui.ui.wizard.page import Action, Footer


class FooterBar(QWidget):
    """The strip.

    Attributes:
        pressed: a button was pressed; its action's key.
    """

    pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: dict[str, Button] = {}
        self._shown: Footer | None = None
        self.text = ElidedLabel("", "body", "text2")
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(DIALOG_MARGIN, 0, DIALOG_MARGIN, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self.text, 1)
        self.setFixedHeight(fonts.px(HEIGHT_FOOTER))

    def button(self, key: str) -> Button | None:
        """Return the button of action `key`, if it is there."""
        return self._buttons.get(key)

    def show_footer(self, footer: Footer) -> None:
        """Show what a page offers. Buttons that stay are kept, and so is the focus on them."""
        if footer == self._shown:
            return
        self._shown = footer
        self.text.setText(footer.text)
        self.text.set_tone(footer.tone)
        # A button without a frame stands where the text of others would: its letters, not its ground, at the margin.
        flush = footer.left is not None and footer.left.kind == "ghost"
        self._row.setContentsMargins(DIALOG_MARGIN - (PADDING_LARGE if flush else 0), 0, DIALOG_MARGIN, 0)
        wanted = [*([footer.left] if footer.left is not None else []), *footer.actions]
        for key in [key for key in self._buttons if key not in {action.key for action in wanted}]:
            gone = self._buttons.pop(key)
            self._row.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for action in wanted:
            self._dress(action)
        for place, action in enumerate(wanted):
            button = self._buttons[action.key]
            self._row.removeWidget(button)
            if place == 0 and action is footer.left:
                self._row.insertWidget(0, button, 0, Qt.AlignmentFlag.AlignVCenter)
            else:
                self._row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        for first, second in pairwise(wanted):
            QWidget.setTabOrder(self._buttons[first.key], self._buttons[second.key])
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave buttons their icons alone where large text leaves no room for the words."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        around, gaps = self._row.contentsMargins(), self._row.spacing() * len(self._buttons)
        room = self.width() - around.left() - around.right() - gaps
        for button in self._buttons.values():
            button.set_compact(False)
        for button in self._buttons.values():
            if sum(one.sizeHint().width() for one in self._buttons.values()) <= room:
                break
            button.set_compact(button.kind != "primary")

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line on top."""
        QPainter(self).fillRect(0, 0, self.width(), 1, tokens().line)

    def _dress(self, action: Action) -> None:
        button = self._buttons.get(action.key)
        if button is None or button.kind != action.kind:
            if button is not None:
                self._row.removeWidget(button)
                button.hide()
                button.deleteLater()
            button = Button(action.text, action.icon, action.kind, HEIGHT_LARGE, self)
            button.clicked.connect(lambda _checked=False, key=action.key: self.pressed.emit(key))
            self._buttons[action.key] = button
            button.show()
        button.set_text(action.text)
        if button.icon_name != action.icon:
            button.set_icon(action.icon)
        button.setEnabled(action.enabled)
        button.setToolTip(action.tip)
