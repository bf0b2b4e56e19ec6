"""The wizard's second step: problems are found, looked at, fixed by one click and brought back, by the real doctor."""

from __future__ import annotations

import shutil

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from mobilenet_gui.training.doctor_findings import LOOKING, Examination, Finding, Fix, FixStep
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.training.protocol import Progress
from mobilenet_gui.ui.wizard.check_page import CheckPage
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from mobilenet_gui.ui.wizard.finding_row import FindingRow
from mobilenet_gui.workers.checkup import apply_fix
from tests.ui.wizard_parts import WizardBench, class_id, counts, photos_in

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def with_problems(bench: WizardBench) -> Project:
    """A project with a damaged file, a photo twice in a class, and one in two classes."""
    project = bench.filled(Birds=6, Frogs=5)
    birds = [photo.path for photo in project.photos_of(class_id(project, "Birds"))]
    twice, both, bad = (bench.place / name for name in ("twice.png", "both.png", "bad.jpg"))
    shutil.copy(birds[0], twice)
    shutil.copy(birds[1], both)
    bad.write_bytes(b"\xff\xd8\xff" + bytes(200))
    project.add_photos([NewPhoto(twice, class_name="Birds"), NewPhoto(bad, class_name="Birds")])
    project.add_photos([NewPhoto(both, class_name="Frogs")])
    return project


def checked(bench: WizardBench, project: Project) -> tuple[WizardDialog, CheckPage]:
    dialog = bench.dialog(project)
    dialog.go("check")
    assert isinstance(dialog.current, CheckPage)
    page = dialog.current
    bench.wait(lambda: page.checkup.is_current)
    return dialog, page


def row(page: CheckPage, kind: str) -> FindingRow:
    return next(r for r in page.findings.rows if r.finding is not None and r.finding.kind == kind)


def test_problems_are_found_fixed_and_brought_back(bench: WizardBench) -> None:
    project = with_problems(bench)
    dialog, page = checked(bench, project)
    found = page.checkup.examination
    assert found is not None
    kinds = {finding.kind for finding in found.open}
    assert {"unreadable", "duplicates", "two_classes"} <= kinds
    urgent = sum(f.severity != "hint" for f in found.open)
    assert page.summary.title() == f"{urgent} things to fix, {len(found.open) - urgent} to look at"
    step = dialog.side.steps.item("check").entry
    assert step.detail == f"{urgent} left to fix"
    assert row(page, "unreadable").fix.text() == "Leave out"
    with bench.qtbot.waitSignal(row(page, "duplicates").look_requested):
        QTest.mouseClick(row(page, "duplicates"), Qt.MouseButton.LeftButton, pos=QPoint(80, 20))
    page.show_overview()
    row(page, "unreadable").fix.click()
    assert counts(project)["Birds"] == 7
    bench.wait(lambda: page.checkup.is_current)
    done = row(page, "unreadable")
    assert done.finding is not None
    assert done.finding.fixed
    assert done.undo.isVisible()
    done.undo.click()
    assert counts(project)["Birds"] == 8


def test_fix_all_is_one_step(bench: WizardBench) -> None:
    project = with_problems(bench)
    dialog, page = checked(bench, project)
    before = counts(project)
    page.summary.button.click()
    assert counts(project) != before
    bench.wait(lambda: page.checkup.is_current)
    found = page.checkup.examination
    assert found is not None
    assert not found.fix_all()
    assert "left out" not in page.footer().text or "Nothing is deleted" in page.footer().text
    dialog.undo()
    assert counts(project) == before


def test_a_findings_photos_are_looked_at_and_moved(bench: WizardBench) -> None:
    project = with_problems(bench)
    dialog, page = checked(bench, project)
    row(page, "two_classes").thumbs.pressed.emit()
    assert page.views.currentWidget() is page.detail
    ids = list(page.detail.rows.ids)
    assert len(ids) == 2
    captions = page.detail.rows.captions
    assert {captions[photo_id] for photo_id in ids} == {"1: Birds", "1: Frogs"}
    page.detail.grid.setCurrentIndex(page.detail.rows.index(0))
    page.detail.remove.click()
    assert len(page.detail.rows.ids) == 1
    page.detail.back.click()
    assert page.views.currentWidget() is page.overview
    bench.wait(lambda: page.checkup.is_current)
    found = page.checkup.examination
    assert found is not None
    assert "two_classes" not in {finding.kind for finding in found.open}
    assert dialog.current is page


def test_photos_without_problems_may_go_on(bench: WizardBench) -> None:
    dialog, page = checked(bench, bench.filled(Birds=24, Frogs=24))
    bench.wait(lambda: not page.checkup.running)
    button = dialog.footer.button("continue")
    assert button is not None
    found = page.checkup.examination
    assert found is not None
    if not any(finding.severity != "hint" for finding in found.open):
        assert button.text() == "Continue"
        assert button.kind == "primary"


def test_a_check_under_way_counts_photos_and_can_be_skipped(
    bench: WizardBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No worker answers: what one would report is told here.
    monkeypatch.setattr(bench.training, "run_job", lambda *_args, **_calls: None)
    dialog = bench.dialog(bench.filled(Birds=6, Frogs=4))
    dialog.go("check")
    page = dialog.current
    assert isinstance(page, CheckPage)
    assert page.checkup.running
    assert page.footer().actions[-1].text == "Skip the check"
    assert page.summary.words() == "10 photos, each looked at once"
    page.checkup._hear(Progress("check-photos", LOOKING * 0.3))
    assert page.summary.words() == "3 of 10 photos looked at"
    page.checkup._hear(Progress("check-photos", 0.95))
    assert page.summary.words() == "10 photos looked at, now compared with one another"
    page.checkup._done(Examination((), 0.0, 10), dialog.context.project.revision)
    assert page.footer().actions[-1].text == "Continue"


def test_open_hints_are_told_in_the_list_of_steps(bench: WizardBench) -> None:
    dialog, page = checked(bench, bench.filled(Birds=6, Frogs=5))
    hint = Finding("uneven", "hint", "Uneven", "", (("a",),))
    page.checkup._done(Examination((hint,), 0.0, 11), dialog.context.project.revision)
    dialog.refresh()
    assert dialog.side.steps.item("check").entry.detail == "1 to look at"


def test_a_check_that_fails_can_be_tried_again(bench: WizardBench, monkeypatch: pytest.MonkeyPatch) -> None:
    project = bench.filled(Birds=3, Frogs=3)
    monkeypatch.setattr(bench.training, "_command", ["/nonexistent/worker"])
    dialog = bench.dialog(project)
    dialog.go("check")
    page = dialog.current
    assert isinstance(page, CheckPage)
    bench.wait(lambda: page.checkup.error is not None)
    assert page.summary.title() == "The photos could not be checked"
    monkeypatch.setattr(bench.training, "_command", None)
    page.summary.button.click()
    bench.wait(lambda: page.checkup.is_current)


def test_what_changed_elsewhere_is_checked_when_the_page_comes_back(bench: WizardBench) -> None:
    project = bench.filled(Birds=4, Frogs=4)
    dialog, page = checked(bench, project)
    dialog.go("data")
    project.remove_photos(project.ids_of(class_id(project, "Birds"))[:1])
    assert not page.checkup.is_current
    assert dialog.context.checkup.revision == -1
    dialog.go("check")
    bench.wait(lambda: page.checkup.is_current)


def test_settings_that_the_check_does_not_look_at_leave_it_ticked(bench: WizardBench) -> None:
    project = bench.filled(Birds=4, Frogs=4)
    dialog, _ = checked(bench, project)
    dialog.go("settings")
    project.set_settings(project.settings.with_changes(preset="fast", epochs=3))
    assert dialog.context.checkup.revision >= 0
    project.set_settings(project.settings.with_changes(class_weights=False))
    assert dialog.context.checkup.revision == -1


def test_every_kind_of_fix_is_carried_out_in_one_step(bench: WizardBench) -> None:
    project = bench.filled(Birds=4, Frogs=4)
    birds, frogs = class_id(project, "Birds"), class_id(project, "Frogs")
    one, two, three, four = project.ids_of(birds)
    project.leave_out([four])
    steps = (
        FixStep("leave_out", (one,)), FixStep("move", (two,), frogs), FixStep("pin_split", (three,), "train"),
        FixStep("take_back", (four,)), FixStep("class_weights", (), "off"),
    )  # fmt: skip
    apply_fix(project, (Fix("Do it", steps),), "Do it")
    photos = project.photos
    assert photos[one].left_out
    assert photos[two].class_id == frogs
    assert photos[three].split == "train"
    assert not photos[four].left_out
    assert not project.settings.class_weights
    assert project.undo() == "Do it"
    assert not project.photos[one].left_out
    assert project.settings.class_weights


def test_hints_alone_offer_no_fix_all(bench: WizardBench) -> None:
    project = bench.filled(Birds=4, Frogs=4)
    dialog, page = checked(bench, project)
    hint = Finding(
        "dark", "hint", "1 photo is very dark", "", (("1",),), fix=Fix("Leave out", (FixStep("leave_out", ("1",)),))
    )
    page.checkup.examination = Examination((hint,), 1.0, 8)
    page.refresh()
    assert page.summary.title() == "1 thing to look at"
    assert page.summary.button.isHidden()
    assert dialog.current is page


def test_escape_leaves_a_choice_and_then_the_photos_whose_captions_stay_behind(bench: WizardBench) -> None:
    project = with_problems(bench)
    _, page = checked(bench, project)
    row(page, "two_classes").thumbs.pressed.emit()
    grid = page.detail.grid
    grid.setCurrentIndex(page.detail.rows.index(0))
    grid.setFocus()
    bench.wait(lambda: grid.chosen_count() == 1 and grid.hasFocus())
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    assert grid.chosen_count() == 0
    assert page.views.currentWidget() is page.detail
    page.detail.column.opened.emit(class_id(project, "Birds"))
    assert not page.detail.rows.captions
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    assert page.views.currentWidget() is page.overview


def test_nothing_goes_on_when_the_photos_are_undone_while_they_are_checked(bench: WizardBench) -> None:
    project = bench.project()
    for name in ("Birds", "Frogs"):
        project.add_more([NewPhoto(path, class_name=name) for path in photos_in(bench.place / name, 2, len(name))])
    dialog, page = checked(bench, project)
    dialog.undo()
    bench.wait(lambda: page.checkup.is_current)
    assert page.summary.title() == "No photos to check"
    assert not page.fine.isVisible()
    button = dialog.footer.button("continue")
    assert button is not None
    assert not button.isEnabled()
    assert "two classes" in dialog.footer.text.text()
    assert dialog.side.steps.item("check").entry.detail == ""


def test_what_was_just_done_stays_in_sight_on_the_next_step(bench: WizardBench) -> None:
    dialog, page = checked(bench, with_problems(bench))
    page.fix_all()
    dialog.go("data")
    toast = dialog.context.toasts.toast
    bench.wait(lambda: dialog.stack.rect().contains(toast.geometry()))
    assert dialog.stack.childAt(toast.geometry().center()) in {toast, *toast.findChildren(QWidget)}
