"""Owns what happens in a video over time: recognising every frame faster than it plays, and the labels' segments.

    timeline = analyse(path, bundle, progress=..., cancel=...)     # blocks; for a worker's thread or a command
    timeline.segments(sure_from=0.5, min_seconds=0.5)              # at once, as often as a slider moves
    timeline.at(12.3)                                              # the top k at a place

One thread decodes, one network a core recognises, answers are put back in order. What is kept of a frame is its time
and its smoothed top k, some seventy bytes; frames in flight are few whatever the length of the video. Smoothing looks
to both sides of each frame, so segments begin and end where things do. Writing files is `timeline_export`'s.
"""

from __future__ import annotations

import bisect
import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.addresses import shown
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.frames_types import SourceError
from mobilenet_gui.core.recognizer import LiteRTRecognizer, Recognizer, top
from mobilenet_gui.core.smoothing import KEEP, LEAD, Centred
from mobilenet_gui.core.timeline_work import AnalysisWork
from mobilenet_gui.core.types import Label, Prediction

if TYPE_CHECKING:
    from mobilenet_gui.core.bundle import Bundle

PROGRESS_SECONDS: Final = 0.1


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
        probability: the mean of its frames' own probabilities for the label, 0 to 1.
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
        source: the video's path, or its address as it may be shown.
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
        self._own = array("f")

    def __len__(self) -> int:
        return len(self._times)

    def append(self, timestamp: float, scores: NDArray[np.float32], own: NDArray[np.float32] | None = None) -> None:
        """Add the next frame's smoothed scores, shape (classes,), and its own where they differ."""
        order = top(scores, self.top_k)
        self._times.append(timestamp)
        self._indices.extend(order)
        self._scores.extend(float(scores[i]) for i in order)
        plain = scores if own is None else own
        self._own.extend(float(plain[i]) for i in order)

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
            place = self._indices.index(winner, number * k)
            own = self._own[place]
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
        path: the video file, or the address of one on a web server.
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
    # It is written into exports, which are given away.
    timeline = Timeline(shown(str(path)), bundle.id, bundle.labels, top_k)
    work = AnalysisWork(
        str(path), step, lambda: make_recognizer(bundle), jobs or usable_cores(), cancel or threading.Event()
    )
    centred = Centred(smoothing)
    meter = _Meter(progress, begin)
    with work:
        for timestamp, scores in work.results():
            for place, own, smooth in centred.add(scores, timestamp):
                timeline.append(place, smooth, own)
            meter.tell(timestamp, work.duration, len(timeline))
    for place, own, smooth in centred.finish():
        timeline.append(place, smooth, own)
    timeline.note = work.note
    times = timeline.times
    last = float(times[-1]) + work.frame_seconds if len(times) else 0.0
    # A file that breaks off lasts as long as there are frames, whatever it announces.
    timeline.duration = last if work.note is not None or work.duration is None else max(last, work.duration)
    timeline.elapsed = time.monotonic() - begin
    meter.tell(timeline.duration, timeline.duration, len(timeline), last=True)
    return timeline


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
