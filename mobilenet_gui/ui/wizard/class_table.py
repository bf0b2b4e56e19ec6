"""Owns the table of how well each class is recognised; a click on a heading sorts it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeView, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.evaluation_types import ClassFigures
from mobilenet_gui.ui import fonts

_SORT = Qt.ItemDataRole.UserRole
_DASH = "\N{EN DASH}"
_NAMES_WANTED = 130
_CELL_MARGINS = 16
_LESS = (4, 1, 3)
"""The columns that go first where there is no room for all: F1, how many photos, right when said."""
Index = QModelIndex | QPersistentModelIndex


class _Model(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: tuple[ClassFigures, ...] = ()
        self._heads = (
            (tr("Class"), ""),
            (tr("Photos"), tr("Test photos of this class")),
            (tr("Found"), tr("Of this class’s photos, the share that was recognised (recall)")),
            (tr("Right when said"), tr("Of the photos given this name, the share that deserve it (precision)")),
            (tr("F1"), tr("The harmonic mean of the two shares before it")),
        )

    def show(self, rows: Sequence[ClassFigures]) -> None:
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._heads[section][0]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft if section == 0 else Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return self._heads[section][1] or None if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()]
        shares = (row.recall, row.precision, row.f1)
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column():
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return _in_words(row)
        if role not in (Qt.ItemDataRole.DisplayRole, _SORT):
            return None
        if index.column() < 2:
            name = row.name.casefold() if role == _SORT else row.name
            return row.support if index.column() else name
        share = shares[index.column() - 2]
        if role == _SORT:
            return -1.0 if share is None else share
        return _DASH if share is None else percent(share)


def _in_words(row: ClassFigures) -> str:
    found, right = (_DASH if share is None else percent(share) for share in (row.recall, row.precision))
    words = trn(
        "{name}: {n} test photo, {found} found, {right} right when said",
        "{name}: {n} test photos, {found} found, {right} right when said",
        row.support,
    )
    return words.format(name=row.name, found=found, right=right)


class ClassTable(QTreeView):
    """The table.

    Attributes:
        picked: a class was opened by double click or Enter; its name.
    """

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Model(self)
        self._longest = 0.0
        self._fitting = False
        proxy = QSortFilterProxyModel(self)
        proxy.setSortRole(_SORT)
        proxy.setSourceModel(self._model)
        self.setModel(proxy)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSortingEnabled(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # many names differ at their end alone
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setFont(fonts.font("small"))
        self.setAccessibleName(tr("How well each class is recognised"))
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(1)
        self.sortByColumn(2, Qt.SortOrder.AscendingOrder)
        self.activated.connect(lambda index: self.picked.emit(str(index.siblingAtColumn(0).data())))

    def show_figures(self, rows: Sequence[ClassFigures]) -> None:
        """Show other figures."""
        self._model.show(rows)
        metrics = QFontMetricsF(self.font())
        self._longest = max((metrics.horizontalAdvance(row.name) for row in rows), default=0.0)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width out anew."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Give the names what they need to be told apart; where that leaves too little, figures that matter less go.

        What is left out, and a name that is cut, is in the row's tooltip.
        """
        if self._fitting:  # widths change what scrolls, and that the room
            return
        self._fitting = True
        header, room = self.header(), self.viewport().width()
        columns = range(self._model.columnCount())
        for column in columns:  # a hidden one has no width to tell
            self.setColumnHidden(column, False)
        widths = [header.sectionSizeHint(column) for column in columns]
        figure = math.ceil(QFontMetricsF(self.font()).horizontalAdvance("100.0 %")) + _CELL_MARGINS
        widths[2:] = [max(width, figure) for width in widths[2:]]
        names = min(math.ceil(self._longest) + _CELL_MARGINS, fonts.px(_NAMES_WANTED))
        shown = list(range(1, len(widths)))
        for column in _LESS:
            if names + sum(widths[one] for one in shown) > room:
                shown.remove(column)
        for column in columns[1:]:
            self.setColumnHidden(column, column not in shown)
            header.resizeSection(column, widths[column])
        header.resizeSection(0, max(1, room - sum(widths[one] for one in shown)))
        self._fitting = False

    def texts(self) -> list[list[str]]:
        """Return what is shown, row by row."""
        model = self.model()
        return [
            [str(model.index(row, column).data()) for column in range(model.columnCount())]
            for row in range(model.rowCount())
        ]
