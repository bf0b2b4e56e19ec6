"""The photos page: header, photo or grid, film strip and inspector. It joins the parts and owns what the user can do.

The main window places it beside the rail, hands it drops, and hears from it what models are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import StorageError, UserError
from mobilenet_gui.core.photo_session import Counts, Photo, PhotoState, Show
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.paths import resources_dir
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.photos import commands
from mobilenet_gui.ui.photos.canvas import PhotoCanvas
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.drop import can_take
from mobilenet_gui.ui.photos.exports import ExportDesk
from mobilenet_gui.ui.photos.frame import PageFrame
from mobilenet_gui.ui.photos.fullscreen import FullScreen
from mobilenet_gui.ui.photos.intake import IntakeDesk
from mobilenet_gui.ui.photos.pictures import PictureShelf
from mobilenet_gui.ui.photos.presenter import Presenter
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.photo_loader import PhotoLoader
from mobilenet_gui.workers.photo_tasks import TaskRunner


class PhotosPage(QWidget):
    """The page.

    Attributes:
        models_requested: the Models page is wanted: "show", "download", "import" or "folder".
        model_chosen: id of an installed model that should answer from now on.
        progress_changed: share of photos done while some are pending, else None; for the rail's ring.
        first_result: the first answer of this run is in the window.
    """

    models_requested = Signal(str)
    model_chosen = Signal(str)
    progress_changed = Signal(object)
    first_result = Signal()

    def __init__(
        self,
        settings: SettingsStore,
        inference: InferenceWorker,
        parent: QWidget | None = None,
        *,
        toasts: ToastHost | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self._installed: Callable[[], Sequence[tuple[str, str]]] = tuple
        self._dragging = False
        self._full_screen: FullScreen | None = None
        self._samples = _sample_photos()
        self.loader = PhotoLoader(self)
        self.tasks = TaskRunner(self)
        self.controller = PhotosController(inference, self.loader, settings.values.sure_from, self)
        self.shelf = PictureShelf(self.loader, self)
        self.frame = PageFrame(self.controller, self.shelf, self)
        self.notices = self.frame.notices
        self.intake = IntakeDesk(
            self.controller, tasks=self.tasks, notices=self.notices, settings=settings, parent=self
        )
        self.exports = ExportDesk(
            self.controller,
            tasks=self.tasks,
            notices=self.notices,
            settings=settings,
            toast=self._toast,
            parent=self,
        )
        self.presenter = Presenter(
            self.frame,
            self.controller,
            settings=settings,
            folder=lambda: self.intake.folder,
            want_models=self.models_requested.emit,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.frame)
        self.toasts = toasts or ToastHost(self)
        self._connect()
        commands.install_shortcuts(self, self)
        self._take_settings()
        scale = self.devicePixelRatioF()
        inference.set_thumbnail_scale(scale)
        self.loader.set_thumbnail_scale(scale)
        inference.start()
        self._refresh()

    def _connect(self) -> None:
        controller, frame = self.controller, self.frame
        controller.current_changed.connect(self._current_changed)
        controller.current_updated.connect(self._current_updated)
        controller.counts_changed.connect(self._counts_changed)
        controller.model_changed.connect(self._model_changed)
        controller.arranged.connect(self._in_view_changed)
        controller.first_result.connect(self.first_result)
        self.shelf.failed.connect(self._picture_failed)
        self.shelf.sized.connect(self._picture_sized)
        self.intake.added.connect(self._refresh)
        frame.views.changed.connect(self.set_view)
        frame.full_screen_button.clicked.connect(self.toggle_full_screen)
        frame.add_button.clicked.connect(self._show_add_menu)
        frame.show_inspector_button.clicked.connect(self.toggle_inspector)
        frame.zone.open_photos.connect(self.open_photos)
        frame.zone.open_folder.connect(self.open_folder)
        frame.zone.paste.connect(self.paste)
        frame.zone.samples.connect(lambda: self.add_paths(self._samples))
        frame.single.retry_requested.connect(self._retry_current)
        frame.single.remove_requested.connect(self.remove_chosen)
        frame.single.canvas.customContextMenuRequested.connect(self._show_canvas_menu)
        frame.single.strip.add_requested.connect(self.open_photos)
        frame.grid.grid.opened.connect(self.open_single)
        for view in (frame.single.strip, frame.grid.grid):
            view.menu_requested.connect(self._show_photo_menu)
            view.in_view_changed.connect(self._in_view_changed)
        self._connect_inspector()

    def _connect_inspector(self) -> None:
        controller, inspector = self.controller, self.frame.inspector
        inspector.hide_requested.connect(self.toggle_inspector)
        inspector.width_changed.connect(lambda width: self._save(inspector_width=width))
        inspector.model_menu_requested.connect(self._show_model_menu)
        inspector.model_action.connect(self.models_requested)
        inspector.copy_requested.connect(lambda: self.exports.copy_answer(controller.current))
        inspector.export_requested.connect(lambda: self.exports.export_one(controller.current))
        inspector.export_all_requested.connect(self.exports.export_all)
        inspector.copy_table_requested.connect(self.exports.copy_table)
        inspector.sort_requested.connect(self.exports.ask_sort)
        result, batch = inspector.result, inspector.batch
        result.label_chosen.connect(self._explain_label)
        result.explain_toggled.connect(self._set_explain)
        result.crop_toggled.connect(self._set_show_crop)
        result.strength_changed.connect(self._set_strength)
        batch.opened.connect(self.open_single)
        batch.show_all_requested.connect(lambda: self.frame.grid.tools.pick(Show.NOT_SURE))
        for sure in (result.sure, batch.sure):
            sure.moved.connect(self._set_sure_from)
            sure.settled.connect(lambda limit: self._save(sure_from=limit))

    def _take_settings(self) -> None:
        values = self._settings.values
        frame, result = self.frame, self.frame.inspector.result
        frame.zone.set_samples_available(bool(self._samples))
        frame.inspector.set_chosen_width(values.inspector_width)
        frame.set_inspector_visible(values.inspector_visible)
        frame.views.set_current(values.photos_view)
        result.strength.set_value01(values.explain_strength)
        result.explain.switch.setChecked(values.explain)
        result.crop.switch.setChecked(values.show_model_view)
        for sure in (result.sure, frame.inspector.batch.sure):
            sure.set_value(values.sure_from)

    # what the main window says

    def add_paths(self, paths: Sequence[Path | str]) -> None:
        """Take files and folders; returns at once."""
        self.intake.add_paths(paths)

    def can_take(self, mime: QMimeData) -> bool:
        """Say whether a drag holds something for this page."""
        return can_take(mime)

    def handle_mime(self, mime: QMimeData) -> bool:
        """Take what was dropped; say whether there was anything for us."""
        self.set_dragging(None)
        return self.intake.take_mime(mime)

    def set_dragging(self, count: int | None) -> None:
        """Show that `count` photos hover over the window (0: nobody knows how many); None: nothing does."""
        self._dragging = count is not None
        self.frame.zone.set_dragging(count)
        self._refresh()

    def set_model(self, bundle: Bundle | None) -> None:
        """Answer with another model, or with none."""
        self.controller.set_model(bundle)

    def set_installed_models(self, provider: Callable[[], Sequence[tuple[str, str]]]) -> None:
        """Tell how to learn the installed models, as pairs of id and name, for the chip's menu."""
        self._installed = provider

    def open_dialogs(self) -> None:
        """Ask for photos; the same as `open_photos`."""
        self.open_photos()

    def shut_down(self) -> None:
        """Stop what this page started; safe to call twice."""
        if self._full_screen is not None:
            self._full_screen.close()
        self.tasks.stop()
        self.loader.stop()
        self.controller.inference.stop()

    # what the user does (see commands.PageActions)

    def open_photos(self) -> None:
        """Ask for photos."""
        dialog = QFileDialog(self, tr("Open photos"), self._settings.values.last_folder or str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        patterns = " ".join(f"*{suffix}" for suffix in sorted(imaging.SUPPORTED_SUFFIXES))
        dialog.setNameFilters([tr("Photos ({patterns})").format(patterns=patterns), tr("All files (*)")])
        dialog.filesSelected.connect(self._opened)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def open_folder(self) -> None:
        """Ask for a folder."""
        dialog = QFileDialog(self, tr("Open folder"), self._settings.values.last_folder or str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.filesSelected.connect(self._opened)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _opened(self, names: list[str]) -> None:
        if names:
            self._save(last_folder=str(Path(names[0]).parent))
            self.add_paths(names)

    def paste(self) -> None:
        """Take what was copied: photos, files, or an address."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime is None or not self.intake.take_mime(mime, pasted=True):
            self._toast(tr("There is no photo to paste"))

    def copy_answer(self) -> None:
        """Copy the answer of the photo on screen, or in the grid the table."""
        if self.view == "grid" and len(self.frame.grid.selected_keys()) != 1:
            self.exports.copy_table()
        else:
            self.exports.copy_answer(self.controller.current)

    def copy_one(self, photo: Photo) -> None:
        """Copy the answer of one photo."""
        self.exports.copy_answer(photo)

    def export_answers(self) -> None:
        """Export the answer of the photo on screen, or in the grid all."""
        if self.view == "grid":
            self.exports.export_all()
        else:
            self.exports.export_one(self.controller.current)

    def undo(self) -> None:
        """Bring back what was removed last."""
        if self.controller.undo():
            self.toasts.dismiss()
            self._refresh()

    def remove_chosen(self) -> None:
        """Remove the photo on screen, or the tiles chosen in the grid."""
        if self.view == "grid":
            self.remove(self.frame.grid.selected_keys())
        elif self.controller.current is not None:
            self.remove([self.controller.current.key])

    def remove(self, keys: Sequence[int]) -> None:
        """Remove photos; a toast brings them back."""
        names = [photo.name for photo in (self.controller.session.get(key) for key in keys) if photo is not None]
        count = self.controller.remove(keys)
        if count:
            text = trn("{n} photo removed", "{n} photos removed", count)
            self._toast(tr("{name} removed").format(name=names[0]) if count == 1 else text, tr("Undo"), self.undo)
            self._refresh()

    def clear_all(self) -> None:
        """Remove all photos; a toast brings them back."""
        self.remove([photo.key for photo in self.controller.session.photos()])

    def retry(self, keys: Sequence[int]) -> None:
        """Read and recognise photos once more."""
        for key in keys:
            self.shelf.forget(key)
        self.controller.retry(keys)
        if self.controller.current is not None and self.controller.current.key in keys:
            self.frame.single.reload()

    def _retry_current(self) -> None:
        if self.controller.current is not None:
            self.retry([self.controller.current.key])

    @property
    def view(self) -> str:
        """The view that is shown: "single" or "grid"."""
        return self.frame.views.current()

    def set_view(self, view: str) -> None:
        """Show one photo ("single") or many ("grid")."""
        self.frame.views.set_current(view)
        self._save(photos_view=view)
        self._refresh()
        grid = self.frame.grid.grid
        if view == "grid":
            grid.show_current(self.controller.current_row)
            grid.scrollTo(grid.currentIndex())
            grid.setFocus()
        else:
            self.frame.single.canvas.setFocus()

    def open_single(self, key: int) -> None:
        """Show one photo large."""
        self.controller.set_current(key)
        self.set_view("single")

    def toggle_grid(self) -> None:
        """Go from one photo to many, or back."""
        if len(self.controller.session):
            self.set_view("single" if self.view == "grid" else "grid")

    def toggle_explain(self) -> None:
        """Explain, or no longer."""
        switch = self.frame.inspector.result.explain.switch
        if self.view == "single" and switch.isEnabled():
            switch.toggle()

    def toggle_inspector(self) -> None:
        """Hide or show the inspector."""
        shown = self.frame.inspector.isHidden()
        self.frame.set_inspector_visible(shown)
        self._save(inspector_visible=shown)

    def fit(self) -> None:
        """Show the whole photo."""
        self._canvas().fit()

    def zoom(self, steps: int) -> None:
        """Zoom in (positive) or out."""
        if self.view == "single" or self._full_screen is not None:
            self._canvas().zoom(steps)

    def toggle_full_screen(self) -> None:
        """Cover the screen with the photo, or no longer."""
        if self._full_screen is not None:
            self._full_screen.close()
        elif self.controller.current is not None:
            full = FullScreen(self.controller, self.shelf, self)
            full.left.connect(self._left_full_screen)
            full.key_pressed.connect(self._navigate)
            self._full_screen = full
            self.frame.single.set_active(False)
            self._dress_canvas()
            full.open()
            self.controller.set_explain(self._settings.values.explain)

    def _left_full_screen(self) -> None:
        if self._full_screen is not None:
            self._full_screen.deleteLater()
            self._full_screen = None
            self._refresh()
            self._dress_canvas()
            self.controller.set_explain(self._settings.values.explain)
            self.frame.single.canvas.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from photo to photo."""
        if not self._navigate(event):
            super().keyPressEvent(event)

    def _navigate(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        full = self._full_screen is not None
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Space: 1 if full else 0}.get(key, 0)
        if step:
            self.controller.step(step)
        elif key == Qt.Key.Key_Home:
            self.controller.go_to(0)
        elif key == Qt.Key.Key_End:
            self.controller.go_to(-1)
        elif full and key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom(-1 if key == Qt.Key.Key_Minus else 1)
        elif full and key == Qt.Key.Key_0:
            self.fit()
        elif full and key == Qt.Key.Key_E:
            self.toggle_explain()
        elif full and key == Qt.Key.Key_Delete:
            self.remove_chosen()
        else:
            return False
        return True

    # explaining

    @Slot(int)
    def _explain_label(self, place: int) -> None:
        photo, result = self.controller.current, self.frame.inspector.result
        if photo is None or photo.recognition is None or not result.explain.switch.isEnabled():
            return
        again = result.bars.selected() == place
        result.bars.set_selected(-1 if again else place)
        self.controller.explain_label(None if again else photo.recognition.predictions[place].index)
        result.explain.switch.setChecked(True)

    @Slot(bool)
    def _set_explain(self, on: bool) -> None:
        self._save(explain=on)
        self.controller.set_explain(on)
        if not on:
            self._canvas().set_heat(None)
            self.frame.inspector.result.bars.set_selected(-1)
            self.controller.explain_label(None)

    @Slot(bool)
    def _set_show_crop(self, on: bool) -> None:
        self._save(show_model_view=on)
        self._dress_canvas()

    @Slot(float)
    def _set_strength(self, strength: float) -> None:
        self._save(explain_strength=strength)
        self._dress_canvas()

    @Slot(float)
    def _set_sure_from(self, limit: float) -> None:
        for sure in (self.frame.inspector.result.sure, self.frame.inspector.batch.sure):
            sure.set_value(limit)
        self.controller.set_sure_from(limit)

    def _canvas(self) -> PhotoCanvas:
        return self.frame.single.canvas if self._full_screen is None else self._full_screen.canvas

    def _dress_canvas(self) -> None:
        self._canvas().set_strength(self._settings.values.explain_strength)
        self._canvas().set_show_crop(self._settings.values.show_model_view)

    # what the controller says

    def _refresh(self) -> None:
        self.presenter.refresh(dragging=self._dragging)
        if self._full_screen is not None:
            self.frame.single.set_active(False)

    @Slot()
    def _current_changed(self) -> None:
        self.frame.inspector.result.bars.set_selected(-1)
        if self.controller.current is None:
            self._refresh()
        self._current_updated()

    @Slot()
    def _current_updated(self) -> None:
        self.presenter.show_title()
        self.presenter.show_current()

    @Slot(object)
    def _counts_changed(self, counts: Counts) -> None:
        self.presenter.show_counts(counts)
        busy = counts.pending > 0 and self.controller.bundle is not None and not self.controller.stopped
        self.progress_changed.emit(counts.finished / counts.total if busy and counts.total else None)

    @Slot()
    def _model_changed(self) -> None:
        self.presenter.show_model()
        if self.controller.bundle is None and self.controller.loading is None:
            self.presenter.show_no_model()
        else:
            self.notices.dismiss("no_model")

    @Slot(int, object)
    def _picture_failed(self, key: int, error: UserError) -> None:
        photo = self.controller.session.get(key)
        if photo is not None and photo.state is not PhotoState.DONE:
            self.controller.set_problem(key, error.reason)

    @Slot(int, object)
    def _picture_sized(self, key: int, size: tuple[int, int]) -> None:
        if self.controller.session.set_size(key, size) and self.controller.current is not None:
            self.presenter.show_title()

    @Slot()
    def _in_view_changed(self) -> None:
        view = self.frame.grid.grid if self.view == "grid" else self.frame.single.strip
        self.controller.set_in_view(view.keys_in_view())

    # menus and words

    @Slot()
    def _show_add_menu(self) -> None:
        button = self.frame.add_button
        menu = commands.add_menu(self, self, has_photos=bool(len(self.controller.session)))
        commands.pop_up(menu, button.mapToGlobal(QPoint(0, button.height() + 4)))

    @Slot(QPoint)
    def _show_model_menu(self, place: QPoint) -> None:
        bundle = self.controller.bundle
        current = "" if bundle is None else bundle.id
        show = lambda: self.models_requested.emit("show")  # noqa: E731 - one call
        menu = commands.model_menu(self, self._installed(), current, choose=self.model_chosen.emit, manage=show)
        commands.pop_up(menu, place)

    @Slot(object, int)
    def _show_photo_menu(self, place: QPoint, key: int) -> None:
        photo = self.controller.session.get(key)
        if photo is None:
            return
        chosen = self.frame.grid.selected_keys() if self.view == "grid" else []
        commands.pop_up(commands.photo_menu(self, self, photo, chosen if key in chosen else [key]), place)

    @Slot(QPoint)
    def _show_canvas_menu(self, point: QPoint) -> None:
        if self.controller.current is not None:
            place = self.frame.single.canvas.mapToGlobal(point)
            self._show_photo_menu(place, self.controller.current.key)

    def _toast(self, text: str, action: str = "", on_action: Callable[[], None] | None = None) -> None:
        self.toasts.show_message(text, action, on_action)

    def _save(self, **changes: object) -> None:
        try:
            self._settings.update(**changes)
        except StorageError as error:
            text = tr("Your settings could not be saved: {reason}.").format(reason=error.reason)
            self.notices.show_notice("settings", "warn", text)


def _sample_photos() -> list[Path]:
    """Return the photos that ship for trying out; none where the folder is missing."""
    folder = resources_dir() / "samples"
    return sorted(imaging.find_photos([folder])) if folder.is_dir() else []
