"""Owns the model that a training starts from: its weights as arrays, and a network that gives its features.

A base is any bundle with Keras weights: an official model, a backbone without classifier, or a model of the user's
own. Where the wanted input size is the bundle's own, its .tflite serves as it is; for another size, for backbones and
for quantised networks, one is made with Keras once and kept in the cache.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.atomic import staged_folder
from mobilenet_gui.core.bundle import Bundle, ClassifierHead
from mobilenet_gui.core.catalog import Family
from mobilenet_gui.core.errors import ModelError, StorageError
from mobilenet_gui.core.manifest import Provenance
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.phases import Phase
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.core.tflite_edit import only_first_output
from mobilenet_gui.core.types import Label, Preprocessing
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.architectures import Architecture, Layer
from mobilenet_gui.training.detect import Declared, detect
from mobilenet_gui.training.own_weights import with_kernels
from mobilenet_gui.training.replace_head import can_replace
from mobilenet_gui.training.weights import open_weights

Floats = NDArray[np.float32]
Arrays = dict[str, list[Floats]]
Report = Callable[[str, float | None], None]

_LAST_LAYER: Final = {"v1": "conv_preds", "v2": "predictions"}
_STAND_IN_CLASSES: Final = 2
_HIDDEN_SEED: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A model to start from.

    Attributes:
        bundle: where it lies.
        architecture: what it is; `classes` is None for a backbone.
        arrays: its weights by layer.
    """

    bundle: Bundle
    architecture: Architecture
    arrays: Arrays

    @property
    def key(self) -> str:
        """What its features depend on: the weights, whatever the bundle is called."""
        return self.bundle.manifest.files["weights"].sha256[:24]

    @property
    def input_size(self) -> int:
        """The side of the input it was made for."""
        return self.bundle.preprocessing.size

    @property
    def last_layer(self) -> str:
        """The name of the layer whose outputs are the logits."""
        plan = self.architecture.plan
        return _LAST_LAYER.get(self.architecture.family, "logits") if plan is None else plan.classifier

    def preprocessing(self, size: int) -> Preprocessing:
        """Return how a photo becomes the input of a given size."""
        return replace(self.bundle.preprocessing, size=size)

    def with_head(self, kernel: Floats, bias: Floats, arrays: Arrays | None = None) -> tuple[Architecture, Arrays]:
        """Return the network with another last layer.

        Args:
            kernel: shape (features, classes).
            bias: shape (classes,).
            arrays: weights of the other layers; the base's own by default.
        """
        architecture = replace(self.architecture, classes=len(bias))
        complete = dict(arrays or self.arrays)
        shape = next(layer.shapes[0] for layer in architecture.layers if layer.name == self.last_layer)
        complete[self.last_layer] = [np.ascontiguousarray(kernel, np.float32).reshape(shape), bias.astype(np.float32)]
        for layer in architecture.layers:
            if layer.name not in complete:  # a backbone of V3 or V4 lacks the layer before the last
                complete[layer.name] = _random_layer(layer)
        return architecture, complete


def open_base(folder: Path) -> Base:
    """Open a bundle as a base.

    Raises:
        ModelError: there is none, it is damaged, or it has no weights to go on from.
    """
    bundle = Bundle.open(folder)
    if bundle.weights_path is None:
        raise ModelError(
            bundle.name, tr("This model has no weights to learn from. Choose one of the official models to start from.")
        )
    return Base(bundle, *read_weights(bundle, bundle.weights_path))


def read_weights(bundle: Bundle, path: Path) -> tuple[Architecture, Arrays]:
    """Return what a bundle's network is and all its weights; `path` is the bundle's weights file.

    That of the built-in model keeps the batch norms alone: the other 17 MB stand in the network beside it.

    Raises:
        ModelError: the file is damaged, or holds no MobileNet.
    """
    with open_weights(path) as file:
        whole = Architecture(
            cast("Family", bundle.manifest.family), bundle.manifest.alpha or 1.0, bundle.manifest.classes
        )
        norms = [layer for layer in whole.layers if layer.kind == "norm"] if whole.plan is not None else []
        if not norms or [layer.shapes for layer in norms] != [layer.shapes for layer in file.layers]:
            found = detect(file, Declared(input_size=bundle.preprocessing.size), bundle.name)
            return found.architecture, found.read(bundle.name)
        kept: Arrays = {layer.name: held.read() for layer, held in zip(norms, file.layers, strict=True)}
    try:
        return whole, with_kernels(whole, kept, only_first_output(bundle.tflite_bytes(), bundle.name))
    except ValueError as error:
        raise ModelError(bundle.name, tr("The file is damaged. Download it again.")) from error


def feature_bundle(base: Base, size: int, cache_dir: Path, report: Report, spare: Path | None = None) -> Bundle:
    """Return a bundle whose second output is the base's last feature map for inputs of `size`.

    Args:
        base: the model.
        size: the side of the input.
        cache_dir: where one that has to be made is kept.
        report: told the steps where it has to be made; may raise to stop.
        spare: where it is kept if the cache cannot be written to or is full.

    Raises:
        ModelError: it cannot be made.
        StorageError: the disk refused, in both places.
    """
    if size == base.input_size and base.bundle.explainable and can_replace(base.bundle.tflite_bytes()):
        return base.bundle
    places = [folder / f"{base.key}-{size}" for folder in (cache_dir / "networks", spare) if folder is not None]
    for place in places:
        with contextlib.suppress(ModelError):
            kept = Bundle.open(place)
            kept.verify()
            return kept
    return _make(base, size, places, report)


def hidden_layers(bundle: Bundle) -> ClassifierHead | None:
    """Return what stands between the pooled feature map and the last layer; None where nothing does."""
    head = bundle.head()
    return ClassifierHead(head.layers[:-1]) if head is not None and len(head.layers) > 1 else None


def _make(base: Base, size: int, places: Sequence[Path], report: Report) -> Bundle:
    from mobilenet_gui.core.tflite_graph import parse
    from mobilenet_gui.core.tflite_import import bundle_from_graph

    report(Phase.BUILD, None)
    from mobilenet_gui.training import keras_models

    channels = _features(base.architecture)
    # Any but zeros, which the converter would fold away together with the layer.
    kernel = np.random.default_rng(_HIDDEN_SEED).normal(0, 0.01, (channels, _STAND_IN_CLASSES)).astype(np.float32)
    architecture, arrays = base.with_head(kernel, np.zeros(_STAND_IN_CLASSES, np.float32))
    model = keras_models.build(architecture, size, arrays)
    report(Phase.CONVERT, None)
    graph = parse(keras_models.to_tflite(model, size), base.bundle.name)
    naming = Naming("features", base.bundle.name, family=architecture.family, preprocessing=base.preprocessing(size))
    labels = [Label(n, "", str(n)) for n in range(_STAND_IN_CLASSES)]
    normalization = base.bundle.preprocessing.normalization

    def write(folder: Path) -> None:
        bundle_from_graph(graph, folder, naming, labels, normalization=normalization, provenance=Provenance())

    for place in places[:-1]:
        with contextlib.suppress(StorageError):
            return _placed(place, write)
    return _placed(places[-1], write)


def _placed(place: Path, write: Callable[[Path], None]) -> Bundle:
    """Write a bundle and put it in its place.

    Raises:
        StorageError: the disk refused.
    """
    try:
        with staged_folder(place.parent) as staging:
            write(staging)
            if place.exists():
                shutil.rmtree(place, ignore_errors=True)
            staging.rename(place)
    except OSError as error:
        if (made := _opened(place)) is not None:  # another training was quicker
            return made
        raise storage_error(place, error) from error
    return Bundle.open(place)


def _opened(place: Path) -> Bundle | None:
    try:
        return Bundle.open(place)
    except ModelError:
        return None


def _features(architecture: Architecture) -> int:
    last = replace(architecture, classes=_STAND_IN_CLASSES).layers[-1]
    return last.shapes[0][-2]


def _random_layer(layer: Layer) -> list[Floats]:
    """Return a layer that passes on what comes in, mixed at random but always in the same way (He et al. 2015)."""
    if layer.kind == "norm":
        return [np.full(shape, value, np.float32) for shape, value in zip(layer.shapes, (1, 0, 0, 1), strict=True)]
    random = np.random.default_rng(_HIDDEN_SEED)
    kernel, *biases = layer.shapes
    fan_in = int(np.prod(kernel[:-1]))
    values = random.normal(0, (2 / fan_in) ** 0.5, kernel).astype(np.float32)
    return [values, *(np.zeros(shape, np.float32) for shape in biases)]
