"""How commands read photos and data sets: addresses of files, what was understood and told, before anything is done."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from mobilenet_gui import cli
from mobilenet_gui.core.store import ModelStore
from tests.model_factory import make_bundle

posix = pytest.mark.skipif(sys.platform == "win32", reason="shares are files there")


@pytest.fixture
def model() -> str:
    """An installed and active model."""
    store = ModelStore()
    with store.staging_folder() as staging:
        make_bundle(staging / "bundle")
        made = store.install(staging / "bundle").id
    store.activate(made)
    return made


def photos(folder: Path, *names: str) -> Path:
    for place, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (60, 40), (20 * place % 256, 90, 200)).save(path)
    return folder


@posix
@pytest.mark.usefixtures("model")
def test_each_address_is_answered_in_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = photos(tmp_path, "a b.png") / "a b.png"
    raw = tmp_path / "x.CR2"
    raw.write_bytes(place.read_bytes())
    asked = ["file://elsewhere.example/x.png", place.as_uri().replace("file://", "file://localhost"), str(raw)]
    assert cli.main(["classify", *asked, "--format", "json"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "another computer" in rows[0]["error"]
    assert rows[1]["path"] == str(place)
    assert rows[1]["predictions"]
    assert "(CR2)" in rows[2]["error"]


@posix
def test_a_data_set_of_another_computer_is_a_wrong_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["train", "file://elsewhere.example/set", "--output", "x"])
    assert ended.value.code == 2
    assert "another computer" in capsys.readouterr().err


def test_parts_without_classes_are_told_of_once_and_nothing_is_done(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = photos(tmp_path / "set", "train/p1.png", "train/p2.png", "test/p3.png")
    saved = tmp_path / "out.json"
    assert cli.main(["evaluate", model, str(place), "--save", str(saved)]) == 1
    error = capsys.readouterr().err
    assert error.count("“train”, “test” are parts of a data set") == 1
    assert "--classes-from folders" in error
    assert not saved.exists()
    cli.main(["evaluate", model, str(place), "--classes-from", "folders"])
    assert "none of these classes: test, train" in capsys.readouterr().err


def test_an_evaluation_tells_how_folders_were_understood(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [f"{day}/{colour}/{n}.png" for day in ("monday", "tuesday") for colour in ("red", "blue") for n in range(2)]
    place = photos(tmp_path / "set", *names)
    (place / "monday" / "red" / "notes.pdf").write_bytes(b"%PDF")
    assert cli.main(["evaluate", model, str(place), "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert {one["name"] for one in json.loads(printed.out)["classes"]} >= {"red", "blue"}
    assert "hold the same folders" in printed.err
    assert "1 file is not a photo: PDF." in printed.err


@pytest.mark.parametrize(
    "command",
    [
        ["train", "", "-o", "out"],
        ["train", "set", "-o", ""],
        ["evaluate", ""],
        ["evaluate", "set", "--report", ""],
        ["export", "--to", "tflite", "-o", ""],
        ["models", "import", ""],
    ],
)
def test_an_empty_path_is_not_the_current_folder(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as end:
        cli.main(command)
    assert end.value.code == 2
    assert "a path is empty" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
