"""Owns the exports that TensorFlow writes and reads: Keras files, SavedModels, kinds of .tflite. Imports TensorFlow.

The network is built anew from the bundle's weights, as in a conversion, so nothing of a file becomes code. A calibrated
model's temperature T is worked into its last layer, whose weights and bias are divided by T: then the network's softmax
gives the program's own probabilities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.tensors import normalized_range
from mobilenet_gui.core.tflite_edit import only_first_output
from mobilenet_gui.core.types import Normalization, Pixels
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import keras_models
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.base import read_weights
from mobilenet_gui.training.own_weights import as_in_network, holds_halves

Floats = NDArray[np.float32]
Answer = Callable[[Pixels], Floats]
"""Probabilities, shape (photos, classes), for finished pixels, uint8, shape (photos, size, size, 3)."""

Numbers = Literal["float32", "int8"]
SIGNATURE: Final = "serving_default"


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A Keras model with the bundle's weights and its calibration.

    Attributes:
        model: ends in a softmax; never trained here.
        architecture: what it is made of.
        size: the input's side.
        normalization: the value range of its input.
    """

    model: Any
    architecture: Architecture
    size: int
    normalization: Normalization


def load_network(bundle: Bundle) -> Network:
    """Build the network of `bundle`.

    Raises:
        ModelError: it has no weights, or they are not those of its network.
    """
    path = bundle.weights_path
    subject = bundle.name
    if path is None or bundle.is_backbone:
        raise ModelError(subject, tr("This model has no weights to export."))
    size = bundle.preprocessing.size
    architecture, arrays = read_weights(bundle, path)
    if architecture.classes != bundle.manifest.outputs:
        raise ModelError(subject, tr("The weights do not belong to this model's classes."))
    graph = only_first_output(bundle.tflite_bytes(), subject)
    if holds_halves(graph):
        arrays = as_in_network(architecture, arrays, graph)
    last = architecture.layers[-1].name
    arrays[last] = [array / np.float32(bundle.temperature) for array in arrays[last]]
    model = keras_models.build(architecture, size, arrays)
    return Network(model, architecture, size, bundle.preprocessing.normalization)


def drop_softmax(network: Network) -> None:
    """Let a network end in its logits: as 8-bit numbers these tell more than probabilities in steps of 1/256.

    Raises:
        ModelError: it does not end in a softmax.
    """
    last = network.model.layers[-1]
    if getattr(last, "activation", None) is not keras.activations.softmax:
        raise ModelError("", tr("The network does not end as MobileNets do."))
    last.activation = keras.activations.linear


def write_keras(network: Network, path: Path) -> None:
    """Write a `.keras` file."""
    network.model.save(path)


def write_saved_model(network: Network, folder: Path) -> None:
    """Write a SavedModel with the signature `serving_default`: `photo` in, `probabilities` out."""
    model = network.model
    shape = (None, network.size, network.size, 3)

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name="photo")], autograph=False)  # type: ignore[untyped-decorator,unused-ignore]
    def serve(photo: Any) -> dict[str, Any]:
        return {"probabilities": model(photo, training=False)}

    module = tf.Module()
    module.variables_of_model = [variable.value for variable in model.variables]
    module.serve = serve
    tf.saved_model.save(module, str(folder), signatures={SIGNATURE: serve})


def tflite(network: Network, numbers: Numbers, photos: Iterable[Pixels] = ()) -> bytes:
    """Return the network as a .tflite file for one photo.

    Args:
        network: what to convert.
        numbers: how it is to count. With `int8` input and output are 8-bit, too (the input takes pixels 0-255).
        photos: what the ranges of `int8` are fitted to, each uint8, shape (size, size, 3).

    Raises:
        ModelError: TensorFlow's converter refuses.
    """
    converter = keras_models.tflite_converter(network.model, network.size)
    if numbers == "int8":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        table = normalized_range(network.normalization)
        shown = list(photos)

        def examples() -> Iterator[list[Floats]]:
            for pixels in shown:
                yield [table[pixels][None]]

        converter.representative_dataset = examples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.uint8
    try:
        return bytes(converter.convert())
    except (ValueError, RuntimeError, tf.errors.OpError) as error:  # the converter's own errors are RuntimeErrors
        reason = str(error).strip().splitlines()
        raise ModelError(
            "", tr("TensorFlow's converter refused: {reason}").format(reason=reason[0][:200] if reason else "?")
        ) from error


def open_keras(path: Path, normalization: Normalization) -> Answer:
    """Load a `.keras` file as anybody would, and return how to ask it."""
    model = keras.saving.load_model(path, compile=False)
    table = normalized_range(normalization)
    return lambda pixels: keras_models.predict(model, table[pixels])


def open_saved_model(folder: Path, normalization: Normalization) -> Answer:
    """Load a SavedModel as anybody would, and return how to ask it."""
    loaded = tf.saved_model.load(str(folder))
    function = loaded.signatures[SIGNATURE]
    table = normalized_range(normalization)

    def ask(pixels: Pixels) -> Floats:
        answers: Floats = function(photo=tf.constant(table[pixels]))["probabilities"].numpy()
        return answers

    ask.loaded = loaded  # type: ignore[attr-defined]  # its variables live only as long as it does
    return ask
