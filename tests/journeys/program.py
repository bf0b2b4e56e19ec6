"""Starts the whole program in a test, as often as the test likes, and follows a story in it.

A story is a generator over the window: it acts, and yields what it waits for. When it ends the program is quit. A crash
report, an end that takes too long, or something that runs on afterwards fails the test.
"""

from __future__ import annotations

import gc
import os
import threading
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from mobilenet_gui import app, crash, display
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.ui.main_window import MainWindow
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from tests.journeys import hands

Story = Generator[Callable[[], object], None, None]
PATIENCE_SECONDS = 120.0
QUIT_SECONDS = 20.0 if os.environ.get("CI") else 3.0


class Program:
    """The program, life after life."""

    def __init__(self, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app = qapp
        self.reports: list[str] = []
        monkeypatch.setattr(display, "open_application", lambda _arguments: qapp)
        real = crash.install

        def install(folder: Path, show: crash.Shower) -> Callable[[], None]:
            def note(summary: str, report: str) -> None:
                self.reports.append(report)
                show(summary, report)

            return real(folder, note)

        monkeypatch.setattr(crash, "install", install)

    def live(self, story: Callable[[MainWindow], Story], *given: Path) -> None:
        """Start the program with files, follow the story, quit."""
        # What earlier tests of this process left, multiprocessing's resource tracker among it, is not the program's.
        before = set(threading.enumerate()), set(psutil.Process().children())
        told = _Telling(story, self.reports)
        QTimer.singleShot(0, told.begin)
        code = app.run([str(path) for path in given], trace=StartupTrace(False), new_window=True)
        told.over()
        assert not self.reports, "\n\n".join(self.reports)
        if told.error is not None:
            raise told.error
        assert code == 0
        deadline = told.left_at + QUIT_SECONDS
        while (left := _left(*before)) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not left, f"running after the program ended: {left}"
        assert time.monotonic() < deadline, f"quitting took {time.monotonic() - told.left_at:.1f} s"
        # Half of it would not be collected, since the program exempts what lives as long as its window.
        gc.unfreeze()


class _Telling:
    """Takes a story on, a step each time that what it waits for has come."""

    def __init__(self, story: Callable[[MainWindow], Story], reports: list[str]) -> None:
        self._make, self._reports = story, reports
        self._wish: Callable[[], object] = lambda: True
        self._since = time.monotonic()
        self._timer = QTimer()
        self._timer.setInterval(15)
        self._timer.timeout.connect(self._step)
        self._steps: Story | None = None
        self.error: BaseException | None = None
        self.left_at = 0.0

    def begin(self) -> None:
        self._steps = self._make(window())
        self._timer.start()

    def over(self) -> None:
        self._timer.stop()
        self.left_at = self.left_at or time.monotonic()

    def _step(self) -> None:
        assert self._steps is not None
        self._timer.stop()  # a dialog's own loop would come here again
        try:
            assert not self._reports, "the program reports a crash"
            if not self._wish():
                if time.monotonic() - self._since > PATIENCE_SECONDS:
                    where = "".join(_places(self._steps))
                    raise AssertionError(f"waited in vain at\n{where}")
                self._timer.start()
                return
            self._wish, self._since = next(self._steps), time.monotonic()
            self._timer.start()
        except StopIteration:
            self._leave()
        except BaseException as error:
            self.error = error
            self._leave()

    def _leave(self) -> None:
        self.left_at = time.monotonic()
        for one in QApplication.topLevelWidgets():
            if isinstance(one, MainWindow) and one.isVisible():
                one.close()
        asked = QApplication.activeModalWidget()
        if asked is not None and (question := hands.find("Quit", asked)) is not None:
            self.left_at = time.monotonic()
            hands.click(question.window, question.at)
        if self.error is not None:
            QTimer.singleShot(2000, QApplication.exit)


def _places(story: object) -> list[str]:
    """Return where a story waits, and where each of those that it is made of does."""
    places: list[str] = []
    while (frame := getattr(story, "gi_frame", None)) is not None:
        places += traceback.format_stack(frame, 1)
        story = getattr(story, "gi_yieldfrom", None)
    return places


def _left(threads: set[threading.Thread], children: set[psutil.Process]) -> list[str]:
    """Return what runs that did not run before: threads, and processes that were started."""
    names = [one.name for one in threading.enumerate() if one not in threads and one.is_alive()]
    started = [child for child in psutil.Process().children() if child not in children]
    return names + [f"process {child.pid}" for child in started if child.is_running() and child.status() != "zombie"]


def window() -> MainWindow:
    """Return the program's window."""
    for one in QApplication.topLevelWidgets():
        if isinstance(one, MainWindow) and one.isVisible():
            return one
    raise AssertionError("the program's window is not there")


def wizard() -> WizardDialog | None:
    """Return the wizard that is open, if one is."""
    found = [one for one in QApplication.topLevelWidgets() if isinstance(one, WizardDialog) and one.isVisible()]
    return found[-1] if found else None


def shown(name: str) -> QWidget | None:
    """Return the window of a class of that name, if one is shown."""
    found = [one for one in QApplication.topLevelWidgets() if type(one).__name__ == name and one.isVisible()]
    return found[-1] if found else None


def press(words: str, within: QWidget | None = None) -> Story:
    """Press the control whose words begin so, as soon as it can be pressed."""
    yield lambda: hands.find(words, within, QAbstractButton)
    target = hands.find(words, within, QAbstractButton)
    assert target is not None
    hands.click(target.window, target.at)


def press_until(words: str, within: QWidget, reached: Callable[[], bool]) -> Story:
    """Press the control whose words begin so, and again after a while where it was not heard, as a person would.

    A button that is pressed in the very moment in which its page changes, or its words, does nothing.
    """
    while not reached():
        yield lambda: reached() or hands.find(words, within, QAbstractButton)
        target = hands.find(words, within, QAbstractButton)
        if not reached() and target is not None:
            hands.click(target.window, target.at)
        again = time.monotonic() + 3
        yield lambda: reached() or time.monotonic() > again  # noqa: B023 - waited for before it changes


def drop(on: QWidget, *places: Path) -> None:
    """Drop files and folders on the middle of a window."""
    mime = hands.mime_of(list(places))
    assert hands.drop(on, QPoint(on.width() // 2, on.height() // 2), mime), f"{places} were not taken"
