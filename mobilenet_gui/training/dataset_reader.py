"""Owns taking photos out of folders and files, whatever their layout: the ground that layouts stand on.

Other systems' folders are no classes, nor are links back to the data set itself or to a class beside them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import Final

from mobilenet_gui.core.errors import Cancelled, PhotoError
from mobilenet_gui.core.file_kinds import is_system_folder
from mobilenet_gui.core.photo_files import (
    Place,
    entry_is_folder,
    is_other_kind,
    looks_like_photo,
    natural_key,
    openable,
    os_reason,
    place_of,
    places_around,
    scan,
)
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import dataset_table
from mobilenet_gui.training.dataset_types import FoundPhoto, Gathering, Reading, Understood
from mobilenet_gui.training.dataset_words import stands_beside_photos
from mobilenet_gui.training.project_types import PhotoSplit, clean_name, name_key, name_problem

Progress = Callable[[int], None]
"""Told how many photos were found so far."""

_REPORT_EVERY: Final = 200


class FolderReader:
    """Lists folders, and takes in what single ones and tables hold."""

    def __init__(self, cancel: threading.Event | None, progress: Progress | None, reading: Reading = "auto") -> None:
        self.gathering = Gathering()
        self._cancel, self._progress, self._reading = cancel, progress, reading
        self._spellings: dict[str, str] = {}
        self._told: set[tuple[object, ...]] = set()

    def _note(self, text: str, other: Reading = "auto") -> None:
        self.gathering.notes.append(Understood(text, other))

    def _complain(self, path: Path, reason: str) -> None:
        problem = PhotoError(str(path), reason)
        if problem.args not in self._told:  # a folder may be listed more than once
            self._told.add(problem.args)
            self.gathering.problems.append(problem)

    def _read_table(self, path: Path, part: PhotoSplit = "") -> None:
        dataset_table.read_table(path, self.gathering, self._check, part)

    def _read_classes(self, folders: Sequence[Path], part: PhotoSplit, *, of_a_part: bool = False) -> None:
        """Read folders as classes; those of a part are written as in the parts before."""
        names = {folder: _class_name(folder.name) for folder in folders}
        alike: dict[str, list[Path]] = {}
        for folder in folders:
            alike.setdefault(name_key(names[folder]), []).append(folder)
        places = {place for folder in folders if (place := place_of(folder)) is not None}
        for folder in folders:
            name = names[folder]
            if (part or of_a_part) and len(alike[name_key(name)]) == 1:  # “cats” of one part is “Cats” of another
                name = self._spellings.setdefault(name_key(name), name)
            self._read_class(folder, name, part, places)
        for together in alike.values():
            if len({names[folder] for folder in together}) < len(together):
                self._note(
                    tr("Folders whose names differ only in how they are encoded became one class: {name}.").replace(
                        "{name}", names[together[0]]
                    )
                )

    def _read_class(self, folder: Path, name: str, part: PhotoSplit, beside: Set[Place] = frozenset()) -> None:
        name = _class_name(name)
        self.gathering.add_class(name)
        for path in self._photos_below(folder, beside):
            self._add(path, name, part)

    def _photos_below(self, folder: Path, beside: Set[Place] = frozenset()) -> list[Path]:
        """Return the photos of a folder and all below it; those in folders of masks are none."""
        found: list[Path] = []
        avoid = beside - {place_of(folder)}
        for item in scan(
            [folder], cancel=self._cancel, left_out=self.gathering.left_out, skip=stands_beside_photos, avoid=avoid
        ):
            if isinstance(item, Path):
                found.append(item)
                self._check(len(found))
            else:
                self.gathering.problems.append(item)
        self._check(len(found))
        return found

    def _add_file(self, path: Path) -> None:
        """Take one file in that somebody named; what is no photo is counted as such."""
        if is_other_kind(path):
            self.gathering.left_out.add(path)
        else:
            self._add(path, "", "")

    def _add(self, path: Path, name: str, part: PhotoSplit) -> None:
        try:
            status = os.stat(openable(path))  # noqa: PTH116 - keeps the long form of the path
        except OSError as error:
            self._complain(path, os_reason(error))
            return
        self.gathering.photos.append(FoundPhoto(path, name, part, status.st_size, status.st_mtime_ns))

    def _check(self, more: int = 0) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled
        count = len(self.gathering.photos) + more
        if self._progress is not None and count % _REPORT_EVERY == 0:
            self._progress(count)

    def _listed(self, folder: Path) -> tuple[list[Path], list[Path]]:
        """Return the files and the folders in a folder, in natural order.

        Left out are hidden ones, systems' own, and links that lead back here, to a folder around this one, or to one
        beside it.
        """
        files: list[Path] = []
        folders: list[Path] = []
        links: list[Path] = []
        try:
            with os.scandir(openable(folder)) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if not entry_is_folder(entry):
                        files.append(folder / entry.name)
                    elif not is_system_folder(entry.name):
                        (links if _is_link(entry) else folders).append(folder / entry.name)
        except OSError as error:
            self._complain(folder, os_reason(error))
        if links:
            folders += self._leading_elsewhere(folder, folders, links)
        files.sort(key=lambda path: (natural_key(path.name), path.name))
        folders.sort(key=lambda path: (natural_key(path.name), path.name))
        return files, folders

    def _leading_elsewhere(self, folder: Path, folders: Sequence[Path], links: Sequence[Path]) -> list[Path]:
        around = {*places_around(folder), place_of(folder)}
        beside = {place: path for path in folders if (place := place_of(path)) is not None}
        found = []
        for link in sorted(links):
            place = place_of(link)
            if place is None or place in around:
                continue
            if place in beside:
                reason = tr("This is a link to “{name}”, whose photos are there already.")
                self._complain(link, reason.replace("{name}", beside[place].name))
                continue
            beside[place] = link
            found.append(link)
        return found

    def _is_of_folders(self, folder: Path) -> bool:
        """Say whether a folder holds folders and no photos of its own."""
        files, folders = self._listed(folder)
        return bool(folders) and not any(looks_like_photo(path) for path in files)


def _class_name(name: str) -> str:
    """Return what a class is called after a folder of that name."""
    return tr("Photos") if name_problem(name) else clean_name(name)


def _is_link(entry: os.DirEntry[str]) -> bool:
    """Say whether a folder is a link; on Windows also what joins another folder in."""
    try:
        if entry.is_symlink():
            return True
        return bool(getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)) if os.name == "nt" else False
    except OSError:
        return False
