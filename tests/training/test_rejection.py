"""What stands for "none of these", and that it takes next to nothing from the classes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from mobilenet_gui.training.control import Control
from mobilenet_gui.training.head_training import HeadTraining, LearntHead
from mobilenet_gui.training.material import Item, Material
from mobilenet_gui.training.presets import recipe_for
from mobilenet_gui.training.rejection import MOST_REJECTED, MOST_SHUFFLED, SHUFFLES, joined, readiness, shuffled
from mobilenet_gui.training.run_folder import Sample
from mobilenet_gui.training.training_settings import TrainingSettings

if TYPE_CHECKING:
    from mobilenet_gui.training.journal import Journal

CHANNELS = 64
NONE = 2


class _Silent:
    """A journal that is told everything and keeps nothing."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_, **__: None


def photos_of(active: range, photos: int, seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Features of photos of one kind: some channels answer strongly, the others hardly."""
    random = np.random.default_rng(seed)
    values = random.exponential(0.15, (photos, CHANNELS))
    values[:, active] += random.exponential(1.2, (photos, len(active)))
    return values.astype(np.float32)


def learnt(values: Any, material: Material) -> LearntHead:
    recipe = recipe_for(TrainingSettings(preset="fast", seed=1), 96)
    return HeadTraining(values, material, recipe, cast("Journal", _Silent()), Control(None, threading.Event())).learn()


def material_of(labels: list[int], background: int | None) -> Material:
    items = tuple(
        Item(Sample(f"p{n}", Path(f"{n}.jpg"), label, "train" if n % 4 else "validation"), label)
        for n, label in enumerate(labels)
    )
    classes = ("ant", "bee") if background is None else (*("ant", "bee")[:background], "none")
    return Material(classes, items, (), (), background)


def test_shuffled_rows_keep_their_strength_and_know_their_photo() -> None:
    values = photos_of(range(8), 30, 1)
    rows, sources = shuffled(values, 5)
    assert len(rows) == SHUFFLES * 30
    assert np.array_equal(np.sort(rows, axis=1), np.sort(values[sources], axis=1))
    assert not np.array_equal(rows, values[sources])
    assert np.array_equal(rows, shuffled(values, 5)[0])
    many, from_ = shuffled(np.zeros((MOST_SHUFFLED, 1), np.float32), 5)
    assert len(many) == len(from_) == MOST_SHUFFLED
    assert shuffled(np.zeros((0, 4), np.float32), 5)[0].shape == (0, 4)


def test_only_few_of_the_classes_photos_may_be_rejected() -> None:
    random = np.random.default_rng(0)
    logits = random.normal(0, 1, (500, 3)).astype(np.float32)
    labels = np.zeros(500, np.int64)
    for moved in (-4.0, 4.0):  # rejected hardly ever, and nearly always
        given = logits + np.array([0, 0, moved], np.float32)
        given[:, NONE] += readiness(given, labels, NONE)
        rejected = float((given.argmax(axis=1) == NONE).mean())
        assert MOST_REJECTED - 0.005 <= rejected <= MOST_REJECTED


def test_own_photos_of_none_are_not_made_rarer_but_never_cost_too_much() -> None:
    logits = np.tile(np.array([[2.0, 0.0, 0.0]], np.float32), (60, 1))
    labels = np.array([0] * 40 + [NONE] * 20, np.int64)
    assert readiness(logits, labels, NONE) == 0.0
    logits[:40, NONE] = 5.0
    assert readiness(logits, labels, NONE) == pytest.approx(-3.0, abs=1e-3)
    assert readiness(logits[40:], labels[40:], NONE) == 0.0


def test_layers_are_joined_at_any_place() -> None:
    everything, classes = np.array([[5.0, 9.0, 1.0]]), np.array([[2.0, 4.0]])
    assert joined(everything, classes, 2).tolist() == [[-1.0, 1.0, -6.0]]
    assert joined(everything, classes, 0).tolist() == [[0.0, -1.0, 1.0]]
    assert joined(everything[0], classes[0], 1).tolist() == [-1.0, 6.0, 1.0]


def test_one_class_alone_can_be_told_from_none_of_it() -> None:
    ants = photos_of(range(8), 60, 1)
    found = learnt(np.concatenate([ants, photos_of(range(20, 28), 5, 3)]), material_of([0] * 60 + [1] * 5, 1))
    assert (found.final.logits(photos_of(range(8), 100, 11)).argmax(axis=1) == 0).mean() > 0.9
    assert (found.final.logits(photos_of(range(40, 48), 100, 12)).argmax(axis=1) == 1).mean() > 0.9


def test_strangers_are_rejected_and_the_classes_are_not() -> None:
    ants, bees = photos_of(range(8), 60, 1), photos_of(range(8, 16), 60, 2)
    values = np.concatenate([ants, bees])
    labels = [0] * 60 + [1] * 60
    plain, rejecting = learnt(values, material_of(labels, None)), learnt(values, material_of(labels, NONE))
    strangers = np.concatenate([photos_of(range(k, k + 8), 20, k) for k in (20, 30, 40, 50)])
    assert (rejecting.final.logits(strangers).argmax(axis=1) == NONE).mean() > 0.9
    new = np.concatenate([photos_of(range(8), 100, 11), photos_of(range(8, 16), 100, 12)])
    truth = np.repeat([0, 1], 100)
    for head, before in ((rejecting.early, plain.early), (rejecting.final, plain.final)):
        answers = head.logits(new)
        assert (answers.argmax(axis=1) == truth).mean() >= (before.logits(new).argmax(axis=1) == truth).mean() - 0.03
        # The classes among themselves are told apart as ever.
        apart = np.diff(before.logits(new), axis=1)
        assert np.allclose(np.diff(answers[:, :NONE], axis=1), apart, atol=1e-4)
    # What is told of the photos themselves is told of them alone.
    assert rejecting.early_logits.shape == (120, 3)
    assert sorted(rejecting.held) == list(range(120))
    assert len(rejecting.held_logits) == 120
