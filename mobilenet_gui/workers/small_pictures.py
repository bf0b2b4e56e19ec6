"""Owns making the small pictures of a project's photos, in threads of its own, from the cache on disk where it can.

What was asked for last is made first, and what was asked for long ago is forgotten: it has scrolled away.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from mobilenet_gui.workers.executor import executor, tell, wait_for
from mobilenet_gui.workers.inference import as_user_error
from mobilenet_gui.workers.photo_image import to_qimage
from mobilenet_gui.workers.photo_threads import share_interpreter, stand_back

THREADS = 1
SIDE = 256
"""Longest side in pixels of the pictures on disk: sharp in a card of 190 pixels on ordinary screens."""
MOST_WANTED = 240
"""Wishes that are kept: what a large window shows, twice."""
STOP_SECONDS = 1.0
_Wish = tuple[int, str]


class SmallPictures(QObject):
    """Makes them. Signals arrive in the thread that the object lives in.

    Attributes:
        ready: who asked, id and `QImage`; a null image where none can be made.
    """

    ready = Signal(int, str, object)

    def __init__(self, cache_dir: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cache_dir = cache_dir
        self._work = threading.Condition()
        self._wanted: OrderedDict[_Wish, Path] = OrderedDict()
        self._at_work: set[_Wish] = set()
        self._owners = 0
        self._closed = False
        self._threads: list[threading.Thread] = []

    def new_owner(self) -> int:
        """Return a number for somebody who asks; ids are that somebody's own."""
        self._owners += 1
        return self._owners

    def want(self, owner: int, wanted: Iterable[tuple[str, Path]]) -> None:
        """Make these (id and file) for `owner`, in this order, before everything asked for earlier."""
        with self._work:
            wishes = OrderedDict(((owner, key), path) for key, path in wanted if (owner, key) not in self._at_work)
            for wish, path in self._wanted.items():
                if len(wishes) >= MOST_WANTED:
                    break
                wishes.setdefault(wish, path)
            self._wanted = wishes
            if not self._threads and not self._closed:
                share_interpreter()
                self._threads = [
                    executor().start(self._serve, f"small-pictures-{n}", owner=self, cancel=self._close)
                    for n in range(THREADS)
                ]
            self._work.notify_all()

    def forget(self, owner: int) -> None:
        """Make nothing more for `owner`."""
        with self._work:
            for wish in [wish for wish in self._wanted if wish[0] == owner]:
                del self._wanted[wish]

    def stop(self) -> bool:
        """End the threads; say whether all ended within a second. For the end of the program."""
        self._close()
        return wait_for(self._threads, STOP_SECONDS)

    def _close(self) -> None:
        with self._work:
            self._closed = True
            self._wanted.clear()
            self._work.notify_all()

    def _serve(self) -> None:
        stand_back()
        from mobilenet_gui.core import imaging
        from mobilenet_gui.core.thumbnails import ThumbnailCache

        cache = ThumbnailCache(self._cache_dir)
        while True:
            with self._work:
                while not (self._closed or self._wanted):
                    self._work.wait()
                if self._closed:
                    return
                wish, path = self._wanted.popitem(last=False)
                self._at_work.add(wish)
            try:
                # Not by Qt: it keeps the interpreter while it decodes, and the first time while it loads its plugins,
                # for which the window waited up to 55 ms where they came from the disk.
                image = to_qimage(imaging.decode(cache.get(path, SIDE), max_side=SIDE).image)
            except Exception as error:  # one photo's fault must not end the thread
                as_user_error(error, str(path))
                image = QImage()
            with self._work:
                self._at_work.discard(wish)
            tell(self, self._hand_out, *wish, image)

    def _hand_out(self, owner: int, key: str, image: QImage) -> None:
        if not self._closed:
            self.ready.emit(owner, key, image)
