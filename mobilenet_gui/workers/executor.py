"""Owns the program's threads, and the way of their news to the window's thread.

    executor().start(work, "heat maps", owner=self, cancel=stop.set)    # work() runs in a thread of its own
    tell(self, self._hand_out, image)                                   # in that thread: called in the window's

A window that goes is no matter here: what was started for it is cancelled and ends when it can, and news for what is
gone is dropped. Nobody waits for a thread but the end of the program, for so long and no longer.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot

from mobilenet_gui.core.placement import name_this_thread

END_SECONDS: Final = 2.0
"""What the end of the program waits for its threads; each has been told to stop by then."""


@dataclass(eq=False)
class Job:
    """Something that goes on beside the window's thread.

    Attributes:
        owner: the object that it is done for.
        cancel: asks it to stop; returns at once, is called in the window's thread, and touches nothing of Qt's.
        thread: what it runs in; None where that is somebody else's.
    """

    owner: QObject
    cancel: Callable[[], object]
    thread: threading.Thread | None = None


class Executor(QObject):
    """Runs jobs. One belongs to the application; see `executor`. All but `tell` is for the window's thread."""

    _told = Signal(object, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs: set[Job] = set()
        self._owners: weakref.WeakSet[QObject] = weakref.WeakSet()
        self._told.connect(self._deliver)

    def start(
        self, work: Callable[[], object], name: str, *, owner: QObject, cancel: Callable[[], object]
    ) -> threading.Thread:
        """Run `work` in a thread of its own.

        Args:
            work: the function.
            name: of the thread.
            owner: the object that it is done for; when that is deleted, it is cancelled.
            cancel: asks it to stop; see `Job`.
        """
        job = Job(owner, cancel)

        def run() -> None:
            name_this_thread(name)
            try:
                work()
            finally:
                self._jobs.discard(job)

        # A daemon: one that hangs in the system must not keep the program from ending.
        job.thread = threading.Thread(target=run, name=name, daemon=True)
        self._add(job)
        job.thread.start()
        return job.thread

    def watch(self, owner: QObject, cancel: Callable[[], object]) -> Job:
        """Call `cancel` when `owner` is deleted or the program ends, unless it is `released` before."""
        job = Job(owner, cancel)
        self._add(job)
        return job

    def release(self, job: Job) -> None:
        """Forget what is watched."""
        self._jobs.discard(job)

    def tell(self, receiver: QObject, function: Callable[..., object], *values: object) -> None:
        """Call `function` in the window's thread, if `receiver` still lives then. For any thread."""
        try:
            self._told.emit(receiver, function, values)
        except RuntimeError:  # the application is gone
            return

    def stop(self, seconds: float = END_SECONDS) -> bool:
        """Cancel everything and wait so long for it to end; say whether it did. For the end of the program."""
        jobs = list(self._jobs)
        for job in jobs:
            job.cancel()
        return wait_for([job.thread for job in jobs if job.thread is not None], seconds)

    def _add(self, job: Job) -> None:
        self._jobs.add(job)
        if job.owner not in self._owners:
            self._owners.add(job.owner)
            job.owner.destroyed.connect(self._cancel_orphans)

    @Slot()
    def _cancel_orphans(self) -> None:
        for job in list(self._jobs):
            if not shiboken6.isValid(job.owner):
                job.cancel()
                if job.thread is None:
                    self._jobs.discard(job)

    @Slot(object, object, object)
    def _deliver(self, receiver: QObject, function: Callable[..., object], values: tuple[object, ...]) -> None:
        if shiboken6.isValid(receiver):
            function(*values)


class _Holder:
    executor: Executor | None = None


def executor() -> Executor:
    """Return the application's executor, made on first use."""
    held, app = _Holder.executor, QCoreApplication.instance()
    if held is None or not shiboken6.isValid(held) or held.parent() is not app:
        held = _Holder.executor = Executor(app)
    return held


def tell(receiver: QObject, function: Callable[..., object], *values: object) -> None:
    """Call `function` in the window's thread, if `receiver` still lives then. For threads that `executor` started."""
    if _Holder.executor is not None:
        _Holder.executor.tell(receiver, function, *values)


def wait_for(threads: list[threading.Thread], seconds: float) -> bool:
    """Wait so long for threads to end; say whether all did."""
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)
