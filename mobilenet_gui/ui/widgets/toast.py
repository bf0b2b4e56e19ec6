"""Owns the toast: what was just done, at the bottom of the window, with a way back for eight seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget
from shiboken6 import isValid

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import announce
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import DARK, LIGHT, MS_BANNER, MS_TOAST, RADIUS_CARD
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.motion import Tween
from mobilenet_gui.ui.widgets.painting import outline, rounded, shadow
from mobilenet_gui.ui.widgets.painting import sign as paint_sign

_HEIGHT = 44
_WIDTH, _SIGNED_WIDTH = 330, 440
_BOTTOM = 24
_ABOVE = 12
"""Gap to the window's edge, and to controls that must not be covered."""
_SHADOW = 16
_SIGN = 18
_PLACINGS = (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.Move, QEvent.Type.Resize)


class Toast(QWidget):
    """The dark strip itself; `ToastHost` places it and decides how long it stays."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.sign = _Sign()
        self.label = text_label("", "body", "toastText", fonts.MEDIUM)
        self.link = Button("", kind="link", height=28)
        self.link.setProperty("linkTone", "toastLink")
        self.cross = IconButton("close", tr("Close"), size=28, tone="toastText")
        self.cross.setProperty("kind", "toast")
        row = QHBoxLayout(self)
        row.setContentsMargins(16 + _SHADOW, _SHADOW, 8 + _SHADOW, _SHADOW)
        row.setSpacing(8)
        row.addWidget(self.sign)
        row.addWidget(self.label, 1)
        row.addWidget(self.link)
        row.addWidget(self.cross)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setMinimumHeight(fonts.px(_HEIGHT) + 2 * _SHADOW)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw shadow and strip."""
        painter = QPainter(self)
        rect = QRectF(self.rect()).adjusted(_SHADOW, _SHADOW, -_SHADOW, -_SHADOW)
        shadow(painter, rect, RADIUS_CARD, size=10, drop=4)
        rounded(painter, rect, RADIUS_CARD, tokens().toast, outline(tokens()))


class _Sign(QWidget):
    """A round sign before the text."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = ""
        self.setFixedSize(fonts.px(_SIGN), fonts.px(_SIGN))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def show_kind(self, kind: str) -> None:
        self.kind = kind
        self.setVisible(bool(kind))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        # The strip is dark where the window is light, and the other way round.
        colours = tokens()
        fill = colours.toastText if colours.edge.alpha() else (LIGHT if colours.dark else DARK).named(self.kind or "ok")
        paint_sign(QPainter(self), QRectF(self.rect()), self.kind, fill, colours.toast)


class ToastHost(QObject):
    """Shows one toast at a time at the bottom of `parent`. It waits while the pointer or the focus is on it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._uncovered: list[QWidget] = []
        self.toast = Toast(parent)
        self.toast.hide()
        self._on_action: Callable[[], None] | None = None
        self._left = MS_TOAST
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        self._slide = Tween(self, MS_BANNER, self._place_at)
        self._going = False
        self.toast.link.clicked.connect(self._act)
        self.toast.cross.clicked.connect(self.dismiss)
        self.toast.installEventFilter(self)
        self.toast.link.installEventFilter(self)
        parent.installEventFilter(self)
        if isinstance(parent, QStackedWidget):
            parent.currentChanged.connect(self.toast.raise_)  # the page that came lies on top
        self._slide.finished.connect(self._settle)

    def show_message(self, text: str, action: str = "", on_action: Callable[[], None] | None = None,
                     ms: int = MS_TOAST, *, sign: str = "") -> None:  # fmt: skip
        """Show `text` for `ms` milliseconds with an optional action, in place of any toast before it.

        Args:
            text: a few words.
            action: what can be done about it, in a word or two.
            on_action: does that.
            ms: how long.
            sign: before the text: "ok" for a tick, "bad" for an exclamation mark.
        """
        self.toast.sign.show_kind(sign)
        self._on_action = on_action
        self.toast.label.setText(text)
        self.toast.link.setText(action)
        self.toast.link.setVisible(bool(action))
        self.toast.setAccessibleName(text)
        self._left = ms
        self._going = False
        was_hidden = self.toast.isHidden()
        self._fit()
        self.toast.show()
        self.toast.raise_()
        if was_hidden:
            self._slide.jump(0.0)
        self._slide.go(1.0)
        self._timer.start(ms)
        announce(self._window, text)

    def keep_clear_of(self, *controls: QWidget) -> None:
        """Stand above these wherever they are to be seen: what stops something must be within reach all the time."""
        for control in controls:
            self._uncovered.append(control)
            control.installEventFilter(self)

    def dismiss(self) -> None:
        """Take the toast away."""
        self._timer.stop()
        if self.toast.isHidden():
            return
        self._going = True
        self._slide.go(0.0)
        if self._slide.state() == Tween.State.Stopped:
            self._settle()

    def retract(self, text: str) -> None:
        """Take the toast away if it still says `text`: that has come to stand elsewhere, or holds no longer."""
        if self.is_showing() and self.toast.label.text() == text:
            self.dismiss()

    def is_showing(self) -> bool:
        """Say whether a toast is to be seen."""
        return not self.toast.isHidden() and not self._going

    def is_held(self) -> bool:
        """Say whether the toast stays because it is being looked at."""
        return self.is_showing() and not self._timer.isActive()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold the toast while hovered or focused; keep it at the bottom of the window."""
        kind = event.type()
        if watched is self._window and kind == QEvent.Type.Resize and not self.toast.isHidden():
            self._fit()
            self._place_at(self._slide.value)
        elif watched in self._uncovered:
            if kind in _PLACINGS and not self.toast.isHidden():
                self._place_at(self._slide.value)
        elif watched is not self._window and self.is_showing():
            if isinstance(event, QEnterEvent) or kind == QEvent.Type.FocusIn:
                self._timer.stop()
            elif kind in (QEvent.Type.Leave, QEvent.Type.FocusOut) and not self.toast.link.hasFocus():
                self._timer.start(self._left)
        return super().eventFilter(watched, event)

    def _act(self) -> None:
        call, self._on_action = self._on_action, None
        self.dismiss()
        if call is not None:
            call()

    def _settle(self) -> None:
        if self._going:
            self._going = False
            self.toast.hide()

    def _fit(self) -> None:
        room = self._window.width() - 16
        self.toast.label.setWordWrap(False)
        wanted = self.toast.sizeHint()
        if wanted.width() > room:
            self.toast.label.setWordWrap(True)
            wanted = QSize(room, max(self.toast.heightForWidth(room), wanted.height()))
        least = _WIDTH if self.toast.sign.isHidden() else _SIGNED_WIDTH
        width = min(max(wanted.width(), fonts.px(least) + 2 * _SHADOW), room)
        self.toast.resize(width, max(wanted.height(), fonts.px(_HEIGHT) + 2 * _SHADOW))

    def _place_at(self, shown: float) -> None:
        left, below = (self._window.width() - self.toast.width()) // 2, self._window.height()
        rise = (below - self._resting(left)) * shown
        self.toast.move(QPoint(left, round(below - rise)))

    def _resting(self, left: int) -> int:
        """Return where the toast's top is once it stands: near the window's bottom, above what it must not cover."""
        top = self._window.height() - self.toast.height() + _SHADOW - _BOTTOM
        for rect in sorted(self._kept_clear(), key=QRect.bottom, reverse=True):
            strip = QRect(left, top, self.toast.width(), self.toast.height())
            if rect.intersects(strip.adjusted(_SHADOW, _SHADOW, -_SHADOW, -_SHADOW)):
                top = rect.top() - _ABOVE - self.toast.height() + _SHADOW
        return max(top, -_SHADOW)

    def _kept_clear(self) -> Iterator[QRect]:
        for control in self._uncovered:
            if isValid(control) and control.isVisible() and self._window.isAncestorOf(control):
                yield QRect(control.mapTo(self._window, QPoint()), control.size())
