"""Owns which layers belong to which block of a MobileNet, and which of them are adapted. No TensorFlow."""

from __future__ import annotations

import re
from typing import Final

from mobilenet_gui.training.architectures import Architecture

_BLOCKS: Final = (
    re.compile(r"conv_(?:dw|pw)_(\d+)(?:_bn)?"),
    re.compile(r"block_(\d+)_\w+"),
    re.compile(r"expanded_conv_(\d+)_\w+"),
    re.compile(r"expanded_conv_(?!\d)\w+()"),
)


def block_of(architecture: Architecture, layer: str) -> int | None:
    """Return the number of the block that a layer belongs to; None for what stands before and behind the blocks."""
    if architecture.plan is not None:
        return architecture.plan.block_of(layer)
    for pattern in _BLOCKS:
        match = pattern.fullmatch(layer)
        if match is not None:
            return int(match[1] or 0)
    return None


def count_blocks(architecture: Architecture) -> int:
    """Return how many blocks a network has."""
    return len({block_of(architecture, layer.name) for layer in architecture.layers} - {None})


def adapted_layers(architecture: Architecture, blocks: int) -> set[str]:
    """Return the layers that learn when the last `blocks` are adapted: theirs and all behind them.

    Batch normalisation is never among them: its statistics stay those of the millions of photos that they came from.
    Only freezing each of these layers itself achieves that in Keras 3.
    """
    if blocks <= 0:
        return set()
    numbers = sorted({n for layer in architecture.layers if (n := block_of(architecture, layer.name)) is not None})
    first = numbers[max(0, len(numbers) - blocks)]
    names: set[str] = set()
    reached = False
    for layer in architecture.layers:
        number = block_of(architecture, layer.name)
        reached = reached or number == first
        if (reached or blocks > len(numbers)) and layer.kind != "norm":
            names.add(layer.name)
    return names
