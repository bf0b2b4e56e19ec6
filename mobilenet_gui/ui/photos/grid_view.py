"""Owns the view of many photos: tools, progress, grid, and a word when a search finds nothing."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.core.photo_session import Counts, Show
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.grid import PhotoGrid
from mobilenet_gui.ui.photos.grid_tools import BatchBar, GridTools
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import Divider, text_label


class GridView(QWidget):
    """Everything below the header while many photos are shown.

    Attributes:
        show_all_requested: search and filter are to be taken back.
    """

    show_all_requested = Signal()

    def __init__(self, controller: PhotosController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.tools = GridTools()
        self.batch_bar = BatchBar()
        self.grid = PhotoGrid(controller.rows, controller.thumbs)
        self._body = QStackedWidget()
        self._body.addWidget(self.grid)
        self._nothing = self._nothing_found()
        self._body.addWidget(self._nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tools)
        column.addSpacing(8)
        column.addWidget(self.batch_bar)
        self._line = Divider()
        column.addWidget(self._line)
        column.addWidget(self._body, 1)
        self.setFocusProxy(self.grid)
        self.tools.search_changed.connect(lambda text: controller.set_view(search=text))
        self.tools.show_changed.connect(lambda show: controller.set_view(show=show))
        self.tools.order_changed.connect(lambda order: controller.set_view(order=order))
        self.batch_bar.pause_requested.connect(controller.pause)
        self.batch_bar.stop_requested.connect(controller.stop)
        self.batch_bar.resume_requested.connect(controller.resume)
        self.grid.chosen.connect(controller.set_current)
        for watched in (self.grid, self.batch_bar):
            watched.installEventFilter(self)
        controller.arranged.connect(self._arranged)
        controller.current_changed.connect(self._current_changed)

    def take_back(self) -> None:
        """Show all photos again."""
        self.tools.search.clear()
        self._controller.set_view(search="")
        self.tools.pick(Show.ALL)

    def show_counts(self, counts: Counts) -> None:
        """Show how the list stands."""
        controller = self._controller
        self.tools.set_counts(counts)
        left = controller.pace.seconds_left(counts.pending)
        # Photos must not move up under a pointer that is about to press one: the room is given back when it leaves.
        self.batch_bar.show_progress(
            counts, left, paused=controller.paused, stopped=controller.stopped, hold=self.grid.underMouse()
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the finished progress away when the pointer leaves the photos, or they are no longer looked at."""
        kind = event.type()
        if watched is self.grid and kind in (QEvent.Type.Leave, QEvent.Type.Hide) and self.batch_bar.is_over:
            self.batch_bar.hide()
        elif watched is self.batch_bar and kind in (QEvent.Type.Show, QEvent.Type.Hide):
            self._line.setVisible(self.batch_bar.isHidden())  # one edge, not two
        return super().eventFilter(watched, event)

    def selected_keys(self) -> list[int]:
        """Return the keys of the chosen tiles."""
        return self.grid.selected_keys()

    def _arranged(self) -> None:
        found = bool(self._controller.rows.keys)
        self._body.setCurrentWidget(self.grid if found else self._nothing)
        self._current_changed()

    def _current_changed(self) -> None:
        if self._controller.current_row != self.grid.currentIndex().row():
            self.grid.show_current(self._controller.current_row)

    def _nothing_found(self) -> QWidget:
        page = QWidget()
        heading = text_label(tr("No photo here"), "page", "text", fonts.SEMIBOLD)
        words = text_label(tr("Nothing fits the search and the filter."), "body", "text2")
        back = Button(tr("Show all"), kind="link", height=28)
        back.clicked.connect(self.take_back)
        column = QVBoxLayout(page)
        column.addStretch(2)
        for widget in (heading, words, back):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        return page
