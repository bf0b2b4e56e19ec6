"""Owns the inspector's body for many photos: how they stand, how sure the model is, and which are worth a look."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import headline
from mobilenet_gui.core.photo_session import Counts, Photo
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.photos.sure_slider import SureSlider
from mobilenet_gui.ui.photos.tiles import paint_cover, paint_selection
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_SMALL
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.histogram import ConfidenceHistogram
from mobilenet_gui.ui.widgets.labels import Divider, text_label
from mobilenet_gui.ui.widgets.painting import draw_text, rounded

WORTH = 3
_HEIGHT = 62


class _WorthTile(QPushButton):
    """One photo with its doubtful guess."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = 0
        self._image: QImage | None = None
        self._guess = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(_HEIGHT + fonts.px(24))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_photo(self, photo: Photo, guess: str, image: QImage | None) -> None:
        """Show a photo."""
        self.key, self._guess, self._image = photo.key, guess, image
        self.setAccessibleName(tr("{name}, {guess}").format(name=photo.name, guess=guess))
        self.setToolTip(photo.name)
        self.update()

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(84, self.height())

    def minimumSizeHint(self) -> QSize:
        """Return the least useful size."""
        return QSize(48, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw picture and guess."""
        painter = QPainter(self)
        rect = QRectF(0, 0, self.width(), _HEIGHT)
        rounded(painter, rect, RADIUS_SMALL, tokens().track)
        if self._image is not None:
            paint_cover(painter, self._image, rect, RADIUS_SMALL)
        if shows_focus(self):
            paint_selection(painter, rect.adjusted(4, 4, -4, -4), RADIUS_SMALL)
        words = QRectF(2, _HEIGHT + 2, self.width() - 4, self.height() - _HEIGHT - 2)
        draw_text(painter, words, self._guess, fonts.font("small", fonts.MEDIUM), tokens().text2)


class BatchPanel(QWidget):
    """The answers of many photos at a glance.

    Attributes:
        opened: key of a photo that is worth a look and was pressed.
        show_all_requested: all unsure ones are wanted.
    """

    opened = Signal(int)
    show_all_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = text_label("", "result", "text", fonts.SEMIBOLD, wrap=True)
        self.summary = text_label("", "body", "text2", wrap=True)
        self.histogram = ConfidenceHistogram()
        self._shown: tuple[list[float], float] = ([], 0.0)
        self.sure = SureSlider(slider_first=True)
        self._worth = QWidget()
        self._show_all = Button(tr("Show all"), kind="link", height=28)
        self._show_all.setFont(fonts.font("small", fonts.SEMIBOLD))
        self._show_all.clicked.connect(self.show_all_requested)
        self._tiles = [_WorthTile() for _ in range(WORTH)]
        self._build()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.addWidget(text_label(tr("Worth a look"), "small", "text2", fonts.SEMIBOLD))
        head.addStretch(1)
        head.addWidget(self._show_all)
        tiles = QHBoxLayout()
        tiles.setSpacing(8)
        for tile in self._tiles:
            tile.clicked.connect(lambda _checked=False, t=tile: self.opened.emit(t.key))
            policy = tile.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            tile.setSizePolicy(policy)
            tiles.addWidget(tile, 1)
        worth = QVBoxLayout(self._worth)
        worth.setContentsMargins(0, 0, 0, 0)
        worth.setSpacing(6)
        worth.addSpacing(10)
        worth.addWidget(Divider())
        worth.addSpacing(2)
        worth.addLayout(head)
        worth.addLayout(tiles)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.summary)
        column.addSpacing(14)
        column.addWidget(text_label(tr("How sure the model is"), "small", "text2", fonts.SEMIBOLD))
        column.addSpacing(6)
        column.addWidget(self.histogram)
        column.addWidget(self.sure)
        column.addWidget(self._worth)
        column.addStretch(1)

    def show_counts(self, counts: Counts, confidences: list[float], sure_from: float) -> None:
        """Show how the list stands."""
        self.title.setText(trn("{n} photo", "{n} photos", counts.total))
        parts = [
            trn("{n} sure", "{n} sure", counts.sure),
            trn("{n} not sure", "{n} not sure", counts.not_sure),
            trn("{n} unreadable", "{n} unreadable", counts.problems),
        ]
        text = ", ".join(parts if counts.problems else parts[:2])
        self.summary.setText(tr("So far {what}").format(what=text) if counts.pending else text)
        if (confidences, sure_from) != self._shown:  # thousands are counted into bars, and often nothing changed
            self._shown = (confidences, sure_from)
            self.histogram.set_values(confidences, sure_from)
        self.sure.sentence.setText(
            trn("{n} photo falls below this limit.", "{n} photos fall below this limit.", counts.not_sure)
        )

    def show_worth(self, photos: list[tuple[Photo, QImage | None]]) -> None:
        """Show the least sure photos, at most three."""
        self._worth.setVisible(bool(photos))
        for place, tile in enumerate(self._tiles):
            tile.setVisible(place < len(photos))
            if place < len(photos):
                photo, image = photos[place]
                answer = photo.recognition
                guess = "" if answer is None else tr("{label}?").format(label=headline(answer.best.shown))
                tile.show_photo(photo, guess, image)
