"""The live page itself: arrival to painted bars, frames recognised a second, the window's longest hold, what it costs.

Run as `python -m benchmarks.live_window [--seconds S] [--minutes M] [--switches N]`. The real page with the real worker
and network shows a loopback MJPEG camera of 1280x720 at 30 frames a second, on 2 and on 4 cores by CPU affinity: S
seconds without the heat map and S with it, and as long again each for the window's holds. With `--minutes` it then runs
on and tells how memory grew after the first minute; with `--switches` it stops and starts, and switches to a video
file, so many times each.

The window's hold is told twice: as it was, and without the moments in which the machine itself stood still, see
`machine_watch`.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import psutil
from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from benchmarks.common import judge, table
from benchmarks.live_analysis import write
from benchmarks.live_common import FPS, bare_milliseconds, bundle_of, camera, each_core_count, hold_to, scenes
from benchmarks.machine_watch import MachineWatch
from benchmarks.window_hold import HoldMeter
from mobilenet_gui.core.frames import SourceSpec
from mobilenet_gui.core.frames_reader import drain
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.live.page import LivePage
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.workers.inference import InferenceWorker

MEDIAN_MS, P95_MS, FPS_SHARE, HOLD_MS, GROWTH_MB = 6.0, 15.0, 0.9, 33.0, 5.0
SIZE = (1116, 760)
"""The page in a window of the default size."""
_WARM_SECONDS = 3.0
_HOLD_STEP_MS = 4
Row = tuple[str, str, str]


def wait(seconds: float) -> None:
    """Let the event loop run."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


class BarsWatch(QObject):
    """Counts answers, and has the presenter note when the bars of each are on screen."""

    def __init__(self, page: LivePage) -> None:
        super().__init__()
        self._presenter = page.presenter
        page.controller.answered.connect(self._answered)
        self.restart()

    @property
    def latencies(self) -> list[float]:
        """Milliseconds from a frame's arrival to its bars, painted."""
        return [1e3 * seconds for seconds in self._presenter.latency or ()]

    def _answered(self) -> None:
        self.answers += 1

    def restart(self) -> None:
        """Forget what was measured."""
        self._presenter.latency = []
        self.answers = 0


def phase(page: LivePage, watch: BarsWatch, seconds: float, bare: float, *, explain: bool) -> list[Row]:
    """Watch for so long and return rows."""
    page.frame.inspector.explain.switch.setChecked(explain)
    wait(_WARM_SECONDS)
    watch.restart()
    presenter, stage = page.presenter, page.presenter.stage
    bars, texts, painted = presenter.bar_updates, presenter.text_updates, stage.painted
    begin = time.perf_counter()
    wait(seconds)
    span = time.perf_counter() - begin
    p50, p95 = np.percentile(np.array(watch.latencies), (50, 95))
    fps, came = watch.answers / span, page.controller.stats.fps
    changes = (stage.painted - painted, presenter.bar_updates - bars, presenter.text_updates - texts)
    wanted = FPS_SHARE * min(came, 1000 / bare)
    # By itself: the meter's timer takes the window's thread and Python's lock a few hundred times a second.
    meter = HoldMeter(_HOLD_STEP_MS)
    with MachineWatch() as machine:
        begin = time.perf_counter()
        meter.start()
        wait(seconds)
        holds = meter.stop()
        end = time.perf_counter()
    own = [
        gap for gap, over in zip(meter.gaps, meter.ends, strict=True) if not machine.stood_still(over - gap / 1e3, over)
    ]
    name = "heat map on" if explain else "heat map off"
    return [
        (f"{name}: arrival to painted bars, median", f"{p50:.1f} ms", judge(float(p50), round(bare + MEDIAN_MS, 1))),
        (f"{name}: arrival to painted bars, 95 of 100", f"{p95:.1f} ms", judge(float(p95), round(bare + P95_MS, 1))),
        (f"{name}: recognised frames a second", f"{fps:.1f}", judge(fps, round(wanted, 1), at_least=True)),
        (f"{name}: longest hold of the window", f"{holds[0]:.1f} ms", judge(holds[0], HOLD_MS)),
        (f"{name}: second and third longest", f"{holds[1]:.1f}, {holds[2]:.1f} ms", ""),
        (
            f"{name}: longest while the machine itself ran",
            f"{max(own):.1f} ms" if machine.works else "unknown",
            f"(the machine stood still for up to {machine.longest(begin, end):.0f} ms)" * machine.works,
        ),
        (
            f"{name}: pictures, bars, words a second",
            ", ".join(f"{count / span:.1f}" for count in changes),
            "",
        ),
    ]


def long_run(minutes: float) -> list[Row]:
    """Run on and return how memory, threads and files changed after the first minute."""
    process = psutil.Process()
    first = min(60.0, minutes * 20)
    wait(first)
    before, threads = process.memory_info().rss, process.num_threads()
    wait(minutes * 60 - first)
    growth = (process.memory_info().rss - before) / (1 << 20)
    return [
        (f"memory grown after the first minute of {minutes:g}", f"{growth:.1f} MB", judge(growth, GROWTH_MB)),
        ("threads before and after", f"{threads}, {process.num_threads()}", ""),
    ]


def switching(page: LivePage, address: str, count: int) -> list[Row]:
    """Stop and start, and switch between stream and video; return what is left of it."""
    process = psutil.Process()
    handles = getattr(process, "num_fds", lambda: 0)
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "video.mp4"
        write(video, 4)
        specs = (SourceSpec.parse(address), SourceSpec.parse(str(video)))
        longest, calm = 0.0, (0.0, 0, 0)
        for number in range(2 * count):
            if number == count // 5:
                page.stop()
                drain(10)
                calm = (process.memory_info().rss, process.num_threads(), handles())
            begin = time.perf_counter()
            if number >= count:
                page.stop()
            page.start(specs[number % 2])
            longest = max(longest, (time.perf_counter() - begin) * 1e3)
            wait(0.08)
        page.stop()
        ended = drain(10)
        growth = (process.memory_info().rss - calm[0]) / (1 << 20)
        return [
            (f"{count} switches and {count} restarts: longest took", f"{longest:.1f} ms", judge(longest, HOLD_MS)),
            ("memory grown by that", f"{growth:.1f} MB", ""),
            (
                "threads, files before and after",
                f"{calm[1]}, {calm[2]} and {process.num_threads()}, {handles()}",
                "" if ended else "(a reader still hangs: MISSED)",
            ),
        ]


def measure(cores: int, seconds: float, minutes: float, switches: int) -> None:
    """Measure on so many cores and print the table."""
    held = hold_to(cores)
    application = QApplication([])
    theme().apply()
    with bundle_of() as bundle, camera() as address, tempfile.TemporaryDirectory() as folder:
        recognizer = LiteRTRecognizer(bundle)
        bare = bare_milliseconds(recognizer, scenes(1)[0])
        recognizer.close()
        worker = InferenceWorker()
        worker.start()
        page = LivePage(SettingsStore(Path(folder) / "settings.json"), worker)
        page.resize(*SIZE)
        page.show()
        worker.set_model(bundle)
        page.frame.sources.set_kind("stream")
        watch = BarsWatch(page)
        page.start(SourceSpec.parse(address))
        wait(1)
        gc.freeze()  # as the program does when its window has opened
        rows = phase(page, watch, seconds, bare, explain=False)
        rows += phase(page, watch, seconds, bare, explain=True)
        if minutes:
            rows += long_run(minutes)
        if switches:
            rows += switching(page, address, switches)
        page.shut_down()
        page.close()
        page.deleteLater()
    table(f"The live page, {held} cores (bare network {bare:.1f} ms, camera {FPS:.0f} fps, {seconds:g} s each)", rows)
    application.quit()


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--switches", type=int, default=0)
    parser.add_argument("--cores", type=int)
    arguments = parser.parse_args()
    if arguments.cores is None:
        more = [f"--{name}={getattr(arguments, name)}" for name in ("seconds", "minutes", "switches")]
        return each_core_count("benchmarks.live_window", (2, 4), *more)
    measure(arguments.cores, arguments.seconds, arguments.minutes, arguments.switches)
    return 0


if __name__ == "__main__":
    sys.exit(main())
