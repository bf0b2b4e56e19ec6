"""Owns telling strangers: how like a photo is to those that a model was shown, whatever its percentages say.

A classifier must name one of its classes, and says "Bees, 95 %" of a lorikeet. So a fine-tuned model keeps what its
network made of some hundred of its training photos (`shown.npz`): the numbers that go into the last layer. A photo is
likened to each of them in two ways: by the cosine of those numbers (deep nearest neighbours, Sun et al.,
"Out-of-Distribution Detection with Deep Nearest Neighbors", ICML 2022) along the directions in which the model's own
photos differ, and, where the base that it was fine-tuned from could name many things, by the overlap (Bhattacharyya's
coefficient) of what that base would call the two photos. Each is put on the scale of how far the model's own photos lie
from each other; the sum, averaged over the first three photos of one class, counts. The limit is chosen so that 95 of
100 own photos pass, each likened to the others only, or, where the network has learnt from them itself, by the
validation photos alone.

How near strangers do is measured in training: each class in turn is left out of what the model was shown, and the share
of its photos that pass all the same is kept with the model and told. Of a network that has itself learnt these classes
that share flatters.

What it is worth is measured by `benchmarks/strangers.py`. With EfficientNet-Lite0, seed 1, of photos of usual size
(ants and bees, clothing, drawn charts) none of the far strangers passed and 0 to 6 % of the near ones, 88 to 99 % of
own test photos, and 63 to 86 % of these by another camera; with MobileNets V1 0.75 and V2 0 to 3 % far and 0 to 29 %
near. Pictures of 64 pixels, whose own classes are hard to tell apart, say less: of animals, food and vehicles 13 to
23 % of the far and 60 to 79 % of the near ones passed. Mean of the six: 8 % far and 36 % near (V1 0.75 12 and 48 %,
V2 17 and 46 %, the starter model 13 and 53 %); with Lite0 by the highest probability 78 and 74 %, by Mahalanobis'
distance 70 and 65 %.

Tried and no better, on seven other sets that were looked at first: centring, powers of the numbers, maxima and spreads
over the feature map, its quarters, residuals of a subspace, the base's logits or their energy, how well the classes
themselves are told. The largest logit of the model's own head lets fewer pass with V2, but needs logits of photos that
were not learnt from, which trainings of the whole network lack. Whitening within the classes was not settled. The
figures above were in view when the numbers of directions and kinds were chosen, and may flatter. Even a line learnt
between own photos and other pictures of the strangers' own source let 15 to 42 % of the far and 77 to 94 % of the near
ones pass where pictures have 64 pixels: there the networks themselves see no difference.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.types import Known, Label, Likeness

Floats = NDArray[np.float32]

NEAREST: Final = 3
"""So many of the photos that are most like it count, and are named."""
OWN_ACCEPTED: Final = 0.95
"""The share of own photos that pass."""
MOST_VECTORS: Final = 4096
MOST_AXES: Final = 1024
MOST_KINDS: Final = 2048
_MOST_BYTES: Final = 64 << 20
_LEAST_APART: Final = 1e-4
FARTHEST: Final = -3.5
"""How much being unlike in the numbers alone can say; photos by another camera are farther off as a whole."""
SCALE: Final = 1.5
OFFSET: Final = 1.6
"""What turns the sum into 0-1: an ordinary photo of its own has 0.8, the limit mostly lies near 0.4."""
_STEP: Final = 127.0
_NOTHING: Final = 1e-12


class Kinds(NamedTuple):
    """The last layer of the base: what else it could name. Kernel of shape (channels, kinds), bias (kinds,)."""

    kernel: Floats
    bias: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What a model was shown, and how far off a photo may be.

    Attributes:
        axes: the directions in which photos are compared, of length 1, shape (channels, axes).
        vectors: what the network made of photos, of length 1, along these axes, shape (photos, axes).
        labels: their classes, shape (photos,).
        photos: their ids in their project; empty texts where they are not known.
        kinds: the base's last layer; None where it could name next to nothing.
        called: the roots of the probabilities that the base would give the photos, shape (photos, kinds).
        scales: mean and spread of how far own photos lie apart: cosine, then overlap; shape (2, 2).
        limit: of `Likeness.value`.
        near_accepted: share of own photos that would pass had their class not been taught, 0-1; None where there is
            one class.
    """

    axes: Floats
    vectors: Floats
    labels: NDArray[np.int32]
    photos: tuple[str, ...]
    kinds: Kinds | None
    called: Floats | None
    scales: NDArray[np.float64]
    limit: float
    near_accepted: float | None = None

    @property
    def channels(self) -> int:
        """How many numbers go into the last layer."""
        return int(self.axes.shape[0])

    def pack(self) -> bytes:
        """Return the content of `shown.npz`; numbers are rounded to eight bits, a scale a row."""
        arrays: dict[str, Any] = {
            "labels": self.labels.astype(np.int32),
            "photos": np.array([photo.encode() for photo in self.photos], "S"),
            "scales": self.scales.astype(np.float64),
            "limit": np.float64(self.limit),
            "near_accepted": np.float64(math.nan if self.near_accepted is None else self.near_accepted),
        }
        rows = {"axes": self.axes.T, "vectors": self.vectors}
        if self.kinds is not None and self.called is not None:
            rows |= {"kernel": self.kinds.kernel.T, "called": self.called}
            arrays["bias"] = self.kinds.bias.astype(np.float32)
        for name, numbers in rows.items():
            arrays[name], arrays[f"{name}_sizes"] = _rounded(numbers)
        out = io.BytesIO()
        np.savez_compressed(out, allow_pickle=False, **arrays)
        return out.getvalue()


def parse_shown(data: bytes, classes: int) -> Shown | None:
    """Read `shown.npz`, which may come from anybody; None where it has the form of an earlier version.

    Args:
        data: its content.
        classes: how many the model has.

    Raises:
        ValueError: it is damaged.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            if stored.zip is not None and sum(info.file_size for info in stored.zip.infolist()) > _MOST_BYTES:
                raise ValueError("too large")
            read = {name: stored[name] for name in stored.files}
        if not all(isinstance(value, np.ndarray) for value in read.values()):
            raise ValueError("not arrays")
        if "axes" not in read and "vectors" in read:
            return None
        axes, vectors = _restored(read, "axes", MOST_AXES), _restored(read, "vectors", MOST_VECTORS)
        labels, photos, limit, near = read["labels"], read["photos"], float(read["limit"]), float(read["near_accepted"])
        scales = np.asarray(read["scales"])
        kinds = called = None
        if "kernel" in read:
            kernel, called = _restored(read, "kernel", MOST_KINDS), _restored(read, "called", MOST_VECTORS)
            bias = read["bias"]
            if kernel.shape[1] != axes.shape[1] or bias.shape != kernel.shape[:1] or bias.dtype != np.float32:
                raise ValueError("kinds")
            if called.shape != (len(vectors), len(kernel)):
                raise ValueError("called")
            kinds = Kinds(kernel.T, bias)
        rows = (len(vectors),)
        fits = (
            vectors.shape[1] == len(axes)
            and labels.shape == rows
            and labels.dtype == np.int32
            and photos.shape == rows
            and photos.dtype.kind == "S"
        )
        fits = fits and int(labels.min()) >= 0 and int(labels.max()) < classes and 0 <= limit <= 1
        fits = fits and (math.isnan(near) or 0 <= near <= 1)
        fits = fits and scales.shape == (2, 2) and scales.dtype == np.float64 and np.isfinite(scales).all()
        if not fits or not (scales[:, 1] > 0).all() or (kinds is not None and not np.isfinite(kinds.bias).all()):
            raise ValueError("does not fit")
        names = tuple(bytes(photo).decode() for photo in photos)
        near_accepted = None if math.isnan(near) else near
        return Shown(axes.T, vectors, labels, names, kinds, called, scales, limit, near_accepted)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, EOFError, SyntaxError, RuntimeError,
            OverflowError, MemoryError, struct.error, zlib.error, zipfile.BadZipFile) as error:  # fmt: skip
        raise ValueError("not what a model was shown") from error


class Likening:
    """Likens photos to what a model was shown; May be used from several threads.

    Args:
        shown: what it was shown.
        labels: the model's classes.
    """

    def __init__(self, shown: Shown, labels: Sequence[Label]) -> None:
        self._shown, self._labels = shown, labels
        self._sight = Sight(shown)
        self._classes: list[int] = shown.labels.tolist()
        self._enough = enough(shown.labels)
        self.likeness(np.ones(shown.channels, np.float32))  # memory touched for the first time is slow

    def likeness(self, values: Floats) -> Likeness:
        """Return how like a photo is to what the model was shown.

        Args:
            values: what goes into the last layer, float32, shape (channels,).
        """
        shown = self._shown
        found = scored(self._sight.apart(values), shown.scales)
        order: list[int] = (-found).argsort(kind="stable").tolist()
        scores: list[float] = found.tolist()  # of a handful of numbers, Python itself is quicker than NumPy
        known = tuple(
            Known(self._classes[n], self._labels[self._classes[n]].name, shown.photos[n], likeness_of(scores[n]))
            for n in order[:NEAREST]
        )
        some = closest(order, self._classes, self._enough)
        return Likeness(likeness_of(sum(scores[n] for n in some) / len(some)), shown.limit, known)


def enough(labels: NDArray[Any]) -> dict[int, int]:
    """Return how many photos of each class count: `NEAREST`, or all."""
    found, counts = np.unique(labels, return_counts=True)
    return {label: min(NEAREST, count) for label, count in zip(found.tolist(), counts.tolist(), strict=True)}


def closest(order: Sequence[int], labels: Sequence[int], needed: Mapping[int, int]) -> list[int]:
    """Return the photos that count: the first that are enough of one class.

    A photo between two classes is like some of each, but not like any of them.

    Args:
        order: all photos, the most alike first.
        labels: their classes.
        needed: how many of each class are enough.
    """
    found: dict[int, list[int]] = {}
    for place in order:
        label = labels[place]
        some = found.setdefault(label, [])
        some.append(place)
        if len(some) == needed[label]:
            return some
    return list(order[:NEAREST])


class Sight:
    """What a model was shown, in the form in which photos are likened to it."""

    def __init__(self, shown: Shown) -> None:
        self._kinds = shown.kinds
        # One product with all that has as many rows as there are channels: what it costs is reading it.
        some = [shown.axes] if shown.kinds is None else [shown.axes, shown.kinds.kernel]
        self._matrix = np.ascontiguousarray(np.hstack(some))
        self._axes = shown.axes.shape[1]
        self._photos = np.ascontiguousarray(shown.vectors.T)
        self._called = None if shown.called is None else np.ascontiguousarray(shown.called.T)

    def apart(self, values: Floats) -> Floats:
        """Return how far photos lie from each of these, as logarithms: by cosine, and by overlap where there are kinds.

        Args:
            values: what goes into the last layer, shape (..., channels).

        Returns:
            Shape (1 or 2, ..., photos).
        """
        products = values @ self._matrix
        shape = (1 if self._kinds is None else 2, *values.shape[:-1], self._photos.shape[1])
        alike = np.empty(shape, np.float32)
        np.matmul(products[..., : self._axes] / _sizes(values), self._photos, out=alike[0])
        if self._kinds is not None and self._called is not None:
            np.matmul(_roots(products[..., self._axes :] + self._kinds.bias), self._called, out=alike[1])
        np.subtract(1, alike, out=alike)
        np.maximum(alike, np.float32(_LEAST_APART), out=alike)
        return np.log(alike, out=alike)


def scored(apart: Floats, scales: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how like photos are in units of the spread of a model's own, 0 being usual, shape (..., photos).

    Args:
        apart: see `Sight.apart`.
        scales: see `Shown`.
    """
    near = (scales[0, 0] - apart[0]) / scales[0, 1]
    if len(apart) > 1:
        near = np.maximum(near, FARTHEST) + (scales[1, 0] - apart[1]) / scales[1, 1]
    return np.asarray(near, np.float64)


def likeness_of(score: float) -> float:
    """Return a score as 0-1."""
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, score / SCALE + OFFSET))))


def called(values: Floats, kinds: Kinds) -> Floats:
    """Return the roots of the probabilities that the base would give, shape (photos, kinds)."""
    return _roots(values @ kinds.kernel + kinds.bias)


def _roots(logits: Floats) -> Floats:
    return directions(np.exp((logits - logits.max(axis=-1, keepdims=True)) * np.float32(0.5)))


def _sizes(values: Floats) -> Floats:
    sizes = np.sqrt(np.vecdot(values, values))[..., None]
    return np.asarray(np.maximum(sizes, np.float32(_NOTHING)), np.float32)


def directions(values: Floats) -> Floats:
    """Return rows of numbers at length 1."""
    result: Floats = values / _sizes(values)
    return result


def as_stored(rows: Floats) -> Floats:
    """Return rows of numbers as they come back from a file."""
    numbers, sizes = _rounded(rows)
    return _unrounded(numbers, sizes)


def _rounded(rows: Floats) -> tuple[NDArray[np.int8], Floats]:
    sizes = np.maximum(np.abs(rows).max(axis=1), np.float32(_NOTHING)).astype(np.float32)
    return np.rint(rows / sizes[:, None] * np.float32(_STEP)).astype(np.int8), sizes


def _restored(read: Mapping[str, NDArray[Any]], name: str, most: int) -> Floats:
    numbers, sizes = read[name], read[f"{name}_sizes"]
    if numbers.ndim != 2 or numbers.dtype != np.int8 or not 1 <= len(numbers) <= most or not numbers.shape[1]:
        raise ValueError("numbers")
    if sizes.shape != numbers.shape[:1] or sizes.dtype != np.float32 or not np.isfinite(sizes).all():
        raise ValueError("sizes")
    return _unrounded(numbers, sizes)


def _unrounded(numbers: NDArray[np.int8], sizes: Floats) -> Floats:
    return np.asarray(numbers * (sizes / np.float32(_STEP))[:, None], np.float32)
