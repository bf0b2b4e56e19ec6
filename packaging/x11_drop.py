"""Drops files on a window as a file manager does, by the XDND protocol: `x11_drop.py WM_CLASS FILE...`.

For the smoke test, which has nothing but Python's standard library; so this speaks the X protocol itself: X Window
System Protocol, version 11, appendix B (encodings), and “Drag-and-Drop Protocol for the X Window System”, version 5.
Only the pointer's movement is left out: what reaches the window are the same messages.
"""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

SECONDS = 20.0
VERSION = 5
URIS = "text/uri-list"
# Requests and events by their numbers in the protocol.
_CREATE_WINDOW, _GET_GEOMETRY, _QUERY_TREE, _INTERN_ATOM = 1, 14, 15, 16
_CHANGE_PROPERTY, _GET_PROPERTY, _SET_SELECTION_OWNER, _SEND_EVENT, _TRANSLATE = 18, 20, 22, 25, 40
_SELECTION_REQUEST, _SELECTION_NOTIFY, _CLIENT_MESSAGE = 30, 31, 33
_INPUT_ONLY = 2


class DropError(Exception):
    """The drop did not happen; the message says why."""


def uri_list(paths: Sequence[str]) -> bytes:
    """Return absolute paths as RFC 2483's text/uri-list."""
    return b"".join(b"file://" + quote(os.fsencode(path)).encode("ascii") + b"\r\n" for path in paths)


def drop(wm_class: str, paths: Sequence[str], display: str | None = None) -> None:
    """Drop files in the middle of the largest window of a class that takes drops.

    Args:
        wm_class: a part of the window's WM_CLASS.
        paths: absolute, as the program under test sees them.
        display: the X display; by default DISPLAY.

    Raises:
        DropError: there is no such window, or it refused.
        OSError: no display, or no answer within `SECONDS`.
    """
    with _Connection(display or os.environ.get("DISPLAY", "")) as x:
        target = _find(x, wm_class.encode())
        _Source(x, target, uri_list(paths)).drop()


class _Connection:
    """An X connection: requests, replies, and the events that came in between."""

    def __init__(self, display: str) -> None:
        found = re.fullmatch(r"(?:unix)?:(\d+)(?:\.\d+)?", display)
        if found is None:
            raise DropError(f"{display or 'DISPLAY'} is no display of this computer.")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(SECONDS)
        self._socket.connect(f"/tmp/.X11-unix/X{found[1]}")
        name, data = _cookie(found[1])
        hello = struct.pack("<BxHHHHxx", ord("l"), 11, 0, len(name), len(data)) + _padded(name) + _padded(data)
        self._socket.sendall(hello)
        accepted, length = struct.unpack("<B5xH", self._take(8))
        setup = self._take(4 * length)
        if accepted != 1:
            raise DropError(f"The display refused: {setup.decode('latin-1').strip(chr(0))}")
        self._next_id = int(struct.unpack_from("<I", setup, 4)[0])
        vendor, formats = struct.unpack_from("<H", setup, 16)[0], setup[21]
        self.root: int = struct.unpack_from("<I", setup, 32 + (vendor + 3) // 4 * 4 + 8 * formats)[0]
        self._events: list[bytes] = []

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._socket.close()

    def request(self, opcode: int, detail: int, body: bytes) -> None:
        """Send a request that has no reply."""
        self._socket.sendall(struct.pack("<BBH", opcode, detail, 1 + len(_padded(body)) // 4) + _padded(body))

    def ask(self, opcode: int, detail: int, body: bytes) -> bytes:
        """Send a request and return its reply; events that come first are kept. An error gives no bytes."""
        self.request(opcode, detail, body)
        while True:
            kind, packet = self._packet()
            if kind == 1:
                return packet
            if kind == 0:
                return b""
            self._events.append(packet)

    def event(self) -> bytes:
        """Return the next event."""
        while not self._events:
            kind, packet = self._packet()
            if kind > 1:
                self._events.append(packet)
        return self._events.pop(0)

    def window(self) -> int:
        """Make a window that nobody sees; return it."""
        made = self._next_id
        self.request(_CREATE_WINDOW, 0, struct.pack("<IIhhHHHHII", made, self.root, 0, 0, 1, 1, 0, _INPUT_ONLY, 0, 0))
        return made

    def atom(self, name: str) -> int:
        """Return the number of a name."""
        reply = self.ask(_INTERN_ATOM, 0, struct.pack("<Hxx", len(name)) + name.encode("ascii"))
        return int(struct.unpack_from("<I", reply, 8)[0])

    def prop(self, window: int, name: int) -> bytes:
        """Return a window's property; nothing where it has none."""
        reply = self.ask(_GET_PROPERTY, 0, struct.pack("<IIIII", window, name, 0, 0, 1024))
        return reply[32:] if len(reply) > 32 else b""

    def set_prop(self, window: int, name: int, kind: int, width: int, data: bytes) -> None:
        """Set a window's property, of `width` bits an item."""
        head = struct.pack("<IIIBxxxI", window, name, kind, width, len(data) * 8 // width)
        self.request(_CHANGE_PROPERTY, 0, head + data)

    def send(self, window: int, event: bytes) -> None:
        """Send an event to a window's owner."""
        self.request(_SEND_EVENT, 0, struct.pack("<II", window, 0) + event.ljust(32, b"\0"))

    def _packet(self) -> tuple[int, bytes]:
        packet = self._take(32)
        if packet[0] == 1:
            packet += self._take(4 * int(struct.unpack_from("<I", packet, 4)[0]))
        return packet[0] & 0x7F, packet

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise DropError("The display closed the connection.")
            data += part
        return data


class _Source:
    """The side of a drag that offers files."""

    def __init__(self, x: _Connection, target: int, files: bytes) -> None:
        self._x, self._target, self._files = x, target, files
        self._window = x.window()
        self._uris, self._selection = x.atom(URIS), x.atom("XdndSelection")

    def drop(self) -> None:
        """Enter, hover, drop, and hand the files over."""
        x, copy = self._x, self._x.atom("XdndActionCopy")
        x.request(_SET_SELECTION_OWNER, 0, struct.pack("<III", self._window, self._selection, 0))
        self._tell("XdndEnter", VERSION << 24, self._uris, 0, 0)
        self._tell("XdndPosition", 0, self._middle(), 0, copy)
        if not self._hear("XdndStatus") & 1:
            self._tell("XdndLeave", 0, 0, 0, 0)
            raise DropError("The window does not want these files.")
        self._tell("XdndDrop", 0, 0, 0, 0)
        if not self._hear("XdndFinished") & 1:
            raise DropError("The window did not take the files.")

    def _middle(self) -> int:
        reply = self._x.ask(_GET_GEOMETRY, 0, struct.pack("<I", self._target))
        width, height = struct.unpack_from("<HH", reply, 16)
        where = struct.pack("<IIhh", self._target, self._x.root, width // 2, height // 2)
        left, top = struct.unpack_from("<HH", self._x.ask(_TRANSLATE, 0, where), 12)
        return int(left) << 16 | int(top)

    def _tell(self, name: str, *values: int) -> None:
        head = struct.pack("<BBHII", _CLIENT_MESSAGE, 32, 0, self._target, self._x.atom(name))
        self._x.send(self._target, head + struct.pack("<5I", self._window, *values))

    def _hear(self, name: str) -> int:
        """Wait for a message, serving requests for the files meanwhile; return its flags."""
        wanted = self._x.atom(name)
        while True:
            event = self._x.event()
            kind = event[0] & 0x7F
            if kind == _SELECTION_REQUEST:
                self._serve(event)
            elif kind == _CLIENT_MESSAGE and struct.unpack_from("<I", event, 8)[0] == wanted:
                return int(struct.unpack_from("<I", event, 16)[0])

    def _serve(self, event: bytes) -> None:
        time, _owner, asker, selection, kind, name = struct.unpack_from("<6I", event, 4)
        if kind == self._uris:
            self._x.set_prop(asker, name, kind, 8, self._files)
        else:
            name = 0
        self._x.send(asker, struct.pack("<BxHIIIII", _SELECTION_NOTIFY, 0, time, asker, selection, kind, name))


def _find(x: _Connection, wm_class: bytes) -> int:
    """Return the largest window of a class that takes drops."""
    aware, names = x.atom("XdndAware"), x.atom("WM_CLASS")
    found: list[tuple[int, int]] = []
    for window in _windows(x.root, lambda one: x.ask(_QUERY_TREE, 0, struct.pack("<I", one))):
        if x.prop(window, aware) and wm_class in x.prop(window, names):
            width, height = struct.unpack_from("<HH", x.ask(_GET_GEOMETRY, 0, struct.pack("<I", window)), 16)
            found.append((width * height, window))
    if not found:
        raise DropError(f"No window of {wm_class.decode()} takes drops.")
    return max(found)[1]


def _windows(top: int, query: Callable[[int], bytes]) -> Iterator[int]:
    waiting = [top]
    while waiting:
        window = waiting.pop()
        yield window
        reply = query(window)
        if len(reply) >= 32:
            count = struct.unpack_from("<H", reply, 16)[0]
            waiting += struct.unpack_from(f"<{count}I", reply, 32)


def _cookie(display: str) -> tuple[bytes, bytes]:
    """Return the name and the data of this display's authorisation (Xau(3): big-endian counted strings)."""
    path = Path(os.environ.get("XAUTHORITY") or Path.home() / ".Xauthority")
    data = path.read_bytes() if path.is_file() else b""
    at = 0
    while at + 2 < len(data):
        at += 2
        parts = []
        for _ in range(4):
            size = struct.unpack_from(">H", data, at)[0]
            parts.append(data[at + 2 : at + 2 + size])
            at += 2 + size
        _address, number, name, secret = parts
        if number in (b"", display.encode()) and name == b"MIT-MAGIC-COOKIE-1":
            return name, secret
    return b"", b""


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)


if __name__ == "__main__":
    try:
        drop(sys.argv[1], [os.path.abspath(path) for path in sys.argv[2:]])  # noqa: PTH100 - links stay links
    except (DropError, OSError) as problem:
        sys.exit(f"Not dropped: {problem}")
