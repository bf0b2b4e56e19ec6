"""Owns the full screen: nothing but the live picture and its answer; and moving the picture there and back."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.live.presenter import LivePresenter
from mobilenet_gui.ui.live.stage import LiveStage
from mobilenet_gui.ui.owned_window import close_with_owner


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
        close_with_owner(self)
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


class FullScreenDesk(QObject):
    """Covers the screen with the picture and gives it back.

    Attributes:
        window: the full screen while it is open, else None.
        left: the picture is back on the page.
        key_pressed: a key of the full screen that the page should handle.
    """

    left = Signal()
    key_pressed = Signal(object)

    def __init__(self, page: QWidget, presenter: LivePresenter, own_stage: LiveStage, settings: SettingsStore) -> None:
        super().__init__(page)
        self._page, self._presenter, self._own_stage, self._settings = page, presenter, own_stage, settings
        self.window: LiveFullScreen | None = None

    def open(self) -> None:
        """Show the picture on the whole screen."""
        full = LiveFullScreen(self._page)
        full.left.connect(self._give_back)
        full.key_pressed.connect(self.key_pressed)
        full.stage.set_mirror(self._settings.values.live_mirror)
        full.stage.set_strength(self._settings.values.explain_strength)
        self.window = full
        self._presenter.change_stage(full.stage)
        full.open()

    def close(self) -> None:
        """Leave it, where it is open."""
        if self.window is not None:
            self.window.close()

    def _give_back(self) -> None:
        if self.window is not None:
            self.window.deleteLater()
            self.window = None
            self._presenter.change_stage(self._own_stage)
            self.left.emit()
            self._own_stage.setFocus()
