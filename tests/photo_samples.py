"""Photo files for tests, made on the spot, among them kinds that Pillow reads but does not write."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE_COLOURS = ((220, 30, 30), (30, 200, 30), (30, 30, 220), (230, 220, 40))
"""Upper left, upper right, lower left, lower right of `quarters`."""


def quarters(width: int = 80, height: int = 48) -> Image.Image:
    """Return a photo whose four quarters tell which way up it is."""
    pixels = np.zeros((height, width, 3), np.uint8)
    for index, colour in enumerate(SIDE_COLOURS):
        row, column = divmod(index, 2)
        pixels[row * height // 2 : (row + 1) * height // 2, column * width // 2 : (column + 1) * width // 2] = colour
    return Image.fromarray(pixels)


def shapes(width: int = 320, height: int = 240, seed: int = 3) -> Image.Image:
    """Return soft coloured shapes, the same for the same seed; close to a photo for a decoder."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return `image` as a file of this kind."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def png_chunk(name: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, *, depth: int, colour: int, rows: bytes) -> bytes:
    """Return a PNG of any bit depth and colour type; `rows` holds a filter byte before each row."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def png16(values: NDArray[np.uint16]) -> bytes:
    """Return a PNG of 16 bits a channel; `values` has shape (height, width) or (height, width, 3)."""
    height, width = values.shape[:2]
    big_endian = values.astype(">u2").reshape(height, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in big_endian)
    return png(width, height, depth=16, colour=0 if values.ndim == 2 else 2, rows=rows)


def tiff(
    values: NDArray[Any],
    *,
    photometric: int,
    sample_format: int = 1,
    orientation: int = 1,
    order: Literal["<", ">"] = "<",
) -> bytes:
    """Return an uncompressed TIFF of `values`, shape (height, width) or (height, width, channels)."""
    height, width = values.shape[:2]
    channels = 1 if values.ndim == 2 else values.shape[2]
    bits = values.dtype.itemsize * 8
    data = values.astype(values.dtype.newbyteorder(order)).tobytes()
    entries = 11
    after = 8 + 2 + entries * 12 + 4
    extra = struct.pack(f"{order}{2 * channels}H", *[bits] * channels, *[sample_format] * channels)
    start = after + len(extra)

    def short(tag: int, value: int) -> bytes:
        return struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0)

    def long(tag: int, value: int) -> bytes:
        return struct.pack(f"{order}HHII", tag, 4, 1, value)

    def per_channel(tag: int, value: int, offset: int) -> bytes:
        return short(tag, value) if channels == 1 else struct.pack(f"{order}HHII", tag, 3, channels, offset)

    directory = [
        long(256, width),
        long(257, height),
        per_channel(258, bits, after),
        short(259, 1),
        short(262, photometric),
        long(273, start),
        short(274, orientation),
        short(277, channels),
        long(278, height),
        long(279, len(data)),
        per_channel(339, sample_format, after + 2 * channels),
    ]
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
    return head + struct.pack(f"{order}H", entries) + b"".join(directory) + struct.pack(f"{order}I", 0) + extra + data


def icc_profile(gamma: float, primaries: NDArray[np.float64], name: str = "Test space") -> bytes:
    """Return a matrix profile; `primaries` is the matrix from linear RGB to XYZ under D50, columns R, G, B."""

    def s15(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    def xyz(values: NDArray[np.float64]) -> bytes:
        return b"XYZ " + bytes(4) + b"".join(s15(float(v)) for v in values)

    description = name.encode() + b"\0"
    text = b"desc" + bytes(4) + struct.pack(">I", len(description)) + description + bytes(4 + 4 + 2 + 1 + 67)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    blocks = {
        b"desc": text + bytes(-len(text) % 4),
        b"cprt": b"text" + bytes(4) + b"none\0" + bytes(3),
        b"wtpt": xyz(np.array([0.9642, 1.0, 0.8249])),
        b"rXYZ": xyz(primaries[:, 0]),
        b"gXYZ": xyz(primaries[:, 1]),
        b"bXYZ": xyz(primaries[:, 2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    offset = 128 + 4 + 12 * len(blocks)
    table, body = struct.pack(">I", len(blocks)), b""
    for mark, block in blocks.items():
        table += mark + struct.pack(">II", offset + len(body), len(block))
        body += block
    header = struct.pack(">I4sI4s4s4s", offset + len(body), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += s15(0.9642) + s15(1.0) + s15(0.8249)
    return header + bytes(128 - len(header)) + table + body
