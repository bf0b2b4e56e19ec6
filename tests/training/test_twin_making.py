"""Making an 8-bit twin in the worker: a real MobileNet gets one that answers as it does, or nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from mobilenet_gui.core import twins
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.training import twin_making
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.job import ConvertJob, TwinJob, from_data, to_data
from mobilenet_gui.training.process import run_job
from tests.model_factory import make_bundle, make_tflite

WEIGHTS = "mobilenet_2_5_128_tf.h5"


@pytest.mark.keras
def test_a_real_model_gets_one(tmp_path: Path, shared: Path) -> None:
    naming = Naming("small", "Small")
    run_job(ConvertJob(shared / "weights" / "keras" / WEIGHTS, tmp_path / "b", naming, input_size=128))
    bundle = Bundle.open(tmp_path / "b")
    run_job(TwinJob(bundle.folder))
    twin = twins.find(bundle)
    assert twin is not None
    assert twin.checked == twin_making.TRIED
    assert twin.agree >= 0.95 * twin.checked
    assert twin.int8_ms > 0
    data = twin.network()
    assert data is not None
    assert len(data) < 0.4 * len(bundle.tflite_bytes())
    assert sorted(path.name for path in twin.folder.parent.iterdir()) == [twin.folder.name]
    recognizer = LiteRTRecognizer(bundle.with_twin(twin), threads=1)
    assert recognizer.precision == "int8"
    _, features = recognizer.probabilities(twin_making.views(bundle, _samples(), 1, Control())[0], want_features=True)
    head = bundle.head()
    assert features is not None
    assert head is not None
    assert features.shape[-1] == head.channels  # so that the heat map goes on working


def _samples() -> tuple[Path, ...]:
    from mobilenet_gui import paths

    return paths.sample_photos()


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    (tmp_path / "weights.h5").write_bytes(b"no weights")
    return make_bundle(tmp_path / "b", weights=tmp_path / "weights.h5")


def test_what_was_stopped_leaves_nothing(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> bytes:
        raise Cancelled

    for step in ("eight_bit_network", "tried"):
        monkeypatch.setattr(twin_making, "eight_bit_network", lambda *_: make_tflite("int8", softmax=False))
        monkeypatch.setattr(twin_making, step, stop)
        with pytest.raises(Cancelled):
            twin_making.make_twin(bundle.folder, Control())
        assert list(twins.place(bundle).parent.iterdir()) == []


def test_that_none_can_be_made_is_found_out_once(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    from mobilenet_gui.core.errors import ModelError

    def refuse(*_: object) -> bytes:
        raise ModelError("", "no MobileNet")

    monkeypatch.setattr(twin_making, "eight_bit_network", refuse)
    assert not twin_making.make_twin(bundle.folder, Control()).sha256
    found = twins.find(bundle)
    assert found is not None
    assert not found.pays
    assert twins.settled(bundle, "int8").twin is None


def test_a_network_without_the_feature_map_is_no_twin(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(twin_making, "eight_bit_network", lambda *_: make_tflite("int8", softmax=False))
    twin = twin_making.make_twin(bundle.folder, Control())
    assert not twin.sha256
    assert not (twin.folder / twins.NETWORK_FILE).exists()


def test_its_views_are_the_same_each_time_and_those_it_is_tried_on_are_others(bundle: Bundle) -> None:
    photos = _samples()
    one, again, other = (
        twin_making.views(bundle, chosen, 8, Control()) for chosen in (photos[::2], photos[::2], photos[1::2])
    )
    assert (one == again).all()
    assert not (one == other).all()


def test_the_job_survives_the_pipe(tmp_path: Path) -> None:
    job = TwinJob(tmp_path)
    assert from_data(to_data(job)) == job
