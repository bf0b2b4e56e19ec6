"""From a decoded photo to Qt's picture."""

from __future__ import annotations

import numpy as np
from PIL import Image
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap

from mobilenet_gui.workers.photo_image import make_thumbnail, to_qimage


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
