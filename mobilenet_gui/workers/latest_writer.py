"""Owns writing the window's small files: in a thread, one after the other; of what waits only the newest is written.

Bringing bytes to a disk takes seconds while that is busy, and the window's thread has no seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from PySide6.QtCore import QObject

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.workers.executor import END_SECONDS, executor, tell, wait_for


class LatestWriter(QObject):
    """Writes one thing down, again and again. For the window's thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._next: tuple[Callable[[], object], Callable[[UserError | None], object]] | None = None
        self._thread: threading.Thread | None = None

    def write(self, work: Callable[[], object], then: Callable[[UserError | None], object]) -> None:
        """Write soon. What was asked for before and has not been begun is dropped, and nothing is heard of it.

        Args:
            work: writes; called in a thread, may raise `UserError`.
            then: called in the window's thread with that error, or None where all went well, if this still lives then.
        """
        with self._lock:
            self._next = work, then
            if self._thread is None:
                # Nothing cancels it: what the user chose is written, whatever has become of the window.
                self._thread = executor().start(self._run, "writer", owner=self, cancel=lambda: None)

    def finish(self, seconds: float = END_SECONDS) -> bool:
        """Wait so long until all is written; say whether it is. For the end of the program."""
        with self._lock:
            thread = self._thread
        return thread is None or wait_for([thread], seconds)

    def _run(self) -> None:
        while True:
            with self._lock:
                if self._next is None:
                    self._thread = None
                    return
                (work, then), self._next = self._next, None
            error: UserError | None = None
            try:
                work()
            except UserError as refused:
                error = refused
            tell(self, then, error)
