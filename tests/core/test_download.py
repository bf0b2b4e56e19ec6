"""Downloads against loopback servers that behave, and that misbehave in every way that was thought of."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

from mobilenet_gui.core import catalog, download, download_part
from mobilenet_gui.core.download import Progress, Timeouts
from mobilenet_gui.core.errors import Cancelled, DownloadError, StorageError
from tests.loopback import Behaviour, LoopbackServer

DATA = bytes(range(256)) * 4096  # one megabyte
PATH = "/files/weights.h5"
QUICK = Timeouts(connect=0.5, stall=0.5)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "RETRY_SECONDS", (0.01, 0.01, 0.01, 0.01))


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer({PATH: DATA}) as running:
        yield running


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "weights.h5"


def get(server: LoopbackServer, target: Path, **options: Any) -> Path:
    options.setdefault("timeouts", QUICK)
    urls = options.pop("urls", [server.url + PATH])
    return download.fetch(urls, target, name="MobileNet V2", **options)


def part_of(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def stop_after(count: int) -> tuple[threading.Event, Callable[[Progress], None]]:
    """Return a cancel event, and a progress callback that sets it once `count` bytes are here."""
    cancel = threading.Event()

    def progress(now: Progress) -> None:
        if now.done >= count:
            cancel.set()

    return cancel, progress


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


def test_resumes_after_a_drop_within_one_call(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(drop_after=300_000), Behaviour(drop_after=300_000), Behaviour())
    get(server, target)
    assert target.read_bytes() == DATA
    starts = [r.headers.get("range") for r in server.requests]
    assert starts == [None, "bytes=300000-", "bytes=600000-"]
    assert server.requests[1].headers["if-range"] == f'"{hashlib.md5(DATA).hexdigest()}"'


def test_resumes_after_a_reset(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(drop_after=300_000, reset=True), Behaviour())
    get(server, target)
    assert target.read_bytes() == DATA


def test_pause_and_resume_in_another_call(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(stall_after=400_000), Behaviour())
    cancel, progress = stop_after(400_000)
    with pytest.raises(Cancelled):
        get(server, target, cancel=cancel, progress=progress, timeouts=Timeouts(5, 5))
    left = download.partial(target)
    assert left is not None
    assert (left.done, left.total) == (400_000, len(DATA))
    seen: list[Progress] = []
    get(server, target, progress=seen.append)
    assert target.read_bytes() == DATA
    assert seen[0].done == 400_000
    assert server.requests[-1].headers["range"] == "bytes=400000-"
    assert download.partial(target) is None


def test_resumes_by_date_where_there_is_no_entity_tag(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(drop_after=1000, etag=""), Behaviour(etag=""))
    get(server, target)
    assert target.read_bytes() == DATA
    assert server.requests[1].headers["if-range"].endswith("GMT")


def test_a_weak_entity_tag_is_not_trusted(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(drop_after=1000, etag='W/"x"', modified=""), Behaviour(etag='W/"x"', modified=""))
    get(server, target)
    assert target.read_bytes() == DATA
    assert "if-range" not in server.requests[1].headers


@pytest.mark.parametrize(
    "second",
    [Behaviour(ignore_range=True), Behaviour(wrong_range=True)],
    ids=["range ignored", "another range than asked"],
)
def test_a_server_that_cannot_resume_starts_again(server: LoopbackServer, target: Path, second: Behaviour) -> None:
    server.behave(PATH, Behaviour(drop_after=300_000), second, Behaviour())
    get(server, target)
    assert target.read_bytes() == DATA


def test_a_file_that_changed_on_the_server_is_not_joined_to_the_old_one(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(stall_after=400_000), Behaviour())
    cancel, progress = stop_after(400_000)
    with pytest.raises(Cancelled):
        get(server, target, cancel=cancel, progress=progress)
    newer = bytes(reversed(DATA))
    server.files[PATH] = newer
    get(server, target)
    assert target.read_bytes() == newer


def test_a_changed_file_is_noticed_where_the_server_ignores_if_range(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(stall_after=400_000), Behaviour(ignore_if_range=True))
    cancel, progress = stop_after(400_000)
    with pytest.raises(Cancelled):
        get(server, target, cancel=cancel, progress=progress)
    newer = bytes(reversed(DATA))
    server.files[PATH] = newer
    get(server, target)
    assert target.read_bytes() == newer


def test_a_rest_that_ends_early_without_a_length_is_not_taken_for_whole(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(drop_after=300_000), Behaviour(claimed_length=-1, drop_after=1000), Behaviour())
    get(server, target)
    assert target.read_bytes() == DATA


def test_a_changed_file_is_noticed_without_if_range_too(server: LoopbackServer, target: Path) -> None:
    # No validators at all: only the total tells.
    server.behave(PATH, Behaviour(drop_after=300_000, etag="", modified=""), Behaviour(etag="", modified=""))
    server.files[PATH] = DATA
    cancel, progress = stop_after(300_000)
    with pytest.raises((Cancelled, DownloadError)):
        get(server, target, cancel=cancel, progress=progress)
    server.files[PATH] = DATA + b"more"
    get(server, target)
    assert target.read_bytes() == DATA + b"more"


def test_bytes_of_unknown_origin_are_not_used(server: LoopbackServer, target: Path) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(b"x" * 1000)
    assert download.partial(target) is None
    get(server, target)
    assert target.read_bytes() == DATA
    assert "range" not in server.requests[0].headers


@pytest.mark.parametrize("sidecar", [b"", b"[]", b'{"url": 3}', b'{"url": "u", "total": "9"}', b"\xff\xfe"])
def test_a_damaged_sidecar_means_starting_again(server: LoopbackServer, target: Path, sidecar: bytes) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(b"x" * 1000)
    part_of(target).with_name("weights.h5.part.json").write_bytes(sidecar)
    get(server, target)
    assert target.read_bytes() == DATA


def prepare_part(server: LoopbackServer, target: Path, data: bytes, total: int) -> None:
    target.parent.mkdir()
    part_of(target).write_bytes(data)
    origin = {"url": server.url + PATH, "etag": "", "modified": "", "total": total}
    part_of(target).with_name("weights.h5.part.json").write_text(json.dumps(origin))


def test_a_part_that_is_whole_already_is_accepted_from_416(server: LoopbackServer, target: Path) -> None:
    prepare_part(server, target, DATA, len(DATA))
    get(server, target)
    assert target.read_bytes() == DATA
    assert len(server.requests) == 1


def test_a_part_longer_than_the_file_is_thrown_away(server: LoopbackServer, target: Path) -> None:
    prepare_part(server, target, DATA + b"too much", len(DATA) + 8)
    get(server, target)
    assert target.read_bytes() == DATA


def test_a_resumed_file_with_a_wrong_checksum_is_fetched_once_more_from_nothing(
    server: LoopbackServer, target: Path
) -> None:
    prepare_part(server, target, b"?" * 1000, len(DATA))
    get(server, target, expected_hash=hashlib.md5(DATA).hexdigest())
    assert target.read_bytes() == DATA
    assert len(server.requests) == 2


@pytest.mark.parametrize("how", [Behaviour(stall_after=200_000), Behaviour(stall_head=True)], ids=["body", "head"])
def test_a_stall_ends_in_a_resumable_error(server: LoopbackServer, target: Path, how: Behaviour) -> None:
    server.behave(PATH, how)
    with pytest.raises(DownloadError, match="stopped sending") as caught:
        get(server, target)
    assert caught.value.resumable
    assert server.url in caught.value.reason
    server.behave(PATH, Behaviour())
    get(server, target)
    assert target.read_bytes() == DATA


def test_a_cancelled_download_leaves_no_thread_waiting(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(stall_after=200_000))
    cancel, progress = stop_after(200_000)
    with pytest.raises(Cancelled):
        get(server, target, cancel=cancel, progress=progress, timeouts=Timeouts(30, 30))
    for thread in threading.enumerate():
        if thread.name.startswith("download "):
            thread.join(1)
            assert not thread.is_alive()


@pytest.mark.parametrize("how", [Behaviour(stall_after=200_000), Behaviour(stall_head=True)], ids=["body", "head"])
def test_cancel_during_a_stall_does_not_wait_for_its_time_limit(
    server: LoopbackServer, target: Path, how: Behaviour
) -> None:
    server.behave(PATH, how)
    cancel = threading.Event()
    ended: list[tuple[type[BaseException], float]] = []

    def run() -> None:
        try:
            get(server, target, cancel=cancel, timeouts=Timeouts(connect=1.5, stall=1.5))
        except BaseException as error:
            ended.append((type(error), time.monotonic()))

    thread = threading.Thread(target=run)
    thread.start()
    assert server.stalled.wait(5)
    began = time.monotonic()
    cancel.set()
    thread.join(5)
    assert ended[0][0] is Cancelled
    assert ended[0][1] - began < 1.2  # the limits are 1.5


def test_a_drop_that_never_mends_is_resumable_and_says_how_far(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(drop_after=500_000), Behaviour(drop_after=0))
    with pytest.raises(DownloadError, match="stopped at 47 %") as caught:
        get(server, target)
    assert caught.value.resumable
    assert part_of(target).stat().st_size == 500_000


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


@pytest.mark.parametrize("how", [Behaviour(chunked=True), Behaviour(gzipped=True)], ids=["chunked", "gzip"])
def test_transfer_and_content_encodings_are_undone(server: LoopbackServer, target: Path, how: Behaviour) -> None:
    server.behave(PATH, how)
    get(server, target)
    assert target.read_bytes() == DATA


def test_a_dropped_packed_download_starts_again(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(gzipped=True, drop_after=2000), Behaviour(gzipped=True))
    get(server, target)
    assert target.read_bytes() == DATA
    assert "range" not in server.requests[1].headers


def test_missing_here_found_at_the_next_address(server: LoopbackServer, target: Path) -> None:
    get(server, target, urls=[server.url + "/no/weights.h5", server.url + PATH])
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_missing_everywhere_names_the_first_address(server: LoopbackServer, target: Path, status: int) -> None:
    urls = [server.url + "/one.h5", server.url + "/two.h5"]
    for path in ("/one.h5", "/two.h5"):
        server.behave(path, Behaviour(status=status))
    with pytest.raises(DownloadError, match=f"{status}.*/one.h5") as caught:
        get(server, target, urls=urls)
    assert not caught.value.resumable
    assert server.paths() == ["/one.h5", "/two.h5"]


def test_a_server_in_trouble_is_asked_again(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(status=503), Behaviour(status=500), Behaviour())
    get(server, target)
    assert target.read_bytes() == DATA


def test_a_server_in_lasting_trouble(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(status=500))
    with pytest.raises(DownloadError, match="500") as caught:
        get(server, target)
    assert caught.value.resumable
    assert len(server.requests) == 5


def test_an_unexpected_answer_is_not_asked_for_twice(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(status=418))
    with pytest.raises(DownloadError, match="418"):
        get(server, target)
    assert len(server.requests) == 1


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html>", b"\n  <html><body>Sign in", b"<?xml version='1.0'?>"])
def test_a_web_page_instead_of_the_file(server: LoopbackServer, target: Path, page: bytes) -> None:
    server.behave(PATH, Behaviour(body=page, content_type="text/html"))
    with pytest.raises(DownloadError, match="web page instead"):
        get(server, target)
    assert not part_of(target).exists()


def test_an_empty_file(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(body=b""))
    with pytest.raises(DownloadError, match="empty"):
        get(server, target)
    assert not target.exists()


def test_a_server_that_is_not_there(target: Path) -> None:
    with LoopbackServer() as gone:
        url = gone.url + PATH
    with pytest.raises(DownloadError, match="cannot be reached") as caught:
        download.fetch([url], target, name="MobileNet V2", timeouts=QUICK)
    assert caught.value.resumable


def test_follows_redirects_to_the_web_only(server: LoopbackServer, target: Path) -> None:
    server.behave("/old", Behaviour(redirect="/older"))
    server.behave("/older", Behaviour(status=307, redirect=server.url + PATH))
    get(server, target, urls=[server.url + "/old"])
    assert target.read_bytes() == DATA
    server.behave("/file", Behaviour(redirect="file:///etc/passwd"))
    with pytest.raises(DownloadError, match="file:///etc/passwd"):
        get(server, target.with_name("other"), urls=[server.url + "/file"])


def test_redirects_in_a_circle_end(server: LoopbackServer, target: Path) -> None:
    server.behave("/a", Behaviour(redirect="/a"))
    with pytest.raises(DownloadError, match="not followed"):
        get(server, target, urls=[server.url + "/a"])
    assert len(server.requests) <= 7


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/x", "weights.h5", "http://", "http://[bad/x"])
def test_only_web_addresses(target: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="not a web address"):
        download.fetch([url], target, name="x")
    assert not target.parent.exists()


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


def test_through_a_proxy_from_the_settings(server: LoopbackServer, target: Path) -> None:
    url = "http://weights.invalid" + PATH
    get(server, target, urls=[url], proxies=download.proxies_for(server.url))
    assert target.read_bytes() == DATA
    assert server.requests[0].via_proxy


def test_through_a_proxy_from_the_environment(
    server: LoopbackServer, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    get(server, target, urls=["http://weights.invalid" + PATH])
    assert server.requests[0].via_proxy


def test_a_proxy_that_is_not_there(target: Path) -> None:
    with LoopbackServer() as gone:
        proxy = gone.url
    with pytest.raises(DownloadError, match="proxy"):
        download.fetch(
            ["http://weights.invalid/x"], target, name="x", proxies=download.proxies_for(proxy), timeouts=QUICK
        )


def test_a_proxy_that_wants_a_password(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(status=407))
    with pytest.raises(DownloadError, match="proxy"):
        get(server, target, urls=["http://weights.invalid" + PATH], proxies=download.proxies_for(server.url))


def test_https_where_there_is_none(server: LoopbackServer, target: Path) -> None:
    with pytest.raises(DownloadError, match="cannot be reached"):
        get(server, target, urls=[server.url.replace("http:", "https:") + PATH])


def test_what_the_network_library_raises_is_understood() -> None:
    import requests.exceptions as outer
    import urllib3.exceptions as inner

    from mobilenet_gui.core.download_http import NetworkError, understood

    pool: Any = None
    kinds: dict[str, Exception] = {
        "certificate": outer.SSLError("certificate verify failed: self-signed certificate"),
        "proxy": outer.ProxyError("x"),
        "stalled": inner.ReadTimeoutError(pool, "u", "x"),
        "unreachable": outer.ConnectTimeout("x"),
        "dropped": inner.IncompleteRead(3, 4),
        "address": outer.InvalidURL("x"),
    }
    for kind, error in kinds.items():
        found = understood(error)
        assert isinstance(found, NetworkError)
        assert found.kind == kind
    ours = KeyError("x")
    assert understood(ours) is ours


def test_proxy_settings() -> None:
    assert download.proxies_for("  ") == {}
    assert download.proxies_for("host:3128") == {"http": "http://host:3128", "https": "http://host:3128"}
    with pytest.raises(DownloadError, match="proxy") as caught:
        download.proxies_for("socks5://user:secret@host:1")
    assert "secret" not in str(caught.value)


def test_passwords_in_addresses_are_not_shown(server: LoopbackServer, target: Path) -> None:
    url = server.url.replace("http://", "http://user:secret@") + "/missing.h5"
    with pytest.raises(DownloadError) as caught:
        get(server, target, urls=[url])
    assert "secret" not in str(caught.value)
    assert "/missing.h5" in str(caught.value)


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


def test_discard_forgets_the_part(server: LoopbackServer, target: Path) -> None:
    prepare_part(server, target, b"x" * 10, 100)
    download.discard_partial(target)
    assert not part_of(target).exists()
    assert download.partial(target) is None
    download.discard_partial(target)


def test_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = catalog.by_id("mobilenet-v1-1.0-224")
    assert entry is not None
    official = "https://storage.googleapis.com/tensorflow/keras-applications"
    assert download.base_url("") == official
    assert download.urls_for(entry, download.base_url("")) == [f"{official}/mobilenet/mobilenet_1_0_224_tf.h5"]
    assert download.base_url(" http://mirror/x/ ") == "http://mirror/x"
    assert download.urls_for(entry, "http://mirror/x/") == [
        "http://mirror/x/mobilenet/mobilenet_1_0_224_tf.h5",
        "http://mirror/x/tensorflow/keras-applications/mobilenet/mobilenet_1_0_224_tf.h5",
        "http://mirror/x/mobilenet_1_0_224_tf.h5",
    ]
    assert len(download.urls_for(entry.backbone, "http://m/tensorflow/keras-applications")) == 2
    monkeypatch.setenv("MOBILENET_GUI_WEIGHTS_URL", "http://env/")
    assert download.base_url("http://mirror") == "http://env"


def test_importing_it_loads_no_network_library() -> None:
    script = (
        "import sys, mobilenet_gui.core.download, mobilenet_gui.core.store;"
        "sys.exit(any(m in sys.modules for m in ('requests', 'urllib3', 'filelock')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
