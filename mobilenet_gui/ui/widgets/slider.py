"""Owns the slider: whole percents inside, shares from 0 to 1 outside. The style draws it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QSlider, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.style_fields import AXIS_PROPERTY
from mobilenet_gui.ui.tokens import HEIGHT_SMALL

STEPS = 100


class Slider(QSlider):
    """A horizontal slider over 0..1 in steps of one percent.

    Attributes:
        changed01: the value as a share, after every move by the person or the program.
    """

    changed01 = Signal(float)

    def __init__(self, value: float = 0.0, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setRange(0, STEPS)
        self.setSingleStep(1)
        self.setPageStep(10)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_value01(value)
        self.valueChanged.connect(lambda v: self.changed01.emit(v / STEPS))

    def value01(self) -> float:
        """Return the value as a share."""
        return self.value() / STEPS

    def set_value01(self, value: float) -> None:
        """Set the value, 0..1, rounded to a whole percent."""
        self.setValue(round(value * STEPS))

    def set_bounds(self, low: float, high: float) -> None:
        """Keep the value between two shares; the axis stays 0..1, so that the knob stands where the share is."""
        self.setProperty(AXIS_PROPERTY, STEPS)
        self.setRange(round(low * STEPS), round(high * STEPS))

    def sizeHint(self) -> QSize:
        """Return a size whose height is a comfortable target."""
        return QSize(fonts.px(120), fonts.px(HEIGHT_SMALL))

    def minimumSizeHint(self) -> QSize:
        """Return the least useful size."""
        return QSize(fonts.px(60), fonts.px(HEIGHT_SMALL))
