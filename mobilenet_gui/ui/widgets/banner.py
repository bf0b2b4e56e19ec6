"""Owns the banner: one sentence across the page, with an action and a cross, in a tone."""

from __future__ import annotations

import math

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import announce
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_BANNER, RADIUS_CONTROL
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.painting import rounded

TONES = {
    "info": ("soft", "accentText", "info"),
    "ok": ("okSoft", "ok", "shield-check"),
    "warn": ("warnSoft", "warn", "alert"),
    "bad": ("badSoft", "bad", "alert"),
}
"""Tone to fill token, text token and icon."""
_ICON = 16
_LEFT = 14


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
        self._text = text_label("", "body", "text", wrap=True)
        self._link = Button("", kind="link", height=28)
        self._link.clicked.connect(self.action)
        self._close = IconButton("close", tr("Close"), size=28)
        self._close.clicked.connect(self._on_close)
        self._close.setVisible(closable)
        row = QHBoxLayout(self)
        row.setContentsMargins(_LEFT + fonts.px(_ICON) + 10, 4, 8, 4)
        row.setSpacing(6)
        row.addWidget(self._text, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._link, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)
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

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        """Return a size in which the sentence may wrap."""
        return QSize(fonts.px(260), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the sentence only where it does not fit."""
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw box and icon."""
        colours = tokens()
        painter = QPainter(self)
        rounded(painter, QRectF(self.rect()), RADIUS_CONTROL, colours.named(self._fill))
        size = fonts.px(_ICON)
        paint_icon(painter, self._icon_name, QRectF(_LEFT, 0, size, self.height()), colours.named(self._colour), size)

    def _fit(self) -> None:
        spare = _LEFT + fonts.px(_ICON) + 10 + 8 + 2 * 6
        for other in (self._link, self._close):
            if not other.isHidden():
                spare += other.sizeHint().width() + 6
        needed = math.ceil(QFontMetricsF(self._text.font()).horizontalAdvance(self._text.text())) + 1
        width = max(min(needed, self.width() - spare), fonts.px(80))
        self._text.setFixedWidth(width)
        self.setMinimumHeight(max(fonts.px(HEIGHT_BANNER), self._text.heightForWidth(width) + 16))

    def _on_close(self) -> None:
        self.hide()
        self.closed.emit()
