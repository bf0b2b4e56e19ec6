"""Owns the Keras side of a conversion: the network with given weights, and its .tflite form. Imports TensorFlow.

Only the worker process imports this. Networks are always built by `keras.applications` from their parameters; nothing
of an imported file is ever turned into a Keras object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.composed import Composed
from mobilenet_gui.training.keras_head import LEAKY
from mobilenet_gui.training.plan_network import build_planned

Floats = NDArray[np.float32]


def build(
    architecture: Architecture,
    size: int,
    weights: Mapping[str, Sequence[Floats]] | None = None,
    *,
    rescales: bool = True,
) -> Any:
    """Return the Keras model, with `weights` (by layer name) or freshly initialised.

    Args:
        architecture: what to build; without classes the model ends in its last feature map.
        size: the side of the square input.
        weights: one list of arrays a layer, as `Detected.read` gives them; must be complete.
        rescales: a V3 brings 0-255 to -1-1 itself.
    """
    use_cpu()
    shape = (size, size, 3)
    top = architecture.classes is not None
    common = {
        "input_shape": shape,
        "alpha": architecture.alpha,
        "include_top": top,
        "weights": None,
        "classes": architecture.classes or 1000,
    }
    if architecture.family == "v1":
        model = keras.applications.MobileNet(**common)
    elif architecture.family == "v2":
        model = keras.applications.MobileNetV2(**common)
    elif architecture.plan is not None:
        model = build_planned(architecture.plan, architecture.classes, size)
    else:
        make = keras.applications.MobileNetV3Small
        if architecture.family.startswith("v3-large"):
            make = keras.applications.MobileNetV3Large
        model = make(
            **common, minimalistic=architecture.family.endswith("minimalistic"), include_preprocessing=rescales
        )
    if weights is not None:
        for layer in architecture.layers:
            model.get_layer(layer.name).set_weights(list(weights[layer.name]))
    model.trainable = False
    return model


def build_composed(composed: Composed, size: int) -> Any:
    """Return a whole model that stands on a MobileNet, built from what was understood of it."""
    before = composed.before
    backbone = build(composed.backbone, before.side or size, composed.arrays, rescales=False)
    x = photo = keras.Input((size, size, 3))
    if before.rescales:
        x = keras.layers.Rescaling(np.array(before.factor), np.array(before.offset))(x)
    if before.side not in (None, size):
        x = keras.layers.Resizing(before.side, before.side, interpolation=before.interpolation)(x)
    x = _pooled(composed, backbone(x))
    for layer in composed.dense:
        if int(x.shape[-1]) != layer.kernel.shape[0]:
            raise ModelError("", tr("The model was made for photos of another size than its file says."))
        dense = keras.layers.Dense(layer.kernel.shape[1], activation=_activation(layer.activation))
        x = dense(x)
        dense.set_weights([layer.kernel, layer.bias])
    model = keras.Model(photo, x)
    model.trainable = False
    return model


def _pooled(composed: Composed, x: Any) -> Any:
    """Return a feature map as a vector."""
    if composed.pooling in ("avg", "max"):
        average = composed.pooling == "avg"
        return (keras.layers.GlobalAveragePooling2D if average else keras.layers.GlobalMaxPooling2D)()(x)
    if composed.pooling != "flatten":
        pool = keras.layers.AveragePooling2D if composed.pooling == "avg window" else keras.layers.MaxPooling2D
        window = {name: composed.window.get(name) for name in ("pool_size", "strides", "padding")}
        try:
            x = pool(**{name: value for name, value in window.items() if value is not None})(x)
        except (TypeError, ValueError) as error:  # the file may say anything
            raise ModelError("", tr("The file is damaged. Download it again.")) from error
    return keras.layers.Flatten()(x)


def _activation(name: str) -> Any:
    """Return what Keras knows an activation by; the name of a leaky ReLU ends in its slope."""
    kind, _, slope = name.partition(":")
    return keras.layers.LeakyReLU(float(slope)) if kind == LEAKY else name


def is_like(model: Any, composed: Composed) -> bool:
    """Say whether a backbone that was built has the strides, and the limits of its ReLUs, that the file's had."""
    inside = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    strides = [tuple(layer.strides) for layer in inside.layers if "Conv2D" in type(layer).__name__]
    if strides != list(composed.strides):
        return False
    # V3's ReLUs stand in the file as Keras' version of the day made them.
    limits = [layer.max_value for layer in inside.layers if isinstance(layer, keras.layers.ReLU)]
    return composed.backbone.family.startswith("v3") or limits == list(composed.relu_limits)


def to_tflite(model: Any, size: int) -> bytes:
    """Return the model as a float32 .tflite file with a fixed batch of one photo."""
    return bytes(tflite_converter(model, size).convert())


def tflite_converter(model: Any, size: int) -> Any:
    """Return TensorFlow's converter, ready to make a .tflite file with a fixed batch of one photo."""
    # Variables would arrive in the file as variables; as constants they are folded into the convolutions. This is also
    # four times as fast as the converter's own way over a saved model.
    fixed = [
        [tf.constant(v.numpy()) for v in group] for group in (model.trainable_variables, model.non_trainable_variables)
    ]

    def call(photo: Any) -> Any:
        answer, _ = model.stateless_call(*fixed, photo, training=False)
        return answer

    signature = tf.TensorSpec((1, size, size, 3), tf.float32, name="photo")
    function = tf.function(call, input_signature=[signature], autograph=False).get_concrete_function()
    return tf.lite.TFLiteConverter.from_concrete_functions([function], tf.Module())


def predict(model: Any, batch: Floats) -> Floats:
    """Return the model's answers for a batch of finished input tensors."""
    answers: Floats = np.asarray(model(batch, training=False), np.float32)
    return answers


def use_cpu() -> None:
    """Keep the work on the processor: graphics cards round differently, and the answer must be the same everywhere."""
    try:
        tf.config.set_visible_devices([], "GPU")
    except RuntimeError:  # already in use, then it stays
        return
