"""Owns the features of photos: what the frozen network makes of each, computed over all cores and kept on the disk.

Photos go through the program's own preprocessing and recogniser, so a head learnt on these features answers in the
app exactly as it did in training.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.training.feature_store import FeatureStore, SeenFile, read_photo
from mobilenet_gui.training.views import View, shown

_LOOK_AHEAD: Final = 4
_KEPT_AT_ONCE: Final = 64

Floats = NDArray[np.float32]
Fraction = Callable[[float], None]


class Shot(NamedTuple):
    """A photo as it is shown to the network."""

    path: Path
    view: View = "plain"


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the network makes of photos.

    Attributes:
        values: float32, shape (shots, channels); rows of photos that failed are zero.
        failed: what could not be read, by its place in the list.
        computed: how many were not in the cache.
        contents: the hashes of the photos' files, see `feature_store.content_hash`, by their place in the list.
    """

    values: Floats
    failed: dict[int, PhotoError]
    computed: int
    contents: dict[int, bytes]


def network_name(key: str, bundle: Bundle, view: View = "plain") -> str:
    """Return the name under which features are kept: all that they depend on, save the photo.

    Args:
        key: names the weights, `Base.key`.
        bundle: the network and its preprocessing.
        view: how the photo is shown to it.
    """
    pre = bundle.preprocessing
    return f"{key}/{pre.size}/{pre.crop_fraction:g}/{pre.filter}/{int(pre.stretch)}/{view}"


def collect(
    shots: Sequence[Shot],
    bundle: Bundle,
    store: FeatureStore,
    key: str,
    *,
    threads: int | None = None,
    progress: Fraction = lambda _fraction: None,
) -> Features:
    """Return the features of photos, from the cache or computed.

    Args:
        shots: the photos.
        bundle: an explainable bundle: its second output is the feature map, whose mean over the positions counts.
        store: the cache.
        key: names the weights, `Base.key`.
        threads: how many photos at once; by default one a usable core.
        progress: told the share that is done, in this thread; may raise to stop.

    Raises:
        ModelError: the network cannot be run.
    """
    failed: dict[int, PhotoError] = {}
    seen: dict[int, SeenFile] = {}
    for place, shot in enumerate(shots):
        try:
            seen[place] = SeenFile.look(shot.path)
        except OSError as error:
            failed[place] = _gone(shot.path, error)
    contents = store.contents(list(seen.values()))
    names = {view: network_name(key, bundle, view) for view in {shot.view for shot in shots}}
    known: dict[View, dict[bytes, Floats]] = {}
    for view, name in names.items():
        some = (contents[file] for place, file in seen.items() if shots[place].view == view and file in contents)
        known[view] = store.load(name, some)
    rows: dict[int, Floats] = {}
    hashes = {place: contents[file] for place, file in seen.items() if file in contents}
    missing: list[int] = []
    for place, file in seen.items():
        content = contents.get(file)
        row = None if content is None else known[shots[place].view].get(content)
        if row is None:
            missing.append(place)
        else:
            rows[place] = row
    keeper = _Keeper(store, names)
    work = _Work(bundle)
    try:
        with contextlib.closing(work.over([(n, shots[n]) for n in missing], threads)) as results:
            for done, (place, result) in enumerate(results, start=1):
                if isinstance(result, PhotoError):
                    failed[place] = result
                else:
                    hashes[place], rows[place] = result
                    keeper.add(shots[place].view, (seen[place], *result))
                progress(done / len(missing))
    finally:
        keeper.flush()
    channels = next((len(row) for row in rows.values()), 0)
    values = np.zeros((len(shots), channels), np.float32)
    for place, row in rows.items():
        values[place] = row
    return Features(values, failed, len(missing), hashes)


class _Keeper:
    """Hands features to the cache, many at once."""

    def __init__(self, store: FeatureStore, names: Mapping[View, str]) -> None:
        self._store, self._names = store, names
        self._waiting: dict[View, list[tuple[SeenFile, bytes, Floats]]] = {view: [] for view in names}

    def add(self, view: View, entry: tuple[SeenFile, bytes, Floats]) -> None:
        self._waiting[view].append(entry)
        if len(self._waiting[view]) >= _KEPT_AT_ONCE:
            self._store.keep(self._names[view], self._waiting[view])
            self._waiting[view] = []

    def flush(self) -> None:
        for view, entries in self._waiting.items():
            if entries:
                self._store.keep(self._names[view], entries)


def _gone(path: Path, error: OSError) -> PhotoError:
    try:
        imaging.read_size(path)
    except PhotoError as words:
        return words
    return PhotoError(str(path), error.strerror or str(error))


class _Work:
    """Photos through the network, several at once, in order."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._local = threading.local()
        self._made: list[LiteRTRecognizer] = []

    def over(
        self, photos: list[tuple[int, Shot]], threads: int | None
    ) -> Generator[tuple[int, tuple[bytes, Floats] | PhotoError], None, None]:
        if not photos:
            return
        threads = min(threads or usable_cores(), len(photos))
        waiting: deque[tuple[int, Future[tuple[bytes, Floats] | PhotoError]]] = deque()
        pool = ThreadPoolExecutor(threads, thread_name_prefix="features")
        try:
            for place, shot in photos:
                waiting.append((place, pool.submit(self._one, shot)))
                if len(waiting) > threads * _LOOK_AHEAD:
                    first, answer = waiting.popleft()
                    yield first, answer.result()
            while waiting:
                first, answer = waiting.popleft()
                yield first, answer.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            for recognizer in self._made:
                recognizer.close()

    def _one(self, shot: Shot) -> tuple[bytes, Floats] | PhotoError:
        try:
            source, content = read_photo(shot.path)
            photo = imaging.decode_for(source, self._bundle.preprocessing, str(shot.path))
        except PhotoError as error:
            return error
        pixels = imaging.prepare(photo, self._bundle.preprocessing).pixels
        return content, self._features(shown(pixels, shot.view, content))

    def _features(self, pixels: Pixels) -> Floats:
        recognizer = getattr(self._local, "recognizer", None)
        if recognizer is None:
            recognizer = self._local.recognizer = LiteRTRecognizer(self._bundle, threads=1)
            self._made.append(recognizer)
        return pooled(recognizer, pixels)


def pooled(recognizer: LiteRTRecognizer, pixels: Pixels) -> Floats:
    """Return the mean of the last feature map, shape (channels,), rounded to half floats as the cache keeps them."""
    _, features = recognizer.probabilities(np.ascontiguousarray(pixels), want_features=True)
    if features is None:
        raise ValueError("the bundle gives no features")
    mean: Floats = features.mean(axis=(0, 1), dtype=np.float32)
    return mean.astype(np.float16).astype(np.float32)
