"""Live frames are resized in parts and by several threads, and not one pixel differs from the photos' way."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.core import imaging, live_helper
from mobilenet_gui.core.imaging import decode_for, prepare
from mobilenet_gui.core.live_helper import FrameHelper
from mobilenet_gui.core.types import Pixels, Preprocessing

SIZES = [(1280, 720), (640, 480), (1920, 1080), (333, 517), (3840, 2160), (100, 60), (5, 400), (400, 5), (480, 480)]


def noise(size: tuple[int, int]) -> Pixels:
    """Noise: every pixel counts."""
    return np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)


@pytest.fixture(params=[(9, 7), (6, 5, 5), (1, 15)])
def helper(request: pytest.FixtureRequest) -> Iterator[FrameHelper]:
    """Threads that help, whatever the machine has."""
    made = FrameHelper(request.param)
    yield made
    made.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "recipe",
    [
        Preprocessing(224),
        Preprocessing(192, filter="bilinear"),
        Preprocessing(96, 1.0, filter="lanczos"),
        Preprocessing(191, 0.83),
        Preprocessing(160, stretch=True),
    ],
)
def test_a_frame_gives_what_the_same_photo_gives(
    size: tuple[int, int], recipe: Preprocessing, helper: FrameHelper
) -> None:
    pixels = noise(size)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=0)
    photo = prepare(decode_for(file.getvalue(), recipe), recipe)
    for shared in (None, helper):
        frame = prepare(pixels, recipe, shared)
        assert frame.crop == photo.crop
        assert np.array_equal(frame.pixels, photo.pixels)


def test_only_what_the_network_sees_is_converted(monkeypatch: pytest.MonkeyPatch, helper: FrameHelper) -> None:
    seen: list[int] = []
    original: Callable[..., Image.Image] = Image.frombuffer

    def spy(mode: str, size: tuple[int, int], *rest: object) -> Image.Image:
        seen.append(size[0] * size[1])
        return original(mode, size, *rest)

    monkeypatch.setattr(Image, "frombuffer", spy)
    prepare(noise((1280, 720)), Preprocessing(192), helper)
    assert len(seen) == len(helper.shares)
    assert sum(seen) < 1280 * 720 / 2


def test_every_other_layout_of_pixels_is_taken(helper: FrameHelper) -> None:
    pixels = noise((640, 480))
    expected = prepare(pixels[:, ::-1].copy(), Preprocessing(96)).pixels
    assert np.array_equal(prepare(pixels[:, ::-1], Preprocessing(96), helper).pixels, expected)


def test_a_machine_with_one_core_has_no_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_helper, "usable_cores", lambda: 1)
    before = threading.active_count()
    helper = FrameHelper()
    assert (helper.shares, threading.active_count()) == ((16,), before)
    assert np.array_equal(
        prepare(noise((64, 48)), Preprocessing(32), helper).pixels,
        imaging.prepare(noise((64, 48)), Preprocessing(32)).pixels,
    )
    helper.close()
