"""Owns the card that shows, before there is any photo, what Explain is: a sample photo with its heat map."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import headline, percent
from mobilenet_gui.i18n import shown, tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.photos.heat import heat_picture
from mobilenet_gui.ui.photos.overlay import crop_rect, paint_heat
from mobilenet_gui.ui.photos.tiles import paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CONTROL
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.kbd import KeyCap
from mobilenet_gui.ui.widgets.labels import Divider, IconLabel, text_label
from mobilenet_gui.ui.widgets.painting import draw_text, rounded
from mobilenet_gui.workers.sample_answers import SampleAnswer

_SHAPE: Final = 0.67
"""Height of the picture against its width."""
_STRENGTH: Final = 0.62


class _HeatPicture(QWidget):
    """The photo without colours, the heat map over it, and the answer in a corner."""

    def __init__(self) -> None:
        super().__init__()
        self._picture = QImage()
        self._words = ""
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int) -> int:
        """Keep the shape."""
        return round(width * _SHAPE)

    def show_heat(self, photo: QImage, answer: SampleAnswer) -> None:
        """Draw it anew."""
        import numpy as np  # the network has loaded it

        self._picture = photo.convertToFormat(QImage.Format.Format_Grayscale8).convertToFormat(
            QImage.Format.Format_RGB32
        )
        painter = QPainter(self._picture)
        place = QRectF(self._picture.rect())
        heat = heat_picture(np.array(answer.heat, np.float32))
        paint_heat(painter, place, crop_rect(place, answer.crop), heat, view=place, strength=_STRENGTH)
        painter.end()
        label = headline(answer.shown)
        self._words = f"{label} {percent(answer.probability)}"
        self.setAccessibleName(tr("Where the model looked for {label}").format(label=shown(label)))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw picture and answer."""
        painter, box = QPainter(self), QRectF(self.rect())
        if self._picture.isNull():
            rounded(painter, box, RADIUS_CONTROL, tokens().track)
            return
        paint_cover(painter, self._picture, box, RADIUS_CONTROL)
        face = fonts.font("caption", fonts.SEMIBOLD)
        wide = min(QFontMetricsF(face).horizontalAdvance(self._words) + 16, box.width() - 16)
        chip = QRectF(8, box.bottom() - 8 - fonts.px(22), wide, fonts.px(22))
        rounded(painter, chip, 6, tokens().overlay)
        draw_text(painter, chip.adjusted(8, 0, -8, 0), self._words, face, tokens().onOverlay)


class ExplainCard(QWidget):
    """The card; hidden until there is a heat map to show.

    Attributes:
        wanted: the sample photo is to be opened and explained.
    """

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._photo: QImage | None = None
        self._answer: SampleAnswer | None = None
        self.picture = _HeatPicture()
        self.button = Button(tr("Explain the lighthouse"), "eye")
        self.button.setToolTip(tr("Open it and show what the answer rests on (E)"))
        self.button.clicked.connect(self.wanted)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(IconLabel("eye"))
        head.addWidget(text_label(tr("Explain"), "body", "text", fonts.SEMIBOLD), 1)
        head.addWidget(KeyCap("E"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(0)
        column.addWidget(Divider())
        column.addSpacing(12)
        column.addLayout(head)
        column.addSpacing(10)
        column.addWidget(self.picture)
        column.addSpacing(10)
        column.addWidget(
            text_label(
                tr("It shows which part of the photo the answer rests on: the brightest counts most."),
                "small",
                "text2",
                wrap=True,
            )
        )
        column.addSpacing(10)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def set_photo(self, photo: QImage) -> None:
        """Take the sample photo."""
        self._photo = photo
        self._show()

    def show_answer(self, answer: SampleAnswer | None) -> None:
        """Show where the model looked; None, or an answer without heat map, hides the card."""
        self._answer = answer
        self._show()

    @property
    def ready(self) -> bool:
        """There is something to show."""
        return self._photo is not None and self._answer is not None and bool(self._answer.heat)

    def _show(self) -> None:
        if self.ready and self._photo is not None and self._answer is not None:
            self.picture.show_heat(self._photo, self._answer)
        self.setVisible(self.ready)
