"""Owns the parts of the window that takes photos: the button to hold, and the strip of what was taken."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.photos.tiles import paint_cover
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CONTROL, RADIUS_SMALL
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, rounded

_TILE, _GAP = 52, 6
_MOST_KEPT = 60


class HoldButton(QWidget):
    """A large button that works as long as it is held: by the mouse, Space or Enter.

    Attributes:
        held: it is held down from now on.
        released: it is not any more.
    """

    held = Signal()
    released = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._down = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(fonts.px(48))
        self.setAccessibleName(tr("Hold to record"))
        self.setAccessibleDescription(tr("Photos are taken as long as you hold it down. Space does the same."))

    def is_down(self) -> bool:
        """Say whether it is held."""
        return self._down

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(fonts.px(260), self.height())

    def press(self) -> None:
        """Be held down."""
        if not self._down and self.isEnabled():
            self._down = True
            self.update()
            self.held.emit()

    def release(self) -> None:
        """Be let go."""
        if self._down:
            self._down = False
            self.update()
            self.released.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.press()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.release()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Begin by Space or Enter."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.press()
            return
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """End."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.isAutoRepeat():
                self.release()
            return
        super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Be let go when another window comes to the front: the release would not be heard."""
        self.release()
        super().focusOutEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        colours = tokens()
        painter = QPainter(self)
        rect = QRectF(self.rect())
        if shows_focus(self):
            rect = focus_ring(painter, rect, RADIUS_CONTROL)
        if not self.isEnabled():
            fill, ink = colours.track, colours.disabledText
        elif self._down:
            fill, ink = colours.bad, colours.panel
        else:
            fill, ink = colours.accentHover if self.underMouse() else colours.accent, colours.onAccent
        rounded(painter, rect, RADIUS_CONTROL, fill)
        words = tr("Recording… release to stop") if self._down else tr("Hold to record")
        face = fonts.font("card", fonts.SEMIBOLD)
        painter.setFont(face)
        width = painter.fontMetrics().horizontalAdvance(words) + 26
        left = max(rect.x() + 8, rect.center().x() - width / 2)
        dot = QRectF(left, rect.center().y() - 6, 12, 12)
        rounded(painter, dot, 3 if self._down else 6, ink)
        draw_text(painter, QRectF(left + 26, rect.y(), rect.right() - left - 26, rect.height()), words, face, ink)


class TakenStrip(QWidget):
    """The photos taken last, the newest at the left, as many as fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images: list[QImage] = []
        self._count = 0
        self.setFixedHeight(_TILE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def add(self, image: QImage) -> None:
        """Show one more."""
        self._images.insert(0, image)
        del self._images[_MOST_KEPT:]
        self._count += 1
        self.setAccessibleName(trn("{n} photo taken", "{n} photos taken", self._count))
        self.update()

    def take_away(self, count: int) -> None:
        """Show so many fewer: they were undone."""
        del self._images[:count]
        self._count = max(0, self._count - count)
        self.update()

    def count(self) -> int:
        """Return how many were taken."""
        return self._count

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them."""
        painter = QPainter(self)
        colours = tokens()
        if not self._images:
            rect = QRectF(0, 0, _TILE, _TILE)
            rounded(painter, rect, RADIUS_SMALL, colours.zone, colours.line)
            paint_icon(painter, "image", rect, colours.control, 20)
            words = QRectF(_TILE + 12, 0, self.width() - _TILE - 12, _TILE)
            hint = tr("Turn the thing, move it, change the background: variety teaches most.")
            draw_text(painter, words, hint, fonts.font("small"), colours.text2)
            return
        for place, image in enumerate(self._images):
            left = place * (_TILE + _GAP)
            if left > self.width():
                break
            paint_cover(painter, image, QRectF(left, 0, _TILE, _TILE), RADIUS_SMALL)
