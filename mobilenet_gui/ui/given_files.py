"""Owns which page opens what is named at the start or by “Open with”: by its name, before anything is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QFileOpenEvent

from mobilenet_gui.core.file_kinds import is_video
from mobilenet_gui.ui.addresses import opened_files

MODEL_SUFFIXES = frozenset({".tflite", ".h5", ".hdf5", ".keras", ".pth", ".safetensors"})
"""What `core.install` can import; said again here because nothing of it is loaded while the window opens."""
_IN_AN_UNPACKED = ("model.tflite", "model_unquant.tflite", "keras_model.h5")
"""What Teachable Machine's zips hold beside `labels.txt`."""
_IN_A_MODEL = ("manifest.json", "labels.csv")
"""What is always in the folder of a model that recognises something; one name alone may be in anybody's folder."""
PROJECT_SUFFIX = ".zip"
"""An exported project's; `training.archive` writes a longer one that ends so, which desktops can tell from any zip.
A model may come in a zip, too."""
PROJECT_LONG_SUFFIX = ".mobilenet.zip"


@dataclass(slots=True)
class GivenFiles:
    """Paths sorted by the page that opens them, in the order they were given.

    Attributes:
        photos: photos, folders, and whatever has no other place: Photos says what is wrong with it.
        videos: for Live.
        models: for Models, which offers to import them.
        projects: exported projects, for Fine-tune.
    """

    photos: list[str] = field(default_factory=list)
    videos: list[str] = field(default_factory=list)
    models: list[Path] = field(default_factory=list)
    projects: list[Path] = field(default_factory=list)


def is_model(path: str | Path) -> bool:
    """Say whether a file is a model by its name, or a folder that of a model or of a training."""
    place = Path(path)
    if place.suffix.lower() in MODEL_SUFFIXES:
        return True
    if place.suffix.lower() == PROJECT_SUFFIX:
        return _is_zipped_model(place)
    # Twenty thousand dragged photos are not each looked for on the disk.
    by_name_a_file = place.suffix != "" and not place.suffix[1:].isdecimal()
    if by_name_a_file:
        return False
    own = any(all((folder / name).is_file() for name in _IN_A_MODEL) for folder in (place, place / "bundle"))
    return own or ((place / "labels.txt").is_file() and any((place / name).is_file() for name in _IN_AN_UNPACKED))


def _is_zipped_model(place: Path) -> bool:
    """Say whether a zip holds a model, as Teachable Machine's do, and no project; reads its short table of contents."""
    if place.name.lower().endswith(PROJECT_LONG_SUFFIX):
        return False
    from mobilenet_gui.core.model_zip import holds_model

    return holds_model(place)


def sort_given(paths: Iterable[str]) -> GivenFiles:
    """Sort paths as they were given."""
    given = GivenFiles()
    for path in paths:
        if is_video(path):
            given.videos.append(path)
        elif is_model(path):
            given.models.append(Path(path))
        elif Path(path).suffix.lower() == PROJECT_SUFFIX:
            given.projects.append(Path(path))
        else:
            given.photos.append(path)
    return given


class OpenedFiles(QObject):
    """Hears of files that macOS opens with the program: there they come as events, elsewhere on the command line.

    Install it on the application as an event filter; emits `files_opened` with a list of paths.
    """

    files_opened = Signal(object)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take what is to be opened and leave everything else."""
        if event.type() != QEvent.Type.FileOpen:
            return super().eventFilter(watched, event)
        opened = cast(QFileOpenEvent, event)
        address = bytes(opened.url().toEncoded().data()).decode("ascii", "replace")
        if files := [str(path) for path in opened_files([address] if address else []).paths] or [opened.file()]:
            self.files_opened.emit([file for file in files if file])
        return True
