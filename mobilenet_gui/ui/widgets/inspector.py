"""Owns the panel at the right edge: chips on top, a body that scrolls, a footer that stays."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from mobilenet_gui.i18n import tr
from mobilenet_gui.ui import fonts
from mobilenet_gui.ui.theme import tokens
from mobilenet_gui.ui.tokens import (
    INSPECTOR_MARGIN,
    NARROW_BELOW,
    WIDTH_INSPECTOR,
    WIDTH_INSPECTOR_MAX,
    WIDTH_INSPECTOR_MIN,
    WIDTH_INSPECTOR_NARROW,
)
from mobilenet_gui.ui.widgets.buttons import IconButton
from mobilenet_gui.ui.widgets.labels import Divider

_GRIP = 6


class Inspector(QWidget):
    """The panel. Fill `top`, `body` and `footer`; drag its left edge to resize.

    Attributes:
        top: row for chips, left of the button that hides the panel.
        body: column that scrolls; the program's widgets go here, a stretch stays below them.
        footer: column that stays at the bottom.
        hide_requested: the button was pressed.
        width_changed: the person chose another width.
    """

    hide_requested = Signal()
    width_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._wanted = WIDTH_INSPECTOR
        self._narrow = False
        self._watched: QWidget | None = None
        self._drag_from: int | None = None
        self.setMouseTracking(True)
        self.hide_button = IconButton("inspector", tr("Hide details (F9)"))
        self.hide_button.clicked.connect(self.hide_requested)
        self.top = QHBoxLayout()
        self.top.setContentsMargins(0, 0, 0, 0)
        self.top.setSpacing(6)
        top = QHBoxLayout()
        top.setContentsMargins(INSPECTOR_MARGIN, 12, INSPECTOR_MARGIN - 2, 4)
        top.addLayout(self.top)
        top.addStretch(1)
        top.addWidget(self.hide_button)
        content = QWidget()
        content.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(INSPECTOR_MARGIN, 14, INSPECTOR_MARGIN, 16)
        self.body.setSpacing(0)
        # A stretch, not an alignment to the top: Qt squeezes an aligned layout whose text wraps into what it hinted.
        whole = QVBoxLayout(content)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(self.body)
        whole.addStretch(1)
        self.scroll_area = QScrollArea()
        self.scroll_area.setWidget(content)
        self.scroll_area.setWidgetResizable(True)
        self.scroll_area.setFrameShape(QFrame.Shape.NoFrame)
        self.scroll_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.scroll_area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroll_area.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        self._footer = QWidget()
        self.footer = QVBoxLayout(self._footer)
        self.footer.setContentsMargins(INSPECTOR_MARGIN, 8, INSPECTOR_MARGIN, 16)
        self.footer.setSpacing(8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.scroll_area, 1)
        column.addWidget(self._footer)
        self._take_width()

    def set_chosen_width(self, width: int) -> None:
        """Set the width for wide windows, kept within 260..420."""
        self._wanted = min(max(width, WIDTH_INSPECTOR_MIN), WIDTH_INSPECTOR_MAX)
        self._take_width()

    def add_section(self, *, space: int = 16) -> QVBoxLayout:
        """Add a divider with `space` pixels around it and return a new column below it."""
        self.body.addSpacing(space)
        self.body.addWidget(Divider())
        self.body.addSpacing(space)
        section = QVBoxLayout()
        section.setSpacing(6)
        self.body.addLayout(section)
        return section

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw ground and edge."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), tokens().panel)
        painter.fillRect(0, 0, 1, self.height(), tokens().line)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to watch the window's width."""
        super().showEvent(event)
        window = self.window()
        if window is not self._watched:
            if self._watched is not None:
                self._watched.removeEventFilter(self)
            self._watched = window
            window.installEventFilter(self)
        self._take_width()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's width."""
        if event.type() == QEvent.Type.Resize and watched is self._watched:
            self._take_width()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Repaint the edge."""
        super().resizeEvent(event)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Resize while dragging; show that the edge can be dragged."""
        x = event.position().toPoint().x()
        if self._drag_from is not None:
            right = self.mapToGlobal(QPoint(self.width(), 0)).x()
            self.set_chosen_width(right - event.globalPosition().toPoint().x())
        elif x <= _GRIP and not self._narrow:
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.unsetCursor()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the edge."""
        if event.position().x() <= _GRIP and not self._narrow and event.button() == Qt.MouseButton.LeftButton:
            self._drag_from = self._wanted

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go of the edge."""
        if self._drag_from is not None:
            changed = self._drag_from != self._wanted
            self._drag_from = None
            if changed:
                self.width_changed.emit(self._wanted)

    def _take_width(self) -> None:
        self._narrow = self._watched is not None and self._watched.width() < NARROW_BELOW
        width = min(self._wanted, WIDTH_INSPECTOR_NARROW) if self._narrow else self._wanted
        self.setFixedWidth(max(width, min(fonts.px(width), WIDTH_INSPECTOR_MAX)))
