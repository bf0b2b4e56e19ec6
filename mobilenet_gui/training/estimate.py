"""Owns saying beforehand how long a training will take: from what was measured on this machine, with these photos.

Trainings note their paces in a small book beside the cached features, and what they took beyond those. Where there is
none yet, a probe of a second measures how fast the network sees photos here, and the rest follows from that in
proportions measured once.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.kept_json import UNREADABLE, read_kept, write_kept
from mobilenet_gui.training.presets import Recipe, recipe_for
from mobilenet_gui.training.training_settings import TrainingSettings

PROBE_PHOTOS: Final = 24
_PROBE_SECONDS: Final = 1.5
_BOOK: Final = "paces.json"
_USUAL_SEEN: Final = 0.015
"""Seconds a photo, decoded and seen by V2 1.0 at 224 on four cores; only until this machine was measured."""
_LEARNT_TO_SEEN: Final = 3.3
"""An epoch's time a photo, beside the time to see it; V2 1.0: 2.6 on four cores, 3.6 on two."""
_PER_BLOCK: Final = 0.12
_USUAL_SHARE: Final = 0.9
"""Of the planned epochs, where it may stop early; only until a training showed it."""
_AROUND: Final = 1.15
"""A photo's time among thousands, beside that of its work alone: the threads wait for each other, and for the disk."""
_START_SECONDS: Final = 2.2
_LEAST_REST: Final = 0.2
_KERAS_SECONDS: Final = 11.0
"""Building the network, its first step and the conversion, with TensorFlow loaded."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a training will take.

    Attributes:
        seconds: from the start to the usable model.
        measured: a training or a probe on this machine is behind it; a guess otherwise.
    """

    seconds: float
    measured: bool


@dataclass(frozen=True, slots=True)
class Work:
    """How much there is to do, or was done, in photos.

    Attributes:
        seen: put through the network as it is, those tested included; photos with cached features are not.
        train: learnt from in an epoch.
        validation: looked at after it.
        epochs: of adapting.
    """

    seen: float
    train: float
    validation: float
    epochs: float

    def seconds(self, seen: float, learnt: float) -> float:
        """Return how long it takes at these paces, in seconds a photo; a pace of learning holds its validation."""
        if not self.epochs:
            return self.seen * seen
        settling = (self.train + 2 * self.validation) / 2
        return self.seen * seen + (self.epochs * self.train + settling) * learnt


class PaceBook:
    """The measured paces, in seconds a photo. What cannot be read or written is measured again another time.

    Args:
        cache_dir: where features are cached; `RunSpec.cache_dir`.
    """

    def __init__(self, cache_dir: Path) -> None:
        self._path = cache_dir / _BOOK

    def get(self, kind: str, network: str) -> float | None:
        """Return a pace, `seen` or `learnt`, or a training's `rest` or `share`, of what `network_of` names."""
        value = self._read().get(f"{kind} {network}")
        return value

    def put(self, kind: str, network: str, seconds: float) -> None:
        """Note a pace."""
        with contextlib.suppress(OSError):
            values = self._read() | {f"{kind} {network}": float(seconds)}
            write_kept(self._path, json.dumps(values, indent=1))

    def _read(self) -> dict[str, float]:
        try:
            values = read_kept(self._path)
        except UNREADABLE:
            return {}
        if not isinstance(values, dict):
            return {}
        return {name: value for name, value in values.items() if isinstance(value, float) and 0 < value < 3600}


def network_of(bundle: Bundle, size: int, blocks: int = 0) -> str:
    """Return what a pace depends on: the architecture, its input size, and how many blocks learn."""
    manifest = bundle.manifest
    return f"{manifest.family} {manifest.alpha or 1:g} {size} {blocks}"


def estimate(
    bundle: Bundle, photos: int, settings: TrainingSettings, cache_dir: Path, *, cached: bool = False
) -> Estimate:
    """Return how long a training will take. Reads one small file.

    Args:
        bundle: the model to start from.
        photos: how many there are, test photos included.
        settings: how to train.
        cache_dir: where features are cached.
        cached: the photos' features are there already.
    """
    recipe = recipe_for(settings, bundle.preprocessing.size)
    book = PaceBook(cache_dir)
    seen, measured = _seen(book, bundle, recipe)
    train, validation, test = (photos * part / 100 for part in settings.split)
    work = Work(
        test + (0.0 if cached else train + validation), train, validation, recipe.epochs if recipe.adapts else 0
    )
    network = network_of(bundle, recipe.input_size, recipe.unfreeze_blocks if recipe.adapts else 0)
    learnt = (book.get("learnt", network) if recipe.adapts else None) or seen * (
        _LEARNT_TO_SEEN + _PER_BLOCK * recipe.unfreeze_blocks
    )
    share = book.get("share", network) or _USUAL_SHARE
    epochs = recipe.epochs * (share if recipe.patience else 1.0) if recipe.adapts else 0.0
    work = Work(test + (0.0 if cached else train + validation), train, validation, epochs)
    rest = book.get("rest", network)
    if rest is None:
        rest = _START_SECONDS + (_KERAS_SECONDS if recipe.adapts else 0.0)
        if recipe.input_size != bundle.preprocessing.size or not bundle.explainable:
            rest += _KERAS_SECONDS / 2
    return Estimate(work.seconds(seen, learnt) + rest, measured)


def learn_from(bundle: Bundle, recipe: Recipe, work: Work, seconds: float, cache_dir: Path) -> None:
    """Note what a finished training took beyond what follows from the paces, and how early it stopped.

    Args:
        bundle: the model it started from.
        recipe: how it was trained; its paces are noted already.
        work: what it did.
        seconds: how long it took, without pauses.
        cache_dir: where features are cached.
    """
    book = PaceBook(cache_dir)
    network = network_of(bundle, recipe.input_size, recipe.unfreeze_blocks if recipe.adapts else 0)
    seen, _ = _seen(book, bundle, recipe)
    learnt = book.get("learnt", network) if work.epochs else 0.0
    if learnt is not None:
        book.put("rest", network, max(_LEAST_REST, seconds - work.seconds(seen, learnt)))
    if recipe.adapts and recipe.patience and work.epochs:
        share = min(1.0, work.epochs / recipe.epochs)
        before = book.get("share", network)
        book.put("share", network, share if before is None else (before + share) / 2)


def probe(bundle: Bundle, photos: Sequence[Path], cache_dir: Path) -> None:
    """Measure how fast a network sees photos here, and note it. Takes about a second and a half.

    What counts is the processors' time for a photo, the first of each thread left out: the clock on the wall would
    measure as well what the program does beside it, which is most when a wizard has just been opened.

    Args:
        bundle: the model to start from.
        photos: some of the photos, at most `PROBE_PHOTOS` are taken.
        cache_dir: where features are cached.

    Raises:
        ModelError: the network cannot be run.
    """
    from concurrent.futures import ThreadPoolExecutor

    from mobilenet_gui.core import imaging
    from mobilenet_gui.core.cores import usable_cores
    from mobilenet_gui.core.recognizer import LiteRTRecognizer

    if not bundle.explainable or not photos:
        return
    cores = usable_cores()
    recognizers = [LiteRTRecognizer(bundle, threads=1) for _ in range(cores)]
    until = time.monotonic() + _PROBE_SECONDS
    chosen = list(photos)[:PROBE_PHOTOS]

    def work(number: int) -> tuple[float, int]:
        took, done = 0.0, -1
        for path in chosen[number::cores]:
            began = time.thread_time()
            with contextlib.suppress(PhotoError):
                photo = imaging.decode_for(path, bundle.preprocessing)
                recognizers[number].probabilities(imaging.prepare(photo, bundle.preprocessing).pixels)
                took += time.thread_time() - began if done >= 0 else 0.0
                done += 1
            if time.monotonic() > until:
                break
        return took, max(0, done)

    try:
        with ThreadPoolExecutor(cores) as pool:
            measured = list(pool.map(work, range(cores)))
    finally:
        for recognizer in recognizers:
            recognizer.close()
    seconds, done = sum(took for took, _ in measured), sum(photos for _, photos in measured)
    if done and seconds:
        pace = _AROUND * seconds / done / cores
        PaceBook(cache_dir).put("seen", network_of(bundle, bundle.preprocessing.size), pace)


def _seen(book: PaceBook, bundle: Bundle, recipe: Recipe) -> tuple[float, bool]:
    """Return the seconds it takes to see a photo, and whether they were measured, maybe at another input size."""
    size = bundle.preprocessing.size
    exact = book.get("seen", network_of(bundle, recipe.input_size))
    if exact is not None:
        return exact, True
    usual = book.get("seen", network_of(bundle, size))
    scale = (recipe.input_size / size) ** 2
    return (_USUAL_SEEN if usual is None else usual) * scale, usual is not None
