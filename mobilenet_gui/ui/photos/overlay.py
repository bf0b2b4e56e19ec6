"""Owns what lies over the photo on screen: the network's own view of it, the heat map, and the square around them."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from mobilenet_gui.core.types import CropBox
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.widgets.painting import draw_text, rounded

CRISP_FROM = 2.0
"""From this many device pixels a pixel on, pixels are drawn with edges; below they are smoothed."""
CAPTION_FROM = 120
"""Narrower squares have no caption."""
_DIM = QColor(16, 18, 22, 150)
_UNKNOWN = QColor(16, 18, 22)


def crop_rect(photo: QRectF, crop: CropBox | None) -> QRectF:
    """Return where the part `crop` of a photo drawn at `photo` is; all of it for None."""
    if crop is None:
        return QRectF(photo)
    return QRectF(
        photo.x() + crop.left * photo.width(),
        photo.y() + crop.top * photo.height(),
        (crop.right - crop.left) * photo.width(),
        (crop.bottom - crop.top) * photo.height(),
    )


def draw_seen(painter: QPainter, image: QImage, target: QRectF, view: QRectF, *, smooth: bool) -> None:
    """Draw `image` stretched over `target`, scaling only what lies within `view`.

    A photo of a hundred megapixels at 1600 % is wider than the painter can count, and costs no more than a small one.
    """
    seen = target.intersected(view)
    if seen.isEmpty() or target.isEmpty():
        return
    across, down = image.width() / target.width(), image.height() / target.height()
    # Whole pixels, and one more on each side: a pixel cut in two would be drawn at the wrong size, smoothing needs
    # the neighbours.
    left = max(0, math.floor((seen.left() - target.left()) * across) - 1)
    top = max(0, math.floor((seen.top() - target.top()) * down) - 1)
    right = min(image.width(), math.ceil((seen.right() - target.left()) * across) + 1)
    bottom = min(image.height(), math.ceil((seen.bottom() - target.top()) * down) + 1)
    place = QRectF(
        target.left() + left / across,
        target.top() + top / down,
        (right - left) / across,
        (bottom - top) / down,
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(place, image, QRectF(left, top, right - left, bottom - top))


def paint_input(painter: QPainter, inner: QRectF, image: QImage, *, view: QRectF, ratio: float) -> None:
    """Draw the network's input where the photo shows the same, its pixels with edges once they are large enough.

    Args:
        painter: clipped to the photo.
        inner: the square the network was given.
        image: the input's own pixels.
        view: what can be seen of the widget.
        ratio: device pixels a logical one.
    """
    crisp = inner.width() * ratio >= CRISP_FROM * image.width()
    draw_seen(painter, image, inner, view, smooth=not crisp)


def paint_heat(painter: QPainter, photo: QRectF, inner: QRectF, heat: QImage, *, view: QRectF, strength: float) -> None:
    """Draw a heat map over the square, and darken the rest: nothing is known of it, and it is not to look cold."""
    painter.setOpacity(strength)
    draw_seen(painter, heat, inner, view, smooth=True)
    painter.fillPath(_outside(photo, inner, view), _UNKNOWN)
    painter.setOpacity(1.0)


def paint_square(painter: QPainter, photo: QRectF, inner: QRectF, *, view: QRectF, input_size: int, dim: bool) -> None:
    """Draw the edge of what the network was given, its size in words, and with `dim` a veil over the rest."""
    if dim:
        painter.fillPath(_outside(photo, inner, view), _DIM)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(255, 255, 255, 230), 1.5))
    # An edge far outside is as good as one just outside.
    painter.drawRect(inner.adjusted(0.75, 0.75, -0.75, -0.75).intersected(view.adjusted(-9, -9, 9, 9)))
    seen = inner.intersected(view)
    if input_size and seen.width() > CAPTION_FROM:
        text = tr("The model saw {n} × {n} pixels").format(n=input_size)
        font = fonts.font("caption", fonts.SEMIBOLD)
        painter.setFont(font)
        width = min(painter.fontMetrics().horizontalAdvance(text) + 20, round(seen.width()) - 20)
        chip = QRectF(seen.x() + 10, seen.y() + 10, width, fonts.px(26))
        rounded(painter, chip, 8, tokens().overlay)
        draw_text(painter, chip.adjusted(10, 0, -10, 0), text, font, tokens().onOverlay)


def _outside(photo: QRectF, inner: QRectF, view: QRectF) -> QPainterPath:
    path = QPainterPath()
    path.addRect(photo.intersected(view))
    hole = QPainterPath()
    hole.addRect(inner.intersected(view))
    return path.subtracted(hole)
