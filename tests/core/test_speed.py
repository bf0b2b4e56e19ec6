"""Measured speeds: taken from a real network, kept by network and not by name, safe against a damaged file."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from mobilenet_gui.core import speed as speeds
from mobilenet_gui.core.errors import Cancelled, StorageError
from mobilenet_gui.core.speed import Speed, SpeedBook, measure, model_hash
from tests.model_factory import make_bundle


def test_a_network_is_measured(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b")
    result = measure(bundle, threads=1)
    assert 0 < result.milliseconds < 1000
    assert result.threads == 1
    assert result.model_hash == model_hash(bundle) != ""


def test_measuring_takes_the_median_without_the_warm_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([*[10.0] * speeds.WARM_UP, *[3.0, 5.0] * 200])
    clock = [0.0]

    class Slow:
        def __init__(self, *_: object) -> None:
            self.closed = False

        def probabilities(self, _pixels: object) -> None:
            clock[0] += next(times) / 1e3

        def close(self) -> None:
            self.closed = True

    monkeypatch.setattr("mobilenet_gui.core.speed.time.perf_counter", lambda: clock[0])
    result = measure(make_bundle(tmp_path / "b"), factory=Slow)  # type: ignore[arg-type]
    assert 3.0 <= result.milliseconds <= 5.0


def test_measuring_stops_when_told(tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        measure(make_bundle(tmp_path / "b"), cancel=cancel)


def test_speeds_outlive_the_program_and_belong_to_the_network(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b")
    taken = Speed(6.4, 4, "2026-01-02T03:04:05+00:00", model_hash(bundle))
    SpeedBook(tmp_path / "speeds.json").put(bundle.id, taken)
    book = SpeedBook(tmp_path / "speeds.json")
    assert book.get(bundle) == taken
    other = make_bundle(tmp_path / "c", classes=4)
    assert other.id == bundle.id
    assert book.get(other) is None
    book.forget(bundle.id)
    assert book.get(bundle) is None


def test_two_programs_do_not_lose_each_other_s_speeds(tmp_path: Path) -> None:
    one, two = make_bundle(tmp_path / "one", bundle_id="one"), make_bundle(tmp_path / "two", bundle_id="two")
    first, second = SpeedBook(tmp_path / "s.json"), SpeedBook(tmp_path / "s.json")
    first.put("one", Speed(1, 1, "", model_hash(one)))
    second.put("two", Speed(2, 1, "", model_hash(two)))
    both = SpeedBook(tmp_path / "s.json")
    assert both.get(one) is not None
    assert both.get(two) is not None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"a": 1}', '{"tiny": {"milliseconds": -1, "threads": 1, "measured": "", "model_hash": ""}}'],
)
def test_a_damaged_file_is_no_trouble(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.json").write_text(text)
    assert SpeedBook(tmp_path / "s.json").get(make_bundle(tmp_path / "b")) is None


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    bundle = make_bundle(tmp_path / "b")
    book = SpeedBook(tmp_path / "file" / "s.json")
    with pytest.raises(StorageError):
        book.put(bundle.id, Speed(1, 1, "", model_hash(bundle)))
    assert book.get(bundle) is not None
