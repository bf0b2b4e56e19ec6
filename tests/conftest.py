"""What every test stands on: an isolated home, the shared data, and the proof that nothing was left running."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A wait that is met costs nothing by being long. The five seconds of pytest-qt failed sound tests on a machine that did
# other work beside them: what stands back for the network, as thumbnails do, comes to very little there.
for _wait in (QtBot.waitUntil, QtBot.waitSignal, QtBot.waitSignals, QtBot.waitExposed, QtBot.waitActive):
    _wait.__kwdefaults__ = {**(_wait.__kwdefaults__ or {}), "timeout": 60_000}

# Started in the background by a script, this process ignores Ctrl+C, under nohup a hang-up, and so would every program
# that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

SHARED_VARIABLE = "MOBILENET_GUI_SHARED"


@pytest.fixture(autouse=True)
def isolated_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a home of its own, so that no test sees the developer's models or settings."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(home))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(home / name.lower()))
        (home / name.lower()).mkdir(mode=0o700)
    monkeypatch.setenv("MOBILENET_GUI_HOME", str(home / "mobilenet-gui"))
    monkeypatch.delenv("MOBILENET_GUI_WEIGHTS_URL", raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(autouse=True)
def without_starter(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hide the model that ships with the program, so that a new home is empty; tests marked `starter` see it."""
    # By the test's own patches: with two sets of them, the one undone last would put back what the other had set.
    if request.node.get_closest_marker("builtin") is not None:
        return
    folder = tmp_path_factory.getbasetemp() / "no-models"
    if request.node.get_closest_marker("starter") is not None:
        folder = tmp_path_factory.getbasetemp() / "starter-alone"
        if not folder.exists():
            folder.mkdir()
            (folder / "starter").symlink_to(Path(__file__).parents[1] / "resources" / "models" / "starter")
    monkeypatch.setattr("mobilenet_gui.paths.builtin_models_dir", lambda: folder)


@pytest.fixture(autouse=True)
def without_trials(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Believe in every network, since those of the tests are their own; tests marked `trial` try them in a process."""
    monkeypatch.setattr("mobilenet_gui.core.trial._tried", set())
    monkeypatch.setattr("mobilenet_gui.core.trial._refused", {})
    if request.node.get_closest_marker("trial") is None:
        monkeypatch.setattr("mobilenet_gui.core.trial._try_in_child", lambda *_: None)


def find_shared() -> Path | None:
    """Return the folder of real weights and photos, or None."""
    named = os.environ.get(SHARED_VARIABLE)
    place = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    return place if (place / "weights").is_dir() else None


@pytest.fixture
def shared() -> Path:
    """The real weights and photos; absent they skip the test, in CI they fail it."""
    place = find_shared()
    if place is None:
        message = f"real weights and photos not found: set {SHARED_VARIABLE} or put them in ../shared"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return place


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread of Python's behind."""
    before = set(threading.enumerate())
    yield
    left = [t for t in threading.enumerate() if t not in before and t.is_alive()]
    for thread in left:
        thread.join(timeout=5)
    left = [t for t in left if t.is_alive()]
    assert not left, f"threads left running: {[t.name for t in left]}"
