"""The photos page: header, photo or grid, film strip and inspector. It joins the parts and owns what the user can do.

The main window places it beside the rail, hands it drops, and hears from it what models are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.imaging_formats import SUPPORTED_SUFFIXES
from mobilenet_gui.core.photo_session import Counts, Photo, PhotoState, Show
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.paths import resources_dir
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.inspected_page import saver
from mobilenet_gui.ui.photos import commands
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.drop import can_take
from mobilenet_gui.ui.photos.exports import ExportDesk
from mobilenet_gui.ui.photos.frame import PageFrame
from mobilenet_gui.ui.photos.intake import IntakeDesk
from mobilenet_gui.ui.photos.looking import LookingDesk
from mobilenet_gui.ui.photos.menus import Installed, MenuDesk
from mobilenet_gui.ui.photos.pictures import PictureShelf
from mobilenet_gui.ui.photos.presenter import Presenter
from mobilenet_gui.ui.sure_limits import SureLimits
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.photo_loader import PhotoLoader, square_pictures
from mobilenet_gui.workers.photo_tasks import TaskRunner

WARM_MS = 400
FAN_CARDS = ("fly-agaric", "hot-air-balloon", "strawberries")
"""The sample photos on the empty page's cards: left, middle, right."""
FAN_PIXELS = 264
"""Pixels a side of the pictures on the empty page's cards."""


class PhotosPage(QWidget):
    """The page.

    Attributes:
        models_requested: the Models page is wanted: "show", "download", "import" or "folder".
        model_chosen: id of an installed model that should answer from now on.
        progress_changed: share of photos done while some are pending, else None; for the rail's ring.
        first_result: the first answer of this run is in the window.
        correction_requested: answers are wrong: a `CorrectionWish`.
    """

    models_requested = Signal(str)
    model_chosen = Signal(str)
    progress_changed = Signal(object)
    first_result = Signal()
    correction_requested = Signal(object)

    def __init__(
        self,
        settings: SettingsStore,
        inference: InferenceWorker,
        parent: QWidget | None = None,
        *,
        toasts: ToastHost | None = None,
        limits: SureLimits | None = None,
    ) -> None:
        super().__init__(parent)
        self._settings = settings
        self.limits = limits or SureLimits(settings)
        self._dragging = False
        self._ready_for_photos = False
        self._warm_timer = QTimer(self)
        self._warm_timer.setSingleShot(True)
        self._warm_timer.timeout.connect(self._warm_up)
        self._samples = _sample_photos()
        self.loader = PhotoLoader(self)
        self.tasks = TaskRunner(self)
        self.controller = PhotosController(inference, self.loader, settings.values.sure_from, self)
        self.shelf = PictureShelf(self.loader, self)
        self.frame = PageFrame(self.controller, self.shelf, self)
        self.notices = self.frame.notices
        self._save = saver(settings, self.notices)
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
        self.looking = LookingDesk(
            self.frame, self.controller, self.shelf, settings=settings, save=self._save, limits=self.limits
        )
        self.menus = MenuDesk(self.frame, self.controller, self)
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
        fan = _fan_photos(self._samples)
        if fan:
            self.tasks.run(
                lambda _errand: square_pictures(fan, FAN_PIXELS),
                done=self._show_fan,
                failed=lambda _error: None,
            )

    def _connect(self) -> None:
        controller, frame = self.controller, self.frame
        controller.current_changed.connect(self._current_changed)
        controller.current_updated.connect(self._current_updated)
        controller.counts_changed.connect(self._counts_changed)
        controller.model_changed.connect(self._model_changed)
        controller.arranged.connect(self._in_view_changed)
        controller.first_result.connect(self.first_result)
        self.looking.left_full_screen.connect(self._refresh)
        self.looking.remove_requested.connect(self.remove_chosen)
        self.looking.correct_requested.connect(self.correct)
        self.menus.model_chosen.connect(self.model_chosen)
        self.menus.models_wanted.connect(lambda: self.models_requested.emit("show"))
        self.shelf.failed.connect(self._picture_failed)
        self.shelf.sized.connect(self._picture_sized)
        self.intake.added.connect(self._refresh)
        frame.views.changed.connect(self.set_view)
        frame.show_inspector_button.clicked.connect(self.toggle_inspector)
        frame.zone.open_photos.connect(self.open_photos)
        frame.zone.open_folder.connect(self.open_folder)
        frame.zone.paste.connect(self.paste)
        frame.zone.samples.connect(lambda: self.add_paths(self._samples))
        frame.single.retry_requested.connect(self._retry_current)
        frame.single.remove_requested.connect(self.remove_chosen)
        frame.single.strip.add_requested.connect(self.open_photos)
        frame.grid.grid.opened.connect(self.open_single)
        for view in (frame.single.strip, frame.grid.grid):
            view.in_view_changed.connect(self._in_view_changed)
        self._connect_inspector()

    def _connect_inspector(self) -> None:
        controller, inspector = self.controller, self.frame.inspector
        inspector.hide_requested.connect(self.toggle_inspector)
        inspector.width_changed.connect(lambda width: self._save(inspector_width=width))
        inspector.model_action.connect(self.models_requested)
        inspector.copy_requested.connect(lambda: self.exports.copy_answer(controller.current))
        inspector.export_requested.connect(lambda: self.exports.export_one(controller.current))
        inspector.export_all_requested.connect(self.exports.export_all)
        inspector.copy_table_requested.connect(self.exports.copy_table)
        inspector.sort_requested.connect(self.exports.ask_sort)
        inspector.result.correct.clicked.connect(lambda _checked=False: self.correct())
        inspector.batch.opened.connect(self.open_single)
        inspector.batch.show_all_requested.connect(lambda: self.frame.grid.tools.pick(Show.NOT_SURE))

    def _take_settings(self) -> None:
        values = self._settings.values
        frame = self.frame
        frame.zone.set_samples_available(bool(self._samples))
        frame.inspector.set_chosen_width(values.inspector_width)
        frame.set_inspector_visible(values.inspector_visible)
        frame.views.set_current(values.photos_view)
        self.looking.take_settings()

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
        self.frame.zone.set_samples_available(bool(self._samples) and not self._dragging)
        self._refresh()

    def set_model(self, bundle: Bundle | None) -> None:
        """Answer with another model, or with none."""
        self.controller.set_model(bundle)

    def set_installed_models(self, provider: Installed) -> None:
        """Tell how to learn the installed models, as pairs of id and name, for the chip's menu."""
        self.menus.installed = provider

    def open_dialogs(self) -> None:
        """Ask for photos; the same as `open_photos`."""
        self.open_photos()

    def shut_down(self) -> None:
        """Stop what this page started; safe to call twice."""
        if self.looking.full_screen is not None:
            self.looking.full_screen.close()
        self._warm_timer.stop()
        self.tasks.stop()
        self.loader.stop()
        self.controller.inference.stop()

    # what the user does (see commands.PageActions)

    def open_photos(self) -> None:
        """Ask for photos."""
        dialog = QFileDialog(self, tr("Open photos"), self._settings.values.last_folder or str(Path.home()))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        patterns = " ".join(f"*{suffix}" for suffix in sorted(SUPPORTED_SUFFIXES))
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

    def correct(self, keys: Sequence[int] = ()) -> None:
        """Send photos that were answered wrongly to their class: these, the chosen tiles, or the one on screen."""
        from mobilenet_gui.ui.photos.correcting import wish_for

        wish = wish_for(self.frame, self.controller, keys)
        if wish is not None:
            self.correction_requested.emit(wish)

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
        if self.view == "single":
            self.looking.toggle_explain()

    def toggle_inspector(self) -> None:
        """Hide or show the inspector."""
        shown = self.frame.inspector.isHidden()
        self.frame.set_inspector_visible(shown)
        self._save(inspector_visible=shown)

    def fit(self) -> None:
        """Show the whole photo."""
        self.looking.canvas.fit()

    def zoom(self, steps: int) -> None:
        """Zoom in (positive) or out."""
        if self.view == "single":
            self.looking.canvas.zoom(steps)

    def toggle_full_screen(self) -> None:
        """Cover the screen with the photo, or no longer."""
        self.looking.toggle_full_screen()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from photo to photo."""
        if not self.looking.handle_key(event):
            super().keyPressEvent(event)

    # what the controller says

    def _refresh(self) -> None:
        self.presenter.refresh(dragging=self._dragging)
        if self.looking.full_screen is not None:
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
        self.looking.follow_model()
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

    def showEvent(self, event: QShowEvent) -> None:
        """Get ready for the first photo while the window has nothing to do."""
        super().showEvent(event)
        if not self._ready_for_photos:
            self._ready_for_photos = True
            self._warm_timer.start(WARM_MS)

    @Slot()
    def _warm_up(self) -> None:
        # The first layout and paint of a view load fonts and icons; done now, the first drop does not wait for it.
        if self.isVisible() and not len(self.controller.session):
            for view in (self.frame.single, self.frame.grid, self.frame.inspector.result, self.frame.inspector.batch):
                view.grab()

    def _show_fan(self, pictures: list[QImage]) -> None:
        self.frame.zone.set_pictures([QPixmap.fromImage(picture) for picture in pictures])

    @Slot()
    def _in_view_changed(self) -> None:
        view = self.frame.grid.grid if self.view == "grid" else self.frame.single.strip
        self.controller.set_in_view(view.keys_in_view())

    # menus and words

    def _toast(self, text: str, action: str = "", on_action: Callable[[], None] | None = None) -> None:
        self.toasts.show_message(text, action, on_action)


def _fan_photos(samples: Sequence[Path]) -> list[Path]:
    """Return the photos for the empty page's cards; others where those are missing, none where there are too few."""
    chosen = [path for name in FAN_CARDS for path in samples if path.stem == name]
    if len(chosen) < len(FAN_CARDS):
        chosen = list(samples[: len(FAN_CARDS)])
    return chosen if len(chosen) == len(FAN_CARDS) else []


def _sample_photos() -> list[Path]:
    """Return the photos that ship for trying out; none where the folder is missing."""
    folder = resources_dir() / "samples"
    return sorted(folder.glob("*.jpg"))
