"""Owns finding which photos may show the same picture, in near-linear time.

Each photo has 192 bits, every one the sign of a difference of brightnesses: the gradients along the rows and columns
of a coarse grid (dHash) and the lowest cosine coefficients (pHash). They are cut into eight words; photos that share
a word meet in a bucket. What is trimmed off the edges moves the bits, so each photo also asks with the bits it would
have after some trimming, and with its least certain bits turned over (multi-probe hashing, Lv et al. 2007). Measured
on 445 photos in 22 disguises (`benchmarks/doctor.py`): two that belong together meet in 99 of 100 cases and more, two
that do not in 1 of 700. Whether those that meet are alike is decided by `likeness_check`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pairs = NDArray[np.int64]
"""Shape (pairs, 2): positions of photos, the smaller first."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of width and height."""

WORDS: Final = 8
WORD_BITS: Final = 24
SIDE: Final = 32
"""Bits are computed on thumbnails of this side."""
MOST_BITS_APART: Final = 48
"""Of 192: what belongs together was at most 39 apart, and one in 10,000 pairs of unrelated photos less than 58."""
_GRID: Final = 8
_UNCERTAIN: Final = 3
_WINDOW: Final = 128
"""In a fuller bucket a photo meets only its neighbours in the order of the dataset, such as the same burst's."""
_PHOTOS_AT_ONCE: Final = 4096
_MEETINGS_AT_ONCE: Final = 1_000_000
"""Bounds time and memory for datasets whose photos all look the same."""


def _boxes() -> tuple[Box, ...]:
    """Return what may be left of a photo: all, the middle, or without one, two or three of its edges."""
    boxes: list[Box] = [(0.0, 0.0, 1.0, 1.0), (0.04, 0.04, 0.96, 0.96), (0.08, 0.08, 0.92, 0.92)]
    sides = ((0.0, 1.0), (0.0, 0.92), (0.08, 1.0))
    boxes += [(left, top, right, bottom) for left, right in sides for top, bottom in sides][1:]
    boxes += [(0.08, 0.0, 0.92, 1.0), (0.0, 0.08, 1.0, 0.92)]
    return tuple(boxes)


BOXES: Final = _boxes()
MIRROR_BOXES: Final = BOXES[:2]
"""A mirrored copy is one that a program has made, of the whole photo or nearly so."""


def resample_matrix(low: Any, high: Any, source: int, target: int) -> Floats:
    """Return matrices that average `source` points between the shares `low` and `high` down to `target` points.

    Args:
        low: one share or an array of them, shape (...).
        high: as `low`.
        source: how many points there are.
        target: how many are wanted.

    Returns:
        Shape (..., target, source); every row sums to 1.
    """
    start, end = np.asarray(low, np.float64)[..., None, None], np.asarray(high, np.float64)[..., None, None]
    step = (end - start) / target
    edges = np.arange(target, dtype=np.float64)[:, None]
    left = ((start + edges * step) * source).astype(np.float32)
    right = ((start + (edges + 1) * step) * source).astype(np.float32)
    cells = np.arange(source, dtype=np.float32)
    weights: Floats = np.minimum(right, cells + 1)
    weights -= np.maximum(left, cells)
    np.clip(weights, 0.0, 1.0, out=weights)
    weights /= np.maximum(weights.sum(axis=-1, keepdims=True), 1e-9)
    return weights


@cache
def _projections(box: Box) -> tuple[tuple[Floats, Floats], ...]:
    """Return what turns a thumbnail into three tables of eight by eight numbers: rows @ thumbnail @ columns.

    They are the differences along the rows, those along the columns, and the lowest cosine coefficients.
    """
    left, top, right, bottom = box
    rows, columns = resample_matrix(top, bottom, SIDE, _GRID), resample_matrix(left, right, SIDE, _GRID)
    more_rows = resample_matrix(top, bottom, SIDE, _GRID + 1)
    more_columns = resample_matrix(left, right, SIDE, _GRID + 1)
    angles = np.pi / SIDE * (np.arange(SIDE) + 0.5)
    cosines = np.cos(np.arange(_GRID)[:, None] * angles).astype(np.float32)
    upright = cosines @ resample_matrix(top, bottom, SIDE, SIDE)
    level = cosines @ resample_matrix(left, right, SIDE, SIDE)
    tables = ((rows, np.diff(more_columns, axis=0)), (np.diff(more_rows, axis=0), columns), (upright, level))
    return tuple((one, np.ascontiguousarray(two.T)) for one, two in tables)


def shrink(greys: NDArray[np.uint8]) -> Floats:
    """Return thumbnails of half the side: shape (photos, 32, 32) from (photos, 64, 64)."""
    halves: Floats = greys.reshape(len(greys), SIDE, 2, SIDE, 2).mean(axis=(2, 4), dtype=np.float32)
    return halves


def describe(thumbs: Floats, box: Box = BOXES[0]) -> Floats:
    """Return the 192 numbers of each thumbnail as they are after trimming to `box`, shape (photos, 192).

    Args:
        thumbs: shape (photos, 32, 32).
        box: what is left.
    """
    # Many small products: one large one would wait for all cores, which may have other work.
    tables = [np.matmul(np.matmul(rows, thumbs), columns) for rows, columns in _projections(box)]
    tables[-1][:, 0, 0] = 0  # the mean brightness says nothing
    numbers: Floats = np.stack(tables, axis=1).reshape(len(thumbs), -1)
    return numbers


def bits_apart(one: Floats, others: Floats) -> NDArray[np.int64]:
    """Return by how many of 192 bits photos differ from one, shape (photos,), whatever is trimmed off it or them.

    Args:
        one: its thumbnail, shape (1, 32, 32).
        others: shape (photos, 32, 32).
    """
    mine, theirs = _packed(describe(one) > 0), _packed(describe(others) > 0)
    counts = [np.bitwise_count(_packed(describe(one, box) > 0) ^ theirs).sum(axis=1) for box in BOXES]
    counts += [np.bitwise_count(mine ^ _packed(describe(others, box) > 0)).sum(axis=1) for box in BOXES[1:3]]
    fewest: NDArray[np.int64] = np.min(counts, axis=0).astype(np.int64)
    return fewest


def candidate_pairs(thumbs: Floats, check: Callable[[], None] | None = None) -> tuple[Pairs, NDArray[np.int64]]:
    """Return the pairs of photos that may show the same picture.

    Args:
        thumbs: from `shrink`, shape (photos, 32, 32).
        check: called now and then; it may raise to stop the work.

    Returns:
        The pairs, those that differ least first, and by how many bits of 192 they differ.
    """
    return _pairs(thumbs, thumbs, BOXES, check)


def mirrored_pairs(thumbs: Floats, check: Callable[[], None] | None = None) -> tuple[Pairs, NDArray[np.int64]]:
    """Return the pairs of photos of which one may be the other in a mirror, hardly trimmed; as `candidate_pairs`."""
    return _pairs(thumbs[:, :, ::-1], thumbs, MIRROR_BOXES, check)


def _pairs(
    asking_thumbs: Floats, thumbs: Floats, boxes: Sequence[Box], check: Callable[[], None] | None
) -> tuple[Pairs, NDArray[np.int64]]:
    """Return which photos meet when all ask as `asking_thumbs`, trimmed to each of `boxes`."""
    photos = len(thumbs)
    if photos < 2:
        return np.empty((0, 2), np.int64), np.empty(0, np.int64)
    own = describe(thumbs) > 0
    index = [_sorted_keys(keys) for keys in _keys(own).T]
    whole = _packed(own)
    met: list[NDArray[np.int64]] = []
    apart: list[NDArray[np.int64]] = []
    for start in range(0, photos, _PHOTOS_AT_ONCE):
        block = np.arange(start, min(photos, start + _PHOTOS_AT_ONCE))
        for box in boxes:
            if check is not None:
                check()
            values = describe(asking_thumbs[block], box)
            packed = _packed(values > 0)
            for asking, other in _meetings(values, block, index):
                bits = np.bitwise_count(packed[asking - start] ^ whole[other]).sum(axis=1, dtype=np.int64)
                near = bits <= MOST_BITS_APART
                low, high = np.minimum(asking[near], other[near]), np.maximum(asking[near], other[near])
                met.append(low * photos + high)
                apart.append(bits[near])
    codes, bits = np.concatenate(met), np.concatenate(apart)
    # The fewest bits of each pair come first, and `unique` keeps the first.
    order = np.argsort(bits, kind="stable")
    codes, first = np.unique(codes[order], return_index=True)
    bits = bits[order][first]
    order = np.argsort(bits, kind="stable")
    codes, bits = codes[order], bits[order]
    return np.stack([codes // photos, codes % photos], axis=1), bits


def _meetings(
    values: Floats, block: NDArray[np.int64], index: list[NDArray[np.uint64]]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield who meets whom, word by word: the photos that ask and those in their buckets, never a photo itself."""
    numbers = values.reshape(len(values), WORDS, WORD_BITS)
    keys = _keys(values > 0)
    uncertain = np.argpartition(np.abs(numbers), _UNCERTAIN, axis=2)[:, :, :_UNCERTAIN]
    turned = np.left_shift(np.uint64(1), (WORD_BITS - 1 - uncertain).astype(np.uint64))
    choices = np.arange(1 << _UNCERTAIN)[:, None] >> np.arange(_UNCERTAIN) & 1
    for word in range(WORDS):
        masks = (turned[:, word, None, :] * choices.astype(np.uint64)).sum(axis=2, dtype=np.uint64)
        asked = (keys[:, word, None] ^ masks).ravel() << np.uint64(32)
        asking = np.repeat(block, len(choices))
        start = np.searchsorted(index[word], asked)
        end = np.searchsorted(index[word], asked + np.uint64(1 << 32))
        own = np.searchsorted(index[word], asked + asking.astype(np.uint64))
        found = np.flatnonzero(end > start)
        start, end, own, asking = start[found], end[found], own[found], asking[found]
        reach = min(_WINDOW, max(4, _MEETINGS_AT_ONCE // max(1, len(found)))) // 2
        full = end - start > 2 * reach
        start = np.where(full, np.maximum(start, own - reach), start)
        end = np.where(full, np.minimum(end, own + reach + 1), end)
        counts = np.maximum(end - start, 0)
        total = int(counts.sum())
        offsets = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
        others = (index[word][np.repeat(start, counts) + offsets] & np.uint64(0xFFFFFFFF)).astype(np.int64)
        askers = np.repeat(asking, counts)
        different = askers != others
        yield askers[different], others[different]


def _keys(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return the words of each photo as numbers, shape (photos, 8)."""
    weights = np.left_shift(np.uint64(1), np.arange(WORD_BITS - 1, -1, -1, dtype=np.uint64))
    words: NDArray[np.uint64] = bits.reshape(len(bits), WORDS, WORD_BITS).astype(np.uint64) @ weights
    return words


def _sorted_keys(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return one word of all photos in order, each with the photo's position in its lower half."""
    return np.sort(keys << np.uint64(32) | np.arange(len(keys), dtype=np.uint64))


def _packed(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return the bits of each photo in three numbers, shape (photos, 3)."""
    return np.packbits(bits, axis=1).view(np.uint64)
