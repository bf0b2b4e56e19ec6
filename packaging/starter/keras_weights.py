"""Keras weights from a checkpoint: the flat parameters, the population's batch statistics, and a small `.h5` file.

Training keeps no running statistics; they are gathered here from training photos with the averaged weights, as the mean
over batches. The file is laid out as `keras.applications` expects (legacy HDF5, so that `load_weights` takes it as it
is, and by name without classifier), its numbers as 16-bit floats, compressed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dataset
import network
import numpy as np
import numpy.typing as npt

STATISTICS_PHOTOS = 8000
STATISTICS_BATCH = 200
Floats = npt.NDArray[np.float32]
Weights = dict[str, list[Floats]]
TOP = "conv_preds"


def from_flat(flat: network.Array, statistics: dict[str, tuple[Floats, Floats]] | None = None) -> Weights:
    """Return each Keras layer's arrays; without statistics mean 0 and variance 1."""
    found: Weights = {}
    for layer in network.LAYERS:
        found[layer.name] = [flat[layer.kernel].reshape(layer.shape).copy()]
        zero, one = np.zeros(layer.channels, np.float32), np.ones(layer.channels, np.float32)
        mean, variance = statistics[layer.name] if statistics else (zero, one)
        found[f"{layer.name}_bn"] = [flat[layer.gamma].copy(), flat[layer.beta].copy(), mean, variance]
    top = flat[network.TOP].reshape(1, 1, network.FEATURES, network.CLASSES)
    found[TOP] = [top.copy(), flat[network.BIAS].copy()]
    return found


def _views(photos: dataset.Pixels, size: int, random: np.random.Generator) -> Floats:
    """Return photos as they will be asked about: (nearly) whole, antialiased, half of them mirrored; -1 to 1."""
    from PIL import Image

    views = np.empty((len(photos), size, size, 3), np.float32)
    for number, pixels in enumerate(photos):
        photo = Image.fromarray(pixels)
        side = dataset.SIDE * random.uniform(0.8, 1)
        left, top = random.random(2) * (dataset.SIDE - side)
        scaled = photo.resize((size, size), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
        views[number] = np.asarray(scaled, np.float32) / 127.5 - 1
    mirrored = random.random(len(photos)) < 0.5
    views[mirrored] = views[mirrored, :, ::-1]
    return views


def gather_statistics(
    flat: network.Array, photos: dataset.Pixels, size: int, seed: int
) -> dict[str, tuple[Floats, Floats]]:
    """Find each normalisation's mean and variance over many training photos, in Keras itself.

    Args:
        flat: The parameters.
        photos: Training photos, (n, 64, 64, 3) uint8.
        size: Pixels of the input's sides.
        seed: Chooses the photos and their crops.
    """
    from mobilenet_gui.training import keras_models
    from mobilenet_gui.training.architectures import Architecture

    random = np.random.default_rng(seed)
    model = keras_models.build(Architecture("v1", network.ALPHA, network.CLASSES), size, from_flat(flat))
    model.trainable = True
    layers = [model.get_layer(f"{layer.name}_bn") for layer in network.LAYERS]
    for layer in layers:
        layer.momentum = 0.0  # what it keeps is then the last batch's
    chosen = random.choice(len(photos), min(len(photos), STATISTICS_PHOTOS), replace=False)
    batches = [chosen[i : i + STATISTICS_BATCH] for i in range(0, len(chosen) - STATISTICS_BATCH + 1, STATISTICS_BATCH)]
    sums = [[np.zeros(layer.channels), np.zeros(layer.channels)] for layer in network.LAYERS]
    for batch in batches:
        model(_views(photos[np.sort(batch)], size, random), training=True)
        for pair, layer in zip(sums, layers, strict=True):
            pair[0] += np.asarray(layer.moving_mean, np.float64)
            pair[1] += np.asarray(layer.moving_variance, np.float64)
    count = len(batches)
    return {
        layer.name: ((first / count).astype(np.float32), (second / count).astype(np.float32))
        for layer, (first, second) in zip(network.LAYERS, sums, strict=True)
    }


def as_half(weights: Weights) -> Weights:
    """Return the same numbers after 16-bit storage."""
    return {name: [array.astype(np.float16).astype(np.float32) for array in arrays] for name, arrays in weights.items()}


def write(weights: Weights, path: Path) -> None:
    """Write the `.h5` file."""
    import h5py

    names = {4: ["gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"], 2: ["kernel:0", "bias:0"]}

    def put(parent: Any, key: str, array: Floats) -> None:
        half = array.astype(np.float16)
        if array.size < 4096:  # compressing small ones makes the file larger
            parent.create_dataset(key, data=half)
        else:
            parent.create_dataset(
                key, data=half, chunks=half.shape, compression="gzip", compression_opts=9, shuffle=True
            )

    with h5py.File(path, "w", libver="latest") as file:
        file.attrs["layer_names"] = [name.encode() for name in weights]
        file.attrs["backend"], file.attrs["keras_version"] = b"tensorflow", b"3"
        for name, arrays in weights.items():
            kernel = "depthwise_kernel:0" if name.startswith("conv_dw") else "kernel:0"
            keys = [f"{name}/{key}" for key in names.get(len(arrays), [kernel])]
            group = file.create_group(name)
            group.attrs["weight_names"] = [key.encode() for key in keys]
            for key, array in zip(keys, arrays, strict=True):
                put(group, key, array)
