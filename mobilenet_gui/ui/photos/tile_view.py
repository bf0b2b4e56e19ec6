"""Owns what the film strip and the grid have in common: a list of tiles of which only what changed is painted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mobilenet_gui.core.photo_session import Photo, PhotoState
from mobilenet_gui.ui.photos.list_model import PhotoListModel
from mobilenet_gui.ui.photos.thumbs import ThumbnailCache
from mobilenet_gui.ui.photos.tiles import TileCache, look_of, paint_running, paint_selection
from mobilenet_gui.ui.theme import reduced_motion
from mobilenet_gui.ui.tokens import RADIUS_SMALL

RING_FRAME_MS = 50
_Index = QModelIndex | QPersistentModelIndex


class TileView(QListView):
    """A list of photos as tiles of one size. One tab stop; letters are shortcuts, not a search.

    Attributes:
        photos: what is listed.
        dirty: what is being painted.
    """

    def __init__(self, rows: PhotoListModel, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.photos = rows
        self.dirty = QRegion()
        self.setModel(rows)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.viewport().setAutoFillBackground(False)
        self._timer = QTimer(self)
        self._timer.setInterval(RING_FRAME_MS)
        self._timer.timeout.connect(self._turn)

    @abstractmethod
    def cell(self) -> QSize:
        """Return the size of one place in the list."""

    @abstractmethod
    def keys_in_view(self) -> list[int]:
        """Return the keys of the tiles that can be seen, and of those just beyond."""

    def photo_at(self, point: QPoint) -> Photo | None:
        """Return the photo whose tile is at a point of the viewport."""
        return self.photos.photo_at(self.indexAt(point).row())

    def set_busy(self, busy: bool) -> None:
        """Let rings turn while something is under way."""
        if busy and self.isVisible() and not reduced_motion():
            if not self._timer.isActive():
                self._timer.start()
        else:
            self._timer.stop()

    def dataChanged(self, first: _Index, last: _Index, roles: Sequence[int] = ()) -> None:
        """Paint what changed; a list view would also lay everything out anew, though all tiles keep their size."""
        if first.row() == last.row():
            self.update(first)
        else:
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Note what has to be painted, for the delegate."""
        self.dirty = event.region()
        super().paintEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: letters are shortcuts here, and names are found by the search field."""

    def _turn(self) -> None:
        if not self.isVisible():
            self._timer.stop()
            return
        for key in self.keys_in_view():
            row = self.photos.row_of(key)
            photo = self.photos.photo_at(row)
            if photo is not None and photo.state is PhotoState.RUNNING:
                self.update(self.photos.index(row))


class TileDelegate(QStyledItemDelegate):
    """Draws the tiles: the picture from a copy, the ring that turns and the mark of the chosen ones over it."""

    def __init__(self, thumbs: ThumbnailCache, view: TileView) -> None:
        super().__init__(view)
        self._thumbs = thumbs
        self._list = view
        self._tiles = TileCache()

    @abstractmethod
    def picture_rect(self, cell: QRectF) -> QRectF:
        """Return where the picture is in a cell."""

    @abstractmethod
    def draw(self, painter: QPainter, cell: QRectF, photo: Photo, image: QImage | None, unsure: bool) -> None:
        """Draw a tile without ring and mark."""

    @abstractmethod
    def is_marked(self, row: int) -> bool:
        """Say whether a row's tile is marked as chosen."""

    def look(self, photo: Photo, image: QImage | None, unsure: bool) -> tuple[object, ...]:
        """Return what `draw` depends on."""
        return look_of(photo, image, unsure)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the cell's size."""
        return self._list.cell()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw a tile."""
        rows = self._list.photos
        photo = rows.photo_at(index.row())
        # Qt asks for every tile between the first and the last that changed; only those are drawn.
        if photo is None or not self._list.dirty.intersects(option.rect):
            return
        image = None if photo.state is PhotoState.FAILED else self._thumbs.get(photo.key)
        unsure = rows.is_unsure(photo)

        def render(brush: QPainter, cell: QRectF) -> None:
            self.draw(brush, cell, photo, image, unsure)

        self._tiles.draw(painter, option.rect, photo.key, self.look(photo, image, unsure), render)
        place = self.picture_rect(QRectF(option.rect))
        if photo.state is PhotoState.RUNNING:
            paint_running(painter, place)
        if self.is_marked(index.row()):
            paint_selection(painter, place, RADIUS_SMALL)
