"""Owns the photos and the video that the smoke test makes for itself, with nothing but Python's standard library."""

from __future__ import annotations

import functools
import hashlib
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path


def make_dataset(folder: Path) -> Path:
    """Draw two classes of ten photos: discs on light ground and stripes on dark ground, each another."""
    for number in range(10):
        for name in ("discs", "stripes"):
            path = folder / name / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png(160, functools.partial(_paint, name, number)))
    return folder


def _paint(name: str, number: int, x: int, y: int) -> tuple[int, int, int]:
    if name == "discs":
        inside = math.hypot(x - 60 - 4 * number, y - 80) < 30 + 2 * number
        return (200, 40 + 10 * number, 40) if inside else (225, 225, 215 + number)
    return (30, 60 + 8 * number, 150) if (x + 2 * y) // (8 + number) % 2 else (20, 25, 30 + number)


def png(side: int, paint: Callable[[int, int], tuple[int, int, int]]) -> bytes:
    """Return a PNG of `side` pixels each way (W3C Recommendation PNG: chunks IHDR, IDAT, IEND)."""
    rows = b"".join(b"\0" + bytes(value for x in range(side) for value in paint(x, y)) for y in range(side))

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_project(path: Path, dataset: Path) -> None:
    """Write a folder of folders as the program itself exports a project (`mobilenet_gui.training.archive`)."""
    classes = sorted(folder.name for folder in dataset.iterdir())
    rows: list[list[object]] = []
    with zipfile.ZipFile(path, "w") as archive:
        for photo in sorted(dataset.rglob("*.png")):
            content = photo.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            name = f"photos/{digest[:2]}/{digest}.png"
            archive.writestr(name, content)
            copied = 2
            rows.append([len(rows) + 1, name, classes.index(photo.parent.name), "", "", copied, len(content), 0])
        project = {
            "format_version": 1,
            "name": "Smoke",
            "classes": [[f"c{number + 1}", name, False] for number, name in enumerate(classes)],
            "photos": rows,
        }
        archive.writestr("project.json", json.dumps(project))


def write_video(path: Path, jpeg: bytes, frames: int = 12) -> None:
    """Write a Motion JPEG AVI (RIFF) that shows one photo for `frames` frames at 10 a second."""
    width, height = _jpeg_size(jpeg)
    padded = jpeg + b"\0" * (len(jpeg) % 2)

    def chunk(kind: bytes, content: bytes) -> bytes:
        return kind + struct.pack("<I", len(content)) + content

    main = struct.pack("<14I", 100_000, len(jpeg) * 10, 0, 0x10, frames, 0, 1, len(jpeg), width, height, 0, 0, 0, 0)
    stream = b"vidsMJPG" + struct.pack(
        "<IHHIIIIIIII4H", 0, 0, 0, 0, 1, 10, 0, frames, len(jpeg), 0xFFFFFFFF, 0, 0, 0, width, height
    )
    size = width * height * 3
    bitmap = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", size, 0, 0, 0, 0)
    headers = chunk(
        b"LIST",
        b"hdrl" + chunk(b"avih", main) + chunk(b"LIST", b"strl" + chunk(b"strh", stream) + chunk(b"strf", bitmap)),
    )
    one = b"00dc" + struct.pack("<I", len(jpeg)) + padded
    index = b"".join(b"00dc" + struct.pack("<III", 0x10, 4 + number * len(one), len(jpeg)) for number in range(frames))
    body = b"AVI " + headers + chunk(b"LIST", b"movi" + one * frames) + chunk(b"idx1", index)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def _jpeg_size(jpeg: bytes) -> tuple[int, int]:
    """Return width and height from a JPEG's start-of-frame marker (ITU-T T.81, B.2.2)."""
    at = 2
    while at < len(jpeg):
        marker, length = jpeg[at + 1], struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", jpeg[at + 5 : at + 9])
            return width, height
        at += 2 + length
    raise ValueError("The sample photo is no JPEG.")
