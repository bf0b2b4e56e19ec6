"""Owns writing Keras weights without Keras: the legacy `.h5` layout, which every version of Keras reads."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Final

import h5py
import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.training.architectures import Architecture, Kind

Floats = NDArray[np.float32]

_WEIGHT_NAMES: Final[dict[Kind, tuple[str, ...]]] = {
    "conv": ("kernel:0", "bias:0"),
    "depthwise": ("depthwise_kernel:0",),
    "norm": ("gamma:0", "beta:0", "moving_mean:0", "moving_variance:0"),
    "dense": ("kernel:0", "bias:0"),
}


def pack_weights(
    architecture: Architecture, arrays: Mapping[str, Sequence[Floats]], *, only: Kind | None = None
) -> bytes:
    """Return the content of an `.h5` file with the weights of a network.

    Args:
        architecture: what network it is.
        arrays: one list a layer, by its name, in Keras' order; shapes must be the architecture's.
        only: the one kind of layers to write; all by default.

    Raises:
        ValueError: a shape is not the architecture's.
    """
    out = io.BytesIO()  # in memory, because HDF5 does not tell a full disk as such
    with h5py.File(out, "w") as file:
        layers = [layer for layer in architecture.layers if only in (None, layer.kind)]
        names = [layer.name for layer in layers]
        file.attrs["layer_names"] = np.array([name.encode() for name in names])
        file.attrs["backend"] = b"tensorflow"
        for layer in layers:
            values = arrays[layer.name]
            if tuple(tuple(v.shape) for v in values) != layer.shapes:
                raise ValueError(f"{layer.name}: {[v.shape for v in values]}, wanted {layer.shapes}")
            group = file.create_group(layer.name)
            wanted = _WEIGHT_NAMES[layer.kind][: len(values)]
            group.attrs["weight_names"] = np.array([f"{layer.name}/{name}".encode() for name in wanted])
            for name, value in zip(wanted, values, strict=True):
                group.create_dataset(f"{layer.name}/{name}", data=np.asarray(value, np.float32))
    return out.getvalue()
