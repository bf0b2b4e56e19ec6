"""Owns the phase track: the parts of a long piece of work side by side, each with its own bar and name."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import notify_name
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import MS_BARS
from mobilenet_gui.ui.widgets.motion import Tween
from mobilenet_gui.ui.widgets.painting import bar, draw_text

_HEIGHT, _BAR, _GAP = 32, 6, 8
_CHECK, _BESIDE = 14, 5


class PhaseTrack(QWidget):
    """Bars for phases: those before the present one are full, those after it empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._current = 0
        self._fraction = 0.0
        self._shown = Tween(self, MS_BARS, lambda _value: self.update())
        self.setFixedHeight(fonts.px(_HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def current(self) -> int:
        """Return which phase runs, counted from 0; as many as there are phases when all are done."""
        return self._current

    def set_phases(self, names: Sequence[str]) -> None:
        """Name the phases; where they are others than before, the first one begins."""
        if tuple(names) != self._names:
            self._names = tuple(names)
            self.show_progress(0, 0.0)

    def show_progress(self, current: int, fraction: float) -> None:
        """Show that phase `current` runs and is done to `fraction` (0-1)."""
        fraction = min(max(fraction, 0.0), 1.0)
        onward = current == self._current and fraction > self._fraction and self.isVisible()
        self._current, self._fraction = current, fraction
        if onward:
            self._shown.go(fraction)
        else:
            self._shown.jump(fraction)
        self._tell()
        self.update()

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(fonts.px(480), fonts.px(_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw bars and names."""
        colours = tokens()
        painter = QPainter(self)
        count = max(len(self._names), 1)
        width = (self.width() - _GAP * (count - 1)) / count
        size = fonts.px(_CHECK)
        crowded = self.is_crowded()
        for number, name in enumerate(self._names):
            x = number * (width + _GAP)
            done = number < self._current
            share = 1.0 if done else self._shown.value if number == self._current else 0.0
            bar(painter, QRectF(x, 0, width, _BAR), share, colours.accent, colours.track)
            if crowded and number != min(self._current, count - 1):
                continue
            face = self._face(number)
            left = min(x, max(0.0, self.width() - self._needed(number))) if crowded else x
            line = QRectF(left, fonts.px(_BAR + 7), self.width() - left if crowded else width, fonts.px(18))
            if done:
                paint_icon(painter, "check", QRectF(left, line.y(), size, line.height()), colours.accentText, size)
                line.adjust(size + _BESIDE, 0, 0, 0)
            draw_text(painter, line, name, face, colours.text if number == self._current else colours.text2)

    def is_crowded(self) -> bool:
        """Say whether the names have no room beside each other; then only the present one is written."""
        count = len(self._names)
        return any(self._needed(number) > (self.width() - _GAP * (count - 1)) / count for number in range(count))

    def _needed(self, number: int) -> float:
        return fonts.px(_CHECK) + _BESIDE + QFontMetricsF(self._face(number)).horizontalAdvance(self._names[number])

    def _face(self, number: int) -> QFont:
        return fonts.font("small", fonts.SEMIBOLD if number == self._current else fonts.MEDIUM)

    def _tell(self) -> None:
        if self._current < len(self._names):
            name = tr("Step {number} of {count}: {name}").format(
                number=self._current + 1, count=len(self._names), name=self._names[self._current]
            )
        else:
            name = tr("All steps done")
        if name != self.accessibleName():
            self.setAccessibleName(name)
            notify_name(self)
