"""Owns HTTP MJPEG streams ("motion JPEG", the way most network cameras and their apps show video in a browser).

Read here and not by OpenCV because OpenCV stretches every later frame to the first one's size, cannot be interrupted,
and gives a stream up at the first broken picture.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from mobilenet_gui.core import opencv
from mobilenet_gui.core.frames_bytes import Pace, silent_words
from mobilenet_gui.core.frames_http import HttpStream, Interrupted, Silence
from mobilenet_gui.core.frames_stream import stream_ended
from mobilenet_gui.core.frames_types import (
    OPEN_TIMEOUT_MS,
    Counter,
    Frame,
    Problem,
    SourceError,
    SourceInfo,
    SourceKind,
)
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr

_MAX_PART: Final = 32 << 20
_MAX_PART_HEAD: Final = 8 << 10
_MAX_PIXELS: Final = 64_000_000
_MOST_BROKEN: Final = 30
"""So many broken pictures in a row are no stream."""
_MAX_GARBAGE: Final = 8 << 20
_START, _END = b"\xff\xd8", b"\xff\xd9"
_TAIL: Final = 64
_PART_WORDS: Final = (b"content-type:", b"content-length:")


class MjpegStream:
    """An open MJPEG stream; the answer's head has been read and is one."""

    patient: Final = True
    """After a silence the connection is still there: reading on may succeed."""

    def __init__(self, stream: HttpStream, name: str, counter: Counter) -> None:
        """Take over an answer that sends pictures, in parts or one right after another; wait for the first.

        Raises:
            SourceError: none comes.
        """
        self._stream = stream
        self._name = name
        self._counter = counter
        boundary = stream.headers.get_param("boundary", "") if stream.content_type.startswith("multipart/") else ""
        # Some servers count the two leading dashes among the name, some do not.
        name_of_it = str(boundary or "").strip().lstrip("-").encode("latin-1", "replace")
        self._mark = b"--" + name_of_it if name_of_it else b""
        self._marked = False
        """A part was found by the mark; until then the header's word is not worth more than what comes."""
        self._row = stream.content_type.startswith(("image/", "video/"))
        """The pictures follow one another with nothing between."""
        self._broken = 0
        self._skipped = 0
        self._pace: Pace | None = None
        self._first: Pixels | None = None
        try:
            self._first = self._next()
        except SourceError as error:
            if error.problem is not Problem.STALLED:
                raise
            raise SourceError(name, tr("The server answers, but sends no picture."), Problem.BUSY) from error
        height, width = self._first.shape[:2]
        self.info = SourceInfo(name, SourceKind.STREAM, (width, height))

    def read(self) -> Frame:
        """Return the next picture, whatever its size.

        Raises:
            SourceError: the stream went silent (reading on may succeed), broke, ended, or sends no pictures.
        """
        pixels, self._first = self._first, None
        return self._counter.live_frame(self._next() if pixels is None else pixels)

    def interrupt(self) -> None:
        """Have a read that waits give up within a tenth of a second; from any thread."""
        self._stream.interrupt()

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def _next(self) -> Pixels:
        while True:
            try:
                data = self._part()
            except Silence as error:
                raise SourceError(self._name, silent_words(), Problem.STALLED) from error
            except (OSError, Interrupted) as error:
                raise SourceError(self._name, tr("The connection to the stream broke."), Problem.LOST) from error
            if data is None:
                raise stream_ended(self._name)
            pixels = decode_jpeg(data)
            if pixels is not None:
                self._broken = self._skipped = 0
                self._pace = self._pace or Pace()
                return pixels
            self._broken += 1
            if self._broken >= _MOST_BROKEN:
                raise self._no_video()

    def _part(self) -> bytes | None:
        """Return the next part's content; None where the stream is over."""
        buffer = self._stream.buffer
        while True:
            head = self._find_picture() if self._row else self._find_head()
            if head is None:
                if not self._wait():
                    return None
                continue
            begin, length = head
            end = self._end(begin, length)
            if end is not None:
                data = bytes(buffer[begin:end])
                del buffer[:end]
                return data
            if len(buffer) - begin > _MAX_PART:
                self._skip(begin)
            elif not self._wait():
                # The last picture of all may have neither end mark nor successor.
                data = bytes(buffer[begin:])
                buffer.clear()
                return data or None

    def _end(self, begin: int, length: int | None) -> int | None:
        """Return where the content that begins at a place ends; None where that has not come yet."""
        buffer = self._stream.buffer
        if length is not None:
            end = begin + length
            if len(buffer) < end:
                return None
            tail = bytes(buffer[max(begin, end - _TAIL) : end]).rstrip(b"\r\n\0 ")
            if tail.endswith(_END) or not buffer.startswith(_START, begin):
                return end
            # No end mark: either it is left out, or the length is wrong. The next part tells.
        else:
            whole = jpeg_end(buffer, begin)
            if whole is not None and (self._row or buffer[whole - 2 : whole] == _END):
                return whole
        place = -1 if self._row else buffer.find(self._mark, begin)
        return place if place >= 0 else None

    def _find_picture(self) -> tuple[int, int | None] | None:
        buffer = self._stream.buffer
        place = buffer.find(_START)
        self._skip(place if place >= 0 else len(buffer) - 1)
        return (0, None) if place >= 0 else None

    def _find_head(self) -> tuple[int, int | None] | None:
        """Return where the next part's content begins and how long it says it is; drop what lies before the part."""
        buffer = self._stream.buffer
        while True:
            if not self._marked:
                self._mark = begins_part(buffer) or self._mark
            place = buffer.find(self._mark) if self._mark else -1
            if place < 0:
                # Of what may be a part with a mark of its own nothing is dropped before it can be seen.
                kept = len(self._mark) if self._marked else _MAX_PART_HEAD
                self._skip(len(buffer) - kept)
                return None
            self._skip(place)
            end = buffer.find(b"\r\n\r\n", 0, _MAX_PART_HEAD)
            gap = 4
            plain = buffer.find(b"\n\n", 0, _MAX_PART_HEAD)
            if plain >= 0 and (end < 0 or plain < end):
                end, gap = plain, 2
            if end >= 0:
                self._marked = True
                return end + gap, _length(bytes(buffer[:end]))
            if len(buffer) < _MAX_PART_HEAD:
                return None
            self._skip(len(self._mark))

    def _skip(self, count: int) -> None:
        """Drop the buffer's first bytes; too much of that and it is no stream of pictures."""
        if count <= 0:
            return
        del self._stream.buffer[:count]
        self._skipped += count
        if self._skipped > _MAX_GARBAGE:
            raise self._no_video()

    def _wait(self) -> bool:
        """Wait for more; False where the stream is over.

        Raises:
            Silence: nothing came for longer than the stream is known to take.
        """
        came = self._stream.more(OPEN_TIMEOUT_MS / 1000 if self._pace is None else self._pace.limit)
        if came and self._pace is not None:
            self._pace.heard()
        return came

    def _no_video(self) -> SourceError:
        # A camera that is restarting is found again: once it has sent pictures, it is waited for whatever comes.
        return SourceError(self._name, tr("What the stream sends is not video."), Problem.UNREADABLE)


def decode_jpeg(data: bytes) -> Pixels | None:
    """Return a JPEG as RGB pixels of its own; None where it is none, or broken."""
    begin = data.find(_START)
    if begin < 0:
        return None
    end = data.rfind(_END)
    # Some cameras leave the end mark out; without it the decoder takes the picture for a broken one.
    whole = data[begin : end + 2] if end > begin else data[begin:].removesuffix(b"\r\n") + _END
    size = jpeg_size(whole)
    if size is None or size[0] * size[1] > _MAX_PIXELS:
        return None
    module = opencv.cv2()
    try:
        pixels: Pixels | None = module.imdecode(np.frombuffer(whole, np.uint8), module.IMREAD_COLOR_RGB)
    except module.error:
        return None
    return pixels


def begins_part(data: bytes | bytearray) -> bytes | None:
    """Return the line that parts the pictures where data begin with the head of a picture's part; None otherwise."""
    head = bytes(data[:_MAX_PART_HEAD]).lstrip(b"\r\n")
    lines = head.splitlines()
    if len(lines) < 2 or not lines[0] or len(lines[0]) > 256:
        return None
    mark = lines[0].rstrip()
    words = [line.strip().lower() for line in lines[1:6]]
    told = any(word.startswith(_PART_WORDS) for word in words)
    picture = not words[0] and head[len(lines[0]) :].lstrip(b"\r\n").startswith(_START)
    return mark if mark and not mark.startswith(_START) and (told or (picture and mark.startswith(b"--"))) else None


def jpeg_end(data: bytes | bytearray, begin: int) -> int | None:
    """Return where the JPEG that begins at a place ends; None where that has not come, or it is none.

    A thumbnail inside it has an end of its own; a picture without an end mark ends where the next begins.
    """
    place = begin + 2
    while place + 4 <= len(data):
        if data[place] != 0xFF:
            return None
        kind = data[place + 1]
        if kind == 0xD9:
            return place + 2
        if kind in (0xFF, 0x01) or 0xD0 <= kind <= 0xD8:  # padding and marks without content
            place += 1 if kind == 0xFF else 2
            continue
        place += 2 + (data[place + 2] << 8 | data[place + 3])
        if kind != 0xDA:
            continue
        # Inside the picture's data only these two stand for what they look like.
        end, following = data.find(_END, place), data.find(_START, place)
        if following >= 0 and (end < 0 or following < end):
            return following
        return end + 2 if end >= 0 else None
    return None


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Return the width and height that a JPEG's header tells; None where it has no such header."""
    place = 2
    while place + 9 <= len(data):
        if data[place] != 0xFF:
            return None
        kind = data[place + 1]
        if kind in (0xFF, 0x01) or 0xD0 <= kind <= 0xD8:  # padding and marks without content
            place += 1 if kind == 0xFF else 2
            continue
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = data[place + 5] << 8 | data[place + 6], data[place + 7] << 8 | data[place + 8]
            return (width, height) if width and height else None
        place += 2 + (data[place + 2] << 8 | data[place + 3])
    return None


def _length(head: bytes) -> int | None:
    """Return a part's Content-Length; None where it has none that makes sense."""
    for line in head.splitlines():
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() == b"content-length":
            text = value.strip()
            if text.isdigit() and 0 < int(text) <= _MAX_PART:
                return int(text)
    return None
