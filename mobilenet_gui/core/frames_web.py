"""Owns telling what a web server sends under an address, and opening it: pictures, a video, or a list of videos."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Any, Final

from mobilenet_gui.core import frames_probe, opencv
from mobilenet_gui.core.frames_bytes import WebBytes, peek
from mobilenet_gui.core.frames_capture import open_capture
from mobilenet_gui.core.frames_formats import BYTES_OPTIONS, SEGMENTS_OPTIONS, list_options
from mobilenet_gui.core.frames_hls import HlsBytes
from mobilenet_gui.core.frames_http import HttpStream, status_error
from mobilenet_gui.core.frames_mjpeg import MjpegStream, begins_part
from mobilenet_gui.core.frames_playlist import MARK
from mobilenet_gui.core.frames_stream import CaptureStream, open_natively
from mobilenet_gui.core.frames_types import (
    OPEN_TIMEOUT_MS,
    Counter,
    FrameSource,
    Problem,
    SourceError,
    SourceSpec,
)
from mobilenet_gui.core.frames_video import VideoFile
from mobilenet_gui.i18n import tr

_BEGINNING: Final = 4096
_GOOD: Final = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class _LiveFeed:
    """Bytes of a stream without an end, for `CaptureStream`."""

    def __init__(self, source: WebBytes | HlsBytes) -> None:
        self._source = source

    def trouble(self) -> SourceError | None:
        return self._source.trouble()

    def picture(self) -> None:
        self._source.begin_frame()

    def close(self) -> None:
        self._source.close()


def open_web(spec: SourceSpec, counter: Counter, *, threads: int | None = None) -> FrameSource:
    """Open what a web server sends; blocks until it is known what that is.

    Args:
        spec: an http or https address.
        counter: numbers the frames, and has the line on which is told how it goes.
        threads: how many may decode; FFmpeg's own choice by default.

    Raises:
        SourceError: nobody answers, the answer is an error, or it is no video.
    """
    answer = HttpStream(spec.address, spec.shown, counter.line)
    try:
        source = _told_apart(answer, spec, counter, threads)
    except BaseException:
        answer.close()
        raise
    return source


def _told_apart(answer: HttpStream, spec: SourceSpec, counter: Counter, threads: int | None) -> FrameSource:
    if answer.status not in _GOOD:
        raise status_error(spec.shown, answer.status)
    kind = answer.content_type
    if kind == "multipart/x-mixed-replace":
        return MjpegStream(answer, spec.shown, counter)
    head = peek(answer, _BEGINNING, OPEN_TIMEOUT_MS / 1000)
    if begins_part(head) is not None:
        return MjpegStream(answer, spec.shown, counter)
    if head.removeprefix(_BYTE_ORDER_MARK).startswith(MARK):
        answer.close()
        return _open_list(spec, answer.url, counter, threads)
    if head.startswith(b"\xff\xd8\xff") and answer.headers.get("Content-Length") is None:
        return MjpegStream(answer, spec.shown, counter)
    why = _no_video(head, kind)
    if why:
        raise SourceError(spec.shown, why, Problem.UNREADABLE)
    if not head:
        raise SourceError(spec.shown, tr("The server answers, but sends nothing."), Problem.BUSY)
    return _open_bytes(answer, spec, counter, head, threads)


def _no_video(head: bytes, kind: str) -> str:
    """Return what an answer is that is no video; empty where it may be one."""
    if frames_probe.is_photo(head) or (kind.startswith("image/") and kind != "image/gif"):
        return tr("This address is a single photo, not a stream.")
    if kind.startswith("audio/") and not frames_probe.may_be_video(head):
        return tr("There is only sound in this stream, no video.")
    if (head and frames_probe.is_text(head)) or kind == "application/pdf":
        return frames_probe.list_words(head) or tr(
            "This address is a web page, not a stream. The stream itself has an address of its own."
        )
    return ""


def _open_bytes(
    answer: HttpStream, spec: SourceSpec, counter: Counter, head: bytes, threads: int | None
) -> FrameSource:
    source = WebBytes(answer, spec.shown, counter.line)
    capture = _capture(source, threads)
    if capture is None:
        failure, whole_only = source.failure, source.whole_only
        source.close()
        if failure is not None and not whole_only:
            raise failure
        reason = frames_probe.list_words(head)
        reason = reason or tr("The server answers, but gives no video that can be read under this address.")
        raise SourceError(spec.shown, _hindrance(head, whole_only) or reason, Problem.UNREADABLE)
    # A video of limited length must be played at its pace, not as fast as the network gives it.
    video = VideoFile(spec.shown, counter, capture, feed=source, hindrance=_hindrance(head, source.whole_only))
    if source.size is not None or video.info.duration is not None:
        return video
    source.live = True
    return CaptureStream(spec, counter, capture, _LiveFeed(source))


def _open_list(spec: SourceSpec, url: str, counter: Counter, threads: int | None) -> FrameSource:
    source = HlsBytes(url, spec.shown, counter.line)
    if source.playlist.encrypted:
        source.close()
        capture = open_natively(spec, url, list_options())
        video = VideoFile(spec.shown, counter, capture)
        return video if not source.live else CaptureStream(spec, counter, capture, paced=True)
    capture = _capture(source, threads)
    if capture is None:
        failure = source.failure
        source.close()
        reason = tr("The server answers, but gives no video that can be read under this address.")
        raise failure or SourceError(spec.shown, reason, Problem.UNREADABLE)
    if source.live:
        return CaptureStream(spec, counter, capture, _LiveFeed(source), paced=True)
    film = _Film(source, url, spec, counter, threads)
    return VideoFile(
        spec.shown,
        counter,
        capture,
        duration=source.playlist.seconds,
        reopen=film.open_at,
        reopens_anywhere=True,
        feed=film,
    )


class _Film:
    """A list of videos with an end, which is opened anew at each place that is gone to."""

    def __init__(self, source: HlsBytes, url: str, spec: SourceSpec, counter: Counter, threads: int | None) -> None:
        self._source, self._url, self._spec = source, url, spec
        self._line, self._threads = counter.line, threads
        self._former: list[HlsBytes] = []

    def open_at(self, seconds: float) -> tuple[Any, float] | None:
        """Open the segment in which a place lies."""
        try:
            source = HlsBytes(self._url, self._spec.shown, self._line, start=seconds)
        except SourceError:
            return None
        capture = _capture(source, self._threads)
        if capture is None:
            source.close()
            return None
        # The former capture still reads from its own until it is released.
        self._former.append(self._source)
        self._source = source
        return capture, source.begins

    def begin_frame(self) -> None:
        while self._former:
            self._former.pop().close()
        self._source.begin_frame()

    def trouble(self) -> SourceError | None:
        return self._source.trouble()

    def close(self) -> None:
        self.begin_frame()
        self._source.close()


def _capture(source: io.BufferedIOBase, threads: int | None) -> Any:
    """Return OpenCV's capture of bytes; None where they are no video."""
    module = opencv.cv2()
    # Decoding in several threads holds back one frame a thread, which matters where it is live.
    parameters = [module.CAP_PROP_N_THREADS, 1 if threads is None else threads]
    options = SEGMENTS_OPTIONS if isinstance(source, HlsBytes) else BYTES_OPTIONS
    capture = open_capture(source, module.CAP_FFMPEG, parameters, options)
    if capture.isOpened():
        return capture
    capture.release()
    return None


def _hindrance(head: bytes, whole_only: bool) -> str:
    """Return why a video on a web server may not be playable from there; empty where nothing speaks against it.

    Some servers hand out whole files only, and some files cannot be played from their beginning on.
    """
    if not whole_only or not frames_probe.index_at_end(head):
        return ""
    return tr(
        "This video cannot be played from its server: its table of contents stands at its end, and the server sends "
        "whole files only. Save it first and open the file."
    )
