"""Owns the Windows installer: Inno Setup over the frozen folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from build_parts.environment import PACKAGING, Build, BuildError, run, say

PLACES = (Path("C:/Program Files (x86)/Inno Setup 6/ISCC.exe"), Path("C:/Program Files/Inno Setup 6/ISCC.exe"))


def build_setup(build: Build) -> Path:
    """Make `mobilenet-gui-VERSION-setup.exe`; return its path."""
    say("Making the installer")
    found = shutil.which("ISCC")
    compiler = Path(found) if found else next((path for path in PLACES if path.is_file()), None)
    if compiler is None:
        raise BuildError("Inno Setup 6 is not installed (its compiler, ISCC.exe, is needed).")
    name = f"mobilenet-gui-{build.version}-setup"
    run(
        [
            compiler,
            "/Qp",
            f"/DVersion={build.version}",
            f"/DPayload={build.frozen}",
            f"/DIcon={build.work / 'icons' / 'mobilenet-gui.ico'}",
            f"/O{build.output}",
            f"/F{name}",
            PACKAGING / "windows" / "mobilenet-gui.iss",
        ]
    )
    return build.output / f"{name}.exe"
