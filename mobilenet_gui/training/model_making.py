"""Owns making the bundle of a trained network: the .tflite, the weights to go on from, the figures in the manifest."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from mobilenet_gui.core import manifest as manifests
from mobilenet_gui.core.atomic import staged_folder, write_atomically
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.manifest import MANIFEST_NAME, Metrics, Provenance
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.store_files import id_from_name, storage_error
from mobilenet_gui.core.strangers import Shown
from mobilenet_gui.core.tflite_graph import parse
from mobilenet_gui.core.tflite_import import bundle_from_graph, try_once
from mobilenet_gui.core.types import Label
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.base import Arrays, Base
from mobilenet_gui.training.keras_file import pack_weights

_WEIGHTS_FILE = "weights.h5"


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What came out of a training.

    Attributes:
        architecture: the network, with the run's classes.
        arrays: its weights.
        network: the same as .tflite, with one output.
        size: the side of its input.
        temperature: the calibration.
        sure_from: the probability from which an answer counts as sure.
        shown: what tells strangers.
    """

    architecture: Architecture
    arrays: Arrays
    network: bytes
    size: int
    temperature: float
    sure_from: float
    shown: Shown | None = None


def make_model(
    folder: Path,
    name: str,
    base: Base,
    trained: Trained,
    *,
    classes: Sequence[str],
    photos: int,
    learnt: Iterable[bytes] = (),
) -> Bundle:
    """Write a bundle into `folder`, in place of one that is there, and try it once.

    Args:
        folder: where; its parent exists.
        name: the model's name.
        base: what it was made from.
        trained: what it is.
        classes: the names of its classes.
        photos: how many it has learnt from.
        learnt: the hashes of their files.

    Raises:
        StorageError: the disk refused; what was there stays.
        ModelError: the network does not work.
    """
    description = tr("Fine-tuned from {base} with {photos} of {classes}.").format(
        base=base.bundle.name,
        photos=trn("{n} photo", "{n} photos", photos).format(n=photos),
        classes=trn("{n} class", "{n} classes", len(classes)).format(n=len(classes)),
    )
    naming = Naming(
        id_from_name(name),
        name,
        family=trained.architecture.family,
        alpha=trained.architecture.alpha,
        licence=base.bundle.manifest.licence,
        description=description,
        parameters=trained.architecture.parameters,
        macs=base.bundle.manifest.macs if trained.size == base.input_size else None,
        preprocessing=base.preprocessing(trained.size),
    )
    provenance = Provenance(
        file_name=base.bundle.id,
        sha256=base.bundle.manifest.files["weights"].sha256,
        created=datetime.now(UTC).date().isoformat(),
        learnt=base.bundle.manifest.provenance.learnt,
    ).with_learnt(learnt)
    try:
        with staged_folder(folder.parent) as staging:
            weights = staging / _WEIGHTS_FILE
            weights.write_bytes(pack_weights(trained.architecture, trained.arrays))
            bundle = bundle_from_graph(
                parse(trained.network, name),
                staging / "bundle",
                naming,
                [Label(index, "", text) for index, text in enumerate(classes)],
                normalization=base.bundle.preprocessing.normalization,
                provenance=provenance,
                weights=weights,
                shown=trained.shown,
            )
            try_once(bundle, name)
            _amend(bundle.folder, temperature=trained.temperature, sure_from=trained.sure_from)
            _swap(bundle.folder, folder)
    except StorageError as error:  # it names the place where it was being made, which is gone by now
        raise StorageError(str(folder), error.reason) from error
    except OSError as error:
        raise storage_error(folder, error) from error
    return Bundle.open(folder)


def record_accuracy(folder: Path, accuracy: float, interval: tuple[float, float], photos: int) -> Bundle:
    """Write what the test found into a bundle's manifest, and return it opened anew.

    Raises:
        StorageError: the disk refused.
    """
    found = Metrics(accuracy=accuracy, accuracy_low=interval[0], accuracy_high=interval[1], test_photos=photos)
    try:
        _amend(folder, metrics=found)
    except OSError as error:
        raise storage_error(folder, error) from error
    return Bundle.open(folder)


def _amend(folder: Path, **changes: object) -> None:
    manifest = Bundle.open(folder).manifest
    text = manifests.to_json(replace(manifest, **changes))  # type: ignore[arg-type]
    write_atomically(folder / MANIFEST_NAME, text.encode())


def _swap(source: Path, target: Path) -> None:
    """Put a folder in the place of another, which is only removed once the new one stands."""
    old = target.with_name(target.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    source.rename(target)
    shutil.rmtree(old, ignore_errors=True)
