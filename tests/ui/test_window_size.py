"""The main window's size: remembered, and within what the screen has."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from mobilenet_gui.ui import window_size

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def _window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, screen: QSize) -> QMainWindow:
    window = QMainWindow()
    qtbot.addWidget(window)
    monkeypatch.setattr(window, "screen", lambda: SimpleNamespace(availableSize=lambda: screen))
    return window


@pytest.mark.parametrize(
    ("screen", "least", "first"),
    [
        ((1920, 1080), (900, 600), (1200, 760)),
        ((960, 540), (900, 500), (960, 500)),
        ((800, 600), (800, 560), (800, 560)),
    ],
)
def test_it_is_never_larger_than_the_screen(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    screen: tuple[int, int],
    least: tuple[int, int],
    first: tuple[int, int],
) -> None:
    window = _window(qtbot, monkeypatch, QSize(*screen))
    window_size.restore(window, "")
    assert window.minimumSize() == QSize(*least)
    assert window.size() == QSize(*first)


@pytest.mark.parametrize("saved", ["", "no base 64 at all", "AAAA////", "ü"])
def test_without_a_good_memory_it_opens_as_new(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, saved: str) -> None:
    window = _window(qtbot, monkeypatch, QSize(1920, 1080))
    window_size.restore(window, saved)
    assert window.size() == window_size.DEFAULT_SIZE


def test_it_opens_as_it_was(qtbot: QtBot) -> None:
    first, second = QMainWindow(), QMainWindow()
    for window in (first, second):
        qtbot.addWidget(window)
    first.resize(640, 480)
    window_size.restore(second, window_size.remembered(first))
    assert second.size().width() >= 640
    assert second.size() == first.size().expandedTo(second.minimumSize())
