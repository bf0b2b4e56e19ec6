"""Owns when the page's menus come up: at the Add button, the model chip, and by a right click on a photo."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QPoint, Signal, Slot

from mobilenet_gui.ui.photos import commands
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.frame import PageFrame

Installed = Callable[[], Sequence[tuple[str, str]]]
"""Returns the installed models as pairs of id and name."""


class MenuDesk(QObject):
    """Shows the menus.

    Attributes:
        installed: how to learn the installed models.
        model_chosen: id of the model that was picked.
        models_wanted: the models are to be managed.
    """

    model_chosen = Signal(str)
    models_wanted = Signal()

    def __init__(self, frame: PageFrame, controller: PhotosController, actions: commands.PageActions) -> None:
        super().__init__(frame)
        self.installed: Installed = tuple
        self._frame = frame
        self._controller = controller
        self._actions = actions
        frame.add_button.clicked.connect(self._show_add_menu)
        frame.inspector.model_menu_requested.connect(self._show_model_menu)
        frame.single.canvas.customContextMenuRequested.connect(self._show_canvas_menu)
        for view in (frame.single.strip, frame.grid.grid):
            view.menu_requested.connect(self._show_photo_menu)

    @Slot()
    def _show_add_menu(self) -> None:
        button = self._frame.add_button
        menu = commands.add_menu(self._frame, self._actions, has_photos=bool(len(self._controller.session)))
        commands.pop_up(menu, button.mapToGlobal(QPoint(0, button.height() + 4)))

    @Slot(QPoint)
    def _show_model_menu(self, place: QPoint) -> None:
        bundle = self._controller.bundle
        menu = commands.model_menu(
            self._frame,
            self.installed(),
            "" if bundle is None else bundle.id,
            choose=self.model_chosen.emit,
            manage=self.models_wanted.emit,
        )
        commands.pop_up(menu, place)

    @Slot(object, int)
    def _show_photo_menu(self, place: QPoint, key: int) -> None:
        photo = self._controller.session.get(key)
        if photo is None:
            return
        chosen = self._frame.grid.selected_keys() if self._frame.centre() == "grid" else []
        keys = chosen if key in chosen else [key]
        commands.pop_up(commands.photo_menu(self._frame, self._actions, photo, keys), place)

    @Slot(QPoint)
    def _show_canvas_menu(self, point: QPoint) -> None:
        if self._controller.current is not None:
            place = self._frame.single.canvas.mapToGlobal(point)
            self._show_photo_menu(place, self._controller.current.key)
