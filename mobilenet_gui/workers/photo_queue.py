"""Owns the order of work between the window, the decoding threads and the network's thread. No Qt.

Four kinds of work meet here, in this order of urgency: what concerns the model itself, the photo on screen, the
newest frame of each live source, and the long list of the other photos. The list is decoded a few photos ahead so
that the network does not wait for the disk, and never more than a few, so that memory stays flat. The photo on screen
is decoded by the network's own thread: handing it from thread to thread would take longer than it saves.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mobilenet_gui.core.bundle import ClassifierHead
from mobilenet_gui.core.types import PhotoSource, Pixels, Preprocessing

if TYPE_CHECKING:
    from mobilenet_gui.core.imaging import DecodedPhoto
    from mobilenet_gui.core.recognizer import Recognizer


@dataclass(frozen=True, slots=True)
class Request:
    """One photo to recognise.

    Attributes:
        key: the caller's number for it.
        source: file or bytes.
        name: what to call it in an error.
        explain: keep the feature map with the answer.
        thumbnail: make a small picture of it as well, where it is one of the list.
    """

    key: int
    source: PhotoSource
    name: str
    explain: bool = False
    thumbnail: bool = True


@dataclass(frozen=True, slots=True)
class Ticket:
    """A request that a thread has taken to decode it, with the recipe that held at that moment."""

    request: Request
    preprocessing: Preprocessing
    epoch: int
    urgent: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """A decoded photo on its way to the network. `decode_ms` is what reading and decoding took."""

    ticket: Ticket
    photo: DecodedPhoto
    decode_ms: float


LiveTask: TypeAlias = "Callable[[Recognizer, ClassifierHead | None], object]"


@dataclass(frozen=True, slots=True)
class Frame:
    """The newest frame of a live source."""

    source: str
    pixels: Pixels
    generation: int
    task: LiveTask | None = None
    """What to do with it in the network's thread, where that is more than recognising it."""


Command = Callable[[], None]
Work = Command | Ticket | Ready | Frame


class RequestBoard:
    """Where threads leave and take work. Every method may be called from any thread."""

    def __init__(self, ahead: int) -> None:
        """`ahead` is how many photos may be decoded or in decoding before the network takes them."""
        self._ahead = ahead
        self._lock = threading.Lock()
        self._decoders = threading.Condition(self._lock)
        self._network = threading.Condition(self._lock)
        self._commands: deque[Command] = deque()
        self._now: Request | None = None
        self._frames: OrderedDict[str, Frame] = OrderedDict()
        self._waiting: OrderedDict[int, Request] = OrderedDict()
        self._preferred: list[int] = []
        self._ready: deque[Ready] = deque()
        self._decoding = 0
        self._preprocessing: Preprocessing | None = None
        self._epoch = 0
        self._paused = False
        self._closed = False

    # what the window says

    def put(self, requests: Iterable[Request]) -> None:
        """Add photos to the list; one that waits already is replaced at its place."""
        with self._lock:
            for request in requests:
                self._waiting[request.key] = request
            self._decoders.notify_all()

    def put_now(self, request: Request) -> None:
        """Recognise this photo next. It takes the place of an earlier one, which goes back to the list."""
        with self._lock:
            if self._now is not None and self._now.key != request.key:
                self._waiting[self._now.key] = self._now
                self._waiting.move_to_end(self._now.key, last=False)
            self._waiting.pop(request.key, None)
            self._now = request
            self._network.notify_all()

    def put_frame(self, frame: Frame) -> None:
        """Put a frame into its source's slot; one that was not taken yet is forgotten."""
        with self._lock:
            self._frames[frame.source] = frame
            self._network.notify_all()

    def put_command(self, command: Command) -> None:
        """Have the network's thread call `command` before anything else."""
        with self._lock:
            self._commands.append(command)
            self._network.notify_all()

    def prefer(self, keys: Iterable[int]) -> None:
        """Take these photos, in this order, before the others of the list."""
        with self._lock:
            self._preferred = list(keys)
            self._preferred.reverse()

    def withdraw(self, keys: Iterable[int]) -> None:
        """Forget these photos where they still wait; one that a thread has taken is finished."""
        with self._lock:
            for key in keys:
                self._waiting.pop(key, None)
                if self._now is not None and self._now.key == key:
                    self._now = None

    def clear(self) -> None:
        """Forget every photo that waits."""
        with self._lock:
            self._forget()

    def pause(self, paused: bool) -> None:
        """Hold the list back, or let it go on. The photo on screen and live frames are not held."""
        with self._lock:
            self._paused = paused
            self._decoders.notify_all()

    def close(self) -> None:
        """End every thread's waiting; nothing is handed out afterwards."""
        with self._lock:
            self._closed = True
            self._forget()
            self._commands.clear()
            self._frames.clear()
            self._decoders.notify_all()
            self._network.notify_all()

    def _forget(self) -> None:
        self._waiting.clear()
        self._preferred.clear()
        self._ready.clear()
        self._now = None

    # what the network's thread says

    def set_preprocessing(self, preprocessing: Preprocessing | None) -> int:
        """Begin a new epoch: another model, so what waits or is decoded is forgotten; return the epoch's number.

        With None nothing is decoded until there is a model again.
        """
        with self._lock:
            self._preprocessing = preprocessing
            self._epoch += 1
            self._forget()
            self._decoders.notify_all()
            return self._epoch

    def has_work(self) -> bool:
        """Say whether a photo or frame waits for the network."""
        with self._lock:
            return bool(self._now or self._frames or self._ready or self._waiting)

    def take_work(self) -> Work | None:
        """Wait for the next thing to do; None means the end."""
        with self._lock:
            while True:
                if self._closed:
                    return None
                work = self._next_work()
                if work is not None:
                    self._decoders.notify_all()
                    return work
                self._network.wait()

    def _next_work(self) -> Work | None:
        if self._commands:
            return self._commands.popleft()
        recipe = self._preprocessing
        if recipe is not None and self._now is not None:
            request, self._now = self._now, None
            return Ticket(request, recipe, self._epoch, urgent=True)
        if recipe is not None and self._frames:
            return self._frames.popitem(last=False)[1]
        return self._ready.popleft() if self._ready else None

    # what a decoding thread says

    def take_ticket(self) -> Ticket | None:
        """Wait for the next photo to decode; None means the end."""
        with self._lock:
            while True:
                if self._closed:
                    return None
                ticket = self._next_ticket()
                if ticket is not None:
                    return ticket
                self._decoders.wait()

    def _next_ticket(self) -> Ticket | None:
        recipe = self._preprocessing
        if recipe is None:
            return None
        if self._paused or not self._waiting or self._decoding + len(self._ready) >= self._ahead:
            return None
        self._decoding += 1
        return Ticket(self._next_waiting(), recipe, self._epoch, urgent=False)

    def _next_waiting(self) -> Request:
        while self._preferred:
            request = self._waiting.pop(self._preferred.pop(), None)
            if request is not None:
                return request
        return self._waiting.popitem(last=False)[1]

    def finish(self, ticket: Ticket, ready: Ready | None) -> bool:
        """Hand a decoded photo of the list on (None: it could not be read); say whether it is still wanted."""
        with self._lock:
            self._decoding -= 1
            self._decoders.notify()
            if self._closed or ticket.epoch != self._epoch:
                return False
            if ready is None:
                return True
            self._ready.append(ready)
            self._network.notify_all()
            return True

    @property
    def waiting(self) -> int:
        """How many photos of the list no thread has taken yet."""
        with self._lock:
            return len(self._waiting)
