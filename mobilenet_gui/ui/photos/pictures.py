"""Owns the large pictures in memory: the photo on screen and its neighbours, so that going on shows at once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.photo_session import Photo
from mobilenet_gui.workers.photo_loader import PhotoLoader, Picture

SHELF_BYTES = 48 * 1024 * 1024


class PictureShelf(QObject):
    """Hands out the picture of the photo on screen as soon as there is one, and a better one when there is."""

    ready = Signal(object)
    """A `Picture` of the photo on screen."""
    failed = Signal(int, object)
    """Key and `UserError` of a photo that cannot be shown."""
    sized = Signal(int, object)
    """Key and full size of any photo that was decoded."""

    def __init__(self, loader: PhotoLoader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._loader = loader
        self._limit = (0, 0)
        self._pictures: OrderedDict[int, Picture] = OrderedDict()
        self._shown: int | None = None
        self._whole: Picture | None = None
        loader.picture_ready.connect(self._take)
        loader.picture_failed.connect(self._fail)

    def show(self, photo: Photo | None, neighbours: Sequence[Photo], limit: tuple[int, int]) -> None:
        """Ask for a photo's picture within `limit` (device pixels), and for those of its neighbours."""
        if limit != self._limit:
            self._limit = limit
            self._pictures = OrderedDict((k, p) for k, p in self._pictures.items() if p.whole and _within(p, limit))
        self._shown = None if photo is None else photo.key
        if self._whole is not None and self._whole.key != self._shown:
            self._whole = None
        if photo is None:
            self._loader.show([], limit)
            return
        wanted = [p for p in (photo, *neighbours) if p.key not in self._pictures and not p.problem]
        self._loader.show([(p.key, p.source, p.name) for p in wanted], limit, photo.key)
        there = self._whole or self._pictures.get(photo.key)
        if there is not None:
            self.ready.emit(there)

    def show_whole(self, photo: Photo) -> None:
        """Ask for all pixels of the photo on screen."""
        there = self._pictures.get(photo.key)
        if self._whole is None and photo.key == self._shown and not (there is not None and there.whole):
            self._loader.show_whole(photo.key, photo.source, photo.name)

    def forget(self, key: int) -> None:
        """Forget a photo's picture, since the file may be another by now."""
        self._pictures.pop(key, None)
        if self._whole is not None and self._whole.key == key:
            self._whole = None

    def clear(self) -> None:
        """Forget all pictures."""
        self._pictures.clear()
        self._whole = None

    @Slot(object)
    def _take(self, picture: Picture) -> None:
        self.sized.emit(picture.key, picture.full_size)
        if picture.whole and not _within(picture, self._limit):
            # A whole photo is large: kept only while it is looked at.
            if picture.key == self._shown:
                self._whole = picture
                self.ready.emit(picture)
            return
        self._pictures[picture.key] = picture
        self._pictures.move_to_end(picture.key)
        held = sum(p.image.sizeInBytes() for p in self._pictures.values())
        while held > SHELF_BYTES and len(self._pictures) > 1:
            key = next(k for k in self._pictures if k != self._shown)
            held -= self._pictures.pop(key).image.sizeInBytes()
        if picture.key == self._shown and self._whole is None:
            self.ready.emit(picture)

    @Slot(int, object)
    def _fail(self, key: int, error: UserError) -> None:
        self.failed.emit(key, error)


def _within(picture: Picture, limit: tuple[int, int]) -> bool:
    return picture.image.width() <= limit[0] and picture.image.height() <= limit[1]
