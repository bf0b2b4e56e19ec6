"""Owns the Keras side of adapting: the network, its steps, its answers. Imports TensorFlow; the rest is NumPy's.

Only Keras' own calls are used, so that another backend could serve. Every batch-normalisation layer is frozen itself:
in Keras 3.15 `training=False` given to a model inside another does not keep its statistics from moving during `fit`,
and networks whose normalisation is folded into the convolutions are ruined by that.
"""

from __future__ import annotations

from typing import Any, Final

import keras
import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.tensors import normalized_range
from mobilenet_gui.core.types import Normalization, Pixels
from mobilenet_gui.training import keras_models
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.base import Arrays
from mobilenet_gui.training.blocks import adapted_layers

Floats = NDArray[np.float32]
_DECAY: Final = 1e-4
_MEMORY_ERRORS: Final = frozenset({"ResourceExhaustedError", "OutOfMemoryError"})


class AdaptNetwork:
    """A network some of whose blocks learn.

    Args:
        architecture: what it is, classes included.
        arrays: its weights.
        size: the side of its input.
        blocks: how many of the last blocks learn.
        normalization: the value range of its input.
        last_layer: the name of the layer whose outputs are the logits.
        smoothing: of the labels.
    """

    def __init__(
        self,
        architecture: Architecture,
        arrays: Arrays,
        size: int,
        *,
        blocks: int,
        normalization: Normalization,
        last_layer: str,
        smoothing: float,
    ) -> None:
        self._architecture, self._size = architecture, size
        self._table = normalized_range(normalization)
        self._smoothing = smoothing
        self.model = keras_models.build(architecture, size, arrays)
        learning = adapted_layers(architecture, blocks)
        self.model.trainable = True
        for layer in self.model.layers:
            layer.trainable = layer.name in learning
        last = self.model.get_layer(last_layer)
        self._both = keras.Model(self.model.inputs[0], [last.input, self.model.outputs[0]])

    def prepare(self, learning_rate: float) -> None:
        """Start with a fresh optimiser."""
        self.model.compile(
            optimizer=keras.optimizers.AdamW(learning_rate, weight_decay=_DECAY),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=self._smoothing),
            metrics=[keras.metrics.CategoricalAccuracy()],
        )
        self.model.optimizer.build(self.model.trainable_variables)

    def step(
        self, pixels: Pixels, labels: NDArray[np.int64], weights: Floats, learning_rate: float
    ) -> tuple[float, float]:
        """Learn from one batch; return its mean loss and the share answered correctly before.

        Raises:
            MemoryError: there is not enough memory for a batch of this size.
        """
        targets = np.eye(self._architecture.classes or 0, dtype=np.float32)[labels]
        self.model.optimizer.learning_rate = learning_rate
        try:
            self.model.reset_metrics()  # Keras would go on averaging over all batches
            loss, accuracy = self.model.train_on_batch(self._table[pixels], targets, sample_weight=weights)
            return float(loss), float(accuracy)
        except Exception as error:
            if type(error).__name__ in _MEMORY_ERRORS:
                raise MemoryError(str(error)[:200]) from error
            raise

    def answers(self, pixels: Pixels) -> tuple[Floats, Floats]:
        """Return the inputs of the last layer, shape (photos, channels), and the probabilities."""
        # Called eagerly, a model keeps every layer's output to the end: 3 GB for 32 photos. As a graph it lets them go.
        features, probabilities = self._both.predict_on_batch(self._table[pixels])
        rows = len(pixels)
        return np.asarray(features, np.float32).reshape(rows, -1), np.asarray(probabilities, np.float32)

    @property
    def weights(self) -> list[NDArray[Any]]:
        """A copy of what learns."""
        return [np.array(variable) for variable in self.model.trainable_variables]

    @weights.setter
    def weights(self, values: list[NDArray[Any]]) -> None:
        for variable, value in zip(self.model.trainable_variables, values, strict=True):
            variable.assign(value)

    @property
    def optimizer_state(self) -> list[NDArray[Any]]:
        """A copy of the optimiser's variables."""
        return [np.array(variable) for variable in self.model.optimizer.variables]

    @optimizer_state.setter
    def optimizer_state(self, values: list[NDArray[Any]]) -> None:
        for variable, value in zip(self.model.optimizer.variables, values, strict=False):
            variable.assign(value)

    def arrays(self) -> Arrays:
        """Return all weights by layer."""
        return {
            layer.name: [np.asarray(w, np.float32) for w in self.model.get_layer(layer.name).get_weights()]
            for layer in self._architecture.layers
        }

    def to_tflite(self, arrays: Arrays) -> bytes:
        """Return the network with these weights as a .tflite file."""
        for layer in self._architecture.layers:
            self.model.get_layer(layer.name).set_weights(arrays[layer.name])
        return keras_models.to_tflite(self.model, self._size)
