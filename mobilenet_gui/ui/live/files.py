"""Owns which dropped or opened files are videos, by their names; what is in them is found out when they are opened."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData

VIDEO_SUFFIXES = frozenset(
    {
        ".3g2", ".3gp", ".asf", ".avi", ".dv", ".f4v", ".flv", ".m2ts", ".m2v", ".m4v", ".mjpeg", ".mjpg", ".mkv",
        ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mts", ".mxf", ".ogm", ".ogv", ".qt", ".ts", ".vob", ".webm", ".wmv",
    }
)  # fmt: skip


def is_video(path: str | Path) -> bool:
    """Say whether a file is a video by its name."""
    return Path(path).suffix.lower() in VIDEO_SUFFIXES


def video_files(mime: QMimeData) -> list[Path]:
    """Return the local video files in `mime`."""
    local = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    return [path for path in local if is_video(path)]
