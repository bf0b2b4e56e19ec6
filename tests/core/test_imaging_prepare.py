"""From a decoded photo to the network's numbers: the reduced decoding, the crop, the resize, Keras' own values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.core import imaging
from mobilenet_gui.core.imaging import crop_box, decode, decode_for, needed_short_side, normalize, prepare
from mobilenet_gui.core.imaging_open import OpenedPhoto
from mobilenet_gui.core.types import CropBox, Preprocessing
from tests.photo_samples import encoded, shapes

PRE = Preprocessing(96)


@pytest.mark.parametrize(
    ("width", "height"), [(4000, 3000), (3000, 4000), (900, 700), (441, 440), (430, 300), (50, 40)]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_decoding_keeps_the_margin_and_not_much_more(kind: str, width: int, height: int) -> None:
    photo = decode_for(encoded(shapes(width, height), kind), PRE)
    needed = needed_short_side(PRE)
    assert needed is not None
    assert photo.full_size == (width, height)
    short = min(photo.size)
    assert PRE.crop_fraction * short >= imaging.DECODE_MARGIN * PRE.size or short == min(width, height)
    # JPEG can only be halved; the others are reduced by any whole factor.
    assert short < 2 * needed + 1 or short == min(width, height) < 2 * needed


def test_a_large_jpeg_is_never_decoded_at_full_size(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(shapes(4000, 3000), "JPEG")
    loaded: list[tuple[int, int]] = []
    original = OpenedPhoto.load

    def spy(self: OpenedPhoto) -> None:
        original(self)
        loaded.append(self.image.size)

    monkeypatch.setattr(OpenedPhoto, "load", spy)
    decode_for(data, Preprocessing(224))
    decode(data, max_side=1000)
    assert loaded == [(500, 375), (1000, 750)]


# 1800 is no multiple of the 11 by which that PNG is reduced: the last block is not full, and all lies a little aside.
@pytest.mark.parametrize(
    ("kind", "size", "most"), [("JPEG", (2400, 1800), 1.0), ("PNG", (2472, 1848), 1.0), ("PNG", (2400, 1800), 2.5)]
)
def test_reduced_decoding_gives_what_full_decoding_gives(kind: str, size: tuple[int, int], most: float) -> None:
    data = encoded(shapes(*size), kind)
    full, reduced = prepare(decode(data), PRE), prepare(decode_for(data, PRE), PRE)
    assert np.abs(full.pixels.astype(int) - reduced.pixels).mean() < most
    assert full.crop == reduced.crop


def test_strips_are_seamless() -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (2500, 3100, 3), dtype=np.uint8)
    data = encoded(Image.fromarray(pixels), "PNG", compress_level=1)
    photo = decode(data, short_side=500)
    expected = Image.fromarray(pixels).reduce(5)
    assert np.array_equal(photo.pixels, np.asarray(expected))


@pytest.mark.parametrize(("width", "height"), [(1000, 300), (300, 1000), (777, 777), (40, 4000)])
def test_for_display_the_longer_side_is_bounded(width: int, height: int) -> None:
    photo = decode(encoded(shapes(width, height), "JPEG"), max_side=256)
    assert max(photo.size) == 256
    assert abs(photo.size[0] / photo.size[1] - width / height) < 0.02 * max(1, width / height)
    assert decode(encoded(shapes(100, 60), "JPEG"), max_side=256).size == (100, 60)


def test_the_crop_is_the_middle() -> None:
    assert crop_box((400, 200), Preprocessing(96, crop_fraction=0.5)) == CropBox(0.375, 0.25, 0.625, 0.75)
    assert crop_box((200, 400), Preprocessing(96, crop_fraction=1.0)) == CropBox(0.0, 0.25, 1.0, 0.75)
    assert crop_box((400, 200), Preprocessing(96, stretch=True)) == CropBox(0.0, 0.0, 1.0, 1.0)
    pixels = np.zeros((200, 400, 3), np.uint8)
    pixels[50:150, 150:250] = 255
    prepared = prepare(pixels, Preprocessing(50, crop_fraction=0.5, filter="bilinear"))
    assert prepared.pixels[2:-2, 2:-2].min() == 255


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (5, 7)])
def test_tiny_and_thin_photos(size: tuple[int, int]) -> None:
    photo = decode_for(encoded(Image.new("RGB", size, (9, 90, 200)), "PNG"), PRE)
    for stretch in (False, True):
        pixels = prepare(photo, Preprocessing(96, stretch=stretch)).pixels
        assert pixels.shape == (96, 96, 3)
        assert np.abs(pixels.astype(int) - (9, 90, 200)).max() <= 1


@pytest.mark.parametrize("name", ["bilinear", "bicubic", "lanczos"])
def test_the_resize_is_antialiased(name: str) -> None:
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    pixels = prepare(stripes, Preprocessing(96, filter=name)).pixels  # type: ignore[arg-type]
    assert np.abs(pixels.astype(int) - 127.5).max() < 12
    nearest = prepare(stripes, Preprocessing(96, stretch=True)).pixels
    assert set(np.unique(nearest)) <= {0, 255}


def test_pixels_and_photos_go_the_same_way() -> None:
    image = shapes(500, 375)
    photo = decode_for(encoded(image, "PNG"), PRE)
    backwards = np.asarray(image)[::-1, :, :]  # not contiguous
    assert np.array_equal(prepare(photo, PRE).pixels, prepare(np.asarray(image), PRE).pixels)
    assert prepare(backwards, PRE).pixels.shape == (96, 96, 3)


def test_prepared_pixels_may_be_written_to() -> None:
    pixels = prepare(np.zeros((50, 50, 3), np.uint8), PRE).pixels
    pixels[0, 0] = 1
    assert pixels.flags.c_contiguous


def test_normalising_ranges() -> None:
    values = np.arange(256, dtype=np.uint8)
    plain = values.astype(np.float32)
    expected = plain / np.float32(127.5) - np.float32(1)
    assert np.array_equal(normalize(values, "minus1_1"), expected)
    assert np.array_equal(normalize(values, "zero_1"), plain / np.float32(255))
    assert np.array_equal(normalize(values, "zero_255"), plain)
    assert normalize(values, "minus1_1").dtype == np.float32


@pytest.mark.keras
def test_normalising_gives_the_numbers_of_keras() -> None:
    from keras.applications.mobilenet import preprocess_input

    values = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    theirs = preprocess_input(values.astype(np.float32))
    assert normalize(values, "minus1_1").tobytes() == np.asarray(theirs, np.float32).tobytes()


@pytest.mark.keras
def test_stretching_gives_the_pixels_of_keras(tmp_path: Path) -> None:
    from keras.utils import img_to_array, load_img

    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(shapes(500, 333), "JPEG"))
    theirs = img_to_array(load_img(path, target_size=(192, 192)))
    pre = Preprocessing(192, stretch=True)
    assert np.array_equal(prepare(decode_for(path, pre), pre).pixels, theirs.astype(np.uint8))
