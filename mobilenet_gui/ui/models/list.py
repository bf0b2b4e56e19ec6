"""Owns the scrolling list of models: headed sections of rows, one of them chosen, moved through by arrow keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.models.columns import columns_for
from mobilenet_gui.ui.models.items import ModelItem
from mobilenet_gui.ui.models.row import ModelRow
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import PAGE_MARGIN
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.painting import draw_text
from mobilenet_gui.workers.model_state import TaskState

HEADING_HEIGHT = 20
_GAP, _SECTION_GAP = 8, 24


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its rows; where there are none, `hint` is said or `filler` shown.

    `choice` stands in the heading's place. It and `filler` are kept by their owner.
    """

    title: str
    items: tuple[ModelItem, ...]
    hint: str = ""
    filler: QWidget | None = None
    choice: QWidget | None = None


class ColumnHeading(QWidget):
    """A section's title and the names of its columns."""

    def __init__(self, title: str, *, columns: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = title
        self._columns = columns
        self.setFixedHeight(fonts.px(HEADING_HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw title and names."""
        painter = QPainter(self)
        colours = tokens()
        columns = columns_for(self.width())
        rect = QRectF(0, 0, columns.name_right if self._columns else self.width(), self.height())
        draw_text(painter, rect, self._title, fonts.font("body", fonts.SEMIBOLD), colours.text)
        if not self._columns:
            return
        names = {"classes": tr("Classes"), "size": tr("Size"), "correct": tr("Correct"), "speed": tr("Time here")}
        for key, left in columns.cells.items():
            box = QRectF(left, 0, columns.cell_width if key != "speed" else self.width() - left, self.height())
            draw_text(painter, box, names[key], fonts.font("small"), colours.text2)


class ModelList(QScrollArea):
    """The list.

    Attributes:
        chosen: a row was chosen: its model's id.
        asked: a row's button: the model's id and the action.
    """

    chosen = Signal(str)
    asked = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: dict[str, ModelRow] = {}
        self._order: list[str] = []
        self._chosen = ""
        self._furniture: list[QWidget] = []
        self._stops: list[QWidget] = []
        content = QWidget()
        content.setAutoFillBackground(False)
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(*self._margins(bar=False))
        self._column.setSpacing(0)  # the rows of a section are one card
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().rangeChanged.connect(self._make_room)

    @property
    def chosen_id(self) -> str:
        """The id of the chosen row; empty for none."""
        return self._chosen

    def row(self, model_id: str) -> ModelRow | None:
        """Return the row of a model that is listed."""
        return self._rows.get(model_id) if model_id in self._order else None

    def order(self) -> list[str]:
        """Return the ids listed, from the top."""
        return list(self._order)

    def show_sections(self, sections: Sequence[Section], tasks: Mapping[str, TaskState]) -> None:
        """List other models, keeping the rows that stay.

        Args:
            sections: what to list.
            tasks: what is being done, by model id.
        """
        had_focus = next((i for i, row in self._rows.items() if row.hasFocus()), None)
        while self._column.count():
            self._column.takeAt(0)
        for widget in self._furniture:
            widget.hide()
            widget.deleteLater()
        self._furniture.clear()
        self._order.clear()
        self._stops.clear()
        for number, section in enumerate(sections):
            self._add_section(section, tasks, first=number == 0)
        for model_id, row in list(self._rows.items()):
            if model_id not in self._order:
                row.hide()
                row.deleteLater()
                del self._rows[model_id]
        self._set_tab_order()
        if had_focus is not None and had_focus not in self._order and self._order:
            self._rows[self._order[0]].setFocus(Qt.FocusReason.OtherFocusReason)
        self.choose(self._chosen)

    def show_task(self, item: ModelItem, task: TaskState | None) -> None:
        """Update one row."""
        row = self.row(item.id)
        if row is not None:
            row.show_item(item, task)

    def choose(self, model_id: str) -> None:
        """Draw a row as chosen; it need not be listed."""
        self._chosen = model_id
        for key, row in self._rows.items():
            row.set_selected(key == model_id)

    def focus_chosen(self) -> None:
        """Give the keyboard to the chosen row, or to the first where that is not listed."""
        row = self.row(self._chosen) or next((self._rows[key] for key in self._order), None)
        if row is not None:
            row.setFocus(Qt.FocusReason.OtherFocusReason)

    def reveal(self, model_id: str) -> None:
        """Scroll so that a row is seen."""
        row = self.row(model_id)
        if row is not None:
            # A row that was just added has its place only after the layout's turn.
            QTimer.singleShot(0, row, lambda: self.ensureWidgetVisible(row, 0, _SECTION_GAP))

    def _margins(self, *, bar: bool) -> tuple[int, int, int, int]:
        # The bar stands in the margin, so that rows keep their width when it comes and goes.
        right = PAGE_MARGIN - 4 - (self.verticalScrollBar().sizeHint().width() if bar else 0)
        return PAGE_MARGIN, 4, max(4, right), PAGE_MARGIN

    def _make_room(self, _low: int, high: int) -> None:
        self._column.setContentsMargins(*self._margins(bar=high > 0))

    def _add_section(self, section: Section, tasks: Mapping[str, TaskState], *, first: bool) -> None:
        if not first:
            self._column.addSpacing(_SECTION_GAP)
        if section.choice is None:
            # The columns are named once, above the first row.
            heading = ColumnHeading(section.title, columns=bool(section.items) and not self._order)
            self._furniture.append(heading)
            self._column.addWidget(heading)
        else:
            self._column.addWidget(section.choice)
            section.choice.show()
            direct = Qt.FindChildOption.FindDirectChildrenOnly
            tab = Qt.FocusPolicy.TabFocus
            self._stops.extend(w for w in section.choice.findChildren(QWidget, options=direct) if w.focusPolicy() & tab)
        self._column.addSpacing(_GAP)
        if not section.items and section.filler is not None:
            self._column.addWidget(section.filler)
            section.filler.show()
        elif not section.items and section.hint:
            hint = text_label(section.hint, "body", "text2", wrap=True)
            self._furniture.append(hint)
            self._column.addWidget(hint)
        for number, item in enumerate(section.items):
            row = self._rows.get(item.id)
            if row is None:
                row = ModelRow(item)
                row.clicked.connect(lambda key=item.id: self._pick(key))
                row.asked.connect(self.asked)
                row.moved.connect(lambda step, key=item.id: self._move(key, step))
                self._rows[item.id] = row
            row.set_place(first=number == 0, last=number == len(section.items) - 1)
            row.show_item(item, tasks.get(item.id))
            self._order.append(item.id)
            self._stops.append(row)
            self._column.addWidget(row)
            row.show()

    def _set_tab_order(self) -> None:
        for before, after in pairwise(self._stops):
            QWidget.setTabOrder(before, after)
            if isinstance(before, ModelRow):
                before.set_tab_chain()
        if self._stops and isinstance(self._stops[-1], ModelRow):
            self._stops[-1].set_tab_chain()

    def _pick(self, model_id: str) -> None:
        self.choose(model_id)
        self.chosen.emit(model_id)

    def _move(self, model_id: str, step: int) -> None:
        place = self._order.index(model_id) + step
        if 0 <= place < len(self._order):
            row = self._rows[self._order[place]]
            row.setFocus(Qt.FocusReason.TabFocusReason)
            self.ensureWidgetVisible(row, 0, _SECTION_GAP)
            self._pick(row.item.id)
