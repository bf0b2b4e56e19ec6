"""`mobilenet-gui evaluate`: which photos count, what is printed, and how it ends."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from mobilenet_gui import cli
from mobilenet_gui.core.manifest import to_json
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.training.evaluation_file import read_evaluation
from mobilenet_gui.training.fingerprint import content_hash
from mobilenet_gui.training.run_folder import RunFolder, RunSpec, Sample, Split, TrainingSettings
from tests.core.test_strangers import shown_colours
from tests.model_factory import make_bundle

COLOURS = {"blue": (20, 30, 240), "green": (10, 220, 30), "red": (230, 20, 10)}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Four photos a colour; one red one lies among the blue."""
    for name, colour in COLOURS.items():
        folder = tmp_path / "dataset" / name
        folder.mkdir(parents=True)
        for n in range(4):
            Image.new("RGB", (60 + n, 40), colour).save(folder / f"{n}.png")
    Image.new("RGB", (60, 40), COLOURS["red"]).save(tmp_path / "dataset" / "blue" / "0.png")
    return tmp_path / "dataset"


@pytest.fixture
def model() -> str:
    """An installed model."""
    store = ModelStore()
    with store.staging_folder() as staging:
        make_bundle(staging / "bundle")
        return store.install(staging / "bundle").id


def test_text(dataset: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", model, str(dataset)]) == 0
    out, err = capsys.readouterr()
    assert "91.7 % correct: 11 of 12 photos (95 % interval 64.6 to 98.5 %)" in out
    assert "blue → red" in out
    assert "1 photo may have the wrong label:" in out
    assert "0.png: blue, looks like red (" in out
    assert [line.split()[:2] for line in out.splitlines() if line.startswith(("blue ", "green ", "red "))] == [
        ["blue", "4"],
        ["green", "4"],
        ["red", "4"],
    ]
    assert err == ""


def test_strangers_are_told_of(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = LiteRTRecognizer(make_bundle(tmp_path / "plain"), threads=1)
    made = replace(shown_colours(plain, COLOURS["blue"], COLOURS["green"]), near_accepted=0.25)
    knows = make_bundle(tmp_path / "knows", shown=made)
    assert cli.main(["evaluate", str(knows.folder), str(dataset)]) == 0
    assert "it would take about 25.0 % for its own" in capsys.readouterr().out
    assert cli.main(["evaluate", str(knows.folder), str(dataset), "--format", "json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["own_accepted"], record["near_accepted"]) == (pytest.approx(7 / 12), 0.25)


def test_json_save_and_report(dataset: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved, report = tmp_path / "answers.json", tmp_path / "report.html"
    command = ["evaluate", model, str(dataset), "--format", "json", "--save", str(saved), "--report", str(report)]
    assert cli.main([*command, "--jobs", "2"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["model"], record["photos"], record["correct"]) == (model, 12, 11)
    assert record["accuracy"] == pytest.approx(11 / 12)
    assert record["confusion"] == [[3, 0, 1], [0, 4, 0], [0, 0, 4]]
    assert record["classes"][2] == {
        "name": "red",
        "photos": 4,
        "correct": 4,
        "recall": 1.0,
        "precision": 0.8,
        "f1": pytest.approx(8 / 9),
    }
    assert [(m["class"], m["said"]) for m in record["mistakes"]] == [("blue", "red")]
    (doubt,) = record["suspects"]
    assert (Path(doubt["path"]).name, doubt["class"], doubt["expected"]) == ("0.png", "blue", "red")
    assert doubt["class_probability"] < 0.5 < doubt["probability"]
    assert record["sure_from"] is record["coverage"] is record["near_accepted"] is None
    assert read_evaluation(saved).accuracy == record["accuracy"]
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_given_test_part_alone_counts(
    dataset: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = tmp_path / "parts"
    (parts / "train").mkdir(parents=True)
    (dataset / "blue").rename(parts / "train" / "blue")
    (dataset / "red").rename(parts / "train" / "red")
    (parts / "val" / "blue").mkdir(parents=True)
    (parts / "train" / "blue" / "1.png").rename(parts / "val" / "blue" / "1.png")
    assert cli.main(["evaluate", model, str(parts), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["photos"] == 1
    assert cli.main(["evaluate", model, str(parts), "--format", "json", "--all"]) == 0
    assert json.loads(capsys.readouterr().out)["photos"] == 8


def test_what_the_model_has_learnt_from_does_not_count(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(tmp_path / "run")
    paths = sorted(dataset.rglob("*.png"))
    parts: list[Split] = ["test" if path.stem == "3" else "train" for path in paths]
    samples = tuple(Sample(str(n), path, 0, part) for n, (path, part) in enumerate(zip(paths, parts, strict=True)))
    folder.write_spec(RunSpec("1", "", "Run", tuple(COLOURS), samples, TrainingSettings(), tmp_path, tmp_path))
    make_bundle(folder.bundle_folder, name="Run")
    assert cli.main(["evaluate", str(folder.path), str(dataset), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["photos"] == 3
    assert "9 photos do not count" in err
    for path, part in zip(paths, parts, strict=True):
        if part == "test":
            path.unlink()
    assert cli.main(["evaluate", str(folder.path), str(dataset)]) == 1
    assert "trained on all of these photos" in capsys.readouterr().err


def test_what_the_model_has_learnt_from_is_known_in_a_copied_folder_too(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_bundle(tmp_path / "model")
    learnt = made.manifest.provenance.with_learnt(content_hash(dataset / "red" / f"{n}.png") for n in range(3))
    manifest = to_json(replace(made.manifest, provenance=learnt))
    (made.folder / "manifest.json").write_text(manifest, encoding="utf-8")
    for folder in dataset.iterdir():
        for path in folder.iterdir():
            path.rename(folder / f"renamed {path.name}")
    moved = dataset.rename(tmp_path / "another")
    assert cli.main(["evaluate", str(made.folder), str(moved), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    # The fourth photo among the blue is the very file of a red one that was learnt.
    assert (record["photos"], [c["photos"] for c in record["classes"]]) == (8, [3, 4, 1])
    assert "4 photos do not count because the model was trained on them" in err
    assert cli.main(["evaluate", str(made.folder), str(moved), "--format", "json", "--all"]) == 0
    assert json.loads(capsys.readouterr().out)["photos"] == 12


def test_unreadable_photos_are_named(dataset: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    (dataset / "red" / "9.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    assert cli.main(["evaluate", model, str(dataset), "--format", "json"]) == 1
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert record["photos"] == 12
    assert record["errors"][0]["path"].endswith("9.png")
    assert "9.png" in err


def test_unknown_classes_are_named(dataset: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    (dataset / "green").rename(dataset / "cats")
    assert cli.main(["evaluate", model, str(dataset), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["unknown"] == ["cats"]
    assert "cats" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing", "{dataset}"], "nothing"),
        (["{model}", "{dataset}/nowhere"], "nowhere"),
        (["{dataset}/red", "{dataset}"], "red"),
    ],
)
def test_what_is_not_there(
    dataset: Path, model: str, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert cli.main(["evaluate", *(a.format(dataset=dataset, model=model) for a in arguments)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err


def test_a_wrong_command(dataset: Path, model: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["evaluate", model, str(dataset), "--jobs", "0"])
    assert ended.value.code == 2
