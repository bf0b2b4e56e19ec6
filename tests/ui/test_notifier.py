"""Notices of the system: which program shows them, and what it is given."""

from __future__ import annotations

import shutil
import sys

import pytest
from PySide6.QtCore import QProcess
from PySide6.QtWidgets import QApplication, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from mobilenet_gui.ui.notifier import Notifier


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has notify-send")
def test_on_linux_the_desktop_shows_it_and_nothing_in_it_is_markup(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def start(program: str, arguments: list[str]) -> tuple[bool, int]:
        ran.append([program, *arguments])
        return True, 1

    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/notify-send")
    monkeypatch.setattr(QProcess, "startDetached", start)
    Notifier(QApplication.instance()).show("-<b>ants & bees is ready")
    assert ran[0][0] == "/usr/bin/notify-send"
    assert ran[0][-3] == "--", "a name that begins with a dash is no option"
    assert ran[0][-1] == "-&lt;b&gt;ants &amp; bees is ready"


def test_without_any_way_nothing_happens(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: False)
    made = Notifier(QApplication.instance())
    made.show("ready")
    assert made._tray is None


@pytest.mark.qt_log_ignore("No such signal QPlatformNativeInterface")  # the offscreen platform has no tray
def test_elsewhere_an_icon_stands_in_the_tray_for_as_long_as_it_is_shown(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda _tray, _title, text, *_: said.append(text))
    made = Notifier(QApplication.instance())
    clicked: list[bool] = []
    made.clicked.connect(lambda: clicked.append(True))
    made.show("hymenoptera is ready")
    assert said == ["hymenoptera is ready"]
    assert made._tray is not None
    assert made._tray.isVisible()
    made._tray.messageClicked.emit()
    assert clicked == [True]
    made._gone.timeout.emit()
    assert not made._tray.isVisible()
    made.deleteLater()
