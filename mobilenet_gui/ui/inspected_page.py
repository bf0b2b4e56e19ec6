"""Owns what the pages with an inspector have in common: the window's forms, the inspector's visits, saving."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.keys_home import KeysHome
from mobilenet_gui.ui.tokens import NARROW_BELOW, SHORT_BELOW
from mobilenet_gui.ui.widgets.buttons import IconButton


class InspectedFrame(QWidget):
    """Base of a page's frame.

    A subclass sets `inspector`, says in `take_form` what a window's size changes, and in `keys_home` where the keyboard
    belongs.

    Attributes:
        show_inspector_button: for the header; it is there while the inspector is not.
        narrow: the window is narrow.
        short: the window is short.
    """

    inspector: QWidget

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.narrow = self.short = False
        self.show_inspector_button = IconButton("inspector", tr("Show details (F9)"))
        KeysHome(self, self.keys_home)

    def keys_home(self) -> QWidget:
        """Return what has the keyboard while nothing else needs it."""
        raise NotImplementedError

    def take_form(self) -> None:
        """Take the form that `narrow` and `short` ask for."""
        raise NotImplementedError

    def set_inspector_visible(self, visible: bool) -> None:
        """Show or hide the inspector; hidden, the header has the button that shows it."""
        self.inspector.setVisible(visible)
        self.show_inspector_button.setVisible(not visible)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take the form that the window's size asks for."""
        super().resizeEvent(event)
        self._look_at_window()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the form that the window's size asks for."""
        super().showEvent(event)
        self._look_at_window(always=True)

    def _look_at_window(self, *, always: bool = False) -> None:
        window = self.window()
        # Large text makes a window narrow and short that would not be so otherwise.
        narrow, short = window.width() < fonts.px(NARROW_BELOW), window.height() < fonts.px(SHORT_BELOW)
        if always or (narrow, short) != (self.narrow, self.short):
            self.narrow, self.short = narrow, short
            self.take_form()
