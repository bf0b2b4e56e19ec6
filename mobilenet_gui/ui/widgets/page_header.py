"""Owns the strip on top of a page: title, what belongs to it, and the page's actions."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.tokens import HEIGHT_HEADER, NARROW_BELOW, PAGE_MARGIN
from mobilenet_gui.ui.widgets.labels import ElidedLabel

SUBTITLE_KEEPS = 160
"""Pixels of the subtitle that a long title must leave."""


class PageHeader(QWidget):
    """Title, subtitle and actions. Below 1000 pixels of window width actions show only their icons.

    Any action with a `set_compact(bool)` method takes part.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._compact = False
        self._actions: list[QWidget] = []
        self._watched: QWidget | None = None
        self._title = ElidedLabel(title, "page", "text", fonts.SEMIBOLD)
        self._subtitle = ElidedLabel("", "body", "text2")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(PAGE_MARGIN, 0, PAGE_MARGIN - 4, 0)
        self._row.setSpacing(8)
        self._row.addWidget(self._title)
        self._row.addSpacing(4)
        self._row.addWidget(self._subtitle, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addStretch(1)
        self.setFixedHeight(fonts.px(HEIGHT_HEADER))

    def title(self) -> str:
        """Return the title."""
        return self._title.text()

    def set_title(self, title: str, subtitle: str = "") -> None:
        """Show another title and subtitle."""
        self._title.setText(title)
        self._subtitle.setText(subtitle)
        self._subtitle.setMinimumWidth(min(self._subtitle.sizeHint().width(), fonts.px(SUBTITLE_KEEPS)))
        self._subtitle.setVisible(bool(subtitle) and not self._compact)

    def add_action(self, widget: QWidget) -> None:
        """Put `widget` at the right end, after those before it."""
        self._actions.append(widget)
        self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self._dress(widget)

    def is_compact(self) -> bool:
        """Say whether actions show only their icons."""
        return self._compact

    def set_compact(self, compact: bool) -> None:
        """Show icons alone, or texts as well."""
        self._compact = compact
        self._subtitle.setVisible(bool(self._subtitle.text()) and not compact)
        for widget in self._actions:
            self._dress(widget)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to watch the window's width."""
        super().showEvent(event)
        window = self.window()
        if window is not self._watched:
            if self._watched is not None:
                self._watched.removeEventFilter(self)
            self._watched = window
            window.installEventFilter(self)
        self.set_compact(window.width() < fonts.px(NARROW_BELOW))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's width."""
        if event.type() == QEvent.Type.Resize and watched is self._watched:
            narrow = self.window().width() < fonts.px(NARROW_BELOW)
            if narrow != self._compact:
                self.set_compact(narrow)
        return super().eventFilter(watched, event)

    def _dress(self, widget: QWidget) -> None:
        setter = getattr(widget, "set_compact", None)
        if setter is not None:
            setter(self._compact)
