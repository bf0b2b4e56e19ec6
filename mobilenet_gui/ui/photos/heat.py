"""Owns how a heat map looks: its colours, its smooth picture, and the legend drawn over the photo."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.fonts import font
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 192
"""Pixels a side of the smooth picture; what is painted is this, stretched."""

STOPS: tuple[tuple[float, tuple[int, int, int]], ...] = (
    (0.00, (24, 20, 48)),
    (0.22, (84, 32, 108)),
    (0.42, (150, 44, 98)),
    (0.60, (212, 72, 66)),
    (0.78, (246, 138, 36)),
    (0.90, (252, 196, 76)),
    (1.00, (252, 246, 168)),
)
"""From little to much; lightness rises all the way, so that it reads without seeing colours."""

LEGEND_FROM = 0.22
LEGEND_SIZE = (214.0, 30.0)


@lru_cache(maxsize=1)
def ramp() -> NDArray[np.uint8]:
    """Return 256 colours from little to much, shape (256, 3), RGB."""
    import numpy as np

    places = [stop[0] for stop in STOPS]
    levels = np.linspace(0.0, 1.0, 256)
    channels = [np.interp(levels, places, [stop[1][c] for stop in STOPS]) for c in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


@lru_cache(maxsize=1)
def _colour_table() -> list[int]:
    return [0xFF000000 | int(red) << 16 | int(green) << 8 | int(blue) for red, green, blue in ramp()]


def heat_picture(heat: NDArray[np.float32]) -> QImage:
    """Return a heat map (0 to 1, shape (rows, columns)) as a smooth picture of `SIDE` pixels a side."""
    import numpy as np
    from PIL import Image

    coarse = Image.fromarray(np.ascontiguousarray(heat, dtype=np.float32))
    fine = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    levels = (np.clip(fine, 0.0, 1.0) * 255).round().astype(np.uint8)
    # Qt looks the colours up in half of NumPy's time; live, this happens fifteen times a second in the window's thread.
    indexed = QImage(levels.data, SIDE, SIDE, SIDE, QImage.Format.Format_Indexed8)
    indexed.setColorTable(_colour_table())
    return indexed.convertToFormat(QImage.Format.Format_RGB32)


def legend_rect(photo: QRectF) -> QRectF:
    """Return where the legend goes on a photo drawn at `photo`: the lower left corner, inside."""
    width, height = LEGEND_SIZE
    inset = 14.0 if photo.width() > width + 28 else 4.0
    return QRectF(photo.left() + inset, photo.bottom() - inset - height, width, height)


def paint_legend(painter: QPainter, rect: QRectF) -> None:
    """Draw the legend: Less, the ramp, More, and a sign that there is more to know."""
    colours = tokens()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(0, 0, 0, 0))
    painter.setBrush(colours.overlay)
    painter.drawRoundedRect(rect, 8, 8)
    painter.setPen(colours.onOverlay)
    painter.setFont(font("caption", 600))
    metrics = painter.fontMetrics()
    less, more = tr("Less"), tr("More")
    left = rect.left() + 12
    base = rect.center().y() + (metrics.ascent() - metrics.descent()) / 2
    painter.drawText(round(left), round(base), less)
    icon = QRectF(rect.right() - 10 - 14, rect.center().y() - 7, 14, 14)
    right = icon.left() - 6 - metrics.horizontalAdvance(more)
    painter.drawText(round(right), round(base), more)
    paint_icon(painter, "info", icon, colours.onOverlay, 14)
    start = left + metrics.horizontalAdvance(less) + 10
    bar = QRectF(start, rect.center().y() - 3, max(8.0, right - 8 - start), 6)
    gradient = QLinearGradient(bar.topLeft(), bar.topRight())
    table = ramp()
    for step in range(11):
        level = LEGEND_FROM + (1 - LEGEND_FROM) * step / 10
        red, green, blue = (int(c) for c in table[round(level * 255)])
        gradient.setColorAt(step / 10, QColor(red, green, blue))
    painter.setPen(QColor(0, 0, 0, 0))
    painter.setBrush(gradient)
    painter.drawRoundedRect(bar, 3, 3)
    painter.restore()
