"""An MJPEG server on loopback that does on command what network cameras do to people: stall, drop, change, babble, end.

with MjpegServer() as server:
    server.url                      # http://127.0.0.1:port/video
    server.frame(picture)           # one frame, now; waits until every viewer has been sent it
    server.run(fps=30)              # pictures of its own in a thread, until `hold` or another command
    server.hold(); server.drop(); server.end(); server.garbage(4096); server.refuse(True)
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.stream_server import StreamServer

BOUNDARY = "frame"


def jpeg(colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (320, 240), quality: int = 85) -> bytes:
    """A JPEG of one colour; size is width and height."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=quality)
    return out.getvalue()


def encode(pixels: NDArray[np.uint8]) -> bytes:
    """A JPEG of these pixels."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=85)
    return out.getvalue()


def part(data: bytes, boundary: str = BOUNDARY, *, length: bool = True) -> bytes:
    """One part of the stream."""
    head = f"--{boundary}\r\nContent-Type: image/jpeg\r\n"
    if length:
        head += f"Content-Length: {len(data)}\r\n"
    return head.encode() + b"\r\n" + data + b"\r\n"


class MjpegServer(StreamServer):
    """Serves `/video`."""

    def __init__(self, *, boundary: str = BOUNDARY, length: bool = True) -> None:
        super().__init__("mjpeg")
        self.boundary, self.length = boundary, length
        self.head: bytes | None = None
        """Sent instead of the good answer's head."""
        self.silent = False
        """Take connections and never answer."""
        self.requests: list[bytes] = []
        self._waiting: list[socket.socket] = []

    @property
    def url(self) -> str:
        """The stream's address."""
        return f"http://127.0.0.1:{self.port}/video"

    def leave(self) -> None:
        """Let everybody go."""
        self.end()
        for connection in self._waiting:
            connection.close()

    def wait_for_viewer(self, count: int = 1, seconds: float = 10.0) -> None:
        """Wait until so many are watching."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._viewers) >= count, timeout=seconds), "nobody came"

    def frame(self, data: bytes | None = None) -> None:
        """Send one JPEG to every viewer."""
        self.send(part(jpeg() if data is None else data, self.boundary, length=self.length))

    def send(self, data: bytes) -> None:
        """Send bytes as they are to every viewer; those who left are forgotten."""
        with self._changed:
            viewers = list(self._viewers)
        for viewer in viewers:
            try:
                viewer.sendall(data)
            except OSError:
                self._forget(viewer)

    def run(self, fps: float = 30.0, make: Callable[[int], bytes] | None = None) -> None:
        """Send frames at a rate until `hold`."""
        data = jpeg()
        self._pump_pictures(fps, lambda number: self.frame(data if make is None else make(number)))

    def garbage(self, count: int) -> None:
        """Send random bytes."""
        self.send(os.urandom(count))

    def end(self) -> None:
        """Close every connection properly."""
        self.hold()
        for viewer in self._take():
            with contextlib.suppress(OSError):
                viewer.shutdown(socket.SHUT_RDWR)
            viewer.close()

    def drop(self) -> None:
        """Reset every connection, as when a cable is pulled."""
        self.hold()
        for viewer in self._take():
            viewer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            viewer.close()

    def _take(self) -> list[socket.socket]:
        with self._changed:
            viewers, self._viewers = self._viewers, []
            return viewers

    def _forget(self, viewer: socket.socket) -> None:
        with self._changed:
            if viewer in self._viewers:
                self._viewers.remove(viewer)
        viewer.close()

    def welcome(self, connection: socket.socket) -> None:
        """Read what is asked, answer, and have one viewer more."""
        connection.settimeout(5)
        request = b""
        with contextlib.suppress(OSError):
            while b"\r\n\r\n" not in request and (piece := connection.recv(65536)):
                request += piece
        self.requests.append(request)
        if self.silent:
            self._waiting.append(connection)
            return
        good = f"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary={self.boundary}\r\n\r\n".encode()
        try:
            connection.sendall(good if self.head is None else self.head)
        except OSError:
            connection.close()
            return
        if self.head is not None:
            connection.shutdown(socket.SHUT_WR)
            connection.close()
            return
        self._joins(connection)


class Log:
    """Collects what callbacks say, and waits for something to be said. Use its `append` as the callback."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.items: list[Any] = []

    def append(self, item: Any) -> None:
        with self._changed:
            self.items.append(item)
            self._changed.notify_all()

    def wait_for(self, wanted: Callable[[Any], bool], seconds: float = 10.0, *, after: int = 0) -> Any:
        """Return the first item from number `after` on that is wanted; fail when there is none in time."""

        def find() -> Any:
            return next((item for item in self.items[after:] if wanted(item)), None)

        with self._changed:
            found = self._changed.wait_for(lambda: find() is not None, timeout=seconds)
            assert found, f"not among {self.items[after:][-8:]}"
            return find()
