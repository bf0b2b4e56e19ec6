"""Owns a look into a model file before it is imported: in the worker process, which a hostile file may bring down."""

from __future__ import annotations

import threading
from pathlib import Path

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.labels import fitted, parse_labels_file
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.job import LookJob
from mobilenet_gui.training.look import Understood, folder_of_model
from mobilenet_gui.training.process import run_job

__all__ = ["Understood", "check_labels", "understand"]


def understand(path: Path, cancel: threading.Event | None = None) -> Understood:
    """Look into a model's file, a zip of one, or the folder of a model or a training; blocks for a second.

    Raises:
        ModelError: it cannot be imported; the reason says why.
        Cancelled: `cancel` was set.
    """
    if path.is_dir() and (found := folder_of_model(path)) is not None:
        return found  # its description is plain text; the network is not opened
    return Understood.from_data(path, run_job(LookJob(path), cancel=cancel))


def check_labels(path: Path, outputs: int, *, binary: bool = False) -> int:
    """Return how many labels a file names; see `labels.fitted`.

    Raises:
        ModelError: it cannot be read, or does not fit `outputs`.
    """
    found = parse_labels_file(path)
    fitting = fitted(found, outputs, binary=binary)
    if fitting is None:
        text = tr("The model has {outputs} classes but the labels file names {labels}.")
        raise ModelError(str(path), text.format(outputs=outputs, labels=len(found)))
    return len(found) if binary else len(fitting)
