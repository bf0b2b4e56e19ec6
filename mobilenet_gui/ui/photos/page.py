"""The photos page: header, photo or grid, film strip and inspector. It joins the parts and passes on what they say.

The main window places it beside the rail, hands it drops, and hears from it what models are wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.photo_session import Counts, PhotoState, Show
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.photos import commands
from mobilenet_gui.ui.photos.actions import GRID, PhotoActions
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.drop import can_take
from mobilenet_gui.ui.photos.exports import ExportDesk
from mobilenet_gui.ui.photos.frame import PageFrame
from mobilenet_gui.ui.photos.intake import IntakeDesk
from mobilenet_gui.ui.photos.looking import LookingDesk
from mobilenet_gui.ui.photos.menus import Installed, MenuDesk
from mobilenet_gui.ui.photos.pictures import PictureShelf
from mobilenet_gui.ui.photos.presenter import Presenter
from mobilenet_gui.ui.photos.samples import FAN_PIXELS, SamplesDesk, fan_photos
from mobilenet_gui.ui.sure_limits import SureLimits
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.photo_loader import PhotoLoader, square_pictures
from mobilenet_gui.workers.photo_tasks import TaskRunner
from mobilenet_gui.workers.shown_photos import shown_pictures

WARM_MS = 400


class PhotosPage(QWidget):
    """The page.

    Attributes:
        models_requested: the Models page is wanted: "show", "official", "download", "import" or "folder".
        model_chosen: id of an installed model that should answer from now on.
        progress_changed: share of photos done while some are pending, else None; for the rail's ring.
        first_result: the first answer of this run is in the window.
        correction_requested: answers are wrong: a `CorrectionWish`.
    """

    models_requested = Signal(str)
    model_chosen = Signal(str)
    progress_changed = Signal(object)
    trouble_read = Signal()
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
        self._warm_timer = QTimer(self)
        self._warm_timer.setSingleShot(True)
        self._warm_timer.timeout.connect(self._warm_up)
        self.loader = PhotoLoader(self)
        self.tasks = TaskRunner(self)
        self.controller = PhotosController(inference, self.loader, settings.values.sure_from, self)
        self.shelf = PictureShelf(self.loader, self)
        self.frame = PageFrame(self.controller, self.shelf, self)
        self.notices = self.frame.notices
        self._save = settings.update
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
        self.presenter.trouble_read.connect(self.trouble_read)
        self.looking = LookingDesk(
            self.frame, self.controller, self.shelf, settings=settings, save=self._save, limits=self.limits
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.frame)
        self.toasts = toasts or ToastHost(self)
        self.user_actions = PhotoActions(
            self.frame,
            self.controller,
            self.shelf,
            intake=self.intake,
            exports=self.exports,
            looking=self.looking,
            settings=settings,
            save=self._save,
            toasts=self.toasts,
        )
        self.menus = MenuDesk(self.frame, self.controller, self.user_actions)
        self.samples = SamplesDesk(self.frame, self.controller, self.tasks)
        self._connect()
        commands.install_shortcuts(self, self.user_actions)
        self._take_settings()
        scale = self.devicePixelRatioF()
        inference.set_thumbnail_scale(scale)
        self.loader.set_thumbnail_scale(scale)
        inference.start()
        self._refresh()
        fan = fan_photos(self.samples.photos)
        if fan:
            self.tasks.run(
                lambda _errand: square_pictures(fan, FAN_PIXELS),
                done=self._show_fan,
                failed=lambda _error: None,
            )

    def _connect(self) -> None:
        controller, frame, actions = self.controller, self.frame, self.user_actions
        actions.changed.connect(self._refresh)
        actions.correction_requested.connect(self.correction_requested)
        controller.current_changed.connect(self._current_changed)
        controller.current_updated.connect(self._current_updated)
        controller.counts_changed.connect(self._counts_changed)
        controller.model_changed.connect(self._model_changed)
        controller.arranged.connect(self._in_view_changed)
        controller.first_result.connect(self.first_result)
        self.looking.left_full_screen.connect(self._refresh)
        self.looking.remove_requested.connect(actions.remove_chosen)
        self.looking.correct_requested.connect(actions.correct)
        self.menus.model_chosen.connect(self.model_chosen)
        self.menus.models_wanted.connect(lambda: self.models_requested.emit("show"))
        self.shelf.failed.connect(self._picture_failed)
        self.shelf.sized.connect(self._picture_sized)
        self.intake.added.connect(self._photos_added)
        frame.views.changed.connect(actions.set_view)
        frame.show_inspector_button.clicked.connect(actions.toggle_inspector)
        frame.zone.open_photos.connect(actions.open_photos)
        frame.zone.open_folder.connect(actions.open_folder)
        frame.zone.paste.connect(actions.paste)
        frame.start.line.official_wanted.connect(lambda: self.models_requested.emit("official"))
        self.samples.chosen.connect(self._open_samples)
        actions.example_wanted.connect(self.samples.explain)
        frame.single.retry_requested.connect(actions.retry_current)
        frame.single.remove_requested.connect(actions.remove_chosen)
        frame.single.strip.add_requested.connect(actions.open_photos)
        frame.grid.grid.opened.connect(actions.open_single)
        for view in (frame.single.strip, frame.grid.grid):
            view.in_view_changed.connect(self._in_view_changed)
        self._connect_inspector()

    def _connect_inspector(self) -> None:
        controller, inspector, actions = self.controller, self.frame.inspector, self.user_actions
        inspector.hide_requested.connect(actions.toggle_inspector)
        inspector.width_changed.connect(lambda width: self._save(inspector_width=width))
        inspector.model_action.connect(self.models_requested)
        inspector.new_class_requested.connect(lambda: actions.adopt("new"))
        inspector.no_interest_requested.connect(lambda: actions.adopt("none"))
        inspector.result.closest.wanted.connect(self._closest_wanted)
        inspector.copy_requested.connect(lambda: self.exports.copy_answer(controller.current))
        inspector.export_requested.connect(lambda: self.exports.export_one(controller.current))
        inspector.export_all_requested.connect(self.exports.export_all)
        inspector.copy_table_requested.connect(self.exports.copy_table)
        inspector.sort_requested.connect(self.exports.ask_sort)
        inspector.result.correct.clicked.connect(lambda _checked=False: actions.correct())
        inspector.batch.opened.connect(actions.open_single)
        inspector.batch.show_all_requested.connect(lambda: self.frame.grid.tools.pick(Show.NOT_SURE))

    def _take_settings(self) -> None:
        values = self._settings.values
        frame = self.frame
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
        self._refresh()

    def set_model_trouble(self, text: str) -> None:
        """Say what is wrong with a model that was asked for; nothing for an empty text."""
        self.presenter.show_trouble(text)

    def set_installed_models(self, provider: Installed) -> None:
        """Tell how to learn the installed models, as pairs of id and name, for the chip's menu."""
        self.menus.installed = provider

    def shut_down(self) -> None:
        """Stop what this page started; safe to call twice."""
        if self.looking.full_screen is not None:
            self.looking.full_screen.close()
        self._warm_timer.stop()
        self.tasks.stop()
        self.loader.stop()
        self.controller.inference.stop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from photo to photo."""
        if not self.looking.handle_key(event):
            super().keyPressEvent(event)

    # what the controller says

    def _refresh(self) -> None:
        self.presenter.refresh(dragging=self._dragging)
        if self.looking.full_screen is not None:
            self.frame.single.set_active(False)

    @Slot(list, str)
    def _open_samples(self, photos: list[Path], view: str) -> None:
        self.user_actions.set_view(view)
        self.add_paths(photos)

    def _tell_installed(self) -> None:
        if self.samples.started and not len(self.controller.session):
            self.samples.tell_installed(dict(self.menus.installed()), self._settings.values.starts)

    @Slot()
    def _photos_added(self) -> None:
        self._refresh()
        if self.isVisible():
            self.user_actions.welcome()

    @Slot()
    def _current_changed(self) -> None:
        self.frame.inspector.result.bars.set_selected(-1)
        if self.controller.current is None:
            self._refresh()
            self.samples.start()
            self._tell_installed()
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

    @Slot(list)
    def _closest_wanted(self, ids: list[str]) -> None:
        bundle, closest = self.controller.bundle, self.frame.inspector.result.closest
        if bundle is not None:
            made = bundle.manifest.provenance
            self.tasks.run(
                lambda _errand: shown_pictures(made, ids), done=closest.show_pictures, failed=lambda _error: None
            )

    @Slot()
    def _model_changed(self) -> None:
        self.looking.follow_model()
        self.samples.follow_model()
        self._tell_installed()
        self.frame.inspector.result.closest.forget()
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
        """Take the keyboard; get ready for the first photo while the window has nothing to do."""
        super().showEvent(event)
        if not event.spontaneous():
            self.user_actions.welcome()
        if not self.samples.started:
            self._warm_timer.start(WARM_MS)
        elif not event.spontaneous():
            self._tell_installed()

    @Slot()
    def _warm_up(self) -> None:
        # The first layout and paint of a view load fonts and icons; done now, the first drop does not wait for it.
        if self.isVisible() and not len(self.controller.session):
            for view in (self.frame.single, self.frame.grid, self.frame.inspector.result, self.frame.inspector.batch):
                view.grab()
            self.samples.start()
            self._tell_installed()

    def _show_fan(self, pictures: list[QImage]) -> None:
        self.frame.zone.set_pictures([QPixmap.fromImage(picture) for picture in pictures])

    @Slot()
    def _in_view_changed(self) -> None:
        view = self.frame.grid.grid if self.user_actions.view == GRID else self.frame.single.strip
        self.controller.set_in_view(view.keys_in_view())

    # menus and words

    def _toast(self, text: str, action: str = "", on_action: Callable[[], None] | None = None) -> None:
        self.toasts.show_message(text, action, on_action)
