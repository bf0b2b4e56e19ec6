"""Owns chips: small pills that name a thing, filter a list or open a menu."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QToolTip, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import mix
from mobilenet_gui.ui.widgets.painting import FOCUS_INSET, draw_text, focus_ring, outline, rounded

TONES = ("neutral", "accent", "ok", "warn", "bad")
_HEIGHT, _TARGET = 26, 28
_PADDING = 10
_ICON, _CHEVRON = 14, 14
_GAP = 5


class Chip(QAbstractButton):
    """A pill with text. It is a button when clickable (`menu` or `clickable`), otherwise only a mark.

    A checkable chip (`setCheckable`) is blue while checked, for filters.
    """

    def __init__(self, text: str, icon: str | None = None, tone: str = "neutral", menu: bool = False, *,
                 clickable: bool = False, parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        if tone not in TONES:
            raise ValueError(f"tone must be one of {TONES}, got {tone!r}")
        self._tone = tone
        self._icon_name = icon
        self._menu = menu
        self._clickable = clickable or menu
        self.setText(text)
        self.setFont(fonts.font("small", fonts.MEDIUM))
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if self._clickable else Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents, False)

    def set_tone(self, tone: str) -> None:
        """Take another tone."""
        if tone not in TONES:
            raise ValueError(f"tone must be one of {TONES}, got {tone!r}")
        self._tone = tone
        self.setFont(fonts.font("small", fonts.MEDIUM))
        self.updateGeometry()
        self.update()

    def set_icon(self, name: str | None) -> None:
        """Show another icon, or none."""
        self._icon_name = name
        self.updateGeometry()
        self.update()

    def setText(self, text: str) -> None:
        """Say something else."""
        super().setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the size of icon, text and arrow; the height is a full target."""
        return QSize(math.ceil(sum(self._ends()) + QFontMetricsF(self.font()).horizontalAdvance(self.text()) - 0.2),
                     self._height())  # fmt: skip

    def minimumSizeHint(self) -> QSize:
        """Return a size with a few letters; the text is shortened."""
        least = sum(self._ends()) + QFontMetricsF(self.font()).averageCharWidth() * 4
        return QSize(min(round(least), self.sizeHint().width()), self._height())

    def hitButton(self, pos: QPoint) -> bool:
        """Take clicks only where it is a button."""
        return (self._clickable or self.isCheckable()) and super().hitButton(pos)

    def event(self, event: QEvent) -> bool:
        """Show the whole text in a tooltip where it is cut."""
        if isinstance(event, QHelpEvent) and not self.toolTip() and self.width() < self.sizeHint().width():
            QToolTip.showText(event.globalPos(), self.text(), self)
            return True
        return super().event(event)

    def _height(self) -> int:
        return fonts.px(_TARGET) if self._clickable or self.isCheckable() else fonts.px(_HEIGHT)

    def _ends(self) -> tuple[float, float]:
        """Return where the text begins, and how much room it leaves at the right."""
        left = _PADDING if self._icon_name is None else _PADDING - 1 + fonts.px(_ICON) + _GAP
        right = _PADDING if not self._menu else _PADDING - 1 + fonts.px(_CHEVRON) + _GAP - 2
        return left, right

    def _colours(self) -> tuple[QColor, QColor]:
        colours = tokens()
        tone = "accent" if self.isCheckable() and self.isChecked() else self._tone
        neutral_text = colours.text if self._menu else colours.text2
        fill, text = {
            "neutral": (colours.track, neutral_text),
            "accent": (colours.soft, colours.accentText),
            "ok": (colours.okSoft, colours.ok),
            "warn": (colours.warnSoft, colours.warn),
            "bad": (colours.badSoft, colours.bad),
        }[tone]
        if not self.isEnabled():
            return fill, colours.disabledText
        if (self._clickable or self.isCheckable()) and (self.underMouse() or self.isDown()):
            fill = mix(fill, colours.line2, 0.75 if self.isDown() else 0.4)
        return fill, text

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        painter = QPainter(self)
        height = fonts.px(_HEIGHT)
        rect = QRectF(0, (self.height() - height) / 2, self.width(), height)
        fill, colour = self._colours()
        if shows_focus(self):
            outer = QRectF(self.rect())
            focus_ring(painter, outer, outer.height() / 2)
            rect = outer.adjusted(FOCUS_INSET - 1, FOCUS_INSET - 1, 1 - FOCUS_INSET, 1 - FOCUS_INSET)
        rounded(painter, rect, rect.height() / 2, fill, outline(tokens()))
        left, right = self._ends()
        # In a wider pill the middle is its place; an arrow stays at the end, and its text at the beginning.
        aside = 0.0 if self._menu else max(0.0, (self.width() - self.sizeHint().width()) / 2)
        left, right = left + aside, right + aside
        if self._icon_name is not None:
            size = fonts.px(_ICON)
            icon = QRectF(_PADDING - 1 + aside, rect.y(), size, rect.height())
            paint_icon(painter, self._icon_name, icon, colour, size)
        if self._menu:
            size = fonts.px(_CHEVRON)
            arrow = QRectF(self.width() - _PADDING + 1 - size, rect.y(), size, rect.height())
            paint_icon(painter, "chevron-down", arrow, colour, size)
        room = QRectF(left, rect.y(), self.width() - left - right, rect.height())
        draw_text(painter, room, self.text(), self.font(), colour)
