"""Files that are no photos, that went, came back or were written again, and how folders were understood: told truly."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from PySide6.QtCore import QByteArray, QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from mobilenet_gui.training.doctor_findings import Examination, Fix, FixStep
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.ui.wizard.check_page import CheckPage
from mobilenet_gui.ui.wizard.class_picker import ClassPicker
from mobilenet_gui.ui.wizard.data_classes import count_words
from mobilenet_gui.ui.wizard.data_page import DataPage
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from mobilenet_gui.ui.wizard.finding_row import FindingRow
from mobilenet_gui.workers.checkup import apply_fix
from tests.ui.wizard_parts import WizardBench, class_id, counts, names, photo, photos_in

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def data_page(dialog: WizardDialog) -> DataPage:
    dialog.go("data")
    assert isinstance(dialog.current, DataPage)
    return dialog.current


def check_page(bench: WizardBench, dialog: WizardDialog) -> CheckPage:
    dialog.go("check")
    assert isinstance(dialog.current, CheckPage)
    page = dialog.current
    bench.wait(lambda: page.checkup.is_current and not page.checkup.running)
    return page


def row(page: CheckPage, kind: str) -> FindingRow:
    return next(r for r in page.findings.rows if r.finding is not None and r.finding.kind == kind and not r.isHidden())


def kinds(page: CheckPage) -> set[str]:
    found = page.checkup.examination
    assert found is not None
    return {finding.kind for finding in found.open}


def drop(dialog: WizardDialog, uris: bytes) -> None:
    mime = QMimeData()
    mime.setData("text/uri-list", QByteArray(uris))
    where, buttons, keys = QPoint(400, 300), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(dialog, QDragEnterEvent(where, Qt.DropAction.CopyAction, mime, buttons, keys))
    event = QDropEvent(where.toPointF(), Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(dialog, event)


def uri(path: Path, host: str = "") -> bytes:
    return f"file://{host}{quote(bytes(path))}\r\n".encode()


# -- the disk is asked anew


def test_photos_that_were_deleted_are_missing_when_the_step_is_entered_again(bench: WizardBench) -> None:
    project = bench.filled(Birds=6, Frogs=5)
    dialog = bench.dialog(project)
    page = check_page(bench, dialog)
    assert "missing" not in kinds(page)
    data = data_page(dialog)
    for one in project.photos_of(class_id(project, "Birds"))[:3]:
        one.path.unlink()
    check_page(bench, dialog)
    bench.wait(lambda: "missing" in kinds(page))
    found = row(page, "missing")
    assert found.finding is not None
    assert found.finding.title == "3 photos are missing"
    assert found.search.isVisible()
    assert not page.checkup.examination or not page.checkup.examination.fix_all()
    bench.wait(lambda: dialog.side.steps.item("data").entry.detail == "8 photos")
    dialog.go("settings")
    bench.wait(lambda: dialog.current.footer().text != "Looking for models…")
    assert "3 photos are missing." in dialog.current.footer().text or bench.store.active() is None
    dialog.go("data")
    bench.wait(lambda: dialog.footer.text.text() == "8 photos in 2 classes. 3 photos are missing.")
    card = data.classes.find(class_id(project, "Birds"))
    assert card is not None
    assert count_words(card) == "3 photos, 3 missing"
    lost = dialog.context.files.lost
    assert not lost.intersection(card.covers), "its card shows what is there"


def test_a_drive_that_is_back_is_noticed(bench: WizardBench) -> None:
    project = bench.filled(Birds=4, Frogs=4)
    away = bench.place.with_name("away")
    bench.place.rename(away)
    dialog = bench.dialog(project)
    bench.wait(lambda: len(dialog.context.files.lost) == 8)
    assert dialog.footer.text.text().endswith("8 photos are missing.")
    button = dialog.footer.button("continue")
    assert button is not None
    bench.wait(lambda: not button.isEnabled())
    away.rename(bench.place)
    dialog.context.files.ask()
    bench.wait(lambda: not dialog.context.files.lost)
    page = check_page(bench, dialog)
    assert not {"missing", "unreadable"} & kinds(page)


def test_check_again_looks_at_what_was_written_again(bench: WizardBench) -> None:
    project = bench.filled(Birds=4, Frogs=4)
    page = check_page(bench, bench.dialog(project))
    bad = project.photos_of(class_id(project, "Birds"))[0].path
    good = bad.read_bytes()
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    page.again.click()
    assert not page.again.isEnabled()
    bench.wait(lambda: page.checkup.is_current and "unreadable" in kinds(page))
    bench.wait(page.again.isEnabled)
    bad.write_bytes(good)
    page.again.click()
    bench.wait(lambda: page.checkup.is_current and "unreadable" not in kinds(page))


def test_coming_back_to_the_window_asks_the_disk(bench: WizardBench) -> None:
    project = bench.filled(Birds=4, Frogs=4)
    dialog = bench.dialog(project)
    page = check_page(bench, dialog)
    project.photos_of(class_id(project, "Birds"))[0].path.unlink()
    dialog.context.files.ask()  # what `changeEvent` does when the window becomes the active one
    bench.wait(lambda: "missing" in kinds(page))


def test_missing_photos_are_looked_for_from_the_check(bench: WizardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    project = bench.filled(Birds=4, Frogs=4)
    dialog = bench.dialog(project)
    page = check_page(bench, dialog)
    moved = bench.place.with_name("moved")
    shutil.move(bench.place / "Birds", moved / "Birds")
    page.again.click()
    bench.wait(lambda: "missing" in kinds(page))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(moved))
    row(page, "missing").search.click()
    bench.wait(lambda: "4 photos found again" in dialog.context.toasts.toast.label.text())
    assert "missing" not in kinds(check_page(bench, dialog))


# -- names and fixes


def test_alike_classes_are_merged_from_the_check_as_one_step(bench: WizardBench) -> None:
    project = bench.project()
    project.add_photos(
        NewPhoto(path, class_name=name)
        for place, name in enumerate(("CAFE", "cafe", "\u200bcafe", "tea"))
        for path in photos_in(bench.place / str(place), 3, 10 * place)
    )
    dialog = bench.dialog(project)
    page = check_page(bench, dialog)
    row(page, "alike_names").fix.click()
    assert counts(project) == {"CAFE": 9, "tea": 3}
    assert dialog.context.toasts.toast.label.text() == "3 classes merged into 1"
    bench.wait(lambda: page.checkup.is_current and "alike_names" not in kinds(page))
    project.undo()
    assert len(project.classes) == 4


def test_merging_takes_what_is_still_there(bench: WizardBench) -> None:
    project = bench.filled(Birds=3, Frogs=3)
    birds, frogs = class_id(project, "Birds"), class_id(project, "Frogs")
    apply_fix(project, (Fix("Merge", (FixStep("merge", (frogs, "c99"), birds),)),), "Merge")
    assert counts(project) == {"Birds": 6}


def test_fix_all_spares_the_last_photos_and_says_so(bench: WizardBench) -> None:
    project = bench.project()
    for name in ("Birds", "Frogs"):
        shown = photos_in(bench.place / name, 4)  # the same photos in both
        project.add_photos([NewPhoto(path, class_name=name) for path in shown])
    dialog = bench.dialog(project)
    page = check_page(bench, dialog)
    assert page.summary.button.isVisible()
    page.summary.button.click()
    assert counts(project) == {"Birds": 2, "Frogs": 2}
    assert "4 photos stay: Birds and 1 more class would have too few" in dialog.context.toasts.toast.label.text()
    bench.wait(lambda: page.checkup.is_current and not page.checkup.running)
    assert page.summary.button.isHidden(), "there is nothing that it may do"
    assert "for you to decide" in page.summary.words()
    row(page, "two_classes").fix.click()
    assert counts(project) == {"Birds": 2, "Frogs": 2}


# -- what is dropped


def others(folder: Path) -> Path:
    for place, name in enumerate(("a.CR2", "b.pdf", "c.pdf", "clip.mp4", "Thumbs.db")):
        (folder / "cat").mkdir(parents=True, exist_ok=True)
        head = b"II*\0" if name.endswith("CR2") else b"%PDF"  # the thumbnail of a raw file could be read
        (folder / "cat" / name).write_bytes(head + bytes([place]) * 60)
    for name in ("cat", "dog"):
        photos_in(folder / name, 3, 7)
    return folder


def test_what_is_no_photo_is_told_by_kind_and_a_video_offers_to_take_photos(
    bench: WizardBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = bench.project()
    dialog = bench.dialog(project)
    page = data_page(dialog)
    asked: list[Path | None] = []
    monkeypatch.setattr(page, "take_photos", lambda _class_id, video=None: asked.append(video))
    drop(dialog, uri(others(bench.place)))
    bench.wait(lambda: len(project.photos) == 6 and not page.intake.busy)
    assert page.notices.text_of("others").startswith("4 files are not photos: PDF, CR2, MP4. Camera raw files")
    assert dialog.context.toasts.toast.label.text() == "6 photos added"
    page.notices.trigger("others")
    assert [path.name for path in asked if path is not None] == ["clip.mp4"]
    assert "others" not in page.notices.shown()


@pytest.mark.parametrize(("name", "words"), [("b.pdf", "not a photo (PDF)"), ("a.CR2", "Camera raw files (CR2)")])
def test_one_file_that_is_no_photo_is_not_asked_a_class_for(bench: WizardBench, name: str, words: str) -> None:
    project = bench.project()
    dialog = bench.dialog(project)
    page = data_page(dialog)
    drop(dialog, uri(others(bench.place) / "cat" / name))
    bench.wait(lambda: "intake" in page.notices.shown())
    assert words in page.notices.text_of("intake")
    assert not project.photos
    assert not [one for one in QApplication.topLevelWidgets() if isinstance(one, ClassPicker) and one.isVisible()]


def test_files_of_a_class_card_are_told_of_too(bench: WizardBench) -> None:
    project = bench.filled(Birds=2)
    page = data_page(bench.dialog(project))
    page.intake.add_paths([others(bench.place / "more")], class_id(project, "Birds"))
    bench.wait(lambda: project.count() == 8 and not page.intake.busy)
    assert page.notices.text_of("others").startswith("4 files are not photos")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of text, other hosts")
def test_addresses_with_a_host_and_names_that_are_no_utf8(bench: WizardBench) -> None:
    project = bench.project()
    dialog = bench.dialog(project)
    page = data_page(dialog)
    folder = bench.place / "caf\udce9"
    for place in range(2):
        photo(bench.place / f"{place}.png", place)
    folder.mkdir()
    for place in range(2):
        shutil.copy(bench.place / f"{place}.png", folder / f"\udcff{place}.png")
    drop(dialog, uri(folder, "localhost"))
    bench.wait(lambda: len(project.photos) == 2 and not page.intake.busy)
    assert names(project) == ["caf?"]
    bench.wait(lambda: not dialog.context.files.lost)
    drop(dialog, uri(bench.place / "0.png", "elsewhere.example"))
    bench.wait(lambda: "intake" in page.notices.shown())
    assert "another computer" in page.notices.text_of("intake")


# -- what was understood


def fruit(folder: Path) -> Path:
    for place, name in enumerate(("apple/fresh", "apple/rotten", "banana/fresh", "banana/rotten")):
        photos_in(folder / name, 2, 10 * place)
    return folder


def understood(bench: WizardBench, change: Callable[[Project], None] | None = None) -> Project:
    project = bench.project("New model")
    dialog = bench.dialog(project)
    page = data_page(dialog)
    page.add_paths([fruit(bench.place)])
    bench.wait(lambda: len(project.photos) == 8 and not page.intake.busy)
    assert counts(project) == {"fresh": 4, "rotten": 4}
    assert "hold the same folders" in page.notices.text_of("understood")
    if change is not None:
        change(project)
    page.notices.trigger("understood")
    bench.wait(lambda: not page.intake.busy)
    return project


def test_folders_can_be_understood_otherwise(bench: WizardBench) -> None:
    project = understood(bench)
    bench.wait(lambda: counts(project) == {"apple": 4, "banana": 4})


def test_what_was_changed_since_is_not_thrown_away(bench: WizardBench) -> None:
    project = understood(bench, lambda one: one.remove_photos(list(one.photos)[:1]))
    assert len(project.photos) == 7


def test_parts_without_classes_are_asked_for_a_class_or_taken_as_classes(bench: WizardBench) -> None:
    project = bench.project()
    dialog = bench.dialog(project)
    page = data_page(dialog)
    for place, name in enumerate(("train", "test")):
        photos_in(bench.place / name, 2, 10 * place)
    page.add_paths([bench.place])
    bench.wait(lambda: "understood" in page.notices.shown())
    assert "are parts of a data set" in page.notices.text_of("understood")
    page.notices.trigger("understood")
    bench.wait(lambda: counts(project) == {"test": 2, "train": 2})


def test_an_examination_knows_what_cannot_be_used() -> None:
    assert Examination((), 0.0, 0).unusable == frozenset()
