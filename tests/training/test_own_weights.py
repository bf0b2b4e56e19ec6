"""Keras weights that give what the program's own 16-bit network counts with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mobilenet_gui import paths
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.tflite_edit import only_first_output
from mobilenet_gui.core.tflite_graph import Graph, parse
from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.detect import Declared, detect
from mobilenet_gui.training.own_weights import Arrays, as_in_network, holds_halves
from mobilenet_gui.training.weights import open_weights
from tests.model_factory import make_tflite

pytestmark = pytest.mark.starter


@pytest.fixture
def starter() -> tuple[Architecture, Arrays, Graph]:
    bundle = Bundle.open(paths.builtin_models_dir() / "starter")
    assert bundle.weights_path is not None
    with open_weights(bundle.weights_path) as file:
        found = detect(file, Declared(input_size=bundle.preprocessing.size), "starter")
        arrays = found.read("starter")
    return found.architecture, arrays, only_first_output(bundle.tflite_bytes(), "starter")


def folded(arrays: Arrays, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of a layer with its batch norm folded in, as a converter does it."""
    gamma, beta, mean, variance = (np.asarray(values, np.float64) for values in arrays[f"{layer}_bn"])
    scale = gamma / np.sqrt(variance + 1e-3)
    kernel = np.asarray(arrays[layer][0], np.float64)
    return kernel * (scale[:, None] if "dw" in layer else scale), beta - mean * scale


def stored(graph: Graph, code: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias of the network's `number`-th convolution of a kind, laid out as Keras has them."""
    op = [op for op in graph.operations if op.code == code][number]
    values: list[Any] = []
    for index in op.inputs[1:]:
        maker = graph.producer(index)
        values.append(graph.tensors[index if maker is None else maker.inputs[0]].values)
    return values[0].astype(np.float64).transpose(1, 2, 3, 0), values[1].astype(np.float64)


@pytest.mark.parametrize(("layer", "code", "number"), [("conv1", 3, 0), ("conv_dw_7", 4, 6), ("conv_pw_13", 3, 13)])
def test_folding_gives_the_networks_numbers(
    starter: tuple[Architecture, Arrays, Graph], layer: str, code: int, number: int
) -> None:
    architecture, arrays, graph = starter
    assert holds_halves(graph)
    found = as_in_network(architecture, arrays, graph)
    wanted = stored(graph, code, number)
    errors = []
    for weights in (arrays, found):
        given = folded(weights, layer)
        errors.append(max(np.abs(a.reshape(b.shape) - b).max() for a, b in zip(given, wanted, strict=True)))
    assert errors[1] < 1e-6 < errors[0] / 10
    assert {name: [a.shape for a in values] for name, values in found.items()} == {
        name: [a.shape for a in values] for name, values in arrays.items()
    }


def test_another_network_changes_nothing(starter: tuple[Architecture, Arrays, Graph]) -> None:
    architecture, arrays, graph = starter
    assert as_in_network(architecture, arrays, parse(make_tflite(), "x")) is arrays
    assert not holds_halves(parse(make_tflite(), "x"))
    wrong = {name: [values[0] * 1.1, *values[1:]] for name, values in arrays.items()}
    assert as_in_network(architecture, wrong, graph) is wrong
    assert as_in_network(replace(architecture, family="v2"), arrays, graph) is arrays
