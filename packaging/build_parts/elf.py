"""Owns what a frozen folder asks of the system it will run on: libraries that it does not carry, and their versions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from build_parts.environment import PACKAGING, BuildError, run, tool

LIBRARIES = PACKAGING / "linux" / "libraries.txt"
Version = tuple[int, ...]
OLDEST: dict[str, Version] = {
    "GLIBC": (2, 35),
    "GLIBCXX": (3, 4, 30),
    "CXXABI": (1, 3, 13),
    "GCC": (12, 0, 0),
}
"""What libc6, libstdc++6 and libgcc-s1 of Ubuntu 22.04 offer, the oldest system that is promised."""
RELATIVE_RELOCATIONS: Version = (2, 36)
"""The C library that first offered GLIBC_ABI_DT_RELR (its NEWS for 2.36), a version without a number."""
_NEEDED = re.compile(r"Name: (GLIBC|GLIBCXX|CXXABI|GCC)_(\d[\d.]*|ABI_DT_RELR)\b")


@dataclass(frozen=True)
class Needs:
    """What the system must have.

    Attributes:
        packages: Debian packages, sorted, without versions.
        glibc: the oldest C library that will do.
        programs: how many programs and libraries were looked at.
    """

    packages: tuple[str, ...]
    glibc: Version
    programs: int


def needs(folder: Path) -> Needs:
    """Look at every program and library below `folder`.

    Raises:
        BuildError: a library is neither carried nor named in `linux/libraries.txt`, or the C or C++ library must be
            newer than the oldest system that is promised.
    """
    owners, opened = _owners()
    carried = {path.name for path in folder.rglob("*") if path.is_file()}
    wanted: dict[str, str] = {}
    glibc: Version = (2, 17)
    count = 0
    for path in programs(folder):
        count += 1
        libraries, versions = read(path)
        for library in libraries:
            wanted.setdefault(library, path.name)
        glibc = max(glibc, versions.get("GLIBC", glibc))
        for kind, version in versions.items():
            if version > OLDEST[kind]:
                raise BuildError(
                    f"{path.name} needs {kind} {_dotted(version)}; the packages promise {_dotted(OLDEST[kind])}. "
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


def programs(folder: Path) -> Iterator[Path]:
    """Yield the programs and libraries below `folder`, each once, in the order of their names."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    yield path


def read(path: Path) -> tuple[list[str], dict[str, Version]]:
    """Return the libraries that a program or library needs, and the newest version it needs of each of `OLDEST`."""
    text = run([tool("readelf", "binutils"), "--dynamic", "--version-info", "--wide", path], env={"LC_ALL": "C"})
    versions: dict[str, Version] = {}
    # What it offers itself is listed too, before what it needs.
    for kind, number in _NEEDED.findall(text[text.find("Version needs section") :] if "Version needs" in text else ""):
        version = RELATIVE_RELOCATIONS if number[0] == "A" else tuple(int(part) for part in number.split("."))
        versions[kind] = max(versions.get(kind, ()), version)
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text), versions


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


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
