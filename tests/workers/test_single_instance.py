"""A second start hands its photos to the first."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtNetwork import QLocalSocket
from pytestqt.qtbot import QtBot

from mobilenet_gui.workers import single_instance
from mobilenet_gui.workers.single_instance import InstanceServer, hand_over, is_private, meet, parse_message


def server_name(data_dir: Path) -> str:
    """The meeting point, which there is here."""
    name = single_instance.server_name(data_dir)
    assert name is not None
    return name


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
    line = QLocalSocket()
    with qtbot.waitSignal(line.connected):
        line.connectToServer(server_name(tmp_path))
    with qtbot.waitSignal(line.disconnected):
        line.write(b"GET / HTTP/1.1\n")
    assert not received
    server.close()


def test_parse_message() -> None:
    assert parse_message(b'{"photos": []}\n') == []
    assert parse_message(b'{"photos": ["file:///a"]}\n') == ["file:///a"]
    assert parse_message(b'{"photos": ["/a\\udcff"]}\n') == ["/a\udcff"]
    for bad in (
        b"",
        b"[]",
        b"{}",
        b'{"photos": [1]}',
        b'{"photos": "a"}',
        b"\xff",
        b"[" * 100_000,
        b'{"photos": ' + b"[" * 100_000,
        b'{"photos": ' + b"9" * 5000 + b"}",
        b'{"photos": ["relative"]}',
        b'{"photos": ["/null\\u0000"]}',
        b'{"photos": ["/half\\ud83d"]}',
    ):
        assert parse_message(bad) is None


def test_deep_json_is_a_refusal(qtbot: QtBot, tmp_path: Path) -> None:
    server = InstanceServer(server_name(tmp_path))
    line = QLocalSocket()
    with qtbot.waitSignal(line.connected):
        line.connectToServer(server_name(tmp_path))
    with qtbot.waitSignal(line.disconnected):
        line.write(b'{"photos": ' + b"[" * 200_000 + b"\n")
    server.close()


def test_who_says_nothing_is_sent_away(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_instance, "DEADLINE_MS", 50)
    server = InstanceServer(server_name(tmp_path))
    line = QLocalSocket()
    with qtbot.waitSignal(line.disconnected):
        line.connectToServer(server_name(tmp_path))
    server.close()


class Rogue:
    """Listens where the program would, and behaves as told until it is left."""

    def __init__(self, path: str, behave: Callable[[socket.socket], None]) -> None:
        self.got = b""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        self._behave = behave
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        end, _ = self._listener.accept()
        with end, contextlib.suppress(OSError):
            self._behave(end)

    def close(self) -> None:
        self._thread.join(10)
        self._listener.close()


def _says_nothing(end: socket.socket) -> None:
    while end.recv(1 << 16):
        pass


def _never_reads(end: socket.socket) -> None:
    poll = select.poll()
    poll.register(end, 0)
    poll.poll(5000)  # until the other side has hung up


def _drips(end: socket.socket) -> None:
    while not select.select([end], [], [], 0.05)[0] or end.recv(1 << 16):
        end.send(b"o")


def _floods(end: socket.socket) -> None:
    while True:
        end.send(b"x" * 65536)


@pytest.mark.skipif(sys.platform == "win32", reason="sockets are pipes there")
@pytest.mark.parametrize("behave", [_says_nothing, _never_reads, _drips, _floods])
def test_no_peer_holds_the_start_up(qapp: object, tmp_path: Path, behave: Callable[[socket.socket], None]) -> None:
    name = server_name(tmp_path)
    rogue = Rogue(name, behave)
    try:
        start = time.monotonic()
        assert not hand_over(name, ["/a.jpg" * 100_000], deadline_ms=600)
        assert time.monotonic() - start < 3
    finally:
        rogue.close()
        Path(name).unlink()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has lists of rights")
def test_a_private_folder_is_ours_and_closed(tmp_path: Path) -> None:
    place = tmp_path / "place"
    assert not is_private(place)
    place.mkdir(mode=0o700)
    assert is_private(place)
    (tmp_path / "link").symlink_to(place)
    assert not is_private(tmp_path / "link")
    for mode in (0o770, 0o707, 0o755):
        place.chmod(mode)
        assert not is_private(place)


@pytest.mark.skipif(sys.platform == "win32", reason="sockets are pipes there")
def test_the_meeting_point_is_in_the_sessions_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as session:
        monkeypatch.setenv("XDG_RUNTIME_DIR", session)
        assert Path(server_name(tmp_path)).parent == Path(session)
        Path(session).chmod(0o777)
        assert is_private(Path(server_name(tmp_path)).parent)
        assert Path(server_name(tmp_path)).parent != Path(session)


@pytest.mark.skipif(sys.platform == "win32", reason="sockets are pipes there")
def test_without_a_place_the_program_runs_alone(qapp: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = tmp_path / "t"
    (taken / f"mobilenet-gui-{os.getuid()}").mkdir(parents=True)
    (taken / f"mobilenet-gui-{os.getuid()}").chmod(0o777)
    monkeypatch.setattr(tempfile, "tempdir", str(taken))
    monkeypatch.setenv("XDG_RUNTIME_DIR", "relative")
    monkeypatch.setenv("MOBILENET_GUI_HOME", "/proc/none")
    assert single_instance.server_name(tmp_path) is None
    server = meet(None, ["/a.jpg"])
    assert server is not None
    assert not server.listening
    server.close()


_STRANGER = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
os.setuid(65534)
listener.bind(sys.argv[1])
listener.listen()
print("ready", flush=True)
end, _ = listener.accept()
end.settimeout(5)
print(end.recv(65536), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
def test_another_users_socket_learns_nothing(qapp: object) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o1777)
        name = f"{place}/socket"
        stranger = subprocess.Popen([sys.executable, "-c", _STRANGER, name], stdout=subprocess.PIPE)
        assert stranger.stdout is not None
        assert stranger.stdout.readline() == b"ready\n"
        assert not hand_over(name, ["/secret.jpg"])
        assert stranger.communicate(timeout=20)[0].strip() == b"b''"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_not_listened_to(qtbot: QtBot) -> None:
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o711)
        name = f"{place}/socket"
        server = InstanceServer(name)
        Path(name).chmod(0o777)
        received: list[object] = []
        server.photos_received.connect(received.append)
        code = (
            "import os, socket, sys; os.setuid(65534); end = socket.socket(socket.AF_UNIX); end.connect(sys.argv[1]);"
            "end.settimeout(10); end.send(b'{\"photos\": []}\\n'); print(end.recv(9))"
        )
        child = subprocess.Popen([sys.executable, "-c", code, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        qtbot.waitUntil(lambda: child.poll() is not None, timeout=20_000)
        assert b"ok" not in child.communicate()[0]
        assert not received
        server.close()
