"""Owns what every page of the wizard is: a heading, a body, and what its footer offers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStyle, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.style_fields import SCROLL_EXTENT
from mobilenet_gui.ui.tokens import DIALOG_MARGIN
from mobilenet_gui.ui.widgets.labels import ElidedLabel, text_label
from mobilenet_gui.ui.wizard.context import WizardContext
from mobilenet_gui.ui.wizard.flow import Key

_TITLE, _SUBTITLE, _TOP, _BELOW = 28, 20, 22, 16
_LONG_WORD = re.compile(r"\S{24}(?=\S)")
_NARROW = 700
"""Width of the page below which the heading's buttons show their icons alone."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button of the footer.

    Attributes:
        key: "back", "continue" and "close" are done by the dialog; any other goes to the page's `act`.
        text: on the button.
        kind: as `Button`'s; one "primary" a page at most.
        icon: its icon's name, if any.
        enabled: it can be pressed.
        tip: tooltip; says why it cannot.
    """

    key: str
    text: str
    kind: str = "secondary"
    icon: str | None = None
    enabled: bool = True
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Footer:
    """The strip below the page.

    Attributes:
        text: a sentence at the left; empty for none.
        tone: its colour token.
        left: a button at the left instead of the sentence.
        actions: the buttons at the right, from left to right.
    """

    text: str = ""
    tone: str = "text2"
    left: Action | None = None
    actions: tuple[Action, ...] = ()


def back(text: str = "") -> Action:
    """Return the button that goes one step back."""
    return Action("back", text or tr("Back"), "ghost")


def forward(text: str = "", *, enabled: bool = True, kind: str = "primary", tip: str = "") -> Action:
    """Return the button that goes one step on."""
    return Action("continue", text or tr("Continue"), kind, enabled=enabled, tip=tip)


class WizardPage(QWidget):
    """A page. Subclasses set `key`, fill `body` and say what the footer offers.

    The dialog builds a page when it is first gone to, calls `entered` and `left` as it comes and goes, and
    `shut_down` once at the end.

    Attributes:
        changed: footer, step list or heading may be others now; the dialog asks again.
        completed: go on to the next step.
        heading: title, subtitle and what `add_heading_widget` put beside them; a page may hide it.
        body: the layout below the heading, with the dialog's margins at its sides.
    """

    key: ClassVar[Key]
    changed = Signal()
    completed = Signal()

    def __init__(self, context: WizardContext, title: str, subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._beside: list[QWidget] = []
        self._title = ElidedLabel(title, "page", "text", fonts.SEMIBOLD)
        self._subtitle = text_label("", "body", "text2", wrap=True)
        self._title.setFixedHeight(fonts.px(_TITLE))
        self._subtitle.setMinimumSize(1, fonts.px(_SUBTITLE))
        self._subtitle.setText(_breakable(subtitle))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._title)
        words.addWidget(self._subtitle)
        self.heading = QWidget()
        self._heading = QHBoxLayout(self.heading)
        self._heading.setContentsMargins(DIALOG_MARGIN, _TOP, DIALOG_MARGIN, _BELOW)
        self._heading.setSpacing(8)
        self._heading.addLayout(words, 1)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(DIALOG_MARGIN, 0, DIALOG_MARGIN, 0)
        self.body.setSpacing(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.heading)
        column.addLayout(self.body, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show icons alone in the heading where the words need the room; for whoever has `set_compact`."""
        super().resizeEvent(event)
        compact = self.width() < fonts.px(_NARROW)
        for widget in self._beside:
            setter = getattr(widget, "set_compact", None)
            if setter is not None:
                setter(compact)

    # -- for subclasses ---------------------------------------------------------------------------------------------

    def set_heading(self, title: str, subtitle: str) -> None:
        """Say something else above the body."""
        self._title.setText(title)
        self._subtitle.setText(_breakable(subtitle))

    def add_heading_widget(self, widget: QWidget) -> None:
        """Put `widget` at the right end of the heading, after those before it."""
        self._beside.append(widget)
        self._heading.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    # -- to be overridden -------------------------------------------------------------------------------------------

    def entered(self) -> None:
        """Come up to the project: the page is shown from now on."""

    def left(self) -> None:
        """Let go of what costs something: another page is shown, or the wizard closes."""

    def footer(self) -> Footer:
        """Return what the footer shows now."""
        return Footer(actions=(back(), forward()))

    def act(self, key: str) -> None:
        """Do what a button of the footer asks for that the dialog does not know."""

    def step_detail(self) -> str | None:
        """Return the words below this step's name in the list; None for what the flow says."""
        return None

    def show_photos(self, photo_ids: Sequence[str]) -> None:
        """Show these photos of the project; only the data step does."""

    def find_photos(self) -> None:
        """Ask where photos are that are missing; only the data step does."""

    def can_take(self, mime: QMimeData) -> bool:
        """Say whether what is dragged over the wizard can be dropped here."""
        return False

    def set_dragging(self, mime: QMimeData | None, at: QPoint | None = None) -> None:
        """Show that something hovers over the wizard, where on the screen; None: nothing does any more."""

    def take(self, mime: QMimeData, at: QPoint | None = None) -> None:
        """Take what was dropped on the wizard, where on the screen; or pasted, with no place."""

    def shut_down(self) -> None:
        """End what runs; the wizard closes."""


def scrolled(widget: QWidget) -> QScrollArea:
    """Return a frameless area that scrolls `widget` up and down where the window is too low for it."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    _scroll(area, widget)
    return area


def _scroll(area: QScrollArea, widget: QWidget) -> None:
    area.setWidget(widget)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.viewport().setAutoFillBackground(False)
    widget.setAutoFillBackground(False)


class _Filled(QScrollArea):
    """Gives its widget all the room there is, and scrolls where that is less than the widget needs at least.

    Qt's own way of it takes the height that wrapped sentences would like best for the least one.
    """

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room out anew."""
        super().resizeEvent(event)
        self._fill()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what the widget needs."""
        if watched is self.widget() and event.type() is QEvent.Type.LayoutRequest:
            self._fill()
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        widget = self.widget()
        layout = None if widget is None else widget.layout()
        if widget is None or layout is None:
            return
        # The bar takes its room only where it is needed, which makes what is beside it narrower and so higher.
        full, bar = self.maximumViewportSize(), self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        for width in (full.width(), full.width() - bar):
            needed = max(layout.minimumSize().height(), layout.minimumHeightForWidth(width))
            if needed <= full.height():
                break
        widget.resize(width, max(needed, full.height()))


def filled(widget: QWidget) -> QScrollArea:
    """Return a frameless area that fills itself with `widget`, and scrolls it where the window is too low for it."""
    area = _Filled()
    _scroll(area, widget)
    widget.installEventFilter(area)
    return area


def scrolled_across(widget: QWidget) -> QScrollArea:
    """Return such an area as wide as the page: its bar stands in the margin, so that nothing moves when it comes.

    The layout of `widget` gets the page's margins at its sides.
    """
    area = scrolled(widget)
    area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
    layout = widget.layout()
    if layout is not None:
        around = layout.contentsMargins()
        layout.setContentsMargins(DIALOG_MARGIN, around.top(), DIALOG_MARGIN - SCROLL_EXTENT, around.bottom())
    return area


def _breakable(text: str) -> str:
    """Return a text whose long words, such as names without spaces, may go on in the next line."""
    return _LONG_WORD.sub("\\g<0>\u200b", text)
