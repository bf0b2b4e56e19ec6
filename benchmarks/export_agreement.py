"""How exports agree with the program: V1, V2 and V3, official, shipped and fine-tuned, every format, on real photos.

Run as `python -m benchmarks.export_agreement [--only NAME...]`. No official V3 weights lie in the shared folder, so V3
is a network of random weights whose batch normalisation was fitted to photos, with a classifier trained on top: its
answers are poor, its numbers of the kind that trained networks have. The 8-bit ranges of fine-tuned models are fitted
to the train part, and compared on the val part. Official models have no train part: theirs are fitted to the very
photos that they are compared on, those of the val part and of 48 classes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.common import home_with_model, judge, photos, program, shared, table

BASES: Final = {
    "V1 0.75/192": "mobilenet_7_5_192_tf.h5",
    "V2 1.0/224": "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
}
BACKBONES: Final = {
    "V1 1.0/224 backbone": "mobilenet_1_0_224_tf_no_top.h5",
    "V2 1.0/224 backbone": "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
}
V3: Final = {"V3 small 1.0/128": "v3-small", "V3 large 1.0/128": "v3-large"}
STARTER: Final = "Starter 0.5/96"
V3_SIZE: Final = 128
FLOAT, DIFFERENCE, EIGHT_BITS = 0.995, 1e-3, 0.98


def main() -> int:
    """Measure and print; return 1 if a demand was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", help="parts of the names of the models to measure")
    parser.add_argument("--make-v3", nargs=2, metavar=("FAMILY", "FILE"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make_v3 is not None:
        make_v3(arguments.make_v3[0], Path(arguments.make_v3[1]))
        return 0
    missed = 0
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as folder, home_with_model() as environment:
        for name, model, check in models(Path(folder), environment, arguments.only):
            words = ["export", model, "--to", "all", "--output", f"{folder}/out", "--check", check, "--format", "json"]
            lines = [json.loads(line) for line in program(environment, *words).splitlines()]
            results = [line for line in lines if line["event"] == "exported"]
            table(f"{name}: {results[0]['checked']} photos, {lines[-1]['seconds']:.0f} s", [row(r) for r in results])
            missed += sum(not met(result) for result in results)
    return int(missed > 0)


def models(folder: Path, environment: dict[str, str], only: list[str] | None) -> Iterator[tuple[str, str, str]]:
    """Yield the name, what to export, and the photos to compare on."""

    def wanted(name: str) -> bool:
        return only is None or any(part.lower() in name.lower() for part in only)

    insects = shared() / "datasets" / "hymenoptera"
    both = folder / "both.csv"
    rows = [(path, "") for path in photos()] + [(path, "") for path in sorted((insects / "val").rglob("*.jpg"))]
    both.write_text("path,label\n" + "".join(f"{path},x\n" for path, _ in rows), encoding="utf-8")
    keras = shared() / "weights" / "keras"
    names = [name for name in (*BASES, *BACKBONES, *V3, STARTER) if wanted(name)]
    for number, name in enumerate(names):
        base = "starter" if name == STARTER else f"base-{number}"
        if name in V3:
            file = folder / f"{V3[name]}.weights.h5"
            command = [sys.executable, "-m", "benchmarks.export_agreement", "--make-v3", V3[name], str(file)]
            subprocess.run(command, env=environment, check=True, capture_output=True)
            (folder / "labels.txt").write_text("a\nb\n", encoding="utf-8")
            program(environment, "models", "import", str(file), "--id", base, "--labels", str(folder / "labels.txt"))
        elif name != STARTER:
            program(environment, "models", "import", str(keras / (BASES | BACKBONES)[name]), "--id", base)
        if name in BASES or name == STARTER:
            yield f"{name}, as it is", base, str(both)
        run = folder / f"run-{number}"
        program(environment, "train", str(insects), "--output", str(run), "--base", base, "--preset", "fast")
        yield f"{name}, fine-tuned to ants and bees", str(run), str(insects / "val")


def make_v3(family: str, path: Path) -> None:
    """Write the weights of a V3 whose batch normalisation was fitted to photos."""
    from mobilenet_gui.core import imaging
    from mobilenet_gui.core.types import Preprocessing
    from mobilenet_gui.training import keras_models
    from mobilenet_gui.training.architectures import Architecture

    pre = Preprocessing(size=V3_SIZE)
    train = sorted((shared() / "datasets" / "hymenoptera" / "train").rglob("*.jpg"))[::4]
    pixels = np.stack([imaging.prepare(imaging.decode_for(photo, pre), pre).pixels for photo in train])
    model: Any = keras_models.build(Architecture(family, 1.0, 2), V3_SIZE)  # type: ignore[arg-type]
    random = np.random.default_rng(1)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.trainable, layer.momentum = True, 0.0
            mean, variance = layer.get_weights()[2:]
            scales, shifts = random.uniform(0.5, 1.5, mean.shape), random.normal(0, 0.3, mean.shape)
            layer.set_weights([scales, shifts, mean, variance])
    model(pixels.astype(np.float32), training=True)  # with no momentum the statistics become those of these photos
    model.save_weights(path)


def met(result: dict[str, Any]) -> bool:
    """Say whether a format does as is demanded."""
    if result["format"] == "tflite-int8":
        return bool(result["agreement"] >= EIGHT_BITS)
    return bool(result["largest_difference"] <= DIFFERENCE and result["agreement"] >= FLOAT)


def row(result: dict[str, Any]) -> tuple[str, str, str]:
    """Return a format's line."""
    demand = judge(result["agreement"], EIGHT_BITS if result["format"] == "tflite-int8" else FLOAT, at_least=True)
    if result["numbers"] in ("float32", "float16"):
        demand += " " + judge(result["largest_difference"], DIFFERENCE)
    figure = (
        f"{result['agree']} of {result['checked']}, largest difference {result['largest_difference']:.1e}, "
        f"{result['size_bytes'] / 1e6:.1f} MB, {result['milliseconds']:.1f} ms"
    )
    return f"{result['format']} ({result['numbers']})", figure, demand


if __name__ == "__main__":
    sys.exit(main())
