"""Owns the Keras side of adapting: the network, its steps, its answers. Imports TensorFlow; the rest is NumPy's.

Only Keras' own calls are used, so that another backend could serve. Every batch-normalisation layer is frozen itself:
in Keras 3.15 `training=False` given to a model inside another does not keep its statistics from moving during `fit`,
and networks whose normalisation is folded into the convolutions are ruined by that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
_AT_ONCE: Final = 8
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
        first = next((layer for layer in self.model.layers if layer.name in learning), self.model.layers[1])
        last = self.model.get_layer(last_layer)
        self._front = keras.Model(self.model.inputs[0], first.input)
        self._rear = keras.Model(first.input, self.model.outputs[0])
        self._both = keras.Model(first.input, [last.input, self.model.outputs[0]])
        generators = (getattr(layer, "seed_generator", None) for layer in self._rear.layers)
        self._drawing = [generator for generator in generators if generator is not None]

    def prepare(self, learning_rate: float) -> None:
        """Start with a fresh optimiser."""
        self._rear.compile(
            optimizer=keras.optimizers.AdamW(learning_rate, weight_decay=_DECAY),
            loss=keras.losses.CategoricalCrossentropy(label_smoothing=self._smoothing),
            metrics=[keras.metrics.CategoricalAccuracy()],
        )
        self._rear.optimizer.build(self._rear.trainable_variables)

    def reseed(self, seed: tuple[int, ...]) -> None:
        """Let what is drawn at random from now on, which values are dropped, depend on `seed` alone."""
        drawn = np.random.default_rng(seed).integers(1 << 31, size=len(self._drawing))
        for generator, number in zip(self._drawing, drawn, strict=True):
            generator.state.assign(np.array([number, 0], np.uint32))

    def step(
        self, pixels: Pixels, labels: NDArray[np.int64], weights: Floats, learning_rate: float
    ) -> tuple[float, float]:
        """Learn from one batch; return its mean loss and the share answered correctly before.

        Raises:
            MemoryError: there is not enough memory for a batch of this size.
        """
        targets = np.eye(self._architecture.classes or 0, dtype=np.float32)[labels]
        self._rear.optimizer.learning_rate = learning_rate
        with _memory():
            self._rear.reset_metrics()  # Keras would go on averaging over all batches
            loss, accuracy = self._rear.train_on_batch(self._before(pixels), targets, sample_weight=weights)
            return float(loss), float(accuracy)

    def answers(self, pixels: Pixels) -> tuple[Floats, Floats]:
        """Return the inputs of the last layer, shape (photos, channels), and the probabilities.

        Raises:
            MemoryError: there is not enough memory for so many photos.
        """
        with _memory():
            features, probabilities = self._both.predict_on_batch(self._before(pixels))
        rows = len(pixels)
        return np.asarray(features, np.float32).reshape(rows, -1), np.asarray(probabilities, np.float32)

    def _before(self, pixels: Pixels) -> Floats:
        """Return what comes out of the blocks that do not learn.

        A few photos at a time: the first layers need most of the memory, 20 MB a photo, and nothing of it is needed to
        learn. Called eagerly, a model would even keep every layer's output to the end.
        """
        parts = [pixels[start : start + _AT_ONCE] for start in range(0, len(pixels), _AT_ONCE)]
        return np.concatenate([np.asarray(self._front.predict_on_batch(self._table[part])) for part in parts])

    @property
    def weights(self) -> list[NDArray[Any]]:
        """A copy of what learns."""
        return [np.array(keras.ops.convert_to_numpy(variable)) for variable in self._rear.trainable_variables]

    @weights.setter
    def weights(self, values: list[NDArray[Any]]) -> None:
        for variable, value in zip(self._rear.trainable_variables, values, strict=True):
            variable.assign(value)

    @property
    def optimizer_state(self) -> list[NDArray[Any]]:
        """A copy of the optimiser's variables."""
        return [np.array(keras.ops.convert_to_numpy(variable)) for variable in self._rear.optimizer.variables]

    @optimizer_state.setter
    def optimizer_state(self, values: list[NDArray[Any]]) -> None:
        for variable, value in zip(self._rear.optimizer.variables, values, strict=True):
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


@contextmanager
def _memory() -> Iterator[None]:
    """Turn what TensorFlow says of memory that ran out into Python's own words."""
    try:
        yield
    except Exception as error:
        if type(error).__name__ in _MEMORY_ERRORS:
            raise MemoryError(str(error)[:200]) from error
        raise
