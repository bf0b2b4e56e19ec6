"""The whole way of real weights: from an official address on loopback through the worker process to an answer."""

from __future__ import annotations

import csv
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mobilenet_gui.core import catalog, imaging
from mobilenet_gui.core.errors import Cancelled, ModelError
from mobilenet_gui.core.install import InstallProgress
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.core.store import ModelStore
from mobilenet_gui.model_service import ModelService
from mobilenet_gui.settings import Settings
from tests.conftest import find_shared
from tests.loopback import OFFICIAL_PATH, LoopbackServer

pytestmark = [pytest.mark.shared]

_place = find_shared()
FILES = sorted(f.name for f in (_place / "weights" / "keras").iterdir()) if _place is not None else ["(not here)"]


@pytest.fixture
def server(shared: Path) -> Iterator[LoopbackServer]:
    with LoopbackServer() as running:
        running.serve_folder(shared / "weights" / "keras")
        yield running


@pytest.fixture
def store() -> ModelStore:
    return ModelStore()


@pytest.fixture
def service(server: LoopbackServer, store: ModelStore) -> ModelService:
    return ModelService(Settings(weights_url=server.base), store)


def share_right(bundle_id: str, store: ModelStore, shared: Path) -> float:
    """Return the share of the sample photos whose class is among the first five answers."""
    recognizer = LiteRTRecognizer(store.get(bundle_id))
    rows = list(csv.DictReader((shared / "photos" / "labels.csv").open(encoding="utf-8")))
    right = 0
    for row in rows:
        photo = imaging.decode_for(shared / "photos" / row["file"], recognizer.bundle.preprocessing)
        answer = recognizer.recognize(photo, top_k=5)
        right += row["wnid"] in {p.id for p in answer.predictions}
    recognizer.close()
    return right / len(rows)


@pytest.mark.keras
@pytest.mark.parametrize("name", FILES)
def test_each_file_downloads_converts_and_answers(
    name: str, service: ModelService, server: LoopbackServer, store: ModelStore, shared: Path
) -> None:
    found = catalog.find_by_file_name(name)
    assert found is not None
    entry, file = found
    seen: list[InstallProgress] = []
    bundle = service.download(entry.id, seen.append, backbone=file.backbone)
    assert server.paths() == [f"{OFFICIAL_PATH}/{file.url_path}"]
    assert bundle.is_backbone == file.backbone
    assert (bundle.manifest.family, bundle.manifest.alpha) == (entry.family, entry.alpha)
    assert bundle.preprocessing == entry.preprocessing
    served = hashlib.sha256((shared / "weights" / "keras" / name).read_bytes()).hexdigest()
    assert bundle.manifest.provenance.sha256 == served
    assert bundle.weights_path is not None
    assert hashlib.sha256(bundle.weights_path.read_bytes()).hexdigest() == served
    assert seen[-1].fraction == 1.0
    if not file.backbone:
        assert bundle.manifest.parameters == entry.parameters
        assert bundle.explainable
        assert store.chosen_id() == entry.id
        assert share_right(entry.id, store, shared) > {0.25: 0.6, 0.75: 0.85, 1.0: 0.9}[entry.alpha]


@pytest.mark.keras
def test_a_cancelled_conversion_ends_soon_and_goes_on_without_a_second_download(
    service: ModelService, server: LoopbackServer, store: ModelStore
) -> None:
    cancel = threading.Event()

    def report(now: InstallProgress) -> None:
        if now.step == "preparing" and (now.step_fraction or 0) >= 0.05:
            cancel.set()

    with pytest.raises(Cancelled):
        service.download("mobilenet-v1-0.25-128", report, cancel)
    assert store.list() == []
    service.download("mobilenet-v1-0.25-128")
    assert len(server.requests) == 1


def test_another_network_at_the_address_is_refused_by_name(
    service: ModelService, server: LoopbackServer, store: ModelStore, shared: Path
) -> None:
    entry = catalog.by_id("mobilenet-v1-0.25-128")
    assert entry is not None
    other = (shared / "weights" / "keras" / "mobilenet_7_5_192_tf.h5").read_bytes()
    server.files[f"{OFFICIAL_PATH}/{entry.url_path}"] = other
    with pytest.raises(ModelError, match="could not be converted") as caught:
        service.download(entry.id)
    assert caught.value.subject == entry.name
    assert "0.75" in caught.value.reason
    assert store.list() == []


@pytest.mark.parametrize("damage", ["half", "flipped", "zeros", "text"])
def test_damaged_weights_are_refused_and_forgotten(
    damage: str, service: ModelService, server: LoopbackServer, store: ModelStore, shared: Path
) -> None:
    entry = catalog.by_id("mobilenet-v1-0.25-128")
    assert entry is not None
    path = f"{OFFICIAL_PATH}/{entry.url_path}"
    good = server.files[path]
    server.files[path] = {
        "half": good[: len(good) // 2],
        "flipped": b"\xff" * 4096 + good[4096:],
        "zeros": bytes(len(good)),
        "text": b"not weights at all\n" * 1000,
    }[damage]
    for _ in range(2):
        with pytest.raises(ModelError, match="could not be converted") as caught:
            service.download(entry.id)
        assert caught.value.subject == entry.name
    assert len(server.requests) == 2  # the bad file was not kept
    assert store.list() == []


@pytest.mark.parametrize(
    "name", ["mobilenet_v1_0.25_128_quant", "mobilenet_v1_0.75_192_quant", "mobilenet_v2_1.0_224_quant"]
)
def test_quantised_official_files_import_and_answer(
    name: str, service: ModelService, store: ModelStore, shared: Path
) -> None:
    folder = shared / "weights" / "tflite"
    bundle = service.import_file(folder / f"{name}.tflite", folder / "imagenet_labels.txt")
    assert bundle.id == name.replace("_", "-")
    assert len(bundle.labels) == 1000
    assert share_right(bundle.id, store, shared) > (0.6 if "0.25" in name else 0.85)
