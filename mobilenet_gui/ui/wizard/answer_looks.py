"""Owns what tested photos look like in lists: small pictures, or what the model saw and where it looked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from mobilenet_gui.training.evaluation_types import OTHER, Answer
from mobilenet_gui.ui.photos.heat import heat_picture
from mobilenet_gui.ui.wizard.answer_list import Look
from mobilenet_gui.ui.wizard.photo_shelf import PhotoShelf
from mobilenet_gui.workers.heat_desk import Heat, HeatDesk, HeatWish

_KEPT = 96


class AnswerLooks(QObject):
    """Finds them.

    Attributes:
        arrived: photo ids (list of str) that look different now.
    """

    arrived = Signal(object)

    def __init__(self, shelf: PhotoShelf, desk: HeatDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shelf, self._desk = shelf, desk
        self._heats: OrderedDict[HeatWish, tuple[QImage, QImage | None]] = OrderedDict()
        self._asked: dict[HeatWish, str] = {}
        self._bundle: Path | None = None
        self._fixed: Callable[[Answer], str] = lambda _answer: ""
        shelf.arrived.connect(self.arrived)
        desk.ready.connect(self._take)

    def set_model(self, bundle: Path | None, fixed: Callable[[Answer], str]) -> None:
        """Look with another model from now on.

        Args:
            bundle: its folder.
            fixed: says what has become of a photo since the test.
        """
        self._bundle, self._fixed = bundle, fixed
        self._asked.clear()
        self._desk.forget()

    def plain(self, answer: Answer) -> Look:
        """Return a photo's small picture."""
        picture = self._shelf.get(answer.id)
        return Look(picture, None, self._shelf.is_hopeless(answer.id) and picture is None, self._fixed(answer))

    def with_heat(self, answer: Answer) -> Look:
        """Return what the model saw of a photo, with where it looked for what it said."""
        if self._bundle is None or answer.guess == OTHER:
            return self.plain(answer)
        wish = HeatWish(self._bundle, answer.path, answer.said)
        known = self._heats.get(wish)
        if known is None:
            if wish not in self._asked:
                self._asked[wish] = answer.id
                self._desk.want(wish)
            return self.plain(answer)
        self._heats.move_to_end(wish)
        picture, heat = known
        if picture.isNull():
            return self.plain(answer)
        return Look(picture, heat, False, self._fixed(answer))

    def _take(self, wish: HeatWish, heat: Heat) -> None:
        photo = self._asked.pop(wish, None)
        if photo is None:
            return
        self._heats[wish] = (heat.picture, None if heat.heat is None else heat_picture(heat.heat))
        while len(self._heats) > _KEPT:
            self._heats.popitem(last=False)
        self.arrived.emit([photo])
