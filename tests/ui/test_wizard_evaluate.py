"""Judging and using a model in the wizard: mistakes mended, runs compared, reports, installing, exports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from mobilenet_gui.core.catalog import DEFAULT_ID
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.training.evaluation_types import Answer, Evaluation, Guess
from mobilenet_gui.training.export_formats import FormatInfo
from mobilenet_gui.training.export_job import ExportResult
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.run_folder import RunState
from mobilenet_gui.ui.wizard.dialog import WizardDialog
from mobilenet_gui.ui.wizard.evaluate_page import EvaluatePage
from mobilenet_gui.ui.wizard.evaluate_words import caution_words, unread_tip
from mobilenet_gui.ui.wizard.export_row import ExportRow
from mobilenet_gui.ui.wizard.matrix_card import MANY_CLASSES, MatrixCard
from mobilenet_gui.ui.wizard.report_desk import file_name, with_ending
from mobilenet_gui.ui.wizard.settings_page import SettingsPage
from mobilenet_gui.ui.wizard.use_page import UsePage
from mobilenet_gui.workers.exports import RESULTS_NAME, ExportRunner, ExportState
from mobilenet_gui.workers.run_install import install_run, installed_model
from tests import fake_trainer as fake
from tests.ui.trained_parts import MakeTrained, TrainedBench, epochs, finished_run, run_of
from tests.ui.wizard_parts import class_id, counts

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def evaluated(bench: TrainedBench, project: Project) -> tuple[WizardDialog, EvaluatePage]:
    dialog = bench.dialog(project)
    dialog.context.latest.status, dialog.context.latest.has_model = "finished", True
    dialog.go("evaluate")
    assert isinstance(dialog.current, EvaluatePage)
    page = dialog.current
    bench.wait(lambda: page._evaluation is not None)
    return dialog, page


def used(bench: TrainedBench, project: Project) -> tuple[WizardDialog, UsePage]:
    dialog = bench.dialog(project)
    dialog.context.latest.status, dialog.context.latest.has_model = "finished", True
    dialog.go("use")
    assert isinstance(dialog.current, UsePage)
    page = dialog.current
    bench.wait(lambda: bool(page.rows))
    return dialog, page


def choose(menu: QMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


# -- evaluate -------------------------------------------------------------------------------------------------------


def test_figures_matrix_and_mistakes_agree(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=6, Frogs=5)
    run = finished_run(project, wrong=(0, 1, 7))
    run.write_state(replace(run.state(), notes=("“Frogs” 3 of 5.",)))
    _, page = evaluated(bench, project)
    assert (page.banner.text(), page.banner.isHidden()) == ("“Frogs” 3 of 5.", False)
    assert page.correct_card.number() == "72.7"
    assert page.correct_card.note().startswith("8 of 11 right")
    assert (page.weakest_card.number(), page.weakest_card.note()) == ("67", "Birds, 4 of 6")
    assert page.matrix_card.matrix.count((0, 1)) == 2
    assert page.matrix_card.matrix.cell() == (0, 1)
    assert page.panel.cell_title.text().startswith("Birds seen")
    assert page.panel.cell_list.rows.rowCount() == 2
    assert page.panel.all_list.rows.rowCount() == 3
    assert "Sure from 60" in page.matrix_card.sure.text()
    page.matrix_card.matrix._pick((1, 1))
    assert page.panel.cell_title.text() == "Frogs, recognised"
    assert page.panel.cell_list.rows.rowCount() == 4
    assert page.matrix_card.table.texts()[0][:3] == ["Birds", "6", "66.7\N{NO-BREAK SPACE}%"]
    page.matrix_card.table.picked.emit("Frogs")
    assert page.panel.cell_title.text() == "Frogs seen as Birds"


def test_heat_maps_come_to_the_rows_and_can_be_hidden(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=4, Frogs=4)
    finished_run(project, wrong=(0,))
    _, page = evaluated(bench, project)
    answer = page.panel.cell_list.rows.answers[0]
    bench.wait(lambda: page.panel.cell_list.rows.look(answer).heat is not None)
    page.panel.cell_list.grab()
    page.panel.flip_heat()
    bench.wait(lambda: page.panel.cell_list.rows.look(answer).picture is not None)
    assert page.panel.cell_list.rows.look(answer).heat is None
    page.panel.all_list.grab()


def test_a_photo_is_looked_at_closely_by_keys(make_trained: MakeTrained, qtbot: QtBot) -> None:
    bench = make_trained()
    project = bench.filled(Birds=4, Frogs=4)
    finished_run(project, wrong=(0, 1))
    _, page = evaluated(bench, project)
    cells = page.panel.cell_list
    cells.setCurrentIndex(cells.rows.index(0))
    QTest.keyClick(cells, Qt.Key.Key_Return)
    assert page._stack.currentWidget() is page.view
    bench.wait(page.view.canvas.heat_shown)
    assert page.view.title.text().endswith("1 of 2")
    QTest.keyClick(page.view, Qt.Key.Key_Right)
    QTest.keyClick(page.view, Qt.Key.Key_Right)
    assert page.view.title.text().endswith("2 of 2")
    page.view.modes._pick("truth")
    bench.wait(page.view.canvas.heat_shown)
    page.view.modes._pick("plain")
    bench.wait(lambda: not page.view.canvas.heat_shown() and not page.view.canvas._picture.isNull())
    QTest.keyClick(page.view, Qt.Key.Key_Escape)
    assert page._stack.currentIndex() == 0


def test_a_photo_that_is_gone_says_so(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=4, Frogs=4)
    finished_run(project, wrong=(0,))
    _, page = evaluated(bench, project)
    page.panel.cell_list.rows.answers[0].path.unlink()
    page._open(page.panel.cell_list.rows.answers, 0)
    bench.wait(lambda: bool(page.view.canvas._message))


def test_wrong_labels_are_mended_and_taken_back(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=4, Frogs=4)
    finished_run(project, wrong=(0, 1, 2))
    dialog, page = evaluated(bench, project)
    evaluation = page._evaluation
    assert evaluation is not None
    first, second, third = page.panel.cell_list.rows.answers
    choose(page.fixer.menu(first, evaluation), "It is Frogs")
    assert counts(project) == {"Birds": 3, "Frogs": 5}
    assert page.fixer.fixed(first, evaluation) == "Moved to Frogs"
    choose(page.fixer.menu(second, evaluation), "Leave out")
    choose(page.fixer.menu(third, evaluation), "Remove from the project")
    assert [page.fixer.fixed(a, evaluation) for a in (second, third)] == ["Left out", "Removed"]
    footer = dialog.current.footer()
    assert footer.text == "3 labels fixed. Train again to use them."
    assert [action.kind for action in footer.actions if action.key == "again"] == ["primary"]
    choose(page.fixer.menu(second, evaluation), "Use it again")
    for _ in range(4):
        dialog.undo()
    assert counts(project) == {"Birds": 4, "Frogs": 4}
    assert dialog.current.footer().text == ""
    page.act("again")
    assert isinstance(dialog.current, SettingsPage)


def test_another_class_can_be_picked_or_made(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=4, Frogs=4)
    finished_run(project, wrong=(0,))
    _, page = evaluated(bench, project)
    evaluation = page._evaluation
    assert evaluation is not None
    answer = page.panel.cell_list.rows.answers[0]
    page.fixer.open_menu(answer, evaluation, QPoint(10, 10))
    page.fixer._move_to_new(answer.id, "Newts")
    assert counts(project)["Newts"] == 1
    assert page.fixer.fixed(answer, evaluation) == "Moved to Newts"


def test_the_new_run_stands_beside_the_old(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=6, Frogs=6)
    old = finished_run(project, wrong=(0, 1, 2))
    new = finished_run(project, wrong=(5,))
    _, page = evaluated(bench, project)
    bench.wait(lambda: not page.banner.isHidden())
    assert page.banner.tone() == "ok"
    assert page.banner.text().startswith("Better than before on the same photos: 91.7")
    assert page.banner.toolTip() == "Of 12 photos: 3 photos are newly right, 1 is newly wrong"
    page.banner.action.emit()
    assert page.panel.cell_title.text() == "Newly wrong"
    assert len(page.panel.cell_list.rows.answers) == 1
    assert page.runs.count() == 2
    page._choose_run(old.path)
    bench.wait(lambda: page.correct_card.number() == "75.0")
    assert page.banner.isHidden()
    page._choose_run(new.path)
    bench.wait(lambda: page.correct_card.number() == "91.7")


def test_without_mistakes_and_without_a_test(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=4, Frogs=4)
    finished_run(project)
    _, page = evaluated(bench, project)
    assert not page.panel.nothing.isHidden()
    assert page.panel.nothing.text() == "No mistakes on these photos."
    assert page.matrix_card.caution.text().startswith("So few test photos say little.")
    untested = run_of(project, RunState("finished", "test", epochs(2), 2, 3.0, None))
    page.book.reload()
    bench.wait(lambda: page._run == untested.path and page._evaluation is None)
    bench.wait(lambda: page.banner.text().startswith("No photo was left to test it with."))


def test_photos_that_could_not_be_read_are_said() -> None:
    read = Answer("a", Path("a.jpg"), 0, (Guess(0, "Birds", 0.9),), 0.9, 0.9)
    gone = [Answer(f"{n}", Path(f"{n}.jpg"), 0, (), 0.0, 0.0, error="There is no such file.") for n in range(14)]
    found = Evaluation("m", "M", ("Birds",), (*[read] * 30, *gone))
    assert caution_words(found) == "14 test photos could not be read and do not count."
    assert unread_tip(found).startswith("0.jpg: There is no such file.\n")
    assert unread_tip(found).endswith("and 2 more")
    assert caution_words(Evaluation("m", "M", ("Birds",), (read,) * 30)) == ""


def test_of_many_classes_those_with_mistakes_are_shown_first(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(**{f"Class{n:02}": 2 for n in range(MANY_CLASSES + 3)})
    finished_run(project, wrong=(0, 1, 9))
    _, page = evaluated(bench, project)
    card: MatrixCard = page.matrix_card
    assert card.matrix.names() == ("Class00", "Class01", "Class04", "Class05")
    assert card.worst_cell() == card.matrix.cell() == (0, 1)
    card.more.click()
    assert len(card.matrix.names()) == MANY_CLASSES + 3
    card.matrix._pick((0, 1))
    assert page.panel.cell_title.text() == "Class00 seen as Class01"


def test_report_and_model_card_are_saved(make_trained: MakeTrained, tmp_path: Path) -> None:
    bench = make_trained()
    project = bench.filled(Birds=4, Frogs=4)
    run = finished_run(project, wrong=(0,))
    dialog, page = evaluated(bench, project)
    for name, words in (("report.html", "<html"), ("card.md", "# Garden")):
        page.reports.write(tmp_path / name, run.path, None)
        bench.wait(lambda name=name: dialog.context.toasts.toast.label.text() == f"{name} saved")  # type: ignore[misc]
        assert words in (tmp_path / name).read_text("utf-8")
    assert bench.settings.values.last_export_folder == str(tmp_path)
    page.reports.write(tmp_path / "card.md" / "report.html", run.path, None)
    bench.wait(lambda: not dialog.context.toasts.toast.label.text().endswith("saved"))
    assert file_name('a/b:"c"') == "a-b--c-"
    assert file_name(" . ") == "report"
    html, card = "Report (*.html)", "Model card (*.md)"
    assert [with_ending(*pair).name for pair in (("a", html), ("a", card), ("a.html", card), ("a.md", html))] == [
        "a.html", "a.md", "a.md", "a.md",
    ]  # fmt: skip


# -- use ------------------------------------------------------------------------------------------------------------


def test_the_model_comes_into_the_program_and_into_use(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=4, Frogs=4)
    run = finished_run(project, wrong=(0,))
    dialog, page = used(bench, project)
    bundle = installed_model(bench.store, project.id)
    assert bundle is not None
    assert bundle.name == "Garden"
    assert bundle.manifest.provenance.run == run.path.name
    bench.wait(lambda: page.card.preview.accessibleName().startswith("Birds"))
    assert page.card.live.isEnabled()
    heard: list[str] = []
    dialog.context.hub.model_used.connect(heard.append)
    page.card.live.click()
    bench.wait(lambda: bool(heard))
    assert (bench.store.active_id, heard) == (bundle.id, ["live"])
    bench.active.use(bundle.id)
    bench.wait(lambda: not bench.active.busy)
    assert heard == ["live"], "who uses it from elsewhere is not led to a page"
    again = installed_model(bench.store, project.id)
    assert again is not None
    assert install_run(bench.store, run.path, project.id, "Garden").folder == again.folder


def test_a_model_that_cannot_be_loaded_is_refused_where_it_was_asked_for(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=4, Frogs=4)
    finished_run(project)
    dialog, page = used(bench, project)
    bundle = installed_model(bench.store, project.id)
    assert bundle is not None
    heard: list[str] = []
    dialog.context.hub.model_used.connect(heard.append)
    (bundle.folder / "model.tflite").write_bytes(b"short")
    page.card.photos.click()
    bench.wait(lambda: "“Garden” cannot be used." in dialog.context.toasts.toast.label.text())
    assert (bench.store.chosen_id(), heard) == (None, [])


def test_ids_of_others_are_left_alone_and_one_s_own_is_replaced(make_trained: MakeTrained) -> None:
    bench = make_trained()
    bench.install_base("garden")
    project = bench.filled(Birds=4, Frogs=4)
    first, second = finished_run(project), finished_run(project, wrong=(1,))
    one = install_run(bench.store, first.path, project.id)
    assert one.id == "garden-2"
    two = install_run(bench.store, second.path, project.id)
    assert (two.id, two.manifest.provenance.run) == ("garden-2", second.path.name)
    assert len([b for b in bench.store.list() if b.manifest.provenance.project == project.id]) == 1
    assert bench.store.get("garden").manifest.provenance.project == ""
    assert DEFAULT_ID not in [b.id for b in bench.store.list()]


def test_a_model_that_cannot_be_saved_says_so(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=4, Frogs=4)
    run = finished_run(project)
    (run.bundle_folder / "model.tflite").write_bytes(b"other")
    dialog = bench.dialog(project)
    dialog.context.latest.status, dialog.context.latest.has_model = "finished", True
    dialog.go("use")
    page = dialog.current
    assert isinstance(page, UsePage)
    bench.wait(lambda: bool(page._problem))
    assert page._title.text() == "The model could not be saved"
    assert not page.card.live.isEnabled()


def exported(kind: str, path: Path, agree: int = 61, problem: str = "") -> dict[str, object]:
    result = {
        "format": kind, "path": str(path), "size_bytes": 9_000_000, "checked": 61, "agree": agree,
        "largest_difference": 1e-5, "milliseconds": 4.2, "numbers": "float32", "preprocessing": "", "note": "",
        "problem": problem,
    }  # fmt: skip
    return {"event": "exported", "result": result}


def test_exports_tell_how_far_they_are_and_whether_they_are_proved(make_trained: MakeTrained, tmp_path: Path) -> None:
    good, bad = tmp_path / "out" / "a" / "m.tflite", tmp_path / "out" / "b" / "m.onnx"
    for path in (good, bad):
        path.parent.mkdir(parents=True)
        path.touch()
    bench = make_trained(
        {"event": "progress", "phase": "convert", "fraction": 0.25}, exported("tflite", good), "await go",
        exported("onnx", bad, 40, "It does not agree."), fake.finished(),
    )  # fmt: skip
    project = bench.filled(Birds=4, Frogs=4)
    run = finished_run(project)
    dialog, page = used(bench, project)
    row: ExportRow = page.rows["tflite"]
    assert row.chip.text() == "Not checked yet"
    assert page.rows["onnx"].chip.text() == "Not available"  # the tiny model has no weights for other formats
    assert not page.rows["onnx"].button.isEnabled()
    assert page.rows["onnx"].amount.text() == ""
    page.export_to(tmp_path / "out", [])
    assert bench.training.exports.state is None
    page.export_to(tmp_path / "out", ["tflite", "onnx"])
    bench.wait(lambda: row.chip.text() == "61 of 61 agree")
    assert page.banner.tone() == "ok"
    assert "stop" in [action.key for action in dialog.current.footer().actions]
    page.act("stop")
    bench.wait(lambda: bench.training.exports.state is None)
    assert dialog.context.training.exports.results(run.path)["tflite"].proved
    page.banner.action.emit()
    assert "m.tflite: 61 of 61 photos" in page.details.text()
    bench.wait((run.path / RESULTS_NAME).is_file)
    later = ExportRunner()
    later.read(run.path)
    bench.wait(lambda: "tflite" in later.results(run.path))
    later.shut_down()


def test_a_rows_tip_says_all_that_the_row_may_cut(qtbot: QtBot) -> None:
    row = ExportRow(FormatInfo("onnx", "ONNX", "Servers", 5_000_000, caveat="Perhaps."))
    assert row.toolTip() == row.accessibleDescription() == "Perhaps."  # said before anything is exported
    qtbot.addWidget(row)
    row.show_state(ExportResult("onnx", problem="Other files lie in there."), None)
    assert (row.chip.text(), row.toolTip()) == ("Not possible", "Other files lie in there.")
    row.show_state(ExportResult("onnx", Path("x"), 9, 5, 5, 1e-4, 2.0, note="Some weights."), None)
    assert row.toolTip().splitlines()[0] == "Some weights."
    assert "0.0001" in row.toolTip()


def test_a_format_that_was_exported_can_be_exported_again(qtbot: QtBot) -> None:
    row = ExportRow(FormatInfo("onnx", "ONNX", "Servers", 5_000_000))
    qtbot.addWidget(row)
    row.show()
    assert not row.again.isVisible()
    row.show_state(ExportResult("onnx", Path("x"), 9, 5, 5, 1e-4, 2.0), None)
    assert row.button.text() == "Show"
    assert row.again.isVisible()
    with qtbot.waitSignal(row.asked) as asked:
        row.again.click()
    assert asked.args == ["export"]
    row.show_state(ExportResult("onnx", Path("x"), 9, 5, 5, 1e-4, 2.0), ExportState(Path("x"), ("tflite",), Path("y")))
    assert not row.again.isEnabled()


def test_an_export_that_differs_is_amber_and_a_crash_is_told(make_trained: MakeTrained, tmp_path: Path) -> None:
    bad = tmp_path / "out" / "b" / "m.onnx"
    bad.parent.mkdir(parents=True)
    bad.touch()
    bench = make_trained(exported("onnx", bad, 40, "It does not agree."), "crash")
    project = bench.filled(Birds=4, Frogs=4)
    finished_run(project)
    dialog, page = used(bench, project)
    page.export_to(tmp_path / "out", ["onnx"])
    bench.wait(lambda: bench.training.exports.state is None)
    assert page.banner.tone() == "warn"
    assert "ended unexpectedly" in dialog.context.toasts.toast.label.text()
    bench.training.exports.start(tmp_path, ["onnx"], tmp_path)
    with pytest.raises(ModelError, match="Another export"):
        bench.training.exports.start(tmp_path, ["onnx"], tmp_path)
    bench.training.exports.cancel()


def test_the_chosen_run_is_the_one_that_is_used(make_trained: MakeTrained) -> None:
    bench = make_trained()
    project = bench.filled(Birds=6, Frogs=6)
    old = finished_run(project, wrong=(0,))
    finished_run(project, wrong=(0, 1, 2))
    dialog, page = evaluated(bench, project)
    page._choose_run(old.path)
    dialog.go("use")
    bench.wait(lambda: installed_model(bench.store, project.id) is not None)
    found = installed_model(bench.store, project.id)
    assert found is not None
    assert found.manifest.provenance.run == old.path.name
    assert class_id(project, "Birds")
