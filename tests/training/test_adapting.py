"""The phase in which blocks are adapted, with a stand-in for Keras: memory, broken figures, crashes, finishing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.errors import Cancelled, StorageError
from mobilenet_gui.training import adapting, checkpoint, model_making, protocol
from mobilenet_gui.training.base import Base
from mobilenet_gui.training.head_training import HeadTraining
from mobilenet_gui.training.model_making import Trained
from mobilenet_gui.training.run_folder import RunState
from mobilenet_gui.training.schedule import learning_rate
from tests.bundles import make_bundle
from tests.training.adapting_parts import ARCHITECTURE, RECIPE, Bench, StandIn
from tests.training.painted import random_arrays

if TYPE_CHECKING:
    from mobilenet_gui.training.adapt_network import AdaptNetwork  # it loads TensorFlow


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    # The stand-in's three features stand in for the network's 256.
    monkeypatch.setattr(Base, "with_head", lambda self, kernel, bias, arrays=None: (ARCHITECTURE, arrays or {}))
    return Bench(tmp_path)


def test_what_is_learnt_is_told_epoch_by_epoch_and_taken(bench: Bench) -> None:
    assert bench.adapt().network == b"adapted"
    epochs = bench.epochs()
    assert [event.epoch for event in epochs] == [1, 2, 3, 4, 5, 6]
    assert all(event.epochs == 6 for event in epochs)
    assert epochs[-1].val_loss < epochs[0].val_loss
    assert epochs[-1].seconds_left is not None
    assert epochs[-1].learning_rate < epochs[1].learning_rate


def test_what_does_not_help_is_not_taken(bench: Bench) -> None:
    bench.recipe = replace(RECIPE, learning_rate=-0.5)  # uphill
    assert bench.adapt().network == b"untouched"
    assert "info" in bench.notes()


def test_the_head_that_learnt_along_is_taken_where_one_on_features_known_by_heart_is_worse(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[NDArray[np.float32]] = []

    def with_head(_base: Base, kernel: NDArray[np.float32], _bias: object, arrays: object = None) -> object:
        taken.append(kernel)
        return ARCHITECTURE, arrays or {}

    monkeypatch.setattr(Base, "with_head", with_head)
    bench.recipe = replace(RECIPE, learning_rate=4.0)
    assert bench.adapt().network == b"adapted"
    along = bench.network.arrays()["conv_preds"][0].reshape(3, 3)
    assert not np.array_equal(taken[-1], along)  # one solved anew was better
    answers = StandIn.answers
    noise = np.random.default_rng(0)

    def by_heart(net: StandIn, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        features, probabilities = answers(net, pixels)
        return noise.normal(0, 1, features.shape).astype(np.float32), probabilities

    monkeypatch.setattr(StandIn, "answers", by_heart)
    bench.network = StandIn()
    assert bench.adapt().network == b"adapted"
    assert np.array_equal(taken[-1], bench.network.arrays()["conv_preds"][0].reshape(3, 3))


def test_more_of_what_was_learnt_is_taken_where_validation_photos_want_it(bench: Bench) -> None:
    work = adapting._Adapting(
        bench.setting(), bench.otherwise, cast("Callable[..., AdaptNetwork]", lambda *a, **k: bench.network)
    )
    features, _, kept = work._answers(work._validation)
    learnt = [np.linalg.lstsq(features, 3 * np.eye(3, dtype=np.float32)[work._labels[kept]], rcond=None)[0]]
    assert np.array_equal(work._best_mixture(learnt)[0], learnt[0])
    assert np.array_equal(work._best_mixture([-learnt[0]])[0], -0.5 * learnt[0])


def test_where_the_network_knows_photos_by_heart_the_others_alone_judge(bench: Bench) -> None:
    setting = bench.setting()
    values = np.random.default_rng(0).normal(0, 1, (len(setting.material.items), 16)).astype(np.float32)
    parts = values, setting.material, bench.recipe, setting.journal, bench.control
    held = HeadTraining(*parts, by_heart=True).learn(quiet=True).held
    assert sorted(held) == sorted(setting.material.places("validation"))
    assert len(HeadTraining(*parts).learn(quiet=True).held) == len(setting.material.items)


def test_memory_that_runs_out_halves_the_batch_and_says_so(bench: Bench) -> None:
    def scarce(_net: StandIn, photos: int) -> None:
        if photos > 2:
            raise MemoryError

    bench.network.trouble = scarce
    bench.adapt()
    assert bench.notes().count("batch") == 2
    assert max(bench.network.steps[2:]) == 2
    assert [event.epoch for event in bench.epochs()] == [1, 2, 3, 4, 5, 6]


def test_a_batch_larger_than_there_are_photos_is_halved_from_what_there_is(tmp_path: Path, bench: Bench) -> None:
    large = Bench(tmp_path / "large", replace(RECIPE, batch_size=512))
    large.adapt(large.setting(RunState(status="running", memory_ran_out=True)))
    assert max(large.network.steps) == len(large.setting().material.places("train")) // 2


def test_who_goes_on_after_the_system_ended_it_for_memory_halves_the_batch(bench: Bench) -> None:
    def stop(net: StandIn, _photos: int) -> None:
        if len(net.steps) == 8:
            raise Cancelled

    def at_once(_net: StandIn, _photos: int) -> None:
        raise Cancelled

    bench.network.trouble = stop
    with pytest.raises(Cancelled):
        bench.adapt()
    first = max(bench.network.steps)
    for times in (1, 2):  # the second time before there was another epoch to keep
        bench.run_folder.note_memory_ran_out()
        state = replace(bench.run_folder.state(), status="running")
        assert state.memory_ran_out
        bench.events.clear()
        bench.network = StandIn()
        bench.network.trouble = at_once
        with pytest.raises(Cancelled):
            bench.adapt(bench.setting(state, resumed=True))
        assert bench.network.steps == [first // 2**times]
        assert "batch" in bench.notes()

    bench.network = StandIn()
    bench.adapt(bench.setting(bench.run_folder.state(), resumed=True))
    assert max(bench.network.steps) == first // 4
    assert [event.epoch for event in bench.epochs()][-1] == 6


def test_a_first_epoch_that_the_memory_did_not_do_for_begins_with_half_the_batch(bench: Bench) -> None:
    bench.adapt()
    first = max(bench.network.steps)
    bench.network = StandIn()
    bench.adapt(bench.setting(RunState(status="running", memory_ran_out=True)))
    assert max(bench.network.steps) == first // 2
    assert not bench.run_folder.state().memory_ran_out


def test_memory_too_small_for_one_photo_is_an_error(bench: Bench) -> None:
    def none(_net: StandIn, _photos: int) -> None:
        raise MemoryError

    bench.network.trouble = none
    with pytest.raises(MemoryError):
        bench.adapt()


def test_memory_that_runs_out_in_judging_halves_what_is_asked_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, asked = StandIn.answers, list[int]()

    def scarce(net: StandIn, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        asked.append(len(pixels))
        if len(pixels) > 2:
            raise MemoryError
        return answers(net, pixels)

    bench.recipe = replace(RECIPE, batch_size=2)
    monkeypatch.setattr(StandIn, "answers", scarce)
    assert bench.adapt().network == b"adapted"
    assert "batch" in bench.notes()
    assert max(asked[asked.index(2) :]) == 2  # it is found out once
    assert [event.epoch for event in bench.epochs()] == [1, 2, 3, 4, 5, 6]


def test_broken_figures_keep_the_best(bench: Bench) -> None:
    def breaks(net: StandIn, _photos: int) -> float | None:
        return float("nan") if len(net.steps) > 8 else None

    bench.network.trouble = breaks
    assert bench.adapt().network == b"adapted"
    assert "nan" in bench.notes()
    assert 0 < len(bench.epochs()) < 6


def test_figures_broken_from_the_start_keep_the_first_phase(bench: Bench) -> None:
    bench.network.trouble = lambda _net, _photos: float("nan")
    assert bench.adapt().network == b"untouched"
    assert bench.epochs() == []


def test_it_stops_early_where_nothing_gets_better(bench: Bench) -> None:
    bench.recipe = replace(RECIPE, epochs=50, patience=2, learning_rate=-0.5)  # uphill
    bench.adapt()
    assert len(bench.epochs()) == 1
    assert "early" in bench.notes()


def test_progress_earns_the_whole_patience(bench: Bench) -> None:
    def turns(net: StandIn, _photos: int) -> None:
        if len(net.steps) > 4:  # from the second epoch on it gets worse and worse
            net.weights = [-net.weights[0]]

    bench.recipe = replace(RECIPE, epochs=50, patience=4)
    bench.network.trouble = turns
    bench.adapt()
    told = bench.epochs()
    best = int(np.argmin([event.val_loss for event in told]))
    assert len(told) - 1 - best == 4


def test_photos_that_vanish_are_left_out_and_told(bench: Bench) -> None:
    setting = bench.setting()
    for n in (0, 1):
        (bench.photos / "red" / f"{n}.png").unlink()
    bench.adapt(setting)
    assert "missing" in bench.notes()
    assert len(bench.epochs()) == 6


def test_a_class_whose_photos_vanish_stays_known(bench: Bench) -> None:
    setting = bench.setting()

    def vanish(net: StandIn, _photos: int) -> None:
        if len(net.steps) == 8:
            for path in (bench.photos / "red").iterdir():
                path.unlink()
            work._photos._kept.clear()  # as with many photos, which are read again every epoch

    make = cast("Callable[..., AdaptNetwork]", lambda *a, **k: bench.network)
    work = adapting._Adapting(setting, bench.otherwise, make)
    bench.network.trouble = vanish
    assert work.run().network == b"untouched"
    told = [event.text for event in bench.events if isinstance(event, protocol.Note)]
    assert told[-1] == "The photos of “red” vanished during the training, so the first phase's result is kept."


def test_finishing_now_keeps_the_best(bench: Bench) -> None:
    def finish(net: StandIn, _photos: int) -> None:
        if len(net.steps) == 8:
            bench.control.obey("finish")

    bench.network.trouble = finish
    assert bench.adapt().network == b"adapted"
    assert len(bench.epochs()) < 6


def test_what_was_stopped_goes_on_as_if_it_had_not_been(bench: Bench) -> None:
    whole = bench.setting()
    bench.adapt(whole)
    unbroken = bench.epochs()

    bench.events.clear()
    bench.network = StandIn()

    def stop(net: StandIn, _photos: int) -> None:
        if len(net.steps) == 8:
            raise Cancelled

    bench.network.trouble = stop
    with pytest.raises(Cancelled):
        bench.adapt()
    before = bench.epochs()
    assert 0 < len(before) < 6
    state = bench.run_folder.state()
    assert state.status == "interrupted"

    bench.network = StandIn()
    bench.adapt(bench.setting(state, resumed=True))
    assert "resumed" in bench.notes()
    after = bench.epochs()
    assert [event.epoch for event in after] == [1, 2, 3, 4, 5, 6]
    assert [event.loss for event in after] == pytest.approx([event.loss for event in unbroken])
    assert [event.val_loss for event in after] == pytest.approx([event.val_loss for event in unbroken])


@pytest.mark.parametrize("damage", ["rubbish", "other", "none"])
def test_a_checkpoint_that_does_not_fit_is_not_gone_on_from(bench: Bench, damage: str) -> None:
    bench.adapt()
    place = bench.run_folder.checkpoint_dir / "adapting.npz"
    assert place.is_file()
    if damage == "rubbish":
        place.write_bytes(place.read_bytes()[:500])
    elif damage == "other":
        bench.recipe = replace(bench.recipe, seed=2)
    else:
        checkpoint.remove(bench.run_folder.checkpoint_dir)
        assert not place.exists()
    state = bench.run_folder.state()
    bench.events.clear()
    bench.network = StandIn()
    bench.adapt(bench.setting(state, resumed=True))
    assert [event.epoch for event in bench.epochs()] == [1, 2, 3, 4, 5, 6]
    assert "resumed" not in bench.notes()


def test_full_disk_is_told_and_the_checkpoint_before_stands(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    wrote = write_atomically
    calls = 0

    def full(path: Path, data: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise OSError(28, "No space left on device")
        wrote(path, data)

    monkeypatch.setattr(checkpoint, "write_atomically", full)
    setting = bench.setting()
    with pytest.raises(StorageError, match="disk is full"):
        bench.adapt(setting)
    belongs = checkpoint.fingerprint(bench.base, bench.recipe, setting.material)
    kept = checkpoint.load(bench.run_folder.checkpoint_dir, belongs, [np.zeros((3, 3))])
    assert kept is not None
    assert kept.epoch == 2


def test_full_disk_is_told_of_the_models_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_graph: object, folder: Path, *_: object, **__: object) -> None:
        raise StorageError(str(folder), "The disk is full.")

    monkeypatch.setattr(model_making, "bundle_from_graph", full)
    monkeypatch.setattr(model_making, "parse", lambda *_: None)
    base = Base(make_bundle(tmp_path / "base", backbone=True), ARCHITECTURE, random_arrays(ARCHITECTURE))
    trained = Trained(ARCHITECTURE, random_arrays(ARCHITECTURE), b"", 32, 1.0, 0.5)
    with pytest.raises(StorageError) as caught:
        model_making.make_model(tmp_path / "model", "Mine", base, trained, classes=("ant", "bee"), photos=4)
    assert str(caught.value) == f"{tmp_path / 'model'}: The disk is full."
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base"]


def test_learning_rate_rises_and_falls() -> None:
    recipe = replace(RECIPE, epochs=10)
    rates = [learning_rate(recipe, n / 4, 1.0) for n in range(40)]
    top = int(np.argmax(rates))
    assert 0 < top < 8
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] < 0.05 * rates[top]
