"""Owns a quick look into a model file before it is imported: what it is, and what is missing. Runs no code of it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, get_args

from mobilenet_gui.core import catalog, install, install_folder, install_import, model_zip
from mobilenet_gui.core.errors import ModelError, StorageError
from mobilenet_gui.core.labels import LabelsBeside, fitted, no_names
from mobilenet_gui.core.store_files import id_from_name
from mobilenet_gui.core.types import Label, Normalization
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
        normalization: the value range in which its pixels go in, unless the person says otherwise; None where there
            is nothing to choose.
        told: the file tells that range; otherwise it is assumed.
        binary: its two classes come of a single output; a labels file may name the second alone.
        unnamed: why the classes have no names, where a labels file is needed.
    """

    path: Path
    summary: str
    name: str
    model_id: str
    outputs: int
    labels: str = ""
    settled: bool = False
    normalization: Normalization | None = None
    told: bool = True
    binary: bool = False
    unnamed: str = ""

    @property
    def needs_labels(self) -> bool:
        """It cannot be imported without a labels file."""
        return self.outputs > 0 and not self.labels

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data for JSON, less the path."""
        return {key: value for key, value in asdict(self).items() if key != "path"}

    @classmethod
    def from_data(cls, path: Path, data: dict[str, Any]) -> Understood:
        """Read it back."""
        normalization = data.get("normalization")
        return cls(
            path,
            str(data["summary"]),
            str(data["name"]),
            str(data["model_id"]),
            int(data["outputs"]),
            str(data.get("labels", "")),
            settled=data.get("settled") is True,
            normalization=normalization if normalization in get_args(Normalization) else None,
            told=data.get("told") is not False,
            binary=data.get("binary") is True,
            unnamed=str(data.get("unnamed", "")),
        )


def understand(path: Path) -> Understood:
    """Look into a model's file, a zip or a folder of one, in this process; it parses what anybody may have made.

    Raises:
        ModelError: it cannot be imported; the reason says why.
    """
    if path.is_dir():
        return folder_of_model(path) or _in_folder(path)
    suffix = path.suffix.lower()
    if suffix == install_import.TFLITE_SUFFIX:
        return _tflite(path)
    if suffix in install_import.KERAS_SUFFIXES:
        return _keras(path)
    if suffix == model_zip.ZIP_SUFFIX:
        return _zipped(path)
    text = tr("Only .h5, .keras, .pth, .safetensors and .tflite files, and zips with one, can be imported.")
    raise ModelError(str(path), text)


def folder_of_model(path: Path) -> Understood | None:
    """Return what the folder of a model or a training holds; None where it is no such folder.

    Raises:
        ModelError: the model is damaged.
    """
    if install_folder.model_folder(path) is None:
        return None
    bundle = install_folder.open_folder(path)
    if bundle.is_backbone:
        summary = tr("The folder of a model without classifier: good for fine-tuning only.")
    else:
        summary = tr("The folder of a model for photos of {size} × {size}, {classes}.").format(
            size=bundle.preprocessing.size, classes=_classes(len(bundle.labels))
        )
    known = "" if bundle.is_backbone else tr("The labels in the folder")
    return Understood(path, summary, bundle.name, bundle.id, bundle.manifest.classes, known, settled=True)


def _in_folder(path: Path) -> Understood:
    inside = install_import.file_in_folder(path)
    if inside is None:
        install_folder.open_folder(path)  # says what is missing
        raise ModelError(str(path), tr("There is no model in this folder."))
    return _named_after(path, understand(inside))


def _zipped(path: Path) -> Understood:
    try:
        with tempfile.TemporaryDirectory(prefix="mobilenet-gui-") as folder:
            found = understand(model_zip.unpack(path, Path(folder)).model)
    except OSError as error:
        raise StorageError(tempfile.gettempdir(), error.strerror or str(error)) from error
    return _named_after(path, found)


def _named_after(path: Path, found: Understood) -> Understood:
    return replace(found, path=path, name=_plain_name(path), model_id=id_from_name(_stem(path)))


def _tflite(path: Path) -> Understood:
    from mobilenet_gui.core.tflite_binary import read_classifier
    from mobilenet_gui.core.tflite_import import is_imagenet, labels_for, read_limited, told_range

    graph, binary = read_classifier(read_limited(path, install_import.MAX_IMPORT_BYTES), str(path))
    classes = graph.outputs
    summary = tr("A TensorFlow Lite classifier for photos of {size} × {size}, {classes}.").format(
        size=graph.input_size, classes=_classes(1000 if classes == 1001 else classes)
    )
    beside = install_import.labels_beside(path)
    unnamed = ""
    try:
        labels: Sequence[Label] = labels_for(graph, path, None, binary=binary)
        known = tr("ImageNet’s 1000 labels") if is_imagenet(labels) else tr("The labels inside the file")
    except ModelError:
        known, unnamed = "", no_names(classes, beside)
    fits = beside is not None and fitted(beside.labels, classes, binary=binary) is not None
    if beside is not None and fits and known != tr("The labels inside the file"):
        known, unnamed = _labels_of(beside, known), ""
    told = told_range(graph, path)
    floats = graph.input.dtype.kind == "f"
    return Understood(
        path,
        summary,
        _plain_name(path),
        id_from_name(_stem(path)),
        classes,
        known,
        normalization=(told or "minus1_1") if floats else None,
        told=told is not None,
        binary=binary,
        unnamed=unnamed,
    )


def _labels_of(beside: LabelsBeside, known: str) -> str:
    from mobilenet_gui.core.tflite_import import is_imagenet

    return known if known and is_imagenet(beside.labels) else tr("The labels in {file}").format(file=beside.file)


def _keras(path: Path) -> Understood:
    from mobilenet_gui.training.keras_look import recognise

    official = catalog.find_by_file_name(path.name)
    found = recognise(path, None if official is None else official[0])
    architecture, size = found.architecture, found.size
    classes = found.classes or 0
    known = ""
    if found.classes is None:
        summary = tr("Keras weights of {name} without classifier: good for fine-tuning only.")
    elif found.own_model:
        summary = tr("A Keras model on {name} for photos of {size} × {size}, {classes}.")
    else:
        summary = tr("Keras weights of {name} for photos of {size} × {size}, {classes}.")
    if classes == IMAGENET_OUTPUTS[0]:
        known = tr("ImageNet’s 1000 labels")
    beside = install_import.labels_beside(path) if official is None and classes else None
    if beside is not None and len(fitted(beside.labels, classes, binary=found.binary) or ()) == classes:
        known = _labels_of(beside, known)
    name, model_id = architecture.name.removesuffix(" 1.0"), id_from_name(_stem(path))
    if official is not None:
        entry, weights = official
        model_id = install.backbone_id(entry) if weights.backbone else entry.id
        name = tr("{name} backbone").format(name=entry.name) if weights.backbone else entry.name
    elif found.own_model:
        name = _plain_name(path)
    text = summary.format(name=architecture.name, size=size, classes=_classes(classes))
    choice = found.normalization if classes and found.own_model else None
    return Understood(
        path,
        text,
        name,
        model_id,
        classes,
        known,
        normalization=choice,
        told=not found.assumed_range,
        binary=found.binary,
        unnamed="" if known or not classes else no_names(classes, beside),
    )


def _classes(count: int) -> str:
    return tr("1 class") if count == 1 else tr("{n} classes").format(n=count)


def _stem(path: Path) -> str:
    return path.name.removesuffix(path.suffix).removesuffix(".weights")


def _plain_name(path: Path) -> str:
    return _stem(path).replace("_", " ").strip() or path.name
