"""Owns a half-downloaded file: its bytes so far, what the server said it was, and the lock of who is writing it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import IO

from mobilenet_gui.core.atomic import write_atomically
from mobilenet_gui.core.errors import Cancelled, StorageError
from mobilenet_gui.core.kept_json import UNREADABLE, read_kept
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.i18n import tr

SPARE_BYTES = 8 * 1024 * 1024
"""Left free beyond the file itself: the last megabytes of a disk belong to the system."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the bytes so far belong to, so that a resumed download never joins two different files.

    Attributes:
        url: the address asked for.
        etag: the server's strong entity tag, or empty.
        modified: its Last-Modified, or empty.
        total: the whole file's size in bytes, or None where it was not told.
    """

    url: str
    etag: str = ""
    modified: str = ""
    total: int | None = None

    def resumable_from(self, url: str) -> bool:
        """Say whether `url` can be asked for the rest: the same address, and something to know the file by."""
        return self.url == url and bool(self.etag or self.modified or self.total)


class PartFile:
    """`target`'s bytes so far, in `target.part`, with its origin in `target.part.json`."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(target.name + ".part")
        self._sidecar = target.with_name(target.name + ".part.json")

    def size(self) -> int:
        """Return how many bytes have arrived."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def origin(self) -> Origin | None:
        """Return where the bytes are from, or None where that is not known: then they are worthless."""
        try:
            raw = read_kept(self._sidecar)
        except UNREADABLE:
            return None
        if not isinstance(raw, dict):
            return None
        known = {f.name: raw[f.name] for f in fields(Origin) if f.name in raw}
        text_ok = all(isinstance(known.get(name, ""), str) for name in ("url", "etag", "modified"))
        total = known.get("total")
        if not text_ok or not known.get("url") or not (total is None or (type(total) is int and total >= 0)):
            return None
        return Origin(**known)

    def begin(self, origin: Origin) -> IO[bytes]:
        """Start from nothing; the origin is recorded first, so that no byte is ever of unknown origin.

        Raises:
            OSError: the disk refuses.
        """
        self.discard()
        write_atomically(self._sidecar, json.dumps(asdict(origin)).encode())
        return self.path.open("wb")

    def go_on(self) -> IO[bytes]:
        """Open for more bytes after those already here.

        Raises:
            OSError: the disk refuses.
        """
        return self.path.open("ab")

    def finish(self) -> None:
        """Make it the target, in one step.

        Raises:
            OSError: the disk refuses.
        """
        self.path.replace(self.target)
        self._sidecar.unlink(missing_ok=True)

    def discard(self) -> None:
        """Forget what has arrived.

        Raises:
            OSError: the disk refuses.
        """
        self.path.unlink(missing_ok=True)
        self._sidecar.unlink(missing_ok=True)

    def check_space(self, missing: int) -> None:
        """See that `missing` more bytes fit on the disk.

        Raises:
            StorageError: they do not; names what is needed and what is free.
        """
        with contextlib.suppress(OSError):
            free = shutil.disk_usage(self.path.parent).free
            if free < missing + SPARE_BYTES:
                raise full_disk(self.target, missing + SPARE_BYTES, free)

    @contextmanager
    def exclusive(self, cancel: threading.Event) -> Iterator[None]:
        """Be the only program that writes it, waiting for another to finish; see the function `exclusive`."""
        with exclusive(self.target.with_name(self.target.name + ".lock"), cancel):
            yield


@contextmanager
def exclusive(path: Path, cancel: threading.Event) -> Iterator[bool]:
    """Hold the lock file `path`, whose folder exists, waiting for another program to finish.

    Yields:
        Whether there was another to wait for.

    Raises:
        Cancelled: `cancel` was set while waiting.
        StorageError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path, thread_local=False)
    waited = False
    while True:
        try:
            lock.acquire(timeout=0)
            break
        except Timeout:
            waited = True
            if cancel.wait(0.1):
                raise Cancelled from None
        except OSError as error:
            raise storage_error(path.parent, error) from error
    try:
        yield waited
    finally:
        # The lock file stays: unlinking it would let two programs hold "the" lock on two different files.
        lock.release()


def full_disk(target: Path, needed: int, free: int) -> StorageError:
    """Return what to say when `needed` bytes do not fit into `free`."""
    return StorageError(
        str(target.parent),
        tr("The disk is full: {needed} are needed and {free} are free.").format(
            needed=megabytes(needed), free=megabytes(free)
        ),
    )


def megabytes(size: int) -> str:
    """Return a size as people read it: `13.6 MB`, of a million bytes each."""
    return tr("{size} MB").format(size=f"{size / 1e6:,.1f}")


def sync(stream: IO[bytes]) -> None:
    """Bring what was written to the disk, so that a crash of the machine leaves no holes.

    Raises:
        OSError: the disk refuses.
    """
    stream.flush()
    os.fsync(stream.fileno())
