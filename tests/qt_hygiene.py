"""Qt hygiene: a test that leaves a window, a running timer or a running thread behind fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QThread, QTimer
from PySide6.QtWidgets import QApplication


def _alive(kind: type) -> list[object]:
    return [o for o in shiboken6.getAllValidWrappers() if isinstance(o, kind)]


@pytest.fixture(autouse=True)
def no_leaked_qt_objects(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compare what is alive before and after; pytest-qt has closed the widgets it knows by then."""
    if "qapp" not in request.fixturenames and "qtbot" not in request.fixturenames:
        yield
        return
    before = {id(o) for kind in (QTimer, QThread) for o in _alive(kind)}
    windows_before = {id(w) for w in QApplication.topLevelWidgets()}
    yield
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QCoreApplication.processEvents()
    timers = [o for o in _alive(QTimer) if id(o) not in before and o.isActive()]  # type: ignore[attr-defined]
    threads = [o for o in _alive(QThread) if id(o) not in before and o.isRunning()]  # type: ignore[attr-defined]
    windows = [w for w in QApplication.topLevelWidgets() if id(w) not in windows_before and w.isVisible()]
    assert not timers, f"timers left running: {timers}"
    assert not threads, f"threads left running: {threads}"
    assert not windows, f"windows left open: {windows}"
