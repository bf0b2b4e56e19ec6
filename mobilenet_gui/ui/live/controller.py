"""Owns the live page without its looks: which source runs, what it shows, what was recognised in it.

Widgets tell it what the user did and hear from it what changed. Nothing here waits for anything.
"""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QObject, Signal, Slot

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.frames import open_source
from mobilenet_gui.core.frames_reader import FrameReader, Opener, ReaderState, StateChange
from mobilenet_gui.core.frames_types import Frame, SourceError, SourceInfo, SourceKind, SourceSpec
from mobilenet_gui.core.live_session import LiveAnswer, LiveSession
from mobilenet_gui.workers.capture import Capture, CaptureStats
from mobilenet_gui.workers.inference import InferenceWorker

SOURCE = "live"
"""The mailbox of the network's thread that live frames go to."""


class Phase(Enum):
    """What the page is doing."""

    IDLE = "idle"
    OPENING = "opening"
    RUNNING = "running"
    WAITING = "waiting"
    """The source is gone; it goes on by itself when it is back."""
    ENDED = "ended"
    FAILED = "failed"


_PHASES = {
    ReaderState.OPENING: Phase.OPENING,
    ReaderState.LIVE: Phase.RUNNING,
    ReaderState.WAITING: Phase.WAITING,
    ReaderState.ENDED: Phase.ENDED,
    ReaderState.FAILED: Phase.FAILED,
}


class LiveController(QObject):
    """The state of the page and what changes it."""

    changed = Signal()
    """`phase`, `info`, `error`, `frozen` or `playing` is another."""
    frame_ready = Signal(object)
    """The `Frame` to show now."""
    answered = Signal(object)
    """The newest `LiveAnswer`."""
    answer_failed = Signal()
    """`answer_error` is another: pictures cannot be recognised, and why; or they can again (None)."""
    stats_changed = Signal()
    """The figures, twice a second."""
    model_changed = Signal()
    """`bundle` or `loading` is another."""

    def __init__(
        self, inference: InferenceWorker, parent: QObject | None = None, *, opener: Opener = open_source
    ) -> None:
        super().__init__(parent)
        self.inference = inference
        self.session = LiveSession()
        self.capture = Capture(self._consume, self, opener=opener)
        self.bundle: Bundle | None = None
        self.loading: Bundle | None = None
        self.spec: SourceSpec | None = None
        self.phase = Phase.IDLE
        self.info: SourceInfo | None = None
        self.error: SourceError | None = None
        self.frozen = False
        self.frame: Frame | None = None
        self.answer: LiveAnswer | None = None
        self.answer_error: UserError | None = None
        self.stats = CaptureStats(0.0, 0, 0)
        self._generation = 0
        self._submitted = 0
        self._answers = 0
        self._explain = False
        self._held = False
        self._down = False
        self.capture.frame_ready.connect(self._take_frame)
        self.capture.state_changed.connect(self._hear_state)
        self.capture.stats_changed.connect(self._hear_stats)
        inference.live_answered.connect(self._hear_answer)
        inference.model_loading.connect(self._model_loading)
        inference.model_ready.connect(self._model_ready)
        inference.model_failed.connect(self._model_failed)

    # the source

    @property
    def is_file(self) -> bool:
        """What runs is a video file, which can be held, wound and analysed."""
        if self.info is not None:
            return self.info.kind is SourceKind.FILE
        return self.spec is not None and self.spec.kind is SourceKind.FILE

    @property
    def reader(self) -> FrameReader | None:
        """The reader, for a file's controls."""
        return self.capture.reader

    @property
    def position(self) -> float:
        """Seconds of a file that stand now; they run on while one picture stands still."""
        reader = self.reader
        if reader is None or not self.is_file:
            return 0.0 if self.frame is None else self.frame.timestamp
        return reader.position

    @property
    def playing(self) -> bool:
        """A file that runs on by itself."""
        reader = self.reader
        # While more of it is loaded it can be held as well.
        return self.phase in (Phase.RUNNING, Phase.WAITING) and reader is not None and not reader.paused

    @property
    def holding(self) -> bool:
        """The picture stands still by the user's wish."""
        return self.frozen or (self.is_file and self.phase is Phase.RUNNING and not self.playing)

    @property
    def skipped(self) -> int:
        """Frames that came in and were not recognised, because newer ones took their place."""
        waiting = 1 if self.phase is Phase.RUNNING else 0
        return max(0, self._submitted - self._answers - waiting)

    def start(self, spec: SourceSpec) -> None:
        """Show this source from now on; returns at once."""
        self.stop()
        self.spec = spec
        self._generation = self.session.begin()
        self.phase = Phase.OPENING
        self.capture.start(spec)
        self.changed.emit()

    def stop(self) -> None:
        """Let the source go."""
        self.capture.stop()
        # Answers that are still on their way belong to a generation of the past from here on.
        self._generation = self.session.begin()
        self.spec = self.info = self.error = self.frame = self.answer = None
        self._note_error(None)
        self.frozen = self._held = False
        self._submitted = self._answers = 0
        self.stats = CaptureStats(0.0, 0, 0)
        self.phase = Phase.IDLE
        self.changed.emit()

    def shut_down(self) -> None:
        """Stop everything; safe to call twice."""
        if not self._down:
            self._down = True
            self.capture.shutdown()
            # The session's helping thread works for the network's, which must have ended before.
            self.inference.stop()
            self.session.close()

    # what the user does

    def set_frozen(self, frozen: bool) -> None:
        """Hold the picture, or let it run; a file is paused or played."""
        if self.is_file:
            self.play(not frozen)
            return
        if self.phase not in (Phase.RUNNING, Phase.WAITING) or frozen == self.frozen:
            return
        self.frozen = self._held = frozen
        if frozen:
            self._recognise_held()
        self.changed.emit()

    def play(self, playing: bool) -> None:
        """Let a file run on (from its start where it has ended), or hold it."""
        reader = self.reader
        if reader is None or not self.is_file:
            return
        if playing:
            if self.phase is Phase.ENDED:
                self.session.restart_smoothing()
            reader.play()
        else:
            reader.pause()
            self.session.rest()
            self._recognise_held()
        self.changed.emit()

    def seek(self, seconds: float) -> None:
        """Go to a place in a file."""
        if self.reader is not None and self.is_file:
            self.session.restart_smoothing()
            self.reader.seek(seconds)

    def step(self, frames: int) -> None:
        """Hold a file and go so many frames on, or back."""
        if self.reader is not None and self.is_file:
            self.session.restart_smoothing()
            self.reader.step(frames)
            self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """Play a file faster or slower."""
        if self.reader is not None:
            self.reader.set_speed(speed)

    def set_explain(self, wanted: bool, index: int | None = None) -> None:
        """Ask for heat maps of class `index`, or of the one that leads; or for none."""
        self._explain = wanted
        self.session.set_explain(wanted, index)
        self._recognise_held()

    def set_steadiness(self, seconds: float) -> None:
        """Take the time constant; 0 for none."""
        self.session.set_steadiness(seconds)

    def set_sure_from(self, limit: float) -> None:
        """Take the probability from which a class is named."""
        self.session.set_sure_from(limit)
        self._recognise_held()

    def set_bundle(self, bundle: Bundle | None) -> None:
        """Learn which model answers at the moment, when the page is built after it was loaded."""
        self.bundle = bundle
        self.model_changed.emit()

    # the reader's thread

    def _consume(self, frame: Frame) -> None:
        if not self._held:
            self._submit(frame)

    def _submit(self, frame: Frame) -> None:
        self._submitted += 1
        self.inference.submit_task(SOURCE, self.session.task(frame), frame.pixels, self._generation)

    # the window's thread

    def _recognise_held(self) -> None:
        """Recognise the picture on screen once more where no newer one will come: it stands for itself."""
        standing = self.holding or self.phase is Phase.ENDED
        if standing and self.frame is not None and self.bundle is not None:
            self.session.restart_smoothing()
            self._submit(self.frame)

    @Slot()
    def _take_frame(self) -> None:
        frame = self.capture.take()
        if frame is None or self.frozen:
            return
        self.frame = frame
        if self.is_file and not self.playing and self.bundle is not None:
            # Stepped or wound to: it stands for itself, and what is still on its way must not colour it.
            self.session.restart_smoothing()
            self._submit(frame)
        self.frame_ready.emit(frame)

    @Slot(object)
    def _hear_state(self, change: StateChange) -> None:
        self.phase = _PHASES[change.state]
        self.info = change.info or self.info
        self.error = change.error
        if self.phase is Phase.FAILED:
            self.frozen = self._held = False
        elif self.phase is Phase.ENDED:
            self._recognise_held()
        self.changed.emit()

    @Slot(object)
    def _hear_stats(self, stats: CaptureStats) -> None:
        self.stats = stats
        self.stats_changed.emit()

    @Slot(str, int, object)
    def _hear_answer(self, source: str, generation: int, result: object) -> None:
        if source != SOURCE or generation != self._generation:
            return
        self._answers += 1
        if isinstance(result, UserError):
            self.answer = None
            self._note_error(result)
            return
        self._note_error(None)
        answer = self.session.take()
        if answer is not None:
            self.answer = answer
            self.answered.emit(answer)

    def _note_error(self, error: UserError | None) -> None:
        before, self.answer_error = self.answer_error, error
        if (error is None) != (before is None) or (error and before and error.reason != before.reason):
            self.answer_failed.emit()

    @Slot(object)
    def _model_loading(self, bundle: Bundle) -> None:
        self.loading = bundle
        self.model_changed.emit()

    @Slot(object, int)
    def _model_ready(self, bundle: Bundle | None, _generation: int) -> None:
        self.bundle, self.loading = bundle, None
        self._note_error(None)
        self.model_changed.emit()
        self._recognise_held()

    @Slot(object, object)
    def _model_failed(self, _bundle: Bundle, _error: UserError) -> None:
        self.loading = None
        self.model_changed.emit()
