"""Owns the list of photos a person works with: what is in it, what is known of each, what is shown in which order.

It knows nothing of windows or threads. The window asks it, the worker's answers are written into it, and it says
which rows are to be shown. Removing is undone from here, so no photo is lost by a slip.
"""

from __future__ import annotations

import enum
import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_gui.core.class_names import kinds_of
from mobilenet_gui.core.photo_files import natural_key
from mobilenet_gui.core.types import PhotoSource, Recognition

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNDO_DEPTH = 20


class PhotoState(enum.Enum):
    """How far one photo has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Show(enum.Enum):
    """Which photos are shown."""

    ALL = "all"
    NOT_SURE = "not_sure"
    PROBLEMS = "problems"


class Order(enum.Enum):
    """The order in which photos are shown."""

    ADDED = "added"
    NAME = "name"
    LABEL = "label"
    MOST_SURE = "most_sure"
    LEAST_SURE = "least_sure"


@dataclass(slots=True, eq=False)
class Photo:
    """One photo of the list.

    Attributes:
        key: its number for life; never used again after removal.
        source: where its bytes are.
        name: what the user sees; the file's name, or one we gave to a pasted photo.
        state: how far it has come.
        size: width and height upright, in pixels; None until it was decoded once.
        recognition: the last answer, without its feature map; None before the first.
        problem: why it cannot be read, for the user; empty unless `state` is FAILED.
        stale: the answer is another model's, and a new one is on its way.
    """

    key: int
    source: PhotoSource
    name: str
    state: PhotoState = PhotoState.WAITING
    size: tuple[int, int] | None = None
    recognition: Recognition | None = None
    problem: str = ""
    stale: bool = False
    _name_key: str | None = field(default=None, repr=False)
    _words: str = field(default="", repr=False)

    @property
    def name_key(self) -> str:
        """The key that sorts by name as people count; kept, since sorting thousands asks for it often."""
        return self._name_key if self._name_key is not None else self.make_name_key()

    def make_name_key(self) -> str:
        """Work `name_key` out."""
        self._name_key = natural_key(self.name)
        return self._name_key

    @property
    def words(self) -> str:
        """What a search looks through: name, answer with all its names and kinds, folded; kept until it changes."""
        if not self._words:
            best = self.recognition.best if self.recognition is not None and self.recognition.predictions else None
            answer = () if best is None else (best.shown, best.label, best.synonyms, *kinds_of(best.id))
            self._words = "\n".join((self.name, *answer)).casefold()
        return self._words

    def forget_words(self) -> None:
        """Look for other words from now on, since the answer is another."""
        self._words = ""

    @property
    def path(self) -> Path | None:
        """The file it comes from; None for bytes."""
        return self.source if isinstance(self.source, Path) else None

    @property
    def confidence(self) -> float | None:
        """How sure its answer is, 0 to 1: the best label's probability, but 0 where it is unlike what the model knows.

        None without an answer or when it cannot be read.
        """
        if self.recognition is None or self.state is PhotoState.FAILED or not self.recognition.predictions:
            return None
        return 0.0 if self.recognition.unlike else self.recognition.best.probability

    @property
    def unlike(self) -> bool:
        """It is unlike anything that the model was shown."""
        return self.recognition is not None and self.recognition.unlike


@dataclass(frozen=True, slots=True)
class Counts:
    """How the list stands. `pending` counts waiting and running."""

    total: int = 0
    sure: int = 0
    not_sure: int = 0
    problems: int = 0
    pending: int = 0

    @property
    def finished(self) -> int:
        """Photos with an answer of the present model, or a reason why there is none."""
        return self.total - self.pending


@dataclass(frozen=True, slots=True)
class _Tables:
    photos: dict[int, Photo]
    by_path: dict[Path, int]
    added: list[int]
    states: Counter[PhotoState]
    confidences: dict[int, float]


@dataclass(frozen=True, slots=True)
class _Removal:
    """What was taken out: each photo with its place, and the session's tables as they were where nothing was left."""

    places: list[tuple[int, Photo]]
    tables: _Tables | None = None


class PhotoSession:
    """The photos, their answers, and which of them are shown in which order. Used from one thread only."""

    def __init__(self, sure_from: float = 0.5) -> None:
        self.sure_from = sure_from
        self.show = Show.ALL
        self.order = Order.ADDED
        self.search = ""
        self._photos: dict[int, Photo] = {}
        self._by_path: dict[Path, int] = {}
        self._added: list[int] = []
        self._removed: list[_Removal] = []
        # Kept up to date with every change, so that counting twenty thousand photos is no work.
        self._states: Counter[PhotoState] = Counter()
        self._confidences: dict[int, float] = {}
        self._next_key = 1

    def __len__(self) -> int:
        return len(self._photos)

    def __contains__(self, key: object) -> bool:
        return key in self._photos

    def get(self, key: int) -> Photo | None:
        """Return the photo `key`, or None when it was removed."""
        return self._photos.get(key)

    def photos(self) -> list[Photo]:
        """Return every photo in the order in which they were added."""
        return [self._photos[key] for key in self._added]

    def add(self, sources: Iterable[tuple[PhotoSource, str]]) -> tuple[list[int], list[int]]:
        """Add photos, each a source and its name.

        Returns:
            The keys of the new ones, and the keys of files that were in the list already.
        """
        new: list[int] = []
        known: list[int] = []
        for source, name in sources:
            if isinstance(source, Path):
                there = self._by_path.get(source)
                if there is not None:
                    known.append(there)
                    continue
            key = self._next_key
            self._next_key += 1
            photo = Photo(key, source, name)
            photo.make_name_key()  # a little work for each now, instead of all of it at the first sorting
            self._photos[key] = photo
            self._added.append(key)
            self._states[photo.state] += 1
            if isinstance(source, Path):
                self._by_path[source] = key
            new.append(key)
        return new, known

    def remove(self, keys: Iterable[int]) -> int:
        """Take photos out of the list so that `undo` can bring them back; return how many there were."""
        gone = {key for key in keys if key in self._photos}
        if not gone:
            return 0
        # Twenty thousand at once are usual, and the window waits: no step here does more than it must for each.
        places = [(place, self._photos[key]) for place, key in enumerate(self._added) if key in gone]
        for _, photo in places:
            if photo.state is PhotoState.RUNNING:
                self._set_state(photo, PhotoState.WAITING)  # nobody works on it when it comes back
        tables = None
        if len(gone) == len(self._photos):
            tables = _Tables(self._photos, self._by_path, self._added, self._states, self._confidences)
            self._take_tables(_Tables({}, {}, [], Counter(), {}))
        else:
            for _, photo in places:
                del self._photos[photo.key]
                self._states[photo.state] -= 1
                self._confidences.pop(photo.key, None)
                if isinstance(photo.source, Path):
                    self._by_path.pop(photo.source, None)
            self._added = [key for key in self._added if key not in gone]
        self._removed.append(_Removal(places, tables))
        del self._removed[:-UNDO_DEPTH]
        return len(gone)

    def clear(self) -> int:
        """Take every photo out of the list, undoably; return how many there were."""
        return self.remove(list(self._added))

    @property
    def can_undo(self) -> bool:
        """Whether a removal can be taken back."""
        return bool(self._removed)

    def undo(self) -> list[int]:
        """Bring back what the last removal took, each at its old place; return the keys, empty if there is none."""
        if not self._removed:
            return []
        removal = self._removed.pop()
        if removal.tables is not None and not self._photos:
            self._take_tables(removal.tables)
            return list(self._added)
        # A file that was added again meanwhile keeps its new entry: one is enough.
        returning = [(place, photo) for place, photo in removal.places if photo.source not in self._by_path]
        for _, photo in returning:
            key = photo.key
            self._photos[key] = photo
            self._states[photo.state] += 1
            confidence = photo.confidence
            if confidence is not None:
                self._confidences[key] = confidence
            if isinstance(photo.source, Path):
                self._by_path[photo.source] = key
        others = iter(self._added)
        merged: list[int] = []
        for place, photo in returning:
            if place > len(merged):
                merged.extend(itertools.islice(others, place - len(merged)))
            merged.append(photo.key)
        merged.extend(others)
        self._added = merged
        return [photo.key for _, photo in returning]

    def _take_tables(self, tables: _Tables) -> None:
        self._photos, self._by_path, self._added = tables.photos, tables.by_path, tables.added
        self._states, self._confidences = tables.states, tables.confidences

    def _set_state(self, photo: Photo, state: PhotoState) -> None:
        self._states[photo.state] -= 1
        self._states[state] += 1
        photo.state = state
        self._note_confidence(photo)

    def _note_confidence(self, photo: Photo) -> None:
        confidence = photo.confidence
        if confidence is None:
            self._confidences.pop(photo.key, None)
        else:
            self._confidences[photo.key] = confidence

    def set_running(self, key: int) -> bool:
        """Mark a waiting photo as being worked on; say whether that changed anything."""
        photo = self._photos.get(key)
        if photo is None or photo.state is not PhotoState.WAITING:
            return False
        self._set_state(photo, PhotoState.RUNNING)
        return True

    def set_size(self, key: int, size: tuple[int, int]) -> bool:
        """Note a photo's size in pixels; say whether it was news."""
        photo = self._photos.get(key)
        if photo is None or photo.size == size:
            return False
        photo.size = size
        return True

    def set_answer(self, key: int, recognition: Recognition) -> bool:
        """Write an answer down (its feature map is left out: thousands of them would fill the memory)."""
        photo = self._photos.get(key)
        if photo is None:
            return False
        photo.recognition = recognition if recognition.features is None else replace(recognition, features=None)
        photo.forget_words()
        self._set_state(photo, PhotoState.DONE)
        photo.problem = ""
        photo.stale = False
        return True

    def set_problem(self, key: int, reason: str) -> bool:
        """Note why a photo cannot be read."""
        photo = self._photos.get(key)
        if photo is None:
            return False
        photo.problem = reason
        photo.recognition = None
        photo.forget_words()
        photo.stale = False
        self._set_state(photo, PhotoState.FAILED)
        return True

    def restart(self, keys: Iterable[int] | None = None) -> list[int]:
        """Let photos wait for a new answer, the old one marked stale.

        Args:
            keys: which; None for all that can be read.

        Returns:
            The keys to submit, in the order in which they were added.
        """
        if keys is None:
            chosen = [photo for photo in self.photos() if photo.state is not PhotoState.FAILED]
        else:
            wanted = set(keys)
            chosen = [photo for photo in self.photos() if photo.key in wanted]
        for photo in chosen:
            photo.stale = photo.recognition is not None
            self._set_state(photo, PhotoState.WAITING)
            photo.problem = ""
        return [photo.key for photo in chosen]

    def rest(self) -> list[int]:
        """Let photos that are being worked on wait again, since nobody works on them any more; return their keys."""
        resting = [photo for photo in self._photos.values() if photo.state is PhotoState.RUNNING]
        for photo in resting:
            self._set_state(photo, PhotoState.WAITING)
        return [photo.key for photo in resting]

    def pending(self) -> list[int]:
        """Return the keys that still wait for an answer, in the order in which they were added."""
        return [p.key for p in self.photos() if p.state in (PhotoState.WAITING, PhotoState.RUNNING)]

    def is_unsure(self, photo: Photo) -> bool:
        """Say whether a photo has an answer that stays below the limit."""
        confidence = photo.confidence
        return confidence is not None and confidence < self.sure_from

    def counts(self) -> Counts:
        """Count how the list stands."""
        # An empty list must not bring numpy in: the window opens with one.
        sure = int((self._values() >= self.sure_from).sum()) if self._confidences else 0
        problems = self._states[PhotoState.FAILED]
        pending = self._states[PhotoState.WAITING] + self._states[PhotoState.RUNNING]
        return Counts(len(self._photos), sure, len(self._confidences) - sure, problems, pending)

    def confidences(self) -> NDArray[np.float64]:
        """Return how sure the answer of every photo is that has one, in no order that matters."""
        return self._values()

    def worth_a_look(self, count: int) -> list[int]:
        """Return the keys of the `count` photos nearest to having no answer: the least sure below the limit."""
        if not self._confidences or not count:
            return []
        values = self._values()
        import numpy as np

        keys = np.fromiter(self._confidences, np.int64, len(values))
        unsure = values < self.sure_from
        values, keys = values[unsure], keys[unsure]
        return [int(key) for key in keys[np.lexsort((keys, values))[:count]]]

    def _values(self) -> NDArray[np.float64]:
        import numpy as np

        return np.fromiter(self._confidences.values(), np.float64, len(self._confidences))

    @property
    def arranged(self) -> bool:
        """Whether anything but the plain list in order of arrival is asked for."""
        return bool(self.search.strip()) or self.show is not Show.ALL or self.order is not Order.ADDED

    def visible(self) -> list[int]:
        """Return the keys that search and filter let through, in the chosen order."""
        if not self.arranged:
            return list(self._added)
        return self._sorted([photo.key for photo in self._matching(self.search.casefold().split())])

    def _matching(self, words: list[str]) -> list[Photo]:
        chosen = self.photos()
        if self.show is not Show.ALL:
            chosen = [photo for photo in chosen if self._shown(photo)]
        for word in words:
            chosen = [photo for photo in chosen if word in photo.words]
        return chosen

    def _shown(self, photo: Photo) -> bool:
        if self.show is Show.NOT_SURE:
            return self.is_unsure(photo)
        if self.show is Show.PROBLEMS:
            return photo.state is PhotoState.FAILED
        return True

    def _sorted(self, keys: list[int]) -> list[int]:
        # Photos without an answer follow those that have one; Python's sort keeps the order of arrival otherwise.
        photos, sure = self._photos, self._confidences
        if self.order is Order.NAME:
            keys.sort(key=lambda key: photos[key].name_key)
        elif self.order is Order.LABEL:
            answered = [key for key in keys if key in sure]
            answered.sort(key=lambda key: _label(photos[key]))
            keys = answered + [key for key in keys if key not in sure]
        elif self.order is Order.MOST_SURE:
            keys.sort(key=lambda key: -sure.get(key, -1.0))
        elif self.order is Order.LEAST_SURE:
            keys.sort(key=lambda key: sure.get(key, 2.0))
        return keys


def _label(photo: Photo) -> str:
    return photo.recognition.best.shown.casefold() if photo.recognition and photo.recognition.predictions else ""
