"""Owns the film strip below the photo: small squares in a row, and a tile that adds more."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QPushButton, QWidget

from mobilenet_gui.core.photo_session import Photo
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.photos.list_model import PhotoListModel
from mobilenet_gui.ui.photos.thumbs import ThumbnailCache
from mobilenet_gui.ui.photos.tile_view import TileDelegate, TileView
from mobilenet_gui.ui.photos.tiles import paint_tile
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_FILMSTRIP, HEIGHT_FILMSTRIP_SHORT, PAGE_MARGIN, RADIUS_SMALL

THUMB, THUMB_NARROW = 64, 48
GAP = 13
GAP_NARROW = 12


class _ThumbDelegate(TileDelegate):
    def __init__(self, thumbs: ThumbnailCache, view: FilmstripView) -> None:
        super().__init__(thumbs, view)
        self._view = view

    def picture_rect(self, cell: QRectF) -> QRectF:
        side = self._view.thumb
        return QRectF(round(cell.center().x() - side / 2), round(cell.center().y() - side / 2), side, side)

    def draw(self, painter: QPainter, cell: QRectF, photo: Photo, image: QImage | None, unsure: bool) -> None:
        paint_tile(painter, self.picture_rect(cell), RADIUS_SMALL, photo, image, unsure=unsure, badge=True)

    def is_marked(self, row: int) -> bool:
        return row == self._view.currentIndex().row()


class FilmstripView(TileView):
    """The row of squares. One tab stop; Left and Right move."""

    def __init__(self, rows: PhotoListModel, thumbs: ThumbnailCache, parent: QWidget) -> None:
        super().__init__(rows, parent)
        self.thumb = THUMB
        self.gap = GAP
        self.setItemDelegate(_ThumbDelegate(thumbs, self))
        self.setWrapping(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setAccessibleName(tr("Photos"))

    @property
    def pitch(self) -> int:
        """Pixels from one square to the next."""
        return self.thumb + self.gap

    def cell(self) -> QSize:
        """Return the size of one place in the row."""
        return QSize(self.pitch, self.height())

    def keys_in_view(self) -> list[int]:
        """Return the keys of the squares that can be seen, and of those just beyond."""
        first = self.horizontalScrollBar().value() // self.pitch
        return self.photos.keys[first : first + self.width() // self.pitch + 2]

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll sideways by a wheel that goes up and down."""
        delta = event.angleDelta()
        step = delta.x() or delta.y()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - round(step / 120 * self.pitch))
        event.accept()


class _AddTile(QPushButton):
    """The dashed square at the end."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Add photos"))
        self.setToolTip(tr("Add photos…"))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the square."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = tokens()
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        focused = shows_focus(self)
        pen = QPen(colours.accentText if focused else colours.line2, 2)
        if not focused:
            pen.setDashPattern([2.5, 2.5])
        painter.setPen(pen)
        painter.setBrush(colours.hover if self.underMouse() else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, RADIUS_SMALL, RADIUS_SMALL)
        paint_icon(painter, "plus", QRectF(self.rect()), colours.text2, 18)


class Filmstrip(QWidget):
    """Squares and the adding tile.

    Attributes:
        chosen: the key of a photo that was clicked or gone to.
        add_requested: the adding tile was pressed.
        menu_requested: position on the screen and key for a context menu.
        in_view_changed: other photos can be seen.
    """

    chosen = Signal(int)
    add_requested = Signal()
    menu_requested = Signal(object, int)
    in_view_changed = Signal()

    def __init__(self, rows: PhotoListModel, thumbs: ThumbnailCache, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = rows
        self.view = FilmstripView(rows, thumbs, self)
        self.add_tile = _AddTile(self)
        self.add_tile.clicked.connect(self.add_requested)
        self.view.selectionModel().currentChanged.connect(self._current_changed)
        self.view.customContextMenuRequested.connect(self._menu)
        self.view.horizontalScrollBar().valueChanged.connect(self.in_view_changed)
        self._quiet = False
        rows.rowsInserted.connect(self._place)
        rows.rowsRemoved.connect(self._place)
        rows.modelReset.connect(self._place)
        self.set_form(narrow=False, short=False)
        self.setFocusProxy(self.view)

    def set_form(self, *, narrow: bool, short: bool) -> None:
        """Take the smaller form of narrow or short windows."""
        self.view.thumb = THUMB_NARROW if narrow or short else THUMB
        self.view.gap = GAP_NARROW if narrow or short else GAP
        self.add_tile.setVisible(not narrow)
        self.setFixedHeight(HEIGHT_FILMSTRIP_SHORT if short else HEIGHT_FILMSTRIP)
        self.view.doItemsLayout()
        self._place()

    def show_current(self, row: int) -> None:
        """Mark row `row` and bring it into view."""
        self._quiet = True
        index = self._rows.index(row)
        if row >= 0:
            self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.view.scrollTo(index)
        else:
            self.view.selectionModel().clear()
        self._quiet = False
        self.view.viewport().update()

    def keys_in_view(self) -> list[int]:
        """Return the keys of the squares that can be seen, and of those just beyond."""
        return self.view.keys_in_view()

    def set_busy(self, busy: bool) -> None:
        """Let rings turn while something is under way."""
        self.view.set_busy(busy)

    def _current_changed(self, current: QModelIndex) -> None:
        photo = self._rows.photo_at(current.row()) if current.isValid() else None
        if photo is not None and not self._quiet:
            self.chosen.emit(photo.key)

    def _menu(self, point: QPoint) -> None:
        photo = self.view.photo_at(point)
        if photo is not None:
            self.menu_requested.emit(self.view.viewport().mapToGlobal(point), photo.key)

    def _place(self) -> None:
        pitch = self.view.pitch
        margin = PAGE_MARGIN - self.view.gap // 2
        tile = self.add_tile.isVisibleTo(self)
        room = self.width() - 2 * margin - (pitch if tile else 0)
        wanted = len(self._rows.keys) * pitch
        width = max(0, min(wanted, room))
        self.view.setGeometry(margin, 1, width, self.height() - 1)
        side = self.view.thumb
        self.add_tile.setGeometry(margin + width + self.view.gap // 2, (self.height() + 1 - side) // 2, side, side)
        self.in_view_changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the parts."""
        super().resizeEvent(event)
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground and upper edge."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), tokens().bg)
        painter.fillRect(0, 0, self.width(), 1, tokens().line)
