"""Owns the grid of a project's photos: tiles to choose, drag and look at, as many as there are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelection, QMimeData, QModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.project import Photo
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.photos.tiles import TileCache, paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import DIALOG_MARGIN, RADIUS_SMALL
from mobilenet_gui.ui.widgets.flowing import flow_in_rows
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, rounded
from mobilenet_gui.ui.wizard.photo_rows import Index, PhotoRows, split_words
from mobilenet_gui.ui.wizard.photo_shelf import PhotoShelf

DRAG_FORMAT = "application/x-mobilenet-gui-photos"
"""Photo ids of the open project, one a line, dragged from one class to another."""
CELL_MIN = 104
GUTTER = 8
SHAPE = 0.78
FADED = 0.32
TILES_KEPT = 160
FEW = 200
"""Up to so many chosen tiles are painted one by one."""


def dragged_photos(mime: QMimeData) -> list[str]:
    """Return the ids of photos that are being dragged; none where it is something else."""
    if not mime.hasFormat(DRAG_FORMAT):
        return []
    return bytes(mime.data(DRAG_FORMAT).data()).decode("ascii").splitlines()


def paint_photo(
    painter: QPainter, rect: QRectF, photo: Photo, image: QImage | None, *, hopeless: bool, caption: str = ""
) -> None:
    """Draw one photo's tile: its picture, faded where it is left out, and what is to be said of it on a badge."""
    colours = tokens()
    if hopeless:
        rounded(painter, rect, RADIUS_SMALL, colours.badSoft)
        paint_icon(painter, "file-x", rect, colours.bad, 20)
    elif image is None:
        rounded(painter, rect, RADIUS_SMALL, colours.track)
    else:
        paint_cover(painter, image, rect, RADIUS_SMALL, FADED if photo.left_out else 1.0)
    if photo.left_out:
        _badge(painter, rect, tr("Left out"))
    elif caption:
        _badge(painter, rect, caption)
    elif photo.split not in ("", "train"):  # most are for training: to say it on each would only hide them
        _badge(painter, rect, split_words(photo.split))


def _badge(painter: QPainter, rect: QRectF, words: str) -> None:
    colours = tokens()
    face = fonts.font("caption", fonts.MEDIUM)
    height = fonts.px(18)
    width = min(rect.width() - 8, _text_width(words) + 12)
    spot = QRectF(rect.x() + 4, rect.bottom() - height - 4, width, height)
    rounded(painter, spot, height / 2, colours.overlay)
    draw_text(painter, spot.adjusted(6, 0, -6, 0), words, face, colours.onOverlay)


def _text_width(words: str) -> float:
    return QFontMetricsF(fonts.font("caption", fonts.MEDIUM)).horizontalAdvance(words)


class _TileDelegate(QStyledItemDelegate):
    def __init__(self, view: PhotoGrid, shelf: PhotoShelf) -> None:
        super().__init__(view)
        self._view, self._shelf = view, shelf
        self._tiles = TileCache(TILES_KEPT)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self._view.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view = self._view
        photo = view.rows.photo_at(index.row())
        # Qt asks for every tile between the first and the last that changed; only those are drawn.
        if photo is None or not view.dirty.intersects(option.rect):
            return
        image, hopeless = self._shelf.get(photo.id), self._shelf.is_hopeless(photo.id)
        caption = view.rows.captions.get(photo.id, "")
        look = (photo.left_out, photo.split, hopeless, caption, 0 if image is None else image.cacheKey())

        def render(brush: QPainter, cell: QRectF) -> None:
            paint_photo(brush, tile_rect(cell), photo, image, hopeless=hopeless, caption=caption)

        self._tiles.draw(painter, option.rect, int(photo.id), look, render)
        tile = tile_rect(QRectF(option.rect))
        if view.selectionModel().isSelected(view.model().index(index.row(), 0)):
            colours = tokens()
            rounded(painter, tile, RADIUS_SMALL, _veil(colours.accent), colours.accentText, width=2)
            spot = QRectF(tile.right() - 24, tile.y() + 4, 20, 20)
            rounded(painter, spot, 10, colours.accent)
            paint_icon(painter, "check", spot, colours.onAccent, 13)
        if shows_focus(view) and view.currentIndex().row() == index.row():
            focus_ring(painter, tile.adjusted(-3, -3, 3, 3), RADIUS_SMALL + 3)


def _veil(colour: QColor) -> QColor:
    veil = QColor(colour)
    veil.setAlpha(60)
    return veil


def _count(selection: QItemSelection) -> int:
    """Return how many rows are in a selection."""
    return sum(selection.at(n).height() for n in range(selection.count()))


def tile_rect(cell: QRectF) -> QRectF:
    """Return where the picture is in a cell."""
    width = cell.width() - GUTTER
    return QRectF(cell.x() + 4, cell.y() + 4, width, round(width * SHAPE))


class PhotoGrid(QListView):
    """The grid. One tab stop; arrows move, Ctrl+A chooses all, Enter looks at one, Delete removes.

    Attributes:
        chosen_changed: other photos are chosen.
        opened: a photo is to be looked at; its id.
        remove_requested: the chosen photos are to be removed.
        menu_requested: position on the screen for the menu of the chosen photos.
    """

    chosen_changed = Signal()
    opened = Signal(str)
    remove_requested = Signal()
    menu_requested = Signal(object)

    def __init__(self, rows: PhotoRows, shelf: PhotoShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = rows
        self.dirty = QRegion()
        self._shelf = shelf
        self.setModel(rows)
        self.setItemDelegate(_TileDelegate(self, shelf))
        flow_in_rows(self)
        # Always there: coming and going, it would change the width and so the number of columns.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setDragEnabled(True)
        self.viewport().setAutoFillBackground(False)
        self.setViewportMargins(DIALOG_MARGIN - 4, 0, 0, 0)
        self.setAccessibleName(tr("Photos"))
        self.selectionModel().selectionChanged.connect(self.chosen_changed)
        self.doubleClicked.connect(self._open)
        shelf.arrived.connect(self._pictures_arrived)

    def chosen_ids(self) -> list[str]:
        """Return the chosen photos in their order."""
        ids = self.rows.ids
        places = [place for first, last in self._spans() for place in range(first, min(last + 1, len(ids)))]
        return [ids[place] for place in sorted(places)]

    def chosen_count(self) -> int:
        """Return how many photos are chosen; quick also for twenty thousand."""
        return _count(self.selectionModel().selection())

    def _spans(self) -> list[tuple[int, int]]:
        """Return the first and the last row of each run of chosen ones; an index apiece would take long."""
        selection = self.selectionModel().selection()
        return [(span.top(), span.bottom()) for span in (selection.at(n) for n in range(selection.count()))]

    def startDrag(self, actions: Qt.DropAction) -> None:
        """Drag the chosen photos: to another class here, or as files to another program."""
        ids = self.chosen_ids()
        if not ids:
            return
        mime = QMimeData()
        mime.setData(DRAG_FORMAT, "\n".join(ids).encode("ascii"))
        drag = QDrag(self)
        drag.setMimeData(mime)
        drag.setPixmap(self._drag_picture(ids))
        drag.setHotSpot(QPoint(-10, -6))
        drag.exec(Qt.DropAction.CopyAction)

    def _drag_picture(self, ids: Sequence[str]) -> QPixmap:
        ratio = self.devicePixelRatioF()
        words = trn("{n} photo", "{n} photos", len(ids))
        width, height = round(_text_width(words)) + 66, 44
        picture = QPixmap(round(width * ratio), round(height * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        rounded(painter, QRectF(0, 0, width, height), RADIUS_SMALL, tokens().toast)
        image = self._shelf.peek(ids[0])
        if image is not None:
            paint_cover(painter, image, QRectF(4, 4, 36, 36), RADIUS_SMALL - 2)
        draw_text(
            painter, QRectF(48, 0, width - 52, height), words, fonts.font("caption", fonts.MEDIUM), tokens().toastText
        )
        painter.end()
        return picture

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Paint what changed; a list view would also lay everything out anew, though all tiles keep their size."""
        if first.row() == last.row():
            self.update(first)
        else:
            self.viewport().update()

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Paint what was chosen; Qt would work out the region of each of ten thousand tiles."""
        changed = _count(selected) + _count(deselected)
        if changed <= FEW:
            super().selectionChanged(selected, deselected)
        else:
            self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Note what has to be painted, for the delegate."""
        self.dirty = event.region()
        super().paintEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Look at the current photo by Enter, remove the chosen ones by Delete."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
        elif event.key() == Qt.Key.Key_Delete:
            self.remove_requested.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: names of files are no way to find a photo."""

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the chosen photos."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        at = self.visualRect(self.currentIndex()).center() if by_key else event.pos()
        if self.indexAt(at).isValid():
            self.menu_requested.emit(self.viewport().mapToGlobal(at))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the number of columns, and share the width among them."""
        # One pixel less than there is: the list wraps when the last column ends exactly at the edge.
        width = self.viewport().width() - 1
        columns = max(1, width // CELL_MIN)
        cell = width // columns
        size = QSize(cell, round((cell - GUTTER) * SHAPE) + GUTTER)
        if size != self.gridSize():
            self.setGridSize(size)
        super().resizeEvent(event)

    def _open(self, index: QModelIndex) -> None:
        photo = self.rows.photo_at(index.row())
        if photo is not None:
            self.opened.emit(photo.id)

    def _pictures_arrived(self, photo_ids: list[str]) -> None:
        if not self.isVisible():
            return
        seen = QRect(self.viewport().rect())
        for photo_id in photo_ids:
            place = self.rows.place_of(photo_id)
            if place >= 0:
                rect = self.visualRect(self.rows.index(place))
                if rect.intersects(seen):
                    self.viewport().update(rect)
