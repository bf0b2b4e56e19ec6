"""Owns the full screen: nothing but the live picture and its answer."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.live.stage import LiveStage


class LiveFullScreen(QWidget):
    """A window over the whole screen.

    Attributes:
        left: it was closed.
        key_pressed: a key that the page should handle.
    """

    left = Signal()
    key_pressed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(tr("Live"))
        self.stage = LiveStage(self, plain=True)
        self.stage.double_clicked.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stage)
        self.setFocusProxy(self.stage)

    def open(self) -> None:
        """Cover the screen."""
        self.showFullScreen()
        self.stage.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave by Esc or F11; the page has the other keys."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_F11):
            self.close()
        else:
            self.key_pressed.emit(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Give the picture back to the window."""
        super().closeEvent(event)
        self.left.emit()
