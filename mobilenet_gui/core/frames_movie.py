"""Owns how MP4 and QuickTime files are built: boxes within boxes, and the times of a video's frames told in them.

The boxes are those of ISO/IEC 14496-12. Nothing is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

MOVIE_BOXES: Final = (b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip")
"""What such a file begins with, behind four bytes."""
_MAX_BOXES: Final = 10_000
_MOST_FRAMES: Final = 5_000_000
_MOST_BYTES: Final = 8 * _MOST_FRAMES
_TRACK: Final = (b"moov", b"trak")


class Length(NamedTuple):
    """How long the video of a file says it is.

    Attributes:
        seconds: from the first frame to the end of the last.
        stands: how long the last frame is on screen; 0 where the file does not say.
    """

    seconds: float
    stands: float


def movie_length(path: Path) -> Length | None:
    """Return how long the video track of a file says it is; None for files of other kinds and damaged ones.

    OpenCV tells the number of frames only, from which no length follows where the frame rate varies, or where frames
    are cut off at the ends by a list of edits, as telephones trim videos.
    """
    try:
        with path.open("rb") as file:
            if file.read(8)[4:] not in MOVIE_BOXES:
                return None
            whole = (0, file.seek(0, 2))
            for track in _inside(file, whole, *_TRACK):
                media = next(_inside(file, track, b"mdia"), None)
                kind = None if media is None else next(_inside(file, media, b"hdlr"), None)
                if media is not None and kind is not None and _content(file, kind)[8:12] == b"vide":
                    return _length(file, whole, track, media)
    except (OSError, ValueError, OverflowError):
        pass
    return None


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, content start, content end) of the boxes between two places; stops at nonsense."""
    place = start
    for _ in range(_MAX_BOXES):
        if place + 8 > end:
            return
        file.seek(place)
        head = file.read(16)
        if len(head) < 8:
            return
        length, name, header = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1 and len(head) == 16:
            length, header = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = end - place
        if length < header:
            return
        yield name, place + header, place + length
        place += length


def _inside(file: BinaryIO, place: tuple[int, int], *names: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the contents of the boxes of a name lie, inside those that are named before it."""
    for name, start, end in boxes(file, *place):
        if name == names[0]:
            if len(names) == 1:
                yield start, end
            else:
                yield from _inside(file, (start, end), *names[1:])


def _content(file: BinaryIO, place: tuple[int, int]) -> bytes:
    file.seek(place[0])
    return file.read(min(_MOST_BYTES, place[1] - place[0]))


def _numbers(file: BinaryIO, place: tuple[int, int], *names: bytes, kind: str = ">u4") -> NDArray[np.int64]:
    """Return the entries of a table, which stand behind a version and their count; none where there is no table."""
    found = next(_inside(file, place, *names), None)
    if found is None:
        return np.zeros(0, np.int64)
    data = _content(file, found)[8:]
    return np.frombuffer(data[: len(data) // 4 * 4], kind).astype(np.int64)


def _clock(head: bytes) -> tuple[int, int]:
    """Return (units a second, length in those) of a header of the movie or of a track."""
    wide = head[:1] == b"\x01"  # version 1 counts in 64 bits
    scale = int.from_bytes(head[20:24] if wide else head[12:16], "big")
    return scale, int.from_bytes(head[24:32] if wide else head[16:20], "big")


def _length(file: BinaryIO, whole: tuple[int, int], track: tuple[int, int], media: tuple[int, int]) -> Length | None:
    clock = next(_inside(file, media, b"mdhd"), None)
    scale, length = (0, 0) if clock is None else _clock(_content(file, clock)[:32])
    if not scale or not length:
        return None
    begins, ends = _frames(file, media)
    shown = _edited(file, whole, track, scale)
    if not shown:
        return Length(length / scale, (float(ends.max() - begins.max()) / scale) if len(begins) else 0.0)
    # The last stretch that is shown tells which frame stands at the end.
    start, stop = shown[-1]
    begins = begins[begins < stop]
    stands = stop - max(float(begins.max()), start) if len(begins) else 0.0
    return Length(sum(stop - start for start, stop in shown) / scale, stands / scale)


def _frames(file: BinaryIO, media: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return when each frame begins and ends, in the track's units; none where the file does not list them."""
    table = _numbers(file, media, b"minf", b"stbl", b"stts").reshape(-1)
    counts, deltas = table[: len(table) // 2 * 2 : 2], table[1::2]
    if not len(counts) or not 0 < counts.sum() <= _MOST_FRAMES:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    lengths = np.repeat(deltas, counts)
    begins = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)[:-1]])
    shifts = _numbers(file, media, b"minf", b"stbl", b"ctts")
    # Later frames may be decoded before earlier ones; the second number says by how much each is shown later.
    times, moved = shifts[: len(shifts) // 2 * 2 : 2], shifts[1::2].astype(np.int32).astype(np.int64)
    if len(times) and times.sum() == len(begins):
        begins = begins + np.repeat(moved, times)
        order = np.sort(begins)
        # What a frame is shown for is the time to the next one, whatever the table of decoding says.
        return order, np.concatenate([order[1:], order[-1:] + lengths[-1]])
    return begins, begins + lengths


def _edited(file: BinaryIO, whole: tuple[int, int], track: tuple[int, int], scale: int) -> list[tuple[float, float]]:
    """Return the stretches of a track that are shown, in its own units; none where all of it is."""
    movie = next(_inside(file, whole, b"moov", b"mvhd"), None)
    movie_scale = 0 if movie is None else _clock(_content(file, movie)[:32])[0]
    found = next(_inside(file, track, b"edts", b"elst"), None)
    if found is None or not movie_scale:
        return []
    data = _content(file, found)
    row = np.dtype([("length", ">u8"), ("start", ">i8"), ("rate", ">u4")])
    if data[:1] != b"\x01":
        row = np.dtype([("length", ">u4"), ("start", ">i4"), ("rate", ">u4")])
    rows = np.frombuffer(data[8 : 8 + (len(data) - 8) // row.itemsize * row.itemsize], row)
    shown = []
    for edit in rows[: int.from_bytes(data[4:8], "big")]:
        start, length = int(edit["start"]), int(edit["length"]) * scale / movie_scale
        if start >= 0 and length:  # -1: nothing is shown for so long
            shown.append((float(start), start + length))
    return shown
