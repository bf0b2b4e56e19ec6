"""From a frame's arrival to its answer in the window's thread, and the frames recognised a second.

Run as `python -m benchmarks.live_latency [--seconds S]`. A loopback MJPEG camera, 1280x720 at 30 frames a second, read
by the window's own `Capture`, recognised by the photos' `InferenceWorker`, on 2 and on 4 cores by CPU affinity. The
painting of the bars comes on top and is measured with the window.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from benchmarks.common import judge, table
from benchmarks.live_common import FPS, bare_milliseconds, bundle_of, camera, each_core_count, hold_to, scenes
from mobilenet_gui.core.frames import SourceSpec
from mobilenet_gui.core.live_session import LiveSession
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.workers.capture import Capture
from mobilenet_gui.workers.inference import InferenceWorker

MEDIAN_MS, P95_MS, FPS_SHARE = 6.0, 15.0, 0.9
_WARM_SECONDS = 2.0


def measure(cores: int, seconds: float, explain: bool) -> None:
    """Measure on so many cores and print the table."""
    held = hold_to(cores)
    application = QCoreApplication([])
    with bundle_of() as bundle, camera() as address:
        recognizer = LiteRTRecognizer(bundle)
        bare = bare_milliseconds(recognizer, scenes(1)[0])
        recognizer.close()
        worker, session = InferenceWorker(), LiveSession()
        session.set_explain(explain)
        generation = session.begin()
        capture = Capture(lambda f: worker.submit_task("live", session.task(f), f.pixels, generation))
        capture.frame_ready.connect(capture.take)
        latencies: list[tuple[float, float]] = []

        def hear(*_: object) -> None:
            answer = session.take()
            now = time.perf_counter()
            if answer is not None:
                latencies.append((now, (now - answer.frame.arrived) * 1e3))

        worker.live_answered.connect(hear)
        worker.start()
        worker.set_model(bundle)
        capture.start(SourceSpec.parse(address))
        loop = QEventLoop()
        begin = time.perf_counter()
        QTimer.singleShot(int((seconds + _WARM_SECONDS) * 1000), loop.quit)
        loop.exec()
        span = (begin + _WARM_SECONDS, time.perf_counter())
        reader = capture.reader
        camera_fps = 0.0 if reader is None else reader.fps
        capture.shutdown(5)
        worker.stop()
        session.close()
    values = np.array([value for at, value in latencies if at >= span[0]])
    fps = len(values) / (span[1] - span[0])
    p50, p95 = np.percentile(values, (50, 95))
    wanted = FPS_SHARE * min(camera_fps, 1000 / bare)
    table(
        f"Live, {held} cores{', heat map on' if explain else ''} (bare network {bare:.1f} ms, camera {FPS:.0f} fps)",
        [
            ("arrival to answer, median", f"{p50:.1f} ms", judge(float(p50), round(bare + MEDIAN_MS, 1))),
            ("arrival to answer, 95 of 100", f"{p95:.1f} ms", judge(float(p95), round(bare + P95_MS, 1))),
            ("recognised frames a second", f"{fps:.1f}", judge(fps, round(wanted, 1), at_least=True)),
        ],
    )
    application.quit()


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--cores", type=int)
    parser.add_argument("--explain", action="store_true")
    arguments = parser.parse_args()
    if arguments.cores is None:
        more = ["--seconds", str(arguments.seconds), *(["--explain"] if arguments.explain else [])]
        return each_core_count("benchmarks.live_latency", (2, 4), *more)
    measure(arguments.cores, arguments.seconds, arguments.explain)
    return 0


if __name__ == "__main__":
    sys.exit(main())
