"""Owns one row of the models list: what the model is, its figures, and what can be done with it now."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from mobilenet_gui.i18n import shown, tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import shows_focus, spoken_percent
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.models import words
from mobilenet_gui.ui.models.columns import MARGIN, TILE, Columns, columns_for
from mobilenet_gui.ui.models.items import ModelItem
from mobilenet_gui.ui.models.task_words import task_text
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import RADIUS_CARD, RADIUS_CONTROL
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.card import Card
from mobilenet_gui.ui.widgets.painting import draw_text, focus_ring, rounded
from mobilenet_gui.ui.widgets.progress import ThinProgress
from mobilenet_gui.workers.model_state import TaskState

ROW_HEIGHT, ROW_HEIGHT_BUSY = 56, 76
_TILE_ICON = 20
_BAR_Y = 60


def name_font() -> QFont:
    """Return the font of the names: a size of its own between body and card."""
    face = QFont(fonts.font("body", fonts.SEMIBOLD))
    face.setPointSizeF(face.pointSizeF() * 14 / 13)
    return face


class ModelRow(Card):
    """A row. It shows what it is given and asks for what the person wants; it does nothing itself.

    The rows of a section are one card together. What the chosen one offers stands in the panel of details instead.

    Attributes:
        asked: a button was pressed: the model's id and one of use, download, pause, resume, cancel, remove.
        moved: an arrow key: -1 up, 1 down.
    """

    asked = Signal(str, str)
    moved = Signal(int)

    def __init__(self, item: ModelItem, parent: QWidget | None = None) -> None:
        super().__init__(parent, clickable=True, margin=0)
        self._item = item
        self._task: TaskState | None = None
        self._columns: Columns = columns_for(760)
        self._bar: ThinProgress | None = None
        self._first = self._last = True
        self._buttons: dict[str, QAbstractButton] = {}
        self.opened.connect(self._open)
        self.show_item(item, None)

    @property
    def item(self) -> ModelItem:
        """What it shows."""
        return self._item

    def button(self, action: str) -> QAbstractButton | None:
        """Return the button that asks for `action`, if it is offered now."""
        found = self._buttons.get(action)
        return None if found is None or found.isHidden() else found

    def show_item(self, item: ModelItem, task: TaskState | None) -> None:
        """Show `item`, with what is being done to it."""
        self._item, self._task = item, task
        busy = task is not None and task.shows_progress
        self.setFixedHeight(fonts.px(ROW_HEIGHT_BUSY if busy else ROW_HEIGHT))
        if busy and task is not None:
            if self._bar is None:
                self._bar = ThinProgress(self)
            self._bar.set_fraction(task.fraction if task.running or task.paused else 0.0)
            self._bar.show()
        elif self._bar is not None:
            self._bar.hide()
        self._offer(self._actions())
        self.setAccessibleName(self._spoken())
        self._place()
        self.update()

    def set_place(self, *, first: bool, last: bool) -> None:
        """Be at an end of the section's card, or between other rows."""
        if (first, last) != (self._first, self._last):
            self._first, self._last = first, last
            self.update()

    def set_selected(self, selected: bool) -> None:
        """Draw it as chosen, or not."""
        if selected != self._selected:
            super().set_selected(selected)
            self._offer(self._actions())
            self._place()

    # -- what can be done -----------------------------------------------------------------------------------------

    def _actions(self) -> tuple[str, ...]:
        offered = self._offers()
        return () if self._selected and offered in (("use",), ("download",)) else offered

    def _offers(self) -> tuple[str, ...]:
        task, item = self._task, self._item
        if task is not None and task.shows_progress:
            if task.paused:
                return ("resume", "cancel")
            return ("pause", "cancel") if task.pausable else ("cancel",) if task.cancellable else ()
        if task is not None and task.running:
            return ()
        if not item.installed:
            return ("download",)
        return () if item.active or item.backbone else ("use",)

    def _offer(self, actions: tuple[str, ...]) -> None:
        had_focus = next((name for name, b in self._buttons.items() if b.hasFocus()), None)
        for name in actions:
            if name not in self._buttons:
                self._buttons[name] = self._make(name)
        for name, button in self._buttons.items():
            button.setVisible(name in actions)
        self.set_tab_chain()
        if had_focus is not None and had_focus not in actions:
            # The pressed button goes away; the keyboard stays in the row.
            (self._buttons[actions[0]] if actions else self).setFocus(Qt.FocusReason.OtherFocusReason)

    def set_tab_chain(self) -> None:
        """Let Tab go from the row to its buttons, in the order they are read."""
        before: QWidget = self
        for name in self._actions():
            QWidget.setTabOrder(before, self._buttons[name])
            before = self._buttons[name]

    def _make(self, action: str) -> QAbstractButton:
        name = self._item.name
        made: QAbstractButton
        if action == "use":
            made = Button(tr("Use"), parent=self)
            made.setAccessibleName(tr("Use {model}").format(model=name))
        elif action == "download":
            made = Button(tr("Get"), "download", parent=self)
            made.setAccessibleName(tr("Get {model}").format(model=name))
        else:
            icon, text, framed = {
                "pause": ("pause", tr("Pause"), True),
                "resume": ("play", tr("Resume"), True),
                "cancel": ("close", tr("Cancel"), False),
            }[action]
            made = IconButton(icon, text, framed=framed, parent=self)
            made.setAccessibleName(f"{text}: {shown(name)}")
        made.clicked.connect(lambda: self.asked.emit(self._item.id, action))
        return made

    def _open(self) -> None:
        action = next((a for a in ("use", "resume") if a in self._offers()), None)
        if action is not None:
            self.asked.emit(self._item.id, action)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by arrows, remove by Delete, choose by Space or Enter."""
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.moved.emit(-1 if key == Qt.Key.Key_Up else 1)
        elif key == Qt.Key.Key_Delete and self._item.installed and not self._item.builtin:
            self.asked.emit(self._item.id, "remove")
        else:
            super().keyPressEvent(event)

    # -- looks ----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the columns anew."""
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        self._columns = columns_for(self.width())
        right = self.width() - MARGIN
        middle = fonts.px(ROW_HEIGHT) / 2
        for name in ("cancel", "pause", "resume", "use", "download"):
            button = self._buttons.get(name)
            if button is None or button.isHidden():
                continue
            if isinstance(button, Button):
                button.set_compact(self._columns.compact)
                button.setAccessibleName({"use": tr("Use {model}"), "download": tr("Get {model}")}[name].format(
                    model=self._item.name
                ))  # fmt: skip
                button.adjustSize()
            edge = right + 6 if name == "cancel" else right
            button.move(round(edge - button.width()), round(middle - button.height() / 2))
            right = edge - button.width() - 4
        if self._bar is not None:
            x = round(self._columns.name_left)
            room = self.width() - x - MARGIN
            said = QFontMetricsF(fonts.font("small")).horizontalAdvance(task_text(self._task)) if self._task else 0.0
            width = max(40, round(room - max(room * 0.31, said + 16)))
            self._bar.setGeometry(x, fonts.px(_BAR_Y) - 2, width, 4)
        self.setToolTip("" if self._shown_name() == self._item.name else self._item.name)

    def _shown_name(self) -> str:
        """Return the name, shortened where it does not fit: what tells the official networks apart is at its end."""
        metrics, room = QFontMetricsF(name_font()), self._columns.name_right - self._columns.name_left
        name = self._item.name
        if metrics.horizontalAdvance(name) > room and name.startswith("MobileNet V"):
            name = name.removeprefix("MobileNet ")
        return metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw its part of the card, tile, names and figures."""
        painter = QPainter(self)
        colours, item = tokens(), self._item
        self._paint_card(painter)
        height = fonts.px(ROW_HEIGHT)
        columns = self._columns
        x = columns.name_left
        if columns.tile:
            side = fonts.px(TILE)
            tile = QRectF(MARGIN, (height - side) / 2, side, side)
            rounded(painter, tile, RADIUS_CONTROL, colours.soft if self._selected else colours.track)
            tone = colours.accentText if self._selected else colours.text2
            paint_icon(painter, "cube", tile, tone, fonts.px(_TILE_ICON))
        line = fonts.px(20)
        draw_text(painter, QRectF(x, height / 2 - line, columns.name_right - x, line), self._shown_name(),
                  name_font(), colours.text)  # fmt: skip
        draw_text(painter, QRectF(x, height / 2, columns.name_right - x, line), item.subtitle, fonts.font("small"),
                  colours.text2)  # fmt: skip
        for key, left in columns.cells.items():
            room = columns.cell_width if key != "speed" else columns.action_left - left - 4
            draw_text(painter, QRectF(left, 0, room, height), self._cell(key), fonts.font("body"), colours.text2)
        self._paint_state(painter, height)

    def _paint_card(self, painter: QPainter) -> None:
        colours, rect = tokens(), QRectF(self.rect())
        beyond = 2 * RADIUS_CARD  # corners that are not this row's lie outside of it
        card = rect.adjusted(0, 0 if self._first else -beyond, 0, 0 if self._last else beyond)
        rounded(painter, card, RADIUS_CARD, colours.panel, colours.line)
        if not self._first:
            painter.fillRect(QRectF(MARGIN, 0, rect.width() - MARGIN - 1, 1), colours.line)
        hovered = self.underMouse() and self.isEnabled()
        if self._selected:
            rounded(painter, rect, RADIUS_CARD, colours.panel, colours.accent, width=2)
        elif hovered:
            rounded(painter, rect, RADIUS_CARD, None, colours.line2)
        if shows_focus(self):
            focus_ring(painter, rect.adjusted(2, 2, -2, -2) if self._selected else rect, RADIUS_CARD)

    def _paint_state(self, painter: QPainter, height: float) -> None:
        colours = tokens()
        right = self.width() - MARGIN
        if self._bar is not None and not self._bar.isHidden() and self._task is not None:
            left = self._bar.x() + self._bar.width() + 12
            tone = colours.bad if self._task.failed else colours.text2
            box = QRectF(left, self._bar.y() - 8, right - left, 20)
            draw_text(painter, box, task_text(self._task), fonts.font("small"), tone, align=Qt.AlignmentFlag.AlignRight)
            return
        face, text, icon, colour = fonts.font("body", fonts.SEMIBOLD), "", "", colours.text2
        if self._task is not None and self._task.running:
            face, text = fonts.font("small"), task_text(self._task)
        elif self._item.active:
            text, icon, colour = tr("In use"), "check", colours.accentText
        elif self._item.backbone:
            face, text = fonts.font("small"), tr("No classifier")
        box = QRectF(self._columns.action_left, 0, right - self._columns.action_left, height)
        width = draw_text(painter, box, text, face, colour, align=Qt.AlignmentFlag.AlignRight) if text else 0
        if icon:
            size = fonts.px(16)
            paint_icon(painter, icon, QRectF(right - width - 8 - size, 0, size, height), colour, size)

    def _cell(self, key: str) -> str:
        item = self._item
        if key == "classes":
            return str(item.classes) if item.classes else words.NOTHING
        if key == "size":
            return words.megabytes(item.size_bytes) if item.size_bytes else words.NOTHING
        if key == "correct":
            return words.correct(item.correct)
        return words.milliseconds(item.milliseconds, estimated=item.estimated)

    def _spoken(self) -> str:
        item = self._item
        parts = [item.name, item.subtitle]
        if item.classes:
            parts.append(tr("{n} classes").format(n=item.classes))
        if item.size_bytes:
            parts.append(words.megabytes(item.size_bytes))
        if item.correct is not None:
            parts.append(tr("{percent} correct").format(percent=spoken_percent(item.correct)))
        if item.milliseconds is not None:
            parts.append(words.milliseconds(item.milliseconds, estimated=item.estimated))
        if self._task is not None and (self._task.running or self._task.paused):
            parts.append(task_text(self._task))
        elif item.active:
            parts.append(tr("In use"))
        elif not item.installed:
            parts.append(tr("not downloaded"))
        return ", ".join(parts).replace(words.NBSP, " ")
