"""Owns live streams that FFmpeg decodes: network cameras (RTSP), and what a web server sends without an end."""

from __future__ import annotations

import re
import socket
import threading
import time
from http import HTTPStatus
from typing import Any, Final, Protocol
from urllib.parse import SplitResult, urlsplit

from mobilenet_gui.core import frames_auth, opencv
from mobilenet_gui.core.addresses import usable
from mobilenet_gui.core.frames_bytes import silent_words
from mobilenet_gui.core.frames_capture import RgbReader, claimed_rate, frame_size, open_capture
from mobilenet_gui.core.frames_formats import stream_options
from mobilenet_gui.core.frames_http import status_error
from mobilenet_gui.core.frames_relay import Relay
from mobilenet_gui.core.frames_types import (
    OPEN_TIMEOUT_MS,
    Counter,
    Frame,
    Line,
    Problem,
    SourceError,
    SourceInfo,
    SourceKind,
    SourceSpec,
    urlsplit_safe,
)
from mobilenet_gui.i18n import tr

_PORTS: Final = {"rtsp": 554, "rtsps": 322, "rtmp": 1935, "http": 80, "https": 443}
_RELAYED: Final = ("rtsp", "rtsps")
_WATCHED_MS: Final = 120_000
"""FFmpeg's own time limit where we watch over the bytes: never reached."""
_BLIND_MS: Final = 5000
"""The same where nobody sees the bytes."""
_BEHIND: Final = 0.5
_JUMP: Final = 10.0
_MOST_ANSWER: Final = 64 * 1024


class Feed(Protocol):
    """Where a stream's bytes come through."""

    def trouble(self) -> SourceError | None:
        """Return why it ended, where it did not end properly."""

    def picture(self) -> None:
        """Hear that a picture was decoded."""

    def close(self) -> None:
        """Let it go."""


class CaptureStream:
    """A live stream in any protocol and format that OpenCV's FFmpeg knows."""

    def __init__(
        self, spec: SourceSpec, counter: Counter, capture: Any, feed: Feed | None = None, *, paced: bool = False
    ) -> None:
        """Take over an open capture.

        Args:
            spec: what it is of.
            counter: numbers its frames.
            capture: OpenCV's, open.
            feed: where its bytes come through; closed along with it.
            paced: the bytes come in bursts, so that frames are handed out by their own times.
        """
        self._name = spec.shown
        self._over_http = urlsplit_safe(spec.address) in ("http", "https")
        self._counter = counter
        self._capture = capture
        self._feed = feed
        self._reader = RgbReader(capture)
        self._pacer = Pacer(counter.line) if paced else None
        self.info = SourceInfo(self._name, SourceKind.STREAM, frame_size(capture), fps=claimed_rate(capture))

    def read(self) -> Frame | None:
        """Return the next frame.

        Raises:
            SourceError: it went silent or ended.
        """
        begin = time.perf_counter()
        pixels = self._reader.read()
        if pixels is not None:
            if self._feed is not None:
                self._feed.picture()
            if self._pacer is not None:
                self._pacer.wait(self._capture.get(opencv.cv2().CAP_PROP_POS_MSEC) / 1000)
            return self._counter.live_frame(pixels)
        trouble = None if self._feed is None else self._feed.trouble()
        if trouble is not None:
            raise trouble
        if self._feed is None and time.perf_counter() - begin >= 0.9 * _BLIND_MS / 1000:
            raise SourceError(self._name, silent_words(), Problem.STALLED)
        # A camera that is switched off and a server that says goodbye look the same to FFmpeg; cameras are why people
        # use RTSP, so that they are waited for. A web server's stream may well be over.
        if self._over_http:
            raise stream_ended(self._name)
        reason = tr("The connection broke off. It goes on when the stream is back.")
        raise SourceError(self._name, reason, Problem.LOST)

    def interrupt(self) -> None:
        """Cut the line: whatever waits gives up."""
        self._counter.line.cut()

    def close(self) -> None:
        """Close the connection."""
        self._capture.release()
        if self._pacer is not None:
            self._pacer.close()
        if self._feed is not None:
            self._feed.close()


class Pacer:
    """Holds frames back until it is their time, so that what came in a burst is seen at its own pace."""

    def __init__(self, line: Line) -> None:
        """Give up waiting when `line` is cut."""
        self._line = line
        self._cut = threading.Event()
        line.woken_by_cut(self._cut.set)
        self._anchor: tuple[float, float] | None = None
        self._last = 0.0

    def wait(self, place: float) -> None:
        """Wait until the frame at `place` seconds is due; a stream that is late goes on from where it is."""
        now = time.perf_counter()
        jumped = not 0.0 <= place - self._last < _JUMP
        self._last = place
        if self._anchor is None or jumped:
            self._anchor = (now, place)
            return
        due = self._anchor[0] + place - self._anchor[1]
        if now - due > _BEHIND:
            self._anchor = (now, place)
        elif due > now:
            self._cut.wait(due - now)

    def close(self) -> None:
        """Hear of the line no more."""
        self._line.forget(self._cut.set)


class _RelayFeed:
    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def trouble(self) -> SourceError | None:
        return self._relay.failure

    def picture(self) -> None:
        self._relay.picture()

    def close(self) -> None:
        self._relay.close()


def open_stream(spec: SourceSpec, counter: Counter) -> CaptureStream:
    """Open a stream that FFmpeg connects to.

    Raises:
        SourceError: it cannot be opened; the reason tells a host that does not answer from one without a video.
    """
    address = usable(spec.address)
    scheme = urlsplit_safe(address)
    if scheme not in _RELAYED:
        return CaptureStream(spec, counter, _capture(address, spec, stream_options(scheme), _BLIND_MS))
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or _PORTS[scheme]
        if not host:
            raise ValueError(address)
        relay = Relay(host, port, spec.shown, counter.line)
    except (ValueError, OSError) as error:
        raise _why_no_stream(spec) from error
    feed = _RelayFeed(relay)
    try:
        user, at, _ = parts.netloc.rpartition("@")
        near = parts._replace(netloc=f"{user}{at}127.0.0.1:{relay.port}").geturl()
        capture = _capture(near, spec, stream_options(scheme), _WATCHED_MS)
    except BaseException:
        feed.close()
        raise
    relay.opened()
    return CaptureStream(spec, counter, capture, feed)


def open_natively(spec: SourceSpec, address: str, options: str) -> Any:
    """Return an open capture of what FFmpeg itself fetches from a web server.

    Raises:
        SourceError: it cannot be opened.
    """
    return _capture(address, spec, options, _BLIND_MS)


def _capture(address: str, spec: SourceSpec, options: str, limit_ms: int) -> Any:
    module = opencv.cv2()
    parameters = [
        *(module.CAP_PROP_OPEN_TIMEOUT_MSEC, limit_ms),
        *(module.CAP_PROP_READ_TIMEOUT_MSEC, limit_ms),
        # With several threads FFmpeg holds back one frame a thread.
        *(module.CAP_PROP_N_THREADS, 1),
    ]
    capture = open_capture(address, module.CAP_FFMPEG, parameters, options)
    if not capture.isOpened():
        capture.release()
        raise _why_no_stream(spec)
    return capture


def _why_no_stream(spec: SourceSpec) -> SourceError:
    """Return why a stream did not open, found out by knocking at the server's door; FFmpeg does not say."""
    reason = tr("The server answers, but gives no video that can be read under this address.")
    problem = Problem.UNREADABLE
    try:
        parts = urlsplit(usable(spec.address))
        scheme = parts.scheme.lower()
        host, port = parts.hostname, parts.port or _PORTS.get(scheme)
        if host and port and scheme not in ("udp", "rtp", "srt"):
            with socket.create_connection((host, port), timeout=OPEN_TIMEOUT_MS / 1000) as connection:
                status, description = described(connection, parts) if scheme == "rtsp" else (0, "")
            if status >= HTTPStatus.BAD_REQUEST:
                return status_error(spec.shown, status)
            if "m=audio" in description and "m=video" not in description:
                reason = tr("There is only sound in this stream, no video.")
        elif scheme in ("udp", "rtp", "srt"):
            reason, problem = tr("Nothing arrives at this address."), Problem.BUSY
        else:
            reason, problem = tr("This is not a valid address."), Problem.MISSING
    except TimeoutError:
        reason, problem = tr("The server does not answer."), Problem.BUSY
    except (socket.gaierror, UnicodeError):
        reason, problem = tr("No server of this name was found. Is the network connected?"), Problem.MISSING
    except (ValueError, OverflowError):
        reason, problem = tr("This is not a valid address."), Problem.MISSING
    except OSError:
        reason, problem = tr("Nothing answers at this address."), Problem.MISSING
    return SourceError(spec.shown, reason, problem)


def described(connection: socket.socket, parts: SplitResult) -> tuple[int, str]:
    """Ask a network camera on an open connection about a stream.

    Returns:
        Its status code, 0 where it says none, and its description of the stream.
    """
    place = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    proof, status, body = frames_auth.basic(parts), 0, ""
    for number in (1, 2):
        lines = [f"DESCRIBE {place} RTSP/1.0", f"CSeq: {number}", "Accept: application/sdp"]
        if proof:
            lines.append(f"Authorization: {proof}")
        try:
            connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
            head, body = _answer(connection)
        except OSError:
            return status, body
        first, *fields = head.split("\r\n")
        words = first.split(None, 2)
        number_told = words[1] if len(words) > 1 and words[0].startswith("RTSP/") else ""
        status = int(number_told) if number_told.isascii() and number_told.isdigit() and len(number_told) == 3 else 0
        if status != HTTPStatus.UNAUTHORIZED:
            break
        asked = [f.partition(":")[2].strip() for f in fields if f.lower().startswith("www-authenticate:")]
        proof = frames_auth.digest(parts, asked, "DESCRIBE", place)
        if not proof:
            break
    return status, body


def _answer(connection: socket.socket) -> tuple[str, str]:
    """Return the head and the content of a camera's answer."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < _MOST_ANSWER and (piece := connection.recv(4096)):
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    told = re.search(rb"^content-length:\s*(\d{1,5})\s*$", head, re.IGNORECASE | re.MULTILINE)
    wanted = 0 if told is None else min(int(told[1]), _MOST_ANSWER)
    while len(body) < wanted and (piece := connection.recv(4096)):
        body += piece
    return head.decode("latin-1"), body.decode("latin-1")


def stream_ended(name: str) -> SourceError:
    """Return the error for a stream whose server has closed it."""
    return SourceError(name, tr("The stream has ended."), Problem.ENDED)
