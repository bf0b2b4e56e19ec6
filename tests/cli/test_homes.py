"""Homes that are read-only, full, or not there: what needs no home works, and the rest says why it cannot."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SETUP = {
    "read-only": 'mount -t tmpfs none "$1" && mkdir "$1/home" && mount -o remount,ro "$1"',
    "missing": 'mount -t tmpfs none "$1" && mount -o remount,ro "$1"',
    "full": 'mount -t tmpfs -o size=64k none "$1" && mkdir "$1/home" && '
    '! head -c 70000 /dev/zero >"$1/home/x" 2>/dev/null',
    "read-only cache": 'mount -t tmpfs none "$1" && mkdir -p "$1/home/.cache" && '
    'mount --bind "$1/home/.cache" "$1/home/.cache" && mount -o remount,ro,bind "$1/home/.cache"',
}
SCRIPT = '({setup}) || exit 99; export HOME="$1/home"; shift; exec "$@"'

pytestmark = [
    pytest.mark.skipif(
        not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("unshare") is None,
        reason="needs root to mount a disk",
    ),
    pytest.mark.starter,
]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two classes of a few photos."""
    for label, colour in (("red", (200, 30, 30)), ("green", (30, 200, 30))):
        folder = tmp_path / "photos" / label
        folder.mkdir(parents=True)
        for number in range(5):
            shade = tuple(part + 9 * number for part in colour)
            Image.new("RGB", (80, 60), shade).save(folder / f"{number}.png")
    return tmp_path / "photos"


def start(kind: str, tmp_path: Path, *words: str | Path) -> subprocess.Popen[str]:
    """Start the program in a home of that kind, which nobody else sees."""
    (tmp_path / "disk").mkdir(exist_ok=True)
    hidden = ("XDG_", "MOBILENET_GUI_HOME")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    script = SCRIPT.replace("{setup}", SETUP[kind])
    program = [sys.executable, "-m", "mobilenet_gui", *map(str, words)]
    command = ["unshare", "-m", "sh", "-c", script, "sh", str(tmp_path / "disk"), *program]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")


def run(kind: str, tmp_path: Path, *words: str | Path) -> tuple[int, str, str]:
    process = start(kind, tmp_path, *words)
    out, err = process.communicate(timeout=280)
    if process.returncode == 99 or err.startswith("unshare:"):
        pytest.skip("nothing can be mounted here")
    return process.returncode, out, err


@pytest.mark.parametrize("kind", SETUP)
def test_what_needs_no_home_works(kind: str, tmp_path: Path, photos: Path) -> None:
    code, out, err = run(kind, tmp_path, "classify", photos, "-r", "--format", "json")
    assert (code, err, len(out.splitlines())) == (0, "", 10)
    assert run(kind, tmp_path, "models", "list")[::2] == (0, "")
    assert run(kind, tmp_path, "bench", "--format", "csv")[::2] == (0, "")


@pytest.mark.parametrize(
    ("kind", "reason"), [("read-only", "read-only"), ("missing", "read-only"), ("full", "The disk is full.")]
)
def test_what_needs_a_home_says_why_it_cannot(kind: str, reason: str, tmp_path: Path) -> None:
    code, out, err = run(kind, tmp_path, "models", "activate", "starter")
    assert (code, out) == (1, "")
    assert reason in err
    assert len(err.splitlines()) == 1


@pytest.mark.keras
@pytest.mark.parametrize("kind", ["read-only", "full"])
def test_a_training_needs_only_its_output(kind: str, tmp_path: Path, photos: Path) -> None:
    output = tmp_path / "out"
    code, out, err = run(kind, tmp_path, "train", photos, "--output", output, "--preset", "fast", "--install")
    assert "The model is in" in out
    assert (output / "bundle" / "model.tflite").is_file()
    assert not (output / "spare").exists()
    assert not [path for path in output.rglob("*") if path.name.startswith(".mobilenet-gui-")]
    assert code == 1  # it could not be installed
    assert "models: " in err.splitlines()[-1]


@pytest.mark.parametrize("kind", SETUP)
def test_the_window_opens(kind: str, tmp_path: Path, photos: Path) -> None:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    process = start(kind, tmp_path, "--startup-trace", photos)
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if "window shown" in line:
            break
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    if process.returncode == 99:
        pytest.skip("nothing can be mounted here")
    assert process.returncode == 0, said
    assert "Traceback" not in "".join([*said, err])
