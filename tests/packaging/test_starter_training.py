"""The program that trained the starter model: its network is Keras' own, its step goes downhill, its plan ends."""

from __future__ import annotations

import csv
import importlib
import io
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.detect import Declared, detect
from mobilenet_gui.training.weights import open_weights

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "packaging" / "starter"))

    def module(name: str) -> ModuleType:
        return importlib.import_module(name)

    return module


def test_the_flat_array_holds_kerass_mobilenet(load: Any) -> None:
    network = load("network")
    architecture = Architecture("v1", network.ALPHA, network.CLASSES)
    statistics = 2 * sum(layer.channels for layer in network.LAYERS)
    assert network.SIZE + statistics == architecture.parameters
    wanted = {layer.name: layer.shapes[0] for layer in architecture.layers if layer.kind != "norm"}
    assert {layer.name: layer.shape for layer in network.LAYERS} == {
        n: s for n, s in wanted.items() if n != "conv_preds"
    }
    flat = network.begin(3)
    assert np.array_equal(flat, network.begin(3))
    assert not np.array_equal(flat, network.begin(4))
    mask = network.decay_mask()
    depthwise = [layer for layer in network.LAYERS if layer.kind == "depthwise"]
    assert all(mask[layer.kernel].sum() == mask[layer.gamma].sum() == 0 for layer in depthwise)
    assert mask[network.TOP].all()


def test_weights_survive_the_small_file(load: Any, tmp_path: Path) -> None:
    network, weights = load("network"), load("keras_weights")
    path = tmp_path / "starter.h5"
    written = weights.as_half(weights.from_flat(network.begin(1)))
    weights.write(written, path)
    with open_weights(path) as file:
        found = detect(file, Declared(), str(path))
        read = found.read(str(path))
    assert found.architecture == Architecture("v1", network.ALPHA, network.CLASSES)
    for name, arrays in written.items():
        for wanted, given in zip(arrays, read[name], strict=True):
            assert np.array_equal(wanted, given)


def test_crops_stay_inside_the_photo(load: Any) -> None:
    left, top, wide, high = load("train").draw_crops(np.random.default_rng(1), 4000, 0.3)[:, :4].T
    assert (left >= 0).all()
    assert (top >= 0).all()
    assert (left + abs(wide) <= 1 + 1e-6).all()
    assert (top + high <= 1 + 1e-6).all()
    assert 0.4 < (wide < 0).mean() < 0.6
    assert (abs(wide) * high).min() > 0.2


def test_the_plan_follows_the_clock_or_the_epochs_and_the_rate_ends_at_nought(load: Any) -> None:
    train = load("train")
    recipe = train.Recipe()
    clock = train.Plan(began=100.0, until=300.0, steps=0, share=0.5)
    assert clock.done(100.0, 7) == pytest.approx(0.5)
    assert clock.done(200.0, 7) == pytest.approx(0.75)
    assert clock.done(300.0, 7) == pytest.approx(1.0)
    assert train.Plan(0.0, 0.0, 400, 0.0).done(1e9, 100) == pytest.approx(0.25)
    assert recipe.rate_at(0.0, 0) < recipe.rate_at(0.0, recipe.warm_up) == recipe.rate
    assert recipe.rate_at(1.0, 10**6) == pytest.approx(0)
    assert recipe.size(0.0) <= recipe.size(0.5) <= recipe.size(1.0)


def pack(folder: Path, names: tuple[str, ...], each: int) -> None:
    """Write a data set in the packed form: plain colours, their class the colour."""
    random = np.random.default_rng(0)
    for name in names:
        webp, offsets, labels = b"", [0], []
        for _ in range(each):
            label = int(random.integers(0, 2))
            out = io.BytesIO()
            Image.new("RGB", (64, 64), [(230, 20, 20), (20, 20, 230)][label]).save(out, "WEBP", lossless=True)
            webp += out.getvalue()
            offsets.append(len(webp))
            labels.append(label)
        np.savez(
            folder / f"{name}.npz",
            webp=np.frombuffer(webp, np.uint8),
            offsets=offsets,
            labels=np.array(labels, np.uint8),
        )
    with (folder / "classes.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [["index", "wnid", "imagenet_index", "name"], [0, "n01443537", 1, "goldfish"], [1, "n01629819", 25, "x, y"]]
        )


def test_packed_photos_are_read_once_and_kept(load: Any, tmp_path: Path) -> None:
    dataset = load("dataset")
    data, cache = tmp_path / "data", tmp_path / "cache"
    data.mkdir()
    pack(data, dataset.VALIDATION_FILES, 6)
    pixels, labels = dataset.load(data, cache, "val")
    assert pixels.shape == (6, 64, 64, 3)
    assert ((pixels[:, 0, 0, 0] > 128) == (labels == 0)).all()
    (data / "val.npz").unlink()
    assert np.array_equal(dataset.load(data, cache, "val")[1], labels)
    assert [row.imagenet_index for row in dataset.read_classes(data)] == [1, 25]


def test_the_fused_step_goes_downhill_as_fast_as_its_gradient_says(load: Any, tmp_path: Path) -> None:
    """The directional derivative along the gradient, by differences, is the gradient's squared length."""
    fused, network, train, parts = load("fused"), load("network"), load("train"), load("step")
    if not fused.available():
        pytest.skip("needs an x86 processor with AVX-512 bfloat16 and g++")
    engine = fused.FusedStep(tmp_path, 32)
    random = np.random.default_rng(5)
    photos = random.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    index = np.arange(32, dtype=np.int64) % 8
    draws = train.draw_crops(random, 32, 0.3)
    targets = np.zeros((32, network.CLASSES), np.float32)
    targets[np.arange(32), index] = 1
    flat = network.begin(1)
    batch = parts.Batch(photos, index, draws, targets, 64)
    loss, gradient = engine.gradient(flat, batch)
    assert loss == pytest.approx(np.log(network.CLASSES), abs=0.6)
    gradient = gradient.copy()
    top = np.zeros_like(gradient)
    top[network.TOP] = gradient[network.TOP]  # behind the last ReLU6 everything is smooth enough for differences
    length = float(top @ top)
    size = np.float32(0.02 / length)
    beyond, _ = engine.gradient(flat + size * top, batch)
    before, _ = engine.gradient(flat - size * top, batch)
    assert (beyond - before) / (2 * float(size)) == pytest.approx(length, rel=0.02)
    state = parts.State(flat, np.zeros_like(flat), flat.copy())
    change = parts.Change(0.05, 0.9, 0.9, network.decay_mask() * np.float32(5e-5))
    losses = []
    for _ in range(25):
        loss, gradient = engine.gradient(flat, batch)
        engine.update(state, gradient, change)
        losses.append(loss)
    assert losses[-1] < 0.5 * losses[0]
    assert np.isfinite(flat).all()
    assert not np.array_equal(flat, state.average)


def test_training_writes_a_checkpoint_goes_on_from_it_and_ends(load: Any, tmp_path: Path) -> None:
    """As a person runs it, in a process of its own; a checkpoint holds everything to go on with."""
    fused, dataset, network = load("fused"), load("dataset"), load("network")
    if not fused.available():
        pytest.skip("needs an x86 processor with AVX-512 bfloat16 and g++")
    data = tmp_path / "data"
    data.mkdir()
    pack(data, dataset.TRAINING_FILES, 32)
    checkpoint = tmp_path / "starter.npz"
    command = [sys.executable, "train.py", "--data", data, "--cache", tmp_path / "cache", "--checkpoint", checkpoint]
    command += ["--workers", "1", "--engine", "fused"]

    def train(epochs: int) -> str:
        place = ROOT / "packaging" / "starter"
        full = [str(part) for part in [*command, "--epochs", epochs]]
        return subprocess.run(full, cwd=place, check=True, capture_output=True, text=True, timeout=240).stdout

    train(2)
    with np.load(checkpoint, allow_pickle=False) as state:
        assert int(state["step"]) == 4
        first = state["average"].copy()
    assert first.shape == (network.SIZE,)
    assert not np.array_equal(first, network.begin(1))
    assert "going on from step 4" in train(3)
    with np.load(checkpoint, allow_pickle=False) as state:
        assert int(state["step"]) == 6
        assert not np.array_equal(state["average"], first)


def test_photos_that_were_learnt_from_are_known_again(load: Any, tmp_path: Path) -> None:
    seen = load("seen")
    random = np.random.default_rng(2)
    scenes = [Image.fromarray(random.integers(0, 256, (7, 9, 3), dtype=np.uint8)).resize((450, 350)) for _ in range(4)]
    for number, scene in enumerate(scenes):
        scene.save(tmp_path / f"{number}.jpg", quality=80)
    middle = scenes[0].crop((50, 0, 400, 350))
    known = np.stack([np.asarray(photo.resize((64, 64))) for photo in (middle, scenes[1], scenes[3])])
    paths = [tmp_path / f"{number}.jpg" for number in range(4)]
    assert seen.unseen(paths, 1, known, np.array([1, 1, 0])) == paths[2:], "3 is another class's photo"


@pytest.mark.keras
def test_the_fused_gradient_is_that_of_keras(load: Any, tmp_path: Path) -> None:
    """With the shipped weights and plain targets; bfloat16 keeps 8 bits, so directions agree, not digits."""
    import tensorflow as tf

    from mobilenet_gui.training import keras_models

    fused, network, parts = load("fused"), load("network"), load("step")
    if not fused.available():
        pytest.skip("needs an x86 processor with AVX-512 bfloat16 and g++")
    with open_weights(ROOT / "resources" / "models" / "starter" / "weights.h5") as file:
        arrays = detect(file, Declared(), "starter").read("starter")
    flat = np.zeros(network.SIZE, np.float32)
    for layer in network.LAYERS:
        norm = arrays[f"{layer.name}_bn"]
        flat[layer.kernel] = arrays[layer.name][0].ravel()
        flat[layer.gamma], flat[layer.beta] = norm[0], norm[1]
    flat[network.TOP], flat[network.BIAS] = (array.ravel() for array in arrays["conv_preds"])
    samples = sorted((ROOT / "resources" / "samples").glob("*.jpg"))
    photos = np.stack([np.asarray(Image.open(path).convert("RGB").resize((64, 64))) for path in samples])
    index = np.arange(16, dtype=np.int64) % len(photos)
    draws = np.tile(np.array([0, 0, 1, 1, 1, 0, 1, 0], np.float32), (16, 1))  # whole photos, as they are
    draws[:, 4] = np.linspace(0.5, 1.2, 16)  # but each with another contrast
    targets = np.full((16, network.CLASSES), 1 / network.CLASSES, np.float32)
    _, given = fused.FusedStep(tmp_path, 16).gradient(flat, parts.Batch(photos, index, draws, targets, 64))
    model = keras_models.build(Architecture("v1", network.ALPHA, network.CLASSES), 64, arrays)
    model.trainable = True
    inputs = photos[index].astype(np.float32) / 127.5 - 1
    mean = inputs.mean((1, 2, 3), keepdims=True)
    inputs = np.clip((inputs - mean) * draws[:, 4].reshape(-1, 1, 1, 1) + mean, -1, 1)
    kernels = {layer.name: model.get_layer(layer.name).weights[0] for layer in network.LAYERS}
    with tf.GradientTape() as tape:
        answers = model(inputs, training=True)
        loss = -tf.reduce_mean(tf.reduce_sum(targets * tf.math.log(answers + 1e-12), 1))
    wanted = tape.gradient(loss, [kernel.value for kernel in kernels.values()])
    for layer, kerass in zip(network.LAYERS, wanted, strict=True):
        ours, theirs = given[layer.kernel], kerass.numpy().ravel()
        alike = float(ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs))
        assert alike > 0.9, layer.name
        assert np.linalg.norm(ours) == pytest.approx(np.linalg.norm(theirs), rel=0.15), layer.name
