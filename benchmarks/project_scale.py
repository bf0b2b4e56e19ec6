"""A project of twenty thousand photos in 500 classes: opened within a second, changed in 50 ms, saved unnoticed.

Run as `python -m benchmarks.project_scale [--photos N] [--classes N]`. Steps that the window's own thread takes
(an import in portions of 500 as the window does it, undo, redo, moving and leaving out every photo) are timed as
they are, by the processor time of this thread. What runs beside the window (opening, saving, freezing a training, a
search for photos, a zip) is timed in a thread, while the main thread asks for the interpreter every half millisecond:
the longest wait is how long a window would have stood still for it. A thread that does nothing shows what the machine
itself takes. Each is the median of five, and so is the longest wait of each: on a shared machine a single one says more
about the machine. As in the window, Python's garbage collector rests while many photos are made.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import judge, table
from mobilenet_gui.training.dataset import read_source
from mobilenet_gui.training.project import NewPhoto, Project
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.run_folder import RunFolder
from mobilenet_gui.workers.collector import many_photos

OPEN_SECONDS, HOLD_MS, STEP_MS = 1.0, 30.0, 50.0
REPEAT, PORTION = 5, 500
SWITCH_SECONDS = 0.0005
"""As the window sets it when it starts threads beside itself."""


def beside(work: Callable[[], object]) -> tuple[float, float]:
    """Do work in a thread; return its seconds and the longest wait of this thread in milliseconds."""
    seconds = 0.0
    failure: list[BaseException] = []

    def run() -> None:
        nonlocal seconds
        begun = time.perf_counter()
        try:
            with many_photos():
                work()
        except BaseException as error:
            failure.append(error)
        seconds = time.perf_counter() - begun

    thread = threading.Thread(target=run)
    thread.start()
    longest, last = 0.0, time.perf_counter()
    while thread.is_alive():
        time.sleep(SWITCH_SECONDS)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    thread.join()
    if failure:
        raise failure[0]
    return seconds, longest * 1000


def milliseconds(work: Callable[[], object]) -> float:
    """Return how long this thread's processor takes for work."""
    with many_photos():
        begun = time.thread_time()
        work()
        return (time.thread_time() - begun) * 1000


def new_photos(folder: Path, photos: int, classes: int) -> list[NewPhoto]:
    """Return photos as a search finds them, by class."""
    each = -(-photos // classes)
    found = [
        NewPhoto(folder / f"class {n // each:03}" / f"IMG_{n:05}.jpg", class_name=f"class {n // each:03}", size=1)
        for n in range(photos)
    ]
    for photo in found:
        str(photo.path)  # a search has asked for it, too
    return found


def steps(project: Project, photos: list[NewPhoto]) -> list[tuple[str, str, str]]:
    """Measure what the window's thread does."""
    taken: dict[str, list[float]] = {}

    def note(name: str, work: Callable[[], object]) -> None:
        taken.setdefault(name, []).append(milliseconds(work))

    for _ in range(REPEAT):
        for start in range(0, len(photos), PORTION):
            portion = photos[start : start + PORTION]
            note(f"Taking {PORTION} photos in", lambda portion=portion: project.add_more(portion))  # type: ignore[misc]
        ids, last = list(project.photos), project.classes[-1].id
        note("Undo of the whole import", project.undo)
        note("Redo", project.redo)
        note("Moving every photo", lambda last=last, ids=ids: project.move_photos(ids, last))  # type: ignore[misc]
        note("Undo of that", project.undo)
        note("Leaving every photo out", lambda ids=ids: project.leave_out(ids))  # type: ignore[misc]
        note("Undo of that too", project.undo)
        note("A snapshot", project.snapshot)
        project.undo()
    for start in range(0, len(photos), PORTION):
        project.add_more(photos[start : start + PORTION])
    return [
        (name, f"{statistics.median(values):.1f} ms", judge(statistics.median(values), STEP_MS))
        for name, values in taken.items()
    ]


def aside(store: ProjectStore, project: Project, folder: Path, run: RunFolder) -> list[tuple[str, str, str]]:
    """Measure what runs beside the window's thread."""

    def save() -> None:
        project.rename(f"Garden {time.perf_counter()}")
        project.save()

    def reopen() -> None:
        project.close()
        store.open(project.id).close()

    works: dict[str, Callable[[], object]] = {
        "Nothing for a tenth of a second": lambda: time.sleep(0.1),
        "Saving": save,
        "Opening": reopen,
        "The cards of the Fine-tune page": store.summaries,
        "Freezing a training": lambda: run.write_spec(project.spec_for_run(folder, folder, run_id="run-0001")),
        "Reading it": run.spec,
        "Finding the photos again": lambda: read_source(folder / "photos"),
        "Writing a zip without photos": lambda: store.export_zip(project.id, folder / "x.zip", include_photos=False),
        "Making a project of it": lambda: store.import_zip(folder / "x.zip"),
    }
    rows = []
    for name, work in works.items():
        seconds, waits = zip(*[beside(work) for _ in range(REPEAT)], strict=True)
        wait = statistics.median(waits)
        demanded = judge(wait, HOLD_MS)
        if name == "Opening":
            demanded = judge(statistics.median(seconds), OPEN_SECONDS) + " " + demanded
        rows.append((name, f"{statistics.median(seconds):.2f} s, longest wait {wait:.1f} ms", demanded))
    return rows


def main() -> int:
    """Measure; return 1 where a demand is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--classes", type=int, default=500)
    options = parser.parse_args()
    sys.setswitchinterval(SWITCH_SECONDS)
    with tempfile.TemporaryDirectory(prefix="mobilenet-gui-bench-") as root:
        folder = Path(root)
        photos = new_photos(folder / "photos", options.photos, options.classes)
        for photo in photos:
            photo.path.parent.mkdir(parents=True, exist_ok=True)
            photo.path.touch()
        store = ProjectStore(folder / "projects")
        project = store.create("Garden")
        gc.freeze()  # what stands in memory before is not counted
        rows = steps(project, photos)
        run = project.new_run()
        rows += aside(store, project, folder, run)
        table(f"A project of {options.photos} photos in {options.classes} classes", rows)
    return int(any("MISSED" in demanded for _, _, demanded in rows))


if __name__ == "__main__":
    sys.exit(main())
