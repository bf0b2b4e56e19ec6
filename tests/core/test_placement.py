"""Helpers run on other processors than the thread that they help, and anywhere again afterwards."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator

import pytest

from mobilenet_gui.core import placement
from mobilenet_gui.core.live_helper import FrameHelper
from mobilenet_gui.core.placement import Placement, helpers_of_this_thread, name_this_thread

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="needs Linux and two cores"
)


@pytest.fixture
def helper() -> Iterator[FrameHelper]:
    made = FrameHelper((6, 5, 5))
    yield made
    made.close()


def test_helpers_keep_off_the_processor_of_the_one_they_help(
    helper: FrameHelper, monkeypatch: pytest.MonkeyPatch
) -> None:
    cores = sorted(os.sched_getaffinity(0))
    place = [cores[0]]
    monkeypatch.setattr(placement, "_finder", lambda: lambda: place[0])
    made = Placement()
    made.set_helpers(helper.threads)
    for place[0] in (cores[0], cores[-1]):
        made.arrange()
        used = [os.sched_getaffinity(thread) for thread in helper.threads]
        assert set().union(*used) == set(cores) - {place[0]}
        if len(cores) > 2:
            assert not used[0] & used[1]
        assert os.sched_getaffinity(0) == set(cores)
    made.release()
    assert all(os.sched_getaffinity(thread) == set(cores) for thread in helper.threads)


def test_a_thread_that_has_ended_is_no_trouble(helper: FrameHelper) -> None:
    made = Placement()
    made.set_helpers(helper.threads)
    helper.close()
    made.arrange()
    made.release()


def test_where_the_processor_is_unknown_nothing_is_done(helper: FrameHelper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "_finder", lambda: lambda: -1)
    made = Placement()
    made.set_helpers(helper.threads)
    made.arrange()
    assert all(os.sched_getaffinity(thread) == os.sched_getaffinity(0) for thread in helper.threads)


def test_threads_of_a_library_are_told_by_their_name() -> None:
    found: list[object] = []

    def network() -> None:
        name_this_thread("network-of-test")
        stop, started = threading.Event(), threading.Event()
        inside: list[int] = []

        def pool() -> None:
            inside.append(threading.get_native_id())
            started.set()
            stop.wait()

        child = threading.Thread(target=pool)
        child.start()
        started.wait()
        found.extend([helpers_of_this_thread(), inside])
        stop.set()
        child.join()

    thread = threading.Thread(target=network)
    thread.start()
    thread.join()
    assert found[0] == found[1]
    assert helpers_of_this_thread() == []
