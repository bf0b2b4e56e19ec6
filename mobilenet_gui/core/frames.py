"""Owns the one frame source: camera, video file or stream, opened alike and read alike.

The way in for everybody else:

    spec = SourceSpec.parse("0" | "HD Camera" | "clip.mp4" | "rtsp://..." | "http://...")
    source = open_source(spec)          # blocks; SourceError says why not
    source.info                         # name, kind, size, fps, duration
    frame = source.read()               # Frame: RGB pixels of its own, number, timestamp, arrived; None at the end
    source.close()                      # in the thread that opened it

A source belongs to one thread. Windows and commands use `frames_reader.FrameReader`, which has one: it paces files,
waits for cameras to come back, and stops within 300 ms whatever a read is waiting for.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from mobilenet_gui.core import opencv
from mobilenet_gui.core.addresses import usable
from mobilenet_gui.core.frames_capture import CameraSource, is_utf8
from mobilenet_gui.core.frames_stream import open_stream
from mobilenet_gui.core.frames_types import (
    Counter,
    Frame,
    FrameSource,
    Problem,
    SourceError,
    SourceInfo,
    SourceKind,
    SourceSpec,
    urlsplit_safe,
)
from mobilenet_gui.core.frames_video import VideoFile, open_video
from mobilenet_gui.core.frames_web import open_web
from mobilenet_gui.i18n import tr

__all__ = [
    "Counter",
    "Frame",
    "FrameSource",
    "Problem",
    "SourceError",
    "SourceInfo",
    "SourceKind",
    "SourceSpec",
    "VideoFile",
    "open_source",
    "open_video",
]


def open_source(spec: SourceSpec, counter: Counter | None = None, *, threads: int | None = None) -> FrameSource:
    """Open a camera, video file or stream; blocks until it is known to work, at most a few seconds.

    Args:
        spec: which.
        counter: numbers the frames; pass the same one again to go on after an interruption.
        threads: how many may decode a file; FFmpeg's own choice by default.

    Raises:
        SourceError: it cannot be opened, with the reason in words.
    """
    counter = counter or Counter()
    try:
        opencv.cv2()
    except ImportError as error:
        reason = tr("The part that reads video (OpenCV) cannot be loaded: {reason}").format(reason=error)
        raise SourceError(spec.shown, reason, Problem.UNREADABLE) from error
    if spec.kind is SourceKind.CAMERA:
        return CameraSource(spec, counter)
    if spec.kind is SourceKind.FILE:
        return open_video(Path(spec.address), counter, threads=threads)
    if not _is_address(spec.address):
        raise SourceError(spec.shown, tr("This is not a valid address."), Problem.MISSING)
    if urlsplit_safe(spec.address) in ("http", "https"):
        return open_web(spec, counter, threads=threads)
    return open_stream(spec, counter)


def _is_address(text: str) -> bool:
    if not is_utf8(text) or any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        return False
    try:
        parts = urlsplit(usable(text))
        return parts.port != 0 and bool(parts.hostname or parts.scheme.lower() in ("udp", "rtp"))
    except ValueError:
        return False
