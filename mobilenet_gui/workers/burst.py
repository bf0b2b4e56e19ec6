"""Owns taking photos out of a live picture or a video: while told to, some frames a second become photos on the disk.

Frames come in the reader's thread and are only handed on; a thread of its own writes them. A picture in which nothing
has changed since the last photo is not taken again: fifty times the same teaches nothing.
"""

from __future__ import annotations

import io
import queue
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.frames_types import Frame
from mobilenet_gui.i18n import tr
from mobilenet_gui.training import project_copies
from mobilenet_gui.workers.executor import executor, tell, wait_for
from mobilenet_gui.workers.inference import as_user_error
from mobilenet_gui.workers.photo_image import to_qimage
from mobilenet_gui.workers.photo_threads import stand_back

if TYPE_CHECKING:
    from PIL import Image

A_SECOND: Final = 8
"""Photos a second at most."""
LONGEST_SIDE: Final = 1280
"""Larger frames are reduced to this: more than any network here sees, and a tenth of the disk space."""
QUALITY: Final = 92
WAITING: Final = 12
"""Frames that may wait for the disk; beyond that, frames are passed over."""
SAME_BELOW: Final = 1.0
"""Mean difference, of 255, to the last photo below which a picture counts as the same. A camera's noise is below it
once the picture is reduced to 24 pixels."""
_TINY: Final = 24
_PREVIEW: Final = 128
STOP_SECONDS: Final = 2.0


class BurstRecorder(QObject):
    """Writes photos. Signals come in the thread that the object lives in.

    Attributes:
        taken: a photo was written; its path and a small `QImage`.
        still: nothing changes in the picture, so nothing is taken.
        failed: the disk refused; a `UserError`.
        idle: everything taken so far is written, and nothing is being taken.
    """

    taken = Signal(object, object)
    still = Signal()
    failed = Signal(object)
    idle = Signal()

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """Make it for the project in `folder`; no thread begins before the first frame is taken."""
        super().__init__(parent)
        self._folder = folder
        self._lock = threading.Lock()
        self._recording = False
        self._next = 0.0
        self._last: Image.Image | None = None
        self._frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._waiting = 0
        self._thread: threading.Thread | None = None
        self._ending = False
        self._news: deque[tuple[str, object, QImage | None]] = deque()

    @property
    def recording(self) -> bool:
        """Photos are being taken."""
        return self._recording

    def begin(self) -> None:
        """Take photos from now on."""
        with self._lock:
            self._recording, self._next, self._last = True, 0.0, None
            if self._thread is None or self._ending:
                self._ending = False
                self._thread = executor().start(self._serve, "burst-recorder", owner=self, cancel=self._end_thread)

    def end(self) -> None:
        """Take no more; `idle` tells when those taken are written."""
        with self._lock:
            if not self._recording:
                return
            self._recording = False
            done = self._waiting == 0
        if done:
            self.hand_out()
            self.idle.emit()

    @property
    def busy(self) -> bool:
        """Photos are still being written, or were and are not told of yet."""
        with self._lock:
            return self._waiting > 0 or bool(self._news)

    def consume(self, frame: Frame) -> None:
        """Take a frame, if it is time for one. For the reader's thread."""
        now = time.monotonic()
        with self._lock:
            if not self._recording or now < self._next or self._waiting >= WAITING:
                return
            self._next = now + 1 / A_SECOND
            self._waiting += 1
        self._frames.put(frame)

    def stop(self) -> None:
        """End the thread when it has written what it has; returns at once."""
        with self._lock:
            self._recording = False
        self._end_thread()

    def wait(self) -> None:
        """Wait until everything is written, two seconds at most, and tell of it. For the end of the program."""
        self.stop()
        if self._thread is not None:
            wait_for([self._thread], STOP_SECONDS)
        self.hand_out()

    def hand_out(self) -> None:
        """Tell of what was written."""
        while self._news:
            what, value, image = self._news.popleft()
            if what == "taken":
                self.taken.emit(value, image)
            elif what == "still":
                self.still.emit()
            elif what == "failed" and isinstance(value, UserError):
                self.failed.emit(value)
            elif what == "idle":
                self.idle.emit()

    def _end_thread(self) -> None:
        if self._thread is not None and not self._ending:
            self._ending = True
            self._frames.put(None)

    def _tell(self, what: str, value: object = None, image: QImage | None = None) -> None:
        self._news.append((what, value, image))
        tell(self, self.hand_out)

    def _serve(self) -> None:
        stand_back()
        while True:
            frame = self._frames.get()
            if frame is None:
                return
            try:
                self._write(frame)
            except Exception as error:
                self._tell("failed", as_user_error(error, tr("Photo from the camera")))
            with self._lock:
                self._waiting -= 1
                done = self._waiting == 0 and not self._recording
            if done:
                self._tell("idle")

    def _write(self, frame: Frame) -> None:
        from PIL import Image, ImageChops, ImageStat

        image = Image.fromarray(frame.pixels)
        tiny = image.resize((_TINY, _TINY), Image.Resampling.BOX)
        with self._lock:
            last = self._last
        if last is not None:
            difference = sum(ImageStat.Stat(ImageChops.difference(tiny, last)).mean) / 3
            if difference < SAME_BELOW:
                self._tell("still")
                return
        if max(image.size) > LONGEST_SIDE:
            image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
        data = io.BytesIO()
        image.save(data, "JPEG", quality=QUALITY)
        data.seek(0)
        path = project_copies.keep(self._folder, data, ".jpg", tr("Photo from the camera"))
        with self._lock:
            self._last = tiny
        image.thumbnail((_PREVIEW, _PREVIEW), Image.Resampling.BILINEAR)
        self._tell("taken", path, to_qimage(image))
