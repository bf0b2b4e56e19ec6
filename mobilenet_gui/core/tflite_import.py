"""Owns making a bundle out of a foreign .tflite classifier. Runs without TensorFlow.

A broken file can crash LiteRT itself, so the window never calls this: it sends a job to the worker process.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mobilenet_gui.core import labels as label_lists
from mobilenet_gui.core import trial
from mobilenet_gui.core.bundle import Bundle, write_bundle
from mobilenet_gui.core.errors import ModelError, StorageError
from mobilenet_gui.core.labels import LabelsBeside
from mobilenet_gui.core.manifest import Manifest, Metrics, Provenance
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.phases import Phase
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.tensors import usual_normalization
from mobilenet_gui.core.tflite_binary import read_classifier
from mobilenet_gui.core.tflite_graph import MAX_TFLITE_BYTES, Graph, add_output
from mobilenet_gui.core.tflite_head import find_head
from mobilenet_gui.core.tflite_metadata import embedded_labels, input_mean_std, normalization_of
from mobilenet_gui.core.tflite_range import range_in_graph
from mobilenet_gui.core.types import Label, Normalization, Preprocessing
from mobilenet_gui.i18n import tr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mobilenet_gui.core.strangers import Shown

IMAGENET_CLASSES = 1000
Progress = Callable[[str, float | None], None]


def import_tflite(
    path: Path,
    staging: Path,
    naming: Naming,
    labels: Sequence[Label] | None = None,
    progress: Progress = lambda _phase, _fraction: None,
    *,
    beside: LabelsBeside | None = None,
    wanted: Normalization | None = None,
) -> Bundle:
    """Make a bundle from a .tflite file and try it once.

    Args:
        path: the file.
        staging: an empty or missing folder that becomes the bundle.
        naming: id, name, licence.
        labels: one a class; by default those inside the file, then ImageNet's for 1000 or 1001 outputs.
        progress: told the phase (see `phases`) and the share of the whole that is done, 0-1.
        beside: labels that lie beside the file; taken where they fit and neither `labels` nor the file itself has any.
        wanted: the value range that the user says a float input wants its pixels in; None to find it out.

    Raises:
        ModelError: the file cannot be used; the reason says why.
        StorageError: the disk refused.
    """
    progress(Phase.READ, 0.0)
    data = read_limited(path, MAX_TFLITE_BYTES)
    graph, binary = read_classifier(data, str(path))
    progress(Phase.CHECK, 0.3)
    named = labels_for(graph, path, labels, beside, binary=binary)
    provenance = Provenance(
        source=naming.source,
        file_name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        created=datetime.now(UTC).date().isoformat(),
    )
    told = wanted or told_range(graph, path)
    bundle = bundle_from_graph(
        graph,
        staging,
        naming,
        named,
        normalization=told or usual_normalization(graph.input.dtype, graph.input.quantization),
        assumed_range=told is None,
        provenance=provenance,
    )
    progress(Phase.TRY, 0.7)
    try_once(bundle, str(path))
    progress(Phase.TRY, 1.0)
    return bundle


def bundle_from_graph(
    graph: Graph,
    staging: Path,
    naming: Naming,
    labels: Sequence[Label],
    *,
    normalization: Normalization,
    provenance: Provenance,
    weights: Path | None = None,
    shown: Shown | None = None,
    assumed_range: bool = False,
) -> Bundle:
    """Write a checked graph as a bundle, with the last feature map as second output where it can be found.

    Args:
        graph: what `parse` returned.
        staging: an empty or missing folder.
        naming: id, name, licence.
        labels: one a class; one fewer than outputs means that output 0 is a background.
        normalization: the value range of a float input.
        provenance: where it came from.
        weights: a Keras weights file to keep for fine-tuning.
        shown: what tells strangers; kept where the feature map was found.
        assumed_range: nothing told `normalization`.
    """
    background = len(labels) == graph.outputs - 1
    found = find_head(graph)
    model, head = graph.data, None
    if found is not None:
        model = add_output(graph, found.features)
        head = found.head.without_background() if background else found.head
    wanted = naming.preprocessing or Preprocessing(size=graph.input_size)
    if wanted.size != graph.input_size:
        raise ModelError(
            naming.name,
            tr("The network expects photos of {wanted} pixels, not {size}.").format(
                wanted=graph.input_size, size=wanted.size
            ),
        )
    manifest = Manifest(
        id=naming.id,
        name=naming.name,
        family=naming.family,
        alpha=naming.alpha,
        preprocessing=replace(wanted, normalization=normalization),
        classes=len(labels),
        background=background,
        output="probabilities" if graph.gives_probabilities() else "logits",
        label_set="imagenet-1k" if is_imagenet(labels) else "custom",
        description=naming.description,
        licence=naming.licence,
        parameters=naming.parameters or graph.parameters or None,
        macs=naming.macs,
        metrics=Metrics(naming.top1, naming.top5),
        assumed_range=assumed_range,
        provenance=provenance,
    )
    return write_bundle(staging, manifest, tflite=model, labels=labels, head=head, weights=weights, shown=shown)


def labels_for(
    graph: Graph,
    path: Path,
    given: Sequence[Label] | None,
    beside: LabelsBeside | None = None,
    *,
    binary: bool = False,
) -> tuple[Label, ...]:
    """Return the labels for a graph: those given, those inside the file, those beside it that fit, or ImageNet's.

    `binary` is what `read_classifier` says of it.

    Raises:
        ModelError: there are none, or not as many as outputs.
    """
    outputs = graph.outputs
    if given is not None:
        fitting = label_lists.fitted(given, outputs, binary=binary)
        if fitting is None:
            raise ModelError(
                str(path),
                tr("The model has {outputs} classes but the labels file names {labels}.").format(
                    outputs=outputs, labels=len(given)
                ),
            )
        return fitting
    own = _labels_inside(graph.data, outputs, binary=binary)
    if own is None and beside is not None:
        own = label_lists.fitted(beside.labels, outputs, binary=binary)
    if outputs in (IMAGENET_CLASSES, IMAGENET_CLASSES + 1):
        return own if own is not None and not is_imagenet(own) else label_lists.imagenet()
    if own is None:
        raise ModelError(str(path), label_lists.no_names(outputs, beside))
    return own


def is_imagenet(labels: Sequence[Label]) -> bool:
    """Say whether these are the thousand classes of ImageNet in their order."""
    return len(labels) == IMAGENET_CLASSES and [a.id for a in labels] == [b.id for b in label_lists.imagenet()]


def try_once(bundle: Bundle, subject: str) -> None:
    """Run the network of a bundle that was just written on two plain photos; one that fails is discarded.

    Raises:
        ModelError: it does not run, or answers with something that is no probabilities.
    """
    try:
        ask(bundle, subject)
    except BaseException:
        bundle.discard()
        raise
    trial.vouch(bundle)


def ask(bundle: Bundle, subject: str) -> None:
    """Run a network that nobody has tried on two plain photos, in this process, which it may bring down.

    Raises:
        ModelError: it does not run, or answers with something that is no probabilities.
    """
    recognizer = LiteRTRecognizer(bundle, threads=1, untried=True)
    try:
        for value in (0, 200):
            size = bundle.preprocessing.size
            pixels: NDArray[np.uint8] = np.full((size, size, 3), value, np.uint8)
            scores, _ = recognizer.probabilities(pixels, want_features=bundle.explainable)
            if not np.isfinite(scores).all() or scores.min() < -1e-3 or scores.max() > 1 + 1e-3:
                raise ModelError(subject, tr("The network's answers are not probabilities."))
    finally:
        recognizer.close()


def read_limited(path: Path, limit: int) -> bytes:
    """Return a file's content.

    Raises:
        ModelError: it is missing, not readable, empty or longer than `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise ModelError(
            str(path), tr("The file cannot be read: {reason}.").format(reason=error.strerror or error)
        ) from error
    if not data:
        raise ModelError(str(path), tr("The file is empty."))
    if len(data) > limit:
        raise ModelError(str(path), tr("The file is too big for a photo classifier."))
    return data


def told_range(graph: Graph, path: Path) -> Normalization | None:
    """Return the value range that a file's metadata, its first operations or its 8-bit input tell; None for neither.

    Metadata's mean and deviation are for float inputs only: an 8-bit input takes pixels as they are.

    Raises:
        ModelError: the metadata asks for one that is not supported.
    """
    if graph.input.dtype != np.float32:
        return usual_normalization(graph.input.dtype, graph.input.quantization)
    unknown = ModelError(str(path), tr("The model wants its photos normalised in a way that is not supported."))
    try:
        stated = None if graph.metadata is None else input_mean_std(graph.metadata)
    except ValueError as error:
        raise unknown from error
    if stated is None:
        return range_in_graph(graph)
    named = normalization_of(*stated)
    if named is None:
        raise unknown
    return named


def _labels_inside(data: bytes, outputs: int, *, binary: bool) -> tuple[Label, ...] | None:
    text = embedded_labels(data)
    if text is None:
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="mobilenet-gui-") as folder:
            file = Path(folder) / "labels.txt"
            file.write_bytes(text)
            found = label_lists.parse_labels_file(file, None if binary else outputs)
            return label_lists.fitted(found, outputs, binary=True) if binary else found
    except ModelError:
        return None
    except OSError as error:
        raise StorageError(tempfile.gettempdir(), error.strerror or str(error)) from error
