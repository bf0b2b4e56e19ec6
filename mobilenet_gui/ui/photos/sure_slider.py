"""Owns the setting from which probability on an answer counts as sure: caption, number, slider, sentence."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.slider import Slider

LOWEST, HIGHEST = 0.05, 0.99


class SureSlider(QWidget):
    """The slider with its words.

    Attributes:
        moved: the limit, 0.05 to 0.99, while it moves.
        settled: the limit once it was let go.
    """

    moved = Signal(float)
    settled = Signal(float)

    def __init__(self, *, slider_first: bool = False, parent: QWidget | None = None) -> None:
        """`slider_first` puts the slider above the words, for below a histogram."""
        super().__init__(parent)
        self.slider = Slider(0.5)
        self.slider.set_bounds(LOWEST, HIGHEST)
        self.slider.setAccessibleName(tr("Sure from"))
        self.slider.setToolTip(tr("An answer counts from this probability on (the threshold)"))
        self.slider.changed01.connect(self._changed)
        self.slider.sliderReleased.connect(lambda: self.settled.emit(self.slider.value01()))
        self._number = text_label("", "body", "text", fonts.MEDIUM)
        self.sentence = text_label("", "small", "text2", wrap=True)
        words = QHBoxLayout()
        words.addWidget(text_label(tr("Sure from"), "body", "text", fonts.MEDIUM))
        words.addStretch(1)
        words.addWidget(self._number)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        if slider_first:
            column.addWidget(self.slider)
            column.addLayout(words)
        else:
            column.addLayout(words)
            column.addWidget(self.slider)
        column.addWidget(self.sentence)
        self._show_number()

    def set_value(self, limit: float) -> None:
        """Take a limit without a signal."""
        blocked = self.slider.blockSignals(True)
        self.slider.set_value01(limit)
        self.slider.blockSignals(blocked)
        self._show_number()

    def _changed(self, value: float) -> None:
        self._show_number()
        self.moved.emit(value)
        if not self.slider.isSliderDown():
            self.settled.emit(value)

    def _show_number(self) -> None:
        self._number.setText(percent(self.slider.value01(), 0))
