"""Owns the menus of the data step: a class's, and that of what is done seldom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui.icons import icon
from mobilenet_gui.ui.wizard.class_picker import ClassPicker

if TYPE_CHECKING:
    from mobilenet_gui.ui.wizard.data_page import DataPage


def class_menu(page: DataPage, class_id: str, at: QPoint) -> QMenu:
    """Return a class's menu."""
    chosen = page.grid.selected_ids() if page.is_overview() else []
    ids = chosen if class_id in chosen and len(chosen) > 1 else [class_id]
    row = page.classes.find(class_id)
    menu = QMenu(page)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def add(icon_name: str, text: str, slot: object, keys: str = "") -> None:
        action = menu.addAction(icon(icon_name, "text2"), f"{text}\t{keys}" if keys else text)
        action.triggered.connect(slot)

    if len(ids) == 1 and row is not None:
        if page.is_overview():
            add("view-grid", tr("Show photos"), lambda: page.open_class(class_id))
            add("pencil", tr("Rename"), lambda: page.grid.rename(class_id), "F2")
        else:
            add("pencil", tr("Rename"), page.detail.name.edit)
        add("camera", tr("Take photos…"), lambda: page.take_photos(class_id))
        add("image", tr("Add photos…"), lambda: page.ask_for_files(class_id))
        menu.addSeparator()
        flag = menu.addAction(tr("Shows none of the others"))
        flag.setCheckable(True)
        flag.setChecked(row.background)
        flag.setToolTip(tr("For photos of what the model should not take for one of the classes."))
        flag.triggered.connect(lambda on: page.set_background(class_id, on))
    if page.classes.rowCount() > 1:
        add("link", tr("Merge into…"), lambda: _ask_merge(page, ids, at))
    menu.addSeparator()
    delete = tr("Delete class") if len(ids) == 1 else trn("Delete {n} class", "Delete {n} classes", len(ids))
    add("trash", delete, lambda: page.delete_classes(ids), "Del" if page.is_overview() else "")
    return menu


def page_menu(page: DataPage) -> QMenu:
    """Return the menu of what is done seldom."""
    menu = QMenu(page)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    project = page.context.project
    menu.addAction(icon("folder", "text2"), tr("Choose folders…")).triggered.connect(page.ask_for_folder)
    files = menu.addAction(icon("image", "text2"), tr("Choose photos or a table…"))
    files.triggered.connect(lambda: page.ask_for_files(""))
    copy = menu.addAction(tr("Copy new photos into the project"))
    copy.setCheckable(True)
    copy.setChecked(page.context.settings.values.copy_photos)
    copy.triggered.connect(lambda on: page.context.settings.update(copy_photos=on))
    find = menu.addAction(icon("search", "text2"), tr("Find moved photos…"))
    find.setEnabled(bool(project.photos))
    find.triggered.connect(page.ask_where_photos_are)
    menu.addSeparator()
    for icon_name, text, what, keys, slot in (
        ("undo", tr("Undo"), project.undo_text, "Ctrl+Z", project.undo),
        ("redo", tr("Redo"), project.redo_text, "Ctrl+Shift+Z", project.redo),
    ):
        words = tr("{undo}: {what}").format(undo=text, what=what) if what else text
        action = menu.addAction(icon(icon_name, "text2"), f"{words}\t{keys}")
        action.setEnabled(bool(what))
        action.triggered.connect(slot)
    return menu


def _ask_merge(page: DataPage, ids: Sequence[str], at: QPoint) -> None:
    row = page.classes.find(ids[0])
    one = tr("Merge {name} into").format(name=row.name if row is not None else "")
    title = one if len(ids) == 1 else trn("Merge {n} class into", "Merge {n} classes into", len(ids))
    picker = ClassPicker(title, page.context.project, page, without=ids, allow_new=False)
    picker.picked.connect(lambda into: page.merge(ids, into))
    picker.open_at(at)
