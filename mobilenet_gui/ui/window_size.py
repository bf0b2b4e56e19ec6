"""Owns how large the main window is: what it was the last time, and never more than the screen has."""

from __future__ import annotations

import base64
from typing import Final

from PySide6.QtCore import QByteArray, QSize
from PySide6.QtWidgets import QMainWindow

DEFAULT_SIZE: Final = QSize(1200, 760)
MINIMUM_SIZE: Final = QSize(900, 600)
TITLE_BAR: Final = 40
"""Pixels that a desktop may put on top of a window; how many is known only once it is shown."""


def restore(window: QMainWindow, saved: str) -> None:
    """Give `window` the place and size of `saved` (see `remembered`; may be empty), as far as the screen has room.

    A small laptop whose desktop doubles everything has 960x540 pixels, less than the smallest window that shows all
    well: better a little crowded than with buttons off the screen.
    """
    room = window.screen().availableSize() - QSize(0, TITLE_BAR)
    window.setMinimumSize(MINIMUM_SIZE.boundedTo(room))
    data = QByteArray.fromBase64(saved.encode("ascii", "ignore")) if saved else QByteArray()
    if data.isEmpty() or not window.restoreGeometry(data):
        window.resize(DEFAULT_SIZE.boundedTo(room))


def remembered(window: QMainWindow) -> str:
    """Return where `window` is and how large, for `restore`."""
    return base64.b64encode(window.saveGeometry().data()).decode("ascii")
