"""HEIC: read right, turned as the file asks, and as harmless when broken as every other kind."""

from __future__ import annotations

import contextlib
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.imaging import decode, decode_for, find_photos, read_size, sniff
from mobilenet_gui.core.types import Preprocessing
from tests.heic_sample import BLOCK, Colour, heic

COLOURS: tuple[Colour, ...] = (
    (220, 30, 30),
    (30, 200, 30),
    (30, 30, 220),
    (230, 220, 40),
    (10, 10, 10),
    (250, 250, 250),
)


def blocks(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The colour in the middle of each block."""
    return decode(data).pixels[BLOCK // 2 :: BLOCK, BLOCK // 2 :: BLOCK]


def test_heic_is_read() -> None:
    data = heic(3, 2, COLOURS)
    assert sniff(data) == "HEIF"
    photo = decode(data)
    assert photo.format == "HEIF"
    assert photo.full_size == read_size(data) == photo.size == (96, 64)
    assert np.abs(blocks(data).reshape(-1, 3).astype(int) - COLOURS).max() <= 2


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_heic_is_turned_upright(turns: int) -> None:
    data = heic(3, 2, COLOURS, quarter_turns=turns)
    assert decode(data).full_size == read_size(data) == ((96, 64) if turns == 2 else (64, 96))
    wanted = np.rot90(np.array(COLOURS).reshape(2, 3, 3), turns)
    assert np.abs(blocks(data).astype(int) - wanted).max() <= 2


def test_heic_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "IMG_0001.HEIC").write_bytes(heic(2, 2, COLOURS[:4]))
    (path,) = find_photos([tmp_path])
    assert decode_for(path, Preprocessing(32)).size == (64, 64)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.97])
def test_heic_cut_short_says_so(share: float) -> None:
    data = heic(3, 2, COLOURS)
    with pytest.raises(PhotoError, match="The file is cut short"):
        decode(data[: int(len(data) * share)])


def test_damaged_heic_is_harmless(capfd: pytest.CaptureFixture[str]) -> None:
    data = heic(3, 2, COLOURS)
    chance = random.Random(11)
    for _ in range(150):
        spoilt = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            spoilt[chance.randrange(600)] = chance.randrange(256)
        with contextlib.suppress(PhotoError):
            decode(bytes(spoilt))
    printed = capfd.readouterr()
    assert printed.err == printed.out == ""


def test_a_heic_that_claims_to_be_huge_is_refused() -> None:
    data = heic(3, 2, COLOURS)
    bomb = data.replace(struct.pack(">4sIII", b"ispe", 0, 96, 64), struct.pack(">4sIII", b"ispe", 0, 60_000, 60_000))
    assert bomb != data
    for read in (decode, read_size):
        with pytest.raises(PhotoError):
            read(bomb)
