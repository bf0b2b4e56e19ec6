"""Owns a quick look into a model file before it is imported: what it is, and what is missing. Runs no code of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mobilenet_gui.core import catalog, install, install_folder
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.labels import fitted, parse_labels_file
from mobilenet_gui.core.store_files import id_from_name
from mobilenet_gui.i18n import tr

IMAGENET_OUTPUTS: Final = (1000, 1001)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a file turned out to be.

    Attributes:
        path: the file.
        summary: one line for the person.
        name: a name to offer.
        model_id: an id to offer.
        outputs: how many classes it tells apart, a background class included; 0 for a backbone.
        labels: which labels it will get, in words; empty where a labels file is needed.
        settled: its labels are its own, so that no labels file can be given.
    """

    path: Path
    summary: str
    name: str
    model_id: str
    outputs: int
    labels: str = ""
    settled: bool = False

    @property
    def needs_labels(self) -> bool:
        """It cannot be imported without a labels file."""
        return self.outputs > 0 and not self.labels


def understand(path: Path) -> Understood:
    """Look into a model file, or the folder of a model or a training, in this thread.

    Raises:
        ModelError: it cannot be imported; the reason says why.
    """
    if path.is_dir():
        return _folder(path)
    suffix = path.suffix.lower()
    if suffix == install.TFLITE_SUFFIX:
        return _tflite(path)
    if suffix in install.KERAS_SUFFIXES:
        return _keras(path)
    raise ModelError(str(path), tr("Only .h5, .weights.h5, .keras and .tflite files can be imported."))


def check_labels(path: Path, outputs: int) -> int:
    """Return how many labels a file names.

    Raises:
        ModelError: it cannot be read, or does not fit `outputs`.
    """
    found = parse_labels_file(path)
    fitting = fitted(found, outputs)
    if fitting is None:
        text = tr("The model has {outputs} classes but the labels file names {labels}.")
        raise ModelError(str(path), text.format(outputs=outputs, labels=len(found)))
    return len(fitting)


def _folder(path: Path) -> Understood:
    bundle = install_folder.open_folder(path)
    if bundle.is_backbone:
        summary = tr("The folder of a model without classifier: good for fine-tuning only.")
    else:
        summary = tr("The folder of a model for photos of {size} × {size}, {classes}.").format(
            size=bundle.preprocessing.size, classes=_classes(len(bundle.labels))
        )
    known = "" if bundle.is_backbone else tr("The labels in the folder")
    return Understood(path, summary, bundle.name, bundle.id, bundle.manifest.classes, known, settled=True)


def _tflite(path: Path) -> Understood:
    from mobilenet_gui.core.tflite_graph import parse
    from mobilenet_gui.core.tflite_import import is_imagenet, labels_for, read_limited

    graph = parse(read_limited(path, install.MAX_IMPORT_BYTES), str(path))
    classes = graph.outputs
    summary = tr("A TensorFlow Lite classifier for photos of {size} × {size}, {classes}.").format(
        size=graph.input_size, classes=_classes(1000 if classes == 1001 else classes)
    )
    try:
        labels = labels_for(graph, path, None)
        known = tr("ImageNet’s 1000 labels") if is_imagenet(labels) else tr("The labels inside the file")
    except ModelError:
        known = ""
    return Understood(path, summary, _plain_name(path), id_from_name(_stem(path)), classes, known)


def _keras(path: Path) -> Understood:
    from mobilenet_gui.training.detect import Declared, detect, input_size
    from mobilenet_gui.training.weights import open_weights

    official = catalog.find_by_file_name(path.name)
    with open_weights(path) as file:
        declared = Declared() if official is None else Declared(official[0].family, official[0].alpha)
        architecture = detect(file, declared, str(path)).architecture
        size = input_size(file, declared, path, architecture.family)
    if architecture.classes is None:
        summary = tr("Keras weights of {name} without classifier: good for fine-tuning only.")
        known = ""
    else:
        summary = tr("Keras weights of {name} for photos of {size} × {size}, {classes}.")
        known = tr("ImageNet’s 1000 labels") if architecture.classes == IMAGENET_OUTPUTS[0] else ""
    name, model_id = architecture.name.removesuffix(" 1.0"), id_from_name(_stem(path))
    if official is not None:
        entry, weights = official
        model_id = install.backbone_id(entry) if weights.backbone else entry.id
        name = tr("{name} backbone").format(name=entry.name) if weights.backbone else entry.name
    classes = architecture.classes or 0
    text = summary.format(name=architecture.name, size=size, classes=_classes(classes))
    return Understood(path, text, name, model_id, classes, known)


def _classes(count: int) -> str:
    return tr("1 class") if count == 1 else tr("{n} classes").format(n=count)


def _stem(path: Path) -> str:
    return path.name.removesuffix(path.suffix).removesuffix(".weights")


def _plain_name(path: Path) -> str:
    return _stem(path).replace("_", " ").strip() or path.name
