"""Owns the panel beside the confusion matrix: the photos of the chosen cell, and all mistakes, the worst first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.evaluation_types import Answer
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.buttons import IconButton
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.labels import Divider, ElidedLabel, text_label
from mobilenet_gui.ui.wizard.answer_list import ROW_GAP, ROW_HEIGHT, AnswerList
from mobilenet_gui.ui.wizard.answer_looks import AnswerLooks

_WIDTH_MIN, _WIDTH_MAX = 264, 420
_LEAST_ROWS = 2
_CUT = 0.2
"""Of the row after the last one that is seen whole: the cut one tells that there are more."""
_ABOVE = 60
_TILES_LEAST = 150
_NO_MAXIMUM = 16777215  # Qt's own word for it
"""What stands above the list of the cell."""


class MistakePanel(Card):
    """The panel.

    Attributes:
        opened: a photo is to be looked at: the answers beside it and its place among them.
        fix_requested: a label is to be mended: the answer, and where on the screen a menu belongs.
    """

    opened = Signal(object, int)
    fix_requested = Signal(object, object)

    def __init__(self, looks: AnswerLooks, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=16)
        self._looks = looks
        self._short = False
        self.setMinimumWidth(fonts.px(_WIDTH_MIN))
        self.setMaximumWidth(fonts.px(_WIDTH_MAX))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.cell_title = ElidedLabel("", "body", "text", fonts.SEMIBOLD)
        self.cell_count = text_label("", "small", "text2")
        self.heat = IconButton("eye", tr("Show where the model looked (E)"), checkable=True, size=28)
        self.heat.setChecked(True)
        self.cell_list = AnswerList(tr("Photos of the chosen cell"))
        self.all_title = ElidedLabel(tr("All mistakes"), "body", "text", fonts.SEMIBOLD)
        self.all_count = text_label("", "small", "text2")
        self.all_list = AnswerList(tr("All mistakes"), tiled=True)
        self.nothing = text_label("", "body", "text2", wrap=True)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint = text_label("", "small", "text2", wrap=True)
        self._divider = Divider()
        self._lay_out()
        self.all_list.rows.set_look(looks.plain)
        self._show_heat()
        looks.arrived.connect(self._repaint)
        self.heat.clicked.connect(self._show_heat)
        for view in (self.cell_list, self.all_list):
            view.opened.connect(lambda row, view=view: self.opened.emit(view.rows.answers, row))
            view.fix_requested.connect(lambda row, at, view=view: self._ask_fix(view, row, at))

    def _lay_out(self) -> None:
        self.body.setSpacing(10)
        for title, *more in ((self.cell_title, self.cell_count, self.heat), (self.all_title, self.all_count)):
            row = QHBoxLayout()
            row.setSpacing(6)
            row.addWidget(title, 1)
            for widget in more:
                row.addWidget(widget)
            self.body.addLayout(row)
            if title is self.cell_title:
                self.body.addWidget(self.cell_list)
                self.body.addWidget(self._divider)
        self.body.addWidget(self.all_list, 1)
        self.body.addWidget(self.nothing, 1)
        self.body.addWidget(self.hint)

    def show_mistakes(self, answers: Sequence[Answer], classes: Sequence[str], *, tested: int) -> None:
        """Show all mistakes of a test of `tested` photos."""
        self.all_list.rows.show_answers(answers, classes)
        self.all_count.setText(trn("{n} photo", "{n} photos", len(answers)))
        for widget in (self.all_title, self.all_count, self.all_list):
            widget.setVisible(bool(answers))
        self.nothing.setVisible(not answers)
        self.nothing.setText(tr("No mistakes on these photos.") if tested else tr("There were no photos to test with."))

    def show_cell(self, title: str, answers: Sequence[Answer], classes: Sequence[str], hint: str = "") -> None:
        """Show the photos of a cell; none hides the upper part."""
        self.cell_title.setText(title)
        self.cell_count.setText(trn("{n} photo", "{n} photos", len(answers)))
        self.cell_list.rows.show_answers(answers, classes)
        some = bool(title)
        for widget in (self.cell_title, self.cell_count, self.heat):
            widget.setVisible(some)
        self.cell_list.setVisible(bool(answers))
        self._divider.setVisible(some and not self.all_list.isHidden())
        row = fonts.px(ROW_HEIGHT) + ROW_GAP
        alone = self.all_list.isHidden()
        self.cell_list.setMinimumHeight(min(row, row * len(answers)))
        self.cell_list.setMaximumHeight(_NO_MAXIMUM if alone else round(row * min(len(answers), self._rows_shown())))
        self.cell_list.scrollToTop()
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint) and not self._short)
        if alone:
            self.nothing.setVisible(not answers)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show more rows of the cell where the window is high."""
        super().resizeEvent(event)
        if not self.all_list.isHidden():
            row = fonts.px(ROW_HEIGHT) + ROW_GAP
            self.cell_list.setMaximumHeight(round(row * min(len(self.cell_list.rows.answers), self._rows_shown())))

    def _rows_shown(self) -> float:
        """Return how many rows of the cell are seen at once: no more than half of the panel."""
        half = (self.height() / 2 - fonts.px(_ABOVE)) // (fonts.px(ROW_HEIGHT) + ROW_GAP)
        return max(_LEAST_ROWS, half) + _CUT

    def set_short(self, short: bool) -> None:
        """Leave the helping sentence out where the window is low."""
        self._short = short
        self.hint.setVisible(bool(self.hint.text()) and not short)

    def set_wide(self, wide: bool) -> None:
        """Take the whole width, below something else, instead of a column beside it."""
        self.setMaximumWidth(_NO_MAXIMUM if wide else fonts.px(_WIDTH_MAX))
        self.all_list.setMinimumHeight(fonts.px(_TILES_LEAST) if wide else 0)

    def flip_heat(self) -> None:
        """Show where the model looked, or no longer."""
        self.heat.toggle()
        self._show_heat()

    def refresh(self) -> None:
        """Draw all anew: labels were mended."""
        self.cell_list.viewport().update()
        self.all_list.viewport().update()

    def _show_heat(self) -> None:
        self.cell_list.rows.set_look(self._looks.with_heat if self.heat.isChecked() else self._looks.plain)
        self.cell_list.viewport().update()

    def _repaint(self, photo_ids: list[str]) -> None:
        for view in (self.cell_list, self.all_list):
            if view.isVisible():
                view.repaint_photos(photo_ids)

    def _ask_fix(self, view: AnswerList, row: int, at: QPoint) -> None:
        answer = view.rows.at(row)
        if answer is not None:
            self.fix_requested.emit(answer, at)
