"""Owns what stands where on the photos page, and how that changes with the window's size. It decides nothing else."""

from __future__ import annotations

from PySide6.QtGui import QPalette, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.grid_view import GridView
from mobilenet_gui.ui.photos.inspector import PhotoInspector
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.ui.photos.pictures import PictureShelf
from mobilenet_gui.ui.photos.single_view import SingleView
from mobilenet_gui.ui.tokens import NARROW_BELOW, PAGE_MARGIN, SHORT_BELOW
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.drop_zone import DropZone
from mobilenet_gui.ui.widgets.page_header import PageHeader
from mobilenet_gui.ui.widgets.segmented import Segmented


class PageFrame(QWidget):
    """Header, notices, and one of drop zone, photo and grid; the inspector at the right."""

    def __init__(self, controller: PhotosController, shelf: PictureShelf, parent: QWidget) -> None:
        super().__init__(parent)
        self.notices = Notices()
        self.header = PageHeader(tr("Photos"))
        self.views = Segmented(
            [("single", "", "view-single"), ("grid", "", "view-grid")],
            tooltips=[tr("One photo (G)"), tr("All photos (G)")],
        )
        self.full_screen_button = IconButton("fullscreen", tr("Full screen (F11)"), framed=True)
        self.add_button = Button(tr("Add"), "plus")
        self.show_inspector_button = IconButton("inspector", tr("Show details (F9)"))
        for widget in (self.views, self.full_screen_button, self.add_button, self.show_inspector_button):
            self.header.add_action(widget)
        self.zone = DropZone()
        self._zone_page = QWidget()
        zone = QVBoxLayout(self._zone_page)
        zone.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, PAGE_MARGIN)
        zone.addWidget(self.zone)
        self.single = SingleView(controller, shelf)
        self.grid = GridView(controller)
        self._centre = QStackedWidget()
        for page in (self._zone_page, self.single, self.grid):
            self._centre.addWidget(page)
        self.inspector = PhotoInspector()
        self._narrow = False
        self._short = False
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.notices)
        column.addWidget(self._centre, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(column, 1)
        row.addWidget(self.inspector)
        self.setBackgroundRole(QPalette.ColorRole.Window)
        self.setAutoFillBackground(True)

    def show_centre(self, what: str) -> None:
        """Show the drop "zone", the "single" photo or the "grid"."""
        page = {"zone": self._zone_page, "single": self.single, "grid": self.grid}[what]
        self._centre.setCurrentWidget(page)
        self.full_screen_button.setVisible(what == "single" and not self._narrow)
        for widget in (self.views, self.add_button):
            widget.setVisible(what != "zone")

    def centre(self) -> str:
        """Return what is shown: "zone", "single" or "grid"."""
        current = self._centre.currentWidget()
        return "zone" if current is self._zone_page else "single" if current is self.single else "grid"

    def set_inspector_visible(self, visible: bool) -> None:
        """Show or hide the inspector; hidden, the header has the button that shows it."""
        self.inspector.setVisible(visible)
        self.show_inspector_button.setVisible(not visible)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take the form that the window's size asks for."""
        super().resizeEvent(event)
        self._take_form()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the form that the window's size asks for."""
        super().showEvent(event)
        self._take_form(always=True)

    def _take_form(self, *, always: bool = False) -> None:
        window = self.window()
        narrow, short = window.width() < NARROW_BELOW, window.height() < SHORT_BELOW
        if always or (narrow, short) != (self._narrow, self._short):
            self._narrow, self._short = narrow, short
            self.single.set_form(narrow=narrow, short=short)
            self.grid.tools.set_narrow(narrow)
            self.inspector.set_form(narrow=narrow, short=short)
            self.full_screen_button.setVisible(self.centre() == "single" and not narrow)
