"""Owns that a window is closed before the window that it belongs to goes.

Qt hides such a window and deletes it without a word: its `closeEvent`, and the clean-up in it, would never come.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class _Owners(QObject):
    """Watches the windows that a window belongs to, directly or through others."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        owner = window.parentWidget()
        while owner is not None:
            owner.window().installEventFilter(self)
            owner = owner.window().parentWidget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close the window first; one that is closed already is hidden."""
        if event.type() in (QEvent.Type.Close, QEvent.Type.DeferredDelete) and not self._window.isHidden():
            self._window.close()
        return False


def close_with_owner(window: QWidget) -> None:
    """Have a window closed as its owner is closed or deleted. For each window with a parent and a `closeEvent`."""
    _Owners(window)
