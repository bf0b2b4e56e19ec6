"""Owns where a build works: version and date, the folder of intermediate files, the pinned build environment."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
APP_ID = "org.mobilenet_gui.MobileNetGUI"


class BuildError(Exception):
    """The build cannot go on; the message says why and what to do."""


@dataclass(frozen=True)
class Build:
    """One run of the build.

    Attributes:
        work: intermediate files; made anew where they matter, kept where they only save time.
        output: where finished packages go.
        version: of the program.
        epoch: seconds since 1970 that every file's date is set to, so that two builds of one commit are the same.
        quick: it is only to be tried, not to be given to anybody; its size does not matter.
    """

    work: Path
    output: Path
    version: str
    epoch: int
    quick: bool = False

    @property
    def python(self) -> Path:
        """The interpreter of the build environment."""
        folder = "Scripts" if sys.platform == "win32" else "bin"
        return self.work / "venv" / folder / ("python.exe" if sys.platform == "win32" else "python")

    @property
    def frozen(self) -> Path:
        """The folder that PyInstaller makes."""
        return self.work / "frozen" / "mobilenet-gui"


def say(text: str) -> None:
    """Tell the person how far the build is."""
    print(f"• {text}", flush=True)


def run(command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run a command and return what it printed.

    Raises:
        BuildError: it is missing or failed; with the end of what it said.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise BuildError(f"{words[0]} is not installed.") from error
    if done.returncode != 0:
        raise BuildError(f"{' '.join(words[:4])} … failed ({done.returncode}):\n{done.stdout[-4000:]}")
    return done.stdout


def tool(name: str, package: str) -> str:
    """Return the path of a program that a step needs.

    Raises:
        BuildError: it is not there; names the Debian package that has it.
    """
    found = shutil.which(name)
    if found is None:
        raise BuildError(f"{name} is not installed. On Debian: apt-get install {package}")
    return found


def require(needed: Mapping[str, str]) -> None:
    """Stop before the first step where a later one would for want of something.

    Args:
        needed: programs, and files by their whole paths, each with the Debian package that has it.

    Raises:
        BuildError: some are not there; names all their packages at once.
    """
    lacks = {
        package
        for name, package in needed.items()
        if not (Path(name).is_file() if Path(name).is_absolute() else shutil.which(name))
    }
    if lacks:
        raise BuildError(f"It needs what is not here; on Debian: apt-get install {' '.join(sorted(lacks))}")


def source_version() -> str:
    """Return the program's version."""
    text = (ROOT / "mobilenet_gui" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    if found is None:
        raise BuildError("mobilenet_gui/__init__.py names no version.")
    return found[1]


def source_epoch() -> int:
    """Return SOURCE_DATE_EPOCH, by default the time of the last commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given) if given else int(run(["git", "log", "-1", "--format=%ct"], cwd=ROOT))


def prepare(build: Build) -> None:
    """Make the environment that is frozen: the versions of `freeze/constraints.txt`, hashes checked."""
    pins = PACKAGING / "freeze" / "constraints.txt"
    wanted = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    stamp = build.work / "venv" / ".ready"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    say("Installing what goes into the package (2 GB; once)")
    base = getattr(sys, "_base_executable", sys.executable)
    run([base, "-m", "venv", "--clear", build.work / "venv"])
    pip: list[str | Path] = [
        build.python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
    ]
    run([*pip, "--require-hashes", "-r", pins])
    stamp.write_text(wanted)


def exported_source(build: Build) -> Path:
    """Return a copy of the committed package and resources: nothing else of a working tree may travel."""
    target = build.work / "source"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    archive = build.work / "source.tar"
    run(["git", "archive", "--output", archive, "HEAD", "mobilenet_gui", "resources"], cwd=ROOT)
    with tarfile.open(archive) as made:
        # Python before 3.11.4, Debian 12's among them, knows no such filter; the archive is our own.
        made.extraction_filter = getattr(tarfile, "data_filter", None)
        made.extractall(target)
    archive.unlink()
    return target


def set_times(folder: Path, epoch: int) -> None:
    """Give every file and folder below `folder` the same date and plain permissions (a program stays a program)."""
    for path in [folder, *sorted(folder.rglob("*"))]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or (os.access(path, os.X_OK) and _is_program(path)) else 0o644)
        os.utime(path, (epoch, epoch), follow_symlinks=False)


def _is_program(path: Path) -> bool:
    if ".so" in path.name:  # a library need not be executable
        return False
    with path.open("rb") as file:
        start = file.read(4)
    return start[:2] == b"#!" or start == b"\x7fELF"
