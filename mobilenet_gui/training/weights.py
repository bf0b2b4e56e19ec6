"""Weights as plain arrays: `.h5`, `.weights.h5`, `.keras`; PyTorch's `.pth`, `.safetensors`. Nothing is executed.

HDF5 can point to other files (links, external storage, virtual data sets), hold pickled objects and announce huge
sizes. All of that is refused, and no array is read before its shape has been compared with what is expected.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import pth_file, safetensors_file
from mobilenet_gui.training.architectures import Kind, Shape

MAX_FILE_BYTES = 1 << 30
MAX_CONFIG_BYTES = 16 << 20
MAX_LAYERS = 5000
MAX_DEPTH = 8
MAX_ARRAY_VALUES = 200_000_000
_SAFE_FILTERS = frozenset({1, 2, 3, 32000})  # deflate, shuffle, checksum, lzf: the others load plug-ins
_SIGNATURE = b"\x89HDF\r\n\x1a\n"

_KINDS: dict[str, Kind] = {
    "conv2d": "conv",
    "depthwise_conv2d": "depthwise",
    "batch_normalization": "norm",
    "dense": "dense",
}
_NUMBERED = re.compile(r"(.+?)(?:_(\d+))?")
_KERAS2_PREFIX = "_layer_checkpoint_dependencies\\"


@dataclass(frozen=True, slots=True, eq=False)
class FileLayer:
    """One layer with weights as a file holds it; the arrays are read later.

    Attributes:
        name: the layer's name if the file tells it, else the name of its place.
        kind: what it is, if the file tells it.
        order: its number among those of its kind.
        shapes: the arrays' shapes.
        data: the arrays, or the HDF5 data sets that hold them, valid while the file is open.
    """

    name: str
    kind: Kind | None
    order: int
    shapes: tuple[Shape, ...]
    data: tuple[Any, ...]

    def read(self) -> list[NDArray[np.float32]]:
        """Return the arrays as float32.

        Raises:
            ValueError: a value is not a finite number.
        """
        arrays = [np.asarray(item[()], np.float32) for item in self.data]
        if not all(np.isfinite(array).all() for array in arrays):
            raise ValueError("not finite")
        return arrays


class RefusedError(ValueError):
    """The file holds something that is not allowed or not understood; the text is for the user."""


class WeightsFile:
    """An opened weights file; what is wrong with it is a `ModelError` where the `with` block ends.

    Attributes:
        config: the model's configuration as data, None where the file holds weights only.
    """

    def __init__(self, handle: Any, config: object) -> None:
        self.config = config
        self._handle = handle
        self._root = _child(handle, "model_weights") if "model_weights" in handle else handle

    @cached_property
    def layers(self) -> tuple[FileLayer, ...]:
        """The layers in the file's order, of a file that holds no model inside a model."""
        return tuple(_layers(self._handle))

    @property
    def input_size(self) -> int | None:
        """The side of the square input, if the file tells it."""
        return _input_size(self.config)

    @property
    def is_modern(self) -> bool:
        """It is laid out as Keras 3 does it."""
        return "layer_names" not in self._root.attrs and "layer_names0" not in self._root.attrs

    def group(self, place: str) -> Any:
        """Return the group at a place, None where there is none; never through a link that leaves the file."""
        try:
            return _child(self._root, place)
        except KeyError:
            return None

    def dataset(self, group: Any, name: str) -> Any:
        """Return an array of a group, not read yet."""
        return _dataset(group, name)

    def names(self, group: Any, attribute: str) -> list[str]:
        """Return a list of names that a group holds."""
        return _names(group, attribute)


class _TorchWeights(WeightsFile):
    """A state dict of PyTorch's: layers only, no model around them."""

    def __init__(self, state: dict[str, NDArray[Any]]) -> None:
        super().__init__({}, None)
        self.layers = tuple(
            FileLayer(name.replace(".", "_"), kind, order, tuple(array.shape for array in arrays), arrays)
            for order, (name, kind, arrays) in enumerate(pth_file.layers_of(state))
        )


@contextmanager
def open_weights(path: Path) -> Iterator[WeightsFile]:
    """Open a weights file for the length of a `with` block.

    Raises:
        ModelError: it is missing, damaged, half downloaded, hostile, or no Keras weights file. Also what goes wrong
            while arrays are read inside the block.
    """
    subject = str(path)
    try:
        size = path.stat().st_size
        if not path.is_file() or size == 0:
            raise RefusedError(tr("The file is empty.") if size == 0 and path.is_file() else tr("This is not a file."))
        if size > MAX_FILE_BYTES:
            raise RefusedError(tr("The file is too big for a MobileNet."))
        with path.open("rb") as file:
            start = file.read(9)
        with contextlib.ExitStack() as stack:
            config: object = None
            if start[:4] == b"PK\x03\x04":
                source, config = _unpack(path)
                handle = stack.enter_context(h5py.File(source, "r"))
            elif start.startswith(_SIGNATURE):
                handle = stack.enter_context(h5py.File(path, "r"))
                config = _json_attribute(handle, "model_config")
            elif start.startswith(pth_file.START):
                yield _TorchWeights(pth_file.read_state_dict(path))
                return
            elif safetensors_file.is_safetensors(start):
                yield _TorchWeights(safetensors_file.read_state_dict(path))
                return
            else:
                raise RefusedError(_strange_start(start))
            yield WeightsFile(handle, config)
    except RefusedError as error:
        raise ModelError(subject, str(error)) from error
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, UnicodeDecodeError, zipfile.BadZipFile, EOFError,
            NotImplementedError, MemoryError) as error:  # fmt: skip
        raise ModelError(subject, _damage(error)) from error


def _damage(error: Exception) -> str:
    text = str(error)
    if "truncated" in text or isinstance(error, EOFError):
        return tr("The file is incomplete. Download it again.")
    if isinstance(error, OSError) and error.strerror and error.errno and not text.startswith(("Unable", "Can't")):
        return tr("The file cannot be read: {reason}.").format(reason=error.strerror)
    return tr("The file is damaged. Download it again.")


def _strange_start(start: bytes) -> str:
    if start.lstrip()[:1] == b"<":
        return tr("This is a web page, not a weights file. The download did not give what it should.")
    return tr("This is not a Keras weights file (.h5, .weights.h5 or .keras).")


def _unpack(path: Path) -> tuple[io.BytesIO, object]:
    """Return the weights and the configuration out of a `.keras` archive; names in it are never used as paths."""
    with zipfile.ZipFile(path) as archive:
        weights = _member(archive, "model.weights.h5", MAX_FILE_BYTES)
        config: object = None
        with contextlib.suppress(KeyError, ValueError, RecursionError):
            config = json.loads(_member(archive, "config.json", MAX_CONFIG_BYTES))
    return io.BytesIO(weights), config


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise RefusedError(
            tr("The archive contains no Keras weights ({name} is missing).").format(name=name)
        ) from error
    if info.file_size > limit:
        raise RefusedError(tr("The file is too big for a MobileNet."))
    with archive.open(info) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise RefusedError(tr("The file is too big for a MobileNet."))
    return data


def _json_attribute(handle: Any, name: str) -> object:
    value = handle.attrs.get(name)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str) or len(value) > MAX_CONFIG_BYTES:
        return None
    try:
        result: object = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return result


def _input_size(config: object) -> int | None:
    """Find the side of the square input in a model's configuration, which is only looked at as data."""
    for shape in _input_shapes(config, 0):
        if len(shape) == 4 and shape[3] == 3 and shape[1] == shape[2]:
            side = shape[1]
            if isinstance(side, int) and not isinstance(side, bool):
                return side if 16 <= side <= 1024 else None
    return None


def _input_shapes(model: object, depth: int) -> Iterator[list[Any]]:
    """Yield what a model's layers say of their input, the outermost first: an outer one may leave the size open."""
    inner = model.get("config") if isinstance(model, dict) else None
    layers = inner.get("layers") if isinstance(inner, dict) else inner
    models: list[object] = []
    for layer in layers if isinstance(layers, list) else []:
        settings = layer.get("config") if isinstance(layer, dict) else None
        if isinstance(settings, dict):
            shape = settings.get("batch_shape", settings.get("batch_input_shape"))
            if isinstance(shape, list):
                yield shape
            if "layers" in settings:
                models.append(layer)
    for layer in models if depth < MAX_DEPTH else []:
        yield from _input_shapes(layer, depth + 1)


def _layers(handle: Any) -> Iterator[FileLayer]:
    root = _child(handle, "model_weights") if "model_weights" in handle else handle
    if "layer_names" in root.attrs or "layer_names0" in root.attrs:
        yield from _legacy_layers(root)
        return
    found = list(_modern_layers(handle))
    if not found:
        raise RefusedError(tr("The file contains no Keras layers."))
    yield from sorted(found, key=lambda layer: (layer.kind or "", layer.order))


def _legacy_layers(root: Any) -> Iterator[FileLayer]:
    names = _names(root, "layer_names")
    if len(names) > MAX_LAYERS or len(set(names)) != len(names):
        raise RefusedError(tr("The file is damaged. Download it again."))
    for order, name in enumerate(names):
        group = _child(root, name)
        data = tuple(_dataset(group, weight) for weight in _names(group, "weight_names"))
        if data:
            yield FileLayer(name, None, order, tuple(item.shape for item in data), data)


def _modern_layers(handle: Any) -> Iterator[FileLayer]:
    if "layers" in handle:
        parent = _child(handle, "layers")
        places = [(name, name) for name in parent]
    else:
        parent = handle
        places = [(name, name.removeprefix(_KERAS2_PREFIX)) for name in handle if name.startswith(_KERAS2_PREFIX)]
    if len(places) > MAX_LAYERS:
        raise RefusedError(tr("The file is too big for a MobileNet."))
    for place, name in places:
        group = _child(parent, place)
        if "layers" in group:
            raise RefusedError(
                tr("This file holds a model inside another model. Save the weights of the MobileNet alone.")
            )
        values = _child(group, "vars") if "vars" in group else None
        if values is None or not len(values):
            continue
        match = _NUMBERED.fullmatch(name)
        kind = _KINDS.get(match[1]) if match else None
        if match is None or kind is None:
            raise RefusedError(tr("The layer “{layer}” belongs to none of the MobileNets.").format(layer=name))
        data = tuple(_dataset(values, str(number)) for number in range(len(values)))
        told = values.attrs.get("name")
        yield FileLayer(
            told if isinstance(told, str) else name, kind, int(match[2] or 0), tuple(item.shape for item in data), data
        )


def _names(group: Any, attribute: str) -> list[str]:
    """Read a list of names; Keras cuts a long one into numbered pieces."""
    pieces = [group.attrs[attribute]] if attribute in group.attrs else []
    number = 0
    while not pieces or number:
        key = f"{attribute}{number}"
        if key not in group.attrs:
            break
        pieces.append(group.attrs[key])
        number += 1
    return [n.decode("utf-8") if isinstance(n, bytes) else str(n) for piece in pieces for n in np.atleast_1d(piece)]


def _child(group: Any, name: str) -> Any:
    """Return a group below `group`, never through a link that leaves its place."""
    item = _step(group, name)
    if not isinstance(item, h5py.Group):
        raise KeyError(name)
    return item


def _dataset(group: Any, name: str) -> Any:
    item = _step(group, name)
    if not isinstance(item, h5py.Dataset):
        raise KeyError(name)
    if item.is_virtual or item.external:
        raise RefusedError(tr("The file refers to other files, which is not allowed."))
    if item.dtype.kind != "f" or item.dtype.itemsize not in (2, 4, 8):
        raise RefusedError(tr("The file holds something else than numbers, which is not allowed."))
    properties = item.id.get_create_plist()
    if any(properties.get_filter(n)[0] not in _SAFE_FILTERS for n in range(properties.get_nfilters())):
        raise RefusedError(tr("The file is compressed in a way that is not supported."))
    if math.prod(item.shape) > MAX_ARRAY_VALUES or len(item.shape) > 4:
        raise RefusedError(tr("The file is too big for a MobileNet."))
    return item


def _step(group: Any, name: str) -> Any:
    for part in name.split("/"):
        if not part or part in (".", ".."):
            raise KeyError(name)
        if not isinstance(group, h5py.Group) or not isinstance(group.get(part, getlink=True), h5py.HardLink):
            if isinstance(group, h5py.Group) and part in group:
                raise RefusedError(tr("The file refers to other files, which is not allowed."))
            raise KeyError(name)
        group = group[part]
    return group
