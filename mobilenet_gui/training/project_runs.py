"""Owns the list of a project's trainings: one folder each below `runs/`, numbered as they came. No Qt."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Final

from mobilenet_gui.core.store_files import discard, storage_error
from mobilenet_gui.training.run_folder import RunFolder

RUNS_NAME: Final = "runs"
_STARTED: Final = time.time()
_RUN = re.compile(r"run-(\d{4,9})")


def runs_of(folder: Path) -> list[RunFolder]:
    """Return a project's trainings, the newest first; those that were never begun are left out: they hide no other."""
    return [run for run in ordered_runs(folder) if run.begun]


def ordered_runs(folder: Path) -> list[RunFolder]:
    """Return those and what is about to begin, the newest first."""
    return [run for run in _all_runs(folder) if run.exists]


def sweep_runs(folder: Path) -> None:
    """Delete the runs that an earlier start of the program made and never began. For one who holds the project."""
    for run in _all_runs(folder):
        try:
            # One that is younger may be about to begin.
            if not run.begun and run.path.stat().st_mtime < _STARTED and not run.is_locked():
                discard(run.path)
        except OSError:
            continue


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


def _all_runs(folder: Path) -> list[RunFolder]:
    return [RunFolder(_path(folder, number)) for number in sorted(_numbers(folder), reverse=True)]


def _path(folder: Path, number: int) -> Path:
    return folder / RUNS_NAME / f"run-{number:04}"


def _numbers(folder: Path) -> list[int]:
    try:
        names = [entry.name for entry in (folder / RUNS_NAME).iterdir()]
    except OSError:
        return []
    return [int(match[1]) for match in map(_RUN.fullmatch, names) if match is not None]
