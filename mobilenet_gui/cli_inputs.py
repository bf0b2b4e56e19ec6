"""Owns where `classify` takes its photos from: arguments, a list in a file, and standard input."""

from __future__ import annotations

import glob
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from mobilenet_gui.core.errors import PhotoError, StorageError
from mobilenet_gui.core.file_address import given_path
from mobilenet_gui.i18n import tr

STDIN: Final = "-"
MOST_BYTES: Final = 1 << 30
"""A photo from standard input may be so large; a pipe has no size to refuse it by."""

_BLOCK: Final = 1 << 16
_LONGEST_PATH: Final = 1 << 20
_WAKE_SECONDS: Final = 0.2
_BLOCKS_AHEAD: Final = 16


def expanded(texts: Iterable[str]) -> Iterator[Path | PhotoError]:
    """Yield the paths that arguments stand for; an address that is none becomes an error in its place."""
    for text in texts:
        # Windows' shells leave patterns to the program.
        if sys.platform == "win32" and glob.has_magic(text) and not os.path.lexists(text):
            matches = sorted(glob.glob(text))  # noqa: PTH207 - keeps the way the path was written
            yield from map(Path, matches or [text])
        else:
            try:
                yield given_path(text)
            except PhotoError as error:
                yield error


def photo_from_stdin(stop: threading.Event) -> bytes:
    """Return the photo that another program writes to our standard input.

    Raises:
        StorageError: it cannot be read, or never ends.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        raise StorageError(STDIN, tr("“-” is the photo that another program pipes in, but nothing is piped in here."))
    data = bytearray()
    for block in _stdin_blocks(stop):
        data += block
        if len(data) > MOST_BYTES:
            raise StorageError(STDIN, tr("The photo is larger than 1 GB."))
    return bytes(data)


def listed(source: str, *, null: bool, stop: threading.Event) -> Iterator[Path]:
    """Return the paths in a list, each as it comes.

    Args:
        source: the file of the list, or `-` for standard input.
        null: each path ends with a null byte, as `find -print0` writes them; else with its line.
        stop: ends the waiting for more.

    Raises:
        StorageError: the list cannot be read; also while the paths are taken.
    """
    if source == STDIN:
        return _listed(_stdin_blocks(stop), source, null=null)
    try:
        file = open(source, "rb")  # noqa: PTH123, SIM115 - closed when it has been read
    except OSError as error:
        raise _unreadable_list(source, error) from error
    return _listed(_file_blocks(file, source), source, null=null)


def _listed(blocks: Iterable[bytes], source: str, *, null: bool) -> Iterator[Path]:
    rest = b""
    end = b"\0" if null else b"\n"
    first = True
    for block in blocks:
        *names, rest = (rest + block).split(end)
        if len(rest) > _LONGEST_PATH or b"\0" in rest:
            raise StorageError(source, _no_list_words(rest))
        for name in names:
            if b"\0" in name:
                raise StorageError(source, _no_list_words(name))
            yield from _listed_path(name, null=null, first=first)
            first = False
    yield from _listed_path(rest, null=null, first=first)


def _no_list_words(name: bytes) -> str:
    if b"\0" in name.rstrip(b"\0"):
        return tr("This is no list of paths, one per line. Where they end with a null character, add --null.")
    return tr("This is no list of paths.")


def _listed_path(name: bytes, *, null: bool, first: bool) -> Iterator[Path]:
    if not null:
        if first:
            name = name.removeprefix(b"\xef\xbb\xbf")  # a mark that editors on Windows put there
        if name.endswith(b"\r") and not os.path.lexists(name):
            name = name[:-1]
    if name:
        yield Path(os.fsdecode(name))


def _file_blocks(file: BinaryIO, source: str) -> Iterator[bytes]:
    with file:
        try:
            while block := file.read(_BLOCK):
                yield block
        except OSError as error:
            raise _unreadable_list(source, error) from error


def _unreadable_list(source: str, error: OSError) -> StorageError:
    return StorageError(source, tr("The list cannot be read: {reason}.").format(reason=error.strerror or error))


def _stdin_blocks(stop: threading.Event) -> Iterator[bytes]:
    """Yield what arrives on standard input until it ends or `stop` is set.

    A thread reads, since reading cannot be interrupted everywhere; from the bare descriptor, since a thread that is in
    a stream's lock when Python ends takes the process down with it.

    Raises:
        StorageError: there is no standard input, or it cannot be read.
    """
    if sys.stdin is None:
        raise StorageError(STDIN, tr("There is no standard input."))
    number = sys.stdin.fileno()
    blocks: queue.Queue[bytes | OSError] = queue.Queue(_BLOCKS_AHEAD)
    threading.Thread(target=_read, args=(number, blocks.put), name="stdin", daemon=True).start()
    while not stop.is_set():
        try:
            block = blocks.get(timeout=_WAKE_SECONDS)
        except queue.Empty:
            continue
        if isinstance(block, OSError):
            reason = tr("Standard input cannot be read: {reason}.").replace("{reason}", block.strerror or str(block))
            raise StorageError(STDIN, reason)
        if not block:
            return
        yield block


def _read(number: int, put: Callable[[bytes | OSError], None]) -> None:
    block = b"-"
    while block:
        try:
            block = os.read(number, _BLOCK)
        except OSError as error:
            put(error)
            return
        put(block)
