"""Owns the card with the confusion matrix, or the figures of each class; of many classes first those with mistakes."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.evaluation_types import OTHER, Evaluation
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.confusion_matrix import ConfusionMatrix
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.ui.widgets.segmented import Segmented
from mobilenet_gui.ui.wizard.class_table import ClassTable
from mobilenet_gui.ui.wizard.evaluate_words import (
    calibration_tip,
    caution_words,
    stranger_words,
    sure_words,
    unread_tip,
)

MANY_CLASSES = 12
"""Of more classes the matrix shows only those with mistakes until all are asked for."""
MOST_SHOWN = 40


class MatrixCard(Card):
    """The card.

    Attributes:
        chosen: a cell was chosen: the labels of its row and its column.
    """

    chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=16)
        self._evaluation: Evaluation | None = None
        self._order: list[int] = []
        self._all = False
        self._short = False
        self.title = ElidedLabel(tr("What was mistaken for what"), "body", "text", fonts.SEMIBOLD)
        self.views = Segmented(
            [("matrix", "", "view-grid"), ("table", "", "list")], tooltips=[tr("What for what"), tr("Class by class")]
        )
        self.matrix = ConfusionMatrix()
        self.table = ClassTable()
        self.more = Button("", kind="link", height=28)
        self.note = text_label(
            tr("Rows are the true class. Blue is right, amber is a mistake."), "small", "text2", wrap=True
        )
        self.sure = text_label("", "small", "text2", wrap=True)
        self.caution = text_label("", "small", "warn", wrap=True)
        self._stack = QStackedWidget()
        self._lay_out()
        self.views.changed.connect(self._show_view)
        self.more.clicked.connect(self._flip_all)
        self.matrix.chosen.connect(lambda row, column: self.chosen.emit(self._order[row], self._order[column]))
        self.table.picked.connect(self._pick_class)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.more)
        head.addWidget(self.views)
        for view in (self.matrix, self.table):
            self._stack.addWidget(view)
        self.body.setContentsMargins(16, 10, 16, 12)
        self.body.setSpacing(6)
        self.body.addLayout(head)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.note)
        self.body.addWidget(self.sure)
        self.body.addWidget(self.caution)

    def show_evaluation(self, evaluation: Evaluation) -> None:
        """Show another test; nothing is chosen then."""
        self._evaluation = evaluation
        self._all = False
        self.table.show_figures(evaluation.per_class)
        self.sure.setText(" ".join(part for part in (sure_words(evaluation), stranger_words(evaluation)) if part))
        self.sure.setVisible(bool(self.sure.text()))
        self.sure.setToolTip(calibration_tip(evaluation) if self.sure.text() else "")
        self.caution.setText(caution_words(evaluation))
        self.caution.setVisible(bool(self.caution.text()))
        self.caution.setToolTip(unread_tip(evaluation))
        self._fill()

    def set_short(self, short: bool) -> None:
        """Leave the helping sentence out where the window is low."""
        self._short = short
        self.note.setVisible(self.views.current() == "matrix" and not short)

    def choose(self, row: int, column: int) -> bool:
        """Choose the cell of these labels, without a signal; say whether it is shown."""
        if row not in self._order or column not in self._order:
            return False
        self.matrix.choose((self._order.index(row), self._order.index(column)))
        return True

    def worst_cell(self) -> tuple[int, int] | None:
        """Return the labels of the cell with most mistakes; None where there are none."""
        if self._evaluation is None:
            return None
        return next(iter(_mix_ups(self._evaluation)), None)

    def _fill(self) -> None:
        evaluation = self._evaluation
        if evaluation is None:
            return
        size = len(evaluation.classes)
        self._order = list(range(size)) if self._all or size <= MANY_CLASSES else _mistaken(evaluation)
        table = evaluation.confusion
        self.matrix.show_counts(
            [evaluation.classes[label] for label in self._order],
            [[table[row][column] for column in self._order] for row in self._order],
        )
        self.more.setVisible(size > MANY_CLASSES)
        self.more.set_text(tr("Only mistakes") if self._all else trn("Show all {n}", "Show all {n}", size))
        self.more.setToolTip(
            tr("Only classes with mistakes") if self._all else trn("Show all {n} class", "Show all {n} classes", size)
        )

    def _flip_all(self) -> None:
        self._all = not self._all
        self._fill()

    def _show_view(self, key: str) -> None:
        self._stack.setCurrentWidget(self.matrix if key == "matrix" else self.table)
        self.title.setText(tr("What was mistaken for what") if key == "matrix" else tr("Class by class"))
        self.note.setVisible(key == "matrix" and not self._short)

    def _pick_class(self, name: str) -> None:
        """Show the photos of a class that were mistaken most often for one other."""
        if self._evaluation is None:
            return
        row = self._evaluation.classes.index(name)
        counts = self._evaluation.confusion[row][: len(self._evaluation.classes)]
        column = max(range(len(counts)), key=lambda label: (label != row and counts[label] > 0, counts[label]))
        self.choose(row, column)
        self.chosen.emit(row, column)


def _mix_ups(evaluation: Evaluation) -> list[tuple[int, int]]:
    """Return the cells with mistakes as labels of row and column, those with most first."""
    counts = Counter((answer.truth, answer.guess) for answer in evaluation.mistakes if answer.guess != OTHER)
    return sorted(counts, key=lambda cell: (-counts[cell], cell))


def _mistaken(evaluation: Evaluation) -> list[int]:
    """Return the labels of the classes that are mistaken for one another most often, side by side in the matrix.

    No more than can be looked through; where there are no mistakes, the first ones.
    """
    order = list(dict.fromkeys(label for cell in _mix_ups(evaluation) for label in cell))
    return order[:MOST_SHOWN] or list(range(min(len(evaluation.classes), MANY_CLASSES)))
