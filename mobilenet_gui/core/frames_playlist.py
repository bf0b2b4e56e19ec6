"""Owns reading the lists of HLS (RFC 8216): which short videos there are, how long they are, where they lie.

    playlist = read_playlist(text, address)
    if playlist.variants: address = choose_variant(playlist.variants)       # a list of lists

Whatever a list names, only addresses of web servers are taken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from mobilenet_gui.core.addresses import usable
from mobilenet_gui.i18n import tr

MARK: Final = b"#EXTM3U"
_MOST_SEGMENTS: Final = 100_000
_LONGEST_SEGMENT: Final = 60.0
_TALLEST: Final = 1080
_FASTEST: Final = 6_000_000
_ATTRIBUTE: Final = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^,]*)')


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of an address: all of them, or `length` from `start` on."""

    url: str
    start: int | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A short video of a list.

    Attributes:
        part: where it is.
        seconds: how long it says it is.
        head: what must be read once before it; None where it stands for itself.
    """

    part: Part
    seconds: float
    head: Part | None


@dataclass(frozen=True, slots=True)
class Playlist:
    """A list of segments, or of lists of the same in several sizes.

    Attributes:
        variants: (address, bits a second, height in pixels or 0) of other lists; empty where this is one of segments.
        segments: in order.
        first: the number of the first one; it goes on in later versions of a live list.
        ended: nothing will be added.
        target: how many seconds a segment has at most.
        encrypted: with a key; only FFmpeg can read it.
    """

    variants: tuple[tuple[str, int, int], ...]
    segments: tuple[Segment, ...]
    first: int
    ended: bool
    target: float
    encrypted: bool

    @property
    def seconds(self) -> float:
        """The length of all segments."""
        return sum(segment.seconds for segment in self.segments)


def read_playlist(text: str, base: str) -> Playlist:
    """Return what a list says.

    Args:
        text: the list.
        base: its address, which others are relative to.

    Raises:
        ValueError: it is no list of videos, or names what is not on a web server.
    """
    if not text.lstrip("\ufeff").startswith("#EXTM3U") or "#EXT-X-" not in text:
        raise ValueError(tr("it is a list of other addresses"))
    reading = _Reading(base)
    for line in text.splitlines():
        tag, _, value = line.strip().partition(":")
        if line.startswith("#"):
            reading.tag(tag, value)
        elif line.strip():
            reading.address(line.strip())
        if len(reading.segments) > _MOST_SEGMENTS:
            break
    longest = max((segment.seconds for segment in reading.segments), default=0.0)
    return Playlist(
        tuple(reading.variants),
        tuple(reading.segments),
        reading.first,
        reading.ended,
        min(_LONGEST_SEGMENT, reading.target or longest or 1.0),
        reading.encrypted,
    )


class _Reading:
    """What was read of a list up to now."""

    def __init__(self, base: str) -> None:
        self._base = base
        self.variants: list[tuple[str, int, int]] = []
        self.segments: list[Segment] = []
        self.first, self.target = 0, 0.0
        self.ended = self.encrypted = False
        self._seconds: float | None = None
        self._variant: dict[str, str] | None = None
        self._head: Part | None = None
        self._span: tuple[int | None, int | None] = (None, None)

    def tag(self, tag: str, value: str) -> None:
        """Take in a line that says something of what follows, or of all."""
        match tag:
            case "#EXTINF":
                self._seconds = _number(value.partition(",")[0])
            case "#EXT-X-STREAM-INF":
                self._variant = _attributes(value)
            case "#EXT-X-TARGETDURATION":
                self.target = _number(value)
            case "#EXT-X-MEDIA-SEQUENCE":
                self.first = int(_number(value))
            case "#EXT-X-ENDLIST":
                self.ended = True
            case "#EXT-X-PLAYLIST-TYPE":
                self.ended = self.ended or value.strip().upper() == "VOD"
            case "#EXT-X-KEY":
                self.encrypted = self.encrypted or _attributes(value).get("METHOD", "NONE") != "NONE"
            case "#EXT-X-MAP":
                told = _attributes(value)
                start, length = _span(told.get("BYTERANGE", ""))
                begin = 0 if start is None and length is not None else start
                self._head = Part(_web(self._base, told.get("URI", "")), begin, length)
            case "#EXT-X-BYTERANGE":
                self._span = _span(value)

    def address(self, address: str) -> None:
        """Take in the address of a segment, or of another list."""
        url = _web(self._base, address)
        if self._variant is not None:
            if _has_video(self._variant):
                height = _number(self._variant.get("RESOLUTION", "").lower().partition("x")[2])
                self.variants.append((url, int(_number(self._variant.get("BANDWIDTH", ""))), int(height)))
            self._variant = None
            return
        start, length = self._span
        if length is not None and start is None:
            before = self.segments[-1].part if self.segments else Part("")
            start = (before.start or 0) + (before.length or 0) if before.url == url else 0
        seconds = self.target if self._seconds is None else self._seconds
        self.segments.append(Segment(Part(url, start, length), seconds, self._head))
        self._seconds, self._span = None, (None, None)


def choose_variant(variants: tuple[tuple[str, int, int], ...]) -> str:
    """Return the list with the best picture that is not more than a network or a screen needs."""
    fitting = [v for v in variants if v[1] <= _FASTEST and v[2] <= _TALLEST]
    return max(fitting, key=lambda v: (v[2], v[1]))[0] if fitting else min(variants, key=lambda v: v[1])[0]


def _web(base: str, address: str) -> str:
    """Return an address of a web server, relative to another.

    Raises:
        ValueError: it is none.
    """
    url = urljoin(base, usable(address))
    parts = urlsplit(url)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise ValueError(tr("it names what is not on a web server"))
    former = urlsplit(base)
    if "@" in former.netloc and "@" not in parts.netloc and parts.hostname == former.hostname:
        parts = parts._replace(netloc=f"{former.netloc.rpartition('@')[0]}@{parts.netloc}")
    return parts.geturl()


def _attributes(text: str) -> dict[str, str]:
    return {found[1]: found[2].strip('"') for found in _ATTRIBUTE.finditer(text)}


def _has_video(stream: dict[str, str]) -> bool:
    codecs = stream.get("CODECS", "").lower()
    return "RESOLUTION" in stream or not codecs or any(c in codecs for c in ("avc", "hvc", "hev", "vp", "av01", "mp4v"))


def _number(text: str) -> float:
    found = re.match(r"\s*(\d{1,12}(?:\.\d{0,9})?)", text)
    return float(found[1]) if found else 0.0


def _span(text: str) -> tuple[int | None, int | None]:
    """Return (start, length) of `length@start`."""
    found = re.fullmatch(r"\s*\"?(\d{1,15})(?:@(\d{1,15}))?\"?\s*", text)
    return (None, None) if found is None else (None if found[2] is None else int(found[2]), int(found[1]))
