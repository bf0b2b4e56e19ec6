"""Owns the table of how well each class is recognised; a click on a heading sorts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeView, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.evaluation_types import ClassFigures
from mobilenet_gui.ui import fonts

_SORT = Qt.ItemDataRole.UserRole
_DASH = "\N{EN DASH}"
Index = QModelIndex | QPersistentModelIndex


class _Model(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: tuple[ClassFigures, ...] = ()
        self._heads = (
            (tr("Class"), ""),
            (tr("Photos"), tr("Test photos of this class")),
            (tr("Found"), tr("Of this class’s photos, the share that was recognised (recall)")),
            (tr("Right when said"), tr("Of the photos given this name, the share that bears it rightly (precision)")),
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
        if role not in (Qt.ItemDataRole.DisplayRole, _SORT):
            return None
        if index.column() == 0:
            return row.name.casefold() if role == _SORT else row.name
        if index.column() == 1:
            return row.support
        share = shares[index.column() - 2]
        if role == _SORT:
            return -1.0 if share is None else share
        return _DASH if share is None else percent(share)


class ClassTable(QTreeView):
    """The table.

    Attributes:
        picked: a class was opened by double click or Enter; its name.
    """

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Model(self)
        proxy = QSortFilterProxyModel(self)
        proxy.setSortRole(_SORT)
        proxy.setSourceModel(self._model)
        self.setModel(proxy)
        self.setRootIsDecorated(False)
        self.setUniformRowHeights(True)
        self.setSortingEnabled(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.setFont(fonts.font("small"))
        self.setAccessibleName(tr("How well each class is recognised"))
        header = self.header()
        header.setStretchLastSection(False)
        header.setSectionsMovable(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.sortByColumn(2, Qt.SortOrder.AscendingOrder)
        self.activated.connect(lambda index: self.picked.emit(str(index.siblingAtColumn(0).data())))

    def show_figures(self, rows: Sequence[ClassFigures]) -> None:
        """Show other figures."""
        self._model.show(rows)

    def texts(self) -> list[list[str]]:
        """Return what is shown, row by row."""
        model = self.model()
        return [
            [str(model.index(row, column).data()) for column in range(model.columnCount())]
            for row in range(model.rowCount())
        ]
