"""Owns what may name a model on the disk, and the moves that install, remove and report on folders safely."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import time
import unicodedata
from pathlib import Path
from typing import Final

from mobilenet_gui.core.errors import StorageError
from mobilenet_gui.i18n import tr

MAX_ID_LENGTH: Final = 80

_ID = re.compile(r"[a-z0-9][a-z0-9._-]*")
# Windows opens devices for these, whatever follows the dot.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")


def is_valid_id(text: str) -> bool:
    """Say whether `text` can name a model: a plain lower-case folder name on every system."""
    return (
        len(text) <= MAX_ID_LENGTH
        and _ID.fullmatch(text) is not None
        and not text.endswith(".")
        and _RESERVED.fullmatch(text) is None
    )


def id_from_name(name: str) -> str:
    """Return a valid id made from any text, such as a file name without its ending; accents fall off their letters."""
    letters = unicodedata.normalize("NFKD", name.casefold()).lower()
    letters = "".join(c for c in letters if not unicodedata.combining(c))
    plain = re.sub(r"[^a-z0-9.]+", "-", letters).strip("-.")[:MAX_ID_LENGTH].strip("-.")
    if not plain or _RESERVED.fullmatch(plain):
        plain = f"model-{plain}".strip("-")
    return plain


def storage_error(place: Path, error: OSError) -> StorageError:
    """Return what to tell the user about `error` that the disk gave at `place`."""
    if error.errno in (errno.EACCES, errno.EPERM):
        reason = tr("There is no permission to write here.")
    elif error.errno == errno.EROFS:
        reason = tr("This disk is read-only.")
    elif error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = tr("The disk is full.")
    else:
        reason = error.strerror or str(error)
    return StorageError(str(place), reason)


def rename(source: Path, target: Path) -> None:
    """Rename; on Windows a virus scanner may hold a fresh folder for a moment, so try again for a second."""
    for attempt in range(10):
        try:
            source.rename(target)
            return
        except PermissionError:
            if os.name != "nt" or attempt == 9:
                raise
            time.sleep(0.1)


def discard(folder: Path) -> None:
    """Delete a folder as far as possible; what is left is cleaned by a later run."""
    if folder.is_symlink():
        with contextlib.suppress(OSError):
            folder.unlink()
        return
    shutil.rmtree(folder, ignore_errors=True)
