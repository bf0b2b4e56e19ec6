"""A window around widgets that a test tries by themselves."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

windows: list[QWidget] = []
"""Those of the running test: pytest-qt itself holds them only weakly."""


def shown(qtbot: QtBot, *widgets: QWidget, size: tuple[int, int] = (400, 300)) -> QWidget:
    """Return an active window that shows the widgets one below the other."""
    window = QWidget()
    windows.append(window)
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    for widget in widgets:
        column.addWidget(widget)
    window.resize(*size)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window
