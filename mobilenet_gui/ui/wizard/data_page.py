"""The wizard's first step: the classes as cards, one class's photos, and every way in for new ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.core.imaging_formats import SUPPORTED_SUFFIXES
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.project import Change
from mobilenet_gui.ui.live.files import video_files
from mobilenet_gui.ui.photos.drop import can_take
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.ui.tokens import DIALOG_MARGIN
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.turns import paint_next_turn
from mobilenet_gui.ui.wizard import data_menus
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.data_classes import ClassModel
from mobilenet_gui.ui.wizard.data_detail import ClassDetail
from mobilenet_gui.ui.wizard.data_drop import DropStrip, EmptyData
from mobilenet_gui.ui.wizard.data_grid import ClassGrid
from mobilenet_gui.ui.wizard.data_intake import DataIntake
from mobilenet_gui.ui.wizard.data_lost import LostNotice
from mobilenet_gui.ui.wizard.flow import Key, lost_words
from mobilenet_gui.ui.wizard.page import Action, Footer, WizardPage, forward
from mobilenet_gui.ui.wizard.photo_grid import dragged_photos
from mobilenet_gui.ui.wizard.situation import situation_of, what_is_missing
from mobilenet_gui.ui.wizard.undoing import Undoing
from mobilenet_gui.workers.collector import MANY

if TYPE_CHECKING:
    from mobilenet_gui.ui.wizard.capture_dialog import CaptureDialog

IDLE_MS = 400


class DataPage(WizardPage):
    """The step."""

    key: ClassVar[Key] = "data"

    def __init__(self, context: WizardContext) -> None:
        super().__init__(
            context, tr("Show it examples"), tr("One class per thing. 50 or more photos each work well.")
        )  # fmt: skip
        self._undoing = Undoing(context)
        self.classes = ClassModel(context.project, context.files, self)
        self.grid = ClassGrid(self.classes, context.shelf)
        self.strip = DropStrip()
        self.empty = EmptyData()
        self.notices = Notices()
        self._detail: ClassDetail | None = None
        self._capture: CaptureDialog | None = None
        self.intake = DataIntake(context, self.notices, self._undoing, self)
        self._lost = LostNotice(
            context, self.notices, find=self.ask_where_photos_are, repaint=self.grid.viewport().update, parent=self
        )
        self.camera = Button(tr("From camera"), "camera")
        self.add_class_button = Button(tr("Add class"), "plus")
        self.more = IconButton("more", tr("More"), framed=True)
        for widget in (self.camera, self.add_class_button, self.more):
            self.add_heading_widget(widget)
        self.views = QStackedWidget()
        self.overview = QWidget()
        self._lay_out()
        self._connect()
        self._arrange()
        # The first click on a class then has less to do.
        self._ahead = QTimer(self)
        self._ahead.setSingleShot(True)
        self._ahead.timeout.connect(self._build_ahead)
        self._ahead.start(IDLE_MS)

    # -- what the dialog asks ---------------------------------------------------------------------------------------

    def entered(self) -> None:
        """Show the classes as they are now."""
        self._arrange()

    def shut_down(self) -> None:
        """Stop what is on its way in."""
        self._ahead.stop()
        self._lost.stop()
        self.intake.stop()

    def footer(self) -> Footer:
        """Say how many there are, or what is missing."""
        situation = situation_of(self.context)
        problem = what_is_missing(self.context)
        photos = trn("{n} photo", "{n} photos", situation.photos)
        words = trn("{photos} in {n} class", "{photos} in {n} classes", situation.classes).replace("{photos}", photos)
        waiting = self.intake.busy
        on = forward(enabled=situation.data_ready and not waiting, tip=problem)
        if gone := lost_words(situation):
            words = f"{words}. {gone}"
        text = problem if problem and situation.classes else words if situation.classes else ""
        return Footer(text, actions=(Action("close", tr("Save and close"), "ghost"), on))

    def can_take(self, mime: QMimeData) -> bool:
        """Take files, folders, pictures, and photos from one class to another."""
        return bool(dragged_photos(mime)) or can_take(mime)

    def set_dragging(self, mime: QMimeData | None, at: QPoint | None = None) -> None:
        """Show where a drop would go."""
        moving = mime is not None and bool(dragged_photos(mime))
        target = "" if mime is None or at is None else self._target(at)
        self.grid.set_target(target if self.is_overview() else "")
        if self._detail is not None:
            self._detail.column.set_target("" if self.is_overview() else target)
            if at is not None and not self.is_overview():
                self._detail.column.scroll_while_dragging(at)
        hovering = mime is not None and not moving and not target
        self.strip.set_dragging(hovering)
        self.empty.set_dragging(mime is not None and not moving)

    def take(self, mime: QMimeData, at: QPoint | None = None) -> None:
        """Take what was dropped or pasted: on a class, into the class shown, or as folders of their own."""
        target = self._target(at) if at is not None else ""
        moved = dragged_photos(mime)
        if moved:
            if target:
                self.detail.move_to(moved, target)
            return
        if not target and not self.is_overview():
            target = self.detail.class_id
        video = _only_video(mime)
        if video is not None:
            self.take_photos(target, video)
            return
        # After the drop has returned: the source program waits for it, and must not wait for us.
        self.intake.take_mime(mime, target, at)

    # -- called from outside ----------------------------------------------------------------------------------------

    @property
    def detail(self) -> ClassDetail:
        """The view of one class; built when it is first wanted, since the window opens without it."""
        if self._detail is None:
            self._detail = detail = ClassDetail(self.context, self.classes, self._undoing)
            detail.back_requested.connect(self.show_overview)
            detail.menu_requested.connect(self._popup_class_menu)
            detail.camera_requested.connect(self.take_photos)
            detail.files_requested.connect(self.ask_for_files)
            self.views.addWidget(detail)
        return self._detail

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Take files and folders in."""
        self.intake.add_paths(paths)

    def show_photos(self, photo_ids: Sequence[str]) -> None:
        """Show photos of any classes together."""
        self.detail.show_photos(photo_ids, tr("Photos to look at"))
        self._show_detail()

    def find_photos(self) -> None:
        """Ask where missing photos are, once the page stands."""
        QTimer.singleShot(0, self, self.ask_where_photos_are)

    def open_class(self, class_id: str) -> None:
        """Show one class's photos."""
        self.detail.show_class(class_id)
        self._show_detail()
        if len(self.detail.rows.ids) >= MANY:
            paint_next_turn(self.views)

    def show_overview(self) -> None:
        """Show all classes."""
        shown = "" if self._detail is None else self._detail.class_id
        self.heading.show()
        self.views.setCurrentWidget(self.overview)
        if shown:
            self.grid.show_class(shown)
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- building ---------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.body.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout(self.overview)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.notices.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        column.addWidget(self.notices)
        column.addWidget(self.grid, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(DIALOG_MARGIN, 0, DIALOG_MARGIN, 20)
        foot.addWidget(self.strip)
        self.context.toasts.keep_clear_of(self.strip)
        foot.addWidget(self.empty, 1)
        column.addLayout(foot)
        self._spare = QWidget()
        column.addWidget(self._spare)
        self._column, self._foot = column, foot
        self.views.addWidget(self.overview)
        self.body.addWidget(self.views, 1)

    def _connect(self) -> None:
        hub = self.context.hub
        hub.project_changed.connect(self._follow)
        grid = self.grid
        grid.reshaped.connect(self._arrange)
        grid.opened.connect(self.open_class)
        grid.renamed.connect(self._rename)
        grid.menu_requested.connect(self._popup_class_menu)
        grid.delete_requested.connect(self.delete_classes)
        grid.camera_requested.connect(self.take_photos)
        for source in (self.strip, self.empty):
            source.folders_requested.connect(self.ask_for_folder)
            source.files_requested.connect(lambda: self.ask_for_files(""))
        self.empty.camera_requested.connect(lambda: self.take_photos(""))
        self.empty.class_requested.connect(self.add_class)
        self.camera.clicked.connect(lambda: self.take_photos(""))
        self.add_class_button.clicked.connect(self.add_class)
        self.more.clicked.connect(self._popup_page_menu)
        self.intake.busy_changed.connect(self.changed)
        self.intake.video_wanted.connect(lambda video: self.take_photos("", video))

    def _build_ahead(self) -> None:
        if self._detail is None:
            self.detail.refresh()

    # -- showing ----------------------------------------------------------------------------------------------------

    def is_overview(self) -> bool:
        """Say whether all classes are shown, and not one."""
        return self.views.currentWidget() is self.overview

    def _show_detail(self) -> None:
        self.heading.hide()
        self.views.setCurrentWidget(self.detail)
        self.detail.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def _follow(self, change: Change) -> None:
        self.classes.follow(change)
        if not self.is_overview():
            self.detail.follow(change)
        self._arrange()
        if max(len(change.added), len(change.removed), len(change.changed)) >= MANY:
            paint_next_turn(self.views)
        self.changed.emit()

    def _arrange(self) -> None:
        """Show cards and strip, or the large place where there is no class; the strip follows the last row."""
        some = self.classes.rowCount() > 0
        self.grid.setVisible(some)
        self.strip.setVisible(some)
        self.empty.setVisible(not some)
        for widget in (self.camera, self.add_class_button):
            widget.setVisible(some)
        self._column.setStretchFactor(self._foot, 0 if some else 1)
        self._spare.setVisible(some)
        if some:
            self.grid.setMaximumHeight(max(1, self.grid.content_height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let the strip follow the last row of cards at any width."""
        super().resizeEvent(event)
        self._arrange()

    def _target(self, at: QPoint) -> str:
        return self.grid.class_at(at) if self.is_overview() else self.detail.column.class_at(at)

    # -- doing ------------------------------------------------------------------------------------------------------

    def add_class(self) -> None:
        """Add an empty class and let its name be typed."""
        project, number = self.context.project, len(self.context.project.classes) + 1
        while project.class_named(tr("Class {n}").format(n=number)) is not None:
            number += 1
        name = tr("Class {n}").format(n=number)
        if self._undoing.do(lambda: project.add_class(name), "") and (made := project.class_named(name)) is not None:
            self.show_overview()
            self.grid.show_class(made.id)
            self.grid.rename(made.id)

    def delete_classes(self, class_ids: Sequence[str]) -> None:
        """Delete classes; their photos leave the project, their files stay."""
        project = self.context.project
        names = [one.name for one in project.classes if one.id in set(class_ids)]
        if not names:
            return

        def work() -> None:
            with project.step(trn("Delete {n} class", "Delete {n} classes", len(names))):
                for class_id in class_ids:
                    project.delete_class(class_id)

        words = tr("{name} deleted").format(name=names[0])
        self._undoing.do(
            work, words if len(names) == 1 else trn("{n} class deleted", "{n} classes deleted", len(names))
        )

    def merge(self, class_ids: Sequence[str], into: str) -> None:
        """Move all photos of classes to another and delete them."""
        row, gone = self.classes.find(into), [one for one in class_ids if one != into]
        if row is None or not gone:
            return
        first = self.classes.find(gone[0])
        if len(gone) == 1 and first is not None:
            words = tr("{name} merged into {other}").format(name=first.name, other=row.name)
        else:
            words = trn("{n} class merged into {other}", "{n} classes merged into {other}", len(gone))
            words = words.replace("{other}", row.name)
        self._undoing.do(lambda: self.context.project.merge_classes(gone, into), words)

    def ask_for_folder(self) -> None:
        """Let a folder be chosen and take it in."""
        folder = QFileDialog.getExistingDirectory(
            self,
            tr("Choose a folder of photos, or a folder of such folders"),
            self.context.settings.values.open_from,
        )
        if folder:
            self.context.settings.update(last_folder=folder)
            self.intake.add_paths([Path(folder)])

    def ask_where_photos_are(self) -> None:
        """Let the folder be chosen that photos were moved to, and look for them there."""
        folder = QFileDialog.getExistingDirectory(
            self, tr("Where are the photos now?"), self.context.settings.values.open_from
        )
        if folder:
            self.context.settings.update(last_folder=folder)
            self.intake.find_again(Path(folder))

    def ask_for_files(self, class_id: str) -> None:
        """Let photos be chosen for a class; where no class is given, also a table."""
        photos = " ".join(f"*{suffix}" for suffix in sorted(SUPPORTED_SUFFIXES))
        kinds = tr("Photos ({patterns})").format(patterns=photos)
        if not class_id:
            both = tr("Photos and tables ({patterns})").format(patterns=f"{photos} *.csv *.tsv")
            kinds = f"{both};;{kinds};;{tr('Tables ({patterns})').format(patterns='*.csv *.tsv')}"
        files, _ = QFileDialog.getOpenFileNames(
            self, tr("Choose photos"), self.context.settings.values.open_from, kinds
        )  # fmt: skip
        if files:
            self.context.settings.update(last_folder=str(Path(files[0]).parent))
            self.intake.add_paths([Path(file) for file in files], class_id)

    def take_photos(self, class_id: str, video: Path | None = None) -> None:
        """Open the window that takes photos with a camera, out of a stream or a video."""
        from mobilenet_gui.ui.wizard.capture_dialog import CaptureDialog

        if self._capture is not None:
            self._capture.begin_anew(class_id, video)
            return
        dialog = self._capture = CaptureDialog(self.context, class_id, self.window(), video=video)
        dialog.taken.connect(self.intake.add_taken)
        dialog.closed.connect(self._capture_closed)
        place = dialog.geometry()
        place.moveCenter(self.window().frameGeometry().center())
        dialog.move(place.topLeft())
        dialog.show()

    def _capture_closed(self) -> None:
        self._capture = None

    def _rename(self, class_id: str, name: str) -> None:
        self._undoing.do(lambda: self.context.project.rename_class(class_id, name), "")

    # -- menus ------------------------------------------------------------------------------------------------------

    def class_menu(self, class_id: str, at: QPoint) -> QMenu:
        """Return a class's menu, which appears at a point of the screen."""
        return data_menus.class_menu(self, class_id, at)

    def page_menu(self) -> QMenu:
        """Return the menu of what is done seldom."""
        return data_menus.page_menu(self)

    def set_background(self, class_id: str, on: bool) -> None:
        """Say whether a class shows none of the others."""
        self._undoing.do(lambda: self.context.project.set_background(class_id, on), "")

    def _popup_page_menu(self) -> None:
        self.page_menu().popup(self.more.mapToGlobal(QPoint(0, self.more.height() + 4)))

    def _popup_class_menu(self, at: QPoint, class_id: str) -> None:
        self.class_menu(class_id, at).popup(at)


def _only_video(mime: QMimeData) -> Path | None:
    """Return the video where nothing else was dropped; photos are taken out of it, and not read as one."""
    videos = video_files(mime)
    return videos[0] if len(videos) == 1 == len(mime.urls()) else None
