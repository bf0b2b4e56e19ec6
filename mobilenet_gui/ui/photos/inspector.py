"""Owns the inspector of the photos page: chips on top, one of four bodies, and the footer that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import milliseconds
from mobilenet_gui.core.types import Timing
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.photos.batch_panel import BatchPanel
from mobilenet_gui.ui.photos.explain_card import ExplainCard
from mobilenet_gui.ui.photos.result_panel import ResultPanel
from mobilenet_gui.ui.tokens import HEIGHT_LARGE, INSPECTOR_MARGIN
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.chip import Chip
from mobilenet_gui.ui.widgets.inspector import Inspector
from mobilenet_gui.ui.widgets.kbd import KeyCap
from mobilenet_gui.ui.widgets.labels import Divider, text_label
from mobilenet_gui.ui.widgets.prediction_bars import GhostBars


class Body(Enum):
    """What the inspector is about."""

    EMPTY = "empty"
    NO_MODEL = "no_model"
    RESULT = "result"
    BATCH = "batch"


class PhotoInspector(Inspector):
    """The panel at the right.

    Attributes:
        copy_requested, export_requested: of the photo on screen.
        new_class_requested, no_interest_requested: a stranger is a class of its own, or none that matters.
        export_all_requested, copy_table_requested, sort_requested: of all photos.
        model_menu_requested: the model chip was pressed; the place for its menu on the screen.
        model_action: "download", "import" or "folder" is wanted, since there is no model.
    """

    copy_requested = Signal()
    export_requested = Signal()
    new_class_requested = Signal()
    no_interest_requested = Signal()
    export_all_requested = Signal()
    copy_table_requested = Signal()
    sort_requested = Signal()
    model_menu_requested = Signal(QPoint)
    model_action = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model_chip = Chip(tr("No model"), "cube", menu=True)
        self.model_chip.clicked.connect(self._chip_pressed)
        self.time_chip = Chip("", "stopwatch")
        # Where both do not fit, the model's name gives way.
        self.time_chip.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.top.addWidget(self.model_chip)
        self.top.addWidget(self.time_chip)
        self.result = ResultPanel()
        self.batch = BatchPanel()
        self.explain_card = ExplainCard()
        self._bodies: dict[Body, QWidget] = {
            Body.EMPTY: _empty_body(self.explain_card),
            Body.NO_MODEL: self._no_model_body(),
            Body.RESULT: self.result,
            Body.BATCH: self.batch,
        }
        self._footers: dict[Body, QWidget] = {
            Body.EMPTY: _empty_footer(),
            Body.RESULT: self._result_footer(),
            Body.BATCH: self._batch_footer(),
        }
        for widget in self._bodies.values():
            self.body.addWidget(widget)
        for widget in self._footers.values():
            self.footer.addWidget(widget)
        self._names: tuple[str, ...] = (self.model_chip.text(),)
        self._current = Body.EMPTY
        self.show_body(Body.EMPTY)
        self.set_time(None)

    @property
    def current(self) -> Body:
        """What it is about now."""
        return self._current

    def show_body(self, body: Body) -> None:
        """Be about something else."""
        self._current = body
        for key, widget in self._bodies.items():
            widget.setVisible(key is body)
        for key, widget in self._footers.items():
            widget.setVisible(key is body)

    def set_model(self, name: str, tip: str = "", shorter: Sequence[str] = ()) -> None:
        """Name the model on its chip; the first of the `shorter` names that fits stands there where `name` does not."""
        self._names = (name, *shorter)
        self._fit_name()
        self.model_chip.setAccessibleName(tr("Model: {name}").format(name=name))
        self.model_chip.setToolTip(tip)

    def set_time(self, timing: Timing | None, precision: str = "float") -> None:
        """Show what the photo took, and whether the network counted in 8 bits; nothing without an answer."""
        self.time_chip.setVisible(timing is not None)
        if timing is not None:
            total = milliseconds(timing.total)
            self.time_chip.setText(total)
            self.time_chip.setAccessibleName(tr("Time taken: {time}").format(time=total))
            text = tr("Reading and decoding {decode}\nCropping and resizing {prepare}\nThe network {network}")
            if precision == "int8":
                text = tr(
                    "Reading and decoding {decode}\nCropping and resizing {prepare}\nThe network, in 8 bits, {network}"
                )
            self.time_chip.setToolTip(
                text.format(
                    decode=milliseconds(timing.decode),
                    prepare=milliseconds(timing.prepare),
                    network=milliseconds(timing.network),
                )
            )

        self._fit_name()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Name the model as fully as there is room."""
        super().resizeEvent(event)
        self._fit_name()

    def _fit_name(self) -> None:
        taken = 2 * INSPECTOR_MARGIN + self.hide_button.sizeHint().width() + 2 * self.top.spacing()
        if not self.time_chip.isHidden():
            taken += self.time_chip.sizeHint().width() + self.top.spacing()
        for name in self._names:
            self.model_chip.setText(name)
            if self.model_chip.sizeHint().width() <= self.width() - taken:
                break

    def set_result_available(self, available: bool) -> None:
        """Let the answer be copied and exported, or not."""
        self._copy.setEnabled(available)
        self._export.setEnabled(available)

    def set_stranger(self, stranger: bool) -> None:
        """Offer what can be done with a photo that is unlike anything the model was shown, or the usual."""
        self._new_class.setVisible(stranger)
        self._no_interest.setVisible(stranger)
        self._copy.setVisible(not stranger)

    def set_answers_available(self, available: bool) -> None:
        """Let the answers be exported and sorted by, or not."""
        for button in (self._export_all, self._copy_table, self._sort):
            button.setEnabled(available)

    def set_form(self, *, narrow: bool, short: bool) -> None:
        """Leave helping sentences out where the window is low; put buttons below each other where it is narrow."""
        self.result.set_short(short)
        self.time_chip.set_icon(None if narrow else "stopwatch")
        self._fit_name()
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._batch_row.setDirection(down if narrow else across)

    def _chip_pressed(self) -> None:
        self.model_menu_requested.emit(self.model_chip.mapToGlobal(QPoint(0, self.model_chip.height() + 4)))

    def _no_model_body(self) -> QWidget:
        body, column = _column()
        column.addWidget(text_label(tr("No model yet"), "result", "text", fonts.SEMIBOLD, wrap=True))
        column.addWidget(
            text_label(
                tr("Photos are recognised as soon as there is a model. Download one, or take one you have."),
                "body",
                "text2",
                wrap=True,
            )
        )
        column.addSpacing(12)
        for action, text, icon, kind in (
            ("download", tr("Download a model"), "download", "primary"),
            ("import", tr("Import a file…"), "file", "secondary"),
            ("folder", tr("Choose a folder…"), "folder", "secondary"),
        ):
            button = Button(text, icon, kind, HEIGHT_LARGE)
            button.clicked.connect(lambda _checked=False, a=action: self.model_action.emit(a))
            column.addWidget(button)
            column.addSpacing(4)
        return body

    def _result_footer(self) -> QWidget:
        footer, column, row = QWidget(), QVBoxLayout(), QHBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row.setSpacing(8)
        self._new_class = Button(tr("Add as a new class…"), "folder-plus", "primary", HEIGHT_LARGE)
        self._new_class.setToolTip(tr("Name a class for it, and learn it (N)"))
        self._new_class.clicked.connect(self.new_class_requested)
        self._no_interest = Button(tr("Not of interest"), "none")
        self._no_interest.setToolTip(tr("Keep it as an example of “none of these”, and learn it (I)"))
        self._no_interest.clicked.connect(self.no_interest_requested)
        self._copy = Button(tr("Copy"), "copy")
        self._copy.clicked.connect(self.copy_requested)
        self._export = Button(tr("Export…"), "export")
        self._export.clicked.connect(self.export_requested)
        for button in (self._no_interest, self._copy, self._export):
            row.addWidget(button, 1)
        column.addWidget(self._new_class)
        column.addLayout(row)
        footer.setLayout(column)
        self.set_stranger(False)
        return footer

    def _batch_footer(self) -> QWidget:
        footer, column, row = QWidget(), QVBoxLayout(), QHBoxLayout()
        self._batch_row = row
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._export_all = Button(tr("Export CSV…"), "export", "primary", HEIGHT_LARGE)
        self._export_all.clicked.connect(self.export_all_requested)
        self._copy_table = Button(tr("Copy table"), "copy")
        self._copy_table.clicked.connect(self.copy_table_requested)
        self._sort = Button(tr("Sort into folders…"))
        self._sort.setToolTip(tr("Copies each photo into a folder named after its label; the originals stay"))
        self._sort.clicked.connect(self.sort_requested)
        row.setSpacing(8)
        row.addWidget(self._copy_table, 1)
        row.addWidget(self._sort, 1)
        column.addWidget(self._export_all)
        column.addLayout(row)
        footer.setLayout(column)
        return footer


def _column() -> tuple[QWidget, QVBoxLayout]:
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    return body, column


def _empty_body(card: ExplainCard) -> QWidget:
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    words, inner = _column()
    inner.addWidget(text_label(tr("No photo yet"), "result", "text", fonts.SEMIBOLD, wrap=True))
    inner.addWidget(
        text_label(tr("Drop a photo to see the five most likely labels and how sure the model is."), "body", "text2",
                   wrap=True)
    )  # fmt: skip
    column.addWidget(words)
    column.addSpacing(18)
    column.addWidget(GhostBars())
    column.addWidget(card)
    return body


def _empty_footer() -> QWidget:
    footer = QWidget()
    column = QVBoxLayout(footer)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(14)
    column.addWidget(Divider())
    row = QHBoxLayout()
    row.setSpacing(7)
    row.addWidget(text_label(tr("Try"), "small", "text2"))
    row.addWidget(KeyCap("Ctrl+V"))
    row.addWidget(text_label(tr("to paste a copied photo"), "small", "text2", wrap=True), 1)
    column.addLayout(row)
    return footer
