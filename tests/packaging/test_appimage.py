"""The AppImage's own first part: it mounts or unpacks what is behind it, becomes it, and says so where it cannot."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
APP_RUN = """#!/bin/sh
echo "$1|$2|$APPDIR|$(cat "$APPDIR/sub/data" | wc -c)|$(readlink "$APPDIR/link")"
exit 7
"""

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="AppImages are for Linux")


@pytest.fixture(autouse=True)
def build_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return two small AppImages, as two versions of a program would be."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PACKAGING))
        from build_parts import appimage

        if lacks := appimage.missing():
            pytest.skip(f"the tools are not here; {lacks}")
        work = tmp_path_factory.mktemp("Größe und Raum")
        runtime = appimage.compile_runtime(work)
        folder = work / "AppDir"
        (folder / "sub").mkdir(parents=True)
        (folder / "AppRun").write_text(APP_RUN, encoding="ascii")
        (folder / "AppRun").chmod(0o755)
        (folder / "link").symlink_to("sub/data")
        files = []
        for version, size in (("one", 3_000_000), ("two", 3_000_001)):
            (folder / "sub" / "data").write_bytes(os.urandom(1000) * (size // 1000) + b"x" * (size % 1000))
            image = work / f"{version}.squashfs"
            words: list[str | Path] = [
                "mksquashfs",
                folder,
                image,
                "-noappend",
                "-all-root",
                "-comp",
                "zstd",
                "-quiet",
                "-no-progress",
            ]
            subprocess.run(words, check=True, capture_output=True)
            target = work / f"{version}.AppImage"
            appimage.join(runtime, image, target)
            files.append(target)
        return files


def start(file: Path, *words: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), "TMPDIR": str(cwd), **variables}
    return subprocess.run(
        [file, *words], env=environment, cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_desktop_knows_it_by_its_mark(made: list[Path]) -> None:
    head = made[0].read_bytes()[:11]
    assert head[:4] == b"\x7fELF"
    assert head[8:] == b"AI\x02"


def test_it_starts_what_is_behind_it(made: list[Path], tmp_path: Path) -> None:
    """Mounted where FUSE works, unpacked where not: words and exit code pass through, and nothing stays mounted."""
    done = start(made[0], "a b", "--help", cwd=tmp_path)
    one, two, folder, size, link = done.stdout.strip().split("|")
    assert (one, two, size, link, done.returncode) == ("a b", "--help", "3000000", "sub/data", 7)
    if ".mount_" in folder:
        assert done.stderr == ""
    else:
        assert "FUSE does not work here" in done.stderr


def test_without_fuse_it_is_unpacked_once(made: list[Path], tmp_path: Path) -> None:
    first = start(made[0], cwd=tmp_path, APPIMAGE_EXTRACT_AND_RUN="1")
    assert first.returncode == 7
    assert "unpacking once into" in first.stderr
    again = start(made[0], "--appimage-extract-and-run", "x", cwd=tmp_path)
    assert again.stderr == ""
    assert again.stdout.startswith("x||")
    cache = tmp_path / ".cache" / "mobilenet-gui-appimage"
    assert [path.name for path in cache.iterdir() if path.is_dir()] == [Path(again.stdout.split("|")[2]).name]


def test_it_is_unpacked_where_the_cache_is_said_to_be(made: list[Path], tmp_path: Path) -> None:
    done = start(made[0], "--appimage-extract-and-run", cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path / "not yet there"))
    assert Path(done.stdout.split("|")[2]).is_relative_to(tmp_path / "not yet there")
    (tmp_path / "a file").touch()
    elsewhere = start(made[0], "--appimage-extract-and-run", cwd=tmp_path, HOME=str(tmp_path / "a file"))
    assert Path(elsewhere.stdout.split("|")[2]).is_relative_to(tmp_path)


def test_another_version_takes_the_place_of_one_that_does_not_run(made: list[Path], tmp_path: Path) -> None:
    folders = []
    for file in made:
        done = start(file, "--appimage-extract-and-run", cwd=tmp_path)
        folders.append(Path(done.stdout.split("|")[2]))
    assert folders[0] != folders[1]
    assert [path.exists() for path in folders] == [False, True]


def test_what_was_left_half_unpacked_is_done_anew(made: list[Path], tmp_path: Path) -> None:
    first = start(made[0], "--appimage-extract-and-run", cwd=tmp_path)
    folder = Path(first.stdout.split("|")[2])
    shutil.move(folder, folder.with_name(folder.name + ".part"))
    (folder.with_name(folder.name + ".part") / "AppRun").unlink()
    done = start(made[0], "--appimage-extract-and-run", cwd=tmp_path)
    assert done.returncode == 7
    assert not folder.with_name(folder.name + ".part").exists()


@pytest.mark.parametrize("blocks", [0, 100])
def test_it_says_where_there_is_no_room(made: list[Path], tmp_path: Path, blocks: int) -> None:
    limited = f"ulimit -f {blocks}; exec '{made[0]}' --appimage-extract-and-run"
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    ignoring = ["python3", "-c", "import os, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
                "os.execvp('sh', ['sh', '-c', sys.argv[1]])", limited]  # fmt: skip
    done = subprocess.run(ignoring, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 127
    assert "could not be unpacked into" in done.stderr
    assert "XDG_CACHE_HOME" in done.stderr
    assert [path.suffix for path in (tmp_path / ".cache" / "mobilenet-gui-appimage").iterdir()] == [".lock"]


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root to mount a small disk")
@pytest.mark.parametrize("size", ["4k", "256k", "2m"])
@pytest.mark.parametrize("option", ["--appimage-extract", "--appimage-extract-and-run"])
def test_a_full_disk_ends_it(made: list[Path], tmp_path: Path, size: str, option: str) -> None:
    script = (
        f"mount -t tmpfs -o size={size} none . 2>/dev/null || exit 99\n"
        f"cd . && cd \"$PWD\" && '{made[0]}' {option}\necho $?; find . -type f -not -name '*.lock'"
    )
    environment = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path)}
    words = ["unshare", "-m", "sh", "-c", script]
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode == 99 or "unshare failed" in done.stderr:
        pytest.skip("no disk can be mounted here")
    assert done.stdout.split() == ["127"]
    assert "No space left on device" in done.stderr


def test_it_can_be_taken_apart(made: list[Path], tmp_path: Path) -> None:
    assert start(made[0], "--appimage-extract", cwd=tmp_path).returncode == 0
    assert (tmp_path / "squashfs-root" / "sub" / "data").stat().st_size == 3_000_000
    again = start(made[0], "--appimage-extract", cwd=tmp_path)
    assert again.returncode == 127
    assert "exists" in again.stderr
    offset = int(start(made[0], "--appimage-offset", cwd=tmp_path).stdout)
    assert made[0].read_bytes()[offset : offset + 4] == b"hsqs"
    assert "--appimage-mount" in start(made[0], "--appimage-help", cwd=tmp_path).stdout


def test_nothing_under_the_gpl_is_in_it(made: list[Path]) -> None:
    program = made[0].with_name("runtime").read_bytes()
    assert b"LZO" not in program
    assert str(made[0].parent).encode() not in program


def test_a_runtime_without_a_place_for_the_digest_stops_the_build(tmp_path: Path) -> None:
    from build_parts import appimage
    from build_parts.environment import BuildError

    for name in ("runtime", "image"):
        (tmp_path / name).write_bytes(b"\x7fELF" + b"x" * 100)
    with pytest.raises(BuildError, match="no place"):
        appimage.join(tmp_path / "runtime", tmp_path / "image", tmp_path / "out")


def test_formats_that_need_missing_tools_are_left_out_with_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import build
    from build_parts import appimage

    monkeypatch.setattr(appimage, "missing", lambda: "on Debian: apt-get install it")
    assert build.usual(["deb", "tar", "appimage"]) == ["deb", "tar"]
    assert "apt-get install it" in capsys.readouterr().out
    monkeypatch.setattr(appimage, "missing", lambda: "")
    assert build.usual(["deb", "tar", "appimage"]) == ["deb", "tar", "appimage"]


def test_a_build_names_every_missing_program_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import build

    monkeypatch.setattr(build, "_build", lambda *_: pytest.fail("it began"))
    monkeypatch.setattr(
        "build_parts.environment.shutil.which", lambda name: None if name in {"objdump", "zstd"} else name
    )
    assert build.main(["--formats", "tar"]) == 1
    assert capsys.readouterr().err.endswith("on Debian: apt-get install binutils zstd\n")
