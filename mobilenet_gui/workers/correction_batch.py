"""Owns what a batch of corrections is, and giving its photos a place on the disk. Runs in the tasks' threads."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mobilenet_gui.core.errors import PhotoError, ProjectError, UserError
from mobilenet_gui.core.photo_files import openable, os_reason
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import project_copies, project_file
from mobilenet_gui.training.correction import Placing, Wrong
from mobilenet_gui.training.project_index import file_key
from mobilenet_gui.training.project_types import NewPhoto, Photo, PhotoClass, ProjectData
from mobilenet_gui.training.run_folder import RunFolder
from mobilenet_gui.workers.photo_tasks import Errand


@dataclass(slots=True, eq=False)
class Batch:
    """Corrections that are learnt together.

    Attributes:
        project_id: whose.
        photos: how many photos were corrected.
        tested: how many of them are test photos, which the model does not learn from.
        seconds: from the first correction to the new model in use.
        placings: what was changed in the project.
        run: the training; None before.
        undone: it was taken back.
        data: the project with all of them in it; None before.
        placing: how many of its corrections are on their way into the project.
        errand: the training under way, if any.
        began: when the first of them came, on the monotonic clock.
    """

    project_id: str
    photos: int = 0
    tested: int = 0
    seconds: float = 0.0
    placings: list[Placing] = field(default_factory=list)
    run: RunFolder | None = None
    undone: bool = False
    data: ProjectData | None = None
    placing: int = 0
    errand: Errand | None = None
    began: float = 0.0


def keep_photos(
    folder: Path, wrongs: Sequence[Wrong], group: str, errand: Errand, there: Iterable[Photo] = ()
) -> list[NewPhoto]:
    """Return the photos as a project takes them; those without a file of their own are written into its folder.

    A photo that the project has in another file, with the very same content, is that photo.

    Args:
        folder: the project's.
        wrongs: the photos.
        group: for those that are written: the split must not part them.
        errand: stops it.
        there: the project's photos.

    Raises:
        PhotoError: one of them is not there any more.
        StorageError: the disk refused.
    """
    photos: list[NewPhoto] = []
    known = tuple(there)
    paths = {file_key(photo.path) for photo in known}
    for wrong in wrongs:
        if wrong.path is not None:
            try:
                status = os.stat(openable(wrong.path))  # noqa: PTH116 - keeps the long form of the path
            except OSError as error:
                raise PhotoError(str(wrong.path), os_reason(error)) from error
            own = wrong.path.absolute()
            same = None if file_key(own) in paths else _same(wrong, status.st_size, known)
            photos.append(NewPhoto(same or own, size=status.st_size, mtime_ns=status.st_mtime_ns))
        else:
            content = wrong.content()
            same = _same(wrong, len(content), known)
            if same is not None:
                photos.append(NewPhoto(same))
                continue
            path = project_copies.keep(folder, io.BytesIO(content), name=wrong.name, cancel=errand.cancelled)
            photos.append(NewPhoto(path, group=group, copied=True))
    return photos


def _same(wrong: Wrong, size: int, there: Sequence[Photo]) -> Path | None:
    """Return the file of that one of these photos which holds the very photo, of `size` bytes, if any does."""
    content = b""
    for photo in there:
        with contextlib.suppress(OSError, UserError):
            # Of photos that were added long ago nobody has looked at the size.
            if (photo.size or os.stat(openable(photo.path)).st_size) != size:  # noqa: PTH116
                continue
            content = content or wrong.content()
            if Wrong(photo.path, "").content() == content:
                return photo.path
    return None


def read_classes(folder: Path) -> tuple[PhotoClass, ...]:
    """Return the classes of a project that is not open.

    Raises:
        ProjectError: it is not there, or cannot be read.
    """
    if not folder.is_dir():
        raise ProjectError(folder.name, tr("The project that this model was made with is not there any more."))
    return project_file.load(folder)[0].classes
