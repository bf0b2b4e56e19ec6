"""Owns the segmented choice: a few options side by side, one of them chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_CONTROL, RADIUS_CONTROL, RADIUS_SMALL
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, outline, rounded

_INSET = 3
_PADDING = 12
_ICON = 16
_GAP = 7


class _Segment(QAbstractButton):
    """One option: a radio button by nature, drawn as part of the strip."""

    def __init__(self, text: str, icon: str | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.icon_name = icon
        self.label = text
        self.compact = False
        self.even = True
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFont(fonts.font("body", fonts.MEDIUM))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def icon_only(self) -> bool:
        """Say whether the text is left out."""
        return self.icon_name is not None and (self.compact or not self.text())

    def sizeHint(self) -> QSize:
        """Return the size of icon and text."""
        # As high as the strip, though it is drawn within: a target is 28 pixels high at least.
        height = fonts.px(HEIGHT_CONTROL)
        if self.icon_only():
            return QSize(height - 2 * _INSET + 8, height)
        beside = self._beside() if self.even else []
        return QSize(max([self.text_width(), *(s.text_width() for s in beside)]), height)

    def text_width(self) -> int:
        """Return the width that icon and text need."""
        if self.icon_only():
            return 0
        width = 2 * _PADDING + QFontMetricsF(self.font()).horizontalAdvance(self.text())
        if self.icon_name is not None:
            width += fonts.px(_ICON) + _GAP
        return round(width + 0.4)

    def _beside(self) -> list[_Segment]:
        """Return all segments of the strip: those with text are equally wide."""
        parent = self.parentWidget()
        return parent.findChildren(_Segment) if parent is not None else []

    def minimumSizeHint(self) -> QSize:
        """Return the size of icon and text: it never shrinks."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the segment."""
        colours = tokens()
        painter = QPainter(self)
        rect = QRectF(self.rect()).adjusted(0, _INSET, 0, -_INSET)
        checked = self.isChecked()
        if checked:
            rounded(painter, rect.adjusted(0, 1, 0, 1), RADIUS_SMALL, colours.shadow)
            rounded(painter, rect, RADIUS_SMALL, colours.segment, outline(colours))
        elif self.isEnabled() and self.underMouse():
            rounded(painter, rect, RADIUS_SMALL, colours.hover if not colours.dark else colours.line)
        if shows_focus(self):
            focus_ring(painter, rect, RADIUS_SMALL)
        colour = colours.text if checked else colours.text2
        if not self.isEnabled():
            colour = colours.disabledText
        size = fonts.px(_ICON)
        if self.icon_only():
            paint_icon(painter, self.icon_name or "", rect, colour, size)
            return
        # A strip gives every segment the widest one's room: the contents stay in the middle.
        x = _PADDING + max(0.0, (rect.width() - self.text_width()) / 2)
        if self.icon_name is not None:
            paint_icon(painter, self.icon_name, QRectF(x, rect.y(), size, rect.height()), colour, size)
            x += size + _GAP
        draw_text(painter, QRectF(x, rect.y(), rect.width() - x, rect.height()), self.text(), self.font(), colour)


class Segmented(QWidget):
    """A strip of options `(key, text, icon)`; texts may be empty where icons speak, then `tooltips` name them."""

    changed = Signal(str)

    def __init__(self, options: Sequence[tuple[str, str, str | None]], parent: QWidget | None = None, *,
                 tooltips: Sequence[str] = ()) -> None:  # fmt: skip
        super().__init__(parent)
        self._segments: dict[str, _Segment] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(_INSET, 0, _INSET, 0)
        row.setSpacing(0)
        for index, (key, text, icon) in enumerate(options):
            segment = _Segment(text, icon, self)
            if index < len(tooltips):
                segment.setToolTip(tooltips[index])
                segment.setAccessibleName(tooltips[index])
            segment.clicked.connect(lambda _checked=False, k=key: self._pick(k))
            segment.installEventFilter(self)
            row.addWidget(segment)
            self._segments[key] = segment
        self._current = ""
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if options:
            self.set_current(options[0][0])

    def current(self) -> str:
        """Return the chosen key."""
        return self._current

    def set_current(self, key: str) -> None:
        """Choose `key` without a signal.

        Raises:
            KeyError: no such option.
        """
        self._segments[key].setChecked(True)
        self._current = key
        for name, segment in self._segments.items():
            # One tab stop for the strip; arrows move inside.
            segment.setFocusPolicy(Qt.FocusPolicy.StrongFocus if name == key else Qt.FocusPolicy.ClickFocus)

    def set_compact(self, compact: bool) -> None:
        """Show icons alone, texts as tooltips, where there are icons."""
        for segment in self._segments.values():
            segment.compact = compact
            if segment.icon_name is not None and segment.label:
                segment.setToolTip(segment.label if compact else "")
            segment.updateGeometry()
            segment.update()

    def set_even(self, even: bool) -> None:
        """Make all options as wide as the widest, or each as wide as its words where there is no room for that."""
        for segment in self._segments.values():
            segment.even = even
            segment.updateGeometry()

    def set_enabled(self, key: str, enabled: bool) -> None:
        """Let option `key` be chosen, or not."""
        self._segments[key].setEnabled(enabled)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the strip."""
        rounded(QPainter(self), QRectF(self.rect()), RADIUS_CONTROL, tokens().track, outline(tokens()))

    def eventFilter(self, watched: QWidget, event: QEvent) -> bool:  # type: ignore[override]
        """Move along with the arrow keys."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}.get(
                Qt.Key(event.key()), 0
            )
            if step:
                keys = [k for k, s in self._segments.items() if s.isEnabled()]
                if keys and self._current in keys:
                    key = keys[(keys.index(self._current) + step) % len(keys)]
                    self._pick(key)
                    self._segments[key].setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return super().eventFilter(watched, event)

    def _pick(self, key: str) -> None:
        before = self._current
        self.set_current(key)
        if key != before:
            self.changed.emit(key)
