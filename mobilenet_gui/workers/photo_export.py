"""Owns writing answers to disk and sorting photos into folders, as errands for `photo_tasks`.

Sorting copies; it never moves and never writes over a file. What it made can be taken away again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mobilenet_gui.core.answers import AnswerRow, SortItem, copy_step, plan_copies, write_csv, write_json
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.workers.photo_tasks import Errand

REPORT_SECONDS = 0.05


@dataclass(slots=True)
class Sorted:
    """What sorting came to.

    Attributes:
        target: the folder that holds the folders.
        copies: the files that were made, each with the time of change it was left with, in nanoseconds.
        folders: the folders that were made, deepest last.
        problems: photos that could not be copied.
        stopped: it was cut short, by the user or by a disk that takes no more.
    """

    target: Path
    copies: list[tuple[Path, int]] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    problems: list[StorageError] = field(default_factory=list)
    stopped: bool = False


class StopSign:
    """Set from the window to have sorting stop after the photo it is at, with what was done so far kept."""

    def __init__(self) -> None:
        self.stop = False


def write_answers(_errand: Errand, target: Path, rows: Sequence[AnswerRow]) -> Path:
    """Write answers to `target`: as JSON lines for `.json` and `.jsonl`, else as CSV; return it.

    Raises:
        StorageError: the file could not be written.
    """
    if target.suffix.lower() in {".json", ".jsonl"}:
        write_json(target, rows)
    else:
        write_csv(target, rows)
    return target


def sort_into_folders(errand: Errand, items: Sequence[SortItem], target: Path, sign: StopSign) -> Sorted:
    """Copy photos into the folders of their labels below `target`; reports how many are done.

    A photo that cannot be read is noted and the rest goes on; a disk that refuses to write ends it.
    """
    result = Sorted(target)
    reported = 0.0
    for number, step in enumerate(plan_copies(items, target), 1):
        if sign.stop or errand.cancelled.is_set():
            result.stopped = True
            break
        missing = [folder for folder in (step.target.parent, target) if not folder.exists()]
        try:
            copy_step(step)
        except StorageError as error:
            result.problems.append(error)
            if isinstance(step.source, bytes) or error.subject != str(step.source):
                result.stopped = True
                break
            continue
        result.copies.append((step.target, step.target.stat().st_mtime_ns))
        result.folders.extend(reversed(missing))
        if time.monotonic() - reported > REPORT_SECONDS:
            reported = time.monotonic()
            errand.report(number)
    return result


def undo_sort(_errand: Errand, done: Sorted) -> int:
    """Take away the copies that sorting made, and the folders it made where they are empty; return how many copies.

    A copy that somebody has changed since is left alone.
    """
    removed = 0
    for copy, changed in done.copies:
        with contextlib.suppress(OSError):
            if copy.stat().st_mtime_ns == changed:
                copy.unlink()
                removed += 1
    for folder in reversed(done.folders):
        with contextlib.suppress(OSError):
            folder.rmdir()
    return removed
