"""Owns finding the photos that a model was shown: small pictures of them by id, where they still are on the disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from PySide6.QtGui import QImage

from mobilenet_gui import paths
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.manifest import Provenance
from mobilenet_gui.workers.photo_image import make_display

SIDE: Final = 264
"""Longest side of a picture in pixels: sharp on a tile of 130 at two pixels a point."""


def shown_pictures(made: Provenance, ids: Iterable[str]) -> dict[str, QImage]:
    """Return pictures of the photos of the training that a model comes from; a null one for each that is gone."""
    from mobilenet_gui.core import imaging
    from mobilenet_gui.training.project_runs import RUNS_NAME
    from mobilenet_gui.training.run_folder import RunFolder

    wanted = dict.fromkeys(ids, QImage())
    if not made.project or not made.run or Path(made.project).name != made.project or Path(made.run).name != made.run:
        return wanted
    try:
        samples = RunFolder(paths.projects_dir() / made.project / RUNS_NAME / made.run).spec().samples
    except UserError:
        return wanted
    for sample in samples:
        if sample.id in wanted:
            try:
                wanted[sample.id] = make_display(imaging.decode(sample.path, max_side=SIDE).image, (SIDE, SIDE))
            except UserError:
                continue
    return wanted
