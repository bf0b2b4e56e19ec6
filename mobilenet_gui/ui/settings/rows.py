"""Owns the rows of the settings page: each bound by name to the table of settings, whose rules bound what it offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import cast

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.core.answers import percent
from mobilenet_gui.core.errors import UserError
from mobilenet_gui.settings import Rule, Settings
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.widgets.fields import ComboBox, LineEdit
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.segmented import Segmented
from mobilenet_gui.ui.widgets.slider import Slider
from mobilenet_gui.ui.widgets.switch import Switch

SAVE_AFTER_MS = 250
"""A slider is dragged through many values; the file is written once it rests."""


def rule_of(name: str) -> Rule:
    """Return what the table of settings allows for `name`.

    Raises:
        KeyError: no such setting.
    """
    for field in fields(Settings):
        if field.name == name:
            return cast(Rule, field.metadata["rule"])
    raise KeyError(name)


class Row(QWidget):
    """A title with a line of help at the left, a control at the right."""

    def __init__(
        self,
        title: str,
        help_text: str,
        control: QWidget | None = None,
        *,
        below: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Show `control`, below the texts where it needs the width."""
        super().__init__(parent)
        self.title = title
        texts = QVBoxLayout()
        texts.setSpacing(2)
        self._name = text_label(title, "body", "text", fonts.MEDIUM)
        self._help = text_label(help_text, "small", "text2", wrap=True)
        self._help.setVisible(bool(help_text))
        texts.addWidget(self._name)
        texts.addWidget(self._help)
        row: QBoxLayout = QVBoxLayout(self) if below else QHBoxLayout(self)
        row.setContentsMargins(0, 12, 0, 12)
        row.setSpacing(8 if below else 24)
        row.addLayout(texts, 0 if below else 1)
        if control is not None:
            self._name.setBuddy(control)
            row.addWidget(control, 0, Qt.AlignmentFlag(0) if below else Qt.AlignmentFlag.AlignVCenter)

    def help_text(self) -> str:
        """Return the line of help, or of what is wrong."""
        return self._help.text()

    def set_help(self, text: str, tone: str = "text2") -> None:
        """Say something else below the title."""
        self._help.setText(text)
        self._help.set_tone(tone)
        self._help.setVisible(bool(text))


class SettingRow(Row):
    """A row for the setting `name`.

    Attributes:
        edited: the person chose another value: the setting's name and the value.
    """

    edited = Signal(str, object)

    def __init__(self, name: str, title: str, help_text: str, control: QWidget, *, below: bool = False) -> None:
        super().__init__(title, help_text, control, below=below)
        self.name = name
        self.rule = rule_of(name)

    def show_value(self, values: Settings) -> None:
        """Show what is set; emits nothing."""
        raise NotImplementedError


class SwitchRow(SettingRow):
    """On or off."""

    def __init__(self, name: str, title: str, help_text: str = "") -> None:
        self.switch = Switch()
        self.switch.setAccessibleName(title)
        self.switch.setAccessibleDescription(help_text)
        super().__init__(name, title, help_text, self.switch)
        self.switch.clicked.connect(lambda on: self.edited.emit(name, bool(on)))

    def show_value(self, values: Settings) -> None:
        """Show what is set."""
        self.switch.setChecked(bool(getattr(values, self.name)))


class ChoiceRow(SettingRow):
    """A few words side by side; the table says which there are."""

    def __init__(self, name: str, title: str, help_text: str, options: Sequence[tuple[str, str, str | None]]) -> None:
        if {key for key, _, _ in options} != set(rule_of(name).choices):
            raise ValueError(
                f"options of {name!r} are {[o[0] for o in options]}, the table has {rule_of(name).choices}"
            )
        self.choice = Segmented(options)
        self.choice.setAccessibleName(title)
        super().__init__(name, title, help_text, self.choice)
        self.choice.changed.connect(lambda key: self.edited.emit(name, key))

    def show_value(self, values: Settings) -> None:
        """Show what is set."""
        self.choice.set_current(str(getattr(values, self.name)))


class ShareRow(SettingRow):
    """A share between the table's bounds, as a slider in per cent."""

    def __init__(self, name: str, title: str, help_text: str = "") -> None:
        self.slider = Slider()
        self.slider.setAccessibleName(title)
        self.slider.setFixedWidth(fonts.px(180))
        self._number = text_label("", "body", "text", fonts.MEDIUM)
        self._number.setMinimumWidth(fonts.px(44))
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.slider)
        row.addWidget(self._number)
        super().__init__(name, title, help_text, both)
        low, high = self.rule.low or 0.0, self.rule.high if self.rule.high is not None else 1.0
        self.slider.set_bounds(low, high)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(SAVE_AFTER_MS)
        self._rest.timeout.connect(lambda: self.edited.emit(name, self.slider.value01()))
        self._showing = False
        self.slider.valueChanged.connect(self._moved)

    def show_value(self, values: Settings) -> None:
        """Show what is set."""
        self._showing = True
        self.slider.set_value01(float(getattr(values, self.name)))
        self._showing = False
        self._say()

    def _moved(self, _value: int) -> None:
        self._say()
        if not self._showing:
            self._rest.start()

    def _say(self) -> None:
        text = percent(self.slider.value01(), 0)
        self._number.setText(text)
        self.slider.setAccessibleDescription(text)


class NumberRow(SettingRow):
    """One of a few numbers, from a list."""

    def __init__(self, name: str, title: str, help_text: str, options: Sequence[tuple[str, int]]) -> None:
        self.combo = ComboBox()
        self.combo.setAccessibleName(title)
        super().__init__(name, title, help_text, self.combo)
        for text, value in options:
            if not self.rule.accepts(value):
                raise ValueError(f"{value} is not allowed for {name!r}")
            self.combo.add_option(text, value)
        self.combo.activated.connect(lambda _index: self.edited.emit(name, self.combo.currentData()))

    def show_value(self, values: Settings) -> None:
        """Show what is set; a number that is not in the list is added to it."""
        value = getattr(values, self.name)
        if self.combo.findData(value) < 0:
            self.combo.add_option(str(value), value)
        self.combo.set_current_key(value)


class TextRow(SettingRow):
    """A line of text that is checked before it is taken; what is wrong with it stands below in red."""

    def __init__(
        self, name: str, title: str, help_text: str, placeholder: str, check: Callable[[str], str | None]
    ) -> None:
        """Take what `check` finds nothing wrong with: it returns the sentence to show, or None."""
        self.edit = LineEdit(placeholder)
        self.edit.setAccessibleName(title)
        super().__init__(name, title, help_text, self.edit, below=True)
        self.edit.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._check = check
        self._usual_help = help_text
        self._error = text_label("", "small", "bad", wrap=True)
        self._error.hide()
        layout = cast(QBoxLayout, self.layout())
        layout.addWidget(self._error)
        self.edit.textEdited.connect(lambda _text: self._judge())
        self.edit.editingFinished.connect(self._finish)
        self.edit.installEventFilter(self)
        self._saved = ""

    def error(self) -> str:
        """Return what is said to be wrong; empty where nothing is."""
        return self._error.text() if not self._error.isHidden() else ""

    def show_value(self, values: Settings) -> None:
        """Show what is set; not while something else is being typed."""
        self._saved = str(getattr(values, self.name))
        if not self.edit.hasFocus() or not self.edit.isModified():
            self.edit.setText(self._saved)
            self._judge()

    def lock(self, why: str) -> None:
        """Say why this cannot be set just now, and let nobody try."""
        self.edit.setEnabled(False)
        self.set_help(why, "warn")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave nothing refused behind when the field is left."""
        if watched is self.edit and event.type() == QEvent.Type.FocusOut:
            self._finish()
        return super().eventFilter(watched, event)

    def _judge(self) -> str | None:
        text = self.edit.text().strip()
        problem = None if not text else self._check(text)
        self.edit.set_invalid(problem is not None)
        self.edit.setAccessibleDescription(problem or self._usual_help)
        self._error.setText(problem or "")
        self._error.setVisible(problem is not None)
        return problem

    def _finish(self) -> None:
        text = self.edit.text().strip()
        if self._judge() is None and text != self._saved:
            self._saved = text
            self.edit.setModified(False)
            self.edited.emit(self.name, text)


def sentence_of(check: Callable[[str], object]) -> Callable[[str], str | None]:
    """Turn a check that raises into one that returns the reason, for `TextRow`."""

    def checked(text: str) -> str | None:
        try:
            check(text)
        except UserError as error:
            return error.reason
        return None

    return checked


def heading(text: str) -> QWidget:
    """Return the heading of a group of rows."""
    return text_label(text, "body", "text", fonts.SEMIBOLD)
