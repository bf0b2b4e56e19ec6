"""Makes `resources/models/starter` from a checkpoint: `python packaging/starter/make_bundle.py --data DIR`.

Weights to Keras, 16-bit; Keras to TensorFlow Lite with 16-bit weights; both compared on photos; labels from WordNet's
ids; then the bundle as every other model's, staged, checked, swapped in. `evaluate.py --write` adds what was measured.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dataset
import keras_weights
import network
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from PIL import Image

from mobilenet_gui.core import labels as label_lists
from mobilenet_gui.core import manifest as manifests
from mobilenet_gui.core.bundle import Bundle, write_bundle
from mobilenet_gui.core.litert import load_interpreter
from mobilenet_gui.core.manifest import Manifest, Provenance
from mobilenet_gui.core.tflite_graph import add_output, parse
from mobilenet_gui.core.tflite_head import find_head
from mobilenet_gui.core.tflite_import import try_once
from mobilenet_gui.core.types import Label, Preprocessing
from mobilenet_gui.training import keras_models
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.detect import Declared, detect
from mobilenet_gui.training.weights import open_weights

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "resources" / "models" / "starter"
ID = "starter"
NAME = "Starter model"
TOLERANCE = 1e-4
"""Return the most by which a probability may differ between Keras and the converted network."""
HALF_TOLERANCE = 5e-3
"""The same with 16-bit weights, which are rounded after the normalisation has been folded into them."""
MAX_BYTES = 4_000_000
CARD = "CARD.md"
COMPARED = 64
ARCHITECTURE = Architecture("v1", network.ALPHA, network.CLASSES)

Floats = npt.NDArray[np.float32]


def labels(folder: Path) -> tuple[Label, ...]:
    """Return one label a class: the WordNet id, and names worded as ImageNet's are in the rest of it."""
    known = {label.id: label for label in label_lists.imagenet()}
    found: list[Label] = []
    for row in dataset.read_classes(folder):
        label = known.get(row.wnid)
        if label is None:  # classes of the full ImageNet that are not among the thousand
            first, _, more = row.name.partition(", ")
            label = Label(row.index, row.wnid, first, more)
        found.append(replace(label, index=row.index))
    return tuple(found)


def multiply_adds(size: int) -> int:
    """Return the multiply-adds for one photo, biases and normalisation left out."""
    total, side = 0, size
    for layer in network.LAYERS:
        side //= layer.stride
        inner = int(np.prod(layer.shape[:2])) * (1 if layer.kind == "depthwise" else layer.shape[2])
        total += side * side * layer.channels * inner
    return total + network.FEATURES * network.CLASSES


def to_half(model: Any, size: int) -> bytes:
    """Return the network in TensorFlow Lite with 16-bit weights; it counts in 32 bits."""
    converter = keras_models.tflite_converter(model, size)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def as_inputs(photos: dataset.Pixels, size: int) -> Floats:
    """Return whole photos as the network's input, (n, size, size, 3), -1 to 1."""
    views = [np.asarray(Image.fromarray(p).resize((size, size), Image.Resampling.BICUBIC), np.float32) for p in photos]
    return np.stack(views) / np.float32(127.5) - np.float32(1)


def largest_difference(model: Any, tflite: bytes, inputs: Floats) -> float:
    """Return the most by which a probability differs between Keras and TensorFlow Lite."""
    wanted = keras_models.predict(model, inputs)
    interpreter = load_interpreter(tflite, NAME, 1)
    photo, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    most = 0.0
    for view, row in zip(inputs, wanted, strict=True):
        interpreter.set_tensor(photo["index"], view[None])
        interpreter.invoke()
        most = max(most, float(np.abs(interpreter.get_tensor(answer["index"]).reshape(-1) - row).max()))
    return most


def describe(tflite: bytes, weights: Path, size: int, crop: float) -> tuple[Manifest, bytes, Any]:
    """Return the manifest without figures, the network with its feature map as second output, and the classifier."""
    graph = parse(tflite, NAME)
    found = find_head(graph)
    if found is None:
        raise RuntimeError("no classifier found in the converted network")
    manifest = Manifest(
        id=ID,
        name=NAME,
        family="v1",
        alpha=network.ALPHA,
        preprocessing=Preprocessing(size=size, crop_fraction=crop),
        classes=network.CLASSES,
        output="probabilities",
        label_set="tiny-imagenet-200",
        licence="Apache-2.0",
        parameters=network.SIZE + 2 * sum(layer.channels for layer in network.LAYERS),
        macs=multiply_adds(size),
        provenance=Provenance(
            sha256=hashlib.sha256(weights.read_bytes()).hexdigest(),
            created=datetime.now(UTC).date().isoformat(),
        ),
        builtin=True,
    )
    return manifest, add_output(graph, found.features), found.head


def rewrite(bundle: Bundle, manifest: Manifest) -> Bundle:
    """Exchange the manifest of a bundle; its files stay."""
    manifest = replace(manifest, files=bundle.manifest.files, explainable=bundle.manifest.explainable)
    part = bundle.folder / "manifest.part"
    part.write_text(manifests.to_json(manifest), encoding="utf-8")
    part.replace(bundle.folder / manifests.MANIFEST_NAME)
    return Bundle.open(bundle.folder)


def read_weights(path: Path) -> keras_weights.Weights:
    """Return the arrays of a Keras weights file, by layer."""
    with open_weights(path) as file:
        return detect(file, Declared(), str(path)).read(str(path))


def weights_of(checkpoint: Path, photos: dataset.Pixels, size: int, cache: Path, seed: int) -> keras_weights.Weights:
    """Return a checkpoint's averaged weights with their statistics; leaves `twin.npz` for `check_twin.py`."""
    with np.load(checkpoint, allow_pickle=False) as state:
        flat = np.ascontiguousarray(state["average"])
        print(f"step {int(state['step'])}, {float(state['share']):.1%} done", flush=True)
    statistics = keras_weights.gather_statistics(flat, photos, size, seed)
    weights = keras_weights.from_flat(flat, statistics)
    views = as_inputs(photos[: 2 * COMPARED], size)
    answers = keras_models.predict(keras_models.build(ARCHITECTURE, size, weights), views)
    means = np.concatenate([statistics[layer.name][0] for layer in network.LAYERS])
    variances = np.concatenate([statistics[layer.name][1] for layer in network.LAYERS])
    np.savez(cache / "twin.npz", flat=flat, means=means, variances=variances, views=views, answers=answers)
    return weights


def swap(staging: Path, output: Path) -> None:
    """Put a finished bundle in its place."""
    old = output.with_name(f".old-{output.name}")
    shutil.rmtree(old, ignore_errors=True)
    if output.exists():
        output.rename(old)
    staging.rename(output)
    shutil.rmtree(old, ignore_errors=True)


def write(weights: keras_weights.Weights, tflite: bytes, options: argparse.Namespace) -> None:
    """Write the bundle, check it, and put it in its place."""
    staging = options.output.with_name(f".new-{options.output.name}")
    shutil.rmtree(staging, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "starter.h5"
        keras_weights.write(weights, file)
        manifest, with_features, head = describe(tflite, file, options.size, options.crop)
        names = labels(options.data)
        bundle = write_bundle(staging, manifest, tflite=with_features, labels=names, head=head, weights=file)
    try_once(bundle, NAME)
    bundle.verify()
    sizes = {item.name: item.stat().st_size for item in staging.iterdir()}
    print(sizes, f"{sum(sizes.values()):,} bytes", flush=True)
    if sum(sizes.values()) > MAX_BYTES:
        raise RuntimeError(f"the bundle takes more than {MAX_BYTES:,} bytes")
    swap(staging, options.output)


def main() -> int:
    """Build, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--checkpoint", type=Path, default=Path("checkpoints/starter.npz"))
    source.add_argument("--weights", type=Path, help="Keras weights instead of a checkpoint")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/starter"))
    parser.add_argument("--size", type=int, default=96, help="pixels of the input's sides")
    parser.add_argument("--crop", type=float, default=1.0, help="share of a photo's short side that is looked at")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    photos, _ = dataset.load(options.data, options.cache, "train")
    if options.weights is not None:
        weights = read_weights(options.weights)
    else:
        weights = weights_of(options.checkpoint, photos, options.size, options.cache, options.seed)
    weights = keras_weights.as_half(weights)
    model = keras_models.build(ARCHITECTURE, options.size, weights)
    whole, half = keras_models.to_tflite(model, options.size), to_half(model, options.size)
    for converted, tolerance in ((whole, TOLERANCE), (half, HALF_TOLERANCE)):
        difference = largest_difference(model, converted, as_inputs(photos[:COMPARED], options.size))
        print(f"{len(converted):,} bytes: probabilities differ from Keras' by at most {difference:.1e}", flush=True)
        if difference > tolerance:
            raise RuntimeError("the converted network answers something else")
    write(weights, half, options)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
