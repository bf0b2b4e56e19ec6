"""Makes what trainings need: painted photos of a few kinds, and a tiny real MobileNet to start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mobilenet_gui.core.naming import Naming
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.job import ConvertJob
from mobilenet_gui.training.keras_file import pack_weights
from mobilenet_gui.training.process import run_job
from mobilenet_gui.training.run_folder import RunFolder, RunSpec, Sample, Split
from mobilenet_gui.training.training_settings import TrainingSettings
from tests.model_factory import make_labels

KINDS = ("red", "green", "stripes")
SIZE = 64


def paint(kind: str, seed: int, side: int = 80) -> NDArray[np.uint8]:
    """A photo of a kind, each a little different."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 90, (side, side, 3))
    if kind == "stripes":
        width = int(random.integers(4, 9))
        pixels[:, (np.arange(side) // width) % 2 == 0] += 150
    else:
        pixels[:, :, 0 if kind == "red" else 1] += int(random.integers(90, 160))
    return pixels.astype(np.uint8)


def paint_folder(folder: Path, photos: int = 10, kinds: tuple[str, ...] = KINDS) -> Path:
    """A folder of folders of painted photos."""
    for number, kind in enumerate(kinds):
        (folder / kind).mkdir(parents=True)
        for n in range(photos):
            Image.fromarray(paint(kind, 1000 * number + n)).save(folder / kind / f"{n}.png")
    return folder


def random_arrays(architecture: Architecture, seed: int = 0) -> dict[str, list[NDArray[np.float32]]]:
    """Weights with which a network's features tell photos apart, though it has learnt nothing."""
    random = np.random.default_rng(seed)
    arrays: dict[str, list[NDArray[np.float32]]] = {}
    for layer in architecture.layers:
        kernel = layer.shapes[0]
        if layer.kind == "norm":
            one, zero = np.ones(kernel, np.float32), np.zeros(kernel, np.float32)
            arrays[layer.name] = [one, zero, zero.copy(), one.copy()]
            continue
        fan = np.prod(kernel[:2]) if layer.kind == "depthwise" else np.prod(kernel[:-1])
        values = [random.normal(0, (2 / fan) ** 0.5, kernel).astype(np.float32)]
        arrays[layer.name] = values + [np.zeros(shape, np.float32) for shape in layer.shapes[1:]]
    return arrays


def make_base(folder: Path, *, family: str = "v1", alpha: float = 0.25, size: int = SIZE) -> Path:
    """A bundle of a tiny MobileNet with five classes; converted by TensorFlow in a process of its own."""
    architecture = Architecture(family, alpha, 5)  # type: ignore[arg-type]
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.h5"
    weights.write_bytes(pack_weights(architecture, random_arrays(architecture)))
    job = ConvertJob(weights, folder / "base", Naming("base", "Base"), input_size=size, labels=make_labels(5))
    run_job(job)
    return folder / "base"


def make_run(
    folder: Path,
    photos: Path,
    base: Path,
    settings: TrainingSettings,
    *,
    reject: bool = False,
) -> RunFolder:
    """A run folder for painted photos: of ten, six to train, two to validate, two to test."""
    kinds = sorted(path.name for path in photos.iterdir())
    samples: list[Sample] = []
    for label, kind in enumerate(kinds):
        files = sorted((photos / kind).iterdir(), key=lambda p: int(p.stem))
        for n, path in enumerate(files):
            split: Split = ("train", "train", "train", "validation", "test")[n % 5]
            samples.append(Sample(f"{kind}-{n}", path, label, split))
    classes = (*kinds, "none") if reject else tuple(kinds)
    run = RunFolder(folder)
    run.write_spec(
        RunSpec(
            "1", "", "Painted", classes, tuple(samples), settings, base, folder.parent / "features",
            background=len(kinds) if reject else None,
        )
    )  # fmt: skip
    return run
