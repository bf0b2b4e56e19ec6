"""Writes the videos that tests watch: real files in several formats, and the same files damaged in known ways."""

from __future__ import annotations

import struct
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.opencv import cv2

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def write_video(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    *,
    fps: float = 25.0,
    codec: str = "mp4v",
) -> Path:
    """Write RGB frames, all of one size, shape (height, width, 3)."""
    module = cv2()
    height, width = frames[0].shape[:2]
    fourcc = module.VideoWriter_fourcc(*codec)
    writer = module.VideoWriter(str(path), module.CAP_FFMPEG, fourcc, fps, (width, height))
    assert writer.isOpened(), f"{codec} cannot be written here"
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    return path


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (160, 120)) -> NDArray[np.uint8]:
    """A frame of one colour; size is width and height."""
    return np.full((size[1], size[0], 3), colour, np.uint8)


def numbered(count: int, size: tuple[int, int] = (160, 120)) -> list[NDArray[np.uint8]]:
    """Frames that tell their number, up to 255, in a code of eight bright or dark columns; read it with `number_of`."""
    frames = []
    for number in range(count):
        frame = np.zeros((size[1], size[0], 3), np.uint8)
        width = size[0] // 8
        for bit in range(8):
            frame[:, bit * width : (bit + 1) * width] = 220 if number >> bit & 1 else 30
        frames.append(frame)
    return frames


def number_of(frame: NDArray[np.uint8]) -> int:
    """Return the number that a frame of `numbered` tells."""
    height, width = frame.shape[0], frame.shape[1] // 8
    return sum(1 << bit for bit in range(8) if frame[height // 2, bit * width + width // 2].mean() > 125)


def colours(path: Path, parts: Sequence[tuple[tuple[int, int, int], int]], *, fps: float = 25.0) -> Path:
    """Write a video of plain colours, each for so many frames."""
    return write_video(path, [plain(colour) for colour, count in parts for _ in range(count)], fps=fps)


def rotate(path: Path) -> None:
    """Mark an MP4 file's video as to be shown turned by 90 degrees, as telephones do."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4
    wide = data[place] == 1
    matrix = place + (52 if wide else 40)
    one = 1 << 16
    data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(bytes(data))


def vary_rate(path: Path, first: int, stretch: int) -> None:
    """Give the frames of an MP4 file from number `first` on `stretch` times their length."""
    data = path.read_bytes()
    place = data.index(b"stts") - 4
    (size,) = struct.unpack_from(">I", data, place)
    count, delta = struct.unpack_from(">II", data, place + 16)
    assert size == 24
    table = struct.pack(">I4sIIIIII", 32, b"stts", 0, 2, first, delta, count - first, delta * stretch)
    longer = (count - first) * delta * (stretch - 1)
    out = bytearray(data[:place] + table + data[place + size :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        box = _box_before(out, name, place)
        struct.pack_into(">I", out, box, struct.unpack_from(">I", out, box)[0] + 8)
    scale, length = struct.unpack_from(">II", out, out.index(b"mdhd") + 16)
    struct.pack_into(">I", out, out.index(b"mdhd") + 20, length + longer)
    movie_scale, movie_length = struct.unpack_from(">II", out, out.index(b"mvhd") + 16)
    total = movie_length + longer * movie_scale // scale
    struct.pack_into(">I", out, out.index(b"mvhd") + 20, total)
    struct.pack_into(">I", out, out.index(b"tkhd") + 24, total)
    if b"elst" in out:
        struct.pack_into(">I", out, out.index(b"elst") + 12, total)
    path.write_bytes(bytes(out))


def trim(path: Path, start: float, seconds: float) -> None:
    """Have the list of edits of an MP4 file show but a part of it."""
    data = bytearray(path.read_bytes())
    scale = struct.unpack_from(">I", data, data.index(b"mdhd") + 16)[0]
    movie_scale = struct.unpack_from(">I", data, data.index(b"mvhd") + 16)[0]
    struct.pack_into(">Ii", data, data.index(b"elst") + 12, round(seconds * movie_scale), round(start * scale))
    path.write_bytes(bytes(data))


def fragments(path: Path, each: int) -> tuple[bytes, list[bytes]]:
    """Return an MP4 file's head and its frames in pieces of `each`, as lists of videos name them (fragmented MP4)."""
    data = path.read_bytes()
    count = struct.unpack_from(">I", data, data.index(b"stsz") + 12)[0]
    sizes = struct.unpack_from(f">{count}I", data, data.index(b"stsz") + 16)
    delta = struct.unpack_from(">I", data, data.index(b"stts") + 16)[0]
    place = data.index(b"mdat") + 4
    pictures = []
    for size in sizes:
        pictures.append(data[place : place + size])
        place += size
    movie = _without_samples(data[data.index(b"moov") - 4 :])
    pieces = []
    for first in range(0, count, each):
        part = pictures[first : first + each]
        rows = b"".join(struct.pack(">I", len(picture)) for picture in part)
        times = _box(b"tfdt", struct.pack(">II", 0, first * delta))
        track = _box(b"tfhd", struct.pack(">III", 0x020008, 1, delta))

        def moof(offset: int, track: bytes = track, times: bytes = times, rows: bytes = rows) -> bytes:
            run = _box(b"trun", struct.pack(">IIi", 0x000201, len(rows) // 4, offset) + rows)
            return _box(b"moof", _box(b"mfhd", struct.pack(">II", 0, 1)) + _box(b"traf", track + times + run))

        pieces.append(moof(len(moof(0)) + 8) + _box(b"mdat", b"".join(part)))
    return data[: data.index(b"ftyp") - 4 + struct.unpack_from(">I", data)[0]] + movie, pieces


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def _without_samples(box: bytes) -> bytes:
    """Return a movie's table of contents with no frames in it, and word that they come in pieces."""
    size, name = struct.unpack_from(">I4s", box)
    content = box[8:size]
    if name in (b"stts", b"stsc", b"stco"):
        return _box(name, bytes(8))
    if name == b"stsz":
        return _box(name, bytes(12))
    if name in (b"edts", b"stss"):
        return b""
    if name not in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
        return box[:size]
    parts = b""
    while content:
        parts += _without_samples(content)
        content = content[struct.unpack_from(">I", content)[0] :]
    if name == b"moov":
        parts += _box(b"mvex", _box(b"trex", struct.pack(">IIIIII", 0, 1, 1, 0, 0, 0)))
    return _box(name, parts)


def rename_codec(path: Path, letters: bytes = b"zzzz") -> None:
    """Have an MP4 file (written with mp4v) claim a codec that nobody has."""
    data = bytearray(path.read_bytes())
    place = data.index(b"stsd") + 16
    data[place : place + 4] = letters
    # The descriptor inside names the codec once more, by a number.
    data[data.index(b"esds", place) : data.index(b"esds", place) + 4] = b"free"
    path.write_bytes(bytes(data))


def announce(path: Path, seconds: float) -> None:
    """Have a Matroska file claim another length, as one whose sound goes on longer than its pictures."""
    data = bytearray(path.read_bytes())
    place = data.index(b"\x44\x89\x88") + 3
    struct.pack_into(">d", data, place, seconds * 1000)
    path.write_bytes(bytes(data))


def as_sound(path: Path) -> None:
    """Have a Matroska file claim that its track is one of sound."""
    path.write_bytes(path.read_bytes().replace(b"\x83\x81\x01", b"\x83\x81\x02", 1))


def picture_row(path: Path, frames: Sequence[NDArray[np.uint8]]) -> Path:
    """Write JPEGs one after another: a video in which nothing can be found but by reading it."""
    module = cv2()
    pictures = [module.imencode(".jpg", np.ascontiguousarray(frame[..., ::-1]))[1] for frame in frames]
    path.write_bytes(b"".join(picture.tobytes() for picture in pictures))
    return path


def sound_only(path: Path) -> Path:
    """Write a second of silence."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(bytes(16000))
    return path


def sound_only_movie(path: Path, video: Path) -> Path:
    """Make an MP4 file whose only track says it is sound, from one with a video."""
    path.write_bytes(video.read_bytes().replace(b"vide", b"soun", 1))
    return path


def _box_before(data: bytearray, name: bytes, place: int) -> int:
    found = data.rindex(name, 0, place)
    return found - 4
