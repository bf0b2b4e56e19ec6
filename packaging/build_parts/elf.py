"""Owns what a frozen folder asks of the system it will run on: libraries it does not carry, the C library's version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from build_parts.environment import PACKAGING, BuildError, run, tool

LIBRARIES = PACKAGING / "linux" / "libraries.txt"
OLDEST_GLIBC = (2, 35)
"""Ubuntu 22.04's; Debian 12 has 2.36."""


@dataclass(frozen=True)
class Needs:
    """What the system must have.

    Attributes:
        packages: Debian packages, sorted, without versions.
        glibc: the oldest C library that will do.
        programs: how many programs and libraries were looked at.
    """

    packages: tuple[str, ...]
    glibc: tuple[int, int]
    programs: int


def needs(folder: Path) -> Needs:
    """Look at every program and library below `folder`.

    Raises:
        BuildError: a library is neither carried nor named in `linux/libraries.txt`, or the C library must be newer
            than the oldest system that is promised.
    """
    owners, opened = _owners()
    readelf = tool("readelf", "binutils")
    carried: set[str] = set()
    wanted: dict[str, str] = {}
    glibc, newest, count = (2, 17), "", 0
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    carried.update(path.name for path in files)
    for path in files:
        with path.open("rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        count += 1
        text = run([readelf, "--dynamic", "--version-info", "--wide", path])
        for library in re.findall(r"\(NEEDED\).*\[(.*)\]", text):
            wanted.setdefault(library, path.name)
        for found in re.findall(r"GLIBC_(\d+)\.(\d+)", text):
            version = (int(found[0]), int(found[1]))
            if version > glibc:
                glibc, newest = version, path.name
    if glibc > OLDEST_GLIBC:
        raise BuildError(
            f"{newest} needs glibc {glibc[0]}.{glibc[1]}; the packages promise {OLDEST_GLIBC[0]}.{OLDEST_GLIBC[1]}. "
            "Build on an older system, or leave that library out in packaging/freeze/trim.py."
        )
    packages = set(opened)
    for library, user in sorted(wanted.items()):
        if library in carried:
            continue
        if library not in owners:
            raise BuildError(f"{user} needs {library}, which is neither carried nor named in {LIBRARIES}.")
        packages.add(owners[library])
    return Needs(tuple(sorted(packages)), glibc, count)


def _owners() -> tuple[dict[str, str], set[str]]:
    owners: dict[str, str] = {}
    opened: set[str] = set()
    for line in LIBRARIES.read_text(encoding="utf-8").splitlines():
        library, _, package = line.partition(" ")
        if line.startswith("#") or not package:
            continue
        if library == "opened":
            opened.add(package)
        else:
            owners[library] = package
    return owners, opened
