"""The phase in which blocks are adapted with all that it needs, and a stand-in for Keras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.training import protocol
from mobilenet_gui.training.adapting import Setting, adapt
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.base import Base
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.head_training import HeadTraining
from mobilenet_gui.training.journal import Journal
from mobilenet_gui.training.material import gather
from mobilenet_gui.training.model_making import Trained
from mobilenet_gui.training.presets import Recipe
from mobilenet_gui.training.run_folder import RunState
from mobilenet_gui.training.training_settings import TrainingSettings
from tests.bundles import make_bundle
from tests.training.painted import make_run, paint_folder, random_arrays

if TYPE_CHECKING:
    from mobilenet_gui.training.adapt_network import AdaptNetwork  # it loads TensorFlow

RECIPE = Recipe(32, 6, 0.5, "cosine", 3, "light", 0.0, 0, 8, True, 1)
ARCHITECTURE = Architecture("v1", 0.25, None)


class StandIn:
    """Means of a photo's colours, scaled by what it learns, below a head: good enough to see what is made of it."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.weights: list[NDArray[Any]] = [np.zeros((3, 3), np.float32)]
        self.optimizer_state: list[NDArray[Any]] = [np.zeros(1)]
        self.steps: list[int] = []
        self.trouble: Callable[[StandIn, int], float | None] = lambda _net, _photos: None

    def prepare(self, learning_rate: float) -> None:
        self.optimizer_state = [np.zeros(1)]

    def reseed(self, seed: tuple[int, ...]) -> None:
        """Draw nothing."""

    def _features(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        means = pixels.reshape(len(pixels), -1, 3).mean(axis=1) / 255
        return cast("NDArray[np.float32]", means.astype(np.float32))

    def step(
        self, pixels: NDArray[np.uint8], labels: NDArray[np.int64], weights: NDArray[np.float32], rate: float
    ) -> tuple[float, float]:
        self.steps.append(len(pixels))
        loss = self.trouble(self, len(pixels))
        _, probabilities = self.answers(pixels)
        error = probabilities - np.eye(3, dtype=np.float32)[labels]
        self.weights = [self.weights[0] - rate * self._features(pixels).T @ error / len(pixels)]
        self.optimizer_state = [self.optimizer_state[0] + 1]
        found = -float(np.log(probabilities[np.arange(len(labels)), labels] + 1e-9).mean())
        return (found if loss is None else loss), float((probabilities.argmax(axis=1) == labels).mean())

    def answers(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        features = self._features(pixels)
        powers = np.exp(features @ self.weights[0])
        return features, (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)

    def arrays(self) -> dict[str, list[NDArray[np.float32]]]:
        head = [self.weights[0].reshape(1, 1, 3, 3).astype(np.float32), np.zeros(3, np.float32)]
        return random_arrays(ARCHITECTURE) | {"conv_preds": head}

    def to_tflite(self, _arrays: object) -> bytes:
        return b"adapted"


class Bench:
    """All that the phase needs, but Keras."""

    def __init__(self, folder: Path, recipe: Recipe = RECIPE) -> None:
        self.photos = paint_folder(folder / "photos")
        bundle = make_bundle(folder / "base", backbone=True)
        self.run_folder = make_run(folder / "run", self.photos, bundle.folder, TrainingSettings())
        self.base = Base(bundle, ARCHITECTURE, random_arrays(ARCHITECTURE))
        self.events: list[protocol.Event] = []
        self.control = Control(self.events.append)
        self.recipe = recipe
        self.network = StandIn()
        self.otherwise = Trained(ARCHITECTURE, {}, b"untouched", 32, 1.0, 0.5)

    def setting(self, state: RunState | None = None, *, resumed: bool = False) -> Setting:
        material = gather(self.run_folder.spec())
        journal = Journal(self.run_folder, self.control, state or RunState(status="running"), resumed=resumed)
        values = np.random.default_rng(0).normal(0, 1, (len(material.items), 256)).astype(np.float32)
        head = HeadTraining(values, material, self.recipe, journal, self.control).learn(quiet=True)
        cache = self.run_folder.path.parent / "features"
        return Setting(self.base, self.recipe, material, head, self.run_folder, cache, journal, self.control)

    def adapt(self, setting: Setting | None = None) -> Trained:
        make = cast("Callable[..., AdaptNetwork]", lambda *a, **k: self.network)
        return adapt(setting or self.setting(), self.otherwise, make)

    def epochs(self) -> list[protocol.Epoch]:
        return [event for event in self.events if isinstance(event, protocol.Epoch) and event.phase == "adapt"]

    def notes(self) -> list[str]:
        return [event.kind for event in self.events if isinstance(event, protocol.Note)]
