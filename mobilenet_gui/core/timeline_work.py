"""Owns the threads of a video's analysis: one that decodes, one a network that recognises, answers back in order."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core import imaging, opencv
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.core.frames import open_source
from mobilenet_gui.core.frames_types import Counter, SourceError, SourceKind, SourceSpec, is_stream_address
from mobilenet_gui.core.frames_video import VideoFile
from mobilenet_gui.core.recognizer import Recognizer
from mobilenet_gui.core.types import Pixels

_WAKE_SECONDS: Final = 0.1
_TINY: Final = 1e-6
_FLIGHT_BYTES: Final = 96 << 20
"""Frames under way take no more than this, unless a single one a core already does."""


@dataclass(slots=True)
class _Job:
    """A frame to recognise; its pixels are in OpenCV's order of colours."""

    number: int
    timestamp: float
    pixels: Pixels


class AnalysisWork:
    """The threads of one analysis: a decoder and as many recognisers as there are networks."""

    def __init__(
        self, path: str, step: float, load: Callable[[], Recognizer], jobs: int, cancel: threading.Event
    ) -> None:
        """Load the first network.

        Args:
            path: the video; also the address of one on a web server.
            step: seconds between the frames that are looked at; 0 for every frame.
            load: loads a network for one core; called once a job, the first time here, so that a model that cannot be
                used says so before threads are at work.
            jobs: networks at work at once.
            cancel: stops it when set.

        Raises:
            ModelError: the model cannot be used.
        """
        self.duration: float | None = None
        self.frame_seconds = 0.0
        self.note: SourceError | None = None
        self._path, self._step, self._cancel = path, step, cancel
        self._counter = Counter()
        self._load = load
        self._jobs_at_once = jobs
        # One lock, three conditions: nobody is woken for what does not concern them.
        self._lock = threading.Lock()
        self._room = threading.Condition(self._lock)
        self._work = threading.Condition(self._lock)
        self._answers = threading.Condition(self._lock)
        self._jobs: list[_Job] = []
        # Frames' memory that is free again: fresh memory costs as long in page faults as filling it does.
        self._spare: list[Pixels] = []
        self._done: dict[int, tuple[float, NDArray[np.float32]]] = {}
        self._wanted = 0
        self._in_flight = 0
        self._most = 2 * jobs + 2
        self._total: int | None = None
        self._error: Exception | None = None
        self._stop = False
        self._threads = [threading.Thread(target=self._guarded, args=(self._decode,), name="video-decoder")]
        for recognizer in (load(), *[None] * (jobs - 1)):
            target = (self._recognize, recognizer)
            self._threads.append(threading.Thread(target=self._guarded, args=target, name="video-recogniser"))

    def __enter__(self) -> AnalysisWork:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._counter.line.cut()  # a web server may keep the decoder waiting
        with self._lock:
            self._stop = True
            self._room.notify_all()
            self._work.notify_all()
        for thread in self._threads:
            thread.join()

    def results(self) -> Iterator[tuple[float, NDArray[np.float32]]]:
        """Yield (timestamp, scores) in the order of the video.

        Raises:
            Cancelled: the user stopped it.
            Exception: whatever ended a thread.
        """
        while True:
            with self._lock:
                # The wish to stop is an event of the caller's that wakes nobody, so it is looked at now and then.
                self._answers.wait_for(self._next_is_known, timeout=_WAKE_SECONDS)
                if self._cancel.is_set():
                    raise Cancelled
                if self._error is not None:
                    raise self._error
                if self._total is not None and self._wanted >= self._total:
                    return
                result = self._done.pop(self._wanted, None)
                if result is None:
                    continue
                self._wanted += 1
                self._in_flight -= 1
                self._room.notify()
            yield result

    def _next_is_known(self) -> bool:
        over = self._total is not None and self._wanted >= self._total
        return over or self._error is not None or self._wanted in self._done

    def _guarded(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except Exception as error:  # raised again by `results`, in the caller's thread
            with self._lock:
                self._error = self._error or error
                self._answers.notify()

    def _decode(self) -> None:
        # FFmpeg's own choice, a thread a core, costs a quarter more and gains nothing beside networks on all cores.
        threads = max(1, usable_cores() // 2)
        kind = SourceKind.STREAM if is_stream_address(self._path) else SourceKind.FILE
        source = open_source(SourceSpec(kind, self._path), self._counter, threads=threads)
        try:
            if not isinstance(source, VideoFile):
                raise TypeError(type(source))
            self.duration, self.frame_seconds = source.info.duration, source.frame_seconds
            width, height = source.info.size
            fitting = _FLIGHT_BYTES // max(1, 3 * width * height)
            self._most = max(self._jobs_at_once + 1, min(self._most, fitting))
            number = 0
            for place, pixels in self._frames(source):
                if not self._hand_in(_Job(number, place, pixels)):
                    return
                number += 1
            if number == 0:
                source.read()  # says why there is no picture
            self.duration, self.note = source.info.duration, source.shortfall()
            with self._lock:
                self._total = number
                self._work.notify_all()
                self._answers.notify()
        finally:
            source.close()

    def _frames(self, source: VideoFile) -> Iterator[tuple[float, Pixels]]:
        """Yield (place, pixels) of the frames that are on screen when it is time to look; pixels are blue first."""
        held: tuple[float, Pixels] | None = None
        due = 0.0
        while source.grab():
            here = source.position
            # Only the frame after it tells how long one was on screen.
            if held is not None and due < here - _TINY:
                yield held
                held, due = None, math.ceil(here / self._step - _TINY) * self._step
            memory = held[1] if held is not None else self._spare.pop() if self._spare else None
            pixels = source.grabbed_bgr(memory)
            if pixels is None:
                continue
            if self._step > 0:
                held = (here, pixels)
            else:
                yield here, pixels
        if held is not None and due < max(source.info.duration or 0.0, held[0] + _TINY):
            yield held

    def _hand_in(self, job: _Job) -> bool:
        with self._lock:
            self._room.wait_for(lambda: self._stop or self._in_flight < self._most)
            if self._stop:
                return False
            self._in_flight += 1
            self._jobs.append(job)
            self._work.notify()
        return True

    def _recognize(self, first: Recognizer | None) -> None:
        recognizer, module = first or self._load(), opencv.cv2()
        try:
            while (job := self._take()) is not None:
                small = imaging.prepare(job.pixels, recognizer.bundle.preprocessing).pixels
                self._spare.append(job.pixels)
                # Each colour is resized for itself, so that they can change places in the small picture.
                scores, _ = recognizer.probabilities(module.cvtColor(small, module.COLOR_BGR2RGB))
                with self._lock:
                    self._done[job.number] = (job.timestamp, scores)
                    if job.number == self._wanted:
                        self._answers.notify()
        finally:
            recognizer.close()

    def _take(self) -> _Job | None:
        """Wait for the next frame; None where there are no more."""
        with self._lock:
            self._work.wait_for(lambda: self._stop or self._jobs or self._total is not None)
            return None if self._stop or not self._jobs else self._jobs.pop(0)
