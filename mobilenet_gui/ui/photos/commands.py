"""Owns the keys and menus of the photos page: which key does what, and what a right click offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QAction, QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QWidget

from mobilenet_gui.core.photo_session import Photo
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.corrections.wish import Aim
from mobilenet_gui.ui.icons import icon

Action = Callable[[], object]


class PageActions(Protocol):
    """What the page can be told to do by keys and menus."""

    def open_photos(self) -> None:
        """Ask for photos."""

    def open_folder(self) -> None:
        """Ask for a folder."""

    def paste(self) -> None:
        """Take what was copied."""

    def copy_answer(self) -> None:
        """Copy the answer, or the table."""

    def export_answers(self) -> None:
        """Export the answer, or all."""

    def undo(self) -> None:
        """Bring back what was removed, or take a correction back, whichever came last."""

    @property
    def can_undo_correction(self) -> bool:
        """A correction can be taken back."""
        return False

    def undo_correction(self) -> None:
        """Take the latest correction back."""

    def remove_chosen(self) -> None:
        """Remove the photo, or the chosen tiles."""

    def clear_all(self) -> None:
        """Remove all photos."""

    def toggle_grid(self) -> None:
        """Go from one photo to many, or back."""

    def toggle_explain(self) -> None:
        """Explain, or no longer."""

    def fit(self) -> None:
        """Show the whole photo."""

    def zoom(self, steps: int) -> None:
        """Zoom in (positive) or out."""

    def toggle_inspector(self) -> None:
        """Hide or show the inspector."""

    def toggle_full_screen(self) -> None:
        """Cover the screen, or no longer."""

    def retry(self, keys: Sequence[int]) -> None:
        """Recognise photos once more."""

    def remove(self, keys: Sequence[int]) -> None:
        """Remove photos."""

    def correct(self, keys: Sequence[int] = ()) -> None:
        """Send photos that were answered wrongly to their class; the chosen ones by default."""

    def adopt(self, aim: Aim) -> None:
        """Give a stranger a class of its own, or keep it as none of the classes."""

    def copy_one(self, photo: Photo) -> None:
        """Copy one answer."""


def install_shortcuts(page: QWidget, actions: PageActions) -> list[QShortcut]:
    """Bind the page's keys. They act while the page is shown; letters stay letters in text fields."""
    standard = QKeySequence.StandardKey
    bindings: list[tuple[QKeySequence, Action]] = [
        (QKeySequence("Ctrl+O"), actions.open_photos),
        (QKeySequence("Ctrl+Shift+O"), actions.open_folder),
        (QKeySequence(standard.Paste), actions.paste),
        (QKeySequence(standard.Copy), actions.copy_answer),
        (QKeySequence("Ctrl+E"), actions.export_answers),
        (QKeySequence(standard.Undo), actions.undo),
        (QKeySequence("Delete"), actions.remove_chosen),
        (QKeySequence("G"), actions.toggle_grid),
        (QKeySequence("E"), actions.toggle_explain),
        (QKeySequence("C"), actions.correct),
        (QKeySequence("N"), lambda: actions.adopt("new")),
        (QKeySequence("I"), lambda: actions.adopt("none")),
        (QKeySequence("0"), actions.fit),
        (QKeySequence("Ctrl+0"), actions.fit),
        (QKeySequence("+"), lambda: actions.zoom(1)),
        (QKeySequence("="), lambda: actions.zoom(1)),
        (QKeySequence("Ctrl++"), lambda: actions.zoom(1)),
        (QKeySequence("Ctrl+="), lambda: actions.zoom(1)),
        (QKeySequence("-"), lambda: actions.zoom(-1)),
        (QKeySequence("Ctrl+-"), lambda: actions.zoom(-1)),
        (QKeySequence("F9"), actions.toggle_inspector),
        (QKeySequence("F11"), actions.toggle_full_screen),
    ]
    made = []
    for keys, action in bindings:
        shortcut = QShortcut(keys, page)
        shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
        shortcut.activated.connect(action)
        made.append(shortcut)
    return made


def add_menu(parent: QWidget, actions: PageActions, *, has_photos: bool) -> QMenu:
    """Return the menu of the Add button."""
    menu = QMenu(parent)
    _add(menu, "image", tr("Open photos…"), "Ctrl+O", actions.open_photos)
    _add(menu, "folder", tr("Open folder…"), "Ctrl+Shift+O", actions.open_folder)
    _add(menu, "clipboard", tr("Paste"), "Ctrl+V", actions.paste)
    menu.addSeparator()
    _add(menu, "trash", tr("Remove all photos"), "", actions.clear_all, enabled=has_photos)
    return menu


def photo_menu(parent: QWidget, actions: PageActions, photo: Photo, chosen: Sequence[int]) -> QMenu:
    """Return what a right click on a photo offers; `chosen` are the keys that removing and trying again act on."""
    menu = QMenu(parent)
    answered = photo.recognition is not None
    _add(menu, "copy", tr("Copy answer"), "Ctrl+C", lambda: actions.copy_one(photo), enabled=answered)
    _add(menu, "tag", tr("Correct the answer…"), "C", lambda: actions.correct(chosen), enabled=answered)
    if actions.can_undo_correction:
        _add(menu, "undo", tr("Take the last correction back"), "", actions.undo_correction)
    path = photo.path
    if path is not None:
        place = QUrl.fromLocalFile(str(path.parent))
        _add(menu, "folder", tr("Show in folder"), "", lambda: QDesktopServices.openUrl(place))
    _add(menu, "refresh", tr("Recognise again"), "", lambda: actions.retry(chosen))
    menu.addSeparator()
    _add(menu, "trash", tr("Remove"), "Delete", lambda: actions.remove(chosen))
    return menu


def model_menu(
    parent: QWidget,
    installed: Sequence[tuple[str, str]],
    current: str,
    choose: Callable[[str], None],
    manage: Action,
) -> QMenu:
    """Return the menu of the model chip: the installed models (id and name), the current one ticked, and Manage."""
    menu = QMenu(parent)
    for model_id, name in installed:
        action = menu.addAction(name)
        action.setCheckable(True)
        action.setChecked(model_id == current)
        action.triggered.connect(lambda _checked=False, m=model_id: choose(m))
    if installed:
        menu.addSeparator()
    _add(menu, "cube", tr("Manage models…"), "", manage)
    return menu


def pop_up(menu: QMenu, place: QPoint) -> None:
    """Show a menu without waiting for its end; it goes away by itself."""
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.popup(place)


def _add(menu: QMenu, name: str, text: str, keys: str, action: Action, *, enabled: bool = True) -> None:
    entry = QAction(icon(name, "text2"), text, menu)
    menu.addAction(entry)
    if keys:
        # Only to be seen: the page's own shortcut does the work.
        entry.setShortcut(QKeySequence(keys))
        entry.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        entry.setShortcutVisibleInContextMenu(True)
    entry.setEnabled(enabled)
    entry.triggered.connect(lambda _checked=False: action())
