"""Owns dividing long work of the window's thread over turns of the event loop, so that none of them holds it long."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

_NEXT_TURN_MS = 1
"""What Qt is asked to do after 0 ms it does within the same turn of the event loop, before anything is drawn."""


def next_turn(owner: QObject, work: Callable[[], object]) -> None:
    """Call `work` in the next turn of the event loop, unless `owner` is gone by then."""
    QTimer.singleShot(_NEXT_TURN_MS, owner, work)


def paint_next_turn(widget: QWidget) -> None:
    """Let `widget` and all in it be painted no sooner than in the next turn.

    For after work of tens of milliseconds: Qt paints what that changed before it looks at anything else, so that the
    work and its painting would be one hold.
    """
    if widget.updatesEnabled():
        widget.setUpdatesEnabled(False)
        next_turn(widget, lambda: widget.setUpdatesEnabled(True))
