"""Owns how the photo on screen is looked at: explained, marked, zoomed, over the whole screen, one after another."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.photos.canvas import PhotoCanvas
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.frame import PageFrame
from mobilenet_gui.ui.photos.fullscreen import FullScreen
from mobilenet_gui.ui.photos.pictures import PictureShelf
from mobilenet_gui.ui.sure_limits import SureLimits

SaveSetting = Callable[..., None]


class LookingDesk(QObject):
    """The switches of the inspector, the zoom, and the full screen.

    Attributes:
        full_screen: the window over the whole screen, while there is one.
        left_full_screen: it was closed.
        remove_requested: Delete was pressed in the full screen.
        correct_requested: C was pressed in the full screen.
    """

    left_full_screen = Signal()
    remove_requested = Signal()
    correct_requested = Signal()

    def __init__(
        self,
        frame: PageFrame,
        controller: PhotosController,
        shelf: PictureShelf,
        *,
        settings: SettingsStore,
        save: SaveSetting,
        limits: SureLimits,
    ) -> None:
        """Make it; `save` writes settings given by name, `limits` knows each model's limit."""
        super().__init__(frame)
        self.full_screen: FullScreen | None = None
        self._frame = frame
        self._controller = controller
        self._shelf = shelf
        self._settings = settings
        self._save = save
        self._limits = limits
        self._limit_of: str | None = None
        result, batch = frame.inspector.result, frame.inspector.batch
        result.label_chosen.connect(self._explain_label)
        result.explain_toggled.connect(self._set_explain)
        result.crop_toggled.connect(self._set_show_input)
        result.strength_changed.connect(self._set_strength)
        for sure in (result.sure, batch.sure):
            sure.moved.connect(self.set_sure_from)
            sure.settled.connect(self._keep_sure_from)
        frame.full_screen_button.clicked.connect(self.toggle_full_screen)

    @property
    def canvas(self) -> PhotoCanvas:
        """The canvas that shows the photo now."""
        return self._frame.single.canvas if self.full_screen is None else self.full_screen.canvas

    def take_settings(self) -> None:
        """Set the switches as they were left."""
        values, result = self._settings.values, self._frame.inspector.result
        result.strength.set_value01(values.explain_strength)
        result.explain.switch.setChecked(values.explain)
        result.crop.switch.setChecked(values.show_model_view)
        for sure in (result.sure, self._frame.inspector.batch.sure):
            sure.set_value(values.sure_from)
        self._dress()

    def toggle_explain(self) -> None:
        """Explain, or no longer."""
        switch = self._frame.inspector.result.explain.switch
        if self._controller.current is not None and switch.isEnabled():
            switch.toggle()

    def follow_model(self) -> None:
        """Take the limit that goes with the model, when another one answers."""
        bundle = self._controller.bundle
        key = "" if bundle is None else f"{bundle.id} {bundle.sure_from}"
        if key != self._limit_of:
            first, self._limit_of = self._limit_of is None, key
            limit = self._limits.of(bundle)
            if not first or limit != self._controller.session.sure_from:
                self.set_sure_from(limit)

    def _keep_sure_from(self, limit: float) -> None:
        self._limits.keep(self._controller.bundle, limit, lambda value: self._save(sure_from=value))

    def set_sure_from(self, limit: float) -> None:
        """Count answers as sure from this probability on."""
        for sure in (self._frame.inspector.result.sure, self._frame.inspector.batch.sure):
            sure.set_value(limit)
        self._controller.set_sure_from(limit)

    def toggle_full_screen(self) -> None:
        """Cover the screen with the photo, or no longer."""
        if self.full_screen is not None:
            self.full_screen.close()
        elif self._controller.current is not None:
            full = FullScreen(self._controller, self._shelf, self._page())
            full.left.connect(self._left)
            full.key_pressed.connect(self.handle_key)
            self.full_screen = full
            self._frame.single.set_active(False)
            self._dress()
            full.open()
            self._controller.set_explain(self._settings.values.explain)

    def handle_key(self, event: QKeyEvent) -> bool:
        """Go from photo to photo; in the full screen, do what the page's shortcuts do elsewhere."""
        key, full = Qt.Key(event.key()), self.full_screen is not None
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Space: 1 if full else 0}.get(key, 0)
        if step:
            self._controller.step(step)
        elif key == Qt.Key.Key_Home:
            self._controller.go_to(0)
        elif key == Qt.Key.Key_End:
            self._controller.go_to(-1)
        else:
            return full and self._handle_full_screen_key(key)
        return True

    def _handle_full_screen_key(self, key: Qt.Key) -> bool:
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.canvas.zoom(-1 if key == Qt.Key.Key_Minus else 1)
        elif key == Qt.Key.Key_0:
            self.canvas.fit()
        elif key == Qt.Key.Key_E:
            self.toggle_explain()
        elif key == Qt.Key.Key_Delete:
            self.remove_requested.emit()
        elif key == Qt.Key.Key_C:
            self.correct_requested.emit()
        else:
            return False
        return True

    @Slot()
    def _left(self) -> None:
        if self.full_screen is not None:
            self.full_screen.deleteLater()
            self.full_screen = None
            self._dress()
            self.left_full_screen.emit()
            self._controller.set_explain(self._settings.values.explain)
            self._frame.single.canvas.setFocus()

    @Slot(int)
    def _explain_label(self, place: int) -> None:
        photo, result = self._controller.current, self._frame.inspector.result
        if photo is None or photo.recognition is None or not result.explain.switch.isEnabled():
            return
        again = result.bars.selected() == place
        result.bars.set_selected(-1 if again else place)
        self._controller.explain_label(None if again else photo.recognition.predictions[place].index)
        result.explain.switch.setChecked(True)

    @Slot(bool)
    def _set_explain(self, on: bool) -> None:
        self._save(explain=on)
        self._controller.set_explain(on)
        if not on:
            self.canvas.set_heat(None)
            self._frame.inspector.result.bars.set_selected(-1)
            self._controller.explain_label(None)

    @Slot(bool)
    def _set_show_input(self, on: bool) -> None:
        self._save(show_model_view=on)
        self._dress()

    @Slot(float)
    def _set_strength(self, strength: float) -> None:
        self._save(explain_strength=strength)
        self._dress()

    def _dress(self) -> None:
        self.canvas.set_strength(self._settings.values.explain_strength)
        stage = self._frame.single.stage if self.full_screen is None else self.full_screen.stage
        stage.set_show_input(self._settings.values.show_model_view)

    def _page(self) -> QWidget:
        return self._frame
