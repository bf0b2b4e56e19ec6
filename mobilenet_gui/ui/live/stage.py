"""Owns the live picture: the newest frame, painted at once, with the heat map, its state and the winner over it.

Nothing here waits or keeps a queue: `set_frame` replaces what was there, and Qt joins repaints by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
    QTransform,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.core.screen_frame import ScreenFrame
from mobilenet_gui.core.types import CropBox, Pixels
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.live.placing import placed, roomy
from mobilenet_gui.ui.photos.heat import LEGEND_SIZE, legend_rect, paint_legend
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_PREVIEW
from mobilenet_gui.ui.widgets.painting import draw_text, rounded

_INSET = 14
_CHIP_HEIGHT = 28
_CAPTION_HEIGHT = 48
_LIVE_DOT = QColor(255, 90, 82)


@dataclass(frozen=True, slots=True)
class Status:
    """What the chip in the upper left corner says.

    Attributes:
        text: one or two words.
        icon: its icon; empty for the red dot of a live picture.
    """

    text: str
    icon: str = ""


class LiveStage(QWidget):
    """The picture.

    Attributes:
        double_clicked: full screen is wanted, or no longer.
    """

    double_clicked = Signal()

    def __init__(self, parent: QWidget | None = None, *, plain: bool = False) -> None:
        """`plain` leaves the rounded corners out and shows whole frames, for the full screen."""
        super().__init__(parent)
        self._plain = plain
        self._fill = not plain
        self._pixels: Pixels | None = None
        self._screen = ScreenFrame()
        self._ready: QImage | None = None
        self._ready_for: object = None
        self._mirror = False
        self._dimmed = False
        self._heat: QImage | None = None
        self._crop: CropBox | None = None
        self._strength = 0.62
        self._status: Status | None = None
        self._size_text = ""
        self._strong = self._weak = ""
        self._over: QPixmap | None = None
        self._over_key: object = None
        self.painted = 0
        """How many times it was painted; for measuring."""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(tr("Live picture"))

    @property
    def has_picture(self) -> bool:
        """Whether there is a frame."""
        return self._pixels is not None

    @property
    def has_heat(self) -> bool:
        """Whether a heat map lies over it."""
        return self._heat is not None

    @property
    def caption(self) -> tuple[str, str]:
        """What is written at the lower edge: the strong words and the weak ones."""
        return self._strong, self._weak

    @property
    def status(self) -> Status | None:
        """What the chip says."""
        return self._status

    def image(self) -> QImage | None:
        """Return a copy of the whole frame, not mirrored."""
        pixels = self._pixels
        if pixels is None:
            return None
        height, width = pixels.shape[:2]
        return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888).copy()

    def set_frame(self, pixels: Pixels) -> None:
        """Show a frame: RGB, uint8, shape (height, width, 3). It is kept and must not change any more."""
        height, width = pixels.shape[:2]
        self._pixels = pixels
        self._ready = None
        text = f"{width} × {height}"
        if text != self._size_text:
            self._size_text = text
        self.update()

    def clear(self) -> None:
        """Show nothing."""
        self._pixels = self._ready = self._heat = None
        self._size_text = self._strong = self._weak = ""
        self.update()

    def set_fill(self, fill: bool) -> None:
        """Fill the stage where little is lost by it, or show whole frames."""
        self._fill = fill and not self._plain
        self.update()

    def set_mirror(self, mirror: bool) -> None:
        """Show left and right exchanged, as a mirror does."""
        self._mirror = mirror
        self.update()

    def set_dimmed(self, dimmed: bool) -> None:
        """Dim the picture: it is an old one."""
        if dimmed != self._dimmed:
            self._dimmed = dimmed
            self.update()

    def set_status(self, status: Status | None) -> None:
        """Say what kind of picture it is."""
        if status != self._status:
            self._status = status
            self.update()

    def set_caption(self, strong: str, weak: str) -> None:
        """Name the winner, or say that nothing is sure; empty for nothing."""
        if (strong, weak) != (self._strong, self._weak):
            self._strong, self._weak = strong, weak
            self.setAccessibleDescription(f"{strong} {weak}".strip())
            self.update()

    def set_heat(self, heat: QImage | None, crop: CropBox | None = None) -> None:
        """Lay a heat map over what the network saw, or take it away."""
        if heat is None and self._heat is None:
            return
        self._heat, self._crop = heat, crop
        self.update()

    def set_strength(self, strength: float) -> None:
        """Take how strongly the heat map covers the picture, 0 to 1."""
        self._strength = strength
        self.update()

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(640, 420)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for the full screen."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.double_clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the frame and what lies over it."""
        self.painted += 1
        colours = tokens()
        painter = QPainter(self)
        room = QRectF(self.rect())
        pixels = self._pixels
        if pixels is None:
            painter.fillRect(room, QColor(0, 0, 0) if self._plain else colours.canvas)
        else:
            rect = placed((pixels.shape[1], pixels.shape[0]), room, fill=self._fill)
            self._paint_frame(painter, pixels, rect, room)
            self._lay_over(painter, roomy(rect.intersected(room), room), room)
        if pixels is None and not self._plain:
            self._cut_corners(painter, room)
        if shows_focus(self):
            rounded(painter, room.adjusted(1, 1, -1, -1), RADIUS_PREVIEW, None, colours.accentText, width=2)

    def _paint_frame(self, painter: QPainter, pixels: Pixels, rect: QRectF, room: QRectF) -> None:
        if not rect.contains(room):
            painter.fillRect(room, QColor(0, 0, 0) if self._plain else tokens().canvas)
        seen = rect.intersected(room)
        ratio = self.devicePixelRatioF()
        # On whole pixels of the screen: the picture is made for them and laid there as it is.
        place = QRectF(seen.x() * ratio, seen.y() * ratio, seen.width() * ratio, seen.height() * ratio).toRect()
        painter.drawImage(QPointF(place.topLeft()) / ratio, self._fitted(pixels, rect, seen, place.size(), ratio))
        painter.save()
        if self._mirror:
            painter.setTransform(QTransform.fromTranslate(room.width() + 2 * room.x(), 0).scale(-1, 1), combine=True)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._heat is not None:
            self._paint_heat(painter, rect, seen, self._heat)
        if self._dimmed:
            painter.fillRect(seen, QColor(16, 18, 22, 150))
        painter.restore()

    def _fitted(self, pixels: Pixels, rect: QRectF, seen: QRectF, size: QSize, ratio: float) -> QImage:
        """Return the part `seen` of a frame that is painted at `rect`, in the screen's own pixels."""
        key = (rect.getRect(), seen.getRect(), size.width(), size.height(), ratio, self._mirror)
        if self._ready is None or key != self._ready_for:
            across, down = pixels.shape[1] / rect.width(), pixels.shape[0] / rect.height()
            left, top = (seen.x() - rect.x()) * across, (seen.y() - rect.y()) * down
            box = (left, top, left + seen.width() * across, top + seen.height() * down)
            width, height = max(1, size.width()), max(1, size.height())
            shown = self._screen.fit(pixels, box, (width, height), mirror=self._mirror)
            # It lies in the memory that is used again, so that it lives no longer than until the next one.
            self._ready = QImage(shown.data, width, height, width * 4, QImage.Format.Format_RGB32)
            self._ready.setDevicePixelRatio(ratio)
            self._ready_for = key
        return self._ready

    def _paint_heat(self, painter: QPainter, rect: QRectF, seen: QRectF, heat: QImage) -> None:
        crop = self._crop
        inner = rect if crop is None else QRectF(
            rect.x() + crop.left * rect.width(),
            rect.y() + crop.top * rect.height(),
            (crop.right - crop.left) * rect.width(),
            (crop.bottom - crop.top) * rect.height(),
        )  # fmt: skip
        painter.setOpacity(self._strength)
        painter.drawImage(inner, heat)
        shade = QColor(16, 18, 22)
        # Nothing is known of what lies outside; it is dimmed, so that it is not taken for cold.
        for strip in (
            QRectF(seen.left(), seen.top(), seen.width(), inner.top() - seen.top()),
            QRectF(seen.left(), inner.bottom(), seen.width(), seen.bottom() - inner.bottom()),
            QRectF(seen.left(), inner.top(), inner.left() - seen.left(), inner.height()),
            QRectF(inner.right(), inner.top(), seen.right() - inner.right(), inner.height()),
        ):
            if strip.width() > 0 and strip.height() > 0:
                painter.fillRect(strip, shade)
        painter.setOpacity(1.0)

    def _lay_over(self, painter: QPainter, area: QRectF, room: QRectF) -> None:
        """Paint what lies over the frame from a picture of it: it changes a few times a second, frames thirty times."""
        ratio = self.devicePixelRatioF()
        key = (
            area.getRect(), room.getRect(), ratio, id(tokens()), fonts.scale(), self._status, self._size_text,
            self._strong, self._weak, self._heat is not None,
        )  # fmt: skip
        if self._over is None or key != self._over_key:
            size = QSize(max(1, round(room.width() * ratio)), max(1, round(room.height() * ratio)))
            over = self._over
            if over is None or over.size() != size:
                over = QPixmap(size)
            over.setDevicePixelRatio(ratio)
            over.fill(Qt.GlobalColor.transparent)
            inner = QPainter(over)
            self._paint_over(inner, area)
            if not self._plain:
                self._cut_corners(inner, room)
            inner.end()
            self._over, self._over_key = over, key
        # Between the upper chips and the lower edge's words there is nothing to blend.
        upper = area.y() + _INSET + fonts.px(_CHIP_HEIGHT) + 2
        lower = max(upper, area.bottom() - fonts.px(_CAPTION_HEIGHT) - LEGEND_SIZE[1] - 2 * _INSET - 10)
        for top, bottom in ((0.0, upper), (lower, room.height())):
            strip = QRectF(0, top, room.width(), bottom - top)
            source = QRectF(0, top * ratio, strip.width() * ratio, strip.height() * ratio)
            painter.drawPixmap(strip, self._over, source)

    def _paint_over(self, painter: QPainter, area: QRectF) -> None:
        face = fonts.font("small", fonts.SEMIBOLD)
        metrics = QFontMetricsF(face)
        height = fonts.px(_CHIP_HEIGHT)
        top = area.y() + _INSET
        right = area.right() - _INSET
        if self._size_text:
            width = metrics.horizontalAdvance(self._size_text) + 24
            chip = QRectF(right - width, top, width, height)
            self._chip(painter, chip)
            draw_text(painter, chip.adjusted(12, 0, -12, 0), self._size_text, face, tokens().onOverlay)
            right = chip.left() - 8
        if self._status is not None:
            self._paint_status(painter, QPointF(area.x() + _INSET, top), right, self._status)
        if self._heat is not None:
            legend = legend_rect(area)
            if self._strong:
                # The caption has the lower edge's middle; the legend stands above it.
                legend.translate(0, -fonts.px(_CAPTION_HEIGHT) - 8)
            paint_legend(painter, legend)
        if self._strong:
            self._paint_caption(painter, area)

    def _paint_status(self, painter: QPainter, at: QPointF, right: float, status: Status) -> None:
        face = fonts.font("small", fonts.SEMIBOLD)
        height = fonts.px(_CHIP_HEIGHT)
        width = min(QFontMetricsF(face).horizontalAdvance(status.text) + 39, max(40.0, right - at.x()))
        chip = QRectF(at.x(), at.y(), width, height)
        self._chip(painter, chip)
        sign = QRectF(chip.x() + 10, chip.y(), 14, height)
        if status.icon:
            paint_icon(painter, status.icon, sign, tokens().onOverlay, 13)
        else:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(_LIVE_DOT)
            painter.drawEllipse(sign.center() - QPointF(1, 0), 4, 4)
        draw_text(painter, chip.adjusted(27, 0, -10, 0), status.text, face, tokens().onOverlay)

    def _paint_caption(self, painter: QPainter, area: QRectF) -> None:
        strong, weak = fonts.font("page", fonts.SEMIBOLD), fonts.font("body", fonts.MEDIUM)
        first = QFontMetricsF(strong).horizontalAdvance(self._strong)
        second = QFontMetricsF(weak).horizontalAdvance(self._weak)
        gap = 12 if self._weak else 0
        width = min(first + second + gap + 46, area.width() - 2 * _INSET)
        height = fonts.px(_CAPTION_HEIGHT)
        box = QRectF(area.center().x() - width / 2, area.bottom() - height - 18, width, height)
        rounded(painter, box, height / 2, tokens().overlay)
        inner = box.adjusted(20, 0, -20, 0)
        used = draw_text(painter, inner, self._strong, strong, tokens().onOverlay)
        rest = inner.adjusted(used + gap, 0, 0, 0)
        if self._weak and rest.width() > 30:
            faint = QColor(tokens().onOverlay)
            faint.setAlphaF(0.85)
            draw_text(painter, rest, self._weak, weak, faint)

    def _chip(self, painter: QPainter, rect: QRectF) -> None:
        rounded(painter, rect, rect.height() / 2, tokens().overlay)

    def _cut_corners(self, painter: QPainter, room: QRectF) -> None:
        """Round the corners by painting the page's ground over them: cheaper by far than a brush for every frame."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outside, inside = QPainterPath(), QPainterPath()
        outside.addRect(room)
        inside.addRoundedRect(room, RADIUS_PREVIEW, RADIUS_PREVIEW)
        painter.fillPath(outside.subtracted(inside), tokens().bg)
