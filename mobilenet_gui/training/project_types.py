"""Owns what a project consists of: photos, classes, what changed, and what may name a class. No TensorFlow, no Qt."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.run_folder import Split
from mobilenet_gui.training.training_settings import TrainingSettings

PhotoSplit = Literal["", "train", "validation", "test"]
MAX_NAME: Final = 100
_BLANKS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u180b\u180c\u180d\u180f")
"""Letters and marks that show nothing, though they do not count as formatting."""
MAX_GROUP: Final = 300
MAX_CLASSES: Final = 10_000
MAX_PHOTOS: Final = 1_000_000


class Photo(NamedTuple):
    """One photo of a project. A tuple, because there may be many: twenty thousand are made in a few milliseconds.

    Attributes:
        id: unique in the project and never given again; a number as text, rising with the order of coming.
        path: the file, absolute.
        class_id: the class it shows.
        split: the part of the data it is given or pinned to; empty where that is drawn.
        group: photos of one group (a burst) are never parted by the split; empty for none.
        left_out: it stays in the project and takes no part in training.
        copied: the file lies in the project's folder.
        size: of the file in bytes when it was added; 0 where nobody looked.
        mtime_ns: of the file when it was added; 0 where nobody looked.
    """

    id: str
    path: Path
    class_id: str
    split: PhotoSplit = ""
    group: str = ""
    left_out: bool = False
    copied: bool = False
    size: int = 0
    mtime_ns: int = 0


class NewPhoto(NamedTuple):
    """A photo to be added. Its class is named by `class_id`, or by `class_name`, which is made where there is none."""

    path: Path
    class_id: str = ""
    class_name: str = ""
    split: PhotoSplit = ""
    group: str = ""
    copied: bool = False
    size: int = 0
    mtime_ns: int = 0


@dataclass(frozen=True, slots=True)
class PhotoClass:
    """One class. A background class holds photos of what is none of the others."""

    id: str
    name: str
    background: bool = False


class Added(NamedTuple):
    """What came of adding photos: the ids of the new ones, and how many were there already."""

    ids: tuple[str, ...]
    known: int


@dataclass(frozen=True, slots=True)
class Change:
    """What a step changed, so that a view renews only that.

    Attributes:
        added: ids of photos that are new.
        removed: ids of photos that are gone.
        changed: ids of photos of which anything is different, their class included.
        classes: ids of classes whose name, flags, photos or counts are different; new and deleted ones included.
        class_list: classes came, went or changed places.
        name: the project has another name.
        settings: the settings of the next training are different.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    classes: frozenset[str] = frozenset()
    class_list: bool = False
    name: bool = False
    settings: bool = False


class SaveTurn:
    """Lets one save of a project at a time go on, and none that is older than what is on the disk."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.revision = -1


@dataclass(frozen=True, slots=True)
class ProjectData:
    """A project at one moment; never changed, so any thread may read it.

    Attributes:
        folder: where it lies.
        id: its folder's name.
        name: as the user knows it.
        classes: in order.
        photos: by id.
        settings: of the next training.
        created: ISO 8601 time.
        next_photo: the next photo's number.
        next_class: the next class' number.
        revision: rises with each change.
        turn: who saves it waits here for others that do.
    """

    folder: Path
    id: str
    name: str
    classes: tuple[PhotoClass, ...] = ()
    photos: Mapping[str, Photo] = field(default_factory=dict)
    settings: TrainingSettings = field(default_factory=TrainingSettings)
    created: str = ""
    next_photo: int = 1
    next_class: int = 1
    revision: int = 0
    turn: SaveTurn = field(default_factory=SaveTurn, compare=False, repr=False)


def clean_name(name: str) -> str:
    """Return a name of a class or project as it is kept: composed, without control characters and doubled spaces."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    return " ".join(text.split())[:MAX_NAME].strip()


def name_key(name: str) -> str:
    """Return what two names have in common that a person takes for the same.

    They are where they differ only in case (`straße`, `STRASSE`), in how accents are put together, in spaces, or in
    characters that nobody sees.
    """
    seen = "".join(" " if c.isspace() else c for c in name if not _is_invisible(c))
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", " ".join(seen.split())).casefold())
    return unicodedata.normalize("NFC", folded)


def _is_invisible(character: str) -> bool:
    """Say whether nothing is seen of a character: zero-width ones, soft hyphens, marks of direction and variation."""
    if unicodedata.category(character) == "Cf" or character in _BLANKS:
        return True
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def shown_name(name: str) -> str:
    """Return a name with what is invisible in it spelt out, for telling names apart that look the same."""
    return "".join(f"[U+{ord(c):04X}]" if _is_invisible(c) else c for c in name)


def name_problem(name: str) -> str:
    """Say what is wrong with a name, in words; empty where it is fine."""
    return "" if name_key(clean_name(name)) else tr("A name needs at least one letter or digit.")


__all__ = [
    "Added",
    "Change",
    "NewPhoto",
    "Photo",
    "PhotoClass",
    "PhotoSplit",
    "ProjectData",
    "Split",
    "clean_name",
    "name_key",
    "name_problem",
    "shown_name",
]
