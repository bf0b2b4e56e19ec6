"""The fine-tune page: every project as a card, the way to a new one, and what is done to projects as a whole.

It keeps no projects: the tasks do. Opening one is left to whoever listens.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QVBoxLayout, QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import shown, tr
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.training.project_summary import ProjectSummary
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.addresses import is_file, local_files
from mobilenet_gui.ui.finetune.archives import ZIP, ArchiveDesk, open_folder
from mobilenet_gui.ui.finetune.board import CardBoard
from mobilenet_gui.ui.finetune.card import NewCard, ProjectCard
from mobilenet_gui.ui.finetune.words import look_of
from mobilenet_gui.ui.icons import icon
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.ui.tokens import PAGE_MARGIN
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.page_header import PageHeader
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.ui.wizard.photo_shelf import PhotoShelf
from mobilenet_gui.workers.projects import ProjectTasks
from mobilenet_gui.workers.small_pictures import SmallPictures


class FinetunePage(QWidget):
    """The page.

    Attributes:
        open_requested: a project is to be opened in the wizard; its id.
        opened: the page has come to the front.
        new_requested: a new project is to be made and opened; the files and folders (list of Path) to begin with.
    """

    open_requested = Signal(str)
    new_requested = Signal(object)
    opened = Signal()

    def __init__(
        self,
        settings: SettingsStore,
        tasks: ProjectTasks,
        pictures: SmallPictures,
        *,
        toasts: ToastHost,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tasks, self._toasts = tasks, toasts
        self._summaries: list[ProjectSummary] = []
        self._live: tuple[str, float | None, str] | None = None
        self._leaving: set[str] = set()
        self._gone: list[str] = []
        self._loading = self._again = False
        self.shelf = PhotoShelf(pictures, Path, self, limit=16 * 1024 * 1024)
        self.header = PageHeader(tr("Fine-tune"))
        self.import_button = Button(tr("Import project…"), "export")
        self.header.add_action(self.import_button)
        self.notices = Notices()
        self.archives = ArchiveDesk(tasks, settings, self, notices=self.notices, toasts=toasts)
        self.new_card = NewCard()
        self.cards: dict[str, ProjectCard] = {}
        self.board = CardBoard()
        self._lay_out()
        self.import_button.clicked.connect(self.archives.ask_for_import)
        self.archives.open_requested.connect(self._open)
        self.new_card.clicked.connect(lambda: self.new_requested.emit([]))
        self.shelf.arrived.connect(self._pictures_arrived)
        tasks.list_changed.connect(self.refresh)
        tasks.save_failed.connect(self._not_saved)
        tasks.saved.connect(self._saved)
        self.board.set_cards([self.new_card])
        undo = QShortcut(QKeySequence(QKeySequence.StandardKey.Undo), self)
        undo.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        undo.activated.connect(self.undo_removal)

    def _lay_out(self) -> None:
        words = text_label(
            tr("Teach MobileNet your own things with a few dozen photos of each. Training runs on this computer."),
            "body", "text2", wrap=True,
        )  # fmt: skip
        words.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN, 18)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(words)
        column.addWidget(self.notices)
        column.addWidget(self.board)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self.header)
        page.addWidget(area, 1)
        self.header.setFixedHeight(fonts.px(60))

    # -- called from outside ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Look at the projects anew."""
        if self._loading:
            self._again = True
            return
        self._loading = True
        self._tasks.summaries(self._show, self._complain)

    def show_training(self, project_id: str, fraction: float | None, words: str) -> None:
        """Show on its card how a project's training goes."""
        new = self._live is None or self._live[0] != project_id
        self._live = (project_id, fraction, words)
        if new:
            self._dress_all()
        else:
            self._dress(project_id)

    def end_training(self) -> None:
        """No training is under way any more."""
        if self._live is not None:
            self._live = None
            self.refresh()

    def can_take(self, mime: QMimeData) -> bool:
        """Say whether what is dragged could begin a project: local files or folders."""
        return any(map(is_file, mime.urls()))

    def set_dragging(self, dragging: bool) -> None:
        """Show that files hover over the window."""
        self.new_card.set_dragging(dragging)

    def take(self, mime: QMimeData) -> None:
        """Begin a project with what was dropped, or import one that somebody exported."""
        files = local_files(mime)
        places = files.paths
        if files.refused:
            self._complain(files.refused[0])
        zips = [place for place in places if place.suffix.lower() == ZIP]
        for place in zips:
            self.import_zip(place)
        rest = [place for place in places if place not in zips]
        if rest:
            self.new_requested.emit(rest)

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the projects as the page comes to the front."""
        super().showEvent(event)
        self.opened.emit()
        self.refresh()

    # -- showing ----------------------------------------------------------------------------------------------------

    def _show(self, summaries: list[ProjectSummary]) -> None:
        self._loading = False
        self._summaries = [summary for summary in summaries if summary.id not in self._leaving]
        wanted = {summary.id for summary in self._summaries}
        for project_id in [one for one in self.cards if one not in wanted]:
            gone = self.cards.pop(project_id)
            gone.hide()
            gone.deleteLater()
        for summary in self._summaries:
            if summary.id not in self.cards:
                self.cards[summary.id] = self._new_card(summary.id)
        self.board.set_cards([self.new_card, *(self.cards[summary.id] for summary in self._summaries)])
        self._dress_all()
        if self._again:
            self._again = False
            self.refresh()

    def _new_card(self, project_id: str) -> ProjectCard:
        card = ProjectCard()
        card.clicked.connect(lambda: self._open(project_id))
        card.menu_requested.connect(lambda at: self.card_menu(project_id).popup(at))
        card.renamed.connect(lambda name: self._rename(project_id, name))
        card.remove_requested.connect(lambda: self.remove(project_id))
        return card

    def _dress_all(self) -> None:
        for summary in self._summaries:
            self._dress(summary.id)

    def _dress(self, project_id: str) -> None:
        summary = self.summary(project_id)
        card = self.cards.get(project_id)
        if summary is None or card is None:
            return
        live = self._live[1:] if self._live is not None and self._live[0] == project_id else None
        card.show_look(look_of(summary, live))
        card.show_covers([self.shelf.get(path) for path in card.look.covers])

    def summary(self, project_id: str) -> ProjectSummary | None:
        """Return what is known of a project that is shown."""
        return next((summary for summary in self._summaries if summary.id == project_id), None)

    def _pictures_arrived(self, paths: Sequence[str]) -> None:
        came = set(paths)
        for card in self.cards.values():
            if came.intersection(card.look.covers):
                card.show_covers([self.shelf.get(path) for path in card.look.covers])

    # -- doing ------------------------------------------------------------------------------------------------------

    def card_menu(self, project_id: str) -> QMenu:
        """Return the menu of a project's card."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        summary, card = self.summary(project_id), self.cards.get(project_id)
        if summary is None or card is None:
            return menu
        usable = not summary.problem
        entries = [
            ("sliders", tr("Open"), lambda: self._open(project_id), usable),
            ("pencil", f"{tr('Rename')}\tF2", card.name.edit, usable),
            ("copy", tr("Duplicate"), lambda: self._duplicate(summary), usable),
            ("export", tr("Export as one file…"), lambda: self.archives.ask_where_to_export(summary), usable),
            ("folder", tr("Show in folder"), lambda: open_folder(summary.folder), True),
            ("trash", f"{tr('Delete')}\tDel", lambda: self.remove(project_id), True),
        ]
        for icon_name, text, slot, enabled in entries:
            if icon_name == "trash":
                menu.addSeparator()
            action = menu.addAction(icon(icon_name, "text2"), text)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _checked=False, act=slot: act())
        return menu

    def remove(self, project_id: str) -> None:
        """Delete a project, with a way back."""
        summary = self.summary(project_id)
        if summary is None:
            return
        if self._live is not None and self._live[0] == project_id:
            text = tr("{project} is being trained. Stop the training first.").format(project=summary.name)
            self.notices.show_notice("project", "warn", text)
            return
        name = summary.name

        def done(token: str) -> None:
            self._leaving.discard(project_id)
            self._gone.append(token)
            self._toasts.show_message(
                tr("{project} deleted").format(project=name), tr("Undo"), lambda: self._restore(token)
            )

        def failed(error: UserError) -> None:
            self._leaving.discard(project_id)
            self._complain(error)
            self.refresh()

        self._leaving.add(project_id)
        self._show(self._summaries)
        self._tasks.delete(project_id, done, failed)

    def import_zip(self, source: Path) -> None:
        """Make a project of an exported one."""
        self.archives.import_zip(source)

    def _open(self, project_id: str) -> None:
        summary = self.summary(project_id)
        if summary is not None and summary.problem:
            self.notices.show_notice("project", "bad", f"{shown(summary.name)}: {summary.problem}")
            return
        self.notices.dismiss("project")
        self.open_requested.emit(project_id)

    def complain(self, error: UserError) -> None:
        """Say what went wrong with a project."""
        self.notices.show_notice("project", "bad", str(error))

    def _not_saved(self, project_id: str, error: UserError) -> None:
        """Say that a project is not on the disk; its wizard may be closed already."""
        summary = self.summary(project_id)
        words = tr("“{project}” is not saved yet: {reason} It is tried again.")
        name = project_id if summary is None else summary.name
        self.notices.show_notice(
            f"unsaved {project_id}", "bad", words.format(project=name, reason=error.reason), closable=False
        )

    def _saved(self, project_id: str) -> None:
        self.notices.dismiss(f"unsaved {project_id}")

    def _rename(self, project_id: str, name: str) -> None:
        self._tasks.rename(project_id, name, lambda _none: self.refresh(), self._rename_failed)

    def _rename_failed(self, error: UserError) -> None:
        self._complain(error)
        self.refresh()

    def _duplicate(self, summary: ProjectSummary) -> None:
        names = {one.name for one in self._summaries}
        name, number = tr("{name} copy").format(name=summary.name), 2
        while name in names:
            name, number = tr("{name} copy {n}").format(name=summary.name, n=number), number + 1
        self._tasks.duplicate(summary.id, name, lambda _id: None, self._complain)

    def undo_removal(self) -> None:
        """Bring the project back that was deleted last, long after the toast that offers it."""
        if self._gone:
            self._toasts.dismiss()
            self._restore(self._gone[-1])

    def _restore(self, token: str) -> None:
        if token in self._gone:
            self._gone.remove(token)
            self._tasks.restore(token, lambda _id: None, self._complain)

    def _complain(self, error: UserError) -> None:
        self._loading = False
        self.complain(error)
