"""Owns longer errands of the photos page: each runs in a thread of its own, reports, and can be cancelled.

An errand is a plain function; what it reports and returns arrives in the window's thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from mobilenet_gui.core.errors import Cancelled, UserError
from mobilenet_gui.workers.inference import as_user_error

Result = TypeVar("Result")
STOP_SECONDS = 1.0


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


class TaskRunner(QObject):
    """Runs errands. Callbacks are called in the thread that the runner lives in, never after `cancel` or `stop`."""

    _happened = Signal(object, str, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: dict[Errand, tuple[threading.Thread, _Callbacks[Any]]] = {}
        self._happened.connect(self._hand_out)

    def run(
        self,
        work: Callable[[Errand], Result],
        *,
        done: Callable[[Result], None],
        failed: Callable[[UserError], None],
        progress: Callable[[Any], None] | None = None,
    ) -> Errand:
        """Start `work` in a thread.

        Args:
            work: the function; it looks at `errand.cancelled` now and then, and may raise `UserError`.
            done: called with what it returns.
            failed: called with the error it raised instead.
            progress: called with each value it reports.
        """
        errand = Errand(lambda value: self._happened.emit(errand, "progress", value))
        thread = threading.Thread(target=self._work, name="photo-errand", args=(errand, work))
        self._running[errand] = (thread, _Callbacks(done, failed, progress))
        thread.start()
        return errand

    def cancel(self, errand: Errand) -> None:
        """Ask an errand to stop; nothing more is heard of it."""
        errand.cancelled.set()

    @property
    def busy(self) -> bool:
        """Whether anything runs whose end is still waited for."""
        return any(not errand.cancelled.is_set() for errand in self._running)

    def stop(self) -> bool:
        """Cancel everything; say whether all ended within a second."""
        for errand in self._running:
            errand.cancelled.set()
        deadline = time.monotonic() + STOP_SECONDS
        threads = [thread for thread, _ in self._running.values()]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _work(self, errand: Errand, work: Callable[[Errand], Any]) -> None:
        try:
            result = work(errand)
        except Cancelled:
            self._happened.emit(errand, "cancelled", None)
        except Exception as error:
            self._happened.emit(errand, "failed", as_user_error(error, ""))
        else:
            self._happened.emit(errand, "done", result)

    @Slot(object, str, object)
    def _hand_out(self, errand: Errand, what: str, value: object) -> None:
        entry = self._running.get(errand)
        if entry is None:
            return
        callbacks = entry[1]
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
