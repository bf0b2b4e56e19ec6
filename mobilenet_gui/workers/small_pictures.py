"""Owns making the small pictures of a project's photos, in threads of its own, from the cache on disk where it can.

What was asked for last is made first, and what scrolled away is forgotten.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from mobilenet_gui.workers.inference import as_user_error
from mobilenet_gui.workers.photo_threads import share_interpreter, stand_back

THREADS = 2
SIDE = 256
"""Longest side in pixels of the pictures on disk: sharp in a card of 190 pixels on ordinary screens."""
STOP_SECONDS = 1.0


class SmallPictures(QObject):
    """Makes them. Signals arrive in the thread that the object lives in.

    Attributes:
        ready: id and `QImage`; a null image where none can be made.
    """

    ready = Signal(str, object)

    _made = Signal(str, object)

    def __init__(self, cache_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache_dir = cache_dir
        self._work = threading.Condition()
        self._wanted: OrderedDict[str, Path] = OrderedDict()
        self._at_work: set[str] = set()
        self._closed = False
        self._threads: list[threading.Thread] = []
        self._made.connect(self._hand_out)

    def want(self, wanted: Iterable[tuple[str, Path]]) -> None:
        """Make these (id and file), in this order, and forget older wishes."""
        with self._work:
            self._wanted = OrderedDict((key, path) for key, path in wanted if key not in self._at_work)
            if not self._threads and not self._closed:
                share_interpreter()
                self._threads = [
                    threading.Thread(target=self._serve, name=f"small-pictures-{n}") for n in range(THREADS)
                ]
                for thread in self._threads:
                    thread.start()
            self._work.notify_all()

    def stop(self) -> bool:
        """End the threads; say whether all ended within a second."""
        with self._work:
            self._closed = True
            self._wanted.clear()
            self._work.notify_all()
        for thread in self._threads:
            thread.join(STOP_SECONDS / len(self._threads))
        return not any(thread.is_alive() for thread in self._threads)

    def _serve(self) -> None:
        stand_back()
        from mobilenet_gui.core.thumbnails import ThumbnailCache

        cache = ThumbnailCache(self._cache_dir)
        while True:
            with self._work:
                while not (self._closed or self._wanted):
                    self._work.wait()
                if self._closed:
                    return
                key, path = self._wanted.popitem(last=False)
                self._at_work.add(key)
            try:
                image = QImage.fromData(cache.get(path, SIDE))
            except Exception as error:  # one photo's fault must not end the thread
                as_user_error(error, str(path))
                image = QImage()
            with self._work:
                self._at_work.discard(key)
            self._made.emit(key, image)

    @Slot(str, object)
    def _hand_out(self, key: str, image: QImage) -> None:
        if not self._closed:
            self.ready.emit(key, image)
