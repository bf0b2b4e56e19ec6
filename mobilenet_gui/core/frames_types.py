"""Owns the words frames are spoken of in: where they come from, what one is, what can go wrong."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from mobilenet_gui.core.addresses import shown, shown_in
from mobilenet_gui.core.errors import PhotoError, UserError
from mobilenet_gui.core.file_address import is_file_address, path_of_address
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr

OPEN_TIMEOUT_MS = 3000
"""How long a stream may take to open: some send the first whole picture only after two seconds."""
READ_TIMEOUT_MS = 1000
"""How long nothing may come before a stream counts as silent, unless it is known to take its time."""

STREAM_SCHEMES = frozenset({"http", "https", "rtsp", "rtsps", "rtmp", "udp", "tcp", "rtp", "srt"})


class SourceKind(Enum):
    """What frames come from."""

    CAMERA = "camera"
    FILE = "file"
    STREAM = "stream"


class Problem(Enum):
    """What went wrong with a source, for those who choose what to offer next to the words."""

    MISSING = "missing"
    """There is no such camera, file or host."""
    BUSY = "busy"
    """It is there and does not answer; mostly another program has the camera."""
    REFUSED = "refused"
    """Not allowed: by the system's permissions or the server."""
    UNREADABLE = "unreadable"
    """It is there and is no video that can be decoded."""
    LOST = "lost"
    """It worked, then went away: unplugged, connection broken."""
    STALLED = "stalled"
    """It worked, then went silent."""
    LOADING = "loading"
    """A video comes slower than it is played; nothing is wrong."""
    ENDED = "ended"
    """The stream's server said that it is over."""


class SourceError(UserError):
    """A camera, video or stream that cannot be read. `subject` is its name, path or address as it may be shown.

    Attributes:
        problem: what kind of failure it is.
    """

    def __init__(self, subject: str, reason: str, problem: Problem) -> None:
        super().__init__(shown(subject), shown_in(reason))
        self.problem = problem

    @property
    def passing(self) -> bool:
        """Trying again may help without anybody doing anything but plugging it in again."""
        return self.problem in (Problem.LOST, Problem.STALLED, Problem.ENDED)


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Where frames are to come from.

    Attributes:
        kind: camera, file or stream.
        address: a camera's name or number, a file's path, a stream's URL.
        size: the wanted width and height of a camera, which gives the nearest it has; None for its own choice.
    """

    kind: SourceKind
    address: str
    size: tuple[int, int] | None = None

    @classmethod
    def parse(cls, text: str) -> SourceSpec:
        """Tell what `text` means: a whole number is a camera, a URL a stream, what exists a file, else by its looks.

        Raises:
            SourceError: it is empty, or an address of a kind that nobody here can read.
        """
        asked = text.strip()
        if not asked:
            raise SourceError("", tr("Nothing was given to watch."), Problem.MISSING)
        if asked.isascii() and asked.isdigit() and len(asked) <= 4:
            return cls(SourceKind.CAMERA, asked)
        if is_stream_address(asked):
            return cls(SourceKind.STREAM, asked)
        if is_file_address(asked) and not _exists(text):
            return cls(SourceKind.FILE, _path_of(asked))
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", asked):
            reason = tr("This kind of address cannot be watched; it may begin with rtsp, http or https.")
            raise SourceError(asked, reason, Problem.UNREADABLE)
        looks_like_path = os.sep in asked or "/" in asked or re.search(r"\.[A-Za-z0-9]{2,5}$", asked)
        if _exists(text) and not text.startswith("/dev/"):
            return cls(SourceKind.FILE, text)
        if text.startswith("/dev/video") or not looks_like_path:
            return cls(SourceKind.CAMERA, asked)
        return cls(SourceKind.FILE, text)

    @property
    def shown(self) -> str:
        """What it is called wherever it is seen or written: never with a password in it."""
        if self.kind is SourceKind.STREAM:
            return shown(self.address)
        if self.kind is SourceKind.CAMERA and self.address.isdigit():
            return tr("Camera {number}").format(number=self.address)
        return self.address


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source once it is open.

    Attributes:
        name: how to call it.
        kind: camera, file or stream. A stream of limited length (a video on a web server) counts as a file.
        size: width and height of its frames, upright; a frame's own size counts where they change.
        fps: frames a second as the source claims; None where it does not.
        duration: seconds; None for live sources and where the file does not tell.
        frames: how many the file claims to have; None where it does not.
    """

    name: str
    kind: SourceKind
    size: tuple[int, int]
    fps: float | None = None
    duration: float | None = None
    frames: int | None = None

    @property
    def live(self) -> bool:
        """It comes at its own pace and cannot be wound back."""
        return self.kind is not SourceKind.FILE


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source. Owned: nothing changes its pixels any more.

    Attributes:
        pixels: RGB, uint8, shape (height, width, 3), upright.
        number: counts the frames that were read since the source was opened first, from 0; a dropped one counts.
        timestamp: seconds. Of a file, the position in it; of a live source, since it was opened first.
        arrived: `time.perf_counter()` when it was there, decoded.
    """

    pixels: Pixels
    number: int
    timestamp: float
    arrived: float


class Line:
    """What a source and whoever reads it tell each other while a read or an opening waits; from any thread.

    Attributes:
        on_wait: hears that nothing comes, and why; the wait goes on. None where nobody cares.
    """

    def __init__(self) -> None:
        self.on_wait: Callable[[SourceError], None] | None = None
        self._lock = threading.Lock()
        self._wakers: list[Callable[[], None]] = []
        self._cut = False

    @property
    def is_cut(self) -> bool:
        """Nobody waits any more."""
        return self._cut

    def cut(self) -> None:
        """Have whatever waits give up, now and later."""
        with self._lock:
            self._cut = True
            wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def woken_by_cut(self, wake: Callable[[], None]) -> None:
        """Have `wake` called, once, when the line is cut; at once where it is."""
        with self._lock:
            if not self._cut:
                self._wakers.append(wake)
                return
        wake()

    def forget(self, wake: Callable[[], None]) -> None:
        """Call `wake` no more; harmless where it never was to be called."""
        with self._lock:
            if wake in self._wakers:
                self._wakers.remove(wake)

    def waits(self, error: SourceError) -> None:
        """Tell the reader that nothing comes."""
        if self.on_wait is not None and not self._cut:
            self.on_wait(error)


class Counter:
    """Numbers a source's frames and tells its time; shared by all its openings, so that a replugged camera goes on.

    Attributes:
        line: between the openings and whoever reads.
    """

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.count = 0
        self.line = Line()

    def live_frame(self, pixels: Pixels) -> Frame:
        """Return the next frame of a live source, which has just arrived."""
        now = time.perf_counter()
        return self._frame(pixels, now - self.start, now)

    def file_frame(self, pixels: Pixels, position: float) -> Frame:
        """Return the next frame of a file; `position` in seconds."""
        return self._frame(pixels, position, time.perf_counter())

    def _frame(self, pixels: Pixels, timestamp: float, arrived: float) -> Frame:
        number = self.count
        self.count += 1
        return Frame(pixels, number, timestamp, arrived)


class FrameSource(Protocol):
    """An open source. Everything but `interrupt` belongs to the one thread that opened it."""

    @property
    def info(self) -> SourceInfo:
        """What it is."""

    def read(self) -> Frame | None:
        """Return the next frame; None where a file is over.

        Raises:
            SourceError: it went away, went silent or ended.
        """

    def interrupt(self) -> None:
        """Ask a read that blocks to give up; from any thread, harmless at any time. Some can only time out."""

    def close(self) -> None:
        """Let it go; twice is harmless."""


def urlsplit_safe(text: str) -> str:
    """Return a URL's scheme in lower case, also where the rest of it is none; empty where there is no scheme."""
    found = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*):", text)
    return "" if found is None else found[1].lower()


def is_stream_address(text: str) -> bool:
    """Say whether a text is the address of something that a server sends."""
    return "://" in text and urlsplit_safe(text) in STREAM_SCHEMES


def _exists(text: str) -> bool:
    try:
        return os.path.lexists(text)  # also where a link leads nowhere
    except (OSError, ValueError):  # longer than a name may be
        return False


def _path_of(url: str) -> str:
    """Return the path that a `file://` address names."""
    try:
        return str(path_of_address(url))
    except PhotoError as error:
        raise SourceError(url, error.reason, Problem.MISSING) from error
