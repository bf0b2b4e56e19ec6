"""Owns the answer: five rows of label, percentage and bar; and their grey ghosts before there is an answer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QHelpEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import notify_name, shows_focus, spoken_percent, spoken_position
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_BAR, HEIGHT_BAR_ROW, MS_BARS, RADIUS_SMALL, mix
from mobilenet_gui.ui.widgets.motion import Tween
from mobilenet_gui.ui.widgets.painting import bar, draw_text, rounded

_FOCUS_INSET = 8
"""How far a focused row's contents draw in, so that the ring has room beside them."""
_MARK = 14
_TICK_WIDTH, _TICK_GAP, _TICK_REACH = 2.0, 2.0, 3.0


class PredictionRow(QAbstractButton):
    """One label with its share. Checked means: this is the label that Explain explains."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.share = 0.0
        self.first = False
        self.sure_from = 0.0
        self.sure = True
        self.range: tuple[float, float] | None = None
        self.tip = ""
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(fonts.px(HEIGHT_BAR_ROW))
        self.shown = Tween(self, MS_BARS, lambda _value: self.update(self.bar_area()))

    def nextCheckState(self) -> None:
        """Leave the check to the list: it knows whether marking is wanted."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave all but Space to the list: a button of its own would move the focus elsewhere."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Select):
            super().keyPressEvent(event)
        else:
            event.ignore()

    def sizeHint(self) -> QSize:
        """Return a useful width."""
        return QSize(240, fonts.px(HEIGHT_BAR_ROW))

    def bar_area(self) -> QRect:
        """Return the part of the row that changes when only the share does: the bar with its marks."""
        top = self.height() - fonts.px(HEIGHT_BAR) - fonts.px(6) - math.ceil(_TICK_REACH)
        return QRect(0, top, self.width(), self.height() - top)

    def move_bar(self, share: float, extent: tuple[float, float] | None) -> None:
        """Have the bar end at `share`, with the last second's range; painted only where a quarter pixel changes."""
        before = self._bar_edges()
        self.range = extent
        self.shown.settle(share)
        if self._bar_edges() != before:
            self.update(self.bar_area())

    def _bar_edges(self) -> tuple[int, ...]:
        """Return what the eye can tell of the bar: where it and its range end, in quarters of the screen's pixels."""
        quarters = 4 * self.width() * self.devicePixelRatioF()
        least = fonts.px(HEIGHT_BAR) / max(1, self.width())  # below this a bar is a dot
        return tuple(round(quarters * share) for share in (max(least, self.shown.value), *(self.range or (2.0,))))

    def is_elided(self) -> bool:
        """Say whether the label does not fit."""
        return self._label_room() < QFontMetricsF(self._font()).horizontalAdvance(self.text())

    def event(self, event: QEvent) -> bool:
        """Show the whole label in a tooltip where it is cut, and what else the class is called."""
        if isinstance(event, QHelpEvent):
            self.setToolTip("\n".join(filter(None, (self.text() if self.is_elided() else "", self.tip))))
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw text, bar and tick."""
        colours = tokens()
        painter = QPainter(self)
        box = QRectF(self.rect())
        area = box
        if shows_focus(self):
            rounded(painter, box, RADIUS_SMALL + 1, None, colours.accentText, width=2)
            area = box.adjusted(_FOCUS_INSET, 0, -_FOCUS_INSET, 0)
        thick = fonts.px(HEIGHT_BAR)
        if not self.bar_area().contains(event.rect()):
            self._draw_words(painter, QRectF(area.x(), 0, area.width(), box.height() - thick - fonts.px(8)))
        track = QRectF(area.x(), box.height() - thick - fonts.px(6), area.width(), thick)
        if not self.sure:
            fill = colours.text3
        elif self.first:
            fill = colours.accent
        else:
            hovered = self.underMouse() and self.isEnabled()
            fill = mix(colours.barMuted, colours.accent, 0.3) if hovered else colours.barMuted
        bar(painter, track, self.shown.value, fill, colours.track)
        if self.range is not None:
            self._draw_range(painter, track)
        if self.first and self.sure_from > 0:
            self._draw_tick(painter, track)

    def _draw_words(self, painter: QPainter, line: QRectF) -> None:
        colours = tokens()
        hovered = self.underMouse() and self.isEnabled()
        face = self._font()
        colour = colours.text if self.first or hovered else colours.text2
        if self.isChecked():
            colour = colours.accentText
        number = percent(self.share)
        taken = draw_text(painter, line, number, face, colour, align=Qt.AlignmentFlag.AlignRight, elide=False)
        room = line.adjusted(0, 0, -taken - 12, 0)
        if self.isChecked():
            # An eye says without colour which label the heat map explains.
            size = fonts.px(_MARK)
            eye = QRectF(room.right() - size, room.y(), size, room.height())
            paint_icon(painter, "eye", eye, colours.accentText, size)
            room.setRight(eye.left() - 6)
        draw_text(painter, room, self.text(), face, colour)

    def _draw_tick(self, painter: QPainter, track: QRectF) -> None:
        colours = tokens()
        x = round(track.x() + track.width() * self.sure_from)
        half = _TICK_WIDTH / 2 + _TICK_GAP
        painter.fillRect(QRectF(x - half, track.y(), 2 * half, track.height()), colours.panel)
        reach = _TICK_REACH
        painter.fillRect(QRectF(x - 1, track.y() - reach, _TICK_WIDTH, track.height() + 2 * reach), colours.text2)

    def _draw_range(self, painter: QPainter, track: QRectF) -> None:
        colours = tokens()
        low, high = self.range or (0.0, 0.0)
        start = track.x() + track.width() * max(low, self.shown.value)
        end = track.x() + track.width() * high
        if end > start:
            fill = colours.barMuted if self.sure else mix(colours.text3, colours.track, 0.6)
            painter.fillRect(QRectF(start, track.y(), end - start, track.height()), fill)
        painter.fillRect(QRectF(end - 1, track.y() - 1, 2, track.height() + 2), colours.text2)

    def _font(self) -> QFont:
        return fonts.font("body", fonts.SEMIBOLD if self.first and self.sure else fonts.REGULAR)

    def _label_room(self) -> float:
        number = QFontMetricsF(self._font()).horizontalAdvance(percent(self.share))
        mark = fonts.px(_MARK) + 6 if self.isChecked() else 0
        inset = 2 * _FOCUS_INSET if shows_focus(self) else 0
        return self.width() - number - 12 - mark - inset


class PredictionBars(QWidget):
    """The most likely labels with their shares, best first. Up and Down move, Space or Enter chooses.

    Attributes:
        chosen: a row was clicked or chosen by keyboard; its place from 0.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[PredictionRow] = []
        self._count = 0
        self._selected = -1
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Most likely labels"))

    def predictions(self) -> list[tuple[str, float]]:
        """Return what is shown."""
        return [(row.text(), row.share) for row in self._rows[: self._count]]

    def set_predictions(self, predictions: Sequence[tuple[str, float]], sure_from: float = 0.5, animate: bool = True, *,
                        ranges: Sequence[tuple[float, float] | None] = (),
                        tips: Sequence[str] = (),
                        sure: bool | None = None) -> None:  # fmt: skip
        """Show `(label, share)` best first; shares 0..1.

        Args:
            predictions: as many rows as wanted.
            sure_from: share from which the first one counts as an answer; below it all bars are grey.
            animate: let the bars move from where they are.
            ranges: for live pictures, lowest and highest share of the last second by row.
            tips: what a tooltip adds, by row.
            sure: whether the first one counts, where more than `sure_from` decides that.
        """
        total = len(predictions)
        while len(self._rows) < total:
            self._add_row()
        self._count = total
        if self._selected >= total:
            self._selected = -1
        if sure is None:
            sure = bool(predictions) and predictions[0][1] >= sure_from
        for index, row in enumerate(self._rows):
            row.setVisible(index < total)
            if index >= total:
                row.shown.jump(0.0)
                continue
            label, share = predictions[index]
            row.first, row.sure, row.sure_from, row.share = index == 0, sure, sure_from, share
            row.range = ranges[index] if index < len(ranges) else None
            row.tip = tips[index] if index < len(tips) else ""
            row.setText(label)
            row.setAccessibleName(
                tr("{label}, {percent}, {place}").format(
                    label=label, percent=spoken_percent(share), place=spoken_position(index, total)
                )
            )
            row.setChecked(index == self._selected)
            row.update()
            if animate and self.isVisible():
                row.shown.go(share)
            else:
                row.shown.jump(share)
            notify_name(row)
        self._set_tab_stop(max(self._selected, 0))
        self.updateGeometry()

    def set_shares(self, shares: Sequence[float | None], ranges: Sequence[tuple[float, float] | None] = ()) -> None:
        """Move the bars at once and leave the words: for live pictures, whose words change less often.

        Args:
            shares: by row, 0..1; None leaves a bar where it is.
            ranges: as in `set_predictions`.
        """
        for index, (row, share) in enumerate(zip(self._rows[: self._count], shares, strict=False)):
            if share is None:
                continue
            row.move_bar(share, ranges[index] if index < len(ranges) else None)

    def paint_now(self) -> None:
        """Have what was changed on screen when this returns."""
        if self._count:
            self._rows[0].repaint(self._rows[0].bar_area())

    def set_sure_from(self, sure_from: float) -> None:
        """Move the tick and recolour, without moving the bars."""
        sure = self._count > 0 and self._rows[0].share >= sure_from
        for row in self._rows[: self._count]:
            row.sure, row.sure_from = sure, sure_from
            row.update()

    def selected(self) -> int:
        """Return the marked row, -1 for none."""
        return self._selected

    def set_selected(self, index: int) -> None:
        """Mark row `index` as the one being explained; -1 marks none. No signal."""
        self._selected = index if 0 <= index < self._count else -1
        for place, row in enumerate(self._rows):
            row.setChecked(place == self._selected)
        self._set_tab_stop(max(self._selected, 0))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move between rows, choose by Enter; Space is the row's own."""
        at = next((i for i, row in enumerate(self._rows[: self._count]) if row.hasFocus()), -1)
        target = {
            Qt.Key.Key_Up: at - 1,
            Qt.Key.Key_Down: at + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: self._count - 1,
        }.get(Qt.Key(event.key()))
        if at >= 0 and target is not None:
            target = min(max(target, 0), self._count - 1)
            self._set_tab_stop(target)
            self._rows[target].setFocus(Qt.FocusReason.TabFocusReason)
        elif at >= 0 and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(at)
        else:
            super().keyPressEvent(event)

    def _add_row(self) -> None:
        row = PredictionRow(self)
        index = len(self._rows)
        row.clicked.connect(lambda: self.chosen.emit(index))
        self._rows.append(row)
        self._column.addWidget(row)

    def _set_tab_stop(self, index: int) -> None:
        for place, row in enumerate(self._rows):
            row.setFocusPolicy(Qt.FocusPolicy.StrongFocus if place == index else Qt.FocusPolicy.ClickFocus)


class GhostBars(QWidget):
    """Grey shapes where the answer will be."""

    _LABELS = (0.42, 0.55, 0.33, 0.47, 0.38)
    _SHARES = (0.78, 0.34, 0.2, 0.12, 0.07)

    def __init__(self, rows: int = 5, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = min(rows, len(self._LABELS))
        self.setFixedHeight(fonts.px(HEIGHT_BAR_ROW) * self._rows)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the shapes."""
        colours = tokens()
        painter = QPainter(self)
        height, thick = fonts.px(HEIGHT_BAR_ROW), fonts.px(HEIGHT_BAR)
        area = QRectF(self.rect())
        for row in range(self._rows):
            top = row * height
            text = QRectF(area.x(), top + 8, area.width() * self._LABELS[row], 9)
            rounded(painter, text, 4.5, colours.track)
            rounded(painter, QRectF(area.right() - 34, top + 8, 34, 9), 4.5, colours.track)
            track = QRectF(area.x(), top + height - thick - fonts.px(6), area.width(), thick)
            bar(painter, track, self._SHARES[row], colours.ghostBar, colours.ghostTrack)


__all__ = ["GhostBars", "PredictionBars", "PredictionRow"]
