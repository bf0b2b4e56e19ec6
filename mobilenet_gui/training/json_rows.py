"""Owns JSON files with a small head and many rows, written and read in pieces that hold nobody up for long.

The file is one valid JSON object. Its last key holds the rows, one a line, which lets it be read in pieces; a file
that another program has laid out differently is read whole. Text is ASCII, because a file's name need not be valid
Unicode.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

from mobilenet_gui.core.atomic import replacing
from mobilenet_gui.core.photo_files import open_regular

_ROWS_AT_ONCE: Final = 256
_HEAD_BLOCK: Final = 1 << 16
_MAX_HEAD: Final = 16 << 20
_encode: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
MAX_BYTES: Final = 1 << 30
"""A larger file is none of ours: a million photos take 200 MB."""


def write(path: Path, head: dict[str, Any], key: str, rows: Iterable[object], *, backup: Path | None = None) -> None:
    """Write a file so that a crash leaves either the old one or the new one, whole.

    Args:
        path: the file.
        head: what goes before the rows; it must not hold `key`.
        key: the name of the rows.
        rows: anything JSON can hold, one a line.
        backup: where the file that is replaced is kept; None drops it.

    Raises:
        OSError: the folder or file cannot be written; the old file is untouched.
        ValueError: something that JSON cannot hold, such as infinity.
    """
    with replacing(path) as stream:
        for piece in pieces(head, key, rows):
            stream.write(piece.encode("ascii"))
        if backup is not None and path.exists():
            _keep(path, backup)


def _keep(path: Path, backup: Path) -> None:
    """Make `backup` the present file without a moment in which neither is there."""
    spare = backup.with_name(backup.name + ".tmp")
    with contextlib.suppress(OSError):
        spare.unlink(missing_ok=True)
        try:
            os.link(path, spare)
        except OSError:  # a disk without links: a copy serves
            spare.write_bytes(path.read_bytes())
        spare.replace(backup)


def pieces(head: dict[str, Any], key: str, rows: Iterable[object]) -> Iterator[str]:
    """Yield the text of a file in pieces, each small."""
    lines = [f"{json.dumps(k)}: {json.dumps(v, allow_nan=False)},\n" for k, v in head.items()]
    yield "{\n" + "".join(lines) + f"{json.dumps(key)}: ["
    first = True
    source = iter(rows)
    while block := list(islice(source, _ROWS_AT_ONCE)):
        text = ",\n".join(_encode(row) for row in block)
        yield ("\n" if first else ",\n") + text
        first = False
    yield "\n]\n}\n"


def read(path: Path, key: str) -> tuple[dict[str, Any], list[Any]]:
    """Read a file back.

    Returns:
        The head, and the rows.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file.
    """
    with open_regular(path) as stream:
        if os.fstat(stream.fileno()).st_size > MAX_BYTES:
            raise ValueError("too large")
        data = stream.read(MAX_BYTES)
    try:
        text = data.decode("utf-8-sig")
        return _read_in_pieces(text, key) or _read_whole(text, key)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def read_head(path: Path, key: str) -> dict[str, Any]:
    """Read the head alone; a few kilobytes, however many rows there are.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file.
    """
    mark = f"\n{json.dumps(key)}: [".encode()
    with open_regular(path) as stream:
        data = b""
        while len(data) < _MAX_HEAD and (block := stream.read(_HEAD_BLOCK)):
            data += block
            if mark in data:
                text = data[: data.index(mark)].decode("utf-8-sig").rstrip().rstrip(",") + "\n}"
                with contextlib.suppress(ValueError, RecursionError):
                    head = json.loads(text)
                    if isinstance(head, dict):
                        return head
                break
    return read(path, key)[0]


def _read_in_pieces(text: str, key: str) -> tuple[dict[str, Any], list[Any]] | None:
    """Read the layout that `write` makes; None for any other."""
    mark = f"\n{json.dumps(key)}: ["
    start, end = text.find(mark), text.rfind("\n]")
    if start < 0 or end < start or text[end + 2 :].strip() != "}":
        return None
    try:
        head = json.loads(text[:start].rstrip().rstrip(",") + "\n}")
        rows: list[Any] = []
        lines = iter(text[start + len(mark) : end].split("\n"))
        while block := list(islice(lines, _ROWS_AT_ONCE)):
            rows += json.loads("[" + "\n".join(block).strip().strip(",") + "]")
    except ValueError:
        return None
    return (head, rows) if isinstance(head, dict) else None


def _read_whole(text: str, key: str) -> tuple[dict[str, Any], list[Any]]:
    data = json.loads(text)
    if not isinstance(data, dict) or not isinstance(data.get(key, []), list):
        raise ValueError("not such a file")
    rows = cast("list[Any]", data.pop(key, []))
    return cast("dict[str, Any]", data), rows
