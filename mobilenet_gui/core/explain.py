"""Owns the heat map: which parts of the photo spoke for a class.

For a network that ends in global average pooling and one linear layer, the class activation map of Zhou et al.
("Learning Deep Features for Discriminative Localization", CVPR 2016) is exact: with the last feature map F of shape
(h, w, c), the classifier's weights W and biases b,

    logit_k = b_k + sum_c W[c, k] * mean_xy F[x, y, c] = b_k + mean_xy M_k[x, y],   M_k = sum_c W[c, k] * F[:, :, c]

so M_k shares the logit out over the positions. MobileNet V3 has one more layer between pooling and logits. There the
weights are replaced by the gradient of the logit with respect to the pooled features, which is Grad-CAM (Selvaraju et
al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017) up to a constant;
through dense layers it has a closed form, so that no framework is needed. For a single layer both are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.bundle import ClassifierHead, HeadLayer

Floats = NDArray[np.float32]


def activation_map(features: Floats, head: ClassifierHead, index: int) -> Floats:
    """Return how much each position speaks for class `index`, unclipped, shape (rows, columns).

    Args:
        features: the last feature map, shape (rows, columns, channels).
        head: the classifier that stands on it.
        index: the reported class, 0 to `head.classes` - 1.
    """
    return features @ class_weights(features, head, index)


def heat_map(features: Floats, head: ClassifierHead, index: int) -> Floats:
    """Return the heat map for class `index`: float32, shape (rows, columns), 0 to 1, the strongest position 1.

    Only what speaks for the class is kept; all zeros where nothing does.

    Args:
        features: the last feature map, shape (rows, columns, channels).
        head: the classifier that stands on it.
        index: the reported class, 0 to `head.classes` - 1.

    Raises:
        ValueError: the feature map and the classifier do not belong together, or there is no such class.
    """
    if features.ndim != 3 or features.shape[2] != head.channels:
        raise ValueError(
            f"a feature map of shape {features.shape} does not fit a classifier of {head.channels} channels"
        )
    if not 0 <= index < head.classes:
        raise ValueError(f"class {index} is not one of {head.classes}")
    heat = np.maximum(activation_map(features, head, index), 0)
    strongest = float(heat.max())
    return heat if strongest <= 0 else (heat / np.float32(strongest)).astype(np.float32)


def class_weights(features: Floats, head: ClassifierHead, index: int) -> Floats:
    """Return d logit[index] / d pooled features, shape (channels,)."""
    before: list[tuple[HeadLayer, Floats]] = []
    value: Floats = features.mean(axis=(0, 1), dtype=np.float32)
    for layer in head.layers[:-1]:
        linear = value @ layer.kernel + layer.bias
        before.append((layer, linear))
        value = _activate(linear, layer.activation)
    gradient: Floats = head.layers[-1].kernel[:, index].astype(np.float32)
    for layer, linear in reversed(before):
        gradient = layer.kernel @ (gradient * _slope(linear, layer.activation))
    return gradient


def logits(features: Floats, head: ClassifierHead) -> Floats:
    """Return what the classifier says of a feature map, shape (classes,)."""
    return through(head.layers, features.mean(axis=(0, 1), dtype=np.float32))


def through(layers: Sequence[HeadLayer], values: Floats) -> Floats:
    """Return what dense layers make of values, shape (..., inputs of the first) to (..., outputs of the last)."""
    for layer in layers:
        values = _activate(values @ layer.kernel + layer.bias, layer.activation)
    return values


def _activate(x: Floats, kind: str) -> Floats:
    if kind == "hard_swish":
        return x * np.clip(x + 3, 0, 6) / np.float32(6)
    if kind == "relu":
        return np.maximum(x, 0)
    return np.clip(x, 0, 6) if kind == "relu6" else x


def _slope(x: Floats, kind: str) -> Floats:
    """Return the derivative of `_activate`; at the kinks the side that passes nothing on."""
    if kind == "hard_swish":
        inside = (2 * x + 3) / np.float32(6)
        return np.where(x <= -3, np.float32(0), np.where(x >= 3, np.float32(1), inside)).astype(np.float32)
    if kind == "relu":
        return (x > 0).astype(np.float32)
    return ((x > 0) & (x < 6)).astype(np.float32) if kind == "relu6" else np.ones_like(x)
