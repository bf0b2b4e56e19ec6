"""Owns the photos of an open project, found by id, by class and by file; each change costs what it changes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from mobilenet_gui.training.project_types import Photo

Key = tuple[str, str]


class PhotoIndex:
    """The photos and what finds them.

    Attributes:
        photos: by id; only `apply` changes it.
    """

    def __init__(self, photos: Iterable[Photo]) -> None:
        self.photos: dict[str, Photo] = {photo.id: photo for photo in photos}
        self._of_class: dict[str, dict[str, None]] = {}
        self._in_order: dict[str, tuple[str, ...]] = {}
        self._left_out: Counter[str] = Counter()
        self._keys: Counter[Key] = Counter()
        self._all_left_out = 0
        self._put(self.photos.values())

    @staticmethod
    def key(class_id: str, path: Path) -> Key:
        """Return what tells whether a file is in a class already."""
        return class_id, os.path.normcase(path)

    def has_key(self, key: Key) -> bool:
        """Say whether that file is in that class."""
        return self._keys[key] > 0 if key in self._keys else False

    def ids_of(self, class_id: str) -> tuple[str, ...]:
        """Return the ids of a class' photos in the order of coming."""
        ids = self._in_order.get(class_id)
        if ids is None:
            ids = self._in_order[class_id] = tuple(sorted(self._of_class.get(class_id, ()), key=int))
        return ids

    def count(self, class_id: str | None) -> int:
        """Return how many photos are not left out, in one class or in all."""
        if class_id is None:
            return len(self.photos) - self._all_left_out
        return len(self._of_class.get(class_id, ())) - self._left_out[class_id]

    def apply(self, before: Mapping[str, Photo | None], after: Mapping[str, Photo | None]) -> None:
        """Replace photos: `before` as they are now, `after` as they shall be, None for not there."""
        self._take([photo for photo in before.values() if photo is not None])
        gone = [photo_id for photo_id, photo in after.items() if photo is None]
        if len(gone) != len(after):
            new = {photo_id: photo for photo_id, photo in after.items() if photo is not None}
            self.photos.update(new)
            self._put(new.values())
        for photo_id in gone:
            self.photos.pop(photo_id, None)

    def _take(self, photos: Iterable[Photo]) -> None:
        keys, of_class = self._keys, self._of_class
        for photo in photos:
            class_id = photo.class_id
            del of_class[class_id][photo.id]
            self._in_order.pop(class_id, None)
            key = self.key(class_id, photo.path)
            if keys[key] > 1:
                keys[key] -= 1
            else:
                del keys[key]
            if photo.left_out:
                self._left_out[class_id] -= 1
                self._all_left_out -= 1

    def _put(self, photos: Iterable[Photo]) -> None:
        keys, of_class = self._keys, self._of_class
        for photo in photos:
            class_id = photo.class_id
            of_class.setdefault(class_id, {})[photo.id] = None
            self._in_order.pop(class_id, None)
            keys[self.key(class_id, photo.path)] += 1
            if photo.left_out:
                self._left_out[class_id] += 1
                self._all_left_out += 1
