"""Owns how commands read a DATASET: the options for it, and telling how it was understood before anything is done."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from mobilenet_gui.training.dataset_types import FoundDataset

Note = Callable[[str, str], None]
"""Told a sentence and its kind: `warning` for what cannot be used, `understood` for what was taken for what."""

READINGS: Final = ("auto", "folders", "subfolders", "names")


def path_argument(text: str) -> Path:
    """Parse a path or a `file://` address, for argparse. An empty one is a slip, and never the current folder."""
    from mobilenet_gui.core.errors import UserError
    from mobilenet_gui.core.file_address import given_path

    if not text:
        raise argparse.ArgumentTypeError(tr("a path is empty"))
    try:
        return given_path(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """Add `--classes-from` and `--merge-alike`."""
    parser.add_argument(
        "--classes-from",
        choices=READINGS,
        default="auto",
        help=tr(
            "where to find the classes: in the folders, in their subfolders, or at the start of the photos' names "
            "(default: decided by the layout)"
        ),
    )
    parser.add_argument(
        "--merge-alike",
        action="store_true",
        help=tr(
            "merge classes whose names look the same, because they differ only in capitals, in how accents are "
            "encoded or in invisible characters"
        ),
    )


def read_dataset(arguments: argparse.Namespace, dataset: Path, cancel: threading.Event, note: Note) -> FoundDataset:
    """Find a dataset's labelled photos, and tell what was left out and how it was understood.

    Raises:
        ProjectError: there are none, or none whose class is known.
        Cancelled: `cancel` was set.
    """
    from mobilenet_gui.core.errors import ProjectError
    from mobilenet_gui.training.dataset import read_source
    from mobilenet_gui.training.project_types import shown_name

    found = read_source(dataset, cancel, reading=arguments.classes_from)
    for problem in found.problems:
        note(str(problem), "warning")
    if found.left_out.total:
        note(found.left_out.words(), "warning")
    if found.photos and not any(photo.class_name for photo in found.photos):
        reason = " ".join(understood.text for understood in found.notes)
        if not dataset.is_dir():
            reason = tr("This is neither a folder of photos nor a table that names them.")
        reason = reason or tr("These photos have no classes. Put each class into a folder of its name.")
        raise ProjectError(str(dataset), f"{reason} {_otherwise('folders')}" if found.notes else reason)
    for understood in found.notes:
        note(f"{understood.text} {_otherwise(understood.other)}".strip(), "understood")
    if arguments.merge_alike:
        found = found.with_merged()
    elif found.alike:
        groups = "; ".join(", ".join(f"“{shown_name(name)}”" for name in group) for group in found.alike)
        text = tr(
            "Some class names look the same but differ in capitals, in how accents are encoded or in invisible "
            "characters: {names}. They are kept apart; --merge-alike merges them."
        )
        note(text.replace("{names}", groups), "understood")
    return found


def _otherwise(reading: str) -> str:
    words = {
        "folders": tr("With --classes-from folders, each folder is a class."),
        "subfolders": tr("With --classes-from subfolders, the folders in them are the classes."),
        "names": tr("With --classes-from names, the classes are read from the photos' names."),
    }
    return words.get(reading, "")
