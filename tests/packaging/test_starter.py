"""The model that ships with the program: sound, small, honest, and enough for the first photo without a network."""

from __future__ import annotations

import json
import math
import re
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenet_gui import paths
from mobilenet_gui.cli import main
from mobilenet_gui.core import imaging
from mobilenet_gui.core import labels as label_lists
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.catalog import DEFAULT_ID
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.explain import heat_map
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.training import bases
from mobilenet_gui.training.base import open_base
from tests.model_factory import make_bundle

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "resources" / "models" / "starter"
SAMPLES = ROOT / "resources" / "samples"
MAX_BYTES = 4_000_000

pytestmark = pytest.mark.starter


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Refuse every way to another machine; the list tells who tried."""
    tried: list[str] = []

    def refuse(*args: Any, **_: Any) -> Any:
        tried.append(str(args[1:]))
        raise OSError(101, "Network is unreachable")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    return tried


@pytest.fixture
def starter() -> Bundle:
    return Bundle.open(FOLDER)


def test_it_is_a_sound_bundle_of_at_most_four_megabytes(starter: Bundle) -> None:
    starter.verify()
    assert starter.builtin
    assert starter.explainable
    assert starter.trainable
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= MAX_BYTES
    known = {entry.name for entry in starter.manifest.files.values()} | {"manifest.json", "CARD.md"}
    assert {file.name for file in FOLDER.iterdir()} == known


def test_labels_are_classes_of_imagenet_in_the_programs_own_words(starter: Bundle) -> None:
    assert len(starter.labels) == starter.manifest.classes == 200
    assert [label.index for label in starter.labels] == list(range(200))
    imagenet = {label.id: label for label in label_lists.imagenet()}
    for label in starter.labels:
        assert (label.name, label.synonyms) == (imagenet[label.id].name, imagenet[label.id].synonyms)
    assert len({label.id for label in starter.labels}) == 200


def test_description_and_card_say_what_was_measured(starter: Bundle) -> None:
    metrics = starter.manifest.metrics
    assert metrics.top1 is not None
    assert metrics.top5 is not None
    assert metrics.top1 < metrics.top5
    card = (FOLDER / "CARD.md").read_text(encoding="utf-8")
    for text in (starter.manifest.description, card):
        assert f"{100 * metrics.top1:.1f} %" in text
        assert f"{100 * metrics.top5:.1f} %" in text
    assert "200" in starter.manifest.description
    for heading in ("## Measured", "## What it is bad at", "## As a backbone for fine-tuning"):
        assert heading in card
    assert re.search(rf"temperature {starter.temperature:.2f}", card)
    assert "c549eab" in card, "the commit whose program trained it"


def test_a_photo_is_answered_on_a_new_machine_without_a_network(
    no_network: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert not paths.data_dir().exists() or not any(paths.data_dir().iterdir())
    photo = SAMPLES / "golf-ball.jpg"
    assert main(["classify", str(photo), "--format", "json", "--top", "5"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["model"] == "starter"
    shown = [prediction["probability"] for prediction in record["predictions"]]
    assert len(shown) == 5
    assert shown == sorted(shown, reverse=True)
    assert 0 < sum(shown) <= 1.0001
    assert no_network == []


def test_it_is_listed_as_built_in_with_its_own_figures(
    starter: Bundle, no_network: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "list"]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if " starter " in line)
    assert line.startswith("*")
    assert "built in" in line
    assert f"{100 * (starter.manifest.metrics.top1 or 0):.1f} %" in line
    assert main(["models", "list", "--format", "json"]) == 0
    records = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    record = next(record for record in records if record["id"] == "starter")
    assert (record["builtin"], record["active"], record["classes"]) == (True, True, 200)
    assert no_network == []


def test_it_cannot_be_removed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError, match="comes with the program"):
        ModelStore().remove("starter")
    assert main(["models", "remove", "starter"]) != 0
    capsys.readouterr()
    assert (FOLDER / "manifest.json").is_file()


def test_an_installed_model_takes_over_and_the_starter_comes_back_after_it() -> None:
    store = ModelStore()
    assert store.active_id == "starter"
    with store.staging_folder() as staging:
        make_bundle(staging, bundle_id=DEFAULT_ID)
        store.install(staging)
    store.activate(DEFAULT_ID)
    assert ModelStore().active_id == DEFAULT_ID
    store.remove(DEFAULT_ID)
    assert ModelStore().active_id == "starter"


def test_it_finds_at_least_one_of_the_sample_photos_it_knows_and_can_say_why(starter: Bundle) -> None:
    """The rendered samples are no proof of quality; that the answers depend on the photo, they prove."""
    recognizer = LiteRTRecognizer(starter, 1)
    answers = {}
    for path in sorted(SAMPLES.glob("*.jpg")):
        found = recognizer.recognize(imaging.decode_for(path, starter.preprocessing), want_features=True)
        answers[path.stem] = found.best.label
        head = starter.head()
        assert head is not None
        assert found.features is not None
        assert heat_map(found.features, head, found.best.index).max() == pytest.approx(1)
    recognizer.close()
    assert len(set(answers.values())) > len(answers) // 2


def test_fine_tuning_can_begin_from_it_and_prefers_official_models(starter: Bundle) -> None:
    store = ModelStore()
    assert bases.recommended(store).id == "starter"
    base = open_base(FOLDER)
    assert base.architecture.classes == 200
    assert base.architecture.alpha == 0.5


@pytest.mark.keras
def test_its_weights_load_into_keras_with_and_without_classifier(starter: Bundle) -> None:
    import keras

    size = starter.preprocessing.size
    shape = (size, size, 3)
    whole = keras.applications.MobileNet(input_shape=shape, alpha=0.5, weights=None, classes=200)
    whole.load_weights(starter.weights_path)
    backbone = keras.applications.MobileNet(input_shape=shape, alpha=0.5, weights=None, include_top=False)
    fresh = backbone.get_layer("conv_pw_13").get_weights()[0].copy()
    backbone.load_weights(starter.weights_path, by_name=True)
    assert not np.array_equal(backbone.get_layer("conv_pw_13").get_weights()[0], fresh)
    pixels = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    batch = imaging.normalize(pixels, "minus1_1")[None]
    plain = Bundle(starter.folder, _without_temperature(starter), starter.labels)
    recognizer = LiteRTRecognizer(plain, 1)
    scores, features = recognizer.probabilities(pixels, want_features=True)
    recognizer.close()
    assert np.abs(np.asarray(whole(batch))[0] - scores).max() < 5e-3, "16-bit rounding after folding, no more"
    assert features is not None
    assert np.abs(np.asarray(backbone(batch))[0] - features).max() < 0.1


def _without_temperature(bundle: Bundle) -> Any:
    from dataclasses import replace

    return replace(bundle.manifest, temperature=1.0)


def test_it_travels_in_the_wheel() -> None:
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["resources"] == "mobilenet_gui/resources"
    assert math.isclose(ModelStore().disk_usage("starter"), sum(f.stat().st_size for f in FOLDER.iterdir()))
