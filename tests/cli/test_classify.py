"""`classify` as scripts use it: what it prints, where, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from mobilenet_gui import cli_command, cli_output
from mobilenet_gui.cli import main
from mobilenet_gui.core.store import ModelStore
from tests.model_factory import make_bundle

COLOURS = {"red": (250, 0, 0), "green": (0, 250, 0), "blue": (0, 0, 250)}


@pytest.fixture
def installed() -> str:
    """A tiny model, installed and active; returns its id."""
    store = ModelStore()
    with store.staging_folder() as staging:
        make_bundle(staging)
        store.install(staging)
    store.activate("tiny")
    return "tiny"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three photos, one of them in a folder of its own."""
    place = tmp_path / "photos"
    (place / "more").mkdir(parents=True)
    for name, colour in COLOURS.items():
        target = place / "more" if name == "blue" else place
        Image.new("RGB", (64, 48), colour).save(target / f"{name}.png")
    return place


def records(text: str) -> list[dict[str, object]]:
    """The JSON objects, one a line."""
    return [json.loads(line) for line in text.splitlines()]


def test_another_model_answers_for_a_broken_one_and_that_is_said(
    installed: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ModelStore()
    make_bundle(store.models_dir / "pets", bundle_id="pets", name="Pets")
    store.activate("pets")
    (store.models_dir / "pets" / "manifest.json").write_text("{", encoding="utf-8")
    assert main(["classify", str(folder / "red.png"), "--format", "json"]) == 0
    printed = capsys.readouterr()
    assert records(printed.out)[0]["model"] == "tiny"
    assert printed.err.startswith("mobilenet-gui: “pets” cannot be used. ")
    assert printed.err.endswith(" answers instead.\n")


def test_json_is_one_object_a_line(installed: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(folder), "--recursive", "--format", "json", "--top", "2"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    found = records(printed.out)
    assert [record["path"] for record in found] == [
        str(folder / name) for name in ("green.png", "red.png", "more/blue.png")
    ]
    for record in found:
        assert set(record) == {"path", "model", "predictions", "milliseconds", "precision"}
        assert record["model"] == installed
        assert isinstance(record["milliseconds"], float)
        predictions = record["predictions"]
        assert isinstance(predictions, list)
        assert len(predictions) == 2
        assert set(predictions[0]) == {"index", "id", "label", "probability", "name"}
        assert predictions[0]["label"] == Path(str(record["path"])).stem
        assert 1 >= predictions[0]["probability"] >= predictions[1]["probability"] >= 0


def test_a_folder_without_recursive_stays_on_its_level(
    installed: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["classify", str(folder), "--format", "json"]) == 0
    assert len(records(capsys.readouterr().out)) == 2


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_what_cannot_be_read_is_a_line_in_its_place(
    installed: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], jobs: str
) -> None:
    (tmp_path / "text.jpg").write_text("not a photo", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    paths = [tmp_path / "missing.jpg", folder / "red.png", tmp_path / "text.jpg", tmp_path / "empty"]
    assert main(["classify", *map(str, paths), "--format", "json", "--jobs", jobs]) == 1
    printed = capsys.readouterr()
    assert printed.err == ""
    found = records(printed.out)
    assert [record["path"] for record in found] == [str(path) for path in paths]
    assert found[0] == {"path": str(paths[0]), "error": "There is no such file."}
    assert "predictions" in found[1]
    assert found[2]["error"] == "This is not a photo, or not in a format that can be read."
    assert found[3]["error"] == "There are no photos in this folder."


def test_text_is_aligned_and_its_errors_are_on_stderr(
    installed: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing.jpg"
    paths = [str(folder / "red.png"), str(missing), str(folder / "green.png")]
    assert main(["classify", *paths, "--top", "3"]) == 1
    printed = capsys.readouterr()
    assert printed.err == f"mobilenet-gui: {missing}: There is no such file.\n"
    blocks = [block.splitlines() for block in printed.out.split("\n\n")]
    assert [block[0] for block in blocks] == [paths[0], paths[2]]
    for block in blocks:
        assert len(block) == 4
        assert {line.index("%") for line in block[1:]} == {8}
    assert blocks[0][1].endswith("%  red")


def test_csv_has_a_heading_and_a_row_a_photo(
    installed: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = folder / 'a "quoted", name.png'
    (folder / "red.png").rename(odd)
    assert main(["classify", str(odd), str(tmp_path / "no.jpg"), "--format", "csv", "--top", "2"]) == 1
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    first, second = rows[1:]
    assert rows[0][:4] == ["path", "model", "milliseconds", "error"]
    ranked = [f"{column}_{n}" for n in (1, 2) for column in ("index", "id", "label", "probability")]
    assert rows[0][4:] == [*ranked, "name_1", "name_2", "group", "group_probability", "likeness", "unlike_shown"]
    assert {len(row) for row in rows} == {18}
    assert first[0] == str(odd)
    assert first[6] == "red"
    assert 0 < float(first[7]) <= 1
    assert second[3] == "There is no such file."
    assert second[4:] == [""] * 14
    assert first[16:] == ["", ""]  # this model was not told what it was shown


def test_more_labels_than_there_are_gives_all(installed: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(folder / "red.png"), "--format", "csv", "--top", "99"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert {len(row) for row in rows} == {4 + 5 * 6 + 2 + 2}


def test_a_model_is_chosen_by_its_folder_or_its_training(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained = tmp_path / "trained"
    make_bundle(trained / "bundle", bundle_id="mine")
    (trained / "run.json").write_text("{}")
    for place in (trained, trained / "bundle"):
        assert main(["classify", str(folder / "red.png"), "--model", str(place), "--format", "json"]) == 0
        assert records(capsys.readouterr().out)[0]["model"] == "mine"
    assert main(["classify", str(folder / "red.png"), "--model", str(tmp_path / "none")]) == 2


def test_a_model_is_chosen_by_id(folder: Path, installed: str, capsys: pytest.CaptureFixture[str]) -> None:
    store = ModelStore()
    with store.staging_folder() as staging:
        make_bundle(staging, bundle_id="other")
        store.install(staging)
    assert main(["classify", str(folder / "red.png"), "--model", "other", "--format", "json"]) == 0
    assert records(capsys.readouterr().out)[0]["model"] == "other"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["x.jpg", "--top", "0"],
        ["x.jpg", "--top", "many"],
        ["x.jpg", "--jobs", "-1"],
        ["x.jpg", "--format", "xml"],
        [""],
    ],
)
def test_wrong_use_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["classify", *arguments])
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_no_model_and_an_unknown_model_end_with_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(folder), "--model", "nothing-like-it"]) == 2
    assert "nothing-like-it" in capsys.readouterr().err


def test_without_any_model_it_says_how_to_get_one(
    folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Also where a model ships with the program.
    monkeypatch.setattr("mobilenet_gui.paths.builtin_models_dir", lambda: tmp_path / "none")
    assert main(["classify", str(folder)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "models download" in printed.err


def test_a_damaged_model_ends_with_2(folder: Path, installed: str, capsys: pytest.CaptureFixture[str]) -> None:
    model = ModelStore().get(installed).folder / "model.tflite"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 255
    model.write_bytes(data)
    assert main(["classify", str(folder), "--model", installed]) == 2
    assert capsys.readouterr().err.startswith("mobilenet-gui: ")


def program(*arguments: str | bytes, **options: object) -> subprocess.Popen[bytes]:
    """Start the program as a shell would."""
    command: list[str | bytes] = [sys.executable, "-m", "mobilenet_gui", "classify", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)  # type: ignore[call-overload,no-any-return]


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names are Unicode there")
def test_names_that_are_not_utf8_survive(installed: str, folder: Path) -> None:
    name = os.fsencode(folder) + b"/caf\xe9.png"
    os.rename(os.fsencode(folder / "red.png"), name)  # noqa: PTH104
    for kind in ("text", "csv"):
        out, err = program(name, "--format", kind).communicate(timeout=60)
        assert (name if kind == "text" else name.replace(b"\xe9", rb"\xe9")) in out
        assert err == b""
    out, err = program(name, "--format", "json").communicate(timeout=60)
    assert os.fsencode(json.loads(out.decode("ascii"))["path"]) == name
    assert err == b""


def test_other_scripts_are_printed_as_they_are(installed: str, folder: Path) -> None:
    target = folder / "größe 写真.png"
    (folder / "red.png").rename(target)
    # As a script on an old system would start it.
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    out, _ = program(str(folder), "--format", "json", env=environment).communicate(timeout=60)
    assert "größe 写真.png" in out.decode("utf-8")


def test_a_file_name_cannot_steer_the_terminal() -> None:
    assert cli_output.printable("a\x1b[2Jb\nc") == "a\\x1b[2Jb\\nc"
    assert cli_output.printable("gpj.\u202eexe\u2028x") == "gpj.\\u202eexe\\u2028x"
    assert cli_output.printable("größe 写真") == "größe 写真"
    assert cli_output.printable("a\u200db\udcff") == "a\u200db\udcff"  # joined emoji, bytes that are no text


def test_a_reader_that_leaves_ends_it_quietly(installed: str, folder: Path) -> None:
    process = program(*[str(folder)] * 3000, "--format", "json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == cli_command.EXIT_BROKEN_PIPE
    assert errors == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(
    "command", [["classify", "{folder}"], ["models", "list"], ["models", "list", "--format", "json"]]
)
def test_a_full_disk_is_reported(installed: str, folder: Path, command: list[str]) -> None:
    words = [sys.executable, "-m", "mobilenet_gui", *(word.format(folder=folder) for word in command)]
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.decode() == "mobilenet-gui: The answers cannot be written: No space left on device.\n"


@pytest.mark.parametrize("arguments", [["--help"], ["classify", "--help"], ["models", "list"]])
def test_any_encoding_can_be_printed_to(arguments: list[str]) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = [sys.executable, "-m", "mobilenet_gui", *arguments]
    done = subprocess.run(words, capture_output=True, env=environment, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"mobilenet" in done.stdout


class Flushed(io.StringIO):
    """A stream that remembers what had been written at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def flush(self) -> None:
        self.seen.append(self.getvalue())


@pytest.mark.parametrize("kind", ["text", "json", "csv"])
def test_each_answer_is_flushed_at_once(
    installed: str, folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    out = Flushed()
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["classify", str(folder / "red.png"), str(folder / "green.png"), "--format", kind]) == 0
    assert any("red.png" in seen and "green.png" not in seen for seen in out.seen)
    assert out.seen[-1] == out.getvalue()


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_ctrl_c_ends_it_quietly(installed: str, folder: Path) -> None:
    process = program(*[str(folder)] * 3000, "--format", "json")
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    start = time.monotonic()
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - start < 10
    assert errors == b""
    assert len(out.splitlines()) < 6000


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("seen", [True, False])
def test_progress_is_for_people_only(
    installed: str, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    errors = Terminal() if seen else io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    assert main(["classify", str(folder), "--format", "json"]) == 0
    assert len(records(capsys.readouterr().out)) == 2
    assert ("2 photos, " in errors.getvalue()) == seen
    assert errors.getvalue().endswith(" per second\n") == seen


def test_neither_qt_nor_tensorflow_is_loaded(installed: str, folder: Path) -> None:
    code = (
        "import sys; from mobilenet_gui.__main__ import main\n"
        f"assert main(['classify', {str(folder)!r}, '--format', 'json']) == 0\n"
        "heavy = {'PySide6', 'tensorflow', 'keras', 'cv2', 'requests', 'h5py', 'pi_heif'} & set(sys.modules)\n"
        "assert 'ai_edge_litert' in sys.modules and not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.shared
def test_real_photos_are_recognised(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mobilenet_gui.core.naming import Naming
    from mobilenet_gui.core.tflite_import import import_tflite

    store = ModelStore()
    with store.staging_folder() as staging:
        source = shared / "weights" / "tflite" / "mobilenet_v1_0.75_192_quant.tflite"
        import_tflite(source, staging, Naming("real", "Real"))
        store.install(staging)
    assert main(["classify", str(shared / "photos"), "--model", "real", "--format", "json"]) == 0
    with (shared / "photos" / "labels.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["file"]: row for row in csv.DictReader(file)}
    found = records(capsys.readouterr().out)
    assert len(found) == len(truth) == 48
    first = among_five = 0
    for record in found:
        wanted = truth[Path(str(record["path"])).name]
        predictions = record["predictions"]
        assert isinstance(predictions, list)
        first += predictions[0]["index"] == int(wanted["imagenet_index"]) and predictions[0]["id"] == wanted["wnid"]
        among_five += wanted["wnid"] in {prediction["id"] for prediction in predictions}
    assert first >= 38
    assert among_five >= 44
