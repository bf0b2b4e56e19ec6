"""Owns the figures of a live picture: a line of the time per frame, and tiles with what it means in numbers."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.live_stats import TimeFigures
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.painting import draw_text
from mobilenet_gui.ui.widgets.sparkline import Sparkline

POINTS = 90
_DASH = "\N{EN DASH}"
_TILE_HEIGHT = 36


class StatTile(QWidget):
    """A number, its unit, and below it what it is.

    Painted, not made of labels: each new text of theirs would have the whole panel laid out anew, twice a second.
    """

    def __init__(self, name: str, unit: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._unit = name, unit
        self._number = ""
        self.setFixedHeight(fonts.px(_TILE_HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(tip)
        self.set_number("")

    def number(self) -> str:
        """Return the number that is shown; empty for none."""
        return self._number

    def set_number(self, number: str) -> None:
        """Show a number; empty for none."""
        if number != self._number or not self.accessibleName():
            self._number = number
            self._tell()

    def set_name(self, name: str) -> None:
        """Say what it is the number of."""
        if name != self._name:
            self._name = name
            self._tell()

    def _tell(self) -> None:
        self.setAccessibleName(f"{self._name}: {self._number or tr('unknown')} {self._unit}".strip())
        self.update()

    def sizeHint(self) -> QSize:
        """Return a useful width."""
        return QSize(fonts.px(70), fonts.px(_TILE_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the number with its unit, and its name below."""
        colours = tokens()
        painter = QPainter(self)
        upper = QRectF(0, 0, self.width(), self.height() * 0.56)
        lower = QRectF(0, upper.bottom(), self.width(), self.height() - upper.height())
        used = draw_text(painter, upper, self._number or _DASH, fonts.font("card", fonts.SEMIBOLD), colours.text)
        if self._number:
            draw_text(painter, upper.adjusted(used + 4, 0, 0, 0), self._unit, fonts.font("small"), colours.text2)
        draw_text(painter, lower, self._name, fonts.font("caption"), colours.text2)


class FiguresPanel(QWidget):
    """Time per frame as a line and in numbers, frames a second in and recognised, and those that were left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = Sparkline()
        self.line.setAccessibleName(tr("Time per frame, last 30 seconds"))
        self.median = StatTile("p50", tr("ms"), tr("Half of the frames took at most this (resizing and network)"))
        self.most = StatTile("p95", tr("ms"), tr("95 of 100 frames took at most this"))
        self.camera = StatTile(tr("camera"), tr("fps"), tr("Frames a second that come in"))
        self.recognised = StatTile(tr("recognised"), tr("fps"), tr("Frames a second that are recognised"))
        self.skipped = StatTile(
            tr("left out"), "", tr("Frames that were not recognised, because a newer one was there already")
        )
        self.dropped = StatTile(tr("not shown"), "", tr("Frames for which the screen was too slow"))
        head = QHBoxLayout()
        head.addWidget(text_label(tr("Time per frame"), "small", "text", fonts.MEDIUM))
        head.addStretch(1)
        head.addWidget(text_label(tr("last 30 s"), "small", "text2"))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(10)
        tiles = (self.median, self.most, self.camera, self.recognised, self.skipped, self.dropped)
        for place, tile in enumerate(tiles):
            grid.addWidget(tile, place // 3, place % 3)
            grid.setColumnStretch(place % 3, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addSpacing(12)
        column.addWidget(self.line)
        column.addSpacing(12)
        column.addLayout(grid)

    def show_times(self, figures: TimeFigures | None, line: list[float]) -> None:
        """Show the time per frame in milliseconds."""
        self.median.set_number("" if figures is None else _short(figures.p50))
        self.most.set_number("" if figures is None else _short(figures.p95))
        self.line.set_values(line, None if figures is None else figures.p95)

    def show_rates(self, camera: float, recognised: float, skipped: int, dropped: int) -> None:
        """Show frames a second, and how many were left out by the network and by the screen."""
        self.camera.set_number(f"{camera:.0f}" if camera else "")
        self.recognised.set_number(f"{recognised:.0f}" if recognised else "")
        self.skipped.set_number(f"{skipped:,}")
        self.dropped.set_number(f"{dropped:,}")

    def clear(self) -> None:
        """Show that nothing is known."""
        self.show_times(None, [])
        for tile in (self.camera, self.recognised, self.skipped, self.dropped):
            tile.set_number("")


def _short(milliseconds: float) -> str:
    return f"{milliseconds:.1f}" if milliseconds < 100 else f"{milliseconds:.0f}"
