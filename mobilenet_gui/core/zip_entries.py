"""Owns which entries of a zip from anybody may be unpacked: nothing outside of its folder, no links, no bombs."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Iterable
from typing import Final

from mobilenet_gui.i18n import tr

_DRIVE: Final = re.compile(r"[A-Za-z]:")
_BOMB_BYTES: Final = 64 << 20
_BOMB_RATIO: Final = 100
"""Photos and networks hardly shrink when packed, and a list by a factor of ten."""


class UnsafeZipError(ValueError):
    """A zip that is not unpacked; the text is for the user."""


def safe_entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files of a zip by their names, folders left out.

    Raises:
        UnsafeZipError: an entry points elsewhere, is a link or a device, is there twice, or would unpack to far more
            than it holds.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.orig_filename
        kind = stat.S_IFMT(entry.external_attr >> 16)
        outside = name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or _DRIVE.match(name)
        if outside or "\0" in name or kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise UnsafeZipError(
                tr("This file is not safe: it holds an entry that points outside of its folder, “{name}”.").replace(
                    "{name}", repr(name)[1:-1][:80]
                )
            )
        if entry.is_dir():
            continue
        if name in found:
            raise UnsafeZipError(tr("This file is not safe: it holds the same entry twice."))
        found[name] = entry
    for entry in found.values():
        refuse_bombs([entry])
    return found


def refuse_bombs(entries: Iterable[zipfile.ZipInfo]) -> None:
    """Raise `UnsafeZipError` where entries together would unpack to far more than they hold."""
    entries = list(entries)
    total = sum(entry.file_size for entry in entries)
    if total > _BOMB_BYTES and total > _BOMB_RATIO * max(1, sum(entry.compress_size for entry in entries)):
        raise UnsafeZipError(tr("This file is not safe: it would unpack to far more than it holds."))


def is_readable(entry: zipfile.ZipInfo, size: int) -> bool:
    """Say whether an entry lies in a zip of `size` bytes and is packed as is read here: plain or deflated, unlocked."""
    packed = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not entry.flag_bits & 1
    # A damaged table of contents may point before the file's beginning: to go there is an error of the disk's.
    return packed and 0 <= entry.header_offset < size
