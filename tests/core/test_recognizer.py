"""The recogniser: right answers in every number format, the order of the five, and a quiet, cheap LiteRT."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from mobilenet_gui.core import cores
from mobilenet_gui.core.bundle import write_bundle
from mobilenet_gui.core.cores import default_threads, usable_cores
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.imaging import normalize
from mobilenet_gui.core.manifest import Manifest
from mobilenet_gui.core.recognizer import LiteRTRecognizer, top
from mobilenet_gui.core.types import Preprocessing
from tests.model_factory import CHANNELS, SIZE, Kind, make_bundle, make_labels, make_tflite, plain_photo

KINDS: list[Kind] = ["float32", "uint8", "int8"]
COLOURS = {"dark": (0, 0, 0), "red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "bright": (255, 255, 255)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("background", [False, True])
def test_every_number_format_answers_right(tmp_path: Path, kind: Kind, background: bool) -> None:
    recognizer = LiteRTRecognizer(make_bundle(tmp_path / "b", kind=kind, background=background), threads=1)
    for index, (name, colour) in enumerate(COLOURS.items()):
        answer = recognizer.recognize(plain_photo(colour, 50), top_k=3)
        assert (answer.best.label, answer.best.index, answer.best.id) == (name, index, f"n{index:08d}")
        assert answer.best.probability > 0.95
        assert len(answer.predictions) == 3
        assert answer.features is None
        assert answer.model_id == "tiny"
        assert answer.timing.prepare > 0
        assert answer.timing.network > 0
    recognizer.close()


def test_quantised_and_float_agree(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    found = {kind: LiteRTRecognizer(make_bundle(tmp_path / kind, kind=kind), threads=1) for kind in KINDS}
    for _ in range(20):
        colour = random.integers(0, 256, 3)
        photo = plain_photo((int(colour[0]), int(colour[1]), int(colour[2])))
        answers = [found[kind].probabilities(photo)[0] for kind in KINDS]
        np.testing.assert_allclose(answers[1], answers[0], atol=0.06)
        np.testing.assert_allclose(answers[2], answers[0], atol=0.06)


def test_float_input_is_exactly_what_keras_would_feed(tmp_path: Path) -> None:
    recognizer = LiteRTRecognizer(make_bundle(tmp_path / "b"), threads=1)
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)
    scores, _ = recognizer.probabilities(pixels)
    direct = recognizer.run_tensor(normalize(pixels, "minus1_1")[None])
    np.testing.assert_array_equal(scores, direct[0])
    keras = pixels.astype(np.float32)
    keras /= 127.5
    keras -= 1.0
    np.testing.assert_array_equal(normalize(pixels, "minus1_1"), keras)


def test_features_come_when_asked_for(tmp_path: Path) -> None:
    for kind in KINDS:
        recognizer = LiteRTRecognizer(make_bundle(tmp_path / kind, kind=kind), threads=1)
        features = recognizer.recognize(plain_photo((255, 0, 0)), want_features=True).features
        assert features is not None
        assert features.shape == (SIZE // 4, SIZE // 4, CHANNELS)
        assert features.dtype == np.float32
        np.testing.assert_allclose(features[..., 1], 1.0, atol=0.03)  # the channel that measures red


def test_logits_become_probabilities(tmp_path: Path) -> None:
    manifest = Manifest("l", "L", "other", Preprocessing(SIZE), classes=6, output="logits")
    bundle = write_bundle(tmp_path / "l", manifest, tflite=make_tflite(softmax=False), labels=make_labels())
    scores, _ = LiteRTRecognizer(bundle, threads=1).probabilities(plain_photo((0, 255, 0)))
    wanted, _ = LiteRTRecognizer(make_bundle(tmp_path / "p"), threads=1).probabilities(plain_photo((0, 255, 0)))
    np.testing.assert_allclose(scores, wanted, atol=1e-6)


@pytest.mark.parametrize("softmax", [True, False])
def test_temperature_flattens(tmp_path: Path, softmax: bool) -> None:
    def scores(temperature: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        output = "probabilities" if softmax else "logits"
        manifest = Manifest("t", "T", "other", Preprocessing(SIZE), 6, output=output, temperature=temperature)  # type: ignore[arg-type]
        folder = tmp_path / f"{temperature}"
        bundle = write_bundle(folder, manifest, tflite=make_tflite(softmax=softmax), labels=make_labels())
        return LiteRTRecognizer(bundle, threads=1).probabilities(plain_photo((0, 0, 255)))[0]

    plain, flat = scores(1), scores(2)
    wanted = np.sqrt(plain) / np.sqrt(plain).sum()
    np.testing.assert_allclose(flat, wanted, atol=1e-5)


def test_order_is_that_of_decode_predictions_and_stable() -> None:
    scores = np.array([0.1, 0.3, 0.1, 0.3, 0.2], np.float32)
    assert top(scores, 5) == [3, 1, 4, 2, 0]
    assert top(scores, 2) == [3, 1]
    assert top(scores, 50) == [3, 1, 4, 2, 0]
    distinct = np.random.default_rng(0).permutation(1000).astype(np.float32)
    assert top(distinct, 5) == list(distinct.argsort()[-5:][::-1])


def test_folder_may_vanish_while_in_use(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b")
    recognizer = LiteRTRecognizer(bundle, threads=1)
    shutil.rmtree(bundle.folder)
    assert recognizer.recognize(plain_photo((255, 0, 0))).best.label == "red"
    with pytest.raises(ModelError):
        LiteRTRecognizer(bundle)


def test_wrong_size_is_a_fault_of_the_caller(tmp_path: Path) -> None:
    recognizer = LiteRTRecognizer(make_bundle(tmp_path / "b"), threads=1)
    with pytest.raises(ValueError, match="pixels"):
        recognizer.probabilities(np.zeros((5, 5, 3), np.uint8))


def test_closing_twice_is_fine_and_using_after_is_not(tmp_path: Path) -> None:
    recognizer = LiteRTRecognizer(make_bundle(tmp_path / "b"), threads=1)
    recognizer.close()
    recognizer.close()
    with pytest.raises(RuntimeError):
        recognizer.probabilities(plain_photo((0, 0, 0)))


def test_network_that_does_not_fit_its_manifest_is_refused(tmp_path: Path) -> None:
    for change in ({"classes": 5}, {"preprocessing": Preprocessing(64)}):
        settings = {"classes": 6, "preprocessing": Preprocessing(SIZE)} | change
        manifest = Manifest("x", "X", "other", **settings)  # type: ignore[arg-type]
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        bundle = write_bundle(folder, manifest, tflite=make_tflite(), labels=make_labels(manifest.classes))
        with pytest.raises(ModelError, match="does not match"):
            LiteRTRecognizer(bundle)


def test_garbage_is_refused_in_words(tmp_path: Path) -> None:
    manifest = Manifest("x", "X", "other", Preprocessing(SIZE), classes=6)
    bundle = write_bundle(tmp_path / "g", manifest, tflite=b"not a network", labels=make_labels())
    with pytest.raises(ModelError, match="cannot be run"):
        LiteRTRecognizer(bundle)


def test_several_threads_take_turns(tmp_path: Path) -> None:
    recognizer = LiteRTRecognizer(make_bundle(tmp_path / "b"), threads=1)
    wrong: list[str] = []

    def ask(name: str) -> None:
        for _ in range(200):
            scores, _ = recognizer.probabilities(plain_photo(COLOURS[name]))
            if list(COLOURS)[int(scores.argmax())] != name:
                wrong.append(name)

    threads = [threading.Thread(target=ask, args=(name,)) for name in COLOURS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_threads_follow_the_cores_this_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= default_threads() <= usable_cores()
    monkeypatch.setattr(cores, "usable_cores", lambda: 64)
    assert default_threads() == cores.MOST_THREADS
    monkeypatch.setattr(cores, "usable_cores", lambda: 1)
    assert default_threads() == 1


def test_loading_says_nothing_and_brings_no_tensorflow(tmp_path: Path) -> None:
    make_bundle(tmp_path / "b")
    code = (
        "import sys; from pathlib import Path; from mobilenet_gui.core.bundle import Bundle\n"
        "from mobilenet_gui.core.recognizer import LiteRTRecognizer\n"
        "assert 'ai_edge_litert' not in sys.modules\n"
        f"r = LiteRTRecognizer(Bundle.open(Path({str(tmp_path / 'b')!r})))\n"
        "assert not {'tensorflow', 'keras', 'h5py', 'PySide6'} & set(sys.modules)\n"
        "print('still heard', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == ""
    assert done.stderr.strip() == "still heard"


def test_hot_path_costs_next_to_nothing_over_the_bare_loop(tmp_path: Path) -> None:
    recognizer = LiteRTRecognizer(make_bundle(tmp_path / "b", size=128, classes=1000), threads=1)
    pixels = plain_photo((10, 200, 30), 128)
    tensor = normalize(pixels, "minus1_1")[None]

    def best(ask: object) -> float:
        assert callable(ask)
        times = []
        for _ in range(300):
            start = time.perf_counter()
            ask()
            times.append(time.perf_counter() - start)
        return sorted(times)[10]

    def bare() -> None:
        recognizer.run_tensor(tensor)

    extra = min(best(lambda: recognizer.probabilities(pixels)) - best(bare) for _ in range(3))
    assert extra < 0.2e-3
