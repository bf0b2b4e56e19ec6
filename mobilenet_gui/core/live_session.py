"""Owns what a live picture's frames are turned into: one answer a frame, steady, with a heat map when wanted.

    session = LiveSession()
    generation = session.begin()               # a new source; older answers are told by their generation
    worker.submit_task("live", session.task(frame), frame.pixels, generation)      # the capture's consumer
    answer = session.take()                    # on worker.live_answered: the newest LiveAnswer, or None
    session.set_steadiness(0.4); session.set_sure_from(0.5); session.set_explain(True, index=None)

`answer` (what the task calls) runs in the network's thread, everything else may be called from any. Only the newest
answer is kept, so that frames do not pile up behind a window that is busy.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import ClassifierHead
from mobilenet_gui.core.explain import heat_map
from mobilenet_gui.core.frames_types import Frame
from mobilenet_gui.core.groups import named_group
from mobilenet_gui.core.live_helper import FrameHelper
from mobilenet_gui.core.live_stats import RateMeter, TimeWindow
from mobilenet_gui.core.placement import Placement, helpers_of_this_thread
from mobilenet_gui.core.recognizer import Recognizer, top
from mobilenet_gui.core.smoothing import DEFAULT_SECONDS, Steadier
from mobilenet_gui.core.types import CropBox, Group, Label, Likeness, Prediction, Timing

UNLIKE_FROM: Final = 1.0
"""Seconds without change after which a stranger is called one: between two things a camera sees many."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveAnswer:
    """What is known after one frame.

    Attributes:
        generation: which `begin` it belongs to.
        frame: the frame that was recognised, for a snapshot and the heat map's place.
        model_id: the bundle that answered.
        predictions: the steady top k, most probable first.
        raw: the frame's own top k.
        winner: the class that is named, None for "not sure". With its steady probability.
        steady_seconds: how long that has stood.
        group: where there is no winner, the kind that is sure all the same (`core/groups`).
        crop: what the network saw of the frame.
        timing: what this frame took.
        heat: heat map of class `heat_index`, float32, 0 to 1, shape (rows, columns); None where not wanted or possible.
        heat_index: the class explained.
        answered: `time.perf_counter()` at the end.
        likeness: how like the frame is to what the model was shown; None where the model does not know.
        unlike_seconds: how long the frames have been unlike all of that; 0 where this one is not.
    """

    generation: int
    frame: Frame
    model_id: str
    predictions: tuple[Prediction, ...]
    raw: tuple[Prediction, ...]
    winner: Prediction | None
    steady_seconds: float
    group: Group | None
    crop: CropBox
    timing: Timing
    heat: NDArray[np.float32] | None
    heat_index: int | None
    answered: float
    likeness: Likeness | None = None
    unlike_seconds: float = 0.0

    @property
    def unlike(self) -> bool:
        """The frame is unlike anything that the model was shown."""
        return self.likeness is not None and self.likeness.unlike

    @property
    def steadily_unlike(self) -> bool:
        """It has been for so long that it may be said."""
        return self.unlike and self.unlike_seconds >= UNLIKE_FROM

    @property
    def latency_ms(self) -> float:
        """Milliseconds from the frame's arrival to this answer."""
        return (self.answered - self.frame.arrived) * 1e3


@dataclass(slots=True)
class _Wishes:
    seconds: float = DEFAULT_SECONDS
    sure_from: float = 0.5
    top_k: int = 5
    explain: bool = False
    index: int | None = None
    generation: int = 0
    fresh: bool = field(default=True)


class LiveSession:
    """Turns frames into steady answers, and keeps the figures.

    Attributes:
        times: the time per frame (resizing and network) of the last thirty seconds.
        recognised: how many frames a second are recognised.
        precision: what the network counts in that answered last; empty before the first answer.
    """

    def __init__(self, *, seconds: float = DEFAULT_SECONDS, sure_from: float = 0.5, top_k: int = 5) -> None:
        self._wishes = _Wishes(seconds, sure_from, top_k)
        self._lock = threading.Lock()
        self._steadier = Steadier(seconds, sure_from)
        self._model_id = ""
        self._unlike_since: float | None = None
        self._latest: LiveAnswer | None = None
        self._helper = FrameHelper()
        self._placement = Placement()
        self._placed: tuple[Recognizer, int] | None = None
        self.times = TimeWindow()
        self.recognised = RateMeter()
        self.precision = ""

    def close(self) -> None:
        """End the helping threads; for the end of the program, after the network's thread has ended."""
        self.rest()
        self._helper.close()

    def rest(self) -> None:
        """Hear that no frames come for a while: the network's threads are the photos' now."""
        self._placement.release()

    def begin(self) -> int:
        """Start anew with another source; return the generation that its answers will have."""
        self.rest()
        with self._lock:
            self._wishes.generation += 1
            self._wishes.fresh = True
            self._latest = None
            self.times.clear()
            self.recognised.clear()
            return self._wishes.generation

    def restart_smoothing(self) -> None:
        """Forget the former frames, as after going to another place of a video; the generation stays."""
        with self._lock:
            self._wishes.fresh = True

    def set_steadiness(self, seconds: float) -> None:
        """Set the time constant; 0 switches smoothing and hysteresis off."""
        with self._lock:
            self._wishes.seconds = max(0.0, seconds)

    def set_sure_from(self, probability: float) -> None:
        """Set the probability from which a class is named."""
        with self._lock:
            self._wishes.sure_from = probability

    def set_explain(self, wanted: bool, index: int | None = None) -> None:
        """Ask for heat maps: of class `index`, or of the one that leads."""
        with self._lock:
            self._wishes.explain, self._wishes.index = wanted, index

    def task(self, frame: Frame) -> Callable[[Recognizer, ClassifierHead | None], None]:
        """Return what recognises `frame` in the network's thread and leaves the answer for `take`."""
        generation = self._wishes.generation

        def recognise(recognizer: Recognizer, head: ClassifierHead | None) -> None:
            if generation != self._wishes.generation:
                return
            answer = self.answer(recognizer, head, frame)
            with self._lock:
                if generation == self._wishes.generation:
                    self._latest = answer

        return recognise

    def take(self) -> LiveAnswer | None:
        """Return the newest answer that was not taken yet; None where there is none of the present generation."""
        with self._lock:
            answer, self._latest = self._latest, None
            return answer

    def answer(
        self, recognizer: Recognizer, head: ClassifierHead | None, frame: Frame, *, by_source_time: bool = False
    ) -> LiveAnswer:
        """Recognise one frame; in the network's thread.

        Args:
            recognizer: the network.
            head: its classifier, for the heat map; None where there is none.
            frame: the newest frame.
            by_source_time: smooth over the source's seconds instead of real ones, for a file that is not played at
                its pace. Otherwise a video that is played faster is not smoothed over more of itself.
        """
        with self._lock:
            wishes = _Wishes(**{name: getattr(self._wishes, name) for name in _Wishes.__slots__})
            self._wishes.fresh = False
        bundle = recognizer.bundle
        if wishes.fresh or bundle.id != self._model_id:
            self._steadier.reset()
            self._unlike_since = None
            self._model_id = bundle.id
        self._steadier.seconds, self._steadier.sure_from = wishes.seconds, wishes.sure_from
        explain = wishes.explain and head is not None

        self.precision = recognizer.precision
        self._place(recognizer)
        start = time.perf_counter()
        prepared = imaging.prepare(frame.pixels, bundle.preprocessing, self._helper)
        # Whoever helped with the resize has woken this thread, and Linux often moves it to the waker's processor then.
        self._placement.arrange()
        ready = time.perf_counter()
        scores, features = recognizer.probabilities(
            prepared.pixels, want_features=explain or recognizer.knows_strangers
        )
        likeness = None if features is None else recognizer.likeness(features)
        done = time.perf_counter()
        timing = Timing(prepare=(ready - start) * 1e3, network=(done - ready) * 1e3)
        now = frame.timestamp if by_source_time else frame.arrived
        steady = self._steadier.update(scores, now)
        if likeness is None or not likeness.unlike:
            self._unlike_since = None
        elif self._unlike_since is None or now < self._unlike_since:
            self._unlike_since = now
        order = top(steady.scores, wishes.top_k)
        index = _explained(wishes.index, order[0], len(steady.scores)) if explain else None
        heat = None
        if index is not None and head is not None and features is not None and features.shape[-1] == head.channels:
            heat = heat_map(features, head, index)
        winner = None
        if steady.winner is not None:
            winner = _prediction(bundle.labels[steady.winner], steady.scores[steady.winner])
        group = None
        if winner is None:
            group = named_group(bundle.kinds.groups(steady.scores), wishes.sure_from)
        end = time.perf_counter()
        self.times.add(timing.total, end)
        self.recognised.tick(end)
        return LiveAnswer(
            wishes.generation,
            frame,
            bundle.id,
            tuple(_prediction(bundle.labels[i], steady.scores[i]) for i in order),
            tuple(_prediction(bundle.labels[i], scores[i]) for i in top(scores, wishes.top_k)),
            winner,
            steady.seconds,
            group,
            prepared.crop,
            timing,
            heat,
            index if heat is not None else None,
            end,
            likeness,
            0.0 if self._unlike_since is None else now - self._unlike_since,
        )

    def _place(self, recognizer: Recognizer) -> None:
        """Have those who help with this frame run beside the calling thread, which is the network's."""
        if self._placed is None or self._placed[0] is not recognizer:
            self._placed = (recognizer, 0)
            self._placement.set_helpers(self._helper.threads)
        elif self._placed[1] == 0:
            # The network has answered once, so all its threads are there.
            self._placed = (recognizer, 1)
            self._placement.set_helpers(self._helper.threads, helpers_of_this_thread())
        self._placement.arrange()


def _explained(wanted: int | None, leading: int, classes: int) -> int:
    return wanted if wanted is not None and 0 <= wanted < classes else leading


def _prediction(label: Label, probability: np.float32) -> Prediction:
    return Prediction(label.index, label.id, label.name, float(probability), label.synonyms)
