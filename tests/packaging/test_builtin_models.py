"""The model that the program comes with: made from a package's weights, and right about what we ourselves offer."""

from __future__ import annotations

import csv
import hashlib
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from mobilenet_gui import builtin_models, paths
from mobilenet_gui.builtin_models import weights_file
from mobilenet_gui.core import imaging
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import Cancelled, ModelError, StorageError
from mobilenet_gui.core.explain import heat_map
from mobilenet_gui.core.install import BuildRequest
from mobilenet_gui.core.manifest import MANIFEST_NAME, FileEntry, to_json
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.base import open_base
from mobilenet_gui.training.bases import recommended
from mobilenet_gui.training.detect import Declared, detect
from mobilenet_gui.training.keras_file import pack_weights
from mobilenet_gui.training.weights import open_weights
from tests.model_factory import make_bundle

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


@pytest.mark.builtin
def test_kernels_are_read_back_out_of_the_network(lite: Bundle, tmp_path: Path) -> None:
    source = weights_file()
    assert source is not None
    with open_weights(source) as file:
        wanted = detect(file, Declared(), "x").read("x")
    shutil.copytree(lite.folder, tmp_path / "m")
    weights = tmp_path / "m" / lite.manifest.files["weights"].name
    weights.write_bytes(pack_weights(Architecture("lite0", 1.0, 1000), wanted))
    entry = FileEntry(weights.name, weights.stat().st_size, hashlib.sha256(weights.read_bytes()).hexdigest())
    whole = replace(lite.manifest, files={**lite.manifest.files, "weights": entry})
    (tmp_path / "m" / MANIFEST_NAME).write_text(to_json(whole))
    less = builtin_models._less_kernels(Bundle.open(tmp_path / "m"))
    (tmp_path / "m" / MANIFEST_NAME).write_text(to_json(less))
    bundle = Bundle.open(tmp_path / "m")
    bundle.verify()
    assert bundle.size_bytes < 25e6
    found = open_base(bundle.folder).arrays
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        for ours, theirs in zip(found[name], values, strict=True):
            assert np.abs(ours - theirs).max() <= 1e-6 * np.abs(theirs).max(), name


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
    assert weights_file() == package / "models" / "weights.pth"


class Build:
    """Stands for the worker: makes a small bundle at once, or stops as one that is cancelled half way."""

    cancelled = False

    def __init__(self, *, polite: bool) -> None:
        assert not polite

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def __call__(self, request: BuildRequest, report: builtin_models.Report, cancel: threading.Event) -> None:
        bundle = make_bundle(request.output, bundle_id=request.naming.id)
        report("Converting", 0.5)
        if cancel.is_set():
            raise Cancelled
        assert bundle.folder == request.output


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The program's own folder of models and the user's, with known weights and a worker that makes something."""
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"weights")
    monkeypatch.setattr(builtin_models, "weights_file", lambda: weights)
    monkeypatch.setattr(builtin_models, "SHA256", hashlib.sha256(b"weights").hexdigest())
    monkeypatch.setattr("mobilenet_gui.model_builder.WorkerBuilder", Build)
    monkeypatch.setattr(builtin_models, "_less_kernels", lambda bundle: bundle.manifest)
    own, users = tmp_path / "program" / "models", paths.builtin_model_dirs()[0]
    monkeypatch.setattr(paths, "builtin_models_dir", lambda: own)
    return own, users


def test_it_lies_beside_the_program_or_in_the_cache(places: tuple[Path, Path]) -> None:
    own, users = places
    own.parent.write_text("no folder can be made here")
    told: list[float | None] = []
    assert builtin_models.make(report=lambda _text, share: told.append(share))
    assert told == [0.5]
    assert [path.name for path in users.iterdir()] == [builtin_models.MODEL_ID]
    store = ModelStore()
    assert store.is_builtin(builtin_models.MODEL_ID)
    assert store.get(builtin_models.MODEL_ID).builtin
    with pytest.raises(ModelError, match="cannot be removed"):
        store.remove(builtin_models.MODEL_ID)
    own.parent.unlink()
    assert builtin_models.make()
    assert [path.name for path in own.iterdir()] == [builtin_models.MODEL_ID]


def test_what_was_stopped_leaves_nothing(places: tuple[Path, Path]) -> None:
    own, _ = places
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        builtin_models.make(cancel=stop)
    assert list(own.iterdir()) == []


def test_where_nothing_can_be_written_says_so(places: tuple[Path, Path]) -> None:
    own, users = places
    own.parent.write_text("")
    users.parent.mkdir(parents=True)
    users.write_text("")
    with pytest.raises(StorageError) as caught:
        builtin_models.make()
    assert caught.value.subject == str(users)
