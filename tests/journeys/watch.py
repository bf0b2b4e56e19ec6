"""Notices what a user may never see: crash reports, warnings of Qt, a window that stands still, what outlives it."""

from __future__ import annotations

import faulthandler
import gc
import os
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
import shiboken6
from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QMessageLogContext,
    QObject,
    QThread,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication

from mobilenet_gui import crash

HANG_SECONDS = 30.0
"""A window that stands still for so long does not come back: the process is ended with every stack told."""
QUIT_SECONDS = 3.0
CROWDED = 3.0
"""Programs a processor from which on a hold says little; it is a fault only where it is so many times as long."""
_SAMPLE_SECONDS = 0.05
_ARM_SECONDS = 0.25
_QUIET = (
    "This plugin does not support",  # the offscreen platform's own
    "QTest::",  # the tool's hands
    "Mouse event ",
)


@dataclass
class Fault:
    """Something that must not happen, with the last actions before it."""

    title: str
    details: str
    actions: tuple[str, ...] = ()
    count: int = 1

    @property
    def key(self) -> str:
        """What two of the same kind share: the title, and where in the program it was."""
        places = [line.strip() for line in self.details.splitlines() if line.strip().startswith("File ")]
        ours = [line.partition(", line")[0] for line in places if "mobilenet_gui" in line]
        innermost = 0 if "(most recent call first)" in self.details else -1
        return self.title.partition("@")[0] + "|" + (ours[innermost] if ours else "")


@dataclass
class Record:
    """What was noticed, from any thread."""

    recent: Callable[[], tuple[str, ...]] = tuple
    give_up: Callable[[], object] = tuple
    tell: Callable[[str], None] = print
    faults: dict[str, Fault] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def fault(self, title: str, details: str) -> None:
        """Note a fault; one that was there already is counted."""
        one = Fault(title, details, self.recent())
        known = self.faults.get(one.key)
        if known is not None:
            known.count += 1
            return
        self.faults[one.key] = one
        self.tell(f"FAULT: {title}\n{details}")

    def error(
        self, where: str, kind: type[BaseException], error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Note an exception that nobody caught."""
        text = "".join(traceback.format_exception(kind, error, at))
        self.fault(f"{where}: {kind.__name__}: {str(error)[:160]}", text)


class Hooks:
    """Hears every way in which an error can go unnoticed; stands under the program's own hooks."""

    def __init__(self, record: Record) -> None:
        self._record = record
        sys.excepthook = lambda kind, error, at: record.error("outside of the window's life", kind, error, at)
        sys.unraisablehook = self._unraisable
        threading.excepthook = self._in_thread
        qInstallMessageHandler(self._qt)
        real = crash.install

        def install(folder: Path, show: crash.Shower) -> Callable[[], None]:
            undo = real(folder, show)
            ours = sys.excepthook

            def hear(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
                record.error("crash report", kind, error, at)
                ours(kind, error, at)

            threads = threading.excepthook

            def hear_thread(args: threading.ExceptHookArgs) -> None:
                name = args.thread.name if args.thread is not None else "?"
                record.error(f"crash report of thread {name}", args.exc_type, args.exc_value, args.exc_traceback)
                # As the program's own hook would, but it is told of once.
                if args.exc_value is not None:
                    threads(args)

            sys.excepthook, threading.excepthook = hear, hear_thread
            return undo

        crash.install = install

    def _unraisable(self, args: Any) -> None:
        self._record.error(f"unraisable in {args.object!r:.80}", args.exc_type, args.exc_value, args.exc_traceback)

    def _in_thread(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread is not None else "?"
        self._record.error(f"thread {name}", args.exc_type, args.exc_value, args.exc_traceback)

    def _qt(self, kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
        said = text or ""
        if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) or said.startswith(_QUIET):
            return
        self._record.fault(f"Qt says: {said}", "".join(traceback.format_stack(limit=20)))
        if kind is QtMsgType.QtFatalMsg:
            sys.stderr.write(f"Qt fatal: {said}\n")


class HoldWatch:
    """A thread that looks whether the window's thread answers, and where it stands while it does not.

    The time for which the kernel gave that thread no processor is no hold of the program's: a test machine is shared.
    """

    def __init__(self, record: Record, limit: float) -> None:
        """Begin, in the window's thread."""
        self._record, self._limit = record, limit
        self._main = threading.get_ident()
        self._native = threading.get_native_id()
        self._beat = time.monotonic()
        self._off = True
        self._armed = 0.0
        self._stacks = tempfile.NamedTemporaryFile("w", suffix=".stacks")  # noqa: SIM115 - for the whole run
        self._stop = threading.Event()
        self.worst = 0.0
        self._timer = QTimer()
        self._timer.setInterval(10)
        self._timer.timeout.connect(self._tick)
        self._thread = threading.Thread(target=self._watch, name="journey-watch", daemon=True)
        self._thread.start()

    def on(self) -> None:
        """Watch as soon as the event loop runs."""
        self._timer.start()

    def off(self) -> None:
        """Look away: the event loop has ended."""
        self._timer.stop()
        self._off = True
        faulthandler.cancel_dump_traceback_later()

    def close(self) -> None:
        """End."""
        self.off()
        self._stop.set()
        self._thread.join()

    def _tick(self) -> None:
        self._beat = time.monotonic()
        self._off = False
        if self._beat - self._armed > _ARM_SECONDS:
            # Looks also where a thread keeps the interpreter to itself, so that the one here cannot run.
            self._armed = self._beat
            faulthandler.dump_traceback_later(self._limit + _ARM_SECONDS, file=self._stacks)

    def _queued(self) -> float:
        try:
            return int(Path(f"/proc/self/task/{self._native}/schedstat").read_text().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0

    def _watch(self) -> None:
        queued, beat, resting = self._queued(), self._beat, True
        stacks: Counter[str] = Counter()
        while not self._stop.wait(_SAMPLE_SECONDS):
            if self._off or resting:
                resting = self._off  # the first beat of a new life is none that was waited for
                beat, queued = self._beat, self._queued()
                stacks.clear()
                continue
            if self._beat != beat:
                held = self._beat - beat
                if held > min(0.3, self._limit):
                    self._judge(held, self._queued() - queued, stacks)
                beat, queued = self._beat, self._queued()
                stacks.clear()
            elif time.monotonic() - beat > 0.2:
                stacks[self.stack()] += 1
                if time.monotonic() - beat > HANG_SECONDS:
                    self._give_up(time.monotonic() - beat)

    def _judge(self, held: float, queued: float, stacks: Counter[str]) -> None:
        net = held - queued
        self.worst = max(self.worst, net)
        if net <= self._limit:
            return
        # Whoever had the interpreter may have waited for a processor instead: among many that tells nothing.
        if _crowd() > CROWDED and net <= self._limit * CROWDED:
            self._record.notes.append(f"a hold of {held:.1f} s, while {_crowd():.0f} programs wanted each processor")
            return
        text = "\n".join(f"{count} of {stacks.total()} looks:\n{stack}" for stack, count in stacks.most_common(3))
        if not stacks:
            text = "Nobody could look, for the interpreter was taken. The last look from outside of it:\n"
            text += Path(self._stacks.name).read_text(errors="replace").rpartition("Timeout (")[2]
        self._record.fault(f"the window stood still @ {held:.2f} s, of which it waited {queued:.2f} s for a processor",
                           text)  # fmt: skip

    def stack(self) -> str:
        """Return where the window's thread is now, the innermost call first.

        Never by `sys._current_frames`: who holds a frame holds its painter, and would end it later, in another thread.
        """
        parts = all_stacks().split("\n\n")
        name = f"{self._main:#018x}"
        return next((part.strip() for part in parts if name in part.partition("\n")[0]), "")

    def _give_up(self, held: float) -> None:
        self._record.fault(f"the window hangs @ for {held:.0f} s", self.stack())
        self._record.tell(all_stacks())
        self._record.give_up()
        os._exit(70)


def _crowd() -> float:
    """Return how many programs want each processor, over the last minute; 0 where the system does not say."""
    return os.getloadavg()[0] / (os.cpu_count() or 1) if hasattr(os, "getloadavg") else 0.0


def all_stacks() -> str:
    """Return where every thread is now."""
    with tempfile.TemporaryFile("w+") as out:
        faulthandler.dump_traceback(out, all_threads=True)
        out.seek(0)
        return out.read()


class Leftovers:
    """What must be gone after the program's life: threads, processes, timers, windows."""

    def __init__(self) -> None:
        """Note what is there before the program begins."""
        self._threads = set(threading.enumerate())
        self._objects = {id(o): o for o in self._qt_objects()}
        self._children = {child.pid for child in psutil.Process().children(recursive=True)}

    def judge(self, record: Record, began: float) -> float:
        """Wait for the end of what a quit at `began` (monotonic) ended; return how many seconds it took."""
        deadline = began + QUIT_SECONDS
        while (left := [*self._running(), *self._processes()]) and time.monotonic() < deadline:
            time.sleep(0.02)
        taken = time.monotonic() - began
        if left or taken > QUIT_SECONDS:
            title = f"quitting did not end @ within {QUIT_SECONDS} s: {taken:.1f} s, left: {left}"
            record.fault(title, all_stacks())
        self._judge_qt(record)
        return taken

    def _judge_qt(self, record: Record) -> None:
        gc.unfreeze()  # the program spares what lives as long as the window, which is over
        for _ in range(3):
            gc.collect()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
            QCoreApplication.processEvents()
        for one in self._qt_objects():
            if id(one) in self._objects:
                continue
            ours = one.parent() is None and isinstance(one, QTimer) and one.isSingleShot() and one.interval() <= 400
            if ours:  # the user's next stroke, which finds nobody any more
                continue
            if isinstance(one, QTimer) and one.isActive():
                record.fault(f"a timer outlived the program: {one.interval()} ms of {_owners(one)}", "")
            elif isinstance(one, QThread) and one.isRunning():
                record.fault(f"a QThread outlived the program: {_owners(one)}", "")
        for window in QApplication.topLevelWidgets():
            if window.isVisible():
                record.fault(f"a window outlived the program: {type(window).__name__}", "")

    def _running(self) -> list[threading.Thread]:
        return [one for one in threading.enumerate() if one not in self._threads and one.is_alive()]

    def _processes(self) -> list[psutil.Process]:
        found = []
        for child in psutil.Process().children(recursive=True):
            if child.pid not in self._children:
                try:
                    if child.status() != psutil.STATUS_ZOMBIE:
                        found.append(child)
                except psutil.Error:
                    continue
        return found

    @staticmethod
    def _qt_objects() -> list[QObject]:
        return [o for o in shiboken6.getAllValidWrappers() if isinstance(o, (QTimer, QThread))]


def _owners(one: QObject) -> str:
    names = [type(one).__name__]
    owner: QObject | None = one.parent()
    while owner is not None:
        names.append(type(owner).__name__)
        owner = owner.parent()
    return " in ".join(names)
