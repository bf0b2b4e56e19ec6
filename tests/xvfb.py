"""A real X display for a while, for tests and benchmarks that start a program with a real window."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Final

AVAILABLE: Final = sys.platform.startswith("linux") and shutil.which("Xvfb") is not None

_OURS: Final = ("QT_QPA_PLATFORM", "QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "WAYLAND_DISPLAY")


@contextlib.contextmanager
def xvfb(environment: Mapping[str, str], size: tuple[int, int] = (1280, 800)) -> Iterator[dict[str, str]]:
    """Run an X server of this width and height; yield `environment` changed so that Qt's windows appear there."""
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", f"{size[0]}x{size[1]}x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        number = server.stdout.readline().strip()
        kept = {name: value for name, value in environment.items() if name not in _OURS}
        yield kept | {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.communicate()
