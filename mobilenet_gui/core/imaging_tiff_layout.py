"""The first directory of a TIFF, and which layouts Pillow reads by itself.

Tag numbers and types: TIFF Revision 6.0 (1992); BigTIFF as libtiff has it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO, Final, Literal

NONE, LZW, JPEG, DEFLATE, PACKBITS, OLD_DEFLATE = 1, 5, 7, 8, 32773, 32946
LZMA, ZSTD, WEBP = 34925, 50000, 50001
LOSSLESS: Final = frozenset({NONE, LZW, DEFLATE, PACKBITS, OLD_DEFLATE, LZMA, ZSTD})
_FAX_AND_JPEG: Final = frozenset({2, 3, 4, 6, JPEG, 32771})
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK = 0, 1, 2, 5
_TYPES: Final[dict[int, tuple[str, int]]] = {
    1: ("B", 1), 2: ("s", 1), 3: ("H", 2), 4: ("I", 4), 5: ("II", 8), 6: ("b", 1), 7: ("s", 1), 8: ("h", 2),
    9: ("i", 4), 10: ("ii", 8), 11: ("f", 4), 12: ("d", 8), 13: ("I", 4), 16: ("Q", 8), 17: ("q", 8), 18: ("Q", 8),
}  # fmt: skip
_KINDS: Final = {1: "u", 2: "i", 3: "f"}
_MOST_ENTRIES: Final = 4096
_MOST_VALUES: Final = 800_000


class TiffError(Exception):
    """A layout that cannot be read. `cut` tells that the file ends too soon, `kind` what is not supported."""

    def __init__(self, kind: str = "", *, cut: bool = False) -> None:
        super().__init__(kind or ("cut short" if cut else "damaged"))
        self.kind, self.cut = kind, cut


@dataclass(frozen=True, slots=True)
class Layout:
    """What a TIFF's first directory says.

    Attributes:
        tags: the values of each tag, as integers or bytes; the others are left out.
        order: of the bytes.
        big: BigTIFF.
    """

    tags: dict[int, tuple[int, ...] | bytes]
    order: Literal["<", ">"]
    big: bool

    def one(self, tag: int, default: int) -> int:
        """Return the first value of `tag`."""
        values = self.tags.get(tag, ())
        return values[0] if isinstance(values, tuple) and values else default

    def many(self, tag: int) -> tuple[int, ...]:
        """Return the values of `tag`."""
        values = self.tags.get(tag, ())
        return values if isinstance(values, tuple) else ()

    def data(self, tag: int) -> bytes:
        """Return the bytes of `tag`."""
        values = self.tags.get(tag, b"")
        return values if isinstance(values, bytes) else bytes(v & 255 for v in values)

    @property
    def bits(self) -> tuple[int, ...]:
        """Bits of each sample."""
        return self.many(258) or (1,)

    @property
    def kind(self) -> str:
        """What the samples are: "u", "i" or "f" as numpy has it, "" where they are nothing that is known."""
        kinds = set(self.many(339) or (1,))
        known = {1 if k == 4 else k for k in kinds}  # 4: undefined, which the specification has taken as unsigned
        return _KINDS.get(known.pop(), "") if len(known) == 1 else ""

    @property
    def planar(self) -> bool:
        """Whether each sample has strips or tiles of its own."""
        return self.one(284, 1) == 2 and self.one(277, 1) > 1

    @property
    def is_raw(self) -> bool:
        """Whether this is a camera's raw file whose first picture is only a preview."""
        return 50706 in self.tags or (self.one(254, 0) & 1 == 1 and 330 in self.tags)


def read_layout(stream: IO[bytes], length: int) -> Layout:
    """Read the first directory of a TIFF; the position of `stream` is lost. Raises TiffError."""
    stream.seek(0)
    head = stream.read(16)
    if len(head) < 8:
        raise TiffError(cut=True)
    order: Literal["<", ">"] = "<" if head[:2] == b"II" else ">"
    big = struct.unpack(order + "H", head[2:4])[0] == 43
    if big and len(head) < 16:
        raise TiffError(cut=True)
    place = struct.unpack(order + "Q", head[8:16])[0] if big else struct.unpack(order + "I", head[4:8])[0]
    count_code, entry_size, inline = ("Q", 20, 8) if big else ("H", 12, 4)
    (count,) = struct.unpack(order + count_code, read_bytes(stream, place, struct.calcsize(count_code), length))
    if not 1 <= count <= _MOST_ENTRIES:
        raise TiffError
    entries = read_bytes(stream, place + struct.calcsize(count_code), count * entry_size, length)
    tags: dict[int, tuple[int, ...] | bytes] = {}
    for start in range(0, len(entries), entry_size):
        tag, code = struct.unpack(order + "HH", entries[start : start + 4])
        (number,) = struct.unpack(order + ("Q" if big else "I"), entries[start + 4 : start + 4 + inline])
        letter, size = _TYPES.get(code, ("", 0))
        if not size or number < 1 or number * size > 64 << 20 or (code not in {1, 2, 7} and number > _MOST_VALUES):
            continue
        value = entries[start + 4 + inline : start + entry_size]
        if number * size > inline:
            value = read_bytes(stream, struct.unpack(order + ("Q" if big else "I"), value)[0], number * size, length)
        value = value[: number * size]
        if letter == "s":
            tags[tag] = bytes(value)
        elif letter in {"B", "H", "I", "Q", "b", "h", "i", "q"}:
            tags[tag] = struct.unpack(f"{order}{number}{letter}", value)
    return Layout(tags, order, big)


def read_bytes(stream: IO[bytes], place: int, size: int, length: int) -> bytes:
    """Read `size` bytes at `place` of a file of this length. Raises TiffError where it has fewer."""
    if place + size > length:
        raise TiffError(cut=True)
    stream.seek(place)
    data = stream.read(size)
    if len(data) < size:
        raise TiffError(cut=True)
    return data


def pillow_reads(layout: Layout) -> bool:
    """Tell whether Pillow reads this layout, and reads it right; measured with files of tifffile's and libtiff's."""
    if layout.big and layout.order == ">":
        return False
    codec, bits, samples = layout.one(259, 1), set(layout.bits), layout.one(277, 1)
    photometric = layout.one(262, BLACK_IS_ZERO)
    if codec not in LOSSLESS | _FAX_AND_JPEG:
        return False
    if photometric not in {WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK} or (codec not in LOSSLESS and codec != JPEG):
        return True  # palettes, YCbCr, Lab, fax: Pillow's, or nobody's
    if min(bits) < 8:
        return True
    if layout.kind != "u" or layout.one(284, 1) == 2 or len(bits) > 1:
        return False
    return (bits == {8} and (samples in {1, 3} or (samples == 4 and photometric != BLACK_IS_ZERO))) or (
        bits == {16} and samples in {1, 3} and photometric in {BLACK_IS_ZERO, RGB}
    )
