"""Owns what the layout of folders means for a data set: which folders are classes, which parts, which neither.

A subfolder is a class with all that lies below it; `train` and `val` or `test` folders, however they are called, keep
their parts; so do folders that hold the same folders. A folder of photos is one class of its name; loose photos have
no class yet. What could be understood otherwise is noted, with the reading that does so.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from mobilenet_gui.core.photo_files import looks_like_photo, openable
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training import dataset_table
from mobilenet_gui.training.dataset_reader import FolderReader
from mobilenet_gui.training.dataset_words import (
    PARTS,
    classes_in_names,
    hold_the_same,
    is_of_marks,
    is_of_photos,
    part_of,
    parts_of,
)
from mobilenet_gui.training.project_types import PhotoSplit, name_key

_MOST_WRAPPERS: Final = 8
_MOST_NAMED: Final = 4


class LayoutReader(FolderReader):
    """Goes through files and folders and gathers what it finds."""

    def read(self, paths: Sequence[Path]) -> None:
        """Read what the user chose or dropped together."""
        folders = [path for path in paths if is_folder(path)]
        if len(folders) > 1 and len(folders) == len(paths) and self._read_siblings(folders):
            return
        for path in paths:
            if path in folders:
                self._read_folder(path)
            elif dataset_table.looks_like_table(path):
                self._read_table(path)
            else:
                self._add_file(path)

    def _read_siblings(self, folders: Sequence[Path]) -> bool:
        """Read folders beside one another that say together what they are, and say whether they do."""
        if self._reading == "folders":
            self._read_classes(folders, "")
        elif self._reading == "names":
            self._read_by_names([(folder, part_of(folder.name)) for folder in folders])
        else:
            return (
                self._read_parts(folders)
                or self._read_flat_parts(folders)
                or self._read_alike(self._folders_inside(folders))
            )
        return True

    def _read_folder(self, folder: Path) -> None:
        """Read one folder, whatever its layout."""
        folder, files, folders = self._unwrapped(folder)
        if self._reading == "folders" and folders:
            self._read_classes(folders, "")
            return
        if self._reading == "names":
            self._read_by_names([(each, part_of(each.name)) for each in folders] or [(folder, "")])
            return
        if self._read_parts(folders):
            return
        photos = [path for path in files if looks_like_photo(path)]
        if self._read_tables(files, named=not photos):
            return
        if not photos and self._read_flat_parts(folders):
            return
        if (len(folders) < 2 and photos) or not folders:
            self._read_one_class(folder)
            return
        for path in photos:
            self._complain(path, tr("It lies outside of the class folders, so its class is not known."))
        inside = self._folders_inside(folders)
        if not self._read_parts_of_classes(inside) and not self._read_alike(inside):
            self._say_parts_as_classes(folders)
            self._read_classes(folders, "")

    def _unwrapped(self, folder: Path) -> tuple[Path, list[Path], list[Path]]:
        """Return the folder that tells the layout, its files and its folders without those of masks and notes.

        A folder around the only folder of classes, as archives are often packed, says nothing.
        """
        for _ in range(_MOST_WRAPPERS):
            files, folders = self._listed(folder)
            folders = self._of_photos(folders)
            holds = any(looks_like_photo(path) for path in files) or bool(_tables_of(files, named=True))
            if holds or len(folders) != 1 or not self._is_of_folders(folders[0]):
                break
            folder = folders[0]
        if len(folders) == 1 and not holds and is_of_photos(folders[0].name):
            # images/ beside masks/: the photos are those in it, and “images” is no class of theirs.
            inside, within = self._listed(folders[0])
            return folders[0], inside, within
        return folder, files, folders

    def _of_photos(self, folders: Sequence[Path]) -> list[Path]:
        """Return folders less those that hold masks or notes about the photos in the others."""
        names = [folder.name for folder in folders]
        beside = any(is_of_photos(name) for name in names)
        return [
            folder
            for folder in folders
            if not is_of_marks(folder.name)
            or (is_of_photos(folder.name) and len(folders) == 1)
            or not (beside or (len(folders) > 1 and not self._has_photos(folder)))
        ]

    def _has_photos(self, folder: Path) -> bool:
        for _, _, names in os.walk(openable(folder)):
            if any(looks_like_photo(Path(name)) for name in names if "." in name):
                return True
        return False

    def _read_one_class(self, folder: Path) -> None:
        """Read a folder of photos: a class of its name, unless that says nothing of a class and theirs tell some."""
        vague = bool(part_of(folder.name)) or is_of_photos(folder.name)
        if vague and self._reading == "auto" and self._read_by_names([(folder, "")], least=2):
            return
        marks = _marks_beside(folder) if is_of_photos(folder.name) and self._reading == "auto" else []
        if not marks:
            self._read_class(folder, folder.name, "")
            return
        for path in self._photos_below(folder):
            self._add(path, "", "")
        text = tr("“{folder}” holds photos, {marks} what belongs to them, so neither was taken for a class.")
        self._note(text.replace("{folder}", folder.name).replace("{marks}", _quoted(marks)), "folders")

    # -- parts ------------------------------------------------------------------------------------------------------

    def _parts_among(self, folders: Sequence[Path]) -> dict[Path, PhotoSplit]:
        parts = parts_of([folder.name for folder in folders])
        named = sorted(folders, key=lambda each: PARTS.index(parts.get(each.name) or "test"))
        return {folder: parts[folder.name] for folder in named if folder.name in parts}

    def _read_parts(self, folders: Sequence[Path]) -> bool:
        """Read folders that are the parts of a data set, and say whether they are."""
        if self._reading not in ("auto", "subfolders"):
            return False
        # A class may be called “train”, too; but its folder holds photos, not folders of classes or a table.
        named = self._parts_among(folders)
        tables = {folder: _tables_of(self._listed(folder)[0], named=True) for folder in named}
        whole = {
            folder: part
            for folder, part in named.items()
            if len(tables[folder]) == 1 or (self._is_of_folders(folder) and not self._is_flat(folder))
        }
        if "train" not in whole.values():
            return False
        known: set[str] = set()
        for folder, part in sorted(whole.items(), key=lambda each: PARTS.index(each[1])):
            if len(tables[folder]) == 1 and not self._is_of_folders(folder):
                self._read_table(tables[folder][0], part)
                continue
            classes = self._classes_in(folder, known)
            known |= {name_key(each.name) for each in classes}
            self._read_classes(classes, part)
        for folder in sorted(set(folders) - set(whole)):
            if not is_of_marks(folder.name):
                reason = tr("It stands beside the parts of the data set and is none of them, so it was left out.")
                self._complain(folder, reason)
        return True

    def _classes_in(self, part: Path, known: set[str]) -> list[Path]:
        """Return the class folders of a part, also of one that is packed twice: `seg_train/seg_train/...`."""
        folders = self._of_photos(self._listed(part)[1])
        for _ in range(_MOST_WRAPPERS):
            if len(folders) != 1 or name_key(folders[0].name) in known or not self._is_of_folders(folders[0]):
                break
            folders = self._of_photos(self._listed(folders[0])[1])
        return folders

    def _is_flat(self, part: Path) -> bool:
        """Say whether a part holds its photos unsorted: in one folder that says nothing of a class."""
        folders = self._of_photos(self._listed(part)[1])
        while len(folders) == 1 and (is_of_photos(folders[0].name) or part_of(folders[0].name)):
            files, within = self._listed(folders[0])
            if any(looks_like_photo(path) for path in files):
                return True
            folders = self._of_photos(within)
        return not folders

    def _read_flat_parts(self, folders: Sequence[Path]) -> bool:
        """Read folders that are parts and hold photos without classes, and say whether they are."""
        parts = self._parts_among(folders)
        rest = [folder for folder in folders if folder not in parts and not is_of_marks(folder.name)]
        if "train" not in parts.values() or any(self._has_photos(folder) for folder in rest) or len(parts) < 2:
            return False
        if self._reading == "auto" and self._read_by_names(list(parts.items()), least=2):
            return True
        for folder, part in parts.items():
            for path in self._photos_below(folder):
                self._add(path, "", part)
        self._note(
            tr(
                "{parts} are parts of a data set, so they were not taken for classes. Their photos are not sorted into "
                "class folders, so their classes are not known."
            ).replace("{parts}", _quoted([folder.name for folder in parts])),
            "folders",
        )
        return True

    def _folders_inside(self, folders: Sequence[Path]) -> dict[Path, list[Path]]:
        """Return the folders in folders that hold nothing but folders; nothing at all where one holds photos or none.

        Most folders are classes: the first of them tells, and the photos of all the others need no listing.
        """
        inside: dict[Path, list[Path]] = {}
        for folder in folders:
            files, within = self._listed(folder)
            if not within or any(looks_like_photo(path) for path in files):
                return {}
            inside[folder] = within
        return inside

    def _read_parts_of_classes(self, folders: Mapping[Path, Sequence[Path]]) -> bool:
        """Read classes whose folders hold nothing but the parts of the data, and say whether they do."""
        inside = [(folder, {path: part_of(path.name) for path in within}) for folder, within in folders.items()]
        parts = {part for _, within in inside for part in within.values()}
        if self._reading != "auto" or "" in parts or "train" not in parts or len(parts) < 2:
            return False
        for folder, within in inside:
            for path in sorted(within, key=lambda each: PARTS.index(within[each])):
                self._read_class(path, folder.name, within[path])
        return True

    def _read_alike(self, inside: Mapping[Path, Sequence[Path]]) -> bool:
        """Read folders that hold the same folders, which are the classes then; and say whether they do."""
        if len(inside) < 2:
            return False
        asked = self._reading == "subfolders"
        if not asked and not hold_the_same({f.name: [p.name for p in within] for f, within in inside.items()}):
            return False
        parts = self._parts_among(list(inside))
        for folder, within in inside.items():
            self._read_classes(within, parts.get(folder, ""), of_a_part=True)
        names = list(dict.fromkeys(path.name for within in inside.values() for path in within))
        text = tr("{folders} hold the same folders, so these were taken for the classes: {classes}.")
        text = text.replace("{folders}", _quoted([folder.name for folder in inside]))
        self._note(text.replace("{classes}", _quoted(names)), "folders")
        return True

    def _say_parts_as_classes(self, folders: Sequence[Path]) -> None:
        named = [folder.name for folder in folders if part_of(folder.name)]
        if named and self._reading == "auto" and len(named) < len(folders):
            text = tr("{parts} were taken for classes, since they stand beside other folders of photos.")
            self._note(text.replace("{parts}", _quoted(named)))

    # -- tables and names -------------------------------------------------------------------------------------------

    def _read_tables(self, files: Sequence[Path], *, named: bool) -> bool:
        """Read the table among files that tells the classes of the photos, or those that do so part by part."""
        tables = _tables_of(files, named=named)
        parts = parts_of([table.stem for table in tables])
        if len(tables) > 1 and len(set(parts.values())) == len(tables):
            for table in tables:
                self._read_table(table, parts[table.stem])
            return True
        if len(tables) == 1:
            self._read_table(tables[0])
        return len(tables) == 1

    def _read_by_names(self, folders: Sequence[tuple[Path, PhotoSplit]], least: int = 1) -> bool:
        """Read photos whose names begin with their class; say whether at least so many classes were found."""
        photos = [(path, part) for folder, part in folders for path in self._photos_below(folder)]
        told = _told_by(photos)
        names = {name_key(name): name for name in told.values()}
        if len(names) < least:
            return False
        for path, part in photos:
            if path in told:
                name = names[name_key(told[path])]
                self.gathering.add_class(name)
                self._add(path, name, part)
        first = next(iter(told))
        text = tr("The classes were read from the photos' names: {classes} (“{file}” shows {name}).")
        text = text.replace("{classes}", _quoted(list(names.values()))).replace("{file}", first.name)
        text = text.replace("{name}", told[first])
        if len(told) < len(photos):
            rest = len(photos) - len(told)
            text += " " + trn("The name of {n} photo tells none.", "The names of {n} photos tell none.", rest)
        self._note(text, "folders")
        return True


def _told_by(photos: Sequence[tuple[Path, PhotoSplit]]) -> dict[Path, str]:
    """Return the classes that photos' names tell: of all of them, else of the parts that have such names."""
    told = classes_in_names(path for path, _ in photos)
    if told:
        return told
    by_part: dict[PhotoSplit, list[Path]] = {}
    for path, part in photos:
        by_part.setdefault(part, []).append(path)
    found: Mapping[Path, str] = classes_in_names(by_part.get("train", ()))
    return {**found, **(classes_in_names(by_part.get("validation", ())) if found else {})}


def _marks_beside(folder: Path) -> list[str]:
    try:
        with os.scandir(openable(folder.parent)) as entries:
            return sorted(entry.name for entry in entries if is_of_marks(entry.name) and entry.is_dir())
    except OSError:
        return []


def _quoted(names: Sequence[str]) -> str:
    shown = ", ".join(f"“{name}”" for name in names[:_MOST_NAMED])
    rest = len(names) - _MOST_NAMED
    return shown if rest <= 0 else tr("{names} and {n} more").replace("{names}", shown).replace("{n}", str(rest))


def _tables_of(files: Sequence[Path], *, named: bool) -> list[Path]:
    """Return the tables among files that give the photos beside them or right below and their classes."""
    tables = [path for path in files if dataset_table.looks_like_table(path)]
    return [path for path in tables if dataset_table.names_photos(path, named=named)]


def is_folder(path: Path) -> bool:
    """Say whether a path is a folder's, at any length."""
    return os.path.isdir(openable(path))  # noqa: PTH112 - keeps the long form of the path
