"""Owns looking at photos with a model that is not the active one: where it looked, in a thread of its own."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.core.types import CropBox
from mobilenet_gui.workers.executor import executor, tell
from mobilenet_gui.workers.inference import as_user_error
from mobilenet_gui.workers.photo_threads import share_interpreter, stand_back

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobilenet_gui.core.bundle import ClassifierHead
    from mobilenet_gui.core.recognizer import LiteRTRecognizer

_THREADS: Final = 2
"""Of the network: the answers are wanted soon, and the window and a training want their cores."""


@dataclass(frozen=True, slots=True)
class HeatWish:
    """A photo to look at.

    Attributes:
        bundle: the folder of the model.
        path: the photo.
        label: the class to explain, by its name.
        side: the longest side of the picture wanted, in pixels; None for the network's own input.
    """

    bundle: Path
    path: Path
    label: str
    side: int | None = None


@dataclass(frozen=True, slots=True)
class Heat:
    """Where a model looked.

    Attributes:
        picture: the photo, or what the network saw of it.
        heat: 0-1, shape (rows, columns), over `crop`; None where the model cannot be explained.
        crop: the part of `picture` that the network saw; None for all of it.
        error: why the photo cannot be shown; the picture is null then.
    """

    picture: QImage
    heat: NDArray[np.float32] | None = None
    crop: CropBox | None = None
    error: UserError | None = None


class HeatDesk(QObject):
    """Answers wishes, the newest first. Signals arrive in the thread that made it.

    Attributes:
        ready: a `HeatWish` and its `Heat`.
    """

    ready = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._work = threading.Condition()
        self._wanted: OrderedDict[HeatWish, None] = OrderedDict()
        self._closed = False
        self._started = False

    def want(self, wish: HeatWish) -> None:
        """Ask for a photo; asked for again it comes sooner."""
        with self._work:
            self._wanted[wish] = None
            self._wanted.move_to_end(wish)
            if not self._started and not self._closed:
                self._started = True
                share_interpreter()
                executor().start(self._serve, "heat-maps", owner=self, cancel=self.stop)
            self._work.notify()

    def forget(self) -> None:
        """Drop what has been asked for and not been begun."""
        with self._work:
            self._wanted.clear()

    def stop(self) -> None:
        """End the thread, when it is through with its photo; returns at once."""
        with self._work:
            self._closed = True
            self._wanted.clear()
            self._work.notify()

    def _serve(self) -> None:
        stand_back()
        looker = _Looker()
        while True:
            with self._work:
                while not (self._closed or self._wanted):
                    self._work.wait()
                if self._closed:
                    break
                wish, _ = self._wanted.popitem()
            try:
                heat = looker.look(wish)
            except Exception as error:  # one photo's fault must not end the thread
                heat = Heat(QImage(), error=as_user_error(error, str(wish.path)))
            tell(self, self._hand_out, wish, heat)
        looker.close()

    def _hand_out(self, wish: HeatWish, heat: Heat) -> None:
        if not self._closed:
            self.ready.emit(wish, heat)


class _Looker:
    """Keeps the model that was asked for last."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._recognizer: LiteRTRecognizer | None = None
        self._head: ClassifierHead | None = None

    def look(self, wish: HeatWish) -> Heat:
        from mobilenet_gui.core import imaging
        from mobilenet_gui.core.explain import heat_map
        from mobilenet_gui.workers.photo_image import make_display, pixels_to_qimage

        recognizer = self._open(wish.bundle)
        recipe = recognizer.bundle.preprocessing
        prepared = imaging.prepare(imaging.decode_for(wish.path, recipe), recipe)
        _, features = recognizer.probabilities(prepared.pixels, want_features=True)
        index = next(
            (label.index for label in recognizer.bundle.labels if wish.label in (label.shown, label.name)), None
        )
        heat = None
        if features is not None and self._head is not None and index is not None:
            heat = heat_map(features, self._head, index)
        if wish.side is None:
            return Heat(pixels_to_qimage(prepared.pixels), heat)
        photo = imaging.decode(wish.path, max_side=wish.side)
        return Heat(make_display(photo.image, None), heat, prepared.crop)

    def close(self) -> None:
        if self._recognizer is not None:
            self._recognizer.close()
        self._folder = self._recognizer = self._head = None

    def _open(self, folder: Path) -> LiteRTRecognizer:
        if self._recognizer is not None and self._folder == folder:
            return self._recognizer
        from mobilenet_gui.core.bundle import Bundle
        from mobilenet_gui.core.recognizer import LiteRTRecognizer

        self.close()
        bundle = Bundle.open(folder)
        self._recognizer = LiteRTRecognizer(bundle, _THREADS)
        self._head = bundle.head()
        self._folder = folder
        return self._recognizer
