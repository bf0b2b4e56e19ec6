"""Models are tried on held-out photos: the one that tells the classes apart best comes first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mobilenet_gui.core.errors import Cancelled, ModelError
from mobilenet_gui.training import base_trial
from mobilenet_gui.training.base_trial import MOST_PHOTOS, tried_text, try_bases
from mobilenet_gui.training.features import Shot
from mobilenet_gui.training.material import Item, Material
from mobilenet_gui.training.run_folder import Sample

APART = {"poor": 0.2, "good": 2.0, "fair": 0.7}
"""How far a model's features lie apart by class."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[Shot]]:
    """Stand in for networks; return what they were asked about."""
    asked: list[list[Shot]] = []

    def open_base(folder: Path) -> Any:
        if folder.name not in APART:
            raise ModelError(folder.name, "damaged")
        return SimpleNamespace(bundle=SimpleNamespace(id=folder.name, name=folder.name.title()), key="", input_size=8)

    def collect(shots: Sequence[Shot], network: str, *_: object, progress: Any, **__: object) -> Any:
        asked.append(list(shots))
        progress(0.5)
        labels = np.array([int(shot.path.parent.name) for shot in shots])
        values = np.random.default_rng(1).normal(0, 1, (len(shots), 12))
        values[np.arange(len(shots)), labels] += APART[network]
        return SimpleNamespace(values=values.astype(np.float32))

    monkeypatch.setattr(base_trial, "open_base", open_base)
    monkeypatch.setattr(base_trial, "feature_bundle", lambda base, *_: base.bundle.id)
    monkeypatch.setattr(base_trial, "hidden_layers", lambda _network: None)
    monkeypatch.setattr(base_trial, "collect", collect)
    return asked


def material_of(*counts: int) -> Material:
    items = [
        Item(Sample(f"{label}-{n}", Path(str(label)) / f"{n}.jpg", label, "train" if n % 4 else "validation"), label)
        for label, count in enumerate(counts)
        for n in range(count)
    ]
    items.append(Item(items[0].sample, 0, "noise"))
    return Material(tuple("abcdef"[: len(counts)]), tuple(items), ())


def test_the_best_comes_first_and_a_damaged_one_is_passed_over(asked: list[list[Shot]], tmp_path: Path) -> None:
    heard: list[float] = []
    folders = [tmp_path / name for name in ("poor", "damaged", "good", "fair")]
    tried = try_bases(folders, material_of(40, 40, 40), tmp_path, progress=heard.append)
    assert [one.id for one in tried] == ["good", "fair", "poor"]
    assert tried[0].folder == tmp_path / "good"
    assert tried[0].accuracy > tried[1].accuracy > tried[2].accuracy
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    text = tried_text(tried)
    assert text.startswith("Starts from Good, ")
    assert f"Good {100 * tried[0].accuracy:.1f} %, Fair " in text


def test_some_photos_of_each_class_tell_enough(asked: list[list[Shot]], tmp_path: Path) -> None:
    try_bases([tmp_path / "good"], material_of(900, 30, 900), tmp_path)
    (shots,) = asked
    assert len(shots) == MOST_PHOTOS
    assert all(shot.view == "plain" for shot in shots)
    counts = np.bincount([int(shot.path.parent.name) for shot in shots])
    assert counts.tolist() == [105, 30, 105]


def test_it_can_be_stopped(asked: list[list[Shot]], tmp_path: Path) -> None:
    def stop(_fraction: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        try_bases([tmp_path / "good", tmp_path / "fair"], material_of(20, 20), tmp_path, progress=stop)
    assert len(asked) == 1


@pytest.mark.parametrize(("photos", "models", "looked_at"), [(200, 2, 96), (800, 2, 160), (800, 3, 96), (5000, 2, 240)])
def test_it_costs_a_fifth_of_what_a_training_looks_at(
    asked: list[list[Shot]], tmp_path: Path, photos: int, models: int, looked_at: int
) -> None:
    folders = [tmp_path / name for name in ("good", "fair", "poor")[:models]]
    try_bases(folders, material_of(photos // 2, photos // 2 - 1), tmp_path)
    assert [len(shots) for shots in asked] == [looked_at] * models


def test_nothing_that_can_be_tried_is_no_choice(asked: list[list[Shot]], tmp_path: Path) -> None:
    assert try_bases([tmp_path / "damaged"], material_of(20, 20), tmp_path) == ()
    assert asked == []
