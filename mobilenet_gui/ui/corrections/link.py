"""Owns the quiet words below an answer that lead to its correction."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.widgets.buttons import Button


class CorrectLink(Button):
    """“Wrong? Correct it”: to be seen only where the model learns from corrections and there is an answer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Wrong? Correct it"), kind="link", height=28, parent=parent)
        self._possible = self._answered = False
        self.setToolTip(tr("Send the photo to its class, and learn from it (C)"))
        # A click must not take the focus along: keys go on to act on the photo.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide()

    def set_possible(self, possible: bool) -> None:
        """Say whether the model learns from corrections."""
        self._possible = possible
        self._show()

    def set_answered(self, answered: bool) -> None:
        """Say whether there is an answer."""
        self._answered = answered
        self._show()

    def below(self) -> QPoint:
        """Return the place on the screen right below it."""
        return self.mapToGlobal(QPoint(0, self.height() + 4))

    def _show(self) -> None:
        shown = self._possible and self._answered
        if self.isHidden() == shown:
            self.setVisible(shown)
