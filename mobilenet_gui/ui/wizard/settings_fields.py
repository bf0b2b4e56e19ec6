"""Owns the fields of the advanced settings: numbers that may be left to the preset, choices, and switches."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.training.training_settings import LIMITS, TrainingSettings, is_allowed
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.fields import ComboBox, LineEdit
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.switch import Switch
from mobilenet_gui.ui.wizard.training_words import augmentation_title

_AUTO = ""
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")
_MOST_COLUMNS = 4


class NumberField(QWidget):
    """A labelled number. Empty leaves it to the preset, whose value stands there in grey.

    Attributes:
        edited: the person chose another value: the setting's name and the number, None for the preset's.
    """

    edited = Signal(str, object)

    def __init__(self, name: str, label: str, hint: str, *, whole: bool = True, optional: bool = True) -> None:
        """Make it.

        Args:
            name: of the setting; its bounds are in the table.
            label: above the field.
            hint: tooltip: what it is, with the technical term.
            whole: it has no decimals.
            optional: it may be left empty.
        """
        super().__init__()
        self._name, self._whole, self._optional = name, whole, optional
        self._shown: float | None = None
        self._usual: float | None = None
        self._refused = False
        self.edit = LineEdit()
        self.edit.setAccessibleName(label)
        self.edit.setToolTip(hint)
        self._below = text_label("", "caption", "bad")
        # Its room stays when it goes, or the field that is clicked next would move away from under the pointer.
        policy = self._below.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._below.setSizePolicy(policy)
        self._below.setFixedHeight(fonts.px(16))
        self._below.hide()
        caption = text_label(label, "small", "text2", fonts.MEDIUM)
        caption.setBuddy(self.edit)
        caption.setToolTip(hint)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(caption)
        column.addSpacing(5)
        column.addWidget(self.edit)
        column.addWidget(self._below)
        column.addStretch(1)
        self.edit.textEdited.connect(lambda _text: self._judge())
        self.edit.editingFinished.connect(self._finish)
        self.edit.installEventFilter(self)

    def error(self) -> str:
        """Return what is said to be wrong; empty where nothing is."""
        return self.edit.accessibleDescription()

    def show_value(self, value: float | None, usual: float | None = None) -> None:
        """Show a value, None for the preset's, which is `usual` where that is known."""
        self._shown, self._usual = value, usual
        self.edit.setText("" if value is None else self._text(value))
        self.edit.setPlaceholderText(tr("Auto") if usual is None else self._text(usual))
        self._judge()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave nothing refused behind when the field is left, but what would have been taken."""
        if watched is self.edit and event.type() == QEvent.Type.FocusOut and not self._judge():
            accepted = self._below.text()
            self.show_value(self._shown, self._usual)
            self._refused = True
            self._below.set_tone("text2")
            self._below.setText(accepted)
            self._below.show()
        return super().eventFilter(watched, event)

    def _text(self, value: float) -> str:
        return str(round(value)) if self._whole else f"{value:g}"

    def _value(self) -> float | None:
        """Return the number in the field; None where it is empty.

        Raises:
            ValueError: it is none.
        """
        text = self.edit.text().strip()
        if self._whole and _THOUSANDS.fullmatch(text):  # as the bounds below the field are written
            text = text.replace(",", "")
        text = text.replace(",", ".")
        if not text:
            return None
        return int(text) if self._whole else float(text)

    def _judge(self) -> bool:
        """Say what is wrong, if anything; return whether it can be taken."""
        try:
            value = self._value()
            good = is_allowed(self._name, value) and (value is not None or self._optional)
        except ValueError:
            good = False
        low, high = LIMITS[self._name]
        shown = "{:,.0f}" if self._whole else "{:g}"
        text = "" if good else tr("{low} to {high}").format(low=shown.format(low), high=shown.format(high))
        self._below.set_tone("bad")
        self.edit.set_invalid(not good)
        self.edit.setAccessibleDescription(text)
        self._below.setText(text)
        self._below.setVisible(not good)
        return good

    def _finish(self) -> None:
        # Qt tells the end of typing after the focus has gone.
        refused, self._refused = self._refused, False
        if not refused and self._judge():
            value = self._value()
            if value != self._shown:
                self._shown = value
                self.edited.emit(self._name, value)


class ChoiceField(QWidget):
    """A labelled choice. The first option leaves it to the preset.

    Attributes:
        edited: the person chose another value: the setting's name and the key, None for the preset's.
    """

    edited = Signal(str, object)

    def __init__(self, name: str, label: str, hint: str, options: Sequence[tuple[object, str]]) -> None:
        super().__init__()
        self._name = name
        self._options = dict(options)
        self.combo = ComboBox()
        self.combo.setAccessibleName(label)
        self.combo.setToolTip(hint)
        self.combo.setMinimumWidth(fonts.px(90))
        self.combo.add_option(tr("Auto"), _AUTO)
        for key, text in options:
            self.combo.add_option(text, key)
        caption = text_label(label, "small", "text2", fonts.MEDIUM)
        caption.setBuddy(self.combo)
        caption.setToolTip(hint)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        column.addWidget(caption)
        column.addWidget(self.combo)
        column.addStretch(1)
        self.combo.activated.connect(lambda _index: self.edited.emit(name, self._chosen()))

    def show_value(self, value: object, usual: object = None) -> None:
        """Show a choice, None for the preset's, which is `usual` where that is known."""
        automatic = tr("Auto")
        if usual is not None:
            automatic = tr("Auto: {value}").format(value=self._options.get(usual, str(usual)))
        self.combo.setItemText(0, automatic)
        if value is not None and self.combo.findData(value) < 0:
            self.combo.add_option(str(value), value)
        self.combo.set_current_key(_AUTO if value is None else value)

    def _chosen(self) -> object:
        key = self.combo.currentData()
        return None if key == _AUTO else key


class SwitchField(QWidget):
    """A sentence with a switch.

    Attributes:
        edited: the switch was moved: the setting's name and whether it is on.
    """

    edited = Signal(str, object)

    def __init__(self, name: str, label: str, hint: str) -> None:
        super().__init__()
        self.switch = Switch(label)
        self.switch.setToolTip(hint)
        self.switch.setAccessibleDescription(hint)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.switch)
        column.addWidget(text_label(hint, "small", "text2", wrap=True))
        column.addStretch(1)  # the hint beside it may take two lines
        self.switch.clicked.connect(lambda on: self.edited.emit(name, bool(on)))

    def show_value(self, value: object) -> None:
        """Show whether it is on."""
        self.switch.setChecked(bool(value))


class AdvancedFields(QWidget):
    """All advanced settings, in columns.

    Attributes:
        edited: the person changed one: its name and value.
    """

    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        sizes = [(side, tr("{n} px").format(n=side)) for side in (96, 128, 160, 192, 224, 256)]
        batches = [(n, str(n)) for n in (4, 8, 16, 32, 64, 128)]
        self.numbers: dict[str, NumberField] = {}
        self.choices: dict[str, ChoiceField] = {}
        self.switches: dict[str, SwitchField] = {}
        self._columns = 0
        self._grid = grid = QGridLayout(self)
        grid.setContentsMargins(0, 8, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(2)  # below the fields is room for what is wrong with them
        self._choice("input_size", tr("Photo size"), tr("Side of the network’s input; larger sees more and is slower"),
                     sizes)  # fmt: skip
        self._number("epochs", tr("Epochs"), tr("The most passes over the photos"))
        self._number("unfreeze_blocks", tr("Adapted blocks"), tr("How many of the network’s last blocks are adapted"))
        self._number("learning_rate", tr("Learning rate"), tr("How large the steps are at the beginning"), whole=False)
        self._choice("schedule", tr("Schedule"), tr("How the steps become smaller"), [
            ("cosine", tr("Cosine")), ("constant", tr("Constant")), ("plateau", tr("When it stalls")),
        ])  # fmt: skip
        self._choice("augmentation", tr("Variations"), tr("How much each photo is varied (augmentation)"),
                     [(key, augmentation_title(key)) for key in ("none", "light", "medium", "strong")])  # fmt: skip
        self._choice("batch_size", tr("Batch size"), tr("Photos a step; fewer need less memory"), batches)
        self._number(
            "patience", tr("Stop after"), tr("Epochs without progress after which it stops; 0 never stops early")
        )
        self._number("label_smoothing", tr("Label smoothing"), tr("0 to 0.5; makes the model less sure of itself"),
                     whole=False)  # fmt: skip
        self._number("seed", tr("Seed"), tr("The same seed gives the same split and the same order"), optional=False)
        self._switch("class_weights", tr("Balance classes"), tr("Photos of small classes count more"))
        self._switch(
            "reject", tr("Say when it is none of these"), tr("One more answer; strangers that look alike still pass")
        )
        self.set_columns(_MOST_COLUMNS)

    def set_columns(self, columns: int) -> None:
        """Stand in 4 columns, or in 2 where the room or the size of the text asks for it."""
        if columns == self._columns:
            return
        self._columns, grid = columns, self._grid
        widgets = self._widgets()
        for place, widget in enumerate(widgets):
            grid.addWidget(widget, place // columns, place % columns)
        below = -(-len(widgets) // columns)
        for place, switch in enumerate(self.switches.values()):
            grid.addWidget(switch, below + place * 2 // columns, place * 2 % columns, 1, 2)
        for column in range(_MOST_COLUMNS):
            grid.setColumnStretch(column, int(column < columns))

    def show_settings(self, settings: TrainingSettings, usual: dict[str, object]) -> None:
        """Show settings, and what the preset makes of those that are left to it."""
        for name, number in self.numbers.items():
            value = usual.get(name)
            number.show_value(getattr(settings, name), value if isinstance(value, (int, float)) else None)
        for name, choice in self.choices.items():
            choice.show_value(getattr(settings, name), usual.get(name))
        for name, switch in self.switches.items():
            switch.show_value(getattr(settings, name))

    def _widgets(self) -> list[QWidget]:
        order = (
            "input_size", "epochs", "unfreeze_blocks", "batch_size", "learning_rate", "schedule", "augmentation",
            "label_smoothing", "patience", "seed",
        )  # fmt: skip
        return [self.numbers[name] if name in self.numbers else self.choices[name] for name in order]

    def _number(self, name: str, label: str, hint: str, *, whole: bool = True, optional: bool = True) -> None:
        self.numbers[name] = field = NumberField(name, label, hint, whole=whole, optional=optional)
        field.edited.connect(self.edited)

    def _choice(self, name: str, label: str, hint: str, options: Sequence[tuple[object, str]]) -> None:
        self.choices[name] = field = ChoiceField(name, label, hint, options)
        field.edited.connect(self.edited)

    def _switch(self, name: str, label: str, hint: str) -> None:
        self.switches[name] = field = SwitchField(name, label, hint)
        field.edited.connect(self.edited)
