"""Owns how a folder of whole things, models or projects, is changed by several programs at once without harm.

One lock file guards every change. What is made is built in a staging folder beside its final place, with a lock that
its maker holds, and renamed when it is whole; a staging folder whose maker lives no more is a crash's leftover.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.core.store_files import discard, storage_error

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK_SECONDS: Final = 30.0
"""How long to wait for another program's change; none takes longer than renaming folders."""
STAGING: Final = ".new-"
"""How the names of staging folders and their locks begin."""


def file_lock(path: Path) -> BaseFileLock:
    """Return the lock that stands for a file, not yet held. Any thread may release it."""
    from filelock import FileLock  # loaded only by who changes something

    return FileLock(path, thread_local=False)


class StoreFolder:
    """The folder. Any thread may call any method.

    Attributes:
        place: where it is; it need not exist.
    """

    def __init__(self, place: Path, busy: Callable[[], str]) -> None:
        """Touch nothing.

        Args:
            place: the folder.
            busy: returns what to tell the user when another program does not let go of it.
        """
        self.place = place
        self._busy = busy

    def make(self) -> None:
        """Make the folder.

        Raises:
            StorageError: the disk refused.
        """
        with self.storage_errors():
            self.place.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other programs from changing anything meanwhile.

        Raises:
            StorageError: another one does not let go, or the disk refused.
        """
        from filelock import Timeout

        self.make()
        lock = file_lock(self.place / ".lock")
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout as error:
            raise StorageError(str(self.place), self._busy()) from error
        except OSError as error:
            raise storage_error(self.place, error) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def storage_errors(self) -> Iterator[None]:
        """Tell the user what the disk refuses.

        Raises:
            StorageError: instead of an `OSError`.
        """
        try:
            yield
        except OSError as error:
            raise storage_error(self.place, error) from error

    @contextmanager
    def staging_folder(self) -> Iterator[Path]:
        """Give an empty folder to build something in, on the same disk as its final place; gone afterwards.

        The owner holds a lock for as long, so that other programs tell a folder in use from a crash's leftover.

        Raises:
            StorageError: the folder cannot be made.
        """
        self.make()
        folder = self.place / f"{STAGING}{os.urandom(4).hex()}"
        lock = file_lock(_lock_of(folder))
        try:
            # Under the store's lock, or another program's `clean` takes the half-made pair for a leftover.
            with self.locked(), self.storage_errors():
                self._clean_old_staging()
                lock.acquire(timeout=0)
                folder.mkdir()
            yield folder
        finally:
            discard(folder)
            lock.release()
            with contextlib.suppress(OSError):
                Path(lock.lock_file).unlink(missing_ok=True)

    def _clean_old_staging(self) -> None:
        for entry in sorted(self.place.glob(f"{STAGING}*")):
            with contextlib.suppress(OSError):
                self.clean_staging(entry)

    def clean_staging(self, entry: Path) -> None:
        """Delete a staging folder or its lock, unless its maker lives. To be called under the store's lock.

        Raises:
            OSError: the disk refused.
        """
        from filelock import Timeout

        folder = entry.with_name(entry.name.removesuffix(".lock"))
        lock = file_lock(_lock_of(folder))
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return
        try:
            discard(folder)
        finally:
            lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + ".lock")
