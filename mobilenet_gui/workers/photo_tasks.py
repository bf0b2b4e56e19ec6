"""Owns errands of pages and windows: each runs in a thread of the executor's, reports, and can be cancelled.

An errand is a plain function; what it reports and returns arrives in the window's thread, as long as who asked for it
is there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import shiboken6
from PySide6.QtCore import QObject

from mobilenet_gui.core.errors import Cancelled, UserError
from mobilenet_gui.workers.executor import executor, tell, wait_for
from mobilenet_gui.workers.inference import as_user_error

Result = TypeVar("Result")


class Errand:
    """What a running errand sees of the window: whether it is to stop, and a way to report."""

    def __init__(self, report: Callable[[object], None]) -> None:
        self.cancelled = threading.Event()
        self._report = report

    def report(self, value: object) -> None:
        """Send `value` to the window.

        Raises:
            Cancelled: nobody waits for it any more.
        """
        if self.cancelled.is_set():
            raise Cancelled
        self._report(value)


@dataclass(frozen=True, slots=True)
class _Callbacks(Generic[Result]):
    done: Callable[[Result], None]
    failed: Callable[[UserError], None]
    progress: Callable[[Any], None] | None
    receiver: QObject | None


class TaskRunner(QObject):
    """Runs errands. Callbacks are called in the window's thread, and never after `cancel` or `stop`.

    Nor are they once the runner is deleted, whose errands are cancelled with it, or the receiver of an errand.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: dict[Errand, tuple[threading.Thread, _Callbacks[Any]]] = {}

    def run(
        self,
        work: Callable[[Errand], Result],
        *,
        done: Callable[[Result], None],
        failed: Callable[[UserError], None],
        progress: Callable[[Any], None] | None = None,
        receiver: QObject | None = None,
    ) -> Errand:
        """Start `work` in a thread.

        Args:
            work: the function; it looks at `errand.cancelled` now and then, and may raise `UserError`.
            done: called with what it returns.
            failed: called with the error it raised instead.
            progress: called with each value it reports.
            receiver: who hears of it, where that may go before the runner does; by default the object whose method
                `done` is.
        """
        errand = Errand(lambda value: tell(self, self._hand_out, errand, "progress", value))
        object_of_method = getattr(done, "__self__", None)
        if receiver is None and isinstance(object_of_method, QObject):
            receiver = object_of_method
        thread = executor().start(
            lambda: self._work(errand, work), "errand", owner=self, cancel=errand.cancelled.set
        )  # fmt: skip
        self._running[errand] = (thread, _Callbacks(done, failed, progress, receiver))
        return errand

    def cancel(self, errand: Errand) -> None:
        """Ask an errand to stop; nothing more is heard of it."""
        errand.cancelled.set()

    @property
    def busy(self) -> bool:
        """Whether anything runs whose end is still waited for."""
        return any(not errand.cancelled.is_set() for errand in self._running)

    def stop(self) -> None:
        """Cancel everything; returns at once."""
        for errand in self._running:
            errand.cancelled.set()

    def wait(self, seconds: float) -> bool:
        """Wait so long for what runs to end; say whether it did. For the end of the program."""
        return wait_for([thread for thread, _ in self._running.values()], seconds)

    def _work(self, errand: Errand, work: Callable[[Errand], Any]) -> None:
        try:
            result = work(errand)
        except Cancelled:
            tell(self, self._hand_out, errand, "cancelled", None)
        except Exception as error:
            tell(self, self._hand_out, errand, "failed", as_user_error(error, ""))
        else:
            tell(self, self._hand_out, errand, "done", result)

    def _hand_out(self, errand: Errand, what: str, value: object) -> None:
        entry = self._running.get(errand)
        if entry is None:
            return
        callbacks = entry[1]
        if callbacks.receiver is not None and not shiboken6.isValid(callbacks.receiver):
            errand.cancelled.set()
        if what == "progress":
            if callbacks.progress is not None and not errand.cancelled.is_set():
                callbacks.progress(value)
            return
        del self._running[errand]
        if errand.cancelled.is_set():
            return
        if what == "done":
            callbacks.done(value)
        elif what == "failed" and isinstance(value, UserError):
            callbacks.failed(value)
