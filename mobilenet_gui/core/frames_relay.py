"""Owns a relay on this computer between FFmpeg and a network camera, through which its RTSP connection goes.

FFmpeg's own time limit counts decoded frames: a camera with a key frame every ten seconds is "silent" to it while its
packets come, and a read that waits can be ended by nobody. The relay sees every byte: it tells how long nothing came,
whatever can be decoded of it, and closing it ends FFmpeg's reading at once, in any thread. Options of FFmpeg's count
bytes, too, but cannot be changed once a stream is open, and do not wake a read.
"""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import threading
from typing import Final

from mobilenet_gui.core.frames_bytes import PATIENT_SECONDS, Pace, silent_words
from mobilenet_gui.core.frames_types import OPEN_TIMEOUT_MS, Line, Problem, SourceError

POLL: Final = 0.1
FRAMELESS_SECONDS: Final = 40.0
"""Bytes alone keep a stream for so long; without a single picture it is no video by then."""
UDP_SECONDS: Final = 5.0
"""Where the pictures come beside the connection only they can be counted, which come more rarely than bytes."""
_PIECE: Final = 256 * 1024
_TRANSPORT: Final = re.compile(rb"^Transport:\s*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


class Relay:
    """Takes FFmpeg's connections and goes on to the camera.

    Attributes:
        port: where FFmpeg finds it, on 127.0.0.1.
        failure: that it was silent for too long; None otherwise.
    """

    def __init__(self, host: str, port: int, subject: str, line: Line) -> None:
        """Begin to listen.

        Raises:
            OSError: this computer gives no port.
        """
        self._goal, self._subject, self._line = (host, port), subject, line
        self.failure: SourceError | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._pace, self._picture_pace = Pace(), Pace(UDP_SECONDS)
        self._opened = False
        self._udp = False
        self._told: SourceError | None = None
        self._closing = threading.Event()
        self._ends: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        # Wakes the thread when the relay is to close.
        self._bell, self._ear = socket.socketpair()
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="stream-relay")
        self._thread.start()
        line.woken_by_cut(self.end)

    def opened(self) -> None:
        """Hear that FFmpeg has opened the stream: from now on silence is told."""
        self._picture_pace.heard()
        self._opened = True

    def picture(self) -> None:
        """Hear that a picture was decoded."""
        self._picture_pace.heard()

    def end(self) -> None:
        """Cut every connection; from any thread."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._bell.send(b"x")

    def close(self) -> None:
        """Cut every connection and wait until that is done."""
        self._line.forget(self.end)
        self.end()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                for key, _ in self._selector.select(POLL):
                    if key.fileobj is self._listener:
                        self._welcome()
                    elif isinstance(key.fileobj, socket.socket) and key.fileobj is not self._ear:
                        self._pass_on(key.fileobj)
                self._watch()
        finally:
            for end in list(self._ends):
                self._hang_up(end)
            self._selector.close()
            for each in (self._listener, self._bell, self._ear):
                each.close()

    def _welcome(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(self._goal, timeout=OPEN_TIMEOUT_MS / 1000)
        except (OSError, UnicodeError):
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.settimeout(OPEN_TIMEOUT_MS / 1000)
            self._ends[one] = other
        # What comes from the camera is told apart by its key.
        self._selector.register(near, selectors.EVENT_READ, "near")
        self._selector.register(far, selectors.EVENT_READ, "far")
        self._pace.heard()

    def _pass_on(self, end: socket.socket) -> None:
        other = self._ends.get(end)
        if other is None:  # hung up by what came before in the same round
            return
        try:
            data = end.recv(_PIECE)
            if not data:
                raise ConnectionError
            if self._selector.get_key(end).data == "far":
                self._pace.heard()
            else:
                self._look_at(data)
            other.sendall(data)
        except OSError:
            self._hang_up(end)

    def _look_at(self, request: bytes) -> None:
        """Learn from FFmpeg's requests whether pictures come through here or beside it, as UDP packets."""
        wishes = _TRANSPORT.findall(request)
        if wishes:
            self._udp = b"/TCP" not in wishes[-1].upper()

    def _hang_up(self, end: socket.socket) -> None:
        other = self._ends.pop(end, None)
        for each in (end, other):
            if each is None:
                continue
            self._ends.pop(each, None)
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(each)
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _watch(self) -> None:
        """Tell when nothing has come for too long, and hang up when that goes on."""
        pictures, pace = self._picture_pace, self._pace
        frameless = self._pictures_missing()
        if not self._opened:
            silent, limit = pace.silent_for, 2 * OPEN_TIMEOUT_MS / 1000
            too_long = bool(self._ends) and (silent > limit or frameless)
        elif self._udp:
            silent, limit = min(pictures.silent_for, pace.silent_for), pictures.limit
            too_long = silent > limit + FRAMELESS_SECONDS
        else:
            silent, limit = pace.silent_for, pace.limit
            too_long = silent > limit + PATIENT_SECONDS or frameless
        if self._opened and silent > limit:
            if self._told is None:
                self._told = SourceError(self._subject, silent_words(), Problem.STALLED)
            self._line.waits(self._told)
        if too_long:
            self.failure = self._told or SourceError(self._subject, silent_words(), Problem.STALLED)
            self._closing.set()

    def _pictures_missing(self) -> bool:
        return self._picture_pace.silent_for > max(FRAMELESS_SECONDS, 3 * self._picture_pace.limit)
