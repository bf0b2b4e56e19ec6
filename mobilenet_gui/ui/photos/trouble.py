"""Owns what stands in the photo's place when there is none: why it cannot be read, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_LARGE
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.painting import rounded

_CIRCLE = 64


class _Sign(QWidget):
    """The icon in its circle."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(_CIRCLE, _CIRCLE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        rect = QRectF(self.rect())
        rounded(painter, rect, _CIRCLE / 2, tokens().panel)
        paint_icon(painter, "file-x", rect, tokens().bad, 28)


class TroublePanel(QWidget):
    """A photo that cannot be read.

    Attributes:
        retry_requested, remove_requested: what was pressed.
    """

    retry_requested = Signal()
    remove_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = text_label(tr("This photo cannot be read"), "page", "text", fonts.SEMIBOLD, wrap=True)
        self.file = text_label("", "body", "text", fonts.MEDIUM, wrap=True)
        self.reason = text_label("", "body", "text2", wrap=True)
        for label in (self.heading, self.file, self.reason):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.retry = Button(tr("Try again"), "refresh", "primary", HEIGHT_LARGE)
        self.retry.clicked.connect(self.retry_requested)
        self.remove = Button(tr("Remove"), "trash", "secondary", HEIGHT_LARGE)
        self.remove.clicked.connect(self.remove_requested)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(self.retry)
        buttons.addWidget(self.remove)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(6)
        column.addStretch(5)
        column.addWidget(_Sign(), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(14)
        column.addWidget(self.heading)
        column.addWidget(self.file)
        column.addWidget(self.reason)
        column.addSpacing(14)
        column.addLayout(buttons)
        column.addStretch(6)

    def show_problem(self, name: str, reason: str) -> None:
        """Say what cannot be read, and why."""
        self.file.setText(name)
        self.reason.setText(reason[:1].upper() + reason[1:] + ("" if reason.endswith(".") else "."))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground."""
        QPainter(self).fillRect(self.rect(), tokens().canvas)
