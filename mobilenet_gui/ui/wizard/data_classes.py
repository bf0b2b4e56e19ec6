"""Owns the rows of the class list: the project's classes in order, as a Qt model that follows the project's changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.project import Change, PhotoClass, Project
from mobilenet_gui.ui.wizard.flow import GOOD_PHOTOS
from mobilenet_gui.workers.photo_watch import PhotoWatch

ID_ROLE = Qt.ItemDataRole.UserRole + 1
COVERS = 3
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class ClassRow:
    """What is shown of one class.

    Attributes:
        photos: how many take part and are there.
        left_out: how many are left out.
        covers: those on its card.
        missing: how many would take part, whose files are gone.
    """

    id: str
    name: str
    background: bool
    photos: int
    left_out: int
    covers: tuple[str, ...]
    missing: int = 0

    @property
    def is_thin(self) -> bool:
        """More photos would help it."""
        return self.photos < GOOD_PHOTOS


class ClassModel(QAbstractListModel):
    """One row a class."""

    def __init__(self, project: Project, files: PhotoWatch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project, self._files = project, files
        self._lost: Counter[str] = files.lost_by_class()
        files.told.connect(self._count_again)
        self._rows: list[ClassRow] = []
        self._places: dict[str, int] = {}
        self.reload()

    # what Qt asks

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many classes there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a class's name, id, or what a screen reader says of it."""
        row = self.row(index.row())
        if row is None:
            return None
        if role == ID_ROLE:
            return row.id
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tr("{name}, {photos}").format(name=row.name, photos=count_words(row))
        return row.name if role == Qt.ItemDataRole.ToolTipRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let classes be chosen; drags and drops are the view's own."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    # what the page asks

    def row(self, place: int) -> ClassRow | None:
        """Return what a row shows; None where there is no such row."""
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def find(self, class_id: str) -> ClassRow | None:
        """Return what is shown of a class; None where there is none of that id."""
        return self.row(self._places.get(class_id, -1))

    def place_of(self, class_id: str) -> int:
        """Return a class's row; -1 where there is none of that id."""
        return self._places.get(class_id, -1)

    def rows_with(self, photo_ids: set[str]) -> list[int]:
        """Return the rows whose cards show one of these photos."""
        return [place for place, row in enumerate(self._rows) if photo_ids.intersection(row.covers)]

    # what the project says

    def follow(self, change: Change) -> None:
        """Take over what changed in the project."""
        self._lost = self._files.lost_by_class()
        ids = [one.id for one in self._project.classes]
        if change.class_list or len(ids) != len(self._rows) or any(i not in self._places for i in ids):
            self._rearrange()
            return
        for one in self._project.classes:
            if one.id in change.classes:
                self._renew(one)

    def _count_again(self) -> None:
        """Take over which files are gone, or back."""
        lost, self._lost = self._lost, self._files.lost_by_class()
        for one in self._project.classes:
            if lost[one.id] != self._lost[one.id] and one.id in self._places:
                self._renew(one)

    def _renew(self, one: PhotoClass) -> None:
        place, made = self._places[one.id], self._make(one)
        if made != self._rows[place]:
            self._rows[place] = made
            index = self.index(place)
            self.dataChanged.emit(index, index)

    def reload(self) -> None:
        """Read everything anew."""
        self.beginResetModel()
        self._set([self._make(one) for one in self._project.classes])
        self.endResetModel()

    def _rearrange(self) -> None:
        rows = [self._make(one) for one in self._project.classes]
        old, new = [row.id for row in self._rows], [row.id for row in rows]
        if new[: len(old)] == old:
            # New classes come at the end; a reset would scroll the view to the top and forget what is chosen.
            self.beginInsertRows(QModelIndex(), len(old), len(new) - 1)
            self._set(rows)
            self.endInsertRows()
            if old:
                self.dataChanged.emit(self.index(0), self.index(len(old) - 1))
            return
        gone = [place for place, one in enumerate(old) if one not in set(new)]
        if len(gone) == 1 and [one for one in old if one != old[gone[0]]] == new:
            self.beginRemoveRows(QModelIndex(), gone[0], gone[0])
            self._set(rows)
            self.endRemoveRows()
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._set(rows)
        self.endResetModel()

    def _set(self, rows: list[ClassRow]) -> None:
        self._rows = rows
        self._places = {row.id: place for place, row in enumerate(rows)}

    def _make(self, one: PhotoClass) -> ClassRow:
        project = self._project
        ids = project.ids_of(one.id)
        count, missing = project.count(one.id), self._lost[one.id]
        covers: list[str] = []
        for photo_id in ids:
            photo = project.photo(photo_id)
            # Of a class that has lost all, the places of its pictures say so.
            shown = photo_id not in self._files.lost or missing >= count
            if photo is not None and not photo.left_out and shown:
                covers.append(photo_id)
                if len(covers) == COVERS:
                    break
        left_out = len(ids) - count
        return ClassRow(one.id, one.name, one.background, count - missing, left_out, tuple(covers), missing)


def count_words(row: ClassRow) -> str:
    """Return how many photos a class has, in words."""
    words = trn("{n} photo", "{n} photos", row.photos)
    if row.missing:
        words = tr("{photos}, {n} missing").format(photos=words, n=f"{row.missing:,}")
    if row.left_out:
        return tr("{photos}, {n} left out").format(photos=words, n=f"{row.left_out:,}")
    return words
