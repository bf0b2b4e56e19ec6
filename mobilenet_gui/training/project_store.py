"""Owns the user's fine-tuning projects: one folder each; made, opened, duplicated, deleted and brought back.

One program at a time has a project open: it holds `project.lock`. What is made is staged beside its place and renamed.
Below the projects' folder, names that begin with a dot are the store's own: `.lock`, `.new-*` (staging, each with a
lock its owner holds), `.gone-*` (deleted, kept for a week).
"""

from __future__ import annotations

import builtins
import contextlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobilenet_gui import paths
from mobilenet_gui.core.errors import ProjectError, StorageError
from mobilenet_gui.core.store_files import discard, id_from_name, is_valid_id, rename, storage_error
from mobilenet_gui.core.store_folder import STAGING, StoreFolder, file_lock
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import project_file
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.project_copies import link_copies
from mobilenet_gui.training.project_spec import now
from mobilenet_gui.training.project_summary import ProjectSummary, summary_of
from mobilenet_gui.training.project_types import ProjectData, clean_name, name_problem

if TYPE_CHECKING:
    import threading

    from filelock import BaseFileLock

    from mobilenet_gui.training.archive import Exported
    from mobilenet_gui.training.archive_reading import Imported
    from mobilenet_gui.training.project_copies import Progress

KEEP_DELETED_SECONDS: Final = 7 * 24 * 3600.0
_HOLD_SECONDS: Final = 0.5
"""How long to wait for a project: others may touch its lock to see whether it is held."""
LOCK_NAME: Final = "project.lock"
_GONE = re.compile(r"\.gone-([0-9a-f]{8})-(.+)")


class ProjectStore:
    """The projects. Holds no state of its own: the disk is the truth. Any thread may call any method.

    Methods that change something raise `StorageError` where the disk refuses.
    """

    def __init__(self, projects_dir: Path | None = None) -> None:
        """Look at `projects_dir` (default: the user's); it need not exist."""
        self.projects_dir = projects_dir if projects_dir is not None else paths.projects_dir()
        self._place = StoreFolder(self.projects_dir, lambda: tr("Another program is changing the projects. Try again."))

    def summaries(self) -> builtins.list[ProjectSummary]:
        """Return what is to be told of each project without opening it, the one changed last first."""
        found = [summary_of(folder) for folder in self._folders()]
        return sorted(found, key=lambda summary: (-summary.changed, summary.name))

    def create(self, name: str) -> Project:
        """Make an empty project and open it.

        Raises:
            ProjectError: an empty name.
            StorageError: the disk refused.
        """
        problem = name_problem(name)
        if problem:
            raise ProjectError(name, problem)
        with self.staging_folder() as staged:
            project_file.save(ProjectData(staged, staged.name, clean_name(name), created=now()))
            folder = self.adopt(staged, name)
        return self.open(folder.name)

    def open(self, project_id: str) -> Project:
        """Open a project; `Project.close` lets others have it.

        Raises:
            ProjectError: it is not there, open in another program, damaged, or from a newer version.
            StorageError: its folder may not be written.
        """
        folder = self._folder(project_id)
        lock = self._hold(folder)
        try:
            data, problem = project_file.load(folder)
        except BaseException:
            lock.release()
            raise
        return Project(data, problem=problem, lock=lock)

    def is_open(self, project_id: str) -> bool:
        """Say whether some program, this one included, has it open."""
        try:
            self._hold(self._folder(project_id)).release()
        except (ProjectError, StorageError):
            return True
        return False

    def duplicate(self, project_id: str, name: str) -> str:
        """Copy a project as it was saved last: classes, photos and settings, without its trainings.

        Copied photos share their disk space where the disk can do that.

        Returns:
            The new project's id.

        Raises:
            ProjectError: it is not there or cannot be read.
            StorageError: the disk refused.
        """
        source = self._folder(project_id)
        data, _ = project_file.load(source)
        with self.staging_folder() as staged:
            photos = link_copies(data, staged)
            project_file.save(
                replace(
                    data,
                    folder=staged,
                    id=staged.name,
                    name=clean_name(name) or data.name,
                    photos=photos,
                    created=now(),
                )
            )
            return self.adopt(staged, clean_name(name) or data.name).name

    def delete(self, project_id: str) -> str:
        """Delete a project; it is kept for a week and can be brought back.

        Returns:
            What `restore` takes.

        Raises:
            ProjectError: it is not there, or open.
            StorageError: the disk refused; it is still there.
        """
        folder = self._folder(project_id)
        lock = self._hold(folder)
        token = f".gone-{os.urandom(4).hex()}-{project_id}"
        with self._place.locked(), self._place.storage_errors():
            lock.release()  # Windows renames no folder with an open file in it
            rename(folder, self.projects_dir / token)
        with contextlib.suppress(OSError):
            os.utime(self.projects_dir / token)  # the week starts now
        return token

    def restore(self, token: str) -> str:
        """Bring a deleted project back.

        Returns:
            Its id; another one than before where that was taken meanwhile.

        Raises:
            ProjectError: it is gone for good.
            StorageError: the disk refused.
        """
        match = _GONE.fullmatch(token)
        if match is None or not (self.projects_dir / token).is_dir():
            raise ProjectError(match[2] if match else token, tr("This project is gone for good."))
        with self._place.locked(), self._place.storage_errors():
            target = self._free_folder(match[2])
            rename(self.projects_dir / token, target)
        return target.name

    def clean(self) -> None:
        """Delete for good what was deleted a week ago, and what crashes left. Never raises."""
        with contextlib.suppress(OSError, StorageError), self._place.locked():
            for entry in sorted(self.projects_dir.iterdir()):
                if entry.name.startswith(STAGING):
                    self._place.clean_staging(entry)
                elif _GONE.fullmatch(entry.name):
                    with contextlib.suppress(OSError):
                        if time.time() - entry.stat().st_mtime > KEEP_DELETED_SECONDS:
                            discard(entry)

    def export_zip(
        self,
        project_id: str,
        target: Path,
        *,
        include_photos: bool = True,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> Exported:
        """Write a project, as it was saved last, as one zip; see `archive.export_zip`."""
        from mobilenet_gui.training import archive

        data, _ = project_file.load(self._folder(project_id))
        return archive.export_zip(data, target, include_photos=include_photos, progress=progress, cancel=cancel)

    def import_zip(
        self, path: Path, *, progress: Progress | None = None, cancel: threading.Event | None = None
    ) -> Imported:
        """Make a project out of a zip; see `archive_reading.import_zip`."""
        from mobilenet_gui.training import archive_reading

        return archive_reading.import_zip(self, path, progress=progress, cancel=cancel)

    # --- for who makes projects: the archive

    @contextmanager
    def staging_folder(self) -> Iterator[Path]:
        """Give an empty folder to build a project in, on the same disk as its final place; gone afterwards.

        Raises:
            StorageError: the folder cannot be made.
        """
        with self._place.staging_folder() as folder:
            yield folder

    def adopt(self, staged: Path, name: str) -> Path:
        """Put a staged project in its place and return that.

        Raises:
            StorageError: the disk refused.
        """
        with self._place.locked(), self._place.storage_errors():
            target = self._free_folder(id_from_name(name))
            rename(staged, target)
        return target

    # --- inside

    def _folders(self) -> builtins.list[Path]:
        try:
            return [f for f in self.projects_dir.iterdir() if not f.name.startswith(".") and f.is_dir()]
        except OSError:
            return []

    def _folder(self, project_id: str) -> Path:
        # The check keeps "../x" and device names from ever becoming a path.
        if not is_valid_id(project_id) or not (self.projects_dir / project_id).is_dir():
            raise ProjectError(project_id, tr("This project is not there any more."))
        return self.projects_dir / project_id

    def _free_folder(self, wanted: str) -> Path:
        number, target = 1, self.projects_dir / wanted
        while os.path.lexists(target):
            number += 1
            target = self.projects_dir / f"{wanted[:60]}-{number}"
        return target

    def _hold(self, folder: Path) -> BaseFileLock:
        from filelock import Timeout

        lock = file_lock(folder / LOCK_NAME)
        try:
            lock.acquire(timeout=_HOLD_SECONDS)
        except Timeout as error:
            raise ProjectError(
                summary_of(folder).name,
                tr("This project is open in another window of the program. Close it there first."),
            ) from error
        except OSError as error:
            raise storage_error(folder, error) from error
        return lock
