"""Owns comparing the photos of a data set with each other: which are copies, which are of one series.

Where all photos of a class look alike by nature, such as charts of one layout, likeness says nothing of how they came
about: there only photos that agree in every part count as copies, and none as a series. Which classes these are shows
in pairs drawn at random, and in whether likeness has a gap between what belongs together and what does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.training.likeness import Floats, Pairs, candidate_pairs, mirrored_pairs, shrink
from mobilenet_gui.training.likeness_check import (
    ALIKE_FROM,
    SAME_FROM,
    SAME_THROUGHOUT_FROM,
    likeness,
    usual_likeness,
)

_PAIRS_AT_ONCE: Final = 1024
_MOST_CHECKS_A_PHOTO: Final = 4
"""Bounds the time where thousands of photos look alike; the likeliest pairs are checked first."""
_MOST_QUICK_CHECKS_A_PHOTO: Final = 2
"""The same where all photos of a class look alike: copies are among the likeliest."""
_MOST_ROUNDS: Final = 64
_STRAIGHT: Final = 0.85
"""The share of comparing that photos as they are take; mirrored ones take the rest."""
_DRAWN_PAIRS: Final = 256
_LEAST_DRAWN_PAIRS: Final = 64
_MOST_DRAWN_PAIRS: Final = 4000
_LIKELY_PAIRS: Final = 24
_MOST_LIKELY_PAIRS: Final = 400
"""Pairs of a class, and of all, that are looked at to see whether its photos look alike by nature: such as are drawn at
random, and likely ones, which take longer."""
_LEAST_PHOTOS: Final = 5
"""Of fewer photos in a class it cannot be seen."""
_UNIFORM_SPREAD: Final = 0.092
"""Likeness of unrelated photos scatters around zero by 0.04 to 0.08, that of drawn digits, garments and charts by 0.1
and more: there it means nothing (the sets of `benchmarks/honesty_sets.py`)."""
_GREY_FROM: Final = 0.3
"""From here to `ALIKE_FROM` there is next to nothing, save where likeness is a matter of degree."""
_LARGEST_SERIES: Final = 10
"""Photos that a series may hold, or a third of its class: what is more is the look of the class, not a burst. However
many copies there are of one photo, they stay together."""
_COPIES: Final = 1.0
"""How alike copies are taken to be."""

Check = Callable[[float | None], None]
"""Told how far the search is, 0-1; it may raise to stop it."""


class Comparing:
    """Compares photos of different content and notes what is alike.

    Attributes:
        uniform: of each class whether its photos look alike by nature.
    """

    def __init__(
        self, greys: NDArray[np.uint8], colours: NDArray[np.uint8], classes: NDArray[np.intp], check: Check
    ) -> None:
        self._greys, self._colours, self._classes, self._check = greys, colours, classes, check
        self._same, self._near = Islands(len(greys)), Islands(len(greys))
        self._links: list[tuple[float, int, int]] = []
        self._compared: dict[tuple[int, ...], bool] = {}
        check(0.0)
        thumbs = shrink(greys)
        pairs, _ = candidate_pairs(thumbs, lambda: check(None))
        self.uniform = self._uniform(pairs)
        quick = self._quick(pairs)
        for some, most, share in (
            (pairs[~quick], _MOST_CHECKS_A_PHOTO, (0.0, _STRAIGHT / 2)),
            (pairs[quick], _MOST_QUICK_CHECKS_A_PHOTO, (_STRAIGHT / 2, _STRAIGHT)),
        ):
            for batch in _batches(some, self._same, most * len(greys), self._told(*share)):
                copies, near, scores = self._compare(batch)
                self._same.join(batch[copies])
                self._link(batch, near, scores)
        # Training mirrors photos: who has learnt one has seen the other. But a sign to the left is none to the right.
        pairs, _ = mirrored_pairs(thumbs, lambda: check(None))
        pairs = pairs[self._of_one_class(pairs) & ~self._quick(pairs)]
        for batch in _batches(pairs, self._near, _MOST_CHECKS_A_PHOTO * len(greys), self._told(_STRAIGHT, 1.0)):
            scores, _ = likeness(greys, colours, batch, mirrored=True)
            self._link(batch, scores >= SAME_FROM, scores)

    def copies(self, sizes: NDArray[Any]) -> list[list[int]]:
        """Return the groups of copies, the largest photo of each first.

        Args:
            sizes: pixels of each photo.
        """
        islands = [sorted(island, key=lambda n: (-sizes[n], n)) for island in self._same.groups()]
        return self._around_the_best(islands)

    def series(self, copies: Iterable[Sequence[int]]) -> list[list[int]]:
        """Return the groups of photos of one class that are alike, the surest joined first; see `_LARGEST_SERIES`.

        Args:
            copies: what `copies` returned; within a class they are alike, too.
        """
        for group in copies:
            first: dict[int, int] = {}
            for n in group:
                one = first.setdefault(int(self._classes[n]), n)
                if one != n:
                    self._links.append((_COPIES, one, n))
        most = np.maximum(_LARGEST_SERIES, np.bincount(self._classes) // 3)
        islands = Islands(len(self._classes))
        for score, one, two in sorted(self._links, key=lambda link: (-link[0], link[1:])):
            label = self._classes[one]
            if islands.size(one, two) <= most[label] or (score >= _COPIES and not self.uniform[label]):
                islands.join(np.array([[one, two]]))
        return islands.groups()

    def _told(self, low: float, high: float) -> Check:
        return lambda done: self._check(low + (high - low) * (done or 0.0))

    def _of_one_class(self, pairs: Pairs) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = self._classes[pairs[:, 0]] == self._classes[pairs[:, 1]]
        return same

    def _quick(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Say of each pair whether likeness says little in the class of one of them."""
        one, two = (self.uniform[self._classes[side]] for side in pairs.T)
        quick: NDArray[np.bool_] = one | two
        return quick

    def _compare(self, pairs: Pairs) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Floats]:
        """Return of each pair whether they are copies, whether they are alike, and how much so."""
        middle, least = np.empty(len(pairs), np.float32), np.empty(len(pairs), np.float32)
        quick = self._quick(pairs)
        for trimmed, some in ((True, ~quick), (False, quick)):
            middle[some], least[some] = likeness(self._greys, self._colours, pairs[some], trimmed=trimmed)
        throughout = (middle >= SAME_FROM) & (least >= SAME_THROUGHOUT_FROM)
        copies = np.where(quick, throughout, middle >= SAME_FROM)
        self._compared.update(zip(map(tuple, pairs.tolist()), copies.tolist(), strict=True))
        return copies, np.where(quick, throughout, middle >= ALIKE_FROM), middle

    def _link(self, pairs: Pairs, alike: NDArray[np.bool_], scores: Floats) -> None:
        found = alike & self._of_one_class(pairs)
        self._near.join(pairs[found])
        self._links += [(s, a, b) for s, (a, b) in zip(scores[found].tolist(), pairs[found].tolist(), strict=True)]

    def _uniform(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Return of each class whether its photos look alike by nature."""
        rng = np.random.default_rng(0)
        classes = int(self._classes.max()) + 1
        each = max(_LEAST_PHOTOS, min(_LIKELY_PAIRS, _MOST_LIKELY_PAIRS // classes))
        many = max(_LEAST_DRAWN_PAIRS, min(_DRAWN_PAIRS, _MOST_DRAWN_PAIRS // classes))
        near = pairs[self._of_one_class(pairs)]
        label_of_near = self._classes[near[:, 0]]
        found = np.zeros(classes, bool)
        for label in range(classes):
            members = np.flatnonzero(self._classes == label)
            if len(members) < _LEAST_PHOTOS:
                continue
            drawn = rng.choice(members, (many, 2))
            drawn = drawn[drawn[:, 0] != drawn[:, 1]]
            usual = np.abs(usual_likeness(self._greys, drawn))
            # The third that is least alike is unrelated even where there are only a few long bursts. Of a normal
            # distribution 35 of 100 lie within 0.454 standard deviations.
            if np.percentile(usual, 35) / 0.454 > _UNIFORM_SPREAD:
                found[label] = True
                continue
            own = near[label_of_near == label]
            some = own[rng.choice(len(own), min(len(own), each), replace=False)]
            scores, _ = likeness(self._greys, self._colours, some)
            grey = (scores >= _GREY_FROM) & (scores < ALIKE_FROM)
            found[label] = grey.sum() > max(2, (scores >= ALIKE_FROM).sum())
            self._check(None)
        return found

    def _around_the_best(self, islands: list[list[int]]) -> list[list[int]]:
        """Part photos that are the same by way of others into groups that are each the same as their best photo.

        In a film every frame is the same as the next and yet the last is another picture than the first: keeping one of
        each must not throw the film away.

        Args:
            islands: photos that are the same by way of others, the best first.
        """
        groups: list[list[int]] = []
        for _ in range(_MOST_ROUNDS):
            islands = [left for left in islands if len(left) > 1]
            pairs = [(min(left[0], other), max(left[0], other)) for left in islands for other in left[1:]]
            unknown = np.array([pair for pair in pairs if pair not in self._compared], np.int64).reshape(-1, 2)
            self._compare(unknown)
            later = []
            for left in islands:
                best, others = left[0], left[1:]
                same = {other for other in others if self._compared[min(best, other), max(best, other)]}
                if same:
                    groups.append([best, *(other for other in others if other in same)])
                later.append([other for other in others if other not in same])
            islands = later
            self._check(None)
            if not islands:
                break
        return groups


def _batches(pairs: Pairs, joined: Islands, most: int, check: Check) -> Iterator[Pairs]:
    """Yield pairs to be compared, the likeliest first, as long as that is worth it; whoever takes them joins them."""
    most += _PAIRS_AT_ONCE
    checked = 0
    while len(pairs) and checked < most:
        # What is known to be the same already need not be compared again; so a burst takes one comparison a photo.
        pairs = pairs[joined.apart(pairs)]
        batch, pairs = pairs[:_PAIRS_AT_ONCE], pairs[_PAIRS_AT_ONCE:]
        yield batch
        checked += len(batch)
        # None may be left to compare: photos that are their own mirror image have all been joined before.
        check(checked / max(1, min(most, checked + len(pairs))))


class Islands:
    """Which of a number of things have been joined, directly or by way of others (disjoint sets)."""

    def __init__(self, count: int) -> None:
        self._root = list(range(count))
        self._sizes = [1] * count

    def join(self, pairs: Pairs) -> None:
        """Join both of each pair."""
        for one, two in pairs.tolist():
            first, second = sorted((self._find(one), self._find(two)))
            if first != second:
                # The smaller number stays the root, so that the outcome does not depend on the order.
                self._root[second] = first
                self._sizes[first] += self._sizes[second]

    def size(self, one: int, two: int) -> int:
        """Return how many things would be joined if these two were."""
        roots = {self._find(one), self._find(two)}
        return sum(self._sizes[root] for root in roots)

    def apart(self, pairs: Pairs) -> NDArray[np.bool_]:
        """Say of each pair whether it has not been joined yet."""
        roots = np.array([self._find(n) for n in range(len(self._root))], np.int64)
        different: NDArray[np.bool_] = roots[pairs[:, 0]] != roots[pairs[:, 1]]
        return different

    def groups(self) -> list[list[int]]:
        """Return what was joined, in order."""
        found: dict[int, list[int]] = {}
        for n in range(len(self._root)):
            found.setdefault(self._find(n), []).append(n)
        return [group for group in found.values() if len(group) > 1]

    def _find(self, n: int) -> int:
        root = n
        while self._root[root] != root:
            root = self._root[root]
        while self._root[n] != root:
            self._root[n], n = root, self._root[n]
        return root
