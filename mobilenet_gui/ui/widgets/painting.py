"""Shapes that painted widgets draw alike: rounded boxes, focus rings, bars, shadows, elided text."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import Tokens

NO_BREAK_SPACE = "\u00a0"
FOCUS_WIDTH = 2.0
FOCUS_GAP = 2.0
FOCUS_INSET = FOCUS_WIDTH + FOCUS_GAP


def rounded(painter: QPainter, rect: QRectF, radius: float, fill: QColor | None, border: QColor | None = None,
            *, width: float = 1.0) -> None:  # fmt: skip
    """Draw a rounded box whose border lies inside `rect`."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(fill if fill is not None else Qt.BrushStyle.NoBrush)
    if border is None:
        painter.setPen(Qt.PenStyle.NoPen)
    else:
        painter.setPen(QPen(border, width))
        half = width / 2
        rect = rect.adjusted(half, half, -half, -half)
        radius = max(0.0, radius - half)
    radius = min(radius, rect.width() / 2, rect.height() / 2)
    painter.drawRoundedRect(rect, radius, radius)
    painter.restore()


def outline(colours: Tokens) -> QColor | None:
    """Return the border that soft fills need in high contrast, None otherwise."""
    return colours.edge if colours.edge.alpha() else None


def focus_ring(painter: QPainter, rect: QRectF, radius: float) -> QRectF:
    """Draw the focus ring along the inside of `rect`; return what is left for the control itself."""
    rounded(painter, rect, radius + 1, None, tokens().accentText, width=FOCUS_WIDTH)
    return rect.adjusted(FOCUS_INSET, FOCUS_INSET, -FOCUS_INSET, -FOCUS_INSET)


def sign(painter: QPainter, rect: QRectF, kind: str, fill: QColor, ink: QColor) -> None:
    """Draw a round sign that fills `rect`: a tick for "ok", an exclamation mark for anything else."""
    from mobilenet_gui.ui.icons import paint_icon

    rounded(painter, rect, rect.width() / 2, fill)
    if kind == "ok":
        inset = rect.width() * 0.1
        paint_icon(painter, "check", rect.adjusted(inset, inset, -inset, -inset), ink, round(rect.width() - 2 * inset))
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    width, middle = rect.width() * 0.13, rect.center().x()
    painter.setPen(QPen(ink, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    top, height = rect.top(), rect.height()
    painter.drawLine(QPointF(middle, top + 0.26 * height), QPointF(middle, top + 0.55 * height))
    painter.drawPoint(QPointF(middle, top + 0.76 * height))


def bar(painter: QPainter, rect: QRectF, share: float, fill: QColor, track: QColor | None) -> None:
    """Draw a round-ended bar filled from the left to `share` (0..1); anything above nothing shows as a dot."""
    radius = rect.height() / 2
    edge = outline(tokens())
    if edge is not None and track is not None:
        rounded(painter, rect, radius, track, edge)
        track = None
    # Fifteen times a second five of them are drawn: without what `rounded` saves and restores, in half the time.
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    if track is not None:
        painter.setBrush(track)
        painter.drawRoundedRect(rect, radius, radius)
    if share > 0:
        width = max(rect.height(), rect.width() * min(share, 1.0))
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(rect.x(), rect.y(), width, rect.height()), radius, radius)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def shadow(painter: QPainter, rect: QRectF, radius: float, *, size: float = 12.0, drop: float = 4.0) -> None:
    """Draw a soft shadow under a rounded box that will cover `rect`; it reaches `size` + `drop` beyond."""
    colour = QColor(tokens().shadow)
    steps = max(2, int(size))
    strongest = colour.alphaF()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    for step in range(steps, 0, -1):
        grown = size * step / steps
        # Many faint layers on top of one another add up to a falloff like a blur's.
        colour.setAlphaF(strongest * 2.2 * (1 - step / (steps + 1)) / steps)
        painter.setBrush(colour)
        painter.drawRoundedRect(
            rect.adjusted(-grown, -grown + drop, grown, grown + drop), radius + grown, radius + grown
        )
    painter.restore()


def draw_text(painter: QPainter, rect: QRectF, text: str, font: QFont, color: QColor,
              *, align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft, elide: bool = True,
              both_ends: bool = False) -> float:  # fmt: skip
    """Draw one line of text, vertically centred in `rect`, shortened with "…" where too long; return its width.

    `both_ends`: shortened in the middle, for names, many of which differ at their end alone.
    """
    metrics = QFontMetricsF(font)
    if elide:
        mode = Qt.TextElideMode.ElideMiddle if both_ends else Qt.TextElideMode.ElideRight
        text = metrics.elidedText(text, mode, rect.width() + 0.5)
    width = metrics.horizontalAdvance(text)
    if align & Qt.AlignmentFlag.AlignRight:
        x = rect.right() - width
    elif align & Qt.AlignmentFlag.AlignHCenter:
        x = rect.center().x() - width / 2
    else:
        x = rect.x()
    baseline = rect.y() + (rect.height() + metrics.capHeight()) / 2
    painter.setFont(font)
    painter.setPen(color)
    painter.drawText(QPointF(x, baseline), text)
    return width
