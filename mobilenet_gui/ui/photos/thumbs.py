"""Owns the small pictures in memory: the most recently seen ones up to a number of bytes; the rest is made again."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QImage

CACHE_BYTES = 64 * 1024 * 1024
ASK_MS = 20


class ThumbnailCache(QObject):
    """Small pictures by photo key. Painting asks for them; `wanted` tells which ones it missed."""

    wanted = Signal(object)
    """Keys (list of int) that were asked for lately and are not here, the latest first."""

    def __init__(self, parent: QObject | None = None, limit: int = CACHE_BYTES) -> None:
        super().__init__(parent)
        self._limit = limit
        self._images: OrderedDict[int, QImage] = OrderedDict()
        self._bytes = 0
        self._hopeless: set[int] = set()
        self._missed: OrderedDict[int, None] = OrderedDict()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(ASK_MS)
        self._timer.timeout.connect(self._ask)

    def __contains__(self, key: object) -> bool:
        return key in self._images

    @property
    def bytes_held(self) -> int:
        """Bytes of all pictures held."""
        return self._bytes

    def get(self, key: int) -> QImage | None:
        """Return the picture of a photo, or None, in which case it is asked for."""
        image = self._images.get(key)
        if image is not None:
            self._images.move_to_end(key)
        elif key not in self._hopeless:
            self._missed[key] = None
            if not self._timer.isActive():
                self._timer.start()
        return image

    def peek(self, key: int) -> QImage | None:
        """Return the picture of a photo if it is here, and leave it at that."""
        return self._images.get(key)

    def put(self, key: int, image: QImage) -> None:
        """Keep a picture; a null one means that none can be made."""
        self.drop(key)
        if image.isNull():
            self._hopeless.add(key)
            return
        self._hopeless.discard(key)
        self._images[key] = image
        self._bytes += image.sizeInBytes()
        while self._bytes > self._limit and len(self._images) > 1:
            _, old = self._images.popitem(last=False)
            self._bytes -= old.sizeInBytes()

    def drop(self, key: int) -> None:
        """Forget what is known of a photo's picture."""
        self._hopeless.discard(key)
        image = self._images.pop(key, None)
        if image is not None:
            self._bytes -= image.sizeInBytes()

    def clear(self) -> None:
        """Forget every picture."""
        self._images.clear()
        self._hopeless.clear()
        self._bytes = 0

    def _ask(self) -> None:
        keys = [key for key in reversed(self._missed) if key not in self._images]
        self._missed.clear()
        if keys:
            self.wanted.emit(keys)
