"""What one step of training takes and gives; `fused.py` and `torch_step.py` each do it their way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import network
import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Batch:
    """One micro-batch.

    Attributes:
        photos: All photos, (any, 64, 64, 3) uint8.
        index: Which of them, (n,).
        draws: (n, 8): left, top, width (negative: mirrored), height as fractions of the photo, contrast, brightness,
            saturation, unused.
        targets: (n, classes), each row summing to 1.
        size: Pixels of the crops' sides; even, at least 32.
    """

    photos: npt.NDArray[np.uint8]
    index: npt.NDArray[np.int64]
    draws: network.Array
    targets: network.Array
    size: int


@dataclass(frozen=True)
class State:
    """What training changes in place, each flat as `network` describes.

    Attributes:
        parameters: The weights.
        momentum: Of the descent.
        average: The weights' running average, which is what is shipped.
    """

    parameters: network.Array
    momentum: network.Array
    average: network.Array


@dataclass(frozen=True)
class Change:
    """How far an update goes.

    Attributes:
        rate: The learning rate.
        momentum: How much of the momentum stays.
        keep: How much of the running average stays.
        decay: Weight decay of each parameter.
    """

    rate: float
    momentum: float
    keep: float
    decay: network.Array


class Step(Protocol):
    """The arithmetic of training; not to be shared between threads."""

    def gradient(self, parameters: network.Array, batch: Batch) -> tuple[float, network.Array]:
        """Return the mean cross-entropy and its gradient (overwritten by the next call)."""

    def update(self, state: State, gradient: network.Array, change: Change) -> None:
        """Do one step of stochastic gradient descent with Nesterov's momentum, in place."""


def choose(kind: str, cache: Path, batch: int) -> Step:
    """Return the arithmetic for this machine.

    Args:
        kind: "fused", "torch", or "auto": PyTorch where there is a graphics card, else fused where it runs.
        cache: Where the fused step's library is kept.
        batch: Photos of a micro-batch.
    """
    import fused

    if kind == "auto" and fused.available():
        try:
            import torch
        except ImportError:
            kind = "fused"
        else:
            kind = "torch" if torch.cuda.is_available() else "fused"
    if kind == "fused":
        return fused.FusedStep(cache, batch)
    from torch_step import TorchStep

    return TorchStep()
