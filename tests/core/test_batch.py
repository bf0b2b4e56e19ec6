"""Many photos at once: every answer, in order, bounded, stoppable, and the first fault ends it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.core import batch, imaging
from mobilenet_gui.core.batch import BatchResult, classify
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.errors import ModelError, PhotoError
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from tests.model_factory import NAMES, make_bundle

COLOURS = {"red": (250, 0, 0), "green": (0, 250, 0), "blue": (0, 0, 250)}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return make_bundle(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("photos")
    for name, colour in COLOURS.items():
        Image.new("RGB", (64, 48), colour).save(folder / f"{name}.png")
    return {name: folder / f"{name}.png" for name in COLOURS}


@pytest.mark.parametrize("jobs", [None, 1, 2, 3, 8])
def test_every_answer_comes_in_order(bundle: Bundle, photos: dict[str, Path], jobs: int | None) -> None:
    wanted = [name for name, _ in zip(itertools.cycle(COLOURS), range(100), strict=False)]
    results = list(classify([photos[name] for name in wanted], bundle, top_k=2, jobs=jobs))
    assert [result.path for result in results] == [photos[name] for name in wanted]
    for name, result in zip(wanted, results, strict=True):
        assert result.error is None
        assert result.recognition is not None
        assert result.recognition.best.label == name
        assert len(result.recognition.predictions) == 2
        assert result.recognition.model_id == bundle.id
        assert result.recognition.timing.decode > 0


def test_the_number_of_jobs_does_not_change_an_answer(bundle: Bundle, tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    paths = []
    for number in range(12):
        paths.append(tmp_path / f"{number}.jpg")
        Image.fromarray(random.integers(0, 256, (90, 120, 3), dtype=np.uint8)).save(paths[-1])
    answers = [
        [[(p.label, p.probability) for p in result.recognition.predictions] for result in results if result.recognition]
        for results in (classify(paths, bundle, jobs=1), classify(paths, bundle, jobs=4))
    ]
    assert len(answers[0]) == 12
    assert answers[0] == answers[1]
    recognizer = LiteRTRecognizer(bundle)
    alone = [recognizer.recognize(imaging.decode_for(path, bundle.preprocessing)) for path in paths]
    assert [[(p.label, p.probability) for p in one.predictions] for one in alone] == answers[0]


@pytest.mark.parametrize("jobs", [1, 4])
def test_an_unreadable_photo_is_an_error_in_its_place(
    bundle: Bundle, photos: dict[str, Path], tmp_path: Path, jobs: int
) -> None:
    folder = PhotoError(str(tmp_path / "folder"), "There are no photos in this folder.")
    missing = tmp_path / "missing.jpg"
    results = list(classify([photos["red"], missing, folder, photos["blue"]], bundle, jobs=jobs))
    assert [result.recognition is None for result in results] == [False, True, True, False]
    assert results[1].path == missing
    assert str(results[1].error) == f"{missing}: There is no such file."
    assert results[2].path == tmp_path / "folder"
    assert results[2].error is folder


def test_nothing_gives_nothing(bundle: Bundle) -> None:
    for jobs in (1, 4):
        assert list(classify([], bundle, jobs=jobs, make_recognizer=_never)) == []


def _never(_bundle: Bundle) -> LiteRTRecognizer:
    raise AssertionError("no network is needed")


class Counted:
    """A path list that knows how far it has been read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.taken = 0

    def __iter__(self) -> Iterator[Path]:
        while True:
            self.taken += 1
            yield self.path


@pytest.mark.parametrize("jobs", [1, 4])
def test_an_endless_list_is_read_only_a_little_ahead(bundle: Bundle, photos: dict[str, Path], jobs: int) -> None:
    source = Counted(photos["red"])
    results = classify(source, bundle, jobs=jobs)
    for given in range(1, 120):
        next(results)
        assert source.taken <= given + jobs * 12
    results.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("classify-")]


def test_no_more_networks_than_photos(bundle: Bundle, photos: dict[str, Path]) -> None:
    made: list[int] = []

    def make(given: Bundle) -> LiteRTRecognizer:
        made.append(1)
        return batch.single_core_recognizer(given)

    assert len(list(classify([photos["red"]] * 2, bundle, jobs=8, make_recognizer=make))) == 2
    assert 1 <= len(made) <= 2


@pytest.mark.parametrize("jobs", [1, 4])
def test_cancelling_stops_it(bundle: Bundle, photos: dict[str, Path], jobs: int) -> None:
    cancel = threading.Event()
    results = []
    for result in classify(itertools.repeat(photos["red"]), bundle, jobs=jobs, cancel=cancel):
        results.append(result)
        if len(results) == 10:
            cancel.set()
    assert len(results) == 10


def test_cancelling_wakes_a_reader_that_waits(bundle: Bundle, photos: dict[str, Path]) -> None:
    cancel, reading = threading.Event(), threading.Event()
    hold = threading.Event()

    class Slow:
        def __init__(self, given: Bundle) -> None:
            self.bundle = given

        def recognize(self, *_args: object, **_options: object) -> object:
            reading.set()
            hold.wait(30)
            raise PhotoError("late", "Too late.")

        def close(self) -> None:
            hold.set()

    def stop() -> None:
        reading.wait(30)
        cancel.set()
        hold.set()

    stopper = threading.Thread(target=stop)
    stopper.start()

    def make(given: Bundle) -> LiteRTRecognizer:
        return cast(LiteRTRecognizer, Slow(given))

    found: list[BatchResult] = []
    try:
        found.extend(classify([photos["red"]] * 9, bundle, jobs=2, cancel=cancel, make_recognizer=make))
    except PhotoError:
        pytest.fail("an answer that nobody waits for was handed out")
    finally:
        stopper.join()
    assert not found


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_model_that_cannot_be_used_ends_it(bundle: Bundle, photos: dict[str, Path], jobs: int) -> None:
    def refuse(_bundle: Bundle) -> LiteRTRecognizer:
        raise ModelError("tiny", "The network cannot be run.")

    with pytest.raises(ModelError, match="cannot be run"):
        list(classify([photos["red"]] * 20, bundle, jobs=jobs, make_recognizer=refuse))


@pytest.mark.parametrize("jobs", [1, 4])
def test_a_fault_in_the_list_of_photos_is_not_swallowed(bundle: Bundle, photos: dict[str, Path], jobs: int) -> None:
    def broken() -> Iterator[Path]:
        for _ in range(30):
            yield photos["red"]
        raise RuntimeError("a fault of the program")

    with pytest.raises(RuntimeError, match="a fault"):
        list(classify(broken(), bundle, jobs=jobs))


def test_photos_are_really_recognised_side_by_side(bundle: Bundle, photos: dict[str, Path]) -> None:
    together = threading.Barrier(3, timeout=30)

    class Meeting(LiteRTRecognizer):
        def recognize(self, *args: object, **options: object) -> object:  # type: ignore[override]
            together.wait()  # broken, and so failing, unless three are here at the same moment
            return super().recognize(*args, **options)  # type: ignore[arg-type]

    results = list(classify([photos["red"]] * 9, bundle, jobs=3, make_recognizer=lambda given: Meeting(given, 1)))
    assert all(result.recognition for result in results)
    assert len(results) == 9
    assert "red" in NAMES


def test_no_more_threads_than_are_of_use(bundle: Bundle, photos: dict[str, Path]) -> None:
    loaded: list[LiteRTRecognizer] = []

    def load(wanted: Bundle) -> LiteRTRecognizer:
        loaded.append(batch.single_core_recognizer(wanted))
        return loaded[-1]

    most = batch.MOST_JOBS_A_CORE * usable_cores()
    results = list(classify([photos["red"]] * (most + 40), bundle, jobs=10_000, make_recognizer=load))
    assert len(results) == most + 40
    assert 1 <= len(loaded) <= most


@pytest.mark.parametrize("granted", [0, 1, 2])
def test_a_system_that_grants_few_threads(
    bundle: Bundle, photos: dict[str, Path], monkeypatch: pytest.MonkeyPatch, granted: int
) -> None:
    real = threading.Thread.start
    started: list[threading.Thread] = []

    def start(thread: threading.Thread) -> None:
        if thread.name.startswith("classify-"):
            if len(started) == granted:
                raise RuntimeError("can't start new thread")
            started.append(thread)
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    results = list(classify([photos["red"], photos["blue"]] * 20, bundle, jobs=4))
    assert [r.recognition.best.label for r in results if r.recognition is not None] == ["red", "blue"] * 20
    assert len(started) == granted
