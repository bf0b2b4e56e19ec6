"""Parts of the photos page by themselves: the view's arithmetic, heat colours, small pictures, rows, pace."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.photo_session import Order, PhotoSession
from mobilenet_gui.ui.photos.heat import SIDE, heat_picture, ramp
from mobilenet_gui.ui.photos.list_model import PhotoListModel
from mobilenet_gui.ui.photos.pace import Pace, time_left_text
from mobilenet_gui.ui.photos.thumbs import ThumbnailCache
from mobilenet_gui.ui.photos.viewport import MAX_SCALE, Viewport
from mobilenet_gui.workers.photo_image import THUMB_HEIGHT, THUMB_WIDTH, fit_size, make_thumbnail, to_qimage
from tests.core.test_photo_session import answer


def view(width: float = 848, height: float = 648, photo: tuple[int, int] = (1600, 1200)) -> Viewport:
    made = Viewport()
    made.set_view(width, height)
    made.set_photo(*photo)
    return made


def test_a_photo_is_fitted_in_the_middle() -> None:
    left, top, width, height = view().rect()
    assert (left, top, width, height) == pytest.approx((24, 24, 800, 600))


def test_small_photos_are_enlarged_three_times_at_most() -> None:
    assert view(photo=(100, 100)).scale == 3


def test_zooming_keeps_the_point_under_the_pointer() -> None:
    one = view()
    left, top, width, height = one.rect()
    at = ((500 - left) / width, (300 - top) / height)
    one.zoom_by(4, 500, 300)
    left, top, width, height = one.rect()
    assert ((500 - left) / width, (300 - top) / height) == pytest.approx(at)
    one.zoom_by(1000, 500, 300)
    assert one.scale == MAX_SCALE
    one.zoom_by(1e-9, 0, 0)
    assert one.fitted


def test_panning_stops_at_the_edges() -> None:
    one = view()
    one.pan(50, 50)
    assert one.fitted
    one.zoom_to(2, 400, 300)
    one.pan(1e6, 1e6)
    assert one.rect()[:2] == pytest.approx((0, 0))
    one.pan(-1e6, -1e6)
    left, top, width, height = one.rect()
    assert (left + width, top + height) == pytest.approx((848, 648))


def test_the_ramp_gets_lighter_all_the_way() -> None:
    table = ramp().astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(table) >= 0).all()


def test_the_heat_picture_is_hot_where_the_map_is(qapp: object) -> None:
    heat = np.zeros((7, 7), np.float32)
    heat[0, 6] = 1
    picture = heat_picture(heat)
    assert (picture.width(), picture.height()) == (SIDE, SIDE)
    corner, far = picture.pixelColor(SIDE - 2, 1), picture.pixelColor(1, SIDE - 2)
    assert corner.lightness() > 150
    assert far.lightness() < 50


def test_pictures_keep_their_colours_in_bands(qapp: object) -> None:
    image = Image.new("RGB", (5, 600), (10, 20, 30))
    image.putpixel((4, 599), (200, 100, 50))
    made = to_qimage(image)
    assert made.pixelColor(0, 0) == QColor(10, 20, 30)
    assert made.pixelColor(4, 599) == QColor(200, 100, 50)


@pytest.mark.parametrize("size", [(4000, 3000), (10, 3000), (3000, 10), (1, 1), (50, 40)])
def test_thumbnails_are_the_middle_and_never_larger_than_the_photo(qapp: object, size: tuple[int, int]) -> None:
    small = make_thumbnail(Image.new("RGB", size, "green"), 2.0)
    assert 1 <= small.width() <= min(size[0], THUMB_WIDTH * 2)
    assert 1 <= small.height() <= min(size[1], THUMB_HEIGHT * 2)


def test_fit_size() -> None:
    assert fit_size((4000, 3000), (800, 800)) == (800, 600)
    assert fit_size((10, 10), (800, 800)) == (10, 10)
    assert fit_size((10000, 1), (100, 100)) == (100, 1)


def test_the_cache_keeps_what_was_seen_last_and_asks_for_the_rest(qtbot: QtBot) -> None:
    image = QImage(10, 10, QImage.Format.Format_RGB32)
    cache = ThumbnailCache(limit=3 * image.sizeInBytes())
    for key in range(3):
        cache.put(key, image.copy())
    assert cache.get(0) is not None
    cache.put(3, image.copy())
    assert [key in cache for key in range(4)] == [True, False, True, True]
    assert cache.bytes_held == 3 * image.sizeInBytes()
    with qtbot.waitSignal(cache.wanted) as asked:
        assert cache.get(1) is None
        assert cache.get(7) is None
    assert asked.args == [[7, 1]]
    cache.put(7, QImage())
    with qtbot.assertNotEmitted(cache.wanted, wait=60):
        assert cache.get(7) is None


def test_rows_follow_the_session(qapp: object) -> None:
    session = PhotoSession()
    rows = PhotoListModel(session)
    keys, _ = session.add((Path(f"/{name}"), name) for name in "cabd")
    rows.append(keys)
    session.remove([keys[1]])
    rows.arrange()
    assert rows.keys == [keys[0], keys[2], keys[3]]
    assert rows.row_of(keys[3]) == 2
    assert rows.row_of(keys[1]) == -1
    session.order = Order.NAME
    rows.arrange()
    assert [p.name for i in range(3) if (p := rows.photo_at(i)) is not None] == ["b", "c", "d"]
    session.set_answer(keys[2], answer("great grey owl", 0.964))
    assert rows.describe(session.photos()[1]).startswith("b, Great grey owl 96.4")


def test_time_left() -> None:
    pace = Pace()
    assert time_left_text(pace.seconds_left(10)) == ""
    for n in range(11):
        pace.step(n * 0.5)
    assert pace.seconds_left(20) == pytest.approx(10)
    assert time_left_text(10.2) == "about 10 s left"
    assert time_left_text(0.1) == "about 1 s left"
    assert time_left_text(150) == "about 2 min left"
    assert time_left_text(7200) == "about 2.0 h left"


def test_bytes_of_a_photo_need_no_file() -> None:
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, "PNG")
    session = PhotoSession()
    (key,), _ = session.add([(out.getvalue(), "Pasted photo 1")])
    photo = session.get(key)
    assert photo is not None
    assert photo.path is None
