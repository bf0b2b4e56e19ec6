"""Owns the network's thread and the threads that decode photos for it; the window only leaves requests here.

The window's thread never waits: requests go to a board, answers come back as batched signals a few times in a
hundredth of a second at most, whatever the network's pace. Loading another model happens in the network's thread
as well, and the old one answers until the new one has proved that it opens.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage

from mobilenet_gui.core import trial
from mobilenet_gui.core.bundle import Bundle, ClassifierHead
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.errors import ModelError, PhotoError, UserError
from mobilenet_gui.core.placement import name_this_thread
from mobilenet_gui.core.types import Pixels, Recognition
from mobilenet_gui.i18n import tr
from mobilenet_gui.workers.photo_image import make_thumbnail
from mobilenet_gui.workers.photo_queue import Frame, LiveTask, Ready, Request, RequestBoard, Ticket
from mobilenet_gui.workers.photo_threads import share_interpreter, stand_back

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_gui.core.recognizer import Recognizer

DELIVERY_MS = 30
"""The window hears of background answers at most this often."""
DELIVERY_EVENTS = 64
"""And of at most so many at once, so that a backlog is worked off without a hold."""
STOP_SECONDS = 1.0
MAX_DECODERS = 4
AHEAD_PER_DECODER = 2


@dataclass(frozen=True, slots=True)
class Started:
    """A photo is being worked on."""

    key: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A photo was decoded: its size in pixels, and a small picture where one was asked for."""

    key: int
    size: tuple[int, int]
    thumbnail: QImage | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a photo: a recognition or an error, one of the two, by the model of `generation`."""

    key: int
    generation: int
    recognition: Recognition | None = None
    error: UserError | None = None


@dataclass(slots=True)
class Delivery:
    """Everything that happened since the last one, in order within each list."""

    started: list[int] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


RecognizerFactory: TypeAlias = "Callable[[Bundle, int | None], Recognizer]"


class InferenceWorker(QObject):
    """The recogniser behind the window. Lives in the window's thread; its work does not.

    All signals are emitted in the window's thread, in the order in which things happened.
    """

    delivered = Signal(object)
    """A `Delivery`."""
    model_loading = Signal(object)
    """The `Bundle` that is being opened."""
    model_ready = Signal(object, int)
    """The `Bundle` that answers from now on (None: there is no model) and its generation."""
    model_failed = Signal(object, object)
    """The `Bundle` that could not be opened and the `UserError`; the former model goes on."""
    live_answered = Signal(str, int, object)
    """Source, the frame's generation, and a `Recognition` (or the task's result) or `UserError`."""
    explained = Signal(int, int, object)
    """Key, label index, and the heat map (float32, 0 to 1, shape (rows, columns)) or None where there is none."""

    _woken = Signal(bool)

    def __init__(
        self,
        threads: int | None = None,
        parent: QObject | None = None,
        *,
        decoders: int | None = None,
        factory: RecognizerFactory | None = None,
    ) -> None:
        """Make it; `start` sets it going.

        Args:
            threads: threads of the network; None or 0 for the recogniser's own choice.
            parent: as for every QObject.
            decoders: threads that decode photos; None for a number that suits the machine.
            factory: makes the recogniser; tests pass their own.
        """
        super().__init__(parent)
        # Three cores stay for the network, the photo that is looked at and the window; with two it held up to 65 ms.
        count = decoders or max(1, min(MAX_DECODERS, usable_cores() - 3))
        self._board = RequestBoard(ahead=count * AHEAD_PER_DECODER)
        self._threads = threads or None
        self._factory = factory
        self._scale = 1.0
        self._recognizer: Recognizer | None = None
        self._head: ClassifierHead | None = None
        self._headless: Bundle | None = None
        self._generation = 0
        self._fault = ""
        # Not QThreads: one that is in the middle of a photo when the program ends must not be waited for.
        self._network = threading.Thread(target=self._serve, name="recognition")
        self._decoders = [threading.Thread(target=self._decode_photos, name=f"photo-decoder-{n}") for n in range(count)]
        self._running = False
        self._lock = threading.Lock()
        self._events: deque[object] = deque()
        self._wake_sent = False
        self._last_delivery = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._deliver)
        self._woken.connect(self._wake, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Start the threads."""
        if self._running:
            return
        self._running = True
        share_interpreter()
        self._network.start()
        for thread in self._decoders:
            thread.start()

    def stop(self) -> bool:
        """End the threads and forget what waits; say whether all ended within a second.

        One that is in the middle of a huge photo or of opening a model may take longer; it ends by itself right after,
        and nothing that it says is heard.
        """
        if not self._running:
            return True
        with self._lock:  # nobody emits from now on
            self._running = False
        self._board.close()
        self._timer.stop()
        trial.abandon()
        deadline = time.monotonic() + STOP_SECONDS
        threads = (self._network, *self._decoders)
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    # requests; each returns at once

    def set_model(self, bundle: Bundle | None) -> None:
        """Answer with this model from now on; None for no model. Ends in `model_ready` or `model_failed`."""
        if bundle is not None:
            self.model_loading.emit(bundle)
        self._board.put_command(lambda: self._load(bundle))

    def set_threads(self, threads: int) -> None:
        """Use so many threads (0: the recogniser's choice) from the next model on."""
        self._threads = threads or None

    def set_thumbnail_scale(self, scale: float) -> None:
        """Make small pictures for a screen with `scale` device pixels a logical one."""
        self._scale = scale

    def submit(self, requests: Iterable[Request]) -> None:
        """Add photos to the list that is worked off in the background."""
        self._board.put(requests)

    def submit_now(self, request: Request) -> None:
        """Recognise the photo on screen before all others."""
        self._board.put_now(request)

    def submit_latest(self, source: str, frame: Pixels, generation: int) -> None:
        """Recognise a live frame; a newer one of the same source takes its place. `frame` must not change any more."""
        self._board.put_frame(Frame(source, frame, generation))

    def submit_task(self, source: str, task: LiveTask, frame: Pixels, generation: int) -> None:
        """As `submit_latest`, but `live_answered` has what `task(recognizer, head)` returns in the network's thread."""
        self._board.put_frame(Frame(source, frame, generation, task))

    def prefer(self, keys: Iterable[int]) -> None:
        """Take these photos of the list first: those in view."""
        self._board.prefer(keys)

    def withdraw(self, keys: Iterable[int]) -> None:
        """Forget these photos where they still wait."""
        self._board.withdraw(keys)

    def clear(self) -> None:
        """Forget everything that waits."""
        self._board.clear()

    def pause(self, paused: bool) -> None:
        """Hold the list back, or let it go on."""
        self._board.pause(paused)

    @property
    def idle(self) -> bool:
        """Nothing waits for the network."""
        return not self._board.has_work()

    def explain(self, key: int, features: NDArray[np.float32], index: int) -> None:
        """Ask where the model looked for label `index`; ends in `explained`."""
        self._board.put_command(lambda: self._explain(key, features, index))

    # the network's thread

    def _serve(self) -> None:
        name_this_thread(self._network.name)  # and with it the network's own threads, which Live puts beside it
        while (work := self._board.take_work()) is not None:
            if isinstance(work, Ready):
                self._recognize(work)
            elif isinstance(work, Ticket):
                self._decode_and_recognize(work)
            elif isinstance(work, Frame):
                self._recognize_frame(work)
            else:
                work()
                continue
            self._read_head()
        if self._recognizer is not None:
            self._recognizer.close()
            self._recognizer = None

    def _load(self, bundle: Bundle | None) -> None:
        if bundle is None:
            self._swap(None)
            self._post(_Ready(None, self._generation), urgent=True)
            return
        try:
            recognizer = self._factory(bundle, self._threads) if self._factory else _load_litert(bundle, self._threads)
        except Exception as error:  # whatever it is, the old model must go on
            self._post(_Failed(bundle, as_user_error(error, bundle.name)), urgent=True)
            return
        self._swap(recognizer)
        self._post(_Ready(bundle, self._generation), urgent=True)
        # Read soon, because the model's folder may be gone when somebody asks; but not before the photo that waits.
        self._headless = bundle
        if not self._board.has_work():
            self._read_head()

    def _read_head(self) -> None:
        """Read what heat maps need of a model that has just been loaded."""
        if self._headless is not None:
            bundle, self._headless = self._headless, None
            self._head = _head_of(bundle)

    def _swap(self, recognizer: Recognizer | None) -> None:
        self._head = self._headless = None
        old, self._recognizer = self._recognizer, recognizer
        recipe = None if recognizer is None else recognizer.bundle.preprocessing
        self._generation = self._board.set_preprocessing(recipe)
        if old is not None:
            old.close()

    def _decode_and_recognize(self, ticket: Ticket) -> None:
        request = ticket.request
        from mobilenet_gui.core import imaging  # after the window has opened; see `_load_litert`

        begin = time.perf_counter()
        try:
            photo = imaging.decode_for(request.source, ticket.preprocessing, request.name)
        except Exception as error:  # one photo's fault must not end the thread
            self._post(Answer(request.key, ticket.epoch, error=as_user_error(error, request.name)), urgent=True)
            return
        ready = Ready(ticket, photo, (time.perf_counter() - begin) * 1000)
        self._events.append(Seen(request.key, photo.full_size, None))  # goes along with the answer
        self._recognize(ready)

    def _recognize(self, ready: Ready) -> None:
        ticket = ready.ticket
        recognizer = self._recognizer
        if recognizer is None or ticket.epoch != self._generation:
            return
        request = ticket.request
        try:
            answer = recognizer.recognize(ready.photo, want_features=request.explain)
        except Exception as error:  # one photo's fault must not end the thread
            failed = as_user_error(error, request.name)
            self._post(Answer(request.key, ticket.epoch, error=failed), urgent=ticket.urgent)
            return
        timed = replace(answer, timing=replace(answer.timing, decode=ready.decode_ms))
        self._post(Answer(request.key, ticket.epoch, recognition=timed), urgent=ticket.urgent)

    def _recognize_frame(self, frame: Frame) -> None:
        if self._recognizer is None:
            return
        self._read_head()
        try:
            if frame.task is None:
                answer: object = self._recognizer.recognize(frame.pixels)
            else:
                answer = frame.task(self._recognizer, self._head)
            self._fault = ""
        except Exception as error:  # as above; what befalls every frame alike is reported once
            fault = repr(error)
            answer = as_user_error(error, frame.source, report=fault != self._fault)
            self._fault = fault
        self._post(_Live(frame.source, frame.generation, answer), urgent=True)

    def _explain(self, key: int, features: NDArray[np.float32], index: int) -> None:
        self._read_head()
        head = self._head
        fits = head is not None and features.shape[-1] == head.channels and 0 <= index < head.classes
        from mobilenet_gui.core.explain import heat_map

        heat = heat_map(features, head, index) if head is not None and fits else None
        self._post(_Explained(key, index, heat), urgent=True)

    # the decoding threads

    def _decode_photos(self) -> None:
        stand_back()
        while (ticket := self._board.take_ticket()) is not None:
            self._decode(ticket)

    def _decode(self, ticket: Ticket) -> None:
        request = ticket.request
        self._post(Started(request.key))
        from mobilenet_gui.core import imaging  # after the window has opened; see `_load_litert`

        begin = time.perf_counter()
        try:
            photo = imaging.decode_for(request.source, ticket.preprocessing, request.name)
        except Exception as error:  # one photo's fault must not end the thread
            if self._board.finish(ticket, None):
                failed = as_user_error(error, request.name)
                self._post(Answer(request.key, ticket.epoch, error=failed))
            return
        taken = (time.perf_counter() - begin) * 1000
        # The network goes on with it at once; the small picture is made beside that.
        wanted = self._board.finish(ticket, Ready(ticket, photo, taken))
        if wanted:
            small = make_thumbnail(photo.image, self._scale) if request.thumbnail else None
            self._post(Seen(request.key, photo.full_size, small))

    # from the threads to the window

    def _post(self, event: object, *, urgent: bool = False) -> None:
        with self._lock:
            self._events.append(event)
            if not self._running or (self._wake_sent and not urgent):
                return
            self._wake_sent = True
            self._woken.emit(urgent)  # under the lock, since whoever has stopped may be deleted

    @Slot(bool)
    def _wake(self, urgent: bool) -> None:
        if not self._running:  # a thread called just before it ended
            return
        wait = 0.0 if urgent else self._last_delivery + DELIVERY_MS / 1000 - time.monotonic()
        if wait <= 0:
            self._deliver()
        elif not self._timer.isActive():
            self._timer.start(max(1, int(wait * 1000)))

    @Slot()
    def _deliver(self) -> None:
        with self._lock:
            self._wake_sent = False
            events = [self._events.popleft() for _ in range(min(DELIVERY_EVENTS, len(self._events)))]
            if self._events:
                self._wake_sent = True
        self._last_delivery = time.monotonic()
        if not self._running:
            return
        delivery = Delivery()
        for event in events:
            if isinstance(event, Started):
                delivery.started.append(event.key)
            elif isinstance(event, Seen):
                delivery.seen.append(event)
            elif isinstance(event, Answer):
                delivery.answers.append(event)
            else:
                self._hand_out(delivery)
                delivery = Delivery()
                self._announce(event)
        self._hand_out(delivery)
        if self._wake_sent and not self._timer.isActive():
            self._timer.start(1)

    def _hand_out(self, delivery: Delivery) -> None:
        if delivery.started or delivery.seen or delivery.answers:
            self.delivered.emit(delivery)

    def _announce(self, event: object) -> None:
        if isinstance(event, _Ready):
            self.model_ready.emit(event.bundle, event.generation)
        elif isinstance(event, _Failed):
            self.model_failed.emit(event.bundle, event.error)
        elif isinstance(event, _Live):
            self.live_answered.emit(event.source, event.generation, event.answer)
        elif isinstance(event, _Explained):
            self.explained.emit(event.key, event.index, event.heat)


@dataclass(frozen=True, slots=True)
class _Ready:
    bundle: Bundle | None
    generation: int


@dataclass(frozen=True, slots=True)
class _Failed:
    bundle: Bundle
    error: UserError


@dataclass(frozen=True, slots=True)
class _Live:
    source: str
    generation: int
    answer: object


@dataclass(frozen=True, slots=True)
class _Explained:
    key: int
    index: int
    heat: NDArray[np.float32] | None


def _load_litert(bundle: Bundle, threads: int | None) -> Recognizer:
    # Imported in the thread: numpy and LiteRT take longer to load than the window takes to open.
    from mobilenet_gui.core.recognizer import LiteRTRecognizer

    return LiteRTRecognizer(bundle, threads)


def as_user_error(error: Exception, name: str, *, report: bool = True) -> UserError:
    """Return what the user is told; an error that nobody foresaw is also reported as the program's fault."""
    if isinstance(error, UserError):
        return error
    if report:
        sys.excepthook(type(error), error, error.__traceback__)
    return PhotoError(name, tr("Something went wrong in the program itself. The report says more."))


def _head_of(bundle: Bundle) -> ClassifierHead | None:
    """Return what heat maps need, read now: the model's folder may be gone when somebody asks."""
    try:
        return bundle.head()
    except ModelError:
        return None
