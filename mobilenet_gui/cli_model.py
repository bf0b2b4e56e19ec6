"""Owns what MODEL may be on the command line: an installed model's id, a model's folder, or what `train` wrote."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mobilenet_gui.training.run_folder import RunFolder


def place_of(text: str) -> RunFolder | Path | None:
    """Return the training or the model's folder that `text` names; None where it is an installed model's id."""
    place = Path(os.path.abspath(text))  # noqa: PTH100 - links stay as they are
    if (place / "run.json").is_file():
        from mobilenet_gui.training.run_folder import RunFolder

        return RunFolder(place)
    if os.sep in text or "/" in text or (place / "manifest.json").is_file():
        return place
    return None
