"""Owns a card that opens: a line with an arrow, a title and a summary, and below it what it hides."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import notify_name, shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CONTROL
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring

_HEIGHT = 40
_MARGIN = 16


class _FoldHead(QAbstractButton):
    def __init__(self, title: str) -> None:
        super().__init__()
        self.summary = ""
        self.setText(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(fonts.px(_HEIGHT))

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(fonts.px(300), fonts.px(_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw arrow, title and summary."""
        colours = tokens()
        painter = QPainter(self)
        rect = QRectF(self.rect())
        if shows_focus(self):
            focus_ring(painter, rect, RADIUS_CONTROL)
        size = fonts.px(16)
        arrow = "chevron-down" if self.isChecked() else "chevron-right"
        paint_icon(painter, arrow, QRectF(_MARGIN - 2, 0, size, rect.height()), colours.text2, size)
        x = float(_MARGIN + size + 6)
        used = draw_text(painter, QRectF(x, 0, rect.width() - x - _MARGIN, rect.height()), self.text(),
                         fonts.font("body", fonts.SEMIBOLD), colours.text)  # fmt: skip
        x += used + 12
        draw_text(painter, QRectF(x, 0, max(rect.width() - x - _MARGIN, 0), rect.height()), self.summary,
                  fonts.font("small"), colours.text2)  # fmt: skip


class Fold(Card):
    """The card; closed at first.

    Attributes:
        toggled: it was opened or closed.
    """

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=0)
        self.body.setSpacing(0)
        self.head = _FoldHead(title)
        self._content = content
        content.hide()
        self.body.addWidget(self.head)
        self.body.addWidget(content)
        self.head.toggled.connect(self._toggle)
        self.set_summary("")

    def is_open(self) -> bool:
        """Say whether what it hides is shown."""
        return self.head.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Open or close it."""
        self.head.setChecked(is_open)

    def set_summary(self, text: str) -> None:
        """Say in a line what is inside."""
        self.head.summary = text
        self.head.setAccessibleName(f"{self.head.text()}. {text}" if text else self.head.text())
        notify_name(self.head)
        self.head.update()

    def _toggle(self, on: bool) -> None:
        self._content.setVisible(on)
        self.toggled.emit(on)
