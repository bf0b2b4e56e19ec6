"""Owns bringing one file from the network to the disk: resumable, verified, cancellable, told in plain words.

A target is either absent or whole: bytes arrive in `.part` beside it, and it is renamed when length and checksum agree.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import re
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mobilenet_gui import __version__
from mobilenet_gui.core.download_http import Exchange, Head, NetworkError, Timeouts
from mobilenet_gui.core.download_part import Origin, PartFile, full_disk, sync
from mobilenet_gui.core.download_progress import Meter, Progress
from mobilenet_gui.core.download_urls import base_url, is_web_address, proxies_for, shown_url, urls_for
from mobilenet_gui.core.errors import Cancelled, DownloadError, StorageError
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import tr

__all__ = [
    "Progress",
    "Timeouts",
    "base_url",
    "discard_partial",
    "fetch",
    "partial",
    "proxies_for",
    "shown_url",
    "urls_for",
]

MAX_BYTES: Final = 2 * 1024**3
"""The largest MobileNet file is 25 MB; what is larger than this is not one."""

RETRY_SECONDS: Final = (0.5, 1.0, 2.0, 4.0)
"""Waits before going on after a dropped connection; the count begins anew whenever bytes arrived."""

MAX_ATTEMPTS: Final = 50
_NOT_HERE: Final = frozenset({401, 403, 404, 410})
_PROXY_REFUSES: Final = 407
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_PAGE = re.compile(rb"\s*<(?:!doctype|html|\?xml|head|body)", re.IGNORECASE)


def partial(target: Path) -> Progress | None:
    """Return how much of `target` an earlier, stopped download left; None where nothing."""
    part = PartFile(target)
    origin = part.origin()
    size = part.size()
    return Progress(size, origin.total) if origin is not None and size > 0 else None


def discard_partial(target: Path) -> None:
    """Forget what a stopped download left.

    Raises:
        StorageError: the disk refuses.
    """
    try:
        PartFile(target).discard()
    except OSError as error:
        raise storage_error(target.parent, error) from error


def fetch(
    urls: Sequence[str],
    target: Path,
    *,
    name: str,
    expected_hash: str | None = None,
    proxies: Mapping[str, str] | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    timeouts: Timeouts | None = None,
) -> Path:
    """Download a file, going on where an earlier try of it stopped. A target that is there already is only verified.

    Args:
        urls: addresses to try; the next one where a server does not have the file.
        target: where it ends up. Beside it lie `.part`, `.part.json` and `.lock` meanwhile.
        name: what the user knows it by, for messages.
        expected_hash: md5 or sha256 in hex, told apart by length; None where none is published.
        proxies: from `proxies_for`; empty or None for the environment's.
        progress: called in this thread, at most ten times a second.
        cancel: set it to stop within a third of a second; what has arrived stays, so this also pauses.
        timeouts: for servers that fall silent.

    Returns:
        `target`.

    Raises:
        DownloadError: no answer, a wrong answer, or damaged on the way.
        StorageError: the disk is full or refuses.
        Cancelled: `cancel` was set.
    """
    for url in urls:
        if not is_web_address(url):
            raise DownloadError(
                name, tr("This is not a web address: {url}").format(url=shown_url(url)), resumable=False
            )
    stop = cancel if cancel is not None else threading.Event()
    part = PartFile(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(target.parent, error) from error
    with part.exclusive(stop):
        if target.exists():
            if expected_hash is None or _hash_is(target, expected_hash):
                return target
            target.unlink()
        download = _Download(
            urls=list(urls),
            part=part,
            name=name,
            expected_hash=expected_hash,
            proxies=dict(proxies or {}),
            meter=Meter(progress),
            cancel=stop,
            timeouts=timeouts if timeouts is not None else Timeouts(),
        )
        try:
            download.run()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise download.no_space() from error
            raise storage_error(target.parent, error) from error
    return target


class _NotHereError(Exception):
    """The server has no such file at this address; the text says so."""


class _PassingError(Exception):
    """Something that may well work on the next try; the text is for the user, should it not."""

    def __init__(self, text: str, tries: int = len(RETRY_SECONDS)) -> None:
        super().__init__(text)
        self.tries = tries


@dataclass(slots=True)
class _Download:
    """One call of `fetch` at work."""

    urls: list[str]
    part: PartFile
    name: str
    expected_hash: str | None
    proxies: dict[str, str]
    meter: Meter
    cancel: threading.Event
    timeouts: Timeouts
    total: int | None = None
    resumed: bool = False

    def run(self) -> None:
        self._bring()
        if self.expected_hash is not None and not _hash_is(self.part.path, self.expected_hash):
            self.part.discard()
            if not self.resumed:
                raise self._fail(tr("It arrived damaged: the checksum is wrong. Try again."), resumable=False)
            # The old part was at fault, or the new one: once more from nothing tells.
            self._bring()
            if not _hash_is(self.part.path, self.expected_hash):
                self.part.discard()
                raise self._fail(tr("It arrived damaged: the checksum is wrong. Try again."), resumable=False)
        self.part.finish()

    def no_space(self) -> StorageError:
        here = self.part.size()
        needed = max(0, (self.total or here) - here)
        return full_disk(self.part.target, needed, shutil.disk_usage(self.part.path.parent).free)

    def _bring(self) -> None:
        self.resumed = False
        refusals: list[str] = []
        # Begin with the address that an earlier try got bytes from.
        origin = self.part.origin()
        urls = sorted(self.urls, key=lambda url: origin is None or url != origin.url)
        for url in urls:
            try:
                self._bring_from(url)
                return
            except _NotHereError as error:
                refusals.append(str(error))
        raise self._fail(refusals[urls.index(self.urls[0])], resumable=False)

    def _bring_from(self, url: str) -> None:
        failures = 0
        for _ in range(MAX_ATTEMPTS):
            before = self.part.size()
            try:
                if self._attempt(url):
                    return
                continue
            except NetworkError as error:
                problem = self._told(error, url)
            except _PassingError as error:
                problem = error
            failures = 1 if self.part.size() > before else failures + 1
            if failures > problem.tries:
                raise self._fail(str(problem), resumable=True) from problem
            if self.cancel.wait(RETRY_SECONDS[failures - 1]):
                raise Cancelled
        raise self._fail(self._stopped_text(), resumable=True)

    def _attempt(self, url: str) -> bool:
        """Make one request; True when the file is whole, False to ask again at once."""
        origin = self.part.origin()
        have = self.part.size() if origin is not None and origin.resumable_from(url) else 0
        headers = {"Accept-Encoding": "identity", "User-Agent": f"mobilenet-gui/{__version__}"}
        if have > 0 and origin is not None:
            headers["Range"] = f"bytes={have}-"
            if origin.etag or origin.modified:
                headers["If-Range"] = origin.etag or origin.modified
        with Exchange(url, headers, self.proxies, self.timeouts, self.cancel) as exchange:
            head = exchange.head()
            if head.status == 416 and have > 0:
                return self._already_whole(head, have)
            if head.status == 206 and have > 0 and origin is not None:
                if not _continues(head, have, origin):
                    self.part.discard()
                    return False
                self.resumed = True
                self._receive(exchange, url, have, origin.total or _range_total(head), fresh=None)
                return True
            self._check_status(head, url)
            fresh = _origin(url, head)
            self._receive(exchange, url, 0, fresh.total, fresh=fresh)
            return True

    def _receive(self, exchange: Exchange, url: str, have: int, total: int | None, fresh: Origin | None) -> None:
        self.total = total
        if total is not None and total > MAX_BYTES:
            raise self._too_large()
        self.part.check_space((total or 0) - have)
        chunks = exchange.chunks()
        first = next((chunk for chunk in chunks if chunk), b"")
        if fresh is not None and _PAGE.match(first):
            raise _NotHereError(tr("The server sent a web page instead of the file: {url}").format(url=shown_url(url)))
        self.meter.start(have, total)
        with self.part.go_on() if fresh is None else self.part.begin(fresh) as stream:
            try:
                for chunk in itertools.chain((first,), chunks):
                    if have + len(chunk) > MAX_BYTES:
                        raise self._too_large()
                    stream.write(chunk)
                    have += len(chunk)
                    self.meter.at(have)
            finally:
                sync(stream)
        if total is not None and have != total:
            raise _PassingError(self._stopped_text())
        if have == 0:
            raise _NotHereError(tr("The server sent an empty file: {url}").format(url=shown_url(url)))
        self.meter.finish(have)

    def _already_whole(self, head: Head, have: int) -> bool:
        match = re.fullmatch(r"bytes \*/(\d+)", head.headers.get("Content-Range", "").strip())
        if match is not None and int(match[1]) == have:
            self.resumed = True
            return True
        self.part.discard()
        return False

    def _check_status(self, head: Head, url: str) -> None:
        if head.status in _NOT_HERE:
            raise _NotHereError(
                tr("The server does not have this file (answer {status}): {url}").format(
                    status=head.status, url=shown_url(url)
                )
            )
        if head.status == _PROXY_REFUSES:
            raise NetworkError("proxy", "authentication required")
        if head.status in _PASSING:
            raise _PassingError(
                tr("The server has trouble (answer {status}). Try again later: {url}").format(
                    status=head.status, url=shown_url(url)
                )
            )
        if head.status != 200:
            raise self._fail(
                tr("The server gave an unexpected answer ({status}): {url}").format(
                    status=head.status, url=shown_url(url)
                ),
                resumable=False,
            )

    def _told(self, error: NetworkError, url: str) -> _PassingError:
        """Return what to say about trouble on the line if it lasts; raise where trying again is no use."""
        shown = shown_url(url)
        match error.kind:
            case "dropped":
                return _PassingError(self._stopped_text())
            case "unreachable":
                return _PassingError(
                    tr("The server cannot be reached. Check the internet connection and the address: {url}").format(
                        url=shown
                    ),
                    tries=1,
                )
            case "stalled":
                reason = tr("The server stopped sending. Try again to go on from there: {url}").format(url=shown)
            case "proxy":
                reason = tr("The proxy cannot be reached, or refuses. Check the proxy's address in the settings.")
            case "certificate":
                reason = tr("The server's certificate is not trusted, so nothing was downloaded: {url}").format(
                    url=shown
                )
            case "redirect":
                reason = tr("The server points to an address that is not followed: {url}").format(
                    url=shown_url(error.details)
                )
            case "address":
                reason = tr("This is not a web address: {url}").format(url=shown)
        raise self._fail(reason, resumable=error.kind in ("stalled", "proxy")) from error

    def _stopped_text(self) -> str:
        here = self.part.size()
        if self.total:
            return tr("The download stopped at {percent} %. Try again to go on from there.").format(
                percent=int(100 * here / self.total)
            )
        return tr("The connection broke off. Try again to go on from there.")

    def _too_large(self) -> DownloadError:
        return self._fail(tr("The file is far too large to be a MobileNet; it was not downloaded."), resumable=False)

    def _fail(self, reason: str, *, resumable: bool) -> DownloadError:
        return DownloadError(self.name, reason, resumable=resumable)


def _hash_is(path: Path, expected: str) -> bool:
    kind = "md5" if len(expected) == 32 else "sha256"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, kind).hexdigest() == expected.lower()


def _origin(url: str, head: Head) -> Origin:
    headers = head.headers
    if headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        # Lengths and ranges would count the packed bytes: such a download is taken in one go.
        return Origin(url)
    etag = headers.get("ETag", "").strip()
    length = headers.get("Content-Length", "").strip()
    return Origin(
        url=url,
        etag="" if etag.startswith("W/") else etag,
        modified=headers.get("Last-Modified", "").strip(),
        total=int(length) if length.isdecimal() else None,
    )


def _continues(head: Head, have: int, origin: Origin) -> bool:
    """Say whether a partial answer goes on exactly where the bytes here end, in the same file."""
    match = _RANGE.fullmatch(head.headers.get("Content-Range", "").strip())
    if match is None or int(match[1]) != have:
        return False
    total = _range_total(head)
    if total is not None and origin.total is not None and total != origin.total:
        return False
    etag = head.headers.get("ETag", "").strip()
    return not (etag and origin.etag and etag != origin.etag)


def _range_total(head: Head) -> int | None:
    match = _RANGE.fullmatch(head.headers.get("Content-Range", "").strip())
    return int(match[2]) if match is not None and match[2].isdecimal() else None
