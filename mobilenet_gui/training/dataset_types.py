"""Owns what a search for labelled photos finds, and what its folders' names say about the parts of the data. No Qt."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, NamedTuple

from mobilenet_gui.core import labels
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.file_kinds import LeftOut
from mobilenet_gui.core.manifest import LEARNT_BYTES
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.dataset_words import part_of
from mobilenet_gui.training.project_types import NewPhoto, PhotoSplit, clean_name, name_key, shown_name
from mobilenet_gui.training.run_folder import Sample
from mobilenet_gui.training.sharing import Alike, Shared, share_out
from mobilenet_gui.training.training_settings import TrainingSettings

Reading = Literal["auto", "folders", "subfolders", "names"]
"""Where classes are looked for: as the layout says, or each folder is one, or the folders in them, or photos' names."""


_SYNSET = re.compile(r"n\d{8}")


class Understood(NamedTuple):
    """How something unclear was understood.

    Attributes:
        text: a sentence or two that say it.
        other: the reading that understands it otherwise; `auto` where there is none.
    """

    text: str
    other: Reading = "auto"


class FoundPhoto(NamedTuple):
    """One photo that was found.

    Attributes:
        path: the file, absolute.
        class_name: its class; empty for a loose photo.
        split: the part its folder or table gives it to; empty for none.
        size: of the file in bytes.
        mtime_ns: of the file.
        group: photos of one group are never parted by the split; empty for none, or where nobody has looked.
    """

    path: Path
    class_name: str
    split: PhotoSplit = ""
    size: int = 0
    mtime_ns: int = 0
    group: str = ""


@dataclass(slots=True)
class Gathering:
    """What has been found so far; folders without photos are classes, too."""

    photos: list[FoundPhoto] = field(default_factory=list)
    problems: list[UserError] = field(default_factory=list)
    classes: dict[str, None] = field(default_factory=dict)
    notes: list[Understood] = field(default_factory=list)
    left_out: LeftOut = field(default_factory=LeftOut)

    def add_class(self, name: str) -> None:
        """Note a class in the order of coming."""
        self.classes.setdefault(name)


@dataclass(frozen=True, slots=True)
class FoundDataset:
    """Labelled photos.

    Attributes:
        classes: names in the order of coming; some may have no photo.
        photos: every photo.
        problems: what could not be used, each with its file or folder and the reason.
        background: the class for what is none of the others, where a project has one; the last of `classes`.
        name: what the photos' project is called; empty for those of plain folders and tables.
        notes: what could have been understood otherwise, to be told before anything is made of the photos.
        left_out: the files among the photos that are none.
    """

    classes: tuple[str, ...]
    photos: tuple[FoundPhoto, ...]
    problems: tuple[UserError, ...] = ()
    background: str = ""
    name: str = ""
    notes: tuple[Understood, ...] = ()
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def is_project(self) -> bool:
        """These are a project's photos: which show the same has been looked up for them."""
        return bool(self.name)

    @property
    def loose(self) -> tuple[FoundPhoto, ...]:
        """The photos without a class."""
        return tuple(photo for photo in self.photos if not photo.class_name)

    @property
    def alike(self) -> tuple[tuple[str, ...], ...]:
        """The classes whose names a person takes for the same, together."""
        return names_alike(self.classes)

    def with_merged(self) -> FoundDataset:
        """Return the photos with classes of alike names made one; the one with most photos keeps its name."""
        counts = self.counts()
        into = {
            name: max(group, key=lambda one: (shown_name(one) == one, counts[one]))
            for group in self.alike
            for name in group
        }
        classes = tuple(dict.fromkeys(into.get(name, name) for name in self.classes))
        photos = tuple(p._replace(class_name=into.get(p.class_name, p.class_name)) for p in self.photos)
        return replace(self, classes=classes, photos=photos, background=into.get(self.background, self.background))

    def counts(self) -> dict[str, int]:
        """Return how many photos each class has."""
        counts = Counter(photo.class_name for photo in self.photos)
        return {name: counts[name] for name in self.classes}

    def new_photos(self, class_id: str = "") -> list[NewPhoto]:
        """Return the photos as a project takes them.

        Args:
            class_id: the class of loose photos; with an empty one they are left out.
        """
        return [
            NewPhoto(p.path, "" if p.class_name else class_id, p.class_name, p.split, "", False, p.size, p.mtime_ns)
            for p in self.photos
            if p.class_name or class_id
        ]

    def samples(
        self,
        settings: TrainingSettings,
        alike: Alike | None = None,
        learnt: frozenset[bytes] = frozenset(),
        *,
        leave_out: bool = False,
    ) -> tuple[tuple[str, ...], tuple[Sample, ...], Shared]:
        """Return the classes that have photos, their photos split, as a run takes them, and how they were.

        Args:
            settings: how to split.
            alike: which photos the split must not divide; each is known by its position in `photos`, as a text.
            learnt: what names the photos that the model to start from has learnt, see `sharing.learnt_by`.
            leave_out: leave out given test photos that resemble photos to learn from.
        """
        counts = self.counts()
        classes = tuple(name for name in self.classes if counts[name])
        label = {name: n for n, name in enumerate(classes)}
        alike = alike or Alike()
        places = [str(n) for n, photo in enumerate(self.photos) if photo.class_name]
        photos = [photo for photo in self.photos if photo.class_name]
        together = [p.group or alike.groups.get(place, "") for p, place in zip(photos, places, strict=True)]
        shared = share_out(
            [label[p.class_name] for p in photos],
            together,
            [p.split for p in photos],
            settings,
            [f"{p.class_name}/{p.path.name}" for p in photos],  # the same wherever the folder lies
            [alike.contents.get(place, b"")[:LEARNT_BYTES] in learnt for place in places],
            alike_by_nature=[name for name in classes if name in alike.uniform],
            leave_out=leave_out,
        )
        samples = tuple(
            Sample(str(n), photo.path, label[photo.class_name], part, group)
            for n, (photo, part, group) in enumerate(zip(photos, shared.parts, together, strict=True), 1)
            if part is not None
        )
        return classes, samples, shared


def name_for(places: Sequence[Path], classes: Sequence[str]) -> str:
    """Return what a project may be called that begins with files and folders; empty where nothing names it.

    A folder of classes gives its name, its part for training that of the folder around it. Classes that were chosen
    side by side have the name of their folder in common, unless that is one where everything lands. A single class
    names nothing: others will follow.

    Args:
        places: what was chosen or dropped together, absolute.
        classes: the names of the classes that were found there.
    """
    if len(classes) < 2 or not places:
        return ""
    folder = places[0]
    if len(places) > 1 or folder.name in classes or part_of(folder.name) or folder.is_file():
        folder = folder.parent
        if any(place.parent != folder for place in places):
            return ""
        if part_of(folder.name):
            folder = folder.parent
        if folder in _landing_places():
            return ""
    return clean_name(folder.name)


def _landing_places() -> set[Path]:
    home = Path.home()
    known = ("Desktop", "Documents", "Downloads", "Pictures", "Photos")
    return {home, home.parent, Path(tempfile.gettempdir()), *(home / name for name in known)}


def resolved(gathering: Gathering) -> FoundDataset:
    """Return what was found, with its parts as a training understands them."""
    given = {photo.split for photo in gathering.photos}
    photos = gathering.photos
    if "test" not in given and "validation" in given:
        # The one part that came apart from the train photos is what the result is measured on.
        photos = [p._replace(split="test") if p.split == "validation" else p for p in photos]
    elif given <= {"", "train"}:
        photos = [p._replace(split="") if p.split else p for p in photos]
    for photo in photos:
        if photo.class_name:
            gathering.add_class(photo.class_name)
    names = synset_names(tuple(gathering.classes))
    if names:
        photos = [p._replace(class_name=names.get(p.class_name, p.class_name)) for p in photos]
        first = next(iter(names))
        text = tr("Classes named by ImageNet’s numbers are shown by its names: {number} is “{name}”.")
        gathering.notes.append(Understood(text.replace("{number}", first).replace("{name}", names[first])))
    return FoundDataset(
        tuple(names.get(name, name) for name in gathering.classes),
        tuple(photos),
        tuple(gathering.problems),
        notes=tuple(gathering.notes),
        left_out=gathering.left_out,
    )


def synset_names(classes: Sequence[str]) -> dict[str, str]:
    """Return ImageNet's names of those classes that are called by its numbers, as `n02124075` is, and can be told.

    Two pairs of ImageNet's classes share a name; these keep their numbers, and so does one whose name is taken.
    """
    numbers = {name for name in classes if _SYNSET.fullmatch(name)}
    if not numbers:
        return {}
    shared = Counter(name_key(label.name) for label in labels.imagenet())
    taken = {name_key(name) for name in classes}
    known = {label.id: label.name for label in labels.imagenet() if shared[name_key(label.name)] == 1}
    return {name: known[name] for name in classes if name in known and name_key(known[name]) not in taken}


def names_alike(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return those names that a person takes for the same, together, in the order of coming."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name_key(name), []).append(name)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)
