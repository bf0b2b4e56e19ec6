"""What is written is whole or not there; links stay links; what killed programs left is swept, not a living one's."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mobilenet_gui.core import atomic
from mobilenet_gui.core.atomic import (
    PREFIX,
    replacing,
    staged_file,
    staged_folder,
    sweep,
    sweep_below,
    write_atomically,
)
from mobilenet_gui.settings import SettingsStore

posix = pytest.mark.skipif(sys.platform == "win32", reason="links, modes and signals differ")

_MAKER = """
import sys
from pathlib import Path
from mobilenet_gui.core.atomic import staged_file, staged_folder
with staged_file(Path(sys.argv[1])) as file, staged_folder(Path(sys.argv[1])) as folder:
    file.stream.write(b"half")
    file.stream.flush()
    (folder / "half").touch()
    print("made", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def look_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "_SWEEP_SECONDS", 0)


def maker(folder: Path) -> subprocess.Popen[bytes]:
    """A program that is making a file and a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", _MAKER, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"made\n"
    return process


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@posix
def test_what_a_killed_program_left_is_swept_by_the_next_write(tmp_path: Path) -> None:
    process = maker(tmp_path)
    process.kill()
    process.communicate()
    assert len(names(tmp_path)) == 3
    write_atomically(tmp_path / "a", b"new")
    assert names(tmp_path) == ["a"]


@posix
def test_the_programs_own_folders_are_swept_at_a_start(tmp_path: Path) -> None:
    place = tmp_path / "projects" / "garden" / "runs"
    place.mkdir(parents=True)
    process = maker(place)
    sweep_below(tmp_path, 4)
    assert len(names(place)) == 3
    process.kill()
    process.communicate()
    sweep_below(tmp_path, 2)
    assert len(names(place)) == 3
    sweep_below(tmp_path, 3)
    assert names(place) == []


@posix
def test_what_a_living_program_makes_stays(tmp_path: Path) -> None:
    process = maker(tmp_path)
    made = names(tmp_path)
    write_atomically(tmp_path / "a", b"new")
    with staged_folder(tmp_path):
        sweep(tmp_path)
    assert names(tmp_path) == [*made, "a"]
    process.communicate()
    assert names(tmp_path) == ["a"]


def test_what_this_program_makes_stays(tmp_path: Path) -> None:
    with staged_file(tmp_path) as file, staged_folder(tmp_path) as folder:
        sweep(tmp_path)
        assert file.path.exists()
        assert folder.exists()


@posix
def test_sweeping_and_making_at_once_loses_nothing(tmp_path: Path) -> None:
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            sweep(tmp_path)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for number in range(200):
            write_atomically(tmp_path / "a", b"%d" % number)
            with staged_folder(tmp_path) as folder:
                (folder / "x").touch()
            assert (tmp_path / "a").read_bytes() == b"%d" % number
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert names(tmp_path) == ["a"]


@posix
def test_an_older_versions_folders_go_unless_held(tmp_path: Path) -> None:
    from filelock import FileLock

    dead, held = tmp_path / f"{PREFIX}export-0badf00d", tmp_path / f"{PREFIX}export-00c0ffee"
    for folder in (dead, held):
        folder.mkdir()
        (folder / "lock").touch()
    with FileLock(held / "lock"):
        sweep(tmp_path)
        assert (dead.exists(), held.exists()) == (False, True)
    sweep(tmp_path)
    assert not held.exists()


@posix
def test_other_things_stay(tmp_path: Path) -> None:
    for name in ("a.tmp", ".hidden.tmp", "export.lock", f"x{PREFIX}1.tmp"):
        (tmp_path / name).touch()
    (tmp_path / "precious").write_text("x")
    (tmp_path / f"{PREFIX}1.tmp").symlink_to("precious")
    before = names(tmp_path)
    sweep(tmp_path)
    assert (tmp_path / "precious").read_text() == "x"
    assert set(before) - set(names(tmp_path)) <= {f"{PREFIX}1.tmp"}


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
def test_another_users_leftovers_stay(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}1.tmp").touch()
    os.chown(tmp_path / f"{PREFIX}1.tmp", 65534, 65534)
    sweep(tmp_path)
    assert names(tmp_path) == [f"{PREFIX}1.tmp"]


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")

    def fail() -> None:
        with replacing(tmp_path / "a") as stream:
            stream.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_text() == "old"


@posix
def test_a_link_stays_and_what_it_leads_to_is_replaced_whole(tmp_path: Path) -> None:
    repository, home = tmp_path / "dotfiles", tmp_path / "home"
    for folder in (repository, home):
        folder.mkdir()
    (repository / "settings.json").write_text("{}")
    (home / "middle").symlink_to("../dotfiles/settings.json")
    (home / "settings.json").symlink_to("middle")
    opened = (repository / "settings.json").open()
    SettingsStore(home / "settings.json").update(theme="dark")
    assert opened.read() == "{}"  # another file than the one that was there: replaced, not written over
    opened.close()
    assert (home / "settings.json").is_symlink()
    assert (home / "middle").is_symlink()
    assert "dark" in (repository / "settings.json").read_text()
    assert names(home) == ["middle", "settings.json"]
    assert names(repository) == ["settings.json"]


@posix
def test_a_link_that_leads_nowhere_yet_makes_its_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("folder/file")
    write_atomically(tmp_path / "link", b"x")
    assert (tmp_path / "folder" / "file").read_bytes() == b"x"
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        write_atomically(tmp_path / "loop", b"x")
    assert (tmp_path / "loop").is_symlink()


@posix
def test_permissions(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        write_atomically(tmp_path / "report.html", b"x")
        write_atomically(tmp_path / "settings.json", b"x", private=True)
        (tmp_path / "own").touch(0o640)
        (tmp_path / "own").chmod(0o604)
        write_atomically(tmp_path / "own", b"x", private=True)
    finally:
        os.umask(umask)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("report.html", "settings.json", "own")]
    assert modes == [0o644, 0o600, 0o604]


@posix
def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_atomically(tmp_path / "pipe", b"x")
    reader.join()
    assert got == [b"x"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, b"x")


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("x" * 255), b"x")
    assert names(tmp_path) == ["x" * 255]


@pytest.mark.parametrize("links", [True, False])
def test_a_new_file_never_takes_anothers_place(tmp_path: Path, links: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "there").write_text("old")
    with pytest.raises(FileExistsError), staged_file(tmp_path) as staged:
        staged.place_new(tmp_path / "there")
    with staged_file(tmp_path) as staged:
        staged.stream.write(b"x")
        staged.place_new(tmp_path / "free")
    assert names(tmp_path) == ["free", "there"]
    assert ((tmp_path / "free").read_text(), (tmp_path / "there").read_text()) == ("x", "old")


@posix
def test_a_killed_export_leaves_nothing_after_the_next(tmp_path: Path) -> None:
    process = maker(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with staged_folder(tmp_path) as folder:
        assert names(tmp_path) == [folder.name, f"{folder.name}.lock"]
    assert names(tmp_path) == []
