"""Owns the well in which the photo on screen lies: fitted or zoomed, with what lies over it.

It paints what it is given and asks for a sharper picture when somebody zooms in.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSizeF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QResizeEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QSizePolicy, QToolTip, QWidget

from mobilenet_gui.core.types import CropBox
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.photos.heat import legend_rect, paint_legend
from mobilenet_gui.ui.photos.overlay import crop_rect, draw_seen, paint_heat, paint_input, paint_square
from mobilenet_gui.ui.photos.viewport import MARGIN, STEP, Viewport
from mobilenet_gui.ui.theme import reduced_motion, tokens
from mobilenet_gui.ui.tokens import MS_LOADING_DELAY
from mobilenet_gui.ui.widgets.painting import rounded, shadow
from mobilenet_gui.ui.widgets.progress import Ring
from mobilenet_gui.workers.photo_loader import Picture

RADIUS = 10.0
SHARPEN_MS = 120
"""How long after the last resize a picture of the right size is asked for."""


class PhotoCanvas(QWidget):
    """The photo on screen.

    Attributes:
        sharper_wanted: the view is larger than the picture it has; more pixels would show.
        resized: the widget has had another size for a moment.
        zoomed: the scale changed.
    """

    sharper_wanted = Signal()
    resized = Signal()
    zoomed = Signal()

    def __init__(self, parent: QWidget | None = None, *, plain: bool = False) -> None:
        """`plain` leaves frame, margin and shadow out, for the full screen."""
        super().__init__(parent)
        self._plain = plain
        self.viewport = Viewport()
        self.viewport.margin = 0.0 if plain else MARGIN
        self._key: int | None = None
        self._image: QImage | None = None
        self._whole = False
        self._crop: CropBox | None = None
        self._heat: QImage | None = None
        self._strength = 0.62
        self._show_input = False
        self._input: QImage | None = None
        self._input_size = 0
        self._legend_tip = ""
        self._grab: QPointF | None = None
        self._ring = Ring(32, self)
        self._ring.hide()
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(MS_LOADING_DELAY)
        self._late.timeout.connect(self._ring.show)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SHARPEN_MS)
        self._settle.timeout.connect(self.resized)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setAccessibleName(tr("Photo"))

    # what is shown

    @property
    def key(self) -> int | None:
        """The photo that is shown or waited for."""
        return self._key

    @property
    def has_picture(self) -> bool:
        """Whether there is something to see."""
        return self._image is not None

    def limit(self) -> tuple[int, int]:
        """Return how large a picture can be used at fit, width and height in device pixels."""
        ratio, margin = self.devicePixelRatioF(), 2 * self.viewport.margin
        return (
            max(64, round((self.width() - margin) * ratio)),
            max(64, round((self.height() - margin) * ratio)),
        )

    def wait_for(self, key: int | None, name: str) -> None:
        """Show nothing of the former photo; a ring appears if the new one takes its time. None: nothing comes."""
        self._key = key
        self._image = None
        self._heat = None
        self._input = None
        self._crop = None
        self._whole = False
        self.viewport.fit()
        self._ring.hide()
        if key is None:
            self._late.stop()
        else:
            self._late.start()
        self.setAccessibleName(tr("Photo {name}").format(name=name) if name else tr("Photo"))
        self.update()

    def give_up(self) -> None:
        """Stop waiting: no picture will come."""
        self._late.stop()
        self._ring.hide()

    def set_picture(self, picture: Picture) -> None:
        """Show a picture of the photo that is waited for, or a better one of the same."""
        if picture.key != self._key:
            return
        if self._image is None or (float(picture.full_size[0]), float(picture.full_size[1])) != self.viewport.photo:
            self.viewport.set_photo(*picture.full_size)
        self._image = picture.image
        self._whole = picture.whole
        self.give_up()
        self.update()

    def set_crop(self, crop: CropBox | None, input_size: int) -> None:
        """Tell what part of the photo the model saw, and how many pixels a side it saw of it."""
        self._crop = crop
        self._input_size = input_size
        self.update()

    def set_show_input(self, on: bool) -> None:
        """Show what the network was given, and dim the rest."""
        self._show_input = on
        self.update()

    def set_input(self, image: QImage | None) -> None:
        """Take the network's own pixels of the photo on screen; without them only their square is marked."""
        self._input = image
        self.update()

    @property
    def input_image(self) -> QImage | None:
        """The network's own pixels, while they are here."""
        return self._input

    def set_heat(self, heat: QImage | None, tip: str = "") -> None:
        """Lay a heat map over the crop, or take it away. `tip` explains it when the legend is pointed at."""
        self._heat = heat
        self._legend_tip = tip
        self.update()

    @property
    def has_heat(self) -> bool:
        """Whether a heat map lies over the photo."""
        return self._heat is not None

    def set_strength(self, strength: float) -> None:
        """Take how strongly the heat map covers the photo, 0 to 1."""
        self._strength = strength
        self.update()

    # looking closer

    def fit(self) -> None:
        """Show the whole photo."""
        self.viewport.fit()
        self._after_zoom()

    def zoom(self, steps: float, at: QPointF | None = None) -> None:
        """Zoom by so many steps, keeping the point `at` (the middle without one) where it is."""
        if self._image is not None:
            point = at or QPointF(self.width() / 2, self.height() / 2)
            self.viewport.zoom_by(STEP**steps, point.x(), point.y())
            self._after_zoom()

    def actual_size(self, at: QPointF | None = None) -> None:
        """Show one pixel of the photo as one of the screen."""
        if self._image is not None:
            point = at or QPointF(self.width() / 2, self.height() / 2)
            scale = 1.0 / self.devicePixelRatioF()
            if self.viewport.fit_scale >= scale:
                scale = 2 * self.viewport.fit_scale  # a small photo already shows every pixel: twice is closer
            self.viewport.zoom_to(scale, point.x(), point.y())
            self._after_zoom()

    def _after_zoom(self) -> None:
        self.setCursor(Qt.CursorShape.ArrowCursor if self.viewport.fitted else Qt.CursorShape.OpenHandCursor)
        if self._image is not None and not self._whole and not self.viewport.fitted:
            shown = self.viewport.rect()[2] * self.devicePixelRatioF()
            if shown > self._image.width() * 1.02:
                self.sharper_wanted.emit()
        self.zoomed.emit()
        self.update()

    def photo_rect(self) -> QRectF:
        """Return where the photo is drawn."""
        return QRectF(*self.viewport.rect())

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the well, the photo and what lies over it."""
        painter = QPainter(self)
        colours = tokens()
        painter.fillRect(self.rect(), QColor(0, 0, 0) if self._plain else colours.canvas)
        if self._image is None:
            return
        rect = self.photo_rect()
        framed = self.viewport.fitted and not self._plain
        if framed:
            shadow(painter, rect, RADIUS, size=10, drop=4)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_photo(painter, rect, framed)
        painter.save()
        if framed:
            outline = QPainterPath()
            outline.addRoundedRect(rect, RADIUS, RADIUS)
            painter.setClipPath(outline)
        view, inner = QRectF(self.rect()), crop_rect(rect, self._crop)
        if self._show_input and self._crop is not None and self._input is not None:
            paint_input(painter, inner, self._input, view=view, ratio=self.devicePixelRatioF())
        if self._heat is not None:
            paint_heat(painter, rect, inner, self._heat, view=view, strength=self._strength)
        if self._show_input and self._crop is not None:
            paint_square(painter, rect, inner, view=view, input_size=self._input_size, dim=self._heat is None)
        painter.restore()
        if self._heat is not None:
            paint_legend(painter, self._legend_rect())
        if shows_focus(self) and framed:
            rounded(painter, rect.adjusted(-4, -4, 4, 4), RADIUS + 4, None, colours.accentText, width=2)

    def _paint_photo(self, painter: QPainter, rect: QRectF, framed: bool) -> None:
        image = self._image
        if image is None:
            return
        pixelated = rect.width() * self.devicePixelRatioF() > 4 * self.viewport.photo[0]
        if not framed:
            draw_seen(painter, image, rect, QRectF(self.rect()), smooth=not pixelated)
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not pixelated)
        brush = QBrush(image)
        place = QTransform.fromTranslate(rect.x(), rect.y())
        place.scale(rect.width() / image.width(), rect.height() / image.height())
        brush.setTransform(place)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawRoundedRect(rect, RADIUS, RADIUS)

    def _legend_rect(self) -> QRectF:
        return legend_rect(self.photo_rect().intersected(QRectF(self.rect()).adjusted(0, 0, 0, -4)))

    # the hand

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom by the wheel; two fingers move a zoomed photo, and zoom with Ctrl held."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        pixels = event.pixelDelta()
        if not control and not pixels.isNull() and not self.viewport.fitted:
            self.viewport.pan(pixels.x(), pixels.y())
            self.update()
        else:
            self.zoom(event.angleDelta().y() / 120, event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Take pinches of touch screens and touch pads, and show what the legend means."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self._pinch(1.0 + event.value(), event.position())
            return True
        if isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                self._pinch(pinch.scaleFactor(), QPointF(self.mapFromGlobal(pinch.centerPoint().toPoint())))
                return True
        if isinstance(event, QHelpEvent) and self._heat is not None:
            if self._legend_rect().contains(QPointF(event.pos())):
                QToolTip.showText(event.globalPos(), self._legend_tip, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _pinch(self, factor: float, at: QPointF) -> None:
        if self._image is not None and factor > 0:
            self.viewport.zoom_by(factor, at.x(), at.y())
            self._after_zoom()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a zoomed photo."""
        if event.button() == Qt.MouseButton.LeftButton and not self.viewport.fitted:
            self._grab = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move a zoomed photo along."""
        if self._grab is not None:
            step = event.position() - self._grab
            self._grab = event.position()
            self.viewport.pan(step.x(), step.y())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if self._grab is not None:
            self._grab = None
            self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go to 100 percent where the pointer is, or back."""
        if event.button() == Qt.MouseButton.LeftButton:
            if self.viewport.fitted:
                self.actual_size(event.position())
            else:
                self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move a zoomed photo by Shift and arrows; the page has the other keys."""
        step = {
            Qt.Key.Key_Left: (60, 0),
            Qt.Key.Key_Right: (-60, 0),
            Qt.Key.Key_Up: (0, 60),
            Qt.Key.Key_Down: (0, -60),
        }.get(Qt.Key(event.key()))
        shifted = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if step is not None and not self.viewport.fitted and (shifted or step[0] == 0):
            self.viewport.pan(*step)
            self.update()
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep fitting; ask for a picture of the right size once the size holds."""
        super().resizeEvent(event)
        size = QSizeF(self.size())
        self.viewport.set_view(size.width(), size.height())
        self._ring.move((self.width() - self._ring.width()) // 2, (self.height() - self._ring.height()) // 2)
        self._settle.setInterval(0 if reduced_motion() else SHARPEN_MS)
        self._settle.start()
