"""Makes whole Keras models that stand on a MobileNet, without Keras: configuration and arrays in both layouts."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.training.architectures import Architecture
from mobilenet_gui.training.keras_config import snake_case
from tests.training.weight_files import arrays_for, names_for

KINDS = {"conv": "Conv2D", "depthwise": "DepthwiseConv2D", "norm": "BatchNormalization", "dense": "Dense"}
Arrays = dict[str, list[NDArray[np.float32]]]


def layer(kind: str, name: str, **settings: Any) -> dict[str, Any]:
    """A layer's configuration."""
    return {"class_name": kind, "config": {"name": name, **settings}}


def backbone(architecture: Architecture, size: int) -> list[dict[str, Any]]:
    """The layers of a network without classifier, as far as their weights and last activation go."""
    found = [layer("InputLayer", "input_of_backbone", batch_shape=[None, size, size, 3])]
    found += [layer(KINDS[x.kind], x.name, strides=[1, 1], epsilon=0.001) for x in architecture.layers]
    return [*found, layer("ReLU", "out_relu", max_value=6.0)]


def chain(layers: list[dict[str, Any]], name: str = "model") -> dict[str, Any]:
    """A Functional model in which each layer follows the one before."""
    linked = []
    for number, one in enumerate(layers):
        before = layers[number - 1]["config"]["name"] if number else None
        nodes = [] if before is None else [[[before, 0, 0, one.get("call", {})]]]
        linked.append({**one, "name": one["config"]["name"], "inbound_nodes": nodes})
    first, last = (layers[n]["config"]["name"] for n in (0, -1))
    config = {"name": name, "layers": linked, "input_layers": [[first, 0, 0]], "output_layers": [[last, 0, 0]]}
    return {"class_name": "Functional", "config": config}


def sequential(layers: list[dict[str, Any]], name: str = "sequential") -> dict[str, Any]:
    """A Sequential model."""
    return {"class_name": "Sequential", "config": {"name": name, "layers": layers}}


def weights_of(architecture: Architecture, dense: dict[str, tuple[int, int]], seed: int = 0) -> Arrays:
    """Random arrays of a backbone, and of dense layers (inputs, outputs), with a bias each."""
    random = np.random.default_rng(seed)
    found = {x.name: arrays_for(x, random) for x in architecture.layers}
    for name, shape in dense.items():
        found[name] = [random.normal(0, 0.1, s).astype(np.float32) for s in (shape, shape[1:])]
    return found


def write_h5(path: Path, config: dict[str, Any], arrays: Arrays, architecture: Architecture) -> Path:
    """Write the legacy layout: one group an outermost layer, what is not trained behind what is."""
    names = {x.name: names_for(x) for x in architecture.layers}
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        root = file.create_group("model_weights")
        tops = config["config"]["layers"]
        root.attrs["layer_names"] = [one["config"]["name"].encode() for one in tops]
        for top in tops:
            group = root.create_group(top["config"]["name"])
            places: list[tuple[bool, str, NDArray[np.float32]]] = []
            for name in _leaves(top):
                for part, values in zip(names.get(name, ["kernel", "bias"]), arrays.get(name, []), strict=False):
                    places.append((part.startswith("moving"), f"{name}/{part}:0", values))
            places.sort(key=lambda place: place[0])
            group.attrs["weight_names"] = [name.encode() for _, name, _ in places]
            for _, name, values in places:
                group.create_dataset(name, data=values)
    return path


def write_keras(path: Path, config: dict[str, Any], arrays: Arrays) -> Path:
    """Write Keras 3's archive: one group a layer, named after its class."""
    inner = path.with_suffix(".inner")

    def put(group: Any, model: dict[str, Any]) -> None:
        layers, counts = group.create_group("layers"), dict[str, int]()
        for one in model["config"]["layers"]:
            base = snake_case(one["class_name"])
            counts[base] = counts.get(base, -1) + 1
            own = layers.create_group(f"{base}_{counts[base]}" if counts[base] else base)
            if "layers" in one["config"]:
                put(own, one)
                continue
            values = own.create_group("vars")
            for number, array in enumerate(arrays.get(one["config"]["name"], [])):
                values.create_dataset(str(number), data=array)

    with h5py.File(inner, "w") as file:
        put(file, config)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.write(inner, "model.weights.h5")
    inner.unlink()
    return path


def _leaves(one: dict[str, Any]) -> list[str]:
    if "layers" not in one["config"]:
        return [one["config"]["name"]]
    return [name for inner in one["config"]["layers"] for name in _leaves(inner)]
