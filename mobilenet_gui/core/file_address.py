"""Owns what a text or an address that names a file means: `file://` addresses in all their forms become paths.

Drops, pastes, the command line, tables and “Open with” all ask here, so that all of them understand the same.
"""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

from mobilenet_gui.core.addresses import shown
from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.i18n import tr

_SCHEME: Final = "file:"
_WEB: Final = re.compile(r"(https?|ftps?|rtsps?|rtmp|srt)://", re.IGNORECASE)
_DRIVE: Final = re.compile(r"/?[A-Za-z][:|](?=/|$)")
_LOCAL_NAMES: Final = frozenset({"", "localhost", "localhost.localdomain", "127.0.0.1", "[::1]", "."})


def is_file_address(text: str) -> bool:
    """Say whether a text is the address of a file, and not its path. `file:x` is a path: nobody writes addresses so."""
    return text[: len(_SCHEME)].lower() == _SCHEME and text[len(_SCHEME) :].startswith("/")


def path_of(text: str) -> Path:
    """Return the file that a path or a `file://` address names; a path is taken as it is.

    The bytes of a name need not be UTF-8: they come out as the system's own calls have them.

    Raises:
        PhotoError: the address is no path, or one of another computer.
    """
    return Path(text) if not is_file_address(text) or os.path.lexists(text) else path_of_address(text)


def given_path(text: str) -> Path:
    """Return the file that somebody names on a command line.

    Raises:
        PhotoError: as `path_of`, or it is an address on the web, which may hold a password.
    """
    if _WEB.match(text) and not os.path.lexists(text):
        raise PhotoError(shown(text), tr("This is an address on the web. Save what it leads to, and name the file."))
    return path_of(text)


def path_of_address(address: str) -> Path:
    """Return the file that a `file:` address names.

    Raises:
        PhotoError: it is none, names nothing that can be a path, or a file of another computer.
    """
    if not is_file_address(address):
        raise PhotoError(address, tr("This is not the address of a file."))
    host, place = _parted(address)
    if host.lower() not in _LOCAL_NAMES and not _is_this_computer(host):
        if os.name == "nt":
            place = f"//{unquote(host)}{place}"
        else:
            reason = tr("This file is on another computer, {host}. Copy it to this one first.")
            raise PhotoError(address, reason.replace("{host}", unquote(host)))
    path = _decoded(place)
    # Some programs leave “#” and “?” in a file's name as they are; properly written they begin what is no path.
    if ("#" in place or "?" in place) and not os.path.lexists(path.replace("\0", "")):
        path = _decoded(place.partition("#")[0].partition("?")[0])
    if not path or "\0" in path:
        raise PhotoError(address.replace("\0", ""), tr("This is not a valid path."))
    return Path(path)


def _parted(address: str) -> tuple[str, str]:
    """Return host and path of an address, both as they are written; `file:/path` has no host."""
    rest = address[len(_SCHEME) :]
    if not rest.startswith("//"):
        return "", rest
    host, slash, place = rest[2:].partition("/")
    if _DRIVE.fullmatch(host):  # file://C:/photo.jpg, as some write it
        return "", f"/{host}/{place}"
    return host, slash + place


def _decoded(place: str) -> str:
    """Return a path without its percent signs."""
    if os.name != "nt":
        return os.fsdecode(unquote_to_bytes(os.fsencode(place)))
    path = unquote(place).replace("/", "\\")
    drive = _DRIVE.match(unquote(place))
    if drive is None:
        return path
    return path.lstrip("\\")[:1] + ":" + path[drive.end() :]


def _is_this_computer(host: str) -> bool:
    """Say whether a host is this computer by its name; no server is asked."""
    asked = unquote(host).rstrip(".").lower()
    mine = socket.gethostname().rstrip(".").lower()
    names = {mine, mine.partition(".")[0]}
    return asked in names or asked.removesuffix(".local") in names
