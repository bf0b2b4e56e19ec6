"""Owns how files and folders come into being whole: staged beside their place, then put there in one step.

What is staged begins with `.mobilenet-gui-`, and its maker holds a lock on it for as long as the maker lives; what
nobody holds is what a killed program left, and is swept away by the next one that writes into the same folder.

A link stays a link: what it leads to is replaced, as those expect who keep their settings in a repository. What is no
plain file, such as `/dev/stdout`, cannot be replaced and is written to.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

if sys.platform != "win32":
    import fcntl

PREFIX: Final = ".mobilenet-gui-"
_FILE: Final = ".tmp"
_LOCK: Final = ".lock"
_SWEEP_SECONDS: Final = 60.0
"""A folder is not looked through more often than this."""
_UNSURE_SECONDS: Final = 86_400.0
"""Where the disk knows no locks, what is older than this is nobody's."""
_JUST_MADE_SECONDS: Final = 60.0
"""On Windows an open file cannot be deleted, and that is the lock; it is open for a moment less than it is in use."""

_swept: dict[str, float] = {}
_sweeping = threading.Lock()


def write_atomically(path: Path, data: bytes, *, private: bool = False, make_folder: bool = True) -> None:
    """Write `data` to `path` so that a crash leaves either the old file or the new one, whole.

    Args:
        path: the file.
        data: all of it.
        private: a new file is for its owner's eyes only.
        make_folder: make the file's folder where it is missing; not for what is the user's: the drive may be gone.

    Raises:
        OSError: the folder or file cannot be written; the old file is untouched.
    """
    with replacing(path, private=private, make_folder=make_folder) as stream:
        stream.write(data)


@contextmanager
def replacing(path: Path, *, private: bool = False, sync: bool = True, make_folder: bool = True) -> Iterator[BinaryIO]:
    """Give a stream whose bytes become the file `path` when the block ends, and are gone where it is left by an error.

    Args:
        path: the file. One that is there keeps its permissions.
        private: a new file is for its owner's eyes only.
        make_folder: as for `write_atomically`.
        sync: bring the bytes to the disk first, so that a machine that goes down leaves no holes.

    Raises:
        OSError: the folder or file cannot be written; the old file is untouched.
    """
    mode = _mode_of(path)
    if mode is not None and not stat.S_ISREG(mode):
        with path.open("wb") as stream:  # a folder refuses by itself
            yield stream
        return
    target = Path(os.path.realpath(path))
    if make_folder:
        target.parent.mkdir(parents=True, exist_ok=True)
    with staged_file(target.parent, private=private) as staged:
        yield staged.stream
        if mode is not None and sys.platform != "win32":
            with contextlib.suppress(OSError):
                os.fchmod(staged.stream.fileno(), stat.S_IMODE(mode))
        staged.replace(target, sync=sync)


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


class Staged:
    """A file on its way. Its bytes go into `stream`; then it is put in its place, or it vanishes."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path, self.stream = path, stream

    def replace(self, target: Path, *, sync: bool = True) -> None:
        """Put it in its place, on the same disk, in place of what is there.

        Raises:
            OSError: the disk refused.
        """
        self._finish(sync)
        self.path.replace(target)

    def place_new(self, target: Path, *, sync: bool = False) -> None:
        """Put it in its place, on the same disk, where nothing is yet.

        Raises:
            FileExistsError: something came into being there meanwhile.
            OSError: the disk refused.
        """
        self._finish(sync)
        try:
            os.link(self.path, target)
        except FileExistsError:
            raise
        except OSError:  # a disk without links
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
            self.path.rename(target)

    def _finish(self, sync: bool) -> None:
        self.stream.flush()
        if sync:
            os.fsync(self.stream.fileno())
        if sys.platform == "win32":
            self.stream.close()  # an open file cannot be renamed there


@contextmanager
def staged_file(folder: Path, *, private: bool = False) -> Iterator[Staged]:
    """Give a file on its way into `folder`, which exists; it is gone afterwards unless it was put in its place.

    Raises:
        OSError: the folder cannot be written.
    """
    sweep(folder)
    while True:
        path = folder / f"{PREFIX}{os.urandom(4).hex()}{_FILE}"
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)
        stream = os.fdopen(os.open(path, flags, 0o600 if private else 0o666), "w+b")
        if _hold(stream, path):
            break
        stream.close()
    staged = Staged(path, stream)
    try:
        yield staged
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # what could not be written is not worth a second complaint
            stream.close()
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


@contextmanager
def staged_folder(parent: Path, name: str = "") -> Iterator[Path]:
    """Give an empty folder inside `parent`, which is made, to build something in; gone afterwards unless renamed.

    Args:
        parent: on the same disk as what is built will be.
        name: the folder's name, from `staging_name`; by default one is made up.

    Raises:
        OSError: the folder cannot be made.
    """
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent)
    folder = parent / (name or staging_name("work"))
    lock = folder.with_name(folder.name + _LOCK)
    while True:
        stream = lock.open("wb")
        if _hold(stream, lock):
            break
        stream.close()
    try:
        folder.mkdir()
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        stream.close()
        with contextlib.suppress(OSError):
            lock.unlink(missing_ok=True)


def staging_name(kind: str) -> str:
    """Return a new name for a staged folder; `kind` tells people what it was for."""
    return f"{PREFIX}{kind}-{os.urandom(4).hex()}"


def sweep(folder: Path, *, again: bool = False) -> None:
    """Delete what killed programs left in `folder`; never what a living one is making. Never raises.

    Args:
        folder: where files or folders are staged; not looked through twice within a minute.
        again: look now, whenever it was.
    """
    key = os.fspath(folder)
    with _sweeping:
        now = time.monotonic()
        if not again and now - _swept.get(key, -_SWEEP_SECONDS) < _SWEEP_SECONDS:
            return
        _swept[key] = now
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(PREFIX)]
    except (OSError, ValueError):
        return
    for name in names:
        with contextlib.suppress(OSError):
            _sweep_entry(folder / name, names)


def sweep_below(root: Path, depth: int, cancel: threading.Event | None = None) -> None:
    """Sweep a folder of the program's own and those below it, `depth` levels down. Never raises."""
    if cancel is not None and cancel.is_set():
        return
    sweep(root)
    if depth > 0:
        try:
            with os.scandir(root) as entries:
                folders = [root / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return
        for folder in folders:
            sweep_below(folder, depth - 1, cancel)


def _sweep_entry(path: Path, names: list[str]) -> None:
    """Delete one entry unless its maker lives.

    Raises:
        OSError: the disk refused, or somebody else was quicker.
    """
    is_folder = stat.S_ISDIR(path.lstat().st_mode)
    if is_folder:
        # The lock lies beside it, from before it is made until after it is gone; an older version's lies inside.
        if path.name + _LOCK not in names and not _is_held(path / "lock"):
            shutil.rmtree(path, ignore_errors=True)
    elif path.name.endswith(_FILE):
        _delete_if_free(path)
    elif path.name.endswith(_LOCK):
        folder = path.with_name(path.name.removesuffix(_LOCK))
        _delete_if_free(path, folder)


def _delete_if_free(path: Path, folder: Path | None = None) -> None:
    if sys.platform == "win32":
        if time.time() - path.stat().st_mtime > _JUST_MADE_SECONDS:
            path.unlink()
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
        return
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.getuid() or not stat.S_ISREG(found.st_mode):
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        except OSError:
            if time.time() - found.st_mtime < _UNSURE_SECONDS:
                return
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        path.unlink()
    finally:
        os.close(descriptor)


def _hold(stream: BinaryIO, path: Path) -> bool:
    """Mark a new file as in use until it is closed. False where a sweep took it before that: make another."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:  # a sweep is looking at it this moment
        return False
    except OSError:
        return True  # a disk without locks; a sweep waits a day there
    try:
        return os.path.samestat(os.fstat(stream.fileno()), os.stat(path))  # noqa: PTH116
    except FileNotFoundError:
        return False


def _is_held(path: Path) -> bool:
    """Say whether a living process holds a lock file."""
    if sys.platform == "win32" or not path.exists():
        return False
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
