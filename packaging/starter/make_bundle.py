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

from mobilenet_gui.core import labels as label_lists
from mobilenet_gui.core import manifest as manifests
from mobilenet_gui.core.bundle import Bundle, write_bundle
from mobilenet_gui.core.litert import load_interpreter
from mobilenet_gui.core.manifest import Manifest, Provenance
from mobilenet_gui.core.tflite_graph import add_output, find_head, parse
from mobilenet_gui.core.tflite_import import try_once
from mobilenet_gui.core.types import Label, Preprocessing

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "resources" / "models" / "starter"
ID = "starter"
NAME = "Starter model"
TOLERANCE = 1e-4
"""The most by which a probability may differ between Keras and the converted network."""
HALF_TOLERANCE = 5e-3
"""The same with 16-bit weights, which are rounded after the normalisation has been folded into them."""
MAX_BYTES = 4_000_000
CARD = "CARD.md"


def labels(folder: Path) -> tuple[Label, ...]:
    """One label a class: the WordNet id, and names worded as ImageNet's labels are in the rest of the program."""
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
    """Multiply-adds for one photo, biases and normalisation left out."""
    total, side = 0, size
    for layer in network.LAYERS:
        side //= layer.stride
        inner = int(np.prod(layer.shape[:2])) * (1 if layer.kind == "depthwise" else layer.shape[2])
        total += side * side * layer.channels * inner
    return total + network.FEATURES * network.CLASSES


def to_half(model: Any, size: int) -> bytes:
    """The network in TensorFlow Lite with 16-bit weights; it counts in 32 bits."""
    import tensorflow as tf

    from mobilenet_gui.training import keras_models

    converter = keras_models.tflite_converter(model, size)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    return bytes(converter.convert())


def largest_difference(model: Any, tflite: bytes, photos: dataset.Pixels, size: int) -> float:
    """The most by which a probability differs between Keras and TensorFlow Lite on these photos."""
    from PIL import Image

    from mobilenet_gui.training import keras_models

    views = [np.asarray(Image.fromarray(p).resize((size, size), Image.Resampling.BICUBIC), np.float32) for p in photos]
    batch = np.stack(views) / np.float32(127.5) - np.float32(1)
    wanted = keras_models.predict(model, batch)
    interpreter = load_interpreter(tflite, NAME, 1)
    photo, answer = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    most = 0.0
    for view, row in zip(batch, wanted, strict=True):
        interpreter.set_tensor(photo["index"], view[None])
        interpreter.invoke()
        most = max(most, float(np.abs(interpreter.get_tensor(answer["index"]).reshape(-1) - row).max()))
    return most


def describe(tflite: bytes, weights: Path, data: Path, size: int, crop: float) -> tuple[Manifest, bytes, Any]:
    """The manifest without figures, the network with its feature map as second output, and the classifier."""
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
            file_name="packaging/starter",
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


def main() -> int:
    """Build, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--checkpoint", type=Path, default=Path("checkpoints/starter.npz"))
    source.add_argument("--weights", type=Path, help="Keras weights instead of a checkpoint")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/starter"))
    parser.add_argument("--size", type=int, default=96, help="pixels of the input's sides")
    parser.add_argument("--crop", type=float, default=0.875, help="share of a photo's short side that is looked at")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    from mobilenet_gui.training import keras_models
    from mobilenet_gui.training.architectures import Architecture

    architecture = Architecture("v1", network.ALPHA, network.CLASSES)
    photos, _ = dataset.load(options.data, options.cache, "train")
    if options.weights is not None:
        from mobilenet_gui.training.detect import Declared, detect
        from mobilenet_gui.training.weights import open_weights

        with open_weights(options.weights) as file:
            weights = detect(file, Declared(), str(options.weights)).read(str(options.weights))
    else:
        with np.load(options.checkpoint, allow_pickle=False) as state:
            flat = np.ascontiguousarray(state["average"])
            print(f"step {int(state['step'])}, {float(state['share']):.1%} done", flush=True)
        statistics = keras_weights.gather_statistics(flat, photos, options.size, options.seed)
        weights = keras_weights.from_flat(flat, statistics)
        np.savez(
            options.cache / "twin.npz", flat=flat, size=options.size,
            **{f"{name}_{part}": value for name, pair in statistics.items() for part, value in zip("mv", pair, strict=True)},
        )  # fmt: skip
    weights = keras_weights.as_half(weights)
    model = keras_models.build(architecture, options.size, weights)
    tflite = to_half(model, options.size)
    whole = keras_models.to_tflite(model, options.size)
    for converted, tolerance in ((whole, TOLERANCE), (tflite, HALF_TOLERANCE)):
        difference = largest_difference(model, converted, photos[:64], options.size)
        print(f"{len(converted):,} bytes: probabilities differ from Keras' by at most {difference:.1e}", flush=True)
        if difference > tolerance:
            raise RuntimeError("the converted network answers something else")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "starter.h5"
        keras_weights.write(weights, file)
        manifest, network_bytes, head = describe(tflite, file, options.data, options.size, options.crop)
        staging = options.output.with_name(f".new-{options.output.name}")
        shutil.rmtree(staging, ignore_errors=True)
        bundle = write_bundle(
            staging, manifest, tflite=network_bytes, labels=labels(options.data), head=head, weights=file
        )
    try_once(bundle, NAME)
    bundle.verify()
    total = sum(item.stat().st_size for item in staging.iterdir())
    print({item.name: item.stat().st_size for item in staging.iterdir()}, total)
    if total > MAX_BYTES:
        raise RuntimeError(f"the bundle takes {total:,} bytes, more than {MAX_BYTES:,}")
    old = options.output.with_name(f".old-{options.output.name}")
    shutil.rmtree(old, ignore_errors=True)
    if options.output.exists():
        options.output.rename(old)
    staging.rename(options.output)
    shutil.rmtree(old, ignore_errors=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
