"""Owns the question who made each library in a frozen folder, and where the text of its licence lies.

A library is a package's own (its wheel's texts speak for it), Python's, this system's, or one that a wheel carries of
somebody else's. The last are named with their texts in `licences/libraries.txt`, since no wheel says so in a form that
a program can read; the build stops at one that is not.
"""

from __future__ import annotations

import json
import re
import sys
import sysconfig
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from build_parts import elf
from build_parts.environment import PACKAGING, BuildError, run, tool

TABLE = PACKAGING / "licences" / "libraries.txt"
SYSTEM_LIST = "system-libraries.json"
"""Beside the notices: names of this system's libraries that travel."""
_STEM = re.compile(r"lib[A-Za-z0-9_+]+")
_OTHERS = re.compile(r"\.libs/|^PySide6/Qt/lib/")
"""Where wheels keep libraries of others."""


def named_texts() -> dict[str, str]:
    """Return, for each library that a wheel carries of somebody else's, the text that speaks of it."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    return dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))


def stem(name: str) -> str:
    """Return a library's name in the table: `libaec-7e9d22b8.so.0.1.3` is `libaec`, `libQt6Gui.so.6` is `libQt`."""
    found = _STEM.match(name)
    whole = found[0] if found else name
    return re.sub(r"^lib(Qt)6\w*|^lib(icu)\w*", lambda match: f"lib{match[1] or match[2]}", whole)


def without_text(
    carried: Iterable[str], of_wheels: Collection[str], of_system: Collection[str], notices: Path
) -> list[str]:
    """Return which programs and libraries have no licence text.

    Args:
        carried: their paths inside the frozen folder, with forward slashes.
        of_wheels: paths of what the wheels hold, from their root.
        of_system: names of this system's libraries whose texts were copied.
        notices: the folder with the texts.
    """
    texts = named_texts()
    standard = {path.name for path in Path(sysconfig.get_path("stdlib")).rglob("*.so")}
    missing = []
    for path in carried:
        name = path.rsplit("/", 1)[-1]
        if _OTHERS.search(path):
            text = texts.get(stem(name), "not named")
            if not (notices / "licences" / text).is_file():
                missing.append(path)
        elif not (path in of_wheels or name in standard or name in of_system or name.startswith("libpython3")):
            missing.append(path)
    return missing


def check_texts(frozen: Path, wheels: Path, notices: Path) -> None:
    """See that every program and library of a frozen folder has its licence text with it.

    Args:
        frozen: the folder.
        wheels: where the wheels are installed (`site-packages`).
        notices: the folder with the texts.

    Raises:
        BuildError: one has none; names it.
    """
    inside = frozen / "_internal"
    found = [path.relative_to(inside).as_posix() for path in elf.programs(inside)]
    of_wheels = {path.relative_to(wheels).as_posix() for path in elf.programs(wheels)}
    of_system = json.loads((notices / SYSTEM_LIST).read_text(encoding="utf-8"))
    if missing := without_text(found, of_wheels, of_system, notices):
        raise BuildError(f"No licence text travels with {', '.join(missing)}; see {TABLE}.")


def system_libraries(is_kept: Callable[[str, str], bool]) -> dict[str, Path]:
    """Return this system's libraries that Python's own modules bring along, by name.

    Args:
        is_kept: tells by a library's name and its path whether it travels.
    """
    if not sys.platform.startswith("linux"):
        return {}
    found: dict[str, Path] = {}
    modules = [*Path(sysconfig.get_path("stdlib"), "lib-dynload").glob("*.so"), Path(sys.executable).resolve()]
    for module in modules:
        said = run([tool("ldd", "libc-bin"), module])
        for name, path in re.findall(r"^\s*(\S+) => (/\S+)", said, re.MULTILINE):
            if is_kept(name, path) and not name.startswith("libpython3"):
                found[name] = Path(path)
    return found
