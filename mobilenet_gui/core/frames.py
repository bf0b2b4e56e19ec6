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

import contextlib
from http import HTTPStatus
from pathlib import Path
from typing import Final

from mobilenet_gui.core import opencv
from mobilenet_gui.core.frames_capture import CameraSource, CaptureStream, is_utf8, open_stream_capture
from mobilenet_gui.core.frames_http import HttpStream, Silence, status_error
from mobilenet_gui.core.frames_mjpeg import CONTENT_TYPE, MjpegStream
from mobilenet_gui.core.frames_probe import index_at_end
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
    without_password,
)
from mobilenet_gui.core.frames_video import VideoFile, open_video
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
    "without_password",
]

_BEGINNING: Final = 4096
_PATIENCE: Final = 0.5
"""Bytes of a video that tell whether it can be played from its beginning on, and seconds to wait for some of them."""
_PAGES = frozenset({"text/html", "text/plain", "application/json", "application/pdf"})


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
    return _open_stream(spec, counter)


def _open_stream(spec: SourceSpec, counter: Counter) -> FrameSource:
    if not is_utf8(spec.address):
        raise SourceError(spec.shown, tr("This is not a valid address."), Problem.MISSING)
    hindrance = ""
    if urlsplit_safe(spec.address) in ("http", "https"):
        motion, hindrance = _open_mjpeg(spec, counter)
        if motion is not None:
            return motion
    try:
        capture = open_stream_capture(spec)
    except SourceError as error:
        if hindrance and error.problem is Problem.UNREADABLE:
            raise SourceError(spec.shown, hindrance, Problem.UNREADABLE) from error
        raise
    # A video of limited length must be played at its pace, not as fast as the network gives it.
    video = VideoFile(spec.shown, counter, capture, hindrance=hindrance)
    if video.info.duration is not None:
        return video
    return CaptureStream(spec, counter, capture)


def _open_mjpeg(spec: SourceSpec, counter: Counter) -> tuple[MjpegStream | None, str]:
    """Return the stream where it is MJPEG, None where OpenCV should try; and what to say if that fails, if known.

    Raises:
        SourceError: nobody answers, the answer is an error, or it is no video at all.
    """
    answer = HttpStream(spec.address, spec.shown)
    stream = None
    try:
        if answer.status == 200 and answer.content_type == CONTENT_TYPE:
            stream = MjpegStream(answer, spec.shown, counter)
            return stream, ""
        digest = "digest" in (answer.headers.get("WWW-Authenticate") or "").lower()
        if answer.status >= 400 and not digest:  # FFmpeg can answer a digest challenge, we cannot
            raise status_error(spec.shown, answer.status)
        if answer.status == 200 and answer.content_type in _PAGES:
            reason = tr("This address is a web page, not a stream. The stream itself has an address of its own.")
            raise SourceError(spec.shown, reason, Problem.UNREADABLE)
        if answer.status == 200 and answer.content_type.startswith("image/"):
            reason = tr("This address is a single photo, not a stream.")
            raise SourceError(spec.shown, reason, Problem.UNREADABLE)
        return None, _hindrance(answer)
    finally:
        if stream is None:
            answer.close()


def _hindrance(answer: HttpStream) -> str:
    """Return why a video on a web server may not be playable from there; empty where nothing speaks against it.

    Some servers hand out whole files only, and some files cannot be played from their beginning on.
    """
    if answer.status != HTTPStatus.OK or "bytes" in (answer.headers.get("Accept-Ranges") or "").lower():
        return ""
    with contextlib.suppress(Silence, OSError):
        while len(answer.buffer) < _BEGINNING and answer.more(_PATIENCE):
            pass
    if not index_at_end(bytes(answer.buffer[:_BEGINNING])):
        return ""
    return tr(
        "This video cannot be played from its server: its table of contents stands at its end, and the server sends "
        "whole files only. Save it first and open the file."
    )
