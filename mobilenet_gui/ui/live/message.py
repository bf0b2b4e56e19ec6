"""Owns what stands in the picture's place: an invitation to start, a ring while a source opens, or what went wrong."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import announce
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.live.words import Message
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_LARGE, MS_LOADING_DELAY, RADIUS_PREVIEW
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.painting import outline, rounded
from mobilenet_gui.ui.widgets.progress import Ring

_CIRCLE = 64
_MARGIN, _GAP = 32, 8
_WIDEST = 560
_ICONS = {"retry": "refresh", "file": "film", "start": "play"}


class _Sign(QWidget):
    """The icon in its circle."""

    def __init__(self) -> None:
        super().__init__()
        self._name = "video"
        self.setFixedSize(_CIRCLE, _CIRCLE)

    def set_icon(self, name: str) -> None:
        self._name = name
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        rect = QRectF(self.rect())
        rounded(painter, rect, _CIRCLE / 2, tokens().panel, outline(tokens()))
        paint_icon(painter, self._name, rect, tokens().text2, 28)


class MessagePanel(QWidget):
    """A heading, a cause, and one or two things to press.

    Attributes:
        action: "start", "retry" or "file" was pressed.
    """

    action = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._message: Message | None = None
        self._sign = _Sign()
        self._ring = Ring(32, self)
        self._ring.hide()
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(MS_LOADING_DELAY)
        self._late.timeout.connect(self._show_ring)
        self.heading = text_label("", "page", "text", fonts.SEMIBOLD, wrap=True)
        self.text = text_label("", "body", "text2", wrap=True)
        for label in (self.heading, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setMaximumWidth(fonts.px(_WIDEST))
        self.primary = Button("", "refresh", "primary", HEIGHT_LARGE)
        self.primary.clicked.connect(lambda: self._press(first=True))
        self.second = Button("", "film", "secondary", HEIGHT_LARGE)
        self.second.clicked.connect(lambda: self._press(first=False))
        self._words = QWidget()
        words = QVBoxLayout(self._words)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(4)
        words.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignHCenter)
        words.addSpacing(16)
        for label in (self.heading, self.text):
            line = QHBoxLayout()
            line.addStretch(1)
            line.addWidget(label, 100)
            line.addStretch(1)
            words.addLayout(line)
        words.addSpacing(14)
        self._buttons = buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        buttons.setSpacing(_GAP)
        buttons.addStretch(1)
        for button in (self.primary, self.second):
            buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        buttons.addStretch(1)
        words.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 24, _MARGIN, 24)
        column.addStretch(10)
        column.addWidget(self._words)
        column.addStretch(10)

    def message(self) -> Message | None:
        """Return what is said; None while a source opens."""
        return self._message

    def show_message(self, message: Message) -> None:
        """Say it."""
        self._late.stop()
        self._ring.hide()
        self._words.show()
        if message == self._message:
            return
        self._message = message
        self._sign.set_icon(message.icon)
        self.heading.setText(message.heading)
        self.text.setText(message.text)
        for button, action, text in (
            (self.primary, message.primary, message.primary_text),
            (self.second, message.second, message.second_text),
        ):
            button.setVisible(bool(action))
            if action:
                button.set_icon(_ICONS[action])
                button.set_text(text)
        self._arrange()
        if self.isVisible() and message.bad:
            announce(self, f"{message.heading}. {message.text}")

    def show_opening(self) -> None:
        """Say nothing for a moment, then show that a source is being opened."""
        self._message = None
        self._words.hide()
        if not self._ring.isVisible():
            self._late.start()

    def resizeEvent(self, event: object) -> None:
        """Keep the ring in the middle, and the buttons one above the other where large text leaves no room."""
        self._ring.move((self.width() - self._ring.width()) // 2, (self.height() - self._ring.height()) // 2)

        self._arrange()

    def _arrange(self) -> None:
        needed = self.primary.sizeHint().width() + _GAP + self.second.sizeHint().width()
        fits = self.second.isHidden() or needed <= self.width() - 2 * _MARGIN
        self._buttons.setDirection(QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground."""
        painter = QPainter(self)
        rounded(painter, QRectF(self.rect()), RADIUS_PREVIEW, tokens().canvas, outline(tokens()))

    def _show_ring(self) -> None:
        self._ring.setAccessibleName(tr("Opening"))
        self._ring.show()

    def _press(self, *, first: bool) -> None:
        if self._message is not None:
            self.action.emit(self._message.primary if first else self._message.second)
