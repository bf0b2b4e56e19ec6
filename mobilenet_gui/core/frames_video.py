"""Owns video files: reading them frame by frame with the file's own times, and finding a place in them again.

Times come from the file (`CAP_PROP_POS_MSEC`), never from counting frames, so that a variable frame rate is right.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

from mobilenet_gui.core import frames_probe, opencv
from mobilenet_gui.core.frames_capture import RgbReader, claimed_rate, frame_size, is_utf8, open_capture
from mobilenet_gui.core.frames_formats import FILE_OPTIONS
from mobilenet_gui.core.frames_movie import movie_length
from mobilenet_gui.core.frames_types import Counter, Frame, Problem, SourceError, SourceInfo, SourceKind
from mobilenet_gui.core.types import Pixels
from mobilenet_gui.i18n import tr

_ASSUMED_RATE: Final = 25.0
_LONGEST: Final = 1000 * 3600.0
_TINY: Final = 0.0005
_SEEK_TRIES: Final = 12
_SHORT_SECONDS: Final = 0.5
_NEAR_FRAMES: Final = 2.0
"""Frames so near before a place that they may be the one on screen there are turned into pixels on the way."""

Reopen = Callable[[float], "tuple[Any, float] | None"]
"""Opens the video once more, at or before a place: OpenCV's capture, and the seconds of the video before it."""


class Feed(Protocol):
    """Where the bytes of a video come through that is no file of this computer."""

    def begin_frame(self) -> None:
        """Hear that the waiting for another frame begins."""

    def trouble(self) -> SourceError | None:
        """Return why it ended before its end; None where it did not."""

    def close(self) -> None:
        """Let it go."""


class VideoFile:
    """A video with an end: a file, or one on a web server."""

    def __init__(
        self,
        name: str,
        counter: Counter,
        capture: Any,
        *,
        duration: float | None = None,
        stands: float = 0.0,
        may_break_off: bool = True,
        hindrance: str = "",
        reopen: Reopen | None = None,
        reopens_anywhere: bool = False,
        feed: Feed | None = None,
    ) -> None:
        """Take over an open capture; `open_video` makes one of a file.

        Args:
            name: what errors call it.
            counter: numbers its frames.
            capture: OpenCV's, open.
            duration: the video's own word in seconds, if known; by default OpenCV's, which is that of the sound where
                that goes on longer.
            stands: how long the last frame is on screen, in seconds, if known.
            may_break_off: an end that comes too soon means that a part is missing.
            hindrance: what to say where not one frame can be decoded, if more is known than that.
            reopen: opens the same video anew, for formats in which nothing can be found again.
            reopens_anywhere: it does so near any place; otherwise at the beginning only, whatever place it is given.
            feed: where its bytes come through; closed along with it.
        """
        self._name = name
        self._counter = counter
        self._capture = capture
        self._hindrance = hindrance
        self._reopen = reopen
        self._reopens_anywhere = reopens_anywhere
        self._feed = feed
        self._winds = not reopens_anywhere
        self._base = 0.0
        self._interrupted = False
        self._reader = RgbReader(capture)
        capture.set(opencv.cv2().CAP_PROP_ORIENTATION_AUTO, 1)
        rate = claimed_rate(capture)
        self.frame_seconds = 1 / (rate or _ASSUMED_RATE)
        count = float(capture.get(opencv.cv2().CAP_PROP_FRAME_COUNT))
        frames = int(count) if 0 < count < _LONGEST * 1000 else None
        if duration is None and frames is not None and rate is not None:
            duration = frames / rate
        duration = duration if duration is not None and 0 < duration < _LONGEST else None
        self.info = SourceInfo(
            name, SourceKind.FILE, frame_size(capture), fps=rate, duration=duration, frames=frames
        )  # fmt: skip
        self._announced = duration if may_break_off else None
        self._stands = stands
        self._position: float | None = None
        # The frame after the present one, where that had to be looked at; the present one's pixels are kept then.
        self._ahead: float | None = None
        self._kept: Pixels | None = None
        self._first: float | None = None
        self._furthest = 0.0

    @property
    def position(self) -> float:
        """Where the frame handed out or grabbed last stands, in seconds; 0 before the first."""
        return self._position or 0.0

    @property
    def missing_seconds(self) -> float:
        """How much of the video that the file announces was not there when its end was reached; 0 where all was."""
        return 0.0 if self._announced is None else self._gap(self._announced)

    def shortfall(self) -> SourceError | None:
        """Return what to say at the end of a file that broke off; None where it was whole."""
        if not self.missing_seconds:
            return None
        reason = tr("This video is incomplete: it breaks off after {there} of {announced} seconds.").format(
            there=f"{self._furthest + self.frame_seconds:.1f}", announced=f"{self._announced:.1f}"
        )
        return SourceError(self._name, reason, Problem.UNREADABLE)

    def read(self) -> Frame | None:
        """Return the next frame; None at the end.

        Raises:
            SourceError: not one frame can be decoded, or the server that sends it is gone.
        """
        while self.grab():
            pixels = self._reader.retrieve()
            if pixels is not None:
                return self._counter.file_frame(pixels, self.position)
        if self._position is None:
            reason = tr("Not one frame of this video can be decoded; it is damaged or its format is not known.")
            raise SourceError(self._name, self._hindrance or reason, Problem.UNREADABLE)
        return None

    def grab(self) -> bool:
        """Go one frame on without handing it out; False at the end.

        Raises:
            SourceError: the server that sends it is gone.
        """
        if self._ahead is not None:
            self._position, self._ahead, self._kept = self._ahead, None, None
            return True
        if self._grab():
            return True
        trouble = None if self._feed is None or self._interrupted else self._feed.trouble()
        if trouble is not None:
            raise trouble
        if self._position is not None:
            self._learn_length()
        return False

    def grabbed(self) -> Frame | None:
        """Return the frame that was grabbed; None where it cannot be decoded."""
        pixels: Pixels | None = self._reader.retrieve() if self._kept is None else self._kept
        return None if pixels is None else self._counter.file_frame(pixels, self.position)

    def grabbed_bgr(self, into: Pixels | None) -> Pixels | None:
        """Return the grabbed frame's pixels, blue first, in the memory of `into` if that fits; see `RgbReader`."""
        return self._reader.retrieve_bgr(into)

    def seek(self, seconds: float) -> Frame | None:
        """Go to a place and return the frame that is on screen there: the last one that does not begin later.

        Past the end, that is the last frame there is. None where nothing can be found, as in a file that cannot seek.
        """
        wanted = max(0.0, seconds)
        if self.info.duration is not None:
            wanted = min(wanted, self.info.duration)
        return self._go_to(wanted)

    def step_back(self) -> Frame | None:
        """Return the frame before the present one; the first one again where there is none before it."""
        here = self.position
        back = 1.5 * self.frame_seconds
        for _ in range(_SEEK_TRIES):
            start = max(0.0, here - back) if self._finds else 0.0
            if self._jump(start) and self.position < here - _TINY:
                before = self.position
                while self._goes_on() and self.position < here - _TINY:
                    before = self.position
                return self._go_to(before)
            if start == 0.0:
                break
            back *= 2
        return self._go_to(0.0)

    def interrupt(self) -> None:
        """Have a search for a place give up; from any thread. Nothing else here takes long."""
        self._interrupted = True

    def close(self) -> None:
        """Close the file."""
        self._capture.release()
        if self._feed is not None:
            self._feed.close()

    @property
    def _finds(self) -> bool:
        """Places can be found otherwise than by reading on to them."""
        return self._winds or self._reopens_anywhere

    def _go_to(self, wanted: float, *, exists: bool = False) -> Frame | None:
        """Return the last frame that does not begin after `wanted`, or the first one. `exists`: one begins there."""
        start, back = wanted if self._finds else 0.0, self.frame_seconds
        for _ in range(_SEEK_TRIES):
            # OpenCV counts in frames of equal length: it may land behind the place, or miss the end.
            if self._jump(start) and (self.position <= wanted + _TINY or start == 0.0):
                break
            if start == 0.0:
                return None
            start = max(0.0, wanted - back)
            back *= 2
        else:
            if not self._jump(0.0):
                return None
        return self._read_on(wanted, exists=exists)

    def _read_on(self, wanted: float, *, exists: bool) -> Frame | None:
        """Return the frame on screen at a place that the present frame does not lie behind.

        Only the frame after it tells which that is, since frames may stand for any time.
        """
        while True:
            here = self.position
            if here > wanted - _TINY:
                return self.grabbed()
            kept = self._reader.retrieve() if wanted - here <= _NEAR_FRAMES * self.frame_seconds else None
            if not self._goes_on():
                if self._interrupted:
                    return None
            elif self.position <= wanted + _TINY:
                continue
            elif kept is not None:
                self._position, self._ahead, self._kept = here, self.position, kept
            if kept is not None:
                return self._counter.file_frame(kept, here)
            # It stood for longer than was to be expected; now it is known which one it is.
            return None if exists else self._go_to(here, exists=True)

    def _goes_on(self) -> bool:
        return not self._interrupted and self.grab()

    def _jump(self, seconds: float) -> bool:
        """Have OpenCV seek, and grab the frame that it lands on; False where there is none."""
        if self._interrupted:
            return False
        self._ahead = self._kept = None
        before, self._position = self._position, None
        if self._winds and self._capture.set(opencv.cv2().CAP_PROP_POS_MSEC, seconds * 1000) and self._grab():
            at_start = self.position <= (self._first or 0.0) + 0.5 * self.frame_seconds
            # Formats without any index land wherever FFmpeg guesses, even when the beginning is asked for.
            return seconds > 0.0 or at_start or self._open_anew(0.0) or self._position is not None
        if (seconds == 0.0 or self._reopens_anywhere) and self._open_anew(seconds):
            return True
        self._position = before
        return False

    def _open_anew(self, seconds: float) -> bool:
        """Open the video once more, where even its beginning cannot be found; from there on it is read on to places."""
        made = None if self._reopen is None else self._reopen(seconds)
        if made is None:
            return False
        capture, base = made
        self._winds, self._position, self._base = False, None, base
        self._capture.release()
        self._capture, self._reader = capture, RgbReader(capture)
        capture.set(opencv.cv2().CAP_PROP_ORIENTATION_AUTO, 1)
        return self._grab()

    def _grab(self) -> bool:
        if self._feed is not None:
            self._feed.begin_frame()
        if not self._reader.grab():
            return False
        place = self._base + self._capture.get(opencv.cv2().CAP_PROP_POS_MSEC) / 1000
        if self._position is not None and place <= self._position:
            # Some files name no times; counting on is all that is left.
            place = self._position + self.frame_seconds
        self._position = max(0.0, place)
        if self._first is None:
            self._first = self._position
        self._furthest = max(self._furthest, self._position)
        return True

    def _learn_length(self) -> None:
        """Take the length that the end, just reached, tells, whatever was said."""
        length = self.info.duration
        longer = length is not None and self._furthest > length + self.frame_seconds
        if length is None or longer or self._gap(length):
            self.info = replace(self.info, duration=self._furthest + self.frame_seconds)

    def _gap(self, announced: float) -> float:
        missing = announced - self._furthest - max(1.5 * self.frame_seconds, self._stands + 0.5 * self.frame_seconds)
        return missing if missing > max(_SHORT_SECONDS, 0.02 * announced) else 0.0


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

    def capture_of_it(_seconds: float = 0.0) -> tuple[Any, float] | None:
        with _plain_name(path) as name:
            # The whole path: FFmpeg would take what stands before a colon for a protocol.
            capture = open_capture(str(Path(name).absolute()), module.CAP_FFMPEG, parameters, FILE_OPTIONS)
        if capture.isOpened():
            return capture, 0.0
        capture.release()
        return None

    made = None if frames_probe.has_only_sound(path) else capture_of_it()
    if made is None:
        raise frames_probe.why_unreadable(path)
    length = movie_length(path)
    return VideoFile(
        str(path),
        counter,
        made[0],
        duration=None if length is None else length.seconds,
        stands=0.0 if length is None else length.stands,
        may_break_off=frames_probe.breaks_off(path),
        reopen=capture_of_it,
    )


@contextlib.contextmanager
def _plain_name(path: Path) -> Iterator[str]:
    """Give a name of the file that OpenCV can read: its own, or for as long as it is opened, that of a link to it."""
    if is_utf8(str(path)):
        yield str(path)
        return
    with contextlib.ExitStack() as stack:
        try:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            link = Path(folder, "video" + (path.suffix if is_utf8(path.suffix) else ""))
            link.symlink_to(path.absolute())
        except OSError as error:
            reason = tr("The file’s name cannot be read; give it another one.")
            raise SourceError(str(path), reason, Problem.UNREADABLE) from error
        yield str(link)
