"""Owns HLS: lists of short videos (segments), as many streams on the web are sent, joined to one row of bytes.

    segments = HlsBytes(address, subject, line)        # for OpenCV to read from, as `frames_bytes.WebBytes` is

Lists and segments are fetched here, from web servers alone: whatever a list names, no file of this computer is opened.
"""

from __future__ import annotations

import io
import time
from http import HTTPStatus
from typing import Final

from mobilenet_gui.core.frames_bytes import LOADING_SECONDS, SILENT_SECONDS, TRIES, FetchedBytes, silent_words
from mobilenet_gui.core.frames_http import HttpStream, Interrupted, Silence, status_error
from mobilenet_gui.core.frames_playlist import Part, Playlist, choose_variant, read_playlist
from mobilenet_gui.core.frames_types import Line, Problem, SourceError
from mobilenet_gui.i18n import tr

_BIGGEST: Final = 2 << 20
_FROM_END: Final = 3
"""A live list is begun so many segments before its end: nearer, the next one might not be there in time."""
_POLL: Final = 0.2
_KEPT: Final = 16 << 20
"""So many bytes back, and on, can be gone: where sound and pictures lie apart within a segment."""


class HlsBytes(FetchedBytes):
    """The segments of a list, one after another.

    Attributes:
        playlist: as read last.
    """

    def __init__(self, url: str, subject: str, line: Line, *, start: float | None = None) -> None:
        """Fetch the list and, where it is one of lists, the best of those.

        Args:
            url: the list's address.
            subject: what errors call it.
            line: tells when nobody waits any more.
            start: begin with the segment at so many seconds; by default where one watches from: a live list near its
                end, any other at its beginning.

        Raises:
            SourceError: it cannot be fetched, or is no list of videos.
        """
        super().__init__(subject, line)
        self._url = url
        self.playlist = self._fetch()
        for _ in range(2):
            if self.playlist.variants:
                self._url = choose_variant(self.playlist.variants)
                self.playlist = self._fetch()
        if not self.playlist.segments and self.playlist.ended:
            raise SourceError(subject, tr("This list of videos is empty."), Problem.UNREADABLE)
        self.live = not self.playlist.ended
        self.begins = 0.0
        """Seconds of the list that lie before what is read."""
        self._number = self.playlist.first
        if self.live:
            self._number += max(0, len(self.playlist.segments) - _FROM_END)
        elif start is not None:
            for segment in self.playlist.segments[:-1]:
                if self.begins + segment.seconds > start:
                    break
                self.begins += segment.seconds
                self._number += 1
        # What was handed out last, and where in all that was it begins.
        self._window, self._window_begin = bytearray(), 0
        self._fetched = time.monotonic()
        self._heard = time.monotonic()
        self._head: Part | None = None
        self._parts: list[Part] = []
        self._left: int | None = None
        self._missed = 0
        self._silent = SourceError(subject, silent_words(), Problem.STALLED)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place near; -1 where it is too far, or counted from an end that nobody knows."""
        place = offset + self._place if whence == io.SEEK_CUR else offset
        end = self._window_begin + len(self._window)
        if whence == io.SEEK_END or not self._window_begin <= place <= end + _KEPT:
            return -1
        self._place = place
        return place

    def _take(self, wanted: int) -> bytes:
        while (offset := self._place - self._window_begin) >= len(self._window):
            data = self._bytes(wanted)
            if not data:
                return b""
            self._window += data
            if len(self._window) > 2 * _KEPT:
                self._window_begin += len(self._window) - _KEPT
                del self._window[:-_KEPT]
        found = bytes(self._window[offset : offset + wanted])
        self._place += len(found)
        return found

    # lists and segments

    def _bytes(self, wanted: int) -> bytes:
        tries = 0
        while True:
            if self._answer is None and not self._open_next():
                return b""
            answer = self._answer
            assert answer is not None  # noqa: S101 - for the type checker
            if answer.buffer:
                self._heard, tries = time.monotonic(), 0
                count = min(wanted, len(answer.buffer), self._left if self._left is not None else wanted)
                data = bytes(answer.buffer[:count])
                del answer.buffer[:count]
                if self._left is not None:
                    self._left -= count
                    if self._left == 0:
                        self._drop()
                return data
            begin = time.monotonic()
            try:
                if not answer.more(_POLL):
                    self._drop()
            except Silence:
                self._waits(time.monotonic() - begin)
            except OSError as error:
                # What is left of the segment is lost; the next one is a beginning of its own.
                self._drop()
                tries += 1
                if tries >= TRIES:
                    raise self._broken() from error

    def _open_next(self) -> bool:
        """Ask for what comes next; wait for it where the list is live. False at the end."""
        while not self._parts:
            number = self._number - self.playlist.first
            if number < 0:  # too slow: what was to come next is not offered any more
                self._number = self.playlist.first
                continue
            if number < len(self.playlist.segments):
                segment = self.playlist.segments[number]
                self._number += 1
                if segment.head is not None and segment.head != self._head:
                    self._parts.append(segment.head)
                self._head = segment.head
                self._parts.append(segment.part)
                break
            if self.playlist.ended:
                return False
            self._wait_for_more()
        part = self._parts.pop(0)
        try:
            self._answer = HttpStream(part.url, self._subject, self._line, start=part.start)
            if self._answer.status >= HTTPStatus.BAD_REQUEST:
                raise status_error(self._subject, self._answer.status)
        except SourceError:
            self._drop()
            if self._line.is_cut:
                raise Interrupted from None
            if not self.live:
                # One that is not there is passed over, as players do; several in a row are the end.
                self._missed += 1
                if self._missed >= TRIES or self._number - self.playlist.first >= len(self.playlist.segments):
                    raise
                self._parts.clear()
                return self._open_next()
            # It may just have gone from the list; the list says what there is.
            self._waits(_POLL)
            self._wait_for_more()
            return self._open_next()
        self._missed = 0
        self._left = part.length
        if part.start and self._answer.status == HTTPStatus.OK:  # the server sends the whole
            self._skip(part.start)
        return True

    def _skip(self, count: int) -> None:
        answer = self._answer
        while answer is not None and count:
            taken = min(count, len(answer.buffer))
            del answer.buffer[:taken]
            count -= taken
            if count and not answer.more(SILENT_SECONDS):
                return

    def _wait_for_more(self) -> None:
        """Fetch a live list again once it may have grown."""
        due = self._fetched + max(0.5, 0.5 * self.playlist.target)
        while time.monotonic() < due:
            if self._line.is_cut:
                raise Interrupted
            begin = time.monotonic()
            time.sleep(min(_POLL, max(0.0, due - begin)))
            self._waits(time.monotonic() - begin)
        self._fetched = time.monotonic()
        try:
            self.playlist = self._fetch()
        except SourceError:
            if self._line.is_cut:
                raise Interrupted from None
            self._waits(_POLL)

    def _waits(self, seconds: float) -> None:
        """Tell how long nothing has come: a live list grows by a segment at a time.

        Raises:
            Interrupted: nobody waits any more.
            SourceError: it has been too long.
        """
        if self._line.is_cut:
            raise Interrupted
        self._waited += seconds
        silent = time.monotonic() - self._heard
        if not self.live:
            if self._waited > LOADING_SECONDS:
                self._line.waits(self._loading)
            if silent > SILENT_SECONDS:
                raise self._broken()
        elif silent > 2.0 * self.playlist.target + 1.0:
            self._line.waits(self._silent)
            if silent > 4.0 * self.playlist.target + SILENT_SECONDS:
                raise self._silent

    def _fetch(self) -> Playlist:
        """Fetch the list as it is now.

        Raises:
            SourceError: it cannot be had, or is none.
        """
        answer = HttpStream(self._url, self._subject, self._line)
        try:
            if answer.status >= HTTPStatus.BAD_REQUEST:
                raise status_error(self._subject, answer.status)
            deadline = time.monotonic() + SILENT_SECONDS
            while len(answer.buffer) < _BIGGEST and answer.more(max(0.001, deadline - time.monotonic())):
                pass
            # Its own address may be another by now: what it names is relative to that.
            return read_playlist(bytes(answer.buffer).decode("utf-8", "replace"), answer.url)
        except ValueError as error:
            reason = tr("This list cannot be played: {reason}.").format(reason=error)
            raise SourceError(self._subject, reason, Problem.UNREADABLE) from error
        except (Silence, Interrupted, OSError) as error:
            raise self._broken() from error
        finally:
            answer.close()

    def _broken(self) -> SourceError:
        return SourceError(self._subject, tr("The connection to the stream broke."), Problem.LOST)

    def _drop(self) -> None:
        super()._drop()
        self._left = None
