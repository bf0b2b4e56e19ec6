"""Owns handing out batches of pixels while a network is adapted: decoded and varied by threads, a few batches ahead."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core import imaging
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.imaging import DecodedPhoto
from mobilenet_gui.core.types import Pixels, Preprocessing
from mobilenet_gui.training.augment import varied
from mobilenet_gui.training.feature_store import content_hash
from mobilenet_gui.training.material import Item
from mobilenet_gui.training.training_settings import Augmentation
from mobilenet_gui.training.views import shown

_AHEAD: Final = 3
_KEPT_BYTES: Final = 128 << 20
"""Decoded photos of a small dataset are kept; a large one is decoded again every epoch."""
_ROOM: Final = 1.25

Batch = tuple[NDArray[np.int64], NDArray[np.uint8]]


class Photos:
    """The pixels of items. Photos that cannot be read any more are noted in `gone` and left out.

    Args:
        items: the photos.
        pre: the network's preprocessing.
        seed: of what is drawn.
    """

    def __init__(self, items: Sequence[Item], pre: Preprocessing, seed: int) -> None:
        self._items, self._pre, self._seed = items, pre, seed
        self._lock = threading.Lock()
        self._kept: dict[int, DecodedPhoto] = {}
        self._bytes = 0
        self.gone: set[int] = set()

    def batches(
        self, places: NDArray[np.int64], size: int, *, epoch: int = 0, augmentation: Augmentation = "none"
    ) -> Generator[Batch, None, None]:
        """Yield places and their pixels, shape (photos, size, size, 3), in the order given.

        Args:
            places: of the items.
            size: photos a batch.
            epoch: draws other variations in each.
            augmentation: how much photos are varied.
        """
        parts = [places[start : start + size] for start in range(0, len(places), size)]
        pool = ThreadPoolExecutor(max(2, usable_cores() // 2), thread_name_prefix="photos")
        waiting: deque[tuple[NDArray[np.int64], list[Future[Pixels | None]]]] = deque()
        try:
            for part in parts:
                jobs = [pool.submit(self._one, int(place), epoch, augmentation) for place in part]
                waiting.append((part, jobs))
                if len(waiting) > _AHEAD:
                    yield from self._ready(*waiting.popleft())
            while waiting:
                yield from self._ready(*waiting.popleft())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    @staticmethod
    def _ready(part: NDArray[np.int64], jobs: list[Future[Pixels | None]]) -> Generator[Batch, None, None]:
        found = [(place, pixels) for place, job in zip(part, jobs, strict=True) if (pixels := job.result()) is not None]
        if found:
            yield np.array([place for place, _ in found], np.int64), np.stack([pixels for _, pixels in found])

    def _one(self, place: int, epoch: int, augmentation: Augmentation) -> Pixels | None:
        item = self._items[place]
        try:
            photo = self._photo(place)
        except PhotoError:
            with self._lock:
                self.gone.add(place)
            return None
        random = np.random.default_rng((self._seed, epoch, place))
        if item.view == "plain":
            return varied(photo, self._pre, augmentation, random)
        pixels = imaging.prepare(photo, self._pre).pixels
        return shown(pixels, item.view, content_hash(str((self._seed, epoch, place)).encode()))

    def _photo(self, place: int) -> DecodedPhoto:
        with self._lock:
            kept = self._kept.get(place)
        if kept is not None:
            return kept
        side = math.ceil(_ROOM * self._pre.size / self._pre.crop_fraction)
        photo = imaging.decode(self._items[place].sample.path, short_side=None if self._pre.stretch else side)
        width, height = photo.image.size
        with self._lock:
            if self._bytes + 3 * width * height <= _KEPT_BYTES:
                self._kept[place] = photo
                self._bytes += 3 * width * height
        return photo
