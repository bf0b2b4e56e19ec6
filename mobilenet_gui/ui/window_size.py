"""Owns how large windows may be: never more than the screen has; and how large the main one was the last time."""

from __future__ import annotations

import base64
from typing import Final

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtWidgets import QMainWindow, QWidget

DEFAULT_SIZE: Final = QSize(1200, 760)
MINIMUM_SIZE: Final = QSize(900, 600)
TITLE_BAR: Final = 40
"""Pixels that a desktop may put on top of a window; how many is known only once it is shown."""


def room_for(window: QWidget) -> QSize:
    """Return how large `window` can be on its screen, title bar aside."""
    return window.screen().availableSize() - QSize(0, TITLE_BAR)


def restore(window: QMainWindow, saved: str) -> None:
    """Give `window` the place and size of `saved` (see `remembered`; may be empty), as far as the screen has room.

    A small laptop whose desktop doubles everything has 960x540 pixels, less than the smallest window that shows all
    well: better a little crowded than with buttons off the screen.
    """
    room = room_for(window)
    window.setMinimumSize(MINIMUM_SIZE.boundedTo(room))
    data = QByteArray.fromBase64(saved.encode("ascii", "ignore")) if saved else QByteArray()
    if data.isEmpty() or not window.restoreGeometry(data):
        window.resize(DEFAULT_SIZE.boundedTo(room))


def remembered(window: QMainWindow) -> str:
    """Return where `window` is and how large, for `restore`."""
    return base64.b64encode(window.saveGeometry().data()).decode("ascii")
