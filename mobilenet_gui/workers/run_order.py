"""Owns freezing a project into a new run: which photos are alike, the split, and what is known of it. Blocking."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mobilenet_gui.core.errors import Cancelled, UserError
from mobilenet_gui.training.run_folder import RunState
from mobilenet_gui.workers.training_state import Order

if TYPE_CHECKING:
    from mobilenet_gui.training.project_types import ProjectData
    from mobilenet_gui.training.sharing import Alike


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What is needed to freeze a new training.

    Attributes:
        data: the project at this moment.
        base_folder: the bundle to start from.
        cache_dir: where features may be kept.
        candidates: bundles of which the best is to be found first; see `RunSpec`.
    """

    data: ProjectData
    base_folder: Path
    cache_dir: Path
    candidates: tuple[Path, ...] = ()


def freeze(order: RunOrder, cancelled: threading.Event, progress: Callable[[float], None]) -> tuple[Path, Order]:
    """Write a new run; return its folder, and what is known of the training beforehand.

    Until the last moment nothing of it is on the disk; from then on it can be taken up again.

    Args:
        order: what to freeze.
        cancelled: stops it when set.
        progress: told how far it is, 0-1.

    Raises:
        Cancelled: `cancelled` was set.
        UserError: there is nothing to learn from, or the disk refused.
    """
    from mobilenet_gui.core.bundle import Bundle
    from mobilenet_gui.core.store_files import discard
    from mobilenet_gui.training.estimate import estimate
    from mobilenet_gui.training.project_runs import new_run
    from mobilenet_gui.training.project_spec import make_spec

    spec = make_spec(order.data, order.base_folder, order.cache_dir, _alike(order.data, cancelled, progress))
    if cancelled.is_set():
        raise Cancelled
    run = new_run(order.data.folder)
    try:
        # Nobody holds it yet: whoever looks after a crash finds one that was interrupted.
        run.write_spec(replace(spec, id=run.path.name, candidates=order.candidates), RunState("running"))
    except BaseException:
        discard(run.path)
        raise
    parts = Counter(sample.split for sample in spec.samples)
    seconds = None
    with contextlib.suppress(UserError):  # a base that cannot be read says so when it is trained
        seconds = estimate(Bundle.open(order.base_folder), len(spec.samples), spec.settings, order.cache_dir).seconds
    return run.path, Order(seconds, parts["train"], parts["train"] + parts["validation"])


def _alike(data: ProjectData, cancelled: threading.Event, progress: Callable[[float], None]) -> Alike | None:
    """Return which photos are alike, those looked at that the check has not seen: the split must not part them."""
    from mobilenet_gui.training.duplicates import duplicate_groups

    try:
        return duplicate_groups(data.photos.values(), look=True, share=progress, cancel=cancelled)
    except UserError:
        return None  # without the check's memory every photo goes its own way
