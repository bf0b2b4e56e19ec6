"""Owns imports of files and folders on this machine: what was given, what lies beside it, what it is to be called."""

from __future__ import annotations

import threading
from dataclasses import replace as with_changes
from pathlib import Path
from typing import Final

from mobilenet_gui.core import catalog, download, model_zip
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.catalog import CatalogEntry, WeightsFile
from mobilenet_gui.core.chosen_files import size_of_chosen
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.install import Builder, BuildRequest, Flow, IdTakenError, Report, official_naming
from mobilenet_gui.core.install_folder import copy_model, model_folder, naming_in, open_folder
from mobilenet_gui.core.labels import LabelsBeside, parse_labels_file
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.store_files import id_from_name, is_valid_id
from mobilenet_gui.core.types import Normalization
from mobilenet_gui.i18n import tr

KERAS_SUFFIXES: Final = (".h5", ".hdf5", ".keras", ".pth", ".safetensors")
TFLITE_SUFFIX: Final = ".tflite"
MAX_IMPORT_BYTES: Final = download.MAX_BYTES


def import_file(
    path: Path,
    store: ModelStore,
    *,
    build: Builder,
    labels: Path | None = None,
    normalization: Normalization | None = None,
    model_id: str | None = None,
    name: str | None = None,
    replace: bool = False,
    report: Report | None = None,
    cancel: threading.Event | None = None,
) -> Bundle:
    """Make an installed model from a Keras file, a `.tflite` classifier, a zip of one, or a model's folder.

    Args:
        path: the file, or the folder of a model, of a training, or with one model file in it; it is only read.
        store: where to.
        build: makes the bundle.
        labels: a labels file; needed where the classes are not ImageNet's and neither the file nor one beside it names
            them.
        normalization: the value range in which a float network wants its pixels; None to find it out.
        model_id: the id to use; by default the official one, else made from the file's name.
        name: the name shown; by default likewise.
        replace: whether a model of this id may be replaced.
        report: told how far it is.
        cancel: set it to stop.

    Raises:
        IdTakenError: the id is taken and `replace` is not set.
        ModelError, StorageError: which step failed and why.
        Cancelled: `cancel` was set.
    """
    inside = file_in_folder(path) if path.is_dir() and model_folder(path) is None else None
    if inside is not None:
        own = _import_naming(path, None, model_id, name)
        return import_file(inside, store, build=build, labels=labels, normalization=normalization, model_id=own.id,
                           name=own.name, replace=replace, report=report, cancel=cancel)  # fmt: skip
    if path.is_dir():
        return _import_folder(path, Flow(store, copy_model, report, cancel, begins="preparing"), labels=labels,
                              model_id=model_id, name=name, replace=replace)  # fmt: skip
    _check_file(path)
    known = catalog.find_by_file_name(path.name)
    naming = _import_naming(path, known, model_id, name)
    if store.has(naming.id) and not replace:
        raise IdTakenError(naming.id)
    flow = Flow(store, build, report, cancel, begins="preparing")
    if path.suffix.lower() == model_zip.ZIP_SUFFIX:
        with store.staging_folder() as staging:
            unpacked = model_zip.unpack(path, staging)
            request = _request(unpacked.model, naming, labels, normalization, None)
            return flow.make(request, replace=replace, subject=str(path))
    request = _request(path, naming, labels, normalization, known)
    return flow.make(request, replace=replace, subject=str(path))


def _request(
    path: Path,
    naming: Naming,
    labels: Path | None,
    normalization: Normalization | None,
    known: tuple[CatalogEntry, WeightsFile] | None,
) -> BuildRequest:
    beside = labels_beside(path) if labels is None and known is None else None
    entry = None if known is None else known[0]
    return BuildRequest(
        source=path,
        output=Path(),
        naming=naming,
        labels=None if labels is None else parse_labels_file(labels),
        beside=beside,
        normalization=normalization,
        family=None if entry is None else entry.family,
        alpha=None if entry is None else entry.alpha,
        input_size=None if entry is None else entry.input_size,
        backbone=None if known is None else known[1].backbone,
    )


def labels_beside(path: Path) -> LabelsBeside | None:
    """Return the labels file that lies beside a model's file; None without one."""
    for name in model_zip.label_names(path.name):
        place = path.with_name(name)
        if place.is_file():
            try:
                return LabelsBeside(name, parse_labels_file(place))
            except ModelError as error:  # whatever it is, it was not chosen by anybody
                return LabelsBeside(name, reason=error.reason)
    return None


def labels_used(path: Path, bundle: Bundle) -> str | None:
    """Return the name of the file beside `path`, or in that zip or folder, from which a model has its labels.

    None where they are from elsewhere: from inside the model's file, ImageNet's, or a folder's that is a model's own.
    """
    if path.suffix.lower() == model_zip.ZIP_SUFFIX and path.is_file():
        return model_zip.labels_in(path) if bundle.manifest.label_set == "custom" else None
    if path.is_dir():
        inside = file_in_folder(path) if model_folder(path) is None else None
        return None if inside is None else labels_used(inside, bundle)
    beside = labels_beside(path)
    names = [] if beside is None else [label.name for label in beside.labels][-len(bundle.labels) :]
    if beside is None or not names or [label.name for label in bundle.labels][-len(names) :] != names:
        return None
    return beside.file


def file_in_folder(folder: Path) -> Path | None:
    """Return the one model file in a folder that is no model's own, such as an unpacked zip; None without.

    Raises:
        ModelError: there are several.
    """
    try:
        names = sorted(p for p in folder.iterdir() if p.suffix.lower() in (*KERAS_SUFFIXES, TFLITE_SUFFIX))
    except OSError:
        return None
    found = [place for place in names if place.is_file() and not place.name.startswith(".")]
    if len(found) > 1:
        names_text = ", ".join(place.name for place in found[:4])
        reason = tr("This folder holds several models: {names}. Choose one of the files.").format(names=names_text)
        raise ModelError(str(folder), reason)
    return found[0] if found else None


def _import_folder(
    path: Path, flow: Flow, *, labels: Path | None, model_id: str | None, name: str | None, replace: bool
) -> Bundle:
    """Copy a model's folder into the store; see `import_file`."""
    found = open_folder(path)
    if labels is not None:
        raise ModelError(str(path), tr("This model brings its own labels; a labels file cannot be given with it."))
    naming = naming_in(found, _valid(model_id), name)
    if flow.store.has(naming.id) and not replace:
        raise IdTakenError(naming.id)
    return flow.make(BuildRequest(found.folder, Path(), naming), replace=replace, subject=str(path))


def _import_naming(
    path: Path, known: tuple[CatalogEntry, WeightsFile] | None, model_id: str | None, name: str | None
) -> Naming:
    model_id = _valid(model_id)
    if known is not None:
        entry, file = known
        naming = official_naming(entry, "", backbone=file.backbone)
        own_id, own_name = naming.id, naming.name
    else:
        stem = path.name
        for suffix in (path.suffix, ".weights"):
            stem = stem.removesuffix(suffix)
        own_id, own_name = id_from_name(stem), stem.replace("_", " ").strip() or path.name
        naming = Naming(id=own_id, name=own_name)
    return with_changes(naming, id=model_id or own_id, name=name or own_name)


def _valid(model_id: str | None) -> str | None:
    if model_id is not None and not is_valid_id(model_id):
        raise ModelError(
            model_id, tr("An id is made of small letters, digits, dots and hyphens, at most {n}.").format(n=80)
        )
    return model_id


def _check_file(path: Path) -> None:
    """See that an import can begin at all, so that nothing heavy starts for a file that is not there.

    Raises:
        ModelError: it cannot.
    """
    size = size_of_chosen(path)
    if path.suffix.lower() not in (*KERAS_SUFFIXES, TFLITE_SUFFIX, model_zip.ZIP_SUFFIX):
        text = tr("Only .h5, .keras, .pth, .safetensors and .tflite files, and zips with one, can be imported.")
        raise ModelError(str(path), text)
    if size == 0:
        raise ModelError(str(path), tr("The file is empty."))
    if size > MAX_IMPORT_BYTES:
        raise ModelError(str(path), tr("The file is far too large to be a MobileNet."))
