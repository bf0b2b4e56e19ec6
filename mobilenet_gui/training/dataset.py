"""Owns finding labelled photos: folders of folders, train/val/test layouts, single folders, tables. No Qt.

What each layout means is decided here once, for the wizard and the command line: a subfolder is a class with all that
lies below it; `train` and `val` or `test` folders keep their parts; a folder of photos is one class of its name; loose
photos have no class yet. Nothing is decoded, but for a fine-tuning project's photos; see `dataset_project`.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from mobilenet_gui.core.errors import Cancelled, PhotoError, ProjectError
from mobilenet_gui.core.photo_files import looks_like_photo, natural_key, openable, os_reason, scan
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import dataset_table
from mobilenet_gui.training.dataset_project import is_project, read_project
from mobilenet_gui.training.dataset_types import PARTS, FoundDataset, FoundPhoto, Gathering, part_of, resolved
from mobilenet_gui.training.project_types import PhotoSplit, clean_name, name_key

__all__ = ["FoundDataset", "FoundPhoto", "read_source"]

Progress = Callable[[int], None]
"""Told how many photos were found so far."""

_REPORT_EVERY: Final = 200
_MOST_WRAPPERS: Final = 8


def read_source(
    source: Path | Sequence[Path], cancel: threading.Event | None = None, progress: Progress | None = None
) -> FoundDataset:
    """Find the labelled photos that files and folders stand for.

    Args:
        source: a folder, a table of paths and labels, a photo, or several of those; or a fine-tuning project's folder
            on its own.
        cancel: ends it when set.
        progress: told how many photos were found so far.

    Returns:
        What was found. Where there is a validation part and no test part, the validation part is the test part: it
        is never trained on, and the validation part is drawn from the rest.

    Raises:
        ProjectError: there is not a single photo.
        Cancelled: `cancel` was set.
    """
    paths = [Path(os.path.abspath(p)) for p in ([source] if isinstance(source, Path) else source)]  # noqa: PTH100
    if len(paths) == 1 and is_project(paths[0]):
        return read_project(paths[0], cancel)
    if len(paths) == 1 and _is_zip(paths[0]):
        raise ProjectError(str(paths[0]), tr("This is a zip. Unpack it, and take the folder that comes out of it."))
    reader = _Reader(cancel, progress)
    reader.read(paths)
    found = resolved(reader.gathering)
    if not found.photos:
        if found.problems:
            raise ProjectError(found.problems[0].subject, found.problems[0].reason)
        raise ProjectError(str(paths[0]) if paths else "", tr("There are no photos here."))
    return found


class _Reader:
    """Goes through files and folders and gathers what it finds."""

    def __init__(self, cancel: threading.Event | None, progress: Progress | None) -> None:
        self.gathering = Gathering()
        self._cancel, self._progress = cancel, progress
        self._spellings: dict[str, str] = {}

    def read(self, paths: Sequence[Path]) -> None:
        """Read what the user chose or dropped together."""
        folders = [path for path in paths if _is_folder(path)]
        if folders and len(folders) == len(paths) and self._read_parts(folders):
            return
        for path in paths:
            if path in folders:
                self._read_folder(path)
            elif dataset_table.looks_like_table(path):
                self._read_table(path)
            else:
                self._add(path, "", "")

    def _read_table(self, path: Path, part: PhotoSplit = "") -> None:
        dataset_table.read_table(path, self.gathering, self._check, part)

    def _read_folder(self, folder: Path) -> None:
        """Read one folder, whatever its layout."""
        files, folders = self._listed(folder)
        for _ in range(_MOST_WRAPPERS):
            # A folder around the only folder of classes, as archives are often packed, says nothing.
            if files or len(folders) != 1 or not self._is_of_folders(folders[0]):
                break
            folder = folders[0]
            files, folders = self._listed(folder)
        if self._read_parts(folders):
            return
        photos = [path for path in files if looks_like_photo(path)]
        table = _table_of(files, named=not photos)
        if table is not None:
            self._read_table(table)
            return
        if (len(folders) < 2 and photos) or not folders:
            self._read_class(folder, folder.name, "")
            return
        for path in photos:
            self.gathering.problems.append(
                PhotoError(str(path), tr("It lies outside of the class folders, so its class is not known."))
            )
        if not self._read_parts_of_classes(folders):
            self._read_classes(folders, "")

    def _read_parts_of_classes(self, folders: Sequence[Path]) -> bool:
        """Read classes whose folders hold nothing but the parts of the data, and say whether they do."""
        inside: list[tuple[Path, list[Path]]] = []
        for folder in folders:
            files, within = self._listed(folder)
            # Most folders are classes: the first of them tells, and the photos of all the others need no listing.
            if not within or any(looks_like_photo(path) for path in files):
                return False
            inside.append((folder, within))
        parts = {part_of(path.name) for _, within in inside for path in within}
        if "" in parts or "train" not in parts or len(parts) < 2:
            return False
        for folder, within in inside:
            for path in sorted(within, key=lambda each: PARTS.index(part_of(each.name))):
                self._read_class(path, folder.name, part_of(path.name))
        return True

    def _read_parts(self, folders: Sequence[Path]) -> bool:
        """Read folders that are the parts of a data set, and say whether they are."""
        parts = [(folder, part_of(folder.name)) for folder in folders]
        named = [(folder, part) for folder, part in parts if part]
        # A class may be called “train”, too; but its folder holds photos, not folders of classes or a table.
        tables = {folder: _table_of(self._listed(folder)[0], named=True) for folder, _ in named}
        whole = [(folder, part) for folder, part in named if self._is_of_folders(folder) or tables[folder] is not None]
        if not any(part == "train" for _, part in whole):
            return False
        for folder, part in sorted(whole, key=lambda each: PARTS.index(each[1])):
            table = tables[folder]
            if table is not None and not self._is_of_folders(folder):
                self._read_table(table, part)
            else:
                self._read_classes(self._listed(folder)[1], part)
        for folder in sorted({f for f, _ in parts} - {f for f, _ in whole}):
            self.gathering.problems.append(
                PhotoError(str(folder), tr("This folder stands beside the train folder and holds no class folders."))
            )
        return True

    def _read_classes(self, folders: Sequence[Path], part: PhotoSplit) -> None:
        alike = Counter(name_key(folder.name) for folder in folders)
        for folder in folders:
            name = folder.name
            if part and alike[name_key(name)] == 1:  # “cats” of one part is “Cats” of another
                name = self._spellings.setdefault(name_key(name), name)
            self._read_class(folder, name, part)

    def _read_class(self, folder: Path, name: str, part: PhotoSplit) -> None:
        name = clean_name(name) or tr("Photos")
        self.gathering.add_class(name)
        for found in scan([folder], cancel=self._cancel):
            self._check()
            if isinstance(found, Path):
                self._add(found, name, part)
            else:
                self.gathering.problems.append(found)
        self._check()

    def _add(self, path: Path, name: str, part: PhotoSplit) -> None:
        try:
            status = os.stat(openable(path))  # noqa: PTH116 - keeps the long form of the path
        except OSError as error:
            self.gathering.problems.append(PhotoError(str(path), os_reason(error)))
            return
        self.gathering.photos.append(FoundPhoto(path, name, part, status.st_size, status.st_mtime_ns))

    def _check(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled
        count = len(self.gathering.photos)
        if self._progress is not None and count % _REPORT_EVERY == 0:
            self._progress(count)

    def _listed(self, folder: Path) -> tuple[list[Path], list[Path]]:
        """Return the files and the folders in a folder, hidden ones left out, in natural order."""
        files: list[Path] = []
        folders: list[Path] = []
        try:
            with os.scandir(openable(folder)) as entries:
                for entry in entries:
                    if not entry.name.startswith((".", "__MACOSX")):
                        (folders if entry.is_dir() else files).append(folder / entry.name)
        except OSError as error:
            self.gathering.problems.append(PhotoError(str(folder), os_reason(error)))
        files.sort(key=lambda path: (natural_key(path.name), path.name))
        folders.sort(key=lambda path: (natural_key(path.name), path.name))
        return files, folders

    def _is_of_folders(self, folder: Path) -> bool:
        """Say whether a folder holds folders and no photos of its own."""
        files, folders = self._listed(folder)
        return bool(folders) and not any(looks_like_photo(path) for path in files)


def _table_of(files: Sequence[Path], *, named: bool) -> Path | None:
    """Return the table among files that gives the photos beside it or right below their classes, if just one does."""
    tables = [path for path in files if dataset_table.looks_like_table(path)]
    about = [path for path in tables if dataset_table.names_photos(path, named=named)]
    return about[0] if len(about) == 1 else None


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and not _is_folder(path)


def _is_folder(path: Path) -> bool:
    return os.path.isdir(openable(path))  # noqa: PTH112 - keeps the long form of the path
