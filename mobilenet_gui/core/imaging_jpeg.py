"""JPEGs that lack their end mark: whether they are complete all the same."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

from PIL import Image, ImageChops

END: Final = b"\xff\xd9"
_FILLINGS: Final = tuple(
    bytes(pattern) * 40 for pattern in ((0x55,), (0xAA,), (0x00,), (0x37, 0xC9), (0xDB, 0x6D, 0xB6))
)
_COMPARED_PIXELS: Final = 16_000_000
_SIZED: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Markers of a frame's header: baseline, extended, progressive."""


def completed(data: bytes) -> bytes | None:
    """Return a JPEG that lacks only its end mark with the mark put back; None where more than that is missing.

    No library tells whether the last scan is whole: a decoder that meets the end too soon fills the rest with grey and
    goes on. So the scan is followed once by the mark and then by bits of other kinds. Where a pixel is still to come,
    it is made of these bits and differs.
    """
    if not _all_scans(data):
        return None
    data = data.rstrip(b"\xff")  # half a mark, or padding before one, which would make one with what follows
    with_mark = data + END
    try:
        first = _pixels(with_mark)
        for filling in _FILLINGS:
            if ImageChops.difference(first, _pixels(data + filling + END)).getbbox() is not None:
                return None
    except Exception:
        return None
    return with_mark


def _pixels(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
        # Large ones are compared at an eighth at least: what is missing there is missing at full size, and the other
        # way round but for the last few details of the last block.
        if image.width * image.height > _COMPARED_PIXELS:
            image.draft(None, (image.width // 8, image.height // 8))
        return image.convert("RGB")


def _all_scans(data: bytes) -> bool:
    """Tell whether the scans that have begun hold every component, and for progressive files every bit of each."""
    components: set[int] = set()
    missing: dict[tuple[int, int], int] = {}
    progressive = False
    for marker, body in _segments(data):
        if marker in _SIZED and len(body) >= 6:
            progressive = marker == 0xC2
            components = {body[6 + 3 * n] for n in range(body[5]) if 6 + 3 * n < len(body)}
            missing = {(c, k): 99 for c in components for k in (range(64) if progressive else range(1))}
        elif marker == 0xDA and body and len(body) >= 4 + 2 * body[0]:
            scanned = [body[1 + 2 * n] for n in range(body[0])]
            start, end, low = body[1 + 2 * body[0]], body[2 + 2 * body[0]], body[3 + 2 * body[0]] & 15
            for component in scanned:
                for k in range(start, min(end, 63) + 1) if progressive else range(1):
                    missing[component, k] = low if progressive else 0
    return bool(components) and not any(missing.values())


def has_end_mark(data: bytes) -> bool:
    """Tell whether the end mark stands anywhere behind the pixels; what follows it is often a video or a preview."""
    return any(marker == END[1] for marker, _ in _segments(data))


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each marker that has a body, and the body; the end mark with an empty one."""
    place = 2
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 2 > len(data):
            return
        marker = data[place + 1]
        if marker == END[1]:
            yield marker, b""
        if marker in {0x00, 0xFF, 0x01} or 0xD0 <= marker <= 0xD9:  # stuffing, padding, and marks without a body
            place += 1 if marker == 0xFF else 2
            continue
        size = int.from_bytes(data[place + 2 : place + 4], "big")
        if size < 2 or place + 2 + size > len(data):
            return
        yield marker, data[place + 4 : place + 2 + size]
        place += 2 + size
