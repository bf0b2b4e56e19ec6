"""The main window: wires the rail, the pages and the workers together. It decides nothing about recognition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeySequence,
    QShortcut,
)
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import MOST_STARTS, SettingsStore
from mobilenet_gui.startup import StartupTrace
from mobilenet_gui.training.bases import BUILTIN_ID
from mobilenet_gui.ui import window_size
from mobilenet_gui.ui.addresses import opened_files
from mobilenet_gui.ui.given_files import sort_given
from mobilenet_gui.ui.icons import app_icon
from mobilenet_gui.ui.photos.page import PhotosPage
from mobilenet_gui.ui.quitting import Quitting
from mobilenet_gui.ui.theme import Theme
from mobilenet_gui.ui.widgets.nav_rail import NavRail
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.ui.widgets.turns import next_turn
from mobilenet_gui.ui.window_drops import WindowDrops, accept_copy
from mobilenet_gui.workers.active_model import ActiveModel
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.latest_writer import LatestWriter
from mobilenet_gui.workers.twin_maker import TwinMaker

if TYPE_CHECKING:
    from mobilenet_gui.ui.corrections.desk import CorrectionDesk
    from mobilenet_gui.ui.corrections.wish import CorrectionWish
    from mobilenet_gui.ui.finetune.desk import WizardDesk
    from mobilenet_gui.ui.finetune.news_desk import NewsDesk
    from mobilenet_gui.ui.finetune.page import FinetunePage
    from mobilenet_gui.ui.live.page import LivePage
    from mobilenet_gui.ui.models.page import ModelsPage
    from mobilenet_gui.workers.models import ModelTasks


class MainWindow(QMainWindow):
    """The window. `show` it, then `start` it; `shut_down` before the application ends."""

    def __init__(self, settings: SettingsStore, store: ModelStore, theme: Theme, trace: StartupTrace) -> None:
        super().__init__()
        self.setWindowTitle("MobileNet GUI")
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self._settings = settings
        self._store = store
        self._theme = theme
        self._trace = trace
        self._down = False
        self._saving = LatestWriter(self)
        self._unsaved = False
        settings.save_by(self._saving.write, self._saved)

        self.inference = InferenceWorker(settings.values.threads, self)
        self.active = ActiveModel(store, self.inference, self)
        self.active.precision = settings.values.precision
        self._tasks: ModelTasks | None = None
        self._desk: WizardDesk | None = None
        self._news: NewsDesk | None = None
        self.quitting = Quitting(self, self._under_way)
        self._twins = TwinMaker(self.active, self.inference, lambda: bool(self._under_way()), self)
        self._corrections: CorrectionDesk | None = None
        self.photos = PhotosPage(settings, self.inference)
        self.rail = NavRail(
            [
                ("photos", tr("Photos"), "image"),
                ("live", tr("Live"), "video"),
                ("finetune", tr("Fine-tune"), "sliders"),
                ("models", tr("Models"), "cube"),
            ],
            bottom=[("settings", tr("Settings"), "settings")],
        )
        self._pages = QStackedWidget()
        self._built: dict[str, QWidget] = {}
        self._add_page("photos", self.photos)

        central = QWidget()
        layout = QHBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.rail)
        layout.addWidget(self._pages, 1)
        self.setCentralWidget(central)
        self.toasts = ToastHost(central)

        self._drops = WindowDrops(
            self.photos, show_page=self.show_page, open_paths=self._open, finetune=self._finetune_in_front
        )
        self._connect()
        self._add_shortcuts()
        window_size.restore(self, settings.values.window_geometry)

    @property
    def tasks(self) -> ModelTasks:
        """What is done to models; made when first asked for, which is after the window has opened."""
        if self._tasks is None:
            from mobilenet_gui.model_service import ModelService
            from mobilenet_gui.workers.models import ModelTasks

            service = ModelService(self._settings.values, self._store)
            self._tasks = ModelTasks(service, self._store, parent=self)
            self._tasks.models_changed.connect(self.active.check)
            self.photos.presenter.follow(self._tasks)
        return self._tasks

    @property
    def desk(self) -> WizardDesk:
        """The wizards and the trainings; made when first asked for, which is after the window has opened."""
        if self._desk is None:
            from mobilenet_gui.ui.finetune.desk import WizardDesk
            from mobilenet_gui.ui.finetune.news_desk import NewsDesk

            desk = WizardDesk(self._settings, self._store, lambda: self.tasks, self.active, self)
            desk.model_used.connect(self._use_new_model)
            desk.camera_wanted.connect(lambda: self._live().stop() if "live" in self._built else None)
            self._desk = desk
            self._news = NewsDesk(self, desk, self._settings)
        return self._desk

    @property
    def corrections(self) -> CorrectionDesk:
        """Corrects answers; made when the first one is wrong."""
        if self._corrections is None:
            from mobilenet_gui.ui.corrections.desk import CorrectionDesk

            desk = self.desk
            made = CorrectionDesk(desk.tasks, desk.training, self.tasks, self._store, toasts=self.toasts, parent=self)
            made.runs_changed.connect(desk.reload_runs)
            made.way_back_changed.connect(self.photos.user_actions.set_corrected_at)
            for ended in (made.work.learnt, made.work.failed, made.work.undone):
                ended.connect(self.quitting.look_again)
            self._corrections = made
        return self._corrections

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self, photos: Sequence[str]) -> None:
        """Load the active model and open the files given at the start. Call once, after `show`."""
        self._trace.mark("window shown")
        self.active.start()
        self._open(photos)
        next_turn(self, self._recall)
        if self._settings.problem is not None:
            self.toasts.show_message(self._settings.problem)

    def _recall(self) -> None:
        if self._settings.values.starts < MOST_STARTS:
            self._settings.update(starts=self._settings.values.starts + 1)
        if self._settings.values.unfinished_training:  # cut short by the program's end
            self.desk.harvest.recall()
        if not self._store.has(BUILTIN_ID):  # as after a plain pip install
            from mobilenet_gui import builtin_models

            if builtin_models.weights_file() is not None:
                self.tasks.make_builtin()

    def open_from_other_start(self, photos: Sequence[str]) -> None:
        """Open the files of a second start of the program, and come to the front."""
        self._open(photos)
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def _open(self, paths: Sequence[str]) -> None:
        """Give each file to the page that opens it; of several videos, Live plays the first."""
        files = opened_files(paths)
        if files.refused:
            self.toasts.show_message(str(files.refused[0]))
        given = sort_given(map(str, files.paths))
        if given.photos:
            self.show_page("photos")
            self.photos.add_paths(given.photos)
        if given.videos:
            self.show_page("live")
            self._live().play_file(given.videos[0])
        if given.projects:
            self.show_page("finetune")
            for project in given.projects:
                self._finetune().import_zip(project)
        if given.models:
            self._models().handle_paths(given.models)

    def shut_down(self) -> None:
        """Stop everything that runs, in order; safe to call twice."""
        if self._down:
            return
        self._down = True
        if "live" in self._built:
            self._live().shut_down()
        self.photos.shut_down()
        if self._desk is not None:
            self._desk.shut_down()
        if self._tasks is not None:
            self._tasks.shut_down()
        self._twins.stop()
        self.inference.stop()
        self.active.finish()
        self._saving.finish()
        for toasts in self.findChildren(ToastHost):
            toasts.dismiss()
        for timer in self.findChildren(QTimer):  # what waited for its turn would begin in a program that has ended
            timer.stop()

    def _under_way(self) -> tuple[str, ...]:
        found = () if self._desk is None else self._desk.under_way()
        if self._corrections is not None and self._corrections.work.busy:
            text = tr(
                "The model is learning from a correction. The photo stays in its class; the next training learns it."
            )
            found = (*found, text)
        return found

    def _saved(self, error: UserError | None) -> None:
        """Say that the settings could not be saved; once, until they can be again."""
        if error is not None and not self._unsaved:
            text = tr("The settings could not be saved: {reason} They hold until the program ends.")
            self.toasts.show_message(text.format(reason=f"{error.subject}: {error.reason}."))
        self._unsaved = error is not None

    def changeEvent(self, event: QEvent) -> None:
        """See what other programs did to the models while one of them was in front."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and self.isActiveWindow():
            self.active.check()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember where the window was, then stop the work; ask first where that loses something."""
        if not self._down and not self.quitting.may_close():
            event.ignore()
            return
        self._settings.update(window_geometry=window_size.remembered(self))
        self.shut_down()
        super().closeEvent(event)

    # -- pages --------------------------------------------------------------------------------------------------

    def show_page(self, key: str) -> None:
        """Bring the page `key` to the front; pages other than Photos are built when first asked for."""
        if key not in self._built:
            builders = {
                "live": self._build_live,
                "finetune": self._build_finetune,
                "models": self._build_models,
                "settings": self._build_settings,
            }
            self._add_page(key, builders[key]())
        self._pages.setCurrentWidget(self._built[key])
        self.rail.set_current(key)
        self.active.check()

    def _add_page(self, key: str, page: QWidget) -> None:
        self._built[key] = page
        self._pages.addWidget(page)

    def _build_live(self) -> QWidget:
        from mobilenet_gui.ui.live.page import LivePage

        page = LivePage(self._settings, self.inference, toasts=self.toasts, limits=self.photos.limits)
        page.set_bundle(self.active.bundle)
        page.set_model_trouble(self.active.words())
        page.set_installed_models(self.active.installed)
        page.models_requested.connect(self._models_requested)
        page.model_chosen.connect(self.active.use)
        page.trouble_read.connect(self.active.forget_failure)
        page.correction_requested.connect(self._correct)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), page).activated.connect(self._undo_correction)
        page.progress_changed.connect(lambda fraction: self.rail.set_progress("live", fraction))
        once = Qt.ConnectionType.SingleShotConnection
        page.controller.answered.connect(lambda _answer: self._trace.mark("first live answer"), once)
        return page

    def _live(self) -> LivePage:
        if "live" not in self._built:
            self._add_page("live", self._build_live())
        return cast("LivePage", self._built["live"])

    def _build_finetune(self) -> QWidget:
        from mobilenet_gui.ui.finetune.page import FinetunePage

        desk = self.desk
        page = FinetunePage(self._settings, desk.tasks, desk.pictures, toasts=self.toasts)
        page.open_requested.connect(desk.open)
        page.new_requested.connect(desk.begin)
        page.shelf.arrived.connect(self._trace_pictures)
        desk.failed.connect(page.complain)
        desk.training_changed.connect(page.show_training)
        desk.training_ended.connect(page.end_training)
        cast("NewsDesk", self._news).set_page(page)
        return page

    def _trace_pictures(self, paths: Sequence[str]) -> None:
        if not all(map(self._finetune().shelf.is_hopeless, paths)):
            self._trace.mark("first project picture")

    def _finetune(self) -> FinetunePage:
        if "finetune" not in self._built:
            self._add_page("finetune", self._build_finetune())
        return cast("FinetunePage", self._built["finetune"])

    def _build_models(self) -> QWidget:
        from mobilenet_gui.ui.models.page import ModelsPage

        page = ModelsPage(self._settings, self._store, self.tasks, self.active)
        page.progress_changed.connect(lambda fraction: self.rail.set_progress("models", fraction))
        page.teach_requested.connect(self._teach)
        return page

    def _teach(self, model_id: str) -> None:
        """Begin a new model whose base is `model_id`."""
        self.show_page("finetune")
        self.desk.begin(base=model_id)

    def _models(self) -> ModelsPage:
        self.show_page("models")
        return cast("ModelsPage", self._built["models"])

    def _build_settings(self) -> QWidget:
        from mobilenet_gui.ui.settings_page import SettingsPage

        return SettingsPage(self._settings, self._theme)

    # -- wiring -------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        self.rail.navigated.connect(self.show_page)
        self.photos.set_installed_models(self.active.installed)
        self.photos.models_requested.connect(self._models_requested)
        self.photos.model_chosen.connect(self.active.use)
        self.photos.trouble_read.connect(self.active.forget_failure)
        self.photos.correction_requested.connect(self._correct)
        self.photos.user_actions.correction_undo_requested.connect(self._undo_correction)
        self.photos.progress_changed.connect(lambda fraction: self.rail.set_progress("photos", fraction))
        self.photos.first_result.connect(lambda: self._trace.mark("first result"))
        self.active.changed.connect(self._model_changed)
        self.active.unrecorded.connect(lambda error: self.toasts.show_message(str(error)))
        self._settings.subscribe(self._settings_changed)

    def _settings_changed(self, names: frozenset[str]) -> None:
        values = self._settings.values
        if "theme" in names:
            self._theme.set_mode(values.theme)
        if "threads" in names:
            self.inference.set_threads(values.threads)
        if "precision" in names:
            self.active.precision = values.precision
        if names & {"threads", "precision"}:
            self.active.reload()
        if self._tasks is not None:
            self._tasks.set_settings(values)

    def _use_new_model(self, page: str) -> None:
        self.show_page(page)
        self.raise_()
        self.activateWindow()

    def _correct(self, wish: CorrectionWish) -> None:
        from mobilenet_gui.ui.corrections.wish import can_correct

        if can_correct(wish.bundle):
            self.corrections.ask(wish)
            return
        from mobilenet_gui.ui.corrections.desk import explain_corrections

        wish.over()
        explain_corrections(self.toasts, lambda: self.show_page("finetune"))

    def _undo_correction(self) -> None:
        if self._corrections is not None:
            self._corrections.undo_last()

    def _model_changed(self) -> None:
        if self.active.bundle is not None:
            self._trace.mark("model ready")
        self.photos.set_model_trouble(self.active.words())
        if "live" in self._built:
            self._live().set_model_trouble(self.active.words())

    def _models_requested(self, action: str) -> None:
        """Follow the Photos page to the Models page.

        Args:
            action: `show`; `official` (chosen there) or `download` (begun), of the recommended one; `import`; `folder`.
        """
        page = self._models()
        if action == "official":
            page.show_recommended()
        elif action == "download":
            page.start_recommended_download()
        elif action == "import":
            page.ask_for_import()
        elif action == "folder":
            page.imports.ask_for_folder()

    def _add_shortcuts(self) -> None:
        bindings: list[tuple[str, Callable[[], None]]] = [
            ("Ctrl+1", lambda: self.show_page("photos")),
            ("Ctrl+2", lambda: self.show_page("live")),
            ("Ctrl+3", lambda: self.show_page("finetune")),
            ("Ctrl+4", lambda: self.show_page("models")),
            ("Ctrl+,", lambda: self.show_page("settings")),
            ("F1", self._show_shortcuts),
        ]
        for keys, slot in bindings:
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def _show_shortcuts(self) -> None:
        from mobilenet_gui.ui.shortcuts_dialog import ShortcutsDialog

        ShortcutsDialog(self).show()

    # -- drops anywhere on the window ---------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept what a page can use, and show that the whole window takes it."""
        self._drops.enter(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Keep accepting while the pointer moves."""
        accept_copy(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Show the page as it was."""
        self._drops.leave()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Give the drop to the page that can use it."""
        self._drops.drop(event)

    def _finetune_in_front(self) -> FinetunePage | None:
        page = self._built.get("finetune")
        return self._finetune() if page is not None and self._pages.currentWidget() is page else None
