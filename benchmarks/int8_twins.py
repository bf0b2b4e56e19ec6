"""What 8-bit twins are worth: time, right answers and agreement beside the full network, in one run.

Run as `python -m benchmarks.int8_twins [--tiny N]`. Twins are made as the program makes them, of EfficientNet-Lite0 and
the MobileNets whose weights are in the shared folder, in a home of their own. Both networks are asked by turns, so
that other load on the machine falls on both. Tiny ImageNet's pictures of 64 pixels, enlarged, are far harder than
photos; what the two say there differs more often, mostly where neither is right.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common import judge, photos, shared, table
from mobilenet_gui import paths
from mobilenet_gui.core import batch, imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.install import BuildRequest
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.twins import Twin, find
from mobilenet_gui.core.types import Pixels, Preprocessing
from mobilenet_gui.model_builder import WorkerBuilder, make_twin

WEIGHTS = {
    "MobileNet V2 1.0/224": "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5",
    "MobileNet V1 0.75/192": "mobilenet_7_5_192_tf.h5",
}
_TIMED, _WARM_UP = 48, 8


def models(folder: Path) -> Iterator[Bundle]:
    """Yield the models, those of the shared folder converted into `folder`."""
    yield Bundle.open(paths.builtin_models_dir() / "efficientnet-lite0")
    for number, (name, file) in enumerate(WEIGHTS.items()):
        place = folder / f"model-{number}"
        with WorkerBuilder() as build:
            request = BuildRequest(shared() / "weights" / "keras" / file, place, Naming(place.name, name))
            build(request, lambda _text, _share: None, threading.Event())
        yield Bundle.open(place)


def real(pre: Preprocessing) -> tuple[list[Pixels], list[int]]:
    """Return the 48 photos as the network sees them, and the class of each."""
    with (shared() / "photos" / "labels.csv").open(encoding="utf-8", newline="") as file:
        classes = {row["file"]: int(row["imagenet_index"]) for row in csv.DictReader(file)}
    found = [imaging.prepare(imaging.decode_for(path, pre), pre).pixels for path in photos()]
    return found, [classes[path.name] for path in photos()]


def tiny(size: int, count: int) -> tuple[list[Pixels], list[int]]:
    """Return so many of Tiny ImageNet's validation pictures, enlarged, and the class of each."""
    folder = shared() / "tiny-imagenet"
    with (folder / "classes.csv").open(encoding="utf-8", newline="") as file:
        classes = [int(row["imagenet_index"]) for row in csv.DictReader(file)]
    with np.load(folder / "val.npz") as stored:
        data, places, labels = stored["webp"].tobytes(), stored["offsets"], stored["labels"]
    pictures = (Image.open(io.BytesIO(data[places[n] : places[n + 1]])).convert("RGB") for n in range(count))
    enlarged = [np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC)) for picture in pictures]
    return enlarged, [classes[label] for label in labels[:count]]


def guesses(bundle: Bundle, pictures: list[Pixels]) -> NDArray[np.intp]:
    """Return the first guess for each picture."""
    recognizer = LiteRTRecognizer(bundle)
    found = np.array([recognizer.probabilities(picture)[0].argmax() for picture in pictures])
    recognizer.close()
    return found


def ratio(full: Bundle, ours: Bundle, pictures: list[Pixels], threads: int) -> tuple[float, float]:
    """Return the full network's milliseconds for a photo, and the twin's share of them."""
    pair = [LiteRTRecognizer(bundle, threads) for bundle in (full, ours)]
    times: list[list[float]] = [[], []]
    for picture in pictures[:_TIMED]:
        for recognizer, seconds in zip(pair, times, strict=True):
            start = time.perf_counter()
            recognizer.probabilities(picture)
            seconds.append(time.perf_counter() - start)
    slow, fast = (statistics.median(seconds[_WARM_UP:]) for seconds in times)
    return slow * 1e3, fast / slow


def folder_gain(full: Bundle, ours: Bundle) -> float:
    """Return how many times as many photos a second a folder gives with the twin; the better of three runs each."""
    best = [min(_seconds(bundle) for _ in range(3)) for bundle in (full, ours)]
    return best[0] / best[1]


def _seconds(bundle: Bundle) -> float:
    start = time.perf_counter()
    done = sum(1 for _ in batch.classify(iter(photos()), bundle))
    return (time.perf_counter() - start) / done


def report(full: Bundle, twin: Twin, count: int) -> None:
    """Print what a model's twin is worth."""
    ours = full.with_twin(twin)
    pictures = real(full.preprocessing)
    rows = [("views it was tried on, same first guess", f"{twin.agree}/{twin.checked}", f"answers: {twin.pays}")]
    for threads in (1, 2):
        slow, share = ratio(full, ours, pictures[0], threads)
        rows.append((f"time, {threads} threads (full {slow:.1f} ms)", f"{share:.2f}", judge(share, 0.55)))
    gain = folder_gain(full, ours)
    rows.append(("photos a second of a folder", f"{gain:.2f}", judge(gain, 1.5, at_least=True)))
    for name, (pixels, classes) in {"photos": pictures, "Tiny ImageNet": tiny(full.preprocessing.size, count)}.items():
        before, after = guesses(full, pixels), guesses(ours, pixels)
        right = [float((answers == classes).mean()) for answers in (before, after)]
        rows.append((f"{name} ({len(pixels)}), top-1", f"{right[0]:.1%} -> {right[1]:.1%}", ""))
        rows.append((f"{name}, same first guess", f"{(before == after).mean():.1%}", ""))
    table(full.name, rows)


def main() -> None:
    """Print one table a model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", type=int, default=600, help="pictures of Tiny ImageNet (default: 600)")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as home:
        os.environ["MOBILENET_GUI_HOME"] = home
        for bundle in models(Path(home)):
            make_twin(bundle, threading.Event())
            twin = find(bundle)
            if twin is None or not twin.sha256:
                print(f"\n{bundle.name}: no 8-bit network can be made")
            else:
                report(bundle, twin, arguments.tiny)


if __name__ == "__main__":
    main()
