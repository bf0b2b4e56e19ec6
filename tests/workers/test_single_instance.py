"""A second start hands its photos to the first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from mobilenet_gui.workers.single_instance import InstanceServer, hand_over, parse_message, server_name

_CHILD = """
import json, sys
from PySide6.QtCore import QCoreApplication
from mobilenet_gui.workers.single_instance import hand_over
app = QCoreApplication([])
sys.exit(0 if hand_over(sys.argv[1], json.loads(sys.argv[2])) else 3)
"""


def _second_start(name: str, photos: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _CHILD, name, photos], env=os.environ.copy())


def test_photos_reach_the_first(qtbot: QtBot, tmp_path: Path) -> None:
    name = server_name(tmp_path)
    server = InstanceServer(name)
    assert server.listening
    with qtbot.waitSignal(server.photos_received) as received:
        child = _second_start(name, '["/tmp/\\u00fc \\u732b.jpg", "/b\\udcff.png"]')
    assert received.args == [["/tmp/ü 猫.jpg", "/b\udcff.png"]]
    qtbot.waitUntil(lambda: child.poll() is not None)
    assert child.returncode == 0
    server.close()


def test_nobody_there_is_told_quickly(qapp: object, tmp_path: Path) -> None:
    assert not hand_over(server_name(tmp_path), ["/a.jpg"])


_RACER = """
import sys
from PySide6.QtCore import QCoreApplication, QTimer
from mobilenet_gui.workers.single_instance import meet
app = QCoreApplication([])
print("ready", flush=True)
sys.stdin.readline()
server = meet(sys.argv[1], ["/" + sys.argv[2]])
if server is None:
    print("handed over", flush=True)
    sys.exit()
photos = []
server.photos_received.connect(lambda paths: (photos.extend(paths), len(photos) == 2 and app.quit()))
QTimer.singleShot(15_000, app.quit)
app.exec()
server.close()
print("first", *sorted(photos), flush=True)
"""


def test_of_starts_in_the_same_moment_one_is_the_first(tmp_path: Path) -> None:
    name = server_name(tmp_path)
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, name, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(3)
    ]
    for start in starts:
        assert start.stdout is not None
        assert start.stdout.readline() == "ready\n"
    for start in starts:
        assert start.stdin is not None
        start.stdin.write("\n")
        start.stdin.flush()
    said = [start.communicate(timeout=30)[0].strip() for start in starts]
    assert said.count("handed over") == 2
    first = next(number for number, words in enumerate(said) if words.startswith("first"))
    assert said[first].split()[1:] == [f"/{number}" for number in range(3) if number != first]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes leave no file behind")
def test_a_crashed_run_does_not_block_the_next(qtbot: QtBot, tmp_path: Path) -> None:
    name = server_name(tmp_path)
    code = (
        "import os, sys\nfrom PySide6.QtCore import QCoreApplication\n"
        "from mobilenet_gui.workers.single_instance import InstanceServer\n"
        "app = QCoreApplication([])\nserver = InstanceServer(sys.argv[1])\nassert server.listening\nos._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, name], check=False).returncode == 9
    assert not hand_over(name, ["/a.jpg"])
    server = InstanceServer(name)
    assert server.listening
    server.close()


def test_garbage_is_refused(qtbot: QtBot, tmp_path: Path) -> None:
    server = InstanceServer(server_name(tmp_path))
    received: list[object] = []
    server.photos_received.connect(received.append)
    socket = QLocalSocket()
    with qtbot.waitSignal(socket.connected):
        socket.connectToServer(server_name(tmp_path))
    with qtbot.waitSignal(socket.disconnected):
        socket.write(b"GET / HTTP/1.1\n")
    assert not received
    server.close()


def test_parse_message() -> None:
    assert parse_message(b'{"photos": []}\n') == []
    for bad in (b"", b"[]", b"{}", b'{"photos": [1]}', b'{"photos": "a"}', b"\xff"):
        assert parse_message(bad) is None
