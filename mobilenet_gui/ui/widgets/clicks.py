"""Owns the rule for double clicks: on what opens or starts something, the second press does nothing.

Many click twice on everything. Without the rule a card would open its project twice, and the second press on Download
would hit the Pause that has taken its place. What is pressed again and again, such as a step forward, goes without.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication


class _Last:
    """The last press that counted, wherever in the program it was."""

    when = 0
    where = QPoint()


def is_second(press: QMouseEvent) -> bool:
    """Say whether a press is the second of a double click; one that is not is remembered as a first."""
    when, where = press.timestamp(), press.globalPosition().toPoint()
    soon = 0 <= when - _Last.when < QApplication.doubleClickInterval() and _Last.when > 0
    if soon and (where - _Last.where).manhattanLength() <= QApplication.startDragDistance():
        return True
    _Last.when, _Last.where = when, where
    return False
