"""A network camera on loopback that speaks RTSP (RFC 2326) and sends JPEGs (RFC 2435) down the same connection.

with RtspServer() as server:
    server.url                      # rtsp://127.0.0.1:port/door
    server.run(fps=30)              # pictures, in a thread, until `hold`
    server.hold(); server.drop(); server.refuse(True)
    server.murmur()                 # packets of which no picture can be made, as between two key frames
    server.password = "…"           # asks for it (Basic, or Digest where `digest` is set)
    server.kind = "audio"           # only sound
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator

from PIL import Image

from tests.stream_server import StreamServer

_CLOCK = 90_000
_FRAGMENT = 1400
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=door\r\nt=0 0\r\n"
    "m={kind} 0 RTP/AVP {number}\r\nc=IN IP4 0.0.0.0\r\na=control:track0\r\n"
)
_NUMBERS = {"video": 26, "audio": 0}
_NONCE = "12ab"


def packets(colour: tuple[int, int, int], size: tuple[int, int], number: int, seconds: float) -> Iterator[bytes]:
    """Yield the RTP packets of a picture of one colour; `number` is the first one's."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=85, subsampling=2)
    data = out.getvalue()
    tables = b"".join(bytes(table) for _, table in sorted(_tables(data).items()))
    scan = data.index(b"\xff\xda")
    body = data[scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big") : -2]
    place = 0
    while place < len(body):
        piece = body[place : place + _FRAGMENT]
        last = place + len(piece) == len(body)
        head = struct.pack(">BBHII", 0x80, 26 | (128 if last else 0), number & 0xFFFF, int(seconds * _CLOCK), 7)
        head += struct.pack(">II", place, 1 << 24 | 255 << 16 | size[0] // 8 << 8 | size[1] // 8)
        if place == 0:
            head += struct.pack(">HH", 0, len(tables)) + tables
        yield head + piece
        place += len(piece)
        number += 1


def _tables(data: bytes) -> dict[int, bytes]:
    """Return a JPEG's quantisation tables, as they stand in it."""
    found: dict[int, bytes] = {}
    place = 0
    while (place := data.find(b"\xff\xdb", place)) >= 0:
        end = place + 2 + int.from_bytes(data[place + 2 : place + 4], "big")
        for start in range(place + 4, end, 65):
            found[data[start] & 15] = data[start + 1 : start + 65]
        place = end
    return found


class RtspServer(StreamServer):
    """Serves `/door`."""

    def __init__(self) -> None:
        super().__init__("rtsp")
        self.password = ""
        self.digest = False
        self.kind = "video"
        self.colour = (200, 30, 30)
        self.size = (320, 240)
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._sequence = 0

    @property
    def url(self) -> str:
        """The stream's address."""
        return f"rtsp://127.0.0.1:{self.port}/door"

    def leave(self) -> None:
        """Let everybody go."""
        self.drop()
        for thread in self._threads:
            thread.join()

    def frame(self) -> None:
        """Send one picture of the present colour to every viewer."""
        with self._changed:
            viewers = list(self._viewers)
        for packet in packets(self.colour, self.size, self._sequence, time.monotonic()):
            self._sequence += 1
            for viewer in viewers:
                with contextlib.suppress(OSError):
                    viewer.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)

    def _murmur(self) -> None:
        # The rest of a picture whose beginning was missed.
        whole = next(packets(self.colour, self.size, self._sequence, time.monotonic()))
        packet = whole[:12] + struct.pack(">I", _FRAGMENT) + whole[16:]
        self._sequence += 1
        with self._changed:
            viewers = list(self._viewers)
        for viewer in viewers:
            with contextlib.suppress(OSError):
                viewer.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)

    def murmur(self, fps: float = 30.0) -> None:
        """Send packets that make no picture, at a rate, until `hold` or `run`."""
        self._pump_pictures(fps, lambda _: self._murmur())

    def run(self, fps: float = 30.0) -> None:
        """Send pictures at a rate until `hold`."""
        self._pump_pictures(fps, lambda _: self.frame())

    def drop(self) -> None:
        """Cut every connection."""
        with self._changed:
            connections, self._open, self._viewers = self._open, [], []
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def welcome(self, connection: socket.socket) -> None:
        """Talk in a thread of its own: a conversation goes on for as long as somebody watches."""
        with self._changed:
            self._open.append(connection)
        thread = threading.Thread(target=self._talk, args=(connection,), name="rtsp-talk")
        self._threads.append(thread)
        thread.start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError):
            while first := lines.read(1):
                if first == b"$":  # the viewer's own reports
                    lines.read(int.from_bytes(lines.read(3)[1:], "big"))
                    continue
                head = first
                while not head.endswith(b"\r\n\r\n") and (line := lines.readline()):
                    head += line
                self._answer(connection, head.decode("latin-1"))

    def _answer(self, connection: socket.socket, request: str) -> None:
        method = request.partition(" ")[0]
        fields = dict(line.split(": ", 1) for line in request.split("\r\n")[1:] if ": " in line)
        status, more, body = "200 OK", "", ""
        if self.password and method != "OPTIONS" and not self._lets_in(method, fields.get("Authorization", "")):
            question = f'Digest realm="door", nonce="{_NONCE}"' if self.digest else 'Basic realm="door"'
            status, more = "401 Unauthorized", f"WWW-Authenticate: {question}\r\n"
        elif method == "OPTIONS":
            more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
        elif method == "DESCRIBE":
            body = _SDP.format(kind=self.kind, number=_NUMBERS[self.kind])
            more = f"Content-Base: {self.url}/\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        elif method == "SETUP":
            more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
        answer = f"RTSP/1.0 {status}\r\nCSeq: {fields.get('CSeq', '0')}\r\n{more}\r\n{body}"
        connection.sendall(answer.encode())
        if method == "PLAY" and status == "200 OK":
            self._joins(connection)

    def _lets_in(self, method: str, proof: str) -> bool:
        if not self.digest:
            return proof == "Basic " + base64.b64encode(f"me:{self.password}".encode()).decode()
        told = dict(re.findall(r'(\w+)="([^"]*)"', proof))

        def md5(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()

        return told.get("response") == md5(
            f"{md5(f'me:door:{self.password}')}:{_NONCE}:{md5(method + ':' + told.get('uri', ''))}"
        )
