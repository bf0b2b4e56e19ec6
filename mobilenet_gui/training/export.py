"""Owns exporting a model: each format is built, tried on photos, compared with the program, then moved in place."""

from __future__ import annotations

from typing import Any

from mobilenet_gui.training.control import Control
from mobilenet_gui.training.export_job import ExportJob


def export(job: ExportJob, control: Control) -> dict[str, Any]:
    """Do an export; see `ExportJob` for the result."""
    raise NotImplementedError
