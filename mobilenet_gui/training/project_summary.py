"""Owns what is told of a project without opening it: its card on the Fine-tune page. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mobilenet_gui.core.errors import ProjectError
from mobilenet_gui.core.sound_text import is_sound
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import json_rows, project_file, project_runs
from mobilenet_gui.training.project_types import MAX_PHOTOS, clean_name
from mobilenet_gui.training.run_folder import RunFolder, RunState


@dataclass(frozen=True, slots=True)
class ProjectSummary:
    """A project's card.

    Attributes:
        id: the project's id, what `ProjectStore.open` takes.
        folder: where it lies.
        name: as the user knows it.
        classes: how many there are.
        photos: how many take part.
        covers: up to three photos that stand for it.
        changed: when it was saved last, seconds since 1970.
        run: the last training that was not given up, else the last; None without any.
        state: how far that is, if any.
        trained: when that training last did something, seconds since 1970; 0 without one.
        problem: why it cannot be opened, in words; empty where it can.
    """

    id: str
    folder: Path
    name: str
    classes: int = 0
    photos: int = 0
    covers: tuple[Path, ...] = ()
    changed: float = 0.0
    run: RunFolder | None = None
    state: RunState | None = None
    trained: float = 0.0
    problem: str = ""


def summary_of(folder: Path) -> ProjectSummary:
    """Look at a project; reads a few kilobytes, however many photos it has. Never raises."""
    for name in (project_file.FILE_NAME, project_file.BACKUP_NAME):
        try:
            path = folder / name
            return _summary(folder, json_rows.read_head(path, "photos"), path.stat().st_mtime)
        except ProjectError as error:
            return ProjectSummary(folder.name, folder, error.subject or folder.name, problem=error.reason)
        except (OSError, ValueError):
            continue
    return ProjectSummary(folder.name, folder, folder.name, problem=tr("The project file is damaged."))


def _summary(folder: Path, head: dict[str, Any], changed: float) -> ProjectSummary:
    data = project_file.parse(head, [], folder)
    count = head.get("photo_count", 0)
    covers = head.get("covers", [])
    run, state = _last_run(folder)
    return ProjectSummary(
        id=folder.name,
        folder=folder,
        name=clean_name(data.name),
        classes=len(data.classes),
        photos=count if isinstance(count, int) and 0 <= count <= MAX_PHOTOS else 0,
        covers=tuple(_cover(folder, c) for c in covers[: project_file.COVERS] if is_sound(c))
        if isinstance(covers, list)
        else (),
        changed=changed if math.isfinite(changed) else 0.0,
        run=run,
        state=state,
        trained=0.0 if run is None else _touched(run),
    )


def _last_run(folder: Path) -> tuple[RunFolder | None, RunState | None]:
    """Return the last training and its state; one that was given up tells nothing where others came before it."""
    states = ((run, run.state()) for run in project_runs.runs_of(folder))
    first = next(states, (None, None))
    if first[1] is None or first[1].status != "cancelled":
        return first
    return next(((run, state) for run, state in states if state.status != "cancelled"), first)


def _cover(folder: Path, text: str) -> Path:
    return folder.joinpath(*PurePosixPath(text).parts) if project_file.is_copy_name(text) else Path(text)


def _touched(run: RunFolder) -> float:
    try:
        return run.state_path.stat().st_mtime
    except OSError:
        return 0.0
