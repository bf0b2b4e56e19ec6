"""Owns deciding whether two photos show the same picture: lined up on their thumbnails, compared place by place.

Brightness, contrast, sharpness and noise do not count: what is compared is the fine structure of sixteen parts of the
picture, each for itself, and the median of the parts decides. So a frame that two photos share does not make them
alike, and a stamp on one of them does not tell them apart.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.training.likeness import BOXES, Floats, Pairs, resample_matrix, shrink

SAME_FROM: Final = 0.75
"""Likeness from which two photos are the same picture, saved or trimmed differently. Measured on 445 photos: of those
saved, scaled, trimmed by up to a tenth, brightened, blurred or stamped, 99.8 of 100 were above, and the most alike of
5000 unrelated pairs, chosen for their similar bits, reached 0.28 (`benchmarks/doctor.py`)."""
ALIKE_FROM: Final = 0.6
"""Likeness from which two photos are of one series, taken a moment apart; they must not be on both sides of a split.
Of 106 pairs of frames of one burst (the set `bursts` of `benchmarks/honesty_sets.py`), 99 of 100 had 0.63 and more; of
unrelated garments before alike backgrounds, nearest pairs only, 90 of 100 had less than 0.65."""
SAME_THROUGHOUT_FROM: Final = 0.85
"""Least likeness of all parts from which two photos are copies where all photos of a class look alike: charts of one
layout differ in a few parts only. Of copies saved at quality 10 or a quarter as large, 98 of 100 had 0.84 and more; of
charts with the most similar bits, 98 of 100 had less."""

_SIDE: Final = 32
_COARSE: Final = 16
_FRAME: Final = 4
_TILES: Final = 4
_STEPS: Final = (0.03, 0.015, 0.0075, 0.004)
_HOPELESS: Final = 0.4
_SETTLED: Final = 0.85
_PLAIN: Final = 0.8
"""Grey levels of fine structure below which a part counts as plain."""
_FAINT: Final = 0.25
"""A part with so much less structure than the picture's livelier ones counts as plain, too: it is mostly noise."""
_LEAST_TILES: Final = 4
_ENOUGH_TILES: Final = 10
_SAME_COLOUR: Final = 6.0
"""How far colours may lie apart on average, of 255, between photos that are alike; where all photos of a class look
alike, at most, in any of their 64 fields. There, 98 of 100 copies have 6 and less, and nine in ten of those pairs of
pie charts more whose fine structure agrees: 1,000 such charts made 153 groups, now 45."""
_MOST_COLOUR: Final = 30.0
_RECOLOURED_FROM: Final = 0.85
"""The same where likeness is so high that colours were changed afterwards; a photo without colours goes with any."""
_NO_COLOUR: Final = 3.0
_PAIRS_AT_ONCE: Final = 512


def likeness(
    greys: NDArray[np.uint8],
    colours: NDArray[np.uint8],
    pairs: Pairs,
    *,
    mirrored: bool = False,
    trimmed: bool = True,
) -> tuple[Floats, Floats]:
    """Return how alike the photos of each pair are: in the middle of their parts, and where they are least so, -1 to 1.

    Args:
        greys: thumbnails, shape (photos, 64, 64).
        colours: shape (photos, 2, 8, 8).
        pairs: whom to compare.
        mirrored: compare the first of each pair with the second as a mirror shows it.
        trimmed: line them up to a hair, as one that was trimmed needs; that takes most of the time. Otherwise colours
            must agree everywhere.
    """
    results = [np.empty((0, 2), np.float32)]
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        one, two = pairs[start : start + _PAIRS_AT_ONCE].T
        turned = slice(None, None, -1) if mirrored else slice(None)
        first, second = greys[one].astype(np.float32), greys[two][:, :, turned].astype(np.float32)
        alike = _lined_up(first, second, trimmed=trimmed)
        # Which of the two was trimmed is not known.
        unsettled = np.flatnonzero(alike[:, 0] < _SETTLED)
        other = _lined_up(second[unsettled], first[unsettled], trimmed=trimmed)
        better = other[:, 0] > alike[unsettled, 0]
        alike[unsettled[better]] = other[better]
        alike[~_colours_agree(colours[one], colours[two][..., turned], alike[:, 0], everywhere=not trimmed)] = -1.0
        results.append(alike)
    found = np.concatenate(results)
    return found[:, 0], found[:, 1]


def usual_likeness(greys: NDArray[np.uint8], pairs: Pairs) -> Floats:
    """Return the likeness of pairs of photos as they are, not lined up; for a look at many that have nothing in common.

    Args:
        greys: thumbnails, shape (photos, 64, 64).
        pairs: whom to compare.
    """
    one, two = (shrink(greys[side]) for side in pairs.T)
    return _Standard(one).by_tiles(two)[:, 0]


def _lined_up(whole: Floats, part: Floats, *, trimmed: bool) -> Floats:
    """Return the likeness of each `part` to that box of `whole` which fits it best; shapes (pairs, 64, 64)."""
    pairs = len(whole)
    if pairs == 0:
        return np.empty((0, 2), np.float32)
    small = _Standard(_cut(part, np.array(BOXES[0]), _COARSE))
    best: Floats = np.full(pairs, -np.inf, np.float32)
    box = np.tile(np.array(BOXES[0]), (pairs, 1))
    for candidate in BOXES:
        score = small.match(_cut(whole, np.array(candidate), _COARSE))
        better = score > best
        best[better], box[better] = score[better], candidate
    fine = _Standard(_cut(part, np.array(BOXES[0]), _SIDE))
    result = fine.by_tiles(_cut(whole, box, _SIDE))
    todo = np.flatnonzero((result[:, 0] < _SETTLED) & (best > _HOPELESS))
    if trimmed and len(todo):
        some = fine.some(todo)
        found = some.by_tiles(_cut(whole[todo], _refined(whole[todo], some, box[todo]), _SIDE))
        better = found[:, 0] > result[todo, 0]
        result[todo[better]] = found[better]
    return result


def _refined(whole: Floats, target: _Standard, box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return boxes whose edges were moved, one after another in ever smaller steps, while that improved the match."""
    box, size = box.copy(), whole.shape[1]
    rows, columns = (resample_matrix(box[:, n], box[:, n + 2], size, _SIDE) for n in (1, 0))
    best = target.match(np.matmul(np.matmul(rows, whole), columns.transpose(0, 2, 1)))
    for step in _STEPS:
        for across in (0, 1):
            # Moving an edge changes one of the two matrices; what the other makes of the photos stays.
            kept = np.matmul(whole, columns.transpose(0, 2, 1)) if across else np.matmul(rows, whole)
            for edge in (across, across + 2):
                for move in (-step, step):
                    moved = box.copy()
                    moved[:, edge] = np.clip(moved[:, edge] + move, 0.0, 1.0)
                    matrix = resample_matrix(moved[:, across], moved[:, across + 2], size, _SIDE)
                    cut = np.matmul(matrix, kept) if across else np.matmul(kept, matrix.transpose(0, 2, 1))
                    score = target.match(cut)
                    better = score > best
                    best[better], box[better] = score[better], moved[better]
                    (rows if across else columns)[better] = matrix[better]
    return box


class _Standard:
    """Pictures that others are compared with, shape (pairs, side, side), with what every comparison needs of them."""

    def __init__(self, pictures: Floats) -> None:
        self._plain = _normal(pictures)
        self._detail = _detail(pictures)
        self._even = _normal(_even(self._detail))

    def some(self, which: NDArray[np.int64]) -> _Standard:
        """Return the pictures at these positions."""
        chosen = object.__new__(_Standard)
        chosen._plain, chosen._detail, chosen._even = self._plain[which], self._detail[which], self._even[which]
        return chosen

    def match(self, pictures: Floats) -> Floats:
        """Return how well pictures lie on these, for lining up: the whole, and the fine structure, half and half."""
        plain = (_normal(pictures) * self._plain).sum(axis=(1, 2))
        even = (_normal(_even(_detail(pictures))) * self._even).sum(axis=(1, 2))
        mean: Floats = (plain + even) / 2
        return mean

    def by_tiles(self, pictures: Floats) -> Floats:
        """Return how far the fine structures of the parts agree: the median and the least, shape (pairs, 2).

        Parts that are plain in both pictures do not count.
        """
        one, two = _tiles(self._detail), _tiles(_detail(pictures))
        powers_one, powers_two = (one * one).mean(axis=2), (two * two).mean(axis=2)
        agreement = (one * two).mean(axis=2) / np.sqrt(powers_one * powers_two + 1e-6)
        power = np.maximum(powers_one, powers_two)
        usual = np.percentile(power, 75, axis=1, keepdims=True)
        agreement[power < np.maximum(_PLAIN**2, _FAINT**2 * usual)] = np.nan
        counted = np.isfinite(agreement).sum(axis=1)
        # All but plain pictures have too little in common to be sure.
        agreement[counted < _LEAST_TILES] = -1.0
        median: Floats = np.nanmedian(agreement, axis=1).astype(np.float32)
        # A pole before the sky is soon like another pole: with little structure the whole must agree as well. Copies
        # correlate to 0.95 and more as a whole, which counts as 0.9 here, two such poles to 0.82, which counts as 0.65.
        little = counted < _ENOUGH_TILES
        whole = 2 * (_normal(pictures) * self._plain).sum(axis=(1, 2)) - 1
        median[little] = np.minimum(median, whole)[little]
        return np.stack([median, np.minimum(np.nanmin(agreement, axis=1), median)], axis=1)


def _cut(pictures: Floats, boxes: NDArray[np.float64], side: int) -> Floats:
    """Return the box of each picture, resampled to a square; one box, shape (4,), is that of them all."""
    size = pictures.shape[1]
    rows = resample_matrix(boxes[..., 1], boxes[..., 3], size, side)
    columns = resample_matrix(boxes[..., 0], boxes[..., 2], size, side)
    cut: Floats = np.matmul(np.matmul(rows, pictures), columns.swapaxes(-1, -2))
    return cut


def _detail(pictures: Floats) -> Floats:
    """Return what is left when each point's surroundings, three by three, are taken off."""
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, :, :-2] + padded[:, :, 1:-1] + padded[:, :, 2:]
    around: Floats = (across[:, :-2] + across[:, 1:-1] + across[:, 2:]) / 9
    detail: Floats = pictures - around
    return detail


def _even(detail: Floats) -> Floats:
    """Return fine structure with strong edges held down, so that a stamp or frame does not outweigh the picture."""
    spread = np.abs(detail).mean(axis=(1, 2), keepdims=True) + 0.5
    limited: Floats = np.clip(detail, -2 * spread, 2 * spread)
    return limited


def _normal(pictures: Floats) -> Floats:
    """Return pictures of mean zero and length one."""
    centred = pictures - pictures.mean(axis=(1, 2), keepdims=True)
    normal: Floats = centred / np.sqrt((centred * centred).sum(axis=(1, 2), keepdims=True) + 1e-6)
    return normal


def _tiles(pictures: Floats) -> Floats:
    """Return the inner parts of each picture, shape (pairs, 16, points): two photos may well share a frame."""
    pairs = len(pictures)
    edge = (_SIDE - 2 * _FRAME) // _TILES
    inner = pictures[:, _FRAME:-_FRAME, _FRAME:-_FRAME]
    parts = inner.reshape(pairs, _TILES, edge, _TILES, edge).transpose(0, 1, 3, 2, 4)
    return parts.reshape(pairs, _TILES * _TILES, edge * edge)


def _colours_agree(
    one: NDArray[np.uint8], two: NDArray[np.uint8], alike: Floats, *, everywhere: bool
) -> NDArray[np.bool_]:
    """Say which pairs have the colours of one picture; some may have been changed where all structure agrees."""
    first, second = one.astype(np.float32) - 128, two.astype(np.float32) - 128
    between = np.abs(first - second)
    apart = between.max(axis=(1, 2, 3)) if everywhere else between.mean(axis=(1, 2, 3))
    grey = np.minimum(np.abs(first).mean(axis=(1, 2, 3)), np.abs(second).mean(axis=(1, 2, 3))) < _NO_COLOUR
    changed = (((apart <= _MOST_COLOUR) & (not everywhere)) | grey) & (alike >= _RECOLOURED_FROM)
    agree: NDArray[np.bool_] = (apart <= _SAME_COLOUR) | changed
    return agree
