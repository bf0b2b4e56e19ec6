"""Legacy `.pth` files as PyTorch writes them, made without PyTorch."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import types
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_STORAGES = {"f4": "FloatStorage", "f2": "HalfStorage", "i8": "LongStorage"}


class _Tensor:
    def __init__(self, key: str, array: NDArray[Any]) -> None:
        self.key, self.array = key, array

    def __reduce__(self) -> tuple[Any, ...]:
        sizes = self.array.shape
        strides = tuple(step // self.array.itemsize for step in self.array.strides)
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (_Storage(self.key, self.array), 0, sizes, strides, False, OrderedDict())


class _Storage:
    def __init__(self, key: str, array: NDArray[Any]) -> None:
        self.key, self.array = key, array


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: object) -> object:
        if not isinstance(obj, _Storage):
            return None
        kind = getattr(sys.modules["torch"], _STORAGES[obj.array.dtype.str[1:]])
        return ("storage", kind, obj.key, "cpu", obj.array.size, None)


@contextmanager
def _stand_ins() -> Iterator[None]:
    """Let pickle find the names that it is to write down."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in _STORAGES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))

    def _rebuild_tensor_v2() -> None:
        raise AssertionError

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    torch._utils = utils  # type: ignore[attr-defined]
    kept = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules.update({"torch": torch, "torch._utils": utils})
    try:
        yield
    finally:
        for name, module in kept.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def legacy_pth(state: Mapping[str, NDArray[Any]]) -> bytes:
    """Return a state dict as `torch.save(..., _use_new_zipfile_serialization=False)` writes it."""
    out = io.BytesIO()
    with _stand_ins():
        for head in (MAGIC, PROTOCOL, {"protocol_version": PROTOCOL, "little_endian": True, "type_sizes": {}}):
            pickle.dump(head, out, 2)
        tensors = OrderedDict((name, _Tensor(str(n), array)) for n, (name, array) in enumerate(state.items()))
        _Pickler(out, 2).dump(tensors)
        pickle.dump([tensor.key for tensor in tensors.values()], out, 2)
    for tensor in tensors.values():
        base = tensor.array if tensor.array.base is None else tensor.array.base
        out.write(struct.pack("<q", tensor.array.size) + np.ascontiguousarray(base).tobytes())
    return out.getvalue()


def torch_state(layers: Mapping[str, tuple[str, list[NDArray[Any]]]]) -> dict[str, NDArray[Any]]:
    """Return Keras' arrays (kind and arrays by name) under PyTorch's names and in its order of axes."""
    state: dict[str, NDArray[Any]] = {}
    for name, (kind, arrays) in layers.items():
        if kind == "norm":
            for part, array in zip(("weight", "bias", "running_mean", "running_var"), arrays, strict=True):
                state[f"{name}.{part}"] = array
            state[f"{name}.num_batches_tracked"] = np.zeros((), np.int64)
            continue
        axes = {"conv": (3, 2, 0, 1), "depthwise": (2, 3, 0, 1), "dense": (1, 0)}[kind]
        state[f"{name}.weight"] = np.ascontiguousarray(arrays[0].transpose(axes))
        if len(arrays) > 1:
            state[f"{name}.bias"] = arrays[1]
    return state
