"""Owns the words frames are spoken of in: where they come from, what one is, what can go wrong."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from mobilenet_gui.core.errors import PhotoError, UserError
from mobilenet_gui.core.file_address import is_file_address, path_of_address
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr

OPEN_TIMEOUT_MS = 3000
"""How long a stream may take to open: some send the first whole picture only after two seconds."""
READ_TIMEOUT_MS = 1000
"""How long the next frame may take before a stream counts as silent. OpenCV's own default is 30 s."""

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
    ENDED = "ended"
    """The stream's server said that it is over."""


class SourceError(UserError):
    """A camera, video or stream that cannot be read. `subject` is its name, path or address without a password.

    Attributes:
        problem: what kind of failure it is.
    """

    def __init__(self, subject: str, reason: str, problem: Problem) -> None:
        super().__init__(subject, reason)
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
        if is_file_address(asked) and not Path(text).exists():
            return cls(SourceKind.FILE, _path_of(asked))
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", asked):
            reason = tr("This kind of address cannot be watched; it may begin with rtsp, http or https.")
            raise SourceError(without_password(asked), reason, Problem.UNREADABLE)
        looks_like_path = os.sep in asked or "/" in asked or re.search(r"\.[A-Za-z0-9]{2,5}$", asked)
        if Path(text).exists() and not text.startswith("/dev/"):
            return cls(SourceKind.FILE, text)
        if text.startswith("/dev/video") or not looks_like_path:
            return cls(SourceKind.CAMERA, asked)
        return cls(SourceKind.FILE, text)

    @property
    def shown(self) -> str:
        """What errors call it: never with a password in it."""
        if self.kind is SourceKind.STREAM:
            return without_password(self.address)
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


class Counter:
    """Numbers a source's frames and tells its time; shared by all its openings, so that a replugged camera goes on."""

    def __init__(self) -> None:
        self.start = time.perf_counter()
        self.count = 0

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
    """Return a URL's scheme in lower case; empty where it is none."""
    try:
        return urlsplit(text).scheme.lower()
    except ValueError:
        return ""


def is_stream_address(text: str) -> bool:
    """Say whether a text is the address of something that a server sends."""
    return "://" in text and urlsplit_safe(text) in STREAM_SCHEMES


def _path_of(url: str) -> str:
    """Return the path that a `file://` address names."""
    try:
        return str(path_of_address(url))
    except PhotoError as error:
        raise SourceError(without_password(url), error.reason, Problem.MISSING) from error


def without_password(url: str) -> str:
    """Return an address as it may be shown: user and password replaced by dots."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    if not separator or "@" not in host:
        return url
    return f"{scheme}://\N{HORIZONTAL ELLIPSIS}@{host.rpartition('@')[2]}{slash}{path}"
