"""What the installers are made of agrees with the program: commands, dependencies, names, the smoke test's data."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from mobilenet_gui.__main__ import COMMANDS
from mobilenet_gui.cli import commands_parser
from mobilenet_gui.core.imaging import decode
from mobilenet_gui.core.imaging_formats import FORMATS, sniff
from mobilenet_gui.core.opencv import cv2
from mobilenet_gui.training.archive import SUFFIX
from mobilenet_gui.training.project_store import ProjectStore

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


@pytest.fixture(autouse=True)
def build_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))
    monkeypatch.syspath_prepend(str(PACKAGING / "freeze"))


def pinned(path: Path) -> dict[str, set[str]]:
    """Return the versions of each package in a constraints file; some have one a Python version."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", path.read_text(encoding="utf-8"), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


def test_what_ships_is_what_is_tested() -> None:
    tested, shipped = pinned(ROOT / "constraints.txt"), pinned(PACKAGING / "freeze" / "constraints.txt")
    same = tested.keys() & shipped.keys()
    assert len(same) > 25
    assert {name: shipped[name] for name in same} == {name: tested[name] for name in same}


def test_every_dependency_ships() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {re.match(r"[\w-]+", line)[0].lower() for line in project["dependencies"]}  # type: ignore[index]
    instead = {
        "pyside6": "pyside6-essentials",
        "tensorflow": "tensorflow-cpu",
        "opencv-python": "opencv-python-headless",
    }
    missing = {instead.get(name, name) for name in names} - pinned(PACKAGING / "freeze" / "constraints.txt").keys()
    assert not missing


def test_no_pinned_file_names_an_address() -> None:
    for path in (ROOT / "constraints.txt", PACKAGING / "freeze" / "constraints.txt"):
        assert "://" not in path.read_text(encoding="utf-8")


def test_the_man_page_tells_every_command() -> None:
    page = (PACKAGING / "linux" / "mobilenet-gui.1").read_text(encoding="utf-8")
    told = set(re.findall(r"^\.B (\w+)", page, re.MULTILINE)) - {"mobilenet", "MOBILENET_GUI_HOME"}
    assert {name for name in told if name in COMMANDS} == COMMANDS


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_know_every_command_and_parse(shell: str, tmp_path: Path) -> None:
    script = PACKAGING / "build_parts" / "completions.py"
    done = subprocess.run([sys.executable, script, shell], capture_output=True, text=True, encoding="utf-8", check=True)
    for command in COMMANDS:
        assert command in done.stdout
    assert "--recursive" in done.stdout or "-l recursive" in done.stdout
    program = shutil.which(shell)
    if program is not None:
        file = tmp_path / "script"
        file.write_text(done.stdout, encoding="utf-8")
        subprocess.run([program, "-n", file], check=True)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["mobilenet-gui", "cla"], "classify"),
        (["mobilenet-gui", "models", "im"], "import"),
        (["mobilenet-gui", "classify", "--form"], "--format"),
        (["mobilenet-gui", "classify", "--format", ""], "csv|json|text"),
        (["mobilenet-gui", "export", "my-model", "--to", "o"], "onnx"),
        (["mobilenet-gui", "classify", "my"], "my first photo.jpg|my-photo.jpg"),
        (["mobilenet-gui", "classify", r"my\ f"], ""),
    ],
)
def test_bash_completes(words: list[str], expected: str, tmp_path: Path) -> None:
    script = PACKAGING / "build_parts" / "completions.py"
    text = subprocess.run([sys.executable, script, "bash"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "c").write_text(text, encoding="utf-8")
    for name in ("my first photo.jpg", "my-photo.jpg"):
        (tmp_path / name).touch()
    line = " ".join(f"'{word}'" for word in words)
    call = f"source c; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _mobilenet_gui"
    ask = f"{call}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    done = subprocess.run(["bash", "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "|".join(sorted(done.stdout.splitlines())) == expected


def test_the_desktop_finds_the_window_by_its_name() -> None:
    from build_parts.environment import APP_ID

    app = (ROOT / "mobilenet_gui" / "app.py").read_text(encoding="utf-8")
    assert f'setDesktopFileName("{APP_ID}")' in app
    entry = (PACKAGING / "linux" / f"{APP_ID}.desktop").read_text(encoding="utf-8")
    assert "Exec=mobilenet-gui %F" in entry
    types = (PACKAGING / "linux" / "mobilenet-gui.mime.xml").read_text(encoding="utf-8")
    for kind in re.findall(r"application/[\w.-]+mobilenet-gui[\w.-]*", entry):
        assert f'type="{kind}"' in types


@pytest.mark.parametrize(
    ("name", "source", "kept"),
    [
        ("PySide6/Qt/plugins/platforms/libqxcb.so", "/venv/PySide6/libqxcb.so", True),
        ("PySide6/Qt/plugins/platforms/libqoffscreen.so", "/venv/x", True),
        ("PySide6/Qt/plugins/platforms/libqeglfs.so", "/venv/x", False),
        ("PySide6/Qt/plugins/imageformats/libqsvg.so", "/venv/x", True),
        ("PySide6/Qt/plugins/imageformats/libqjpeg.so", "/venv/x", True),
        ("PySide6/Qt/plugins/imageformats/libqwebp.so", "/venv/x", False),
        ("PySide6/Qt/lib/libQt6Quick.so.6", "/venv/x", False),
        ("libGL.so.1", "/usr/lib/x86_64-linux-gnu/libGL.so.1", False),
        ("libssl.so.3", "/usr/lib/x86_64-linux-gnu/libssl.so.3", True),
        ("tensorflow/include/tensorflow/core.h", "/venv/x", False),
        ("tensorflow/libtensorflow_cc.so.2", "/venv/x", True),
        ("resources/models/starter/model.tflite", "/source/x", True),
        ("numpy-2.4.6.dist-info/RECORD", "/venv/x", False),
        ("numpy-2.4.6.dist-info/METADATA", "/venv/x", True),
    ],
)
def test_only_what_is_needed_is_carried(name: str, source: str, kept: bool) -> None:
    from trim import is_kept

    assert is_kept(name, source) is kept


def test_the_smoke_test_draws_photos_and_writes_a_video_that_can_be_read(tmp_path: Path) -> None:
    import smoke_data

    dataset = smoke_data.make_dataset(tmp_path / "photos")
    files = sorted(dataset.rglob("*.png"))
    assert len(files) == 20
    assert len({file.read_bytes() for file in files}) == 20
    with Image.open(files[0]) as photo:
        photo.load()
        assert photo.size == (160, 160)
    video = tmp_path / "video.avi"
    smoke_data.write_video(video, (ROOT / "resources" / "samples" / "daisy.jpg").read_bytes(), frames=5)
    capture = cv2().VideoCapture(str(video))
    read = sum(capture.read()[0] for _ in range(5))
    capture.release()
    assert read == 5


def test_the_smoke_test_has_a_photo_of_every_format(tmp_path: Path) -> None:
    """Each format is loaded by a module that goes by its name in a table: a frozen program may lack it."""
    import smoke_photos

    found = set()
    for photo in smoke_photos.write_small_photos(tmp_path):
        content = photo.read_bytes()
        assert decode(content).pixels.shape == (64, 64, 3)
        found.add(sniff(content))
    assert found == FORMATS.keys() - {"JPEG", "PNG"}
    assert "each.module for each in FORMATS.values()" in (PACKAGING / "freeze" / "mobilenet_gui.spec").read_text()


def test_the_smoke_tests_project_is_one(tmp_path: Path) -> None:
    import smoke_data

    file = tmp_path / f"garden{SUFFIX}"
    smoke_data.write_project(file, smoke_data.make_dataset(tmp_path / "photos"))
    imported = ProjectStore().import_zip(file)
    project = ProjectStore().open(imported.id)
    assert [one.name for one in project.classes] == ["discs", "stripes"]
    assert len(project.photos) == 20
    project.close()


def test_commands_parser_and_entry_agree() -> None:
    actions = [action for action in commands_parser()._actions if action.dest == "command"]
    assert set(actions[0].choices or ()) == COMMANDS


def test_the_windows_installer_takes_out_what_it_put_in() -> None:
    script = (PACKAGING / "windows" / "mobilenet-gui.iss").read_text(encoding="utf-8")
    keys = dict(re.findall(r'^Root: HKA; Subkey: "([^"]+)"; ValueType: (?:none|string);(.*)$', script, re.M))
    owned = [key for key, flags in keys.items() if "uninsdeletekey" in flags]
    assert owned
    assert all(any(f"{key}\\".startswith(f"{one}\\") for one in owned) for key in keys)
    assert re.search(r'^Root: HKCU; Subkey: "Environment"', script, re.MULTILINE)
    assert "HKEY_CURRENT_USER, 'Environment'" in script
