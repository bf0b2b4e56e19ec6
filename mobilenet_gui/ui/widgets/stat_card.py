"""Owns the stat card: what a number is, the number large with its unit, and a small line that says more."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CARD
from mobilenet_gui.ui.widgets.painting import draw_text, rounded

_HEIGHT = 78
_MARGIN, _MARGIN_NARROW = 16, 12
_NARROW = 150
_DASH = "\N{EN DASH}"


class StatCard(QWidget):
    """A card with one number. Painted, so that a number which changes often lays nothing out anew."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._number = self._unit = self._note = ""
        self.setFixedHeight(fonts.px(_HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_value("")

    def number(self) -> str:
        """Return the number that is shown; empty for none."""
        return self._number

    def note(self) -> str:
        """Return the small line."""
        return self._note

    def set_name(self, name: str) -> None:
        """Call the number something else."""
        self._name = name
        self.show_value(self._number, self._unit, self._note)

    def show_value(self, number: str, unit: str = "", note: str = "") -> None:
        """Show a number (a dash for none), its unit behind it and a line below it."""
        self._number, self._unit, self._note = number, unit, note
        parts = [f"{self._name}: {number or _DASH} {unit}".strip(), note]
        self.setAccessibleName(", ".join(part for part in parts if part))
        self.update()
        self._explain()

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(fonts.px(150), fonts.px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """Return the least useful size; texts are shortened."""
        return QSize(fonts.px(96), fonts.px(_HEIGHT))

    def resizeEvent(self, event: object) -> None:
        """Offer the whole line in a tooltip only while it is cut."""
        self._explain()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card."""
        colours = tokens()
        painter = QPainter(self)
        rounded(painter, QRectF(self.rect()), RADIUS_CARD, colours.panel, colours.line)
        margin = self._margin()
        room = QRectF(self.rect()).adjusted(margin, 0, -margin, 0)
        draw_text(painter, QRectF(room.x(), fonts.px(10), room.width(), fonts.px(17)), self._name, fonts.font("small"),
                  colours.text2)  # fmt: skip
        middle = QRectF(room.x(), fonts.px(28), room.width(), fonts.px(27))
        used = draw_text(painter, middle, self._number or _DASH, fonts.font("page", fonts.SEMIBOLD), colours.text)
        if self._number and self._unit:
            # Both stand on one line: the small one is lowered by the difference of their capitals.
            drop = (
                QFontMetricsF(fonts.font("page", fonts.SEMIBOLD)).capHeight()
                - QFontMetricsF(fonts.font("body")).capHeight()
            ) / 2
            draw_text(painter, middle.adjusted(used + 5, drop, 0, drop), self._unit, fonts.font("body"), colours.text2)
        # Its figures mostly stand at the end of the small line, and they are what counts.
        note = QFontMetricsF(fonts.font("caption")).elidedText(self._note, Qt.TextElideMode.ElideMiddle, room.width())
        draw_text(painter, QRectF(room.x(), fonts.px(54), room.width(), fonts.px(16)), note, fonts.font("caption"),
                  colours.text2)  # fmt: skip

    def _margin(self) -> int:
        return _MARGIN if self.width() >= fonts.px(_NARROW) else _MARGIN_NARROW

    def _explain(self) -> None:
        room = self.width() - 2 * self._margin()
        texts = {self._name: fonts.font("small"), self._note: fonts.font("caption")}
        cut = [text for text, face in texts.items() if QFontMetricsF(face).horizontalAdvance(text) > room]
        self.setToolTip("\n".join(cut))
