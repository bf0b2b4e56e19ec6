"""The wizard's first step: photos come in by every way, classes are changed and changed back, all by hand and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import QAction, QColor, QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.wizard import data_card, data_page
from mobilenet_gui.ui.wizard.class_picker import ClassPicker
from mobilenet_gui.ui.wizard.data_page import DataPage
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from mobilenet_gui.ui.wizard.photo_grid import DRAG_FORMAT
from tests.ui.wizard_parts import WizardBench, class_id, counts, names, photo, photos_in

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def page_of(dialog: WizardDialog) -> DataPage:
    assert isinstance(dialog.current, DataPage)
    return dialog.current


def drop(dialog: WizardDialog, mime: QMimeData, at: QPoint | None = None) -> QDropEvent:
    where = dialog.mapFromGlobal(at) if at is not None else QPoint(400, 300)
    actions = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(dialog, QDragEnterEvent(where, actions, mime, buttons, keys))
    event = QDropEvent(QPointF(where), actions, mime, buttons, keys)
    QApplication.sendEvent(dialog, event)
    return event


def files(*places: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(place)) for place in places])
    return mime


def picker() -> ClassPicker:
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, ClassPicker) and w.isVisible())


def entry(menu: QMenu, text: str) -> QAction:
    return next(action for action in menu.actions() if action.text().startswith(text))


def card_centre(page: DataPage, name: str, project: Project) -> QPoint:
    index = page.classes.index(page.classes.place_of(class_id(project, name)))
    return page.grid.viewport().mapToGlobal(page.grid.visualRect(index).center())


# -- coming in


def test_a_dropped_folder_of_folders_becomes_classes_and_is_undone_at_once(bench: WizardBench) -> None:
    project = bench.project()
    dialog = bench.dialog(project)
    photos_in(bench.place / "Birds", 3)
    photos_in(bench.place / "Frogs", 2, 50)
    event = drop(dialog, files(bench.place))
    assert event.dropAction() == Qt.DropAction.CopyAction, "a move would delete the user's photos"
    bench.wait(lambda: len(project.photos) == 5)
    assert counts(project) == {"Birds": 3, "Frogs": 2}
    bench.wait(lambda: dialog.footer.text.text() == "5 photos in 2 classes")
    button = dialog.footer.button("continue")
    assert button is not None
    assert button.isEnabled()
    dialog.undo()
    assert not project.photos
    assert not project.classes


def test_a_new_project_takes_the_name_of_its_folder_once(bench: WizardBench) -> None:
    project = bench.project("New model 2")
    for name in ("Birds", "Frogs"):
        photos_in(bench.place / name, 2, seed=3)
    dialog = bench.dialog(project)
    drop(dialog, files(bench.place))
    bench.wait(lambda: len(project.photos) == 4)
    assert project.name == "pictures"
    bench.wait(lambda: dialog.windowTitle() == "pictures")
    project.undo()
    assert (project.name, len(project.photos)) == ("New model 2", 0)
    project.rename("Mine")
    drop(dialog, files(bench.place))
    bench.wait(lambda: len(project.photos) == 4)
    assert project.name == "Mine"


def test_a_name_that_another_project_has_gets_a_number(bench: WizardBench) -> None:
    bench.project("pictures").save()
    project = bench.project("New model")
    for name in ("Birds", "Frogs"):
        photos_in(bench.place / name, 2, seed=3)
    drop(bench.dialog(project), files(bench.place / "Birds", bench.place / "Frogs"))
    bench.wait(lambda: len(project.photos) == 4)
    assert project.name == "pictures 2"


def test_buttons_go_while_something_hovers(bench: WizardBench) -> None:
    page = page_of(bench.dialog(bench.project()))
    page.set_dragging(files(bench.place))
    assert page.empty.is_dragging()
    assert not page.empty.folders.isVisible()
    page.set_dragging(None)
    assert page.empty.folders.isVisible()


def test_what_comes_in_by_chunks_is_one_step(bench: WizardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenet_gui.ui.wizard.data_intake.CHUNK", 2)
    project = bench.project()
    page = page_of(bench.dialog(project))
    photos_in(bench.place / "Birds", 7)
    page.add_paths([bench.place / "Birds"])
    bench.wait(lambda: len(project.photos) == 7 and not page.intake.busy)
    project.undo()
    assert not project.photos


@pytest.mark.parametrize("copied", [False, True])
def test_folders_without_a_photo_come_and_go_with_the_others(bench: WizardBench, copied: bool) -> None:
    bench.settings.update(copy_photos=copied)
    project = bench.project()
    page = page_of(bench.dialog(project))
    photos_in(bench.place / "Birds", 2)
    (bench.place / "Frogs").mkdir()
    (bench.place / "Newts").mkdir()
    page.add_paths([bench.place])
    bench.wait(lambda: len(project.photos) == 2 and not page.intake.busy)
    assert names(project) == ["Birds", "Frogs", "Newts"]
    project.undo()
    assert not project.photos
    assert not project.classes
    assert not project.undo_text


def test_a_card_shows_which_of_its_pictures_cannot_be_made(bench: WizardBench) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    bad = bench.place / "bad.jpg"
    bad.write_bytes(b"nothing of the kind")
    project.add_photos([NewPhoto(bad, class_name="Newts")])
    dialog = bench.dialog(project)
    page = page_of(dialog)
    photo_id = project.ids_of(class_id(project, "Newts"))[0]
    bench.wait(lambda: dialog.context.shelf.is_hopeless(photo_id) and page.grid.height() > 100)
    index = page.classes.index(page.classes.place_of(class_id(project, "Newts")))
    card = data_card.card_rect(QRectF(page.grid.visualRect(index)))
    spot = (card.topLeft() + QPointF(data_card.MARGIN + 16, data_card.MARGIN + 16)).toPoint()

    def colour() -> QColor:
        return page.grid.viewport().grab().toImage().pixelColor(spot)

    bench.wait(lambda: colour() == tokens().badSoft)


def test_photos_dropped_on_a_class_go_there(bench: WizardBench) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    dialog = bench.dialog(project)
    extra = photos_in(bench.place / "loose", 2, 90)
    bench.wait(lambda: page_of(dialog).grid.height() > 100)
    drop(dialog, files(*extra), card_centre(page_of(dialog), "Frogs", project))
    bench.wait(lambda: counts(project) == {"Birds": 2, "Frogs": 4})


def test_loose_photos_ask_for_their_class(bench: WizardBench) -> None:
    project = bench.filled(Birds=2)
    dialog = bench.dialog(project)
    drop(dialog, files(photo(bench.place / "x.png", 77)), dialog.mapToGlobal(QPoint(600, 620)))
    bench.wait(lambda: any(isinstance(w, ClassPicker) for w in QApplication.topLevelWidgets()))
    chooser = picker()
    QTest.keyClicks(chooser.search, "Newts")
    assert chooser.names() == ["New class “Newts”"]
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    bench.wait(lambda: counts(project) == {"Birds": 2, "Newts": 1})


def test_photos_dropped_while_a_class_is_shown_go_there(bench: WizardBench) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    dialog = bench.dialog(project)
    page = page_of(dialog)
    page.open_class(class_id(project, "Frogs"))
    drop(dialog, files(photo(bench.place / "x.png", 77)), dialog.mapToGlobal(QPoint(420, 400)))
    bench.wait(lambda: counts(project) == {"Birds": 2, "Frogs": 3})


def test_a_pasted_picture_is_kept_in_the_project(bench: WizardBench) -> None:
    project = bench.filled(Birds=2)
    dialog = bench.dialog(project)
    page_of(dialog).open_class(class_id(project, "Birds"))
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    mime = QMimeData()
    mime.setImageData(image)
    QApplication.clipboard().setMimeData(mime)
    dialog.paste()
    bench.wait(lambda: project.count() == 3)
    kept = next(p for p in project.photos.values() if p.copied)
    assert kept.path.is_relative_to(project.folder)
    QApplication.clipboard().clear()


def test_photos_are_copied_where_that_was_chosen(bench: WizardBench) -> None:
    bench.settings.update(copy_photos=True)
    project = bench.project()
    page = page_of(bench.dialog(project))
    photos_in(bench.place / "Birds", 2)
    page.add_paths([bench.place / "Birds"])
    bench.wait(lambda: len(project.photos) == 2)
    assert all(p.copied and p.path.is_relative_to(project.folder) for p in project.photos.values())


def test_a_folder_without_photos_says_so(bench: WizardBench) -> None:
    page = page_of(bench.dialog(bench.project()))
    (bench.place / "nothing").mkdir(parents=True)
    page.add_paths([bench.place / "nothing"])
    bench.wait(lambda: "intake" in page.notices.shown())
    assert "no photo" in page.notices.text_of("intake").lower()


def test_a_folder_is_chosen_by_the_button(bench: WizardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    project = bench.project()
    page = page_of(bench.dialog(project))
    photos_in(bench.place / "Birds", 2)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(bench.place / "Birds"))
    page.empty.folders.click()
    bench.wait(lambda: counts(project) == {"Birds": 2})
    assert bench.settings.values.last_folder == str(bench.place / "Birds")


# -- classes


def test_a_new_class_is_named_where_it_stands(bench: WizardBench) -> None:
    project = bench.filled(Birds=2)
    page = page_of(bench.dialog(project))
    page.add_class_button.click()
    assert page.grid.is_renaming()
    editor = page.grid._editor
    assert editor is not None
    assert editor.selectedText() == "Class 2"
    QTest.keyClicks(editor, "Frogs")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert names(project) == ["Birds", "Frogs"]
    assert page.views.currentWidget() is page.overview, "Enter took the name and opened the class"


def test_a_class_that_begins_a_row_is_named_there_too(bench: WizardBench) -> None:
    project = bench.filled(Birds=2)
    page = page_of(bench.dialog(project))
    bench.wait(lambda: page.grid.height() > 100)
    while len(project.classes) < page.grid._columns():
        project.add_class(f"More {len(project.classes)}")
    before = page.grid.height()
    page.add_class_button.click()
    bench.wait(lambda: page.grid.height() > before)
    editor = page.grid._editor
    assert editor is not None
    card = data_card.card_rect(QRectF(page.grid.visualRect(page.classes.index(page.classes.rowCount() - 1))))
    assert card.contains(QRectF(editor.geometry()))
    QTest.keyClicks(editor, "Toads")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert names(project)[-1] == "Toads"


def test_escape_leaves_a_name_alone_and_a_taken_one_is_refused(bench: WizardBench) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    dialog = bench.dialog(project)
    grid = page_of(dialog).grid
    grid.rename(class_id(project, "Frogs"))
    assert grid._editor is not None
    QTest.keyClicks(grid._editor, "Toads")
    QTest.keyClick(grid._editor, Qt.Key.Key_Escape)
    assert names(project) == ["Birds", "Frogs"]
    grid.rename(class_id(project, "Frogs"))
    assert grid._editor is not None
    QTest.keyClicks(grid._editor, "birds")
    QTest.keyClick(grid._editor, Qt.Key.Key_Return)
    assert names(project) == ["Birds", "Frogs"]
    assert "already" in dialog.context.toasts.toast.label.text()


def test_delete_and_its_toast(bench: WizardBench) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    dialog = bench.dialog(project)
    grid = page_of(dialog).grid
    grid.setFocus()
    grid.show_class(class_id(project, "Frogs"))
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    assert names(project) == ["Birds"]
    toasts = dialog.context.toasts
    assert toasts.toast.label.text() == "Frogs deleted"
    toasts.toast.link.click()
    assert counts(project) == {"Birds": 2, "Frogs": 2}


def test_a_toast_goes_when_something_else_was_done(bench: WizardBench) -> None:
    project = bench.filled(Birds=2, Frogs=2, Newts=2)
    dialog = bench.dialog(project)
    page = page_of(dialog)
    page.delete_classes([class_id(project, "Newts")])
    assert dialog.context.toasts.is_showing()
    project.rename_class(class_id(project, "Frogs"), "Toads")
    assert not dialog.context.toasts.is_showing(), "its Undo would take the renaming back"


def test_classes_are_merged(bench: WizardBench) -> None:
    project = bench.filled(Birds=2, Frogs=3)
    dialog = bench.dialog(project)
    page = page_of(dialog)
    menu = page.class_menu(class_id(project, "Frogs"), QPoint(10, 10))
    entry(menu, "Merge into").trigger()
    chooser = picker()
    assert chooser.names() == ["Birds"]
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert counts(project) == {"Birds": 5}
    dialog.undo()
    assert counts(project) == {"Birds": 2, "Frogs": 3}
    menu.close()


def test_a_click_opens_a_class_and_the_buttons_do_not(bench: WizardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    page = page_of(bench.dialog(project))
    asked: list[str] = []
    page.grid.camera_requested.disconnect()
    page.grid.camera_requested.connect(asked.append)
    index = page.classes.index(1)
    card = data_card.card_rect(page.grid.visualRect(index).toRectF())
    camera = data_card.button_rect(card, "camera").center().toPoint()
    QTest.mouseMove(page.grid.viewport(), camera)
    QTest.mouseClick(page.grid.viewport(), Qt.MouseButton.LeftButton, pos=camera)
    assert asked == [class_id(project, "Frogs")]
    assert page.views.currentWidget() is page.overview
    QTest.mouseClick(page.grid.viewport(), Qt.MouseButton.LeftButton, pos=card.center().toPoint())
    assert page.views.currentWidget() is page.detail
    assert page.detail.class_id == class_id(project, "Frogs")
    QTest.keyClick(page.detail.grid, Qt.Key.Key_Backspace)
    assert page.views.currentWidget() is page.overview


# -- one class


def test_chosen_photos_are_moved_left_out_and_removed(bench: WizardBench) -> None:
    project = bench.filled(Birds=4, Frogs=2)
    page = page_of(bench.dialog(project))
    page.open_class(class_id(project, "Birds"))
    detail = page.detail
    detail.grid.setCurrentIndex(detail.rows.index(0))
    assert detail.grid.chosen_count() == 1
    detail.move_button.click()
    chooser = picker()
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert counts(project) == {"Birds": 3, "Frogs": 3}
    assert len(detail.rows.ids) == 3
    detail.grid.setCurrentIndex(detail.rows.index(0))
    detail.leave_out.click()
    assert counts(project)["Birds"] == 2
    assert len(detail.rows.ids) == 3, "a photo that is left out can still be seen"
    assert detail.leave_out.text() == "Take back"
    detail.leave_out.click()
    assert counts(project)["Birds"] == 3
    QTest.keyClick(detail.grid, Qt.Key.Key_Delete)
    assert len(detail.rows.ids) == 2


def test_many_photos_are_painted_after_the_work_on_them(bench: WizardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_page, "MANY", 3)
    project = bench.project()
    page = page_of(bench.dialog(project))
    given = [(photo(bench.place / f"{n}.jpg", n), "Birds" if n else "Frogs") for n in range(5)]
    project.add_photos([NewPhoto(path, class_name=name) for path, name in given])
    assert not page.views.updatesEnabled(), "five photos have come"
    bench.wait(page.views.updatesEnabled)
    page.open_class(class_id(project, "Frogs"))
    assert page.views.updatesEnabled()
    page.open_class(class_id(project, "Birds"))
    assert not page.views.updatesEnabled()
    bench.wait(page.views.updatesEnabled)
    page.detail.move_to(page.detail.rows.ids, class_id(project, "Frogs"))
    assert not page.views.updatesEnabled()
    bench.wait(page.views.updatesEnabled)


def test_a_new_class_is_split_off(bench: WizardBench) -> None:
    project = bench.filled(Birds=4)
    dialog = bench.dialog(project)
    page = page_of(dialog)
    page.open_class(class_id(project, "Birds"))
    page.detail.grid.selectAll()
    page.detail.ask_where(page.detail.grid.chosen_ids()[:2], QPoint(10, 10))
    chooser = picker()
    QTest.keyClicks(chooser.search, "Robins")
    QTest.keyClick(chooser.search, Qt.Key.Key_Return)
    assert counts(project) == {"Birds": 2, "Robins": 2}
    dialog.undo()
    assert counts(project) == {"Birds": 4}


def test_photos_are_dragged_to_another_class(bench: WizardBench) -> None:
    project = bench.filled(Birds=3, Frogs=2)
    dialog = bench.dialog(project)
    page = page_of(dialog)
    page.open_class(class_id(project, "Birds"))
    mime = QMimeData()
    mime.setData(DRAG_FORMAT, "\n".join(page.detail.rows.ids[:2]).encode())
    column = page.detail.column
    rect = column.visualRect(page.classes.index(page.classes.place_of(class_id(project, "Frogs"))))
    at = column.viewport().mapToGlobal(rect.center())
    page.set_dragging(mime, at)
    assert column.target == class_id(project, "Frogs")
    drop(dialog, mime, at)
    assert counts(project) == {"Birds": 1, "Frogs": 4}
    assert column.target == ""


def test_a_deleted_class_is_left(bench: WizardBench) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    page = page_of(bench.dialog(project))
    page.open_class(class_id(project, "Frogs"))
    project.delete_class(class_id(project, "Frogs"))
    assert page.views.currentWidget() is page.overview


# -- the wizard around it


def test_what_is_missing_is_said_below(bench: WizardBench) -> None:
    project = bench.filled(Birds=2)
    dialog = bench.dialog(project)
    assert "One more class" in dialog.footer.text.text()
    button = dialog.footer.button("continue")
    assert button is not None
    assert not button.isEnabled()
    project.add_class("Frogs")
    bench.wait(lambda: "Frogs" in dialog.footer.text.text())


def test_the_project_is_renamed_and_saved(bench: WizardBench) -> None:
    project = bench.filled(Birds=2)
    dialog = bench.dialog(project)
    dialog.side.name.edit()
    QTest.keyClicks(dialog.side.name.field, "Wildlife")
    with bench.qtbot.waitSignal(bench.tasks.saved):
        QTest.keyClick(dialog.side.name.field, Qt.Key.Key_Return)
    assert project.name == "Wildlife"
    assert not project.dirty
    assert dialog.windowTitle() == "Wildlife"


def test_undo_in_a_field_is_the_fields_own(bench: WizardBench) -> None:
    project = bench.filled(Birds=2, Frogs=2)
    dialog = bench.dialog(project)
    before = project.revision
    dialog.side.name.edit()
    QTest.keyClicks(dialog.side.name.field, "x")
    dialog.undo()
    assert project.revision == before


def test_cards_show_their_photos(bench: WizardBench) -> None:
    project = bench.filled(Birds=3, Frogs=2)
    dialog = bench.dialog(project)
    shelf = dialog.context.shelf
    ids = project.ids_of(class_id(project, "Birds"))[:3]
    bench.wait(lambda: all(shelf.peek(photo_id) is not None for photo_id in ids))


def test_a_photo_that_cannot_be_read_is_marked(bench: WizardBench) -> None:
    project = bench.filled(Birds=3)
    first = project.photos_of(class_id(project, "Birds"))[0]
    first.path.write_bytes(b"nothing")
    dialog = bench.dialog(project)
    bench.wait(lambda: dialog.context.shelf.is_hopeless(first.id))


def test_photos_asked_for_elsewhere_are_shown(bench: WizardBench) -> None:
    project = bench.filled(Birds=3, Frogs=3)
    dialog = bench.dialog(project)
    dialog.go("check")
    ids = (project.ids_of(class_id(project, "Birds"))[0], project.ids_of(class_id(project, "Frogs"))[1])
    dialog.context.hub.show_photos.emit(ids)
    page = page_of(dialog)
    assert page.views.currentWidget() is page.detail
    assert tuple(page.detail.rows.ids) == ids
    page.detail.back.click()
    assert page.views.currentWidget() is page.overview


def test_photos_of_a_moved_folder_are_found_again(bench: WizardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    project = bench.project()
    dialog = bench.dialog(project)
    page = page_of(dialog)
    for name in ("Birds", "Frogs"):
        photos_in(bench.place / name, 3)  # the same names and sizes in both
    page.add_paths([bench.place])
    bench.wait(lambda: len(project.photos) == 6 and not page.intake.busy)
    moved = bench.place.with_name("moved")
    bench.place.rename(moved)
    (moved / "Frogs" / "002.png").unlink()
    first = project.photos_of(class_id(project, "Birds"))[0]
    bench.wait(lambda: dialog.context.shelf.peek(first.id) is not None or dialog.context.shelf.is_hopeless(first.id))
    dialog.context.shelf.clear()  # as in the next sitting
    page.grid.viewport().update()
    bench.wait(lambda: "lost" in page.notices.shown())
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(moved))
    entry(page.page_menu(), "Find moved").trigger()
    bench.wait(lambda: "found again" in dialog.context.toasts.toast.label.text())
    assert dialog.context.toasts.toast.label.text() == "5 photos found again, 1 is still missing"
    for name in ("Birds", "Frogs"):
        here = [photo.path.parent for photo in project.photos_of(class_id(project, name))][:2]
        assert here == [moved / name] * 2, "files of the same name in other folders were mixed up"
    dialog.undo()
    assert project.photos_of(class_id(project, "Birds"))[0].path == first.path
    moved.rename(bench.place)  # the drive is back
    page._lost._timer.setInterval(20)
    bench.wait(lambda: dialog.context.shelf.peek(first.id) is not None)
