"""Owns how things move: one value eased from where it is to where it should be, at once where motion is reduced."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEasingCurve, QObject, QVariantAnimation

from mobilenet_gui.ui.theme import duration


class Tween(QVariantAnimation):
    """A number on its way. It calls `step` with each value, the last one included, and stands still otherwise."""

    def __init__(self, parent: QObject, milliseconds: int, step: Callable[[float], None], value: float = 0.0) -> None:
        super().__init__(parent)
        self._milliseconds = milliseconds
        self._step = step
        self.value = value
        self.setEasingCurve(QEasingCurve.Type.OutCubic)
        self.valueChanged.connect(self._take)

    def go(self, target: float) -> None:
        """Move to `target` from the value held now."""
        self.stop()
        milliseconds = duration(self._milliseconds)
        if milliseconds == 0 or target == self.value:
            self._take(target)
            return
        self.setDuration(milliseconds)
        self.setStartValue(float(self.value))
        self.setEndValue(float(target))
        self.start()

    def jump(self, target: float) -> None:
        """Be at `target` without moving there."""
        self.stop()
        self._take(target)

    def settle(self, target: float) -> None:
        """Be at `target` without moving there and without a `step`: whoever asks sees to the rest."""
        self.stop()
        self.value = float(target)

    def _take(self, value: float) -> None:
        self.value = float(value)
        self._step(self.value)
