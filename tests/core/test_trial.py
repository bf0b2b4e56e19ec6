"""Foreign networks: tried in a process that may be lost, once, within a time limit, and never in ours before that."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import pytest

from mobilenet_gui import paths
from mobilenet_gui.core import trial
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, ModelError
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from tests.model_factory import make_bundle, plain_photo

_CRASH = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
_HANG = "import time; time.sleep(600)"
_COUNT = (
    "import pathlib, sys; p = pathlib.Path(r'{place}'); p.write_text(p.read_text() + 'x'); print('{{\"tried\": true}}')"
)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "tiny")


def helper(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Have another program stand in for the process that tries."""
    monkeypatch.setattr(paths, "worker_command", lambda: [sys.executable, "-c", program])


def counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    place = tmp_path / "trials.txt"
    place.write_text("")
    helper(monkeypatch, _COUNT.format(place=place))
    return place


@pytest.mark.trial
def test_a_sound_network_stands_its_trial_and_answers(bundle: Bundle) -> None:
    assert LiteRTRecognizer(bundle).recognize(plain_photo((255, 0, 0))).best.label == "red"
    book = json.loads((paths.cache_dir() / "tried-networks.json").read_text())
    assert book["networks"] == [bundle.manifest.files["model"].sha256]


@pytest.mark.trial
@pytest.mark.skipif(sys.platform == "win32", reason="has no such signal")
def test_a_network_that_crashes_is_refused_and_not_tried_again(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    helper(monkeypatch, _CRASH)
    with pytest.raises(ModelError, match=r"crashed when it was tried \(code -11\)") as caught:
        LiteRTRecognizer(bundle)
    assert caught.value.subject == str(bundle.folder)
    place = counted(monkeypatch, tmp_path)
    with pytest.raises(ModelError, match="crashed"):
        LiteRTRecognizer(bundle)
    assert place.read_text() == ""


@pytest.mark.trial
def test_a_network_that_never_answers_is_given_up(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(monkeypatch, _HANG)
    monkeypatch.setattr(trial, "TRIAL_SECONDS", 0.3)
    with pytest.raises(ModelError, match="gave no answer within"):
        trial.ensure(bundle)
    assert not trial._running


@pytest.mark.trial
@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_what_it_may_compute_is_limited_and_waiting_does_not_count(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(monkeypatch, "from mobilenet_gui.core import trial_child as c; c.CPU_SECONDS = 1; c._limit()\nwhile 1: pass")
    with pytest.raises(ModelError, match="gave no answer within 30 seconds"):
        trial.ensure(bundle)
    assert not trial._running


@pytest.mark.trial
def test_it_is_tried_once_whoever_asks_and_after_a_restart(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = counted(monkeypatch, tmp_path)
    threads = [threading.Thread(target=trial.ensure, args=(bundle,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place.read_text() == "x"
    monkeypatch.setattr(trial, "_tried", set())
    trial.ensure(bundle)
    assert place.read_text() == "x"


@pytest.mark.trial
def test_a_network_that_was_exchanged_is_tried_anew(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = counted(monkeypatch, tmp_path)
    trial.ensure(bundle)
    other = make_bundle(tmp_path / "other", classes=7)
    (other.folder / "manifest.json").replace(bundle.folder / "manifest.json")
    for entry in other.manifest.files.values():
        (other.folder / entry.name).replace(bundle.folder / entry.name)
    trial.ensure(Bundle.open(bundle.folder))
    assert place.read_text() == "xx"


@pytest.mark.trial
def test_what_was_tried_by_another_version_is_tried_anew(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = counted(monkeypatch, tmp_path)
    book = paths.cache_dir() / "tried-networks.json"
    book.parent.mkdir(parents=True)
    for text in (
        json.dumps({"program": "0", "networks": [bundle.manifest.files["model"].sha256]}),
        "[" * 10_000,
        "[]",
        "\0",
    ):
        book.write_text(text)
        monkeypatch.setattr(trial, "_tried", set())
        trial.ensure(bundle)
    assert place.read_text() == "xxxx"


@pytest.mark.trial
def test_a_trial_can_be_stopped_and_abandoned(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    helper(monkeypatch, _HANG)
    cancel = threading.Event()
    threading.Timer(0.1, cancel.set).start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        trial.ensure(bundle, cancel)
    ended: list[Exception] = []

    def ask() -> None:
        try:
            trial.ensure(bundle)
        except ModelError as error:
            ended.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not trial._running:
        assert time.monotonic() < start + 20
    trial.abandon()
    thread.join(20)
    assert len(ended) == 1


def _shared_case(shared: Path, number: int) -> Path:
    found = sorted((shared / "cases").glob(f"{number:02d}-*"))
    if not found:
        pytest.skip("the shared data have no such case")
    return found[0]


@pytest.mark.trial
@pytest.mark.shared
@pytest.mark.parametrize(
    ("number", "why"),
    [(22, "crashed when it was tried|damaged"), (23, "several graphs"), (24, "cannot be run|damaged")],
)
def test_networks_that_once_took_the_program_down(shared: Path, number: int, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        LiteRTRecognizer(Bundle.open(_shared_case(shared, number)))


@pytest.mark.shared
def test_a_head_that_is_no_array(shared: Path) -> None:
    with pytest.raises(ModelError, match=r"head\.npz was changed or is damaged"):
        Bundle.open(_shared_case(shared, 25)).head()
