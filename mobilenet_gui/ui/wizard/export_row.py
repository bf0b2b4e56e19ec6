"""Owns one row of the list of exports: the format, what it is good for, its size, whether it was proved, its button."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.i18n import tr
from mobilenet_gui.training.export_formats import FormatInfo
from mobilenet_gui.training.export_job import ExportResult
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.models.words import megabytes
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.chip import Chip
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.workers.exports import ExportState

_CHIP_WIDTH, _BUTTON_WIDTH, _SIZE_WIDTH = 138, 100, 60
_NARROW_BELOW = 400


def agreement_words(result: ExportResult) -> str:
    """Return on how many photos a file and the program agree: "119 of 119 agree"."""
    return tr("{agree} of {all} agree").format(agree=result.agree, all=result.checked)


class ExportRow(QWidget):
    """The row. It asks, and does nothing itself.

    Attributes:
        asked: a button was pressed: "export", "show" or "cancel".
    """

    asked = Signal(str)

    def __init__(self, info: FormatInfo, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.info = info
        self._action = "export"
        self.title = ElidedLabel(info.title, "body", "text", fonts.SEMIBOLD)
        self.purpose = ElidedLabel(info.purpose, "small", "text2")
        self.amount = text_label("", "small", "text2")
        self.chip = Chip("")
        self.button = Button(tr("Export…"))
        self.button.clicked.connect(lambda: self.asked.emit(self._action))
        self.again = IconButton("export", tr("Export again…"))
        self.again.clicked.connect(lambda: self.asked.emit("export"))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.purpose)
        end = QHBoxLayout()
        end.addWidget(self.amount)
        end.addWidget(self.chip, 1)
        end.addWidget(self._buttons())
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 10, 0, 10)
        self._row.addLayout(words, 1)
        self._row.addLayout(end)
        for layout in (end, self._row):
            layout.setSpacing(12)
        self.amount.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.amount.setMinimumWidth(fonts.px(_SIZE_WIDTH))
        self.chip.setMinimumWidth(fonts.px(_CHIP_WIDTH))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.show_state(None, None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put what can be done below what it is, where large text leaves no room beside it."""
        super().resizeEvent(event)
        narrow = self.width() < fonts.px(_NARROW_BELOW)
        self.amount.setVisible(not narrow)
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight)

    def minimumSizeHint(self) -> QSize:
        """Return the least useful size: with all of it in two rows."""
        return QSize(fonts.px(_CHIP_WIDTH + _BUTTON_WIDTH) + 12, super().minimumSizeHint().height())

    def show_state(self, result: ExportResult | None, running: ExportState | None) -> None:
        """Show what came of the format, or how far it is.

        Args:
            result: of an earlier export; None for none.
            running: an export under way, of this format or of others; None for none.
        """
        mine = running is not None and self.info.format in running.formats[running.done :]
        size = result.size_bytes if result is not None and result.written else self.info.estimated_bytes
        about = "" if result is not None and result.written else tr("about {size}")
        text = megabytes(size) if size and not self.info.unavailable else ""
        self.amount.setText(about.format(size=text) if about and text else text)
        self.purpose.setText(self._second_line(result))
        self.purpose.set_tone("bad" if result is not None and result.problem and not mine else "text2")
        if self.info.unavailable:
            self._set("neutral", None, tr("Not available"), "export", enabled=False)
        elif mine and running is not None:
            current = running.current == self.info.format
            share = running.share
            waiting = tr("Under way") if share is None else percent(share, 0)
            self._set("accent", None, waiting if current else tr("Waiting"), "cancel", enabled=current)
        elif result is None:
            self._set("neutral", None, tr("Not checked yet"), "export", enabled=running is None)
        elif result.written:
            good = result.proved and not result.problem
            tone, icon = ("ok", "check") if good else ("warn", "alert")
            text = agreement_words(result) if result.checked else tr("Not tried")
            self._set(tone, icon, text, "show")
            self.again.setEnabled(running is None)
        else:
            self._set("bad", "alert", tr("Not possible"), "export", enabled=running is None)
        self.setToolTip(self.info.caveat if result is None else _tip(result))
        self._tell()

    def _buttons(self) -> QWidget:
        """Return the room for the buttons, the same in every row so that the columns stand in line."""
        made = QWidget()
        made.setMinimumWidth(fonts.px(_BUTTON_WIDTH))
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.button, 1)
        row.addWidget(self.again)
        return made

    def _second_line(self, result: ExportResult | None) -> str:
        if self.info.unavailable:
            return self.info.unavailable
        if result is not None and (result.problem or result.note):
            return result.problem or result.note
        return self.info.purpose

    def _set(self, tone: str, icon: str | None, text: str, action: str, *, enabled: bool = True) -> None:
        self._action = action
        self.chip.set_tone(tone)
        self.chip.set_icon(icon)
        self.chip.setText(text)
        self.button.set_text({"export": tr("Export…"), "show": tr("Show"), "cancel": tr("Cancel")}[action])
        self.button.setEnabled(enabled)
        self.again.setVisible(action == "show")

    def _tell(self) -> None:
        name = f"{self.info.title}, {self.chip.text()}"
        self.setAccessibleName(name)
        self.setAccessibleDescription(self.toolTip())
        self.button.setAccessibleName(f"{self.button.text().rstrip('…')}: {name}")
        self.again.setAccessibleName(f"{self.again.toolTip().rstrip('…')}: {name}")


def _tip(result: ExportResult) -> str:
    # The row has one line for these, and cuts it where the window is narrow.
    said = [text for text in (result.problem, result.note) if text]
    if not result.checked:
        return "\n".join(said)
    figures = tr("Largest difference of a probability: {difference}; {time} ms a photo; {numbers}").format(
        difference=f"{result.largest_difference:.2g}", time=f"{result.milliseconds:.1f}", numbers=result.numbers
    )
    return "\n".join([*said, figures])
