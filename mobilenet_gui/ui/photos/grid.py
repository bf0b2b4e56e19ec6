"""Owns the grid of many photos: tiles with their answers, as wide as the window makes them."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from mobilenet_gui.core.answers import headline, percent
from mobilenet_gui.core.groups import group_text
from mobilenet_gui.core.photo_session import Photo, PhotoState
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.photos.list_model import PhotoListModel
from mobilenet_gui.ui.photos.thumbs import ThumbnailCache
from mobilenet_gui.ui.photos.tile_view import TileDelegate, TileView
from mobilenet_gui.ui.photos.tiles import paint_tile
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import PAGE_MARGIN, RADIUS_SMALL
from mobilenet_gui.ui.widgets.painting import bar, draw_text

CELL_MIN = 121
GUTTER = 14
SHAPE = 0.78
"""Height of a tile's picture against its width."""
WORDS = 38
ROW_GAP = 14
_BAR_WIDTH = 0.38


class _TileDelegate(TileDelegate):
    def __init__(self, thumbs: ThumbnailCache, view: PhotoGrid) -> None:
        super().__init__(thumbs, view)
        self._view = view

    def picture_rect(self, cell: QRectF) -> QRectF:
        width = cell.width() - GUTTER
        return QRectF(cell.x() + 4, cell.y() + 6, width, round(width * SHAPE))

    def look(self, photo: Photo, image: QImage | None, unsure: bool) -> tuple[object, ...]:
        return super().look(photo, image, unsure), photo.name, self._view.photos.group_of(photo)

    def draw(self, painter: QPainter, cell: QRectF, photo: Photo, image: QImage | None, unsure: bool) -> None:
        picture = self.picture_rect(cell)
        paint_tile(painter, picture, RADIUS_SMALL, photo, image, unsure=unsure, badge=False)
        words = QRectF(picture.x() + 2, picture.bottom() + 6, picture.width() - 4, fonts.px(WORDS))
        self._paint_words(painter, words, photo, unsure)

    def is_marked(self, row: int) -> bool:
        return self._view.selectionModel().isSelected(self._view.model().index(row, 0))

    def _paint_words(self, painter: QPainter, rect: QRectF, photo: Photo, unsure: bool) -> None:
        colours = tokens()
        half = rect.height() / 2
        first = QRectF(rect.x(), rect.y(), rect.width(), half)
        second = QRectF(rect.x(), rect.y() + half - 2, rect.width(), half)
        strong, plain = fonts.font("small", fonts.SEMIBOLD), fonts.font("caption")
        if photo.state is PhotoState.FAILED:
            draw_text(painter, first, tr("Cannot be read"), strong, colours.bad)
            draw_text(painter, second, photo.name, plain, colours.text2)
            return
        if photo.recognition is None:
            draw_text(painter, first, photo.name, fonts.font("small"), colours.text3)
            return
        best = photo.recognition.best
        faded = photo.state is not PhotoState.DONE
        if unsure:
            group = self._view.photos.group_of(photo)
            title = tr("Not sure") if group is None else group_text(group)
            if photo.unlike:
                title = tr("Unlike its photos")
            draw_text(painter, first, title, strong, colours.text3 if faded else colours.text2)
            guess = tr("{label}? {percent}").format(label=best.shown, percent=percent(best.probability))
            draw_text(painter, second, guess, plain, colours.text2)
            return
        draw_text(painter, first, headline(best.shown), strong, colours.text3 if faded else colours.text)
        draw_text(painter, second, percent(best.probability), plain, colours.text2, elide=False)
        width = rect.width() * _BAR_WIDTH
        track = QRectF(rect.right() - width + 2, second.center().y() - 2, width, 4)
        bar(painter, track, best.probability, colours.control if faded else colours.accent, colours.track)


class PhotoGrid(TileView):
    """The grid. One tab stop; arrows move, Enter opens.

    Attributes:
        opened: key of a photo that was double-clicked or opened by Enter.
        chosen: key of the photo that became the current one.
        menu_requested: position on the screen and key for a context menu.
        in_view_changed: other photos can be seen.
    """

    opened = Signal(int)
    chosen = Signal(int)
    menu_requested = Signal(object, int)
    in_view_changed = Signal()

    def __init__(self, rows: PhotoListModel, thumbs: ThumbnailCache, parent: QWidget | None = None) -> None:
        super().__init__(rows, parent)
        self._quiet = False
        self.setItemDelegate(_TileDelegate(thumbs, self))
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        # Always there: coming and going, it would change the width and so the number of columns.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setViewportMargins(PAGE_MARGIN - 4, 6, 0, 0)
        self.setAccessibleName(tr("Photos and their answers"))
        self.selectionModel().currentChanged.connect(self._current_changed)
        self.customContextMenuRequested.connect(self._menu)
        self.doubleClicked.connect(self._open)
        self.verticalScrollBar().valueChanged.connect(self.in_view_changed)

    def cell(self) -> QSize:
        """Return the size of one place in the grid."""
        return self.gridSize()

    def show_current(self, row: int) -> None:
        """Mark row `row` and bring it into view."""
        if row == self.currentIndex().row():
            return
        self._quiet = True
        if row >= 0:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.selectionModel().setCurrentIndex(self.photos.index(row), flags)
        else:
            self.selectionModel().clear()
        self._quiet = False

    def selected_keys(self) -> list[int]:
        """Return the keys of the chosen tiles."""
        photos = [self.photos.photo_at(index.row()) for index in self.selectionModel().selectedIndexes()]
        return [photo.key for photo in photos if photo is not None]

    def keys_in_view(self) -> list[int]:
        """Return the keys of the tiles that can be seen, and of the row just below."""
        columns, height = self._columns(), max(1, self.gridSize().height())
        first = self.verticalScrollBar().value() // height * columns
        count = (self.viewport().height() // height + 2) * columns
        return self.photos.keys[first : first + count]

    def _columns(self) -> int:
        return max(1, (self.viewport().width()) // max(1, self.gridSize().width()))

    def _current_changed(self, current: QModelIndex) -> None:
        photo = self.photos.photo_at(current.row()) if current.isValid() else None
        if photo is not None and not self._quiet:
            self.chosen.emit(photo.key)

    def _open(self, index: QModelIndex) -> None:
        photo = self.photos.photo_at(index.row())
        if photo is not None:
            self.opened.emit(photo.key)

    def _menu(self, point: QPoint) -> None:
        photo = self.photo_at(point)
        if photo is not None:
            self.menu_requested.emit(self.viewport().mapToGlobal(point), photo.key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the current tile by Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the number of columns, and share the width among them."""
        # One pixel less than there is: the list wraps when the last column ends exactly at the edge.
        width = self.viewport().width() - 1
        columns = max(1, width // CELL_MIN)
        cell = width // columns
        height = 6 + round((cell - GUTTER) * SHAPE) + 6 + fonts.px(WORDS) + ROW_GAP - 12
        size = QSize(cell, height)
        if size != self.gridSize():
            self.setGridSize(size)
        super().resizeEvent(event)
        self.in_view_changed.emit()
