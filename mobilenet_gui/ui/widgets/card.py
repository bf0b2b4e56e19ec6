"""Owns the card: a rounded panel that holds other widgets and may be chosen."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CARD
from mobilenet_gui.ui.widgets.clicks import is_second
from mobilenet_gui.ui.widgets.painting import focus_ring, rounded


class Card(QWidget):
    """A panel with rounded corners and a hairline; `body` is its layout.

    Attributes:
        clicked: chosen by mouse, Space or Enter; only where `clickable`.
        opened: double-clicked.
    """

    clicked = Signal()
    opened = Signal()

    def __init__(self, parent: QWidget | None = None, *, clickable: bool = False, margin: int = 16) -> None:
        super().__init__(parent)
        self._clickable = clickable
        self._selected = False
        self._down = False
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(margin, margin, margin, margin)
        self.body.setSpacing(8)
        if clickable:
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_selected(self, selected: bool) -> None:
        """Draw it as chosen, or not."""
        if selected != self._selected:
            self._selected = selected
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the panel."""
        colours = tokens()
        painter = QPainter(self)
        rect = QRectF(self.rect())
        hovered = self._clickable and self.underMouse() and self.isEnabled()
        if self._selected:
            rounded(painter, rect, RADIUS_CARD, colours.panel, colours.accent, width=2)
        else:
            rounded(painter, rect, RADIUS_CARD, colours.panel, colours.line2 if hovered else colours.line)
        if shows_focus(self):
            inner = rect.adjusted(2, 2, -2, -2) if self._selected else rect
            focus_ring(painter, inner, RADIUS_CARD)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Be chosen by a click."""
        down, self._down = self._down, False
        if not self._clickable or event.button() != Qt.MouseButton.LeftButton:
            super().mouseReleaseEvent(event)
        elif down and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that the release comes here as well."""
        if not self._clickable:
            super().mousePressEvent(event)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._down = not is_second(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open."""
        if self._clickable:
            self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Be chosen by Space or Enter."""
        if self._clickable and event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.clicked.emit()
        else:
            super().keyPressEvent(event)
