"""What live costs over time: memory, threads and handles during minutes of live, and after 100 switches and restarts.

Run as `python -m benchmarks.live_memory [--minutes M]`; ten minutes by default. Memory is compared with what it was
after the first minute (or the first quarter of a shorter run).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from benchmarks.common import judge, table
from benchmarks.live_analysis import write
from benchmarks.live_common import bundle_of, camera
from mobilenet_gui.core.frames import SourceSpec
from mobilenet_gui.core.frames_reader import drain
from mobilenet_gui.core.live_session import LiveSession
from mobilenet_gui.workers.capture import Capture
from mobilenet_gui.workers.inference import InferenceWorker

GROWTH_MB = 5.0
SWITCHES = 100


def wait(seconds: float) -> None:
    """Let the event loop run."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


class State:
    """Memory in MB, threads and open files of this process."""

    def __init__(self) -> None:
        process = psutil.Process()
        self.memory = process.memory_info().rss / (1 << 20)
        self.threads = process.num_threads()
        self.handles = getattr(process, "num_fds", lambda: 0)()


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes = parser.parse_args().minutes
    application = QCoreApplication([])
    with bundle_of() as bundle, camera() as address, tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "video.mp4"
        write(video, 4)
        worker, session = InferenceWorker(), LiveSession()
        session.set_explain(True)
        generation = session.begin()
        capture = Capture(lambda f: worker.submit_task("live", session.task(f), f.pixels, generation))
        capture.frame_ready.connect(capture.take)
        worker.live_answered.connect(lambda *_: session.take())
        worker.start()
        worker.set_model(bundle)
        capture.start(SourceSpec.parse(address))
        first = min(60.0, minutes * 15)
        wait(first)
        before = State()
        wait(minutes * 60 - first)
        after = State()
        # Switching and restarting; the longest that any of it held the window's thread.
        longest = 0.0
        for number in range(2 * SWITCHES):
            if number == SWITCHES // 2:  # by now the allocator has as many arenas as it will ever want
                capture.stop()
                drain(10)
                calm = State()
            begin = time.perf_counter()
            if number >= SWITCHES:
                capture.stop()
            capture.start(SourceSpec.parse(str(video) if number % 2 else address))
            longest = max(longest, time.perf_counter() - begin)
            wait(0.05)
        ended = capture.shutdown(10)
        end = State()
        worker.stop()
        session.close()
    growth = after.memory - before.memory
    table(
        f"Live for {minutes:g} minutes with the heat map on, then {SWITCHES} switches and {SWITCHES} restarts",
        [
            ("memory grown since the first minute", f"{growth:.1f} MB", judge(growth, GROWTH_MB)),
            ("memory", f"{after.memory:.0f} MB", ""),
            (
                "threads, open files",
                f"{after.threads}, {after.handles}",
                f"(before {before.threads}, {before.handles})",
            ),
            (
                "memory grown by switching",
                f"{end.memory - calm.memory:.1f} MB",
                judge(end.memory - calm.memory, GROWTH_MB),
            ),
            (
                "threads, open files after switching",
                f"{end.threads}, {end.handles}",
                f"(before {calm.threads}, {calm.handles})",
            ),
            ("longest start or stop", f"{longest * 1e3:.1f} ms", judge(longest * 1e3, 300)),
            ("all ended", str(ended and threading.active_count() >= 1), ""),
        ],
    )
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
