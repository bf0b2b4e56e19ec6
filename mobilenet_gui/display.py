"""Owns the connection to the screen, and says in words why there is none: Qt itself would abort with a core dump."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from mobilenet_gui.i18n import tr

EXIT_NO_DISPLAY: Final = 1

_CURSOR_LIBRARY: Final = "libxcb-cursor.so.0"


def problem() -> str | None:
    """Return why no window can be opened here, where the environment alone tells; None where it may work."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return None
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    return tr(
        "There is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set). "
        "Start it from a desktop, or use “mobilenet-gui classify PHOTO”."
    )


def open_application(arguments: Sequence[str]) -> QApplication:
    """Return the application, or end the process in plain words where no display answers."""
    said: list[str] = []

    def hear(kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
        said.append(text or "")
        if kind is not QtMsgType.QtFatalMsg:
            return
        _say(explain(said[:-1]))
        # Qt aborts as soon as this returns; nothing has been started that would want an orderly end.
        os._exit(EXIT_NO_DISPLAY)

    qInstallMessageHandler(hear)
    try:
        app = QApplication(list(arguments))
    finally:
        qInstallMessageHandler(None)
    if said:
        _say("\n".join(said))
    return app


def explain(said: Sequence[str]) -> str:
    """Put into words that no display could be opened; `said` is what Qt said before it gave up."""
    lines = [tr("No window can be opened here:")]
    lines += [f"    {text.strip()}" for text in said if text.strip() and not _misleads(text)]
    lines.append(tr("Start it from your desktop, or use “mobilenet-gui classify PHOTO”, which needs no display."))
    return "\n".join(lines)


def _misleads(text: str) -> bool:
    """Say whether Qt blames a missing library that is there: it does so whenever a display does not answer."""
    if "xcb-cursor" not in text:
        return False
    try:
        ctypes.CDLL(_CURSOR_LIBRARY)
    except OSError:
        return False
    return True


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # stderr may be closed, full, or not there
        print(text, file=sys.stderr, flush=True)  # noqa: T201
