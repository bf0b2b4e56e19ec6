"""Owns what opening a fine-tuning project brings: the project itself, and how its latest trainings stand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mobilenet_gui.training.project import Project
from mobilenet_gui.training.project_runs import sweep_runs
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.run_folder import RunState
from mobilenet_gui.workers.collector import many_photos


@dataclass(frozen=True, slots=True)
class Opened:
    """A project that was opened, and its latest training.

    Attributes:
        project: belongs to the window's thread from now on.
        run: folder of the latest training; None without one.
        state: how far that is.
        accuracy: share of test photos answered correctly by the latest finished training, 0..1; None without one.
    """

    project: Project
    run: Path | None
    state: RunState | None
    accuracy: float | None


def open_project(store: ProjectStore, project_id: str) -> Opened:
    """Open a project and look at its trainings; not for the window's thread.

    Raises:
        UserError: it is gone, damaged, or open in another program.
    """
    with many_photos():
        project = store.open(project_id)
    try:
        sweep_runs(project.folder)
        return with_runs(project)
    except BaseException:
        project.close()
        raise


def with_runs(project: Project) -> Opened:
    """Return an open project with what its latest trainings came to."""
    states = [(run, run.state()) for run in project.runs()[:20]]
    finished = next((s.accuracy for _, s in states if s.status == "finished" and s.accuracy is not None), None)
    return Opened(project, states[0][0].path if states else None, states[0][1] if states else None, finished)
