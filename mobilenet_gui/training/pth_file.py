"""PyTorch's legacy `.pth` files as plain arrays. Nothing in them is executed.

Such a file is five pickles (a magic number, a protocol number, what system wrote it, the state dict, the storages'
keys) and then, for each storage in the order of the keys, its length as an int64 and its values, little-endian. The
unpickler here knows the three callables that a state dict of floats is made of and refuses every other.

Layout: `torch.serialization._legacy_save` of PyTorch 1.0 to 2.x.
"""

from __future__ import annotations

import io
import math
import pickle
import pickletools
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.architectures import Kind

MAX_FILE_BYTES: Final = 256 << 20
START: Final = b"\x80\x02\x8a\n"
"""How a legacy file begins: pickle protocol 2, and the magic number of ten bytes."""
_MAX_STORAGES: Final = 20_000
_MAGIC: Final = 0x1950A86A20F9469CFC6C
_PROTOCOL: Final = 1001
_TYPES: Final = {
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "DoubleStorage": "<f8",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
}


_OPCODES: Final = frozenset(
    [
        "PROTO",
        "STOP",
        "MARK",
        "GLOBAL",
        "BINPERSID",
        "REDUCE",
        "BUILD",
        "NONE",
        "NEWTRUE",
        "NEWFALSE",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG1",
        "BINFLOAT",
        "BINUNICODE",
        "BINSTRING",
        "SHORT_BINSTRING",
        "EMPTY_TUPLE",
        "TUPLE",
        "TUPLE1",
        "TUPLE2",
        "TUPLE3",
        "EMPTY_LIST",
        "APPEND",
        "APPENDS",
        "EMPTY_DICT",
        "SETITEM",
        "SETITEMS",
        "BINPUT",
        "LONG_BINPUT",
        "BINGET",
        "LONG_BINGET",
    ]
)
"""What protocol 2 needs for a state dict. The others can ask for memory without end, or make objects of any kind."""
_MAX_MEMO: Final = 1_000_000


class _RefusedError(pickle.UnpicklingError):
    """The file holds something that a state dict has no need of."""


@dataclass(frozen=True, slots=True)
class _Storage:
    key: str
    dtype: np.dtype[Any]
    length: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor before its storage has been read."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


class _StateDictUnpickler(pickle.Unpickler):
    """Knows ordered dictionaries, tensors and storages; whatever else a pickle names is refused unseen."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(stream, encoding="utf-8")
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str, /) -> Any:
        """Return the callable of that name, if it is one of those few."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in _TYPES:
            return np.dtype(_TYPES[name])
        raise _RefusedError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        """Return what stands for a storage whose values follow the pickles."""
        match pid:
            case ("storage", np.dtype() as dtype, str(key), str(), int(length), None):
                known = self.storages.setdefault(key, _Storage(key, dtype, length))
                if length < 0 or known != _Storage(key, dtype, length) or len(self.storages) > _MAX_STORAGES:
                    raise _RefusedError(key)
                return known
        raise _RefusedError("storage")


def _load(stream: IO[bytes], unpickler: pickle.Unpickler | None = None) -> Any:
    """Return the next object; its instructions are looked through before the first is followed."""
    start = stream.tell()
    for opcode, argument, _ in pickletools.genops(stream):
        if opcode.name not in _OPCODES or ("PUT" in opcode.name and int(argument or 0) > _MAX_MEMO):
            raise _RefusedError(opcode.name)
    stream.seek(start)
    return (unpickler or _StateDictUnpickler(stream)).load()


def _rebuild_tensor(storage: object, offset: object, shape: object, stride: object, *_: object) -> _Tensor:
    match storage, offset, shape, stride:
        case _Storage(), int(), tuple(), tuple():
            numbers = (offset, *shape, *stride)
            if len(shape) == len(stride) <= 4 and all(type(n) is int and 0 <= n <= 1 << 31 for n in numbers):
                return _Tensor(storage, offset, shape, stride)
    raise _RefusedError("tensor")


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a state dict by name.

    Raises:
        ModelError: the file cannot be read, breaks off, or holds anything but a state dict of numbers.
    """
    subject = str(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(subject, tr("The file is too big for a MobileNet."))
        # All at once: asked for more than there is, a file would first make room for it.
        return _read(io.BytesIO(path.read_bytes()))
    except OSError as error:
        reason = tr("The file cannot be read: {reason}.").format(reason=error.strerror or error)
        raise ModelError(subject, reason) from error
    except _RefusedError as error:
        raise ModelError(subject, tr("The file holds something else than numbers, which is not allowed.")) from error
    except (pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, MemoryError,
            OverflowError, RecursionError, ImportError) as error:  # fmt: skip
        raise ModelError(subject, tr("The file is damaged. Download it again.")) from error


def layers_of(state: dict[str, NDArray[Any]]) -> list[tuple[str, Kind, tuple[NDArray[Any], ...]]]:
    """Return a network's layers in the file's order, with their arrays as Keras keeps them.

    Raises:
        ValueError: an array belongs to no layer that a MobileNet has.
    """
    grouped: dict[str, dict[str, NDArray[Any]]] = {}
    for key, array in state.items():
        place, _, name = key.rpartition(".")
        if name != "num_batches_tracked":
            grouped.setdefault(place, {})[name] = array
    return [(place, *_as_keras(arrays)) for place, arrays in grouped.items()]


def _as_keras(arrays: dict[str, NDArray[Any]]) -> tuple[Kind, tuple[NDArray[Any], ...]]:
    weight = arrays["weight"]
    rest = tuple(arrays[name] for name in ("bias",) if name in arrays)
    if "running_mean" in arrays:
        return "norm", (weight, *rest, arrays["running_mean"], arrays["running_var"])
    if weight.ndim == 2:
        return "dense", (weight.T, *rest)
    if weight.ndim != 4:
        raise ValueError("no layer of a MobileNet")
    if weight.shape[1] == 1 and weight.shape[0] > 1:  # one filter a channel
        return "depthwise", (weight.transpose(2, 3, 0, 1), *rest)
    return "conv", (weight.transpose(2, 3, 1, 0), *rest)


def _read(stream: IO[bytes]) -> dict[str, NDArray[Any]]:
    if _load(stream) != _MAGIC or _load(stream) != _PROTOCOL:
        raise ValueError("no legacy file of PyTorch")
    system = _load(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise ValueError("not little-endian")
    unpickler = _StateDictUnpickler(stream)
    state, keys = _load(stream, unpickler), _load(stream)
    if not isinstance(state, dict) or not isinstance(keys, list):
        raise TypeError("no state dict")
    values: dict[str, NDArray[Any]] = {}
    for key in keys:
        storage = unpickler.storages[key]
        length = int.from_bytes(_exactly(stream, 8), "little")
        if length != storage.length:
            raise ValueError("another length than announced")
        values[key] = np.frombuffer(_exactly(stream, length * storage.dtype.itemsize), storage.dtype)
    named = {name: tensor for name, tensor in state.items() if isinstance(name, str) and isinstance(tensor, _Tensor)}
    if len(named) != len(state):
        raise _RefusedError("state dict")
    return {name: _array(tensor, values[tensor.storage.key]) for name, tensor in named.items()}


def _exactly(stream: IO[bytes], size: int) -> bytes:
    if size > MAX_FILE_BYTES:
        raise ValueError("too long")
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


def _array(tensor: _Tensor, values: NDArray[Any]) -> NDArray[Any]:
    """Return a tensor's values; weights that came from TensorFlow lie there in its order, so strides count."""
    if math.prod(tensor.shape) == 0:
        return np.empty(tensor.shape, values.dtype)
    last = tensor.offset + sum((side - 1) * step for side, step in zip(tensor.shape, tensor.stride, strict=True))
    if last >= len(values) or math.prod(tensor.shape) > len(values):
        raise ValueError("beyond its storage")
    steps = [step * values.itemsize for step in tensor.stride]
    return np.lib.stride_tricks.as_strided(values[tensor.offset :], tensor.shape, steps, writeable=False).copy()
