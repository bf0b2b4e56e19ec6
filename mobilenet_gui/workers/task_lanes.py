"""Owns the threads that model tasks run in: so many of each kind at once, the rest in a queue."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QObject, Signal

from mobilenet_gui.core.errors import Cancelled, ModelError, UserError
from mobilenet_gui.i18n import tr
from mobilenet_gui.workers.executor import executor, tell, wait_for
from mobilenet_gui.workers.model_state import Kind, TaskState

STOP_SECONDS: Final = 4.0


@dataclass(eq=False)
class Task:
    """A task's inside. Its state is the main thread's; `cancel` and what `work` is given are shared with its thread.

    Attributes:
        state: how far it is.
        work: what it does, in its thread; raises `UserError`, or `Cancelled` soon after `cancel` was set.
        cancel: set to stop it.
        keep_partial: it was stopped to be gone on with.
    """

    state: TaskState
    work: Callable[[Task], Any]
    cancel: threading.Event = field(default_factory=threading.Event)
    keep_partial: bool = False
    thread: threading.Thread | None = None


class TaskLanes(QObject):
    """Runs tasks. What happens arrives in the thread that made it.

    Attributes:
        happened: a task, what (progressed, returned, failed or cancelled), and the value that goes with it.
    """

    happened = Signal(object, str, object)

    def __init__(self, widths: Mapping[Kind, int], parent: QObject | None = None) -> None:
        """Run so many tasks of each kind at once."""
        super().__init__(parent)
        self._widths = widths
        self._queue: list[Task] = []
        self._running: list[Task] = []

    def add(self, task: Task) -> None:
        """Start a task as soon as its lane is free."""
        self._queue.append(task)
        self.drain()

    def take_back(self, task: Task) -> bool:
        """Take a task out of the queue; say whether it was still there."""
        if task not in self._queue:
            return False
        self._queue.remove(task)
        return True

    def queued(self) -> list[Task]:
        """Return what waits."""
        return list(self._queue)

    def is_running(self, task: Task) -> bool:
        """Say whether a task is in its thread, or its end has not been heard yet."""
        return task in self._running

    def ended(self, task: Task) -> None:
        """Note that a task's end was heard; the next one may start."""
        if task in self._running:
            self._running.remove(task)

    def tell(self, task: Task, what: str, value: object) -> None:
        """Send what happened to the window's thread; called in the task's own."""
        tell(self, self.happened.emit, task, what, value)

    def stop(self) -> bool:
        """Empty the queue and stop what runs, to be gone on with; say whether all ended in time."""
        self._queue.clear()
        for task in self._running:
            task.keep_partial = True
            task.cancel.set()
        return wait_for([task.thread for task in self._running if task.thread is not None], STOP_SECONDS)

    def drain(self) -> None:
        """Start what may start."""
        for task in list(self._queue):
            kind = task.state.kind
            if sum(other.state.kind == kind for other in self._running) < self._widths[kind]:
                self._queue.remove(task)
                self._running.append(task)
                task.thread = executor().start(
                    partial(self._run, task), f"model-{kind}", owner=self, cancel=task.cancel.set
                )

    def _run(self, task: Task) -> None:
        try:
            result = task.work(task)
        except Cancelled:
            self.tell(task, "cancelled", None)
        except UserError as error:
            self.tell(task, "failed", error)
        except Exception as error:
            # Not foreseen: the crash report shows it, and the row says that something went wrong.
            sys.excepthook(type(error), error, error.__traceback__)
            reason = tr("Something went wrong in the program itself. The report says more.")
            self.tell(task, "failed", ModelError(task.state.id, reason))
        else:
            self.tell(task, "returned", result)
