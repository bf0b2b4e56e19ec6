"""The store when the program dies, or the disk refuses, at any single step of an installation.

A child process replaces, activates and removes models; an audit hook counts what it does to the disk and kills it (or
fails the call) at the n-th step. Whatever n is, what is left must be a whole, usable store.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mobilenet_gui.core.store import ModelStore
from tests.bundles import make_bundle

_CHILD = """
import errno, os, sys
from pathlib import Path
from filelock import FileLock
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.store import ModelStore
from tests.bundles import make_bundle

home, mode, step = sys.argv[1], sys.argv[2], int(sys.argv[3])
WATCHED = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.link"}
count = -1

def hook(event, args):
    global count
    if count < 0 or event not in WATCHED:
        return
    # Deleting a tree names its files relative to their folder.
    if not str(args[0]).startswith(home) and event not in ("os.remove", "os.rmdir"):
        return
    if event == "open" and not (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return
    count += 1
    if count == step:
        if mode == "kill":
            os._exit(9)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(args[0]))

sys.addaudithook(hook)
store = ModelStore(Path(home), Path(home) / "none")
count = 0
try:
    with store.staging_folder() as folder:
        make_bundle(folder / "new", "cats", content=b"new")
        store.install(folder / "new")
    store.activate("cats")
    store.remove("dogs")
except UserError as error:
    assert mode == "fail" and error.reason, error
    count = -1
    sys.exit(4)
sys.exit(7 if step > count else 0)
"""
_DONE, _TOLD = 7, 4


def prepare(home: Path) -> ModelStore:
    """Make a store with `cats` and `dogs`, `dogs` active."""
    for name in ("cats", "dogs"):
        make_bundle(home / name, name, content=b"old")
    store = ModelStore(home, home / "none")
    store.activate("dogs")
    return store


def run_until(home: Path, mode: str, step: int) -> int:
    prepare(home)
    command = [sys.executable, "-c", _CHILD, str(home), mode, str(step)]
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=120)
    assert run.returncode in (0, 9, _DONE, _TOLD), run.stderr
    return run.returncode


def check_sound(home: Path) -> None:
    """See that what is left is a whole store in which one can go on."""
    store = ModelStore(home, home / "none")
    assert store.get("cats").tflite_bytes() in (b"old", b"new")
    assert store.broken() == []
    active = store.active_id
    assert active is not None
    if store.has("dogs"):
        assert store.get("dogs").tflite_bytes() == b"old"
        assert active in ("cats", "dogs")
    else:
        assert active == "cats"
    with store.staging_folder() as folder:
        make_bundle(folder / "again", "cats", content=b"newest")
        store.install(folder / "again")
    assert store.get("cats").tflite_bytes() == b"newest"
    assert [f.name for f in home.iterdir() if f.name.startswith((".new", ".old", ".gone"))] == []


@pytest.mark.parametrize("mode", ["kill", "fail"])
def test_whatever_step_it_ends_at_the_store_is_sound(tmp_path: Path, mode: str) -> None:
    outcomes: dict[int, int] = {}
    with ThreadPoolExecutor(4) as pool:
        first = 1
        while _DONE not in outcomes.values():
            steps = range(first, first + 8)
            codes = pool.map(lambda step: run_until(tmp_path / f"{mode}{step}", mode, step), steps)
            outcomes.update(zip(steps, codes, strict=True))
            first += 8
            assert first < 300
    ended = [step for step, code in outcomes.items() if code != _DONE]
    assert len(ended) > 10  # the hook did see the work
    assert {9 if mode == "kill" else _TOLD} <= {outcomes[step] for step in ended}
    for step in outcomes:
        check_sound(tmp_path / f"{mode}{step}")
