"""Owns writing down how good a training's model is: a report to look at, or a model card. Blocking."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_gui.training.run_folder import RunFolder

if TYPE_CHECKING:
    from mobilenet_gui.training.evaluation_types import Evaluation

CARD_SUFFIX = ".md"


def write_account(path: Path, folder: Path, earlier: Evaluation | None, cancel: threading.Event) -> Path:
    """Write the model card where the file ends in `.md`, else the report; return the path.

    Args:
        path: the file; an older one is replaced.
        folder: the run folder of a finished training.
        earlier: the test result of the training before it, to be put beside it in the report.
        cancel: stops it when set.

    Raises:
        UserError: the test result or the model cannot be read, or the disk refused.
        Cancelled: `cancel` was set.
    """
    run = RunFolder(folder)
    if path.suffix.lower() != CARD_SUFFIX:
        from mobilenet_gui.training.report import write_run_report

        write_run_report(path, run, earlier, cancel=cancel)
        return path
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.training.evaluation_file import read_evaluation
    from mobilenet_gui.training.model_card import write_model_card
    from mobilenet_gui.training.report import making_of

    write_model_card(
        path, Bundle.open(run.bundle_folder), read_evaluation(run.evaluation_path), making_of(run, earlier)
    )
    return path
