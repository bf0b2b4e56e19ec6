"""Warm time per photo: one after another through the window's worker, beside the bare LiteRT loop and the rival.

Run as `python -m benchmarks.warm_loop [--rounds N] [--no-rival]`. The bare loop does what any program must: decode
with the same decoder, crop, resize, set the tensor, invoke, read the output, in one thread without anything around.
The worker gets one photo at a time, the next only after the answer has come back to the event loop, as when a person
goes from photo to photo. Rounds alternate and the median over rounds counts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEventLoop, QTimer

from benchmarks.common import home_with_model, judge, median, photos, shared, table
from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.cores import default_threads
from mobilenet_gui.core.litert import load_interpreter
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.tflite_import import import_tflite
from mobilenet_gui.workers.inference import Delivery, InferenceWorker
from mobilenet_gui.workers.photo_queue import Request

MODEL = "mobilenet_v1_0.75_192_quant.tflite"
DEMANDED_RATIO = 1.15
DEMANDED_AGAINST_RIVAL = 12.0
TIMEOUT_MS = 60_000


class BareLoop:
    """The network and nothing else."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._interpreter = load_interpreter(bundle.tflite_bytes(), bundle.name, default_threads())
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def run(self, files: list[Path]) -> float:
        """Return milliseconds a photo."""
        recipe = self._bundle.preprocessing
        begin = time.perf_counter()
        for file in files:
            pixels: Any = imaging.prepare(imaging.decode_for(file, recipe), recipe).pixels[None]
            if self._input["dtype"] != pixels.dtype:
                pixels = imaging.normalize(pixels, recipe.normalization)
            self._interpreter.set_tensor(self._input["index"], pixels)
            self._interpreter.invoke()
            self._interpreter.get_tensor(self._output).argmax()
        return (time.perf_counter() - begin) * 1000 / len(files)


class WorkerLoop:
    """The window's worker, one photo at a time."""

    def __init__(self, bundle: Bundle) -> None:
        self._worker = InferenceWorker()
        self._loop = QEventLoop()
        self._files: list[Path] = []
        self._next = 0
        self._worker.delivered.connect(self._take)
        self._worker.model_ready.connect(self._loop.quit)
        self._worker.start()
        self._worker.set_model(bundle)
        self._wait()

    def run(self, files: list[Path]) -> float:
        """Return milliseconds a photo."""
        self._files, self._next = files, 0
        begin = time.perf_counter()
        self._submit()
        self._wait()
        return (time.perf_counter() - begin) * 1000 / len(files)

    def stop(self) -> None:
        """End the threads."""
        self._worker.stop()

    def _submit(self) -> None:
        self._worker.submit_now(Request(self._next, self._files[self._next], "", explain=True, thumbnail=True))

    def _take(self, delivery: Delivery) -> None:
        if any(answer.key == self._next for answer in delivery.answers):
            self._next += 1
            if self._next < len(self._files):
                self._submit()
            else:
                self._loop.quit()

    def _wait(self) -> None:
        QTimer.singleShot(TIMEOUT_MS, self._loop.quit)
        self._loop.exec()


def rival_ms(files: list[Path]) -> float:
    """Return the rival's milliseconds a photo, warm."""
    with home_with_model() as environment:
        command = [sys.executable, "-m", "benchmarks.rival", *map(str, files)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["per_photo"]) * 1000


def main() -> int:
    """Measure and print; exit 1 when a demand is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--no-rival", action="store_true")
    options = parser.parse_args()
    app = QCoreApplication.instance() or QCoreApplication(sys.argv[:1])
    files = photos()
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as folder:
        bundle = import_tflite(shared() / "weights" / "tflite" / MODEL, Path(folder) / "b", Naming("bench", "Bench"))
        bare, worker = BareLoop(bundle), WorkerLoop(bundle)
        bare.run(files)
        worker.run(files)
        pairs = [(bare.run(files), worker.run(files)) for _ in range(options.rounds)]
        worker.stop()
    del app
    bare_ms, worker_ms = median([p[0] for p in pairs]), median([p[1] for p in pairs])
    ratio = median([p[1] / p[0] for p in pairs])
    rows = [
        ("bare LiteRT loop, same decoding", f"{bare_ms:.2f} ms", ""),
        ("through the worker, one at a time", f"{worker_ms:.2f} ms", ""),
        ("ratio", f"{ratio:.3f}", judge(ratio, DEMANDED_RATIO)),
    ]
    missed = ratio > DEMANDED_RATIO
    if not options.no_rival:
        rival = rival_ms(files)
        faster = rival / worker_ms
        rows += [
            ("the rival, warm", f"{rival:.1f} ms", ""),
            ("times faster than the rival", f"{faster:.1f}", judge(faster, DEMANDED_AGAINST_RIVAL, at_least=True)),
        ]
        missed = missed or faster < DEMANDED_AGAINST_RIVAL
    table("Warm, one photo after another", rows)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
