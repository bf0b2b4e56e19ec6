"""What people pass to commands by mistake: addresses, lists that are none, a model's file; and a full disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Call


@pytest.mark.parametrize(
    ("text", "more"),
    [(b"a.jpg\0b.jpg\0", "add --null"), (bytes(3 << 20), "no list of paths."), (b"x" * (3 << 20), "no list of paths.")],
)
def test_what_is_no_list_is_refused_and_not_gathered(
    call: Call, photos: Path, tmp_path: Path, text: bytes, more: str
) -> None:
    (tmp_path / "list").write_bytes(text)
    code, out, err = call("classify", "--files-from", tmp_path / "list")
    assert (code, out) == (2, "")
    assert more in err


@pytest.mark.parametrize(
    "words",
    [
        ("classify",),
        ("classify", "--files-from"),
        ("classify", "x.jpg", "--model"),
        ("evaluate",),
        ("evaluate", "photos", "--model"),
        ("train", "--output", "out"),
        ("models", "import"),
        ("models", "activate"),
        ("models", "remove"),
        ("export", "--to", "tflite", "--output", "out"),
        ("bench", "--model"),
        ("watch",),
        (),
    ],
)
def test_no_password_of_an_address_is_printed(
    call: Call, photos: Path, opened: list[list[str]], words: tuple[str, ...]
) -> None:
    code, out, err = call(*words, "http://me:SECRET@127.0.0.1:1/x?token=SECRET")
    assert code in (1, 2)
    assert "http://…@127.0.0.1:1/x?token=…" in err
    assert "SECRET" not in out + err
    assert not opened


def test_a_models_file_is_no_models_folder(call: Call, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos)
    (photos / "a.tflite").touch()
    for name in ("a.tflite", "./a.tflite", os.devnull):
        code, _, err = call("classify", "green.png", "--model", name)
        assert (code, "import it first" in err) == (2, True), err


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("words", [["-V"], ["--help"], ["help"], ["models", "list", "--help"], ["models", "list"]])
def test_a_full_disk_under_stdout_is_told(words: list[str], unbuffered: str) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        process = subprocess.run(
            [sys.executable, "-m", "mobilenet_gui", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert process.returncode == 1
    assert process.stderr == b"mobilenet-gui: The answers cannot be written: No space left on device.\n"
