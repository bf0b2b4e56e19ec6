"""Owns where the keyboard goes after a control was used with the pointer: back to the page.

Photos and Live have keys that are pressed while looking at the picture: Space, Left, Right. One rule holds for all that
is on them: what is clicked does not keep the keyboard, unless it is typed into or is a list. By Tab, every control
takes it and keeps it.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QFocusEvent, QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from shiboken6 import isValid

_KEEPS = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QAbstractItemView)


class KeysHome(QObject):
    """Gives the keyboard back."""

    def __init__(self, page: QWidget, home: Callable[[], QWidget]) -> None:
        """Watch a page for as long as it lives.

        Args:
            page: whose controls.
            home: returns what has the keyboard while nothing else needs it.
        """
        super().__init__(page)
        self._page, self._home = page, home
        self._clicked: QWidget | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # noqa: S101 - there is no widget without one
        app.focusChanged.connect(self._focus_changed)

    @Slot(QWidget, QWidget)
    def _focus_changed(self, _before: QWidget | None, now: QWidget | None) -> None:
        clicked, self._clicked = self._clicked, None
        gone = clicked is not None
        if clicked is not None and isValid(clicked):
            clicked.removeEventFilter(self)
            gone = not (clicked.isVisible() and clicked.isEnabled())
        by_pointer = QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton
        if now is None or not self._page.isAncestorOf(now) or isinstance(now, _KEEPS):
            return
        if by_pointer or gone:
            self._clicked = now
            now.installEventFilter(self)
        if gone:  # it has hidden itself, and Qt has given the keyboard to the next one
            QTimer.singleShot(0, self, self._go_home)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wait until the pointer has done: a button that loses the keyboard while it is held down is not clicked."""
        kind = event.type()
        back = isinstance(event, QFocusEvent) and event.gotFocus()
        if kind is QEvent.Type.MouseButtonRelease or back:  # back from a menu, which had the release
            QTimer.singleShot(0, self, self._go_home)
        return False

    def _go_home(self) -> None:
        clicked = self._clicked
        if clicked is not None and isValid(clicked) and clicked.hasFocus():
            self._home().setFocus(Qt.FocusReason.OtherFocusReason)
