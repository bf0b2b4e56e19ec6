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
        self._shown_at = 0.0

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
            self.paused = True
            self._steps += frames
            self._changed.notify_all()

    def set_speed(self, speed: float) -> None:
        """Play it faster or slower."""
        with self._changed:
            self.speed = min(FASTEST, max(SLOWEST, speed))
            self._anchor = None
            self._changed.notify_all()

    def close(self) -> None:
        """End `run`; called with the condition held."""
        self._closed = True

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
                    self._show(frame)
                elif wanted is None:
                    self._ended = True
                    announce(video, True)
                continue
            frame = self._next(video)
            if frame is None:
                self._ended = True
                self._anchor = None
                announce(video, True)
                continue
            announce(video, False)
            self._first = False
            self._wait_and_show(frame)

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

    def _wait_and_show(self, frame: Frame) -> None:
        with self._changed:
            if self._anchor is None:
                self._anchor = (time.perf_counter(), frame.timestamp)
            while not self._closed and self._seek is None and not self.paused and self._anchor is not None:
                left = self._due(frame.timestamp) - time.perf_counter()
                if left <= 0:
                    break
                self._changed.wait(left)
            if self._closed or self._seek is not None:
                return
            if self.paused or self._anchor is None:
                self._anchor = None
        self._show(replace(frame, arrived=time.perf_counter()))

    def _show(self, frame: Frame) -> None:
        self._shown_at = frame.arrived
        self._deliver(frame)


def _stepped(video: VideoFile, steps: int) -> Frame | None:
    frame = None
    for _ in range(abs(steps)):
        frame = video.read() if steps > 0 else video.step_back()
        if frame is None:
            break
    return frame
