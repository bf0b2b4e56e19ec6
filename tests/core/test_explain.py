"""The heat map: it is the exact share of each position in the logit, and the gradient for heads of two layers."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from mobilenet_gui.core.bundle import ClassifierHead, HeadLayer
from mobilenet_gui.core.explain import activation_map, class_weights, heat_map, logits
from mobilenet_gui.core.recognizer import LiteRTRecognizer
from tests.model_factory import SIZE, make_bundle

F32 = np.float32


def make_head(*sizes: int, activation: str = "hard_swish") -> ClassifierHead:
    random = np.random.default_rng(3)
    layers = []
    for number, (inputs, outputs) in enumerate(itertools.pairwise(sizes)):
        last = number == len(sizes) - 2
        kernel, bias = random.normal(0, 0.7, (inputs, outputs)), random.normal(0, 1, outputs)
        layers.append(HeadLayer(kernel.astype(F32), bias.astype(F32), "linear" if last else activation))
    return ClassifierHead(tuple(layers))


FEATURES = np.random.default_rng(4).gamma(1.0, 1.0, (7, 5, 16)).astype(F32)


def test_mean_of_the_map_plus_bias_is_the_logit() -> None:
    head = make_head(16, 9)
    wanted = logits(FEATURES, head)
    for index in range(9):
        share = activation_map(FEATURES, head, index)
        assert float(share.mean()) + float(head.layers[0].bias[index]) == pytest.approx(float(wanted[index]), abs=1e-4)


@pytest.mark.parametrize("activation", ["hard_swish", "relu", "relu6"])
def test_weights_of_a_deeper_head_are_the_gradient(activation: str) -> None:
    head = make_head(16, 12, 9, activation=activation)
    precise = ClassifierHead(
        tuple(HeadLayer(x.kernel.astype(np.float64), x.bias.astype(np.float64), x.activation) for x in head.layers)
    )
    pooled = FEATURES.mean(axis=(0, 1)).astype(np.float64)
    step = 1e-6
    for index in (0, 5, 8):
        found = class_weights(FEATURES, head, index)
        for channel in range(16):
            moved = [pooled.copy(), pooled.copy()]
            moved[0][channel] += step
            moved[1][channel] -= step
            up, down = (_logit(precise, x, index) for x in moved)
            assert float(found[channel]) == pytest.approx((up - down) / (2 * step), abs=2e-4)


def _logit(head: ClassifierHead, pooled: np.ndarray[tuple[int, ...], np.dtype[np.float64]], index: int) -> float:
    value = pooled
    for layer in head.layers:
        value = value @ layer.kernel + layer.bias
        if layer.activation == "hard_swish":
            value = value * np.clip(value + 3, 0, 6) / 6
        elif layer.activation == "relu":
            value = np.maximum(value, 0)
        elif layer.activation == "relu6":
            value = np.clip(value, 0, 6)
    return float(value[index])


def test_heat_is_between_nothing_and_one() -> None:
    for index in range(9):
        heat = heat_map(FEATURES, make_head(16, 12, 9), index)
        assert heat.shape == (7, 5)
        assert heat.dtype == F32
        assert heat.min() >= 0
        assert heat.max() in (0.0, 1.0)


def test_nothing_that_speaks_for_it_is_no_heat() -> None:
    head = ClassifierHead((HeadLayer(-np.ones((16, 2), F32), np.zeros(2, F32)),))
    assert not heat_map(FEATURES, head, 1).any()


def test_wrong_use_is_told() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        heat_map(FEATURES[..., :5], make_head(16, 9), 0)
    for index in (-1, 9):
        with pytest.raises(ValueError, match="class"):
            heat_map(FEATURES, make_head(16, 9), index)


def test_heat_stands_where_the_colour_is(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "b")
    pixels = np.zeros((SIZE, SIZE, 3), np.uint8)
    pixels[: SIZE // 2, : SIZE // 2, 0] = 255  # red, upper left
    _, features = LiteRTRecognizer(bundle, threads=1).probabilities(pixels, want_features=True)
    head = bundle.head()
    assert features is not None
    assert head is not None
    heat = heat_map(features, head, 1)
    assert heat[:4, :4].min() > 0.9
    assert heat[4:, :].max() < 0.4


@pytest.mark.parametrize("kind", ["float32", "uint8", "int8"])
def test_stored_head_repeats_the_network(tmp_path: Path, kind: str) -> None:
    bundle = make_bundle(tmp_path / "b", kind=kind, background=True)  # type: ignore[arg-type]
    head = bundle.head()
    assert head is not None
    pixels = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)
    scores, features = LiteRTRecognizer(bundle, threads=1).probabilities(pixels, want_features=True)
    assert features is not None
    again = np.exp(logits(features, head))
    np.testing.assert_allclose(again / again.sum(), scores, atol=0.03)
