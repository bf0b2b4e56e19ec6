"""The 8-bit twin of the model in use is made beside the window: after the first answers, at rest, once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QObject, Signal
from pytestqt.qtbot import QtBot

from mobilenet_gui import model_builder
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.workers.twin_maker import REST_SECONDS, TwinMaker
from tests.model_factory import make_bundle, make_twin


class Inference(QObject):
    delivered = Signal(object)
    live_answered = Signal(str, int, object)
    idle = True


class Active:
    def __init__(self, bundle: Bundle) -> None:
        self.bundle, self.precision, self.busy, self.reloads = bundle, "auto", False, 0

    def reload(self) -> None:
        self.reloads += 1


class Bench:
    """A maker, a clock of ours, and what it had made."""

    def __init__(self, qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "weights.h5").write_bytes(b"weights")
        self.qtbot, self.now = qtbot, 1000.0
        self.active, self.inference = Active(make_bundle(folder / "b", weights=folder / "weights.h5")), Inference()
        self.made: list[tuple[str, bool]] = []
        self.occupied = False
        monkeypatch.setattr("mobilenet_gui.workers.twin_maker.time.monotonic", lambda: self.now)
        monkeypatch.setattr(model_builder, "make_twin", self._make)
        self.maker = TwinMaker(self.active, self.inference, lambda: self.occupied, self.inference)  # type: ignore[arg-type]

    def _make(self, bundle: Bundle, cancel: threading.Event, *, polite: bool = False) -> None:
        make_twin(bundle)
        self.made.append((bundle.id, polite))

    def rest(self, seconds: float = REST_SECONDS) -> int:
        """Let time go by; return how many twins were made by then."""
        self.now += seconds
        self.maker.look()
        thread = self.maker._thread
        if thread is not None:
            thread.join(20)
        QCoreApplication.processEvents()  # what the thread said arrives
        return len(self.made)


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(qtbot, tmp_path, monkeypatch)


def test_it_waits_for_answers_and_for_rest_and_makes_one_once(bench: Bench) -> None:
    assert not bench.maker._timer.isActive()  # nothing was answered yet
    bench.inference.delivered.emit(object())
    assert bench.maker._timer.isActive()
    assert bench.rest(REST_SECONDS / 2) == 0
    bench.inference.live_answered.emit("camera", 1, object())
    assert bench.rest(REST_SECONDS * 0.9) == 0
    bench.inference.idle = False
    assert bench.rest() == 0
    bench.inference.idle, bench.occupied = True, True
    assert bench.rest() == 0, "a training has the computer for itself"
    bench.occupied = False
    assert bench.rest() == 1
    assert bench.made == [("tiny", True)]
    assert not bench.maker._timer.isActive()
    bench.inference.delivered.emit(object())
    assert bench.rest() == 1
    assert bench.active.reloads == 0  # what was answered stays as it is


def test_nobody_makes_what_is_not_wanted(bench: Bench) -> None:
    bench.active.precision = "float"
    bench.inference.delivered.emit(object())
    assert bench.rest() == 0
    bench.active.precision = "auto"
    bench.active.bundle = Bundle(bench.active.bundle.folder, bench.active.bundle.manifest, bench.active.bundle.labels)
    make_twin(bench.active.bundle)
    bench.inference.delivered.emit(object())
    assert bench.rest() == 0


def test_the_end_of_the_program_ends_it(bench: Bench) -> None:
    bench.inference.delivered.emit(object())
    bench.maker.stop()
    bench.inference.delivered.emit(object())
    assert not bench.maker._timer.isActive()
    assert bench.maker._cancel.is_set()


def test_where_8_bits_are_asked_for_they_answer_at_once(bench: Bench) -> None:
    bench.active.precision = "int8"
    bench.inference.delivered.emit(object())
    assert bench.rest() == 1
    assert bench.active.reloads == 1


def test_a_failure_is_nobodys_trouble(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from mobilenet_gui.core.errors import ModelError

    def fail(*_: object, **__: object) -> None:
        bench.made.append(("failed", True))
        raise ModelError("tiny", "no")

    monkeypatch.setattr(model_builder, "make_twin", fail)
    bench.inference.delivered.emit(object())
    assert bench.rest() == 1
    bench.inference.delivered.emit(object())
    assert bench.rest() == 1  # not again in this window
