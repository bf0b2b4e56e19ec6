"""Owns rounding a converted network's weights so that its layers answer as before, not so that each weight is nearest.

TensorFlow's converter rounds each weight by itself. In a layer whose inputs go together the errors add up: MobileNet V1
0.75/192 lost its first guess on 7.5 % of photos that way. Here a layer's weights are rounded one after the other,
and what each rounding spoils is made good by those that are yet to come, the bias last, as photos show it is best: with
X the layer's inputs on photos, the error |XW - XW'| is made small, not |W - W'|. That is Frantar et al., "GPTQ:
Accurate Post-Training Quantization for Generative Pre-trained Transformers", ICLR 2023 (after "Optimal Brain Surgeon",
1993), with a bias as one more input that is always 1. On the same network 1 % of first guesses are lost then.

Only the numbers in the file change: their places, their scales and everything else stay. No TensorFlow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.cores import default_threads
from mobilenet_gui.core.litert import load_interpreter
from mobilenet_gui.core.tensors import normalized_range
from mobilenet_gui.core.tflite_edit import constant_place
from mobilenet_gui.core.tflite_graph import Graph, Operation, add_outputs, parse
from mobilenet_gui.core.tflite_tensor import Tensor
from mobilenet_gui.core.types import Normalization, Pixels

if TYPE_CHECKING:
    from mobilenet_gui.training.control import Control

PHOTOS: Final = 64
_POSITIONS: Final = 64
"""How many places of a feature map are looked at a photo."""
_DAMPING: Final = 0.01
"""The share of the mean square input that is added to each: keeps rare inputs from asking for wild weights."""
_BLOCK: Final = 64
CONV, DEPTHWISE, DENSE = 3, 4, 9
_SAME: Final = 0

Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """A layer of the exact network, and the tensors that hold its weights and bias in the rounded one."""

    exact: Operation
    weights: Tensor
    bias: Tensor

    @property
    def depthwise(self) -> bool:
        return self.exact.code == DEPTHWISE


def refine(
    exact: bytes, rounded: bytes, photos: Pixels, normalization: Normalization, control: Control
) -> bytes | None:
    """Return `rounded` with weights that answer more like `exact` on photos.

    Args:
        exact: the network as a float32 .tflite file.
        rounded: the same network as an 8-bit or 16-bit one, from the same converter, with an archive or without.
        photos: uint8, shape (photos, size, size, 3); at most `PHOTOS` of them are used.
        normalization: the value range of the exact network's input.
        control: may stop it.

    Returns:
        The changed file; None where the two networks do not match layer by layer.

    Raises:
        Cancelled: it is to stop.
    """
    graphs = parse(exact, ""), parse(rounded, "")
    layers = _matched(*graphs)
    if not layers or not len(photos):
        return None
    inputs = normalized_range(normalization)[some_of(photos)]
    seen = moments(graphs[0], [layer.exact for layer in layers], inputs, control)
    out = bytearray(rounded)
    for layer, moment in zip(layers, seen, strict=True):
        control.check()
        _round_layer(out, graphs, layer, moment)
    return bytes(out)


def _matched(exact: Graph, rounded: Graph) -> list[_Layer]:
    """Return the layers of both networks side by side; an empty list where they differ.

    A layer whose numbers another one uses, too, is left out: the converter stores equal constants once.
    """
    kinds = (CONV, DEPTHWISE, DENSE)
    pairs = [[op for op in graph.operations if op.code in kinds] for graph in (exact, rounded)]
    if [op.code for op in pairs[0]] != [op.code for op in pairs[1]]:
        return []
    users = Counter(index for op in rounded.operations for index in op.inputs)
    layers = []
    for ours, theirs in zip(*pairs, strict=True):
        if any(len(op.inputs) != 3 or min(op.inputs) < 0 for op in (ours, theirs)):
            return []
        layer = _Layer(ours, _stored(rounded, theirs.inputs[1]), _stored(rounded, theirs.inputs[2]))
        alone = True
        for ours_index, theirs_index, stored in zip(
            ours.inputs[1:], theirs.inputs[1:], (layer.weights, layer.bias), strict=True
        ):
            constant = exact.tensors[ours_index]
            if constant.values is None or stored.values is None or constant.shape != stored.shape:
                return []
            shared = users[theirs_index] > 1 or users[stored.index] > 1
            alone = alone and not shared and constant_place(rounded, stored.index) is not None
        if alone:
            layers.append(layer)
    return layers


def _stored(graph: Graph, index: int) -> Tensor:
    """Return the constant behind a layer's input: a half float is widened by an operation of its own."""
    maker = graph.producer(index)
    return graph.tensors[index if maker is None else maker.inputs[0]]


def some_of(photos: Pixels) -> Pixels:
    """Return at most `PHOTOS` of the photos, evenly spread."""
    return photos[:: max(1, len(photos) // PHOTOS)][:PHOTOS]


def moments(graph: Graph, layers: Sequence[Operation], inputs: NDArray[np.float32], control: Control) -> list[Doubles]:
    """Return the mean of x x' for each layer's inputs x (a 1 for the bias comes last), by channel if depthwise.

    Args:
        graph: the exact network.
        layers: convolutions and dense layers of it.
        inputs: finished photos, shape (photos, size, size, 3).
        control: may stop it.

    Returns:
        For each layer an array of shape (1, n + 1, n + 1) or, if depthwise, (channels, n + 1, n + 1).

    Raises:
        Cancelled: it is to stop.
    """
    # What the layers see is asked for as further outputs: the fast path leaves nothing else between its operations.
    wanted = {op.inputs[0] for op in layers} - {graph.input.index, graph.output.index}
    data = add_outputs(graph, [graph.tensors[index] for index in sorted(wanted)])
    network: Any = load_interpreter(data, "", default_threads())
    random = np.random.default_rng(0)
    sums: list[NDArray[np.float32] | None] = [None] * len(layers)
    for photo in inputs:
        control.check()
        network.set_tensor(graph.input.index, photo[None])
        network.invoke()
        for number, op in enumerate(layers):
            rows = _rows(network.get_tensor(op.inputs[0]), op, graph, random)
            product = rows.transpose(0, 2, 1) @ rows / np.float32(rows.shape[1])
            before = sums[number]
            sums[number] = product if before is None else before + product
    return [np.asarray(total, np.float64) / len(inputs) for total in sums]


def _rows(values: NDArray[np.float32], op: Operation, graph: Graph, random: np.random.Generator) -> NDArray[np.float32]:
    """Return what a layer sees at some places: shape (1 or channels, places, inputs + 1)."""
    shape = graph.tensors[op.inputs[1]].shape
    if op.code == DENSE:
        seen = values.reshape(1, -1, shape[1])
    else:
        seen = _patches(values, op, shape[1:3], graph.tensors[op.outputs[0]].shape[1:3], random)
        seen = seen.transpose(2, 0, 1) if op.code == DEPTHWISE else seen.reshape(1, len(seen), -1)
    return np.concatenate([seen, np.ones((*seen.shape[:2], 1), np.float32)], axis=2)


def _patches(
    values: NDArray[np.float32],
    op: Operation,
    kernel: tuple[int, ...],
    outputs: tuple[int, ...],
    random: np.random.Generator,
) -> NDArray[np.float32]:
    """Return windows of a feature map, shape (places, rows * columns of the kernel, channels)."""
    steps = int(op.options.strideH), int(op.options.strideW)
    if int(op.options.padding) == _SAME:
        missing = [
            max((count - 1) * step + side - length, 0)
            for count, step, side, length in zip(outputs, steps, kernel, values.shape[1:3], strict=True)
        ]
        around = [(total // 2, total - total // 2) for total in missing]
        values = np.pad(values, ((0, 0), *around, (0, 0)))
    count = min(_POSITIONS, outputs[0] * outputs[1])
    places = random.choice(outputs[0] * outputs[1], count, replace=False)
    top, left = places // outputs[1] * steps[0], places % outputs[1] * steps[1]
    windows = [values[0, top + row, left + column] for row in range(kernel[0]) for column in range(kernel[1])]
    return np.stack(windows, axis=1)


def _round_layer(out: bytearray, graphs: tuple[Graph, Graph], layer: _Layer, moment: Doubles) -> None:
    """Round one layer's weights and bias, and write them into the file."""
    exact, rounded = graphs
    kernel = np.asarray(exact.tensors[layer.exact.inputs[1]].values, np.float64)
    bias = np.asarray(exact.tensors[layer.exact.inputs[2]].values, np.float64)
    # As (groups, inputs, outputs of the group): a depthwise layer is one small layer a channel.
    table = kernel.reshape(-1, kernel.shape[-1]).T[:, :, None] if layer.depthwise else _flat(kernel)
    offsets = bias[:, None, None] if layer.depthwise else bias[None, None, :]
    scales, nearest = _grid(layer.weights, table.shape)
    found = compensated(np.concatenate([table, offsets], axis=1), moment, nearest)
    weights, last = found[:, :-1], found[:, -1].reshape(-1)
    if layer.depthwise:
        stored = (weights / scales[:, None])[:, :, 0].T.reshape(kernel.shape)
    else:
        stored = (weights / scales[:, None])[0].T.reshape(kernel.shape)
    _write(out, rounded, layer.weights, stored)
    steps = layer.bias.scales.astype(np.float64)
    _write(out, rounded, layer.bias, last / np.where(steps > 0, steps, 1) if steps.size else last)


def _flat(kernel: Doubles) -> Doubles:
    return kernel.reshape(len(kernel), -1).T[None]


def _grid(weights: Tensor, shape: tuple[int, ...]) -> tuple[Doubles, Callable[[Doubles], Doubles]]:
    """Return the steps of a layer's stored numbers, shape (groups, outputs), and how to round to them."""
    groups, _, outputs = shape
    if weights.dtype.kind == "f":
        return np.ones((groups, outputs)), lambda values: values.astype(weights.dtype).astype(np.float64)
    scales = np.where(weights.scales > 0, weights.scales, 1).astype(np.float64)
    steps = np.broadcast_to(scales.reshape(-1) if scales.size > 1 else scales, (groups * outputs,))
    steps = steps.reshape(groups, outputs)
    most = np.iinfo(weights.dtype).max
    return steps, lambda values: np.clip(np.rint(values / steps), -most, most) * steps


def compensated(weights: Doubles, moment: Doubles, nearest: Callable[[Doubles], Doubles]) -> Doubles:
    """Return rounded weights whose layer answers nearly as before; the last row, the bias, stays a real number.

    Args:
        weights: shape (groups, inputs + 1, outputs).
        moment: the mean of x x' over what the layers see, shape (groups, inputs + 1, inputs + 1).
        nearest: rounds a row, shape (groups, outputs).
    """
    count = weights.shape[1] - 1
    power = np.diagonal(moment, axis1=1, axis2=2)[:, :count]
    damped = moment.copy()
    places = np.arange(count)
    damped[:, places, places] += _DAMPING * power.mean(axis=1, keepdims=True) + 1e-8
    damped[:, count, count] += 1e-8
    # Inputs that matter most come first, while there are still others to make good what their rounding spoils.
    order = np.append(np.argsort(-power.mean(axis=0), kind="stable"), count)
    damped = damped[:, order][:, :, order]
    upper = np.linalg.cholesky(np.linalg.inv(damped)).transpose(0, 2, 1)
    left = weights[:, order].copy()
    done = np.empty_like(left)
    for start in range(0, count, _BLOCK):
        end = min(start + _BLOCK, count)
        errors = np.empty((len(left), end - start, left.shape[2]))
        for row in range(start, end):
            done[:, row] = nearest(left[:, row])
            error = (left[:, row] - done[:, row]) / upper[:, row, row, None]
            left[:, row + 1 : end] -= upper[:, row, row + 1 : end, None] * error[:, None]
            errors[:, row - start] = error
        left[:, end:] -= upper[:, start:end, end:].transpose(0, 2, 1) @ errors
    done[:, count] = left[:, count]
    result = np.empty_like(done)
    result[:, order] = done
    return result


def _write(out: bytearray, graph: Graph, tensor: Tensor, values: Doubles) -> None:
    """Put numbers in a constant's place."""
    place = constant_place(graph, tensor.index)
    if place is None:
        raise RuntimeError(f"no place for {tensor.name}")
    if tensor.dtype.kind != "f":
        limits = np.iinfo(tensor.dtype)
        values = np.clip(np.rint(values), limits.min, limits.max)
    data = np.ascontiguousarray(values.astype(tensor.dtype)).tobytes()
    out[place : place + len(data)] = data
