"""Owns asking a web server for a stream: one GET, its answer's head, and then its bytes as they come.

Standard clients hide what is needed here: noticing silence without losing the connection, and giving up at once.
HTTP/1.0 is spoken so that servers do not send their streams in chunks; some small cameras do so all the same.
"""

from __future__ import annotations

import contextlib
import email.message
import email.parser
import re
import socket
import ssl
import time
from http import HTTPStatus
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from mobilenet_gui.core import frames_auth
from mobilenet_gui.core.addresses import DOTS, usable
from mobilenet_gui.core.frames_types import OPEN_TIMEOUT_MS, Line, Problem, SourceError
from mobilenet_gui.i18n import tr

POLL_SECONDS: Final = 0.1
_HEAD_LIMIT: Final = 64 * 1024
_REDIRECTS: Final = 5
_PIECE: Final = 256 * 1024
_GREETINGS: Final = (b"HTTP/", b"ICY")
_CHUNK_LINE: Final = 1024
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{1,12}")
_STATUS: Final = re.compile(rb"\d{3}")
_MOVED: Final = (301, 302, 303, 307, 308)


class Silence(Exception):  # noqa: N818 - not an error: the connection stands, nothing comes
    """Nothing came for as long as the caller was ready to wait."""


class Interrupted(Exception):  # noqa: N818 - a wish of the caller's
    """The reading was interrupted."""


class HttpStream:
    """An answer whose body is read as it comes.

    Attributes:
        url: the address after redirections.
        status: the server's status code.
        headers: of the answer.
        buffer: what has come of the body and was not taken yet; the reader takes from its front.
    """

    def __init__(self, url: str, subject: str, line: Line | None = None, *, start: int | None = None) -> None:
        """Ask for `url`, following redirections.

        Args:
            url: the address, with name and password if need be.
            subject: what errors call it.
            line: tells when nobody waits any more.
            start: the first byte that is wanted; None for the whole without a word about ranges.

        Raises:
            SourceError: nobody answers, or not in HTTP. Whether the status is good is for the caller to see.
        """
        self._subject = subject
        self._line = line or Line()
        self._start = start
        self._stopped = False
        self._socket: socket.socket | None = None
        self._chunks: _Chunks | None = None
        self.buffer = bytearray()
        url = usable(url)
        for _ in range(_REDIRECTS + 1):
            self.url = url
            self._ask(url)
            target = self.headers.get("Location")
            if self.status not in _MOVED or not target:
                return
            self.close()
            try:
                url = _followed(url, target)
            except ValueError as error:
                reason = tr("The server sends us to an address that is not one of a web server.")
                raise SourceError(subject, reason, Problem.UNREADABLE) from error
        self.close()
        raise SourceError(subject, tr("The server keeps sending us to other addresses."), Problem.UNREADABLE)

    @property
    def content_type(self) -> str:
        """The kind of content, lower case, without parameters."""
        return self.headers.get_content_type().lower()

    def interrupt(self) -> None:
        """Have a read that waits give up within a tenth of a second; from any thread."""
        self._stopped = True

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None

    def more(self, seconds: float) -> bool:
        """Wait for more of the body; False where the server has closed it.

        Args:
            seconds: how long to wait at most.

        Raises:
            Silence: nothing came.
            Interrupted: `interrupt` was called.
            OSError: the connection broke.
        """
        deadline = time.monotonic() + seconds
        while self._socket is not None and not (self._chunks is not None and self._chunks.over):
            if self._stopped or self._line.is_cut:
                raise Interrupted
            self._socket.settimeout(max(0.001, min(POLL_SECONDS, deadline - time.monotonic())))
            try:
                piece = self._socket.recv(_PIECE)
            except (TimeoutError, ssl.SSLWantReadError):
                if time.monotonic() >= deadline:
                    raise Silence from None
                continue
            if self._chunks is None:
                self.buffer += piece
                return bool(piece)
            content = self._chunks.take(piece)
            self.buffer += content
            return bool(content) or (bool(piece) and not self._chunks.over)
        return False

    def _ask(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise SourceError(self._subject, tr("This is not a valid address."), Problem.MISSING) from error
        if not host or any(ord(letter) <= 32 for letter in host):
            raise SourceError(self._subject, tr("This is not a valid address."), Problem.MISSING)
        secure = parts.scheme.lower() == "https"
        proof = frames_auth.basic(parts)
        for attempt in range(2):
            # What was said beside a redirection or a question is no part of the next answer.
            self.buffer.clear()
            self._chunks = None
            self._socket = self._connect(host, port or (443 if secure else 80), secure)
            try:
                self._socket.sendall(self._request(parts, host, port, proof))
                self._read_head()
            except Silence as error:
                self.close()
                raise _silent(self._subject) from error
            except (OSError, Interrupted) as error:
                self.close()
                raise _broken(self._subject, error) from error
            except UnicodeError as error:
                self.close()
                raise _no_server(self._subject) from error
            asked = self.headers.get_all("WWW-Authenticate", []) if self.status == HTTPStatus.UNAUTHORIZED else []
            proof = frames_auth.digest(parts, [str(line) for line in asked], "GET", _place(parts))
            if not proof or attempt:
                return
            self.close()

    def _request(self, parts: SplitResult, host: str, port: int | None, proof: str) -> bytes:
        shown = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
        lines = [
            f"GET {_place(parts)} HTTP/1.0",
            f"Host: {shown}{f':{port}' if port else ''}",
            "Accept: */*",
            "Connection: close",
        ]
        if self._start is not None:
            lines.append(f"Range: bytes={self._start}-")
        if proof:
            lines.append(f"Authorization: {proof}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _connect(self, host: str, port: int, secure: bool) -> socket.socket:
        seconds = OPEN_TIMEOUT_MS / 1000
        try:
            connection = socket.create_connection((host, port), timeout=seconds)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure:
                return ssl.create_default_context().wrap_socket(connection, server_hostname=host)
            return connection
        except TimeoutError as error:
            raise _silent(self._subject) from error
        except ssl.SSLCertVerificationError as error:
            reason = tr("The server’s certificate is not trusted on this computer.")
            raise SourceError(self._subject, reason, Problem.REFUSED) from error
        except (socket.gaierror, UnicodeError, ValueError) as error:
            raise _no_server(self._subject) from error
        except OSError as error:
            raise _broken(self._subject, error) from error

    def _read_head(self) -> None:
        deadline = time.monotonic() + OPEN_TIMEOUT_MS / 1000
        while (end := _head_end(self.buffer)) < 0:
            if len(self.buffer) > _HEAD_LIMIT:
                raise OSError(tr("it does not speak HTTP"))
            if not self.more(max(0.001, deadline - time.monotonic())):
                other = self.buffer and not self.buffer.startswith(_GREETINGS)
                raise OSError(tr("it does not speak HTTP") if other else tr("it closed the connection"))
        head = bytes(self.buffer[:end])
        del self.buffer[:end]
        line, _, rest = head.partition(b"\n")
        words = line.split(None, 2)
        if len(words) < 2 or not words[0].startswith(_GREETINGS) or _STATUS.fullmatch(words[1]) is None:
            raise OSError(tr("it does not speak HTTP"))
        self.status = int(words[1])
        self.headers: email.message.Message = email.parser.BytesHeaderParser().parsebytes(rest)
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            self._chunks = _Chunks()
            begun = self._chunks.take(bytes(self.buffer))
            self.buffer[:] = begun


class _Chunks:
    """Takes out what stands between the pieces of an answer that is sent in chunks (RFC 9112, 7.1).

    Attributes:
        over: the last piece has come.
    """

    def __init__(self) -> None:
        self.over = False
        self._raw = bytearray()
        self._left = 0

    def take(self, piece: bytes) -> bytes:
        """Return the content of what has come.

        Raises:
            OSError: these are no chunks.
        """
        raw, content = self._raw, bytearray()
        raw += piece
        while raw and not self.over:
            if self._left:
                part = raw[: self._left]
                del raw[: len(part)]
                self._left -= len(part)
                content += part
                continue
            end = raw.find(b"\n")
            if end < 0 and len(raw) < _CHUNK_LINE:
                break
            size = bytes(raw[: max(0, end)]).partition(b";")[0].strip()
            del raw[: end + 1]
            if not size and end >= 0:
                continue  # the line's end that closes a chunk
            if not _HEX.fullmatch(size):
                raise OSError(tr("it does not speak HTTP"))
            self._left = int(size, 16)
            self.over = self._left == 0
        return bytes(content)


def status_error(subject: str, status: int) -> SourceError:
    """Return what to say of a status that is not 200."""
    if status == HTTPStatus.UNAUTHORIZED and f"://{DOTS}@" in subject:
        return SourceError(subject, tr("The server does not accept this user name and password."), Problem.REFUSED)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED):
        reason = tr("The server does not let us in. A user name and password can be part of the address.")
        return SourceError(subject, reason, Problem.REFUSED)
    if status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
        return SourceError(subject, tr("The server has nothing under this address."), Problem.MISSING)
    reason = tr("The server answered with error {status}.").format(status=status)
    return SourceError(subject, reason, Problem.BUSY)


def _place(parts: SplitResult) -> str:
    """Return the part of an address that the first line of a request names."""
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        path += "?" + quote(parts.query, safe="/?%:@!$&'()*+,;=~-._[]")
    return path


def _head_end(data: bytearray) -> int:
    """Return where the body begins; -1 where the head is not whole yet."""
    ends = [place + len(mark) for mark in (b"\r\n\r\n", b"\n\n") if (place := data.find(mark)) >= 0]
    return min(ends, default=-1)


def _followed(url: str, target: str) -> str:
    """Return the address that a redirection leads to; on the same server the password goes along.

    Raises:
        ValueError: it is none of a web server.
    """
    before = urlsplit(url)
    after = urlsplit(urljoin(url, usable(target)))
    if after.scheme.lower() not in ("http", "https"):
        raise ValueError(after.scheme)
    if "@" in before.netloc and "@" not in after.netloc and after.hostname == before.hostname:
        after = after._replace(netloc=f"{before.netloc.rpartition('@')[0]}@{after.netloc}")
    return after.geturl()


def _no_server(subject: str) -> SourceError:
    reason = tr("No server of this name was found. Is the network connected?")
    return SourceError(subject, reason, Problem.MISSING)


def _silent(subject: str) -> SourceError:
    return SourceError(subject, tr("The server does not answer."), Problem.BUSY)


def _broken(subject: str, error: Exception) -> SourceError:
    if isinstance(error, ConnectionRefusedError):
        return SourceError(subject, tr("Nothing answers at this address."), Problem.MISSING)
    why = getattr(error, "strerror", None) or str(error) or tr("it closed the connection")
    reason = tr("The server cannot be used: {reason}.").format(reason=why)
    return SourceError(subject, reason, Problem.BUSY)
