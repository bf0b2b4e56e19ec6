"""A file comes whole or not at all: checksums, sizes, room on the disk, several who want it at once."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

import pytest

from mobilenet_gui.core import download, download_part
from mobilenet_gui.core.download import Progress
from mobilenet_gui.core.errors import Cancelled, DownloadError, StorageError
from tests.core.download.parts import DATA, PATH, get, part_of
from tests.loopback import Behaviour, LoopbackServer


def test_brings_the_file_and_leaves_nothing_beside_it(server: LoopbackServer, target: Path) -> None:
    seen: list[Progress] = []
    assert get(server, target, progress=seen.append) == target
    assert target.read_bytes() == DATA
    assert {f.name for f in target.parent.iterdir()} <= {"weights.h5", "weights.h5.lock"}
    assert seen[0].done == 0
    assert seen[-1].done == len(DATA)
    assert seen[-1].fraction == 1.0
    assert all(p.total == len(DATA) for p in seen)


def test_a_file_that_is_here_already_costs_no_request(server: LoopbackServer, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"here")
    get(server, target)
    assert target.read_bytes() == b"here"
    assert server.requests == []


def test_a_file_that_is_here_with_another_checksum_is_fetched_again(server: LoopbackServer, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"damaged")
    get(server, target, expected_hash=hashlib.md5(DATA).hexdigest())
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("kind", ["md5", "sha256"])
def test_checksum_right_and_wrong(server: LoopbackServer, target: Path, kind: str) -> None:
    right = hashlib.new(kind, DATA).hexdigest()
    with pytest.raises(DownloadError, match="checksum") as caught:
        get(server, target, expected_hash="0" * len(right))
    assert not caught.value.resumable
    assert caught.value.subject == "MobileNet V2"
    assert not target.exists()
    assert not part_of(target).exists()
    get(server, target, expected_hash=right.upper())
    assert target.read_bytes() == DATA


def test_a_server_that_claims_more_than_it_sends(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(claimed_length=len(DATA) + 1000, ignore_range=True))
    with pytest.raises(DownloadError) as caught:
        get(server, target)
    assert caught.value.resumable
    assert not target.exists()


def test_a_server_that_tells_no_length(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(claimed_length=-1))
    seen: list[Progress] = []
    get(server, target, progress=seen.append)
    assert target.read_bytes() == DATA
    assert seen[-1].fraction is None


def test_too_large_is_refused_before_it_is_written(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(claimed_length=download.MAX_BYTES + 1))
    with pytest.raises(DownloadError, match="too large"):
        get(server, target)


def test_too_large_without_a_length_is_stopped(
    server: LoopbackServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", 500_000)
    server.behave(PATH, Behaviour(claimed_length=-1))
    with pytest.raises(DownloadError, match="too large"):
        get(server, target)


def test_no_room_is_known_before_the_download(
    server: LoopbackServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(target.parent.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    with pytest.raises(StorageError, match=r"disk is full: 9\.4 MB are needed and 1\.0 MB are free") as caught:
        get(server, target)
    assert caught.value.subject == str(target.parent)


class FullDisk:
    """A file that runs out of disk."""

    def __init__(self, stream: IO[bytes], room: int) -> None:
        self._stream = stream
        self._room = room

    def write(self, data: bytes) -> int:
        if self._room < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._room -= len(data)
        return self._stream.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> FullDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def test_the_disk_filling_up_on_the_way_keeps_what_is_here(
    server: LoopbackServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = download_part.PartFile.begin
    with monkeypatch.context() as patch:
        patch.setattr(download_part.PartFile, "begin", lambda self, origin: FullDisk(begin(self, origin), 300_000))
        with pytest.raises(StorageError, match="disk is full"):
            get(server, target)
    here = part_of(target).stat().st_size
    assert 0 < here <= 300_000
    get(server, target)
    assert target.read_bytes() == DATA
    assert server.requests[-1].headers["range"] == f"bytes={here}-"


def test_a_folder_that_cannot_be_made(server: LoopbackServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        get(server, tmp_path / "file" / "weights.h5")


def test_progress_is_not_a_flood(server: LoopbackServer, target: Path) -> None:
    server.files[PATH] = DATA * 20
    seen: list[float] = []
    get(server, target, progress=lambda _: seen.append(time.monotonic()))
    assert len(seen) <= 3 + (seen[-1] - seen[0]) / 0.1


def test_speed_and_time_left() -> None:
    from mobilenet_gui.core import download_progress

    seen: list[Progress] = []
    meter = download_progress.Meter(seen.append)
    meter.start(0, 1000)
    meter.finish(250)
    assert seen[-1].speed is not None
    assert seen[-1].seconds_left == pytest.approx(750 / seen[-1].speed)
    assert Progress(5, None).fraction is None
    assert Progress(12, 10).fraction == 1.0


def test_two_threads_bring_one_file_once(server: LoopbackServer, target: Path) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            get(server, target)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert errors == []
    assert target.read_bytes() == DATA
    assert len(server.requests) == 1


def test_two_programs_bring_one_file_without_harm(server: LoopbackServer, target: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from mobilenet_gui.core import download;"
        "download.fetch([sys.argv[1]], Path(sys.argv[2]), name='x')"
    )
    command = [sys.executable, "-c", script, server.url + PATH, str(target)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    outcomes = [(p.communicate(timeout=60)[1], p.returncode) for p in running]
    assert [code for _, code in outcomes] == [0, 0, 0], outcomes
    assert target.read_bytes() == DATA
    assert len(server.requests) == 1


def test_waiting_for_another_program_can_be_cancelled(server: LoopbackServer, target: Path) -> None:
    from filelock import FileLock

    target.parent.mkdir()
    cancel = threading.Event()
    cancel.set()
    with FileLock(str(target) + ".lock"), pytest.raises(Cancelled):
        get(server, target, cancel=cancel)


def test_importing_it_loads_no_network_library() -> None:
    script = (
        "import sys, mobilenet_gui.core.download, mobilenet_gui.core.store;"
        "sys.exit(any(m in sys.modules for m in ('requests', 'urllib3', 'filelock')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
