"""Makes a small HEIC photo from nothing, since no encoder that we could ship is at hand.

HEVC lets a block hold its samples as they are ("PCM"). A picture made of such blocks alone needs of the whole codec
only parameter sets, one arithmetic-coded flag a block and the end marks, which is what is written here.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

Colour = tuple[int, int, int]
BLOCK = 32

# Ranges of the less probable symbol for the first states of the arithmetic coder (ITU-T H.265, table 9-52).
_LESS_PROBABLE = (
    (128, 176, 208, 240),
    (128, 167, 197, 227),
    (128, 158, 187, 216),
    (123, 150, 178, 205),
    (116, 142, 169, 195),
    (111, 135, 160, 185),
)


class _Bits:
    """A bit string that grows at its end."""

    def __init__(self) -> None:
        self.bits: list[int] = []

    def put(self, value: int, count: int) -> None:
        self.bits.extend((value >> place) & 1 for place in reversed(range(count)))

    def golomb(self, value: int) -> None:
        length = (value + 1).bit_length()
        self.put(0, length - 1)
        self.put(value + 1, length)

    def align(self, first: int) -> None:
        self.bits.append(first)
        self.fill()

    def fill(self) -> None:
        self.bits.extend([0] * (-len(self.bits) % 8))

    def data(self) -> bytes:
        text = "".join(map(str, self.bits))
        return int(text, 2).to_bytes(len(text) // 8, "big")


class _Coder:
    """The arithmetic encoder of H.265, 9.3.4, as far as it is needed: one context, and the terminating bin."""

    def __init__(self, out: _Bits) -> None:
        self.out, self.state = out, 0
        self.start()

    def start(self) -> None:
        self.low, self.range, self.first, self.outstanding = 0, 510, True, 0

    def probable(self) -> None:
        """Code the more probable symbol of the one context."""
        self.range -= _LESS_PROBABLE[self.state][(self.range >> 6) & 3]
        self.state += 1
        self._renormalise()

    def terminate(self, ends: bool) -> None:
        self.range -= 2
        if not ends:
            self._renormalise()
            return
        self.low += self.range
        self.range = 2
        self._renormalise()
        self._bit((self.low >> 9) & 1)
        self.out.put(((self.low >> 7) & 3) | 1, 2)

    def _renormalise(self) -> None:
        while self.range < 256:
            if self.low < 256:
                self._bit(0)
            elif self.low >= 512:
                self.low -= 512
                self._bit(1)
            else:
                self.low -= 256
                self.outstanding += 1
            self.range <<= 1
            self.low <<= 1

    def _bit(self, value: int) -> None:
        if self.first:
            self.first = False
        else:
            self.out.put(value, 1)
        self.out.bits.extend([1 - value] * self.outstanding)
        self.outstanding = 0


def _nal(kind: int, payload: bytes) -> bytes:
    body = bytearray()
    zeros = 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            body.append(3)
            zeros = 0
        body.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes([kind << 1, 1]) + bytes(body)


def _profile(bits: _Bits) -> None:
    bits.put(1, 8)  # main profile
    bits.put(0x60000000, 32)
    bits.put(0b1001, 4)
    bits.put(0, 44)
    bits.put(60, 8)  # level 2


def _parameter_sets(width: int, height: int) -> tuple[bytes, bytes, bytes]:
    video = _Bits()
    video.put(0b0000_11_000000_000_1, 16)
    video.put(0xFFFF, 16)
    _profile(video)
    video.put(1, 1)
    for _ in range(3):
        video.golomb(0)
    video.put(0, 6)
    video.golomb(0)
    video.put(0, 2)
    video.align(1)

    sequence = _Bits()
    sequence.put(0b0000_000_1, 8)
    _profile(sequence)
    for value in (0, 1, width, height):
        sequence.golomb(value)
    sequence.put(0, 1)
    for value in (0, 0, 0):  # 8 bits a sample
        sequence.golomb(value)
    sequence.put(1, 1)
    for value in (0, 0, 0):
        sequence.golomb(value)
    for value in (2, 0, 0, 3, 0, 0):  # blocks of 32, transforms of 4 to 32
        sequence.golomb(value)
    sequence.put(0b000_1, 4)  # PCM is on:
    sequence.put(0x77, 8)  # 8 bits,
    sequence.golomb(2)  # in blocks of 32,
    sequence.golomb(0)
    sequence.put(1, 1)  # left alone by the filter
    sequence.golomb(0)
    sequence.put(0, 5)
    sequence.align(1)

    picture = _Bits()
    picture.golomb(0)
    picture.golomb(0)
    picture.put(0, 7)
    for _ in range(3):
        picture.golomb(0)
    picture.put(0, 3)
    picture.golomb(0)
    picture.golomb(0)
    picture.put(0, 10)
    picture.golomb(0)
    picture.put(0, 2)
    picture.align(1)
    return _nal(32, video.data()), _nal(33, sequence.data()), _nal(34, picture.data())


def _slice(blocks: Sequence[Colour]) -> bytes:
    bits = _Bits()
    bits.put(0b10, 2)
    bits.golomb(0)
    bits.golomb(2)
    bits.golomb(0)
    bits.align(1)
    coder = _Coder(bits)
    for number, (red, green, blue) in enumerate(blocks):
        coder.probable()  # the block is not divided
        coder.terminate(True)  # its samples follow
        bits.fill()
        luma = 0.299 * red + 0.587 * green + 0.114 * blue
        samples = [luma] * BLOCK**2
        samples += [128 + (blue - luma) / 1.772] * (BLOCK // 2) ** 2
        samples += [128 + (red - luma) / 1.402] * (BLOCK // 2) ** 2
        for sample in samples:
            bits.put(min(255, max(0, round(sample))), 8)
        coder.start()
        coder.terminate(number == len(blocks) - 1)
    bits.fill()
    return _nal(19, bits.data())


def _box(name: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def heic(columns: int, rows: int, blocks: Sequence[Colour], quarter_turns: int = 0) -> bytes:
    """Return a HEIC photo of `columns` x `rows` plain blocks of 32 pixels.

    Args:
        columns: blocks across; at most 6 blocks in all.
        rows: blocks down.
        blocks: their colours, row by row.
        quarter_turns: anticlockwise turns that the file asks the reader for.
    """
    assert len(blocks) == columns * rows <= len(_LESS_PROBABLE)
    width, height = columns * BLOCK, rows * BLOCK
    sets = _parameter_sets(width, height)
    picture = _slice(blocks)
    arrays = b"".join(bytes([0x80 | (nal[0] >> 1)]) + struct.pack(">HH", 1, len(nal)) + nal for nal in sets)
    configuration = bytes([1, 1]) + struct.pack(">I", 0x60000000) + bytes([0x90, 0, 0, 0, 0, 0, 60])
    configuration += struct.pack(">HBBBBHB", 0xF000, 0xFC, 0xFD, 0xF8, 0xF8, 0, 0x0F) + bytes([len(sets)]) + arrays
    properties = [
        _box(b"hvcC", configuration),
        _box(b"ispe", struct.pack(">III", 0, width, height)),
        _box(b"colr", b"nclx", struct.pack(">HHHB", 1, 13, 6, 0x80)),
    ]
    if quarter_turns:
        properties.append(_box(b"irot", bytes([quarter_turns])))
    associations = bytes([0x81, 2, 3, 0x84][: len(properties)])
    data = struct.pack(">I", len(picture)) + picture
    kind = _box(b"ftyp", b"heic", bytes(4), b"mif1heic")

    def meta(offset: int) -> bytes:
        return _box(
            b"meta",
            bytes(4),
            _box(b"hdlr", bytes(8), b"pict", bytes(13)),
            _box(b"pitm", bytes(4), struct.pack(">H", 1)),
            _box(b"iloc", bytes(4), bytes([0x44, 0]), struct.pack(">HHHHII", 1, 1, 0, 1, offset, len(data))),
            _box(
                b"iinf",
                bytes(4),
                struct.pack(">H", 1),
                _box(b"infe", bytes([2, 0, 0, 0]), struct.pack(">HH", 1, 0), b"hvc1", b"\0"),
            ),
            _box(
                b"iprp",
                _box(b"ipco", *properties),
                _box(b"ipma", bytes(4), struct.pack(">IHB", 1, 1, len(properties)), associations),
            ),
        )

    start = len(kind) + len(meta(0)) + 8
    return kind + meta(start) + _box(b"mdat", data)
