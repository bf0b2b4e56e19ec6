"""`mobilenet-gui export` as a person and a script use it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui import cli, paths
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.training.run_folder import RunFolder, RunSpec, Sample
from mobilenet_gui.training.training_settings import TrainingSettings
from tests.model_factory import make_bundle


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos" / "red"
    folder.mkdir(parents=True)
    for number in range(5):
        Image.fromarray(np.full((50, 60, 3), (250, 50 * number, 0), np.uint8)).save(folder / f"{number}.png")
    return folder.parent


def export(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, list[dict[str, Any]]]:
    """Run the command with JSON lines; return its exit code and what it printed."""
    code = cli.main(["export", *map(str, words), "--format", "json"])
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_installed_model_is_exported(tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_bundle(paths.models_dir() / "tiny")
    assert ModelStore().has("tiny")
    code, (first, last) = export(capsys, "tiny", "--to", "tflite", "--output", tmp_path / "o", "--check", photos)
    assert code == 0
    assert (first["event"], first["format"], first["checked"], first["agree"]) == ("exported", "tflite", 5, 5)
    assert (first["proved"], first["problem"], first["agreement"]) == (True, "", 1.0)
    assert Path(first["path"]).is_file()
    assert (last["event"], last["exported"], last["proved"]) == ("finished", 1, 1)
    assert last["seconds"] > 0


def test_a_folder_with_a_model_is_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_bundle(tmp_path / "b")
    code, lines = export(capsys, tmp_path / "b", "--to", "TFLITE,onnx", "--output", tmp_path / "o")
    assert code == 1  # there are no weights to make ONNX of
    assert [line.get("format") for line in lines] == ["tflite", "onnx", None]
    assert [bool(line.get("problem")) for line in lines] == [False, True, False]
    assert lines[-1]["exported"] == 1


def test_a_training_is_exported_and_proved_on_its_own_photos(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = RunFolder(tmp_path / "run")
    files = sorted(photos.rglob("*.png"))
    samples = tuple(Sample(p.name, p, 0, "train" if n < 3 else "validation") for n, p in enumerate(files))
    run.write_spec(RunSpec("1", "", "N", ("a", "b"), samples, TrainingSettings(), tmp_path, tmp_path))
    make_bundle(run.bundle_folder)
    code, (first, _) = export(capsys, run.path, "--to", "tflite", "--output", tmp_path / "o")
    assert (code, first["checked"]) == (0, 2)


def test_text_for_people(tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_bundle(tmp_path / "b")
    words = ["export", str(tmp_path / "b"), "--to", "tflite", "tfjs", "--output", str(tmp_path / "o")]
    assert cli.main([*words, "--check", str(photos)]) == 1
    said = capsys.readouterr()
    assert "TensorFlow Lite: " in said.out
    assert "It was tried on 5 photos and gave the program's first guess on 5 of them." in said.out
    assert "TensorFlow.js: Its converter needs an older TensorFlow" in said.err


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["nothing", "--to", "tflite"], 1, "nothing: This model is not installed."),
        (["./nowhere", "--to", "tflite"], 1, "There is no model in this folder."),
    ],
)
def test_mistakes_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, text: str
) -> None:
    assert cli.main(["export", *words, "--output", str(tmp_path / "o")]) == code
    assert text in capsys.readouterr().err


@pytest.mark.parametrize("formats", [["exe"], [","], ["tflite", "doc"]])
def test_an_unknown_format_ends_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], formats: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["export", "x", "--to", *formats, "--output", str(tmp_path)])
    assert caught.value.code == 2
    assert "tflite-int8" in capsys.readouterr().err


def test_no_photos_to_check_with_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_bundle(tmp_path / "b")
    (tmp_path / "empty").mkdir()
    code, (line,) = export(
        capsys, tmp_path / "b", "--to", "tflite", "--output", tmp_path / "o", "--check", tmp_path / "empty"
    )
    assert (code, line["event"]) == (1, "failed")
    assert not (tmp_path / "o").exists()


@pytest.mark.keras
@pytest.mark.skipif(os.name == "nt", reason="sends a signal")
def test_ctrl_c_leaves_nothing_half_made(tmp_path: Path, shared: Path) -> None:
    from mobilenet_gui.core.naming import Naming
    from mobilenet_gui.training.job import ConvertJob
    from mobilenet_gui.training.process import run_job

    weights = shared / "weights" / "keras" / "mobilenet_2_5_128_tf.h5"
    run_job(ConvertJob(weights, tmp_path / "b", Naming("m", "M")))
    words = [
        "export",
        str(tmp_path / "b"),
        "--to",
        "tflite",
        "keras",
        "--output",
        str(tmp_path / "o"),
        "--format",
        "json",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "mobilenet_gui", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["format"] == "tflite"  # the next takes seconds
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert json.loads(out.splitlines()[-1]) == {"event": "cancelled"}
    assert [path.name for path in (tmp_path / "o").iterdir()] == ["m-tflite"]
