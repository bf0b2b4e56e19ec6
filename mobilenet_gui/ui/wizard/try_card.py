"""Owns the card that offers to use the new model: a photo it knows, with its answer, and two buttons."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import shown, tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.photos.tiles import paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_LARGE, RADIUS_CONTROL
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.painting import draw_text, rounded

_NAMED = 3
_WIDTH, _HEIGHT = 196, 136
_WORDS_LEAST = 250


class _Preview(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self._label, self._share = "", ""
        self.setFixedSize(fonts.px(_WIDTH), fonts.px(_HEIGHT))

    def sizeHint(self) -> QSize:
        return self.size()

    def show_answer(self, image: QImage | None, label: str, share: float) -> None:
        self._image, self._label, self._share = image, label, percent(share, 0) if label else ""
        self.setAccessibleName(f"{shown(label)} {self._share}".strip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = tokens()
        rect = QRectF(self.rect())
        if self._image is None:
            rounded(painter, rect, RADIUS_CONTROL, colours.track)
            return
        paint_cover(painter, self._image, rect, RADIUS_CONTROL)
        strong, light = fonts.font("body", fonts.SEMIBOLD), fonts.font("body", fonts.MEDIUM)
        share_width = QFontMetricsF(light).horizontalAdvance(self._share)
        label_width = min(QFontMetricsF(strong).horizontalAdvance(self._label), rect.width() - share_width - 50)
        height = fonts.px(28)
        chip = QRectF(10, rect.bottom() - 10 - height, label_width + share_width + 33, height)
        rounded(painter, chip, height / 2, colours.overlay)
        draw_text(painter, QRectF(chip.x() + 12, chip.y(), label_width + 1, height), self._label, strong,
                  colours.onOverlay)  # fmt: skip
        draw_text(painter, QRectF(chip.right() - 13 - share_width, chip.y(), share_width + 1, height), self._share,
                  light, colours.onOverlay, elide=False)  # fmt: skip


class TryCard(Card):
    """The card; `live` and `photos` are its buttons."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, margin=12)
        self.preview = _Preview()
        self.words = text_label("", "body", "text2", wrap=True)
        self.live = Button(tr("Use in Live now"), "video", "primary", HEIGHT_LARGE)
        self.photos = Button(tr("Use in Photos"), "image", "secondary", HEIGHT_LARGE)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.live)
        buttons.addWidget(self.photos)
        buttons.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addStretch(1)
        column.addWidget(text_label(tr("Try it right now"), "card", "text", fonts.SEMIBOLD))
        column.addWidget(self.words)
        column.addSpacing(10)
        column.addLayout(buttons)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(18)
        row.addWidget(self.preview)
        row.addLayout(column, 1)
        self.body.addLayout(row)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the picture out where large text leaves no room beside it."""
        super().resizeEvent(event)
        self.preview.setVisible(self.width() >= self.preview.sizeHint().width() + fonts.px(_WORDS_LEAST))

    def minimumSizeHint(self) -> QSize:
        """Return the least useful size: without the picture."""
        return QSize(fonts.px(_WORDS_LEAST), super().minimumSizeHint().height())

    def show_classes(self, classes: tuple[str, ...]) -> None:
        """Say what the model knows."""
        some = ", ".join(map(shown, classes[:_NAMED]))
        if len(classes) > _NAMED:
            some = tr("{classes} and others").format(classes=some)
        self.words.setText(
            tr("Point the camera at what it has learnt: {classes}. The model is ready in this app.").format(
                classes=some
            )
        )

    def show_ready(self, *, ready: bool) -> None:
        """Let the model be used, or not yet."""
        self.live.setEnabled(ready)
        self.photos.setEnabled(ready)
