"""Owns carrying out a fix on a project: all of its steps as one change, which the project's undo takes back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from mobilenet_gui.training.doctor_findings import Fix, FixStep

if TYPE_CHECKING:
    from mobilenet_gui.training.project import Project
    from mobilenet_gui.training.project_types import PhotoSplit


def carry_out(project: Project, fixes: Iterable[Fix], text: str) -> None:
    """Carry out fixes as one step of a project, called `text` in its undo.

    Photos and classes that are gone since the examination are passed over.
    """
    with project.step(text):
        for fix in fixes:
            for step in fix.steps:
                _carry_out(project, step)


def _carry_out(project: Project, step: FixStep) -> None:
    photos = [photo for photo in step.photo_ids if photo in project.photos]
    if step.operation == "class_weights":
        project.set_settings(project.settings.with_changes(class_weights=step.target == "on"))
    elif not photos:
        return
    elif step.operation == "leave_out":
        project.leave_out(photos)
    elif step.operation == "take_back":
        project.take_back(photos)
    elif step.operation == "pin_split":
        project.pin_split(photos, cast("PhotoSplit", step.target))
    elif project.class_of(step.target) is not None:
        project.move_photos(photos, step.target)
