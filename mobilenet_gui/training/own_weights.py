"""Owns giving a Keras network the very numbers that the program's own .tflite network counts with.

A model whose network holds 16-bit weights answers with those, while its Keras weights are what they were before batch
norm was folded in and the sum was rounded. Exports made from the latter would differ from the program by up to 0.006.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.tflite_graph import Graph, Operation
from mobilenet_gui.training.architectures import Architecture, Layer
from mobilenet_gui.training.rounding import CONV, DENSE, DEPTHWISE

Arrays = dict[str, list[NDArray[np.float32]]]

_EPSILON: Final = 1e-3
"""Of every batch norm in `keras.applications`' MobileNets."""
_NEAR: Final = 2e-3
"""How far a number may lie from what it was made from, as a share of the layer's largest: half floats keep 5e-4."""


def holds_halves(graph: Graph) -> bool:
    """Say whether a network has 16-bit weights."""
    return any(tensor.values is not None and tensor.dtype == np.float16 for tensor in graph.tensors)


def as_in_network(architecture: Architecture, arrays: Arrays, graph: Graph) -> Arrays:
    """Return weights that, once batch norm is folded in, are those of a network.

    Args:
        architecture: what the network is made of.
        arrays: its Keras weights, by layer.
        graph: the network as the program runs it.

    Returns:
        The changed weights; those given where the network's layers are not the same ones.
    """
    layers = architecture.layers
    operations = [op for op in graph.operations if op.code in (CONV, DEPTHWISE, DENSE)]
    if len(operations) != sum(layer.kind != "norm" for layer in layers):
        return arrays
    found = dict(arrays)
    left = iter(operations)
    for place, layer in enumerate(layers):
        if layer.kind == "norm":
            continue
        norm = layers[place + 1] if place + 1 < len(layers) and layers[place + 1].kind == "norm" else None
        if not _take_over(found, graph, next(left), layer, norm):
            return arrays
    return found


def _take_over(found: Arrays, graph: Graph, op: Operation, layer: Layer, norm: Layer | None) -> bool:
    """Put one layer's numbers in; say whether the operation is that layer."""
    kernel, bias = (_real(graph, op, position) for position in (1, 2))
    old = np.asarray(found[layer.name][0], np.float64)
    if kernel is None or bias is None or (op.code == DEPTHWISE) != (layer.kind == "depthwise"):
        return False
    axes = (1, 2, 3, 0) if kernel.ndim == 4 else (1, 0)
    kernel = kernel.transpose(axes)
    if kernel.size != old.size or bias.size != (old.shape[2] if layer.kind == "depthwise" else old.shape[-1]):
        return False
    kernel, scale, shift = kernel.reshape(old.shape), np.ones(bias.size), np.zeros(bias.size)
    if norm is not None:
        gamma, beta, mean, variance = (np.asarray(values, np.float64) for values in found[norm.name])
        scale = gamma / np.sqrt(variance + _EPSILON)
        shift = beta - mean * scale
    elif len(found[layer.name]) > 1:
        shift = np.asarray(found[layer.name][1], np.float64)
    by_channel = scale[:, None] if layer.kind == "depthwise" else scale
    if not (_are_near(kernel, old * by_channel) and _are_near(bias, shift)):
        return False
    safe = np.where(by_channel == 0, 1, by_channel)
    changed = np.where(by_channel == 0, old, kernel / safe).astype(np.float32)
    if norm is None:
        found[layer.name] = [changed, bias.astype(np.float32)][: len(found[layer.name])]
        return True
    found[layer.name] = [changed, *found[layer.name][1:]]
    found[norm.name] = [found[norm.name][0], (bias + mean * scale).astype(np.float32), *found[norm.name][2:]]
    return True


def _are_near(these: NDArray[Any], those: NDArray[Any]) -> bool:
    return bool(np.abs(these - those).max() <= _NEAR * np.abs(those).max() + 1e-6)


def _real(graph: Graph, op: Operation, position: int) -> NDArray[np.float64] | None:
    """Return a constant input's numbers, also where they are widened first."""
    if len(op.inputs) <= position or op.inputs[position] < 0:
        return None
    tensor = graph.tensors[op.inputs[position]]
    maker = graph.producer(tensor.index)
    if maker is not None:
        tensor = graph.tensors[maker.inputs[0]]
    values = tensor.real_values()
    return None if values is None else values.astype(np.float64)
