"""Owns what a .tflite file says about itself: labels in the zip archive at its end, the input's value range.

Both are optional and written by anybody: what cannot be understood is as good as absent.
"""

from __future__ import annotations

import io
import math
import struct
import zipfile

from mobilenet_gui.core.types import Normalization

MAX_LABELS_BYTES = 8 << 20
_ROOT_SUBGRAPHS, _SUBGRAPH_INPUTS, _TENSOR_PROCESS_UNITS = 3, 2, 4
_NORMALIZATION_OPTIONS = 1


def embedded_labels(data: bytes) -> bytes | None:
    """Return the text of the labels file in the archive at the end of a .tflite file, None without one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            texts = [i for i in archive.infolist() if i.filename.lower().endswith((".txt", ".csv")) and not i.is_dir()]
            texts.sort(key=lambda i: ("label" not in i.filename.lower(), i.filename))
            if not texts or texts[0].file_size > MAX_LABELS_BYTES:
                return None
            with archive.open(texts[0]) as file:
                text = file.read(MAX_LABELS_BYTES + 1)
            return text if len(text) <= MAX_LABELS_BYTES else None
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError, struct.error):
        return None


def input_mean_std(metadata: bytes) -> tuple[float, float] | None:
    """Return mean and deviation that the metadata wants the pixels 0-255 normalised with, None where it says nothing.

    Raises:
        ValueError: it wants another mean or deviation for each colour.
    """
    try:
        found = _normalization_options(metadata)
    except (struct.error, IndexError, RecursionError, OverflowError):
        return None
    if found is None:
        return None
    mean, std = found
    if not mean or not std or not all(map(math.isfinite, mean + std)):
        return None
    if max(mean) - min(mean) > 1e-3 or max(std) - min(std) > 1e-3:
        raise ValueError(f"mean {mean}, deviation {std}")
    return mean[0], std[0]


def normalization_of(mean: float, std: float) -> Normalization | None:
    """Return the name of the value range (p - mean) / std, None for one that we do not know."""
    known: dict[tuple[float, float], Normalization] = {
        (127.5, 127.5): "minus1_1",
        (128.0, 128.0): "minus1_1",
        (127.0, 128.0): "minus1_1",
        (0.0, 255.0): "zero_1",
        (0.0, 1.0): "zero_255",
    }
    for (known_mean, known_std), name in known.items():
        if abs(mean - known_mean) < 1e-2 and abs(std - known_std) < 1e-2:
            return name
    return None


class _Table:
    """A flatbuffer table read field by field; Python's own bounds checks stand guard."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position
        self._fields = position - self._number("<i", position)

    def _number(self, form: str, place: int) -> int:
        if place < 0:
            raise IndexError(place)
        value: int = struct.unpack_from(form, self._data, place)[0]
        return value

    def _place(self, field: int) -> int | None:
        slot = 4 + 2 * field
        if slot >= self._number("<H", self._fields):
            return None
        offset = self._number("<H", self._fields + slot)
        return self._position + offset if offset else None

    def byte(self, field: int) -> int:
        place = self._place(field)
        return 0 if place is None else self._number("<B", place)

    def table(self, field: int) -> _Table | None:
        place = self._place(field)
        return None if place is None else _Table(self._data, place + self._number("<I", place))

    def tables(self, field: int, limit: int = 16) -> list[_Table]:
        place = self._place(field)
        if place is None:
            return []
        start = place + self._number("<I", place)
        count = min(self._number("<I", start), limit)
        entries = [start + 4 + 4 * i for i in range(count)]
        return [_Table(self._data, entry + self._number("<I", entry)) for entry in entries]

    def floats(self, field: int, limit: int = 16) -> list[float]:
        place = self._place(field)
        if place is None:
            return []
        start = place + self._number("<I", place)
        return list(struct.unpack_from(f"<{min(self._number('<I', start), limit)}f", self._data, start + 4))


def _normalization_options(metadata: bytes) -> tuple[list[float], list[float]] | None:
    root = _Table(metadata, struct.unpack_from("<I", metadata, 0)[0])
    for graph in root.tables(_ROOT_SUBGRAPHS)[:1]:
        for tensor in graph.tables(_SUBGRAPH_INPUTS)[:1]:
            for unit in tensor.tables(_TENSOR_PROCESS_UNITS):
                options = unit.table(1)
                if unit.byte(0) == _NORMALIZATION_OPTIONS and options is not None:
                    return options.floats(0), options.floats(1)
    return None
