"""Owns the panel on top of the check: a gauge of what is left to fix, what was looked at, and Fix all."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import reduced_motion, tokens
from mobilenet_gui.ui.tokens import HEIGHT_LARGE
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.labels import ElidedLabel
from mobilenet_gui.ui.widgets.painting import draw_text
from mobilenet_gui.ui.widgets.progress import paint_ring

_RING = 52
_FRAME_MS = 40
_TURN = 25


class _Gauge(QWidget):
    """A ring: turning or filling while photos are looked at, then the number that is left to fix, or a tick."""

    def __init__(self) -> None:
        super().__init__()
        self._number: int | None = None
        self._share: float | None = 0.0
        self._step = 0
        self.setFixedSize(_RING, _RING)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._turn)

    def show_left(self, number: int, share: float) -> None:
        self._number, self._share = number, share
        self._timer.stop()
        self.update()

    def show_progress(self, share: float | None) -> None:
        self._number, self._share = None, share
        turning = share is None and not reduced_motion()
        if turning and not self._timer.isActive():
            self._timer.start()
        elif not turning:
            self._timer.stop()
        self.update()

    def _turn(self) -> None:
        if not self.isVisible():
            self._timer.stop()
            return
        self._step += 1
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = tokens()
        painter = QPainter(self)
        rect = QRectF(self.rect())
        done = self._number == 0
        colour = colours.ok if done else colours.accent
        paint_ring(
            painter, rect, 1.0 if done else self._share, colour, colours.track, turn=self._step % _TURN / _TURN, width=5
        )
        if done:
            paint_icon(painter, "check", rect, colours.ok, 22)
        elif self._number is not None:
            draw_text(
                painter, rect, str(self._number), fonts.font("card", fonts.SEMIBOLD), colours.text,
                align=Qt.AlignmentFlag.AlignHCenter, elide=False,
            )  # fmt: skip


class CheckSummary(Card):
    """The panel.

    Attributes:
        action: its button was pressed.
    """

    action = Signal()

    def __init__(self) -> None:
        super().__init__(margin=0)
        self.gauge = _Gauge()
        self._title = ElidedLabel("", "card", "text", fonts.SEMIBOLD)
        self._words = ElidedLabel("", "body", "text2")
        self.button = Button("", "check", "primary", HEIGHT_LARGE)
        self.button.clicked.connect(self.action)
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._words)
        words.addStretch(1)
        row = QHBoxLayout()
        row.setContentsMargins(18, 0, 16, 0)
        row.setSpacing(18)
        row.addWidget(self.gauge)
        row.addLayout(words, 1)
        row.addWidget(self.button)
        self.body.addLayout(row)
        self.setFixedHeight(fonts.px(84))

    def title(self) -> str:
        """Return the first line."""
        return self._title.text()

    def words(self) -> str:
        """Return the second line."""
        return self._words.text()

    def show_words(self, title: str, words: str, action: str = "", icon: str | None = "check") -> None:
        """Say how it stands, with a button where `action` has a text."""
        self._title.setText(title)
        self._words.setText(words)
        self.button.setVisible(bool(action))
        if action:
            self.button.set_text(action)
            if self.button.icon_name != icon:
                self.button.set_icon(icon)
        self.setAccessibleName(f"{title}. {words}")
