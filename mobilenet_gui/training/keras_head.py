"""Owns reading the classifier of a Keras model that stands on a MobileNet: dense layers, with what folds into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.keras_config import NotUnderstoodError, Settings, Step

Floats = NDArray[np.float32]

MOST_DENSE: Final = 16
LEAKY: Final = "leaky_relu"
"""A leaky ReLU's name goes on with a colon and its slope below 0."""
_NOTHING: Final = frozenset(
    {"Dropout", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization",
     "Identity", "Flatten", "Reshape", "InputLayer"}
)  # fmt: skip
"""What changes no number of a vector when photos are recognised."""
_ACTIVATIONS: Final[dict[str, str]] = {
    "linear": "linear", "relu": "relu", "relu6": "relu6", "softmax": "softmax", "sigmoid": "sigmoid", "tanh": "tanh",
    "elu": "elu", "selu": "selu", "gelu": "gelu", "silu": "silu", "swish": "silu", "hard_silu": "hard_silu",
    "hard_swish": "hard_silu", "softplus": "softplus",
}  # fmt: skip
_LAST: Final = frozenset({"linear", "softmax", "sigmoid"})


@dataclass(frozen=True, slots=True, eq=False)
class DenseLayer:
    """`activation(x @ kernel + bias)`: float32, shapes (inputs, outputs) and (outputs,); the name is one of Keras'."""

    kernel: Floats
    bias: Floats
    activation: str


def read_head(steps: Sequence[tuple[Step, list[Floats]]], inputs: int | None) -> tuple[DenseLayer, ...]:
    """Return the dense layers behind the pooling, batch norms folded into them, one output made two.

    Args:
        steps: the layers with their arrays, from the pooling on.
        inputs: how many numbers come in; None where that depends on the photos' size.

    Raises:
        NotUnderstoodError: there is a layer of another kind, or arrays that do not fit.
    """
    found: list[DenseLayer] = []
    waiting: tuple[Floats, Floats] | None = None  # a batch norm that goes into the next layer
    for step, arrays in steps:
        if step.kind in _NOTHING:
            continue
        if step.kind in ("Dense", "Conv2D"):
            layer = _dense(step, arrays)
            found.append(_after_norm(layer, waiting, step))
            waiting = None
        elif step.kind == "BatchNormalization":
            norm = _norm(step, arrays)
            if found and waiting is None and found[-1].activation == "linear":
                found[-1] = _before_norm(found[-1], norm, step)
            elif waiting is None:
                waiting = norm
            else:
                raise NotUnderstoodError(cannot(step))
        else:
            activation = _activation_of(step)
            if activation is None or waiting is not None or not found or found[-1].activation != "linear":
                raise NotUnderstoodError(cannot(step))
            found[-1] = replace(found[-1], activation=activation)
        if len(found) > MOST_DENSE:
            raise NotUnderstoodError(cannot(step))
    if not found or waiting is not None:
        raise NotUnderstoodError(tr("The model has no classifier on its MobileNet."))
    _check(found, inputs)
    return (*found[:-1], _two_classes(found[-1]))


def cannot(step: Step) -> str:
    """Return why a layer is refused."""
    return tr("The layer “{layer}” is of a kind that cannot be imported ({kind}).").format(
        layer=step.name, kind=step.kind
    )


def _check(found: Sequence[DenseLayer], inputs: int | None) -> None:
    for before, layer in zip((None, *found), found, strict=False):
        wanted = inputs if before is None else before.kernel.shape[1]
        if wanted is not None and layer.kernel.shape[0] != wanted:
            raise NotUnderstoodError(tr("The file is damaged. Download it again."))
    *hidden, last = found
    bad = next((layer.activation for layer in hidden if layer.activation == "softmax"), None)
    if last.activation not in _LAST or (last.activation == "softmax" and last.kernel.shape[1] < 2):
        bad = last.activation
    if bad is not None:
        raise NotUnderstoodError(tr("The model's last layer gives no probabilities ({kind}).").format(kind=bad))


def _two_classes(last: DenseLayer) -> DenseLayer:
    """Return a layer of one output as two classes: sigmoid(z) is what softmax makes of 0 and z."""
    if last.kernel.shape[1] != 1:
        return last
    kernel = np.concatenate([np.zeros_like(last.kernel), last.kernel], axis=1)
    activation = "softmax" if last.activation == "sigmoid" else last.activation
    return DenseLayer(kernel, np.concatenate([np.zeros_like(last.bias), last.bias]), activation)


def _dense(step: Step, arrays: list[Floats]) -> DenseLayer:
    """Return a dense layer, or a convolution of 1x1 over what a pooling left."""
    shape = arrays[0].shape if arrays else ()
    if step.kind == "Conv2D" and len(shape) == 4 and shape[:2] == (1, 1):
        arrays = [arrays[0].reshape(shape[2:]), *arrays[1:]]
    if not 1 <= len(arrays) <= 2 or arrays[0].ndim != 2:
        raise NotUnderstoodError(cannot(step))
    bias = arrays[1] if len(arrays) == 2 else np.zeros(arrays[0].shape[1], np.float32)
    activation = activation_in(step.settings)
    if bias.shape != arrays[0].shape[1:] or activation is None:
        raise NotUnderstoodError(cannot(step))
    return DenseLayer(arrays[0], bias, activation)


def activation_in(settings: Settings) -> str | None:
    """Return the activation in a layer's settings, one of ours; None for any other. It is text or names a function."""
    value = settings.get("activation", "linear")
    if isinstance(value, dict):
        value = value.get("config")
    if value is None:
        return "linear"
    if value == LEAKY:
        return f"{LEAKY}:0.2"
    return _ACTIVATIONS.get(value) if isinstance(value, str) else None


def _activation_of(step: Step) -> str | None:
    settings = step.settings
    if step.kind == "Activation":
        return activation_in(settings)
    if step.kind == "LeakyReLU":
        steepness = settings.get("negative_slope", settings.get("alpha", 0.3))
        return f"{LEAKY}:{steepness}" if isinstance(steepness, (int, float)) and np.isfinite(steepness) else None
    if step.kind == "ELU":
        return "elu" if settings.get("alpha", 1.0) == 1.0 else None
    if step.kind == "Softmax" and settings.get("axis", -1) in (-1, 1, [-1], [1]):
        return "softmax"
    slope, threshold = settings.get("negative_slope", 0), settings.get("threshold", 0)
    if step.kind == "ReLU" and not slope and not threshold:
        return {None: "relu", 6: "relu6"}.get(settings.get("max_value"))
    return None


def _norm(step: Step, arrays: list[Floats]) -> tuple[Floats, Floats]:
    """Return a batch norm as what it multiplies with and what it adds; gamma or beta may be left out of the file."""
    scaled, centred = step.settings.get("scale", True) is not False, step.settings.get("center", True) is not False
    epsilon = step.settings.get("epsilon", 1e-3)
    if len(arrays) != 2 + scaled + centred or not isinstance(epsilon, (int, float)):
        raise NotUnderstoodError(cannot(step))
    mean, variance = (array.astype(np.float64) for array in arrays[-2:])
    if any(array.ndim != 1 or array.shape != mean.shape for array in arrays) or variance.min() < 0:
        raise NotUnderstoodError(cannot(step))
    gamma = arrays[0].astype(np.float64) if scaled else np.ones_like(mean)
    beta = arrays[int(scaled)].astype(np.float64) if centred else np.zeros_like(mean)
    factor = gamma / np.sqrt(variance + float(epsilon))
    return factor.astype(np.float32), (beta - mean * factor).astype(np.float32)


def _after_norm(layer: DenseLayer, norm: tuple[Floats, Floats] | None, step: Step) -> DenseLayer:
    if norm is None:
        return layer
    if norm[0].shape != layer.kernel.shape[:1]:
        raise NotUnderstoodError(cannot(step))
    kernel = layer.kernel.astype(np.float64)
    bias = layer.bias + norm[1].astype(np.float64) @ kernel
    return replace(layer, kernel=(norm[0][:, None] * kernel).astype(np.float32), bias=bias.astype(np.float32))


def _before_norm(layer: DenseLayer, norm: tuple[Floats, Floats], step: Step) -> DenseLayer:
    if norm[0].shape != layer.bias.shape:
        raise NotUnderstoodError(cannot(step))
    return replace(layer, kernel=layer.kernel * norm[0], bias=layer.bias * norm[0] + norm[1])
