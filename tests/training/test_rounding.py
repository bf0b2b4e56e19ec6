"""Rounding weights so that a layer answers as before."""

from __future__ import annotations

import numpy as np
import pytest

from mobilenet_gui.core.litert import load_interpreter
from mobilenet_gui.core.tensors import dequantize, input_table
from mobilenet_gui.core.tflite_edit import constant_place
from mobilenet_gui.core.tflite_graph import Graph, parse
from mobilenet_gui.training import rounding
from mobilenet_gui.training.control import Control
from mobilenet_gui.training.rounding import Doubles, compensated, refine
from tests.model_factory import SIZE, make_tflite


def layer(groups: int, inputs: int, outputs: int) -> tuple[Doubles, Doubles, Doubles]:
    """Inputs that go together, as those behind a ReLU do; weights with a bias; what each layer sees of x x'."""
    random = np.random.default_rng(3)
    mixed = random.normal(size=(groups, 400, inputs)) @ random.normal(size=(groups, inputs, inputs)) + 1
    seen = np.concatenate([np.maximum(mixed, 0), np.ones((groups, 400, 1))], axis=2)
    weights = random.normal(size=(groups, inputs + 1, outputs))
    return seen, weights, seen.transpose(0, 2, 1) @ seen / 400


@pytest.mark.parametrize(("groups", "inputs", "outputs"), [(1, 100, 20), (1, 30, 70), (30, 9, 1)])
def test_the_layers_error_is_much_smaller_than_by_nearest_numbers(groups: int, inputs: int, outputs: int) -> None:
    seen, weights, moment = layer(groups, inputs, outputs)

    def nearest(values: Doubles) -> Doubles:
        return np.rint(values * 16) / 16

    found = compensated(weights, moment, nearest)
    assert np.array_equal(found[:, :-1], nearest(found[:, :-1]))  # every weight is one that can be stored
    plain = weights.copy()
    plain[:, :-1] = nearest(plain[:, :-1])
    errors = [float(np.square(seen @ (weights - rounded)).mean()) for rounded in (found, plain)]
    assert errors[0] < 0.6 * errors[1]


def test_inputs_that_never_come_do_no_harm() -> None:
    _, weights, moment = layer(1, 12, 3)
    moment[:, 4] = moment[:, :, 4] = 0
    assert np.isfinite(compensated(weights, moment, np.rint)).all()


def ask(data: bytes, photos: np.ndarray) -> np.ndarray:
    network = load_interpreter(data, "x", 1)
    photo, answer = network.get_input_details()[0], network.get_output_details()[0]
    table = input_table(np.dtype(photo["dtype"]), photo["quantization"], "minus1_1")
    rows = []
    for one in photos:
        values = one if table is None else table[one]
        network.set_tensor(photo["index"], values.astype(photo["dtype"])[None])
        network.invoke()
        rows.append(dequantize(network.get_tensor(answer["index"])[0], answer["quantization"]))
    return np.stack(rows)


def photos(count: int) -> np.ndarray:
    random = np.random.default_rng(5)
    colours = random.integers(0, 256, (count, 1, 1, 3))
    return np.clip(colours + random.normal(0, 40, (count, SIZE, SIZE, 3)), 0, 255).astype(np.uint8)


def test_an_8_bit_network_answers_more_like_the_exact_one() -> None:
    exact, rounded = make_tflite("float32", softmax=False), make_tflite("int8", softmax=False)
    found = refine(exact, rounded, photos(64), "minus1_1", Control())
    assert found is not None
    assert len(found) == len(rounded)
    assert found != rounded
    assert [t.shape for t in parse(found, "x").tensors] == [t.shape for t in parse(rounded, "x").tensors]
    other = np.random.default_rng(8).permutation(photos(96)[64:])
    wanted = ask(exact, other)
    before, after = (float(np.square(ask(data, other) - wanted).mean()) for data in (rounded, found))
    assert after < before


def test_networks_that_do_not_match_are_left_alone() -> None:
    assert refine(make_tflite(classes=6), make_tflite("int8", classes=7), photos(4), "minus1_1", Control()) is None
    assert refine(make_tflite(), make_tflite("int8"), photos(0), "minus1_1", Control()) is None


def test_numbers_that_two_layers_share_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    exact, rounded = make_tflite("float32", softmax=False), make_tflite("int8", softmax=False)
    dense = next(op for op in parse(rounded, "x").operations if op.code == 9).inputs[1]
    real = constant_place

    def shared(graph: Graph, index: int) -> int | None:
        return None if index == dense else real(graph, index)

    monkeypatch.setattr(rounding, "constant_place", shared)
    found = refine(exact, rounded, photos(16), "minus1_1", Control())
    assert found is not None
    before, after = (parse(data, "x").tensors for data in (rounded, found))
    changed = [
        a.index for a, b in zip(before, after, strict=True) if a.values is not None and (a.values != b.values).any()
    ]
    assert changed
    assert dense not in changed
