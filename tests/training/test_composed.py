"""Whole Keras models that stand on a MobileNet: taken apart without Keras, and answering as Keras does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.keras_look import Recognised, recognise
from tests.training.composed_files import (
    backbone,
    chain,
    layer,
    sequential,
    weights_of,
    write_h5,
    write_keras,
)

V2 = Architecture("v2", 0.35, None)
V1 = Architecture("v1", 0.25, None)
CHANNELS = {"v1": 256, "v2": 1280}
SIZE = 96


def look(
    tmp_path: Path,
    config: dict[str, Any],
    dense: dict[str, tuple[int, int]],
    architecture: Architecture = V2,
    suffix: str = ".h5",
) -> Recognised:
    arrays = weights_of(architecture, dense)
    path = tmp_path / f"x{suffix}"
    if suffix == ".h5":
        write_h5(path, config, arrays, architecture)
    else:
        write_keras(path, config, arrays)
    return recognise(path, None)


def on_top(*layers: dict[str, Any], architecture: Architecture = V2, before: tuple[dict[str, Any], ...] = ()) -> Any:
    """A Functional model with the backbone inside."""
    inside = chain(backbone(architecture, SIZE), "inside")
    head = [layer("GlobalAveragePooling2D", "pool"), *layers]
    return chain([layer("InputLayer", "photo", batch_shape=[None, SIZE, SIZE, 3]), *before, inside, *head])


SOFTMAX = layer("Dense", "answer", activation="softmax")


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_teachable_machine(tmp_path: Path, suffix: str) -> None:
    inside = chain(backbone(V2, SIZE), "model1")
    first = sequential([inside, layer("GlobalAveragePooling2D", "pool")], "sequential_1")
    second = sequential([layer("Dense", "hidden", activation="relu"), SOFTMAX], "sequential_3")
    found = look(tmp_path, sequential([first, second]), {"hidden": (1280, 100), "answer": (100, 3)}, suffix=suffix)
    assert found.composed is not None
    assert (found.architecture, found.size, found.classes) == (V2, SIZE, 3)
    assert [x.activation for x in found.composed.dense] == ["relu", "softmax"]
    assert (found.normalization, found.assumed_range) == ("minus1_1", True)
    wanted = weights_of(V2, {"hidden": (1280, 100), "answer": (100, 3)})
    for name, values in found.composed.arrays.items():
        for mine, theirs in zip(values, wanted[name], strict=True):
            np.testing.assert_array_equal(mine, theirs)
    np.testing.assert_array_equal(found.composed.dense[0].kernel, wanted["hidden"][0])


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
@pytest.mark.parametrize("architecture", [V1, V2])
def test_one_dense_layer_on_top_is_an_official_network(tmp_path: Path, architecture: Architecture, suffix: str) -> None:
    rescaling = layer("Rescaling", "rescaling", scale=1 / 127.5, offset=-1)
    config = on_top(layer("Dropout", "dropout"), SOFTMAX, architecture=architecture, before=(rescaling,))
    found = look(tmp_path, config, {"answer": (CHANNELS[architecture.family], 4)}, architecture, suffix)
    assert found.composed is None
    assert found.as_official is not None
    assert (found.architecture.classes, found.normalization, found.assumed_range) == (4, "minus1_1", False)


def test_layers_among_the_others(tmp_path: Path) -> None:
    config = chain([*backbone(V2, SIZE), layer("GlobalAveragePooling2D", "pool"), SOFTMAX])
    found = look(tmp_path, config, {"answer": (1280, 3)})
    assert (found.classes, found.as_official is not None) == (3, True)


@pytest.mark.parametrize(
    ("before", "wanted"),
    [
        ((layer("Rescaling", "r", scale=1 / 255, offset=0),), "zero_255"),
        ((layer("Rescaling", "r", scale=2, offset=-1),), "zero_1"),
        ((layer("Normalization", "n", mean=[127.5], variance=[127.5**2]),), "minus1_1"),
        (
            (layer("TrueDivide", "d") | {"call": {"y": 255.0}}, layer("Multiply", "m") | {"call": {"y": 1.0}}),
            "zero_255",
        ),
        (
            (
                layer("TFOpLambda", "d", function="math.truediv") | {"call": {"y": 127.5}},
                layer("TFOpLambda", "s", function="math.subtract") | {"call": {"y": 1.0}},
            ),
            "minus1_1",
        ),
        ((layer("Cast", "cast"), layer("Rescaling", "r", scale=1 / 255)), "zero_255"),
        ((layer("RandomFlip", "flip"), layer("Rescaling", "r", scale=1 / 255)), "zero_255"),
    ],
)
def test_what_stands_before_it_tells_the_value_range(
    tmp_path: Path, before: tuple[dict[str, Any], ...], wanted: str
) -> None:
    found = look(tmp_path, on_top(SOFTMAX, before=before), {"answer": (1280, 3)})
    assert (found.normalization, found.assumed_range) == (wanted, False)


def test_what_stands_before_it_may_differ_by_colour(tmp_path: Path) -> None:
    mean, variance = [0.485, 0.456, 0.406], [0.229**2, 0.224**2, 0.225**2]
    before = (layer("Rescaling", "r", scale=1 / 255), layer("Normalization", "n", mean=mean, variance=variance))
    found = look(tmp_path, on_top(SOFTMAX, before=before), {"answer": (1280, 3)})
    assert found.composed is not None
    assert (found.normalization, found.assumed_range) == ("zero_255", False)
    np.testing.assert_allclose(found.composed.before.factor, 1 / 255 / np.sqrt(variance))
    np.testing.assert_allclose(found.composed.before.offset, -np.array(mean) / np.sqrt(variance))


def test_a_number_less_the_photo_turns_its_colours_round(tmp_path: Path) -> None:
    path = write_keras(tmp_path / "x.keras", _less_the_photo(), weights_of(V2, {"answer": (1280, 3)}))
    found = recognise(path, None)
    assert found.composed is not None
    assert (found.composed.before.factor, found.composed.before.offset) == ((-2.0,) * 3, (1.0,) * 3)


def _less_the_photo() -> Any:
    config = on_top(SOFTMAX, before=(layer("Multiply", "m") | {"call": {"y": 2.0}}, layer("Subtract", "s")))
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["m", 0, 0]}}
    config["config"]["layers"][2]["inbound_nodes"] = [{"args": [1.0, tensor], "kwargs": {}}]
    return config


def test_photos_are_resized_where_the_model_does_it(tmp_path: Path) -> None:
    before = (layer("Resizing", "size", height=SIZE, width=SIZE), layer("Rescaling", "r", scale=1 / 127.5, offset=-1))
    config = on_top(SOFTMAX, before=before)
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, 180, 180, 3]
    found = look(tmp_path, config, {"answer": (1280, 3)})
    assert found.composed is not None
    assert (found.size, found.composed.before.side, found.normalization) == (180, SIZE, "minus1_1")


def test_a_window_pools_too(tmp_path: Path) -> None:
    inside = chain(backbone(V2, SIZE), "inside")
    pool = layer("AveragePooling2D", "pool", pool_size=[3, 3])
    config = chain(
        [inside, pool, layer("Flatten", "flat"), layer("Dense", "hidden"), layer("LeakyReLU", "leaky"), SOFTMAX]
    )
    found = look(tmp_path, config, {"hidden": (1280, 8), "answer": (8, 2)})
    assert found.composed is not None
    assert (found.composed.pooling, found.composed.window["pool_size"]) == ("avg window", [3, 3])
    assert [x.activation for x in found.composed.dense] == ["leaky_relu:0.3", "softmax"]


def test_one_output_becomes_two_classes(tmp_path: Path) -> None:
    found = look(tmp_path, on_top(layer("Dense", "answer", activation="sigmoid")), {"answer": (1280, 1)})
    assert (found.classes, found.binary) == (2, True)
    wanted = weights_of(V2, {"answer": (1280, 1)})["answer"]
    assert found.as_official is not None
    kernel, bias = found.as_official["predictions"]
    z = np.random.default_rng(0).normal(size=1280) @ np.hstack([kernel, wanted[0]]) + [*bias, wanted[1][0]]
    assert 1 / (1 + np.exp(-z[2])) == pytest.approx(np.exp(z[1]) / (np.exp(z[0]) + np.exp(z[1])))


def test_batch_norms_fold_into_the_dense_layers(tmp_path: Path) -> None:
    norm = {"scale": True, "center": True, "epsilon": 0.01}
    config = on_top(
        layer("BatchNormalization", "first", **norm),
        layer("Dense", "hidden", activation="linear"),
        layer("BatchNormalization", "second", **norm),
        layer("ReLU", "relu"),
        layer("Dense", "answer"),
        layer("Softmax", "softmax"),
    )
    arrays = weights_of(V2, {"hidden": (1280, 5), "answer": (5, 3)})
    random = np.random.default_rng(1)
    for name, size in (("first", 1280), ("second", 5)):
        arrays[name] = [np.abs(random.normal(1, 0.2, size)).astype(np.float32) for _ in range(4)]
    found = recognise(write_keras(tmp_path / "x.keras", config, arrays), None)
    assert found.composed is not None
    x = random.normal(size=1280)

    def normed(values: Any, name: str) -> Any:
        gamma, beta, mean, variance = arrays[name]
        return (values - mean) / np.sqrt(variance + 0.01) * gamma + beta

    wanted = np.maximum(normed(normed(x, "first") @ arrays["hidden"][0] + arrays["hidden"][1], "second"), 0)
    one, two = found.composed.dense
    np.testing.assert_allclose(np.maximum(x @ one.kernel + one.bias, 0), wanted, rtol=1e-3, atol=1e-4)
    assert (one.activation, two.activation) == ("relu", "softmax")


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (on_top(SOFTMAX, before=(layer("Lambda", "code"),)), r"“code” is program code \(Lambda\)"),
        (on_top(SOFTMAX, before=(layer("Resizing", "resize", height=96, width=80),)), r"imported \(Resizing\)"),
        (on_top(layer("LayerNormalization", "ln"), SOFTMAX), r"imported \(LayerNormalization\)"),
        (on_top(layer("MyLayer", "mine"), SOFTMAX), r"cannot be imported \(MyLayer\)"),
        (on_top(layer("Dense", "answer", activation="my_own")), r"cannot be imported \(Dense\)"),
        (on_top(layer("Dense", "answer", activation="relu")), r"gives no probabilities \(relu\)"),
        (on_top(layer("Dropout", "nothing")), "no classifier"),
        (chain([*backbone(V2, SIZE)[:-9], layer("GlobalAveragePooling2D", "pool"), SOFTMAX]), "differs|missing"),
        (chain([*backbone(V2, SIZE)[:-1], layer("GlobalAveragePooling2D", "pool"), SOFTMAX]), "cannot be|belong"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(tmp_path: Path, config: dict[str, Any], why: str) -> None:
    path = write_keras(tmp_path / "x.keras", config, weights_of(V2, {"answer": (1280, 3)}))
    with pytest.raises(ModelError, match=why) as caught:
        recognise(path, None)
    assert caught.value.subject == str(path)


def test_a_model_that_branches_is_refused(tmp_path: Path) -> None:
    config = on_top(layer("Dense", "a"), layer("Dense", "b"), SOFTMAX)
    config["config"]["layers"][-1]["inbound_nodes"] = [[["a", 0, 0, {}], ["b", 0, 0, {}]]]
    with pytest.raises(ModelError, match="branches at the layer “answer”"):
        look(tmp_path, config, {"a": (1280, 5), "b": (5, 5), "answer": (5, 3)}, suffix=".keras")


@pytest.mark.parametrize(
    "value", [None, 3, [], {}, {"class_name": "Functional"}, {"class_name": "Sequential", "config": 1}]
)
def test_a_configuration_that_is_none_is_no_crash(tmp_path: Path, value: Any) -> None:
    path = write_h5(tmp_path / "x.h5", on_top(SOFTMAX), weights_of(V2, {"answer": (1280, 3)}), V2)
    import json

    import h5py

    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps(value)
    with pytest.raises(ModelError):
        recognise(path, None)
