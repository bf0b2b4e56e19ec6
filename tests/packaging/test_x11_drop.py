"""The smoke test's drop: a real X server, a real window of Qt's, and the protocol between them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import unquote

import pytest

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
WINDOW = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget


class Window(QWidget):
    def dragEnterEvent(self, event):
        if sys.argv[1] == "take":
            event.acceptProposedAction()

    def dropEvent(self, event):
        event.acceptProposedAction()
        print([url.toLocalFile() for url in event.mimeData().urls()], flush=True)
        QTimer.singleShot(0, QApplication.quit)


app = QApplication(["drop-target"])
window = Window()
window.setAcceptDrops(True)
window.resize(300, 200)
window.show()
print("shown", flush=True)
app.exec()
"""


@pytest.fixture(autouse=True)
def packaging_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PACKAGING))


@pytest.fixture
def display() -> Iterator[str]:
    if not sys.platform.startswith("linux") or shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    ours, theirs = os.pipe()
    words = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=[theirs], stderr=subprocess.DEVNULL)
    os.close(theirs)
    try:
        with os.fdopen(ours) as number:
            name = number.readline().strip()
        if not name:
            pytest.skip("Xvfb does not start here")
        yield f":{name}"
    finally:
        server.terminate()
        server.wait(20)


def window(display: str, answer: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    process = subprocess.Popen(
        [sys.executable, "-c", WINDOW, answer], env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert output(process).readline() == "shown\n"
    return process


def output(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def test_files_reach_the_window(display: str) -> None:
    from x11_drop import drop

    files = ["/tmp/ein Föto %41.jpg", "/tmp/猫.png"]
    with window(display, "take") as process:
        drop("drop-target", files, display)
        assert output(process).readline() == f"{files}\n"
        assert process.wait(20) == 0


def test_a_refusal_and_a_missing_window_are_told(display: str) -> None:
    from x11_drop import DropError, drop

    with pytest.raises(DropError, match="No window of nobody"):
        drop("nobody", ["/tmp/a.jpg"], display)
    with window(display, "refuse") as process:
        with pytest.raises(DropError, match="does not want"):
            drop("drop-target", ["/tmp/a.jpg"], display)
        process.terminate()


def test_names_of_files_survive_the_list() -> None:
    from x11_drop import uri_list

    paths = ["/tmp/a b%.jpg", "/tmp/ü\udcff.png"]
    lines = uri_list(paths).decode("ascii").split("\r\n")
    assert [os.fsencode(path) for path in paths] == [
        unquote(line.removeprefix("file://"), "latin-1").encode("latin-1") for line in lines[:-1]
    ]
    assert lines[-1] == ""


def test_a_display_elsewhere_is_refused_in_words() -> None:
    from x11_drop import DropError, drop

    with pytest.raises(DropError, match="is no display of this computer"):
        drop("x", [], "elsewhere:0")
