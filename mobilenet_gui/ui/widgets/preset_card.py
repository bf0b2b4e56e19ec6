"""Owns the preset card: one of a few ways to do something, with its time and what it gives. A radio button."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import notify_name, shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CARD, RADIUS_CONTROL
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, rounded

_MARGIN = 16
_TILE, _ICON = 36, 18
_HEIGHT = 206
_MARK = 20


class PresetCard(QAbstractButton):
    """A card to choose: icon, name, time, a sentence and a last line. Put several into one button group."""

    def __init__(self, icon: str, name: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon_name = icon
        self._sentence = sentence
        self._time = self._last = self._badge = self._note = self._tip = ""
        self.setText(name)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(fonts.px(_HEIGHT))
        self.toggled.connect(lambda _on: self._tell())
        self._tell()

    def time_text(self) -> str:
        """Return the time that is shown."""
        return self._time

    def last_line(self) -> str:
        """Return the last line."""
        return self._last

    def note(self) -> str:
        """Return the words beside the time."""
        return self._note

    def show_figures(self, time: str, last: str, badge: str = "", *, note: str = "", tip: str = "") -> None:
        """Show how long it takes and what it gives.

        Args:
            time: how long.
            last: the last line.
            badge: a word beside the name.
            note: a few words beside the time, where they fit; otherwise in the tooltip.
            tip: a sentence of the tooltip on the last line.
        """
        self._time, self._last, self._badge, self._note, self._tip = time, last, badge, note, tip
        self._explain()
        self._tell()
        self.update()

    def sizeHint(self) -> QSize:
        """Return a useful size."""
        return QSize(fonts.px(222), fonts.px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        """Return the least useful size."""
        return QSize(fonts.px(150), fonts.px(_HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Offer in a tooltip what does not fit."""
        super().resizeEvent(event)
        self._explain()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the card."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        on = self.isChecked()
        edge = colours.accentText if on and colours.dark else colours.accent if on else colours.line
        if not on and self.underMouse() and self.isEnabled():
            edge = colours.line2
        rounded(painter, rect, RADIUS_CARD, colours.panel, edge, width=2 if on else 1)
        if shows_focus(self):
            focus_ring(painter, rect.adjusted(3, 3, -3, -3) if on else rect, RADIUS_CARD)
        tile = QRectF(_MARGIN, _MARGIN, fonts.px(_TILE), fonts.px(_TILE))
        rounded(painter, tile, RADIUS_CONTROL, colours.soft if on else colours.track)
        paint_icon(painter, self._icon_name, tile, colours.accentText if on else colours.text2, fonts.px(_ICON))
        self._paint_mark(painter, on=on)
        self._paint_texts(painter)

    def _paint_mark(self, painter: QPainter, *, on: bool) -> None:
        colours = tokens()
        side = fonts.px(_MARK)
        mark = QRectF(self.width() - _MARGIN - side, _MARGIN, side, side)
        if on:
            rounded(painter, mark, side / 2, colours.accent)
            paint_icon(painter, "check", mark, colours.onAccent, fonts.px(12))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.control, 1.5))
            painter.drawEllipse(mark.adjusted(1, 1, -1, -1))

    def _paint_texts(self, painter: QPainter) -> None:
        colours = tokens()
        ink = colours.text if self.isEnabled() else colours.disabledText
        width = self.width() - 2 * _MARGIN
        name = QRectF(_MARGIN, _MARGIN + fonts.px(48), width, fonts.px(22))
        used = draw_text(painter, name, self.text(), fonts.font("card", fonts.SEMIBOLD), ink)
        if self._badge:
            face = fonts.font("caption", fonts.SEMIBOLD)
            wide = QFontMetricsF(face).horizontalAdvance(self._badge) + 14
            if used + 9 + wide <= width:
                chip = QRectF(_MARGIN + used + 9, name.center().y() - fonts.px(10), wide, fonts.px(20))
                rounded(painter, chip, chip.height() / 2, colours.soft)
                draw_text(painter, chip, self._badge, face, colours.accentText, align=Qt.AlignmentFlag.AlignHCenter)
        time = QRectF(_MARGIN, name.bottom() + fonts.px(4), width, fonts.px(30))
        used = draw_text(painter, time, self._time, fonts.font("page", fonts.SEMIBOLD), ink)
        if self._note and self._note_fits(width, used):
            draw_text(painter, time.adjusted(0, fonts.px(3), 0, 0), self._note, fonts.font("small"), colours.text2,
                      align=Qt.AlignmentFlag.AlignRight)  # fmt: skip
        self._paint_sentence(painter, QRectF(_MARGIN, time.bottom() + fonts.px(4), width, fonts.px(32)))
        y = self.height() - fonts.px(38)
        painter.fillRect(QRectF(_MARGIN, round(y), width, 1), colours.line)
        draw_text(painter, QRectF(_MARGIN, y + 1, width, fonts.px(37)), self._last,
                  fonts.font("small", fonts.MEDIUM), colours.text2)  # fmt: skip

    def _paint_sentence(self, painter: QPainter, room: QRectF) -> None:
        face = fonts.font("small")
        height = fonts.px(15)
        for number, line in enumerate(self._lines(room.width())):
            draw_text(painter, QRectF(room.x(), room.y() + number * height, room.width(), height), line, face,
                      tokens().text2)  # fmt: skip

    def _lines(self, width: float) -> list[str]:
        """Return the sentence in at most two lines; the second one may be too long."""
        layout = QTextLayout(self._sentence, fonts.font("small"))
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WordWrap)
        layout.setTextOption(option)
        layout.beginLayout()
        line = layout.createLine()
        line.setLineWidth(width)
        end = line.textLength()
        layout.endLayout()
        return [part for part in (self._sentence[:end].rstrip(), self._sentence[end:]) if part]

    def _explain(self) -> None:
        width = self.width() - 2 * _MARGIN
        metrics = QFontMetricsF(fonts.font("small", fonts.MEDIUM))
        texts = [*self._lines(width)[1:], self._last]
        cut = any(metrics.horizontalAdvance(text) > width for text in texts)
        wide = QFontMetricsF(fonts.font("page", fonts.SEMIBOLD)).horizontalAdvance(self._time)
        parts = [f"{self._sentence}. {self._last}"] if cut else []
        if self._note and not self._note_fits(width, wide):
            parts.append(self._note)
        self.setToolTip("\n".join([*parts, self._tip] if self._tip else parts))

    def _note_fits(self, width: float, used: float) -> bool:
        return used + 12 + QFontMetricsF(fonts.font("small")).horizontalAdvance(self._note) <= width

    def _tell(self) -> None:
        parts = [self.text(), self._badge, self._time, self._note, self._sentence, self._last]
        name = ", ".join(part for part in parts if part)
        if self.isChecked():
            name = tr("{name}, chosen").format(name=name)
        if name != self.accessibleName():
            self.setAccessibleName(name)
            notify_name(self)
