"""Owns the rows that film strip and grid show: the visible photos of the session, in order, as a Qt model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QStringListModel, Qt, Slot

from mobilenet_gui.core.answers import group_answer, headline, percent
from mobilenet_gui.core.groups import group_text
from mobilenet_gui.core.photo_session import Photo, PhotoSession, PhotoState
from mobilenet_gui.core.types import Group
from mobilenet_gui.i18n import shown, tr

KEY_ROLE = Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex


class PhotoListModel(QStringListModel):
    """One row a visible photo. The session is the truth; `arrange` and friends bring the rows up to it.

    The rows themselves are Qt's: laying out twenty thousand of them asks for each row's index, and an answer from
    Python would take half a second.
    """

    def __init__(self, session: PhotoSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._next_keys: list[int] | None = None
        # Connected before any view is, so that views find the new rows when they hear of them.
        self.rowsRemoved.connect(self._rows_removed)
        self._keys: list[int] = []
        self._rows: dict[int, int] = {}

    # what Qt asks

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what is known of a row: its text, what a screen reader says, its key."""
        photo = self.photo_at(index.row()) if index.isValid() else None
        if photo is None:
            return None
        if role == KEY_ROLE:
            return photo.key
        if role == Qt.ItemDataRole.DisplayRole:
            return photo.name
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.describe(photo)
        return None

    # what the page asks

    @property
    def keys(self) -> list[int]:
        """The visible keys in order; not to be changed."""
        return self._keys

    def photo_at(self, row: int) -> Photo | None:
        """Return the photo of a row, or None where there is no such row."""
        return self._session.get(self._keys[row]) if 0 <= row < len(self._keys) else None

    def row_of(self, key: int | None) -> int:
        """Return the row of a photo; -1 when it is not visible."""
        return -1 if key is None else self._rows.get(key, -1)

    def is_unsure(self, photo: Photo) -> bool:
        """Say whether a photo's answer stays below the limit."""
        return self._session.is_unsure(photo)

    def group_of(self, photo: Photo) -> Group | None:
        """Return the kind that answers for a photo whose best label stays below the limit, if any."""
        return None if photo.recognition is None else group_answer(photo.recognition, self._session.sure_from)

    def describe(self, photo: Photo) -> str:
        """Return a photo and its answer in one line of words."""
        if photo.state is PhotoState.FAILED:
            return tr("{name}, cannot be read: {reason}").format(name=photo.name, reason=photo.problem)
        if photo.recognition is None:
            return tr("{name}, waiting").format(name=photo.name)
        best = photo.recognition.best
        answer = f"{shown(headline(best.shown))} {percent(best.probability)}"
        if photo.unlike:
            return tr("{name}, unlike anything the model was shown, best guess {answer}").format(
                name=photo.name, answer=answer
            )
        if self._session.is_unsure(photo):
            group = self.group_of(photo)
            if group is not None:
                return tr("{name}, {group}, best guess {answer}").format(
                    name=photo.name, group=group_text(group), answer=answer
                )
            return tr("{name}, not sure, best guess {answer}").format(name=photo.name, answer=answer)
        return tr("{name}, {answer}").format(name=photo.name, answer=answer)

    # what the page says

    def append(self, keys: list[int]) -> None:
        """Add rows at the end."""
        if not keys:
            return
        first = len(self._keys)
        self._keys.extend(keys)
        for row, key in enumerate(keys, first):
            self._rows[key] = row
        self.insertRows(first, len(keys))

    def arrange(self) -> None:
        """Take the rows and their order from the session."""
        keys = self._session.visible()
        if keys == self._keys:
            return
        if len(keys) == len(self._keys) - 1 and self._remove_one(keys):
            return
        self._set_keys(keys)
        self.setStringList([""] * len(keys))

    def _set_keys(self, keys: list[int]) -> None:
        self._keys = keys
        self._rows = {key: row for row, key in enumerate(keys)}

    @Slot()
    def _rows_removed(self) -> None:
        if self._next_keys is not None:
            self._set_keys(self._next_keys)
            self._next_keys = None

    def _remove_one(self, keys: list[int]) -> bool:
        row = next((i for i, key in enumerate(keys) if key != self._keys[i]), len(keys))
        if self._keys[row + 1 :] != keys[row:]:
            return False
        self._next_keys = keys
        self.removeRows(row, 1)
        return True

    def refresh(self, keys: Iterable[int] | None = None) -> None:
        """Have rows painted anew; None for all."""
        if not self._keys:
            return
        if keys is None:
            self.dataChanged.emit(self.index(0), self.index(len(self._keys) - 1))
            return
        # One signal a row: for a range Qt would paint the whole list anew.
        for key in set(keys):
            row = self._rows.get(key)
            if row is not None:
                index = self.index(row)
                self.dataChanged.emit(index, index)
