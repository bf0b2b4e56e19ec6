"""Owns taking photos into a project: the class each goes to, which are there already, their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.project_history import Step
from mobilenet_gui.training.project_index import PhotoIndex, file_key
from mobilenet_gui.training.project_types import (
    MAX_CLASSES,
    MAX_GROUP,
    MAX_PHOTOS,
    NewPhoto,
    Photo,
    PhotoClass,
    clean_name,
    name_key,
    name_problem,
)


@dataclass(frozen=True, slots=True)
class Addition:
    """What adding photos comes to.

    Attributes:
        step: the change; empty where every photo is there already.
        ids: of the new photos.
        known: how many were there already.
        next_photo: the next photo's number afterwards.
        next_class: the next class' number afterwards.
    """

    step: Step
    ids: tuple[str, ...]
    known: int
    next_photo: int
    next_class: int


@dataclass(slots=True)
class _Place:
    """A class that photos go to: the files it has, and those it gets."""

    class_id: str
    files: Set[str]
    new: set[str] = field(default_factory=set)


class _Places:
    """Finds the class that a photo asks for, and makes those that are not there."""

    def __init__(self, classes: Sequence[PhotoClass], index: PhotoIndex, next_class: int) -> None:
        self._classes, self._index, self.next_class = classes, index, next_class
        self._ids = {c.id for c in classes}
        self._by_id: dict[str, _Place] = {}
        self._exact = {c.name: c.id for c in classes}
        self._alike = {name_key(c.name): c.id for c in classes}
        self._asked: dict[str, str] = {}
        self._found: dict[tuple[str, str], _Place] = {}
        self.made: list[PhotoClass] = []

    def find(self, class_id: str, name: str) -> _Place:
        found = self._found.get((class_id, name))
        if found is None:
            found = self._found[class_id, name] = self._find(class_id, name)
        return found

    def _find(self, class_id: str, name: str) -> _Place:
        if class_id in self._ids:
            return self._place(class_id)
        problem = name_problem(name)
        if problem:
            raise ProjectError(name, problem)
        name = clean_name(name)
        found = self._exact.get(name) or self._alike_of(name)
        if found is None:
            found = self._make(name)
        self._asked.setdefault(found, name)
        return self._place(found)

    def _place(self, class_id: str) -> _Place:
        # Made for the classes that photos go to; the files of all the others need not be gone through.
        found = self._by_id.get(class_id)
        if found is None:
            found = self._by_id[class_id] = _Place(class_id, self._index.files_of(class_id))
        return found

    def _alike_of(self, name: str) -> str | None:
        """Return the class that is written differently, unless another spelling came with the same photos.

        A folder “birds” goes to the class “Birds”; but folders “a” and “A” side by side are meant to be two.
        """
        found = self._alike.get(name_key(name))
        return None if found is None or self._asked.get(found, name) != name else found

    def _make(self, name: str) -> str:
        if len(self._classes) + len(self.made) >= MAX_CLASSES:
            raise ProjectError(name, tr("There are too many classes."))
        new = PhotoClass(f"c{self.next_class}", name)
        self.next_class += 1
        self.made.append(new)
        self._ids.add(new.id)
        self._exact[name] = new.id
        self._alike.setdefault(name_key(name), new.id)
        return new.id


def plan(  # noqa: PLR0917 - the project's own counters
    photos: Iterable[NewPhoto],
    classes: tuple[PhotoClass, ...],
    index: PhotoIndex,
    next_photo: int,
    next_class: int,
    empty: Iterable[str] = (),
) -> Addition:
    """Work out what adding photos comes to; changes nothing. `empty` names classes that come without a photo.

    Raises:
        ProjectError: a class that is not there and has no name, too many classes or photos.
    """
    new: dict[str, Photo] = {}
    known = 0
    places = _Places(classes, index, next_class)
    asked: tuple[str, str] | None = None
    for path, class_id, class_name, split, group, copied, size, mtime_ns in photos:
        if asked != (class_id, class_name):
            asked = (class_id, class_name)
            place = places.find(class_id, class_name)
            files, fresh, class_id_found = place.files, place.new, place.class_id
        key = file_key(path)
        if "\0" in key:
            raise ProjectError(key.replace("\0", ""), tr("This is not a valid path."))
        if not path.is_absolute():
            path = path.absolute()  # noqa: PLW2901 - rare
            key = file_key(path)
        if key in files or key in fresh:
            known += 1
            continue
        fresh.add(key)
        photo_id = str(next_photo)
        new[photo_id] = Photo(photo_id, path, class_id_found, split, group[:MAX_GROUP], False, copied, size, mtime_ns)
        next_photo += 1
    if len(index.photos) + len(new) > MAX_PHOTOS:
        raise ProjectError("", tr("A project holds at most a million photos."))
    for name in empty:
        places.find("", name)
    text = adding_text(len(new)) if new or not places.made else tr("Add class")
    step = Step(text, dict.fromkeys(new), dict(new))
    if places.made:
        step.classes = (classes, (*classes, *places.made))
    return Addition(step, tuple(new), known, next_photo, places.next_class)


def adding_text(count: int) -> str:
    """Return what a step that adds so many photos is called."""
    return trn("Add {n} photo", "Add {n} photos", count)
