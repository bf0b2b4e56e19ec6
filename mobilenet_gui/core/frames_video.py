"""Owns video files: reading them frame by frame with the file's own times, and finding a place in them again.

Times come from the file (`CAP_PROP_POS_MSEC`), never from counting frames, so that a variable frame rate is right.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from mobilenet_gui.core import frames_probe, opencv
from mobilenet_gui.core.frames_capture import RgbReader, claimed_rate, frame_size, open_capture
from mobilenet_gui.core.frames_types import Counter, Frame, Problem, SourceError, SourceInfo, SourceKind
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr

_ASSUMED_RATE: Final = 25.0
_LONGEST: Final = 1000 * 3600.0
_TINY: Final = 0.0005
_SEEK_TRIES: Final = 12
_SHORT_SECONDS: Final = 0.5


class VideoFile:
    """A video with an end: a file, or one on a web server."""

    def __init__(self, name: str, counter: Counter, capture: Any, duration: float | None = None) -> None:
        """Take over an open capture; `open_video` makes one of a file. `duration` is the file's own word, if known."""
        module = opencv.cv2()
        self._name = name
        self._counter = counter
        self._capture = capture
        self._reader = RgbReader(capture)
        capture.set(module.CAP_PROP_ORIENTATION_AUTO, 1)
        rate = claimed_rate(capture)
        self.frame_seconds = 1 / (rate or _ASSUMED_RATE)
        count = float(capture.get(module.CAP_PROP_FRAME_COUNT))
        frames = int(count) if 0 < count < _LONGEST * 1000 else None
        if duration is None and frames is not None and rate is not None:
            duration = frames / rate
        self.info = SourceInfo(
            name,
            SourceKind.FILE,
            frame_size(capture),
            fps=rate,
            duration=duration if duration is not None and 0 < duration < _LONGEST else None,
            frames=frames,
        )
        self._position: float | None = None
        self._furthest = 0.0

    @property
    def position(self) -> float:
        """Where the frame handed out or grabbed last stands, in seconds; 0 before the first."""
        return self._position or 0.0

    @property
    def missing_seconds(self) -> float:
        """How much of the video that the file announces was not there when its end was reached; 0 where all was."""
        if self.info.duration is None:
            return 0.0
        missing = self.info.duration - self._furthest - 1.5 * self.frame_seconds
        return missing if missing > max(_SHORT_SECONDS, 0.02 * self.info.duration) else 0.0

    def shortfall(self) -> SourceError | None:
        """Return what to say at the end of a file that broke off; None where it was whole."""
        if not self.missing_seconds:
            return None
        reason = tr("This video is incomplete: it breaks off after {there} of {announced} seconds.").format(
            there=f"{self._furthest + self.frame_seconds:.1f}", announced=f"{self.info.duration:.1f}"
        )
        return SourceError(self._name, reason, Problem.UNREADABLE)

    def read(self) -> Frame | None:
        """Return the next frame; None at the end.

        Raises:
            SourceError: not one frame can be decoded.
        """
        while self.grab():
            pixels = self._reader.retrieve()
            if pixels is not None:
                return self._counter.file_frame(pixels, self.position)
        if self._position is None:
            reason = tr("Not one frame of this video can be decoded; it is damaged or its format is not known.")
            raise SourceError(self._name, reason, Problem.UNREADABLE)
        return None

    def grab(self) -> bool:
        """Go one frame on without handing it out; False at the end."""
        if not self._reader.grab():
            return False
        place = self._capture.get(opencv.cv2().CAP_PROP_POS_MSEC) / 1000
        if self._position is not None and place <= self._position:
            # Some files name no times; counting on is all that is left.
            place = self._position + self.frame_seconds
        self._position = max(0.0, place)
        self._furthest = max(self._furthest, self._position)
        return True

    def grabbed(self) -> Frame | None:
        """Return the frame that was grabbed; None where it cannot be decoded."""
        pixels: Pixels | None = self._reader.retrieve()
        return None if pixels is None else self._counter.file_frame(pixels, self.position)

    def seek(self, seconds: float) -> Frame | None:
        """Go to a place and return its frame: the first that is not more than half a frame before it.

        Past the end, that is the last frame there is. None where nothing can be found, as in a file that cannot seek.
        """
        wanted = max(0.0, seconds)
        if self.info.duration is not None:
            wanted = min(wanted, self.info.duration)
        return self._go_to(wanted, 0.5 * self.frame_seconds)

    def step_back(self) -> Frame | None:
        """Return the frame before the present one; the first one again where there is none before it."""
        here = self.position
        back = 1.5 * self.frame_seconds
        for _ in range(_SEEK_TRIES):
            start = max(0.0, here - back)
            if self._jump(start) and self.position < here - _TINY:
                before = self.position
                while self.grab() and self.position < here - _TINY:
                    before = self.position
                return self._go_to(before, _TINY)
            if start == 0.0:
                break
            back *= 2
        return self._go_to(0.0, _TINY)

    def interrupt(self) -> None:
        """Do nothing: a file is read without waiting."""

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _go_to(self, wanted: float, slack: float, *, exists: bool = False) -> Frame | None:
        """Return the first frame from `wanted - slack` on; past the last one, the last. `exists`: there is one."""
        start, back = wanted, self.frame_seconds
        for _ in range(_SEEK_TRIES):
            # OpenCV counts in frames of equal length: it may land behind the place, or miss the end.
            if self._jump(start) and (self.position <= wanted + slack or start == 0.0):
                break
            if start == 0.0:
                return None
            start = max(0.0, wanted - back)
            back *= 2
        else:
            if not self._jump(0.0):
                return None
        while self.position < wanted - slack:
            if not self.grab():
                return None if exists else self._go_to(self.position, _TINY, exists=True)
        return self.grabbed()

    def _jump(self, seconds: float) -> bool:
        """Have OpenCV seek, and grab the frame that it lands on; False where there is none."""
        if not self._capture.set(opencv.cv2().CAP_PROP_POS_MSEC, seconds * 1000):
            return False
        before, self._position = self._position, None
        if self.grab():
            return True
        self._position = before
        return False


def open_video(path: Path, counter: Counter, *, threads: int | None = None) -> VideoFile:
    """Open a video file.

    Args:
        path: the file.
        counter: numbers its frames.
        threads: threads for decoding; by default FFmpeg's own choice.

    Raises:
        SourceError: it is missing, must not be read, or is no video that can be decoded.
    """
    frames_probe.check_file(path)
    module = opencv.cv2()
    parameters = [] if threads is None else [module.CAP_PROP_N_THREADS, threads]
    capture = open_capture(str(path), module.CAP_FFMPEG, parameters)
    if not capture.isOpened():
        capture.release()
        raise frames_probe.why_unreadable(path)
    return VideoFile(str(path), counter, capture, frames_probe.movie_seconds(path))
