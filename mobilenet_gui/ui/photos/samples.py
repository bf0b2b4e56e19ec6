"""Owns what the empty page makes of the photos that ship for trying out: their pictures, and which are opened."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from mobilenet_gui.core import catalog
from mobilenet_gui.core.bundle import Bundle
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training.bases import BUILTIN_ID
from mobilenet_gui.ui.photos.actions import GRID, SINGLE
from mobilenet_gui.ui.photos.controller import PhotosController
from mobilenet_gui.ui.photos.frame import PageFrame
from mobilenet_gui.workers.photo_image import make_display, make_thumbnail
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner
from mobilenet_gui.workers.photo_threads import stand_back
from mobilenet_gui.workers.sample_answers import EXPLAINED, SampleAnswer, SampleAnswers

FAN_CARDS = ("fly-agaric", "hot-air-balloon", "strawberries")
"""The sample photos on the empty page's cards: left, middle, right."""
FAN_PIXELS = 264
"""Pixels a side of the pictures on the empty page's cards."""
OFFERED_STARTS = 3
"""How many starts of the program offer the official model."""
_CARD_PIXELS = 420
"""Longest side of the photo in the card that explains, at one device pixel a logical one."""


def fan_photos(samples: Sequence[Path]) -> list[Path]:
    """Return the photos for the empty page's cards; others where those are missing, none where there are too few."""
    chosen = [path for name in FAN_CARDS for path in samples if path.stem == name]
    if len(chosen) < len(FAN_CARDS):
        chosen = list(samples[: len(FAN_CARDS)])
    return chosen if len(chosen) == len(FAN_CARDS) else []


class SamplesDesk(QObject):
    """Fills the empty page, and says which of its photos are to be opened.

    Attributes:
        photos: the sample photos.
        started: the pictures are there or being made.
        chosen: photos to open (a list of paths) and the view for them: "single" or "grid".
    """

    chosen = Signal(list, str)

    def __init__(self, frame: PageFrame, controller: PhotosController, tasks: TaskRunner) -> None:
        super().__init__(frame)
        self._frame = frame
        self._controller = controller
        self._tasks = tasks
        self.started = False
        self._asked: Bundle | None = None
        self.photos = [tile.path for tile in frame.start.strip.tiles]
        self.answers = SampleAnswers(controller.inference, tasks, self)
        self.answers.answered.connect(self._answered)
        frame.start.strip.opened.connect(self._open)
        frame.start.strip.all_wanted.connect(self._open_all)
        frame.inspector.explain_card.wanted.connect(self.explain)

    def start(self) -> None:
        """Make the pictures and have the model asked, once the window is shown and has nothing else to do."""
        if not self.started:
            self.started = True
            scale = self._frame.devicePixelRatioF()
            self._tasks.run(
                lambda errand: _pictures(errand, self.photos, scale),
                done=self._show_pictures,
                failed=lambda _error: None,
            )
        self.follow_model()

    @Slot()
    def follow_model(self) -> None:
        """Ask the model in use, where nobody has yet and there is nothing else to recognise."""
        bundle = self._controller.bundle
        if bundle is not self._asked:
            self._asked = None
            self._frame.start.strip.forget("" if bundle is None else bundle.name)
            self._frame.inspector.explain_card.show_answer(None)
            self.answers.ask(None, ())
        if self.started and bundle is not None and self._asked is None and not len(self._controller.session):
            self._asked = bundle
            self.answers.ask(bundle, self.photos)

    def tell_installed(self, names: Mapping[str, str], starts: int) -> None:
        """Say what is built in, and offer the official model where it is missing, for the first few starts.

        Args:
            names: of the installed models, by id.
            starts: how often the program was started.
        """
        offered = bool(names) and catalog.DEFAULT_ID not in names and starts <= OFFERED_STARTS
        self._frame.start.say(names.get(BUILTIN_ID, ""), offered=offered)

    @Slot()
    def explain(self) -> None:
        """Open the sample photo that the inspector explains, and explain it."""
        if self._frame.inspector.explain_card.ready and not len(self._controller.session):
            self.chosen.emit([path for path in self.photos if path.stem == EXPLAINED], SINGLE)
            self._frame.inspector.result.explain.switch.setChecked(True)

    @Slot(object)
    def _open(self, path: Path) -> None:
        self.chosen.emit([path], SINGLE)

    @Slot()
    def _open_all(self) -> None:
        self.chosen.emit(self.photos, GRID)

    @Slot(str, object)
    def _answered(self, name: str, answer: SampleAnswer) -> None:
        self._frame.start.strip.show_answer(name, answer)
        if name == EXPLAINED:
            self._frame.inspector.explain_card.show_answer(answer)

    def _show_pictures(self, pictures: dict[str, tuple[QImage, QImage | None]]) -> None:
        self._frame.start.strip.set_pictures({name: small for name, (small, _) in pictures.items()})
        large = pictures.get(EXPLAINED, (None, None))[1]
        if large is not None:
            self._frame.inspector.explain_card.set_photo(large)


def _pictures(errand: Errand, photos: Sequence[Path], scale: float) -> dict[str, tuple[QImage, QImage | None]]:
    """Return a small picture of each photo that can be read, and a larger one of the photo that is explained."""
    from mobilenet_gui.core import imaging

    stand_back()
    made: dict[str, tuple[QImage, QImage | None]] = {}
    for path in photos:
        if errand.cancelled.is_set():
            break
        with contextlib.suppress(UserError):
            side = round(_CARD_PIXELS * scale)
            photo = imaging.decode(path, max_side=side).image
            large = make_display(photo, None) if path.stem == EXPLAINED else None
            made[path.stem] = make_thumbnail(photo, scale), large
    return made
