"""Owns a network with weights of 16 or 8 bits that answers as the exact one does: which weights, rounded how.

A half float keeps eleven bits, and rounding each weight to the nearest moves a probability by up to 0.03 (MobileNet V2
1.0/224). Three things bring that below 0.001 at hardly more than half the size. Depthwise kernels and biases are 2 % of
the weights and caused most of it: they stay as they are. So do the smallest of the other layers, which stand where the
network begins. The rest is rounded as `rounding.compensated` does it. Where that is not enough for a network, more
layers stay, the smallest first: a large layer has many inputs that make good what rounding spoils.

With 8 bits the same is done on a grid with a step for each output of a layer. The network still counts in float32:
where 8 bits throughout spoil it, as they do with V3's activations, this keeps the size and nearly all of the answers.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from mobilenet_gui.core.tensors import normalized_range
from mobilenet_gui.core.tflite_graph import Graph, Operation
from mobilenet_gui.core.tflite_narrow import NarrowLayer, with_narrow
from mobilenet_gui.core.types import Normalization, Pixels
from mobilenet_gui.training.rounding import CONV, DENSE, Doubles, compensated, moments, some_of

if TYPE_CHECKING:
    from mobilenet_gui.training.control import Control

Stored = Literal["float16", "int8"]
WHOLE_SHARES: Final = (0.06, 0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0)
"""What share of the weights may stay as they are beside half floats, tried one after the other."""
WHOLE_BESIDE_8_BITS: Final = (0.02, 0.06, 0.12, 0.25)
"""The same beside weights of 8 bits."""
_MOST: Final = 127


@dataclass(frozen=True, slots=True, eq=False)
class Narrowed:
    """The network, and its layers that can have fewer bits, rounded, the smallest first."""

    graph: Graph
    layers: tuple[NarrowLayer, ...]

    @property
    def count(self) -> int:
        """How many layers can have fewer bits."""
        return len(self.layers)

    def kept(self, share: float) -> int:
        """Return how many layers stay whole where at most `share` (0-1) of these layers' weights may."""
        sizes = np.cumsum([layer.weights.size for layer in self.layers])
        return int(np.searchsorted(sizes, share * sizes[-1], side="right")) if self.count else 0

    def share(self, kept: int) -> float:
        """Return what share (0-1) of these layers' weights the `kept` smallest hold."""
        sizes = [layer.weights.size for layer in self.layers]
        return sum(sizes[:kept]) / sum(sizes) if sizes else 1.0

    def file(self, kept: int) -> bytes:
        """Return the .tflite file in which the `kept` smallest layers stay whole."""
        return with_narrow(self.graph.data, self.layers[kept:])


def narrow(
    graph: Graph, photos: Pixels, normalization: Normalization, control: Control, stored: Stored = "float16"
) -> Narrowed:
    """Round a network's layers to 16 or 8 bits, as photos show it is best.

    Args:
        graph: the exact network. Layers whose weights are not float32, or are shared, are left alone.
        photos: uint8, shape (photos, size, size, 3); without any, weights become the nearest numbers.
        normalization: the value range of the network's input.
        control: may stop it.
        stored: as what the weights are to be kept.

    Raises:
        Cancelled: it is to stop.
    """
    users = Counter(index for op in graph.operations for index in op.inputs)
    chosen = [number for number, op in enumerate(graph.operations) if _can_have(graph, op, users, stored)]
    operations = [graph.operations[number] for number in chosen]
    inputs = normalized_range(normalization)[some_of(photos)]
    seen: list[Doubles | None] = [None] * len(chosen)
    if len(inputs):
        seen = [*moments(graph, operations, inputs, control)]
    layers = []
    for number, moment in zip(chosen, seen, strict=True):
        control.check()
        layers.append(_rounded(graph, number, moment, stored))
    return Narrowed(graph, tuple(sorted(layers, key=lambda layer: layer.weights.size)))


def _can_have(graph: Graph, op: Operation, users: Counter[int], stored: Stored) -> bool:
    """Say whether a layer's weights are float32 constants of its own, with a bias, within reach of its new numbers."""
    if op.code not in (CONV, DENSE) or len(op.inputs) != 3 or min(op.inputs) < 0 or users[op.inputs[1]] != 1:
        return False
    weights, bias = (graph.tensors[index] for index in op.inputs[1:])
    if weights.values is None or bias.values is None or weights.dtype != np.float32 or bias.dtype != np.float32:
        return False
    return stored == "int8" or bool(np.abs(weights.values).max() < np.finfo(np.float16).max / 2)


def _rounded(graph: Graph, number: int, moment: Doubles | None, stored: Stored) -> NarrowLayer:
    """Return a layer with its weights rounded."""
    op = graph.operations[number]
    kernel = np.asarray(graph.tensors[op.inputs[1]].values, np.float64)
    bias = np.asarray(graph.tensors[op.inputs[2]].values, np.float64)
    largest = np.abs(kernel.reshape(len(kernel), -1)).max(axis=1)
    steps = np.where(largest > 0, largest / _MOST, 1).astype(np.float32)

    def nearest(row: Doubles) -> Doubles:
        """Round one weight of each output, shape (1, outputs)."""
        if stored == "float16":
            return row.astype(np.float16).astype(np.float64)
        return np.clip(np.rint(row / steps), -_MOST, _MOST) * steps

    table = np.concatenate([kernel.reshape(len(kernel), -1).T, bias.reshape(1, -1)])
    if moment is None:
        found = np.concatenate([nearest(table[:-1]), table[-1:]])
    else:
        found = compensated(table[None], moment, nearest)[0]
    offsets = found[-1].reshape(bias.shape).astype(np.float32)
    if stored == "float16":
        return NarrowLayer(number, found[:-1].T.reshape(kernel.shape).astype(np.float16), offsets)
    weights = np.rint(found[:-1] / steps).T.reshape(kernel.shape).astype(np.int8)
    return NarrowLayer(number, weights, offsets, steps)
