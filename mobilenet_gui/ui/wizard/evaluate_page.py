"""Owns step 5 of the wizard: how good the model is on photos it has never seen, and what to do about its mistakes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QPoint
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.comparison import Comparison, compare
from mobilenet_gui.training.evaluation_types import Answer, Evaluation
from mobilenet_gui.training.run_folder import RunFolder
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.models.words import day
from mobilenet_gui.ui.tokens import SHORT_BELOW
from mobilenet_gui.ui.widgets.banner import Banner
from mobilenet_gui.ui.widgets.fields import ComboBox
from mobilenet_gui.ui.widgets.stat_card import StatCard
from mobilenet_gui.ui.wizard.answer_looks import AnswerLooks
from mobilenet_gui.ui.wizard.answer_view import AnswerView
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.evaluate_words import cell_hint, cell_title, comparison_words, interval_tip, right_words
from mobilenet_gui.ui.wizard.flow import Key
from mobilenet_gui.ui.wizard.label_fixing import LabelFixer
from mobilenet_gui.ui.wizard.matrix_card import MatrixCard
from mobilenet_gui.ui.wizard.mistake_panel import MistakePanel
from mobilenet_gui.ui.wizard.page import Action, Footer, WizardPage, filled
from mobilenet_gui.ui.wizard.report_desk import ReportDesk
from mobilenet_gui.ui.wizard.run_link import book_of, chosen_run, set_chosen_run
from mobilenet_gui.ui.wizard.training_words import preset_title
from mobilenet_gui.workers.heat_desk import HeatDesk
from mobilenet_gui.workers.run_book import RunInfo

_NARROW_BELOW = 600


class EvaluatePage(WizardPage):
    """The page. It shows one finished training, the latest until another is chosen, beside the one before it."""

    key: ClassVar[Key] = "evaluate"

    def __init__(self, context: WizardContext) -> None:
        super().__init__(
            context,
            tr("How good is it?"),
            tr("Measured on photos the model has never seen. Click a cell to see its photos."),
        )
        self.book = book_of(context)
        self._shown = False
        self._run: Path | None = None
        self._evaluation: Evaluation | None = None
        self._comparison: Comparison | None = None
        self._cell: tuple[int, int] | None = None
        self.desk = HeatDesk(self)
        self.looks = AnswerLooks(context.shelf, self.desk, self)
        self.fixer = LabelFixer(context, self)
        self.reports = ReportDesk(context, self.book, self)
        self.runs = ComboBox()
        self.correct_card = StatCard(tr("Correct on test photos"))
        self.weakest_card = StatCard(tr("Weakest class"))
        self.banner = Banner("info", "", closable=False)
        self.matrix_card = MatrixCard()
        self.panel = MistakePanel(self.looks)
        self.view = AnswerView(self.desk)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        cards = QHBoxLayout()
        cards.setSpacing(12)
        cards.addWidget(self.correct_card, 3)
        cards.addWidget(self.weakest_card, 2)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addLayout(cards)
        left.addWidget(self.matrix_card, 1)
        overview = QWidget()
        column = QVBoxLayout(overview)
        column.setContentsMargins(0, 0, 0, 16)
        column.setSpacing(12)
        self._row.setSpacing(12)
        column.addWidget(self.banner)
        column.addLayout(self._row, 1)
        self._row.addLayout(left, 7)
        self._row.addWidget(self.panel, 5)
        self.view.setContentsMargins(0, 0, 0, 16)
        self._stack.addWidget(filled(overview))
        self._stack.addWidget(self.view)
        self.body.addWidget(self._stack, 1)
        self.banner.hide()
        self.runs.setAccessibleName(tr("Training"))
        self.runs.hide()
        self.add_heading_widget(self.runs)

    def _connect(self) -> None:
        self.book.changed.connect(self._follow)
        self.runs.activated.connect(lambda _index: self._choose_run(self.runs.currentData()))
        self.matrix_card.chosen.connect(self._choose_cell)
        self.panel.opened.connect(self._open)
        self.panel.fix_requested.connect(self._fix)
        self.view.fix_requested.connect(self._fix)
        self.view.closed.connect(self._close_view)
        self.banner.action.connect(self._show_lost)
        self.context.hub.project_changed.connect(self._follow_project)
        QShortcut(QKeySequence("E"), self).activated.connect(self.panel.flip_heat)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the matrix the room of helping sentences where the window is low."""
        super().resizeEvent(event)
        short = self.window().height() < SHORT_BELOW
        self.matrix_card.set_short(short)
        self.panel.set_short(short)
        # Large text leaves no room for two columns: what was mistaken comes below then, and the page scrolls.
        narrow = self.width() < fonts.px(_NARROW_BELOW)
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._row.setDirection(down if narrow else across)
        self.panel.set_wide(narrow)

    # -- the dialog's wishes --------------------------------------------------------------------------------------

    def entered(self) -> None:
        """Show the chosen training, the latest at first."""
        self._shown = True
        self.context.training.warm()
        self._follow()

    def left(self) -> None:
        """Rest."""
        self._shown = False
        self.desk.forget()

    def shut_down(self) -> None:
        """End what looks at photos."""
        self._shown = False
        self.desk.stop()
        self.book.shut_down()

    def footer(self) -> Footer:
        """Offer a report, another training and the next step."""
        fixed = self.fixer.count(self._evaluation) if self._evaluation is not None else 0
        words = trn("{n} label fixed. Train again to use it.", "{n} labels fixed. Train again to use them.", fixed)
        report = Action("report", tr("Save report…"), "ghost", "export", enabled=self._evaluation is not None)
        return Footer(
            text=words if fixed else "",
            left=None if fixed else report,
            actions=(
                *((report,) if fixed else ()),
                Action("again", tr("Train again"), "primary" if fixed else "secondary", "refresh",
                       enabled=not self.context.training.busy),
                Action("continue", tr("Continue"), "secondary" if fixed else "primary"),
            ),
        )  # fmt: skip

    def act(self, key: str) -> None:
        """Save the report, or train again."""
        if key == "again":
            self.context.hub.go.emit("settings")
        elif key == "report":
            self._save_report()

    # -- which training -------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Show the chosen run; a new one takes its place."""
        if not self._shown:
            return
        self._list_runs()
        run = chosen_run(self.context, self.book)
        if run is None:
            self._show_none(tr("Nothing has been trained yet."))
        elif run.folder != self._run:
            self._load(run)
        self.changed.emit()

    def _list_runs(self) -> None:
        finished = self.book.finished
        self.runs.clear()
        for one in finished:
            self.runs.add_option(_run_words(one), one.folder)
        run = chosen_run(self.context, self.book)
        self.runs.set_current_key(run.folder if run is not None else None)
        self.runs.setVisible(len(finished) > 1)

    def _choose_run(self, folder: Path) -> None:
        set_chosen_run(self.context, folder)
        self._follow()

    def _load(self, run: RunInfo) -> None:
        self._run = run.folder
        self._evaluation = self._comparison = None

        def show(evaluation: Evaluation) -> None:
            if self._run == run.folder:
                self._show(run, evaluation)

        def fail(error: UserError) -> None:
            if self._run == run.folder:
                untested = run.state.accuracy is None
                self._show_none(_untested_words() if untested else error.reason)

        self.book.read_evaluation(run.folder, show, fail)

    # -- showing --------------------------------------------------------------------------------------------------

    def _show(self, run: RunInfo, evaluation: Evaluation) -> None:
        self._evaluation = evaluation
        self.looks.set_model(RunFolder(run.folder).bundle_folder, lambda answer: self.fixer.fixed(answer, evaluation))
        share = evaluation.accuracy
        self.correct_card.show_value("" if share is None else f"{share * 100:.1f}", "%", right_words(evaluation))
        self.correct_card.setToolTip(interval_tip(evaluation))
        weakest = evaluation.weakest
        if weakest is None or weakest.recall is None:
            self.weakest_card.show_value("")
        else:
            note = tr("{name}, {right} of {all}").format(name=weakest.name, right=weakest.correct, all=weakest.support)
            self.weakest_card.show_value(f"{weakest.recall * 100:.0f}", "%", note)
        self.matrix_card.show_evaluation(evaluation)
        self.panel.show_mistakes(evaluation.mistakes, evaluation.classes, tested=len(evaluation.tested))
        self._show_cell(self.matrix_card.worst_cell())
        self._close_view()
        self._compare(run)
        self.changed.emit()

    def _show_none(self, why: str) -> None:
        empty = Evaluation("", "", (), ())
        self._evaluation = None
        self.correct_card.show_value("")
        self.weakest_card.show_value("")
        self.matrix_card.show_evaluation(empty)
        self.panel.show_mistakes((), (), tested=0)
        self._show_cell(None)
        self.banner.set_content("info", why)
        self.banner.show()
        self.changed.emit()

    def _compare(self, run: RunInfo) -> None:
        """Say what the training noted, and put the one that came before beside it."""
        notes = " ".join(run.state.notes)
        self.banner.set_content("info", notes)
        self.banner.setToolTip("")
        self.banner.setVisible(bool(notes))
        finished = self.book.finished
        place = next((n for n, other in enumerate(finished) if other.folder == run.folder), len(finished))
        if place + 1 >= len(finished):
            return

        def show(old: Evaluation) -> None:
            if self._run != run.folder or self._evaluation is None:
                return
            self._comparison = compare(old, self._evaluation)
            tone, text, more = comparison_words(self._comparison)
            lost = trn("Show {n} newly wrong", "Show {n} newly wrong", len(self._comparison.only_old))
            self.banner.set_content(tone, f"{text} {notes}".strip(), lost if self._comparison.only_old else "")
            self.banner.setToolTip(more)
            self.banner.show()

        self.book.read_evaluation(finished[place + 1].folder, show, lambda _error: None)

    def _choose_cell(self, row: int, column: int) -> None:
        self._show_cell((row, column))

    def _show_cell(self, cell: tuple[int, int] | None) -> None:
        evaluation = self._evaluation
        self._cell = cell
        if cell is None or evaluation is None:
            self.panel.show_cell("", (), ())
            return
        self.matrix_card.choose(*cell)
        answers = evaluation.cell(*cell)
        self.panel.show_cell(cell_title(evaluation, *cell), answers, evaluation.classes, cell_hint(evaluation, *cell))

    def _show_lost(self) -> None:
        """Show the photos that the training before had right."""
        if self._comparison is not None and self._evaluation is not None:
            answers = self._comparison.only_old
            self.matrix_card.matrix.choose(None)
            self.panel.show_cell(tr("Newly wrong"), answers, self._evaluation.classes)

    def _follow_project(self) -> None:
        if self._shown and self._evaluation is not None:
            self.panel.refresh()
            self.view.refresh()
            self.changed.emit()

    # -- one photo ------------------------------------------------------------------------------------------------

    def _open(self, answers: tuple[Answer, ...], place: int) -> None:
        evaluation = self._evaluation
        if evaluation is None or self._run is None:
            return
        self.view.show_answers(
            answers, place, evaluation.classes, RunFolder(self._run).bundle_folder,
            lambda answer: self.fixer.fixed(answer, evaluation),
        )  # fmt: skip
        self._stack.setCurrentWidget(self.view)
        self.view.setFocus()

    def _close_view(self) -> None:
        if self._stack.currentWidget() is self.view:
            self._stack.setCurrentIndex(0)
            self.panel.cell_list.setFocus()

    def _fix(self, answer: Answer, at: QPoint) -> None:
        if self._evaluation is not None:
            self.fixer.open_menu(answer, self._evaluation, at)

    def _save_report(self) -> None:
        """Ask where to, and write down how good the model is, beside the training before it."""
        if self._run is None:
            return
        finished = [one.folder for one in self.book.finished]
        place = finished.index(self._run) if self._run in finished else len(finished)
        earlier = self.book.evaluation(finished[place + 1]) if place + 1 < len(finished) else None
        self.reports.ask(self._run, earlier)


def _untested_words() -> str:
    return tr("No photo was left to test it with. Add more photos, or give the test a larger part under Settings.")


def _run_words(run: RunInfo) -> str:
    """Return one training in a line: "Balanced, 14:20, 95.0 %"."""
    share = "" if run.state.accuracy is None else percent(run.state.accuracy)
    return ", ".join(part for part in (preset_title(run.settings.preset), _moment(run.created), share) if part)


def _moment(created: str) -> str:
    """Return an ISO 8601 time as the time of today, or the day before that; empty where it is none."""
    try:
        when = datetime.fromisoformat(created).astimezone()
    except ValueError:
        return ""
    return f"{when.hour}:{when.minute:02}" if when.date() == datetime.now().astimezone().date() else day(created)
