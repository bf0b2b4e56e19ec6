"""What the tests of downloads have in common: a file to bring, and how they bring it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mobilenet_gui.core import download
from mobilenet_gui.core.download import Progress, Timeouts
from tests.loopback import LoopbackServer

DATA = bytes(range(256)) * 4096  # one megabyte
PATH = "/files/weights.h5"
QUICK = Timeouts(connect=0.5, stall=0.5)


def get(server: LoopbackServer, target: Path, **options: Any) -> Path:
    options.setdefault("timeouts", QUICK)
    urls = options.pop("urls", [server.url + PATH])
    return download.fetch(urls, target, name="MobileNet V2", **options)


def part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def stop_after(count: int) -> tuple[threading.Event, Callable[[Progress], None]]:
    """Return a cancel event, and a progress callback that sets it once `count` bytes are here."""
    cancel = threading.Event()

    def progress(now: Progress) -> None:
        if now.done >= count:
            cancel.set()

    return cancel, progress
