"""What an unsure answer's kind is worth, and whether looking at the mirror image, too, would pay.

Run as `python -m benchmarks.groups [--model ID] [--most N]`. Asked about are the 48 real photos and the 10,000 of Tiny
ImageNet's validation part, which are harder than photos are: 64 pixels, enlarged. A kind is right where the photo's
class belongs to it. `GROUP_FROM` is the least limit in the table from which 95 % of the kinds named are right.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common import judge, shared, table
from mobilenet_gui.cli_model import find_model
from mobilenet_gui.core import imaging
from mobilenet_gui.core.class_names import kinds_of
from mobilenet_gui.core.confidence import SURE_FROM
from mobilenet_gui.core.groups import GROUP_FROM, Kinds
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.types import Label, Pixels
from mobilenet_gui.training.bases import BUILTIN_ID

LIMITS = (0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
WANTED = 0.95

Floats = NDArray[np.float32]
Photo = tuple[imaging.DecodedPhoto | Pixels, int]


def real_photos(recognizer: LiteRTRecognizer) -> Iterator[Photo]:
    """Yield the 48 photos with the class of each."""
    folder = shared() / "photos"
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield imaging.decode_for(folder / row["file"], recognizer.bundle.preprocessing), int(row["imagenet_index"])


def tiny_photos(most: int) -> Iterator[Photo]:
    """Yield the first `most` of Tiny ImageNet's validation photos with the class of each."""
    folder = shared() / "tiny-imagenet"
    with (folder / "classes.csv").open(encoding="utf-8", newline="") as file:
        classes = [int(row["imagenet_index"]) for row in csv.DictReader(file)]
    with np.load(folder / "val.npz", allow_pickle=False) as packed:
        webp, offsets, labels = packed["webp"], packed["offsets"], packed["labels"]
    for number in range(min(most, len(labels))):
        with Image.open(io.BytesIO(webp[offsets[number] : offsets[number + 1]].tobytes())) as photo:
            yield np.asarray(photo.convert("RGB")), classes[labels[number]]


def ask(recognizer: LiteRTRecognizer, photos: Iterable[Photo]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return each photo's probabilities, those with its mirror image's averaged in, and its class."""
    plain: list[Floats] = []
    both: list[Floats] = []
    classes: list[int] = []
    for photo, index in photos:
        pixels = imaging.prepare(photo, recognizer.bundle.preprocessing).pixels
        plain.append(recognizer.probabilities(pixels)[0].copy())
        mirrored = recognizer.probabilities(np.ascontiguousarray(pixels[:, ::-1]))[0]
        both.append((plain[-1] + mirrored) / np.float32(2))
        classes.append(index)
    return np.stack(plain), np.stack(both), np.array(classes)


def named(
    kinds: Kinds, labels: tuple[Label, ...], answers: Floats, classes: NDArray[np.int64], limit: float
) -> tuple[int, int]:
    """Return for how many unsure answers a kind is named from `limit` on, and how often it is right."""
    count = right = 0
    for answer, index in zip(answers, classes, strict=True):
        found = kinds.groups(answer, limit) if answer.max() < SURE_FROM else ()
        count += bool(found)
        right += bool(found) and found[0].name in kinds_of(labels[index].id)
    return count, right


def main() -> None:
    """Print one table for each set of photos."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=BUILTIN_ID, help="an installed model of ImageNet's thousand classes")
    parser.add_argument("--most", type=int, default=10_000, help="use only so many small photos")
    arguments = parser.parse_args()
    recognizer = LiteRTRecognizer(find_model(arguments.model))
    labels, kinds = recognizer.bundle.labels, recognizer.bundle.kinds
    if len(labels) != 1000:
        parser.error("this model has other classes")
    sets = {"real photos": real_photos(recognizer), "Tiny ImageNet": tiny_photos(arguments.most)}
    for name, photos in sets.items():
        plain, both, classes = ask(recognizer, photos)
        first = [answers.argmax(1) == classes for answers in (plain, both)]
        unsure = int((plain.max(1) < SURE_FROM).sum())
        rows = [
            ("correct, the crop", f"{first[0].mean():.1%}", ""),
            ("correct, the crop and its mirror image (twice the time)", f"{first[1].mean():.1%}", ""),
            (
                "put right by the mirror image, made wrong",
                f"{(first[1] & ~first[0]).sum()}, {(first[0] & ~first[1]).sum()}",
                "",
            ),
            (f"unsure, below {SURE_FROM:.0%}", f"{unsure} of {len(classes)}", ""),
        ]
        for limit in LIMITS:
            count, right = named(kinds, labels, plain, classes, limit)
            share = right / max(1, count)
            verdict = judge(share, WANTED, at_least=True) if limit == GROUP_FROM else ""
            rows.append((f"unsure with a kind from {limit:.0%}", f"{count}, right {right} ({share:.1%})", verdict))
        table(f"{recognizer.bundle.name}, {len(classes)} {name}", rows)
    recognizer.close()


if __name__ == "__main__":
    main()
