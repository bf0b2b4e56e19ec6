"""Makes Keras weights files without Keras: the legacy layout and the newer one, with random numbers."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.training.architectures import Architecture, Layer

_GROUPS = {"conv": "conv2d", "depthwise": "depthwise_conv2d", "norm": "batch_normalization", "dense": "dense"}
_NORM = ("gamma", "beta", "moving_mean", "moving_variance")


def arrays_for(layer: Layer, random: np.random.Generator) -> list[NDArray[np.float32]]:
    """Random arrays of a layer's shapes; variances positive."""
    return [np.abs(random.normal(0.5, 0.1, shape)).astype(np.float32) for shape in layer.shapes]


def names_for(layer: Layer) -> list[str]:
    """The arrays' names in the legacy layout."""
    if layer.kind == "norm":
        return list(_NORM)
    return ["depthwise_kernel"] if layer.kind == "depthwise" else ["kernel", "bias"][: len(layer.shapes)]


def write_legacy(
    path: Path, architecture: Architecture, *, prefix: str = "", inside: str = "", seed: int = 0, config: object = None
) -> Path:
    """Write the legacy layout; `prefix` goes before each layer's name, `inside` names a group around all."""
    random = np.random.default_rng(seed)
    with h5py.File(path, "w") as file:
        root = file.create_group(inside) if inside else file
        if config is not None:
            file.attrs["model_config"] = json.dumps(config)
        names = ["input_1"]
        root.create_group("input_1").attrs["weight_names"] = np.array([], "S1")
        for layer in architecture.layers:
            name = prefix + layer.name
            names.append(name)
            group = root.create_group(name)
            weights = [f"{name}/{weight}:0" for weight in names_for(layer)]
            group.attrs["weight_names"] = [w.encode() for w in weights]
            for weight, values in zip(weights, arrays_for(layer, random), strict=True):
                group.create_dataset(weight, data=values)
        root.attrs["layer_names"] = [n.encode() for n in names]
    return path


def write_modern(path: Path | Any, architecture: Architecture, *, named: bool = True, seed: int = 0) -> Any:
    """Write Keras 3's layout; `named` as newer versions do, which tell each layer's name."""
    random = np.random.default_rng(seed)
    counts: dict[str, int] = {}
    with h5py.File(path, "w") as file:
        layers = file.create_group("layers")
        layers.create_group("input_layer").create_group("vars")
        file.create_group("vars")
        file.create_group("optimizer").create_group("vars").create_dataset("0", data=np.int64(3))
        for layer in architecture.layers:
            base = _GROUPS[layer.kind]
            number = counts.get(base, 0)
            counts[base] = number + 1
            values = layers.create_group(f"{base}_{number}" if number else base).create_group("vars")
            if named:
                values.attrs["name"] = layer.name
            for position, array in enumerate(arrays_for(layer, random)):
                values.create_dataset(str(position), data=array)
    return path


def write_archive(path: Path, architecture: Architecture, size: int) -> Path:
    """Write a `.keras` archive."""
    inner = path.with_suffix(".inner")
    write_modern(inner, architecture)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", json.dumps(input_config(size)))
        archive.write(inner, "model.weights.h5")
    inner.unlink()
    return path


def input_config(size: int, key: str = "batch_shape") -> dict[str, Any]:
    """A model's configuration that says what its input is."""
    layer = {"class_name": "InputLayer", "config": {key: [None, size, size, 3]}}
    return {"class_name": "Functional", "config": {"layers": [{"class_name": "Lambda", "config": {}}, layer]}}
