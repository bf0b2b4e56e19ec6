"""What is here already is used again where it is sure to be of the same file: after drops, stalls and cancels."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from pathlib import Path

import pytest

from mobilenet_gui.core import download
from mobilenet_gui.core.download import Progress, Timeouts
from mobilenet_gui.core.errors import Cancelled, DownloadError
from tests.core.download.parts import DATA, PATH, get, part_of, stop_after
from tests.loopback import Behaviour, LoopbackServer


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


@pytest.mark.parametrize("second", [Behaviour(), Behaviour(ignore_if_range=True)], ids=["asks", "ignores if-range"])
def test_a_file_that_changed_on_the_server_is_not_joined_to_the_old_one(
    server: LoopbackServer, target: Path, second: Behaviour
) -> None:
    server.behave(PATH, Behaviour(stall_after=400_000), second)
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


def test_a_dropped_packed_download_starts_again(server: LoopbackServer, target: Path) -> None:
    server.behave(PATH, Behaviour(gzipped=True, drop_after=2000), Behaviour(gzipped=True))
    get(server, target)
    assert target.read_bytes() == DATA
    assert "range" not in server.requests[1].headers


def test_discard_forgets_the_part(server: LoopbackServer, target: Path) -> None:
    prepare_part(server, target, b"x" * 10, 100)
    download.discard_partial(target)
    assert not part_of(target).exists()
    assert download.partial(target) is None
    download.discard_partial(target)
