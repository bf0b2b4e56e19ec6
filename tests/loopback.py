"""HTTP servers on loopback for tests: well behaved, and misbehaved in every way that a download may meet.

A `LoopbackServer` serves bytes by path, as Keras' official addresses would, with ranges and entity tags. A `Behaviour`
put on a path makes it lie, stall, drop, redirect. It answers proxy requests for any host from the same files.
"""

from __future__ import annotations

import contextlib
import email.utils
import gzip
import hashlib
import re
import socket
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

OFFICIAL_PATH = "/tensorflow/keras-applications"
_MODIFIED = email.utils.formatdate(1_500_000_000, usegmt=True)


@dataclass(frozen=True)
class Behaviour:
    """How one request is answered. The default is a well-behaved server."""

    status: int = 200
    redirect: str = ""
    ignore_range: bool = False
    announce_ranges: bool = True
    etag: str | None = None  # None: made from the bytes; "": none
    modified: str = _MODIFIED
    content_type: str = "application/octet-stream"
    claimed_length: int | None = None  # Content-Length to send instead of the true one; -1 for none
    drop_after: int | None = None  # bytes of body, then the connection is closed
    reset: bool = False  # with drop_after: not closed but reset, as when a machine goes away
    stall_after: int | None = None  # bytes of body, then silence until the server closes
    stall_head: bool = False  # silence before any answer
    chunked: bool = False
    gzipped: bool = False
    body: bytes | None = None  # instead of the file
    wrong_range: bool = False  # answers 206 with another start than was asked for
    ignore_if_range: bool = False  # answers 206 even where the file is another by now


@dataclass
class Request:
    """What was asked."""

    path: str
    headers: dict[str, str]
    via_proxy: bool = False


@dataclass
class LoopbackServer:
    """Serves `files` (path -> bytes) on 127.0.0.1; use as a context manager."""

    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    stalled: threading.Event = field(default_factory=threading.Event)
    """Set whenever a request began to stall."""

    def __post_init__(self) -> None:
        self._scripts: dict[str, list[Behaviour]] = {}
        self._released = threading.Event()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> LoopbackServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The server's address without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def base(self) -> str:
        """The address that stands for Keras' download base."""
        return self.url + OFFICIAL_PATH

    def serve_folder(self, folder: Path) -> None:
        """Serve weight files as the official server does: each below the folder that its name tells."""
        for file in sorted(folder.iterdir()):
            self.add_official(file.name, file.read_bytes())

    def add_official(self, name: str, data: bytes) -> str:
        """Serve `data` at the official path of a file of that name; returns the path."""
        if name.startswith("weights_mobilenet_v3"):
            place = "mobilenet_v3"
        elif name.startswith("mobilenet_v2"):
            place = "mobilenet_v2"
        else:
            place = "mobilenet"
        path = f"{OFFICIAL_PATH}/{place}/{name}"
        self.files[path] = data
        return path

    def behave(self, path: str, *behaviours: Behaviour) -> None:
        """Answer requests for `path` in these ways, one after another; the last one stays."""
        self._scripts[path] = list(behaviours)

    def next_behaviour(self, path: str) -> Behaviour:
        """Return how the present request for `path` is to be answered."""
        script = self._scripts.get(path)
        if not script:
            return Behaviour()
        return script.pop(0) if len(script) > 1 else script[0]

    def stall(self) -> None:
        """Be silent until the server closes."""
        self.stalled.set()
        self._released.wait()

    def paths(self) -> Sequence[str]:
        """The paths asked for, in order."""
        return [request.path for request in self.requests]


class _Handler(BaseHTTPRequestHandler):
    owner: LoopbackServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Keep the test output quiet."""

    def do_GET(self) -> None:
        """Answer as told. A client that goes away is nothing to report."""
        with contextlib.suppress(ConnectionError):
            self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.owner.requests.append(Request(path, headers, via_proxy=bool(parts.netloc)))
        how = self.owner.next_behaviour(path)
        self.close_connection = True
        if how.stall_head:
            self.owner.stall()
            return
        if how.redirect:
            self._head(how.status if how.status != 200 else 302, {"Location": how.redirect, "Content-Length": "0"})
            return
        data = self.owner.files.get(path) if how.body is None else how.body
        if how.status != 200 or data is None:
            page = b"<html><body>No such file</body></html>"
            status = how.status if how.status != 200 else 404
            self._head(status, {"Content-Type": "text/html", "Content-Length": str(len(page))})
            self.wfile.write(page)
            return
        self._file(data, how, headers)

    def _file(self, data: bytes, how: Behaviour, asked: dict[str, str]) -> None:
        etag = f'"{hashlib.md5(data).hexdigest()}"' if how.etag is None else how.etag
        answer = {"Content-Type": how.content_type}
        if how.announce_ranges:
            answer["Accept-Ranges"] = "bytes"
        if etag:
            answer["ETag"] = etag
        if how.modified:
            answer["Last-Modified"] = how.modified
        start = self._range_start(how, asked, etag)
        status = 200
        if start is not None:
            if start >= len(data):
                self._head(416, {"Content-Range": f"bytes */{len(data)}", "Content-Length": "0"})
                return
            status = 206
            start += how.wrong_range
            answer["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
            data = data[start:]
        if how.gzipped:
            data = gzip.compress(data)
            answer["Content-Encoding"] = "gzip"
        if how.chunked:
            answer["Transfer-Encoding"] = "chunked"
        elif how.claimed_length != -1:
            answer["Content-Length"] = str(len(data) if how.claimed_length is None else how.claimed_length)
        self._head(status, answer)
        self._body(data, how)

    def _range_start(self, how: Behaviour, asked: dict[str, str], etag: str) -> int | None:
        match = re.fullmatch(r"bytes=(\d+)-", asked.get("range", ""))
        if match is None or how.ignore_range:
            return None
        condition = asked.get("if-range")
        if condition is not None and condition not in (etag, how.modified) and not how.ignore_if_range:
            return None
        return int(match[1])

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def _body(self, data: bytes, how: Behaviour) -> None:
        limit = how.drop_after if how.drop_after is not None else how.stall_after
        part = data if limit is None else data[:limit]
        if how.chunked:
            for place in range(0, len(part), 4096):
                piece = part[place : place + 4096]
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            if limit is None:
                self.wfile.write(b"0\r\n\r\n")
        else:
            self.wfile.write(part)
        self.wfile.flush()
        if how.stall_after is not None:
            self.owner.stall()
        if how.drop_after is not None and how.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
