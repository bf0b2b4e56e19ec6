"""Owns turning what other programs drag, paste and open into paths: `file://` addresses in all their forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl

from mobilenet_gui.core.errors import PhotoError
from mobilenet_gui.core.file_address import given_path, path_of_address


@dataclass(slots=True)
class LocalFiles:
    """What addresses name.

    Attributes:
        paths: files and folders of this computer.
        refused: the addresses that name none, each with the reason.
    """

    paths: list[Path] = field(default_factory=list)
    refused: list[PhotoError] = field(default_factory=list)


def is_file(url: QUrl) -> bool:
    """Say whether an address names a file, here or on another computer."""
    return url.scheme().lower() == "file"


def local_files(mime: QMimeData) -> LocalFiles:
    """Return the files that are dragged or pasted.

    Qt's own `toLocalFile` takes `file://localhost/…` for a share of that name, and loses bytes that are not UTF-8.
    """
    return _sorted(bytes(url.toEncoded().data()).decode("ascii", "replace") for url in mime.urls() if is_file(url))


def local_paths(mime: QMimeData) -> list[Path]:
    """Return the files of this computer that are dragged or pasted."""
    return local_files(mime).paths


def opened_files(texts: Iterable[str]) -> LocalFiles:
    """Return what paths and addresses mean that somebody gave at the start."""
    return _sorted(texts, given_path)


def _sorted(texts: Iterable[str], meaning: Callable[[str], Path] = path_of_address) -> LocalFiles:
    files = LocalFiles()
    for text in texts:
        try:
            files.paths.append(meaning(text))
        except PhotoError as error:
            files.refused.append(error)
    return files
