"""Every promised kind of photo comes out upright, in 8-bit sRGB, and the same whichever way it went in."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from mobilenet_gui.core import imaging, imaging_formats
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.imaging import decode, decode_for, read_size, sniff
from mobilenet_gui.core.types import Preprocessing
from tests.photo_samples import (
    SIDE_COLOURS,
    encoded,
    icc_profile,
    png,
    png16,
    png_chunk,
    quarters,
    shapes,
    tiff,
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")  # pytest lifts our own filter

WRITTEN: list[tuple[str, str, dict[str, Any], int]] = [
    ("JPEG", "JPEG", {"quality": 95}, 12),
    ("JPEG", "JPEG", {"quality": 95, "progressive": True}, 12),
    ("PNG", "PNG", {}, 0),
    ("WEBP", "WEBP", {"quality": 95}, 16),
    ("WEBP", "WEBP", {"lossless": True}, 0),
    ("AVIF", "AVIF", {"quality": 90}, 16),
    ("TIFF", "TIFF", {}, 0),
    ("TIFF", "TIFF", {"compression": "tiff_lzw"}, 0),
    ("TIFF", "TIFF", {"compression": "tiff_deflate"}, 0),
    ("TIFF", "TIFF", {"compression": "jpeg", "quality": 95}, 14),
    ("BMP", "BMP", {}, 0),
    ("GIF", "GIF", {}, 40),
]


def off_by(photo: imaging.DecodedPhoto, expected: Image.Image) -> float:
    """The mean difference, which a lossy format's ringing at edges does not dominate."""
    assert photo.image.mode == "RGB"
    assert photo.image.size == expected.size
    return float(np.abs(photo.pixels.astype(int) - np.asarray(expected).astype(int)).mean())


@pytest.mark.parametrize(("kind", "name", "options", "tolerance"), WRITTEN)
def test_each_format_is_recognised_and_read(kind: str, name: str, options: dict[str, Any], tolerance: int) -> None:
    data = encoded(quarters(), kind, **options)
    assert sniff(data) == sniff(data[: imaging_formats.SNIFF_BYTES]) == name
    photo = decode(data)
    assert photo.format == name
    assert photo.full_size == read_size(data) == (80, 48)
    assert off_by(photo, quarters()) <= tolerance / 4


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_orientation_is_applied_everywhere(kind: str, orientation: int) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = quarters()
    stored = upright if orientation == 1 else upright.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"quality": 95} if kind in {"JPEG", "WEBP", "AVIF"} else {}
    data = encoded(stored, kind, exif=exif, **options)
    assert read_size(data) == (80, 48)
    photo = decode(data)
    assert photo.full_size == (80, 48)
    assert off_by(photo, upright) < 5
    small = decode(data, max_side=40)
    assert small.image.size == (40, 24)
    assert small.full_size == (80, 48)
    corners = [small.pixels[row, column] for row, column in ((4, 5), (4, 34), (19, 5), (19, 34))]
    for corner, colour in zip(corners, SIDE_COLOURS, strict=True):
        assert np.allclose(corner, colour, atol=40)


def test_orientation_in_an_exif_block_behind_the_pixels_of_a_png() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(quarters().transpose(Image.Transpose.ROTATE_90), "PNG")
    late = data[:-12] + png_chunk(b"eXIf", exif.tobytes()[6:]) + data[-12:]
    photo = decode(late)
    assert photo.full_size == (80, 48)
    assert off_by(photo, quarters()) == 0


@pytest.mark.parametrize("value", [0, 9, 300])
def test_an_orientation_that_makes_no_sense_is_ignored(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert decode(encoded(quarters(), "JPEG", exif=exif)).full_size == (80, 48)


def test_broken_exif_does_not_cost_the_photo() -> None:
    data = encoded(quarters(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f" + bytes(range(40)))
    assert decode(data).full_size == (80, 48)


RAMP = np.linspace(0, 65535, 64 * 32).reshape(32, 64).astype(np.uint16)


def test_16_bit_grey_is_scaled_not_clipped() -> None:
    expected = np.rint(RAMP / 257.0)
    for data in (
        png16(RAMP),
        tiff(RAMP, photometric=1),
        tiff(RAMP, photometric=1, order=">"),
        encoded(Image.fromarray(RAMP), "TIFF"),
    ):
        pixels = decode(data).pixels
        assert pixels.shape == (32, 64, 3)
        assert np.abs(pixels.astype(int) - expected[..., None]).max() <= 1


def test_16_bit_colour_is_scaled_not_clipped() -> None:
    values = np.stack([RAMP, RAMP[::-1], RAMP[:, ::-1]], axis=-1)
    for data in (png16(values), tiff(values, photometric=2), tiff(values, photometric=2, order=">")):
        assert np.abs(decode(data).pixels - values / 257.0).max() <= 1.01


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_floating_point_photos_keep_their_range(white: float) -> None:
    values = (RAMP / 65535.0 * white).astype(np.float32)
    pixels = decode(encoded(Image.fromarray(values), "TIFF")).pixels
    assert np.abs(pixels - np.rint(RAMP / 257.0)[..., None]).max() <= 1


@pytest.mark.filterwarnings("error")
def test_any_bits_are_floating_point_photos() -> None:
    bits = np.frombuffer(RAMP.astype(np.float32).tobytes(), np.uint32).copy().reshape(RAMP.shape)
    bits[0, :4] = (0x7FA00001, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000)  # a signalling NaN, both ends, infinity
    photo = imaging.decode(encoded(Image.fromarray(bits.view(np.float32)), "TIFF"))
    assert photo.image.size == RAMP.shape[::-1]


def test_floating_point_photos_with_holes_and_odd_ranges_are_read() -> None:
    values = (RAMP / 65535.0).astype(np.float32) * 7 - 3
    values[0, 0], values[0, 1], values[0, 2] = np.nan, np.inf, -np.inf
    pixels = decode(encoded(Image.fromarray(values), "TIFF")).pixels
    assert tuple(pixels[0, 0]) == (0, 0, 0)
    assert tuple(pixels[0, 1]) == (255, 255, 255)
    assert pixels[-1, -1, 0] == 255


def test_32_bit_integers_are_scaled() -> None:
    values = (RAMP.astype(np.int64) * 32000).astype(np.int32)
    pixels = decode(encoded(Image.fromarray(values), "TIFF")).pixels
    assert np.abs(pixels - np.rint(RAMP / 257.0)[..., None]).max() <= 1


def test_cmyk_including_the_inverted_kind_of_adobe() -> None:
    inks = Image.merge("CMYK", [Image.new("L", (32, 32), value) for value in (0, 200, 220, 10)])
    for data in (encoded(inks, "JPEG", quality=95), encoded(inks, "TIFF")):
        red, green, blue = decode(data).pixels.reshape(-1, 3).mean(axis=0)
        assert red > 220
        assert green < 70
        assert blue < 60


def test_lab_and_ycbcr_are_converted() -> None:
    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(quarters(), to_lab)
    assert lab is not None
    assert off_by(decode(encoded(lab, "TIFF")), quarters()) < 4
    assert off_by(decode(encoded(quarters().convert("YCbCr"), "TIFF", compression="jpeg", quality=95)), quarters()) < 4


def test_palettes_grey_and_single_bits() -> None:
    for mode in ("P", "L", "1"):
        image = shapes().convert(mode)
        assert off_by(decode(encoded(image, "PNG")), image.convert("RGB")) == 0
    two_bits = png(4, 1, depth=2, colour=0, rows=b"\0\x1b")
    assert decode(two_bits).pixels[0, :, 0].tolist() == [0, 85, 170, 255]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA", "P"])
def test_transparent_parts_show_white(mode: str) -> None:
    image = Image.new("RGBA", (20, 10), (200, 0, 0, 255))
    image.paste((0, 0, 0, 0), (10, 0, 20, 10))
    if mode in {"RGBA", "LA"}:
        data = encoded(image.convert(mode), "PNG")
    elif mode == "P":
        data = encoded(image, "GIF")
    else:
        palette = Image.new("P", (20, 10), 0)
        palette.putpalette([200, 0, 0, 0, 0, 0])
        palette.paste(1, (10, 0, 20, 10))
        data = encoded(palette, "PNG", transparency=1)
    pixels = decode(data).pixels
    assert tuple(pixels[5, 15]) == (255, 255, 255)
    assert pixels[5, 5, 1] < 120


def test_half_transparent_and_keyed_colours() -> None:
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert abs(int(decode(encoded(half, "PNG")).pixels[0, 0, 0]) - 127) <= 1
    keyed = Image.new("RGB", (8, 8), (10, 20, 30))
    assert tuple(decode(encoded(keyed, "PNG", transparency=(10, 20, 30))).pixels[0, 0]) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_of_many_frames_the_first_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ((250, 0, 0), (0, 250, 0))]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    pixels = decode(data).pixels
    assert pixels[32, 32, 0] > 200
    assert pixels[32, 32, 1] < 60


WIDE = np.array([[0.5151, 0.2919, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
"""Display P3 under D50."""

SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])


def from_wide(colour: tuple[int, int, int]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """What a colour of the wide space, gamma 2.2, is in sRGB."""
    linear = np.linalg.inv(SRGB) @ WIDE @ (np.array(colour) / 255) ** 2.2
    linear = np.clip(linear, 0, 1)
    curved: np.ndarray[Any, np.dtype[np.float64]] = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return curved * 255


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_wide_gamut_photos_are_brought_to_srgb(kind: str) -> None:
    colour = (200, 90, 80)
    options: dict[str, Any] = {"quality": 100} if kind in {"JPEG", "WEBP"} else {}
    data = encoded(Image.new("RGB", (64, 64), colour), kind, icc_profile=icc_profile(2.2, WIDE), **options)
    photo = decode(data)
    wanted = from_wide(colour)
    assert np.abs(wanted - colour).max() > 8, "the test's colour must move"
    assert np.abs(photo.pixels[30, 30] - wanted).max() <= 4
    prepared = imaging.prepare(photo, Preprocessing(32))
    assert np.abs(prepared.pixels[16, 16] - wanted).max() <= 4


def test_srgb_and_broken_profiles_leave_the_pixels_alone() -> None:
    for profile in (icc_profile(2.2, WIDE, "sRGB IEC61966-2.1"), b"not a profile" * 20, b"x"):
        photo = decode(encoded(Image.new("RGB", (16, 16), (200, 90, 80)), "PNG", icc_profile=profile))
        assert tuple(photo.pixels[0, 0]) == (200, 90, 80)


def test_one_profile_from_many_threads() -> None:
    data = encoded(shapes(64, 64), "PNG", icc_profile=icc_profile(1.9, WIDE))
    expected = decode(data).pixels
    wrong: list[int] = []

    def work() -> None:
        wrong.extend(1 for _ in range(20) if not np.array_equal(decode(data).pixels, expected))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_path_and_bytes_give_the_same(tmp_path: Path) -> None:
    data = encoded(shapes(1200, 900), "JPEG", quality=90)
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    pre = Preprocessing(96)
    from_path, from_bytes = decode_for(path, pre), decode_for(data, pre)
    assert np.array_equal(from_path.pixels, from_bytes.pixels)
    assert from_path.name == str(path)
    assert decode(data, name="dropped").name == "dropped"


@pytest.mark.parametrize("name", ["größe – 写真 🐈.jpg", "n" * 200 + ".jpg", "no suffix at all", "wrong.png"])
def test_names_of_any_kind(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(encoded(quarters(), "JPEG"))
    assert decode(path).format == "JPEG"


def test_long_paths(tmp_path: Path) -> None:
    folder = tmp_path
    while len(str(folder)) < 700:
        folder = folder / ("d" * 90)
    os.makedirs(imaging_open_path(folder))  # noqa: PTH103
    path = folder / "photo.jpg"
    with open(imaging_open_path(path), "wb") as file:  # noqa: PTH123
        file.write(encoded(quarters(), "JPEG"))
    assert decode(path).full_size == (80, 48)
    assert list(imaging.find_photos([tmp_path])) == [path]


def imaging_open_path(path: Path) -> str:
    from mobilenet_gui.core.photo_files import openable

    return openable(path)


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are Unicode there")
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jpg"))
    path.write_bytes(encoded(quarters(), "JPEG"))
    assert decode(path).name == str(path)


def test_the_photo_outlives_its_file(tmp_path: Path) -> None:
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF"):
        path = tmp_path / f"photo.{kind.lower()}"
        path.write_bytes(encoded(quarters(), kind))
        photo = decode(path)
        path.unlink()
        assert photo.pixels.shape == (48, 80, 3)
        assert imaging.prepare(photo, Preprocessing(32)).pixels.shape == (32, 32, 3)


def test_heic_is_only_loaded_for_heic() -> None:
    import subprocess

    code = (
        "import io, sys; from PIL import Image; from mobilenet_gui.core import errors, imaging\n"
        "out = io.BytesIO(); Image.new('RGB', (9, 9)).save(out, 'PNG'); imaging.decode(out.getvalue())\n"
        "assert 'pi_heif' not in sys.modules and 'PIL.TiffImagePlugin' not in sys.modules\n"
        "try: imaging.decode(b'\\0\\0\\0\\x18ftypheic' + bytes(40))\n"
        "except errors.PhotoError: pass\n"
        "assert 'pi_heif' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_sniffing_by_brands() -> None:
    assert sniff(b"\0\0\0\x1cftypheic\0\0\0\0mif1heic") == "HEIF"
    assert sniff(b"\0\0\0\x1cftypmif1\0\0\0\0mif1heic") == "HEIF"
    assert sniff(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif") == "AVIF"
    assert sniff(b"\0\0\0\x1cftypavif\0\0\0\0mif1") == "AVIF"
    assert sniff(b"\0\0\0\x1cftypisom\0\0\0\0mp41") is None
    assert sniff(b"BM is how this letter begins, but it is no bitmap") is None
    assert sniff(b"") is None


def test_decoding_leaves_no_open_file(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc")
    paths = []
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF"):
        path = tmp_path / f"photo.{kind.lower()}"
        path.write_bytes(encoded(quarters(), kind))
        paths.append(path)
    (tmp_path / "bad.tif").write_bytes(encoded(shapes(), "TIFF", compression="tiff_lzw")[:900])
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    photos = [decode(path) for path in paths]
    with pytest.raises(PhotoError):
        decode(tmp_path / "bad.tif")
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert len(photos) == len(paths)


def test_reading_from_a_stream_of_bytes_is_not_confused_by_what_follows() -> None:
    data = encoded(quarters(), "JPEG", quality=95) + io.BytesIO(b"trailing" * 100).getvalue()
    assert off_by(decode(data), quarters()) < 4
