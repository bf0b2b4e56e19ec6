"""Owns making a model's 8-bit twin and trying it: from its weights to a network in the cache with what it is worth.

The recipe is that of an export in 8 bits: TensorFlow's converter, a scale for each channel of the weights, ranges as
far as photos reach, then weights rounded so that layers answer as before (`rounding`). It ends in logits, and has the
last feature map as second output. Ranges by mean square error or by a percentile were no better
(`benchmarks/int8_twins.py` says what it is worth). What it is fitted to are views of some of the photos that ship with
the program; it is tried on views of the others.
"""

from __future__ import annotations

import hashlib
import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from mobilenet_gui import paths
from mobilenet_gui.core import imaging, twins
from mobilenet_gui.core.atomic import staged_folder
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError, PhotoError
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.core.tflite_graph import add_output, parse
from mobilenet_gui.core.tflite_head import find_head
from mobilenet_gui.core.twins import Twin
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.augment import varied
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.rounding import refine

FITTED: Final = 120
TRIED: Final = 240
"""Views that its numbers are fitted to, and on which it is tried: one first guess in a hundred must show."""


def make_twin(folder: Path, control: Control) -> Twin:
    """Make the twin of the model in `folder` and put it into the cache, in place of one that is there.

    That none can be made is found out once, too: then a record without a network is put there.

    Raises:
        ModelError: the model cannot be used.
        StorageError: the disk refused; what was there stays.
        Cancelled: it is to stop; nothing is left behind.
    """
    bundle = Bundle.open(folder)
    place = twins.place(bundle)
    try:
        with staged_folder(place.parent) as staging:
            twin = _made(bundle, staging, control)
            (staging / twins.RECORD_FILE).write_bytes(twin.record())
            control.check()
            shutil.rmtree(place, ignore_errors=True)
            staging.rename(place)
    except OSError as error:
        raise storage_error(place, error) from error
    return replace(twin, folder=place)


def _made(bundle: Bundle, folder: Path, control: Control) -> Twin:
    if twins.hindrance(bundle):
        return Twin(folder)
    photos = paths.sample_photos()
    try:
        data = eight_bit_network(bundle, views(bundle, photos[::2], FITTED, control), control)
        (folder / twins.NETWORK_FILE).write_bytes(data)
        twin = Twin(folder, hashlib.sha256(data).hexdigest())
        return tried(bundle, twin, views(bundle, photos[1::2], TRIED, control), control)
    except ModelError:  # no MobileNet as we know them, or the converter refuses
        (folder / twins.NETWORK_FILE).unlink(missing_ok=True)
        return Twin(folder)


def eight_bit_network(bundle: Bundle, photos: Pixels, control: Control) -> bytes:
    """Return a model's network in 8 bits, as .tflite: logits, and the last feature map where the model gives it.

    Args:
        bundle: a model with weights.
        photos: what it is fitted to, uint8, shape (photos, size, size, 3).
        control: may stop it.

    Raises:
        ModelError: it cannot be made.
        Cancelled: it is to stop.
    """
    from mobilenet_gui.training import export_keras

    # The calibration is applied to the logits that come out, as for the full network.
    plain = Bundle(bundle.folder, replace(bundle.manifest, temperature=1.0), bundle.labels)
    network = export_keras.load_network(plain)
    export_keras.drop_softmax(network)
    exact = export_keras.tflite(network, "float32")
    control.check()
    rounded = export_keras.tflite(network, "int8", photos)
    control.check()
    data = refine(exact, rounded, photos, network.normalization, control) or rounded
    if not bundle.explainable:
        return data
    graph = parse(data, bundle.name)
    found = find_head(graph)
    if found is None:
        raise ModelError(bundle.name, tr("The network does not end as MobileNets do."))
    return add_output(graph, found.features)


def views(bundle: Bundle, photos: Sequence[Path], count: int, control: Control) -> Pixels:
    """Return so many random crops of photos in other light, the same each time: uint8, shape (count, size, size, 3).

    Raises:
        ModelError: none of the photos can be read.
        Cancelled: it is to stop.
    """
    decoded = []
    for path in photos:
        control.check()
        try:
            decoded.append(imaging.decode_for(path, bundle.preprocessing))
        except PhotoError:
            continue
    if not decoded:
        raise ModelError(bundle.name, tr("Numbers of 8 bits are fitted to photos, and none of them can be read."))
    random = np.random.default_rng(0)
    chosen = [decoded[number % len(decoded)] for number in range(count)]
    return np.stack([varied(photo, bundle.preprocessing, "medium", random) for photo in chosen])


def tried(bundle: Bundle, twin: Twin, photos: Pixels, control: Control) -> Twin:
    """Return a twin with what it is worth beside the full network; both are asked by turns, so that load is shared.

    Args:
        bundle: the model.
        twin: its twin, with its network in its folder.
        photos: finished photos that it was not fitted to, uint8, shape (photos, size, size, 3).
        control: may stop it.

    Raises:
        ModelError: one of the two cannot be run.
        Cancelled: it is to stop.
    """
    full, ours = LiteRTRecognizer(bundle), LiteRTRecognizer(bundle.with_twin(twin))
    try:
        if ours.precision != "int8":
            raise ModelError(bundle.name, tr("The network inside does not match the model's description."))
        seconds: tuple[list[float], list[float]] = [], []
        agree, differences = 0, []
        for photo in photos:
            control.check()
            answers = []
            for recognizer, times in zip((full, ours), seconds, strict=True):
                start = time.perf_counter()
                answers.append(recognizer.probabilities(photo, want_features=bundle.explainable)[0])
                times.append(time.perf_counter() - start)
            agree += bool(answers[0].argmax() == answers[1].argmax())
            differences.append(float(np.abs(answers[0] - answers[1]).max()))
    finally:
        full.close()
        ours.close()
    slow, fast = (statistics.median(times) * 1e3 for times in seconds)
    return replace(
        twin,
        checked=len(photos),
        agree=agree,
        difference=float(np.mean(differences)),
        float_ms=slow,
        int8_ms=fast,
    )
