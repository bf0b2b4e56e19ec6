"""How fast a whole video is analysed, against what the cores could do.

Run as `python -m benchmarks.live_analysis`. A video of real photos, 1280x720, is decoded alone and recognised alone,
each on one thread; their sum is the work a frame needs. The analysis must reach 0.8 of (cores / that work).
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.common import judge, median, table
from benchmarks.live_common import FPS, HOLD, SIZE, bundle_of, each_core_count, hold_to, scenes
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.frames import Counter, open_video
from mobilenet_gui.core.opencv import cv2
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.timeline import analyse
from mobilenet_gui.core.types import Pixels

SHARE = 0.8


def write(path: Path, seconds: float) -> list[Pixels]:
    """Write the video; return its scenes."""
    module = cv2()
    pictures = scenes()
    writer = module.VideoWriter(str(path), module.CAP_FFMPEG, module.VideoWriter_fourcc(*"mp4v"), FPS, SIZE)
    for number in range(int(seconds * FPS)):
        writer.write(module.cvtColor(pictures[number // HOLD % len(pictures)], module.COLOR_RGB2BGR))
    writer.release()
    return pictures


def decode_seconds(path: Path) -> float:
    """Return what decoding a frame to RGB takes on one thread."""
    video = open_video(path, Counter(), threads=1)
    begin, count = time.perf_counter(), 0
    while video.read() is not None:
        count += 1
    taken = (time.perf_counter() - begin) / count
    video.close()
    return taken


def inference_seconds(bundle: Bundle, pictures: list[Pixels], rounds: int = 5) -> float:
    """Return what recognising a frame takes on one thread, resizing included."""
    recognizer = LiteRTRecognizer(bundle, threads=1)
    times = []
    for picture in pictures * rounds:
        begin = time.perf_counter()
        recognizer.recognize(picture)
        times.append(time.perf_counter() - begin)
    recognizer.close()
    return median(times)


def measure(cores: int, seconds: float) -> None:
    """Measure on so many cores and print the table."""
    held = hold_to(cores)
    with tempfile.TemporaryDirectory() as folder, bundle_of() as bundle:
        path = Path(folder) / "video.mp4"
        pictures = write(path, seconds)
        rates, bounds = [], []
        # The two are measured in turn, so that others at work on this machine slow both.
        for _ in range(3):
            decode, inference = decode_seconds(path), inference_seconds(bundle, pictures)
            bounds.append(held / (decode + inference))
            timeline = analyse(path, bundle)
            rates.append(len(timeline) / timeline.elapsed)
        share = median([rate / bound for rate, bound in zip(rates, bounds, strict=True)])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table(
        f"Analysing a video of {seconds:.0f} s, {held} cores (decoding {decode * 1e3:.1f} ms, recognising "
        f"{inference * 1e3:.1f} ms a frame)",
        [
            ("frames a second", f"{median(rates):.0f}", f"{median(rates) / FPS:.1f} times as fast as it plays"),
            ("share of cores / (decode + inference)", f"{share:.2f}", judge(share, SHARE, at_least=True)),
            ("memory at most", f"{peak:.0f} MB", ""),
        ],
    )


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--cores", type=int)
    arguments = parser.parse_args()
    if arguments.cores is None:
        return each_core_count("benchmarks.live_analysis", (2, 4), "--seconds", str(arguments.seconds))
    measure(arguments.cores, arguments.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
