"""The photos that the starter model learns from: reads the packed Tiny ImageNet files and keeps them decoded.

The folder holds `train-0.npz` to `train-3.npz` and `val.npz` (arrays `webp`: all photos' WebP bytes one after another,
uint8; `offsets`: int64, n + 1; `labels`: uint8, 0 to 199) and `classes.csv` (index, wnid, imagenet_index, name).
Decoding takes half a minute on four cores, so the pixels (1.2 GB) are kept in a cache folder and mapped from there.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

SIDE = 64
"""Pixels of each side of a stored photo."""
TRAINING_FILES = ("train-0", "train-1", "train-2", "train-3")
VALIDATION_FILES = ("val",)

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ClassRow:
    """One of the classes, in the order of the labels."""

    index: int
    wnid: str
    imagenet_index: int
    name: str


def read_classes(folder: Path) -> list[ClassRow]:
    """Return the classes in label order."""
    with (folder / "classes.csv").open(encoding="utf-8", newline="") as stream:
        rows = [
            ClassRow(int(row["index"]), row["wnid"], int(row["imagenet_index"]), row["name"])
            for row in csv.DictReader(stream)
        ]
    if [row.index for row in rows] != list(range(len(rows))):
        raise ValueError(f"{folder / 'classes.csv'}: the classes are not numbered 0, 1, 2 ...")
    return rows


def _decode(path: Path) -> tuple[Pixels, Labels]:
    from PIL import Image

    with np.load(path, allow_pickle=False) as packed:
        webp, offsets, labels = packed["webp"], packed["offsets"], packed["labels"]
    pixels = np.empty((len(offsets) - 1, SIDE, SIDE, 3), np.uint8)
    for i in range(len(pixels)):
        with Image.open(io.BytesIO(webp[offsets[i] : offsets[i + 1]].tobytes())) as photo:
            pixels[i] = np.asarray(photo.convert("RGB"))
    return pixels, labels.astype(np.int64)


def _save(path: Path, array: npt.NDArray[Any]) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as stream:
        np.save(stream, array)
    part.replace(path)


def load(folder: Path, cache: Path, part: str) -> tuple[Pixels, Labels]:
    """Return the photos and labels of one part, decoded once and mapped from the cache afterwards.

    Args:
        folder: Where the packed files lie.
        cache: Where decoded pixels are kept; made if missing.
        part: "train" or "val".

    Returns:
        Pixels (n, 64, 64, 3) uint8, mapped read-only, and labels (n,) int64.
    """
    pixels_file, labels_file = cache / f"{part}-pixels.npy", cache / f"{part}-labels.npy"
    if not (pixels_file.exists() and labels_file.exists()):
        cache.mkdir(parents=True, exist_ok=True)
        names = TRAINING_FILES if part == "train" else VALIDATION_FILES
        with multiprocessing.get_context("spawn").Pool(len(names)) as pool:
            parts = pool.map(_decode, [folder / f"{name}.npz" for name in names])
        _save(pixels_file, np.concatenate([pixels for pixels, _ in parts]))
        _save(labels_file, np.concatenate([labels for _, labels in parts]))
    return np.load(pixels_file, mmap_mode="r", allow_pickle=False), np.load(labels_file, allow_pickle=False)
