"""Qt hygiene: a test that leaves a window, a running timer or a running thread behind fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TypeVar

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication

_Kind = TypeVar("_Kind", bound=QObject)


def _described(timer: QTimer) -> str:
    """Say whose timer it is: the object's address alone finds nobody."""
    owners: list[str] = []
    owner: QObject | None = timer.parent()
    while owner is not None:
        owners.append(type(owner).__name__)
        owner = owner.parent()
    return f"{timer.interval()} ms of {' in '.join(owners) or 'nobody'}"


def _alive(kind: type[_Kind]) -> list[_Kind]:
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
    timers = [o for o in _alive(QTimer) if id(o) not in before and o.isActive()]
    threads = [o for o in _alive(QThread) if id(o) not in before and o.isRunning()]
    windows = [w for w in QApplication.topLevelWidgets() if id(w) not in windows_before and w.isVisible()]
    assert not timers, f"timers left running: {[_described(timer) for timer in timers]}"
    assert not threads, f"threads left running: {threads}"
    assert not windows, f"windows left open: {windows}"


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that the window's thread has waited for since the test began."""
    waited: list[str] = []
    join = threading.Thread.join

    def noted(self: threading.Thread, timeout: float | None = None) -> None:
        if threading.current_thread() is threading.main_thread() and timeout != 0:
            waited.append(self.name)
        join(self, timeout)

    monkeypatch.setattr(threading.Thread, "join", noted)
    return waited
