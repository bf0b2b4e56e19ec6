"""Owns notices of the system, for what is worth knowing while the program is not in front.

On Linux the desktop's own `notify-send` shows them: Qt's way needs a tray, which GNOME does not have. Elsewhere Qt's
way needs an icon in the tray, which is there for as long as the notice is.
"""

from __future__ import annotations

import shutil
import sys
from typing import Final

from PySide6.QtCore import QObject, QProcess, QTimer, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from mobilenet_gui.ui.icons import app_icon

SHOWN_MS: Final = 10_000
_DESKTOP_ENTRY: Final = "org.mobilenet_gui.MobileNetGUI"


class Notifier(QObject):
    """Shows notices. Where the system has none, nothing happens.

    Attributes:
        clicked: the person clicked on one; where the system tells.
    """

    clicked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tray: QSystemTrayIcon | None = None
        self._gone = QTimer(self)
        self._gone.setSingleShot(True)
        self._gone.setInterval(2 * SHOWN_MS)
        self._gone.timeout.connect(self._hide)

    def show(self, text: str) -> None:
        """Show a sentence under the program's name."""
        command = self._command(text)
        if command and QProcess.startDetached(command[0], command[1:])[0]:
            return
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return
        if self._tray is None:
            self._tray = QSystemTrayIcon(app_icon(), self)
            self._tray.messageClicked.connect(self.clicked)
            self._tray.activated.connect(self.clicked)
        self._tray.show()
        self._tray.showMessage(QApplication.applicationDisplayName(), text, app_icon(), SHOWN_MS)
        self._gone.start()

    def _command(self, text: str) -> list[str]:
        program = shutil.which("notify-send") if sys.platform.startswith("linux") else None
        if program is None:
            return []
        hint = f"--hint=string:desktop-entry:{_DESKTOP_ENTRY}"
        name = QApplication.applicationDisplayName()
        return [program, f"--app-name={name}", f"--icon={_DESKTOP_ENTRY}", hint, "--", name, _plain(text)]

    def _hide(self) -> None:
        if self._tray is not None:
            self._tray.hide()


def _plain(text: str) -> str:
    """Return a text in which nothing is markup, which notices on Linux may hold."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
