"""Keeps a random user in its sandbox: no file written outside, no host but this computer, no other program opened.

`fence_network` and `Fence` work on the process that calls them and cannot be undone: they are for one of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices

HOME_NAMES = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMPDIR", "TEMP", "TMP")
XDG_NAMES = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.mkdir": 1, "os.remove": 1, "os.rmdir": 1, "os.rename": 2, "os.link": 2, "os.symlink": 2, "os.truncate": 1,
    "os.chmod": 1, "os.utime": 1, "shutil.rmtree": 1,
}  # fmt: skip
"""Audited events that change the disk, with how many of their first arguments are paths."""
_HARMLESS = ("/dev/", "/proc/self/")


def environment(sandbox: Path) -> dict[str, str]:
    """Return this process's environment with every folder of the user's moved into `sandbox`, which gets them."""
    home = sandbox / "home"
    values = dict(os.environ)
    values.update(dict.fromkeys(HOME_NAMES, str(home)))
    for name in XDG_NAMES:
        values[name] = str(home / name.lower())
    for name in ("TMPDIR", "TEMP", "TMP"):
        values[name] = str(sandbox / "tmp")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        values.pop(name, None)
        values.pop(name.upper(), None)
    for place in (home, sandbox / "tmp", *(home / name.lower() for name in XDG_NAMES)):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    values["MOBILENET_GUI_HOME"] = str(home / "mobilenet-gui")
    values["PYTHONDONTWRITEBYTECODE"] = "1"
    values["NO_AT_BRIDGE"] = "1"
    return values


def fence_network() -> bool:
    """Move this process and all that it starts into a network of its own that has nothing but loopback.

    Works on Linux where namespaces may be made, and must come before any thread. Returns whether it was done: where it
    was not, `Fence` still refuses what Python itself asks for.
    """
    if not sys.platform.startswith("linux"):
        return False
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    flags = 0x40000000 if user == 0 else 0x40000000 | 0x10000000
    if libc.unshare(flags) != 0:
        return False
    if user != 0:
        with contextlib.suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    import fcntl

    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
        get, put, up = 0x8913, 0x8914, 1
        name = struct.pack("16sh14s", b"lo", 0, b"")
        present = struct.unpack("16sh14s", fcntl.ioctl(ask, get, name))[1]
        fcntl.ioctl(ask, put, struct.pack("16sh14s", b"lo", present | up, b""))
    return True


class Fence:
    """Refuses what leads out of the sandbox, and tells of it.

    A write outside is a fault. An address outside is refused as where there is no network, and is none: a user may type
    any address.
    """

    def __init__(self, sandbox: Path, fault: Callable[[str, str], None]) -> None:
        """Stand from now on.

        Args:
            sandbox: the folder that may be written to.
            fault: called with a title and the stack of whoever wrote outside; from any thread.
        """
        self._root = str(sandbox.resolve())
        self._fault = fault
        self.refused: list[str] = []
        self._busy = False
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if self._busy:
            return
        if event == "open":
            path, _mode, flags = args
            if isinstance(flags, int) and flags & _WRITES and isinstance(path, (str, bytes)):
                self._check(event, path)
        elif event in _CHANGES:
            for path in args[: _CHANGES[event]]:
                if isinstance(path, (str, bytes)) or hasattr(path, "__fspath__"):
                    self._check(event, path)
        elif event == "socket.connect" and isinstance(args[1], tuple):
            self._check_host(str(args[1][0]))
        elif event in ("socket.getaddrinfo", "socket.gethostbyname") and args[0]:
            self._check_host(args[0].decode() if isinstance(args[0], bytes) else str(args[0]))

    def _check(self, event: str, path: Any) -> None:
        text = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - resolve() asks the disk each time
        if text.startswith((self._root + os.sep, *_HARMLESS)) or text == self._root or "multiprocessing" in text:
            return
        if event == "os.mkdir" and os.path.isdir(text):  # noqa: PTH112 - exist_ok
            return
        self._busy = True
        try:
            self._fault(f"{event} outside of the sandbox: {text}", "".join(traceback.format_stack(limit=25)))
        finally:
            self._busy = False
        raise PermissionError(13, "outside of the sandbox", text)

    def _check_host(self, host: str) -> None:
        if host in ("localhost", "::1", "0.0.0.0") or host.startswith("127."):
            return
        self.refused.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "no network")


class Opener(QObject):
    """Takes what the program would hand to other programs."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []
        for scheme in ("file", "http", "https", "mailto"):
            QDesktopServices.setUrlHandler(scheme, self, "open_url")  # type: ignore[arg-type]

    @Slot(QUrl)
    def open_url(self, url: QUrl) -> None:
        """Note it."""
        self.opened.append(url.toString())


def fingerprint(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file below `folder`, to tell whether it was touched."""
    found = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in (".venv", ".git") and not name.endswith("_cache")]
        for name in files:
            if not name.endswith(".pyc"):
                with contextlib.suppress(OSError):
                    info = os.stat(os.path.join(place, name), follow_symlinks=False)  # noqa: PTH116, PTH118 - many files
                    found[os.path.join(place, name)] = (info.st_size, info.st_mtime_ns)  # noqa: PTH118
    return found
