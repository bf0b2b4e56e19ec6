"""Owns reading through OpenCV: cameras, and what videos and streams have in common with them.

A capture belongs to the thread that opened it: releasing one while another thread reads from it crashes the process.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, Final

import numpy as np

from mobilenet_gui.core import cameras, opencv
from mobilenet_gui.core.frames_types import Counter, Frame, Problem, SourceError, SourceInfo, SourceKind, SourceSpec
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr

_MJPG: Final = "MJPG"
_HIGHEST_RATE: Final = 1000.0


class CameraSource:
    """A camera that is plugged in."""

    def __init__(self, spec: SourceSpec, counter: Counter) -> None:
        """Open it.

        Raises:
            SourceError: there is no such camera, it is taken, or it may not be used.
        """
        self._index, self.name = _find(spec)
        self._counter = counter
        self._seen = False
        self._capture = open_capture(self._index, opencv.camera_backend(), [])
        if not self._capture.isOpened():
            self._capture.release()
            raise self._no_picture()
        self._choose_size(spec.size)
        self.info = SourceInfo(self.name, SourceKind.CAMERA, frame_size(self._capture), fps=claimed_rate(self._capture))
        self._reader = RgbReader(self._capture)

    def read(self) -> Frame | None:
        """Return the next frame.

        Raises:
            SourceError: there is none: unplugged, or taken by another program.
        """
        pixels = self._reader.read()
        if pixels is not None:
            self._seen = True
            return self._counter.live_frame(pixels)
        if not self._seen:
            raise self._no_picture()
        raise SourceError(self.name, tr("The camera is gone. It goes on when it is plugged in again."), Problem.LOST)

    def interrupt(self) -> None:
        """Nothing can wake a camera's driver; it gives up by itself."""

    def close(self) -> None:
        """Switch the camera off."""
        self._capture.release()

    def _choose_size(self, size: tuple[int, int] | None) -> None:
        module = opencv.cv2()
        if size is None:
            return
        if sys.platform != "darwin":
            # Uncompressed, most cameras manage but a few frames a second at such sizes.
            self._capture.set(module.CAP_PROP_FOURCC, module.VideoWriter_fourcc(*_MJPG))
        self._capture.set(module.CAP_PROP_FRAME_WIDTH, size[0])
        self._capture.set(module.CAP_PROP_FRAME_HEIGHT, size[1])

    def _no_picture(self) -> SourceError:
        device = cameras.device_file(self._index)
        if device is not None and os.path.exists(device):  # noqa: PTH110 - a device, not a file of the user's
            if not os.access(device, os.R_OK | os.W_OK):
                return SourceError(
                    self.name,
                    tr(
                        "You have no permission to use this camera. On Linux, membership of the group “video” gives it."
                    ),
                    Problem.REFUSED,
                )
        elif all(camera.index != self._index for camera in cameras.list_cameras()):
            return SourceError(self.name, tr("There is no such camera. Is it plugged in?"), Problem.MISSING)
        reason = tr("The camera gives no picture. Another program may be using it; close that and try again.")
        if device is None:
            reason = tr(
                "The camera gives no picture. Another program may be using it, or the system’s privacy settings "
                "do not allow it."
            )
        return SourceError(self.name, reason, Problem.BUSY)


class RgbReader:
    """Reads a capture's frames as RGB arrays of their own, with one copy: the one that swaps the colours."""

    def __init__(self, capture: Any) -> None:
        self._capture = capture
        self._buffer: Any = None

    def read(self) -> Pixels | None:
        """Return the next frame's pixels; None where there is none."""
        return self.retrieve() if self.grab() else None

    def grab(self) -> bool:
        """Go to the next frame without handing it out."""
        try:
            return bool(self._capture.grab())
        except opencv.cv2().error:
            return False

    def retrieve(self) -> Pixels | None:
        """Hand out the frame that was grabbed."""
        module = opencv.cv2()
        try:
            done, self._buffer = self._capture.retrieve(self._buffer)
            if not done or self._buffer is None or self._buffer.size == 0:
                return None
            return to_rgb(self._buffer)
        except module.error:
            return None

    def retrieve_bgr(self, into: Pixels | None) -> Pixels | None:
        """Hand out the frame that was grabbed with its colours as OpenCV orders them: blue, green, red.

        For those who make something small of it and swap its colours then, which spares a pass over the whole frame.

        Args:
            into: memory of a former frame that nobody needs any more; it is used where the size is the same.
        """
        module = opencv.cv2()
        try:
            done, picture = self._capture.retrieve(into)
            if not done or picture is None or picture.size == 0:
                return None
            if picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3:
                pixels: Pixels = picture
            else:
                pixels = module.cvtColor(to_rgb(picture), module.COLOR_RGB2BGR)
            return pixels
        except module.error:
            return None


def to_rgb(picture: Any) -> Pixels:
    """Return a copy of OpenCV's picture (BGR, BGRA or grey, 8 or 16 bits) as RGB, shape (height, width, 3)."""
    module = opencv.cv2()
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    code = {1: module.COLOR_GRAY2RGB, 3: module.COLOR_BGR2RGB, 4: module.COLOR_BGRA2RGB}[channels]
    pixels: Pixels = module.cvtColor(picture, code)
    return pixels


def open_capture(source: str | int | io.BufferedIOBase, backend: int, parameters: list[int], options: str = "") -> Any:
    """Return OpenCV's capture of a camera, file, stream or row of bytes, open or not; FFmpeg's with `options`."""
    module = opencv.cv2()
    # OpenCV takes UTF-8 alone, and crashes the process where that cannot be made of a text.
    if isinstance(source, str) and not is_utf8(source):
        return module.VideoCapture()
    try:
        if not options:
            return module.VideoCapture(source, backend, parameters)
        with opencv.ffmpeg_options(options):
            return module.VideoCapture(source, backend, parameters)
    except module.error:
        return module.VideoCapture()


def is_utf8(text: str) -> bool:
    """Say whether UTF-8 can be made of a text; it cannot of some file names, which are any bytes on Linux."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def frame_size(capture: Any) -> tuple[int, int]:
    """Return the width and height that a capture claims, upright."""
    module = opencv.cv2()
    return int(capture.get(module.CAP_PROP_FRAME_WIDTH)), int(capture.get(module.CAP_PROP_FRAME_HEIGHT))


def claimed_rate(capture: Any) -> float | None:
    """Return the frames a second that a capture claims; None where it says nothing of sense."""
    rate = float(capture.get(opencv.cv2().CAP_PROP_FPS))
    return rate if 0 < rate <= _HIGHEST_RATE else None


def _find(spec: SourceSpec) -> tuple[int, str]:
    """Return a camera's number and name."""
    if spec.address.isdigit():
        index = int(spec.address)
        known = {camera.index: camera.name for camera in cameras.list_cameras()}
        return index, known.get(index, spec.shown)
    present = cameras.list_cameras()
    camera = cameras.find_camera(spec.address, present)
    if camera is not None:
        return camera.index, camera.name
    if not present:
        reason = tr("There is no file of this name, and no camera was found.")
        raise SourceError(spec.shown, reason, Problem.MISSING)
    names = ", ".join(f"“{camera.name}”" for camera in present)
    raise SourceError(
        spec.shown, tr("There is no camera of this name. There are: {names}.").format(names=names), Problem.MISSING
    )
