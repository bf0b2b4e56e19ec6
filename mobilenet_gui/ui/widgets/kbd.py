"""Owns the picture of a key: "Ctrl V"."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QKeySequence, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.widgets.painting import draw_text, outline, rounded

_HEIGHT = 20
_PADDING = 6
_RADIUS = 4


def key_text(shortcut: str | QKeySequence) -> str:
    """Return a shortcut ("Ctrl+F") as it is written on a key cap here: "Ctrl F", on macOS "⌘F"."""
    native = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
    return native.replace("+", " ") if not native.endswith("+") else native


class KeyCap(QWidget):
    """A key cap with the name of a shortcut."""

    def __init__(self, shortcut: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = key_text(shortcut) or shortcut
        self.setFont(fonts.font("caption", fonts.MEDIUM))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self._text)

    def text(self) -> str:
        """Return what the cap shows."""
        return self._text

    def sizeHint(self) -> QSize:
        """Return the size of the cap."""
        return QSize(round(QFontMetricsF(self.font()).horizontalAdvance(self._text)) + 2 * _PADDING, fonts.px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """Return `sizeHint`."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the cap."""
        paint_key(QPainter(self), QRectF(self.rect()), self._text)


def paint_key(painter: QPainter, rect: QRectF, text: str) -> None:
    """Draw a key cap that fills `rect`."""
    colours = tokens()
    rounded(painter, rect, _RADIUS, colours.track, outline(colours))
    draw_text(painter, rect, text, fonts.font("caption", fonts.MEDIUM), colours.text3,
              align=Qt.AlignmentFlag.AlignHCenter, elide=False)  # fmt: skip
