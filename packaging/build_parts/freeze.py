"""Owns the frozen program: icons, bundled models, PyInstaller."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from build_parts import carried
from build_parts.environment import PACKAGING, Build, BuildError, exported_source, run, say

SITE = "import sysconfig; print(sysconfig.get_path('purelib'))"


def freeze(build: Build, *, models: Sequence[str], portable: bool) -> Path:
    """Make the one folder that is the whole program; return it.

    Args:
        build: where.
        models: `ID=FILE` of official models to ship: the catalogue's id and a local weights file.
        portable: carry X11's small helpers too, for systems where nobody installs dependencies.
    """
    source = exported_source(build)
    say("Drawing the icons")
    icons = build.work / "icons"
    shutil.rmtree(icons, ignore_errors=True)
    run([build.python, PACKAGING / "build_parts" / "icons.py", source / "resources" / "icons" / "app.svg", icons])
    say("Collecting licences")
    notices = build.work / "notices"
    modules = os.pathsep.join(map(str, (PACKAGING, PACKAGING / "freeze")))
    script = PACKAGING / "build_parts" / "notices.py"
    run([build.python, script, notices, build.version, str(build.epoch)], env={"PYTHONPATH": modules})
    bundled = _bundle_models(build, source, models)
    say("Freezing the program (two minutes)")
    settings = {
        "root": str(source),
        "version": build.version,
        "icon": str(_icon(icons) or ""),
        "models": str(bundled),
        "portable": portable,
        "notices": str(notices),
    }
    run(
        [
            build.python,
            "-m",
            "PyInstaller",
            "--noconfirm",
            "--log-level=WARN",
            f"--distpath={build.work / 'frozen'}",
            f"--workpath={build.work / 'pyinstaller'}",
            PACKAGING / "freeze" / "mobilenet_gui.spec",
        ],
        env={
            "MOBILENET_GUI_BUILD": json.dumps(settings),
            # Sets in byte code are written in the order of their hashes.
            "PYTHONHASHSEED": "0",
            "SOURCE_DATE_EPOCH": str(build.epoch),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
    )
    if sys.platform.startswith("linux"):
        carried.check_texts(build.frozen, Path(run([build.python, "-c", SITE]).strip()), notices)
    return build.frozen


def _icon(icons: Path) -> Path | None:
    if sys.platform == "win32":
        return icons / "mobilenet-gui.ico"
    return icons / "mobilenet-gui.icns" if sys.platform == "darwin" else None


def _bundle_models(build: Build, source: Path, models: Sequence[str]) -> Path:
    """Make the built-in model, and those of local weights by the program's own way in, which checks and tries them."""
    home = build.work / "model-home"
    shutil.rmtree(home, ignore_errors=True)
    out = build.work / "models"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    environment = {"MOBILENET_GUI_HOME": str(home), "PYTHONPATH": str(source), "CUDA_VISIBLE_DEVICES": ""}
    say("Making the built-in model")
    run([build.python, "-m", "mobilenet_gui.builtin_models", out], env=environment)
    for wish in models:
        model_id, _, file = wish.partition("=")
        if not file:
            raise BuildError(f"--with-model wants ID=FILE, such as mobilenet-v2-1.0-224=weights.h5, not {wish!r}.")
        say(f"Converting {model_id}")
        script = PACKAGING / "build_parts" / "official_model.py"
        run([build.python, script, model_id, Path(file).resolve(), out], env=environment)
    return out
