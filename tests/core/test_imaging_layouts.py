"""Photos in layouts that Pillow refuses or misreads come out with the right pixels, or are refused by their kind."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.imaging import decode, decode_for, read_size
from mobilenet_gui.core.types import Preprocessing
from tests.photo_samples import encoded, shapes
from tests.tiff_samples import Tiff

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

ORDERS: tuple[Literal["<", ">"], ...] = ("<", ">")
HEIGHT, WIDTH = 50, 70
_down, _across = np.mgrid[0:HEIGHT, 0:WIDTH]
RAMPS: NDArray[np.float64] = np.stack(
    [_across / (WIDTH - 1), _down / (HEIGHT - 1), (_across + _down) / (WIDTH + HEIGHT - 2), np.ones((HEIGHT, WIDTH))], 2
)
"""Red grows to the right, green downwards, blue both ways; a fourth channel is full."""


def as_type(dtype: str, samples: int) -> NDArray[np.generic]:
    kind = np.dtype(dtype)
    channels = RAMPS[..., [0, 3]] if samples == 2 else np.concatenate([RAMPS, RAMPS[..., :1]], 2)[..., :samples]
    scaled: NDArray[np.generic] = (
        channels.astype(kind) if kind.kind == "f" else np.rint(channels * np.iinfo(kind).max).astype(kind)
    )
    return scaled


def check(data: bytes, samples: int, *, within: float = 1.0) -> None:
    photo = decode(data)
    wanted = np.rint(255 * (RAMPS[..., :3] if samples >= 3 else RAMPS[..., [0, 0, 0]]))
    assert photo.full_size == (WIDTH, HEIGHT)
    assert np.abs(photo.pixels - wanted).max() <= within


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "float16", "float32", "float64"])
@pytest.mark.parametrize("samples", [1, 2, 3, 4, 5])
def test_samples_of_any_type_in_any_order(dtype: str, samples: int) -> None:
    values = as_type(dtype, samples)
    extra = {2: (2,), 4: (2,), 5: (2, 0)}.get(samples, ())
    for planar, order, big, packing, tile in itertools.product(
        (False, True), ORDERS, (False, True), ((1, 1), (8, 1), (8, 2), (5, 1), (32773, 1)), (0, 32)
    ):
        compression, predictor = packing
        check(Tiff(values, order, big, planar, compression, predictor, extra=extra, tile=tile).encoded(), samples)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_predictor_of_floating_point(dtype: str) -> None:
    for order, planar in itertools.product(ORDERS, (False, True)):
        check(Tiff(as_type(dtype, 3), order, planar=planar, compression=8, predictor=3).encoded(), 3)


def test_five_channels_without_a_word_on_the_last_two_show_the_colours() -> None:
    check(Tiff(as_type("uint8", 5)).encoded(), 5)


def test_grey_with_opacity_lies_on_white() -> None:
    values = np.full((8, 8, 2), 40_000, np.uint16)
    values[:, 4:, 1] = 0
    pixels = decode(Tiff(values, extra=(2,)).encoded()).pixels
    assert (pixels[:, 4:] == 255).all()
    assert abs(int(pixels[0, 0, 0]) - (156 * 40_000 // 65535 + 255 - 156)) <= 1


def test_white_is_zero() -> None:
    values = as_type("float32", 1)
    pixels = decode(Tiff(values, photometric=0).encoded()).pixels
    assert np.abs(pixels[..., 0] - np.rint(255 * (1 - RAMPS[..., 0]))).max() <= 1


def test_floats_beyond_one_and_broken_ones() -> None:
    values = (255 * RAMPS[..., :3]).astype(np.float32)
    values[0, 0] = np.nan
    values[0, 1] = np.inf
    pixels = decode(Tiff(values, planar=True).encoded()).pixels
    assert np.abs(pixels[1:] - np.rint(255 * RAMPS[1:, :, :3])).max() <= 1


def test_inks_of_16_bits() -> None:
    values = np.zeros((8, 8, 4), np.uint16)
    values[..., 1] = 65535
    pixels = decode(Tiff(values, photometric=5).encoded()).pixels
    assert (pixels == (255, 0, 255)).all()


def test_orientation_counts_once() -> None:
    data = Tiff(as_type("float32", 3)).encoded()
    turned = Tiff(as_type("float32", 3))
    turned.tags[274] = b""
    upright = decode(data).pixels
    tagged = _with_orientation(6)
    assert read_size(tagged) == (HEIGHT, WIDTH)
    assert (decode(tagged).pixels == np.rot90(upright, -1)).all()


def _with_orientation(value: int) -> bytes:
    """A float TIFF whose predictor entry (317, value 1) is made one of orientation (274) instead."""
    data = Tiff(as_type("float32", 3)).encoded()
    assert data.count(struct.pack("<HHI", 317, 3, 1)) == 1
    return data.replace(struct.pack("<HHIHH", 317, 3, 1, 1, 0), struct.pack("<HHIHH", 274, 3, 1, value, 0))


def test_webp_inside_a_tiff() -> None:
    pixels = np.asarray(shapes(64, 48))
    strip = encoded(Image.fromarray(pixels), "WEBP", lossless=True)
    data = Tiff(np.full((48, 64, 3), 7, np.uint8), compression=1, rows=48).encoded()
    # The directory of a file with one plain strip is given another codec, and a WebP for a strip.
    plain = b"\7" * (48 * 64 * 3)
    at = data.index(plain)
    changed = data[:at] + strip.ljust(len(plain), b"\0") + data[at + len(plain) :]
    changed = changed.replace(
        struct.pack("<HHIHH", 259, 3, 1, 1, 0), struct.pack("<HHIHH", 259, 3, 1, 50001 & 0xFFFF, 0)
    )
    assert (decode(changed).pixels == pixels).all()


@pytest.mark.parametrize("compression", [1, 8, 5])
def test_deep_files_cut_short_say_so(compression: int) -> None:
    data = Tiff(as_type("float32", 3), compression=compression).encoded()
    for share in (0.02, 0.3, 0.6, 0.9, 0.99):
        with pytest.raises(PhotoError) as caught:
            decode(data[: int(len(data) * share)], name="cut.tif")
        assert caught.value.reason == "The file is cut short."


def test_damage_in_deep_files_ends_in_words(capfd: pytest.CaptureFixture[str]) -> None:
    chance = np.random.default_rng(3)
    for compression, big, tile in itertools.product((1, 8, 5), (False, True), (0, 32)):
        data = bytearray(Tiff(as_type("float32", 3), ">", big, compression=compression, tile=tile).encoded())
        for _ in range(60):
            spoilt = bytearray(data)
            for at in chance.integers(0, len(data), 6):
                spoilt[at if chance.random() < 0.5 else len(data) - 1 - at % 400] = chance.integers(0, 256)
            for read in (decode, read_size):
                try:
                    read(bytes(spoilt))
                except PhotoError as error:
                    assert error.reason.endswith(".")  # noqa: PT017 - most of these can be read
    printed = capfd.readouterr()
    assert printed.err == printed.out == ""


def test_what_is_not_read_is_not_called_damaged() -> None:
    def refusal(data: bytes) -> str:
        with pytest.raises(PhotoError) as caught:
            decode(data, name="x")
        return caught.value.reason

    odd = Tiff(as_type("uint16", 3)).encoded()
    lerc = odd.replace(struct.pack("<HHIHH", 259, 3, 1, 1, 0), struct.pack("<HHIHH", 259, 3, 1, 34887, 0))
    assert refusal(lerc) == "Files of this kind (TIFF, LERC) are not supported."
    raw = Tiff(as_type("uint8", 3), tags={50706: b"\1\4\0\0"}).encoded()
    assert refusal(raw) == "Camera raw files are not supported. Export the photo as JPEG or TIFF."
    assert refusal(b"\xff\xd8\xff\xf7" + bytes(60)) == "Files of this kind (JPEG-LS) are not supported."
    bmp = bytearray(encoded(shapes(16, 16), "BMP"))
    bmp[30:34] = struct.pack("<I", 5)
    assert refusal(bytes(bmp)) == "Files of this kind (BMP) are not supported."


def bmp_with_masks(masks: tuple[int, ...], bits: int, header: int, *, packing: int = 3, upwards: bool = True) -> bytes:
    """A BMP of `RAMPS` with each channel in the bits of its mask."""
    packed = np.zeros((HEIGHT, WIDTH), np.uint64)
    for channel, mask in enumerate(masks):
        shift = (mask & -mask).bit_length() - 1
        packed |= np.rint(RAMPS[..., channel] * (mask >> shift)).astype(np.uint64) << np.uint64(shift)
    stored = packed.astype(f"<u{bits // 8}")
    rows = [row.tobytes() for row in (stored[::-1] if upwards else stored)]
    body = b"".join(row.ljust((len(row) + 3) // 4 * 4, b"\0") for row in rows)
    head = struct.pack(
        "<IiiHHIIiiII", header, WIDTH, HEIGHT if upwards else -HEIGHT, 1, bits, packing, len(body), 0, 0, 0, 0
    )
    fields = struct.pack("<4I", *masks, *(0,) * (4 - len(masks)))
    head += fields[:12] if header == 40 and packing == 3 else fields
    head = head.ljust(header, b"\0") if header > 40 else head
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(body), 0, 0, 14 + len(head)) + head + body


@pytest.mark.parametrize(
    ("masks", "bits", "header", "packing"),
    [
        ((0xF00, 0xF0, 0xF, 0xF000), 16, 108, 3),
        ((0xF00, 0xF0, 0xF, 0xF000), 16, 40, 6),
        ((0xF00, 0xF0, 0xF), 16, 52, 3),
        ((0x7C00, 0x3E0, 0x1F, 0x8000), 16, 124, 3),
        ((0xF800, 0x7E0, 0x1F), 16, 40, 3),
        ((0xFF, 0xFF00, 0xFF0000, 0xFF000000), 32, 108, 3),
        ((0xFF0000, 0xFF00, 0xFF, 0xFF000000), 32, 124, 3),
        ((0x3FF00000, 0xFFC00, 0x3FF, 0xC0000000), 32, 56, 3),
        ((0x3FF00000, 0xFFC00, 0x3FF), 32, 40, 3),
    ],
)
def test_bmp_with_bit_fields(masks: tuple[int, ...], bits: int, header: int, packing: int) -> None:
    # A channel of four bits is at most half of a 15th away.
    fewest = min(mask.bit_count() for mask in masks[:3])
    for upwards in (True, False):
        check(
            bmp_with_masks(masks, bits, header, packing=packing, upwards=upwards), 3, within=128 / (2**fewest - 1) + 1
        )


def test_bmp_with_opacity_that_is_zero_everywhere_is_opaque() -> None:
    full = bmp_with_masks((0xFF, 0xFF00, 0xFF0000, 0xFF000000), 32, 108)
    none = bytearray(full)
    start = struct.unpack("<I", full[10:14])[0]
    none[start + 3 :: 4] = bytes(len(none[start + 3 :: 4]))
    check(bytes(none), 3)
    some = bytearray(full)
    some[start + 3] = 0  # the lower left pixel
    assert (decode(bytes(some)).pixels[-1, 0] == 255).all()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "quality": 95}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_that_lacks_only_its_end_mark_is_answered_with_a_note(mode: str, options: dict[str, int]) -> None:
    whole = encoded(shapes().convert(mode), "JPEG", **options)
    pixels = decode(whole).pixels
    assert decode(whole).note == ""
    for lacking in (whole[:-2], whole[:-1], whole[:-2] + b"\xff" * 16, whole[:-2] + bytes(512)):
        photo = decode(lacking)
        assert photo.note == "The end mark of this file is missing; the photo itself is complete."
        assert (photo.pixels == pixels).all()
    for cut in (3, 8, 20, 100, len(whole) // 3):
        try:  # whatever is accepted lacks nothing
            assert (decode(whole[:-cut]).pixels == pixels).all()
        except PhotoError as error:
            assert error.reason == "The file is cut short."  # noqa: PT017


def test_what_follows_the_end_mark_needs_no_note() -> None:
    whole = encoded(shapes(), "JPEG")
    assert decode(whole + b"MotionPhoto" + bytes(500)).note == ""


def test_nearest_neighbour_takes_the_same_pixels_of_a_photo_too_large_to_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stretched = Preprocessing(96, stretch=True)
    for orientation, kind in itertools.product(range(1, 9), ("PNG", "JPEG", "TIFF")):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = encoded(shapes(333, 222), kind, exif=exif)
        wanted = decode(data).resized(96, Image.Resampling.NEAREST)
        with monkeypatch.context() as patched:
            patched.setattr("mobilenet_gui.core.imaging._STRIP_PIXELS", 30_000)
            photo = decode_for(data, stretched)
            assert photo.size[0] < 333
        assert photo.resized(96, Image.Resampling.NEAREST).tobytes() == wanted.tobytes(), (orientation, kind)
    deep = Tiff(as_type("float32", 3)).encoded()
    wanted = decode(deep).resized(16, Image.Resampling.NEAREST)
    monkeypatch.setattr("mobilenet_gui.core.imaging._STRIP_PIXELS", 300)
    assert decode_for(deep, Preprocessing(16, stretch=True)).resized(16, Image.Resampling.NEAREST) == wanted


@pytest.mark.parametrize("name", ["a.nef", "a.ARW", "a.cr2", "a.dng", "a.orf"])
def test_raw_files_are_refused_by_their_names_wherever_they_come_from(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(Tiff(as_type("uint8", 3)).encoded())
    with pytest.raises(PhotoError, match=r"Camera raw files \([A-Z0-9]+\) are not supported"):
        decode(path)
    with pytest.raises(PhotoError, match="no such file"):
        decode(tmp_path / f"missing {name}")
