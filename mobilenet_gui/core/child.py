"""Owns what the program's own helper processes are started with: their environment, and how they stand to ours."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import mobilenet_gui


def environment() -> dict[str, str]:
    """Return our environment without what OpenCV's import leaves in it, and with text as UTF-8."""
    variables = dict(os.environ)
    for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
        variables.pop(name, None)
    variables["PYTHONIOENCODING"] = "utf-8"
    # NumPy's threads wait for each other by spinning: on a busy machine 100 ms of algebra became 16 seconds.
    variables.setdefault("OPENBLAS_NUM_THREADS", "1")
    # A photo folder may well be the current one; Python must not take modules from there.
    variables["PYTHONSAFEPATH"] = "1"
    root = Path(mobilenet_gui.__file__).resolve().parent.parent
    if (root / "pyproject.toml").is_file():  # a checkout need not be installed
        variables["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), variables.get("PYTHONPATH", "")]))
    return variables


def process_group() -> int | None:
    """Return the process group to start in: one of its own, because Ctrl-C on the terminal is ours to handle.

    But no session of its own: Linux shares processors out among sessions first (autogroup), and however far this stood
    back within its own, the window would wait.
    """
    return None if os.name == "nt" else 0


def creation_flags(*, polite: bool = False) -> int:
    """Return how Windows is to start the process: without a console, and below others where `polite`."""
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return flags | (getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) if polite else 0)
