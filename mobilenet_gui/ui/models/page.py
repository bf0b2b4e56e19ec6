"""The models page: lists what is here and what could be, and turns what the person asks for into tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mobilenet_gui.core import catalog
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.i18n import tr
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.models import words
from mobilenet_gui.ui.models.choice import ALL, OfficialChoice
from mobilenet_gui.ui.models.details import ModelDetails
from mobilenet_gui.ui.models.empty import NoModelCard
from mobilenet_gui.ui.models.import_desk import ImportDesk
from mobilenet_gui.ui.models.items import ModelItem, Shelf, build_shelf, plot_items
from mobilenet_gui.ui.models.list import ModelList, Section
from mobilenet_gui.ui.models.notices import Notices
from mobilenet_gui.ui.models.removing import RemovalDesk, chosen_after
from mobilenet_gui.ui.models.task_words import failure_text
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.fields import SearchField
from mobilenet_gui.ui.widgets.page_header import PageHeader
from mobilenet_gui.ui.widgets.scatter import ScatterPoint
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.workers.active_model import ActiveModel
from mobilenet_gui.workers.model_state import TaskState
from mobilenet_gui.workers.models import ModelTasks


class ModelsPage(QWidget):
    """The page. It keeps no models: store and tasks do.

    Attributes:
        progress_changed: share of the running downloads that is done, None where none runs; for the rail.
        teach_requested: a new model is to be taught from this one, by id.
    """

    progress_changed = Signal(object)
    teach_requested = Signal(str)

    def __init__(
        self,
        settings: SettingsStore,
        store: ModelStore,
        tasks: ModelTasks,
        active: ActiveModel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._active = active
        self._settings = settings
        self._store = store
        self._tasks = tasks
        self._shelf = Shelf((), ())
        self.search = SearchField(tr("Search models"))
        self.import_button = Button(tr("Import from file…"), "export")
        self.show_details = IconButton("inspector", tr("Show details (F9)"))
        self.header = PageHeader(tr("Models"))
        self.notices = Notices()
        self.imports = ImportDesk(store, tasks)
        self.list = ModelList()
        self.choice = OfficialChoice(self)
        self.choice.hide()
        self.details = ModelDetails()
        entry = catalog.by_id(catalog.DEFAULT_ID)
        assert entry is not None  # noqa: S101 - the catalogue's own default
        self.no_model = NoModelCard(entry.name, words.megabytes(entry.download_bytes), self)
        self.no_model.hide()
        self._lay_out()
        self.toasts = ToastHost(self)
        self.removal = RemovalDesk(tasks, self.toasts, self)
        self._connect()
        tasks.set_settings(settings.values)
        tasks.remember_partials()
        self.refresh()

    # -- called from outside --------------------------------------------------------------------------------------

    def show_recommended(self) -> None:
        """Choose the model that a newcomer is offered; nothing is downloaded."""
        self._pick(catalog.DEFAULT_ID)

    def start_recommended_download(self) -> None:
        """Download the model that a newcomer is offered."""
        self.select(catalog.DEFAULT_ID)
        if not self._store.has(catalog.DEFAULT_ID):
            self._tasks.download(catalog.DEFAULT_ID)
        self.list.reveal(catalog.DEFAULT_ID)

    def ask_for_import(self) -> None:
        """Ask for a model file."""
        self.imports.ask_for_files()

    def handle_paths(self, paths: Sequence[Path]) -> bool:
        """Offer model files for import, one after another; say whether there was any."""
        return self.imports.take(paths)

    def select(self, model_id: str) -> None:
        """Show the details of a model."""
        self.list.choose(model_id)
        self._show_details()

    # -- building -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.search.setMinimumWidth(140)
        self.search.setMaximumWidth(fonts.px(180))
        for widget in (self.search, self.import_button, self.show_details):
            self.header.add_action(widget)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.header, self.notices, self.imports):
            column.addWidget(part)
        column.addWidget(self.list, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(column, 1)
        row.addWidget(self.details)
        self._show_inspector(self._settings.values.inspector_visible)
        self.details.set_chosen_width(self._settings.values.inspector_width)

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _text: self._fill())
        self.import_button.clicked.connect(self.ask_for_import)
        self.no_model.download_wanted.connect(self.start_recommended_download)
        self.no_model.file_wanted.connect(self.ask_for_import)
        self.no_model.folder_wanted.connect(self.imports.ask_for_folder)
        self.list.chosen.connect(lambda _id: self._show_details())
        self.list.asked.connect(self._do)
        self.choice.changed.connect(self._fill)
        self.details.asked.connect(self._do)
        self.details.renamed.connect(self._tasks.rename)
        self.details.picked.connect(self._pick)
        self.details.hide_requested.connect(lambda: self._keep_inspector(False))
        self.details.width_changed.connect(lambda width: self._settings.update(inspector_width=width))
        self.show_details.clicked.connect(lambda: self._keep_inspector(True))
        self.removal.left.connect(self._show_removed)
        self.removal.returned.connect(self._show_returned)
        self.imports.refused.connect(lambda tone, text: self.notices.say("folder", tone, text))
        self.imports.taken.connect(lambda: self.notices.drop("folder"))
        self.imports.done.connect(self.import_button.setFocus)
        self._tasks.started.connect(self._on_started)
        self._tasks.progressed.connect(self._on_progressed)
        self._tasks.returned.connect(self._on_returned)
        self._tasks.failed.connect(self._on_failed)
        self._tasks.cancelled.connect(self._fill)
        self._tasks.models_changed.connect(self.refresh)
        self._active.changed.connect(self.refresh)
        self._settings.subscribe(self._on_settings)
        undo = QKeySequence(QKeySequence.StandardKey.Undo)
        for keys, slot in (("F9", self._flip_inspector), ("Ctrl+F", self.search.setFocus), (undo, self.removal.undo)):
            # A hidden page's shortcuts rest, so those of other pages may have the same keys.
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def showEvent(self, event: QShowEvent) -> None:
        """Learn the speed of models that another way than this page brought here."""
        super().showEvent(event)
        self._tasks.measure_new()
        # The focus comes once the page is shown, to a field or chip that would swallow every letter and arrow.
        QTimer.singleShot(0, self, self._leave_search)

    def _leave_search(self) -> None:
        focused = self.focusWidget()
        first = self.search.hasFocus() or (focused is not None and self.choice.isAncestorOf(focused))
        if first and not self.search.text():
            self.list.focus_chosen()

    # -- showing --------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the store anew and show it."""
        bundles = self._store.list()
        measured = {b.id: speed.milliseconds for b in bundles if (speed := self._tasks.book.get(b)) is not None}
        answering = self._active.bundle
        self._shelf = build_shelf(bundles, active_id=None if answering is None else answering.id, speeds=measured)
        if not self.list.chosen_id or self._shelf.find(self.list.chosen_id) is None:
            first = self._shelf.installed[:1]
            self.list.choose(first[0].id if first else catalog.DEFAULT_ID)
        self._show_broken()
        self._show_trouble()
        self._fill()

    def _fill(self) -> None:
        tasks = {task.id: task for task in self._tasks.states() if task.kind != "inspect"}
        listed = [*self._importing(tasks), *(i for i in self._shelf.installed if not self._tasks.is_leaving(i.id))]
        text = self.search.text().strip()
        sections = self._official(tasks)
        if text:
            listed = [item for item in listed if item.matches(text)]
            matching = tuple(item for item in self._shelf.official if item.matches(text))
            sections = [Section(tr("To download"), matching, tr("No official model is called that."))]
            self.choice.hide()
        here = tr("On this computer")
        first = Section(here, tuple(listed), tr("No model here is called that."), None if text else self.no_model)
        if listed or text:
            self.no_model.hide()
        self.no_model.download.setEnabled(catalog.DEFAULT_ID not in tasks)
        self.list.show_sections([first, *sections], tasks)
        self._show_details()

    def _official(self, tasks: dict[str, TaskState]) -> list[Section]:
        shown = self.choice.items(self._shelf)
        under_way = tuple(item for item in self._shelf.official if item.id in tasks and item not in shown)
        hint = tr("All of them are on this computer.")
        return [Section(tr("To download"), (*under_way, *shown), hint, choice=self.choice)]

    def _importing(self, tasks: dict[str, TaskState]) -> list[ModelItem]:
        running = [task for task in tasks.values() if task.kind == "import" and task.running]
        return [ModelItem(t.id, t.title, tr("Being imported"), 0, 0, None) for t in running]

    def _show_details(self) -> None:
        item = self._shelf.find(self.list.chosen_id)
        if item is None:
            self.details.show_item(None)
        else:
            speed = self._tasks.book.get(item.bundle) if item.bundle is not None else None
            disk = self._store.disk_usage(item.id) if item.installed else 0
            self.details.show_item(item, speed, disk, self._tasks.state(item.id))
        points = [
            ScatterPoint(
                i.id, i.short_name, i.milliseconds or 0, i.correct or 0, i.estimated, i.id == self.list.chosen_id
            )
            for i in plot_items(self._shelf, self.list.chosen_id)
        ]
        self.details.show_points(points)

    def _show_broken(self) -> None:
        broken = self._store.broken()
        keys = {f"broken:{entry.path.name}" for entry in broken}
        for key in self.notices.keys():  # noqa: SIM118 - a method of its own, not a dictionary's
            if key.startswith("broken:") and key not in keys:
                self.notices.drop(key)
        for entry in broken:
            name = entry.path.name
            self.notices.say(
                f"broken:{name}",
                "warn",
                tr("The model {model} cannot be used. {reason}").format(model=name, reason=entry.reason),
                action=tr("Remove"),
                on_action=lambda name=name: self._tasks.remove(name),  # type: ignore[misc]
            )

    def _show_trouble(self) -> None:
        """Say which model was asked for and cannot be used; that is then not said of the folder once more."""
        text, failure = self._active.words(), self._active.failure
        if failure is None:
            self.notices.drop("in use")
        else:
            self.notices.drop(f"broken:{failure.id}")
            measured = self._tasks.state(failure.id)
            if measured is not None and measured.kind == "measure" and measured.error is not None:
                self._tasks.dismiss(failure.id)
                self.notices.drop(failure.id)
            can_go = self._store.has(failure.id) and not self._store.is_builtin(failure.id)
            self.notices.say(
                "in use", "bad", text, action=tr("Remove") if can_go else "",
                on_action=lambda: self._tasks.remove(failure.id), on_close=self._active.forget_failure,
            )  # fmt: skip

    def _pick(self, model_id: str) -> None:
        if self.list.row(model_id) is None:
            self.choice.choose(ALL)
        self.select(model_id)
        self.list.reveal(model_id)

    # -- doing ----------------------------------------------------------------------------------------------------

    def _do(self, model_id: str, action: str) -> None:
        try:
            if action in ("use", "download"):
                self.select(model_id)
            if action == "use":
                item = self._shelf.find(model_id)
                self._active.use(model_id, "" if item is None else item.name)
            elif action == "teach":
                self.teach_requested.emit(model_id)
            elif action == "remove":
                item = self._shelf.find(model_id)
                if item is not None:
                    self.removal.remove(item)
            else:
                tasks = self._tasks
                {
                    "download": tasks.download, "pause": tasks.pause, "resume": tasks.resume,
                    "cancel": tasks.cancel, "measure": tasks.measure,
                }[action](model_id)  # fmt: skip
        except UserError as error:
            self.notices.say(model_id, "bad", str(error))

    def _show_removed(self, model_id: str) -> None:
        self.list.choose(chosen_after(self._shelf, self._tasks, model_id))
        self._fill()

    def _show_returned(self, model_id: str) -> None:
        self._fill()
        self.select(model_id)

    # -- hearing --------------------------------------------------------------------------------------------------

    def _on_started(self, model_id: str) -> None:
        self.notices.drop(model_id)
        state = self._tasks.state(model_id)
        if state is not None and state.kind in ("download", "import"):
            self._fill()

    def _on_progressed(self, model_id: str, state: TaskState) -> None:
        row = self.list.row(model_id)
        if row is not None:
            row.show_item(row.item, state)
        item = self._shelf.find(model_id)
        if item is not None and model_id == self.list.chosen_id:
            self.details.show_task(state)
        self._tell_rail()

    def _on_returned(self, model_id: str, result: object) -> None:
        self._tell_rail()
        if model_id.startswith("import:") and isinstance(result, Bundle):
            self.list.choose(result.id)

    def _on_failed(self, model_id: str, error: UserError) -> None:
        if model_id.startswith("inspect:"):
            return
        state = self._tasks.state(model_id)
        self._fill()
        self._tell_rail()
        if state is None:
            self.notices.say(model_id, "bad", str(error))
            return
        if state.kind == "measure" and self._active.failure is not None and self._active.failure.id == model_id:
            self._show_trouble()  # that it cannot be used has been said, and why
            return
        item = self._shelf.find(model_id)
        text, action, tone = failure_text(item.name if item is not None else state.title or model_id, state)
        labels = {"resume": tr("Resume"), "retry": tr("Try again")}
        self.notices.say(
            model_id, tone, text, action=labels.get(action, ""),
            on_action=lambda: self._do(model_id, "resume"), on_close=lambda: self._dismiss(model_id),
        )  # fmt: skip

    def _dismiss(self, model_id: str) -> None:
        self._tasks.dismiss(model_id)
        self._fill()

    def _tell_rail(self) -> None:
        shares = [s.fraction for s in self._tasks.states() if s.kind in ("download", "import") and s.running]
        known = [share for share in shares if share is not None]
        self.progress_changed.emit(sum(known) / len(shares) if shares and known else 0.0 if shares else None)

    def _on_settings(self, names: frozenset[str]) -> None:
        self._tasks.set_settings(self._settings.values)
        if "inspector_visible" in names:
            self._show_inspector(self._settings.values.inspector_visible)

    # -- the inspector --------------------------------------------------------------------------------------------

    def _flip_inspector(self) -> None:
        self._keep_inspector(self.details.isHidden())

    def _keep_inspector(self, visible: bool) -> None:
        self._show_inspector(visible)
        self._settings.update(inspector_visible=visible)

    def _show_inspector(self, visible: bool) -> None:
        self.details.setVisible(visible)
        self.show_details.setVisible(not visible)
