"""What the crop is worth: right answers with our preprocessing beside the copied recipe's stretch, on real photos.

Run as `python -m benchmarks.preprocessing_accuracy [--filters] [--model ID]`. Without `--model` the official quantised
networks of the shared folder are measured; with it, an installed one.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.common import judge, shared, table
from mobilenet_gui.cli_model import find_model
from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.tflite_import import import_tflite
from mobilenet_gui.core.types import Preprocessing, ResizeFilter

ANT, BEE = 310, 309
FILTERS: tuple[ResizeFilter, ...] = ("bilinear", "bicubic", "lanczos")


def labelled() -> dict[str, list[tuple[Path, int]]]:
    """Return the photos with the class each shows: one of each of 48 classes, and several hundred of two."""
    folder = shared() / "photos"
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        sample = [(folder / row["file"], int(row["imagenet_index"])) for row in csv.DictReader(file)]
    insects = [
        (path, index)
        for name, index in (("ants", ANT), ("bees", BEE))
        for path in sorted((shared() / "datasets" / "hymenoptera").glob(f"*/{name}/*.jpg"))
    ]
    return {"48 classes": sample, "ants and bees": insects}


@contextmanager
def models(model_id: str | None) -> Iterator[list[Bundle]]:
    """Yield the models to measure."""
    if model_id is not None:
        yield [find_model(model_id)]
        return
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as folder:
        files = sorted((shared() / "weights" / "tflite").glob("*.tflite"))
        yield [import_tflite(path, Path(folder) / path.stem, Naming(path.stem, path.stem)) for path in files]


def accuracy(recognizer: LiteRTRecognizer, photos: list[tuple[Path, int]], pre: Preprocessing) -> tuple[float, float]:
    """Return top-1 and top-5 with one preprocessing, as fractions."""
    first = among_five = 0
    for path, index in photos:
        prepared = imaging.prepare(imaging.decode_for(path, pre), pre)
        best = np.argsort(recognizer.probabilities(prepared.pixels)[0])[::-1][:5]
        first += int(best[0]) == index
        among_five += index in best
    return first / len(photos), among_five / len(photos)


def main() -> None:
    """Print one table a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="an installed model's id")
    parser.add_argument("--filters", action="store_true", help="compare the resize filters, too")
    arguments = parser.parse_args()
    sets = labelled()
    with models(arguments.model) as bundles:
        for bundle in bundles:
            recognizer = LiteRTRecognizer(bundle)
            base = bundle.preprocessing
            ways = {"crop (ours)": base, "stretch (the recipe)": replace(base, stretch=True)}
            if arguments.filters:
                ways |= {f"crop, {each}": replace(base, filter=each) for each in FILTERS}
            rows = []
            for name, photos in sets.items():
                figures = {way: accuracy(recognizer, photos, pre) for way, pre in ways.items()}
                for way, (top1, top5) in figures.items():
                    rows.append((f"{name} ({len(photos)}), {way}", f"top-1 {top1:6.1%}  top-5 {top5:6.1%}", ""))
                ours, theirs = figures["crop (ours)"], figures["stretch (the recipe)"]
                ratio = ours[0] / max(theirs[0], 1e-9)
                rows.append((f"{name}, ours : recipe, top-1", f"{ratio:.2f}", judge(ratio, 1.0, at_least=True)))
            table(f"{bundle.name}, {base.size} pixels", rows)
            recognizer.close()


if __name__ == "__main__":
    main()
