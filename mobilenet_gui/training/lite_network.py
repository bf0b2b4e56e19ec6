"""EfficientNet-Lite in Keras, which has EfficientNet but not its variant for phones. Imports TensorFlow.

Against EfficientNet: no squeeze-and-excitation, ReLU6 instead of swish, stem and top of one width. Published by Google
with the TPU models (2020); block table and scales stand in `architectures`.
"""

from __future__ import annotations

from typing import Any, Final

import keras

from mobilenet_gui.training.architectures import LITE_STEM, LITE_TOP, Architecture, LiteBlock, lite_blocks

EPSILON: Final = 1e-3
MEAN, SCALE = 127.0, 128.0
"""Pixels of 0 to 255 are taken as (x - 127) / 128, in the network's first layer."""


def build_lite(architecture: Architecture, size: int) -> Any:
    """Return the network with fresh weights; without classes it ends in its last feature map.

    Args:
        architecture: one of the Lite families.
        size: the side of the square input, in pixels of 0 to 255.
    """
    photo = keras.Input((size, size, 3), name="photo")
    x = keras.layers.Rescaling(1 / SCALE, -MEAN / SCALE, name="rescaling")(photo)
    x = _conv(x, "stem_conv", LITE_STEM, 3, stride=2)
    x = _activated(x, "stem")
    for block in lite_blocks(architecture.family):
        x = _block(x, block)
    x = _conv(x, "top_conv", LITE_TOP, 1)
    x = _activated(x, "top")
    if architecture.classes is not None:
        x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
        x = keras.layers.Dropout(0.2, name="top_dropout")(x)
        x = keras.layers.Dense(architecture.classes, activation="softmax", name="predictions")(x)
    return keras.Model(photo, x, name=architecture.name.replace("-", "_").lower())


def _block(x: Any, block: LiteBlock) -> Any:
    entry = x
    if block.expansion > 1:
        x = _conv(x, f"{block.name}_expand_conv", block.inputs * block.expansion, 1)
        x = _activated(x, f"{block.name}_expand")
    x = keras.layers.DepthwiseConv2D(
        block.kernel, strides=block.stride, padding="same", use_bias=False, name=f"{block.name}_dwconv"
    )(x)
    x = _activated(x, block.name)
    x = _conv(x, f"{block.name}_project_conv", block.outputs, 1)
    x = keras.layers.BatchNormalization(epsilon=EPSILON, name=f"{block.name}_project_bn")(x)
    if block.stride == 1 and block.inputs == block.outputs:
        x = keras.layers.Add(name=f"{block.name}_add")([x, entry])
    return x


def _conv(x: Any, name: str, channels: int, side: int, stride: int = 1) -> Any:
    return keras.layers.Conv2D(channels, side, strides=stride, padding="same", use_bias=False, name=name)(x)


def _activated(x: Any, name: str) -> Any:
    x = keras.layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return keras.layers.ReLU(6.0, name=f"{name}_activation")(x)
