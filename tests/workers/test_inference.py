"""The recogniser behind the window: order of work, batches, model swaps, errors, and a clean end."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QThread
from pytestqt.qtbot import QtBot

from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.errors import ModelError, PhotoError
from mobilenet_gui.core.imaging import DecodedPhoto
from mobilenet_gui.core.placement import helpers_of_this_thread
from mobilenet_gui.core.recognizer import LiteRTRecognizer, Recognizer
from mobilenet_gui.core.types import Pixels, Recognition
from mobilenet_gui.workers.inference import Answer, Delivery, InferenceWorker, Seen
from mobilenet_gui.workers.photo_queue import Request
from tests.model_factory import make_bundle

RED, GREEN, BLUE = (220, 20, 20), (20, 220, 20), (20, 20, 220)


def png(colour: tuple[int, int, int], size: tuple[int, int] = (48, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


class Gate(LiteRTRecognizer):
    """A recogniser that stops before each photo until it is let on; it notes what it was given."""

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        super().__init__(bundle, threads)
        self.open = threading.Semaphore(0)
        self.entered = threading.Semaphore(0)
        self.seen: list[str] = []

    def recognize(
        self, photo: DecodedPhoto | Pixels, *, top_k: int = 5, want_features: bool = False, decode_ms: float = 0.0
    ) -> Recognition:
        self.seen.append(photo.name if isinstance(photo, DecodedPhoto) else f"frame {int(photo[0, 0, 0])}")
        self.entered.release()
        assert self.open.acquire(timeout=20)
        return super().recognize(photo, top_k=top_k, want_features=want_features)


class Inbox:
    """Collects what the worker says, and checks that it says it in the window's thread."""

    def __init__(self, worker: InferenceWorker) -> None:
        self.answers: list[Answer] = []
        self.seen: list[Seen] = []
        self.ready: list[tuple[Bundle | None, int]] = []
        self.failed: list[Exception] = []
        self.live: list[tuple[str, int]] = []
        self.deliveries = 0
        self._thread = QThread.currentThread()
        worker.delivered.connect(self.take)
        worker.model_ready.connect(lambda bundle, generation: self.ready.append((bundle, generation)))
        worker.model_failed.connect(lambda _bundle, error: self.failed.append(error))
        worker.live_answered.connect(lambda source, generation, _answer: self.live.append((source, generation)))

    def take(self, delivery: Delivery) -> None:
        assert QThread.currentThread() is self._thread
        self.deliveries += 1
        self.answers += delivery.answers
        self.seen += delivery.seen

    def best(self) -> dict[int, str]:
        return {a.key: a.recognition.best.label for a in self.answers if a.recognition is not None}


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return make_bundle(tmp_path / "tiny")


Maker = Callable[..., InferenceWorker]


@pytest.fixture
def make_worker(qtbot: QtBot) -> Iterator[Maker]:
    made: list[InferenceWorker] = []

    def make(**options: object) -> InferenceWorker:
        worker = InferenceWorker(**options)  # type: ignore[arg-type]
        made.append(worker)
        worker.start()
        return worker

    yield make
    for worker in made:
        assert worker.stop()
        worker.deleteLater()


def test_photos_are_recognised_with_size_time_and_picture(qtbot: QtBot, make_worker: Maker, bundle: Bundle) -> None:
    worker = make_worker()
    inbox = Inbox(worker)
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    worker.submit(Request(key, png(colour), f"{key}.png") for key, colour in enumerate((RED, GREEN, BLUE)))
    qtbot.waitUntil(lambda: len(inbox.answers) == 3 and len(inbox.seen) == 3)
    assert inbox.best() == {0: "red", 1: "green", 2: "blue"}
    assert {seen.size for seen in inbox.seen} == {(48, 40)}
    assert all(seen.thumbnail is not None and seen.thumbnail.width() > 0 for seen in inbox.seen)
    first = inbox.answers[0].recognition
    assert first is not None
    assert first.timing.decode > 0
    assert first.features is None


def test_the_number_is_the_command_lines_number(qtbot: QtBot, make_worker: Maker, bundle: Bundle) -> None:
    data = png((180, 90, 60), (301, 200))
    recognizer = LiteRTRecognizer(bundle)
    alone = recognizer.recognize(imaging.decode_for(data, bundle.preprocessing))
    recognizer.close()
    worker = make_worker()
    inbox = Inbox(worker)
    worker.set_model(bundle)
    worker.submit_now(Request(1, data, ""))
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    worker.submit_now(Request(1, data, "", explain=True))
    worker.submit([Request(2, data, "")])
    qtbot.waitUntil(lambda: {1, 2} <= {a.key for a in inbox.answers})
    for got in inbox.answers:
        assert got.recognition is not None
        assert got.recognition.predictions == alone.predictions


def test_the_photo_on_screen_goes_first_and_preferred_ones_next(
    qtbot: QtBot, make_worker: Maker, bundle: Bundle
) -> None:
    gates: list[Gate] = []

    def factory(b: Bundle, threads: int | None) -> Recognizer:
        gates.append(Gate(b, threads))
        return gates[-1]

    worker = make_worker(decoders=1, factory=factory)
    inbox = Inbox(worker)
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    gate = gates[0]
    worker.submit([Request(0, png(RED), "first")])
    assert gate.entered.acquire(timeout=20)
    # The thread stands in "first". Everything else is submitted now, and only then let on.
    worker.prefer([7, 6])
    worker.submit(Request(key, png(RED), f"p{key}") for key in range(1, 8))
    worker.submit_now(Request(99, png(RED), "screen"))
    for _ in range(9):
        gate.open.release()
    qtbot.waitUntil(lambda: len(inbox.answers) == 9)
    assert gate.seen[:2] == ["first", "screen"]
    assert gate.seen[2:4] == ["p7", "p6"]
    assert sorted(gate.seen[4:]) == ["p1", "p2", "p3", "p4", "p5"]


def test_the_newest_frame_wins(qtbot: QtBot, make_worker: Maker, bundle: Bundle) -> None:
    gates: list[Gate] = []

    def factory(b: Bundle, threads: int | None) -> Recognizer:
        gates.append(Gate(b, threads))
        return gates[-1]

    worker = make_worker(factory=factory)
    inbox = Inbox(worker)
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    frames = [np.full((40, 40, 3), level, np.uint8) for level in range(5)]
    worker.submit_latest("camera", frames[0], 0)
    assert gates[0].entered.acquire(timeout=20)
    for number in range(1, 5):
        worker.submit_latest("camera", frames[number], number)
    for _ in range(2):
        gates[0].open.release()
    qtbot.waitUntil(lambda: len(inbox.live) == 2)
    assert inbox.live == [("camera", 0), ("camera", 4)]


@pytest.mark.skipif(sys.platform != "linux" or usable_cores() < 2, reason="needs Linux and two cores")
def test_live_finds_the_networks_own_threads_to_put_them_beside_it(
    qtbot: QtBot, make_worker: Maker, bundle: Bundle
) -> None:
    worker = make_worker(threads=2)
    worker.set_model(bundle)
    found: list[list[int]] = []

    def look(recognizer: Recognizer, _head: object) -> None:
        recognizer.recognize(np.zeros((32, 32, 3), np.uint8))
        found.append(helpers_of_this_thread())

    with qtbot.waitSignal(worker.live_answered, timeout=10_000):
        worker.submit_task("live", look, np.zeros((32, 32, 3), np.uint8), 1)
    assert found[0]


def test_a_bad_photo_is_an_answer_and_the_rest_goes_on(
    qtbot: QtBot, make_worker: Maker, bundle: Bundle, tmp_path: Path
) -> None:
    worker = make_worker()
    inbox = Inbox(worker)
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    worker.submit(
        [Request(1, b"", "empty.jpg"), Request(2, tmp_path / "gone.jpg", "gone.jpg"), Request(3, png(RED), "")]
    )
    qtbot.waitUntil(lambda: len(inbox.answers) == 3)
    errors = {a.key: a.error for a in inbox.answers if a.error is not None}
    assert set(errors) == {1, 2}
    assert all(isinstance(e, PhotoError) and e.reason for e in errors.values())
    assert inbox.best() == {3: "red"}


def test_a_new_model_forgets_what_waits_and_has_a_new_generation(
    qtbot: QtBot, make_worker: Maker, bundle: Bundle, tmp_path: Path
) -> None:
    other = make_bundle(tmp_path / "other", bundle_id="other")
    worker = make_worker()
    inbox = Inbox(worker)
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    worker.pause(True)
    worker.submit([Request(1, png(RED), "")])
    worker.set_model(other)
    qtbot.waitUntil(lambda: len(inbox.ready) == 2)
    assert [b.id for b, _ in inbox.ready if b is not None] == ["tiny", "other"]
    assert inbox.ready[0][1] < inbox.ready[1][1]
    worker.pause(False)
    worker.submit([Request(2, png(GREEN), "")])
    qtbot.waitUntil(lambda: 2 in inbox.best())
    assert 1 not in inbox.best()
    (answer,) = inbox.answers
    assert answer.generation == inbox.ready[1][1]
    assert answer.recognition is not None
    assert answer.recognition.model_id == "other"


def test_a_model_that_does_not_open_leaves_the_old_one_at_work(
    qtbot: QtBot, make_worker: Maker, bundle: Bundle, tmp_path: Path
) -> None:
    broken = make_bundle(tmp_path / "broken", bundle_id="broken")
    model = next((tmp_path / "broken").glob("*.tflite"))
    model.write_bytes(b"\0" * model.stat().st_size)
    worker = make_worker()
    inbox = Inbox(worker)
    worker.set_model(bundle)
    worker.set_model(broken)
    qtbot.waitUntil(lambda: len(inbox.failed) == 1)
    assert isinstance(inbox.failed[0], ModelError)
    worker.submit([Request(1, png(BLUE), "")])
    qtbot.waitUntil(lambda: inbox.best() == {1: "blue"})


def test_a_model_removed_from_disk_still_answers_and_explains(qtbot: QtBot, make_worker: Maker, bundle: Bundle) -> None:
    worker = make_worker()
    inbox = Inbox(worker)
    heats: list[object] = []
    worker.explained.connect(lambda _key, _index, heat: heats.append(heat))
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    for path in bundle.folder.iterdir():
        path.unlink()
    bundle.folder.rmdir()
    worker.submit_now(Request(1, png(RED), "", explain=True))
    qtbot.waitUntil(lambda: 1 in inbox.best())
    answer = inbox.answers[0].recognition
    assert answer is not None
    assert answer.features is not None
    worker.explain(1, answer.features, answer.best.index)
    qtbot.waitUntil(lambda: len(heats) == 1)
    assert isinstance(heats[0], np.ndarray)
    assert heats[0].max() == pytest.approx(1.0)


def test_withdrawn_and_cleared_photos_are_not_recognised(qtbot: QtBot, make_worker: Maker, bundle: Bundle) -> None:
    worker = make_worker(decoders=1)
    inbox = Inbox(worker)
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    worker.pause(True)
    worker.submit(Request(key, png(RED), "") for key in range(5))
    worker.withdraw([1, 3])
    worker.pause(False)
    qtbot.waitUntil(lambda: len(inbox.answers) == 3)
    assert sorted(inbox.best()) == [0, 2, 4]


def test_many_answers_come_in_few_deliveries(qtbot: QtBot, make_worker: Maker, bundle: Bundle) -> None:
    worker = make_worker()
    inbox = Inbox(worker)
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    data = png(RED)
    worker.submit(Request(key, data, "") for key in range(300))
    qtbot.waitUntil(lambda: len(inbox.answers) == 300)
    assert inbox.deliveries < 150


def test_an_unforeseen_fault_is_reported_and_the_thread_goes_on(
    qtbot: QtBot, make_worker: Maker, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[type[BaseException]] = []
    monkeypatch.setattr("sys.excepthook", lambda kind, *_: reported.append(kind))

    class Faulty(LiteRTRecognizer):
        def recognize(self, photo: DecodedPhoto | Pixels, **options: object) -> Recognition:
            if isinstance(photo, DecodedPhoto) and photo.name == "trap":
                raise ZeroDivisionError
            return super().recognize(photo, **options)  # type: ignore[arg-type]

    worker = make_worker(factory=Faulty)
    inbox = Inbox(worker)
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    worker.submit([Request(1, png(RED), "trap"), Request(2, png(GREEN), "fine")])
    qtbot.waitUntil(lambda: len(inbox.answers) == 2)
    assert reported == [ZeroDivisionError]
    assert inbox.best() == {2: "green"}


def test_stopping_ends_every_thread_while_work_waits(qtbot: QtBot, bundle: Bundle) -> None:
    before = threading.active_count()
    worker = InferenceWorker()
    worker.start()
    worker.set_model(bundle)
    data = png(RED)
    worker.submit(Request(key, data, "") for key in range(1000))
    assert worker.stop()
    assert worker.stop()
    assert threading.active_count() == before
    worker.deleteLater()


def test_stopping_does_not_wait_for_a_photo_that_hangs(qtbot: QtBot, make_worker: Maker, bundle: Bundle) -> None:
    held, release = threading.Event(), threading.Event()

    class Hanging(LiteRTRecognizer):
        def recognize(self, photo: DecodedPhoto | Pixels, **options: object) -> Recognition:
            held.set()
            assert release.wait(20)
            return super().recognize(photo, **options)  # type: ignore[arg-type]

    worker = make_worker(factory=Hanging)
    inbox = Inbox(worker)
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    worker.submit([Request(1, png(RED), "endless")])
    qtbot.waitUntil(held.is_set)
    heard = inbox.deliveries
    begin = time.monotonic()
    try:
        assert not worker.stop()
        assert time.monotonic() - begin < 2.5
        assert worker._network.is_alive()
    finally:
        release.set()
    worker._network.join(10)
    QCoreApplication.processEvents()
    assert not worker._network.is_alive()
    assert inbox.deliveries == heard


def test_what_a_thread_says_while_it_ends_starts_nothing(qtbot: QtBot, make_worker: Maker, bundle: Bundle) -> None:
    worker = make_worker()
    inbox = Inbox(worker)
    worker.set_model(bundle)
    qtbot.waitUntil(lambda: len(inbox.ready) == 1)
    heard = inbox.deliveries
    assert worker.stop()
    worker._last_delivery = time.monotonic()
    worker._post(Seen(1, (4, 3), None))
    QCoreApplication.processEvents()
    assert not worker._timer.isActive()
    assert inbox.deliveries == heard
