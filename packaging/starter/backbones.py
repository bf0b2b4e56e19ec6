"""Compares the starter with the official networks as a backbone: `packaging/starter/backbones.py --photos DIR ...`.

Each network looks at all photos of a folder (train/ and val/, a folder a class in each), frozen: the mean of its last
feature map, of the photo and of its mirror image. On these the program's own linear classifier is trained, its
strength chosen by held-out photos. Five times all photos are dealt out anew (as many to learn from as train/ has), the
same way for every network.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import make_bundle
import numpy as np
import numpy.typing as npt

from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.types import Preprocessing
from mobilenet_gui.training.head import HeadProblem, make_folds

SEEDS = 5
SUFFIXES = (".jpg", ".jpeg", ".png")

Floats = npt.NDArray[np.float32]


def photos_of(folder: Path) -> tuple[list[Path], npt.NDArray[np.int64], int]:
    """Return all photos with their classes' numbers, those of train/ first, and how many those are."""
    paths: list[Path] = []
    labels: list[int] = []
    learn = 0
    for part in ("train", "val"):
        classes = sorted(place for place in (folder / part).iterdir() if place.is_dir())
        for number, place in enumerate(classes):
            found = sorted(path for path in place.iterdir() if path.suffix.lower() in SUFFIXES)
            paths += found
            labels += [number] * len(found)
        learn = learn or len(paths)
    return paths, np.array(labels, np.int64), learn


def features(weights: Path, size: int, crop: float, paths: list[Path]) -> tuple[Floats, Floats]:
    """Return mean feature vectors (n, channels) of the photos and of their mirror images."""
    from mobilenet_gui.training import keras_models
    from mobilenet_gui.training.architectures import Architecture
    from mobilenet_gui.training.detect import Declared, detect
    from mobilenet_gui.training.weights import open_weights

    with open_weights(weights) as file:
        found = detect(file, Declared(), str(weights))
        arrays = found.read(str(weights))
    architecture = Architecture(found.architecture.family, found.architecture.alpha, None)
    model = keras_models.build(architecture, size, arrays)
    preprocessing = Preprocessing(size=size, crop_fraction=crop)
    batch = np.stack(
        [
            imaging.normalize(
                imaging.prepare(imaging.decode_for(path, preprocessing), preprocessing).pixels, "minus1_1"
            )
            for path in paths
        ]
    )
    views = (batch, batch[:, :, ::-1])
    plain, mirrored = (
        np.concatenate([keras_models.predict(model, view[i : i + 32]).mean((1, 2)) for i in range(0, len(view), 32)])
        for view in views
    )
    return plain, mirrored


def accuracy(plain: Floats, mirrored: Floats, labels: npt.NDArray[np.int64], learn: int, seed: int) -> float:
    """Return the share of held-out photos that a linear classifier answers correctly."""
    order = np.random.default_rng(seed).permutation(len(labels))
    train, test = order[:learn], order[learn:]
    both = np.concatenate([plain[train], mirrored[train]])
    twice = np.concatenate([labels[train], labels[train]])
    problem = HeadProblem(both, twice, int(labels.max()) + 1)
    groups = [str(place) for place in [*train, *train]]
    strength, _, _ = problem.held_out(make_folds(twice, groups, seed))
    head, _ = problem.fit(strength)
    return float((head.logits(plain[test]).argmax(1) == labels[test]).mean())


def main() -> int:
    """Compare and print; with --output also write for `evaluate.py --backbones`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, default=make_bundle.OUTPUT)
    parser.add_argument(
        "--official", nargs=3, action="append", default=[], metavar=("NAME", "FILE", "SIZE"), help="Keras weights"
    )
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    paths, labels, learn = photos_of(options.photos)
    bundle = Bundle.open(options.bundle)
    if bundle.weights_path is None:
        raise SystemExit("the bundle has no weights")
    size, crop = bundle.preprocessing.size, bundle.preprocessing.crop_fraction
    networks = [("Starter model", bundle.weights_path, size, crop)]
    networks += [("Starter model", bundle.weights_path, wider, crop) for wider in (128, 160) if wider != size]
    networks += [(name, Path(file), int(side), 0.875) for name, file, side in options.official]
    rows: list[dict[str, Any]] = []
    for name, file, side, part in networks:
        plain, mirrored = features(file, side, part, paths)
        found = [accuracy(plain, mirrored, labels, learn, seed) for seed in range(SEEDS)]
        rows.append({"name": name, "size": side, "mean": float(np.mean(found)), "spread": float(np.std(found))})
        print(f"{name} at {side}: {100 * np.mean(found):.1f} ± {100 * np.std(found):.1f} %", flush=True)
    about = (
        f"Ants and bees: {len(labels)} photos, {learn} to learn from and {len(labels) - learn} to test, dealt out "
        f"{SEEDS} times; mean and standard deviation. Features frozen, linear classifier. "
        "Some of the photos are ImageNet's, so every one of these networks has learnt from them."
    )
    if options.output is not None:
        options.output.write_text(json.dumps({"about": about, "rows": rows}, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
