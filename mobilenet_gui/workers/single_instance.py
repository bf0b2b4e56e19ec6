"""Owns the meeting point of two starts of the program: the second hands its photos to the first and ends.

One local socket per user and data folder; nothing listens on the network. It lies where no other user can put one of
theirs, and each side asks the system who the other is before a path is told or taken. Messages are one JSON object:
`{"photos": [absolute path, ...]}`. What arrives is data from the same user, still bounded and checked.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import json
import os
import socket
import stat
import struct
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QLockFile, QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from mobilenet_gui import paths
from mobilenet_gui.core.file_address import is_file_address

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
DEADLINE_MS = 5000
"""How long a start may take to find the first one and be heard: on a slow machine that listens seconds before its
window is up. Whoever answers late, or a byte at a time, or not at all, is left: better a second window than none."""
CONNECT_MS = 400
QUEUE_MS = 3000
"""How long of it to wait for other starts of the same moment, each of which needs milliseconds."""
_OK = b"ok\n"
_PATH_BYTES: Final = 100
"""A socket's path may not be longer: 108 bytes on Linux, 104 on macOS."""


def server_name(data_dir: Path) -> str | None:
    """Return where starts of this user with `data_dir` meet; None where there is no place that others cannot take."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    digest = hashlib.sha256(f"{user}\0{data_dir}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    if sys.platform == "win32":
        secret = _secret()
        return f"mobilenet-gui-{digest}-{secret}" if secret else None
    folder = next(_private_folders(), None)
    return None if folder is None else str(folder / f"mobilenet-gui-{digest}")


def _private_folders() -> Iterator[Path]:
    """Yield the folders that are ours alone: the session's, one in the folder for temporary files, one in the cache."""
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(session) and _fits(Path(session)) and is_private(Path(session)):  # noqa: PTH117
        yield Path(session)
    uid = os.getuid() if hasattr(os, "getuid") else 0
    for folder in (Path(_temporary(), f"mobilenet-gui-{uid}"), paths.cache_dir() / "run"):
        if _fits(folder):
            with contextlib.suppress(OSError):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if is_private(folder):
                yield folder


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder)) + 32 <= _PATH_BYTES


def _temporary() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # none can be written to
        return os.path.abspath(os.sep)  # noqa: PTH100


def is_private(folder: Path) -> bool:
    """Say whether nobody but us may put anything into a folder: it is ours, no link, and closed to others."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    owned = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return stat.S_ISDIR(found.st_mode) and owned and not stat.S_IMODE(found.st_mode) & 0o077


def _secret() -> str:
    """Return what no other user knows of the pipe's name; Windows keeps others out of our folders. Empty: none."""
    import secrets

    file = paths.cache_dir() / "meeting-point"
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError), file.open("x", encoding="ascii") as stream:
            stream.write(secrets.token_hex(16))
        return file.read_text("ascii", "replace").strip()
    return ""


def is_ours(descriptor: int) -> bool:
    """Say whether the process at the other end of a socket is our own user's; on Windows the name has proved it."""
    if sys.platform == "win32":
        return True
    try:
        with socket.socket(fileno=os.dup(descriptor)) as end:
            if hasattr(socket, "SO_PEERCRED"):
                _, uid, _ = struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
            else:  # macOS: struct xucred of LOCAL_PEERCRED at SOL_LOCAL
                uid = struct.unpack("2I", end.getsockopt(0, 1, 76)[:8])[1]
    except (OSError, struct.error):
        return False
    return bool(uid == os.getuid())


def hand_over(name: str, photos: Sequence[str], deadline_ms: int = DEADLINE_MS) -> bool:
    """Give `photos` (absolute paths) to a running program; True if one took them.

    Blocks for at most `deadline_ms`, whatever the other side does; meant for the start, before there is a window.
    """
    left = _countdown(deadline_ms)
    line = QLocalSocket()
    try:
        line.connectToServer(name)
        if not line.waitForConnected(min(CONNECT_MS, left())) or not is_ours(line.socketDescriptor()):
            return False
        line.write(json.dumps({"photos": list(photos)}).encode("ascii") + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            if len(answer) >= len(_OK) or not left() or not line.waitForReadyRead(left()):
                return False  # it hangs, died or is none of ours: better a second window than a lost photo
            answer += bytes(line.read(len(_OK)).data())
        return answer == _OK
    finally:
        line.abort()


def _countdown(milliseconds: int) -> Callable[[], int]:
    """Return what says how many milliseconds are left from now on; never less than 0."""
    end = time.monotonic() + milliseconds / 1000
    return lambda: max(0, round((end - time.monotonic()) * 1000))


def meet(name: str | None, photos: Sequence[str]) -> InstanceServer | None:
    """Hand `photos` over as `hand_over` does, or become the one that later starts find.

    One start at a time: of several in the same moment (a file manager's for each of some photos) each would find
    nobody, and all would open a window.

    Returns:
        What the later ones reach, or None where a running program took the photos.
    """
    if name is None:
        return InstanceServer(None)
    left = _countdown(DEADLINE_MS)
    queue = QLockFile(_queue_file(name))
    queue.setStaleLockTime(QUEUE_MS)
    queue.tryLock(QUEUE_MS)  # in vain, as on a full disk, it goes on without: better two windows than none
    try:
        return None if hand_over(name, photos, left()) else InstanceServer(name)
    finally:
        queue.unlock()


def _queue_file(name: str) -> str:
    folder = Path(_temporary()) if sys.platform == "win32" else Path(name).parent
    return str(folder / f"{Path(name).name}.lock")


class InstanceServer(QObject):
    """Listens for later starts. Emits `photos_received` with the paths they bring (perhaps none)."""

    # `object`, not `list`: Qt would turn the paths into QStrings and lose bytes that are not UTF-8.
    photos_received = Signal(object)

    def __init__(self, name: str | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept)
        if name is not None and not self._server.listen(name):
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
        while (line := self._server.nextPendingConnection()) is not None:
            if is_ours(line.socketDescriptor()):
                _Visitor(line, self)
            else:
                line.abort()
                line.deleteLater()


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
        patience = QTimer(self, singleShot=True, interval=DEADLINE_MS)  # with whoever comes and says nothing
        patience.timeout.connect(self._leave)
        patience.start()
        if socket.bytesAvailable():
            self._read()

    def _leave(self) -> None:
        self._socket.abort()

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
    except (ValueError, RecursionError):
        return None
    photos = message.get("photos") if isinstance(message, dict) else None
    if not isinstance(photos, list) or not all(isinstance(photo, str) and _is_path(photo) for photo in photos):
        return None
    return photos


def _is_path(text: str) -> bool:
    """Say whether it can be one that another start names: absolute or an address, and such that the system takes it."""
    try:
        return (os.path.isabs(text) or is_file_address(text)) and b"\0" not in os.fsencode(text)  # noqa: PTH117
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
