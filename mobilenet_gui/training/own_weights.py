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
    epsilon = _epsilon(architecture)
    for place, layer in enumerate(layers):
        if layer.kind == "norm":
            continue
        norm = layers[place + 1] if place + 1 < len(layers) and layers[place + 1].kind == "norm" else None
        if not _take_over(found, graph, next(left), (layer, norm), epsilon):
            return arrays
    return found


def with_kernels(architecture: Architecture, norms: Arrays, graph: Graph) -> Arrays:
    """Return all weights of a network of which only the batch norms were kept beside its 32-bit .tflite form.

    What batch norm was folded into is divided by it again: right to the last bit or two, as long as no scale is 0.

    Raises:
        ValueError: the network is another, or its numbers are not 32-bit ones.
    """
    layers = architecture.layers
    operations = [op for op in graph.operations if op.code in (CONV, DEPTHWISE, DENSE)]
    if holds_halves(graph) or len(operations) != sum(layer.kind != "norm" for layer in layers):
        raise ValueError("another network")
    found = dict(norms)
    left = iter(operations)
    for place, layer in enumerate(layers):
        if layer.kind == "norm":
            continue
        kernel, bias = (_real(graph, op, position) for op in [next(left)] for position in (1, 2))
        if kernel is None or bias is None:
            raise ValueError(layer.name)
        kernel = kernel.transpose((1, 2, 3, 0) if kernel.ndim == 4 else (1, 0)).reshape(layer.shapes[0])
        norm = layers[place + 1] if place + 1 < len(layers) and layers[place + 1].kind == "norm" else None
        if norm is None:
            found[layer.name] = [np.asarray(values, np.float32) for values in (kernel, bias)][: len(layer.shapes)]
        else:
            scale, _ = _scale_and_shift(norms[norm.name], _epsilon(architecture))
            kernel = kernel / (scale[:, None] if layer.kind == "depthwise" else scale)
            found[layer.name] = [kernel.astype(np.float32)]
        if not all(np.isfinite(values).all() for values in found[layer.name]):
            raise ValueError(layer.name)
    return found


def _epsilon(architecture: Architecture) -> float:
    return _EPSILON if architecture.plan is None else architecture.plan.epsilon


def _scale_and_shift(norm: list[NDArray[np.float32]], epsilon: float) -> tuple[NDArray[Any], NDArray[Any]]:
    gamma, beta, mean, variance = (np.asarray(values, np.float64) for values in norm)
    scale = gamma / np.sqrt(variance + epsilon)
    return scale, beta - mean * scale


def _take_over(found: Arrays, graph: Graph, op: Operation, layers: tuple[Layer, Layer | None], epsilon: float) -> bool:
    """Put the numbers of a layer and its normalisation in; say whether the operation is that layer."""
    layer, norm = layers
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
        scale, shift = _scale_and_shift(found[norm.name], epsilon)
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
    mean = np.asarray(found[norm.name][2], np.float64)
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
