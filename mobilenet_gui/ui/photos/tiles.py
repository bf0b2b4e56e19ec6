"""Owns how one photo looks in a list: its small picture, and what is laid over it for each state."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPixmap, QTransform

from mobilenet_gui.core.photo_session import Photo, PhotoState
from mobilenet_gui.ui.fonts import font
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import reduced_motion, tokens
from mobilenet_gui.ui.widgets.painting import draw_text, rounded
from mobilenet_gui.ui.widgets.progress import paint_ring

WAITING_OPACITY = 0.36
RING_SIZE = 20.0
BADGE_SIZE = 16.0
EDGE_ALPHA = 26
"""Of 255: how much of the text's colour is in the line around a photo."""
TILES_KEPT = 256


class TileCache:
    """Finished tiles by photo. Painting a list is then one call a tile, however busy the other threads are."""

    def __init__(self, kept: int = TILES_KEPT) -> None:
        """Make it empty; it keeps the `kept` tiles drawn last."""
        self._tiles: OrderedDict[int, tuple[object, QPixmap]] = OrderedDict()
        self._kept = kept

    def draw(
        self, painter: QPainter, rect: QRect, key: int, look: object, render: Callable[[QPainter, QRectF], None]
    ) -> None:
        """Draw a tile, rendering it only where its look is new.

        Args:
            painter: where to draw.
            rect: the whole cell.
            key: of the photo.
            look: everything that the tile's looks depend on, besides size and colours; compared by `==`.
            render: draws the tile into a cell that begins at 0, 0.
        """
        ratio = painter.device().devicePixelRatioF()
        full_look = (look, rect.width(), rect.height(), ratio, id(tokens()))
        kept = self._tiles.get(key)
        if kept is None or kept[0] != full_look:
            picture = QPixmap(round(rect.width() * ratio), round(rect.height() * ratio))
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            brush = QPainter(picture)
            render(brush, QRectF(0, 0, rect.width(), rect.height()))
            brush.end()
            kept = (full_look, picture)
            self._tiles[key] = kept
            if len(self._tiles) > self._kept:
                self._tiles.popitem(last=False)
        self._tiles.move_to_end(key)
        painter.drawPixmap(rect.topLeft(), kept[1])


def paint_cover(painter: QPainter, image: QImage, rect: QRectF, radius: float, opacity: float = 1.0) -> None:
    """Fill a rounded `rect` with the middle of `image`, cut to fit; edges are smooth."""
    if image.isNull():
        return
    scale = max(rect.width() / image.width(), rect.height() / image.height())
    centre = rect.center()
    place = QTransform.fromTranslate(centre.x() - image.width() * scale / 2, centre.y() - image.height() * scale / 2)
    place.scale(scale, scale)
    brush = QBrush(image)
    brush.setTransform(place)
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.setOpacity(opacity)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush)
    painter.drawRoundedRect(rect, radius, radius)
    # A photo of the page's own colour, such as a scan on white, has an edge all the same.
    edge = QColor(tokens().text)
    edge.setAlpha(EDGE_ALPHA)
    painter.setPen(QPen(edge, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    painter.restore()


def paint_tile(
    painter: QPainter, rect: QRectF, radius: float, photo: Photo, image: QImage | None, *, unsure: bool, badge: bool
) -> None:
    """Draw one photo of a list.

    Args:
        painter: where to draw.
        rect: the tile.
        radius: of its corners.
        photo: what is known of it.
        image: its small picture, if there is one.
        unsure: its answer stays below the limit.
        badge: mark an unsure one with a question mark, a stranger with its own (a list with words beside needs none).
    """
    colours = tokens()
    if photo.state is PhotoState.FAILED:
        rounded(painter, rect, radius, colours.badSoft)
        paint_icon(painter, "file-x", rect, colours.bad, 22)
        return
    waiting = photo.state is not PhotoState.DONE
    if image is None or waiting:
        rounded(painter, rect, radius, colours.track)
    if image is not None:
        paint_cover(painter, image, rect, radius, WAITING_OPACITY if waiting else 1.0)
    if badge and unsure and not waiting:
        spot = QRectF(rect.right() - BADGE_SIZE - 4, rect.bottom() - BADGE_SIZE - 4, BADGE_SIZE, BADGE_SIZE)
        rounded(painter, spot, BADGE_SIZE / 2, colours.overlay)
        if photo.unlike:
            paint_icon(painter, "stranger", spot, colours.onOverlay, int(BADGE_SIZE) - 2)
            return
        draw_text(
            painter,
            spot,
            "?",
            font("caption", 600),
            colours.onOverlay,
            align=Qt.AlignmentFlag.AlignHCenter,
            elide=False,
        )


def paint_running(painter: QPainter, rect: QRectF) -> None:
    """Draw the ring that turns over a photo that is being worked on."""
    colours = tokens()
    centre = rect.center()
    ring = QRectF(centre.x() - RING_SIZE / 2, centre.y() - RING_SIZE / 2, RING_SIZE, RING_SIZE)
    turn = 0.0 if reduced_motion() else time.monotonic() % 1.0
    track = QColor(colours.panel)
    track.setAlpha(170)
    paint_ring(painter, ring, None, colours.text if colours.dark else colours.accent, track, turn=turn, width=2.5)


def look_of(photo: Photo, image: QImage | None, unsure: bool) -> tuple[object, ...]:
    """Return what the looks of a photo's tile depend on."""
    waiting = photo.state is PhotoState.WAITING or photo.state is PhotoState.RUNNING
    best = None if photo.recognition is None else (photo.recognition.best.label, photo.recognition.best.probability)
    picture = None if image is None else image.cacheKey()
    return waiting, photo.state is PhotoState.FAILED, best, unsure, photo.unlike, picture


def paint_selection(painter: QPainter, rect: QRectF, radius: float) -> None:
    """Draw the frame around a chosen tile: two pixels wide, two away from it."""
    rounded(painter, rect.adjusted(-4, -4, 4, 4), radius + 4, None, tokens().accentText, width=2)
