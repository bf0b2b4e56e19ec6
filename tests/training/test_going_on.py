"""A training that was ended at any moment and goes on: the same course as one that nobody interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.training import checkpoint
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.base import Base
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.head_training import EPOCHS, HeadTraining
from mobilenet_gui.training.journal import Journal
from mobilenet_gui.training.run_folder import RunState
from tests.training.adapting_parts import ARCHITECTURE, RECIPE, Bench, StandIn

PLATEAU = replace(RECIPE, schedule="plateau", epochs=9, learning_rate=-0.2)  # uphill: the rate falls
"""It never gets better, so that the schedule takes the rate down twice."""


class Killed(BaseException):
    """The process is gone: nobody tidies up."""


class Careful(StandIn):
    """What each step does depends on all that was before: an optimiser with a memory, and values dropped at random."""

    def __init__(self) -> None:
        super().__init__()
        self.random = np.random.default_rng()

    def prepare(self, learning_rate: float) -> None:
        self.optimizer_state = [np.zeros((3, 3)), np.zeros(1)]

    def reseed(self, seed: tuple[int, ...]) -> None:
        self.random = np.random.default_rng(seed)

    def step(
        self, pixels: NDArray[np.uint8], labels: NDArray[np.int64], weights: NDArray[np.float32], rate: float
    ) -> tuple[float, float]:
        before = self.weights[0]
        speed, count = self.optimizer_state
        told = super().step(pixels, labels, weights, rate)
        kept = self.random.random((3, 3)) < 0.8
        speed = 0.9 * speed + kept * (self.weights[0] - before)
        self.weights = [(before + speed).astype(np.float32)]
        self.optimizer_state = [speed, count + 1]
        return told


@pytest.fixture(autouse=True)
def small_head(monkeypatch: pytest.MonkeyPatch) -> None:
    # The stand-in's three features stand in for the network's 256.
    monkeypatch.setattr(Base, "with_head", lambda self, kernel, bias, arrays=None: (ARCHITECTURE, arrays or {}))


def begun(folder: Path, recipe: Any) -> Bench:
    bench = Bench(folder, recipe)
    bench.network = Careful()
    return bench


def taken_up(bench: Bench, trouble: Callable[[StandIn, int], float | None] | None = None) -> None:
    """Go on with what is on the disk, as a new process does."""
    bench.network = Careful()
    if trouble is not None:
        bench.network.trouble = trouble
    state = bench.run_folder.state()
    resumed = any(record.phase == "adapt" for record in state.history)
    bench.adapt(bench.setting(state if resumed else None, resumed=resumed))


def course(bench: Bench) -> list[tuple[float, ...]]:
    """Return what the record of a run says of each epoch, but for how long it took."""
    return [
        (r.epoch, r.epochs, r.learning_rate, r.loss, r.accuracy, r.val_loss, r.val_accuracy)
        for r in bench.run_folder.state().history
    ]


def killed_at(step: int) -> Callable[[StandIn, int], None]:
    def trouble(net: StandIn, _photos: int) -> None:
        if len(net.steps) == step:
            raise Killed

    return trouble


@contextmanager
def killed_before_telling(epoch: int) -> Iterator[None]:
    """End the process after an epoch's checkpoint is on the disk, and before its figures are."""
    told = Journal.epoch

    def tell(self: Journal, record: Any, **more: Any) -> None:
        if record.epoch == epoch:
            raise Killed
        told(self, record, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Journal, "epoch", tell)
        yield


@pytest.mark.parametrize("schedule", ["cosine", "plateau"])
def test_killed_in_any_epoch_it_takes_the_same_course(tmp_path: Path, schedule: str) -> None:
    recipe = RECIPE if schedule == "cosine" else PLATEAU
    whole = begun(tmp_path / "whole", recipe)
    model = whole.adapt()
    steps = len(whole.network.steps)
    expected = course(whole)
    assert len(expected) == recipe.epochs
    if schedule == "plateau":
        assert expected[-1][2] == pytest.approx(expected[1][2] * 0.3**3)  # at the ends of epochs 2, 4, 6 and 8
    for step in range(2, steps, 3):
        broken = begun(tmp_path / f"at {step}", recipe)
        broken.network.trouble = killed_at(step)
        with pytest.raises(Killed):
            broken.adapt()
        taken_up(broken)
        assert np.array(course(broken)) == pytest.approx(np.array(expected), rel=1e-6), f"killed at step {step}"
        assert broken.network.weights[0] == pytest.approx(whole.network.weights[0], rel=1e-5)
        state, other = broken.run_folder.state(), whole.run_folder.state()
        assert (state.best_epoch, state.batch_size) == (other.best_epoch, other.batch_size)
    assert model.network == (b"adapted" if schedule == "cosine" else b"untouched")


def test_killed_again_and_again_it_takes_the_same_course(tmp_path: Path) -> None:
    whole, broken = begun(tmp_path / "whole", PLATEAU), begun(tmp_path / "broken", PLATEAU)
    whole.adapt()
    a_pass = len(whole.network.steps) // PLATEAU.epochs
    broken.network.trouble = killed_at(a_pass + 1)
    with pytest.raises(Killed):
        broken.adapt()
    for _ in range(PLATEAU.epochs - 2):
        with pytest.raises(Killed):
            taken_up(broken, killed_at(a_pass + 1))
    taken_up(broken)
    assert np.array(course(broken)) == pytest.approx(np.array(course(whole)), rel=1e-6)


@pytest.mark.parametrize("epoch", [1, 4, 9])
def test_killed_between_an_epochs_two_files_it_lacks_no_figure(tmp_path: Path, epoch: int) -> None:
    whole, broken = begun(tmp_path / "whole", PLATEAU), begun(tmp_path / "broken", PLATEAU)
    whole.adapt()
    with killed_before_telling(epoch), pytest.raises(Killed):
        broken.adapt()
    taken_up(broken)
    assert np.array(course(broken)) == pytest.approx(np.array(course(whole)), rel=1e-6)


def test_patience_counts_what_was_before(tmp_path: Path) -> None:
    recipe = replace(PLATEAU, patience=8)
    whole, broken = begun(tmp_path / "whole", recipe), begun(tmp_path / "broken", recipe)
    whole.adapt()
    assert len(course(whole)) == 4  # half of it, for there is no progress at all
    broken.network.trouble = killed_at(3 * len(whole.network.steps) // 4)
    with pytest.raises(Killed):
        broken.adapt()
    taken_up(broken)
    assert course(broken) == course(whole)
    assert "early" in broken.notes()


def test_memory_that_runs_out_costs_the_optimiser_nothing(tmp_path: Path) -> None:
    bench = begun(tmp_path, RECIPE)
    a_pass = -(-len(bench.setting().material.places("train")) // RECIPE.batch_size)
    found: list[float] = []

    def scarce(net: StandIn, photos: int) -> None:
        found.append(float(net.optimizer_state[-1][0]))
        if len(net.steps) == 2 * a_pass + 1 and photos > RECIPE.batch_size // 2:
            raise MemoryError

    bench.network.trouble = scarce
    bench.adapt()
    assert bench.notes().count("batch") == 1
    tried = 2 * a_pass  # steps, counted from 0, when the memory ran out
    assert found[tried] == tried
    assert found[tried + 1] == tried // a_pass * a_pass
    assert [event.epoch for event in bench.epochs()] == [1, 2, 3, 4, 5, 6]


def test_a_checkpoint_of_the_first_version_is_gone_on_from(tmp_path: Path) -> None:
    bench = begun(tmp_path, RECIPE)
    bench.network.trouble = killed_at(8)
    with pytest.raises(Killed):
        bench.adapt()
    place = bench.run_folder.checkpoint_dir / "adapting.npz"
    with np.load(place) as stored:
        arrays = dict(stored)
    head = json.loads(str(arrays["head"]))
    del head["rate_factor"], head["record"]
    np.savez(place, **(arrays | {"head": np.array(json.dumps(head))}))
    taken_up(bench)
    assert "resumed" in bench.notes()
    assert [record.epoch for record in bench.run_folder.state().history] == [1, 2, 3, 4, 5, 6]


def test_a_photo_that_is_gone_by_then_does_not_make_it_begin_anew(tmp_path: Path) -> None:
    bench = begun(tmp_path, RECIPE)
    bench.network.trouble = killed_at(8)
    setting = bench.setting()
    with pytest.raises(Killed):
        bench.adapt(setting)
    left = setting.material.without([0], "garden")
    belongs = checkpoint.fingerprint(bench.base, bench.recipe, left)
    assert checkpoint.load(bench.run_folder.checkpoint_dir, belongs, [np.zeros((3, 3))]) is not None


def test_the_classes_are_learnt_again_as_they_were(tmp_path: Path) -> None:
    """With many photos the layer has not converged after the steps that are told; going on takes it no further."""
    bench = begun(tmp_path, RECIPE)
    setting = bench.setting()
    values = np.random.default_rng(3).normal(0, 1, (len(setting.material.items), 8)).astype(np.float32)
    journal = Journal(bench.run_folder, Control(), RunState(status="running"))
    made = [
        HeadTraining(values, setting.material, RECIPE, journal, Control()).learn(quiet=quiet, steps=steps).early.kernel
        for quiet, steps in ((False, 3), (True, 3), (True, EPOCHS))
    ]
    assert made[0] == pytest.approx(made[1])
    assert made[0] != pytest.approx(made[2])


@pytest.mark.keras
@pytest.mark.xdist_group("training")
def test_what_keras_drops_at_random_is_the_same_again() -> None:
    from mobilenet_gui.training import keras_models
    from mobilenet_gui.training.adapt_network import AdaptNetwork

    architecture = Architecture("v3-small-minimalistic", 1.0, 3)
    model = keras_models.build(architecture, 32)
    arrays = {layer.name: [np.asarray(w) for w in model.get_layer(layer.name).get_weights()]
              for layer in architecture.layers}  # fmt: skip
    pixels = np.random.default_rng(0).integers(0, 255, (4, 32, 32, 3), np.uint8)
    labels, weights = np.array([0, 1, 2, 0]), np.ones(4, np.float32)

    def network() -> AdaptNetwork:
        made = AdaptNetwork(
            architecture, arrays, 32, blocks=1, normalization="minus1_1", last_layer="logits", smoothing=0.0
        )
        made.prepare(0.01)
        return made

    def epoch(net: AdaptNetwork, number: int) -> list[float]:
        net.reseed((7, number))
        return [net.step(pixels, labels, weights, 0.01)[0] for _ in range(3)]

    whole, broken = network(), network()
    expected = [epoch(whole, n) for n in range(2)]
    assert epoch(broken, 0) == pytest.approx(expected[0])
    kept = broken.weights, broken.optimizer_state
    again = network()
    again.weights, again.optimizer_state = kept
    assert epoch(again, 1) == pytest.approx(expected[1], rel=1e-4)
    assert epoch(again, 5) != pytest.approx(epoch(again, 6), rel=1e-6)
