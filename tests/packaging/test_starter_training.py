"""The program that makes a starter model, from packed photos to a sound bundle."""

from __future__ import annotations

import csv
import importlib.util
import io
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.core import labels
from mobilenet_gui.core.bundle import Bundle

PROGRAM = Path(__file__).resolve().parents[2] / "packaging" / "starter.py"


def pack(folder: Path) -> None:
    """Write a data set in the packed form: plain colours, their class the colour; 200 classes by name."""
    random = np.random.default_rng(0)
    for name in ("train-0", "train-1", "train-2", "train-3", "val"):
        webp, offsets, chosen = b"", [0], random.integers(0, 2, 4)
        for label in chosen:
            out = io.BytesIO()
            Image.new("RGB", (64, 64), [(230, 20, 20), (20, 20, 230)][label]).save(out, "WEBP", lossless=True)
            webp += out.getvalue()
            offsets.append(len(webp))
        np.savez(folder / f"{name}.npz", webp=np.frombuffer(webp, np.uint8), offsets=offsets, labels=chosen)
    with (folder / "classes.csv").open("w", encoding="utf-8", newline="") as stream:
        rows = [[n, label.id, label.index, label.name] for n, label in enumerate(labels.imagenet()[:200])]
        csv.writer(stream).writerows([["index", "wnid", "imagenet_index", "name"], *rows])


@pytest.fixture
def starter(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("starter_program", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "starter_program", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "STAGES", ((0.0, 64),))
    monkeypatch.setattr(module, "BATCH", 8)
    return module


@pytest.mark.keras
def test_a_few_steps_make_a_sound_bundle(starter: ModuleType, tmp_path: Path) -> None:
    pack(tmp_path)
    assert starter.main(["--data", str(tmp_path), "--output", str(tmp_path / "made"), "--epochs", "1"]) == 0
    bundle = Bundle.open(tmp_path / "made")
    bundle.verify()
    assert bundle.explainable
    assert bundle.trainable
    assert (bundle.manifest.classes, bundle.preprocessing.size) == (200, 64)
    assert sum(file.stat().st_size for file in bundle.folder.iterdir()) < 4_000_000
    photos = starter.load([tmp_path / "val.npz"], None)
    views = starter.crops(photos.pixels, 64, np.random.default_rng(1)).numpy()
    assert views.shape == (4, 64, 64, 3)
    assert (np.abs(views) <= 1).all()
    assert ((views[..., 0].mean((1, 2)) > views[..., 2].mean((1, 2))) == (photos.labels == 0)).all()
