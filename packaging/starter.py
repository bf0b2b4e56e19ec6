"""Makes the starter model from Tiny ImageNet: `python packaging/starter.py --data DIR [--teacher FILE] [--output DIR]`.

DATA holds `train-0.npz` to `train-3.npz` and `val.npz` (arrays `webp`: all photos' WebP bytes one after another, uint8;
`offsets`: int64, n + 1; `labels`: uint8, 0 to 199) and `classes.csv` (index, wnid, imagenet_index, name), photos of 64
pixels. What comes out is a bundle as the program ships it, with what it got right of the validation photos.

- The network is `keras.applications.MobileNet` (Howard et al., "MobileNets", 2017) of width 0.5, from random weights.
- It sees random crops, mirrored, their colours changed a little: small pictures first, large ones at the end, where
  the network gains most from them (`STAGES`).
- Most of what it should say comes from a teacher, where one is given: an official MobileNet V2, whose last feature
  vector is given a new linear classifier for the 200 classes (Hinton et al., "Distilling the Knowledge in a Neural
  Network", 2015). Its own thousand answers are of little use on photos of 64 pixels. Its weights never enter ours.
- What ships is the running average of the weights, with statistics of batch normalisation gathered for it afterwards.

The file in `resources/models/starter` was made by another program with the same recipe; its card says which.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import itertools
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

from mobilenet_gui.core import imaging
from mobilenet_gui.core import labels as label_lists
from mobilenet_gui.core import manifest as manifests
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.manifest import Manifest, Metrics, Provenance
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.tflite_graph import parse
from mobilenet_gui.core.tflite_import import bundle_from_graph
from mobilenet_gui.core.types import Label, Preprocessing
from mobilenet_gui.training import keras_models
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.calibration import fit_temperature
from mobilenet_gui.training.keras_file import pack_weights

ARCHITECTURE = Architecture("v1", 0.5, 200)
SIDE = 64
"""Pixels of each side of a stored photo."""
STAGES = ((0.0, 48), (0.10, 64), (0.47, 96), (0.80, 128))
"""(share of the steps done from which it holds, pixels of the crops' sides); the last is the shipped input's size."""
EPOCHS = 76.0
BATCH = 64
RATE, WARM_UP = 0.08, 1500
"""The highest learning rate, reached after so many steps; then it falls along a cosine to 0."""
MOMENTUM = 0.9
DECAY = 5e-4
"""Of Keras' decoupled kind, which momentum does not multiply; not on depthwise kernels nor batch normalisation."""
KEEP = 0.9995
"""How much of the running average of the weights stays at each step."""
SMOOTHING = 0.1
SOFT = 0.6
"""Share of the teacher's answer in the targets; the rest is the label, smoothed."""
LEAST_AREA = 0.3
STATISTICS_BATCHES = 125
TEACHER_SIZE, TEACHER_EPOCHS, TEACHER_TEMPERATURE = 160, 10, 0.75
"""160 pixels suit such photos better than the teacher's own 224; its classifier is trained for few epochs, so it is too
modest."""
SEED = 1

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Photos:
    """One part of the data: pixels (n, 64, 64, 3) and labels (n,)."""

    pixels: Pixels
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)


def load(files: list[Path], most: int | None) -> Photos:
    """Return the photos of packed files, of each file the first `most` only where that is given."""
    pixels: list[Pixels] = []
    labels: list[Labels] = []
    for file in files:
        with np.load(file, allow_pickle=False) as packed:
            webp, offsets, own = packed["webp"], packed["offsets"], packed["labels"][:most]
        for start, stop in itertools.pairwise(offsets[: len(own) + 1]):
            with Image.open(io.BytesIO(webp[start:stop].tobytes())) as photo:
                pixels.append(np.asarray(photo.convert("RGB")))
        labels.append(own.astype(np.int64))
    return Photos(np.stack(pixels), np.concatenate(labels))


def class_labels(folder: Path) -> tuple[Label, ...]:
    """Return one label a class, worded as the program words ImageNet's."""
    known = {label.id: label for label in label_lists.imagenet()}
    with (folder / "classes.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(replace(known[row["wnid"]], index=int(row["index"])) for row in csv.DictReader(stream))


def teacher_vectors(teacher: Path, photos: Photos) -> Floats:
    """Return what the teacher, an 8-bit .tflite, has before its classifier: (n, 1280), in its own numbers."""
    network = Interpreter(str(teacher), num_threads=1, experimental_preserve_all_tensors=True)
    entry = network.get_input_details()[0]["index"]
    network.resize_tensor_input(entry, [1, TEACHER_SIZE, TEACHER_SIZE, 3])
    network.allocate_tensors()
    vectors = [t["index"] for t in network.get_tensor_details() if t["shape"].tolist() == [1, 1, 1, 1280]]
    found = np.empty((len(photos), 1280), np.float32)
    for row, pixels in zip(found, photos.pixels, strict=True):
        scaled = Image.fromarray(pixels).resize((TEACHER_SIZE, TEACHER_SIZE), Image.Resampling.BICUBIC)
        network.set_tensor(entry, np.asarray(scaled)[None])
        network.invoke()
        row[:] = network.get_tensor(vectors[-1]).reshape(-1)
    return found


def soft_targets(teacher: Path, photos: Photos) -> Floats:
    """Return the teacher's answers for photos, (n, classes), once it has learnt the classes from the same photos."""
    vectors = teacher_vectors(teacher, photos)
    vectors -= vectors.mean(0)
    vectors /= (vectors.std(0) + 1e-3) * math.sqrt(vectors.shape[1])  # about 1 long, whatever their number
    steps = TEACHER_EPOCHS * math.ceil(len(photos) / 256)
    rate = keras.optimizers.schedules.CosineDecay(12.0, steps)
    head = keras.Sequential([keras.Input(vectors.shape[1:]), keras.layers.Dense(ARCHITECTURE.classes)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    head.compile(keras.optimizers.SGD(rate, momentum=MOMENTUM), loss, metrics=["accuracy"])
    head.fit(vectors, photos.labels, batch_size=256, epochs=TEACHER_EPOCHS, verbose=2)
    answers: Floats = np.asarray(
        keras.ops.softmax(head.predict(vectors, batch_size=1000, verbose=0) / TEACHER_TEMPERATURE), np.float32
    )
    return answers


def targets(labels: Labels, soft: Floats | None) -> Floats:
    """Return what the answers should be, (n, classes): the label, smoothed, and the teacher's answer with it."""
    classes = ARCHITECTURE.classes or 0
    wanted = (1 - SMOOTHING) * np.eye(classes, dtype=np.float32)[labels] + np.float32(SMOOTHING / classes)
    mixed: Floats = np.asarray(wanted if soft is None else (1 - SOFT) * wanted + SOFT * soft, np.float32)
    return mixed


def crops(pixels: Pixels, size: int, random: np.random.Generator) -> Any:
    """Return a random crop of each photo as the network's input, (n, size, size, 3), -1 to 1."""
    count = len(pixels)
    side, bend = np.sqrt(random.uniform(LEAST_AREA, 1, count)), np.exp(random.uniform(-0.5, 0.5, count) * np.log(4 / 3))
    wide, high = np.minimum(side * bend, 1), np.minimum(side / bend, 1)
    left, top = random.random(count) * (1 - wide), random.random(count) * (1 - high)
    boxes = np.stack([top, left, top + high, left + wide], 1)
    mirrored = random.random(count) < 0.5
    boxes[mirrored] = boxes[mirrored][:, [0, 3, 2, 1]]
    views = tf.image.crop_and_resize(pixels.astype(np.float32) / 127.5 - 1, boxes, np.arange(count), (size, size))
    contrast, brightness, colour = (
        random.uniform(*span, (count, 1, 1, 1)).astype(np.float32) for span in ((0.7, 1.3), (-0.2, 0.2), (0.6, 1.4))
    )
    mean = tf.reduce_mean(views, (1, 2, 3), keepdims=True)
    views = (views - mean) * contrast + mean + brightness
    grey = tf.reduce_mean(views, 3, keepdims=True)
    return tf.clip_by_value((views - grey) * colour + grey, -1, 1)


def batches(photos: Photos, soft: Floats | None, size: int, first: int, last: int) -> Iterator[tuple[Any, Floats]]:
    """Give the batches of steps `first` to `last`; each epoch has an order of its own, each step its own crops."""
    each = max(1, len(photos) // BATCH)
    for step in range(first, last):
        epoch, place = divmod(step, each)
        order = np.random.default_rng([SEED, epoch]).permutation(len(photos))
        chosen = np.sort(order[place * BATCH : (place + 1) * BATCH])
        views = crops(photos.pixels[chosen], size, np.random.default_rng([SEED, 7, step]))
        yield views, targets(photos.labels[chosen], None if soft is None else soft[chosen])


def network(size: int) -> Any:
    """Return the network, with random weights."""
    shape = (size, size, 3)
    return keras.applications.MobileNet(shape, alpha=ARCHITECTURE.alpha, weights=None, classes=ARCHITECTURE.classes)


@keras.saving.register_keras_serializable("starter")
class Rate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc] # Keras has no types
    """The learning rate of all `steps`, seen from a stage that begins at step `first`."""

    def __init__(self, first: int, steps: int) -> None:
        self._first, self._steps = first, steps

    def __call__(self, step: Any) -> Any:
        """Return the rate for a stage's own step."""
        done = tf.cast(step, tf.float32) + self._first
        return RATE * tf.minimum(1.0, (done + 1) / WARM_UP) * 0.5 * (1 + tf.cos(math.pi * done / self._steps))


def train(photos: Photos, soft: Floats | None, steps: int) -> Any:
    """Train for so many steps, through all stages, and return the network at the last one's size."""
    keras.utils.set_random_seed(SEED)
    model = network(STAGES[0][1])
    starts = [round(share * steps) for share, _ in STAGES]
    for (_, size), first, last in zip(STAGES, starts, [*starts[1:], steps], strict=True):
        weights = model.get_weights()
        model = network(size)
        model.set_weights(weights)
        if first == last:
            continue
        print(f"steps {first} to {last} of {steps}, {size} pixels", flush=True)
        optimizer = keras.optimizers.SGD(
            Rate(first, steps), momentum=MOMENTUM, nesterov=True, weight_decay=DECAY, use_ema=True, ema_momentum=KEEP
        )
        spared = [v for v in model.trainable_variables if "conv_dw" in v.path or v.name in ("gamma", "beta")]
        optimizer.exclude_from_weight_decay(spared)
        model.compile(optimizer, keras.losses.CategoricalCrossentropy(), metrics=["accuracy"])
        # Ends with the weights' running average in place of the weights.
        model.fit(batches(photos, soft, size, first, last), steps_per_epoch=last - first, shuffle=False, verbose=2)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.95
    for views, _ in batches(photos, None, STAGES[-1][1], 0, STATISTICS_BATCHES if steps > WARM_UP else 1):
        model(views, training=True)  # the statistics of the averaged weights; nothing else changes
    return model


def small_weights(model: Any, path: Path) -> dict[str, list[Floats]]:
    """Write the weights as Keras' own .h5 in 16-bit floats, and return them, by layer, as they are in the file."""
    rounded = {
        layer.name: [w.astype(np.float16).astype(np.float32) for w in model.get_layer(layer.name).get_weights()]
        for layer in ARCHITECTURE.layers
    }
    with (
        h5py.File(io.BytesIO(pack_weights(ARCHITECTURE, rounded))) as whole,
        h5py.File(path, "w", libver="latest") as small,
    ):
        small.attrs.update(whole.attrs)
        for name, group in whole.items():
            small.create_group(name).attrs.update(group.attrs)

        def copy(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):  # compressing small ones makes the file larger
                tight = {"chunks": item.shape, "compression": "gzip", "compression_opts": 9, "shuffle": True}
                small.create_dataset(name, data=item[()].astype(np.float16), **(tight if item.size >= 4096 else {}))

        whole.visititems(copy)
    return rounded


def multiply_adds(model: Any) -> int:
    """Return the multiply-adds for one photo, biases and normalisation left out."""
    layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
    return sum(math.prod(layer.output.shape[1:3]) * math.prod(layer.kernel.shape) for layer in layers)


def write(model: Any, folder: Path, labels: tuple[Label, ...]) -> Bundle:
    """Write the bundle: weights for fine-tuning, and the network with 16-bit weights, which counts in 32 bits."""
    size = STAGES[-1][1]
    with tempfile.TemporaryDirectory() as scratch:
        weights = Path(scratch) / "starter.h5"
        arrays = small_weights(model, weights)
        converter = keras_models.tflite_converter(keras_models.build(ARCHITECTURE, size, arrays), size)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
        naming = Naming(
            "starter",
            "Starter model",
            family="v1",
            alpha=ARCHITECTURE.alpha,
            licence="Apache-2.0",
            parameters=ARCHITECTURE.parameters,
            macs=multiply_adds(model),
            preprocessing=Preprocessing(size, crop_fraction=1.0),
        )
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        provenance = Provenance(sha256=digest, created=datetime.now(UTC).date().isoformat())
        graph = parse(bytes(converter.convert()), naming.name)
        return bundle_from_graph(
            graph, folder, naming, labels, normalization="minus1_1", provenance=provenance, weights=weights
        )


def judge(bundle: Bundle, photos: Photos) -> Manifest:
    """Ask about the validation photos as a user would, and return the manifest with what came of it.

    The temperature is fitted on half of the photos.
    """
    recognizer = LiteRTRecognizer(bundle, threads=2)
    prepared = (imaging.prepare(pixels, bundle.preprocessing).pixels for pixels in photos.pixels)
    found = np.stack([recognizer.probabilities(pixels)[0] for pixels in prepared])
    recognizer.close()
    ranked = np.argsort(-found, axis=1)[:, :5] == photos.labels[:, None]
    half = max(1, len(photos) // 2)
    temperature = fit_temperature(np.log(np.maximum(found[:half], 1e-12)), photos.labels[:half])
    top1, top5 = float(ranked[:, 0].mean()), float(ranked.any(1).mean())
    print(f"{top1:.1%} of {len(photos):,} photos correct, {top5:.1%} in the first five; temperature {temperature:.2f}")
    return replace(
        bundle.manifest,
        builtin=True,
        label_set="tiny-imagenet-200",
        temperature=round(temperature, 3),
        metrics=Metrics(round(top1, 4), round(top5, 4)),
        description=(
            "Comes with the program, so that it works at once and offline. It tells 200 classes of animals, things and "
            f"food apart and was correct in {top1:.1%} of {len(photos):,} small test photos ({top5:.1%} in the first "
            "five). It learnt from photos of 64 pixels, so it misses detail, and it takes whatever it does not know "
            "for something it does. The official models know 1,000 classes and are correct far more often."
        ).replace("%", " %"),
    )


def main(arguments: list[str] | None = None) -> int:
    """Train, write, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the packed Tiny ImageNet files")
    parser.add_argument("--teacher", type=Path, help="google-coral/test_data's tf2_mobilenet_v2_1.0_224_ptq.tflite")
    parser.add_argument("--output", type=Path, default=Path("starter"), help="the bundle's folder, which must be new")
    parser.add_argument("--epochs", type=float, default=EPOCHS)
    parser.add_argument("--most", type=int, help="use only so many photos of each file, to try the program")
    options = parser.parse_args(arguments)
    photos = load([options.data / f"train-{number}.npz" for number in range(4)], options.most)
    labels = class_labels(options.data)
    soft = None if options.teacher is None else soft_targets(options.teacher, photos)
    model = train(photos, soft, max(1, round(options.epochs * len(photos) / BATCH)))
    bundle = write(model, options.output, labels)
    manifest = judge(bundle, load([options.data / "val.npz"], options.most))
    (bundle.folder / manifests.MANIFEST_NAME).write_text(manifests.to_json(manifest), encoding="utf-8")
    Bundle.open(bundle.folder).verify()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
