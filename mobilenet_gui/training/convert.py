"""Owns turning Keras weights into a bundle: read as arrays, checked, built, converted, compared, written.

Everything that can be found wrong with a file is found before TensorFlow is imported, which takes ten seconds.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.core.tensors import normalized_range
from mobilenet_gui.core.tflite_graph import Graph, add_output, parse
from mobilenet_gui.core.tflite_head import Explainable, find_head
from mobilenet_gui.core.tflite_import import IMAGENET_CLASSES, bundle_from_graph, try_once
from mobilenet_gui.core.types import Label, Preprocessing
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.detect import Declared
from mobilenet_gui.training.job import ConvertJob
from mobilenet_gui.training.keras_file import pack_weights
from mobilenet_gui.training.keras_look import Arrays, Recognised, recognise_in
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
        found = recognise_in(file, declared, job.weights)
        report(Phase.CHECK, 0.03)
        labels = _labels(job, found.classes, subject, binary=found.binary)
        arrays = found.read(subject)
    if not 32 <= found.size <= 1024:
        raise ModelError(subject, tr("An input of {size} pixels is not possible.").format(size=found.size))
    naming = _naming(job, found)
    provenance = Provenance(naming.source, job.weights.name, _hash(job.weights), datetime.now(UTC).date().isoformat())
    if found.classes is None:
        report(Phase.WRITE, 0.9)
        return _write_backbone(job, found, naming, provenance)

    report(Phase.BUILD, 0.05)
    from mobilenet_gui.training import keras_models

    report(Phase.BUILD, 0.45)
    if found.composed is not None:
        model = keras_models.build_composed(found.composed, found.size)
        if not keras_models.is_like(model, found.composed):
            raise ModelError(
                subject,
                tr("The model differs from the MobileNet it is most like: {where}.").format(
                    where=found.architecture.name
                ),
            )
    else:
        model = keras_models.build(found.architecture, found.size, arrays)
    report(Phase.CONVERT, 0.55)
    graph = parse(keras_models.to_tflite(model, found.size), subject)
    report(Phase.COMPARE, 0.85)
    head = find_head(graph)
    if head is None and found.composed is None:
        raise RuntimeError(f"no classifier found in the converted {found.architecture}")
    _compare(model, graph, head, found, subject)
    report(Phase.WRITE, 0.92)
    with _weights_to_keep(job, found, arrays) as weights:
        bundle = bundle_from_graph(
            graph,
            job.output,
            naming,
            labels,
            normalization=job.normalization or found.normalization,
            assumed_range=found.assumed_range and job.normalization is None,
            provenance=provenance,
            weights=weights,
        )
    report(Phase.TRY, 0.97)
    try_once(bundle, subject)
    report(Phase.TRY, 1.0)
    return bundle


@contextmanager
def _weights_to_keep(job: ConvertJob, found: Recognised, arrays: Arrays) -> Iterator[Path | None]:
    """Give the weights file that the model can be fine-tuned from; None where it has a form that training lacks."""
    if found.composed is not None:
        yield None
    elif found.as_official is None:
        yield job.weights
    else:
        try:
            with tempfile.TemporaryDirectory(prefix="mobilenet-gui-") as folder:
                path = Path(folder) / "weights.h5"
                path.write_bytes(pack_weights(found.architecture, arrays))
                yield path
        except OSError as error:
            raise storage_error(Path(tempfile.gettempdir()), error) from error


def _labels(job: ConvertJob, classes: int | None, subject: str, *, binary: bool) -> tuple[Label, ...]:
    if classes is None:
        return ()
    if job.labels is None:
        beside = None if job.beside is None else label_lists.fitted(job.beside.labels, classes, binary=binary)
        if beside is not None and len(beside) == classes:
            return beside
        if classes == IMAGENET_CLASSES:
            return label_lists.imagenet()
        raise ModelError(subject, label_lists.no_names(classes, job.beside))
    fitting = label_lists.fitted(job.labels, classes, binary=binary)
    if fitting is None or len(fitting) != classes:
        raise ModelError(
            subject,
            tr("The model has {classes} classes but the labels file names {labels}.").format(
                classes=classes, labels=len(job.labels)
            ),
        )
    return fitting


def _naming(job: ConvertJob, found: Recognised) -> Naming:
    preprocessing = job.naming.preprocessing or Preprocessing(size=found.size)
    whole = found.composed is not None
    parameters = found.architecture.parameters
    if found.composed is not None:
        parameters += sum(layer.kernel.size + layer.bias.size for layer in found.composed.dense)
    return replace(
        job.naming,
        name=job.naming.name or f"{found.architecture.name} / {found.size}",
        family="other" if whole else found.architecture.family,
        alpha=found.architecture.alpha,
        parameters=parameters,
        preprocessing=replace(preprocessing, size=found.size),
    )


def _write_backbone(job: ConvertJob, found: Recognised, naming: Naming, provenance: Provenance) -> Bundle:
    preprocessing = naming.preprocessing or Preprocessing(size=224)
    manifest = Manifest(
        id=naming.id,
        name=naming.name,
        family=found.architecture.family,
        alpha=found.architecture.alpha,
        preprocessing=replace(preprocessing, normalization=found.normalization),
        classes=0,
        label_set="none",
        description=naming.description,
        licence=naming.licence,
        parameters=found.architecture.parameters,
        macs=naming.macs,
        provenance=provenance,
    )
    return write_bundle(job.output, manifest, weights=job.weights)


def _compare(model: Any, graph: Graph, head: Explainable | None, found: Recognised, subject: str) -> None:
    """Ask both networks about a few random photos, of noise and of plain colour with some noise.

    Raises:
        ModelError: they disagree, which would mean that the conversion is wrong.
    """
    from mobilenet_gui.training import keras_models

    table = normalized_range(found.normalization)
    interpreter = load_interpreter(graph.data if head is None else add_output(graph, head.features), subject, 1)
    photo, (answer, *features) = interpreter.get_input_details()[0], interpreter.get_output_details()
    logits_only = not graph.gives_probabilities()
    random = np.random.default_rng(7)
    for spread in range(_TRIALS):
        pixels = random.integers(0, 256, (1, found.size, found.size, 3)) // (1 + 3 * spread) + 40 * spread
        batch: NDArray[np.float32] = table[pixels]
        wanted = keras_models.predict(model, batch).reshape(-1)
        interpreter.set_tensor(photo["index"], batch)
        interpreter.invoke()
        given = interpreter.get_tensor(answer["index"]).reshape(-1)
        if logits_only:
            wanted, given = softmax(wanted), softmax(given)
        wrong = np.abs(wanted - given).max() > TOLERANCE
        if head is not None and not wrong and not _is_sigmoid(found):
            again = softmax(logits(interpreter.get_tensor(features[0]["index"])[0], head.head))
            wrong = np.abs(given - again).max() > _HEAD_TOLERANCE
        if wrong:
            raise ModelError(subject, tr("The converted network does not answer as the original does."))


def _is_sigmoid(found: Recognised) -> bool:
    return found.composed is not None and found.composed.dense[-1].activation == "sigmoid"


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
