"""Owns what the program keeps for itself as JSON: reading it back and replacing it, whatever has become of the file."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, Final

from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.photo_files import open_regular

UNREADABLE: Final = (OSError, ValueError, RecursionError)
"""What `read_kept` raises; who can do without the file catches these."""
_MOST_BYTES: Final = 16 << 20


def read_kept(path: Path, most: int = _MOST_BYTES) -> Any:
    """Return what a JSON file holds.

    Raises:
        OSError: it cannot be read, or is a pipe or a device, which could keep us waiting for ever.
        ValueError: it is no JSON, or larger than `most` bytes.
        RecursionError: it is nested too deeply.
    """
    with open_regular(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError(path)
    return json.loads(data)


def write_kept(path: Path, text: str) -> None:
    """Write such a file, whole or not at all. A pipe in its place, which would keep us waiting, goes.

    Raises:
        OSError: it cannot be written.
    """
    if os.path.lexists(path) and stat.S_ISFIFO(os.stat(path, follow_symlinks=False).st_mode):  # noqa: PTH116
        path.unlink()
    write_atomically(path, text.encode())
