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
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

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


class MjpegServer:
    """Serves `/video`; use as a context manager. Methods may be called from the test's thread at any time."""

    def __init__(self, *, boundary: str = BOUNDARY, length: bool = True) -> None:
        self.boundary, self.length = boundary, length
        self.head: bytes | None = None
        """Sent instead of the good answer's head."""
        self.silent = False
        """Take connections and never answer."""
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._changed = threading.Condition()
        self._viewers: list[socket.socket] = []
        self._waiting: list[socket.socket] = []
        self._closed = False
        self._refusing = False
        self._pump: threading.Thread | None = None
        self._pumping = threading.Event()
        self._thread = threading.Thread(target=self._accept, name="mjpeg-server")

    @property
    def url(self) -> str:
        """The stream's address."""
        return f"http://127.0.0.1:{self.port}/video"

    def __enter__(self) -> MjpegServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hold()
        with self._changed:
            self._closed = True
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self._thread.join()
        self._listener.close()
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
        self.hold()
        stop = self._pumping = threading.Event()
        data = jpeg()

        def pump() -> None:
            number, due = 0, time.monotonic()
            while not stop.wait(max(0.0, due - time.monotonic())):
                self.frame(data if make is None else make(number))
                number, due = number + 1, due + 1 / fps

        self._pump = threading.Thread(target=pump, name="mjpeg-pump")
        self._pump.start()

    def hold(self) -> None:
        """Send nothing more; the connections stay."""
        self._pumping.set()
        if self._pump is not None:
            self._pump.join()
            self._pump = None

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

    def refuse(self, refusing: bool) -> None:
        """Hang up on newcomers, or welcome them again."""
        with self._changed:
            self._refusing = refusing

    def _take(self) -> list[socket.socket]:
        with self._changed:
            viewers, self._viewers = self._viewers, []
            return viewers

    def _forget(self, viewer: socket.socket) -> None:
        with self._changed:
            if viewer in self._viewers:
                self._viewers.remove(viewer)
        viewer.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                if self._closed:
                    connection.close()
                    return
                if self._refusing:
                    connection.close()
                    continue
            self._greet(connection)

    def _greet(self, connection: socket.socket) -> None:
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
        with self._changed:
            self._viewers.append(connection)
            self._changed.notify_all()


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
