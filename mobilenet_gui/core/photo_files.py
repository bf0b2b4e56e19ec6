"""Owns finding photo files: folders, their order, what is skipped, and what is reported."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from pathlib import Path
from typing import IO, Final

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.file_kinds import LeftOut, is_raw, is_system_folder, raw_error
from mobilenet_gui.core.imaging_formats import SNIFF_BYTES, SUPPORTED_SUFFIXES, sniff
from mobilenet_gui.i18n import tr

_DIGITS: Final = re.compile(r"(\d+)")
_WINDOWS_PATH_LIMIT: Final = 240


def openable(path: Path) -> str:
    """Return `path` in the form the operating system opens at any length."""
    text = str(path)
    if sys.platform == "win32" and len(text) >= _WINDOWS_PATH_LIMIT and not text.startswith("\\\\"):
        return "\\\\?\\" + str(path.absolute())
    return text


class NoFileError(OSError):
    """What stands at a path is a device or a pipe."""


def open_regular(path: Path) -> IO[bytes]:
    """Open a file to read its bytes. Never a pipe or a device: one waits for a writer, maybe for ever.

    Raises:
        OSError: the system refuses it, or it is no file; `os_reason` says it in words.
    """
    target = openable(path)
    # Looked at first, for a device may do something when it is opened; again afterwards, for it may be another by then.
    mode = os.stat(target).st_mode  # noqa: PTH116 - keeps the long form of the path
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        stream = open(target, "rb", opener=_open_without_waiting)  # noqa: SIM115 - the caller closes
        if stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            return stream
        stream.close()
    raise NoFileError(errno.EINVAL, tr("This is a device or a pipe, not a file."), str(path))


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def os_reason(error: OSError) -> str:
    """Say in plain words why the system refused a file or folder."""
    if isinstance(error, NoFileError):
        return str(error.strerror)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return tr("There is no such file.")
    if isinstance(error, PermissionError):
        return tr("There is no permission to read it.")
    if isinstance(error, IsADirectoryError):
        return tr("This is a folder, not a photo.")
    text = error.strerror or str(error)
    return tr("It cannot be read: {detail}.").replace("{detail}", text)


def natural_key(name: str) -> str:
    """Return the sort key that puts `photo2` before `photo10`, whatever the case.

    One text and not a tuple of parts: ten thousand of them are sorted in 4 ms instead of 23, and a sort keeps the
    interpreter from the window's thread all the while. A number is written with the count of its digits first, and
    comes before any letter.
    """
    parts = _DIGITS.split(name.casefold())
    # Odd parts are the digits. `isdecimal` holds for all that the pattern matches, so `int` takes them.
    return "".join(_number_key(part) if i % 2 else part for i, part in enumerate(parts))


def _number_key(digits: str) -> str:
    number = str(int(digits))
    return f"\0{chr(len(number))}{number}{digits}\0"


def looks_like_photo(path: Path) -> bool:
    """Tell whether a file is worth opening: by its suffix, or by its first bytes when it has none."""
    suffix = path.suffix.lower()
    if suffix:
        return suffix in SUPPORTED_SUFFIXES
    try:
        if not stat.S_ISREG(os.stat(openable(path)).st_mode):  # noqa: PTH116 - keeps the long form of the path
            return False
        with open(openable(path), "rb") as file:  # noqa: PTH123
            return sniff(file.read(SNIFF_BYTES)) is not None
    except OSError:
        return False


def is_other_kind(path: Path) -> bool:
    """Say whether a file is there and is no photo, neither by its name nor by its first bytes."""
    if path.suffix.lower() in SUPPORTED_SUFFIXES:
        return False
    try:
        if not stat.S_ISREG(os.stat(openable(path)).st_mode):  # noqa: PTH116 - keeps the long form of the path
            return False
        with open(openable(path), "rb") as stream:  # noqa: PTH123
            return is_raw(path) or sniff(stream.read(SNIFF_BYTES)) is None
    except (OSError, ValueError):
        return False


def find_photos(
    paths: Iterable[Path],
    recursive: bool = True,
    cancel: threading.Event | None = None,
    on_error: Callable[[PhotoError], None] | None = None,
) -> Iterator[Path]:
    """Yield the photos that `paths` stand for, in natural order, as they are found.

    Args:
        paths: files, which are yielded whatever they are called, and folders, whose photos are.
        recursive: go into the folders' folders, too.
        cancel: ends it early when set.
        on_error: told of each folder that cannot be read or holds no photo; ignored without it.
    """
    for found in scan(paths, recursive, cancel):
        if isinstance(found, Path):
            yield found
        elif on_error is not None:
            on_error(found)


Place = tuple[int, int]
"""A folder as the system knows it, whatever its paths: device and number."""


def scan(
    paths: Iterable[Path],
    recursive: bool = True,
    cancel: threading.Event | None = None,
    *,
    left_out: LeftOut | None = None,
    skip: Callable[[str, Sequence[str]], bool] | None = None,
    avoid: Set[Place] = frozenset(),
) -> Iterator[Path | PhotoError]:
    """Like `find_photos`, with each error in its place in the order.

    Args:
        paths: files and folders.
        recursive: go into the folders' folders, too.
        cancel: ends it early when set.
        left_out: counts the files in folders that are no photos.
        skip: says whether a folder in a folder is passed by, given its name and those of all folders beside it.
        avoid: folders that are not gone into, whatever links lead there.
    """
    for path in paths:
        if not os.path.isdir(openable(path)):  # noqa: PTH112 - keeps the long form of the path
            # Also when it is missing: reading it says why. A raw file could be read, and be judged by its thumbnail.
            yield raw_error(path) if is_raw(path) else path
            continue
        found = False
        for item in _scan_folder(path, recursive, cancel, left_out, skip, avoid):
            found = True
            yield item
        if not found and not (cancel is not None and cancel.is_set()):
            yield PhotoError(str(path), tr("There are no photos in this folder."))


def _scan_folder(  # noqa: PLR0917 - one caller
    root: Path,
    recursive: bool,
    cancel: threading.Event | None,
    left_out: LeftOut | None,
    skip: Callable[[str, Sequence[str]], bool] | None,
    avoid: Set[Place],
) -> Iterator[Path | PhotoError]:
    """Walk one folder: its photos first, then its folders. Symbolic links are followed, but no folder twice.

    Nor are those that lead back to a folder around this one, whose other photos do not belong here.
    """
    waiting = [root]
    seen = places_around(root) | avoid
    while waiting:
        folder = waiting.pop()
        try:
            status = os.stat(openable(folder))  # noqa: PTH116
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(openable(folder)) as entries:
                listed = [(entry.name, entry_is_folder(entry)) for entry in entries if not _is_hidden(entry)]
        except OSError as error:
            yield PhotoError(str(folder), os_reason(error))
            continue
        listed.sort(key=lambda item: (natural_key(item[0]), item[0]))
        for name, is_folder in listed:
            if cancel is not None and cancel.is_set():
                return
            path = folder / name
            if is_folder:
                continue
            if looks_like_photo(path):
                yield path
            elif left_out is not None:
                left_out.add(path)
        if recursive:
            names = [name for name, is_folder in listed if is_folder and not is_system_folder(name)]
            gone_into = [name for name in names if skip is None or not skip(name, names)]
            waiting.extend(folder / name for name in reversed(gone_into))


def places_around(folder: Path) -> set[Place]:
    """Return the folders that a folder lies in, without itself."""
    found = map(place_of, folder.resolve().parents)
    return {place for place in found if place is not None}


def place_of(folder: Path) -> Place | None:
    """Return a folder as the system knows it; None where it cannot be looked up."""
    try:
        status = os.stat(openable(folder))  # noqa: PTH116 - keeps the long form of the path
    except OSError:
        return None
    return status.st_dev, status.st_ino


def entry_is_folder(entry: os.DirEntry[str]) -> bool:
    """Say whether a listed entry is a folder, or a link to one; what cannot be looked up is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_hidden(entry: os.DirEntry[str]) -> bool:
    if entry.name.startswith("."):
        return True
    if os.name != "nt":
        return False
    try:
        attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    except OSError:
        return False
    return bool(attributes & getattr(stat, "FILE_ATTRIBUTE_HIDDEN", 0))
