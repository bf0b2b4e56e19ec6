"""Owns the row that sets how steady the bars are: words, seconds, switch, and a slider while it is on."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.slider import Slider
from mobilenet_gui.ui.widgets.switch import Switch

SHORTEST, LONGEST = 0.1, 2.0


class SteadinessRow(QWidget):
    """The row.

    Attributes:
        toggled: smoothing was switched on or off.
        moved: the time constant in seconds, while the slider moves.
        settled: the same, once it was let go.
    """

    toggled = Signal(bool)
    moved = Signal(float)
    settled = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tip = tr("Averages the answers of the last moments, so that the bars stay calm (time constant)")
        self.switch = Switch()
        self.switch.setAccessibleName(tr("Smoothing"))
        self.switch.setAccessibleDescription(tip)
        self.slider = Slider()
        self.slider.setRange(round(SHORTEST * 10), round(LONGEST * 10))
        self.slider.setPageStep(2)
        self.slider.setAccessibleName(tr("Smoothing in tenths of a second"))
        self._number = text_label("", "small", "text2")
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(text_label(tr("Smoothing"), "body", "text", fonts.MEDIUM))
        row.addStretch(1)
        row.addWidget(self._number)
        row.addWidget(self.switch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(self.slider)
        self.setToolTip(tip)
        self.switch.toggled.connect(self._toggled)
        self.slider.valueChanged.connect(self._changed)
        self.slider.sliderReleased.connect(self._settle)

    @property
    def seconds(self) -> float:
        """The time constant; 0 while smoothing is off."""
        return self.slider.value() / 10 if self.switch.isChecked() else 0.0

    def set_state(self, *, on: bool, seconds: float) -> None:
        """Take both without a signal."""
        blocked = self.blockSignals(True)
        self.slider.setValue(round(seconds * 10))
        self.switch.setChecked(on)
        self._show()
        self.blockSignals(blocked)

    def set_short(self, short: bool) -> None:
        """Leave the slider out where the window is low."""
        self.slider.setVisible(not short)

    def _toggled(self, on: bool) -> None:
        self._show()
        self.toggled.emit(on)
        self.moved.emit(self.seconds)

    def _changed(self, _value: int) -> None:
        self._show()
        self.moved.emit(self.seconds)
        if not self.slider.isSliderDown():
            self._settle()

    def _settle(self) -> None:
        if self.switch.isChecked():  # it may be switched off by a key while the slider is held
            self.settled.emit(self.seconds)

    def _show(self) -> None:
        on = self.switch.isChecked()
        self.slider.setEnabled(on)
        self._number.setText(tr("{n} s").format(n=f"{self.slider.value() / 10:.1f}") if on else tr("off"))
