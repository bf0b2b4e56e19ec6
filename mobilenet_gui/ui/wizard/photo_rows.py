"""Owns the rows of a grid of the project's photos, as a Qt model that follows the project's changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QStringListModel, Qt

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.project import Change, Photo, Project

ID_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex
_FEW = 64
"""Up to so many removed rows go one by one, so that the view keeps its place; for more the rows are set anew."""


class PhotoRows(QStringListModel):
    """One row a photo.

    Attributes:
        captions: a few words on some of the photos, by id; for photos that were given one by one.

    The rows themselves are Qt's: laying out twenty thousand of them asks for each row's index, and an answer from
    Python would take half a second.
    """

    def __init__(self, project: Project, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._project = project
        self._ids: list[str] = []
        self._places: dict[str, int] | None = None
        self._class_id = ""
        self.captions: dict[str, str] = {}

    # what Qt asks

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a photo's file name, id, or what a screen reader says of it."""
        photo = self.photo_at(index.row()) if index.isValid() else None
        if photo is None:
            return None
        if role == ID_ROLE:
            return photo.id
        if role == Qt.ItemDataRole.DisplayRole:
            return photo.path.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            caption = self.captions.get(photo.id, "")
            return f"{caption}, {describe(photo)}" if caption else describe(photo)
        return str(photo.path) if role == Qt.ItemDataRole.ToolTipRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let photos be chosen and dragged."""
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled

    # what the page asks

    @property
    def ids(self) -> Sequence[str]:
        """The ids in order; not to be changed."""
        return self._ids

    @property
    def class_id(self) -> str:
        """The class whose photos are shown; empty where they were given one by one."""
        return self._class_id

    def photo_at(self, place: int) -> Photo | None:
        """Return the photo of a row; None where there is no such row."""
        return self._project.photo(self._ids[place]) if 0 <= place < len(self._ids) else None

    def place_of(self, photo_id: str) -> int:
        """Return the row of a photo; -1 where it is not shown."""
        if self._places is None:  # made when a picture arrives, not while the window waits for ten thousand rows
            self._places = {one: place for place, one in enumerate(self._ids)}
        return self._places.get(photo_id, -1)

    # what the page says

    def show_class(self, class_id: str) -> None:
        """Show the photos of a class, and follow it."""
        self._class_id = class_id
        self._set(list(self._project.ids_of(class_id)))

    def show_photos(self, photo_ids: Sequence[str]) -> None:
        """Show these photos, as long as they are there."""
        self._class_id = ""
        self._set([photo_id for photo_id in photo_ids if self._project.photo(photo_id) is not None])

    def follow(self, change: Change) -> None:
        """Take over what changed in the project."""
        if self._class_id:
            if self._class_id not in change.classes:
                return
            ids = list(self._project.ids_of(self._class_id))
        else:
            if not change.removed:
                self._repaint(change.changed)
                return
            ids = [photo_id for photo_id in self._ids if self._project.photo(photo_id) is not None]
        if ids == self._ids:
            self._repaint(change.changed)
        elif ids[: len(self._ids)] == self._ids:
            self._append(ids)
        elif len(self._ids) - len(ids) <= _FEW and self._is_part(ids):
            self._remove_missing(set(ids))
        else:
            self._set(ids)

    def _set(self, ids: list[str]) -> None:
        self._take(ids)
        self.setStringList([""] * len(ids))

    def _take(self, ids: list[str]) -> None:
        self._ids, self._places = ids, None

    def _append(self, ids: list[str]) -> None:
        first = len(self._ids)
        self._take(ids)
        self.insertRows(first, len(ids) - first)

    def _is_part(self, ids: list[str]) -> bool:
        """Say whether `ids` are the present ones in their order, with some missing."""
        rest = iter(self._ids)
        return all(any(one == other for other in rest) for one in ids)

    def _remove_missing(self, left: set[str]) -> None:
        for place in range(len(self._ids) - 1, -1, -1):
            if self._ids[place] not in left:
                # Rows and ids must agree whenever a view asks, and it asks while rows are being removed.
                self._take([one for n, one in enumerate(self._ids) if n != place])
                self.removeRows(place, 1)

    def _repaint(self, photo_ids: Sequence[str]) -> None:
        for photo_id in photo_ids:
            place = self.place_of(photo_id)
            if place >= 0:
                index = self.index(place)
                self.dataChanged.emit(index, index)


def describe(photo: Photo) -> str:
    """Return a photo and how it stands in one line of words."""
    words = [photo.path.name]
    if photo.left_out:
        words.append(tr("left out"))
    if photo.split:
        words.append(split_words(photo.split))
    return ", ".join(words)


def split_words(split: str) -> str:
    """Return the name of a part of the data; empty for none."""
    return {"train": tr("Training"), "validation": tr("Validation"), "test": tr("Test")}.get(split, "")
