"""Owns the bytes of a video that a web server sends, as a file that OpenCV reads from.

FFmpeg's own client cannot be woken, takes a slow server for the end of a file, and does not say what went wrong. Here a
read waits for as long as something may still come and tells so (`Line.waits`), a broken connection is made anew where
it broke, and cutting the line ends a read at once.
"""

from __future__ import annotations

import contextlib
import io
import re
import time
from http import HTTPStatus
from typing import Final

from mobilenet_gui.core.frames_http import HttpStream, Interrupted, Silence, status_error
from mobilenet_gui.core.frames_types import READ_TIMEOUT_MS, Line, Problem, SourceError
from mobilenet_gui.i18n import tr

BLOCK: Final = 64 * 1024
KEPT: Final = 256
"""Blocks that are remembered: going back a little does not ask the server again."""
KEPT_WHOLE: Final = 1024
"""The same where the server sends whole files only, so that nothing can be asked for again."""
LOADING_SECONDS: Final = 0.7
"""So long a single frame may keep waiting before it is told."""
SILENT_SECONDS: Final = 40.0
"""A connection without a byte for so long is made anew."""
TRIES: Final = 4
LONGEST_SILENCE: Final = 30.0
PATIENT_SECONDS: Final = 5.0
"""How long a live stream's connection is kept after it was said to be silent."""
_SLOW: Final = 2.5
_FADES: Final = 0.98
_POLL: Final = 0.2
_AHEAD: Final = 8
_RANGE: Final = re.compile(r"bytes\s+(\d{1,18})-\d{1,18}/(\d{1,18}|\*)")


class Pace:
    """How long a live source may be silent: one that takes its time is silent only after some times that."""

    def __init__(self, least: float = READ_TIMEOUT_MS / 1000, longest: float = LONGEST_SILENCE) -> None:
        """`least` and `longest` in seconds."""
        self._least, self._longest = least, longest
        self._last = time.monotonic()
        self._gap = 0.0

    def heard(self) -> None:
        """Something came."""
        now = time.monotonic()
        # The longest gap counts for a while: pictures that come now and then come in several pieces each.
        self._gap = max(now - self._last, _FADES * self._gap)
        self._last = now

    @property
    def silent_for(self) -> float:
        """Seconds since something came."""
        return time.monotonic() - self._last

    @property
    def limit(self) -> float:
        """Seconds after which it counts as silent."""
        return min(self._longest, max(self._least, _SLOW * self._gap))


class FetchedBytes(io.BufferedIOBase):
    """Bytes that are fetched while OpenCV asks for them, as it asks a file.

    Attributes:
        live: it has no end; what does not come is silence then, not loading.
        failure: why it ended before its end; None where all is well.
    """

    def __init__(self, subject: str, line: Line) -> None:
        """Begin at the first byte; `subject` is what errors name, `line` tells when nobody waits any more."""
        super().__init__()
        self._subject, self._line = subject, line
        self.live = False
        self.failure: SourceError | None = None
        self._answer: HttpStream | None = None
        self._place = 0
        self._waited = 0.0
        self._loading = SourceError(subject, tr("Loading: the video comes slower than it is played."), Problem.LOADING)

    # what OpenCV asks for

    def readable(self) -> bool:
        """Say that it is."""
        return True

    def seekable(self) -> bool:
        """Say that it is, as far as can be gone."""
        return True

    def tell(self) -> int:
        """Return the place in bytes."""
        return self._place

    def read(self, size: int | None = -1) -> bytes:
        """Return what is there, at least a byte; nothing at the end, after a failure, or when the line was cut."""
        try:
            return self._take(BLOCK if size is None or size < 0 else size)
        except Interrupted:
            return b""
        except SourceError as error:
            self.failure = error
            return b""

    def _take(self, wanted: int) -> bytes:
        """Return up to so many bytes and go on behind them; none at the end.

        Raises:
            Interrupted: nobody waits any more.
            SourceError: it broke off.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""
        self._drop()
        super().close()

    def _drop(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    # for the source

    def begin_frame(self) -> None:
        """Hear that the waiting for another frame begins."""
        self._waited = 0.0

    def trouble(self) -> SourceError | None:
        """Return why it ended before its end."""
        return self.failure


class WebBytes(FetchedBytes):
    """What one address sends, from its beginning or, where the server can, from any place.

    Attributes:
        size: in bytes; None where the server does not tell.
    """

    def __init__(self, answer: HttpStream, subject: str, line: Line) -> None:
        """Take over an answer of status 200 or 206 of which nothing was taken yet."""
        super().__init__(subject, line)
        self._answer, self._url = answer, answer.url
        self.size = _length(answer)
        self.whole_only = False
        """The server was asked for a part and sent the whole."""
        self._blocks: dict[int, bytes] = {}
        self._next = 0  # the block that the answer's buffer begins with
        self._pace = Pace()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; -1 where that is not known."""
        if whence == io.SEEK_END and self.size is None:
            return -1
        place = offset + {io.SEEK_CUR: self._place, io.SEEK_END: self.size or 0}.get(whence, 0)
        if place < 0 or (self.size is not None and place > self.size) or not self._reaches(place):
            return -1
        self._place = place
        return place

    def _take(self, wanted: int) -> bytes:
        data = self._bytes(wanted)
        self._place += len(data)
        if data:
            self.failure = None  # it was no end, only a place that the server does not send from
        return data

    def close(self) -> None:
        """Close the connection and forget what was remembered."""
        self._blocks.clear()
        super().close()

    # the connection

    def _bytes(self, wanted: int) -> bytes:
        """Return up to so many bytes from the present place on."""
        tries = 0
        while self.size is None or self._place < self.size:
            if data := self._there(wanted):
                return data
            self._go_to(self._place // BLOCK)
            assert self._answer is not None  # noqa: S101 - for the type checker
            # What came along with the answer's head is not looked at before.
            if data := self._there(wanted):
                return data
            buffer = self._answer.buffer
            had = len(buffer)
            came = self._more(self._answer)
            tries = 0 if len(buffer) > had else tries
            if not came:
                if self.size is None or self._next * BLOCK + len(buffer) >= self.size:
                    break
                # It broke off. What is missing is asked for again, for as long as something more comes each time.
                tries += 1
                if tries >= TRIES or not self._again():
                    break
        return self._there(wanted)

    def _there(self, wanted: int) -> bytes:
        """Return what has come already from the present place on."""
        number, offset = divmod(self._place, BLOCK)
        if self._answer is not None:
            self._keep(self._answer.buffer)
            if number == self._next:
                return bytes(self._answer.buffer[offset : offset + wanted])
        return self._blocks.get(number, b"")[offset : offset + wanted]

    def _reaches(self, place: int) -> bool:
        """Say whether a place can be read from; asks the server where that is not known."""
        number = place // BLOCK
        if number in self._blocks or self._next <= number <= self._next + _AHEAD or place == self.size:
            return True
        if self.live or (self.whole_only and number < self._next):
            return False
        if self.whole_only:
            return self.size is not None and self.size <= KEPT_WHOLE * BLOCK
        return True

    def _go_to(self, number: int) -> None:
        """Have the connection send what leads to a block.

        Raises:
            SourceError: the server does not send from there.
        """
        near = self._next <= number <= self._next + _AHEAD
        if self._answer is not None and (near or (self.whole_only and number >= self._next)):
            return
        if not self._connect(number):
            # It began at its beginning again, as servers do that know whole files only: all is kept on the way.
            self.whole_only = True
            if self.size is None or self.size > KEPT_WHOLE * BLOCK:
                raise SourceError(self._subject, tr("The server sends whole files only."), Problem.UNREADABLE)

    def _again(self) -> bool:
        """Make a connection that broke anew, where it broke; False where that cannot be done."""
        if self.live or self.whole_only or self._line.is_cut:
            return False
        try:
            return self._connect(self._next)
        except SourceError as error:
            if error.problem not in (Problem.BUSY, Problem.MISSING):
                raise
            self._line.waits(self._loading)
            _pause(self._line, 1.0)
            return True

    def _connect(self, number: int) -> bool:
        """Ask for what begins with a block; False where the server begins at the beginning."""
        self._drop()
        self._answer = HttpStream(self._url, self._subject, self._line, start=number * BLOCK)
        if self._answer.status >= HTTPStatus.BAD_REQUEST:
            raise status_error(self._subject, self._answer.status)
        begins = _RANGE.fullmatch((self._answer.headers.get("Content-Range") or "").strip())
        partial = self._answer.status == HTTPStatus.PARTIAL_CONTENT
        if partial and begins is not None and int(begins[1]) == number * BLOCK:
            self._next = number
            return True
        self._next = 0
        return number == 0

    def _more(self, answer: HttpStream) -> bool:
        """Wait for more; False where the connection has ended or broken."""
        begin = time.monotonic()
        while True:
            try:
                came = answer.more(_POLL)
            except Silence:
                self._tell(time.monotonic() - begin)
                if not self.live and time.monotonic() - begin > SILENT_SECONDS:
                    return False
                continue
            except OSError:
                return False
            self._waited += time.monotonic() - begin
            if came:
                self._pace.heard()
            return came

    def _tell(self, waited: float) -> None:
        if not self.live:
            if self._waited + waited > LOADING_SECONDS:
                self._line.waits(self._loading)
            return
        if self._pace.silent_for > self._pace.limit:
            error = SourceError(self._subject, silent_words(), Problem.STALLED)
            self._line.waits(error)
            if self._pace.silent_for > self._pace.limit + PATIENT_SECONDS:
                raise error

    def _keep(self, buffer: bytearray) -> None:
        """Move whole blocks from the connection's buffer to those that are remembered."""
        while len(buffer) >= BLOCK:
            self._blocks[self._next] = bytes(buffer[:BLOCK])
            del buffer[:BLOCK]
            self._next += 1
            if len(self._blocks) > (KEPT_WHOLE if self.whole_only else KEPT):
                del self._blocks[next(iter(self._blocks))]


def silent_words() -> str:
    """Return what is said of a live source that sends nothing any more."""
    return tr("The stream went silent. It goes on when it sends again.")


def peek(answer: HttpStream, count: int, seconds: float) -> bytes:
    """Return the first bytes of an answer without taking them; fewer where it is shorter, or slower than `seconds`."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(Silence, OSError, Interrupted):
        while len(answer.buffer) < count and answer.more(max(0.001, deadline - time.monotonic())):
            pass
    return bytes(answer.buffer[:count])


def _pause(line: Line, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not line.is_cut and time.monotonic() < deadline:
        time.sleep(0.05)


def _length(answer: HttpStream) -> int | None:
    """Return how many bytes an answer says that there are in all."""
    found = _RANGE.fullmatch((answer.headers.get("Content-Range") or "").strip())
    if found is not None:
        return int(found[2]) if found[2] != "*" else None
    text = (answer.headers.get("Content-Length") or "").strip()
    return int(text) if re.fullmatch(r"\d{1,18}", text) else None
