"""Owns what the head of a Matroska or WebM file tells: which kinds of tracks there are, how long the file should be.

The elements are those of RFC 9559 (Matroska) in the form of RFC 8794 (EBML). Nothing is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

MARK: Final = b"\x1aE\xdf\xa3"
"""What such a file begins with."""
VIDEO: Final = 1
"""The track type of pictures."""

_HEADER, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_TRACKS, _ENTRY, _TYPE = 0x1654AE6B, 0xAE, 0x83
_MOST: Final = 10_000
"""So many elements are looked at; a damaged file could have any number of them."""

Element = tuple[int, int, int | None]
"""Identifier, where the content begins, where it ends; None where the file does not say."""


def breaks_off(file: BinaryIO, size: int) -> bool:
    """Say whether a file of `size` bytes is shorter than it says itself. Recordings do not always say."""
    segment = _segment(file, size)
    return segment is not None and segment[2] is not None and segment[2] > size


def track_types(file: BinaryIO, size: int) -> frozenset[int]:
    """Return the types of a file's tracks, `VIDEO` among them or not; empty where the table of tracks is not found."""
    found: set[int] = set()
    segment = _segment(file, size)
    if segment is None:
        return frozenset()
    for name, start, end in _elements(file, segment[1], min(size, segment[2] or size)):
        if name == _CLUSTER:
            break
        if name != _TRACKS or end is None:
            continue
        for entry, inner, stop in _elements(file, start, min(size, end)):
            if entry == _ENTRY and stop is not None:
                found.update(_kind(file, inner, min(size, stop)))
    return frozenset(found)


def _kind(file: BinaryIO, start: int, end: int) -> Iterator[int]:
    for name, place, stop in _elements(file, start, end):
        if name == _TYPE and stop is not None and stop - place <= 8:
            file.seek(place)
            yield int.from_bytes(file.read(stop - place), "big")


def _segment(file: BinaryIO, size: int) -> Element | None:
    for element in _elements(file, 0, size):
        if element[0] == _SEGMENT:
            return element
        if element[0] != _HEADER and element[2] is None:
            return None
    return None


def _elements(file: BinaryIO, start: int, end: int) -> Iterator[Element]:
    """Yield the elements between two places, one after another; stops at nonsense and behind one without an end."""
    place = start
    for _ in range(_MOST):
        file.seek(place)
        head = file.read(12)
        if place >= end or len(head) < 2:
            return
        name_bytes = 9 - head[0].bit_length()
        if name_bytes > 4 or len(head) <= name_bytes:
            return
        length_bytes = 9 - head[name_bytes].bit_length()
        content = name_bytes + length_bytes
        if length_bytes > 8 or len(head) < content:
            return
        bits = 7 * length_bytes
        length = int.from_bytes(head[name_bytes:content], "big") & ((1 << bits) - 1)
        unknown = length == (1 << bits) - 1
        begin = place + content
        yield int.from_bytes(head[:name_bytes], "big"), begin, None if unknown else begin + length
        if unknown:
            return
        place = begin + length
