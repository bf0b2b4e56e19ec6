"""Owns the project's small pictures in memory: the most recently seen up to a number of bytes; the rest is made again.

image = shelf.get(photo.id)      # while painting: the picture, or None, in which case it is asked for
shelf.arrived.connect(...)       # ids (list of str) whose pictures are here now, or never will be
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

from mobilenet_gui.workers.small_pictures import SmallPictures

BYTES_HELD = 64 * 1024 * 1024
ASK_MS = 15
TELL_MS = 30
"""Pictures that arrive within this time are told of at once, so that a view repaints once for many."""
FindPath = Callable[[str], Path | None]


class PhotoShelf(QObject):
    """Small pictures by photo id.

    Attributes:
        arrived: ids (list of str) whose picture is here now, or cannot be made (`is_hopeless`).
    """

    arrived = Signal(object)

    def __init__(
        self, pictures: SmallPictures, find: FindPath, parent: QObject | None = None, limit: int = BYTES_HELD
    ) -> None:
        """Make it.

        Args:
            pictures: makes them in its threads.
            find: returns the file of a photo; None for one that is gone.
            parent: as for every QObject.
            limit: bytes of pictures kept.
        """
        super().__init__(parent)
        self._pictures, self._find, self._limit = pictures, find, limit
        self._me = pictures.new_owner()
        self._images: OrderedDict[str, QImage] = OrderedDict()
        self._bytes = 0
        self._hopeless: set[str] = set()
        self._missed: OrderedDict[str, None] = OrderedDict()
        self._news: list[str] = []
        self._ask_timer = self._timer(ASK_MS, self._ask)
        self._tell_timer = self._timer(TELL_MS, self._tell)
        pictures.ready.connect(self._take)

    @property
    def bytes_held(self) -> int:
        """Bytes of all pictures held."""
        return self._bytes

    def get(self, photo_id: str) -> QImage | None:
        """Return the picture of a photo, or None, in which case it is asked for."""
        image = self._images.get(photo_id)
        if image is not None:
            self._images.move_to_end(photo_id)
        elif photo_id not in self._hopeless:
            self._missed[photo_id] = None
            self._missed.move_to_end(photo_id)
            if not self._ask_timer.isActive():
                self._ask_timer.start()
        return image

    def peek(self, photo_id: str) -> QImage | None:
        """Return the picture of a photo if it is here, and leave it at that."""
        return self._images.get(photo_id)

    def is_hopeless(self, photo_id: str) -> bool:
        """Say whether no picture can be made: the file is damaged or gone."""
        return photo_id in self._hopeless

    def forget(self, photo_id: str) -> None:
        """Make the picture anew when it is next asked for."""
        self._hopeless.discard(photo_id)
        image = self._images.pop(photo_id, None)
        if image is not None:
            self._bytes -= image.sizeInBytes()

    def clear(self) -> None:
        """Forget every picture, also what has been asked for."""
        self._pictures.forget(self._me)
        self._ask_timer.stop()
        self._tell_timer.stop()
        self._images.clear()
        self._hopeless.clear()
        self._missed.clear()
        self._news.clear()
        self._bytes = 0

    def _timer(self, milliseconds: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    def _ask(self) -> None:
        wanted = []
        for photo_id in reversed(self._missed):
            path = None if photo_id in self._images else self._find(photo_id)
            if path is not None:
                wanted.append((photo_id, path))
        self._missed.clear()
        if wanted:
            self._pictures.want(self._me, wanted)

    def _take(self, owner: int, photo_id: str, image: QImage) -> None:
        if owner != self._me:
            return
        self.forget(photo_id)
        if image.isNull():
            self._hopeless.add(photo_id)
        else:
            self._images[photo_id] = image
            self._bytes += image.sizeInBytes()
            while self._bytes > self._limit and len(self._images) > 1:
                _, old = self._images.popitem(last=False)
                self._bytes -= old.sizeInBytes()
        self._news.append(photo_id)
        if not self._tell_timer.isActive():
            self._tell_timer.start()

    def _tell(self) -> None:
        news, self._news = self._news, []
        self.arrived.emit(news)
