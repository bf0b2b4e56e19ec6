"""What painted widgets share for keyboard and screen reader: focus by keyboard, spoken percentages, announcements."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QAccessibleEvent
from PySide6.QtWidgets import QWidget

from mobilenet_gui.i18n import tr


def shows_focus(widget: QWidget) -> bool:
    """Say whether `widget` should draw its focus ring: focused, and by keyboard."""
    return widget.hasFocus() and widget.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)


def spoken_percent(share: float, digits: int = 1) -> str:
    """Return a share (0..1) as a screen reader should say it, e.g. "96.4 percent"."""
    return tr("{number} percent").format(number=f"{share * 100:.{digits}f}")


def spoken_position(position: int, total: int) -> str:
    """Return a place in a list of `total`, counted from 0, in words: "first of five"."""
    return tr("{position} of {total}").format(position=_ordinal(position + 1), total=number_word(total))


def announce(widget: QWidget, text: str) -> None:
    """Have a screen reader say `text` when it has nothing else to say."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(widget, text))


def notify_name(widget: QWidget) -> None:
    """Tell a screen reader that the accessible name of `widget` changed."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleEvent(widget, QAccessible.Event.NameChanged))


def _ordinal(number: int) -> str:
    words = (
        tr("first"), tr("second"), tr("third"), tr("fourth"), tr("fifth"),
        tr("sixth"), tr("seventh"), tr("eighth"), tr("ninth"), tr("tenth"),
    )  # fmt: skip
    return words[number - 1] if 1 <= number <= len(words) else str(number)


def number_word(number: int) -> str:
    """Return a small number as a word, a larger one in digits."""
    words = (
        tr("zero"), tr("one"), tr("two"), tr("three"), tr("four"), tr("five"),
        tr("six"), tr("seven"), tr("eight"), tr("nine"), tr("ten"),
    )  # fmt: skip
    return words[number] if 0 <= number < len(words) else str(number)
