"""What the cameras on loopback have in common: a door that lets viewers in or hangs up, and a pump of pictures."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class StreamServer:
    """A server with viewers; use as a context manager. Methods may be called from the test's thread at any time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._changed = threading.Condition()
        self._viewers: list[socket.socket] = []
        self._closed = self._refusing = False
        self._pump: threading.Thread | None = None
        self._pumping = threading.Event()
        self._thread = threading.Thread(target=self._accept, name=f"{name}-server")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hold()
        with self._changed:
            self._closed = True
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        self._thread.join()
        self._listener.close()
        self.leave()

    def welcome(self, connection: socket.socket) -> None:
        """Talk to somebody who has come; in the door's thread."""
        raise NotImplementedError

    def leave(self) -> None:
        """Let everybody go; the door is closed."""
        raise NotImplementedError

    def hold(self) -> None:
        """Send nothing more; the connections stay."""
        self._pumping.set()
        if self._pump is not None:
            self._pump.join()
            self._pump = None

    def refuse(self, refusing: bool) -> None:
        """Hang up on newcomers, or welcome them again."""
        with self._changed:
            self._refusing = refusing

    def _pump_pictures(self, fps: float, send: Callable[[int], None]) -> None:
        """Call `send` with 0, 1, 2 ... at a rate, in a thread, until `hold`."""
        self.hold()
        stop = self._pumping = threading.Event()

        def pump() -> None:
            number, due = 0, time.monotonic()
            while not stop.wait(max(0.0, due - time.monotonic())):
                send(number)
                number, due = number + 1, due + 1 / fps

        self._pump = threading.Thread(target=pump, name=f"{self._name}-pump")
        self._pump.start()

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
            self.welcome(connection)

    def _joins(self, viewer: socket.socket) -> None:
        with self._changed:
            self._viewers.append(viewer)
            self._changed.notify_all()
