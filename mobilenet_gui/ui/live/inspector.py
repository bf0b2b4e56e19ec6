"""Owns the panel beside the live picture: model and time, the steady answer, its settings, the figures, segments."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import milliseconds
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.corrections.link import CorrectLink
from mobilenet_gui.ui.icons import paint_icon
from mobilenet_gui.ui.live.figures import FiguresPanel
from mobilenet_gui.ui.live.segments import SegmentsPanel
from mobilenet_gui.ui.live.steadiness import SteadinessRow
from mobilenet_gui.ui.photos.sure_slider import SureSlider
from mobilenet_gui.ui.photos.switch_row import SwitchRow
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import HEIGHT_LARGE
from mobilenet_gui.ui.widgets.buttons import Button
from mobilenet_gui.ui.widgets.chip import Chip
from mobilenet_gui.ui.widgets.inspector import Inspector
from mobilenet_gui.ui.widgets.labels import Divider, ElidedLabel, text_label
from mobilenet_gui.ui.widgets.prediction_bars import GhostBars, PredictionBars
from mobilenet_gui.ui.widgets.segmented import Segmented

_BELOW_TABS = 6


class LiveInspector(Inspector):
    """The panel.

    Attributes:
        model_menu_requested: the model's chip was pressed; the place for its menu.
        model_action: without a model, "download" or "import" was pressed.
    """

    model_menu_requested = Signal(QPoint)
    model_action = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model_chip = Chip(tr("No model"), "cube", menu=True)
        self.model_chip.clicked.connect(self._chip_pressed)
        self.time_chip = Chip("", "stopwatch")
        self.time_chip.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.top.addWidget(self.model_chip)
        self.top.addWidget(self.time_chip)
        self.tabs = Segmented([("now", tr("Now"), None), ("segments", tr("Timeline"), None)])
        self.tabs.changed.connect(self._show_tab)
        self.title = ElidedLabel("", "result", "text", fonts.SEMIBOLD)
        self.verdict = text_label("", "body", "accentText", fonts.SEMIBOLD)
        self.second = text_label("", "body", "text2", wrap=True)
        self.bars = PredictionBars()
        self.ghosts = GhostBars()
        self.correct = CorrectLink()
        self.steadiness = SteadinessRow()
        self.explain = SwitchRow("eye", tr("Explain"), tr("Heat map of where the model looks"))
        # The sentence is the switch's description all the same; the room is for the figures.
        self.explain.set_hint_visible(False)
        self.explain.setToolTip(tr("Heat map of where the model looks (E)"))
        self.sure = SureSlider()
        self.sure.sentence.hide()
        self.figures = FiguresPanel()
        self.segments = SegmentsPanel()
        self._models = self._model_buttons()
        self._inner = self._settings_column()
        self._now = QWidget()
        now = QVBoxLayout(self._now)
        now.setContentsMargins(0, 0, 0, 0)
        now.setSpacing(0)
        words = QHBoxLayout()
        words.setSpacing(8)
        words.addWidget(self.verdict)
        words.addWidget(self.second, 1)
        now.addWidget(self.title)
        now.addSpacing(4)
        now.addLayout(words)
        now.addSpacing(10)
        for widget in (self.bars, self.ghosts, self._models):
            now.addWidget(widget)
        now.addWidget(self.correct, 0, Qt.AlignmentFlag.AlignLeft)
        now.addWidget(self._inner)
        self.body.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addSpacing(_BELOW_TABS)
        self.body.addWidget(self._now)
        self.body.addWidget(self.segments)
        self.footer.addWidget(_Promise())
        self.set_segments_available(False)
        self.set_time(None)
        self.show_words("", "", "")
        self.show_answer(False)

    def set_model(self, name: str) -> None:
        """Name the model on its chip."""
        self.model_chip.setText(name)
        self.model_chip.setAccessibleName(tr("Model: {name}").format(name=name))

    def set_time(self, median: float | None, precision: str = "float") -> None:
        """Show the median time per frame in milliseconds, and what the network counts in; nothing for None."""
        self.time_chip.setVisible(median is not None)
        eight = tr("Time per frame: resizing and network, in 8 bits, the median")
        plain = tr("Time per frame: resizing and network, the median")
        self.time_chip.setToolTip(eight if precision == "int8" else plain)
        if median is not None and milliseconds(median) != self.time_chip.text():
            self.time_chip.setText(milliseconds(median))
            self.time_chip.setAccessibleName(tr("Time per frame: {time}").format(time=milliseconds(median)))

    def show_words(self, title: str, verdict: str, second: str) -> None:
        """Write the answer: its name, how sure it is, and a sentence."""
        if self.title.text() != title:
            self.title.setText(title)
        both = ((self.verdict, verdict), (self.second, second))
        for label, text in both:
            if label.text() != text:
                label.setText(text)
        # What goes before what comes: Qt lays out as soon as something comes, and for an old sentence beside a new
        # verdict there would be two lines, with everything below moved down and back and painted anew.
        for label, text in sorted(both, key=lambda each: bool(each[1])):
            label.setVisible(bool(text))

    def show_answer(self, there: bool, *, running: bool = False) -> None:
        """Show bars where there is an answer, else their ghosts; the settings only while something runs."""
        self.bars.setVisible(there)
        self.ghosts.setVisible(not there)
        self.correct.set_answered(there)
        if self._inner.isHidden() == running:
            self._inner.setVisible(running)

    def show_model_buttons(self, shown: bool) -> None:
        """Offer ways to a model where there is none."""
        if self._models.isHidden() == shown:
            self._models.setVisible(shown)
        if shown:
            self.ghosts.hide()

    def set_explainable(self, possible: bool) -> None:
        """Offer the heat map, or say why there is none."""
        self.explain.set_available(possible, "" if possible else tr("This model does not tell where it looked"))

    def set_segments_available(self, available: bool) -> None:
        """Offer the timeline beside the answer of now, or not."""
        self.tabs.setVisible(available)
        if not available and self.tabs.current() != "now":
            self.tabs.set_current("now")
        self._show_tab(self.tabs.current())

    def show_tab(self, key: str) -> None:
        """Show "now" or "segments"."""
        self.tabs.set_current(key)
        self._show_tab(key)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the list of segments the height there is."""
        super().resizeEvent(event)
        margins = self.body.contentsMargins()
        taken = margins.top() + margins.bottom() + self.tabs.sizeHint().height() + _BELOW_TABS
        self.segments.set_room(self.scroll_area.height() - taken)

    def set_short(self, short: bool) -> None:
        """Leave helping sentences out where the window is low."""
        self.explain.set_short(short)
        self.steadiness.set_short(short)

    def _show_tab(self, key: str) -> None:
        self._now.setVisible(key == "now")
        self.segments.setVisible(key == "segments")

    def _chip_pressed(self) -> None:
        self.model_menu_requested.emit(self.model_chip.mapToGlobal(QPoint(0, self.model_chip.height() + 4)))

    def _settings_column(self) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for number, widget in enumerate((self.steadiness, self.figures, self.explain, self.sure)):
            column.addSpacing(9 if number < 2 else 12)
            column.addWidget(Divider())
            column.addSpacing(9 if number < 1 else 12)
            column.addWidget(widget)
        return inner

    def _model_buttons(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(8)
        for action, text, icon, kind in (
            ("download", tr("Download a model"), "download", "secondary"),
            ("import", tr("Import a file…"), "file", "secondary"),
        ):
            button = Button(text, icon, kind, HEIGHT_LARGE)
            button.clicked.connect(lambda _checked=False, a=action: self.model_action.emit(a))
            column.addWidget(button)
        return box


class _Promise(QWidget):
    """A lock and what is promised."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(fonts.px(20), 0, 0, 0)
        row.addWidget(text_label(tr("Video is not recorded or sent"), "small", "text2"))
        row.addStretch(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the lock."""
        size = fonts.px(14)
        paint_icon(QPainter(self), "lock", QRectF(0, 0, size, self.height()), tokens().text2, size)
