"""Owns telling strangers: how like a photo is to those that a model was shown, whatever its percentages say.

A classifier must name one of its classes, and says "Bees, 95 %" of a lorikeet. So a fine-tuned model keeps what its
network made of some hundred of its training photos (`shown.npz`): the numbers that go into the last layer. A photo is
likened to each of them in two ways: by the cosine of those numbers (deep nearest neighbours, Sun et al.,
"Out-of-Distribution Detection with Deep Nearest Neighbors", ICML 2022), and, where the base that it was fine-tuned
from could name many things, by the overlap (Bhattacharyya's coefficient) of what that base would call the two photos;
this tells near strangers, and holds better for photos of another source. Each is put on the scale of how far the
model's own photos lie from each other; the sum, averaged over the three photos that are most like it, counts. The
limit is chosen so that 95 of 100 own photos pass, each likened to the others only, or, where the network has
learnt from them itself, by the validation photos alone.

What it is worth is measured by `benchmarks/strangers.py`. With EfficientNet-Lite0 and all thousand kinds, seed 1, of
photos of usual size (ants and bees, clothing, drawn charts) none of the far strangers passed and 0 to 10 % of the near
ones, 89 to 99 % of own test photos, and 66 to 92 % of these by another camera. Pictures of 64 pixels, whose own
classes are hard to tell apart, say less: of animals, food and vehicles 13 to 23 % of the far and 62 to 81 % of the near
ones passed. Half of the kinds did as well. Mean of the six: 9 % far and 40 % near; by the highest probability 78 and
74 %, by Mahalanobis' distance 70 and 65 %, by the cosine together with the highest logit 10 and 46 %.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile
import zlib
from collections.abc import Sequence
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
        vectors: what the network made of photos, float32, shape (photos, channels).
        labels: their classes, shape (photos,).
        photos: their ids in their project; empty texts where they are not known.
        kinds: the base's last layer; None where it could name next to nothing.
        scales: mean and spread of how far own photos lie apart: cosine, then overlap; shape (2, 2).
        limit: of `Likeness.value`.
    """

    vectors: Floats
    labels: NDArray[np.int32]
    photos: tuple[str, ...]
    kinds: Kinds | None
    scales: NDArray[np.float64]
    limit: float

    @property
    def channels(self) -> int:
        """How many numbers go into the last layer."""
        return int(self.vectors.shape[1])

    def pack(self) -> bytes:
        """Return the content of `shown.npz`; numbers are rounded to eight bits, a scale a row."""
        numbers, sizes = _rounded(self.vectors)
        arrays: dict[str, Any] = {
            "vectors": numbers,
            "sizes": sizes,
            "labels": self.labels.astype(np.int32),
            "photos": np.array([photo.encode() for photo in self.photos], "S"),
            "scales": self.scales.astype(np.float64),
            "limit": np.float64(self.limit),
        }
        if self.kinds is not None:
            arrays["kernel"], arrays["kernel_sizes"] = _rounded(self.kinds.kernel.T)
            arrays["bias"] = self.kinds.bias.astype(np.float32)
        out = io.BytesIO()
        np.savez_compressed(out, allow_pickle=False, **arrays)
        return out.getvalue()


def parse_shown(data: bytes, classes: int) -> Shown:
    """Read `shown.npz`, which may come from anybody.

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
        vectors = _restored(read["vectors"], read["sizes"], MOST_VECTORS)
        labels, photos, limit = read["labels"], read["photos"], float(read["limit"])
        scales = np.asarray(read["scales"])
        kinds = None
        if "kernel" in read:
            kernel = _restored(read["kernel"], read["kernel_sizes"], MOST_KINDS)
            bias = read["bias"]
            if kernel.shape[1] != vectors.shape[1] or bias.shape != kernel.shape[:1] or bias.dtype != np.float32:
                raise ValueError("kinds")
            kinds = Kinds(np.ascontiguousarray(kernel.T), bias)
        rows = (len(vectors),)
        fits = labels.shape == rows and labels.dtype == np.int32 and photos.shape == rows and photos.dtype.kind == "S"
        fits = fits and int(labels.min()) >= 0 and int(labels.max()) < classes and 0 <= limit <= 1
        fits = fits and scales.shape == (2, 2) and scales.dtype == np.float64 and np.isfinite(scales).all()
        if not fits or not (scales[:, 1] > 0).all() or (kinds is not None and not np.isfinite(kinds.bias).all()):
            raise ValueError("does not fit")
        names = tuple(bytes(photo).decode() for photo in photos)
        return Shown(vectors, labels, names, kinds, scales, limit)
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
        self._sight = Sight(shown.vectors, shown.kinds)

    def likeness(self, values: Floats) -> Likeness:
        """Return how like a photo is to what the model was shown.

        Args:
            values: what goes into the last layer, float32, shape (channels,).
        """
        shown = self._shown
        found = scored(self._sight.apart(values), shown.scales)
        nearest = (-found).argsort(kind="stable")[:NEAREST]
        scores: list[float] = found[nearest].tolist()
        known = tuple(
            Known(int(shown.labels[n]), self._labels[shown.labels[n]].name, shown.photos[n], likeness_of(score))
            for n, score in zip(nearest.tolist(), scores, strict=True)
        )
        return Likeness(likeness_of(sum(scores) / len(scores)), shown.limit, known)


class Sight:
    """Photos in the form in which others are likened to them.

    Args:
        vectors: shape (photos, channels).
        kinds: see `Shown`.
    """

    def __init__(self, vectors: Floats, kinds: Kinds | None) -> None:
        self._photos, self._kinds = len(vectors), kinds
        directions = _directions(vectors).T
        # One product with all that has as many rows as there are channels: what it costs is reading it.
        self._matrix = np.ascontiguousarray(directions if kinds is None else np.hstack([directions, kinds.kernel]))
        self._called = None if kinds is None else np.ascontiguousarray(called(vectors, kinds).T)

    def apart(self, values: Floats) -> Floats:
        """Return how far photos lie from each of these, as logarithms: by cosine, and by overlap where there are kinds.

        Args:
            values: what goes into the last layer, shape (..., channels).

        Returns:
            Shape (1 or 2, ..., photos).
        """
        products = values @ self._matrix
        alike = np.empty((1 if self._kinds is None else 2, *values.shape[:-1], self._photos), np.float32)
        np.divide(products[..., : self._photos], _sizes(values), out=alike[0])
        if self._kinds is not None and self._called is not None:
            alike[1] = _roots(products[..., self._photos :] + self._kinds.bias) @ self._called
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
    return _directions(np.exp((logits - logits.max(axis=-1, keepdims=True)) * np.float32(0.5)))


def _sizes(values: Floats) -> Floats:
    sizes = np.sqrt(np.einsum("...i,...i->...", values, values))[..., None]
    return np.asarray(np.maximum(sizes, np.float32(_NOTHING)), np.float32)


def _directions(values: Floats) -> Floats:
    result: Floats = values / _sizes(values)
    return result


def as_stored(rows: Floats) -> Floats:
    """Return rows of numbers as they come back from a file."""
    return _restored(*_rounded(rows), len(rows))


def _rounded(rows: Floats) -> tuple[NDArray[np.int8], Floats]:
    sizes = np.maximum(np.abs(rows).max(axis=1), np.float32(_NOTHING)).astype(np.float32)
    return np.rint(rows / sizes[:, None] * np.float32(_STEP)).astype(np.int8), sizes


def _restored(numbers: NDArray[Any], sizes: NDArray[Any], most: int) -> Floats:
    if numbers.ndim != 2 or numbers.dtype != np.int8 or not 1 <= len(numbers) <= most or not numbers.shape[1]:
        raise ValueError("numbers")
    if sizes.shape != numbers.shape[:1] or sizes.dtype != np.float32 or not np.isfinite(sizes).all():
        raise ValueError("sizes")
    return np.asarray(numbers * (sizes / np.float32(_STEP))[:, None], np.float32)
