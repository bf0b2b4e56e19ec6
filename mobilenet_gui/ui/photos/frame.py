"""Owns what stands where on the photos page, and how that changes with the window's size. It decides nothing else."""

from __future__ import annotations

from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.inspected_page import InspectedFrame
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.grid_view import GridView
from mobilenet_gui.ui.photos.inspector import PhotoInspector
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.ui.photos.pictures import PictureShelf
from mobilenet_gui.ui.photos.single_view import SingleView
from mobilenet_gui.ui.photos.start_page import StartPage
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.page_header import PageHeader
from mobilenet_gui.ui.widgets.segmented import Segmented


class PageFrame(InspectedFrame):
    """Header, notices, and one of drop zone, photo and grid; the inspector at the right."""

    inspector: PhotoInspector

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
        for widget in (self.views, self.full_screen_button, self.add_button, self.show_inspector_button):
            self.header.add_action(widget)
        self.start = StartPage()
        self.zone = self.start.zone
        self.single = SingleView(controller, shelf)
        self.grid = GridView(controller)
        self._centre = QStackedWidget()
        for page in (self.start, self.single, self.grid):
            self._centre.addWidget(page)
        self.inspector = PhotoInspector()
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
        page = {"zone": self.start, "single": self.single, "grid": self.grid}[what]
        self._centre.setCurrentWidget(page)
        self.full_screen_button.setVisible(what == "single" and not self.narrow)
        for widget in (self.views, self.add_button):
            widget.setVisible(what != "zone")

    def centre(self) -> str:
        """Return what is shown: "zone", "single" or "grid"."""
        current = self._centre.currentWidget()
        return "zone" if current is self.start else "single" if current is self.single else "grid"

    def keys_home(self) -> QWidget:
        """Return what has the keyboard while nothing else needs it: the photo, or the grid."""
        return self.grid.grid if self.centre() == "grid" else self.single.canvas

    def take_form(self) -> None:
        """Take the form that the window's size asks for."""
        self.single.set_form(narrow=self.narrow, short=self.short)
        self.grid.tools.set_narrow(self.narrow)
        self.inspector.set_form(narrow=self.narrow, short=self.short)
        self.full_screen_button.setVisible(self.centre() == "single" and not self.narrow)
