"""Owns the first look at a file that someone chose for an import: is it there, is it a file, may it be read."""

from __future__ import annotations

import stat
from pathlib import Path

from mobilenet_gui.core.errors import ModelError
from mobilenet_gui.i18n import tr


def size_of_chosen(path: Path) -> int:
    """Return the bytes of a regular file that can be read, without reading it.

    A pipe is refused before it is opened: opening one waits for a writer, maybe for ever.

    Raises:
        ModelError: there is no such file, it is a folder, a device or a pipe, or it may not be read.
    """
    try:
        info = path.stat()
        if stat.S_ISDIR(info.st_mode):
            raise ModelError(str(path), tr("This is a folder, not a file."))
        if not stat.S_ISREG(info.st_mode):
            raise ModelError(str(path), tr("This is a device or a pipe, not a file."))
        with path.open("rb"):
            return info.st_size
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ModelError(str(path), tr("There is no such file.")) from error
    except PermissionError as error:
        raise ModelError(str(path), tr("There is no permission to read it.")) from error
    except OSError as error:
        reason = tr("The file cannot be read: {reason}.").format(reason=error.strerror or error)
        raise ModelError(str(path), reason) from error
