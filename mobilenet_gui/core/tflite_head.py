"""Owns finding a classifier's head in a .tflite graph: the last feature map, and the layers that stand on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.bundle import ClassifierHead, HeadLayer
from mobilenet_gui.core.tflite_graph import (
    AVERAGE_POOL,
    CONCATENATION,
    CONV,
    DEQUANTIZE,
    FULLY_CONNECTED,
    HARD_SWISH,
    LOGISTIC,
    MEAN,
    PASS_THROUGH,
    SOFTMAX,
    Graph,
    Operation,
)
from mobilenet_gui.core.tflite_tensor import Tensor

_FUSED = {0: "linear", 1: "relu", 3: "relu6"}


@dataclass(frozen=True, slots=True, eq=False)
class Explainable:
    """What a heat map needs: the feature map's tensor and the classifier that stands on it."""

    features: Tensor
    head: ClassifierHead


def find_head(graph: Graph) -> Explainable | None:
    """Walk back from the output to the global pooling; None where the graph does not end as MobileNets do.

    Understood: a softmax or nothing; a 0 put before a single score; up to three dense layers (fully connected or 1x1
    convolution) with an activation between; reshapes anywhere; a mean or average pooling over the whole feature map.
    """
    layers: list[HeadLayer] = []
    activation = "linear"
    op = graph.producer(graph.output.index)
    if (last := graph.behind(graph.output.index)) is not None and last.code in (SOFTMAX, LOGISTIC):
        op = graph.producer(last.inputs[0])
    while op is not None:
        if op.code in PASS_THROUGH:
            pass
        elif op.code == CONCATENATION and not layers and _adds_a_zero(graph, op):
            op = graph.behind(op.inputs[1])
            layer = None if op is None or op.code not in (FULLY_CONNECTED, CONV) else _dense(graph, op, "linear")
            if op is None or layer is None or layer.kernel.shape[1] != 1:
                return None
            layers.insert(0, _two_classes(layer))
        elif op.code == HARD_SWISH and activation == "linear" and layers:
            activation = "hard_swish"
        elif op.code in (FULLY_CONNECTED, CONV):
            layer = _dense(graph, op, activation)
            if layer is None or len(layers) == 3:
                return None
            layers.insert(0, layer)
            activation = "linear"
        elif op.code in (MEAN, AVERAGE_POOL) and activation == "linear" and layers:
            return _pooled(graph, op, ClassifierHead(tuple(layers)))
        else:
            return None
        op = graph.producer(op.inputs[0])
    return None


def _adds_a_zero(graph: Graph, op: Operation) -> bool:
    """Say whether it is the one that `tflite_binary` makes: 0 and the score of the second of two classes."""
    if len(op.inputs) != 2 or op.inputs[1] < 0 or graph.tensors[op.inputs[1]].values is not None:
        return False
    zero = constant_input(graph, op, 0)
    return zero is not None and zero.size == 1 and not zero.any()


def _two_classes(layer: HeadLayer) -> HeadLayer:
    kernel = np.concatenate([np.zeros_like(layer.kernel), layer.kernel], axis=1)
    return HeadLayer(kernel, np.concatenate([np.zeros_like(layer.bias), layer.bias]), layer.activation)


def _dense(graph: Graph, op: Operation, activation: str) -> HeadLayer | None:
    """Return a layer that maps one vector to another as (inputs, outputs); None for any other."""
    kernel = constant_input(graph, op, 1)
    if kernel is None or kernel.ndim not in (2, 4):
        return None
    if op.code == CONV and (
        kernel.ndim != 4 or kernel.shape[1:3] != (1, 1) or graph.tensors[op.inputs[0]].shape[1:3] != (1, 1)
    ):
        return None
    fused = _FUSED.get(int(op.options.fusedActivationFunction) if op.options is not None else 0)
    if fused is None or (fused != "linear" and activation != "linear"):
        return None
    matrix = np.ascontiguousarray(kernel.reshape(kernel.shape[0], -1).T)
    bias = constant_input(graph, op, 2)
    vector = (
        np.zeros(matrix.shape[1], np.float32) if bias is None else np.ascontiguousarray(bias.reshape(-1), np.float32)
    )
    if vector.shape != matrix.shape[1:] or not np.isfinite(matrix).all() or not np.isfinite(vector).all():
        return None
    return HeadLayer(matrix, vector, fused if activation == "linear" else activation)


def constant_input(graph: Graph, op: Operation, position: int) -> NDArray[np.float32] | None:
    """Return a constant input's real values, also one stored as half floats that the graph widens first."""
    if len(op.inputs) <= position or op.inputs[position] < 0:
        return None
    tensor = graph.tensors[op.inputs[position]]
    widened = graph.producer(tensor.index)
    if widened is not None and widened.code == DEQUANTIZE:
        tensor = graph.tensors[widened.inputs[0]]
    return tensor.real_values()


def _pooled(graph: Graph, op: Operation, head: ClassifierHead) -> Explainable | None:
    features = graph.tensors[op.inputs[0]]
    if len(features.shape) != 4 or features.shape[0] != 1 or features.values is not None:
        return None
    rows, columns = features.shape[1:3]
    if op.code == MEAN:
        axes = graph.tensors[op.inputs[1]].values if len(op.inputs) > 1 else None
        whole = axes is not None and {int(a) % 4 for a in axes.reshape(-1)} == {1, 2}
    else:
        options = op.options
        whole = options is not None and (options.filterHeight, options.filterWidth) == (rows, columns)
        whole = whole and graph.tensors[op.outputs[0]].shape[1:3] == (1, 1)
    chained = head.channels == features.shape[3] and all(
        a.kernel.shape[1] == b.kernel.shape[0] for a, b in zip(head.layers, head.layers[1:], strict=False)
    )
    usable = features.dtype in (np.dtype(np.float32), np.dtype(np.uint8), np.dtype(np.int8))
    if not whole or not chained or not usable or head.classes != graph.outputs or features.scales.size > 1:
        return None
    return Explainable(features, head)
