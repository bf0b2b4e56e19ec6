"""Owns the histogram of how sure the model is over many photos."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens

BINS = 20
_INSET = 8
"""Half a slider's knob: bars stand above the slider's own positions."""


def bins(values: Sequence[float]) -> list[int]:
    """Return how many of `values` (0..1) fall in each of the equal bins; 1.0 falls in the last."""
    counts = [0] * BINS
    for value in values:
        counts[min(max(int(value * BINS), 0), BINS - 1)] += 1
    return counts


class ConfidenceHistogram(QWidget):
    """Twenty bars over 0..1; those below the limit are grey. A `Slider` of the same width goes below it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts = [0] * BINS
        self._sure_from = 0.5
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(76)
        self.setFont(fonts.font("caption"))
        self.set_values([], 0.5)

    def counts(self) -> list[int]:
        """Return the height of every bar in photos."""
        return list(self._counts)

    def set_values(self, values: Sequence[float], sure_from: float) -> None:
        """Show the best shares of many photos and the limit."""
        self._counts = bins(values)
        self._sure_from = sure_from
        below = sum(1 for value in values if value < sure_from)
        self.setAccessibleName(tr("How sure the model is"))
        self.setAccessibleDescription(
            trn("{n} photo", "{n} photos", len(values))
            + ", "
            + trn("{n} below the limit", "{n} below the limit", below)
        )
        self.update()

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(272, 76)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bars."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(_INSET, 0, -_INSET, -2)
        step = area.width() / BINS
        highest = max(self._counts)
        for index, count in enumerate(self._counts):
            left = area.x() + index * step
            if not count:
                painter.fillRect(QRectF(left, area.bottom() - 1, step - 3, 2), colours.line)
                continue
            height = max(3.0, (area.height() - 2) * count / highest)
            sure = (index + 0.5) / BINS >= self._sure_from
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colours.accent if sure else colours.control)
            painter.drawRoundedRect(QRectF(left, area.bottom() + 1 - height, step - 3, height), 1.5, 1.5)
