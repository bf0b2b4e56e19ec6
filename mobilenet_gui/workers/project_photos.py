"""Owns what is done with a project's photos off the window's thread: found, copied, written, looked for again.

Works on plain paths and snapshots; the project itself is changed by whoever asked, in the window's thread.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.file_kinds import LeftOut
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import project_copies
from mobilenet_gui.training.dataset_types import FoundDataset, Reading, Understood
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_types import NewPhoto
from mobilenet_gui.workers.collector import many_photos
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner

Failed = Callable[[UserError], None]


@dataclass(frozen=True, slots=True)
class Copies:
    """What came of copying photos: where each lies now by its old path, and what could not be copied."""

    paths: dict[Path, Path]
    problems: tuple[UserError, ...]


@dataclass(frozen=True, slots=True)
class ReadPhotos:
    """What was found in files and folders, ready for a project.

    Attributes:
        photos: those whose class is known.
        loose: those whose class somebody has to say.
        empty: names of classes without a photo.
        problems: what could not be used.
        name: what a project may be called that begins with them; empty where nothing names it.
        notes: what could have been understood otherwise.
        left_out: the files among them that are no photos.
    """

    photos: list[NewPhoto]
    loose: list[NewPhoto]
    empty: tuple[str, ...] = ()
    problems: tuple[UserError, ...] = ()
    name: str = ""
    notes: tuple[Understood, ...] = ()
    left_out: LeftOut = field(default_factory=LeftOut)


class ProjectPhotoTasks(QObject):
    """Does the work. Callbacks come in the thread that the object lives in.

    Attributes:
        store: where projects lie.
        runner: runs the tasks.
    """

    def __init__(self, store: ProjectStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store = store
        self.runner = TaskRunner(self)

    def free_name(self, name: str) -> str:
        """Return a name, with a number where a project has it already. Reads the disk: for the tasks' threads."""
        taken, free, number = {summary.name for summary in self.store.summaries()}, name, 2
        while free in taken:
            free, number = f"{name} {number}", number + 1
        return free

    def read(
        self,
        places: Sequence[Path],
        class_id: str = "",
        *,
        naming: bool = False,
        reading: Reading = "auto",
        done: Callable[[ReadPhotos], None],
        failed: Failed,
        progress: Callable[[int], None],
        receiver: QObject | None = None,
    ) -> Errand:
        """Find the photos that files and folders stand for; `progress` gets how many so far.

        With a `class_id` all of them are for that class, whatever their folders are called. With `naming` they are
        asked for a name that no project has yet. `reading` says where classes are looked for.
        """

        def work(errand: Errand) -> ReadPhotos:
            from mobilenet_gui.training.dataset import read_source
            from mobilenet_gui.training.dataset_types import name_for

            with many_photos():
                found = read_source(list(places), errand.cancelled, errand.report, reading)
                name = name_for(places, found.classes) if naming and not class_id else ""
                return _prepared(found, class_id, self.free_name(name) if name else "")

        return self.runner.run(work, done=done, failed=failed, progress=progress, receiver=receiver)

    def copy(
        self,
        project: Project,
        photos: Sequence[Path],
        *,
        done: Callable[[Copies], None],
        failed: Failed,
        progress: Callable[[tuple[int, int]], None],
        receiver: QObject | None = None,
    ) -> Errand:
        """Copy photos into a project's folder; `progress` gets how many are done, of how many."""
        folder = project.folder

        def work(errand: Errand) -> Copies:
            copied = project_copies.copy_photos(
                folder, photos, errand.cancelled, lambda n, of: errand.report((n, of)) if n % 10 == 0 else None
            )
            return Copies(dict(copied.paths), copied.problems)

        return self.runner.run(work, done=done, failed=failed, progress=progress, receiver=receiver)

    def keep_bytes(
        self,
        project: Project,
        make: Callable[[Errand], Sequence[bytes]],
        *,
        done: Callable[[list[Path]], None],
        failed: Failed,
        receiver: QObject | None = None,
    ) -> Errand:
        """Write photos that have no file yet (pasted, dropped from a browser, taken) into a project's folder.

        Args:
            project: which.
            make: returns the photos as bytes of files; runs in the task's thread.
            done: called with where they lie.
            failed: called with the error instead.
            receiver: as for `TaskRunner.run`.
        """
        folder = project.folder

        def work(errand: Errand) -> list[Path]:
            return [
                project_copies.keep(folder, io.BytesIO(data), name=tr("Pasted photo"), cancel=errand.cancelled)
                for data in make(errand)
            ]

        return self.runner.run(work, done=done, failed=failed, receiver=receiver)

    def find_lost(
        self,
        project: Project,
        folder: Path,
        *,
        done: Callable[[tuple[dict[str, Path], int]], None],
        failed: Failed,
        receiver: QObject | None = None,
    ) -> Errand:
        """Look below a folder for photos that are not where they were; see `lost_photos.find_lost`."""
        photos = tuple(project.photos.values())

        def work(errand: Errand) -> tuple[dict[str, Path], int]:
            from mobilenet_gui.workers.lost_photos import find_lost

            return find_lost(errand, photos, folder)

        return self.runner.run(work, done=done, failed=failed, receiver=receiver)


def _prepared(found: FoundDataset, class_id: str, name: str) -> ReadPhotos:
    """Sort what was found, where it does not hold the window."""
    if class_id:
        photos = [NewPhoto(p.path, class_id, size=p.size, mtime_ns=p.mtime_ns) for p in found.photos]
        return ReadPhotos(photos, [], problems=found.problems, left_out=found.left_out)
    loose = [NewPhoto(p.path, "", "", p.split, "", False, p.size, p.mtime_ns) for p in found.loose]
    filled = {photo.class_name for photo in found.photos}
    empty = tuple(name for name in found.classes if name not in filled)
    return ReadPhotos(found.new_photos(), loose, empty, found.problems, name, found.notes, found.left_out)
