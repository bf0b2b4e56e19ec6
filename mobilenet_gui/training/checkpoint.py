"""Owns what an adapting training needs to go on after a crash: weights, averages, the best so far, the optimiser.

One file, replaced in one step after each epoch, so that at most one epoch is lost. NumPy's own format, without pickles.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.training.base import Base
from mobilenet_gui.training.material import Material
from mobilenet_gui.training.presets import Recipe

_FILE: Final = "adapting.npz"
_VERSION: Final = 1
_MAX_BYTES: Final = 2 << 30

Weights = list[NDArray[Any]]


@dataclass(slots=True)
class Progress:
    """Where the adapting stands after an epoch.

    Attributes:
        epoch: epochs done.
        head_epochs: epochs of the phase before it.
        batch_size: photos a step; less than the recipe's after the memory ran out.
        best_epoch: the epoch whose weights are `best`; 0 for the weights it began with.
        best_loss: of the validation photos with those.
        waited: epochs since then.
        rate_factor: what the schedule has taken the learning rate down by so far; 1 where it has not.
        record: the figures of the last epoch, as `EpochRecord.to_data`; empty before the first. Whoever is killed after
            writing this and before the run's state has them nowhere else.
        weights: what learns, after the last step.
        average: the moving average of it.
        best: the average that did best.
        optimizer: its own variables.
    """

    epoch: int = 0
    head_epochs: int = 0
    batch_size: int = 32
    best_epoch: int = 0
    best_loss: float = float("inf")
    waited: int = 0
    rate_factor: float = 1.0
    record: dict[str, Any] = field(default_factory=dict)
    weights: Weights = field(default_factory=list)
    average: Weights = field(default_factory=list)
    best: Weights = field(default_factory=list)
    optimizer: Weights = field(default_factory=list)


_LISTS: Final = ("weights", "average", "best", "optimizer")
_NUMBERS: Final = ("epoch", "head_epochs", "batch_size", "best_epoch", "best_loss", "waited", "rate_factor", "record")
_LATER: Final[dict[str, Any]] = {"rate_factor": 1.0, "record": {}}
"""What checkpoints of version 0.1 lack."""


def fingerprint(base: Base, recipe: Recipe, material: Material) -> str:
    """Return what a checkpoint belongs to: another base, recipe or set of classes must not go on from it.

    The photos are the run's own, which never change. That some cannot be read any more is no reason to begin anew: a
    training that was not interrupted goes on without them as well.
    """
    told = json.dumps([base.key, asdict(recipe), material.classes])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def save(folder: Path, progress: Progress, belongs_to: str) -> None:
    """Write a checkpoint.

    Raises:
        StorageError: the disk refused; the one before it still stands.
    """
    arrays = {f"{name}_{n}": array for name in _LISTS for n, array in enumerate(getattr(progress, name))}
    head = {"version": _VERSION, "belongs_to": belongs_to, **{name: getattr(progress, name) for name in _NUMBERS}}
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, head=np.array(json.dumps(head)), **arrays)
    try:
        write_atomically(folder / _FILE, out.getvalue())
    except OSError as error:
        raise storage_error(folder, error) from error


def load(folder: Path, belongs_to: str, like: Sequence[NDArray[Any]]) -> Progress | None:
    """Read a checkpoint; None where there is none, it is damaged, or it belongs to another training.

    Args:
        folder: where it lies.
        belongs_to: see `fingerprint`.
        like: arrays of the shapes that the weights must have.
    """
    path = folder / _FILE
    try:
        if path.stat().st_size > _MAX_BYTES:
            return None
        with np.load(path, allow_pickle=False) as stored:
            head = json.loads(str(stored["head"]))
            if head.pop("version") != _VERSION or head.pop("belongs_to") != belongs_to:
                return None
            lists: dict[str, Any] = {
                name: [stored[f"{name}_{n}"] for n in range(sum(f.startswith(f"{name}_") for f in stored.files))]
                for name in _LISTS
            }
        numbers: dict[str, Any] = {name: (_LATER | head)[name] for name in _NUMBERS}
        progress = Progress(**numbers, **lists)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, RecursionError, zipfile.BadZipFile):
        return None
    shapes = [array.shape for array in like]
    sound = all([a.shape for a in group] == shapes for group in (progress.weights, progress.average, progress.best))
    return progress if sound else None


def remove(folder: Path) -> None:
    """Delete the checkpoint; the training is done."""
    path = folder / _FILE
    try:
        path.unlink(missing_ok=True)
        path.parent.rmdir()
    except OSError:
        return
