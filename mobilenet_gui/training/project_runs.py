"""Owns the list of a project's trainings: one folder each below `runs/`, numbered as they came. No Qt."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.training.run_folder import RunFolder

RUNS_NAME: Final = "runs"
_RUN = re.compile(r"run-(\d{4,9})")


def runs_of(folder: Path) -> list[RunFolder]:
    """Return a project's trainings, the newest first; those that were never ordered are left out."""
    numbers = sorted(_numbers(folder), reverse=True)
    return [run for run in (RunFolder(_path(folder, n)) for n in numbers) if run.exists]


def new_run(folder: Path) -> RunFolder:
    """Make the folder of the next training.

    Raises:
        StorageError: the disk refused.
    """
    number = max(_numbers(folder), default=0) + 1
    while True:
        path = _path(folder, number)
        try:
            path.mkdir(parents=True)
            return RunFolder(path)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise storage_error(folder, error) from error


def _path(folder: Path, number: int) -> Path:
    return folder / RUNS_NAME / f"run-{number:04}"


def _numbers(folder: Path) -> list[int]:
    try:
        names = [entry.name for entry in (folder / RUNS_NAME).iterdir()]
    except OSError:
        return []
    return [int(match[1]) for match in map(_RUN.fullmatch, names) if match is not None]
