"""Owns pictures for the screen: the photo that is looked at, its neighbours, and small ones made again on demand.

Recognition has its own way (`inference`); this one is about looking. A photo comes first at the size of the screen,
and whole only when somebody zooms in. What was asked for last is made first, and what scrolled away is forgotten.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.types import PhotoSource, Preprocessing
from mobilenet_gui.workers.executor import executor, tell, wait_for
from mobilenet_gui.workers.inference import as_user_error
from mobilenet_gui.workers.photo_image import make_display, make_thumbnail, pixels_to_qimage, thumbnail_side, to_qimage
from mobilenet_gui.workers.photo_threads import stand_back

LOADER_THREADS = 2
FULL_PIXEL_LIMIT = 40_000_000
"""The most pixels of a photo shown whole, 160 MB; a larger one is reduced to this, which no screen can tell."""
STOP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo for the screen.

    Attributes:
        key: the caller's number for it.
        image: the pixels, in the screen's format.
        full_size: the whole photo's width and height, upright.
        whole: nothing is gained by asking for more pixels.
    """

    key: int
    image: QImage
    full_size: tuple[int, int]
    whole: bool


@dataclass(frozen=True, slots=True)
class _Display:
    key: int
    source: PhotoSource
    name: str
    limit: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class NetworkView:
    """What the network is given of a photo.

    Attributes:
        key: the caller's number for it.
        preprocessing: how the photo was made the network's input.
        image: the input's own pixels, `preprocessing.size` a side, in the screen's format.
    """

    key: int
    preprocessing: Preprocessing
    image: QImage


@dataclass(frozen=True, slots=True)
class _Input:
    key: int
    source: PhotoSource
    name: str
    preprocessing: Preprocessing


class PhotoLoader(QObject):
    """Makes pictures in its own threads. Signals arrive in the thread that the object lives in."""

    picture_ready = Signal(object)
    """A `Picture`."""
    picture_failed = Signal(int, object)
    """Key and `UserError`."""
    thumbnail_ready = Signal(int, object)
    """Key and `QImage`; a null image where none can be made."""
    input_ready = Signal(object)
    """A `NetworkView`; nothing comes of a photo that cannot be read any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._display: OrderedDict[tuple[int, bool], _Display] = OrderedDict()
        self._small: OrderedDict[int, tuple[PhotoSource, str]] = OrderedDict()
        self._input: _Input | None = None
        self._at_work: set[int] = set()
        self._closed = False
        self._scale = 1.0
        self._threads: list[threading.Thread] = []

    def set_thumbnail_scale(self, scale: float) -> None:
        """Make small pictures for a screen with `scale` device pixels a logical one."""
        self._scale = scale

    def show(
        self, wanted: Iterable[tuple[int, PhotoSource, str]], limit: tuple[int, int], looked_at: int | None = None
    ) -> None:
        """Make the first photo for the screen, then the others (its neighbours), and forget older wishes.

        Args:
            wanted: key, source and name of each.
            limit: the screen's width and height in device pixels.
            looked_at: the photo on screen; if it is wanted with all its pixels, it still is.
        """
        with self._work:
            whole = self._display.get((looked_at, True)) if looked_at is not None else None
            self._display.clear()
            if whole is not None:
                self._display[(whole.key, True)] = whole
            for key, source, name in wanted:
                self._display[(key, False)] = _Display(key, source, name, limit)
            self._begin()

    def show_whole(self, key: int, source: PhotoSource, name: str) -> None:
        """Make this photo with all its pixels, before everything else."""
        with self._work:
            self._display[(key, True)] = _Display(key, source, name, None)
            self._display.move_to_end((key, True), last=False)
            self._begin()

    def show_input(self, key: int, source: PhotoSource, name: str, preprocessing: Preprocessing) -> None:
        """Make the network's view of this photo, before everything else; an earlier wish is forgotten."""
        with self._work:
            self._input = _Input(key, source, name, preprocessing)
            self._begin()

    def want_thumbnails(self, wanted: Iterable[tuple[int, PhotoSource, str]]) -> None:
        """Make these small pictures, in this order, and forget older wishes."""
        with self._work:
            self._small = OrderedDict((key, (source, name)) for key, source, name in wanted if key not in self._at_work)
            self._begin()

    def stop(self) -> bool:
        """End the threads; say whether all ended within a second."""
        self._close()
        return wait_for(self._threads, STOP_SECONDS)

    def _close(self) -> None:
        with self._work:
            self._closed = True
            self._display.clear()
            self._small.clear()
            self._input = None
            self._work.notify_all()

    def _begin(self) -> None:
        # The lock is held. Threads start with the first wish, so that an empty window has none.
        if not self._threads and not self._closed:
            for number in range(LOADER_THREADS):
                serve = partial(self._serve, number == 0)
                name = f"photo-loader-{number}"
                self._threads.append(executor().start(serve, name, owner=self, cancel=self._close))
        self._work.notify_all()

    def _serve(self, display_only: bool) -> None:
        stand_back()
        while True:
            with self._work:
                while not (self._closed or self._input or self._display or (self._small and not display_only)):
                    self._work.wait()
                if self._closed:
                    return
                job: _Input | _Display | tuple[int, PhotoSource, str]
                if self._input is not None:
                    job, self._input = self._input, None
                elif self._display:
                    job = self._display.popitem(last=False)[1]
                else:
                    key, (source, name) = self._small.popitem(last=False)
                    self._at_work.add(key)
                    job = (key, source, name)
            if isinstance(job, _Input):
                self._make_input(job)
            elif isinstance(job, _Display):
                self._make_display(job)
            else:
                self._make_small(*job)

    def _make_display(self, job: _Display) -> None:
        from mobilenet_gui.core import imaging  # here and below: the window opens before it needs a decoder

        try:
            if job.limit is None:
                photo = imaging.decode(job.source, name=job.name, max_side=_side_within_limit(job.source, job.name))
            else:
                photo = imaging.decode(job.source, name=job.name, max_side=max(job.limit))
            image = make_display(photo.image, job.limit)
        except Exception as error:  # one photo's fault must not end the thread
            tell(self, self._hand_out, (job.key, as_user_error(error, job.name)))
            return
        whole = job.limit is None or (image.width(), image.height()) == photo.full_size
        tell(self, self._hand_out, Picture(job.key, image, photo.full_size, whole))

    def _make_input(self, job: _Input) -> None:
        from mobilenet_gui.core import imaging

        try:
            # The very same two steps as the recogniser's, so that it is its input and no likeness of it.
            photo = imaging.decode_for(job.source, job.preprocessing, job.name)
            pixels = imaging.prepare(photo, job.preprocessing).pixels
        except Exception as error:  # a file that went meanwhile: the square is marked without it
            as_user_error(error, job.name)
            return
        tell(self, self._hand_out, NetworkView(job.key, job.preprocessing, pixels_to_qimage(pixels)))

    def _make_small(self, key: int, source: PhotoSource, name: str) -> None:
        from mobilenet_gui.core import imaging

        try:
            photo = imaging.decode(source, name=name, short_side=thumbnail_side(self._scale))
            image = make_thumbnail(photo.image, self._scale)
        except Exception as error:
            as_user_error(error, name)
            image = QImage()
        with self._lock:
            self._at_work.discard(key)
        tell(self, self._hand_out, (key, image))

    def _hand_out(self, made: object) -> None:
        if self._closed:
            return
        if isinstance(made, Picture):
            self.picture_ready.emit(made)
        elif isinstance(made, NetworkView):
            self.input_ready.emit(made)
        elif isinstance(made, tuple):
            key, result = made
            if isinstance(result, UserError):
                self.picture_failed.emit(key, result)
            else:
                self.thumbnail_ready.emit(key, result)


def square_pictures(paths: Sequence[Path], side: int) -> list[QImage]:
    """Return the middle squares of photos at `side` pixels, leaving out those that cannot be read."""
    from PIL import ImageOps

    from mobilenet_gui.core import imaging

    pictures = []
    for path in paths:
        with contextlib.suppress(UserError):
            photo = imaging.decode(path, short_side=side)
            pictures.append(to_qimage(ImageOps.fit(photo.image, (side, side))))
    return pictures


def _side_within_limit(source: PhotoSource, name: str) -> int | None:
    """Return the longest side at which the photo keeps within the limit of pixels; None where it does anyway."""
    from mobilenet_gui.core import imaging

    width, height = imaging.read_size(source, name)
    if width * height <= FULL_PIXEL_LIMIT:
        return None
    return max(1, int(max(width, height) * (FULL_PIXEL_LIMIT / (width * height)) ** 0.5))
