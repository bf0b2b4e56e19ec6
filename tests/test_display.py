"""No display, no home: the window's start says so in words, and commands work all the same."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mobilenet_gui import display, paths

_LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="X11 and Wayland are Linux's")


def _start(**changes: str) -> subprocess.CompletedProcess[str]:
    dropped = {"QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"}
    environment = {name: value for name, value in os.environ.items() if name not in dropped} | changes
    return subprocess.run(
        [sys.executable, "-m", "mobilenet_gui", "--new-window"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@_LINUX
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, "neither DISPLAY nor WAYLAND_DISPLAY is set"),
        ({"DISPLAY": ":4242"}, "could not connect to display :4242"),
        ({"WAYLAND_DISPLAY": "wayland-4242"}, 'platform plugin "wayland"'),
        ({"QT_QPA_PLATFORM": "nonsense"}, 'platform plugin "nonsense"'),
    ],
)
def test_a_display_that_does_not_answer_is_said_and_dumps_no_core(changes: dict[str, str], named: str) -> None:
    ended = _start(**changes)
    assert ended.returncode == display.EXIT_NO_DISPLAY
    assert named in ended.stderr
    assert "mobilenet-gui classify" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_qt_blames_a_missing_library_only_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    blame = "From 6.5.0, xcb-cursor0 or libxcb-cursor0 is needed to load the Qt xcb platform plugin."
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: None)
    assert "xcb-cursor0" not in display.explain(["could not connect to display :1", blame])

    def missing(_name: str) -> None:
        raise OSError("no such library")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert "xcb-cursor0" in display.explain([blame])


@pytest.mark.skipif(sys.platform == "win32", reason="HOME is not Windows' variable")
@pytest.mark.parametrize("home", [None, "", "relative"])
def test_without_a_home_the_root_stands_in(monkeypatch: pytest.MonkeyPatch, home: str | None) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", paths.HOME_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    if home is None:
        monkeypatch.delenv("HOME")
    else:
        monkeypatch.setenv("HOME", home)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as for a user that the system does not know
    paths.ensure_home()
    assert os.environ["HOME"] == "/"


def test_a_home_that_is_set_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variable = "USERPROFILE" if sys.platform == "win32" else "HOME"
    monkeypatch.setenv(variable, str(tmp_path))
    paths.ensure_home()
    assert os.environ[variable] == str(tmp_path)


def test_data_of_a_user_that_does_not_exist_are_looked_for_by_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(paths.HOME_VARIABLE, "~nobody-is-called-so/data")
    assert paths.data_dir().parts[-2:] == ("~nobody-is-called-so", "data")
