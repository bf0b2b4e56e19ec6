"""Quitting: a question where it would cut something short, none elsewhere, and Ctrl+Q from every window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLineEdit, QMainWindow, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from mobilenet_gui.training.export_job import ExportFormat
from mobilenet_gui.training.run_folder import RunState
from mobilenet_gui.ui.crash_dialog import CrashReporter
from mobilenet_gui.ui.quitting import QuitQuestion, Quitting
from mobilenet_gui.ui.widgets.turns import next_turn
from mobilenet_gui.workers.training_state import TrainingState
from tests import fake_trainer as fake
from tests.ui.test_training_news import Bench
from tests.ui.trained_parts import epochs, finished_run, run_of

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    made = Bench(qtbot, tmp_path)
    yield made
    made.window.quitting.close_at_once()
    made.window.deleteLater()


def training(bench: Bench, *plan: fake.Step, state: RunState | None = None) -> None:
    project = bench.project("hymenoptera")
    project.save()
    bench.train(project, run_of(project, state or RunState("running")), *plan)
    bench.wait(lambda: bench.window.desk.training._worker is not None)


def question(bench: Bench) -> QuitQuestion:
    found = bench.window.quitting.question
    assert found is not None
    return found


def ctrl_q(window: QWidget) -> None:
    QTest.keyClick(window, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)


def test_with_nothing_under_way_nobody_is_asked(bench: Bench) -> None:
    bench.window.close()
    assert not bench.window.isVisible()


def test_a_training_is_asked_about_and_can_be_kept(bench: Bench) -> None:
    training(bench, fake.epoch(5, 20, phase="adapt"), "hang")
    bench.wait(lambda: bool(bench.window.desk.training.state.history))  # type: ignore[union-attr]
    bench.window.close()
    assert bench.window.isVisible()
    asked = question(bench)
    assert asked.words.text() == (
        "hymenoptera is being trained. Quitting stops it; at the next start it can go on after epoch 5 of 20."
    )
    QTest.mouseClick(asked.stay, Qt.MouseButton.LeftButton)
    assert bench.window.desk.training.busy
    bench.window.close()
    QTest.mouseClick(question(bench).quit, Qt.MouseButton.LeftButton)
    assert not bench.window.isVisible()
    assert bench.settings.values.unfinished_training == "hymenoptera/run-0001"


def test_before_the_first_epoch_it_says_that_it_begins_anew(bench: Bench) -> None:
    training(bench, fake.epoch(1), "hang")
    bench.window.close()
    assert question(bench).words.text().endswith("at the next start it can begin anew.")


def test_the_question_goes_when_there_is_nothing_left_to_ask(bench: Bench) -> None:
    training(bench, "await finish", *fake.fine())
    bench.window.close()
    asked = question(bench)
    assert asked.isVisible()
    bench.window.desk.training.finish()
    bench.wait(lambda: bench.window.quitting.question is None or not _visible(asked))
    assert bench.window.isVisible(), "nobody has said Quit"


def test_an_export_is_asked_about_and_leaves_nothing_half_written(bench: Bench) -> None:
    project = bench.project("hymenoptera")
    run = finished_run(project)
    exports = bench.window.desk.training.exports
    exports._command = fake.command({"event": "progress", "phase": "exporting", "fraction": 0.1}, "hang")
    target = bench.folder / "out"
    target.mkdir()
    formats: list[ExportFormat] = ["tflite"]
    exports.start(run.path, formats, target)
    bench.wait(lambda: exports.state is not None and exports.state.fraction is not None)
    bench.window.close()
    assert "A model is being exported." in question(bench).words.text()
    QTest.mouseClick(question(bench).quit, Qt.MouseButton.LeftButton)
    assert not bench.window.isVisible()
    bench.wait(lambda: not list(target.iterdir()))


def test_a_polite_kill_asks_nobody(bench: Bench) -> None:
    training(bench, fake.epoch(1), "hang")
    bench.window.quitting.close_at_once()
    assert not bench.window.isVisible()


def windows_of(bench: Bench) -> dict[str, Callable[[], QWidget]]:
    def wizard() -> QWidget:
        bench.window.desk.begin()
        bench.wait(lambda: any(dialog.isActiveWindow() for dialog in bench.window.desk.dialogs))
        return bench.window.desk.dialogs[0]

    def shortcuts() -> QWidget:
        bench.window._show_shortcuts()
        return _front(bench)

    def shortcuts_of_wizard() -> QWidget:
        bench.window.desk.begin()
        bench.wait(lambda: any(dialog.isActiveWindow() for dialog in bench.window.desk.dialogs))
        bench.window.desk.dialogs[0]._show_shortcuts()
        return _front(bench)

    def crash() -> QWidget:
        reporter = CrashReporter(bench.window)
        reporter.report("A fault", "The report")
        bench.wait(lambda: isinstance(QApplication.activeWindow(), QDialog))
        return _front(bench)

    def capture() -> QWidget:
        from mobilenet_gui.ui.wizard.capture_dialog import CaptureDialog

        parent = wizard()
        context = bench.window.desk.dialogs[0].context
        made = CaptureDialog(context, context.project.add_class("Ants").id, parent)
        made.show()
        made.activateWindow()
        bench.wait(made.isActiveWindow)
        return made

    def files() -> QWidget:
        made = QFileDialog(wizard(), "Choose")
        made.setOption(QFileDialog.Option.DontUseNativeDialog)
        made.setWindowModality(Qt.WindowModality.ApplicationModal)
        made.show()
        made.activateWindow()
        bench.wait(lambda: made.isActiveWindow() and QApplication.focusWidget() is not None)
        return made

    return {
        "main": lambda: bench.window, "wizard": wizard, "shortcuts": shortcuts, "crash": crash, "capture": capture,
        "wizard's shortcuts": shortcuts_of_wizard, "files": files,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["main", "wizard", "shortcuts", "wizard's shortcuts", "crash", "capture", "files"])
def test_ctrl_q_works_in_every_window(bench: Bench, name: str) -> None:
    window = windows_of(bench)[name]()
    pressed = 0.0

    def is_closed() -> bool:
        # Like a person, it presses again where nothing happened: on a busy machine a window loses the keyboard for a
        # moment, and once in some hundred runs the first press came just then.
        nonlocal pressed
        if bench.window.isVisible() and isValid(window) and window.isActiveWindow() and time.monotonic() - pressed > 5:
            pressed = time.monotonic()
            ctrl_q(window)
        return not bench.window.isVisible()

    bench.wait(is_closed)
    # Those with a parent do not keep the program alive.
    alone = [widget for widget in QApplication.topLevelWidgets() if widget.parentWidget() is None]
    bench.wait(lambda: not any(_visible(widget) for widget in alone))


@pytest.mark.parametrize("outside", [False, True])
def test_whoever_waits_for_a_dialog_is_still_there_when_quitting_answers_it(bench: Bench, outside: bool) -> None:
    bench.window.desk.begin()
    bench.wait(lambda: any(dialog.isActiveWindow() for dialog in bench.window.desk.dialogs))
    wizard = bench.window.desk.dialogs[0]
    seen: list[bool] = []

    def press_when_it_listens(dialog: QDialog) -> None:
        if outside:
            bench.window.quitting.close_at_once()
        elif dialog.isActiveWindow():
            ctrl_q(dialog)
        else:  # on a busy machine it is shown before it has the keyboard
            next_turn(dialog, lambda: press_when_it_listens(dialog))

    def wait_for_an_answer() -> None:
        dialog = QDialog(wizard)
        QLineEdit(dialog)
        next_turn(dialog, lambda: press_when_it_listens(dialog))
        dialog.exec()
        seen.append(isValid(wizard) and wizard.isVisible())

    next_turn(bench.window, wait_for_an_answer)
    bench.wait(lambda: not bench.window.isVisible())
    assert seen == [True]


def test_ctrl_q_in_a_wizard_asks_over_it(bench: Bench) -> None:
    wizard = windows_of(bench)["wizard"]()
    project_training = bench.window.desk.training
    project_training._set(TrainingState("garden", bench.folder, "running", name="garden"))
    ctrl_q(wizard)
    asked = question(bench)
    assert asked.parentWidget() is wizard
    ctrl_q(asked)
    assert bench.window.isVisible(), "pressing it again is no answer"
    QTest.mouseClick(asked.quit, Qt.MouseButton.LeftButton)
    bench.wait(lambda: not bench.window.isVisible())


def test_what_was_trained_before_can_go_on_where_it_was(bench: Bench) -> None:
    state = RunState("running", "adapt", epochs(5, 20, "adapt"), 4, 20.0)
    training(bench, "hang", state=state)
    bench.window.quitting.close_at_once()
    assert bench.settings.values.unfinished_training == "hymenoptera/run-0001"


def _front(bench: Bench) -> QWidget:
    bench.wait(lambda: QApplication.activeWindow() not in (None, bench.window))
    front = QApplication.activeWindow()
    assert front is not None
    return front


def _visible(widget: QWidget) -> bool:
    try:
        return widget.isVisible()
    except RuntimeError:  # deleted
        return False


def test_a_window_that_was_closed_takes_no_keys_from_the_next(bench: Bench) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.focusChanged.disconnect(bench.window.quitting._look_at)
    before = Quitting(QMainWindow(), lambda: [])
    application.focusChanged.connect(bench.window.quitting._look_at)  # it hears of the dialog after the other
    dialog = windows_of(bench)["files"]()
    ctrl_q(dialog)
    bench.wait(lambda: not bench.window.isVisible())
    before._window.deleteLater()
