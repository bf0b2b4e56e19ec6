"""Owns analysing a whole video behind the window: one thread that runs `core.timeline.analyse`, and its outcome.

analysis = VideoAnalysis()
analysis.progressed.connect(...)     # AnalysisProgress, ten times a second
analysis.succeeded / failed / cancelled / finished
analysis.start(path, bundle); analysis.cancel()
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, UserError
from mobilenet_gui.core.frames_types import Problem, SourceError
from mobilenet_gui.core.timeline import AnalysisProgress, Timeline, analyse
from mobilenet_gui.i18n import tr
from mobilenet_gui.workers.executor import executor, tell

Analyse = Callable[..., Timeline]


@dataclass(frozen=True, slots=True)
class _Outcome:
    timeline: Timeline | None = None
    error: UserError | None = None


class VideoAnalysis(QObject):
    """One analysis at a time. All signals come in the window's thread; none after `cancel` but the last two."""

    progressed = Signal(object)
    """An `AnalysisProgress`."""
    succeeded = Signal(object)
    """The `Timeline`."""
    failed = Signal(object)
    """A `UserError`."""
    cancelled = Signal()
    finished = Signal()
    """After each of the three outcomes."""

    def __init__(self, parent: QObject | None = None, *, analyse: Analyse = analyse) -> None:
        super().__init__(parent)
        self._analyse = analyse
        self._run = 0
        self._cancel: threading.Event | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """An analysis is under way."""
        return self._cancel is not None

    def start(self, path: str, bundle: Bundle, *, step: float = 0.0, smoothing: float = 0.4) -> None:
        """Analyse a video; one that is under way is cancelled without a word."""
        self._abandon()
        self._run += 1
        run, cancel = self._run, threading.Event()
        self._cancel = cancel
        former = self._thread
        settings = {"step": step, "smoothing": smoothing}

        def work() -> None:
            if former is not None:
                former.join()
            outcome = self._outcome(run, cancel, lambda **more: self._analyse(path, bundle, **settings, **more))
            if not cancel.is_set():
                tell(self, self._hear, run, outcome)

        self._thread = executor().start(work, "video-analysis", owner=self, cancel=cancel.set)

    def cancel(self) -> None:
        """Stop; `cancelled` and `finished` come at once, the threads end within a frame's time."""
        if self._cancel is not None:
            self._abandon()
            self.cancelled.emit()
            self.finished.emit()

    def shutdown(self, seconds: float = 1.0) -> bool:
        """Stop without a word and wait for the threads; say whether they have ended."""
        self._abandon()
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def _abandon(self) -> None:
        self._run += 1
        if self._cancel is not None:
            self._cancel.set()
            self._cancel = None

    def _outcome(self, run: int, cancel: threading.Event, work: Analyse) -> _Outcome:
        def report(progress: AnalysisProgress) -> None:
            if not cancel.is_set():
                tell(self, self._hear, run, progress)

        try:
            return _Outcome(timeline=work(progress=report, cancel=cancel))
        except Cancelled:
            return _Outcome()
        except UserError as error:
            return _Outcome(error=error)
        except Exception as error:  # a fault of the program's; the window must hear of the end all the same
            sys.excepthook(type(error), error, error.__traceback__)
            reason = tr("Something went wrong in the program itself. The report says more.")
            return _Outcome(error=SourceError("", reason, Problem.BUSY))

    def _hear(self, run: int, news: AnalysisProgress | _Outcome) -> None:
        if run != self._run:
            return
        if isinstance(news, AnalysisProgress):
            self.progressed.emit(news)
            return
        self._cancel = None
        if news.timeline is not None:
            self.succeeded.emit(news.timeline)
        elif news.error is not None:
            self.failed.emit(news.error)
        self.finished.emit()
