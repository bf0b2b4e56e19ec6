"""The wizard's data page with twenty thousand photos: usable in 5 s, no hold over 50 ms, less than 500 MB.

Run as `python -m benchmarks.wizard_scale [--photos N] [--classes N] [--limit MS]`. Folders of photos are made on the
spot (a few distinct pictures of a megapixel, linked under many names, so that each is a photo of its own to the
program) and dropped on the Fine-tune page, which opens the real wizard with its real tasks. A timer of one millisecond
on the event loop notes how late it comes; the longest lateness is the hold. Beside it stands what became of that time:
how long this thread itself worked, how long the kernel let it wait for a processor, and how often it waited for a page
of a file that had to come from the disk; the rest is waiting for a lock, Python's above all. Measured are: the drop
until every photo is in and the cards in view have their pictures; scrolling through all classes; a class with half of
all photos opened, scrolled, wholly chosen, moved to another class and moved back; and the project closed and opened
again. Beside it stands an idle window, whose lateness is what the machine itself takes. The memory is this process's
peak, all of it.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QApplication, QListView, QWidget

from benchmarks.common import judge, table
from benchmarks.window_hold import HoldMeter, wait_until
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.settings import SettingsStore
from mobilenet_gui.ui.finetune.desk import WizardDesk
from mobilenet_gui.ui.finetune.page import FinetunePage
from mobilenet_gui.ui.theme import theme
from mobilenet_gui.ui.widgets.toast import ToastHost
from mobilenet_gui.ui.wizard.data_page import DataPage
from mobilenet_gui.workers.active_model import ActiveModel
from mobilenet_gui.workers.inference import InferenceWorker
from mobilenet_gui.workers.models import ModelTasks

BOUND_MS, BOUND_S, BOUND_MB = 50.0, 5.0, 500.0
DISTINCT = 24
SIZE = (1200, 900)


def make_folders(place: Path, photos: int, classes: int) -> None:
    """Write `photos` JPEGs into `classes` folders; the first folder gets half of them."""
    random = np.random.default_rng(0)
    place.mkdir()
    originals = []
    for number in range(DISTINCT):
        noise = random.integers(0, 256, (30, 40, 3), dtype=np.uint8)
        path = place.parent / f"original-{number}.jpg"
        Image.fromarray(noise).resize(SIZE, Image.Resampling.BICUBIC).save(path, quality=85)
        originals.append(path)
    folders = [place / f"class {n:03}" for n in range(classes)]
    for folder in folders:
        folder.mkdir()
    for number in range(photos):
        half = number < photos // 2
        folder = folders[0] if half else folders[1 + number % (classes - 1)]
        original, target = originals[number % DISTINCT], folder / f"IMG_{number:05}.jpg"
        try:
            target.hardlink_to(original)
        except OSError:
            shutil.copy(original, target)


def peak_megabytes() -> float:
    """Return this process's peak memory."""
    if sys.platform == "win32":
        return float("nan")
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform.startswith("linux") else peak / 2**20


@dataclass(frozen=True)
class Spent:
    """What a thread did: worked and waited for a processor (both ms), pages that had to come from the disk."""

    worked: float
    queued: float
    read: int

    @classmethod
    def so_far(cls) -> Spent:
        """Return this thread's figures since it began; outside Linux only its work is known."""
        worked = time.thread_time() * 1000
        if not sys.platform.startswith("linux"):
            return cls(worked, 0.0, 0)
        import resource

        queued = int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e6
        return cls(worked, queued, resource.getrusage(resource.RUSAGE_THREAD).ru_majflt)

    def since(self, before: Spent) -> Spent:
        """Return what came after `before`."""
        return Spent(self.worked - before.worked, self.queued - before.queued, self.read - before.read)

    def __str__(self) -> str:
        """Return it for a table."""
        text = f"worked {self.worked:.1f}, queued {self.queued:.1f}"
        return f"{text}, {self.read} pages from the disk" if self.read else text


class SpentMeter(HoldMeter):
    """Notes beside each hold what this thread spent it on."""

    def __init__(self) -> None:
        super().__init__()
        self.spent: list[Spent] = []
        self._before = Spent.so_far()

    def start(self) -> None:
        """Begin."""
        self.spent.clear()
        self._before = Spent.so_far()
        super().start()

    def _tick(self) -> None:
        now = Spent.so_far()
        self.spent.append(now.since(self._before))
        self._before = now
        super()._tick()


class Bench:
    """Measures one step after another."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.worst = 0.0
        self.rows: list[tuple[str, str, str]] = []
        self._meter = SpentMeter()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Note the longest hold while something is done."""
        begun = time.perf_counter()
        self._meter.start()
        yield
        holds = self._meter.stop()
        spent = self._meter.spent[self._meter.gaps.index(holds[0])]
        taken = time.perf_counter() - begun
        self.worst = max(self.worst, holds[0])
        figure = f"{holds[0]:.1f} ms ({spent})"
        self.rows.append((f"{name} ({taken:.1f} s): longest hold", figure, judge(holds[0], self.limit)))

    def note(self, name: str, value: str, verdict: str = "") -> None:
        """Add a figure."""
        self.rows.append((name, value, verdict))


def need(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Run the event loop until `condition` holds; end the program when it does not in time."""
    if not wait_until(condition, seconds):
        sys.exit(f"not in time: {what}")


def scroll(view: QListView, steps: int) -> None:
    """Scroll from the top to the bottom and back."""
    bar = view.verticalScrollBar()
    for place in [*range(steps + 1), *range(steps, -1, -1)]:
        bar.setValue(bar.maximum() * place // steps)
        wait_until(lambda: False, 0.03)


def measure(bench: Bench, home: FinetunePage, desk: WizardDesk, folder: Path, photos: int) -> None:
    """Drop, scroll, open, choose, move, undo; then close and open again."""
    with bench.step("Idle, before anything"):
        wait_until(lambda: False, 2.0)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    begun = time.perf_counter()
    with bench.step("Dropping the folders"):
        home.take(mime)
        need(lambda: bool(desk.dialogs) and desk.dialogs[0].isVisible(), 20, "the wizard")
        dialog = desk.dialogs[0]
        page = dialog.current
        if not isinstance(page, DataPage):
            sys.exit("the wizard did not begin with the data")
        project = dialog.context.project
        need(lambda: page.classes.rowCount() > 0 and _covered(page), 60, "the first pictures")
        first = time.perf_counter() - begun
        need(lambda: len(project.photos) == photos and not page.intake.busy, 120, "every photo")
        whole = time.perf_counter() - begun
    bench.note("Cards with their pictures after", f"{first:.1f} s", judge(first, BOUND_S))
    bench.note("Every photo is in after", f"{whole:.1f} s", judge(whole, BOUND_S))
    with bench.step("Scrolling through all classes"):
        scroll(page.grid, 60)
    largest = project.classes[0].id
    with bench.step("Opening the class with half of the photos"):
        page.open_class(largest)
        wait_until(lambda: False, 1.0)
    with bench.step("Scrolling through its photos"):
        scroll(page.detail.grid, 60)
    with bench.step("Choosing all of them"):
        page.detail.grid.selectAll()
        wait_until(lambda: False, 0.5)
    with bench.step("Moving them to another class"):
        page.detail.move_to(page.detail.grid.chosen_ids(), project.classes[1].id)
        wait_until(lambda: False, 1.5)
    with bench.step("Undo"):
        dialog.undo()
        wait_until(lambda: False, 1.5)
    with bench.step("Back to all classes"):
        page.show_overview()
        wait_until(lambda: False, 1.0)
    measure_again(bench, desk)


def measure_again(bench: Bench, desk: WizardDesk) -> None:
    """Close the project and open it again."""
    dialog = desk.dialogs[0]
    with bench.step("Closing"):
        project_id = dialog.context.project.id
        dialog.close()
        need(lambda: not desk.tasks.opened, 20, "the project's end")
        wait_until(lambda: False, 0.5)
    gc.collect()
    begun = time.perf_counter()
    with bench.step("Opening it again"):
        desk.open(project_id)
        need(lambda: bool(desk.dialogs) and desk.dialogs[0].isVisible(), 20, "the wizard")
        again = desk.dialogs[0].current
        need(lambda: isinstance(again, DataPage) and _covered(again), 20, "the pictures")
        opened = time.perf_counter() - begun
    bench.note("Usable again after", f"{opened:.1f} s", judge(opened, BOUND_S))


def _covered(page: DataPage) -> bool:
    """Say whether the first cards have their pictures."""
    rows = [page.classes.row(place) for place in range(min(6, page.classes.rowCount()))]
    shelf = page.context.shelf
    return all(shelf.peek(photo) is not None for row in rows if row is not None for photo in row.covers)


def main() -> int:
    """Measure and print; exit 1 when a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--classes", type=int, default=500)
    parser.add_argument("--limit", type=float, default=BOUND_MS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as name:
        place = Path(name)
        os.environ["MOBILENET_GUI_HOME"] = str(place / "home")
        make_folders(place / "photos", options.photos, options.classes)
        app = QApplication.instance() or QApplication(sys.argv[:1])
        theme().apply()
        store = ModelStore(place / "models", place / "builtin")
        settings = SettingsStore(place / "settings.json")
        inference = InferenceWorker()
        held: list[ModelTasks] = []

        def models() -> ModelTasks:
            if not held:
                from mobilenet_gui.model_service import ModelService

                held.append(ModelTasks(ModelService(settings.values, store), store))
            return held[0]

        gc.collect()
        gc.freeze()
        before = peak_megabytes()
        desk = WizardDesk(settings, store, models, ActiveModel(store, inference))
        window = QWidget()
        home = FinetunePage(settings, desk.tasks, desk.pictures, toasts=ToastHost(window), parent=window)
        home.new_requested.connect(desk.begin)
        home.resize(1100, 720)
        window.show()
        home.refresh()
        bench = Bench(options.limit)
        wait_until(lambda: not desk.tasks.runner.busy, 20)
        try:
            measure(bench, home, desk, place / "photos", options.photos)
        finally:
            desk.shut_down()
            for tasks in held:
                tasks.shut_down()
        peak = peak_megabytes()
        bench.note("Memory before the wizard, and at its peak", f"{before:.0f}, {peak:.0f} MB", judge(peak, BOUND_MB))
        table(f"The wizard with {options.photos} photos in {options.classes} classes", bench.rows)
        del window, app
    return int(bench.worst > options.limit or peak > BOUND_MB)


if __name__ == "__main__":
    sys.exit(main())
