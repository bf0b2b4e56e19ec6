"""Frames into steady answers, the figures beside them, and snapshots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.frames import Frame
from mobilenet_gui.core.labels import imagenet
from mobilenet_gui.core.live_session import LiveAnswer, LiveSession
from mobilenet_gui.core.live_snapshot import save_snapshot
from mobilenet_gui.core.live_stats import RateMeter, TimeWindow
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from tests.core.test_strangers import shown_colours
from tests.model_factory import make_bundle

RED, GREEN = (255, 0, 0), (0, 255, 0)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_bundle(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def recognizer(bundle: Bundle) -> LiteRTRecognizer:
    return LiteRTRecognizer(bundle, threads=1)


@pytest.fixture
def session() -> Iterator[LiveSession]:
    made = LiveSession(seconds=0.4)
    yield made
    made.close()


def frame(colour: tuple[int, int, int], at: float) -> Frame:
    return Frame(np.full((48, 64, 3), colour, np.uint8), 0, at, at)


def test_a_stranger_is_told_after_a_second_without_change(tmp_path: Path, session: LiveSession) -> None:
    plain = LiteRTRecognizer(make_bundle(tmp_path / "plain"), threads=1)
    knows = LiteRTRecognizer(make_bundle(tmp_path / "knows", shown=shown_colours(plain, RED)), threads=1)
    assert session.answer(plain, None, frame(RED, 0.0)).likeness is None
    told = [
        session.answer(knows, None, frame(c, at)) for c, at in ((RED, 1.0), (GREEN, 1.1), (GREEN, 2.0), (GREEN, 2.1))
    ]
    assert [answer.unlike for answer in told] == [False, True, True, True]
    assert [answer.steadily_unlike for answer in told] == [False, False, False, True]
    assert told[3].unlike_seconds == pytest.approx(1.0)
    back = session.answer(knows, None, frame(RED, 2.2))
    assert (back.unlike, back.unlike_seconds) == (False, 0.0)


def test_answers_are_steady_and_raw(recognizer: LiteRTRecognizer, session: LiveSession) -> None:
    first = session.answer(recognizer, None, frame(RED, 1.0))
    assert first.winner is not None
    assert (first.winner.label, first.heat) == ("red", None)
    second = session.answer(recognizer, None, frame(GREEN, 1.04))
    assert second.winner is not None
    assert (second.winner.label, second.raw[0].label, second.predictions[0].label) == ("red", "green", "red")
    assert second.steady_seconds == pytest.approx(0.04)
    third = session.answer(recognizer, None, frame(GREEN, 1.6))
    assert third.winner is not None
    assert third.winner.label == "green"
    direct = recognizer.recognize(frame(GREEN, 0).pixels)
    assert [p.probability for p in second.raw] == [p.probability for p in direct.predictions]


def test_wishes_take_effect_at_the_next_frame(recognizer: LiteRTRecognizer, session: LiveSession) -> None:
    session.answer(recognizer, None, frame(RED, 0.0))
    session.set_steadiness(0)
    assert session.answer(recognizer, None, frame(GREEN, 0.01)).predictions[0].label == "green"
    session.set_sure_from(0.9999)
    assert session.answer(recognizer, None, frame(GREEN, 0.02)).winner is None


def test_a_sure_kind_is_told_where_no_class_is_sure(bundle: Bundle, session: LiveSession) -> None:
    terriers = tuple(replace(imagenet()[180 + label.index], index=label.index) for label in bundle.labels)
    recognizer = LiteRTRecognizer(Bundle(bundle.folder, bundle.manifest, terriers), threads=1)
    sure = session.answer(recognizer, None, frame(RED, 0.0))
    assert (sure.winner is not None, sure.group) == (True, None)
    session.set_sure_from(0.9999)
    session.restart_smoothing()
    unsure = session.answer(recognizer, None, frame(RED, 1.0))
    assert unsure.winner is None
    assert unsure.group is not None
    assert unsure.group.name == "terrier"
    assert unsure.group.probability == pytest.approx(1)
    recognizer.close()


def test_heat_maps_on_demand(bundle: Bundle, recognizer: LiteRTRecognizer, session: LiveSession) -> None:
    head = bundle.head()
    assert head is not None
    assert session.answer(recognizer, head, frame(RED, 0)).heat is None
    session.set_explain(True)
    led = session.answer(recognizer, head, frame(RED, 1))
    assert led.heat is not None
    assert (led.heat.ndim, led.heat_index) == (2, 1)
    session.set_explain(True, 4)
    assert session.answer(recognizer, head, frame(RED, 2)).heat_index == 4
    session.set_explain(True, 4000)
    assert session.answer(recognizer, head, frame(RED, 3)).heat_index == 1
    assert session.answer(recognizer, None, frame(RED, 4)).heat is None


def test_only_the_newest_answer_of_this_source_is_kept(recognizer: LiteRTRecognizer, session: LiveSession) -> None:
    session.begin()
    for at in (0.0, 1.0):
        session.task(frame(RED, at))(recognizer, None)
    answer = session.take()
    assert answer is not None
    assert answer.frame.arrived == 1.0
    assert session.take() is None
    late = session.task(frame(RED, 2.0))
    generation = session.begin()
    late(recognizer, None)
    assert session.take() is None
    session.task(frame(GREEN, 2.1))(recognizer, None)
    fresh = session.take()
    assert fresh is not None
    assert (fresh.generation, fresh.predictions[0].label) == (generation, "green")


def test_the_figures() -> None:
    meter = RateMeter()
    for tick in range(61):
        meter.tick(tick / 30)
    assert meter.per_second(2.0) == pytest.approx(30, rel=0.01)
    assert meter.per_second(3.5) < 30
    assert meter.per_second(9.0) == 0.0
    times = TimeWindow()
    assert times.figures() is None
    for value in range(100):
        times.add(float(value), value / 10)
    figures = times.figures()
    assert figures is not None
    assert [figures.p50, figures.p95, figures.count] == pytest.approx([49.5, 94.05, 100])
    assert times.sparkline(10) == [9, 19, 29, 39, 49, 59, 69, 79, 89, 99]
    times.add(1.0, 45.0)
    assert times.sparkline(500)[-1] == 1.0
    times.add(2.0, 1000.0)
    assert times.sparkline(5) == [2.0]


@pytest.fixture
def answer(recognizer: LiteRTRecognizer, session: LiveSession) -> LiveAnswer:
    return session.answer(recognizer, None, frame(RED, 3.5))


def test_a_snapshot_is_a_photo_with_its_answer_beside_it(answer: LiveAnswer, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    paths = [save_snapshot(folder, answer.frame.pixels, answer, source="HD Camera", when=0.0) for _ in range(3)]
    assert len({path.name for path in paths}) == 3
    with Image.open(paths[2]) as photo:
        assert photo.size == (64, 48)
    record = json.loads(paths[2].with_suffix(".json").read_text("utf-8"))
    assert (record["photo"], record["label"], record["source"]) == (paths[2].name, "red", "HD Camera")
    assert record["predictions"][0]["probability"] == answer.predictions[0].probability
    odd = save_snapshot(folder, answer.frame.pixels, answer, source="bad\udcff.mp4", when=0.0)
    assert json.loads(odd.with_suffix(".json").read_text("utf-8"))["source"] == "bad\udcff.mp4"
    alone = save_snapshot(folder, answer.frame.pixels, None, source="x", when=0.0)
    assert not alone.with_suffix(".json").exists()


def test_a_png_keeps_every_pixel_and_never_shares_a_sidecar(answer: LiveAnswer, tmp_path: Path) -> None:
    first = save_snapshot(tmp_path, answer.frame.pixels, None, source="x", when=0.0)
    whole = save_snapshot(tmp_path, answer.frame.pixels, answer, source="x", when=0.0, kind="png")
    assert (first.suffix, whole.suffix) == (".jpg", ".png")
    assert first.stem != whole.stem
    with Image.open(whole) as photo:
        assert np.array_equal(np.asarray(photo), answer.frame.pixels)


def test_a_folder_that_cannot_be_written(answer: LiveAnswer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        save_snapshot(tmp_path / "file", answer.frame.pixels, answer, source="x")
