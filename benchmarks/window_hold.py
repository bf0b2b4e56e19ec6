"""How long the window's thread is held while 200 dropped 12-megapixel photos are recognised; the bound is 50 ms.

Run as `python -m benchmarks.window_hold [--photos N] [--megapixels M] [--bundle FOLDER] [--limit MS]`. The real page
with the real worker and network; photos are made on the spot. A timer of one millisecond on the event loop notes how
late it comes; the longest lateness is the hold. It is measured for both views, from the drop to the last answer, and
beside it an idle window, whose lateness is what the machine itself takes.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QEventLoop, QMimeData, Qt, QTimer, QUrl
from PySide6.QtWidgets import QApplication

from benchmarks.common import judge, shared, table
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.tflite_import import import_tflite
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.photos.page import PhotosPage
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.workers.inference import InferenceWorker

BOUND_MS = 50.0
DISTINCT = 8
MODEL = "mobilenet_v1_0.75_192_quant.tflite"


def make_photos(folder: Path, count: int, megapixels: float) -> list[Path]:
    """Write `count` JPEGs of `megapixels` with detail at every scale, like a camera's; return their paths."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    size = (width, round(width * 3 / 4))
    random = np.random.default_rng(0)
    made: list[Path] = []
    for number in range(count):
        path = folder / f"IMG_{number:04}.jpg"
        if number < DISTINCT:
            picture = Image.new("RGB", size)
            for cells in (4, 40, 400):
                noise = random.integers(0, 256, (cells * 3 // 4, cells, 3), dtype=np.uint8)
                layer = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
                picture = layer if cells == 4 else Image.blend(picture, layer, 0.3)
            picture.save(path, quality=90)
        else:
            shutil.copy(made[number % DISTINCT], path)
        made.append(path)
    return made


class HoldMeter:
    """Notes how long the event loop takes from one call of a quick timer to the next.

    Attributes:
        gaps: each of them, in milliseconds.
        ends: when each was over, by `time.perf_counter`.
    """

    def __init__(self, interval: int = 1) -> None:
        """`interval` in milliseconds: one of 1 disturbs what is measured beside it a little."""
        self.gaps: list[float] = []
        self.ends: list[float] = []
        self._last = 0.0
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(interval)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin."""
        self.gaps.clear()
        self.ends.clear()
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> list[float]:
        """End; return the longest holds in milliseconds, longest first."""
        self._tick()
        self._timer.stop()
        return sorted(self.gaps, reverse=True)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps.append((now - self._last) * 1000)
        self.ends.append(now)
        self._last = now


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Run the event loop until `condition` holds; say whether it did in time."""
    loop = QEventLoop()
    probe = QTimer()
    probe.setInterval(5)
    probe.timeout.connect(lambda: loop.quit() if condition() else None)
    probe.start()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    if not condition():
        loop.exec()
    probe.stop()
    return condition()


def measure(view: str, photos: list[Path], bundle: Bundle, folder: Path) -> tuple[list[float], list[float], float]:
    """Return the holds while idle, the holds from drop to last answer, and the seconds that took."""
    worker = InferenceWorker()
    page = PhotosPage(SettingsStore(folder / f"settings-{view}.json"), worker)
    page.resize(1200, 760)
    page.show()
    page.user_actions.set_view(view)
    page.controller.inference.set_model(bundle)
    session = page.controller.session
    wait_until(lambda: page.controller.bundle is not None, 60)
    meter = HoldMeter()
    meter.start()
    wait_until(lambda: False, 2.0)
    idle = meter.stop()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in photos])
    gc.collect()
    meter.start()
    begin = time.perf_counter()
    page.handle_mime(mime)
    done = wait_until(lambda: len(session) == len(photos) and session.counts().pending == 0, 600)
    taken = time.perf_counter() - begin
    busy = meter.stop()
    page.shut_down()
    page.close()
    page.deleteLater()
    if not done:
        sys.exit("the photos were not recognised in time")
    return idle, busy, taken


def main() -> int:
    """Measure and print; exit 1 when the bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--megapixels", type=float, default=12.0)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--limit", type=float, default=BOUND_MS)
    options = parser.parse_args()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    theme().apply()
    rows: list[tuple[str, str, str]] = []
    worst = 0.0
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as name:
        folder = Path(name)
        if options.bundle is None:
            source = shared() / "weights" / "tflite" / MODEL
            bundle = import_tflite(source, folder / "bundle", Naming("bench", "Bench"))
        else:
            bundle = Bundle.open(options.bundle)
        places = folder / "photos"
        places.mkdir()
        photos = make_photos(places, options.photos, options.megapixels)
        for view in ("single", "grid"):
            idle, busy, taken = measure(view, photos, bundle, folder)
            worst = max(worst, busy[0])
            rows += [
                (f"{view}: longest hold while idle", f"{idle[0]:.1f} ms", ""),
                (f"{view}: longest hold while recognising", f"{busy[0]:.1f} ms", judge(busy[0], options.limit)),
                (f"{view}: second and third longest", f"{busy[1]:.1f}, {busy[2]:.1f} ms", ""),
                (f"{view}: photos a second, decoding included", f"{len(photos) / taken:.0f}", ""),
            ]
    table(f"The window's thread while {options.photos} photos of {options.megapixels:g} megapixels come in", rows)
    del app
    return int(worst > options.limit)


if __name__ == "__main__":
    sys.exit(main())
