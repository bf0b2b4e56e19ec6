"""Owns the folder that runs from anywhere, without a package manager: what the archive and the AppImage both hold."""

from __future__ import annotations

import shutil
from pathlib import Path

from build_parts.environment import PACKAGING, Build
from build_parts.fallback import add_fallbacks
from build_parts.linux_tree import install_desktop_files

LICENCES = Path("program", "_internal", "notices", "licences")
"""Where the folder keeps the texts of everything it carries."""


def lay_out(build: Build, root: Path, *, start: str, desktop: str) -> None:
    """Make the folder from the frozen program, anew.

    Args:
        build: where.
        root: the folder.
        start: the name of the script in it that starts the program.
        desktop: the name of the folder in it with what a desktop finds: menu entry, icons, man page.
    """
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    shutil.copytree(build.frozen, root / "program", symlinks=True)
    add_fallbacks(build.frozen, root / "fallback", root / LICENCES)
    install_desktop_files(build, root / desktop)
    shutil.copyfile(PACKAGING / "linux" / "start.sh", root / start)
    (root / start).chmod(0o755)
