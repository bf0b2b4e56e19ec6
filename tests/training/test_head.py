"""A head learnt on given features: the best one there is, groups held out together, no class forgotten."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.training.head import (
    Head,
    HeadProblem,
    class_weights,
    figures,
    log_softmax,
    make_folds,
)
from mobilenet_gui.training.lbfgs import minimize


def clouds(
    photos: int, channels: int, classes: int, spread: float = 1.0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    random = np.random.default_rng(photos + channels)
    labels = np.arange(photos) % classes
    middles = random.normal(0, 1, (classes, channels))
    return (middles[labels] + random.normal(0, spread, (photos, channels))).astype(np.float32), labels.astype(np.int64)


def test_minimum_of_a_bowl_is_found_from_afar() -> None:
    scales = np.logspace(0, 3, 20)
    goal = np.arange(20.0)
    found = minimize(
        lambda x: (float((scales * (x - goal) ** 2).sum()), 2 * scales * (x - goal)),
        np.full(20, 50.0),
        steps=300,
        tolerance=1e-6,
    )
    assert np.abs(found - goal).max() < 1e-4


def test_minimising_can_be_stopped_by_who_watches() -> None:
    steps: list[int] = []

    def watch(step: int, _place: object) -> bool:
        steps.append(step)
        return step < 3

    minimize(lambda x: (float((x**4).sum()), 4 * x**3), np.full(5, 3.0), steps=100, tolerance=0, on_step=watch)
    assert steps == [1, 2, 3]


@pytest.mark.parametrize(("photos", "channels"), [(30, 80), (200, 12)])
def test_head_is_the_best_there_is(photos: int, channels: int) -> None:
    features, labels = clouds(photos, channels, 3, 2.0)
    head, _ = HeadProblem(features, labels, 3).fit(0.1, steps=500)

    scale = features.std(axis=0)

    def cost(kernel: NDArray[np.float64], bias: NDArray[np.float64]) -> float:
        logs = log_softmax(features.astype(np.float64) @ kernel + bias)
        return float(-logs[np.arange(photos), labels].mean() + 0.1 / 3 / 2 * ((kernel * scale[:, None]) ** 2).sum())

    kernel, bias = head.kernel.astype(np.float64), head.bias.astype(np.float64)
    least = cost(kernel, bias)
    random = np.random.default_rng(1)
    for _ in range(30):
        assert cost(kernel + random.normal(0, 1e-2, kernel.shape), bias + random.normal(0, 1e-2, 3)) > least - 1e-6


def test_held_out_photos_choose_the_strength_and_are_each_told_once() -> None:
    features, labels = clouds(120, 40, 3, 3.0)
    problem = HeadProblem(features, labels, 3)
    strength, logits, held = problem.held_out(make_folds(labels, [""] * 120, seed=1))
    assert sorted(held) == list(range(120))
    assert logits.shape == (120, 3)
    alone, _ = problem.fit(strength)
    assert figures(alone.logits(features), labels).accuracy > figures(logits, labels[held]).accuracy


def test_folds_keep_groups_whole_and_classes_even() -> None:
    labels = np.array([0] * 20 + [1] * 20, np.int64)
    groups = [f"g{n // 4}" for n in range(40)]
    folds = make_folds(labels, groups, seed=3)
    assert len(folds) == 5
    for learn, out in folds:
        assert not {groups[n] for n in learn} & {groups[n] for n in out}
        assert set(labels[out]) == {0, 1}
        assert len(learn) + len(out) == 40
    assert make_folds(labels[:1], [""], seed=0) == []


def test_small_classes_weigh_as_much_as_large_ones() -> None:
    labels = np.array([0] * 90 + [1] * 10, np.int64)
    weights = class_weights(labels, 3)
    assert weights[labels == 0].sum() == pytest.approx(weights[labels == 1].sum())


def test_a_class_of_few_photos_is_answered_as_if_there_were_as_many_of_it() -> None:
    random = np.random.default_rng(5)
    labels = np.repeat([0, 1], [200, 8])
    features = random.normal(0, 1, (208, 30)) + 0.35 * (2 * labels[:, None] - 1)
    new_labels = np.repeat([0, 1], 300)
    new = random.normal(0, 1, (600, 30)) + 0.35 * (2 * new_labels[:, None] - 1)
    plain, _ = HeadProblem(features, labels, 2).fit(0.3)
    problem = HeadProblem(features, labels, 2, balanced=True)
    head, _ = problem.fit(0.3)
    assert head.kernel == pytest.approx(plain.kernel)
    taken = plain.bias - head.bias
    assert taken[0] - taken[1] == pytest.approx(np.log(200 / 8), abs=1e-5)
    assert (plain.logits(new).argmax(axis=1) == new_labels)[300:].mean() < 0.5
    assert (head.logits(new).argmax(axis=1) == new_labels)[300:].mean() > 0.75
    folds = make_folds(labels, [""] * 208, seed=1)
    _, logits, held = problem.held_out(folds)
    again, _ = problem.fit(0.3, folds[0][0])
    assert logits.shape == again.logits(features[held]).shape
    # What was held out is told as the finished layer would: the few are recognised there as well.
    assert (logits.argmax(axis=1) == labels[held])[labels[held] == 1].mean() > 0.5


def test_more_is_taken_off_frequent_classes_where_photos_held_out_want_it() -> None:
    random = np.random.default_rng(5)
    labels, new_labels = np.repeat([0, 1], [200, 8]), np.repeat([0, 1], 300)
    features, new = (random.normal(0, 1, (len(y), 200)) + 0.2 * (2 * y[:, None] - 1) for y in (labels, new_labels))
    problem = HeadProblem(features, labels, 2, balanced=True)
    strength, _, _ = problem.held_out(make_folds(labels, [""] * 208, seed=1))
    head, _ = problem.fit(strength)
    usual, _ = HeadProblem(features, labels, 2, balanced=True).fit(strength)
    recalls = [
        [(one.logits(new).argmax(axis=1) == new_labels)[new_labels == label].mean() for label in (0, 1)]
        for one in (usual, head)
    ]
    assert recalls[1][1] > recalls[0][1] + 0.1
    assert recalls[1][0] > recalls[0][0] - 0.01
    assert head.kernel == pytest.approx(usual.kernel)


def test_photos_count_by_their_weight_in_the_loss() -> None:
    logits, labels = np.array([[0.0, 0.0], [4.0, 0.0]], np.float32), np.array([0, 1])
    assert figures(logits, labels, np.array([1.0, 0.0])).loss == pytest.approx(np.log(2))
    assert figures(logits, labels, np.array([1.0, 3.0])).accuracy == 0.5


def test_a_channel_that_never_varies_and_a_class_without_photos_do_no_harm() -> None:
    features, labels = clouds(60, 10, 2)
    features[:, 3] = 7.0
    head, _ = HeadProblem(features, labels, 3).fit(0.1)
    assert np.isfinite(head.kernel).all()
    assert figures(head.logits(features), labels).accuracy > 0.9
    assert (head.logits(features).argmax(axis=1) != 2).all()


def test_figures_of_nothing_are_no_numbers() -> None:
    found = figures(np.zeros((0, 2), np.float32), np.zeros(0, np.int64))
    assert np.isnan(found.loss)
    assert np.isnan(found.accuracy)
    assert Head(np.eye(2, dtype=np.float32), np.zeros(2, np.float32)).logits(np.ones((1, 2))).tolist() == [[1.0, 1.0]]
