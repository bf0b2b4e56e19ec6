"""Owns what a stranger's answer shows instead of certainty: the training photos that it is least unlike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import headline, percent
from mobilenet_gui.core.types import Known, Likeness
from mobilenet_gui.i18n import shown, tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.photos.tiles import paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_SMALL
from mobilenet_gui.ui.widgets.labels import Divider, text_label
from mobilenet_gui.ui.widgets.painting import draw_text, rounded

TILES: Final = 3
_GAP: Final = 8
_WORDS: Final = 22
_SHAPE: Final = 0.73
"""Height of a picture against its width."""
_BARE: Final = 50
"""Height of a tile without a picture, which has room for the likeness below the name."""


class _Tile(QWidget):
    """A training photo with its class and likeness; without the photo, the words alone."""

    def __init__(self) -> None:
        super().__init__()
        self.known: Known | None = None
        self.picture: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.known is None:
            return
        painter, colours = QPainter(self), tokens()
        box = QRectF(self.rect())
        high = fonts.px(_WORDS)
        picture = box.adjusted(0, 0, 0, -high - 2)
        words = QRectF(box.x() + 2, box.bottom() - high, box.width() - 4, high)
        face, share = fonts.font("small"), percent(self.known.likeness, 0)
        if self.picture is not None and not self.picture.isNull():
            paint_cover(painter, self.picture, picture, RADIUS_SMALL)
            taken = draw_text(painter, words, share, face, colours.text2,
                              align=Qt.AlignmentFlag.AlignRight, elide=False)  # fmt: skip
            room = words.adjusted(0, 0, -taken - 6, 0)
        else:
            rounded(painter, box, RADIUS_SMALL, colours.track)
            line = box.height() / 2 - 4
            room = QRectF(box.x() + 8, box.y() + 4, box.width() - 12, line)
            draw_text(painter, room.translated(0, line), share, face, colours.text2)
        draw_text(painter, room, headline(self.known.label), fonts.font("small", fonts.MEDIUM), colours.text2)


class ClosestPhotos(QWidget):
    """The closest training photos, with the limit below which a photo is a stranger.

    Attributes:
        wanted: pictures of these training photos are wanted: a list of their ids.
    """

    wanted = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._likeness: Likeness | None = None
        self._pictures: Mapping[str, QImage] = {}
        self.limit = text_label("", "small", "text2")
        self.tiles = tuple(_Tile() for _ in range(TILES))
        head = QHBoxLayout()
        head.addWidget(text_label(tr("Closest it knows"), "small", "text2", fonts.SEMIBOLD), 1)
        head.addWidget(self.limit)
        row = QHBoxLayout()
        row.setSpacing(_GAP)
        for tile in self.tiles:
            row.addWidget(tile, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(0)
        column.addWidget(Divider())
        column.addSpacing(12)
        column.addLayout(head)
        column.addSpacing(8)
        column.addLayout(row)
        column.addSpacing(4)
        column.addWidget(text_label(tr("No training photo is alike enough to trust."), "small", "text2", wrap=True))
        self.hide()

    def show_likeness(self, likeness: Likeness | None) -> None:
        """Show what a stranger is least unlike; nothing for None."""
        same = likeness == self._likeness
        self._likeness = likeness
        self.setVisible(likeness is not None)
        if likeness is None or same:
            return
        self.limit.setText(tr("limit {percent}").format(percent=percent(likeness.limit, 0)))
        for tile, known in zip(self.tiles, (*likeness.nearest, *(None,) * TILES), strict=False):
            tile.known, tile.picture = known, None if known is None else self._pictures.get(known.photo)
            name = "" if known is None else f"{shown(headline(known.label))} {percent(known.likeness, 0)}"
            tile.setAccessibleName(name)
            tile.setToolTip(name)
        self._fit()
        missing = [k.photo for k in likeness.nearest[:TILES] if k.photo and k.photo not in self._pictures]
        if missing:
            self.wanted.emit(missing)

    def show_pictures(self, pictures: Mapping[str, QImage]) -> None:
        """Take pictures of training photos by id; those that are gone are missing."""
        self._pictures = {**self._pictures, **pictures}
        for tile in self.tiles:
            tile.picture = None if tile.known is None else self._pictures.get(tile.known.photo)
        self._fit()

    def forget(self) -> None:
        """Forget all pictures: another model answers, whose photos have other ids."""
        self._pictures = {}

    def resizeEvent(self, event: object) -> None:
        """Keep the pictures' shape."""
        self._fit()

    def _fit(self) -> None:
        width = (self.width() - _GAP * (TILES - 1)) // TILES
        pictures = any(tile.picture is not None and not tile.picture.isNull() for tile in self.tiles)
        high = round(width * _SHAPE) + fonts.px(_WORDS) + 2 if pictures else fonts.px(_BARE)
        for tile in self.tiles:
            if tile.height() != high:
                tile.setFixedHeight(high)
            tile.update()
