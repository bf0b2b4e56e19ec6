"""Owns the features of photos on the disk, so that the same photo is never put through the same network twice.

One SQLite file: which content a file had when it was seen last (by path, size and time of change), and the features
of a content under a network and its preprocessing. Programs may share it. It is a cache: a damaged one is thrown away.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import sqlite3
import stat
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mobilenet_gui.core.errors import PhotoError, StorageError
from mobilenet_gui.core.store_files import storage_error
from mobilenet_gui.core.types import PhotoSource
from mobilenet_gui.i18n import tr

MAX_BYTES: Final = 2 << 30
"""Above this the networks that were not used for longest are forgotten."""
READ_WHOLE_BYTES: Final = 64 << 20
"""Larger files are read twice, piece by piece, instead of being held."""
_VERSION: Final = 2
"""Another one when features come out differently or are kept differently; then the file is made anew."""
_FILE: Final = "features.sqlite3"
_AT_ONCE: Final = 500
_BUSY_SECONDS: Final = 10.0
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, size INTEGER, changed INTEGER, content BLOB)"
    " WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS networks (id INTEGER PRIMARY KEY, name TEXT UNIQUE, used REAL)",
    "CREATE TABLE IF NOT EXISTS features (network INTEGER, content BLOB, vector BLOB, PRIMARY KEY (network, content))",
)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SeenFile:
    """A file as it is now: its path, length in bytes, time of change in nanoseconds."""

    path: Path
    size: int
    changed: int

    @classmethod
    def look(cls, path: Path) -> SeenFile:
        """Look at a file.

        Raises:
            OSError: it is not there, or no file: to read from a pipe or a device may take for ever.
        """
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        return cls(path, found.st_size, found.st_mtime_ns)


class FeatureStore:
    """The cache. To be used from the thread that made it; use it in a `with` block.

    Nothing here raises for want of disk: what cannot be kept is computed again next time.
    """

    def __init__(self, folder: Path) -> None:
        self._place = folder / _FILE
        self._db = _opened(self._place)
        self._networks: dict[str, int] = {}

    def __enter__(self) -> FeatureStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Forget what is too much, and close."""
        with contextlib.suppress(sqlite3.Error):
            self._trim()
        self._db.close()

    def contents(self, files: Sequence[SeenFile]) -> dict[SeenFile, bytes]:
        """Return the hash of each file that has not changed since it was seen last."""
        known: dict[SeenFile, bytes] = {}
        wanted = {os.fsencode(file.path): file for file in files}
        for names in _chunks(list(wanted)):
            marks = ",".join("?" * len(names))
            for name, size, changed, content in self._rows(
                f"SELECT path, size, changed, content FROM files WHERE path IN ({marks})",  # noqa: S608 - only marks
                names,
            ):
                file = wanted[name]
                if (size, changed) == (file.size, file.changed):
                    known[file] = content
        return known

    def load(self, network: str, contents: Iterable[bytes]) -> dict[bytes, Floats]:
        """Return the features that are there, by content."""
        number = self._number(network)
        found: dict[bytes, Floats] = {}
        for some in _chunks(list(dict.fromkeys(contents))):
            marks = ",".join("?" * len(some))
            for content, vector in self._rows(
                f"SELECT content, vector FROM features WHERE network = ? AND content IN ({marks})",  # noqa: S608
                [number, *some],
            ):
                found[content] = np.frombuffer(vector, np.float16).astype(np.float32)
        return found

    def keep(self, network: str, entries: Sequence[tuple[SeenFile, bytes, Floats]]) -> None:
        """Remember files, their content's hash and features; values are rounded to half floats."""
        number = self._number(network)
        files = [(os.fsencode(file.path), file.size, file.changed, content) for file, content, _ in entries]
        rows = [(number, content, vector.astype(np.float16).tobytes()) for _, content, vector in entries]
        with contextlib.suppress(sqlite3.Error), self._db:
            self._db.executemany("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)", files)
            self._db.executemany("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", rows)

    def _number(self, network: str) -> int:
        if network not in self._networks:
            number = 0
            with contextlib.suppress(sqlite3.Error), self._db:
                self._db.execute(
                    "INSERT INTO networks (name, used) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET used = ?",
                    (network, time.time(), time.time()),
                )
                (number,) = self._db.execute("SELECT id FROM networks WHERE name = ?", (network,)).fetchone()
            self._networks[network] = number
        return self._networks[network]

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error:
            return []

    def _trim(self) -> None:
        while self._used_bytes() > MAX_BYTES:
            oldest = self._db.execute("SELECT id FROM networks ORDER BY used LIMIT 1").fetchone()
            if oldest is None:
                break
            with self._db:
                self._db.execute("DELETE FROM features WHERE network = ?", oldest)
                self._db.execute("DELETE FROM networks WHERE id = ?", oldest)
            self._networks.clear()

    def _used_bytes(self) -> int:
        names = ("page_count", "freelist_count", "page_size")
        pages, free, page = (self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
        return int((pages - free) * page)


def forget_all(folder: Path) -> int:
    """Forget the features of all photos, and give their room on the disk back; trainings under way only lose time.

    Args:
        folder: that of the cache; nothing need be there.

    Returns:
        How many bytes that freed.

    Raises:
        StorageError: the disk refused, or a training holds the cache.
    """
    place = folder / _FILE
    before = _bytes_of(place)
    if not before:
        return 0
    try:
        db = _connected(str(place))
        try:
            with db:
                # The names of networks stay: a training under way goes on by their numbers.
                db.execute("DELETE FROM features")
                db.execute("DELETE FROM files")
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            db.close()
    except sqlite3.OperationalError as error:
        reason = tr("This is in use by a training just now. Try again when it is done.")
        raise StorageError(str(place), reason) from error
    except sqlite3.DatabaseError:
        try:
            _discard(place)
        except OSError as error:
            raise storage_error(place, error) from error
    return max(0, before - _bytes_of(place))


def content_hash(data: bytes) -> bytes:
    """Return what names a photo's content."""
    return _content(data).digest()


def _content(data: bytes = b"") -> hashlib.blake2b:
    return hashlib.blake2b(data, digest_size=16)


def read_photo(path: Path) -> tuple[PhotoSource, bytes]:
    """Return a photo to be decoded, its bytes where they are few, and what names its content.

    Raises:
        PhotoError: it is gone or cannot be read.
    """
    try:
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size > READ_WHOLE_BYTES:
                return path, hashlib.file_digest(stream, _content).digest()
            data = stream.read()
            return data, content_hash(data)
    except OSError as error:
        reason = tr("The file cannot be read: {reason}.").format(reason=error.strerror or error)
        raise PhotoError(str(path), reason) from error


def _opened(place: Path) -> sqlite3.Connection:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        return _connected(str(place))
    except sqlite3.OperationalError:  # held by others for long, or a disk that may not be written
        return _connected(":memory:")
    except sqlite3.DatabaseError:
        with contextlib.suppress(OSError):
            _discard(place)
    except OSError:
        return _connected(":memory:")
    try:
        return _connected(str(place))
    except sqlite3.Error:
        return _connected(":memory:")


def _discard(place: Path) -> None:
    for file in _files(place):
        file.unlink(missing_ok=True)


def _files(place: Path) -> list[Path]:
    return [place.with_name(place.name + end) for end in ("", "-wal", "-shm")]


def _bytes_of(place: Path) -> int:
    return sum(file.stat().st_size for file in _files(place) if file.exists())


def _connected(place: str) -> sqlite3.Connection:
    db = sqlite3.connect(place, timeout=_BUSY_SECONDS)
    try:
        # What is lost in a power cut is computed again; the journal keeps the rest sound.
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, _VERSION):
            raise sqlite3.DatabaseError("another version")
        with db:
            for table in _TABLES:
                db.execute(table)
            db.execute(f"PRAGMA user_version = {_VERSION}")
    except sqlite3.Error:
        db.close()
        raise
    return db


def _chunks(values: list[bytes]) -> Iterable[list[bytes]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
