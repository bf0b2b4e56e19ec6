"""Owns what stands where on the live page, and how that changes with the window's size. It decides nothing else."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui.inspected_page import InspectedFrame
from mobilenet_gui.ui.live.inspector import LiveInspector
from mobilenet_gui.ui.live.message import MessagePanel
from mobilenet_gui.ui.live.source_bar import SourceBar
from mobilenet_gui.ui.live.stage import LiveStage
from mobilenet_gui.ui.live.transport import TransportBar
from mobilenet_gui.ui.photos.notices import Notices
from mobilenet_gui.ui.tokens import HEIGHT_LARGE, PAGE_MARGIN
from mobilenet_gui.ui.widgets.buttons import Button, IconButton
from mobilenet_gui.ui.widgets.labels import text_label
from mobilenet_gui.ui.widgets.page_header import PageHeader

_GAP = 14


class LiveFrame(InspectedFrame):
    """Header with the source, notices, the picture with what can be done about it; the inspector at the right."""

    inspector: LiveInspector

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = PageHeader(tr("Live"))
        self.sources = SourceBar()
        self.header.add_action(self.sources)
        self.header.add_action(self.show_inspector_button)
        self.notices = Notices()
        self.stage = LiveStage()
        self.message = MessagePanel()
        self._centre = QStackedWidget()
        self._centre.addWidget(self.message)
        self._centre.addWidget(self.stage)
        self.transport = TransportBar()
        self.freeze = Button(tr("Freeze"), "pause", "primary", HEIGHT_LARGE)
        # As wide as the longer of the words it changes between all the time, so that its neighbour stands still.
        self.freeze.keep_room_for((tr("Pause"), tr("Play")))
        self.snapshot = Button(tr("Snapshot"), "camera", "secondary", HEIGHT_LARGE)
        self.snapshot.setToolTip(
            tr("Save this picture with its answer (S). A right click chooses where to and what kind of file.")
        )
        self.hint = text_label("", "small", "text2")
        self.stop = IconButton("stop", tr("Stop"), framed=True, size=HEIGHT_LARGE)
        self.mirror = IconButton("flip", tr("Mirror the picture on the screen (M)"), checkable=True, framed=True,
                                 size=HEIGHT_LARGE)  # fmt: skip
        self.full_screen = IconButton("fullscreen", tr("Full screen (F11)"), framed=True, size=HEIGHT_LARGE)
        for button in (self.freeze, self.snapshot, self.stop, self.mirror, self.full_screen):
            # A click must not take the focus along: Space freezes whatever was pressed before.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.inspector = LiveInspector()
        self._bottom = self._bottom_row()
        middle = QVBoxLayout()
        middle.setContentsMargins(PAGE_MARGIN, 4, PAGE_MARGIN - 4, 20)
        middle.setSpacing(0)
        middle.addWidget(self._centre, 1)
        middle.addWidget(self.transport)
        middle.addWidget(self._bottom)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self.notices)
        column.addLayout(middle, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(column, 1)
        row.addWidget(self.inspector)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setBackgroundRole(QPalette.ColorRole.Window)
        self.setAutoFillBackground(True)
        self.show_picture(False, is_file=False)

    def _bottom_row(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, _GAP, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.freeze)
        row.addWidget(self.snapshot)
        row.addStretch(1)
        row.addWidget(self.hint)
        row.addStretch(1)
        for button in (self.stop, self.mirror, self.full_screen):
            row.addWidget(button)
        return made

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the button for snapshots its picture alone where large text has no room for the word."""
        super().resizeEvent(event)
        self.snapshot.set_compact(False)
        others = (self.freeze, self.snapshot, self.stop, self.mirror, self.full_screen)
        needed = sum(max(one.sizeHint().width(), one.minimumWidth()) + 8 for one in others)
        room = self.width() - 2 * PAGE_MARGIN - (0 if self.inspector.isHidden() else self.inspector.width())
        self.snapshot.set_compact(needed > room)

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """What is below the picture; each part is hidden where it is of no use."""
        return self.transport, self._bottom

    @property
    def shows_picture(self) -> bool:
        """Whether the picture is shown, not a message."""
        return self._centre.currentWidget() is self.stage

    def show_picture(self, shown: bool, *, is_file: bool) -> None:
        """Show the picture with its controls, or the message alone."""
        changed = shown is not self.shows_picture
        self._centre.setCurrentWidget(self.stage if shown else self.message)
        if changed:
            self.take_focus()
        for widget, visible in ((self._bottom, shown), (self.transport, shown and is_file)):
            if widget.isHidden() == visible:
                widget.setVisible(visible)

    def take_focus(self) -> None:
        """Take the keyboard, unless somebody is typing: Space must freeze, not press what had the focus before."""
        if self.isVisible() and not self.sources.address.hasFocus():
            self.keys_home().setFocus()

    def keys_home(self) -> QWidget:
        """Return what has the keyboard while nothing else needs it: the picture."""
        return self.stage if self.shows_picture else self

    def take_form(self) -> None:
        """Take the form that the window's size asks for."""
        self.inspector.set_short(self.short)
        self.transport.set_compact(self.narrow)
        self.hint.setVisible(not (self.narrow or self.short))
