"""What a model keeps of its photos: the limit, groups, large classes, and the example program's own count."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.core.strangers import Kinds, Likening, Shown
from mobilenet_gui.core.types import Label
from mobilenet_gui.training.example_program import example_program
from mobilenet_gui.training.material import Item, Material
from mobilenet_gui.training.run_folder import Sample
from mobilenet_gui.training.shown import KEPT, choose_shown, near_text, shown_of
from mobilenet_gui.training.views import SPOILT
from tests.model_factory import make_bundle

LABELS = (Label(0, "", "ants"), Label(1, "", "bees"))
Floats = NDArray[np.float32]


def photos(count: int, seed: int = 1, channels: int = 24) -> tuple[Floats, NDArray[np.int64]]:
    """Return features of two classes around two directions, as rectified as a network's are."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    rows = np.abs(random.normal(0, 0.15, (count, channels)))
    rows[:, 0] += np.where(labels == 0, 2, 0.5)
    rows[:, 1] += np.where(labels == 1, 2, 0.5)
    return rows.astype(np.float32), labels


def chosen(values: Floats, labels: NDArray[np.int64], **more: object) -> Shown:
    given = {
        "photos": [str(n) for n in range(len(values))], "groups": [""] * len(values), "kinds": None, **more
    }  # fmt: skip
    made = choose_shown(values, labels, **given)  # type: ignore[arg-type]
    assert made is not None
    return made


def accepted(shown: Shown, values: Floats) -> float:
    likening = Likening(shown, LABELS)
    return float(np.mean([not likening.likeness(row).unlike for row in values]))


@pytest.mark.parametrize("kinds", [None, Kinds(np.eye(24, 20, dtype=np.float32) * 3, np.zeros(20, np.float32))])
def test_own_photos_pass_and_strangers_do_not(kinds: Kinds | None) -> None:
    values, labels = photos(120)
    made = chosen(values, labels, kinds=kinds)
    new, _ = photos(300, seed=2)
    assert 0.9 <= accepted(made, new) <= 0.99
    strange = np.roll(new, 7, axis=1)
    assert accepted(made, strange) == 0


def test_what_near_strangers_may_do_is_measured_and_told() -> None:
    values, labels = photos(120)
    apart = chosen(values, labels)
    assert apart.near_accepted == 0
    assert near_text(apart) == ""
    # Two classes that look the same: without one of them, its photos pass for the other.
    alike = chosen(values[labels == 0], np.arange(60) % 2)
    assert alike.near_accepted is not None
    assert 0.8 <= alike.near_accepted <= 1
    assert f"{round(100 * alike.near_accepted)} of 100" in near_text(alike)
    alone = chosen(values[labels == 0], np.zeros(60, np.int64))
    assert (alone.near_accepted, near_text(alone), near_text(None)) == (None, "", "")


def test_a_group_does_not_vouch_for_itself() -> None:
    values, labels = photos(60)
    twins = np.repeat(values, 2, axis=0)
    groups = [f"g{n // 2}" for n in range(120)]
    alone = chosen(twins, np.repeat(labels, 2))
    together = chosen(twins, np.repeat(labels, 2), groups=groups)
    # Without groups each photo would be as like as its own copy, and no new photo would pass.
    new, _ = photos(200, seed=3)
    assert accepted(together, new) > 0.9
    assert accepted(alone, new) < accepted(together, new)


def test_photos_that_the_network_has_not_learnt_set_the_limit() -> None:
    values, labels = photos(120)
    learnt = values[:90].copy()
    learnt[:, 2:] *= 0.2  # what a network has learnt from lies close together
    every = np.concatenate([learnt, values[90:]])
    strict = chosen(every[:90], labels[:90])
    fair = chosen(every, labels, judges=np.arange(90, 120))
    new, _ = photos(200, seed=4)
    assert accepted(strict, new) < 0.5
    assert accepted(fair, new) > 0.85


def test_of_large_classes_some_hundred_are_kept_and_of_small_ones_all() -> None:
    values, labels = photos(3000)
    labels[:] = 0
    labels[:30] = 1
    made = chosen(values, labels)
    assert len(made.vectors) <= KEPT
    assert (made.labels == 1).sum() == 30
    assert len(made.vectors) > KEPT / 2
    assert set(made.photos) <= {str(n) for n in range(3000)}


def test_of_a_handful_nothing_can_be_said() -> None:
    values, labels = photos(7)
    assert choose_shown(values, labels, photos=["1"] * 7, groups=[""] * 7, kinds=None) is None


def test_kinds_of_another_network_are_left_out() -> None:
    values, labels = photos(40)
    made = chosen(values, labels, kinds=Kinds(np.zeros((5, 200), np.float32), np.zeros(200, np.float32)))
    assert made.kinds is None


def _example(folder: Path, shown: Shown) -> ModuleType:
    folder.mkdir()
    (folder / "shown.npz").write_bytes(shown.pack())
    (folder / "labels.txt").write_text("ants\nbees\n")
    (folder / "preprocessing.json").write_text(json.dumps({"strangers": {"file": "shown.npz", "tensor": 3}}))
    (folder / "example.py").write_text(example_program("tflite"), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("example_of_strangers", folder / "example.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_exports_example_counts_as_the_program_does(tmp_path: Path) -> None:
    values, labels = photos(60)
    kinds = Kinds(np.eye(24, 20, dtype=np.float32) * 3, np.ones(20, np.float32))
    for number, made in enumerate((chosen(values, labels), chosen(values, labels, kinds=kinds))):
        module = _example(tmp_path / str(number), made)
        likening = Likening(made, LABELS)
        for row in (*photos(5, seed=8)[0], np.roll(values[0], 5)):
            like, limit = module.how_like(row)
            mine = likening.likeness(row)
            assert like == pytest.approx(mine.value, abs=1e-4)
            assert limit == mine.limit


def test_only_plain_photos_of_the_classes_are_what_it_was_shown(tmp_path: Path) -> None:
    values, labels = photos(60)
    samples = [
        Sample(f"p{n}", tmp_path / f"{n}.jpg", int(labels[n]), "train" if n < 40 else "validation") for n in range(60)
    ]
    none = [Item(Sample(f"none{n}", tmp_path / "n.jpg", 2, "train"), 2) for n in range(5)]
    spoilt = [Item(sample, 2, SPOILT[0]) for sample in samples[:5]]
    items = (*(Item(sample, sample.label) for sample in samples), *none, *spoilt)
    rows = np.concatenate([values, np.ones((10, values.shape[1]), np.float32)])
    material = Material(("ants", "bees", "None of these"), items, (), background=2)
    base = make_bundle(tmp_path / "base")  # names six things: too few to tell strangers by
    made = shown_of(rows, material, base, learnt=False, seed=1)
    assert made is not None
    assert made.kinds is None
    assert set(made.photos) == {f"p{n}" for n in range(60)}
    assert set(made.labels.tolist()) == {0, 1}
    # Of a network that has learnt from the train photos the validation photos alone set the limit.
    judged = shown_of(rows, material, base, learnt=True, seed=1)
    assert judged is not None
    assert judged.limit != made.limit
    mine = chosen(values, labels, judges=np.arange(40, 60), seed=1)
    assert judged.limit == pytest.approx(mine.limit)
