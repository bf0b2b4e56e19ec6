"""TIFF files of layouts that Pillow does not write: any samples, planes, byte orders, predictors, tiles."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass
class Tiff:
    """What is to be written; `values` has shape (height, width, samples)."""

    values: NDArray[Any]
    order: Literal["<", ">"] = "<"
    big: bool = False
    planar: bool = False
    compression: int = 1
    predictor: int = 1
    photometric: int | None = None
    rows: int = 16
    tile: int = 0
    extra: tuple[int, ...] = ()
    tags: dict[int, bytes] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The file."""
        height, width, samples = self.values.shape
        planes = [self.values[..., n : n + 1] for n in range(samples)] if self.planar else [self.values]
        parts = [self._packed(part) for plane in planes for part in self._parts(plane)]
        kind = {"u": 1, "i": 2, "f": 3}[self.values.dtype.kind]
        bits = self.values.dtype.itemsize * 8
        photometric = self.photometric if self.photometric is not None else (2 if samples >= 3 else 1)
        numbers: dict[int, tuple[str, list[int]]] = {
            256: ("I", [width]),
            257: ("I", [height]),
            258: ("H", [bits] * samples),
            259: ("H", [self.compression]),
            262: ("H", [photometric]),
            277: ("H", [samples]),
            284: ("H", [2 if self.planar else 1]),
            317: ("H", [self.predictor]),
            339: ("H", [kind] * samples),
        }
        if self.extra:
            numbers[338] = ("H", list(self.extra))
        if self.tile:
            numbers |= {322: ("I", [self.tile]), 323: ("I", [self.tile])}
        else:
            numbers[278] = ("I", [self.rows])
        places = (324, 325) if self.tile else (273, 279)
        head = 16 if self.big else 8
        offsets = list(np.cumsum([head] + [len(part) for part in parts])[:-1])
        numbers[places[0]] = ("I", [int(o) for o in offsets])
        numbers[places[1]] = ("I", [len(part) for part in parts])
        body = b"".join(parts)
        return self._with_directory(numbers, body)

    def _parts(self, plane: NDArray[Any]) -> list[NDArray[Any]]:
        height, width = plane.shape[:2]
        if not self.tile:
            return [plane[top : top + self.rows] for top in range(0, height, self.rows)]
        side = self.tile
        padded = np.pad(plane, ((0, -height % side), (0, -width % side), (0, 0)))
        return [
            padded[y : y + side, x : x + side]
            for y in range(0, padded.shape[0], side)
            for x in range(0, padded.shape[1], side)
        ]

    def _packed(self, part: NDArray[Any]) -> bytes:
        size = part.dtype.itemsize
        rows, width, samples = part.shape
        if self.predictor == 3:
            raw = part.astype(part.dtype.newbyteorder(">")).view(np.uint8).reshape(rows, width * samples, size)
            flat = np.ascontiguousarray(raw.transpose(0, 2, 1)).reshape(rows, width * size, samples)
            data = np.diff(flat, axis=1, prepend=np.zeros((rows, 1, samples), np.uint8)).tobytes()
        else:
            stored = part
            if self.predictor == 2:
                whole = part.view(f"u{size}")
                stored = np.diff(whole, axis=1, prepend=np.zeros((rows, 1, samples), whole.dtype)).view(part.dtype)
            data = stored.astype(stored.dtype.newbyteorder(self.order)).tobytes()
        if self.compression in {5, 32773}:
            grey = Image.frombytes("L", (width * samples * size, rows), data)
            return _pillow_strip(grey, {5: "tiff_lzw", 32773: "packbits"}[self.compression])
        return zlib.compress(data) if self.compression == 8 else data

    def _with_directory(self, numbers: dict[int, tuple[str, list[int]]], body: bytes) -> bytes:
        order, big = self.order, self.big
        head = (16 if big else 8) + len(body)
        size, inline, count = (20, 8, "Q") if big else (12, 4, "H")
        every: dict[int, tuple[int, int, bytes]] = {
            tag: ({"H": 3, "I": 4}[code], len(v), struct.pack(f"{order}{len(v)}{code}", *v))
            for tag, (code, v) in numbers.items()
        }
        every |= {tag: (7, len(data), data) for tag, data in self.tags.items()}
        beyond_at = head + struct.calcsize(order + count) + size * len(every) + inline
        entries, beyond = b"", b""
        for tag in sorted(every):
            code, number, data = every[tag]
            entries += struct.pack(order + ("HHQ" if big else "HHI"), tag, code, number)
            if len(data) > inline:
                entries += struct.pack(order + ("Q" if big else "I"), beyond_at + len(beyond))
                beyond += data
            else:
                entries += data.ljust(inline, b"\0")
        mark = {"<": b"II", ">": b"MM"}[order]
        start = struct.pack(order + "HHHQ", 43, 8, 0, head) if big else struct.pack(order + "HI", 42, head)
        return mark + start + body + struct.pack(order + count, len(every)) + entries + bytes(inline) + beyond


def _pillow_strip(grey: Image.Image, compression: str) -> bytes:
    """Return the one strip of a picture that Pillow packs."""
    out = io.BytesIO()
    grey.save(out, "TIFF", compression=compression, tiffinfo={278: grey.height})
    with Image.open(io.BytesIO(out.getvalue())) as made:
        (offset,), (count,) = made.tag_v2[273], made.tag_v2[279]  # type: ignore[attr-defined]
    return out.getvalue()[offset : offset + count]
