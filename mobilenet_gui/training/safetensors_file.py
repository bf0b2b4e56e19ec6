"""`.safetensors` files as plain arrays: a length, a JSON table, numbers. Nothing in them can be executed.

A reader of our own: the format is a page long (https://github.com/huggingface/safetensors, "Format"), and its library
would be compiled code that looks at foreign files. Every place that the table names is checked against the file.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.i18n import tr

MAX_FILE_BYTES: Final = 512 << 20
MAX_TABLE_BYTES: Final = 16 << 20
_TYPES: Final = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4"}
_BEFORE_BLOCKS: Final = ("conv_stem", "bn1")
_PIECES: Final = re.compile(r"(\d+)")


def is_safetensors(start: bytes) -> bool:
    """Say whether a file begins as one, from its first nine bytes."""
    return len(start) >= 9 and start[8:9] == b"{" and 2 <= int.from_bytes(start[:8], "little") <= MAX_TABLE_BYTES


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays by name, in the order in which timm's networks use them.

    The file's own order is that of sizes and letters. The stem comes first, then the blocks by number, then the rest.

    Raises:
        ModelError: the file cannot be read, breaks off, or holds anything but a table of numbers.
    """
    subject = str(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ModelError(subject, tr("The file is too big for a MobileNet."))
        return _read(path.read_bytes())
    except OSError as error:
        reason = tr("The file cannot be read: {reason}.").format(reason=error.strerror or error)
        raise ModelError(subject, reason) from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, MemoryError) as error:
        raise ModelError(subject, tr("The file is damaged. Download it again.")) from error


def _read(data: bytes) -> dict[str, NDArray[Any]]:
    length = int.from_bytes(data[:8], "little")
    if not is_safetensors(data[:9]) or 8 + length > len(data):
        raise ValueError("no table")
    table = json.loads(data[8 : 8 + length])
    numbers = memoryview(data)[8 + length :]
    table.pop("__metadata__", None)
    return {name: _array(table[name], numbers) for name in sorted(table, key=_place)}


def _array(entry: dict[str, Any], numbers: memoryview) -> NDArray[Any]:
    dtype = np.dtype(_TYPES[entry["dtype"]])
    shape, (start, end) = entry["shape"], entry["data_offsets"]
    whole = all(type(n) is int and 0 <= n <= MAX_FILE_BYTES for n in (*shape, start, end))
    if not whole or len(shape) > 4 or end > len(numbers) or end - start != math.prod(shape) * dtype.itemsize:
        raise ValueError("beyond the file")
    return np.frombuffer(numbers[start:end], dtype).reshape(shape)


def _place(name: str) -> tuple[int, list[tuple[int, str]]]:
    first = name.partition(".")[0]
    rank = 0 if first in _BEFORE_BLOCKS else 1 if first == "blocks" else 2
    return rank, [(int(piece), "") if piece.isdigit() else (-1, piece) for piece in _PIECES.split(name)]
