"""Owns the photos of an open project, found by id, by class and by file; each change costs what it changes.

An import and its undo touch twenty thousand photos in the window's thread, so the loops here are kept tight.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

from mobilenet_gui.training.project_types import Photo


def file_key(path: Path) -> str:
    """Return what two paths have in common that are the same file."""
    # A path's text is made once and kept with it; `normcase` would cost more than all the rest.
    return str(path) if sys.platform != "win32" else os.path.normcase(path)


class PhotoIndex:
    """The photos and what finds them.

    Attributes:
        photos: by id; only `apply` changes it.
    """

    def __init__(self, photos: Iterable[Photo]) -> None:
        self.photos: dict[str, Photo] = {photo.id: photo for photo in photos}
        self._of_class: dict[str, dict[str, None]] = {}
        self._files: dict[str, set[str]] = {}
        self._in_order: dict[str, tuple[str, ...]] = {}
        self._left_out: Counter[str] = Counter()
        self._put(self.photos.values(), come=True)

    def files_of(self, class_id: str) -> Set[str]:
        """Return the `file_key` of each file in a class."""
        files = self._files.get(class_id)
        if files is None:
            # Made when photos come, and kept while only more come: moving ten thousand photos does not wait for it.
            photos = self.photos
            files = self._files[class_id] = {file_key(photos[i].path) for i in self._of_class.get(class_id, ())}
        return files

    def ids_of(self, class_id: str) -> tuple[str, ...]:
        """Return the ids of a class' photos in the order of coming."""
        ids = self._in_order.get(class_id)
        if ids is None:
            ids = self._in_order[class_id] = tuple(sorted(self._of_class.get(class_id, ()), key=int))
        return ids

    def count(self, class_id: str | None) -> int:
        """Return how many photos are not left out, in one class or in all."""
        if class_id is None:
            return len(self.photos) - self._left_out.total()
        return len(self._of_class.get(class_id, ())) - self._left_out[class_id]

    def apply(self, before: Mapping[str, Photo | None], after: Mapping[str, Photo | None]) -> None:
        """Replace photos: `before` as they are now, `after` as they shall be, None for not there."""
        present = [photo for photo in before.values() if photo is not None]
        self._take(present)
        photos = self.photos
        new = [photo for photo in after.values() if photo is not None]
        if len(new) < len(after):
            for photo_id, photo in after.items():
                if photo is None:
                    photos.pop(photo_id, None)
            photos.update([(photo.id, photo) for photo in new])
        else:
            photos.update(after)  # type: ignore[arg-type]  # none of them is None
        self._put(new, come=not present)

    def _take(self, photos: Iterable[Photo]) -> None:
        last, ids = "", {"": None}
        for photo in photos:
            class_id = photo.class_id
            if class_id != last:
                last, ids = class_id, self._of_class[class_id]
                self._in_order.pop(class_id, None)
                self._files.pop(class_id, None)
            del ids[photo.id]
            if photo.left_out:
                self._left_out[class_id] -= 1

    def _put(self, photos: Iterable[Photo], *, come: bool) -> None:
        """Enter photos; unless they have just come, which files a class has is found anew when it is asked for."""
        last, ids = "", {"": None}
        files: set[str] | None = None
        for photo in photos:
            class_id = photo.class_id
            if class_id != last:
                last, ids = class_id, self._of_class.setdefault(class_id, {})
                if come:
                    files = self._files.get(class_id)
                else:
                    self._files.pop(class_id, None)
                self._in_order.pop(class_id, None)
            ids[photo.id] = None
            if files is not None:
                files.add(file_key(photo.path))
            if photo.left_out:
                self._left_out[class_id] += 1
