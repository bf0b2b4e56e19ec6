"""However many photos of whatever size are decoded at one moment, they share one budget of memory."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.core import imaging
from mobilenet_gui.core.imaging_budget import BUDGET, COUNTED_FROM, Budget
from mobilenet_gui.core.types import Preprocessing
from tests.tiff_samples import Tiff

AT_ONCE = """
import re, sys, threading
from pathlib import Path
from mobilenet_gui.core import imaging
from mobilenet_gui.core.imaging_budget import budget
from mobilenet_gui.core.types import Preprocessing
failed = []
def one(path):
    try:
        imaging.decode_for(path, Preprocessing(224, stretch=sys.argv.index(str(path)) % 2 == 0))
    except Exception as error:
        failed.append(repr(error))
threads = [threading.Thread(target=one, args=(Path(path),)) for path in sys.argv[1:]]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert not failed, failed
# Not getrusage: Linux has a new program inherit the peak of the one that started it.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024, budget.peak)
"""


def peak_of(*paths: Path) -> tuple[int, int]:
    """Decode photos at once in a process of its own; return its peak and the budget's, in bytes."""
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc here to read the peak of memory from")
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE, *map(str, paths)], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    taken, counted = map(int, done.stdout.split())
    return taken, counted


def test_huge_photos_at_once_stay_within_two_gigabytes(tmp_path: Path) -> None:
    flat = Image.new("RGBA", (9_000, 9_000), (200, 30, 40, 128))
    flat.save(tmp_path / "a.png", compress_level=1)
    flat.convert("RGB").save(tmp_path / "b.webp", method=0, quality=40)
    flat.convert("RGB").save(tmp_path / "c.jpg", progressive=True, subsampling=0, quality=50)
    taken, counted = peak_of(*[tmp_path / name for name in ("a.png", "b.webp", "c.jpg", "a.png", "c.jpg")])
    assert counted <= 1.1 * BUDGET  # a WebP at its limit of pixels goes alone
    assert taken < 2_000_000_000


def test_floating_point_takes_a_strip_and_not_a_photo(tmp_path: Path) -> None:
    values = np.zeros((5_000, 8_000, 1), np.float32)
    values[:, ::2] = 0.5
    (tmp_path / "f.tif").write_bytes(Tiff(values, compression=8, rows=1).encoded())
    (tmp_path / "one.tif").write_bytes(Tiff(values, compression=8, rows=5_000).encoded())
    taken, _ = peak_of(*[tmp_path / "f.tif", tmp_path / "one.tif"] * 2)
    assert taken < 450_000_000  # one of them is 160 MB of values, and as much again where it is unpacked whole


def test_who_asks_for_more_than_is_free_waits() -> None:
    budget, order = Budget(100 * COUNTED_FROM), []
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with budget.taken(70 * COUNTED_FROM):
            inside.set()
            leave.wait(30)
            order.append("first")

    def ask() -> None:
        with budget.taken(40 * COUNTED_FROM):
            order.append("second")

    threads = [threading.Thread(target=hold), threading.Thread(target=ask)]
    threads[0].start()
    assert inside.wait(30)
    threads[1].start()
    with budget.taken(30 * COUNTED_FROM):  # there is room for this one meanwhile
        order.append("small")
    leave.set()
    for thread in threads:
        thread.join(30)
    assert order == ["small", "first", "second"]
    assert budget.peak <= 100 * COUNTED_FROM


def test_one_that_is_larger_than_all_goes_alone() -> None:
    budget = Budget(10 * COUNTED_FROM)
    with budget.taken(50 * COUNTED_FROM):
        assert budget.peak == 50 * COUNTED_FROM
    with budget.taken(9 * COUNTED_FROM):
        pass


def test_the_decoded_photo_lets_go_of_the_whole(tmp_path: Path) -> None:
    Image.new("RGB", (4_000, 3_000)).save(tmp_path / "a.png")
    photo = imaging.decode_for(tmp_path / "a.png", Preprocessing(96))
    assert max(photo.size) < 400
