"""Owns building the networks of `plan` in Keras. Imports TensorFlow."""

from __future__ import annotations

from typing import Any

import keras

from mobilenet_gui.training.plan import Block, Plan, Step


def build_planned(plan: Plan, classes: int | None, size: int) -> Any:
    """Return the network with fresh weights.

    Args:
        plan: what it is made of.
        classes: how many probabilities come out; without any it ends in its last feature map.
        size: the side of the square input, in pixels of 0 to 255.
    """
    photo = keras.Input((size, size, 3), name="photo")
    same = len({*plan.mean}) == len({*plan.scale}) == 1
    factors, offsets = [1 / s for s in plan.scale], [-m / s for m, s in zip(plan.mean, plan.scale, strict=True)]
    rescaling = (factors[0], offsets[0]) if same else (factors, offsets)
    x = keras.layers.Rescaling(*rescaling, name="rescaling")(photo)
    for block in plan.blocks:
        x = _block(x, block, plan)
    if classes is not None:
        x = keras.layers.GlobalAveragePooling2D(keepdims=plan.hidden is not None, name="avg_pool")(x)
        if plan.hidden is not None:
            x = keras.layers.Flatten(name="flatten")(_step(x, plan.hidden, plan))
        x = keras.layers.Dropout(0.2, name="top_dropout")(x)
        x = keras.layers.Dense(classes, activation="softmax", name=plan.classifier)(x)
    return keras.Model(photo, x, name=plan.name.replace("-", "_").replace(" ", "_").lower())


def _block(x: Any, block: Block, plan: Plan) -> Any:
    entry = x
    for step in block.steps:
        x = _step(x, step, plan)
    return keras.layers.Add(name=f"{block.name}_add")([x, entry]) if block.shortcut else x


def _step(x: Any, step: Step, plan: Plan) -> Any:
    padding = "same"
    if plan.symmetric and step.stride > 1:  # "same" would put an even side's odd row of zeros behind
        x = keras.layers.ZeroPadding2D(step.kernel // 2, name=f"{step.name}_pad")(x)
        padding = "valid"
    common = {"strides": step.stride, "padding": padding, "use_bias": False, "name": step.name}
    if step.depthwise:
        x = keras.layers.DepthwiseConv2D(step.kernel, **common)(x)
    else:
        x = keras.layers.Conv2D(step.outputs, step.kernel, **common)(x)
    x = keras.layers.BatchNormalization(epsilon=plan.epsilon, name=step.norm)(x)
    return keras.layers.ReLU(plan.limit, name=f"{step.norm}_activation")(x) if step.activated else x
