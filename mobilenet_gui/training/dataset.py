"""Owns finding labelled photos: folders of folders, train/val/test layouts, single folders, tables. No Qt.

What each layout means is decided in `dataset_layout`, for the wizard and the command line. Nothing is decoded, but for
a fine-tuning project's photos; see `dataset_project`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.core.file_kinds import not_a_photo
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.dataset_layout import LayoutReader, is_folder
from mobilenet_gui.training.dataset_project import is_project, read_project
from mobilenet_gui.training.dataset_reader import Progress
from mobilenet_gui.training.dataset_types import FoundDataset, FoundPhoto, Reading, resolved

__all__ = ["FoundDataset", "FoundPhoto", "read_source"]


def read_source(
    source: Path | Sequence[Path],
    cancel: threading.Event | None = None,
    progress: Progress | None = None,
    reading: Reading = "auto",
) -> FoundDataset:
    """Find the labelled photos that files and folders stand for.

    Args:
        source: a folder, a table of paths and labels, a photo, or several of those; or a fine-tuning project's folder
            on its own.
        cancel: ends it when set.
        progress: told how many photos were found so far.
        reading: where classes are looked for.

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
    reader = LayoutReader(cancel, progress, reading)
    reader.read(paths)
    found = resolved(reader.gathering)
    if not found.photos and not found.left_out.videos:
        if found.problems and not (found.left_out.total and len(paths) == 1 and is_folder(paths[0])):
            raise ProjectError(found.problems[0].subject, found.problems[0].reason)
        if found.left_out.total == 1 and not is_folder(paths[0]):
            raise ProjectError(str(paths[0]), not_a_photo(paths[0]))
        reason = f"{tr('There are no photos here.')} {found.left_out.words()}".strip()
        raise ProjectError(str(paths[0]) if paths else "", reason)
    return found


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and not is_folder(path)
