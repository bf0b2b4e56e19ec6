"""Owns the meeting point of two starts of the program: the second hands its photos to the first and ends.

One local socket per user and data folder; nothing listens on the network. Messages are one JSON object:
`{"photos": [absolute path, ...]}`. What arrives is data from the same user, still bounded and checked.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QDir, QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
CONNECT_MS = 400
ANSWER_MS = 4000
"""How long the first start may take to answer: on a slow machine it listens seconds before its window is up."""
QUEUE_MS = 3000
"""How long to wait for other starts of the same moment, each of which needs milliseconds."""
_OK = b"ok\n"


def server_name(data_dir: Path) -> str:
    """Return the socket's name for this user and `data_dir`; short, because socket paths are limited."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    digest = hashlib.sha256(f"{user}\0{data_dir}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"mobilenet-gui-{digest}"


def hand_over(name: str, photos: Sequence[str]) -> bool:
    """Give `photos` (absolute paths) to a running program; True if one took them.

    Blocks for at most `CONNECT_MS` + `ANSWER_MS`; meant for the start, before there is a window.
    """
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(CONNECT_MS):
        return False
    message = json.dumps({"photos": list(photos)}).encode("ascii") + b"\n"
    socket.write(message)
    answer = b""
    while not answer.endswith(b"\n"):
        if not socket.waitForReadyRead(ANSWER_MS):
            return False  # it hangs or died: better a second window than a lost photo
        answer += bytes(socket.readAll().data())
    socket.disconnectFromServer()
    return answer == _OK


def meet(name: str, photos: Sequence[str]) -> InstanceServer | None:
    """Hand `photos` over as `hand_over` does, or become the one that later starts find.

    One start at a time: of several in the same moment (a file manager's for each of some photos) each would find
    nobody, and all would open a window.

    Returns:
        What the later ones reach, or None where a running program took the photos.
    """
    queue = QLockFile(QDir(QDir.tempPath()).filePath(f"{name}.lock"))
    queue.setStaleLockTime(QUEUE_MS)
    queue.tryLock(QUEUE_MS)  # in vain, as on a full disk, it goes on without: better two windows than none
    try:
        return None if hand_over(name, photos) else InstanceServer(name)
    finally:
        queue.unlock()


class InstanceServer(QObject):
    """Listens for later starts. Emits `photos_received` with the paths they bring (perhaps none)."""

    # `object`, not `list`: Qt would turn the paths into QStrings and lose bytes that are not UTF-8.
    photos_received = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept)
        if not self._server.listen(name):
            # `hand_over` found nobody there, so this is what a crashed run left behind.
            QLocalServer.removeServer(name)
            self._server.listen(name)

    @property
    def listening(self) -> bool:
        """Whether later starts can reach this one. Without it the program works, only alone."""
        return self._server.isListening()

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def _accept(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            _Visitor(socket, self)


class _Visitor(QObject):
    """One connection: collects a line, checks it, answers, goes away."""

    def __init__(self, socket: QLocalSocket, owner: InstanceServer) -> None:
        super().__init__(owner)
        self._socket = socket
        self._owner = owner
        self._received = bytearray()
        socket.setParent(self)
        socket.readyRead.connect(self._read)
        socket.disconnected.connect(self.deleteLater)
        if socket.bytesAvailable():
            self._read()

    def _read(self) -> None:
        self._received += bytes(self._socket.readAll().data())
        if len(self._received) > MAX_MESSAGE_BYTES:
            self._socket.abort()
            return
        if not self._received.endswith(b"\n"):
            return
        photos = parse_message(bytes(self._received))
        self._received.clear()
        if photos is None:
            self._socket.abort()
            return
        self._socket.write(_OK)
        self._socket.flush()
        self._owner.photos_received.emit(photos)


def parse_message(data: bytes) -> list[str] | None:
    """Return the paths in a message, or None where it is not one of ours."""
    try:
        message = json.loads(data)
    except ValueError:
        return None
    photos = message.get("photos") if isinstance(message, dict) else None
    if not isinstance(photos, list) or not all(isinstance(p, str) for p in photos):
        return None
    return photos
