"""The model that the program comes with: made from a package's weights, and right about what we ourselves offer."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from mobilenet_gui import builtin_models, paths
from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.explain import heat_map
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.training.bases import recommended

SAMPLES = {
    "daisy": "daisy",
    "fly-agaric": "fly agaric",
    "golf-ball": "golf ball",
    "hot-air-balloon": "hot-air balloon",
    "lighthouse": "lighthouse",
    "strawberries": "strawberry",
    "traffic-light": "traffic light",
}
"""What each sample photo shows, as people read it."""


@pytest.fixture
def lite() -> Bundle:
    """The built-in model as `make setup` made it; where it did not, tests skip, and in CI they fail."""
    if not builtin_models.is_made():
        if os.environ.get("CI"):
            pytest.fail("make setup has not made the built-in model")
        pytest.skip("the built-in model was not made: make setup")
    return Bundle.open(paths.builtin_models_dir() / builtin_models.MODEL_ID)


@pytest.mark.builtin
def test_it_answers_first_and_is_what_a_training_starts_from(lite: Bundle, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    assert store.active_id == lite.id == recommended(store).id
    assert store.is_builtin(lite.id)
    assert lite.explainable
    assert lite.trainable
    assert len(lite.labels) == 1000
    assert lite.manifest.provenance.created == "2020-06-20"
    lite.verify()


@pytest.mark.builtin
def test_what_we_offer_is_answered_right(lite: Bundle) -> None:
    photos = {path.stem: path for path in (paths.resources_dir() / "samples").glob("*.jpg")}
    assert set(photos) == set(SAMPLES)
    recognizer = LiteRTRecognizer(lite)
    for name, label in SAMPLES.items():
        photo = imaging.decode_for(photos[name], lite.preprocessing)
        answer = recognizer.recognize(photo, want_features=True)
        assert answer.best.shown == label, name
        assert answer.features is not None, "what Explain is made of"
        head = lite.head()
        assert head is not None
        assert heat_map(answer.features, head, answer.best.index).max() == pytest.approx(1)
    recognizer.close()


@pytest.mark.builtin
@pytest.mark.shared
def test_real_photos(lite: Bundle, shared: Path) -> None:
    with (shared / "photos" / "labels.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    recognizer = LiteRTRecognizer(lite)
    first = five = 0
    for row in rows:
        photo = imaging.decode_for(shared / "photos" / row["file"], lite.preprocessing)
        found = [p.id for p in recognizer.recognize(photo).predictions]
        first += found[0] == row["wnid"]
        five += row["wnid"] in found
    recognizer.close()
    assert len(rows) == 48
    assert first >= 43  # 44 when it was written
    assert five == 48


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.pth"
    other.write_bytes(b"not those")
    monkeypatch.setattr(builtin_models, "weights_file", lambda: other)
    with pytest.raises(ModelError, match="not the weights"):
        builtin_models.make(tmp_path / "models")
    monkeypatch.setattr(builtin_models, "weights_file", lambda: None)
    with pytest.raises(ModelError, match="not installed"):
        builtin_models.make(tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_the_package_is_found_without_running_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / builtin_models.PACKAGE
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('this code ran')")
    (package / "models" / "weights.pth").write_bytes(b"x")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert builtin_models.weights_file() == package / "models" / "weights.pth"
