"""Compiles and calls `fused.cpp`: one step of training on one core of an x86 processor with AVX-512 bfloat16.

`available()` says whether this machine can; elsewhere `torch_step.py` does the same with PyTorch.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import network
import numpy as np
import numpy.typing as npt
from step import Batch, Change, State

SOURCE = Path(__file__).with_name("fused.cpp")
FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC", "-std=c++17", "-Wno-maybe-uninitialized")
MULTIPLE = 8
"""A micro-batch must hold a multiple of this many photos."""


def available() -> bool:
    """Whether this machine has the processor (Linux alone is asked) and a C++ compiler."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags and "avx512bw" in flags and shutil.which("g++") is not None


def _library(folder: Path) -> Path:
    """Return the compiled file, made if missing; its name carries the source's fingerprint."""
    mark = hashlib.sha256(SOURCE.read_bytes() + " ".join(FLAGS).encode()).hexdigest()[:12]
    path = folder / f"fused-{mark}.so"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{path.name}.{os.getpid()}"
        subprocess.run(["g++", *FLAGS, "-o", str(part), str(SOURCE)], check=True)
        part.replace(path)
    return path


def _pointer(array: npt.NDArray[Any]) -> ctypes.c_void_p:
    if not array.flags.c_contiguous:
        raise ValueError("the array must be contiguous")
    return ctypes.c_void_p(array.ctypes.data)


class FusedStep:
    """Loss, gradient and update in one call each; not to be shared between threads.

    Args:
        folder: Where the compiled library is kept.
        batch: Photos of a micro-batch, a multiple of `MULTIPLE`.
    """

    def __init__(self, folder: Path, batch: int) -> None:
        if batch % MULTIPLE:
            raise ValueError(f"the micro-batch must be a multiple of {MULTIPLE}, not {batch}")
        self._library = ctypes.CDLL(str(_library(folder)))
        self._library.step.restype = ctypes.c_float
        self._gradient = np.zeros(network.SIZE, np.float32)

    def gradient(self, parameters: network.Array, batch: Batch) -> tuple[float, network.Array]:
        """Cut the crops out and find the loss and its gradient; see `step.Step`."""
        count, size = len(batch.index), batch.size
        crops = np.empty((count, size, size, 3), np.uint16)
        self._library.crops(
            _pointer(batch.photos), batch.photos.shape[1], _pointer(batch.index), _pointer(batch.draws), count, size,
            _pointer(crops),
        )  # fmt: skip
        loss = self._library.step(
            _pointer(parameters), int(64 * network.ALPHA), network.CLASSES, _pointer(crops), _pointer(batch.targets),
            count, size, _pointer(self._gradient),
        )  # fmt: skip
        return float(loss), self._gradient

    def update(self, state: State, gradient: network.Array, change: Change) -> None:
        """See `step.Step`."""
        self._library.update(
            _pointer(state.parameters), _pointer(state.momentum), _pointer(state.average), _pointer(gradient),
            _pointer(change.decay), ctypes.c_long(len(gradient)), ctypes.c_float(change.rate),
            ctypes.c_float(change.momentum), ctypes.c_float(change.keep),
        )  # fmt: skip
