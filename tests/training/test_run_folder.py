"""A run's folder: the frozen order, its state, its lock, and files that are no good."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mobilenet_gui.core.errors import ProjectError, StorageError
from mobilenet_gui.training import json_rows
from mobilenet_gui.training.run_folder import EpochRecord, RunFolder, RunSpec, RunState, Sample, TrainingSettings
from mobilenet_gui.training.training_settings import LIMITS

EPOCH = EpochRecord("head", 1, 9, 0.5, 0.8, 0.6, 0.7, 1.0, 0.001)


def make_spec(tmp_path: Path, photos: int = 5) -> RunSpec:
    return RunSpec(
        id="run-0001",
        project_id="garden",
        name="Gärten 🌱",
        classes=("ants", "bees"),
        samples=tuple(
            Sample(str(n), tmp_path / f"фото {n}\udcff.jpg", n % 2, ("train", "validation", "test")[n % 3], f"g{n % 4}")
            for n in range(photos)
        ),
        settings=TrainingSettings(preset="best", epochs=7, split=(70, 15, 15)),
        base_folder=tmp_path / "base",
        cache_dir=tmp_path / "cache",
        created="2026-03-01T10:00:00+00:00",
        background=1,
    )


@pytest.mark.parametrize("photos", [0, 1, 256, 600])
def test_a_spec_comes_back_as_it_went(tmp_path: Path, photos: int) -> None:
    run, spec = RunFolder(tmp_path / "run"), make_spec(tmp_path, photos)
    run.write_spec(spec)
    assert run.exists
    assert not RunFolder(tmp_path / "other").exists
    assert run.spec() == spec
    assert run.state() == RunState()


def test_a_state_comes_back_even_with_figures_that_broke_down(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    record = EpochRecord("adapt", 3, 9, math.nan, 0.5, math.inf, 0.25, 1.5, 0.001)
    run.write_state(RunState("failed", "adapt", (record,), 2, 12.5, 0.875, ("A note.",), "It broke."))
    state = run.state()
    assert math.isnan(state.history[0].loss)
    assert math.isnan(state.history[0].val_loss)
    assert replace(state.history[0], loss=0, val_loss=0) == replace(record, loss=0, val_loss=0)
    assert (state.status, state.best_epoch, state.accuracy, state.notes) == ("failed", 2, 0.875, ("A note.",))


@pytest.mark.parametrize("status", ["running", "paused"])
def test_a_run_whose_process_is_gone_was_interrupted(tmp_path: Path, status: str) -> None:
    run = RunFolder(tmp_path)
    with run.lock():
        run.write_state(RunState(status))  # type: ignore[arg-type]
        assert run.is_locked()
        assert run.state().status == status
    assert run.state().status == "interrupted"
    assert run.state().can_go_on


def test_a_run_that_failed_after_an_epoch_can_go_on() -> None:
    adapted = replace(EPOCH, phase="adapt")
    assert RunState("failed", "adapt", (EPOCH, adapted)).can_go_on
    assert RunState("failed", "adapt", (EPOCH, adapted)).standing == "interrupted"
    assert not RunState("failed", "head", (EPOCH,)).can_go_on
    assert RunState("failed", "head", (EPOCH,)).standing == "failed"
    assert not RunState("cancelled", "adapt", (EPOCH, adapted)).can_go_on


def test_a_finished_run_stays_finished(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.write_state(RunState("finished"))
    assert run.state().status == "finished"
    assert not run.state().can_go_on


def test_another_process_is_told_that_the_run_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mobilenet_gui.training.run_folder.LOCK_SECONDS", 0.0)
    program = (
        "import sys; from pathlib import Path; from mobilenet_gui.training.run_folder import *\n"
        "run = RunFolder(Path(sys.argv[1]))\n"
        "with run.lock():\n"
        "    run.write_state(RunState('running')); print('ready', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == b"ready"
        run = RunFolder(tmp_path)
        assert run.state().status == "running"
        with pytest.raises(ProjectError, match="already running"), run.lock():
            pass
        child.kill()
    assert run.state().status == "interrupted"
    with run.lock():
        pass


def test_a_missing_and_a_damaged_order(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    with pytest.raises(ProjectError, match="no training"):
        run.spec()
    for text in ("", "{}", "[]", "{" * 100_000, '{"format_version": 1}', "\0\xff"):
        run.spec_path.write_text(text, encoding="latin-1")
        with pytest.raises(ProjectError, match="cannot be read"):
            run.spec()
    run.write_spec(make_spec(tmp_path))
    text = run.spec_path.read_text()
    run.spec_path.write_text(text.replace('"format_version": 1', '"format_version": 2'))
    with pytest.raises(ProjectError, match="newer"):
        run.spec()
    run.spec_path.write_text(text.replace('"train"', '"elsewhere"'))
    with pytest.raises(ProjectError, match="cannot be read"):
        run.spec()


@pytest.mark.parametrize("text", ["", "[", '{"status": "dancing"}', '{"status": "new", "history": [3]}', "9" * 5000])
def test_a_damaged_state_can_go_on(tmp_path: Path, text: str) -> None:
    run = RunFolder(tmp_path)
    run.state_path.write_text(text)
    assert run.state().status == "interrupted"


def test_a_disk_that_refuses_keeps_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunFolder(tmp_path)
    run.write_state(RunState("running", best_epoch=4))

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="full"):
        run.write_state(RunState("running", best_epoch=5))
    with pytest.raises(StorageError, match="full"):
        run.write_spec(make_spec(tmp_path))
    assert run.state().best_epoch == 4
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_rows_of_another_layout_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    json_rows.write(path, {"a": 1, "b": "rows: ["}, "rows", [[1, "x"], [2, "]\n}"]])
    expected = ({"a": 1, "b": "rows: ["}, [[1, "x"], [2, "]\n}"]])
    assert json_rows.read(path, "rows") == expected
    assert json_rows.read_head(path, "rows") == expected[0]
    whole = json.loads(path.read_text())
    for indent in (None, 4):
        path.write_text(json.dumps(whole, indent=indent), encoding="utf-8-sig")
        assert json_rows.read(path, "rows") == expected
        assert json_rows.read_head(path, "rows") == expected[0]


def test_settings_keep_only_what_differs_and_refuse_what_is_not_allowed() -> None:
    assert TrainingSettings().to_data() == {}
    settings = TrainingSettings(preset="fast", learning_rate=0.01, reject=True, split=(80, 10, 10))
    assert TrainingSettings.from_data(json.loads(json.dumps(settings.to_data()))) == settings
    bad = {
        "preset": "lazy",
        "epochs": -1,
        "learning_rate": "fast",
        "seed": True,
        "reject": 1,
        "split": [50, 50, 50],
        "batch_size": 1e9,
        "base": 5,
        "augmentation": ["none"],
        "unknown": 1,
        "threads": float("nan"),
    }
    assert TrainingSettings.from_data(bad) == TrainingSettings()
    assert TrainingSettings.from_data([1]) == TrainingSettings()
    for name, limits in LIMITS.items():
        assert TrainingSettings().with_changes(**{name: type(getattr(settings, name) or 0)(limits.high)})
        with pytest.raises(ValueError, match=name):
            TrainingSettings().with_changes(**{name: limits.high + 1})
    with pytest.raises(TypeError):
        TrainingSettings().with_changes(colour="red")
    assert TrainingSettings().with_changes(epochs=None).epochs is None
    with pytest.raises(ValueError, match="seed"):
        TrainingSettings().with_changes(seed=None)
