"""Measures the starter bundle as the program uses it: `python packaging/starter/evaluate.py --data DIR [--write]`.

Every photo goes through the program's own preprocessing and recogniser. The temperature is
fitted on one half of the validation part and judged on the other; top-1 and top-5 are of the whole part. With
`--photos`, real photos (a folder with labels.csv: file, wnid) are asked about, too. `--write` puts the
figures into the bundle's manifest, its description and its card.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import card
import dataset
import make_bundle
import numpy as np
import numpy.typing as npt
from seen import unseen

from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.manifest import Metrics
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.settings import Settings
from mobilenet_gui.training.calibration import fit_temperature, probabilities_from_logits

BINS = 15
"""Of the expected calibration error (Guo et al., 2017)."""
WORST = 10
SURE_FROM = Settings().sure_from
"""The program's own limit, which holds for this model, too: a limit fitted to so weak a model would be far too low."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RealRow:
    """Full-size photos of a kind: how many the model has learnt from, how many not, and of these the right answers.

    Attributes:
        name: What they show.
        seen: Left out, because they are among the training photos.
        count: The others.
        first, five: For how many of those the first answer, or one of the first five, is right.
    """

    name: str
    seen: int
    count: int
    first: int
    five: int


@dataclass(frozen=True)
class Figures:
    """What was measured; shares from 0 to 1.

    Attributes:
        top1, top5: of the validation part.
        photos: of the validation part.
        temperature: fitted on its first half.
        error_before, error_after: expected calibration error on its second half, without and with the temperature.
        sure_share, sure_correct: of the second half, how many answers are sure by the program's own limit, and how
            many of those are correct.
        worst, best: classes by share of correct first answers.
        confused: (true class, answered class, how many of 50).
        real: what it said of real photos.
        milliseconds, threads: the network's time for one photo, None where not measured.
        size: bytes of the bundle.
    """

    top1: float
    top5: float
    photos: int
    temperature: float
    error_before: float
    error_after: float
    sure_share: float
    sure_correct: float
    worst: list[tuple[str, float]]
    best: list[tuple[str, float]]
    confused: list[tuple[str, str, int]]
    real: list[RealRow]
    milliseconds: float | None
    threads: int | None
    size: int


def uncalibrated(bundle: Bundle) -> Bundle:
    """Return the same bundle with temperature 1."""
    return Bundle(bundle.folder, replace(bundle.manifest, temperature=1.0), bundle.labels)


def answers(bundle: Bundle, photos: dataset.Pixels) -> Floats:
    """Return probabilities (n, classes) of photos as pixels, without calibration."""
    recognizer = LiteRTRecognizer(uncalibrated(bundle), threads=2)
    found = np.empty((len(photos), len(bundle.labels)))
    for number, pixels in enumerate(photos):
        prepared = imaging.prepare(np.ascontiguousarray(pixels), bundle.preprocessing)
        found[number] = recognizer.probabilities(prepared.pixels)[0]
    recognizer.close()
    return found


def calibration_error(probabilities: Floats, labels: dataset.Labels) -> float:
    """Return the mean difference between what answers say and how often they are correct, in bins of equal width."""
    says, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = np.minimum((says * BINS).astype(int), BINS - 1)
    return float(sum(abs(says[bins == b].sum() - right[bins == b].sum()) for b in range(BINS)) / len(labels))


def count_right(bundle: Bundle, photos: list[tuple[Path, int]]) -> tuple[int, int, int]:
    """Count photo files, and for how many of them the first answer or one of the first five is right."""
    recognizer = LiteRTRecognizer(bundle, threads=2)
    first = five = 0
    for path, wanted in photos:
        found = recognizer.recognize(imaging.decode_for(path, bundle.preprocessing), top_k=5)
        given = [prediction.index for prediction in found.predictions]
        first, five = first + (given[0] == wanted), five + (wanted in given)
    recognizer.close()
    return len(photos), first, five


def listed_photos(bundle: Bundle, folder: Path) -> list[tuple[Path, int]]:
    """Return the photos of a folder's labels.csv whose class the bundle knows, with the class's index."""
    index = {label.id: label.index for label in bundle.labels}
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [(folder / row["file"], index[row["wnid"]]) for row in rows if row["wnid"] in index]


def of_one_class(bundle: Bundle, wnid: str, folders: list[Path]) -> tuple[str, list[tuple[Path, int]]]:
    """Return the class's name, and all JPEGs in folders that show it with the class's index."""
    label = next(label for label in bundle.labels if label.id == wnid)
    return label.name, [(path, label.index) for folder in folders for path in sorted(folder.glob("*.jpg"))]


def real_rows(bundle: Bundle, options: argparse.Namespace) -> list[RealRow]:
    """Ask about real photos, those that the model has learnt from left out."""
    groups: list[tuple[str, list[tuple[Path, int]]]] = []
    if options.photos is not None:
        groups.append(("its classes", listed_photos(bundle, options.photos)))
    for wnid, *folders in options.one_class:
        name, found = of_one_class(bundle, wnid, [Path(folder) for folder in folders])
        groups.append((f"the class “{name}”", found))
    pixels, labels = dataset.load(options.data, options.cache, "train")
    rows: list[RealRow] = []
    for name, found in groups:
        new: list[tuple[Path, int]] = []
        for index in sorted({index for _, index in found}):
            paths = [path for path, own in found if own == index]
            new += [(path, index) for path in unseen(paths, index, pixels, labels)]
        rows.append(RealRow(name, len(found) - len(new), *count_right(bundle, new)))
    return rows


def measure(bundle: Bundle, options: argparse.Namespace) -> Figures:
    """Measure everything that the command line asks for."""
    pixels, labels = dataset.load(options.data, options.cache, "val")
    found = answers(bundle, pixels)
    order = np.argsort(-found, axis=1)[:, :5]
    right = order[:, 0] == labels
    logs = np.log(np.maximum(found, 1e-12))
    half = len(labels) // 2
    temperature = round(fit_temperature(logs[:half], labels[:half]), 3)
    calm = probabilities_from_logits(logs, temperature)
    sure = calm[half:].max(1) >= SURE_FROM
    names = [label.name for label in bundle.labels]
    shares = sorted(((names[k], float(right[labels == k].mean())) for k in range(len(names))), key=lambda pair: pair[1])
    pairs = Counter((names[t], names[a]) for t, a in zip(labels, order[:, 0], strict=True) if t != a)
    return Figures(
        top1=float(right.mean()),
        top5=float((order == labels[:, None]).any(1).mean()),
        photos=len(labels),
        temperature=temperature,
        error_before=calibration_error(found[half:], labels[half:]),
        error_after=calibration_error(calm[half:], labels[half:]),
        sure_share=float(sure.mean()),
        sure_correct=float(right[half:][sure].mean()) if sure.any() else 0.0,
        worst=shares[:WORST],
        best=shares[: -WORST - 1 : -1],
        confused=[(a, b, n) for (a, b), n in pairs.most_common(WORST)],
        real=real_rows(bundle, options),
        milliseconds=options.speed[0] if options.speed else None,
        threads=int(options.speed[1]) if options.speed else None,
        size=sum(item.stat().st_size for item in bundle.folder.iterdir()),
    )


def main() -> int:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(".cache/starter"))
    parser.add_argument("--photos", type=Path, help="real photos with labels.csv")
    parser.add_argument(
        "--one-class", nargs="+", action="append", default=[], metavar="WNID FOLDER", help="real photos of one class"
    )
    parser.add_argument("--bundle", type=Path, default=make_bundle.OUTPUT)
    parser.add_argument(
        "--speed", nargs=2, type=float, metavar=("MS", "THREADS"), help="the network's time, as speed.py measured it"
    )
    parser.add_argument("--backbones", type=Path, help="what backbones.py wrote, for the card")
    parser.add_argument("--write", action="store_true", help="put the figures into the bundle")
    options = parser.parse_args()
    bundle = Bundle.open(options.bundle)
    figures = measure(bundle, options)
    json.dump(asdict(figures), sys.stdout, indent=1)
    print()
    if options.write:
        compared: dict[str, Any] = {}
        if options.backbones is not None:
            compared = json.loads(options.backbones.read_text(encoding="utf-8"))
        manifest = replace(
            bundle.manifest,
            temperature=figures.temperature,
            metrics=Metrics(top1=round(figures.top1, 4), top5=round(figures.top5, 4)),
            description=card.description(asdict(figures)),
        )
        (bundle.folder / make_bundle.CARD).write_text(card.text(asdict(figures), bundle, compared), encoding="utf-8")
        make_bundle.rewrite(bundle, manifest)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
