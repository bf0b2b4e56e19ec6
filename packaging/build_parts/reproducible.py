"""Owns the comparison of two builds of one commit: the same names, the same bytes."""

from __future__ import annotations

import filecmp
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from build_parts.environment import Build, BuildError, say

SHOWN = 20


def compare(first: Build, made: Sequence[Path], second: Build, made_again: Sequence[Path]) -> None:
    """Compare what two builds have frozen, and on Linux the packages; elsewhere other people's tools date them.

    Raises:
        BuildError: something differs; names it.
    """
    different = differences(first.frozen, second.frozen)
    if different:
        more = f" and {len(different) - SHOWN} more" if len(different) > SHOWN else ""
        raise BuildError(f"Two builds differ in {', '.join(different[:SHOWN])}{more}.")
    if sys.platform.startswith("linux"):
        for one, other in zip(made, made_again, strict=True):
            if not filecmp.cmp(one, other, shallow=False):
                raise BuildError(f"The same files were packed into another {one.name}; compare it with {other}.")
    say(f"The same bytes twice: {', '.join(path.name for path in made) or 'the frozen program'}")


def differences(first: Path, second: Path) -> list[str]:
    """Return what differs between two folders, by name: content, kind, or there in one only."""
    names = sorted({str(path.relative_to(root)) for root in (first, second) for path in root.rglob("*")})
    return [name for name in names if not _same(first / name, second / name)]


def _same(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and one.readlink() == other.readlink()
    if one.is_dir() or other.is_dir():
        return one.is_dir() and other.is_dir()
    if not (one.is_file() and other.is_file()) or os.access(one, os.X_OK) != os.access(other, os.X_OK):
        return False
    return filecmp.cmp(one, other, shallow=False)
