"""Projects when the program dies, or the disk refuses, at any single step of a save, a copy, a deletion.

A child process works on a project; an audit hook counts what it does to the disk and kills it (or fails the call) at
the n-th step. Whatever n is, every project that is left opens, with a state that it was saved in.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mobilenet_gui.training.project import NewPhoto
from mobilenet_gui.training.project_store import ProjectStore

_CHILD = """
import errno, os, sys
from pathlib import Path
import filelock
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training.project_copies import copy_photos, sweep
from mobilenet_gui.training.project import NewPhoto
from mobilenet_gui.training.project_store import ProjectStore
from tests.training.test_project_crash import prepare

WATCHED = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.link"}
root, mode, only = sys.argv[1], sys.argv[2], int(sys.argv[3])
count, stop = -1, 0

def hook(event, args):
    global count
    if count < 0 or event not in WATCHED:
        return
    if not str(args[0]).startswith(root) and event not in ("os.remove", "os.rmdir"):
        return
    if event == "open" and not (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return
    count += 1
    if count == stop:
        if mode == "kill":
            os._exit(9)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(args[0]))

def work(home):
    store = ProjectStore(home / "projects")
    project = store.open("garden")
    try:
        project.rename("second")
        project.save()
        copied = copy_photos(project.folder, [home / "photo.gif"]).paths[home / "photo.gif"]
        project.add_photos([NewPhoto(copied, "c1", copied=True)])
        project.rename("third")
        project.save()
        sweep(project.folder, project.photos.values())
    finally:
        project.close()
    store.duplicate("garden", "Copy")
    store.restore(store.delete("old"))

def run(step):
    global count, stop
    home = Path(root) / str(step)
    prepare(home)
    count, stop = 0, step
    try:
        work(home)
        return 7 if step > count else 0
    except UserError as error:
        assert mode == "fail" and error.reason, error
        return 4
    finally:
        count = -1

def run_apart(step):
    if mode == "fail":
        return run(step)
    child = os.fork()  # everything is loaded already
    if child == 0:
        code = 99
        try:
            code = run(step)
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

sys.addaudithook(hook)
if only:
    print(run(only))
else:
    step, code = 0, 0
    while code != 7 and step < 300:
        step += 1
        code = run_apart(step)
        print(code, flush=True)
"""
_DONE, _TOLD, _KILLED = 7, 4, 9
STATES = {"first": 50, "second": 50, "third": 51}


def prepare(home: Path) -> None:
    home.mkdir()
    (home / "photo.gif").write_bytes(b"GIF89a" + bytes(100))
    store = ProjectStore(home / "projects")
    for name in ("garden", "old"):
        project = store.create(name)
        project.rename("first")
        project.add_photos([NewPhoto(Path(f"/photos/{n}.jpg").absolute(), class_name="A") for n in range(50)])
        project.save()
        project.close()


def run_child(home: Path, mode: str, only: int) -> tuple[str, int]:
    command = [sys.executable, "-c", _CHILD, str(home), mode, str(only)]
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=250)
    assert run.returncode in (0, _KILLED), run.stderr
    return run.stdout, run.returncode


def run_every_step(home: Path, mode: str) -> list[int]:
    """Return how each step ended, from the first on."""
    if mode == "fail" or hasattr(os, "fork"):
        return [int(line) for line in run_child(home, mode, 0)[0].split()]
    codes: list[int] = []
    while _DONE not in codes and len(codes) < 300:
        output, code = run_child(home, mode, len(codes) + 1)
        codes.append(code or int(output))
    return codes


def check_sound(home: Path) -> None:
    store = ProjectStore(home / "projects")
    store.clean()
    gone = [path.name for path in store.projects_dir.iterdir() if path.name.startswith(".gone-")]
    for token in gone:
        store.restore(token)
    found = store.summaries()
    assert {"garden", "old"} <= {summary.id for summary in found}
    for summary in found:
        assert summary.problem == ""
        project = store.open(summary.id)
        assert project.problem == ""
        assert project.count() == (50 if summary.id == "old" else STATES.get(project.name, 51))
        assert all(photo.path.is_file() for photo in project.photos.values() if photo.copied)
        project.add_class("Still works")
        project.save()
        project.close()
    assert not [path.name for path in store.projects_dir.iterdir() if path.name.startswith((".new", ".gone"))]


@pytest.mark.parametrize("mode", ["kill", "fail"])
def test_whatever_step_it_ends_at_the_projects_are_sound(tmp_path: Path, mode: str) -> None:
    codes = run_every_step(tmp_path, mode)
    assert codes[-1] == _DONE
    assert len(codes) > 30  # the hook did see the work
    assert set(codes[:-1]) <= {0, _KILLED if mode == "kill" else _TOLD}
    assert sum(code != 0 for code in codes[:-1]) > 15
    for step in range(1, len(codes) + 1):
        check_sound(tmp_path / str(step))
