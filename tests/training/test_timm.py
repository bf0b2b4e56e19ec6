"""Weights of timm's files give timm's answers: MobileNet V4 and EfficientNet-Lite through import, Keras and LiteRT."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.core import catalog
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.catalog import Family
from mobilenet_gui.core.confidence import softmax
from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.core.explain import heat_map, logits
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from mobilenet_gui.training import protocol
from mobilenet_gui.training.architectures import PLANS, Architecture
from mobilenet_gui.training.detect import Declared, detect, input_size
from mobilenet_gui.training.job import ConvertJob, TrainJob
from mobilenet_gui.training.process import run_job
from mobilenet_gui.training.safetensors_file import read_state_dict
from mobilenet_gui.training.training_settings import TrainingSettings
from mobilenet_gui.training.weights import open_weights
from tests.model_factory import make_labels
from tests.training.painted import make_base, make_run, paint_folder
from tests.training.timm_networks import (
    ANSWERS,
    CLASSES,
    FAMILIES,
    SIZE,
    make_arrays,
    make_photos,
    safetensors,
    timm_state,
)

PUBLISHED_MACS = {"v4-small": 0.2e9, "v4-medium": 1.1e9, "v4-large": 6.4e9}
"""As timm's model cards give them."""


def written(folder: Path, data: bytes) -> Path:
    path = folder / "model.safetensors"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_is_known_by_its_layers(tmp_path: Path, family: Family) -> None:
    architecture = Architecture(family, 1.0, CLASSES)
    arrays = make_arrays(architecture)
    state: dict[str, NDArray[Any]] = dict(timm_state(architecture, arrays))
    state["bn1.num_batches_tracked"] = np.array(3, np.int64)
    path = written(tmp_path, safetensors(state))
    with open_weights(path) as file:
        found = detect(file, Declared(), "x")
        assert found.architecture == architecture
        assert input_size(file, Declared(), path, family) == PLANS[family].size
        read = found.read("x")
    for name, values in arrays.items():
        assert all(np.array_equal(a, b) for a, b in zip(values, read[name], strict=True)), name


@pytest.mark.parametrize("family", FAMILIES)
def test_the_catalogue_says_what_the_table_counts(family: Family) -> None:
    entry = next(entry for entry in catalog.ENTRIES if entry.family == family)
    architecture, plan = Architecture(family, 1.0, 1000), PLANS[family]
    assert (entry.name, entry.input_size, entry.parameters) == (plan.name, plan.size, architecture.parameters)
    assert entry.macs == round(plan.macs(1000), -6)
    assert entry.preprocessing.normalization == "zero_255"


@pytest.mark.parametrize("family", PUBLISHED_MACS)
def test_work_is_what_was_published(family: Family) -> None:
    assert abs(PLANS[family].macs(1000) - PUBLISHED_MACS[family]) < 0.05e9


@pytest.mark.keras
@pytest.mark.parametrize("family", ["v4-small", "v4-medium", "v4-large", "lite2"])  # the other Lites differ in numbers
def test_the_answers_are_those_of_timm(tmp_path: Path, family: Family) -> None:
    architecture = Architecture(family, 1.0, CLASSES)
    path = written(tmp_path, safetensors(timm_state(architecture, make_arrays(architecture))))
    labels = make_labels(CLASSES)
    job = ConvertJob(path, tmp_path / "b", Naming("m", ""), input_size=SIZE, labels=labels)
    run_job(job)
    bundle = Bundle.open(tmp_path / "b")
    assert (bundle.manifest.family, bundle.preprocessing.normalization) == (family, "zero_255")
    assert bundle.trainable
    head = bundle.head()
    assert head is not None
    assert len(head.layers) == (2 if family.startswith("v4") else 1)
    recognizer = LiteRTRecognizer(bundle)
    for photo, wanted in zip(make_photos(), json.loads(ANSWERS.read_text())[family], strict=True):
        scores, features = recognizer.probabilities(photo, want_features=True)
        assert features is not None
        # The head's logits are those that the network's probabilities come from.
        np.testing.assert_allclose(logits(features, head), wanted, atol=1e-4)
        np.testing.assert_allclose(scores, softmax(np.array(wanted, np.float32)), atol=1e-5)
        assert heat_map(features, head, int(scores.argmax())).shape == (SIZE // 32, SIZE // 32)
    recognizer.close()


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        read_state_dict(path)
    assert caught.value.subject == str(path)
    return caught.value.reason


def test_a_file_that_breaks_off_or_lies_is_damaged(tmp_path: Path) -> None:
    damaged = "The file is damaged. Download it again."
    data = safetensors({"a.weight": np.arange(12, dtype=np.float32).reshape(3, 4)})
    assert np.array_equal(read_state_dict(written(tmp_path, data))["a.weight"], np.arange(12).reshape(3, 4))
    for end in range(0, len(data), 5):
        assert refusal(written(tmp_path, data[:end])) == damaged
    for old, new in (
        (b"[3,4]", b"[3,9]"),
        (b"[0,48]", b"[9,57]"),
        (b"[3,4]", b"[-3,-4]"),
        (b'"F32"', b'"U64"'),
        (b"[3,4]", b"null"),
        (b"[0,48]", b"[0,1e3]"),
        (b"[0,48]", b"[0.0,48]"),
    ):
        table = data[8:].replace(old, new, 1)
        grown = len(table) - len(data) + 8
        size = (int.from_bytes(data[:8], "little") + grown).to_bytes(8, "little")
        assert refusal(written(tmp_path, size + table)) == damaged
    random = np.random.default_rng(4)
    for _ in range(300):
        spoilt = bytearray(data)
        for at in random.integers(0, len(data), 3):
            spoilt[at] = random.integers(0, 256)
        with contextlib.suppress(ModelError), open_weights(written(tmp_path, bytes(spoilt))) as file:
            for layer in file.layers:
                with contextlib.suppress(ValueError):  # not finite
                    layer.read()


@pytest.mark.keras
def test_mobilenet_v4_learns(tmp_path: Path) -> None:
    base = make_base(tmp_path / "base", family="v4-small", alpha=1.0)
    photos = paint_folder(tmp_path / "photos")
    settings = TrainingSettings(preset="balanced", epochs=2, patience=0, learning_rate=0.001, unfreeze_blocks=2)
    run = make_run(tmp_path / "run", photos, base, settings)
    events: list[protocol.Event] = []
    result = run_job(TrainJob(run.path), events.append)
    assert result["accuracy"] >= 0.8
    assert len([e for e in events if isinstance(e, protocol.Epoch) and e.phase == "adapt"]) == 2
    bundle = Bundle.open(Path(result["bundle"]))
    assert (bundle.manifest.family, bundle.explainable, bundle.trainable) == ("v4-small", True, True)
