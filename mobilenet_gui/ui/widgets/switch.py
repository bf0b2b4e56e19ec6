"""Owns the on/off switch: a check box that looks like a switch."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QSizePolicy, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import MS_HOVER, mix
from mobilenet_gui.ui.widgets.motion import Tween
from mobilenet_gui.ui.widgets.painting import FOCUS_INSET, draw_text, focus_ring, rounded

_WIDTH, _HEIGHT = 36, 20
_TARGET = 28
_GAP = 10


class Switch(QCheckBox):
    """A switch, optionally with text on its left; name it with `setAccessibleName` when the text is elsewhere."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setFont(fonts.font("body", fonts.MEDIUM))
        self._knob = Tween(self, MS_HOVER * 2, lambda _value: self.update())
        self.toggled.connect(self._move)
        self.setSizePolicy(QSizePolicy.Policy.Expanding if text else QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def _move(self, on: bool) -> None:
        if self.isVisible():
            self._knob.go(float(on))
        else:
            self._knob.jump(float(on))

    def sizeHint(self) -> QSize:
        """Return the switch's size with room for its focus ring."""
        width, height = fonts.px(_WIDTH), max(fonts.px(_TARGET), fonts.px(_HEIGHT) + 8)
        if self.text():
            width += _GAP + self.fontMetrics().horizontalAdvance(self.text())
            height = max(height, self.fontMetrics().height() + 4)
        return QSize(width, height)

    def minimumSizeHint(self) -> QSize:
        """Return `sizeHint`."""
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        """Take clicks everywhere, on the text as well."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw track and knob."""
        colours = tokens()
        painter = QPainter(self)
        width, height = fonts.px(_WIDTH), fonts.px(_HEIGHT)
        rect = QRectF(self.width() - width, (self.height() - height) / 2, width, height)
        if self.text():
            label = QRectF(0, 0, rect.x() - _GAP, self.height())
            draw_text(
                painter, label, self.text(), self.font(), colours.text if self.isEnabled() else colours.disabledText
            )
        on = self._knob.value
        track = mix(colours.control, colours.accent, on)
        knob = colours.onAccent
        if not self.isEnabled():
            track, knob = colours.line2 if on < 0.5 else mix(colours.accent, colours.panel, 0.6), colours.panel
        if shows_focus(self):
            outer = rect.adjusted(-FOCUS_INSET, -FOCUS_INSET, FOCUS_INSET, FOCUS_INSET).intersected(QRectF(self.rect()))
            focus_ring(painter, outer, outer.height() / 2)
            inner = outer.adjusted(FOCUS_INSET, FOCUS_INSET, -FOCUS_INSET, -FOCUS_INSET)
            rect = inner
            height = round(rect.height())
        rounded(painter, rect, height / 2, track)
        size = height - 4
        x = rect.x() + 2 + (rect.width() - size - 4) * on
        rounded(painter, QRectF(x, rect.y() + 2, size, size), size / 2, knob)
