"""Owns the banner: one sentence across the page, with an action and a cross, in a tone."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import announce
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_BANNER, RADIUS_CONTROL
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.painting import outline, rounded

TONES = {
    "info": ("soft", "accentText", "info"),
    "ok": ("okSoft", "ok", "shield-check"),
    "warn": ("warnSoft", "warn", "alert"),
    "bad": ("badSoft", "bad", "alert"),
}
"""Tone to fill token, text token and icon."""
_ICON, _BAR = 16, 3
_LEFT, _RIGHT, _GAP = 14, 8, 5


class Banner(QWidget):
    """A sentence with an icon of its tone ("info", "ok", "warn", "bad").

    Attributes:
        action: the action was asked for.
        closed: the cross was pressed; the banner has hidden itself.
    """

    action = Signal()
    closed = Signal()

    def __init__(self, tone: str, text: str, action: str = "", *, closable: bool = True,
                 parent: QWidget | None = None) -> None:  # fmt: skip
        super().__init__(parent)
        self._progress: float | None = None
        self._text = text_label("", "body", "text", wrap=True, parent=self)
        self._link = Button("", kind="link", height=28, parent=self)
        self._link.clicked.connect(self.action)
        self._close = IconButton("close", tr("Close"), size=28, parent=self)
        self._close.clicked.connect(self._on_close)
        self._close.setVisible(closable)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setMinimumHeight(fonts.px(HEIGHT_BANNER))
        self.set_content(tone, text, action)

    def tone(self) -> str:
        """Return the tone."""
        return self._tone

    def text(self) -> str:
        """Return the sentence."""
        return self._text.text()

    def set_content(self, tone: str, text: str, action: str = "") -> None:
        """Say something else.

        Raises:
            KeyError: an unknown tone.
        """
        self._fill, self._colour, self._icon_name = TONES[tone]
        self._tone = tone
        self._text.setText(text)
        self._link.setText(action)
        self._link.setProperty("linkTone", self._colour)
        self._link.setVisible(bool(action))
        self.setAccessibleName(text)
        self._fit()
        if self.isVisible():
            announce(self, text)
        self.update()

    def progress(self) -> float | None:
        """Return what `set_progress` was given."""
        return self._progress

    def set_progress(self, fraction: float | None) -> None:
        """Show how much of what it tells of is done, 0 to 1, as a bar along its foot; None takes it away."""
        self._progress = fraction
        self.update()

    def set_icon(self, name: str) -> None:
        """Show another icon than the tone's, until the banner says something else."""
        self._icon_name = name
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        left, right = self._edges()
        link = self._link.sizeHint().width() + _GAP if not self._link.isHidden() else 0
        return QSize(left + self._one_line() + link + right, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        """Return a size in which the sentence may wrap."""
        return QSize(fonts.px(260), self.minimumHeight())

    def showEvent(self, event: QShowEvent) -> None:
        """Place the parts."""
        super().showEvent(event)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the parts."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw box and icon."""
        colours = tokens()
        painter = QPainter(self)
        rounded(painter, QRectF(self.rect()), RADIUS_CONTROL, colours.named(self._fill), outline(colours))
        if self._progress is not None:
            width = (self.width() - 2 * _LEFT) * min(max(self._progress, 0.0), 1.0)
            bar = QRectF(_LEFT, self.height() - 2 * _BAR, width, _BAR)
            rounded(painter, bar, _BAR / 2, colours.named(self._colour))
        size = fonts.px(_ICON)
        paint_icon(
            painter, self._icon_name, QRectF(_LEFT, 0, size, fonts.px(HEIGHT_BANNER)), colours.named(self._colour), size
        )

    def _edges(self) -> tuple[int, int]:
        left = _LEFT + fonts.px(_ICON) + 10
        return left, _RIGHT if self._close.isHidden() else _RIGHT + self._close.width() + _GAP

    def _one_line(self) -> int:
        return math.ceil(QFontMetricsF(self._text.font()).horizontalAdvance(self._text.text())) + 1

    def _fit(self) -> None:
        """Put the action behind the sentence where both fit on a line, else below it."""
        left, right = self._edges()
        room = max(self.width() - left - right, fonts.px(80))
        needed = self._one_line()
        link = self._link.sizeHint()
        has_link = not self._link.isHidden()
        line = fonts.px(HEIGHT_BANNER)
        beside = not has_link or needed + _GAP + link.width() <= room
        width = min(needed, room)
        line_height = math.ceil(QFontMetricsF(self._text.font()).height())
        text_height = line_height if needed <= room else max(self._text.heightForWidth(width), line_height)
        below = 0 if beside else link.height()
        height = max(line, text_height + below + 16)
        self.setMinimumHeight(height)
        top = (max(self.height(), height) - text_height - below) // 2
        self._text.setGeometry(left, top, width, text_height)
        if beside:
            self._link.setGeometry(
                left + width + _GAP, top + (text_height - link.height()) // 2, link.width(), link.height()
            )
        else:
            self._link.setGeometry(left, top + text_height, min(link.width(), room), link.height())
        side = self._close.width()
        self._close.move(self.width() - side - _RIGHT, (line - side) // 2)

    def _on_close(self) -> None:
        self.hide()
        self.closed.emit()
