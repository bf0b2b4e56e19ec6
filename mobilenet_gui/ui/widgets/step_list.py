"""Owns the list of steps: numbered circles one below the other, ticked where done, joined by a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CONTROL
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, outline, rounded

_HEIGHT, _GAP = 46, 8
_CIRCLE, _LEFT, _TEXT = 24, 10, 46
_LINE_SHORT = 3
State = Literal["done", "current", "todo"]


@dataclass(frozen=True, slots=True)
class StepEntry:
    """One step: key, name, a few words below it, how it stands, and whether it can be gone to."""

    key: str
    title: str
    detail: str = ""
    state: State = "todo"
    enabled: bool = True


class StepItem(QAbstractButton):
    """One step's line."""

    def __init__(self, entry: StepEntry, number: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.entry = entry
        self._number = number
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_entry(entry)

    def show_entry(self, entry: StepEntry) -> None:
        """Show how the step stands now."""
        self.entry = entry
        self.setText(entry.title)
        self.setEnabled(entry.enabled or entry.state == "current")
        state = {"done": tr("done"), "current": tr("current step"), "todo": ""}[entry.state]
        name = tr("Step {n}: {title}").format(n=self._number, title=entry.title)
        self.setAccessibleName(", ".join(part for part in (name, entry.detail, state) if part))
        self.setFocusPolicy(
            Qt.FocusPolicy.StrongFocus if entry.state == "current" else Qt.FocusPolicy.ClickFocus
        )  # fmt: skip
        self.update()

    def sizeHint(self) -> QSize:
        """Return the line's size."""
        return QSize(fonts.px(180), fonts.px(_HEIGHT))

    def circle(self) -> QRectF:
        """Return where the circle is, in the item's own coordinates."""
        side = fonts.px(_CIRCLE)
        return QRectF(_LEFT, (self.height() - side) / 2, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground, circle and words."""
        colours = tokens()
        painter = QPainter(self)
        rect = QRectF(self.rect())
        current = self.entry.state == "current"
        if current:
            rounded(painter, rect, RADIUS_CONTROL, colours.railSelected, outline(colours))
        elif self.underMouse() and self.isEnabled():
            rounded(painter, rect, RADIUS_CONTROL, colours.line)
        if shows_focus(self):
            focus_ring(painter, rect, RADIUS_CONTROL)
        self._paint_circle(painter)
        usable = self.isEnabled()
        title = colours.accentText if current else colours.text if self.entry.state == "done" else colours.text2
        left = _TEXT - _CIRCLE + fonts.px(_CIRCLE)
        width = rect.width() - left - 8
        line = fonts.px(17)
        face = fonts.font("body", fonts.SEMIBOLD if current else fonts.MEDIUM)
        if not self.entry.detail:
            draw_text(painter, QRectF(left, 0, width, rect.height()), self.entry.title, face, title)
            return
        top = (rect.height() - 2 * line) / 2
        draw_text(painter, QRectF(left, top, width, line), self.entry.title, face, title)
        below = colours.text2 if usable else colours.text3
        draw_text(painter, QRectF(left, top + line, width, line), self.entry.detail, fonts.font("caption"), below)

    def _paint_circle(self, painter: QPainter) -> None:
        colours = tokens()
        circle = self.circle()
        radius = circle.width() / 2
        if self.entry.state == "done":
            rounded(painter, circle, radius, colours.accent)
            paint_icon(painter, "check", circle, colours.onAccent, fonts.px(14))
            return
        current = self.entry.state == "current"
        edge = colours.accentText if current else colours.line2
        rounded(painter, circle, radius, colours.panel if current else None, edge, width=2 if current else 1.5)
        ink = colours.accentText if current else colours.text2
        draw_text(
            painter, circle, str(self._number), fonts.font("small", fonts.SEMIBOLD), ink,
            align=Qt.AlignmentFlag.AlignHCenter, elide=False,
        )  # fmt: skip


class StepList(QWidget):
    """The list. One tab stop; the arrow keys move along, Space or Enter goes there.

    Attributes:
        chosen: a step was asked for; its key.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._items: list[StepItem] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(fonts.px(_GAP))
        self.setAccessibleName(tr("Steps"))

    def set_steps(self, entries: Sequence[StepEntry]) -> None:
        """Show these steps; the same number of them every time."""
        for number, entry in enumerate(entries, start=1):
            if number > len(self._items):
                item = StepItem(entry, number, self)
                item.clicked.connect(lambda _checked=False, i=item: self._choose(i))
                item.installEventFilter(self)
                self._items.append(item)
                self._column.addWidget(item)
            elif self._items[number - 1].entry != entry:
                self._items[number - 1].show_entry(entry)
        self.update()

    def item(self, key: str) -> StepItem:
        """Return a step's line.

        Raises:
            KeyError: there is no such step.
        """
        for item in self._items:
            if item.entry.key == key:
                return item
        raise KeyError(key)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Join the circles."""
        colours = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for above, below in pairwise(self._items):
            from_circle = above.circle().translated(QPointF(above.pos()))
            to_circle = below.circle().translated(QPointF(below.pos()))
            done = above.entry.state == "done"
            painter.setPen(QPen(colours.accent if done else colours.line2, 2))
            x = from_circle.center().x()
            painter.drawLine(
                QPointF(x, from_circle.bottom() + _LINE_SHORT), QPointF(x, to_circle.top() - _LINE_SHORT)
            )  # fmt: skip

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move along with the arrow keys."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and isinstance(watched, StepItem):
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
            usable = [item for item in self._items if item.isEnabled()]
            if step:
                place = usable.index(watched) if watched in usable else 0
                usable[(place + step) % len(usable)].setFocus(Qt.FocusReason.TabFocusReason)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                watched.click()
                return True
        return super().eventFilter(watched, event)

    def _choose(self, item: StepItem) -> None:
        if item.entry.state != "current":
            self.chosen.emit(item.entry.key)
