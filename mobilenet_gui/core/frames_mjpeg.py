"""Owns HTTP MJPEG streams ("motion JPEG", the way most network cameras and their apps show video in a browser).

Read here and not by OpenCV because OpenCV stretches every later frame to the first one's size, cannot be interrupted,
and gives a stream up at the first broken picture.
"""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from mobilenet_gui.core import opencv
from mobilenet_gui.core.frames_capture import stream_ended, went_silent
from mobilenet_gui.core.frames_http import HttpStream, Interrupted, Silence
from mobilenet_gui.core.frames_types import (
    OPEN_TIMEOUT_MS,
    READ_TIMEOUT_MS,
    Counter,
    Frame,
    Problem,
    SourceError,
    SourceInfo,
    SourceKind,
)
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr

CONTENT_TYPE: Final = "multipart/x-mixed-replace"

_MAX_PART: Final = 32 << 20
_MAX_PART_HEAD: Final = 8 << 10
_MAX_PIXELS: Final = 64_000_000
_MOST_BROKEN: Final = 30
"""So many broken pictures in a row are no stream."""
_MAX_GARBAGE: Final = 8 << 20
_SLOW: Final = 2.5
"""A stream that takes its time between pictures is silent only after so many times that."""
_LONGEST_SECONDS: Final = 5.0
_START, _END = b"\xff\xd8", b"\xff\xd9"


class MjpegStream:
    """An open MJPEG stream; the answer's head has been read and is one."""

    patient: Final = True
    """After a silence the connection is still there: reading on may succeed."""

    def __init__(self, stream: HttpStream, name: str, counter: Counter) -> None:
        """Take over an answer whose content type is `CONTENT_TYPE`, and wait for its first picture.

        Raises:
            SourceError: none comes.
        """
        self._stream = stream
        self._name = name
        self._counter = counter
        boundary = stream.headers.get_param("boundary", "frame")
        # Some servers count the two leading dashes among the name, some do not.
        self._mark = b"--" + str(boundary).strip().lstrip("-").encode("latin-1", "replace")
        self._broken = 0
        self._skipped = 0
        self._last: float | None = None
        self._silent_after = OPEN_TIMEOUT_MS / 1000
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
        deadline = time.monotonic() + self._silent_after
        while True:
            try:
                data = self._part(deadline)
            except Silence as error:
                raise went_silent(self._name) from error
            except (OSError, Interrupted) as error:
                raise SourceError(self._name, tr("The connection to the stream broke."), Problem.LOST) from error
            if data is None:
                raise stream_ended(self._name)
            pixels = decode_jpeg(data)
            if pixels is not None:
                self._broken = self._skipped = 0
                self._learn_pace()
                return pixels
            self._broken += 1
            if self._broken >= _MOST_BROKEN:
                raise self._no_video()

    def _learn_pace(self) -> None:
        """Be as patient as the stream is slow: some cameras send a picture every few seconds."""
        now = time.monotonic()
        gap = 0.0 if self._last is None else _SLOW * (now - self._last)
        self._last = now
        self._silent_after = min(_LONGEST_SECONDS, max(READ_TIMEOUT_MS / 1000, gap))

    def _part(self, deadline: float) -> bytes | None:
        """Return the next part's content; None where the stream is over."""
        buffer = self._stream.buffer
        while True:
            head = self._find_head()
            if head is None:
                if not self._wait(deadline):
                    return None
                continue
            begin, length = head
            if length is not None:
                end: int | None = begin + length if len(buffer) >= begin + length else None
            else:
                place = buffer.find(self._mark, begin)
                end = place if place >= 0 else None
            if end is not None:
                data = bytes(buffer[begin:end])
                del buffer[:end]
                return data
            if len(buffer) - begin > _MAX_PART:
                self._skip(begin)
            elif not self._wait(deadline):
                return None

    def _find_head(self) -> tuple[int, int | None] | None:
        """Return where the next part's content begins and how long it says it is; drop what lies before the part."""
        buffer = self._stream.buffer
        while True:
            place = buffer.find(self._mark)
            if place < 0:
                self._skip(len(buffer) - len(self._mark))
                return None
            self._skip(place)
            end = buffer.find(b"\r\n\r\n", 0, _MAX_PART_HEAD)
            gap = 4
            plain = buffer.find(b"\n\n", 0, _MAX_PART_HEAD)
            if plain >= 0 and (end < 0 or plain < end):
                end, gap = plain, 2
            if end >= 0:
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

    def _wait(self, deadline: float) -> bool:
        return self._stream.more(max(0.001, deadline - time.monotonic()))

    def _no_video(self) -> SourceError:
        # A camera that is restarting is found again: once it has sent pictures, it is waited for whatever comes.
        return SourceError(self._name, tr("The stream sends data that is no video."), Problem.UNREADABLE)


def decode_jpeg(data: bytes) -> Pixels | None:
    """Return a JPEG as RGB pixels of its own; None where it is none, or broken."""
    begin, end = data.find(_START), data.rfind(_END)
    if begin < 0 or end < begin:
        return None
    whole = data[begin : end + 2]
    size = jpeg_size(whole)
    if size is None or size[0] * size[1] > _MAX_PIXELS:
        return None
    module = opencv.cv2()
    try:
        pixels: Pixels | None = module.imdecode(np.frombuffer(whole, np.uint8), module.IMREAD_COLOR_RGB)
    except module.error:
        return None
    return pixels


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
