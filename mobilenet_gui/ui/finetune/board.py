"""Owns how cards share the page: as many in a row as fit, all of one width, the new-model card first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.tokens import PAGE_MARGIN

GAP = 17
NARROWEST = 236
WIDEST_COLUMNS = 6


class CardBoard(QWidget):
    """Lays cards out in rows. It owns their places, not what they show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: list[QWidget] = []

    def set_cards(self, cards: Sequence[QWidget]) -> None:
        """Show these cards in this order; their tab order follows."""
        self._cards = list(cards)
        for card in self._cards:
            if card.parentWidget() is not self:
                card.setParent(self)
            card.show()
        for before, after in pairwise(self._cards):
            QWidget.setTabOrder(before, after)
        self._place()

    def columns(self) -> int:
        """Return how many cards stand in a row."""
        room = self.width() - 2 * PAGE_MARGIN
        fitting = (room + GAP) // (fonts.px(NARROWEST) + GAP)
        # Three at the usual width, as large as in the design; more only where there is room for more.
        return max(1, min(int(fitting), 3 if room < fonts.px(1300) else WIDEST_COLUMNS))

    def sizeHint(self) -> QSize:
        """Return the height that the rows need."""
        return QSize(fonts.px(NARROWEST) + 2 * PAGE_MARGIN, self._needed())

    def minimumSizeHint(self) -> QSize:
        """Return the same height: the page scrolls."""
        return self.sizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width."""
        self._place()

    def event(self, event: QEvent) -> bool:
        """Lay out anew when a card's height changed."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._place()
        return super().event(event)

    def _card_height(self) -> int:
        return self._cards[0].height() if self._cards else 0

    def _needed(self) -> int:
        rows = -(-len(self._cards) // self.columns())
        return rows * (self._card_height() + GAP) + PAGE_MARGIN - GAP if rows else 0

    def _place(self) -> None:
        columns = self.columns()
        room = self.width() - 2 * PAGE_MARGIN - (columns - 1) * GAP
        for place, card in enumerate(self._cards):
            row, column = divmod(place, columns)
            left = PAGE_MARGIN + round(column * (room / columns + GAP))
            right = PAGE_MARGIN + round(column * (room / columns + GAP) + room / columns)
            card.setGeometry(left, row * (self._card_height() + GAP), right - left, card.height())
        if self.minimumHeight() != self._needed():
            self.setMinimumHeight(self._needed())
            self.updateGeometry()
