"""Owns playing a video file: its pace, holding it, going to places, stepping. Runs in the reader's thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mobilenet_gui.core.frames_types import Frame
from mobilenet_gui.core.frames_video import VideoFile

SLOWEST, FASTEST = 0.1, 16.0
SHOWN_RATE: Final = 60.0
"""Faster than this nobody sees single frames; those in between are not even turned into pixels."""
_BEHIND: Final = 0.5
"""A machine that is so many seconds behind gives up catching up and plays on slower."""
_LEAST_RATE: Final = 10.0
"""When catching up, at least so many frames a second are shown."""

Announce = Callable[[VideoFile, bool], None]


class Playback:
    """What is wanted of a file (from any thread) and doing it (in the thread that calls `run`)."""

    def __init__(self, changed: threading.Condition, deliver: Callable[[Frame], None], *, paused: bool = False) -> None:
        """Share `changed` with the reader; `deliver` gets the frames."""
        self._changed = changed
        self._deliver = deliver
        self.paused = paused
        self.speed = 1.0
        self._seek: float | None = None
        self._steps = 0
        self._again = False
        self._closed = False
        self._first = True
        self._ended = False
        self._anchor: tuple[float, float] | None = None
        self._place = 0.0
        self._waiting_for: float | None = None
        self._shown_at = 0.0

    @property
    def position(self) -> float:
        """Seconds of the file that stand now; they run on while one picture stands still. From any thread."""
        anchor, next_place = self._anchor, self._waiting_for
        if anchor is None or next_place is None or self.paused:
            return self._place
        run = anchor[1] + (time.perf_counter() - anchor[0]) * self.speed
        return max(self._place, min(run, next_place))

    # wishes

    def play(self) -> None:
        """Let it run on, from the beginning where it has ended."""
        with self._changed:
            self.paused = False
            self._again = True
            self._changed.notify_all()

    def pause(self) -> None:
        """Hold it."""
        with self._changed:
            self._stay()
            self.paused = True
            self._changed.notify_all()

    def seek(self, seconds: float) -> None:
        """Go to a place; the last wish counts."""
        with self._changed:
            self._seek = seconds
            self._steps = 0
            self._changed.notify_all()

    def step(self, frames: int) -> None:
        """Hold it and go so many frames on or back."""
        with self._changed:
            self._stay()
            self.paused = True
            self._steps += frames
            self._changed.notify_all()

    def set_speed(self, speed: float) -> None:
        """Play it faster or slower."""
        with self._changed:
            self._stay()
            self.speed = min(FASTEST, max(SLOWEST, speed))
            self._changed.notify_all()

    def close(self) -> None:
        """End `run`; called with the condition held."""
        self._closed = True

    def _stay(self) -> None:
        """Take where it is for the place to go on from; called with the condition held."""
        self._place = self.position
        self._anchor = None

    # the reader's thread

    def run(self, video: VideoFile, announce: Announce) -> None:
        """Play until `close`; `announce` hears when the file begins to run and when its end is reached.

        Raises:
            SourceError: nothing in it can be decoded.
        """
        self._ended = False
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._has_work())
                if self._closed:
                    return
                wanted, self._seek = self._seek, None
                steps, self._steps = self._steps, 0
                if self._ended and self._again and not self.paused and wanted is None and not steps:
                    wanted = 0.0
                self._again = False
            if wanted is not None or steps:
                frame = video.seek(wanted) if wanted is not None else _stepped(video, steps)
                self._anchor = None
                if frame is not None:
                    self._first = self._ended = False
                    announce(video, False)
                    # What is gone to may lie after the picture's beginning; from there the rest of its time runs.
                    within = frame.timestamp if wanted is None else min(wanted, video.info.duration or wanted)
                    self._show(frame, max(frame.timestamp, within))
                elif wanted is None:
                    self._ended = True
                    announce(video, True)
                continue
            frame = self._next(video)
            if frame is None:
                # The last picture has its time on screen, too.
                end = max(self._place, video.info.duration or 0.0)
                if not self._wait_for(end, grabbed=False):
                    continue
                self._ended = True
                self._place, self._anchor = end, None
                announce(video, True)
                continue
            announce(video, False)
            if self._first:
                self._first = False
                self._show(frame)
            elif self._wait_for(frame.timestamp):
                self._show(replace(frame, arrived=time.perf_counter()))

    def _has_work(self) -> bool:
        if self._seek is not None or self._steps:
            return True
        if self._ended:
            return self._again and not self.paused
        return not self.paused or self._first

    def _next(self, video: VideoFile) -> Frame | None:
        """Return the next frame worth showing; None at the end."""
        if self._first:
            return video.read()
        while video.grab():
            if not self._skips(video.position):
                frame = video.grabbed()
                if frame is not None:
                    return frame
        return None

    def _skips(self, position: float) -> bool:
        """Say whether the frame at `position` comes too late, or too soon after another, to be shown."""
        if self._anchor is None:
            return False
        now, due = time.perf_counter(), self._due(position)
        late = now - due
        if late > _BEHIND:
            self._anchor = None
            return False
        if late > 1 / SHOWN_RATE and now - self._shown_at < 1 / _LEAST_RATE:
            return True
        return due - self._shown_at < 0.5 / SHOWN_RATE

    def _due(self, position: float) -> float:
        assert self._anchor is not None  # noqa: S101 - for the type checker
        start, place = self._anchor
        return start + (position - place) / self.speed

    def _wait_for(self, place: float, *, grabbed: bool = True) -> bool:
        """Wait until what stands at a place is due; say whether it is, and not overtaken by another wish.

        `grabbed`: the video is at that place already, not at the picture on screen.
        """
        with self._changed:
            self._waiting_for = place
            try:
                while not self._closed and self._seek is None:
                    if self._steps > 0:
                        self._steps -= 1
                        return True
                    if self._steps < 0:
                        self._steps -= grabbed  # back from the one on screen, not from the one that was waited for
                        return False
                    if self.paused:
                        self._changed.wait()
                        continue
                    if self._anchor is None:
                        self._anchor = (time.perf_counter(), min(self._place, place))
                    left = self._due(place) - time.perf_counter()
                    if left <= 0:
                        return True
                    self._changed.wait(left)
                return False
            finally:
                self._waiting_for = None

    def _show(self, frame: Frame, place: float | None = None) -> None:
        self._shown_at, self._place = frame.arrived, frame.timestamp if place is None else place
        self._deliver(frame)


def _stepped(video: VideoFile, steps: int) -> Frame | None:
    frame = None
    for _ in range(abs(steps)):
        frame = video.read() if steps > 0 else video.step_back()
        if frame is None:
            break
    return frame
