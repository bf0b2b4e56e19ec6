"""Owns how a class's card is drawn, and where its two buttons are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPen

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CARD, RADIUS_SMALL
from mobilenet_gui.ui.widgets.covers import paint_covers
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, rounded
from mobilenet_gui.ui.wizard.data_classes import ClassRow, count_words
from mobilenet_gui.ui.wizard.flow import FEWEST_PHOTOS, GOOD_PHOTOS

GUTTER = 12
COVER_HEIGHT = 130
MARGIN = 10
_WORDS = 57
_BUTTON = 28
_TEXT = 14


def card_height() -> int:
    """Return a card's height in pixels."""
    return MARGIN + COVER_HEIGHT + fonts.px(_WORDS)


def card_rect(cell: QRectF) -> QRectF:
    """Return where the card is in its cell."""
    return QRectF(cell.x(), cell.y(), cell.width() - GUTTER, card_height())


def button_rect(card: QRectF, button: str) -> QRectF:
    """Return where "camera" or "more" can be pressed."""
    middle = card.y() + MARGIN + COVER_HEIGHT + fonts.px(19)
    side = fonts.px(_BUTTON)
    right = card.right() - MARGIN - (0 if button == "more" else side - 2)
    return QRectF(right - side, middle - side / 2, side, side)


def name_rect(card: QRectF) -> QRectF:
    """Return where the name stands."""
    left = card.x() + _TEXT
    middle = card.y() + MARGIN + COVER_HEIGHT + fonts.px(19)
    height = fonts.px(24)
    return QRectF(left, middle - height / 2, button_rect(card, "camera").x() - 4 - left, height)


def paint_card(
    painter: QPainter, cell: QRectF, row: ClassRow, images: Sequence[QImage | None], bad: Collection[int] = ()
) -> None:
    """Draw a card at rest; `bad` are the places of pictures that cannot be made."""
    colours = tokens()
    card = card_rect(cell)
    rounded(painter, card, RADIUS_CARD, colours.panel, colours.line)
    covers = QRectF(card.x() + MARGIN, card.y() + MARGIN, card.width() - 2 * MARGIN, COVER_HEIGHT)
    paint_covers(painter, covers, images, row.photos, bad)
    draw_text(painter, name_rect(card), row.name, fonts.font("card", fonts.SEMIBOLD), colours.text, both_ends=True)
    for button, icon in (("camera", "camera"), ("more", "more")):
        paint_icon(painter, icon, button_rect(card, button), colours.text2, fonts.px(16))
    line = fonts.px(18)
    below = QRectF(card.x() + _TEXT, name_rect(card).center().y() + fonts.px(10), card.width() - 2 * _TEXT, line)
    used = draw_text(painter, below, count_words(row), fonts.font("small"), colours.text2)
    rest = below.adjusted(used + 10, 0, 0, 0)
    if row.background:
        _note(painter, rest, "none", tr("None of these"), "text2")
    elif row.photos < FEWEST_PHOTOS:
        _note(painter, rest, "alert", tr("At least {n}").format(n=FEWEST_PHOTOS), "warn")
    elif row.is_thin:
        _note(painter, rest, "alert", tr("{n} work better").format(n=GOOD_PHOTOS), "warn", short=tr("Few"))


def paint_button_hover(painter: QPainter, card: QRectF, button: str, *, pressed: bool) -> None:
    """Draw the ground of the button under the pointer, icon included."""
    colours = tokens()
    rect = button_rect(card, button)
    rounded(painter, rect, RADIUS_SMALL, colours.pressed if pressed else colours.hover)
    paint_icon(painter, button, rect, colours.text, fonts.px(16))


def paint_marks(painter: QPainter, card: QRectF, *, hovered: bool, chosen: bool, focused: bool, target: bool) -> None:
    """Draw what lies over a card: under the pointer, chosen, focused by keyboard, or the place of a drop."""
    colours = tokens()
    if target:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(colours.accent, 2)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        veil = colours.soft
        veil = type(veil)(veil)
        veil.setAlpha(150)
        painter.setBrush(veil)
        painter.drawRoundedRect(card.adjusted(1, 1, -1, -1), RADIUS_CARD, RADIUS_CARD)
        painter.restore()
    elif chosen:
        rounded(painter, card, RADIUS_CARD, None, colours.accent, width=2)
    elif hovered:
        rounded(painter, card, RADIUS_CARD, None, colours.line2)
    if focused:
        focus_ring(painter, card.adjusted(2, 2, -2, -2) if chosen else card, RADIUS_CARD)


def _note(painter: QPainter, rect: QRectF, icon: str, words: str, tone: str, *, short: str = "") -> None:
    """Draw an icon with words; with `short` ones where the room is too small for them."""
    if rect.width() < fonts.px(40):
        return
    colour = tokens().named(tone)
    size = fonts.px(13)
    paint_icon(painter, icon, QRectF(rect.x(), rect.y(), size, rect.height()), colour, size)
    face = fonts.font("small", fonts.MEDIUM)
    if short and QFontMetricsF(face).horizontalAdvance(words) > rect.width() - size - 5:
        words = short
    draw_text(painter, rect.adjusted(size + 5, 0, 0, 0), words, face, colour, align=Qt.AlignmentFlag.AlignLeft)
