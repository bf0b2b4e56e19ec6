"""Owns how a few photos stand for many: one large picture and two small ones beside it, with rounded corners."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.photos.tiles import paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CONTROL, RADIUS_SMALL
from mobilenet_gui.ui.widgets.painting import rounded

GAP = 4
_LARGE_SHARE = 0.62
"""The large picture's part of the width, as in the design."""


def cover_rects(rect: QRectF) -> tuple[QRectF, QRectF, QRectF]:
    """Return where the large picture and the two small ones go."""
    large = round((rect.width() - GAP) * _LARGE_SHARE)
    half = (rect.height() - GAP) / 2
    left = rect.x() + large + GAP
    width = rect.right() - left
    return (
        QRectF(rect.x(), rect.y(), large, rect.height()),
        QRectF(left, rect.y(), width, half),
        QRectF(left, rect.y() + half + GAP, width, half),
    )


def paint_covers(
    painter: QPainter, rect: QRectF, images: Sequence[QImage | None], photos: int, bad: Collection[int] = ()
) -> None:
    """Draw up to three pictures in `rect`.

    Args:
        painter: where to draw.
        rect: room for all of them.
        images: the pictures so far; None for one that is still being made or cannot be.
        photos: how many photos there are; places beyond stay empty.
        bad: places of photos that cannot be read.
    """
    for place, spot in enumerate(cover_rects(rect)):
        radius = RADIUS_CONTROL if place == 0 else RADIUS_SMALL
        image = images[place] if place < len(images) else None
        if image is not None and not image.isNull():
            paint_cover(painter, image, spot, radius)
            continue
        if place in bad:
            rounded(painter, spot, radius, tokens().badSoft)
            paint_icon(painter, "file-x", spot, tokens().bad, 20)
            continue
        rounded(painter, spot, radius, tokens().track if place < photos else tokens().zone, tokens().line)
        if photos == 0 and place == 0:
            paint_icon(painter, "image", spot, tokens().control, 24)
