"""Whether `classify` keeps its memory flat: the peak over 200 photos beside the peak over 20,000.

Run as `python -m benchmarks.classify_memory [--few N] [--many N] [--model ID]`. The photos are made here: JPEGs of
many sizes, so that what the allocator leaves behind would show. Needs `os.wait4` (Linux, macOS) for the true peak.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.classify_scaling import home
from benchmarks.common import judge, table

DISTINCT = 60
ALLOWED_MB = 60


@contextlib.contextmanager
def folder_of(count: int) -> Iterator[Path]:
    """Yield a folder of `count` JPEGs of 60 sizes, from 200 to 2000 pixels wide."""
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as root:
        originals = []
        for number in range(DISTINCT):
            width = int(200 * 10 ** (number / (DISTINCT - 1)))
            size = (width, int(width * rng.uniform(0.5, 1.5)))
            noise = Image.fromarray(rng.integers(0, 256, (24, 32, 3), dtype=np.uint8))
            path = Path(root) / f"original-{number}"
            noise.resize(size, Image.Resampling.BICUBIC).save(path, "JPEG", quality=85)
            originals.append(path)
        place = Path(root) / "photos"
        place.mkdir()
        order = rng.permutation(count)
        for number in range(count):
            source, target = originals[int(order[number]) % DISTINCT], place / f"{number:06}.jpg"
            try:
                target.hardlink_to(source)
            except OSError:  # the disk knows no hard links, or no more of them
                target.write_bytes(source.read_bytes())
        yield place


def peak(environment: dict[str, str], folder: Path, options: list[str]) -> tuple[float, float]:
    """Classify a folder; return the process's peak resident memory in MB and its seconds."""
    command = [sys.executable, "-m", "mobilenet_gui", "classify", "--format", "json", str(folder), *options]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"classify ended with {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit / 1e6, time.perf_counter() - start


def main() -> None:
    """Print the table."""
    if not hasattr(os, "wait4"):
        sys.exit("The peak memory of a process cannot be read on this system.")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=200)
    parser.add_argument("--many", type=int, default=20_000)
    parser.add_argument("--model", help="an installed model's id (default: the benchmark model)")
    arguments = parser.parse_args()
    options = [] if arguments.model is None else ["--model", arguments.model]
    figures = {}
    with home(arguments.model) as environment:
        for count in (arguments.few, arguments.many):
            with folder_of(count) as folder:
                figures[count] = peak(environment, folder, options)
    (few, few_s), (many, many_s) = figures[arguments.few], figures[arguments.many]
    table(
        "classify, peak resident memory",
        [
            (f"{arguments.few:,} photos", f"{few:.0f} MB", f"{few_s:.1f} s"),
            (f"{arguments.many:,} photos", f"{many:.0f} MB", f"{many_s:.1f} s"),
            ("difference", f"{many - few:+.0f} MB", judge(many - few, ALLOWED_MB)),
            ("ratio", f"{many / few:.2f}", ""),
        ],
    )


if __name__ == "__main__":
    main()
