"""Owns the view of one class: its name, its photos to choose and move, and the other classes to move them to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.project import Change
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import icon
from mobilenet_gui.ui.tokens import DIALOG_MARGIN
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.labels import Divider, ElidedLabel, text_label
from mobilenet_gui.ui.wizard.class_column import ClassColumn
from mobilenet_gui.ui.wizard.class_picker import ClassPicker
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.data_classes import ClassModel, count_words
from mobilenet_gui.ui.wizard.inline_name import InlineName
from mobilenet_gui.ui.wizard.photo_grid import PhotoGrid
from mobilenet_gui.ui.wizard.photo_rows import PhotoRows
from mobilenet_gui.ui.wizard.undoing import Undoing

_NARROW = 700


class ClassDetail(QWidget):
    """One class's photos, or photos of several classes that were asked for together.

    Attributes:
        back_requested: all classes are to be shown.
        camera_requested: photos are to be taken for the class; its id.
        files_requested: photos are to be chosen for the class; its id.
        menu_requested: position on the screen and id for the class's menu.
        class_shown: another class is shown; its id.
    """

    back_requested = Signal()
    camera_requested = Signal(str)
    files_requested = Signal(str)
    menu_requested = Signal(object, str)
    class_shown = Signal(str)

    def __init__(self, context: WizardContext, classes: ClassModel, undoing: Undoing) -> None:
        super().__init__()
        self._context, self._classes, self._undoing = context, classes, undoing
        self.rows = PhotoRows(context.project, self)
        self.grid = PhotoGrid(self.rows, context.shelf)
        self.column = ClassColumn(classes, context.shelf)
        self.back = IconButton("arrow-left", tr("All classes"))
        self.name = InlineName(tr("Rename the class"), "page")
        self.words = ElidedLabel("", "body", "text2")
        self.camera = Button(tr("From camera"), "camera")
        self.add = Button(tr("Add photos…"), "plus")
        self.more = IconButton("more", tr("More"), framed=True)
        self.move_button = Button(tr("Move to…"), "swap", height=28)
        self.leave_out = Button(tr("Leave out"), "eye-off", height=28)
        self.remove = Button(tr("Remove"), "trash", height=28)
        self.clear = Button(tr("Clear"), kind="link", height=28)
        self._chosen = text_label("", "body", "text", fonts.MEDIUM)
        self._tools = QStackedWidget()
        self._nothing = text_label("", "body", "text2", wrap=True)
        self._lay_out()
        self._connect()
        self._show_chosen()

    # -- called from outside --------------------------------------------------------------------------------------

    @property
    def class_id(self) -> str:
        """The class shown; empty for photos of several."""
        return self.rows.class_id

    def show_class(self, class_id: str) -> None:
        """Show a class."""
        self.rows.captions = {}  # of a finding's photos
        self.rows.show_class(class_id)
        self.column.show_class(class_id)
        self.grid.scrollToTop()
        self.refresh()
        self.class_shown.emit(class_id)

    def show_photos(self, photo_ids: Sequence[str], title: str) -> None:
        """Show photos of any classes together."""
        self.rows.show_photos(photo_ids)
        self.column.show_class("")
        self.name.set_name(title)
        self.grid.scrollToTop()
        self.refresh()

    def follow(self, change: Change) -> None:
        """Take over what changed in the project; a class that is gone is left."""
        self.rows.follow(change)
        if self.class_id and self._classes.find(self.class_id) is None:
            self.back_requested.emit()
            return
        self.refresh()

    def refresh(self) -> None:
        """Show name and counts anew."""
        row = self._classes.find(self.class_id)
        for widget in (self.camera, self.add, self.more):
            widget.setVisible(row is not None)
        self.name.set_editable_by_click(row is not None)
        if row is not None:
            self.name.set_name(row.name)
            self.words.setText(count_words(row))
            empty = tr("Drop photos or a folder here, take some with the camera, or choose files.")
        else:
            self.words.setText(trn("{n} photo", "{n} photos", len(self.rows.ids)))
            empty = tr("These photos are gone.")
        self._nothing.setText(empty)
        self._nothing.setVisible(not self.rows.ids)
        self.grid.setVisible(bool(self.rows.ids))
        self._show_chosen()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show icons alone in the heading where the name needs the room."""
        super().resizeEvent(event)
        compact = self.width() < fonts.px(_NARROW)
        for button in (self.camera, self.add):
            button.set_compact(compact)

    # -- building ---------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.back.setToolTip(tr("All classes (Backspace)"))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.name)
        words.addWidget(self.words)
        head = QHBoxLayout()
        head.setContentsMargins(DIALOG_MARGIN - 8, 22, DIALOG_MARGIN, 0)
        head.setSpacing(8)
        head.addWidget(self.back)
        head.addLayout(words, 1)
        for widget in (self.camera, self.add, self.more):
            head.addWidget(widget)
        self._tools.addWidget(self._hint_row())
        self._tools.addWidget(self._chosen_row())
        self._tools.setFixedHeight(fonts.px(44))
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        photos = QVBoxLayout()
        photos.setContentsMargins(0, 0, 0, 0)
        photos.setSpacing(0)
        photos.addWidget(self.grid, 1)
        photos.addWidget(self._nothing, 1)
        below = QHBoxLayout()
        below.setContentsMargins(0, 0, 12, 0)
        below.setSpacing(10)
        below.addLayout(photos, 1)
        below.addWidget(Divider(vertical=True))
        below.addWidget(self.column)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._tools)
        column.addLayout(below, 1)

    def _hint_row(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(DIALOG_MARGIN, 0, DIALOG_MARGIN, 0)
        hint = tr("Choose photos to move, leave out or remove. Drag them onto another class.")
        row.addWidget(ElidedLabel(hint, "small", "text3"), 1)
        return page

    def _chosen_row(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(DIALOG_MARGIN, 0, DIALOG_MARGIN, 0)
        row.setSpacing(8)
        row.addWidget(self._chosen)
        row.addWidget(self.clear)
        row.addStretch(1)
        for button in (self.move_button, self.leave_out, self.remove):
            row.addWidget(button)
        return page

    def _connect(self) -> None:
        self.back.clicked.connect(self.back_requested)
        self.name.renamed.connect(self._rename)
        self.camera.clicked.connect(lambda: self.camera_requested.emit(self.class_id))
        self.add.clicked.connect(lambda: self.files_requested.emit(self.class_id))
        self.more.clicked.connect(self._class_menu)
        self.move_button.clicked.connect(self._ask_where)
        self.leave_out.clicked.connect(self._leave_out_or_take_back)
        self.remove.clicked.connect(self.remove_chosen)
        self.clear.clicked.connect(self.grid.clearSelection)
        self.grid.chosen_changed.connect(self._show_chosen)
        self.grid.remove_requested.connect(self.remove_chosen)
        self.grid.menu_requested.connect(self._photo_menu)
        self.grid.opened.connect(self._open_photo)
        self.column.opened.connect(self.show_class)
        for key, slot in ((Qt.Key.Key_Backspace, self.back_requested.emit), (Qt.Key.Key_Escape, self._leave)):
            shortcut = QShortcut(QKeySequence(key), self.grid, context=Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(slot)

    # -- doing ------------------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        """Choose nothing; where nothing is chosen, go back."""
        if self.grid.chosen_count():
            self.grid.clearSelection()
        else:
            self.back_requested.emit()

    def move_to(self, photo_ids: Sequence[str], class_id: str) -> None:
        """Move photos to another class."""
        row = self._classes.find(class_id)
        if row is None:
            return
        moved = list(photo_ids)
        if self.class_id in ("", class_id):
            photos = self._context.project.photos
            moved = [i for i in moved if i in photos and photos[i].class_id != class_id]
        words = trn("{n} photo moved to {name}", "{n} photos moved to {name}", len(moved)).replace("{name}", row.name)
        if moved:
            self._undoing.do(lambda: self._context.project.move_photos(moved, class_id), words)

    def split_off(self, photo_ids: Sequence[str], name: str) -> None:
        """Make a class of photos."""
        words = tr("{name} made of {photos}").format(name=name, photos=trn("{n} photo", "{n} photos", len(photo_ids)))
        self._undoing.do(lambda: self._context.project.split_class(photo_ids, name), words)

    def remove_chosen(self) -> None:
        """Take the chosen photos out of the project."""
        ids = self.grid.chosen_ids()
        if ids:
            words = trn("{n} photo removed", "{n} photos removed", len(ids))
            self._undoing.do(lambda: self._context.project.remove_photos(ids), words)

    def _rename(self, name: str) -> None:
        class_id = self.class_id
        if not self._undoing.do(lambda: self._context.project.rename_class(class_id, name), ""):
            self.refresh()

    def _leave_out_or_take_back(self) -> None:
        ids, project = self.grid.chosen_ids(), self._context.project
        if not ids:
            return
        if self._all_left_out(ids):
            self._undoing.do(
                lambda: project.take_back(ids),
                trn("{n} photo takes part again", "{n} photos take part again", len(ids)),
            )
        else:
            self._undoing.do(lambda: project.leave_out(ids), trn("{n} photo left out", "{n} photos left out", len(ids)))

    def _all_left_out(self, ids: Sequence[str]) -> bool:
        project = self._context.project
        return all((photo := project.photo(i)) is not None and photo.left_out for i in ids)

    def _show_chosen(self) -> None:
        count = self.grid.chosen_count()
        self._tools.setCurrentIndex(1 if count else 0)
        self._chosen.setText(trn("{n} chosen", "{n} chosen", count))
        # To look at all of twenty thousand would hold the window; a few tell as much.
        out = 0 < count <= 500 and self._all_left_out(self.grid.chosen_ids())
        self.leave_out.set_text(tr("Take back") if out else tr("Leave out"))

    def _ask_where(self) -> None:
        self.ask_where(self.grid.chosen_ids(), self.move_button.mapToGlobal(QPoint(0, self.move_button.height() + 4)))

    def ask_where(self, photo_ids: Sequence[str], at: QPoint) -> None:
        """Ask which class photos shall go to."""
        if not photo_ids:
            return
        title = trn("Move {n} photo to", "Move {n} photos to", len(photo_ids))
        picker = ClassPicker(title, self._context.project, self, without=[self.class_id])
        picker.picked.connect(lambda class_id: self.move_to(photo_ids, class_id))
        picker.named.connect(lambda name: self.split_off(photo_ids, name))
        picker.open_at(at)

    def _class_menu(self) -> None:
        self.menu_requested.emit(self.more.mapToGlobal(QPoint(0, self.more.height() + 4)), self.class_id)

    def _photo_menu(self, at: QPoint) -> None:
        self.photo_menu(at).popup(at)

    def photo_menu(self, at: QPoint) -> QMenu:
        """Return the menu of the chosen photos."""
        ids = self.grid.chosen_ids()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        out = tr("Take back") if self._all_left_out(ids) else tr("Leave out")
        entries = [
            ("swap", tr("Move to…"), "", lambda: self.ask_where(ids, at)),
            ("eye-off", out, "", self._leave_out_or_take_back),
            ("trash", tr("Remove from the project"), "Del", self.remove_chosen),
        ]
        for icon_name, words, keys, slot in entries:
            menu.addAction(icon(icon_name, "text2"), f"{words}\t{keys}" if keys else words).triggered.connect(slot)
        menu.addSeparator()
        first = self._context.project.photo(ids[0]) if ids else None
        if first is not None:
            folder = first.path.parent
            menu.addAction(icon("folder", "text2"), tr("Show in folder")).triggered.connect(lambda: _open_path(folder))
        return menu

    def _open_photo(self, photo_id: str) -> None:
        photo = self._context.project.photo(photo_id)
        if photo is not None:
            _open_path(photo.path)


def _open_path(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
