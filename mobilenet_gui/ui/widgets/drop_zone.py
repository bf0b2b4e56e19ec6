"""Owns the empty state of the photo page: a dashed zone with three fanned pictures, a sentence and what to press."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QTransform,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_ZONE
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import IconLabel, text_label
from mobilenet_gui.ui.widgets.painting import rounded, shadow

_CARD_SIDE, _CARD_FRAME, _SIDE_CARD = 132, 5, 108
_FAN_SIZE = QSize(330, 176)
_BUTTON_GAP = 8


class CardFan(QWidget):
    """Three fanned cards with pictures; drawn landscapes where there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: list[QPixmap] = []
        self.setFixedSize(_FAN_SIZE)

    def set_pictures(self, pictures: Sequence[QPixmap]) -> None:
        """Show up to three pictures: left, middle, right."""
        self._pictures = [p for p in pictures if not p.isNull()][:3]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sides, then the middle on top."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        middle = QPointF(self.width() / 2, self.height() / 2)
        for index, shift, angle, side in ((0, -84, -11, _SIDE_CARD), (2, 84, 11, _SIDE_CARD), (1, 0, 0, _CARD_SIDE)):
            painter.save()
            painter.translate(middle.x() + shift, middle.y() + (10 if index != 1 else -5))
            painter.rotate(angle)
            self._draw_card(painter, QRectF(-side / 2, -side / 2, side, side), index)
            painter.restore()

    def _draw_card(self, painter: QPainter, rect: QRectF, index: int) -> None:
        shadow(painter, rect, 14, size=8, drop=4)
        rounded(painter, rect, 14, tokens().line if tokens().dark else tokens().panel)
        inner = rect.adjusted(_CARD_FRAME, _CARD_FRAME, -_CARD_FRAME, -_CARD_FRAME)
        if index < len(self._pictures):
            paint_cover(painter, self._pictures[index], inner, 9)
        else:
            _draw_picture(painter, inner, index)


def paint_cover(painter: QPainter, picture: QPixmap, rect: QRectF, radius: float) -> None:
    """Fill a rounded `rect` with the middle of `picture`, cut to fit; edges are smooth."""
    brush = QBrush(picture)
    scale = max(rect.width() / picture.width(), rect.height() / picture.height())
    move = QTransform()
    move.translate(rect.center().x() - picture.width() * scale / 2, rect.center().y() - picture.height() * scale / 2)
    move.scale(scale, scale)
    brush.setTransform(move)
    painter.save()
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush)
    painter.drawRoundedRect(rect, radius, radius)
    painter.restore()


_SKIES = (("#F6B48F", "#E9739A"), ("#8FB7F6", "#4A6CF7"), ("#9AD9B4", "#3E9B73"))


def _draw_picture(painter: QPainter, rect: QRectF, index: int) -> None:
    """Draw a small landscape: sky, sun, two hills."""
    sky = QLinearGradient(rect.topLeft(), rect.bottomLeft())
    sky.setColorAt(0, QColor(_SKIES[index][0]))
    sky.setColorAt(1, QColor(_SKIES[index][1]))
    frame = QPainterPath()
    frame.addRoundedRect(rect, 9, 9)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(sky)
    painter.drawPath(frame)
    painter.setBrush(QColor(255, 255, 255, 225))
    painter.drawEllipse(QPointF(rect.x() + rect.width() * 0.3, rect.y() + rect.height() * 0.32), 13, 13)
    for depth, lift in ((90, 0.0), (150, 0.14)):
        hill = QPainterPath(QPointF(rect.left(), rect.bottom()))
        hill.lineTo(rect.left(), rect.y() + rect.height() * (0.78 + lift))
        crest = rect.y() + rect.height() * (0.36 + lift * 1.9)
        hill.cubicTo(
            QPointF(rect.x() + rect.width() * (0.32 - lift), crest + 26),
            QPointF(rect.x() + rect.width() * (0.6 - lift * 2), crest - 14),
            QPointF(rect.right(), rect.y() + rect.height() * (0.62 + lift)),
        )
        hill.lineTo(rect.right(), rect.bottom())
        painter.setBrush(QColor(18, 26, 58, depth))
        painter.drawPath(hill.intersected(frame))


class DropZone(QWidget):
    """The dashed zone. The window accepts the drop itself and tells the zone what hovers.

    Attributes:
        open_photos, open_folder, paste: what was asked for.
    """

    open_photos = Signal()
    open_folder = Signal()
    paste = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dragging = False
        self._title_text = tr("Drop photos or a folder here")
        self._subtitle_text = tr("JPEG, PNG, WebP, AVIF, HEIC and TIFF. Subfolders are included.")
        self.fan = CardFan(self)
        self.title = text_label(self._title_text, "drop", "text", fonts.SEMIBOLD, wrap=True)
        self.subtitle = text_label(self._subtitle_text, "body", "text2", wrap=True)
        for label in (self.title, self.subtitle):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.open_button = Button(tr("Open photos…"), "image", "primary", 36)
        self.folder_button = Button(tr("Open folder…"), "folder", "secondary", 36)
        self.paste_button = Button(tr("Paste"), "clipboard", "secondary", 36)
        self._buttons = QWidget(self)
        self._rows = _TwoRows(self._buttons)
        for button, signal in (
            (self.open_button, self.open_photos),
            (self.folder_button, self.open_folder),
            (self.paste_button, self.paste),
        ):
            self._rows.add(button)
            button.clicked.connect(signal)
        policy = self._buttons.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # so that nothing jumps
        self._buttons.setSizePolicy(policy)
        self._privacy = _PrivacyNote(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(0)
        column.addStretch(10)
        column.addWidget(self.fan, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(20)
        column.addWidget(self.title)
        column.addSpacing(8)
        column.addWidget(self.subtitle)
        column.addSpacing(24)
        column.addWidget(self._buttons)
        column.addStretch(11)
        column.addWidget(self._privacy)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_pictures(self, pictures: Sequence[QPixmap]) -> None:
        """Put up to three pictures on the cards."""
        self.fan.set_pictures(pictures)

    def is_dragging(self) -> bool:
        """Say whether it shows that something hovers."""
        return self._dragging

    def set_dragging(self, count: int | None) -> None:
        """Show that `count` photos hover over the window (0: not known how many); None: nothing does."""
        self._dragging = count is not None
        if count is None:
            self.title.setText(self._title_text)
            self.subtitle.setText(self._subtitle_text)
        else:
            some = trn("Drop to recognise {n} photo", "Drop to recognise {n} photos", count)
            self.title.setText(some if count else tr("Drop to recognise"))
            self.subtitle.setText(tr("Release anywhere in this window. Subfolders are included."))
        self._buttons.setVisible(count is None)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the cards out where the words need the room."""
        super().resizeEvent(event)
        width = self.width() - 48
        self._rows.fit(width)
        words = self.title.heightForWidth(width) + self.subtitle.heightForWidth(width)
        rest = self._buttons.sizeHint().height() + self._privacy.sizeHint().height() + 110
        self.fan.setVisible(self.height() >= words + rest + self.fan.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the zone."""
        colours = tokens()
        painter = QPainter(self)
        rect = QRectF(self.rect())
        rounded(painter, rect, RADIUS_ZONE, colours.soft if self._dragging else colours.zone)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(colours.accent if self._dragging else colours.line2, 2)
        pen.setDashPattern([4, 3])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), RADIUS_ZONE - 1, RADIUS_ZONE - 1)


class _TwoRows:
    """Buttons in the middle of a row; where they do not fit, the first has a row of its own."""

    def __init__(self, place: QWidget) -> None:
        self._buttons: list[Button] = []
        self._above, self._below = QHBoxLayout(), QHBoxLayout()
        column = QVBoxLayout(place)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for row in (self._above, self._below):
            row.setSpacing(_BUTTON_GAP)
            row.addStretch(1)
            row.addStretch(1)
            column.addLayout(row)

    def add(self, button: Button) -> None:
        """Put a button after the others."""
        self._buttons.append(button)
        self._put(button, self._above)

    def fit(self, width: int) -> None:
        """Use as many rows as `width` pixels ask for."""
        needed = sum(button.sizeHint().width() + _BUTTON_GAP for button in self._buttons) - _BUTTON_GAP
        row = self._above if needed <= width else self._below
        for button in self._buttons[1:]:
            if row.indexOf(button) < 0:
                self._put(button, row)
        self._below.setContentsMargins(0, _BUTTON_GAP if row is self._below else 0, 0, 0)

    def _put(self, button: Button, row: QHBoxLayout) -> None:
        for other in (self._above, self._below):
            other.removeWidget(button)
        row.insertWidget(row.count() - 1, button)


class _PrivacyNote(QWidget):
    """A lock and a promise."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addStretch(1)
        row.addWidget(IconLabel("lock", 14))
        row.addWidget(text_label(tr("Photos never leave this computer"), "small", "text2"))
        row.addStretch(1)
