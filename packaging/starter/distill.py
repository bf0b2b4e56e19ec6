"""Makes the teacher's answers to all training photos: `python packaging/starter/distill.py --data DIR --teacher FILE`.

The teacher is an official MobileNet V2 (.tflite). Its own thousand answers are of little use on photos of 64 pixels, so
its last feature vectors are taken (photos scaled to 160 pixels, which suits such photos better than 224) and a new
linear classifier for the 200 classes is trained on them. What that says of each training photo, softened by a
temperature, is the soft target (Hinton et al., "Distilling the Knowledge in a Neural Network", 2015). The teacher's
weights themselves never enter the student.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from pathlib import Path

import dataset
import numpy as np
import numpy.typing as npt

SIZE = 160
FEATURE_BATCH = 500
EPOCHS = 10
BATCH = 256
RATE = 12.0
DECAY = 2e-5
MOMENTUM = 0.9
TEMPERATURE = 0.75
"""Below 1: trained for so few epochs, the classifier says 41 % where it is correct in 61 %."""

Floats = npt.NDArray[np.float32]


def _features(job: tuple[Path, Path, Path, str, int, int]) -> npt.NDArray[np.int8]:
    """Return the vectors before the classifier for photos start to stop, as the network's 8-bit numbers."""
    from ai_edge_litert.interpreter import Interpreter
    from PIL import Image

    teacher, data, cache, part, start, stop = job
    photos, _ = dataset.load(data, cache, part)
    interpreter = Interpreter(str(teacher), num_threads=1, experimental_preserve_all_tensors=True)
    photo = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(photo["index"], [1, SIZE, SIZE, 3])
    interpreter.allocate_tensors()
    vectors = [
        detail
        for detail in interpreter.get_tensor_details()
        if list(detail["shape"]) == [1, 1, 1, 1280] and detail["dtype"] == np.int8
    ]
    place = vectors[-1]["index"]
    found = np.empty((stop - start, 1280), np.int8)
    for number in range(start, stop):
        scaled = Image.fromarray(photos[number]).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        interpreter.set_tensor(photo["index"], np.asarray(scaled)[None])
        interpreter.invoke()
        found[number - start] = interpreter.get_tensor(place).reshape(-1)
    return found


def features(teacher: Path, data: Path, cache: Path, part: str, workers: int) -> npt.NDArray[np.int8]:
    """Return all photos' vectors (n, 1280), kept in the cache."""
    path = cache / f"teacher-{part}.npy"
    if not path.exists():
        count = len(dataset.load(data, cache, part)[1])
        jobs = [
            (teacher, data, cache, part, start, min(count, start + FEATURE_BATCH))
            for start in range(0, count, FEATURE_BATCH)
        ]
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            found = np.concatenate(pool.map(_features, jobs, chunksize=1))
        staged = path.with_suffix(".part")
        with staged.open("wb") as stream:
            np.save(stream, found)
        staged.replace(path)
    kept: npt.NDArray[np.int8] = np.load(path, allow_pickle=False)
    return kept


def _softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(1, keepdims=True))
    answer: Floats = (raised / raised.sum(1, keepdims=True)).astype(np.float32)
    return answer


def train_head(x: Floats, labels: dataset.Labels, classes: int, seed: int) -> Floats:
    """Train a linear classifier (features + 1, classes) by stochastic gradient descent, its last row the bias."""
    random = np.random.default_rng(seed)
    weights = np.zeros((x.shape[1] + 1, classes), np.float32)
    speed = np.zeros_like(weights)
    steps = EPOCHS * (len(x) // BATCH)
    step = 0
    for _ in range(EPOCHS):
        order = random.permutation(len(x))
        for start in range(0, len(x) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            inputs = np.concatenate([x[chosen], np.ones((BATCH, 1), np.float32)], 1)
            error = _softmax(inputs @ weights)
            error[np.arange(BATCH), labels[chosen]] -= 1
            gradient = inputs.T @ error / BATCH + DECAY * weights
            rate = RATE * 0.5 * (1 + np.cos(np.pi * step / steps))
            speed = MOMENTUM * speed - rate * gradient
            weights += speed
            step += 1
    return weights


def main() -> int:
    """Write `soft-targets.npy`, (photos, classes) float16, into the cache folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True, help="tf2_mobilenet_v2_1.0_224_ptq.tflite")
    parser.add_argument("--cache", type=Path, default=Path(".cache/starter"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    classes = len(dataset.read_classes(options.data))
    raw = {
        part: features(options.teacher, options.data, options.cache, part, options.workers) for part in ("train", "val")
    }
    labels = {part: dataset.load(options.data, options.cache, part)[1] for part in ("train", "val")}
    mean = raw["train"].mean(0, dtype=np.float64)
    spread = raw["train"].std(0, dtype=np.float64) + 1e-3
    scale = 1 / np.sqrt(raw["train"].shape[1])  # vectors of length about 1, whatever their size
    vectors = {part: ((raw[part] - mean) / spread * scale).astype(np.float32) for part in raw}
    began = time.time()
    weights = train_head(vectors["train"], labels["train"], classes, options.seed)
    for part in ("val", "train"):
        logits = vectors[part] @ weights[:-1] + weights[-1]
        right = (logits.argmax(1) == labels[part]).mean()
        print(f"teacher on {part}: {right:.1%} correct ({time.time() - began:.0f} s)", flush=True)
    soft = _softmax(logits / TEMPERATURE).astype(np.float16)
    staged = options.cache / "soft-targets.part"
    with staged.open("wb") as stream:
        np.save(stream, soft)
    staged.replace(options.cache / "soft-targets.npy")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
