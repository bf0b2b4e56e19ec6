"""OpenCV is imported in one place, late, quietly, and leaves nothing behind in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROBE = """
import os, sys
os.environ.update({environment!r})
before = dict(os.environ)
from mobilenet_gui.core import frames, frames_reader, timeline, live_session, cameras
assert "cv2" not in sys.modules, "OpenCV was imported before anybody asked"
from mobilenet_gui.core.opencv import cv2
cv2()
names = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")
print([(name, os.environ.get(name)) for name in names if os.environ.get(name) != before.get(name)])
{more}
"""


def run(environment: dict[str, str] | None = None, more: str = "") -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("QT_QPA_PL", "QT_QPA_F", "OPENCV", "LD_LIB"))}
    code = PROBE.format(environment=environment or {}, more=more)
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=clean, capture_output=True, text=True, check=False, timeout=60
    )


def test_import_leaves_qts_variables_alone() -> None:
    done = run()
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


def test_import_puts_back_values_that_were_there() -> None:
    done = run({"QT_QPA_PLATFORM_PLUGIN_PATH": "/mine", "QT_QPA_FONTDIR": "/fonts"})
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


def test_failures_are_silent_on_the_console(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\0\0\0\x20ftypisom" + os.urandom(5000))
    more = f"""
module = cv2()
for address in ({str(broken)!r}, "http://127.0.0.1:9/", "rtsp://127.0.0.1:9/", {str(tmp_path)!r}):
    assert not module.VideoCapture(address, module.CAP_FFMPEG).isOpened()
assert not module.VideoCapture(77, module.CAP_ANY).isOpened()
assert module.getNumThreads() == 1
"""
    done = run(more=more)
    assert (done.returncode, done.stderr) == (0, "")


def test_any_thread_may_be_first() -> None:
    code = """
import threading
from mobilenet_gui.core.opencv import cv2
found = []
threads = [threading.Thread(target=lambda: found.append(cv2())) for _ in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]
assert len(found) == 8 and len(set(map(id, found))) == 1
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)
