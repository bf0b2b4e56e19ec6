"""Owns reading a fine-tuning project as labelled photos: its classes, photos, and the split of its trainings. No Qt.

A project's folder may hold copies of its photos under names made of their content; read as any other folder these would
be one class of no meaning. Nothing of the project is changed.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import project_file
from mobilenet_gui.training.dataset_types import FoundDataset, FoundPhoto
from mobilenet_gui.training.doctor_findings import PlainPhoto
from mobilenet_gui.training.duplicates import duplicate_groups
from mobilenet_gui.training.project_spec import make_spec

_MARK: Final = b'"format_version"'
_HEAD: Final = 4096


def is_project(folder: Path) -> bool:
    """Say whether a folder is a project's, as the program keeps it or as it lies in an exported zip."""
    for name in (project_file.FILE_NAME, project_file.BACKUP_NAME):
        try:
            with (folder / name).open("rb") as stream:
                if _MARK in stream.read(_HEAD):
                    return True
        except OSError:
            continue
    return False


def read_project(folder: Path, cancel: threading.Event | None = None) -> FoundDataset:
    """Return a project's photos as its next training takes them: those that are not left out, each with its part.

    Args:
        folder: the project's; see `is_project`.
        cancel: ends it when set.

    Raises:
        ProjectError: it cannot be read, comes from a newer version, or has no photos.
        Cancelled: `cancel` was set.
    """
    data, _ = project_file.load(folder, repair=False)
    if not any(not photo.left_out for photo in data.photos.values()):
        raise ProjectError(data.name, tr("There are no photos in this project."))
    looked = [PlainPhoto(p.id, p.path, p.class_id, p.split, p.group, p.left_out) for p in data.photos.values()]
    spec = make_spec(data, folder, folder, duplicate_groups(looked, look=True, cancel=cancel))
    found = tuple(
        FoundPhoto(
            sample.path,
            spec.classes[sample.label],
            sample.split,
            data.photos[sample.id].size,
            data.photos[sample.id].mtime_ns,
            sample.group,
        )
        for sample in spec.samples
    )
    background = "" if spec.background is None else spec.classes[spec.background]
    return FoundDataset(spec.classes, found, background=background, name=data.name)
