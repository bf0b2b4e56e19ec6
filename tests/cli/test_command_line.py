"""The command line as a whole, as a shell user meets it: slips, help, pipes, signals, lists of files."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from mobilenet_gui import cli
from mobilenet_gui.__main__ import COMMANDS
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.store import ModelStore
from tests.cli.conftest import Call
from tests.model_factory import make_bundle


def program(*arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mobilenet_gui", *map(str, arguments)]
    # Unbuffered: what `readline` has taken ahead `communicate` would not find.
    return subprocess.Popen(command, bufsize=0, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


@pytest.mark.parametrize(
    ("slip", "meant"),
    [("clasify", "classify"), ("Classify", "classify"), ("trian", "train"), ("exprot", "export"), ("hlep", "help")],
)
def test_a_mistyped_command_suggests(call: Call, opened: list[list[str]], slip: str, meant: str) -> None:
    code, out, err = call(slip, "x.jpg")
    assert (code, out) == (2, "")
    assert f"“{slip}” is neither a command nor a file. Did you mean “{meant}”?" in err
    assert not opened


def test_what_is_no_slip_opens_the_window(
    call: Call, opened: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clasify").touch()
    Path("dangling").symlink_to("nowhere")
    for words in (
        [],
        ["photo.jpg"],
        ["clasify"],
        ["dangling"],
        ["./classify"],
        ["no/such"],
        ["--", "classify"],
        ["--", "-photo.jpg"],
        ["a.jpg", "--new-window", "b.jpg"],
    ):
        assert call(*words)[0] == 0
    assert opened == [
        [],
        ["photo.jpg"],
        ["clasify"],
        ["dangling"],
        ["./classify"],
        ["no/such"],
        ["classify"],
        ["-photo.jpg"],
        ["a.jpg", "b.jpg"],
    ]


def test_a_word_that_is_nothing_is_refused(call: Call, opened: list[list[str]]) -> None:
    code, _, err = call("\x1b[2Jqqq")
    assert code == 2
    assert (
        err
        == "mobilenet-gui: “\\x1b[2Jqqq” is neither a command nor a file. “mobilenet-gui --help” lists the commands.\n"
    )
    assert not opened


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["classify", "x.jpg", "--tpo", "3"], "there is no option “--tpo”. Did you mean “--top”?"),
        (["classify", "--formt=json", "x.jpg"], "there is no option “--formt”. Did you mean “--format”?"),
        (["classify", "x.jpg", "--format", "jsno"], "Did you mean “json”?"),
        (["--new-windw"], "Did you mean “--new-window”?"),
        (["models", "lst"], "Did you mean “list”?"),
        (["models", "list", "--fromat", "json"], "mobilenet-gui models list: error: there is no option “--fromat”"),
        (["models", "list", "more"], "one argument too many: “more”"),
        (["help", "clasify"], "there is no command “clasify”. Did you mean “classify”?"),
        (["export", "--to", "onx", "--output", "o"], "Did you mean “onnx”?"),
        (["classify"], "name at least one photo"),
        (["classify", "-0", "x.jpg"], "--files-from"),
        (["classify", "-", "--files-from", "-"], "only once"),
        (["classify", "-", "-"], "only once"),
        (["models", "activate"], "name the model"),
        (["models", "remove", "a", "--model", "b"], "only once"),
        (["evaluate", "a", "b", "--model", "c"], "already"),
        (["evaluate", "a", "b", "c"], "one argument too many"),
        (["export", "a", "--model", "b", "--to", "tflite", "--output", "o"], "twice: “a”"),
    ],
)
def test_a_wrong_command_line_ends_with_2(call: Call, opened: list[list[str]], words: list[str], said: str) -> None:
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert said in err
    assert not opened


def test_help(call: Call) -> None:
    code, whole, _ = call("--help")
    assert code == 0
    assert all(f"    {name} " in whole for name in COMMANDS)
    assert "--new-window" in whole
    assert call("help")[1] == call("-h")[1] == whole
    for name in COMMANDS - {"help"}:
        assert call("help", name)[:2] == call(name, "--help")[:2]
    assert call("help", "models", "import")[1] == call("models", "import", "-h")[1]
    assert "usage: mobilenet-gui models import" in call("help", "models", "import")[1]


def test_a_choice_may_begin_like_an_option() -> None:
    for words in (["--range", "-1..1", "x.h5"], ["x.h5", "--range=-1..1"], ["--range", "-1..1", "--", "x.h5"]):
        found = cli.commands_parser().parse_args(["models", "import", *words])
        assert (found.range, found.file) == ("-1..1", Path("x.h5"))


def test_version(call: Call) -> None:
    assert call("-V") == call("--version")
    assert call("-V")[1].startswith("MobileNet GUI ")


def test_words_and_options_in_any_order(call: Call, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = photos / "--top"
    (photos / "red.png").rename(odd)
    monkeypatch.chdir(photos)
    code, out, err = call("classify", "green.png", "--format", "json", "-k1", "green.png", "--", "--top", "green.png")
    assert (code, err) == (0, "")
    assert [json.loads(line)["path"] for line in out.splitlines()] == ["green.png", "green.png", "--top", "green.png"]


def test_a_photo_on_standard_input(photos: Path) -> None:
    with (photos / "green.png").open("rb") as stream:
        process = program("classify", photos / "red.png", "-", "--format", "json", stdin=stream)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    found = [json.loads(line) for line in out.splitlines()]
    assert [record["path"] for record in found] == [str(photos / "red.png"), "-"]
    assert found[1]["predictions"][0]["label"] == "green"


def test_standard_input_that_is_no_photo(photos: Path) -> None:
    process = program("classify", "-", stdin=subprocess.PIPE)
    _, err = process.communicate(b"not a photo", timeout=60)
    assert process.returncode == 1
    assert err.startswith(b"mobilenet-gui: -: This is not a photo")


def test_a_file_called_minus_is_a_file(call: Call, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos)
    (photos / "red.png").rename("-")
    assert "  " in call("classify", "./-")[1]


@pytest.mark.parametrize(("end", "more"), [(b"\n", []), (b"\r\n", []), (b"\0", ["-0"])])
@pytest.mark.parametrize("source", ["-", "list"])
def test_a_list_of_files(photos: Path, end: bytes, more: list[str], source: str) -> None:
    odd = b"line\nfeed.png" if more else b"caf\xe9.png" if sys.platform == "linux" else b"odd.png"
    os.rename(os.fsencode(photos / "red.png"), os.path.join(os.fsencode(photos), odd))  # noqa: PTH104, PTH118
    names = [odd, b"", b"green.png"]
    text = (b"" if more else b"\xef\xbb\xbf") + end.join(names) + (end if source == "list" else b"")
    (photos / "list").write_bytes(text)
    process = program("classify", "--files-from", source, *more, "--format", "json", stdin=subprocess.PIPE, cwd=photos)
    out, err = process.communicate(text, timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert [os.fsencode(json.loads(line)["path"]) for line in out.splitlines()] == [odd, b"green.png"]


def test_a_list_is_read_as_it_comes(photos: Path) -> None:
    process = program("classify", "--files-from", "-", "--jobs", "1", stdin=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{photos / 'red.png'}\n".encode())
    process.stdin.flush()
    assert process.stdout.readline().strip() == os.fsencode(photos / "red.png")
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_an_empty_list_is_no_failure(call: Call, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "list").touch()
    code, out, err = call("classify", "--files-from", tmp_path / "list", "--format", "csv", "--top", "1")
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 1


def test_a_missing_list_is_named(call: Call, photos: Path, tmp_path: Path) -> None:
    code, out, err = call("classify", "--files-from", tmp_path / "none")
    assert (code, out) == (2, "")
    assert err == f"mobilenet-gui: {tmp_path / 'none'}: The list cannot be read: No such file or directory.\n"


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (getattr(signal, "SIGHUP", 1), 129)]
)
@pytest.mark.parametrize("what", ["photos", "list", "photo"])
def test_a_signal_ends_it_cleanly(photos: Path, number: signal.Signals, code: int, what: str) -> None:
    words: list[str | Path] = [photos] * 3000 if what == "photos" else [photos / "red.png", "--files-from", "-"]
    if what == "photo":
        words = [photos / "red.png", photos / "green.png", "-", "--jobs", "1"]
    process = program("classify", *words, "--jobs", "1", "--format", "json", stdin=subprocess.PIPE)
    assert process.stdout is not None
    first = process.stdout.readline()
    process.send_signal(number)
    start = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, b"")
    assert time.monotonic() - start < 10
    for line in (first + out).splitlines():
        json.loads(line)


@pytest.mark.starter
@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_a_workers_process_ends_with_its_command(photos: Path, tmp_path: Path) -> None:
    ModelStore().activate("starter")
    for name in ("red", "green"):
        (photos / name).mkdir()
        for number in range(8):
            shade = Image.new("RGB", (60, 60), (200, 9 * number, 9) if name == "red" else (9, 200, 9 * number))
            shade.save(photos / name / f"{number}.png")
        (photos / f"{name}.png").unlink()
    process = program("train", photos, "--output", tmp_path / "out", "--format", "json", "--model", "starter")
    assert process.stdout is not None
    first = process.stdout.readline()
    workers = psutil.Process(process.pid).children()
    assert len(workers) == 1
    process.terminate()
    for worker in workers:  # as the system does that goes down
        worker.terminate()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err.count(b"\n")) == (143, 1), err
    assert json.loads((first + out).splitlines()[-1]) == {"event": "cancelled"}
    assert not any(worker.is_running() for worker in workers)


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_what_is_told_to_ignore_a_signal_ignores_it(photos: Path) -> None:
    start = f"{sys.executable} -m mobilenet_gui classify - --format=json"
    script = f"trap '' INT HUP; echo ready; exec {start}"
    process = subprocess.Popen(["sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate((photos / "red.png").read_bytes(), timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["path"] == "-"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize("words", ["--help", "help train", "models list", "models list --format json"])
def test_head_ends_it_quietly(words: str, photos: Path) -> None:
    script = f"{sys.executable} -m mobilenet_gui {words} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60, check=False)
    assert done.stderr == b""
    assert done.stdout.strip() in (b"141", b"0")  # 0 where the reader left after the last line


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
def test_a_closed_stdout_is_told(photos: Path) -> None:
    script = f"{sys.executable} -m mobilenet_gui classify {photos} >&-"
    done = subprocess.run(["sh", "-c", script], capture_output=True, timeout=60, check=False)
    assert done.returncode == 1
    assert b"The answers cannot be written: Bad file descriptor." in done.stderr


@pytest.mark.parametrize("command", [["bench"], ["models", "list"], ["classify", "x.jpg"], ["evaluate", "x"]])
def test_the_systems_refusal_is_not_taken_for_stdouts(
    call: Call, photos: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/a/model")

    monkeypatch.setattr(ModelStore, "active", refuse)
    monkeypatch.setattr(ModelStore, "list", refuse)
    code, out, err = call(*command)
    assert (code, out) == (1, "")
    assert "Too many open files" in err
    assert "answers cannot be written" not in err


def test_a_failure_in_the_middle_of_the_list_is_its_own(
    call: Call, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise StorageError("list", "The list cannot be read: Input/output error.")

    monkeypatch.setattr("mobilenet_gui.cli_inputs._listed", refuse)
    (photos / "list").touch()
    assert call("classify", "--files-from", photos / "list")[2].endswith("Input/output error.\n")


def test_one_name_for_a_model_everywhere(call: Call, photos: Path) -> None:
    store = ModelStore()
    with store.staging_folder() as staging:
        make_bundle(staging, bundle_id="other")
        store.install(staging)
    data = photos.parent / "data"
    for name in ("red", "green"):
        (data / name).mkdir(parents=True)
        (photos / f"{name}.png").rename(data / name / f"{name}.png")
    for words in (["other", data], [data, "--model", "other"], ["-m", "other", data]):
        code, out, err = call("evaluate", *words, "--format", "json")
        assert (code, json.loads(out)["model"], err) == (0, "other", "")
    assert json.loads(call("evaluate", data, "--format", "json")[1])["model"] == "tiny"
    assert call("models", "activate", "--model", "other")[0] == 0
    assert ModelStore().active_id == "other"
    assert call("models", "remove", "-m", "other")[0] == 0
    for command in ("classify", "watch", "train", "evaluate", "export", "bench"):
        assert "--model MODEL" in call("help", command)[1]


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_wherever_rows_come(call: Call, photos: Path) -> None:
    for command in ("classify", "watch", "train", "evaluate", "export", "bench"):
        assert "{text,json,csv}" in call("help", command)[1]
    listed = rows(call("models", "list", "--format", "csv")[1])
    assert listed[0]["id"] == "tiny"
    assert listed[0]["active"] == "True"
    data = photos.parent / "data"
    (data / "red").mkdir(parents=True)
    (photos / "red.png").rename(data / "red" / "red.png")
    found = rows(call("evaluate", data, "--format", "csv")[1])
    assert [(row["class"], row["photos"], row["correct"]) for row in found] == [("red", "1", "1")]
    removed = rows(call("models", "remove", "tiny", "--format", "csv")[1])
    assert removed[0]["id"] == "tiny"
