"""Conversions against Keras itself: same architectures, same probabilities, same five labels, from every format."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mobilenet_gui.core import imaging, labels
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.confidence import softmax
from mobilenet_gui.core.explain import heat_map, logits
from mobilenet_gui.core.naming import Naming
from mobilenet_gui.core.recognizer import LiteRTRecognizer, top
from mobilenet_gui.core.types import Label
from mobilenet_gui.training import protocol
from mobilenet_gui.training.architectures import FAMILIES, PLANS, Architecture
from mobilenet_gui.training.job import ConvertJob
from mobilenet_gui.training.process import WorkerProcess, run_job
from tests.model_factory import make_labels

pytestmark = pytest.mark.keras

REFERENCE = Path(__file__).with_name("keras_reference.py")
TOLERANCE = 1e-4
OF_KERAS = tuple(family for family in FAMILIES if family not in PLANS)
"""Those that Keras has, too."""
SIZE = 64


def ask_keras(folder: Path, tasks: list[dict[str, Any]]) -> None:
    """Let Keras do `tasks` in a process and a home of its own, with our table of labels for `decode_predictions`."""
    home = folder / "keras"
    (home / "models").mkdir(parents=True, exist_ok=True)
    table = {str(x.index): [x.id, x.name.replace(" ", "_")] for x in labels.imagenet()}
    (home / "models" / "imagenet_class_index.json").write_text(json.dumps(table), encoding="utf-8")
    # Keras insists on the sum of the file that it would download; ours is of our own making.
    code = (
        "import runpy,sys,keras\nfrom keras.src.applications import imagenet_utils as u\nimport json\n"
        f"u.CLASS_INDEX=json.load(open({str(home / 'models' / 'imagenet_class_index.json')!r},encoding='utf-8'))\n"
        f"sys.argv=['reference',{str(folder / 'tasks.json')!r}]\nrunpy.run_path({str(REFERENCE)!r},run_name='__main__')"
    )
    (folder / "tasks.json").write_text(json.dumps(tasks), encoding="utf-8")
    environment = os.environ | {"KERAS_HOME": str(home), "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_architectures_are_those_of_keras(tmp_path: Path) -> None:
    widths = {"v1": (0.25, 0.6, 0.75), "v2": (0.35, 0.5, 0.6, 1.3, 1.4), "v3-small": (0.75,), "v3-large": (0.75, 1.3)}
    tried = [(family, alpha, 7) for family in OF_KERAS for alpha in widths.get(family, ())]
    tried += [(family, 1.0, classes) for family in OF_KERAS for classes in (1000, None)]  # type: ignore[misc]
    ask_keras(tmp_path, [{"do": "spec", "architectures": tried, "out": str(tmp_path / "spec.json")}])
    kinds = {"conv": "Conv2D", "depthwise": "DepthwiseConv2D", "norm": "BatchNormalization", "dense": "Dense"}
    for (family, alpha, classes), found in zip(tried, json.loads((tmp_path / "spec.json").read_text()), strict=True):
        ours = Architecture(family, alpha, classes)
        assert [[x.name, kinds[x.kind], [list(s) for s in x.shapes]] for x in ours.layers] == found["layers"], ours
        assert ours.parameters == found["parameters"]


def noise(size: int, count: int) -> NDArray[np.uint8]:
    """Photos of noise around different brightness."""
    random = np.random.default_rng(9)
    middle = np.linspace(60, 190, count)[:, None, None, None]
    return np.clip(random.normal(middle, 50, (count, size, size, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("family", OF_KERAS)
def test_every_family_answers_as_keras_does(tmp_path: Path, family: str) -> None:
    classes, alpha = 7, 1.0 if "minimalistic" in family else 0.75
    pixels = noise(SIZE, 4)
    normalization: Any = "zero_255" if family.startswith("v3") else "minus1_1"
    np.save(tmp_path / "in.npy", imaging.normalize(pixels, normalization))
    made = tmp_path / "made"
    task = {"do": "save", "family": family, "alpha": alpha, "size": SIZE, "classes": classes, "seed": 1}
    ask_keras(tmp_path, [task | {"folder": str(made), "tensor": str(tmp_path / "in.npy")}])
    wanted = np.load(made / "answers.npy")
    assert wanted.std() > 1e-3  # it does tell the photos or classes apart
    # Each family goes through one format to the end; every format of every family is read in test_weights.
    names = ["legacy.h5", "modern.weights.h5", "archive.keras", "whole.h5"]
    name = names[OF_KERAS.index(family) % len(names)]
    bundle = _convert(made / name, tmp_path / "b", make_labels(classes), size=SIZE)
    assert (bundle.manifest.family, bundle.manifest.alpha) == (family, alpha)
    assert bundle.preprocessing.normalization == normalization
    assert bundle.explainable
    assert bundle.weights_path is not None
    assert bundle.weights_path.read_bytes() == (made / name).read_bytes()
    head = bundle.head()
    assert head is not None
    assert len(head.layers) == (2 if family.startswith("v3") else 1)
    recognizer = LiteRTRecognizer(bundle)
    for photo, answer in zip(pixels, wanted, strict=True):
        scores, features = recognizer.probabilities(photo, want_features=True)
        np.testing.assert_allclose(scores, answer, atol=TOLERANCE)
        assert features is not None
        np.testing.assert_allclose(softmax(logits(features, head)), scores, atol=1e-4)
        assert heat_map(features, head, int(scores.argmax())).shape == (SIZE // 32, SIZE // 32)


def test_every_format_gives_the_same_network(tmp_path: Path) -> None:
    pixels = noise(SIZE, 1)
    np.save(tmp_path / "in.npy", imaging.normalize(pixels, "minus1_1"))
    made = tmp_path / "made"
    task = {"do": "save", "family": "v1", "alpha": 0.25, "size": SIZE, "classes": 7, "seed": 2}
    ask_keras(tmp_path, [task | {"folder": str(made), "tensor": str(tmp_path / "in.npy")}])
    for number, name in enumerate(("legacy.h5", "modern.weights.h5", "archive.keras", "whole.h5")):
        told = None if name in ("archive.keras", "whole.h5") else SIZE
        bundle = _convert(made / name, tmp_path / f"b{number}", make_labels(7), size=told)
        assert bundle.preprocessing.size == SIZE
        scores, _ = LiteRTRecognizer(bundle).probabilities(pixels[0])
        np.testing.assert_allclose(scores, np.load(made / "answers.npy")[0], atol=TOLERANCE)


def _convert(weights: Path, output: Path, names: tuple[Label, ...] | None, size: int | None = None) -> Bundle:
    fractions: list[float] = []

    def on_event(event: protocol.Event) -> None:
        if isinstance(event, protocol.Progress) and event.fraction is not None:
            fractions.append(event.fraction)

    run_job(ConvertJob(weights, output, Naming("m", "M"), input_size=size, labels=names), on_event)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    bundle = Bundle.open(output)
    bundle.verify()
    return bundle


def test_warmed_worker_converts(tmp_path: Path, shared: Path) -> None:
    with WorkerProcess() as worker:
        worker.warm()
        job = ConvertJob(shared / "weights" / "keras" / "mobilenet_2_5_128_tf.h5", tmp_path / "o", Naming("m", ""))
        worker.run(job)
    bundle = Bundle.open(tmp_path / "o")
    assert bundle.name == "MobileNet V1 0.25 / 128"
    assert bundle.manifest.provenance.sha256 == bundle.manifest.files["weights"].sha256


REAL = {
    "mobilenet_2_5_128_tf.h5": ("v1", 0.25, 128),
    "mobilenet_7_5_192_tf.h5": ("v1", 0.75, 192),
    "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224.h5": ("v2", 1.0, 224),
}


@pytest.mark.shared
@pytest.mark.parametrize("name", REAL)
def test_real_weights_give_keras_probabilities_and_labels(tmp_path: Path, shared: Path, name: str) -> None:
    family, alpha, size = REAL[name]
    weights = shared / "weights" / "keras" / name
    bundle = _convert(weights, tmp_path / "b", None)
    assert (bundle.manifest.family, bundle.manifest.alpha, bundle.preprocessing.size) == (family, alpha, size)
    rows = list(csv.DictReader((shared / "photos" / "labels.csv").open(encoding="utf-8")))[::4]
    photos = [imaging.decode_for(shared / "photos" / row["file"], bundle.preprocessing) for row in rows]
    pixels = [imaging.prepare(photo, bundle.preprocessing).pixels for photo in photos]
    np.save(tmp_path / "in.npy", imaging.normalize(np.stack(pixels), "minus1_1"))
    task = {"do": "answer", "family": family, "alpha": alpha, "size": size, "weights": str(weights)}
    ask_keras(tmp_path, [task | {"tensor": str(tmp_path / "in.npy"), "out": str(tmp_path / "out.npy")}])
    wanted, decoded = np.load(tmp_path / "out.npy"), json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    recognizer = LiteRTRecognizer(bundle)
    right = 0
    for row, photo, image, answer, five in zip(rows, photos, pixels, wanted, decoded, strict=True):
        scores, _ = recognizer.probabilities(image)
        np.testing.assert_allclose(scores, answer, atol=TOLERANCE)
        recognition = recognizer.recognize(photo, top_k=5)
        assert [p.id for p in recognition.predictions] == [wnid for wnid, _, _ in five]
        assert [p.label.replace(" ", "_") for p in recognition.predictions] == [label for _, label, _ in five]
        assert top(answer, 5) == [p.index for p in recognition.predictions]
        right += int(row["imagenet_index"]) in [p.index for p in recognition.predictions]
    assert right >= len(rows) * (0.5 if alpha == 0.25 else 0.9)


@pytest.mark.shared
def test_weights_with_classes_of_their_own_need_as_many_labels(tmp_path: Path, shared: Path) -> None:
    weights = shared / "starter" / "mobilenet_5_0_96_200_classes.h5"
    listed = tmp_path / "labels.txt"
    rows = csv.DictReader((shared / "tiny-imagenet" / "classes.csv").open(encoding="utf-8"))
    listed.write_text("".join(f"{row['wnid']} {row['name']}\n" for row in rows), encoding="utf-8")
    names = labels.parse_labels_file(listed, 200)
    bundle = _convert(weights, tmp_path / "b", names)
    assert (bundle.manifest.classes, bundle.preprocessing.size, bundle.manifest.alpha) == (200, 96, 0.5)
    assert bundle.labels == names
    assert bundle.explainable
