"""Owns talking HTTP for a download: one request read by a thread of its own, so that waiting can always be stopped.

A blocking read cannot be interrupted, and `requests` gives up a response after a timeout. So a thread reads and
hands over chunks; whoever waits for them looks at its cancel event ten times a second.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urljoin, urlsplit

from mobilenet_gui.core.errors import Cancelled

if TYPE_CHECKING:
    import requests

CHUNK_BYTES: Final = 128 * 1024
MAX_REDIRECTS: Final = 5
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds without a sign of life after which a server counts as gone."""

    connect: float = 10.0
    stall: float = 15.0


Trouble = Literal["unreachable", "proxy", "certificate", "stalled", "dropped", "redirect", "address"]


class NetworkError(Exception):
    """What went wrong on the line: its kind, and details in the network library's words."""

    def __init__(self, kind: Trouble, details: str) -> None:
        super().__init__(kind, details)
        self.kind = kind
        self.details = details


@dataclass(frozen=True, slots=True)
class Head:
    """The answer before its body. `headers` ignores case; `url` is where redirects ended."""

    status: int
    headers: Mapping[str, str]
    url: str


@dataclass(slots=True)
class _Ended:
    error: Exception | None = None
    """None where the body came to its end."""


@dataclass(slots=True)
class Exchange:
    """One GET under way. Use as a context manager; leaving it ends the request whatever state it is in.

    Every waiting method raises `Cancelled` within about a tenth of a second of `cancel` being set, and `NetworkError`
    for what went wrong on the line.
    """

    url: str
    headers: Mapping[str, str]
    proxies: Mapping[str, str]
    timeouts: Timeouts
    cancel: threading.Event
    _items: queue.Queue[Head | bytes | _Ended] = field(default_factory=lambda: queue.Queue(maxsize=8))
    _left: threading.Event = field(default_factory=threading.Event)
    _response: requests.Response | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> Exchange:
        # A daemon, because a connect that hangs cannot be interrupted and must not hold up the program's end.
        self._thread = threading.Thread(target=self._read, name=f"download {self.url}", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        response = self._response
        if response is not None:
            # Closing does not wake a thread that waits for data; shutting the socket's reading side down does.
            with contextlib.suppress(Exception):
                response.raw.shutdown()
        if self._thread is not None:
            self._thread.join(timeout=2 * _POLL_SECONDS)

    def head(self) -> Head:
        """Wait for the answer's status and headers."""
        item = None
        while item is None:
            item = self._next()
        if not isinstance(item, Head):
            raise NetworkError("dropped", "ended before answering")
        return item

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it arrives, in pieces of at most `CHUNK_BYTES`; an empty piece for a moment of silence."""
        while True:
            item = self._next()
            if isinstance(item, _Ended):
                return
            yield item if isinstance(item, bytes) else b""

    def _next(self) -> Head | bytes | _Ended | None:
        """Return what the thread read, or None where nothing came for a moment."""
        if self.cancel.is_set():
            raise Cancelled
        try:
            item = self._items.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            return None
        if isinstance(item, _Ended) and item.error is not None:
            raise item.error
        return item

    def _read(self) -> None:
        ended = _Ended()
        try:
            import requests

            with requests.Session() as session:
                self._response = self._get(session)
                with self._response as response:
                    self._put(Head(response.status_code, response.headers, response.url))
                    while chunk := self._read_some(response.raw):
                        self._put(chunk)
        except Cancelled:
            return
        except Exception as error:  # whatever it is, the waiting side raises it again
            ended.error = understood(error)
        with contextlib.suppress(Cancelled):
            self._put(ended)

    def _read_some(self, raw: Any) -> bytes:
        # read1 hands over what is there: a slow line shows progress, a stalled one times out.
        data: bytes = raw.read1(CHUNK_BYTES, decode_content=True)
        return data

    def _get(self, session: requests.Session) -> requests.Response:
        url = self.url
        for _ in range(MAX_REDIRECTS + 1):
            response = session.get(
                url,
                headers=dict(self.headers),
                proxies=dict(self.proxies),
                timeout=(self.timeouts.connect, self.timeouts.stall),
                stream=True,
                allow_redirects=False,
            )
            location = response.headers.get("Location")
            if response.status_code not in _REDIRECTS or not location:
                return response
            response.close()
            following = urljoin(url, location)
            scheme = urlsplit(following).scheme
            if scheme not in ("http", "https") or (url.startswith("https:") and scheme == "http"):
                raise NetworkError("redirect", following)
            url = following
        raise NetworkError("redirect", url)

    def _put(self, item: Head | bytes | _Ended) -> None:
        while True:
            if self._left.is_set():
                raise Cancelled
            try:
                self._items.put(item, timeout=_POLL_SECONDS)
                return
            except queue.Full:
                continue


def understood(error: Exception) -> Exception:
    """Return `error` as a `NetworkError` where it is the network's; anything else is a fault of ours and stays."""
    import http.client

    import requests.exceptions as outer
    import urllib3.exceptions as inner

    # The order matters: proxy, certificate and timeout errors are kinds of requests' ConnectionError.
    kinds: tuple[tuple[tuple[type[Exception], ...], Trouble], ...] = (
        ((outer.ProxyError, inner.ProxyError), "proxy"),
        ((outer.ConnectTimeout, inner.ConnectTimeoutError), "unreachable"),
        ((outer.ReadTimeout, inner.ReadTimeoutError, TimeoutError), "stalled"),
        (
            (outer.InvalidURL, outer.InvalidSchema, outer.MissingSchema, inner.LocationValueError, UnicodeError),
            "address",
        ),
    )
    if isinstance(error, NetworkError):
        return error
    for classes, kind in kinds:
        if isinstance(error, classes):
            return NetworkError(kind, str(error))
    if isinstance(error, outer.SSLError):
        # Raised while connecting: an untrusted server, or one that does not speak TLS at all.
        return NetworkError("certificate" if "certificate" in str(error).lower() else "unreachable", str(error))
    if isinstance(error, outer.ConnectionError):
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", cause)
        opened = not isinstance(reason, (inner.NewConnectionError, inner.NameResolutionError))
        return NetworkError("dropped" if opened else "unreachable", str(error))
    if isinstance(error, (outer.RequestException, inner.HTTPError, http.client.HTTPException, OSError)):
        return NetworkError("dropped", str(error))
    return error
