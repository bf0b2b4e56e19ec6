"""Owns what stands above the grid: search, filters, order, and how far recognition has come."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.photo_session import Counts, Order, Show
from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.photos.pace import time_left_text
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import MS_LOADING_DELAY, PAGE_MARGIN
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.chip import Chip
from mobilenet_gui.ui.widgets.fields import ComboBox, SearchField
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.progress import ThinProgress

SEARCH_MS = 150
_GAP = 8
_SEARCH_LEAST = 110
"""Design pixels below which the search field is of little use."""


class GridTools(QWidget):
    """Search, filter chips and order.

    Attributes:
        search_changed: the text, once typing rests for a moment.
        show_changed: the `Show` chosen.
        order_changed: the `Order` chosen.
    """

    search_changed = Signal(str)
    show_changed = Signal(object)
    order_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._narrow = False
        self._problems = 0
        self.search = SearchField(tr("Search labels or file names"), "Ctrl+F")
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(SEARCH_MS)
        self._typed.timeout.connect(lambda: self.search_changed.emit(self.search.text()))
        self.search.textChanged.connect(lambda _text: self._typed.start())
        self.chips: dict[Show, Chip] = {}
        for show in Show:
            chip = Chip("", clickable=True)
            chip.setCheckable(True)
            # The search field gives way, not the numbers.
            chip.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            chip.clicked.connect(lambda _checked=False, s=show: self._pick(s))
            self.chips[show] = chip
        self.order = ComboBox("sort")
        for order, text in (
            (Order.ADDED, tr("Order added")),
            (Order.NAME, tr("File name")),
            (Order.LABEL, tr("Label")),
            (Order.MOST_SURE, tr("Most sure first")),
            (Order.LEAST_SURE, tr("Least sure first")),
        ):
            self.order.add_option(text, order)
        self.order.setAccessibleName(tr("Order of the photos"))
        self.order.currentIndexChanged.connect(lambda _i: self.order_changed.emit(self.order.currentData()))
        self._row = QHBoxLayout()
        self._row.setSpacing(_GAP)
        self._row.addWidget(self.search, 1)
        for chip in self.chips.values():
            self._row.addWidget(chip)
        self._row.addWidget(self.order)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN - 4, 0)
        self._column.setSpacing(_GAP)
        self._column.addLayout(self._row)
        self.set_counts(Counts())
        self._pick(Show.ALL, quiet=True)

    def set_counts(self, counts: Counts) -> None:
        """Write the numbers on the chips."""
        for show, text in (
            (Show.ALL, tr("All {n}").format(n=f"{counts.total:,}")),
            (Show.NOT_SURE, tr("Not sure {n}").format(n=f"{counts.not_sure:,}")),
            (Show.PROBLEMS, tr("Problems {n}").format(n=f"{counts.problems:,}")),
        ):
            if self.chips[show].text() != text:
                self.chips[show].setText(text)
        self._problems = counts.problems
        self._place_chips()

    def set_narrow(self, narrow: bool) -> None:
        """Leave the search field its room where the window is narrow: the order is an icon, no problems no chip."""
        self._narrow = narrow
        self.order.set_compact(narrow)
        self._place_chips()

    def _place_chips(self) -> None:
        chip = self.chips[Show.PROBLEMS]
        chip.setVisible(not self._narrow or self._problems > 0 or chip.isChecked())
        self._place_search()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the search field a row of its own where large text leaves it no room beside the chips."""
        super().resizeEvent(event)
        self._place_search()

    def _place_search(self) -> None:
        beside = [self.order, *(chip for chip in self.chips.values() if not chip.isHidden())]
        taken = sum(widget.sizeHint().width() + _GAP for widget in beside)
        room = self.width() - 2 * PAGE_MARGIN + 4 - taken
        above = room < fonts.px(_SEARCH_LEAST)
        if above == (self._row.indexOf(self.search) < 0):
            return
        if above:
            self._row.removeWidget(self.search)
            self._row.insertStretch(len(self.chips), 1)
            self._column.insertWidget(0, self.search)
        else:
            self._row.takeAt(len(self.chips))
            self._column.removeWidget(self.search)
            self._row.insertWidget(0, self.search, 1)

    def pick(self, show: Show) -> None:
        """Choose a filter."""
        self._pick(show)

    def _pick(self, show: Show, *, quiet: bool = False) -> None:
        for key, chip in self.chips.items():
            chip.setChecked(key is show)
        self._place_chips()
        if not quiet:
            self.show_changed.emit(show)


class BatchBar(QWidget):
    """How far recognition has come, with Pause and Stop. It appears only when there is something to wait for.

    Attributes:
        pause_requested: hold back (True) or go on (False).
        stop_requested: give up what waits.
        resume_requested: take up what was stopped.
    """

    pause_requested = Signal(bool)
    stop_requested = Signal()
    resume_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._paused = False
        self._stopped = False
        self.text = text_label("", "body", "text", fonts.SEMIBOLD)
        self.left = text_label("", "body", "text2")
        self.pause = Button(tr("Pause"), "pause", "ghost")
        self.stop = Button(tr("Stop"), "close", "ghost")
        self.progress = ThinProgress(height=3)
        kept = self.pause.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # the row must not become lower for its last word
        self.pause.setSizePolicy(kept)
        self.pause.clicked.connect(self._pause_clicked)
        self.stop.clicked.connect(self.stop_requested)
        row = QHBoxLayout()
        row.setSpacing(8)
        for widget in (self.text, self.left):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.pause)
        row.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(PAGE_MARGIN, 8, PAGE_MARGIN - 4, 8)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.progress)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(MS_LOADING_DELAY)
        self._late.timeout.connect(self._appear)
        self._wanted = False
        self.hide()

    def show_progress(
        self, counts: Counts, seconds_left: float | None, *, paused: bool, stopped: bool, hold: bool = False
    ) -> None:
        """Show how recognition stands; it hides when nothing is pending, or stays with a last word where `hold`."""
        self._wanted = counts.pending > 0
        self._paused, self._stopped = paused, stopped
        if not self._wanted:
            self._late.stop()
            if hold and counts.total and not self.isHidden():
                self._show_end(counts)
            else:
                self.hide()
            return
        self.pause.show()
        done, total = f"{counts.finished:,}", f"{counts.total:,}"
        if stopped:
            self.text.setText(tr("Stopped at {done} of {total}").format(done=done, total=total))
        elif paused:
            self.text.setText(tr("Paused at {done} of {total}").format(done=done, total=total))
        else:
            self.text.setText(tr("Recognising {done} of {total}").format(done=done, total=total))
        self.left.setText("" if paused or stopped else time_left_text(seconds_left))
        held = paused or stopped
        self.pause.set_text(tr("Resume") if held else tr("Pause"))
        self.pause.set_icon("play" if held else "pause")
        self.stop.setVisible(not stopped)
        self.progress.set_fraction(counts.finished / max(1, counts.total))
        self._fit()
        if self.isHidden() and not self._late.isActive():
            self._late.start()

    @property
    def is_over(self) -> bool:
        """Nothing is waited for any more."""
        return not self._wanted

    def _show_end(self, counts: Counts) -> None:
        """Say that all is done, in the room that was taken all along."""
        self.text.setText(trn("Recognised {n} photo", "Recognised {n} photos", counts.total))
        self.left.setText("")
        self.progress.set_fraction(1.0)
        self.pause.hide()
        self.stop.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say less where large text has no room for all."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave first the buttons' words out, then the time that is left; what is under way is always said."""
        room = self.width() - 2 * PAGE_MARGIN
        buttons = [button for button in (self.pause, self.stop) if not button.isHidden()]

        def needed(*texts: QWidget) -> int:
            return sum(widget.sizeHint().width() + _GAP for widget in (*texts, *buttons))

        for button in (self.pause, self.stop):
            button.set_compact(False)
        for button in (self.pause, self.stop):
            button.set_compact(needed(self.text, self.left) > room)
        self.left.setVisible(needed(self.text, self.left) <= room)

    def _appear(self) -> None:
        self.setVisible(self._wanted)

    def _pause_clicked(self) -> None:
        if self._stopped:
            self.resume_requested.emit()
        else:
            self.pause_requested.emit(not self._paused)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lower edge."""
        QPainter(self).fillRect(0, self.height() - 1, self.width(), 1, tokens().line)
