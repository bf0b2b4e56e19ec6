"""Owns the wizard's left edge: the project's name, the steps, and the promise that everything stays here."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr, trn
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.widgets.labels import ElidedLabel, IconLabel, text_label
from mobilenet_gui.ui.widgets.step_list import StepEntry, StepList
from mobilenet_gui.ui.wizard.flow import Situation, Step
from mobilenet_gui.ui.wizard.inline_name import InlineName

WIDTH = 212
WIDEST = 316
"""However large the text is: the page needs the room more, and long names are shortened."""


class SidePanel(QWidget):
    """The left edge.

    Attributes:
        chosen: a step was asked for; its key.
        renamed: the project is to have another name.
    """

    chosen = Signal(str)
    renamed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(min(max(WIDTH, fonts.px(WIDTH * 0.9)), WIDEST))
        self.name = InlineName(tr("Rename the project"))
        self.name.renamed.connect(self.renamed)
        self._counts = ElidedLabel("", "small", "text2")
        self.steps = StepList()
        self.steps.chosen.connect(self.chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 22, 11, 24)
        column.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(10, 0, 6, 0)
        head.setSpacing(2)
        head.addWidget(self.name)
        head.addWidget(self._counts)
        column.addLayout(head)
        column.addSpacing(21)
        column.addWidget(self.steps)
        column.addStretch(1)
        column.addWidget(_Promise())

    def show_project(self, name: str, situation: Situation, steps: tuple[Step, ...], details: dict[str, str]) -> None:
        """Show how the project stands; `details` by step key go before what the flow says."""
        self.name.set_name(name)
        classes = trn("{n} class", "{n} classes", situation.classes)
        photos = trn("{n} photo", "{n} photos", situation.photos)
        self._counts.setText(tr("{classes}, {photos}").format(classes=classes, photos=photos))
        self.steps.set_steps(
            [
                StepEntry(step.key, step.title, details.get(step.key, step.detail), step.state, step.enabled)
                for step in steps
            ]
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground and edge."""
        colours = tokens()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.rail)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), colours.line)


class _Promise(QWidget):
    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(IconLabel("lock", 14))
        row.addWidget(text_label(tr("Everything stays here"), "small", "text2"), 1)
