"""Owns the view of one photo: the well (or why there is nothing in it), and the film strip below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import headline
from mobilenet_gui.core.photo_session import Photo, PhotoState
from mobilenet_gui.core.types import Preprocessing
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.photos.canvas import PhotoCanvas
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.filmstrip import Filmstrip
from mobilenet_gui.ui.photos.heat import heat_picture
from mobilenet_gui.ui.photos.pictures import PictureShelf
from mobilenet_gui.ui.photos.trouble import TroublePanel
from mobilenet_gui.workers.photo_loader import NetworkView, Picture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEIGHBOURS = (1, -1)
"""Rows around the photo on screen whose pictures are made ahead, the likeliest first."""


class PhotoStage(QObject):
    """Keeps one canvas up to the photo on screen; the window has one, the full screen another."""

    def __init__(self, canvas: PhotoCanvas, controller: PhotosController, shelf: PictureShelf) -> None:
        # The canvas' child, so that nothing is heard any more once the full screen is gone.
        super().__init__(canvas)
        self.canvas = canvas
        self.active = False
        self._controller = controller
        self._shelf = shelf
        self._show_input = False
        self._input_of: tuple[int, Preprocessing] | None = None
        controller.loader.input_ready.connect(self._take_input)
        canvas.resized.connect(self._ask)
        canvas.sharper_wanted.connect(self._ask_whole)
        shelf.ready.connect(self._take)
        controller.heat_ready.connect(self.show_heat)

    def show_current(self) -> None:
        """Show the photo that is on screen now."""
        photo = self._controller.current
        if photo is None or photo.key != self.canvas.key:
            self._input_of = None
            self.canvas.wait_for(None if photo is None else photo.key, "" if photo is None else photo.name)
        self.update_answer()
        self._ask()

    def reload(self) -> None:
        """Show the same photo from the start, since its file may be another now."""
        photo = self._controller.current
        if photo is not None:
            self._shelf.forget(photo.key)
            self._input_of = None
            self.canvas.wait_for(photo.key, photo.name)
            self._ask()

    def update_answer(self) -> None:
        """Take what is known of the photo: what the model saw of it, and whether it can be read at all."""
        photo = self._controller.current
        if photo is None:
            return
        bundle = self._controller.bundle
        answer = photo.recognition
        self.canvas.set_crop(
            None if answer is None else answer.crop, 0 if bundle is None else bundle.preprocessing.size
        )
        if photo.state is PhotoState.FAILED:
            self.canvas.give_up()
        if answer is None or photo.stale:
            self.canvas.set_heat(None)
        self._ask_input()

    def set_show_input(self, on: bool) -> None:
        """Show what the network was given of the photo on screen, or no longer."""
        self._show_input = on
        self.canvas.set_show_input(on)
        self._ask_input()

    @Slot(object)
    def show_heat(self, heat: NDArray[np.float32] | None) -> None:
        """Lay a heat map over the photo."""
        photo = self._controller.current
        if heat is None or photo is None or photo.recognition is None or not self.active:
            self.canvas.set_heat(None)
            return
        index = self._controller.explained_index
        chosen = next((p for p in photo.recognition.predictions if p.index == index), photo.recognition.best)
        tip = tr("What spoke for “{label}”, from less to more.\nThe darkened rim was not looked at.")
        self.canvas.set_heat(heat_picture(heat), tip.format(label=headline(chosen.shown)))

    @Slot()
    def _ask(self) -> None:
        if not self.active:
            return
        photo = self._controller.current
        rows = self._controller.rows
        row = self._controller.current_row
        around = [rows.photo_at(row + step) for step in NEIGHBOURS] if row >= 0 else []
        self._shelf.show(photo, [p for p in around if p is not None], self.canvas.limit())

    def _ask_input(self) -> None:
        """Ask for the network's view where it is shown and known; forget it where it is another model's or unwanted."""
        photo, bundle = self._controller.current, self._controller.bundle
        answered = photo is not None and photo.recognition is not None and not photo.stale
        if photo is None or bundle is None or not (answered and self._show_input and self.active):
            if self._input_of is not None:
                self._input_of = None
                self.canvas.set_input(None)
            return
        wanted = (photo.key, bundle.preprocessing)
        if wanted != self._input_of:
            self._input_of = wanted
            self.canvas.set_input(None)
            self._controller.loader.show_input(photo.key, photo.source, photo.name, bundle.preprocessing)

    @Slot(object)
    def _take_input(self, view: NetworkView) -> None:
        if self.active and (view.key, view.preprocessing) == self._input_of:
            self.canvas.set_input(view.image)

    @Slot()
    def _ask_whole(self) -> None:
        photo = self._controller.current
        if self.active and photo is not None:
            self._shelf.show_whole(photo)

    @Slot(object)
    def _take(self, picture: Picture) -> None:
        if self.active:
            self.canvas.set_picture(picture)


class SingleView(QWidget):
    """Photo and film strip.

    Attributes:
        retry_requested, remove_requested: asked for in place of a photo that cannot be read.
    """

    retry_requested = Signal()
    remove_requested = Signal()

    def __init__(self, controller: PhotosController, shelf: PictureShelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self.canvas = PhotoCanvas()
        self.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.stage = PhotoStage(self.canvas, controller, shelf)
        self.trouble = TroublePanel()
        self.trouble.retry_requested.connect(self.retry_requested)
        self.trouble.remove_requested.connect(self.remove_requested)
        self.strip = Filmstrip(controller.rows, controller.thumbs)
        self.strip.chosen.connect(controller.set_current)
        self._well = QStackedWidget()
        self._well.addWidget(self.canvas)
        self._well.addWidget(self.trouble)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._well, 1)
        column.addWidget(self.strip)
        controller.current_changed.connect(self._current_changed)
        controller.current_updated.connect(self.update_current)
        controller.arranged.connect(self._arranged)

    def set_active(self, active: bool) -> None:
        """Be the one who shows the photo, or leave that to the full screen."""
        self.stage.active = active
        if active:
            self.stage.show_current()

    def set_form(self, *, narrow: bool, short: bool) -> None:
        """Take the smaller form of narrow or short windows."""
        self.strip.set_form(narrow=narrow, short=short)
        self.strip.show_current(self._controller.current_row)

    def update_current(self) -> None:
        """Show what changed about the photo on screen."""
        photo = self._controller.current
        self.stage.update_answer()
        self._show_well(photo)

    def reload(self) -> None:
        """Read the photo on screen from the start."""
        self.stage.reload()
        self._show_well(self._controller.current)

    def _current_changed(self) -> None:
        self.stage.show_current()
        self._show_well(self._controller.current)
        self.strip.show_current(self._controller.current_row)

    def _arranged(self) -> None:
        self.strip.show_current(self._controller.current_row)

    def _show_well(self, photo: Photo | None) -> None:
        failed = photo is not None and photo.state is PhotoState.FAILED
        if failed and photo is not None:
            self.trouble.show_problem(str(photo.path or photo.name), photo.problem)
        self._well.setCurrentWidget(self.trouble if failed else self.canvas)
