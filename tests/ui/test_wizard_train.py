"""Settings and training in the wizard: what is chosen is kept, a training is begun, watched, stopped and taken up."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mobilenet_gui import paths
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.catalog import DEFAULT_ID
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.training.doctor_class_rules import few_words
from mobilenet_gui.training.estimate import PaceBook, network_of
from mobilenet_gui.training.fingerprint_cache import FingerprintCache, default_path, fingerprints
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.training.run_folder import RunState
from mobilenet_gui.training.training_settings import TrainingSettings
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from mobilenet_gui.ui.wizard.estimating import actual_parts
from mobilenet_gui.ui.wizard.evaluate_page import EvaluatePage
from mobilenet_gui.ui.wizard.settings_fields import NumberField
from mobilenet_gui.ui.wizard.settings_page import SettingsPage
from mobilenet_gui.ui.wizard.settings_words import few_photos_words, promise
from mobilenet_gui.ui.wizard.train_figures import TrainFigures
from mobilenet_gui.ui.wizard.train_page import TrainPage, _words
from mobilenet_gui.ui.wizard.training_words import advice, ready_at, span, time_left
from mobilenet_gui.workers.training_state import TrainingState
from tests import fake_trainer as fake
from tests.fake_trainer import Step
from tests.fake_work import FakeWork
from tests.training.disguises import jpeg, picture
from tests.ui.trained_parts import BASE_ID, MakeTrained, TrainedBench, epochs, finished_run, run_of
from tests.ui.wizard_parts import class_id, photo

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def settings_of(bench: TrainedBench, project: Project) -> tuple[WizardDialog, SettingsPage]:
    dialog = bench.dialog(project)
    dialog.go("settings")
    assert isinstance(dialog.current, SettingsPage)
    page = dialog.current
    bench.wait(lambda: page._bases is not None)
    return dialog, page


def begin(bench: TrainedBench, project: Project) -> tuple[WizardDialog, TrainPage]:
    dialog, page = settings_of(bench, project)
    page.act("start")
    assert isinstance(dialog.current, TrainPage)
    return dialog, dialog.current


def keys_of(dialog: WizardDialog) -> list[str]:
    footer = dialog.current.footer()
    return [*([footer.left.key] if footer.left else []), *(action.key for action in footer.actions if action.enabled)]


# -- settings -------------------------------------------------------------------------------------------------------


def test_copies_are_not_divided_though_nobody_has_checked_the_photos(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=8, Frogs=8)
    originals = [photo.path for photo in project.photos.values()]
    again = {path: path.with_name(f"again {path.name}") for path in originals}
    for path, copy in again.items():
        copy.write_bytes(path.read_bytes())
        project.add_photos([NewPhoto(copy, class_name=path.parent.name)])
    begin(bench, project)
    bench.wait(lambda: bool(project.runs()))
    parts = {sample.path: sample.split for sample in project.runs()[0].spec().samples}
    assert {*parts.values()} == {"train", "validation", "test"}
    assert all(parts[path] == parts[copy] for path, copy in again.items())


def test_what_is_chosen_is_the_project_s_and_can_be_undone(make_trained: MakeTrained, qtbot: QtBot) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    dialog, page = settings_of(bench, project)
    assert page.cards["balanced"].isChecked()
    QTest.mouseClick(page.cards["best"], Qt.MouseButton.LeftButton)
    assert project.settings.preset == "best"
    assert page.step_detail() == "Best"
    page.split.changed.emit((70, 15, 15))
    assert project.settings.split == (70, 15, 15)
    page.fold.set_open(True)
    field = page.advanced.numbers["epochs"]
    assert field.edit.placeholderText() == str(page.recipe().epochs)
    field.edit.setText("40")
    field.edit.editingFinished.emit()
    assert project.settings.epochs == 40
    for text, good in (("0", False), ("many", False), ("4000", False), ("1,000", True), ("1,5", False), ("40", True)):
        field.edit.setText(text)
        field.edit.textEdited.emit(text)
        assert (field.error() == "") is good
    choice = page.advanced.choices["augmentation"]
    choice.combo.setCurrentIndex(choice.combo.findData("strong"))
    choice.combo.activated.emit(choice.combo.currentIndex())
    page.advanced.switches["reject"].switch.click()
    assert (project.settings.augmentation, project.settings.reject) == ("strong", True)
    page.fold.set_open(False)
    assert "epochs 40" in page.fold.head.summary.lower()
    dialog.undo()
    assert not project.settings.reject
    assert not page.advanced.switches["reject"].switch.isChecked()


def test_times_come_and_the_foot_says_them(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    dialog, page = settings_of(bench, bench.filled(Birds=6, Frogs=6))
    bench.wait(lambda: bool(page.times.times))
    assert all(card.time_text() not in ("", "…") for card in page.cards.values())
    assert dialog.current.footer().text.startswith("About ")


def test_times_follow_what_a_finished_training_took(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    finished_run(project)
    _, page = settings_of(bench, project)
    bench.wait(lambda: page.book.loaded and bool(page.times.times) and page.times._errand is None)
    before = page.times.times["fast"].seconds
    base = Bundle.open(bench.store.get(BASE_ID).folder)
    PaceBook(paths.features_dir()).put("rest", network_of(base, base.preprocessing.size), 1000.0)
    page._refresh()
    assert page.times.times["fast"].seconds == before
    finished_run(project)
    page.book.reload()
    bench.wait(lambda: page.times.times["fast"].seconds > 1000)


def test_without_a_model_to_start_from_one_is_offered(make_trained: MakeTrained) -> None:
    bench = make_trained()
    dialog, page = settings_of(bench, bench.filled(Birds=6, Frogs=6))
    assert not page.banner.isHidden()
    start = dialog.current.footer().actions[-1]
    assert (start.key, start.enabled) == ("start", False)
    assert "no model" in start.tip
    page.act("start")
    assert dialog.current is page
    work = bench.models._work
    assert isinstance(work, FakeWork)
    work.prepare(DEFAULT_ID)
    page.banner.action.emit()
    bench.wait(lambda: "being downloaded" in page.banner.text())
    bench.models.cancel(DEFAULT_ID)
    bench.wait(lambda: "Download" in page.banner._link.text())
    bench.install_base()
    bench.models.models_changed.emit()
    bench.wait(page.banner.isHidden)
    assert dialog.current.footer().actions[-1].enabled


def test_a_model_of_choice_is_kept_and_the_first_one_stays_open(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    bench.install_base("other", "Other")
    project = bench.filled(Birds=6, Frogs=6)
    _, page = settings_of(bench, project)
    assert page.base.count() == 2
    for index, wanted in ((1, page.base.itemData(1)), (0, "")):
        page.base.setCurrentIndex(index)
        page.base.activated.emit(index)
        assert project.settings.base == wanted


def test_a_class_of_few_photos_beside_a_large_one_is_told_before(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=3, Frogs=12)
    _, page = settings_of(bench, project)
    assert page.banner.text() == few_words(["Birds"])
    assert not page.banner.isHidden()
    project.delete_class(class_id(project, "Birds"))
    assert few_photos_words(project) == ""


def test_where_there_is_a_choice_it_is_left_to_a_trial(make_trained: MakeTrained) -> None:
    bench = make_trained()
    ids = ("mobilenet-v2-1.0-224", "mobilenet-v1-1.0-224")
    for name in ids:
        bench.install_base(name, name)
    bench.install_base("own", "Own")
    project = bench.filled(Birds=6, Frogs=6)
    _, page = settings_of(bench, project)
    assert [page.base.itemData(n) for n in range(page.base.count())] == ["", *ids, "own"]
    assert page.base.currentText() == "Automatic"
    assert [base.id for base in page.candidates] == list(ids)
    page.base.setCurrentIndex(1)
    page.base.activated.emit(1)
    assert (project.settings.base, page.candidates) == (ids[0], ())
    assert page.base.currentData() == ids[0]


def test_parts_that_are_given_are_shown_as_they_are(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=8, Frogs=8)
    birds, frogs = (project.ids_of(class_id(project, name)) for name in ("Birds", "Frogs"))
    project.pin_split([*birds[:4], *frogs[:4]], "test")
    project.pin_split([*birds[4:], *frogs[4:]], "train")
    _, page = settings_of(bench, project)
    assert not page.split.is_movable()
    assert page.split.parts() == (38, 12, 50)
    assert actual_parts(project.photos.values(), (60, 20, 20)) == (38, 12, 50)
    project.pin_split([*birds, *frogs], "")
    assert actual_parts(project.photos.values(), (70, 20, 10)) == (70, 20, 10)


def test_how_photos_are_shared_out_is_said_and_what_resembles_can_be_left_out(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.project()
    bench.place.mkdir(parents=True, exist_ok=True)
    files = []
    for part, name, seed in [(p, c, s) for p in ("train", "test") for c in ("Birds", "Frogs") for s in range(6)]:
        file = bench.place / f"{part} {name} {seed}.jpg"
        twin = part == "test" and seed == 0  # as the first one to learn from
        file.write_bytes(jpeg(picture(hash_of(name, "train" if twin else part, seed)), 60 if twin else 90))
        files.append(NewPhoto(file, class_name=name, split="test" if part == "test" else "train"))
    project.add_photos(files)
    with FingerprintCache(default_path()) as cache:
        fingerprints([one.path for one in files], cache)
    _, page = settings_of(bench, project)
    bench.wait(lambda: page.sharing.notes is not None)
    assert page.split_row.help_text() == "Your own train and test parts are used as given."
    assert page.resembling.isVisibleTo(page)
    assert page.resembling.text() == "2 test photos resemble training photos, which flatters the result."
    page.resembling.action.emit()
    bench.wait(lambda: not page.sharing.resembling)
    assert not page.resembling.isVisibleTo(page)
    assert sorted(p.path.name for p in project.photos.values() if p.left_out) == [
        "test Birds 0.jpg",
        "test Frogs 0.jpg",
    ]
    project.pin_split(list(project.photos), "")
    bench.wait(lambda: "copies" in page.split_row.help_text() or "drawn at random" in page.split_row.help_text())


def hash_of(*words: object) -> int:
    return zlib.crc32(repr(words).encode())


def test_two_photos_a_class_leave_nothing_to_test_and_the_split_says_so(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=2, Frogs=2)
    _, page = settings_of(bench, project)
    assert page.split.parts() == (50, 50, 0)
    assert not page.split.is_movable()
    assert "No photo is left for a test" in page.split_row.help_text()
    project.add_photos([NewPhoto(photo(bench.place / "more.png", 99), class_name="Birds")])
    page.entered()
    assert page.split.parts() == project.settings.split
    assert page.split.is_movable()


def test_how_photos_are_varied_is_shown(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    _, page = settings_of(bench, project)
    assert not page.variations.images()
    page.fold.set_open(True)
    bench.wait(lambda: len(page.variations.images()) > 1)
    first, second = page.variations.images()[:2]
    assert first != second
    page.variations.pictures.grab()
    page._change("augmentation", "strong")
    bench.wait(lambda: page.variations.images()[:1] != (first,))
    page._change("preset", "fast")
    assert page.variations.pictures.isHidden()


# -- training -------------------------------------------------------------------------------------------------------


def test_a_training_is_begun_watched_and_followed_by_its_result(make_trained: MakeTrained) -> None:
    bench = make_trained(
        fake.phase("photos"), fake.phase("head", 3), fake.epoch(1), fake.epoch(2), "await finish", *_fine_end()
    )
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    dialog, page = begin(bench, project)
    bench.wait(lambda: page.figures.epoch_card.number() == "2")
    assert page.figures.accuracy_card.note() == "best 75.0\N{NO-BREAK SPACE}%, epoch 2"
    assert [len(curve.values) for curve in page.figures.accuracy_chart.curves()] == [2, 2]
    assert keys_of(dialog) == ["cancel", "pause", "finish", "close"]
    assert "left" in (page.step_detail() or "")
    run = project.runs()[0]
    assert run.spec().classes == ("Birds", "Frogs")
    assert run.spec().settings.preset == "balanced"
    _finish_on_disk(project)
    page.act("finish")
    bench.wait(lambda: isinstance(dialog.current, EvaluatePage))
    assert dialog.context.latest.status == "finished"
    assert dialog.context.latest.accuracy == 1.0


def test_pause_goes_on_and_cancel_gives_up(make_trained: MakeTrained) -> None:
    bench = make_trained(fake.epoch(1), "await pause", fake.paused(True), "await resume", fake.paused(False), "hang")
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    dialog, page = begin(bench, project)
    bench.wait(lambda: page.figures.epoch_card.number() == "1")
    page.act("pause")
    bench.wait(lambda: "resume" in keys_of(dialog))
    assert page.step_detail() == "Paused"
    assert dialog.context.latest.status == "paused"
    page.act("resume")
    bench.wait(lambda: "pause" in keys_of(dialog))
    page.act("cancel")
    assert "pause" not in keys_of(dialog)
    run = project.runs()[0]
    run.write_state(RunState("running", "adapt", epochs(1, 3, "adapt"), 1, 2.0))  # as the worker leaves it
    bench.wait(lambda: page.banner.text().startswith("There is no new model"))
    assert run.state().status == "cancelled"
    assert keys_of(dialog) == ["again"]
    page.act("again")
    assert isinstance(dialog.current, SettingsPage)


def test_a_crash_is_told_and_the_training_can_go_on(make_trained: MakeTrained, qtbot: QtBot) -> None:
    bench = make_trained(fake.epoch(1), "crash")
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    dialog, page = begin(bench, project)
    bench.wait(lambda: bench.training.state is not None and not bench.training.busy)
    run = project.runs()[0]
    run.write_state(RunState("running", "adapt", epochs(1, 3, "adapt"), 1, 2.0))
    page.book.reload()
    bench.wait(lambda: page.banner.text().startswith("It goes on after epoch 1 of 3."))
    assert keys_of(dialog) == ["again", "go_on"]
    assert page.banner.text().startswith("It goes on after epoch 1 of 3. The program's helper ended unexpectedly")
    page.act("go_on")
    bench.wait(lambda: bench.training.busy)
    state = bench.training.state
    assert state is not None
    assert [record.epoch for record in state.history] == [1]
    bench.wait(lambda: not bench.training.busy)


def test_one_that_begins_anew_shows_no_curve_and_cannot_be_finished_yet(make_trained: MakeTrained) -> None:
    bench = make_trained("crash")
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    run_of(project, RunState("interrupted", "adapt", epochs(3, 9), 3, 2.0))
    dialog = bench.dialog(project)
    dialog.context.latest.status = "interrupted"
    dialog.go("train")
    page = dialog.current
    assert isinstance(page, TrainPage)
    bench.wait(lambda: page.banner.text() == "It begins anew; photos that were prepared stay prepared.")
    page.act("go_on")
    bench.wait(lambda: bench.training.busy)
    state = bench.training.state
    assert state is not None
    assert state.best is None  # so what lets it be finished is off
    bench.wait(lambda: not bench.training.busy)


def test_a_failure_says_why_and_gives_the_details(make_trained: MakeTrained) -> None:
    bench = make_trained({"event": "failed", "subject": "", "reason": "There is not enough memory.", "kind": "model"})
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    dialog, page = begin(bench, project)
    bench.wait(lambda: page.banner.tone() == "bad")
    assert project.runs()[0].state().status == "failed"
    assert page.banner.text() == "There is not enough memory."
    assert keys_of(dialog) == ["again"]
    page._copy_log()
    assert "not enough memory" in QGuiApplication.clipboard().text()


def test_a_training_that_failed_half_way_can_go_on(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    half_way = (*epochs(3, 9), replace(epochs(4, 9)[-1], phase="adapt"))
    run_of(project, RunState("failed", "adapt", half_way, 4, 20.0, error="The disk is full."))
    dialog = bench.dialog(project)
    dialog.context.latest.status = project.runs()[0].state().standing
    dialog.go("train")
    page = dialog.current
    assert isinstance(page, TrainPage)
    bench.wait(lambda: keys_of(dialog) == ["again", "go_on"])
    assert page.banner.text() == "The disk is full. It goes on after epoch 4 of 9."
    assert page.banner.tone() == "bad"
    assert dialog.context.latest.status == "interrupted"  # so the project is opened here
    page.act("go_on")
    bench.wait(lambda: bench.training.busy)
    bench.wait(lambda: not bench.training.busy)


def test_a_disk_too_full_to_note_it_is_said_as_what_it_was(make_trained: MakeTrained) -> None:
    full = {"event": "failed", "subject": "", "reason": "The disk is full.", "kind": "storage"}
    bench = make_trained(fake.epoch(1), "await finish", full)
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    dialog, page = begin(bench, project)
    bench.wait(lambda: page.figures.epoch_card.number() == "1")
    run = project.runs()[0]
    run.write_state(RunState("running", "adapt", epochs(1, 3, "adapt"), 1, 2.0))  # as it stays where the disk refuses
    page.act("finish")
    bench.wait(lambda: "go_on" in keys_of(dialog))
    assert page.banner.text() == "The disk is full. It goes on after epoch 1 of 3."
    assert page.banner.tone() == "bad"
    assert page._title.text() == "Training stopped half-way"
    error = StorageError(str(run.path / "checkpoint"), "The disk is full.")
    assert _words(error, bench.training.state) == "The disk is full."


def test_memory_that_ran_out_is_said_with_what_comes_of_it(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    run = run_of(project, RunState("running", "adapt", epochs(4, 9, "adapt"), 4, 20.0, memory_ran_out=True))
    dialog = bench.dialog(project)
    dialog.context.latest.status = run.state().standing
    dialog.go("train")
    assert isinstance(dialog.current, TrainPage)
    page = dialog.current
    bench.wait(lambda: keys_of(dialog) == ["again", "go_on"])
    assert page.banner.text().startswith("It goes on after epoch 4 of 9. It takes half as many photos at a time")


def test_notes_are_said(make_trained: MakeTrained) -> None:
    note = {"event": "note", "text": "One photo is missing and is left out.", "kind": "missing"}
    bench = make_trained(fake.phase("head", 3), note, fake.epoch(1), "hang")
    bench.install_base()
    _, page = begin(bench, bench.filled(Birds=6, Frogs=6))
    bench.wait(lambda: page.banner.text() == "One photo is missing and is left out.")
    assert page.banner.tone() == "warn"


def test_a_correction_learnt_meanwhile_does_not_hide_what_became_of_the_training(make_trained: MakeTrained) -> None:
    bench = make_trained(fake.epoch(1), "hang")
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    dialog, page = begin(bench, project)
    bench.wait(lambda: page.figures.epoch_card.number() == "1")
    ours = project.runs()[0]
    finished_run(project)
    page.act("cancel")
    bench.wait(lambda: page.banner.text().startswith("There is no new model"))
    assert project.runs()[0].path != ours.path
    bench.wait(lambda: dialog.context.latest.note == "Stopped")
    assert dialog.context.latest.has_model


def test_the_wizard_closes_and_the_training_goes_on(make_trained: MakeTrained) -> None:
    bench = make_trained(fake.epoch(1), "await finish", *_fine_end())
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    dialog, page = begin(bench, project)
    bench.wait(lambda: bool(page.book.live and page.book.live.history))
    dialog.close()
    assert bench.training.busy
    again = bench.dialog(project)
    again.context.latest.status = "running"  # as it is read when a project is opened
    again.go("train")
    bench.wait(lambda: isinstance(again.current, TrainPage) and again.current.figures.epoch_card.number() == "1")
    bench.training.finish()
    bench.wait(lambda: not bench.training.busy)


def test_another_project_s_training_is_waited_for(make_trained: MakeTrained) -> None:
    bench = make_trained(fake.epoch(1), "hang")
    bench.install_base()
    bench.training.start("kitchen", bench.place)
    dialog, page = settings_of(bench, bench.filled(Birds=6, Frogs=6))
    start = dialog.current.footer().actions[-1]
    assert not start.enabled
    assert "Another project" in start.tip
    page.act("start")
    assert dialog.current is page


def test_an_earlier_result_is_told_beside_its_effort(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    finished_run(project, wrong=(0, 1, 2), settings=TrainingSettings(preset="fast"))
    _, page = settings_of(bench, project)
    bench.wait(lambda: page.cards["fast"].note().startswith("last time 75.0"))
    assert not page.cards["best"].note()


def test_an_interrupted_training_is_offered_when_the_project_is_opened(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    project = bench.filled(Birds=6, Frogs=6)
    run_of(project, RunState("running", "adapt", epochs(12, 30), 11, 200.0))
    dialog = bench.dialog(project)
    dialog.context.latest.status = "interrupted"
    dialog.go("train")
    assert isinstance(dialog.current, TrainPage)
    bench.wait(lambda: "go_on" in keys_of(dialog))
    assert dialog.context.latest.note == "Interrupted"


# -- words ----------------------------------------------------------------------------------------------------------


def test_times_are_said_as_people_say_them() -> None:
    space = "\N{NO-BREAK SPACE}"
    assert [time_left(s) for s in (0, 44.2, 99, 220, 4900)] == [
        ("0", "s"), ("45", "s"), ("99", "s"), ("3:40", "min"), ("1:21", "h"),
    ]  # fmt: skip
    assert [span(s).replace(space, " ") for s in (0.2, 12, 540, 4800, 7200)] == [
        "1 s", "12 s", "9 min", "1 h 20 min", "2 h",
    ]  # fmt: skip
    assert ready_at(60).startswith("about ")


def test_the_card_and_the_sentence_say_the_same_time(qtbot: QtBot) -> None:
    figures = TrainFigures()
    qtbot.addWidget(figures)
    figures.show_done(TrainingSettings(), 19.3)
    assert figures.left_card.number() == "19"
    assert span(19.3).startswith("19")


def test_advice_follows_the_training() -> None:
    state = TrainingState("p", Path("r"), "running", phase="head", history=epochs(3), planned=20)
    assert advice(state) == "Still getting better. It stops by itself when it no longer improves."
    worse = tuple(replace(record, val_accuracy=0.5) for record in epochs(8)[3:])
    stuck = TrainingState("p", Path("r"), "running", phase="head", history=(*epochs(3), *worse), planned=20)
    assert advice(stuck).startswith("No better since epoch 3.")
    assert "by itself" not in advice(stuck, 0)
    assert advice(replace(stuck, phase="adapt")).startswith("The classes are learnt.")
    adapted = tuple(replace(record, phase="adapt") for record in worse)
    vain = replace(stuck, phase="adapt", history=(*epochs(3), *adapted))
    assert advice(vain).startswith("No better than before the last layers adapted. If that stays so")
    assert advice(replace(vain, history=vain.history[:5])).startswith("Still getting better.")
    assert advice(TrainingState("p", Path("r"))) == "Getting ready…"
    assert advice(TrainingState("p", Path("r"), "running", asked="finish", phase="head")).startswith("Finishing")


def _fine_end() -> list[Step]:
    return [fake.phase("test"), fake.finished()]


def _finish_on_disk(project: Project) -> None:
    """Leave behind what the worker would: a finished state and a test result."""
    from mobilenet_gui.training.evaluation_file import write_evaluation
    from mobilenet_gui.training.evaluation_types import Answer, Evaluation, Guess

    run = project.runs()[0]
    spec = run.spec()
    answers = tuple(
        Answer(s.id, s.path, s.label, (Guess(s.label, spec.classes[s.label], 0.9),), 0.9, 0.9) for s in spec.samples
    )
    write_evaluation(run.evaluation_path, Evaluation("garden", "Garden", spec.classes, answers))
    run.write_state(RunState("finished", "test", epochs(2, 3), 2, 9.0, 1.0))


def test_the_base_is_the_one_that_was_asked_for(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    _, page = settings_of(bench, bench.filled(Birds=6, Frogs=6))
    assert page.chosen_base is not None
    assert page.chosen_base.id == BASE_ID


def test_what_was_measured_is_promised_with_its_model_and_nothing_else() -> None:
    words, tip = promise("balanced", "mobilenet-v2-1.0-224-backbone")
    assert words == "96 to 97 % in our trial"
    assert "245 photos of ants and bees" in tip
    assert promise("fast", "mobilenet-v2-1.0-224")[0] == "About 96 % in our trial"
    assert promise("best", "starter") == ("When it matters", "")


def test_a_refused_number_leaves_what_is_accepted_and_moves_nothing(qtbot: QtBot) -> None:
    field, other = NumberField("epochs", "Epochs", "Passes"), QLineEdit()
    window = QWidget()
    column = QVBoxLayout(window)
    column.addWidget(field)
    column.addWidget(other)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    field.show_value(None, 8)
    field.edit.setFocus()
    before = other.y()
    QTest.keyClicks(field.edit, "5000")
    assert field.error() == "1 to 1,000"
    assert other.y() == before
    other.setFocus()
    assert (field.edit.text(), field.edit.placeholderText(), field.error()) == ("", "8", "")
    assert field._below.isVisible()
    assert other.y() == before


def test_all_of_the_settings_are_in_reach_with_large_text(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base()
    fonts.set_scale(2.0)
    try:
        dialog, page = settings_of(bench, bench.filled(Birds=6, Frogs=6))
        dialog.resize(900, 600)
        page.fold.set_open(True)
        bench.wait(page.variations.isVisible)
        inside, room = page._area.widget(), page._area.viewport().width()
        assert inside is not None
        shown = [*page.cards.values(), page.base, page.split, page.threads, *page.advanced.switches.values()]
        shown += [*page.advanced.numbers.values(), *page.advanced.choices.values()]

        def cut() -> list[str]:
            ends = {str(w): w.mapTo(inside, QPoint(w.width(), 0)).x() for w in shown}
            return [f"{name} {end} of {room}" for name, end in ends.items() if end > room]

        bench.qtbot.waitUntil(lambda: cut() == [])
    finally:
        fonts.set_scale(None)
