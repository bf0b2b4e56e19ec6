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

import numpy as np
import numpy.typing as npt

import network

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
    """The compiled file, made if missing; its name carries the source's fingerprint."""
    mark = hashlib.sha256(SOURCE.read_bytes() + " ".join(FLAGS).encode()).hexdigest()[:12]
    path = folder / f"fused-{mark}.so"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{path.name}.{os.getpid()}"
        subprocess.run(["g++", *FLAGS, "-o", str(part), str(SOURCE)], check=True)
        os.replace(part, path)
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

    def gradient(
        self,
        parameters: network.Array,
        photos: npt.NDArray[np.uint8],
        index: npt.NDArray[np.int64],
        draws: network.Array,
        targets: network.Array,
        size: int,
    ) -> tuple[float, network.Array]:
        """Cut the crops out and find the loss and its gradient.

        Args:
            parameters: Flat float32.
            photos: All photos (any, 64, 64, 3).
            index: Which of them, (batch,).
            draws: (batch, 8): left, top, width (negative: mirrored), height as fractions, contrast, brightness,
                saturation, unused.
            targets: (batch, classes), each row summing to 1.
            size: Pixels of the crops' sides; even, at least 32.

        Returns:
            The mean cross-entropy and the gradient (overwritten by the next call).
        """
        count = len(index)
        crops = np.empty((count, size, size, 3), np.uint16)
        self._library.crops(
            _pointer(photos), photos.shape[1], _pointer(index), _pointer(draws), count, size, _pointer(crops)
        )
        loss = self._library.step(
            _pointer(parameters), int(64 * network.ALPHA), network.CLASSES, _pointer(crops), _pointer(targets), count,
            size, _pointer(self._gradient),
        )  # fmt: skip
        return float(loss), self._gradient

    def update(
        self,
        parameters: network.Array,
        momentum: network.Array,
        average: network.Array,
        gradient: network.Array,
        decay: network.Array,
        rate: float,
        mu: float,
        keep: float,
    ) -> None:
        """One step of stochastic gradient descent with Nesterov's momentum, in place; `average` follows by 1 - keep."""
        self._library.update(
            _pointer(parameters), _pointer(momentum), _pointer(average), _pointer(gradient), _pointer(decay),
            ctypes.c_long(len(parameters)), ctypes.c_float(rate), ctypes.c_float(mu), ctypes.c_float(keep),
        )  # fmt: skip
