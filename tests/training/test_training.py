"""Whole trainings with a tiny network and painted photos: in the worker, on the command line, killed in between."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import psutil
import pytest
from filelock import FileLock

from mobilenet_gui.cli_train import _alike
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, ModelError, ProjectError, StorageError, UserError
from mobilenet_gui.core.manifest import LEARNT_BYTES
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.training import protocol, trainer
from mobilenet_gui.training.base import open_base
from mobilenet_gui.training.blocks import adapted_layers
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.dataset import read_source
from mobilenet_gui.training.evaluation import read_evaluation
from mobilenet_gui.training.fingerprint import content_hash
from mobilenet_gui.training.job import TrainJob
from mobilenet_gui.training.process import WorkerProcess, run_job
from mobilenet_gui.training.run_folder import RunFolder
from mobilenet_gui.training.sharing import learnt_by
from mobilenet_gui.training.trainer import train
from mobilenet_gui.training.training_settings import TrainingSettings
from tests.training.painted import KINDS, make_base, make_run, paint_folder

# One worker of the test run converts the base once for all of these.
pytestmark = [pytest.mark.keras, pytest.mark.xdist_group("training")]

FAST = TrainingSettings(preset="fast")
SHORT = TrainingSettings(preset="balanced", epochs=2, patience=0, learning_rate=0.01)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOBILENET_GUI_HOME", str(tmp_path_factory.mktemp("home")))
        return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return paint_folder(tmp_path / "photos")


@pytest.fixture
def run(tmp_path: Path, photos: Path, base: Path) -> RunFolder:
    return make_run(tmp_path / "run", photos, base, FAST)


def test_fast_gives_a_model_that_works_without_tensorflow(run: RunFolder) -> None:
    with WorkerProcess() as worker:
        events: list[protocol.Event] = []
        result = worker.run(TrainJob(run.path), events.append)
        assert not any("tensorflow" in line.lower() for line in list(worker.log))
    assert result["accuracy"] >= 0.8
    assert result["photos"] == 6
    bundle = Bundle.open(Path(result["bundle"]))
    bundle.verify()
    assert [label.name for label in bundle.labels] == sorted(KINDS)
    assert bundle.trainable
    assert bundle.explainable
    assert bundle.sure_from is not None
    assert bundle.manifest.metrics.accuracy == result["accuracy"]
    assert bundle.manifest.metrics.test_photos == 6
    assert read_evaluation(run.evaluation_path).accuracy == result["accuracy"]
    state = run.state()
    assert (state.status, state.accuracy, state.phase) == ("finished", result["accuracy"], "test")
    assert state.history
    assert [e.phase for e in events if isinstance(e, protocol.PhaseChanged)] == ["photos", "head", "test"]
    assert [e.epoch for e in events if isinstance(e, protocol.Epoch)] == list(range(1, len(state.history) + 1))


def test_near_strangers_are_told_of(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenet_gui.training.shown.MOST_NEAR", -1.0)
    result = train(TrainJob(run.path), Control(lambda _event: None))
    near = read_evaluation(run.evaluation_path).near_accepted
    assert near is not None
    assert any(f"{round(100 * near)} of 100 of its photos" in note for note in result["notes"])


def test_the_model_to_start_from_is_found_and_kept(run: RunFolder, base: Path, tmp_path: Path) -> None:
    run.write_spec(replace(run.spec(), base_folder=tmp_path / "nowhere", candidates=(tmp_path / "gone", base)))
    events: list[protocol.Event] = []
    result = train(TrainJob(run.path), Control(events.append))
    assert (run.spec().base_folder, run.spec().candidates) == (base, ())
    (found,) = (event for event in events if isinstance(event, protocol.Bases))
    assert [row["id"] for row in found.result["tried"]] == [Bundle.open(base).id]
    assert protocol.decode(protocol.encode(found)) == found
    assert result["notes"][0].startswith("Starts from ")
    shares = [e.fraction for e in events if isinstance(e, protocol.Progress) and e.phase == "photos"]
    assert shares == sorted(shares, key=lambda share: share or 0.0)
    assert result["accuracy"] >= 0.8


def test_the_model_can_be_trained_further(run: RunFolder, tmp_path: Path, photos: Path) -> None:
    train(TrainJob(run.path), Control())
    further = make_run(tmp_path / "further", photos, run.bundle_folder, replace(FAST, seed=7))
    assert train(TrainJob(further.path), Control())["accuracy"] >= 0.8


def test_what_it_learnt_from_is_recorded_and_no_test_photo_of_the_next_training(
    run: RunFolder, tmp_path: Path, photos: Path
) -> None:
    train(TrainJob(run.path), Control())
    learnt = Bundle.open(run.bundle_folder).manifest.provenance.learnt_photos
    samples = run.spec().samples
    assert learnt == {content_hash(s.path)[:LEARNT_BYTES] for s in samples if s.split != "test"}
    found = read_source(photos)
    alike = _alike(found, threading.Event(), compare=False)
    for seed in range(4):
        _, again, shared = found.samples(TrainingSettings(seed=seed), alike, learnt_by(run.bundle_folder))
        tested = {s.path for s in again if s.split == "test"}
        assert set() < tested <= {s.path for s in samples if s.split == "test"}
        assert "because the model to start from has learnt them" in shared.notes[0]


def test_how_photos_were_shared_out_and_the_time_for_it_are_told(tmp_path: Path, photos: Path, base: Path) -> None:
    run = make_run(tmp_path / "run", photos, base, FAST)
    spec = run.spec()
    one, other = (next(s for s in spec.samples if s.split == part and s.label == 0) for part in ("train", "test"))
    samples = tuple(replace(s, group="twins") if s in (one, other) else s for s in spec.samples)
    run.write_spec(replace(spec, samples=samples, notes=("Shared out so.",), prepared=100.0))
    result = train(TrainJob(run.path), Control())
    assert result["notes"][0] == "Shared out so."
    assert any("that resemble no training photo" in note for note in result["notes"])
    assert 100 < result["seconds"] < 200


def test_none_of_these_is_learnt_too(tmp_path: Path, photos: Path, base: Path) -> None:
    run = make_run(tmp_path / "run", photos, base, replace(FAST, reject=True), reject=True)
    result = train(TrainJob(run.path), Control())
    assert [label.name for label in Bundle.open(Path(result["bundle"])).labels] == [*sorted(KINDS), "none"]
    assert result["accuracy"] > 0.6


@pytest.mark.parametrize("reject", [False, True])
def test_photos_that_are_gone_are_told_and_left_out(tmp_path: Path, photos: Path, base: Path, reject: bool) -> None:
    run = make_run(tmp_path / "run", photos, base, replace(FAST, reject=reject), reject=reject)
    (photos / "red" / "0.png").unlink()
    (photos / "red" / "1.png").write_bytes(b"rubbish")
    (photos / "green" / "4.png").unlink()
    notes: list[protocol.Event] = []
    result = train(TrainJob(run.path), Control(notes.append))
    assert [n.kind for n in notes if isinstance(n, protocol.Note) and n.kind != "info"] == ["missing", "missing"]
    unread = {Path(n.path): n.reason for n in notes if isinstance(n, protocol.Unreadable)}
    assert set(unread) == {photos / "red" / "0.png", photos / "red" / "1.png", photos / "green" / "4.png"}
    assert all(unread.values())
    assert "2 photos" in result["notes"][0]
    assert result["notes"][-1] == "1 test photo could not be read, so it is not counted."
    assert result["photos"] == 5


def test_a_class_that_is_only_tested_is_left_out_and_no_photo_of_it_is_called_unreadable(
    tmp_path: Path, photos: Path, base: Path
) -> None:
    run = make_run(tmp_path / "run", photos, base, FAST)
    spec = run.spec()
    samples = [replace(s, split="test") if spec.classes[s.label] == "red" else s for s in spec.samples]
    run.write_spec(replace(spec, samples=tuple(samples)))
    events: list[protocol.Event] = []
    result = train(TrainJob(run.path), Control(events.append))
    assert result["notes"][0] == "“red” has no photos to learn from and is left out."
    assert not [event for event in events if isinstance(event, protocol.Unreadable)]


def test_a_class_emptied_meanwhile_is_left_out(run: RunFolder, photos: Path) -> None:
    for path in (photos / "red").iterdir():
        path.unlink()
    result = train(TrainJob(run.path), Control())
    assert [label.name for label in Bundle.open(Path(result["bundle"])).labels] == ["green", "stripes"]
    assert "“red” has no photos to learn from and is left out." in result["notes"]


@pytest.mark.parametrize("left", [("red",), ("red", "green")])
def test_too_few_photos_are_an_error_in_words(run: RunFolder, photos: Path, left: tuple[str, ...]) -> None:
    for kind in KINDS:
        for path in (photos / kind).iterdir():
            if kind not in left or (len(left) == 2 and path.stem != "0"):
                path.unlink()
    with pytest.raises(ProjectError, match="at least two classes with two photos"):
        train(TrainJob(run.path), Control())
    state = run.state()
    assert state.status == "failed"
    assert "at least two classes" in state.error


def test_full_disk_leaves_the_model_before(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    train(TrainJob(run.path), Control())
    before = run.bundle_folder.joinpath("manifest.json").read_bytes()

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("mobilenet_gui.training.model_making.pack_weights", full)
    with pytest.raises(StorageError, match="disk is full"):
        train(TrainJob(run.path, resume=False), Control())
    assert run.bundle_folder.joinpath("manifest.json").read_bytes() == before
    Bundle.open(run.bundle_folder).verify()
    assert run.state().status == "failed"
    assert not [path for path in run.path.iterdir() if path.name.startswith("making-")]


def test_no_memory_is_said_in_words(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(trainer, "collect", none)
    with pytest.raises(UserError, match="not enough memory"):
        train(TrainJob(run.path), Control())
    assert run.state().status == "failed"


def test_cancelling_is_recorded_and_it_can_be_run_again(run: RunFolder) -> None:
    control = Control()
    control.obey("cancel")
    with pytest.raises(Cancelled):
        train(TrainJob(run.path), control)
    train(TrainJob(run.path), Control())
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        run_job(TrainJob(run.path, resume=False), cancel=cancel)


def test_a_run_is_trained_by_one_program_at_a_time(run: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenet_gui.training.run_folder.LOCK_SECONDS", 0.1)
    with FileLock(run.path / "run.lock"), pytest.raises(ProjectError, match="already running"):
        train(TrainJob(run.path), Control())


def test_a_base_without_weights_is_refused_in_words(tmp_path: Path, photos: Path) -> None:
    from tests.model_factory import make_bundle

    bundle = make_bundle(tmp_path / "tiny")
    run = make_run(tmp_path / "run", photos, bundle.folder, FAST)
    with pytest.raises(ModelError, match="no weights to learn from"):
        train(TrainJob(run.path), Control())


def test_adapting_moves_the_last_blocks_and_no_normalisation(tmp_path: Path, photos: Path, base: Path) -> None:
    settings = replace(SHORT, unfreeze_blocks=2, input_size=96)
    run = make_run(tmp_path / "run", photos, base, settings)
    events: list[protocol.Event] = []
    with WorkerProcess() as worker:
        worker.warm()
        result = worker.run(TrainJob(run.path), events.append)
    assert result["accuracy"] >= 0.8
    adapted = [e for e in events if isinstance(e, protocol.Epoch) and e.phase == "adapt"]
    assert len(adapted) == 2
    assert all(np.isfinite([e.loss, e.accuracy, e.val_loss, e.val_accuracy]).all() for e in adapted)
    bundle = Bundle.open(Path(result["bundle"]))
    assert bundle.preprocessing.size == 96
    assert not run.checkpoint_dir.exists()
    before, after = open_base(base), open_base(bundle.folder)
    learning = adapted_layers(after.architecture, 2)
    moved = 0
    for layer in before.architecture.layers:
        if layer.name == before.last_layer:
            continue
        same = all(map(np.array_equal, before.arrays[layer.name], after.arrays[layer.name]))
        if layer.kind == "norm" or layer.name not in learning:
            assert same, layer.name
        else:
            moved += not same
    notes = [e.text for e in events if isinstance(e, protocol.Note)]
    assert moved == len(learning) - 1 or any("no better" in note for note in notes)


@pytest.mark.parametrize("blocks", [2, 64])
def test_what_does_not_learn_is_asked_a_few_photos_at_a_time(
    base: Path, blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mobilenet_gui.training.adapt_network import AdaptNetwork

    opened = open_base(base)
    network = AdaptNetwork(
        opened.architecture,
        opened.arrays,
        64,
        blocks=blocks,
        normalization=opened.bundle.preprocessing.normalization,
        last_layer=opened.last_layer,
        smoothing=0.0,
    )
    pixels = np.random.default_rng(0).integers(0, 255, (19, 64, 64, 3), np.uint8)
    whole = network.model.predict_on_batch(network._table[pixels])
    asked: list[int] = []
    answer = network._front.predict_on_batch

    def ask(some: Pixels) -> object:
        asked.append(len(some))
        return answer(some)

    monkeypatch.setattr(network._front, "predict_on_batch", ask)
    features, probabilities = network.answers(pixels)
    assert asked == [8, 8, 3]
    assert np.allclose(probabilities, whole, atol=1e-5)
    assert features.shape == (19, opened.arrays[opened.last_layer][0].shape[-2])
    network.prepare(1e-3)
    weights = [np.array(values) for values in network.weights]
    network.step(pixels, np.arange(19) % 5, np.ones(19, np.float32), 1e-3)
    assert all((one != two).any() for one, two in zip(weights, network.weights, strict=True))


# -- the command line -----------------------------------------------------------------------------------------------


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "mobilenet_gui", "train", *map(str, arguments)]


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_command_trains_and_installs(tmp_path: Path, photos: Path, base: Path) -> None:
    arguments = command(photos, "--output", tmp_path / "out", "--preset", "fast", "--base", base, "--install")
    done = subprocess.run([*arguments, "--format", "json"], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    events = lines(done.stdout)
    assert events[-1]["event"] == "finished"
    assert cast("float", events[-1]["accuracy"]) >= 0.6
    assert isinstance(events[-1]["seconds"], float)
    assert {"phase", "epoch", "finished"} <= {str(event["event"]) for event in events}
    assert ModelStore().get(str(events[-1]["installed"])).trainable
    again = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)
    assert again.returncode == 0
    assert "% of 6 test photos" in again.stdout


def test_command_names_each_photo_that_it_cannot_read(tmp_path: Path, photos: Path, base: Path) -> None:
    broken = photos / "red" / "broken.png"
    broken.write_bytes(b"rubbish")
    arguments = command(photos, "--output", tmp_path / "out", "--preset", "fast", "--base", base)
    told = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 0
    assert f"{broken}: " in told.stderr
    listed = subprocess.run([*arguments, "--format", "json"], capture_output=True, text=True, check=False, timeout=120)
    unread = [event for event in lines(listed.stdout) if event["event"] == "unreadable"]
    assert [(event["path"], bool(event["error"])) for event in unread] == [(str(broken), True)]


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process")
def test_command_is_stopped_killed_and_goes_on(tmp_path: Path, photos: Path, base: Path) -> None:
    folder = RunFolder(tmp_path / "out")
    arguments = command(photos, "--output", folder.path, "--base", base, "--epochs", 4, "--patience", 0)
    arguments += ["--format", "json"]

    def until_epoch(end: Callable[[subprocess.Popen[str]], None]) -> tuple[int, list[dict[str, object]], str]:
        """Run the command, call `end` once an epoch of adapting is over; its code, what it said, and its complaints."""
        child = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert child.stdout is not None
        said = []
        for line in child.stdout:
            said.append(json.loads(line))
            if said[-1]["event"] == "epoch" and said[-1]["phase"] == "adapt":
                end(child)
                break
        rest, errors = child.communicate(timeout=60)
        return child.returncode, said + lines(rest), errors

    code, said, errors = until_epoch(lambda child: child.send_signal(signal.SIGINT))
    assert code == 130
    assert said[-1] == {"event": "cancelled"}
    assert "to continue" in errors
    assert folder.state().status == "cancelled"

    code, said, _ = until_epoch(lambda child: psutil.Process(child.pid).children()[0].kill())
    assert code == 1
    assert said[-1]["event"] == "failed"
    assert any(event.get("kind") == "resumed" for event in said)
    assert folder.state().status == "interrupted"
    assert folder.state().can_go_on

    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    said = lines(done.stdout)
    assert any(event.get("kind") == "resumed" for event in said)
    assert said[-1]["event"] == "finished"
    Bundle.open(folder.bundle_folder).verify()
    history = [record.epoch for record in folder.state().history]
    assert history == sorted(set(history))
    assert not folder.checkpoint_dir.exists()


def test_command_says_what_is_wrong(tmp_path: Path, photos: Path, base: Path) -> None:
    def ends(*arguments: object) -> tuple[int, str, str]:
        done = subprocess.run(
            command(*arguments, "--output", tmp_path / "out", "--format", "json"),
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    code, out, _ = ends(photos, "--base", "no-such-model")
    assert code == 1
    assert lines(out)[-1]["event"] == "failed"
    assert ends(tmp_path / "nowhere", "--base", base)[0] == 1
    code, out, _ = ends(photos / "red", "--base", base, "--preset", "fast")
    assert code == 1
    assert "at least two classes" in str(lines(out)[-1]["error"])
    code, out, _ = ends(photos, "--base", base, "--keep-split")
    assert code == 1
    assert "no train and test parts here" in str(lines(out)[-1]["error"])
    assert ends(photos, "--split", "1,2,3")[0] == 2
    assert ends(photos, "--epochs", "0")[0] == 2


class Killed(BaseException):
    """The process is gone: nobody tidies up."""


def test_killed_and_gone_on_it_takes_the_same_course(tmp_path: Path, photos: Path, base: Path) -> None:
    # So fast that it gets worse, and the plateau takes the rate down.
    settings = replace(SHORT, epochs=5, learning_rate=0.5, schedule="plateau")
    whole = make_run(tmp_path / "whole", photos, base, settings)
    broken = make_run(tmp_path / "broken", photos, base, settings)
    train(TrainJob(whole.path), Control())

    def killed_after(epoch: int) -> Control:
        def hear(event: protocol.Event) -> None:
            if isinstance(event, protocol.Epoch) and event.phase == "adapt" and event.epochs - event.epoch == 5 - epoch:
                raise Killed

        return Control(hear)

    with pytest.raises(Killed):
        train(TrainJob(broken.path), killed_after(3))
    train(TrainJob(broken.path), Control())
    expected, found = whole.state(), broken.state()
    assert expected.history[-1].learning_rate == pytest.approx(0.5 * 0.3**2)
    assert [r.learning_rate for r in found.history] == pytest.approx([r.learning_rate for r in expected.history])
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        figures = [[getattr(record, name) for record in state.history] for state in (found, expected)]
        assert figures[0] == pytest.approx(figures[1], rel=0.02, abs=0.01), name
    assert (found.best_epoch, found.accuracy) == (expected.best_epoch, expected.accuracy)
