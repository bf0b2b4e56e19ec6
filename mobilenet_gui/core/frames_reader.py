"""Owns the thread that reads a source: its states, its patience, and that stopping never waits for a read.

    reader = FrameReader(spec, on_frame, on_state)
    reader.start()
    reader.pause(); reader.play(); reader.seek(12.5); reader.step(-1); reader.set_speed(2)   # files; no-ops when live
    reader.stop()                                                                            # within 300 ms

Both callbacks are called in the reader's thread and must be quick. Nothing queues: `on_frame` is called once a frame,
and `LatestFrame` is where those who are slower pick up the newest one.

A read that blocks cannot be broken off safely (OpenCV crashes when a capture is released under a running read). `stop`
therefore leaves such a thread behind; it closes its source as soon as the read gives up, a few seconds at most.
`lingering` tells how many there are and `drain` waits for them; Python itself does so before the process ends.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from mobilenet_gui.core.frames import open_source
from mobilenet_gui.core.frames_playback import Playback
from mobilenet_gui.core.frames_types import (
    Counter,
    Frame,
    FrameSource,
    Problem,
    SourceError,
    SourceInfo,
    SourceKind,
    SourceSpec,
)
from mobilenet_gui.core.frames_video import VideoFile
from mobilenet_gui.core.live_stats import RateMeter
from mobilenet_gui.i18n import tr

STOP_SECONDS: Final = 0.25
RETRY_SECONDS: Final = 0.5
LONGEST_RETRY_SECONDS: Final = 3.0
PATIENT_SECONDS: Final = 5.0
"""How long a connection that went silent is kept before it is made anew."""


class ReaderState(Enum):
    """Where a reader is. `LIVE` begins with the first frame; `FAILED` and a stream's `ENDED` are final."""

    OPENING = "opening"
    LIVE = "live"
    WAITING = "waiting"
    """It worked and is gone; it is tried again until it is back."""
    ENDED = "ended"
    """The end of a file, which can be played again, or of a stream."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StateChange:
    """A reader's new state.

    Attributes:
        state: the state.
        info: what is being read; None before it is open.
        error: why it waits or failed; at the end of a file, that the file is incomplete, if it is.
    """

    state: ReaderState
    info: SourceInfo | None = None
    error: SourceError | None = None


Opener = Callable[[SourceSpec, Counter], FrameSource]
_left_behind: set[threading.Thread] = set()
_left_lock = threading.Lock()


class FrameReader:
    """Reads one source in a thread of its own. Every method may be called from any thread."""

    def __init__(
        self,
        spec: SourceSpec,
        on_frame: Callable[[Frame], None],
        on_state: Callable[[StateChange], None],
        *,
        patience: float | None = None,
        resume_ended: bool = True,
        paused: bool = False,
        opener: Opener = open_source,
    ) -> None:
        """Prepare; `start` opens the source.

        Args:
            spec: what to read.
            on_frame: gets every frame, in the reader's thread.
            on_state: gets every change of state, in the reader's thread.
            patience: seconds to wait for a source that went away until it counts as failed; None for ever.
            resume_ended: wait for a stream that ended properly to come back, too.
            paused: show a file's first frame and stop there.
            opener: opens the source; tests pass their own.
        """
        self.spec = spec
        self._on_frame, self._on_state = on_frame, on_state
        self._patience, self._resume_ended, self._opener = patience, resume_ended, opener
        self._counter = Counter()
        self._counter.line.on_wait = self._hear_wait
        self._changed = threading.Condition()
        self._stopping = False
        self._source: FrameSource | None = None
        self._state: StateChange | None = None
        self._telling = threading.RLock()
        self._rate = RateMeter()
        self._playback = Playback(self._changed, self._deliver, paused=paused)
        self._thread = threading.Thread(target=self._run, name="frame-reader")

    @property
    def state(self) -> StateChange:
        """The state now."""
        return self._state or StateChange(ReaderState.OPENING)

    @property
    def fps(self) -> float:
        """Frames a second that come in now."""
        return self._rate.per_second()

    @property
    def frames(self) -> int:
        """How many frames have come in."""
        return self._counter.count

    @property
    def position(self) -> float:
        """Seconds of a file that stand now; they run on while one picture stands still."""
        return self._playback.position

    @property
    def paused(self) -> bool:
        """A file that is held."""
        return self._playback.paused

    @property
    def speed(self) -> float:
        """How fast a file is played; 1 is its own pace."""
        return self._playback.speed

    def start(self) -> None:
        """Open the source and read."""
        self._thread.start()

    def stop(self, seconds: float = STOP_SECONDS) -> bool:
        """End the reading; say whether the thread has ended within `seconds`. No frame is handed out afterwards.

        One that has not is left behind and ends as soon as its read gives up; see `lingering`.
        """
        with self._changed:
            self._stopping = True
            self._playback.close()
            source = self._source
            self._changed.notify_all()
        self._counter.line.cut()
        if source is not None:
            source.interrupt()
        if self._thread.ident is None or self._thread is threading.current_thread():
            return True
        self._thread.join(max(0.0, seconds))
        with _left_lock:
            _left_behind.difference_update([thread for thread in _left_behind if not thread.is_alive()])
            if self._thread.is_alive():
                _left_behind.add(self._thread)
                return False
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until the thread has ended, at most so long; say whether it has."""
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(seconds)
        return not self._thread.is_alive()

    def play(self) -> None:
        """Let a file run on; from its beginning where it has ended."""
        self._playback.play()

    def pause(self) -> None:
        """Hold a file at the present frame."""
        self._playback.pause()

    def seek(self, seconds: float) -> None:
        """Go to a place in a file and show its frame; of several wishes in a row the last one counts."""
        self._playback.seek(seconds)

    def step(self, frames: int) -> None:
        """Hold a file and go so many frames on, or back where negative."""
        self._playback.step(frames)

    def set_speed(self, speed: float) -> None:
        """Play a file faster or slower; 1 is its own pace, from 0.1 to 16."""
        self._playback.set_speed(speed)

    # the thread

    def _run(self) -> None:
        try:
            self._read_until_over()
        except Exception as error:  # a fault of the program's; the window must hear of the end all the same
            sys.excepthook(type(error), error, error.__traceback__)
            reason = tr("Something went wrong in the program itself. The report says more.")
            self._announce(ReaderState.FAILED, error=SourceError(self.spec.shown, reason, Problem.BUSY))
        finally:
            with _left_lock:
                _left_behind.discard(threading.current_thread())

    def _read_until_over(self) -> None:
        lost_at: float | None = None
        lost: SourceError | None = None
        pause = RETRY_SECONDS
        self._announce(ReaderState.OPENING)
        spec = self.spec
        while not self._stopping:
            before = self._counter.count
            try:
                self._read_once(spec)
                return
            except SourceError as error:
                if self._counter.count > before or lost is None:
                    lost, lost_at, pause = error, time.monotonic(), RETRY_SECONDS
                if not self._worth_waiting(error, lost_at):
                    return
            info = self.state.info
            if info is not None and info.kind is SourceKind.CAMERA:
                # Plugged in again, a camera may have another number; its name stays.
                spec = SourceSpec(SourceKind.CAMERA, info.name, self.spec.size)
            self._announce(ReaderState.WAITING, info, lost)
            with self._changed:
                self._changed.wait_for(lambda: self._stopping, timeout=pause)
            pause = min(LONGEST_RETRY_SECONDS, pause * 1.5)

    def _worth_waiting(self, error: SourceError, since: float | None) -> bool:
        """Say whether the source may come back; announce the end where not."""
        info = self.state.info
        if self._counter.count == 0 or (info is not None and not info.live):
            self._announce(ReaderState.FAILED, info, error)
            return False
        if error.problem is Problem.ENDED and not self._resume_ended:
            self._announce(ReaderState.ENDED, info, error)
            return False
        if self._patience is not None and since is not None and time.monotonic() - since >= self._patience:
            self._announce(ReaderState.FAILED, info, error)
            return False
        return True

    def _read_once(self, spec: SourceSpec) -> None:
        """Open the source and read it until the reader is stopped or, of a file, nobody wants more."""
        source = self._opener(spec, self._counter)
        try:
            with self._changed:
                self._source = source
            if isinstance(source, VideoFile):
                self._playback.run(source, self._file_state)
            else:
                self._read_live(source)
        finally:
            with self._changed:
                self._source = None
            source.close()

    def _hear_wait(self, error: SourceError) -> None:
        """Hear, in any thread, that a read or an opening waits: nothing comes, and it goes on by itself."""
        with self._telling:
            state = self.state
            if state.state in (ReaderState.OPENING, ReaderState.LIVE, ReaderState.WAITING):
                self._announce(ReaderState.WAITING, state.info, error)

    def _file_state(self, video: VideoFile, ended: bool) -> None:
        if ended:
            self._announce(ReaderState.ENDED, video.info, video.shortfall())
        else:
            self._announce(ReaderState.LIVE, video.info)

    def _read_live(self, source: FrameSource) -> None:
        silent_since: float | None = None
        while not self._stopping:
            try:
                frame = source.read()
            except SourceError as error:
                now = time.monotonic()
                silent_since = silent_since or now
                patient = getattr(source, "patient", False) and error.problem is Problem.STALLED
                if self._stopping or not patient or now - silent_since > PATIENT_SECONDS:
                    raise
                if self._patience is not None and now - silent_since > self._patience:
                    raise
                self._announce(ReaderState.WAITING, source.info, error)
                continue
            if frame is None:
                return
            silent_since = None
            self._announce(ReaderState.LIVE, source.info)
            self._deliver(frame)

    def _deliver(self, frame: Frame) -> None:
        self._rate.tick(frame.arrived)
        if not self._stopping:
            self._on_frame(frame)

    def _announce(self, state: ReaderState, info: SourceInfo | None = None, error: SourceError | None = None) -> None:
        with self._telling:
            known, change = self._state, StateChange(state, info, error)
            same = known is not None and known.state is state and known.info == info and known.error is error
            if self._stopping or same:
                return
            self._state = change
            self._on_state(change)


def lingering() -> int:
    """Return how many readers' threads still wait for a read to give up after their `stop`."""
    with _left_lock:
        return sum(thread.is_alive() for thread in _left_behind)


def drain(seconds: float) -> bool:
    """Wait until no thread lingers, at most so long; say whether that is so."""
    deadline = time.monotonic() + seconds
    with _left_lock:
        threads = list(_left_behind)
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return lingering() == 0


class LatestFrame:
    """A place for one frame: the newest. Putting never waits; what was not taken is forgotten and counted."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._closed = False
        self.dropped = 0

    def put(self, frame: Frame) -> bool:
        """Leave a frame; say whether the place was empty, so that somebody must be told."""
        with self._changed:
            was_empty = self._frame is None
            if not was_empty:
                self.dropped += 1
            self._frame = frame
            self._changed.notify_all()
            return was_empty

    def take(self) -> Frame | None:
        """Return the frame and empty the place; None where there is none."""
        with self._changed:
            frame, self._frame = self._frame, None
            return frame

    def wait(self, seconds: float | None = None) -> Frame | None:
        """Wait for a frame and take it; None where none came in time, or after `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._frame is not None or self._closed, timeout=seconds)
            frame, self._frame = self._frame, None
            return frame

    def close(self) -> None:
        """End every wait; a frame that is there can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """`close` was called."""
        return self._closed
