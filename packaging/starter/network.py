"""The network's shape: the flat array of parameters that is trained, its beginning, and Keras' weights made from it.

It is `keras.applications.MobileNet` with alpha 0.5 (Howard et al., "MobileNets", 2017): a first 3x3 convolution of
stride 2, then 13 pairs of a depthwise 3x3 and a pointwise convolution, each followed by batch normalisation (epsilon
0.001) and ReLU6, then the mean over the plane and one linear layer. Convolutions of stride 2 are padded below and to
the right only, as Keras does. All parameters lie in one float32 array, in Keras' order and layout.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ALPHA = 0.5
CLASSES = 200
OUTPUTS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
"""Channels after each of the 13 blocks at alpha 1."""
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
EPSILON = 1e-3

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """A convolution with the batch normalisation that follows, and where they lie in the flat array.

    Attributes:
        kind: "full", "depthwise" or "pointwise".
        name: Keras' name of the convolution; the normalisation's is that and "_bn".
        shape: The kernel's shape in Keras' layout.
        stride: Of the convolution.
        start: Of the kernel in the flat array; gamma and beta follow it.
        channels: It gives.
    """

    kind: str
    name: str
    shape: tuple[int, ...]
    stride: int
    start: int
    channels: int

    @property
    def kernel(self) -> slice:
        """Return the kernel's place in the flat array."""
        return slice(self.start, self.start + math.prod(self.shape))

    @property
    def gamma(self) -> slice:
        """The normalisation's factors."""
        return slice(self.kernel.stop, self.kernel.stop + self.channels)

    @property
    def beta(self) -> slice:
        """The normalisation's summands."""
        return slice(self.gamma.stop, self.gamma.stop + self.channels)


def _layers() -> tuple[Layer, ...]:
    channels = int(32 * ALPHA)
    found = [Layer("full", "conv1", (3, 3, 3, channels), 2, 0, channels)]
    for block, (wide, stride) in enumerate(zip(OUTPUTS, STRIDES, strict=True), 1):
        out = int(wide * ALPHA)
        start = found[-1].beta.stop
        found.append(Layer("depthwise", f"conv_dw_{block}", (3, 3, channels, 1), stride, start, channels))
        found.append(Layer("pointwise", f"conv_pw_{block}", (1, 1, channels, out), 1, found[-1].beta.stop, out))
        channels = out
    return tuple(found)


LAYERS = _layers()
FEATURES = LAYERS[-1].channels
TOP = slice(LAYERS[-1].beta.stop, LAYERS[-1].beta.stop + FEATURES * CLASSES)
"""The classifier's matrix (features, classes) in the flat array."""
BIAS = slice(TOP.stop, TOP.stop + CLASSES)
SIZE = BIAS.stop
"""How many parameters there are."""


def begin(seed: int) -> Array:
    """Return random parameters to begin with (He et al., 2015, by the numbers going out; gamma 1, beta 0)."""
    random = np.random.default_rng(seed)
    flat = np.zeros(SIZE, np.float32)
    for layer in LAYERS:
        fan = {"full": 9 * layer.channels, "depthwise": 9, "pointwise": layer.channels}[layer.kind]
        gain = 1.0 if layer.kind == "depthwise" else 2.0
        flat[layer.kernel] = random.normal(0, math.sqrt(gain / fan), math.prod(layer.shape))
        flat[layer.gamma] = 1
    flat[TOP] = random.normal(0, 0.01, FEATURES * CLASSES)
    return flat


def decay_mask() -> Array:
    """Return 1 where weight decay applies: full and pointwise convolutions and the classifier, 0 elsewhere."""
    mask = np.zeros(SIZE, np.float32)
    for layer in LAYERS:
        if layer.kind != "depthwise":
            mask[layer.kernel] = 1
    mask[TOP] = 1
    return mask
