"""Owns the strip that shows how a photo is varied while the network learns from it, at the chosen strength."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.training_settings import Augmentation
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.photos.tiles import paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_SMALL
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.painting import rounded
from mobilenet_gui.workers.photo_tasks import Errand, TaskRunner
from mobilenet_gui.workers.varied_photos import SHOWN, varied_photos

_SIDE, _GAP = 76, 8


class _Pictures(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.images: tuple[QImage, ...] = ()
        self.setFixedHeight(fonts.px(_SIDE))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(fonts.px(_SIDE) * 4, fonts.px(_SIDE))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as many as there is room for."""
        painter = QPainter(self)
        side = fonts.px(_SIDE)
        for place in range(SHOWN):
            rect = QRectF(place * (side + _GAP), 0, side, side)
            if rect.right() > self.width():
                break
            if place < len(self.images):
                paint_cover(painter, self.images[place], rect, RADIUS_SMALL)
            else:
                rounded(painter, rect, RADIUS_SMALL, tokens().track)


class VariationStrip(QWidget):
    """The strip. It makes its pictures in a thread, when it is asked about another photo or strength."""

    def __init__(self, tasks: TaskRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._asked: object = None
        self._errand: Errand | None = None
        self._words = text_label("", "small", "text2", wrap=True)
        self.pictures = _Pictures()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(6)
        column.addWidget(self._words)
        column.addWidget(self.pictures)

    def images(self) -> tuple[QImage, ...]:
        """Return what is shown."""
        return self.pictures.images

    def show_strength(self, path: Path | None, strength: Augmentation, size: int, *, adapts: bool) -> None:
        """Show how a photo is varied.

        Args:
            path: the photo; None for none.
            strength: how much.
            size: side of the network's input.
            adapts: blocks are adapted; where only the last layer learns, photos are not varied.
        """
        if not adapts or strength == "none":
            self._words.setText(tr("Photos are not varied; each is learnt from as it is."))
        else:
            self._words.setText(tr("One photo as the network sees it while it learns:"))
        self.pictures.setVisible(adapts and path is not None)
        asked = (path, strength, size)
        if path is None or not adapts or asked == self._asked:
            return
        self._asked = asked
        if self._errand is not None:
            self._tasks.cancel(self._errand)
        self._errand = self._tasks.run(
            lambda _errand: varied_photos(path, strength, size), done=self._take, failed=self._fail
        )

    def _take(self, images: tuple[QImage, ...]) -> None:
        self._errand = None
        self.pictures.images = images
        self.pictures.update()

    def _fail(self, _error: UserError) -> None:
        # A photo that cannot be read is the check's matter.
        self._take(())
