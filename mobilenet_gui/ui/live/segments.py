"""Owns the list of a video's segments: from when to when which label stands; a click goes there; it can be exported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QMenu,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from mobilenet_gui.core.answers import headline, percent
from mobilenet_gui.core.timeline import Segment
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.accessibility import spoken_percent
from mobilenet_gui.ui.icons import icon
from mobilenet_gui.ui.live.clock import clock
from mobilenet_gui.ui.live.label_colours import LabelColours
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_LARGE, RADIUS_SMALL
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.painting import draw_text, outline, rounded

_ROW = 46
_ROWS_SHOWN = 7
"""Where the panel is low, so many are shown all the same, and the panel scrolls."""
_DOT = 9
_GAP = 10
_BRIEF = 10.0
"""Seconds; of what is shorter, whole seconds would not tell the beginning from the end."""
Index = QModelIndex | QPersistentModelIndex


class _Rows(QAbstractListModel):
    """The segments as rows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.segments: Sequence[Segment] = ()
        self.colours = LabelColours()

    def show(self, segments: Sequence[Segment]) -> None:
        self.beginResetModel()
        self.segments = segments
        self.colours = LabelColours(segments)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return how many there are."""
        return 0 if parent.isValid() else len(self.segments)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return the words, for screen readers and typing to find."""
        segment = self.segments[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return headline(segment.label.shown)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return tr("{label}, from {start} to {end}, {percent}").format(
                label=segment.label.shown,
                start=clock(segment.start),
                end=clock(segment.end),
                percent=spoken_percent(segment.probability, 0),
            )
        return None


class _Painter(QStyledItemDelegate):
    """Draws a row: label and share above, times below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return the row's size."""
        return QSize(200, fonts.px(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the row."""
        model = index.model()
        if not isinstance(model, _Rows):
            return
        segment = model.segments[index.row()]
        colours = tokens()
        rect = QRectF(option.rect)
        state: QStyle.StateFlag = option.state
        if state & QStyle.StateFlag.State_Selected:
            rounded(painter, rect, RADIUS_SMALL, colours.soft)
        elif state & QStyle.StateFlag.State_MouseOver:
            rounded(painter, rect, RADIUS_SMALL, colours.track)
        half = rect.height() / 2
        upper = QRectF(rect.x() + 8, rect.y() + 3, rect.width() - 16, half - 3)
        dot = QRectF(upper.x(), upper.center().y() - _DOT / 2, _DOT, _DOT)
        rounded(painter, dot, 3, model.colours.of(segment), outline(colours))
        upper.setLeft(dot.right() + 8)
        lower = QRectF(upper.x(), rect.y() + half, upper.width(), half - 5)
        small = fonts.font("small")
        share = percent(segment.probability, 0)
        right = Qt.AlignmentFlag.AlignRight
        taken = draw_text(painter, upper, share, fonts.font("body"), colours.text2, align=right, elide=False)
        label = upper.adjusted(0, 0, -taken - 10, 0)
        draw_text(painter, label, headline(segment.label.shown), fonts.font("body", fonts.MEDIUM), colours.text)
        brief = segment.seconds < _BRIEF
        times = f"{clock(segment.start, tenths=brief)} \N{EN DASH} {clock(segment.end, tenths=brief)}"
        draw_text(painter, lower, times, small, colours.text2)
        draw_text(painter, lower, _lasting(segment.seconds), small, colours.text3, align=right, elide=False)


class _List(QListView):
    """The list. Space is the page's."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave Space to the page."""
        if event.key() == Qt.Key.Key_Space:
            event.ignore()
        else:
            super().keyPressEvent(event)


class SegmentsPanel(QWidget):
    """The list with its summary and its export.

    Attributes:
        chosen: a segment was clicked, or chosen by keyboard.
        export_requested: "csv", "json" or "srt".
    """

    chosen = Signal(object)
    export_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = _Rows(self)
        self._room = 0
        self.origin = text_label("", "body", "text", wrap=True)
        self.origin.hide()
        self.summary = text_label("", "body", "text2", wrap=True)
        self.view = _List()
        self.view.setModel(self._rows)
        self.view.setItemDelegate(_Painter(self.view))
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.viewport().setAutoFillBackground(False)
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.view.setAccessibleName(tr("Segments of the video"))
        self.view.clicked.connect(self._choose)
        self.view.activated.connect(self._choose)
        self.export = Button(tr("Export…"), "export", "secondary", HEIGHT_LARGE)
        self.export.clicked.connect(self._show_menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_GAP)
        column.addWidget(self.origin)
        column.addWidget(self.summary)
        column.addWidget(self.view)
        column.addWidget(self.export)
        column.addStretch(1)

    def segments(self) -> Sequence[Segment]:
        """Return what is listed."""
        return self._rows.segments

    def show_segments(self, segments: Sequence[Segment], summary: str) -> None:
        """List segments, with a sentence above them."""
        self._rows.show(segments)
        count = trn("{n} segment", "{n} segments", len(segments)) if segments else tr("Nothing stood out long enough.")
        self.summary.setText(f"{count}{tr('. ') if segments else ' '}{summary}".strip())
        self._fit()

    def show_origin(self, model: str) -> None:
        """Say which model's answers these are; nothing where it is the one that answers now, for an empty name."""
        self.origin.setText(tr("Answers of “{model}”").format(model=model) if model else "")
        self.origin.setVisible(bool(model))
        self._fit()

    def set_room(self, height: int) -> None:
        """Learn how high the panel may be without having to scroll."""
        self._room = height
        self._fit()

    def mark(self, seconds: float) -> None:
        """Mark the segment that is on screen now, if any."""
        row = next((n for n, s in enumerate(self._rows.segments) if s.start <= seconds < s.end), -1)
        current = self.view.currentIndex().row() if self.view.currentIndex().isValid() else -1
        if row == current:
            return
        if row < 0:
            self.view.selectionModel().clear()
        else:
            self.view.setCurrentIndex(self._rows.index(row, 0))

    def export_menu(self) -> QMenu:
        """Return the menu of formats."""
        menu = QMenu(self)
        for kind, text in (
            ("csv", tr("Table (CSV)…")),
            ("json", tr("Everything, frame by frame (JSON)…")),
            ("srt", tr("Subtitles (SRT)…")),
        ):
            action = menu.addAction(icon("file", "text2"), text)
            action.triggered.connect(lambda _checked=False, k=kind: self.export_requested.emit(k))
        return menu

    def _fit(self) -> None:
        """Show as many rows as there is room for."""
        width = self.width() if self.isVisible() else self.summary.sizeHint().width()
        origin = 0 if self.origin.isHidden() else self.origin.heightForWidth(width) + _GAP
        others = origin + self.summary.heightForWidth(width) + self.export.sizeHint().height() + 2 * _GAP
        fitting = max(_ROWS_SHOWN, (self._room - others) // fonts.px(_ROW))
        height = fonts.px(_ROW) * min(fitting, max(1, len(self._rows.segments))) + 2
        if self.view.height() != height:
            self.view.setFixedHeight(height)

    def _show_menu(self) -> None:
        menu = self.export_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.export.mapToGlobal(QPoint(0, self.export.height() + 4)))

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self._rows.segments[index.row()])


def _lasting(seconds: float) -> str:
    return tr("{n} s").format(n=f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}")
