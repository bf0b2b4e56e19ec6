"""Owns which dropped or opened files are videos, by their names; what is in them is found out when they are opened."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData

from mobilenet_gui.core.file_kinds import VIDEO_SUFFIXES, is_video
from mobilenet_gui.ui.addresses import local_paths

__all__ = ["VIDEO_SUFFIXES", "is_video", "video_files"]


def video_files(mime: QMimeData) -> list[Path]:
    """Return the local video files in `mime`."""
    return [path for path in local_paths(mime) if is_video(path)]
