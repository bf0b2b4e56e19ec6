"""Owns the live page's keys: shortcuts of the window, and the keys that the picture and the full screen pass on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

Action = Callable[[], object]


class LiveKeys(QObject):
    """Letters act as shortcuts in the window, where a field that is typed into comes first; plain keys come by `take`.

    The full screen is a window of its own, to which the shortcuts do not reach: its letters come by `take`, too.
    """

    def __init__(self, page: QWidget, letters: dict[str, Action], anywhere: dict[str, Action]) -> None:
        """Install the shortcuts.

        Args:
            page: whose shortcuts they are.
            letters: single keys with what they do; they hold in the full screen, too.
            anywhere: other key sequences with what they do.
        """
        super().__init__(page)
        self._letters = {QKeySequence(keys): action for keys, action in letters.items()}
        for keys, action in {**letters, **anywhere}.items():
            shortcut = QShortcut(QKeySequence(keys), page)
            shortcut.activated.connect(action)

    def take(self, event: QKeyEvent, *, full_screen: bool, plain: dict[Qt.Key, Action]) -> bool:
        """Act on a key; say whether it was one of ours. `plain`: those that count everywhere."""
        key = Qt.Key(event.key())
        action = plain.get(key) or (self._letters.get(QKeySequence(key)) if full_screen else None)
        if action is None:
            return False
        action()
        return True
