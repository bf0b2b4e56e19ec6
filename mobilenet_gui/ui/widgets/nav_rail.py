"""Owns the rail: the program's pages down the left edge."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import notify_name, shows_focus, spoken_percent
from mobilenet_gui.ui.icons import app_icon, paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CARD, WIDTH_RAIL
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, outline, rounded, sign
from mobilenet_gui.ui.widgets.progress import paint_ring

_ITEM_HEIGHT, _ITEM_GAP = 56, 6
_ICON, _RING, _BADGE = 22, 12, 14
_LOGO = 32
Entry = tuple[str, str, str]
"""Key, text, icon."""


class NavItem(QAbstractButton):
    """One page's entry."""

    def __init__(self, text: str, icon: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.icon_name = icon
        self.progress: float | None = None
        self.badge = ""
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setAutoExclusive(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def nextCheckState(self) -> None:
        """Leave the check to the rail."""

    def sizeHint(self) -> QSize:
        """Return the entry's size."""
        return QSize(WIDTH_RAIL - 16, fonts.px(_ITEM_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw pill, icon, text, ring."""
        colours = tokens()
        painter = QPainter(self)
        rect = QRectF(self.rect())
        chosen = self.isChecked()
        if chosen:
            rounded(painter, rect, RADIUS_CARD, colours.railSelected, outline(colours))
        elif self.underMouse():
            rounded(painter, rect, RADIUS_CARD, colours.line)
        if shows_focus(self):
            focus_ring(painter, rect, RADIUS_CARD)
        colour = colours.accentText if chosen else colours.text2
        size = fonts.px(_ICON)
        top = (rect.height() - size - fonts.px(17)) / 2
        paint_icon(painter, self.icon_name, QRectF(0, top, rect.width(), size), colour, size)
        label = QRectF(2, top + size + fonts.px(2), rect.width() - 4, fonts.px(17))
        face = fonts.font("caption", fonts.SEMIBOLD if chosen else fonts.MEDIUM)
        draw_text(painter, label, self.text(), face, colour, align=Qt.AlignmentFlag.AlignHCenter)
        if self.progress is not None:
            ring = QRectF(rect.right() - _RING - 5, 5, _RING, _RING)
            paint_ring(painter, ring, self.progress, colours.accent, colours.line2)
        elif self.badge:
            spot = QRectF(rect.right() - _BADGE - 3, 4, _BADGE, _BADGE)
            sign(painter, spot, self.badge, colours.named(self.badge), colours.rail)


class NavRail(QWidget):
    """The rail with the logo on top, entries below it and more at the bottom.

    Attributes:
        navigated: an entry was chosen; its key.
    """

    navigated = Signal(str)

    def __init__(self, entries: Sequence[Entry], bottom: Sequence[Entry] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: dict[str, NavItem] = {}
        self._current = ""
        self.setFixedWidth(max(WIDTH_RAIL, fonts.px(WIDTH_RAIL * 0.9)))
        self.setAccessibleName(tr("Pages"))
        self._logo = app_icon()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 68, 9, 14)
        column.setSpacing(_ITEM_GAP)
        for entry in entries:
            column.addWidget(self._make(entry))
        column.addStretch(1)
        for entry in bottom:
            column.addWidget(self._make(entry))
        if entries:
            self.set_current(entries[0][0])

    def current(self) -> str:
        """Return the key of the page shown."""
        return self._current

    def set_current(self, key: str) -> None:
        """Mark the entry `key`, without a signal.

        Raises:
            KeyError: no such entry.
        """
        self._items[key].setChecked(True)
        self._current = key
        for name, item in self._items.items():
            item.setChecked(name == key)
            item.setFocusPolicy(Qt.FocusPolicy.StrongFocus if name == key else Qt.FocusPolicy.ClickFocus)

    def set_progress(self, key: str, fraction: float | None) -> None:
        """Show a small ring on entry `key`, filled to `fraction` (0..1); None takes it away."""
        self._items[key].progress = fraction
        self._tell(self._items[key])

    def set_badge(self, key: str, kind: str) -> None:
        """Show that entry `key` has something new: "ok", "bad", or nothing; a ring goes before it."""
        self._items[key].badge = kind
        self._tell(self._items[key])

    def item(self, key: str) -> NavItem:
        """Return the entry `key`."""
        return self._items[key]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, edge and logo."""
        colours = tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.rail)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), colours.line)
        paint_icon(painter, "app", QRectF((self.width() - 1 - _LOGO) / 2, 14, _LOGO, _LOGO), colours.text)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move along with the arrow keys; Space or Enter goes there."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and isinstance(watched, NavItem):
            items = list(self._items.values())
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            if step:
                items[(items.index(watched) + step) % len(items)].setFocus(Qt.FocusReason.TabFocusReason)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                watched.click()
                return True
        return super().eventFilter(watched, event)

    def _make(self, entry: Entry) -> NavItem:
        key, text, icon = entry
        item = NavItem(text, icon, self)
        item.clicked.connect(lambda: self._go(key))
        item.installEventFilter(self)
        self._items[key] = item
        return item

    def _tell(self, item: NavItem) -> None:
        words = {"ok": tr("a model is ready"), "bad": tr("a training stopped")}.get(item.badge, "")
        if item.progress is not None:
            words = spoken_percent(item.progress, 0)
        item.setAccessibleName(f"{item.text()}, {words}" if words else item.text())
        notify_name(item)
        item.update()

    def _go(self, key: str) -> None:
        self.set_current(key)
        self.navigated.emit(key)
