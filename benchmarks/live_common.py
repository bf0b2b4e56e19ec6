"""What the live benchmarks share: a camera made of real photos, a process held to some cores, the network alone."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from benchmarks.common import REPOSITORY, median, photos, shared
from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import Recognizer
from mobilenet_gui.core.tflite_import import import_tflite
from mobilenet_gui.core.types import Pixels

MODEL = "mobilenet_v1_0.75_192_quant.tflite"
SIZE = (1280, 720)
FPS = 30.0
HOLD = 15
"""Frames for which a photo stays."""


def scenes(count: int = 12) -> list[Pixels]:
    """Return real photos in the camera's size, RGB, shape (720, 1280, 3)."""
    return [np.asarray(ImageOps.fit(Image.open(path).convert("RGB"), SIZE)) for path in photos()[:count]]


@contextlib.contextmanager
def bundle_of(model: str = MODEL) -> Iterator[Bundle]:
    """Yield an official quantised network as a bundle."""
    folder = shared() / "weights" / "tflite"
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-live-") as place:
        yield import_tflite(folder / model, Path(place) / "model", Naming("bench", "Bench"))


@contextlib.contextmanager
def camera() -> Iterator[str]:
    """Run a loopback camera of 1280x720 at 30 frames a second in a process of its own; yield its address."""
    code = "import sys\nfrom benchmarks.live_common import serve\nserve()\n"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=REPOSITORY, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.communicate("\n")


def serve() -> None:
    """Be the camera until stdin says enough."""
    from tests.mjpeg import MjpegServer, encode

    if hasattr(os, "sched_setaffinity"):  # a real camera does not live on the cores that are measured
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, range(os.cpu_count() or 1))

    pictures = [encode(scene) for scene in scenes()]
    with MjpegServer() as server:
        server.run(FPS, lambda number: pictures[number // HOLD % len(pictures)])
        print(server.url, flush=True)
        sys.stdin.readline()


def hold_to(cores: int) -> int:
    """Keep this process to its first `cores` cores; return how many it has."""
    if hasattr(os, "sched_setaffinity"):
        mine = sorted(os.sched_getaffinity(0))[:cores]
        os.sched_setaffinity(0, mine)
        return len(mine)
    return os.cpu_count() or 1


def each_core_count(module: str, counts: tuple[int, ...] = (2, 4), *more: str) -> int:
    """Run `module --cores N` in a process for each N that this machine has; return 1 if any broke."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    broken = 0
    for count in counts:
        if count <= there:
            command = [sys.executable, "-m", module, "--cores", str(count), *more]
            broken += subprocess.run(command, cwd=REPOSITORY, check=False).returncode != 0
    return int(bool(broken))


def bare_milliseconds(recognizer: Recognizer, scene: Pixels, rounds: int = 100) -> float:
    """Return the median of the network alone on one prepared picture."""
    pixels = imaging.prepare(scene, recognizer.bundle.preprocessing).pixels
    times = []
    for _ in range(rounds + 10):
        begin = time.perf_counter()
        recognizer.probabilities(pixels)
        times.append((time.perf_counter() - begin) * 1e3)
    return median(times[10:])
