"""Owns keeping fingerprints between runs, and making those that are missing on all cores.

One SQLite file for all projects, keyed by path; a photo whose length or time of change differs is looked at again. The
file holds nothing that cannot be made again: a damaged one is thrown away.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

from mobilenet_gui import paths as places
from mobilenet_gui.core.cores import usable_cores
from mobilenet_gui.core.errors import Cancelled
from mobilenet_gui.core.photo_files import openable
from mobilenet_gui.training.fingerprint import Fingerprint, look_at

OnProgress = Callable[[int, int], None]
"""Told how many photos are done, and of how many."""

MOST_KEPT: Final = 200_000
"""Fingerprints beyond this number go, the longest unused first; the file stays under 1 GB."""

_WAIT_SECONDS: Final = 10.0
_AT_ONCE: Final = 500
_SAVE_EVERY: Final = 256
_DAY_SECONDS: Final = 86_400
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS photos (path BLOB PRIMARY KEY, size INTEGER, mtime INTEGER, used INTEGER, data BLOB);
CREATE TABLE IF NOT EXISTS searches (key BLOB PRIMARY KEY, used INTEGER, data BLOB);
"""


def default_path() -> Path:
    """Return where fingerprints are kept."""
    return places.cache_dir() / "fingerprints.sqlite"


class FingerprintCache:
    """The file of kept fingerprints; for one thread. Use it in a `with` block.

    Whatever is wrong with the file or the disk only costs time: everything is made anew then.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._base: sqlite3.Connection | None = None
        self._today = int(time.time() // _DAY_SECONDS)

    def __enter__(self) -> FingerprintCache:
        for _ in range(2):
            try:
                self._base = self._open()
                break
            except sqlite3.OperationalError:  # no place for it, or another program holds it
                break
            except (sqlite3.Error, OSError):
                self._discard()
        return self

    def __exit__(self, *_: object) -> None:
        if self._base is not None:
            with contextlib.suppress(sqlite3.Error):
                self._trim(self._base)
            self._base.close()
            self._base = None

    def get(self, photos: Sequence[Path]) -> dict[Path, Fingerprint]:
        """Return the kept fingerprints of those photos that have not changed since."""
        if self._base is None:
            return {}
        found: dict[Path, Fingerprint] = {}
        stale: list[bytes] = []
        try:
            for block in _blocks(photos):
                by_key = {_key(path): path for path in block}
                marks = ",".join("?" * len(by_key))
                rows = self._base.execute(
                    f"SELECT path, size, mtime, used, data FROM photos WHERE path IN ({marks})",  # noqa: S608
                    list(by_key),
                )
                for key, size, mtime, used, data in rows:
                    path = by_key[key]
                    unchanged = isinstance(data, bytes) and (size, mtime) == _state(path)
                    fingerprint = Fingerprint.from_bytes(data) if unchanged else None
                    if fingerprint is not None:
                        found[path] = fingerprint
                        if used != self._today:
                            stale.append(key)
            with self._base:
                self._base.executemany(
                    "UPDATE photos SET used = ? WHERE path = ?", ((self._today, key) for key in stale)
                )
        except sqlite3.Error:
            self._give_up()
        return found

    def put(self, made: Iterable[tuple[Path, tuple[int, int], Fingerprint]]) -> None:
        """Keep fingerprints, each with the length and time of change that its photo had before it was read."""
        if self._base is None:
            return
        try:
            with self._base:
                self._base.executemany(
                    "INSERT OR REPLACE INTO photos VALUES (?, ?, ?, ?, ?)",
                    ((_key(path), *state, self._today, fingerprint.to_bytes()) for path, state, fingerprint in made),
                )
        except sqlite3.Error:
            self._give_up()

    def search(self, key: bytes) -> bytes | None:
        """Return what `keep_search` kept under this key."""
        if self._base is None:
            return None
        try:
            row = self._base.execute("SELECT data FROM searches WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error:
            self._give_up()
            return None
        return row[0] if row is not None and isinstance(row[0], bytes) else None

    def keep_search(self, key: bytes, data: bytes) -> None:
        """Keep the outcome of comparing photos; only the latest few are kept."""
        if self._base is None:
            return
        try:
            with self._base:
                self._base.execute("INSERT OR REPLACE INTO searches VALUES (?, ?, ?)", (key, time.time_ns(), data))
                self._base.execute(
                    "DELETE FROM searches WHERE key NOT IN (SELECT key FROM searches ORDER BY used DESC LIMIT 50)"
                )
        except sqlite3.Error:
            self._give_up()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        base = sqlite3.connect(self._path, timeout=_WAIT_SECONDS)
        try:
            # Readers and one writer do not wait for each other; a power cut may cost the last entries, no more.
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("PRAGMA synchronous = NORMAL")
            base.executescript(_SCHEMA)
            base.execute("SELECT path, size, mtime, used, data FROM photos LIMIT 1").fetchone()
            base.execute("SELECT key, used, data FROM searches LIMIT 1").fetchone()
        except BaseException:
            base.close()
            raise
        return base

    def _trim(self, base: sqlite3.Connection) -> None:
        (count,) = base.execute("SELECT COUNT(*) FROM photos").fetchone()
        if count > MOST_KEPT:
            with base:
                base.execute(
                    "DELETE FROM photos WHERE path IN (SELECT path FROM photos ORDER BY used LIMIT ?)",
                    (count - MOST_KEPT * 9 // 10,),
                )

    def _give_up(self) -> None:
        if self._base is not None:
            self._base.close()
            self._base = None

    def _discard(self) -> None:
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                self._path.with_name(self._path.name + ending).unlink(missing_ok=True)


def fingerprints(
    photos: Iterable[Path],
    cache: FingerprintCache,
    *,
    threads: int | None = None,
    progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
) -> tuple[dict[Path, Fingerprint], int]:
    """Return the fingerprint of every photo, and how many had to be made.

    Args:
        photos: the files; repetitions are looked at once.
        cache: an opened cache.
        threads: how many photos at once; one a core by default.
        progress: called now and then in this thread; it may raise to stop the work.
        cancel: stops it when set; what was made until then is kept.

    Raises:
        Cancelled: `cancel` was set.
    """
    wanted = list(dict.fromkeys(photos))
    found = cache.get(wanted)
    missing = [path for path in wanted if path not in found]
    known = len(found)
    if progress is not None:
        progress(known, len(wanted))
    fresh: list[tuple[Path, tuple[int, int], Fingerprint]] = []
    try:
        for path, state, fingerprint in _made(missing, threads or usable_cores(), cancel):
            found[path] = fingerprint
            # What could not even be looked up may be back tomorrow.
            if state is not None:
                fresh.append((path, state, fingerprint))
            if len(fresh) >= _SAVE_EVERY:
                cache.put(fresh)
                fresh.clear()
            if progress is not None:
                progress(len(found), len(wanted))
    finally:
        cache.put(fresh)
    return found, len(missing)


def _made(
    photos: Sequence[Path], threads: int, cancel: threading.Event | None
) -> Iterator[tuple[Path, tuple[int, int] | None, Fingerprint]]:
    """Look at photos on several threads; decoding lets go of Python's lock."""
    waiting = iter(photos)
    with ThreadPoolExecutor(min(threads, max(1, len(photos))), thread_name_prefix="look") as pool:
        running: set[Future[tuple[Path, tuple[int, int] | None, Fingerprint]]] = set()
        try:
            while True:
                # A few ahead a thread, so that none waits for us and a stop takes effect soon.
                for path in itertools.islice(waiting, 4 * threads - len(running)):
                    running.add(pool.submit(_look, path))
                if not running:
                    return
                done, running = wait(running, timeout=0.2, return_when=FIRST_COMPLETED)
                if cancel is not None and cancel.is_set():
                    raise Cancelled
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()


def _look(path: Path) -> tuple[Path, tuple[int, int] | None, Fingerprint]:
    state = _state(path)
    return path, state, look_at(path)


def _state(path: Path) -> tuple[int, int] | None:
    """Return a file's length and time of change; None where it cannot be looked up."""
    try:
        status = os.stat(openable(path))  # noqa: PTH116 - keeps the long form of the path
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns


def _key(path: Path) -> bytes:
    return os.fsencode(path)


def _blocks(items: Sequence[Path]) -> Iterator[Sequence[Path]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]


def by_path(found: Mapping[Path, Fingerprint], photos: Iterable[Path]) -> list[Fingerprint]:
    """Return fingerprints in the order of `photos`; a photo without one counts as unreadable."""
    unknown = Fingerprint(error="?")
    return [found.get(path, unknown) for path in photos]
