"""From a decoded photo to Qt's picture, and which one is made first."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from pytestqt.qtbot import QtBot

from mobilenet_gui.workers.photo_image import make_thumbnail, to_qimage
from mobilenet_gui.workers.photo_loader import PhotoLoader


def _photo(size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def test_pixels_arrive_as_they_were_and_opaque() -> None:
    photo = _photo((37, 600))  # taller than one band
    picture = to_qimage(photo)
    assert picture.format() == QImage.Format.Format_RGB32
    raw = np.frombuffer(picture.constBits(), np.uint8).reshape(600, 37, 4)
    assert (raw[..., 2::-1] == np.asarray(photo)).all()
    assert (raw[..., 3] == 255).all()


def test_a_thumbnail_painted_into_a_tile_can_be_seen(qapp: object) -> None:
    """The lists paint into pictures with an alpha channel, half transparent while a photo waits."""
    thumbnail = make_thumbnail(Image.new("RGB", (300, 200), (200, 30, 40)), 1.0)
    for opacity in (1.0, 0.36):
        tile = QPixmap(40, 40)
        tile.fill(QColor(0, 0, 0, 0))
        painter = QPainter(tile)
        painter.setOpacity(opacity)
        painter.drawImage(0, 0, thumbnail)
        painter.end()
        alpha = tile.toImage().pixelColor(20, 20).alphaF()
        assert abs(alpha - opacity) < 0.02


def test_a_wish_for_all_pixels_outlives_the_next_wish_for_the_same_photo(qtbot: QtBot, tmp_path: Path) -> None:
    for name in ("1.png", "2.png"):
        Image.new("RGB", (300, 200), (9, 99, 199)).save(tmp_path / name)
    one, two = ((key, tmp_path / f"{key}.png", f"{key}.png") for key in (1, 2))
    loader = PhotoLoader()
    made: list[tuple[int, bool]] = []
    loader.picture_ready.connect(lambda picture: made.append((picture.key, picture.whole)))
    begin = loader._begin
    loader._begin = lambda: None  # type: ignore[method-assign]  # no thread is free yet
    loader.show([one], (100, 100), 1)
    loader.show_whole(*one)
    loader._begin = begin  # type: ignore[method-assign]
    loader.show([two], (100, 100), 1)  # the photo's neighbour
    qtbot.waitUntil(lambda: len(made) == 2)
    assert sorted(made) == [(1, True), (2, False)]
    loader._begin = lambda: None  # type: ignore[method-assign]
    loader.show_whole(*one)
    loader._begin = begin  # type: ignore[method-assign]
    loader.show([two], (100, 100), 2)  # another photo is looked at
    qtbot.waitUntil(lambda: len(made) == 3)
    assert loader.stop()
    assert made[2] == (2, False)
