"""Owns the card with the confusion matrix, or the figures of each class; of many classes first those with mistakes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.evaluation_types import Evaluation
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.confusion_matrix import ConfusionMatrix
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.ui.widgets.segmented import Segmented
from mobilenet_gui.ui.wizard.class_table import ClassTable
from mobilenet_gui.ui.wizard.evaluate_words import calibration_tip, sure_words

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

    def show_evaluation(self, evaluation: Evaluation) -> None:
        """Show another test; nothing is chosen then."""
        self._evaluation = evaluation
        self._all = False
        self.table.show_figures(evaluation.per_class)
        self.sure.setText(sure_words(evaluation))
        self.sure.setVisible(bool(self.sure.text()))
        self.sure.setToolTip(calibration_tip(evaluation) if self.sure.text() else "")
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
        table = self._evaluation.confusion
        size = len(self._evaluation.classes)
        cells = [(row, column) for row in range(size) for column in range(size) if row != column and table[row][column]]
        return max(cells, key=lambda cell: table[cell[0]][cell[1]], default=None)

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
        self.more.set_text(
            tr("Only those with mistakes") if self._all else trn("Show all {n} class", "Show all {n} classes", size)
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


def _mistaken(evaluation: Evaluation) -> list[int]:
    """Return the labels of classes with mistakes, those with most first, but not more than can be looked through."""
    table = evaluation.confusion
    size = len(evaluation.classes)
    wrong = [0] * size
    for row in range(size):
        for column, count in enumerate(table[row][:size]):
            if column != row and count:
                wrong[row] += count
                wrong[column] += count
    order = sorted((label for label in range(size) if wrong[label]), key=lambda label: -wrong[label])
    return order[:MOST_SHOWN] or list(range(min(size, MANY_CLASSES)))
