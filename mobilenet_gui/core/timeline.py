"""Owns what happens in a video over time: recognising every frame faster than it plays, and the labels' segments.

    timeline = analyse(path, bundle, progress=..., cancel=...)     # blocks; for a worker's thread or a command
    timeline.segments(sure_from=0.5, min_seconds=0.5)              # at once, as often as a slider moves
    timeline.at(12.3)                                              # the top k at a place

One thread decodes, one network a core recognises, answers are put back in order. What is kept of a frame is its time
and its smoothed top k, some fifty bytes; frames in flight are few whatever the length of the video. Smoothing looks to
both sides of each frame, so segments begin and end where things do. Writing files is `timeline_export`'s.
"""

from __future__ import annotations

import bisect
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core import imaging
from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.core.frames import open_source
from mobilenet_gui.core.frames_types import Counter, Frame, SourceError, SourceKind, SourceSpec
from mobilenet_gui.core.frames_video import VideoFile
from mobilenet_gui.core.recognizer import LiteRTRecognizer, Recognizer, top, usable_cores
from mobilenet_gui.core.smoothing import KEEP, LEAD, Centred
from mobilenet_gui.core.types import Label, Pixels, Prediction

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle

PROGRESS_SECONDS: Final = 0.1
_WAKE_SECONDS: Final = 0.1
_FLIGHT_BYTES: Final = 96 << 20
"""Frames under way take no more than this, unless a single one a core already does."""


@dataclass(frozen=True, slots=True)
class AnalysisProgress:
    """How far an analysis is.

    Attributes:
        position: seconds of the video that are done.
        duration: seconds of the whole video; None where it does not say.
        frames: recognised so far.
        speed: seconds of video a second.
        seconds_left: estimate; None where the duration is unknown or it has just begun.
    """

    position: float
    duration: float | None
    frames: int
    speed: float
    seconds_left: float | None

    @property
    def fraction(self) -> float | None:
        """Share that is done, 0 to 1; None where the duration is unknown."""
        return min(1.0, self.position / self.duration) if self.duration else None


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a video during which one label stands.

    Attributes:
        label: the class.
        start: seconds.
        end: seconds; where the next frame begins or the video ends.
        probability: the label's mean probability in it, 0 to 1.
    """

    label: Label
    start: float
    end: float
    probability: float

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end - self.start


class Timeline:
    """A video's answers over time. Complete and unchanging once `analyse` has returned it.

    Attributes:
        source: the video's path.
        model_id: the bundle that answered.
        labels: the bundle's.
        duration: seconds.
        note: that the video is incomplete, if it is.
        elapsed: seconds that the analysis took.
    """

    def __init__(self, source: str, model_id: str, labels: tuple[Label, ...], top_k: int = 5) -> None:
        self.source, self.model_id, self.labels = source, model_id, labels
        self.top_k = min(max(1, top_k), max(1, len(labels)))
        self.duration = 0.0
        self.note: SourceError | None = None
        self.elapsed = 0.0
        self._times = array("d")
        self._indices = array("i")
        self._scores = array("f")

    def __len__(self) -> int:
        return len(self._times)

    def append(self, timestamp: float, scores: NDArray[np.float32]) -> None:
        """Add the next frame's smoothed scores, shape (classes,)."""
        order = top(scores, self.top_k)
        self._times.append(timestamp)
        self._indices.extend(order)
        self._scores.extend(float(scores[i]) for i in order)

    @property
    def times(self) -> NDArray[np.float64]:
        """The frames' times in seconds, shape (frames,)."""
        return np.array(self._times, np.float64)

    @property
    def indices(self) -> NDArray[np.int32]:
        """The classes of each frame's top k, most probable first, shape (frames, top_k)."""
        return np.array(self._indices, np.int32).reshape(-1, self.top_k)

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """Their smoothed probabilities, shape (frames, top_k)."""
        return np.array(self._scores, np.float32).reshape(-1, self.top_k)

    def at(self, seconds: float) -> tuple[Prediction, ...]:
        """Return the top k of the frame that is shown at a time; empty where there is no frame."""
        if not self._times:
            return ()
        number = max(0, bisect.bisect_right(self._times, seconds) - 1)
        start = number * self.top_k
        found = []
        for place in range(start, start + self.top_k):
            label = self.labels[self._indices[place]]
            found.append(Prediction(label.index, label.id, label.name, self._scores[place], label.synonyms))
        return tuple(found)

    def segments(self, sure_from: float = 0.5, min_seconds: float = 0.5) -> tuple[Segment, ...]:
        """Return the stretches in which one label stands, in order; between them nothing is sure.

        Args:
            sure_from: the probability from which a label is named; once named it may sink a little below.
            min_seconds: shorter stretches are dropped, and gaps shorter than this inside one label are closed.
        """
        runs = self._runs(sure_from)
        # Drop what is too short first, so that a flicker does not split the stretch around it.
        long_enough = [run for run in runs if run.end - run.start >= min_seconds - 1e-9]
        merged: list[_Run] = []
        for run in long_enough:
            last = merged[-1] if merged else None
            if last is not None and last.index == run.index and run.start - last.end < max(min_seconds, 1e-9):
                merged[-1] = _Run(run.index, last.start, run.end, last.total + run.total, last.frames + run.frames)
            else:
                merged.append(run)
        return tuple(Segment(self.labels[r.index], r.start, r.end, r.total / r.frames) for r in merged)

    def _runs(self, sure_from: float) -> list[_Run]:
        runs: list[_Run] = []
        winner: int | None = None
        k = self.top_k
        for number, start in enumerate(self._times):
            frame = {self._indices[number * k + i]: self._scores[number * k + i] for i in range(k)}
            winner = _named(frame, self._indices[number * k], winner, sure_from)
            end = self._times[number + 1] if number + 1 < len(self._times) else max(start, self.duration)
            if winner is None:
                continue
            own = frame[winner]
            last = runs[-1] if runs else None
            if last is not None and last.index == winner and last.end == start:
                runs[-1] = _Run(winner, last.start, end, last.total + own, last.frames + 1)
            else:
                runs.append(_Run(winner, start, end, own, 1))
        return runs


@dataclass(frozen=True, slots=True)
class _Run:
    index: int
    start: float
    end: float
    total: float
    frames: int


def _named(frame: dict[int, float], best: int, winner: int | None, sure_from: float) -> int | None:
    """Return the class that is named at a frame: live hysteresis, on the top k."""
    if winner in frame and winner != best:
        if frame[best] >= sure_from and frame[best] >= frame[winner] + LEAD:
            return best
        return winner if frame[winner] >= KEEP * sure_from else None
    limit = KEEP * sure_from if winner == best else sure_from
    return best if frame[best] >= limit else None


RecognizerFactory = Callable[["Bundle"], Recognizer]


def single_core_recognizer(bundle: Bundle) -> Recognizer:
    """Load the network of `bundle` for one core; the others have frames of their own."""
    return LiteRTRecognizer(bundle, threads=1)


def analyse(
    path: str | Path,
    bundle: Bundle,
    *,
    jobs: int | None = None,
    step: float = 0.0,
    smoothing: float = 0.4,
    top_k: int = 5,
    progress: Callable[[AnalysisProgress], None] | None = None,
    cancel: threading.Event | None = None,
    make_recognizer: RecognizerFactory = single_core_recognizer,
) -> Timeline:
    """Recognise a whole video.

    Args:
        path: the video file.
        bundle: the model.
        jobs: networks at work at once; one a usable core by default.
        step: seconds between the frames that are looked at; 0 for every frame.
        smoothing: seconds to each side of a frame over which its scores are averaged; 0 for none.
        top_k: how many classes are kept a frame.
        progress: called in this thread a few times a second, and at the end.
        cancel: stops it when set.
        make_recognizer: loads a network, once a job.

    Raises:
        SourceError: the video cannot be read.
        ModelError: the model cannot be used.
        Cancelled: `cancel` was set.
    """
    begin = time.monotonic()
    timeline = Timeline(str(path), bundle.id, bundle.labels, top_k)
    # A model that cannot be used must say so before threads are at work.
    recognizers = [make_recognizer(bundle) for _ in range(jobs or usable_cores())]
    work = _Work(str(path), step, recognizers, cancel or threading.Event())
    centred = Centred(smoothing)
    meter = _Meter(progress, begin)
    with work:
        for timestamp, scores in work.results():
            for place, _, smooth in centred.add(scores, timestamp):
                timeline.append(place, smooth)
            meter.tell(timestamp, work.duration, len(timeline))
    for place, _, smooth in centred.finish():
        timeline.append(place, smooth)
    timeline.note = work.note
    times = timeline.times
    last = float(times[-1]) + work.frame_seconds if len(times) else 0.0
    # A file that breaks off lasts as long as there are frames, whatever it announces.
    timeline.duration = last if work.note is not None or work.duration is None else max(last, work.duration)
    timeline.elapsed = time.monotonic() - begin
    meter.tell(timeline.duration, timeline.duration, len(timeline), last=True)
    return timeline


@dataclass(slots=True)
class _Job:
    number: int
    timestamp: float
    pixels: Pixels


class _Work:
    """The threads of one analysis: a decoder and as many recognisers as there are networks."""

    def __init__(self, path: str, step: float, recognizers: list[Recognizer], cancel: threading.Event) -> None:
        self.duration: float | None = None
        self.frame_seconds = 0.0
        self.note: SourceError | None = None
        self._path, self._step, self._cancel = path, step, cancel
        self._recognizers = recognizers
        self._changed = threading.Condition()
        self._jobs: list[_Job] = []
        self._done: dict[int, tuple[float, NDArray[np.float32]]] = {}
        self._wanted = 0
        self._in_flight = 0
        self._most = 2 * len(recognizers) + 2
        self._total: int | None = None
        self._error: Exception | None = None
        self._stop = False
        self._threads = [threading.Thread(target=self._guarded, args=(self._decode,), name="video-decoder")]
        for recognizer in recognizers:
            target = (self._recognize, recognizer)
            self._threads.append(threading.Thread(target=self._guarded, args=target, name="video-recogniser"))

    def __enter__(self) -> _Work:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._stop = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        for recognizer in self._recognizers:
            recognizer.close()

    def results(self) -> Iterator[tuple[float, NDArray[np.float32]]]:
        """Yield (timestamp, scores) in the order of the video.

        Raises:
            Cancelled: the user stopped it.
            Exception: whatever ended a thread.
        """
        while True:
            with self._changed:
                # The wish to stop is an event of the caller's that wakes nobody, so it is looked at now and then.
                self._changed.wait_for(self._next_is_known, timeout=_WAKE_SECONDS)
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
                self._changed.notify_all()
            yield result

    def _next_is_known(self) -> bool:
        over = self._total is not None and self._wanted >= self._total
        return over or self._error is not None or self._wanted in self._done

    def _guarded(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        except Exception as error:  # raised again by `results`, in the caller's thread
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()

    def _decode(self) -> None:
        source = open_source(SourceSpec(SourceKind.FILE, self._path), Counter())
        try:
            if not isinstance(source, VideoFile):
                raise TypeError(type(source))
            self.duration, self.frame_seconds = source.info.duration, source.frame_seconds
            width, height = source.info.size
            fitting = _FLIGHT_BYTES // max(1, 3 * width * height)
            self._most = max(len(self._recognizers) + 1, min(self._most, fitting))
            number, due = 0, 0.0
            frame = source.read()
            while frame is not None and self._hand_in(_Job(number, frame.timestamp, frame.pixels)):
                number += 1
                due = max(due + self._step, frame.timestamp)
                frame = _next(source, due if self._step > 0 else None)
            self.note = source.shortfall()
            with self._changed:
                self._total = number
                self._changed.notify_all()
        finally:
            source.close()

    def _hand_in(self, job: _Job) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stop or self._in_flight < self._most)
            if self._stop:
                return False
            self._in_flight += 1
            self._jobs.append(job)
            self._changed.notify_all()
        return True

    def _recognize(self, recognizer: Recognizer) -> None:
        pre = recognizer.bundle.preprocessing
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stop or self._jobs or self._total is not None)
                if self._stop or not self._jobs:
                    return
                job = self._jobs.pop(0)
            scores, _ = recognizer.probabilities(imaging.prepare(job.pixels, pre).pixels)
            with self._changed:
                self._done[job.number] = (job.timestamp, scores)
                self._changed.notify_all()


def _next(video: VideoFile, due: float | None) -> Frame | None:
    """Return the next frame, or the first from `due` on; None at the end."""
    while video.grab():
        if due is None or video.position >= due - 1e-6:
            frame = video.grabbed()
            if frame is not None:
                return frame
    return None


class _Meter:
    """Reports progress often enough to look alive and no more."""

    def __init__(self, report: Callable[[AnalysisProgress], None] | None, begin: float) -> None:
        self._report, self._begin, self._last = report, begin, 0.0

    def tell(self, position: float, duration: float | None, frames: int, *, last: bool = False) -> None:
        now = time.monotonic()
        if self._report is None or (not last and now - self._last < PROGRESS_SECONDS):
            return
        self._last = now
        speed = position / max(now - self._begin, 1e-6)
        left = (duration - position) / speed if duration is not None and speed > 0 else None
        self._report(AnalysisProgress(position, duration, frames, speed, None if left is None else max(0.0, left)))
