"""Owns turning Keras weights into a bundle: read as arrays, checked, built, converted, compared, written.

Everything that can be found wrong with a file is found before TensorFlow is imported, which takes ten seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core import labels as label_lists
from mobilenet_gui.core.bundle import Bundle, write_bundle
from mobilenet_gui.core.confidence import softmax
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.explain import logits
from mobilenet_gui.core.litert import load_interpreter
from mobilenet_gui.core.manifest import Manifest, Provenance
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.phases import Phase
from mobilenet_gui.core.tensors import normalized_range
from mobilenet_gui.core.tflite_graph import add_output, parse
from mobilenet_gui.core.tflite_head import Explainable, find_head
from mobilenet_gui.core.tflite_import import IMAGENET_CLASSES, bundle_from_graph, try_once
from mobilenet_gui.core.types import Label, Normalization, Preprocessing
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.detect import Declared, detect, input_size
from mobilenet_gui.training.job import ConvertJob
from mobilenet_gui.training.weights import open_weights

TOLERANCE = 1e-4
"""The most by which a probability may differ between Keras and the converted network."""
_HEAD_TOLERANCE = 1e-3
_TRIALS = 3

Report = Callable[[str, float | None], None]


def convert(job: ConvertJob, report: Report) -> Bundle:
    """Do a conversion.

    Args:
        job: what to convert and where to write the bundle.
        report: told the phase and the share of the whole that is done; may raise to stop.

    Raises:
        ModelError: the file is damaged, no MobileNet, not the declared one, or its labels are missing.
        StorageError: the disk refused.
    """
    subject = str(job.weights)
    report(Phase.READ, 0.0)
    with open_weights(job.weights) as file:
        declared = Declared(job.family, job.alpha, job.input_size)
        detected = detect(file, declared, subject)
        architecture = detected.architecture
        size = input_size(file, declared, job.weights, architecture.family)
        report(Phase.CHECK, 0.03)
        labels = _labels(job, architecture, subject)
        arrays = detected.read(subject)
    if not 32 <= size <= 1024:
        raise ModelError(subject, tr("An input of {size} pixels is not possible.").format(size=size))
    naming = _naming(job, architecture, size)
    provenance = Provenance(naming.source, job.weights.name, _hash(job.weights), datetime.now(UTC).date().isoformat())
    if architecture.classes is None:
        report(Phase.WRITE, 0.9)
        return _write_backbone(job, architecture, naming, provenance)

    report(Phase.BUILD, 0.05)
    from mobilenet_gui.training import keras_models

    report(Phase.BUILD, 0.45)
    model = keras_models.build(architecture, size, arrays)
    report(Phase.CONVERT, 0.55)
    graph = parse(keras_models.to_tflite(model, size), subject)
    report(Phase.COMPARE, 0.85)
    found = find_head(graph)
    if found is None:
        raise RuntimeError(f"no classifier found in the converted {architecture}")
    _compare(model, add_output(graph, found.features), found, architecture.normalization, subject)
    report(Phase.WRITE, 0.92)
    bundle = bundle_from_graph(
        graph,
        job.output,
        naming,
        labels,
        normalization=architecture.normalization,
        provenance=provenance,
        weights=job.weights,
    )
    report(Phase.TRY, 0.97)
    try_once(bundle, subject)
    report(Phase.TRY, 1.0)
    return bundle


def _labels(job: ConvertJob, architecture: Architecture, subject: str) -> tuple[Label, ...]:
    classes = architecture.classes
    if classes is None:
        return ()
    if job.labels is None:
        if classes == IMAGENET_CLASSES:
            return label_lists.imagenet()
        raise ModelError(
            subject,
            tr("The model has {classes} classes without names. Choose its labels file as well.").format(
                classes=classes
            ),
        )
    fitting = label_lists.fitted(job.labels, classes)
    if fitting is None or len(fitting) != classes:
        raise ModelError(
            subject,
            tr("The model has {classes} classes but the labels file names {labels}.").format(
                classes=classes, labels=len(job.labels)
            ),
        )
    return fitting


def _naming(job: ConvertJob, architecture: Architecture, size: int) -> Naming:
    preprocessing = job.naming.preprocessing or Preprocessing(size=size)
    return replace(
        job.naming,
        name=job.naming.name or f"{architecture.name} / {size}",
        family=architecture.family,
        alpha=architecture.alpha,
        parameters=architecture.parameters,
        preprocessing=replace(preprocessing, size=size),
    )


def _write_backbone(job: ConvertJob, architecture: Architecture, naming: Naming, provenance: Provenance) -> Bundle:
    preprocessing = naming.preprocessing or Preprocessing(size=224)
    manifest = Manifest(
        id=naming.id,
        name=naming.name,
        family=architecture.family,
        alpha=architecture.alpha,
        preprocessing=replace(preprocessing, normalization=architecture.normalization),
        classes=0,
        label_set="none",
        description=naming.description,
        licence=naming.licence,
        parameters=architecture.parameters,
        macs=naming.macs,
        provenance=provenance,
    )
    return write_bundle(job.output, manifest, weights=job.weights)


def _compare(model: Any, network: bytes, found: Explainable, normalization: Normalization, subject: str) -> None:
    """Ask both networks about a few random photos, of noise and of plain colour with some noise.

    Raises:
        ModelError: they disagree, which would mean that the conversion is wrong.
    """
    from mobilenet_gui.training import keras_models

    table = normalized_range(normalization)
    interpreter = load_interpreter(network, subject, 1)
    photo, (answer, features) = interpreter.get_input_details()[0], interpreter.get_output_details()
    size = int(photo["shape"][1])
    random = np.random.default_rng(7)
    for spread in range(_TRIALS):
        pixels = random.integers(0, 256, (1, size, size, 3)) // (1 + 3 * spread) + 40 * spread
        batch: NDArray[np.float32] = table[pixels]
        wanted = keras_models.predict(model, batch).reshape(-1)
        interpreter.set_tensor(photo["index"], batch)
        interpreter.invoke()
        given = interpreter.get_tensor(answer["index"]).reshape(-1)
        again = softmax(logits(interpreter.get_tensor(features["index"])[0], found.head))
        if np.abs(wanted - given).max() > TOLERANCE or np.abs(given - again).max() > _HEAD_TOLERANCE:
            raise ModelError(subject, tr("The converted network does not answer as the original does."))


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
