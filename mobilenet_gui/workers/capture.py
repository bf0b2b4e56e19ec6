"""Owns the reader behind the live picture, and the list of cameras, as Qt objects; the window never waits for either.

    capture = Capture(consumer)               # consumer(frame): the network's mailbox; called in the reader's thread
    capture.frame_ready.connect(show)         # def show(): frame = capture.take() -> the newest Frame, or None
    capture.state_changed.connect(...)        # StateChange: OPENING, LIVE, WAITING, ENDED, FAILED
    capture.stats_changed.connect(...)        # CaptureStats, twice a second while running
    generation = capture.start(spec)          # also switches; returns at once
    capture.stop()                            # returns at once
    capture.shutdown()                        # at the end of the program; 300 ms at most

Nothing piles up: `frame_ready` is not sent again before the last frame was taken. All signals come in the window's
thread, and none of a source that has been left.
"""

from __future__ import annotations

import platform
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QCameraPermission, QCoreApplication, QObject, Qt, QTimer, Signal, Slot

from mobilenet_gui.core import cameras
from mobilenet_gui.core.frames import open_source
from mobilenet_gui.core.frames_reader import (
    STOP_SECONDS,
    FrameReader,
    LatestFrame,
    Opener,
    ReaderState,
    StateChange,
    drain,
)
from mobilenet_gui.core.frames_types import Counter, Frame, FrameSource, Problem, SourceError, SourceKind, SourceSpec
from mobilenet_gui.i18n import tr
from mobilenet_gui.workers.executor import Job, executor, tell

STATS_MS: Final = 500
CAMERAS_SECONDS: Final = 2.0
HANDOVER_SECONDS: Final = 4.0
"""How long a new reader waits for the one before it to let go of a camera."""

Consumer = Callable[[Frame], None]


@dataclass(frozen=True, slots=True)
class CaptureStats:
    """The figures of the source.

    Attributes:
        fps: frames a second that come in.
        frames: how many have come in since the start.
        dropped: how many of them the preview did not get to show.
    """

    fps: float
    frames: int
    dropped: int


class _Link:
    """Ties one reader to the capture, until another takes its place; then it says nothing more."""

    def __init__(self, capture: Capture, generation: int, consumer: Consumer | None) -> None:
        self._lock = threading.RLock()
        self._capture: Capture | None = capture
        self._consumer = consumer
        self.generation = generation
        self.latest = LatestFrame()

    def cut(self) -> None:
        with self._lock:
            self._capture = None
            self._consumer = None

    def frame(self, frame: Frame) -> None:
        with self._lock:
            if self._capture is None:
                return
            # The network first: the answer's delay counts, the preview's is not seen.
            if self._consumer is not None:
                self._consumer(frame)
            if self.latest.put(frame):
                tell(self._capture, self._capture._wake, self.generation)

    def state(self, change: StateChange) -> None:
        with self._lock:
            if self._capture is not None:
                tell(self._capture, self._capture._hear, self.generation, change)


class Capture(QObject):
    """Reads one source at a time. Lives in the window's thread; its reading does not."""

    frame_ready = Signal()
    """`take` has a newer frame."""
    state_changed = Signal(object)
    """A `StateChange`."""
    stats_changed = Signal(object)
    """A `CaptureStats`."""

    def __init__(
        self, consumer: Consumer | None = None, parent: QObject | None = None, *, opener: Opener = open_source
    ) -> None:
        """Make it; nothing is opened.

        Args:
            consumer: gets every frame in the reader's thread; must be quick and must not touch widgets.
            parent: as for every QObject.
            opener: opens sources; tests pass their own.
        """
        super().__init__(parent)
        self._consumer, self._opener = consumer, opener
        self._generation = 0
        self._reader: FrameReader | None = None
        self._former: FrameReader | None = None
        self._link: _Link | None = None
        self._watched: Job | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(STATS_MS)
        self._timer.timeout.connect(self._tell_stats)

    @property
    def generation(self) -> int:
        """Counts the starts; tells late answers from those of the present source."""
        return self._generation

    @property
    def running(self) -> bool:
        """A source is being opened, read or waited for."""
        return self._reader is not None

    @property
    def reader(self) -> FrameReader | None:
        """The reader, for its `pause`, `play`, `seek`, `step`, `set_speed`, `fps`; None when stopped."""
        return self._reader

    def start(self, spec: SourceSpec, *, paused: bool = False) -> int:
        """Read this source from now on instead of any other; return its generation. Returns at once."""
        self.stop()
        self._generation += 1
        self._link = _Link(self, self._generation, self._consumer)
        if spec.kind is SourceKind.CAMERA and not self._allowed(spec, paused):
            return self._generation
        self._begin(spec, paused)
        return self._generation

    def stop(self) -> None:
        """Stop reading; returns at once. A read that blocks ends by itself, see `frames_reader.lingering`."""
        self._timer.stop()
        if self._link is not None:
            self._link.cut()
            self._link = None
        if self._reader is not None:
            self._reader.stop(0.0)
            self._former, self._reader = self._reader, None
        if self._watched is not None:
            executor().release(self._watched)
            self._watched = None

    def shutdown(self, seconds: float = STOP_SECONDS) -> bool:
        """Stop and wait a moment for the threads; say whether all have ended. For the end of the program."""
        self.stop()
        return drain(seconds)

    def take(self) -> Frame | None:
        """Return the newest frame that was not taken yet; None where there is none."""
        return None if self._link is None else self._link.latest.take()

    def _begin(self, spec: SourceSpec, paused: bool) -> None:
        link, former, self._former = self._link, self._former, None
        if link is None:
            return
        opener = self._opener
        # Two cannot have one camera; the former reader may still be letting go of it.
        awaited = [former] if former is not None and spec.kind is SourceKind.CAMERA is former.spec.kind else []

        def open_after_the_former(wanted: SourceSpec, counter: Counter) -> FrameSource:
            # Taken out, not just looked at: each reader would keep the one before it, and so all there ever were.
            while awaited:
                awaited.pop().wait(HANDOVER_SECONDS)
            return opener(wanted, counter)

        reader = self._reader = FrameReader(spec, link.frame, link.state, paused=paused, opener=open_after_the_former)
        self._watched = executor().watch(self, lambda: reader.stop(0.0))
        reader.start()
        self._timer.start()

    def _allowed(self, spec: SourceSpec, paused: bool) -> bool:
        """Say whether a camera may be opened now; where the system must ask the user first, go on after that."""
        if platform.system() != "Darwin":
            return True
        application = QCoreApplication.instance()
        if application is None:
            return True
        permission = QCameraPermission()
        status = application.checkPermission(permission)
        if status is Qt.PermissionStatus.Granted:
            return True
        generation = self._generation
        if status is Qt.PermissionStatus.Undetermined:

            def answered(_: object) -> None:
                if generation != self._generation:
                    return
                if application.checkPermission(permission) is Qt.PermissionStatus.Granted:
                    self._begin(spec, paused)
                else:
                    self._refuse(spec)

            application.requestPermission(permission, self, answered)
        else:
            self._refuse(spec)
        return False

    def _refuse(self, spec: SourceSpec) -> None:
        reason = tr("The system does not allow this program to use the camera. Its privacy settings can change that.")
        error = SourceError(spec.shown, reason, Problem.REFUSED)
        change = StateChange(ReaderState.FAILED, error=error)
        generation = self._generation
        QTimer.singleShot(0, self, lambda: self._hear(generation, change))

    def _wake(self, generation: int) -> None:
        if self._link is not None and generation == self._generation:
            self.frame_ready.emit()

    def _hear(self, generation: int, change: StateChange) -> None:
        if self._link is None or generation != self._generation:
            return
        if change.state is ReaderState.FAILED:
            self._timer.stop()
        self.state_changed.emit(change)

    @Slot()
    def _tell_stats(self) -> None:
        if self._reader is not None and self._link is not None:
            stats = CaptureStats(self._reader.fps, self._reader.frames, self._link.latest.dropped)
            self.stats_changed.emit(stats)


CameraLister = Callable[[], tuple[cameras.Camera, ...]]


class CameraWatcher(QObject):
    """Keeps the list of cameras fresh while somebody looks at it, in a thread of its own."""

    changed = Signal(object)
    """A tuple of `Camera`: first soon after `start`, then whenever one is plugged in or out."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        interval: float = CAMERAS_SECONDS,
        lister: CameraLister = cameras.list_cameras,
    ) -> None:
        super().__init__(parent)
        self._interval, self._lister = interval, lister
        self._stop: threading.Event | None = None
        self._known: tuple[cameras.Camera, ...] | None = None

    @property
    def known(self) -> tuple[cameras.Camera, ...]:
        """The cameras as last seen."""
        return self._known or ()

    def start(self) -> None:
        """Look now and every two seconds."""
        if self._stop is not None:
            return
        stop = self._stop = threading.Event()
        executor().start(lambda: self._watch(stop), "camera-watcher", owner=self, cancel=stop.set)

    def stop(self) -> None:
        """Look no more; returns at once. A look that is under way ends unheard."""
        if self._stop is not None:
            self._stop.set()
            self._stop = None

    def _watch(self, stop: threading.Event) -> None:
        while not stop.is_set():
            found = self._lister()
            if not stop.is_set():
                tell(self, self._compare, stop, found)
            stop.wait(self._interval)

    def _compare(self, stop: threading.Event, found: tuple[cameras.Camera, ...]) -> None:
        if self._stop is stop and found != self._known:
            self._known = found
            self.changed.emit(found)
