"""Owns choosing among the models to download: which of them are listed, and in what order."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.models.items import FAMILIES, ModelItem, Shelf
from mobilenet_gui.ui.widgets.chip import Chip
from mobilenet_gui.ui.widgets.fields import ComboBox
from mobilenet_gui.ui.widgets.labels import text_label

BEST, ALL = "best", "all"
_NARROW = 700


class OfficialChoice(QWidget):
    """A heading, a row of chips and a sort order; `items` says what they leave of a shelf.

    Attributes:
        changed: another choice was made.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chips: dict[str, Chip] = {}
        self._counts: dict[str, int] = {}
        self._group = QButtonGroup(self)
        self._form = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setSpacing(8)
        self._form.addWidget(text_label(tr("To download"), "body", "text", fonts.SEMIBOLD))
        row = QHBoxLayout()
        row.setSpacing(6)
        self._form.addLayout(row, 1)
        for key in (BEST, ALL, *FAMILIES):
            chip = Chip("", clickable=True)
            chip.setCheckable(True)
            self.chips[key] = chip
            self._group.addButton(chip)
            row.addWidget(chip)
        self.chips[BEST].setChecked(True)
        self.chips[BEST].setToolTip(
            tr(
                "Best for this computer: quick enough for live video at 30 a second, and none is both quicker and more"
                " often correct"
            )
        )
        row.addStretch(1)
        self.order = ComboBox("sort")
        for text, key in ((tr("Most correct"), "correct"), (tr("Quickest"), "quick"), (tr("Smallest"), "small")):
            self.order.addItem(text, key)
        self.order.setAccessibleName(tr("Order"))
        self.order.set_compact(True)  # or it would keep the list from ever getting narrow
        row.addWidget(self.order)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._group.buttonClicked.connect(lambda _chip: self.changed.emit())
        self.order.activated.connect(lambda _index: self.changed.emit())

    def choose(self, key: str) -> None:
        """Press a chip: `BEST`, `ALL` or a generation of `FAMILIES`."""
        self.chips[key].click()

    def items(self, shelf: Shelf) -> tuple[ModelItem, ...]:
        """Return the official models to list, in order, and say on the chips how many there are of each."""
        kinds = {BEST: shelf.best(), ALL: shelf.official}
        kinds |= {key: tuple(i for i in shelf.official if i.family.startswith(key)) for key in FAMILIES}
        self._counts = {key: len(items) for key, items in kinds.items()}
        self._name()
        chosen = next(key for key, chip in self.chips.items() if chip.isChecked())
        far = float("inf")
        orders = {
            "correct": lambda item: -(item.correct or 0.0),
            "quick": lambda item: item.milliseconds or item.macs or far,
            "small": lambda item: item.size_bytes,
        }
        return tuple(sorted(kinds[chosen], key=orders[self.order.currentData()]))

    def _name(self) -> None:
        narrow = self.width() < fonts.px(_NARROW)
        self._form.setDirection(
            QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        )  # fmt: skip
        names = {BEST: tr("Best here"), ALL: tr("All")} | FAMILIES
        for key, count in self._counts.items():
            self.chips[key].setText(names[key] if narrow else f"{names[key]} {count}")
        self.order.set_compact(narrow)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the counts, and show the order as an icon, where there is little room."""
        super().resizeEvent(event)
        self._name()
