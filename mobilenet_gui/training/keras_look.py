"""Owns telling what a Keras file holds: an official network's weights, a backbone, or a whole model on one of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.catalog import CatalogEntry
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.types import Normalization
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.composed import Composed, understand
from mobilenet_gui.training.detect import Declared, Detected, detect, input_size
from mobilenet_gui.training.keras_before import Layer
from mobilenet_gui.training.keras_config import NotUnderstoodError, Step, steps_of
from mobilenet_gui.training.weights import RefusedError, WeightsFile, open_weights

Arrays = dict[str, list[NDArray[np.float32]]]

_ORDER = ("kernel", "depthwise_kernel", "gamma", "beta", "moving_mean", "moving_variance", "bias", "mean", "variance")
"""How a layer's arrays follow each other in Keras, by their names."""
_READ = frozenset({"Conv2D", "DepthwiseConv2D", "BatchNormalization", "Dense", "Normalization"})


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """What a Keras file holds.

    Attributes:
        architecture: the network; of a whole model, its backbone.
        size: the side of the input.
        classes: how many classes it tells apart; None for a backbone without classifier.
        normalization: the value range in which its pixels go in.
        assumed_range: nothing told that range.
        composed: the whole model, where it has another form than the official networks.
        as_official: the model is an official network in all but its file, and these are its weights.
        binary: its two classes come of a single output, which says how much a photo is of the second.
    """

    architecture: Architecture
    size: int
    classes: int | None
    normalization: Normalization
    assumed_range: bool = False
    composed: Composed | None = None
    as_official: Arrays | None = None
    binary: bool = False
    _detected: Detected | None = None

    @property
    def own_model(self) -> bool:
        """It is a whole model of somebody's, not an official network's weights."""
        return self.composed is not None or self.as_official is not None

    def read(self, subject: str) -> Arrays:
        """Return an official network's arrays while the file is open; raises `ModelError` where they are damaged."""
        if self._detected is not None:
            return self._detected.read(subject)
        return self.as_official or {}


def recognise(path: Path, entry: CatalogEntry | None) -> Recognised:
    """Look into a Keras file.

    Raises:
        ModelError: it is damaged, or cannot be imported; the reason says why.
    """
    declared = Declared() if entry is None else Declared(entry.family, entry.alpha)
    with open_weights(path) as file:
        return recognise_in(file, declared, path)


def recognise_in(file: WeightsFile, declared: Declared, path: Path) -> Recognised:
    """Tell what an open file holds; see `recognise`."""
    subject = str(path)
    composed, why = _composed(file) if declared.family is None else (None, None)
    detected: Detected | None = None
    try:
        detected = detect(file, declared, subject)
    except (ModelError, RefusedError) as error:
        if composed is None and why is not None:
            raise ModelError(subject, str(why)) from error
        if composed is None:
            raise
    # The arrays may be those of an official network while the model says that it does something else with them. V3's
    # activations were written in several ways over the years, of which not all are understood.
    official = None if detected is None else detected.architecture
    if why is not None and why.on_mobilenet and official is not None and official.classes is not None:
        _refuse_unless_v3(official, why, subject)
    if detected is not None and (composed is None or _says_the_same(composed, detected)):
        family = detected.architecture.family
        size = input_size(file, declared, path, family)
        classes = detected.architecture.classes
        return Recognised(detected.architecture, size, classes, usual_range(family), _detected=detected)
    if composed is None:
        raise AssertionError("neither was found")
    size = input_size(file, declared, path, composed.backbone.family)
    architecture, arrays = composed.as_official() or (composed.backbone, None)
    return Recognised(
        architecture,
        size,
        composed.classes,
        composed.normalization,
        not composed.told,
        composed=composed if arrays is None else None,
        as_official=arrays,
        binary=composed.binary,
    )


def _refuse_unless_v3(architecture: Architecture, why: NotUnderstoodError, subject: str) -> None:
    if not architecture.family.startswith("v3"):
        raise ModelError(subject, str(why))


def usual_range(family: str) -> Normalization:
    """Return the value range of the published networks; all but V1 and V2 rescale inside."""
    return "minus1_1" if family in ("v1", "v2") else "zero_255"


def _says_the_same(composed: Composed, detected: Detected) -> bool:
    """Say whether a whole model is a V3 as Keras makes it, with its two layers on top and its rescaling inside."""
    v3 = detected.architecture.family.startswith("v3") and detected.architecture.classes == composed.classes
    top = [layer.activation for layer in composed.dense] in (["hard_silu", "softmax"], ["relu", "softmax"])
    before = composed.before
    return v3 and top and before.side is None and composed.normalization == "zero_255" and before.is_usual


def _composed(file: WeightsFile) -> tuple[Composed | None, NotUnderstoodError | None]:
    if file.config is None:
        return None, None
    try:
        return understand(tuple(layers_of(file, steps_of(file.config)))), None
    except NotUnderstoodError as error:
        return None, error


def layers_of(file: WeightsFile, steps: Sequence[Step]) -> Iterator[Layer]:
    """Yield the layers of a configuration with their arrays, which the two layouts keep in different places."""
    find = _Modern(file) if file.is_modern else _Legacy(file)
    for step in steps:
        data = find(step) if step.kind in _READ else ()
        yield Layer(step, tuple(tuple(item.shape) for item in data), data)


class _Modern:
    """Keras 3: one group a layer, named after its class and its number within its container."""

    def __init__(self, file: WeightsFile) -> None:
        self._file = file

    def __call__(self, step: Step) -> tuple[Any, ...]:
        values = self._file.group(f"{step.key}/vars")
        if values is None:
            return ()
        count = min(len(values), 2) if step.kind == "Normalization" else len(values)  # its third is a counter
        return tuple(self._file.dataset(values, str(number)) for number in range(count))


class _Legacy:
    """Keras 2: one group an outermost layer, with the names of all arrays below it.

    A model inside the model lists what is trained before what is not, so a layer's arrays are found by their names.
    """

    def __init__(self, file: WeightsFile) -> None:
        self._file = file
        self._places: dict[str, dict[str, dict[str, Any]]] = {}

    def __call__(self, step: Step) -> tuple[Any, ...]:
        top = step.place[0]
        if top not in self._places:
            self._places[top] = self._read(top)
        places = self._places[top]
        key = next((name for name in places if name.rsplit("/", 1)[-1] == step.name), None)
        if key is None:
            return ()
        arrays = places.pop(key)
        return tuple(arrays[name] for name in _ORDER if name in arrays)

    def _read(self, top: str) -> dict[str, dict[str, Any]]:
        group = self._file.group(top)
        found: dict[str, dict[str, Any]] = {}
        for weight in [] if group is None else self._file.names(group, "weight_names"):
            place, _, name = weight.removesuffix(":0").rpartition("/")
            if name in _ORDER:
                found.setdefault(place, {})[name] = self._file.dataset(group, weight)
        return found
