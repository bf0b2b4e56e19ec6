"""TIFF layouts that Pillow refuses or misreads: deep and floating-point samples, separate planes, odd channels.

Pillow stays the reader of the plain kinds. What comes here is unpacked strip by strip or tile by tile, so that a file
takes no more memory than one of these, however many pixels it claims. Strips of the lossless codecs that Python lacks
are handed to Pillow's libtiff as grey bytes, in a small TIFF made around them.

Layouts, predictors and tag numbers: TIFF Revision 6.0 (1992) and its technical notes 2 and 3; BigTIFF as in libtiff.
"""

from __future__ import annotations

import io
import lzma
import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobilenet_gui.core.imaging_tiff_layout import (
    BLACK_IS_ZERO,
    CMYK,
    JPEG,
    LOSSLESS,
    LZMA,
    LZW,
    NONE,
    PACKBITS,
    RGB,
    WEBP,
    WHITE_IS_ZERO,
    ZSTD,
    Layout,
    TiffError,
    read_bytes,
)

Rows = NDArray[Any]
"""Some rows of a photo, shape (rows, width, samples)."""

CHUNK: Final = 16 << 20
"""Bytes that are unpacked at once where a codec allows it."""
SEGMENT_LIMIT: Final = 240_000_000
"""Most bytes of one tile, or of a strip whose codec unpacks it whole; also the most of a row of tiles."""
TOTAL_LIMIT: Final = 8_000_000_000
"""Most unpacked bytes of a photo: 250 million pixels of eight float channels."""
_MOST_SEGMENTS: Final = 400_000
_THROUGH_LIBTIFF: Final = frozenset({LZW, PACKBITS, ZSTD})
CODEC_NAMES: Final = {34712: "JPEG 2000", 34887: "LERC", 50002: "JPEG XL", 52546: "JPEG XL", 6: "JPEG"}


class TiffRows:
    """The rows of a TIFF, from the top, unpacked as they are asked for.

    Attributes:
        width, height: in pixels, as stored.
        samples: channels, colours first.
        photometric: how the colours are meant; one of this module's four.
        alpha: the place of the channel of opacity and whether the colours were multiplied by it; None without one.
        profile: the ICC profile, or empty.
        orientation: 1-8, still to be applied.
    """

    def __init__(self, stream: IO[bytes], length: int, layout: Layout) -> None:
        """Check that the layout makes sense; nothing is unpacked yet. Raises TiffError."""
        self._stream, self._length, self._layout = stream, length, layout
        self.width, self.height = layout.one(256, 0), layout.one(257, 0)
        self.samples = layout.one(277, 1)
        self._codec = layout.one(259, 1)
        self.photometric = layout.one(262, BLACK_IS_ZERO)
        if self.photometric == 6 and self._codec in {JPEG, WEBP}:
            self.photometric = RGB  # these decoders give RGB
        self.profile = layout.data(34675)
        orientation = layout.one(274, 1)
        self.orientation = orientation if 1 <= orientation <= 8 else 1
        self._check()
        colours = {RGB: 3, CMYK: 4}.get(self.photometric, 1)
        extra = layout.many(338)
        found = [(colours + n, kind == 1) for n, kind in enumerate(extra) if kind in {1, 2}]
        self.alpha = found[0] if found and found[0][0] < self.samples else None

    def _check(self) -> None:
        layout = self._layout
        bits = set(layout.bits)
        if self.width < 1 or self.height < 1 or not 1 <= self.samples <= 64:
            raise TiffError
        if self._codec not in LOSSLESS and self._codec not in {JPEG, WEBP}:
            raise TiffError(CODEC_NAMES.get(self._codec, str(self._codec)))
        if self.photometric not in {WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK}:
            raise TiffError(f"photometric {self.photometric}")
        if len(bits) > 1 or layout.kind == "":
            raise TiffError("mixed samples")
        (depth,) = bits
        pictures = self._codec in {JPEG, WEBP}
        if depth not in ({16, 32, 64} if layout.kind == "f" else {8} if pictures else {8, 16, 32, 64}):
            raise TiffError(f"{depth} bits")
        if self.samples < {RGB: 3, CMYK: 4}.get(self.photometric, 1):
            raise TiffError
        self._type = np.dtype(f"{layout.kind}{depth // 8}")
        self._in_plane = 1 if layout.planar else self.samples
        if self.width * self.height * self.samples * self._type.itemsize > TOTAL_LIMIT:
            raise TiffError("huge")
        self._find_segments()

    def _find_segments(self) -> None:
        layout = self._layout
        self._strip = min(self.height, layout.one(278, self.height) or self.height)
        self._across, down = 1, -(-self.height // self._strip)
        self._tile: tuple[int, int] | None = None
        if 322 in layout.tags:
            across, high = self._tile = (layout.one(322, 0), layout.one(323, 0))
            if across < 1 or high < 1:
                raise TiffError
            self._across, down = -(-self.width // across), -(-self.height // high)
            if self._across * across * high * self._in_plane * self._type.itemsize > SEGMENT_LIMIT:
                raise TiffError("huge")
        self._per_plane = self._across * down
        self._offsets = layout.many(324) or layout.many(273)
        self._counts = layout.many(325) or layout.many(279)
        needed = self._per_plane * (self.samples if layout.planar else 1)
        if needed > _MOST_SEGMENTS:
            raise TiffError("huge")
        if not self._counts and self._codec == NONE and needed == len(self._offsets) == 1:
            self._counts = (self.width * self.height * self.samples * self._type.itemsize,)
        if len(self._offsets) < needed or len(self._counts) < needed:
            raise TiffError

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the samples, in this machine's byte order."""
        return self._type

    def __iter__(self) -> Iterator[Rows]:
        """Yield all rows in order, some at a time. Raises TiffError, and whatever a codec raises for broken data."""
        if not self._layout.planar:
            yield from self._plane(0)
            return
        for parts in zip(*(self._plane(n) for n in range(self.samples)), strict=True):
            yield np.concatenate(parts, axis=2)

    def _plane(self, plane: int) -> Iterator[Rows]:
        first = plane * self._per_plane
        if self._tile is not None:
            for start in range(first, first + self._per_plane, self._across):
                yield self._tiles(start, (start - first) // self._across * self._tile[1], *self._tile)
            return
        for place in range(self._per_plane):
            rows = min(self._strip, self.height - place * self._strip)
            yield from self._unpacked(first + place, self.width, rows)

    def _tiles(self, start: int, top: int, width: int, height: int) -> Rows:
        band = np.empty((height, self._across * width, self._in_plane), self._type)
        for column in range(self._across):
            rows = list(self._unpacked(start + column, width, height))
            band[:, column * width : (column + 1) * width] = np.concatenate(rows) if len(rows) > 1 else rows[0]
        return band[: self.height - top, : self.width]

    def _unpacked(self, index: int, width: int, rows: int) -> Iterator[Rows]:
        """Yield the rows of one strip or tile."""
        offset, count = self._offsets[index], self._counts[index]
        row_bytes = width * self._in_plane * self._type.itemsize
        if self._codec in {JPEG, WEBP}:
            yield self._picture(offset, count, width, rows)
            return
        if self._codec in _THROUGH_LIBTIFF:
            blocks = iter((self._through_libtiff(offset, count, row_bytes, rows),))
        elif self._codec == NONE:
            blocks = self._stored(offset, row_bytes, rows)
        else:
            blocks = self._inflated(offset, count, row_bytes, rows)
        for block in blocks:
            yield self._decoded(block, width)

    def _stored(self, offset: int, row_bytes: int, rows: int) -> Iterator[bytes]:
        most = max(1, CHUNK // row_bytes)
        for done in range(0, rows, most):
            yield read_bytes(self._stream, offset + done * row_bytes, min(most, rows - done) * row_bytes, self._length)

    def _inflated(self, offset: int, count: int, row_bytes: int, rows: int) -> Iterator[bytes]:
        """Yield what a Deflate or LZMA stream holds, whole rows at a time."""
        if offset + count > self._length:
            raise TiffError(cut=True)
        unpacker: Any = lzma.LZMADecompressor() if self._codec == LZMA else zlib.decompressobj()
        most = max(1, CHUNK // row_bytes)
        left, fed, waiting = rows, 0, b""
        while left:
            wanted, parts = min(most, left) * row_bytes, []
            while wanted:
                if not waiting and fed < count:
                    waiting = read_bytes(self._stream, offset + fed, min(1 << 16, count - fed), self._length)
                    fed += len(waiting)
                part = unpacker.decompress(waiting, wanted)
                needs = self._codec != LZMA or unpacker.needs_input
                waiting = getattr(unpacker, "unconsumed_tail", b"")
                if not part and (unpacker.eof or (not waiting and needs and fed >= count)):
                    raise TiffError(cut=not unpacker.eof)
                parts.append(part)
                wanted -= len(part)
            block = b"".join(parts)
            left -= len(block) // row_bytes
            yield block

    def _through_libtiff(self, offset: int, count: int, row_bytes: int, rows: int) -> bytes:
        if row_bytes * rows > SEGMENT_LIMIT:
            raise TiffError("huge")
        data = read_bytes(self._stream, offset, count, self._length)
        tags: dict[int, int | bytes] = {
            256: row_bytes,
            257: rows,
            258: 8,
            259: self._codec,
            262: BLACK_IS_ZERO,
            277: 1,
            278: rows,
        }
        with Image.open(io.BytesIO(small_tiff(tags, data)), formats=("TIFF",)) as image:
            return image.tobytes()

    def _picture(self, offset: int, count: int, width: int, rows: int) -> Rows:
        """Return a strip or tile that is a whole JPEG or WebP."""
        if width * rows * 4 > SEGMENT_LIMIT:
            raise TiffError("huge")
        data = read_bytes(self._stream, offset, count, self._length)
        if self._codec == JPEG:
            # Stored as YCbCr when the directory says so; one plane of its own is grey.
            stored = 1 if self._in_plane == 1 else self._layout.one(262, RGB)
            tags: dict[int, int | bytes] = {256: width, 257: rows, 258: 8, 259: JPEG, 262: stored, 278: rows}
            tags[277] = self._in_plane
            tables = self._layout.data(347)
            if tables:
                tags[347] = tables
            subsampling = self._layout.many(530)
            if stored == 6 and len(subsampling) == 2:
                tags[530] = struct.pack("<HH", *subsampling)
            data = small_tiff(tags, data)
        with Image.open(io.BytesIO(data), formats=("TIFF",) if self._codec == JPEG else ("WEBP",)) as image:
            pixels = np.asarray(image)
        pixels = pixels.reshape(pixels.shape[0], pixels.shape[1], -1)
        if self._codec == WEBP and pixels.shape[2] == 3 and self._in_plane == 4:  # WebP drops opacity that is all there
            pixels = np.pad(pixels, ((0, 0), (0, 0), (0, 1)), constant_values=255)
        if pixels.shape[0] < rows or pixels.shape[1] != width or pixels.shape[2] < self._in_plane:
            raise TiffError
        return pixels[:rows, :, : self._in_plane]

    def _decoded(self, block: bytes, width: int) -> Rows:
        """Return samples in this machine's byte order, the predictor undone."""
        predictor, size = self._layout.one(317, 1), self._type.itemsize
        shape = (-1, width, self._in_plane)
        if predictor == 3:
            if self._type.kind != "f":
                raise TiffError
            # Each row is split into its bytes, the highest first, and each byte counts from the one before.
            steps = np.frombuffer(block, np.uint8).reshape(-1, width * size, self._in_plane)
            planes = np.add.accumulate(steps, axis=1, dtype=np.uint8).reshape(-1, size, width * self._in_plane)
            joined = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(self._type.newbyteorder(">"))
            return joined.reshape(shape).astype(self._type)
        stored = np.frombuffer(block, self._type.newbyteorder(self._layout.order)).reshape(shape)
        values = stored.astype(self._type, copy=False)
        if predictor == 1:
            return values
        if predictor != 2:
            raise TiffError(f"predictor {predictor}")
        whole = np.dtype(f"u{size}")
        return np.add.accumulate(values.view(whole), axis=1, dtype=whole).view(self._type)


def small_tiff(tags: dict[int, int | bytes], data: bytes) -> bytes:
    """Return a little-endian TIFF of one strip; `data` is its content as a codec left it."""
    bits = struct.pack("<H", 8) * int(tags[277])
    every: dict[int, int | bytes] = {**tags, 258: bits, 273: 0, 279: len(data)}
    start = 8 + 2 + 12 * len(every) + 4
    beyond = b""
    entries = []
    for tag in sorted(every):
        value = every[tag]
        if isinstance(value, int):
            entries.append((tag, 4, 1, struct.pack("<I", value)))
            continue
        code, each = (3, 2) if tag in {258, 530} else (7, 1)
        if len(value) <= 4:
            entries.append((tag, code, len(value) // each, value.ljust(4, b"\0")))
        else:
            entries.append((tag, code, len(value) // each, struct.pack("<I", start + len(beyond))))
            beyond += value + b"\0" * (len(value) % 2)
    place = start + len(beyond)
    packed = b"".join(
        struct.pack("<HHI", tag, code, number) + (struct.pack("<I", place) if tag == 273 else value)
        for tag, code, number, value in entries
    )
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + b"\0\0\0\0" + beyond + data
